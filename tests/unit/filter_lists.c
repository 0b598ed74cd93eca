/* SPDX-License-Identifier: MIT */
/*
 * Lists of words and of URLs against searches that share no code with them:
 * words of a few letters, and hosts of a few labels.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/hash.h"
#include "filter/lexicon.h"
#include "filter/urllist.h"
#include "filter/urlset.h"
#include "../tap.h"

enum { ENTRIES = 40, ROUNDS = 3000 };

static uint64_t seed = 5;

static uint64_t
any(uint64_t n)
{
	return mix64(++seed) % n;
}

/* A file of lines; its name. */
static const char *
write_lines(char lines[][64], int n)
{
	static char path[] = "/tmp/quern-lists-XXXXXX";
	static int fd = -1;
	FILE *f;
	int i;

	if (fd < 0)
		fd = mkstemp(path);
	f = fopen(path, "w");
	for (i = 0; f && i < n; i++)
		fprintf(f, "%s\n", lines[i]);
	if (f)
		fclose(f);
	return path;
}

/* One to three words of a, b, A in a phrase. */
static void
make_phrase(char *s, size_t words, const char *gaps[], size_t ngap)
{
	size_t i, k, n;

	*s = 0;
	for (i = 0; i < words; i++) {
		if (i)
			strcat(s, gaps[any(ngap)]);
		for (n = 1 + any(2), k = 0; k < n; k++)
			strncat(s, &"abA"[any(3)], 1);
	}
}

static char
low(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

/* Bytes of the text at p that the entry stands for, as whole words; or 0. */
static size_t
naive_at(const char *text, const char *p, const char *entry)
{
	const char *q = p;

	if (p > text && strchr("abA", p[-1]))
		return 0;
	for (; *entry; entry++) {
		if (*entry == ' ') {
			if (!strchr(" \n", *q) || !*q)
				return 0;
			q += strspn(q, " \n");
		} else if (low(*q++) != low(*entry)) {
			return 0;
		}
	}
	return *q && strchr("abA", *q) ? 0 : (size_t)(q - p);
}

static size_t
naive_longest(const char *text, const char *p, char entries[][64])
{
	size_t n, most = 0;
	int i;

	for (i = 0; i < ENTRIES; i++)
		if ((n = naive_at(text, p, entries[i])) > most)
			most = n;
	return most;
}

static bool
text_agrees(const struct lexicons *l, const char *text, char entries[][64],
    struct lexicon_found *f)
{
	struct err e;
	const char *p;
	size_t i = 0, n;

	if (lexicons_find(l, str_c(text), STR("en"), f, &e) < 0)
		return false;
	for (p = text; *p; p += n ? n : 1) {
		n = naive_longest(text, p, entries);
		if (!n)
			continue;
		if (i == f->n || f->v[i].start != p - text || f->v[i].n != n)
			return false;
		i++;
	}
	return i == f->n;
}

static void
test_words(void)
{
	static const char *gap[] = { " " };
	static const char *gaps[] = { " ", " ", "  ", "\n", ", ", "-", " \n" };
	static char entries[ENTRIES][64];
	struct lexicon_found f = { 0 };
	struct lexicons *l = lexicons_new();
	char text[1024];
	struct err e;
	int i, bad = 0;

	for (i = 0; i < ENTRIES; i++)
		make_phrase(entries[i], 1 + any(3), gap, 1);
	OK(l &&
		lexicons_add(l, STR("x"), STR(""),
		    write_lines(entries, ENTRIES), &e) == 0 &&
		lexicons_seal(l, &e) == 0,
	    "a list is read");
	for (i = 0; i < ROUNDS; i++) {
		make_phrase(text, any(30), gaps, 7);
		bad += !text_agrees(l, text, entries, &f);
	}
	OK(bad == 0, "words and phrases where a naive search finds them");
	lexicon_found_free(&f);
	lexicons_free(l);
}

static void
make_host(char *s, size_t labels)
{
	*s = 0;
	while (labels--) {
		strncat(s, &"abc"[any(3)], 1);
		strcat(s, labels ? "." : "");
	}
}

static bool
is_below(const char *host, const char *domain)
{
	size_t n = strlen(host), m = strlen(domain);

	return n >= m && strcmp(host + n - m, domain) == 0 &&
	       (n == m || host[n - m - 1] == '.');
}

static void
test_domains(void)
{
	static char domains[ENTRIES][64];
	struct urllist_scratch s = { 0 };
	struct urllist *l = urllist_new();
	char folder[] = "/tmp/quern-lists-XXXXXX", path[96], host[64], url[128];
	struct urllist_hit hit;
	struct err e = { 0 };
	struct strs none = { 0 };
	int i, k, bad = 0, hits = 0;
	bool want;
	FILE *f;

	for (i = 0; i < ENTRIES; i++)
		make_host(domains[i], 3 + any(4));
	if (!mkdtemp(folder))
		return;
	snprintf(path, sizeof(path), "%s/domains", folder);
	f = fopen(path, "w");
	for (i = 0; f && i < ENTRIES; i++)
		fprintf(f, "%s\n", domains[i]);
	if (f)
		fclose(f);
	OK(l && urllist_add_folder(l, folder, &none, &e) == 0 &&
		urllist_seal(l, &e) == 0,
	    "domains are read");
	for (i = 0; i < ROUNDS; i++) {
		make_host(host, 1 + any(7));
		snprintf(url, sizeof(url), "http://%s/%s", host, domains[0]);
		for (want = false, k = 0; k < ENTRIES; k++)
			want |= is_below(host, domains[k]);
		bad += urllist_look(l, str_c(url), &s, &hit, &e) < 0 ||
		       (hit.rule != NULL) != want;
		hits += want;
	}
	OK(bad == 0 && hits > 50, "hosts below them are found, %d", hits);
	unlink(path);
	rmdir(folder);
	urllist_scratch_free(&s);
	urllist_free(l);
}

static void
test_set(void)
{
	struct urlset s = { 0 };
	struct err e;
	uint64_t i;
	int bad = 0;

	OK(urlset_seal(&s, &e) == 0 && urlset_find(&s, 1) < 0, "an empty set");
	for (i = 0; i < 100000; i++)
		bad += urlset_add(&s, mix64(i), (unsigned char)(i % 7), &e) < 0;
	bad += urlset_add(&s, mix64(6), 0, &e) < 0;
	OK(bad == 0 && urlset_seal(&s, &e) == 0, "many hashes");
	for (i = 0; i < 100000; i++)
		bad += urlset_find(&s, mix64(i)) != (i == 6 ? 0 : (int)(i % 7));
	for (; i < 200000; i++)
		bad += urlset_find(&s, mix64(i)) >= 0;
	OK(bad == 0, "all are found, with the lowest category, no others");
	urlset_free(&s);
}

int
main(void)
{
	test_words();
	test_domains();
	test_set();
	unlink(write_lines(NULL, 0));
	return tap_end();
}
