/* SPDX-License-Identifier: MIT */
/*
 * dedup substring against its definition, on small texts full of repeats; its
 * parts by themselves.
 */
#include <stdio.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/hash.h"
#include "dedup/anchors.h"
#include "dedup/budget.h"
#include "dedup/repeats.h"
#include "dedup/twice.h"
#include "../substring_oracle.h"
#include "../tap.h"

static uint64_t seed;
static char dir[] = "/tmp/quern-substring-XXXXXX";
static char in_file[64], out_file[64];

static size_t
rnd(size_t n)
{
	return mix64(++seed * 0x9e3779b97f4a7c15u) % n;
}

/* Letters of one to four bytes that share some of them. */
static const char *const letters[] = { "a", "b", "\xc3\xa9", "\xc3\xa8",
	"\xe4\xb8\x96", "\xe4\xb8\x97", "\xf0\x9f\x98\x80",
	"\xf0\x9f\x98\x81" };

enum { PASSAGES = 10 };

static void
put_letters(struct buf *b, size_t n, size_t kinds)
{
	while (n--)
		buf_puts(b, letters[rnd(kinds)]);
}

/* Some of a few passages, what is alike, what has a short period. */
static void
make_text(struct buf *b, const struct buf *passages, size_t kinds)
{
	size_t parts = rnd(8), n;
	const char *one;

	while (parts--) {
		if (rnd(3)) {
			buf_str(b, buf_view(&passages[rnd(PASSAGES)]));
			continue;
		}
		one = letters[rnd(kinds)];
		for (n = rnd(70); n--;)
			buf_puts(b, one);
	}
}

static int
make_corpus(struct err *e)
{
	struct buf passages[PASSAGES] = { 0 }, b = { 0 }, text = { 0 };
	size_t i, n = 1 + rnd(30), kinds = 2 + rnd(7);
	int rc;

	for (i = 0; i < PASSAGES; i++)
		put_letters(&passages[i], rnd(80), kinds);
	for (i = 0; i < n; i++) {
		buf_clear(&text);
		make_text(&text, passages, kinds);
		/* 37 and 101: coprime, so ids differ. */
		buf_printf(&b, "{\"id\":\"%zu\",\"text\":", i * 37 % 101);
		buf_json(&b, buf_view(&text));
		buf_puts(&b, "}\n");
		if (rnd(10) == 0)
			buf_puts(&b, "damage\n");
	}
	rc = out_whole(in_file, b.p, b.n, e);
	for (i = 0; i < PASSAGES; i++)
		buf_free(&passages[i]);
	buf_free(&b);
	buf_free(&text);
	return rc;
}

/* The oracle reads documents only. */
static int
drop_damage(struct err *e)
{
	struct buf b = { 0 };
	char *p, *at, *eol;
	size_t n;
	int rc;

	if (in_slurp(in_file, &p, &n, e) < 0)
		return e->code;
	for (at = p; (eol = memchr(at, '\n', n - (size_t)(at - p)));
	     at = eol + 1)
		if (*at == '{')
			buf_put(&b, at, (size_t)(eol + 1 - at));
	rc = out_whole(in_file, b.p, b.n, e);
	free(p);
	buf_free(&b);
	return rc;
}

static void
as_defined(void)
{
	static const size_t widths[] = { 16, 17, 20, 31, 50 };
	size_t i, spans = 0, bad = 0;
	struct err e = { 0 };

	for (i = 0; i < 150; i++) {
		struct oracle o = { .width = widths[rnd(5)] };
		int threads = 1 + (int)rnd(3);

		if (make_corpus(&e) < 0 ||
		    oracle_run(in_file, out_file, o.width, false, threads, 0,
			&e) < 0 ||
		    drop_damage(&e) < 0 || oracle_read(&o, in_file, &e) < 0)
			break;
		oracle_solve(&o);
		if (oracle_each(&o, out_file, oracle_compare, &e) < 0)
			break;
		spans += o.nspan;
		bad += o.bad;
		oracle_free(&o);
	}
	OK(i == 150, "150 corpora: %s", i == 150 ? "read" : e.msg);
	OK(spans > 1000 && bad == 0, "%zu spans as defined, %zu not", spans,
	    bad);
}

/* Each window has one anchor, its least gram, and runs are in order. */
static void
anchors_cover(void)
{
	struct anchors a;
	struct anchor_run r;
	struct buf b = { 0 };
	size_t i, at, runs = 0, windows = 0, bad = 0;
	struct err e;

	put_letters(&b, 20000, 8);
	if (anchors_init(&a, 100, &e) < 0)
		return;
	for (i = 0; i < 300; i++) {
		anchors_begin(&a, (struct str){ b.p + i, i < 200 ? i : 9000 });
		for (at = 0; anchors_next(&a, &r); at += r.n) {
			bad += r.start != at || r.n == 0;
			runs++;
		}
		bad += at != (i < 100 ? 0 : i < 200 ? i - 99 : 8901);
		windows += at;
	}
	OK(bad == 0, "anchors: every window is in one run");
	OK(runs * 20 < windows, "anchors: %zu windows in %zu runs", windows,
	    runs);
	anchors_free(&a);
	buf_free(&b);
}

/* The same window has the same anchor wherever it stands. */
static void
anchors_agree(void)
{
	struct anchors a;
	struct anchor_run r;
	struct buf b = { 0 };
	uint64_t want = 0, got = 0;
	size_t i, bad = 0;
	struct err e;

	if (anchors_init(&a, 40, &e) < 0)
		return;
	for (i = 0; i < 1000; i++) {
		struct str window;

		buf_clear(&b);
		put_letters(&b, 60, 2 + i % 3);
		window = (struct str){ b.p + i % 20, 40 };
		anchors_begin(&a, window);
		if (anchors_next(&a, &r))
			want = r.hash;
		anchors_begin(&a, buf_view(&b));
		while (anchors_next(&a, &r))
			if (r.start <= i % 20)
				got = r.hash;
		bad += want != got;
	}
	OK(bad == 0, "anchors: the same for the same window");
	anchors_free(&a);
	buf_free(&b);
}

/* Every key that came twice is known; of others no more than the bound. */
static void
twice_within(double bound, uint64_t n)
{
	struct budget budget = { .limit = UINT64_MAX };
	struct twice t;
	uint64_t i, key, missed = 0, wrong = 0, salt = mix64(++seed);
	double stated, limit;
	struct err e;

	if (twice_init(&t, &budget, 2 * n, bound, UINT64_MAX, &e) < 0)
		return;
	for (i = 0; i < 2 * n; i++) {
		/* A third twice in a row or far apart, the others once. */
		key = mix64(salt + (i < n ? i : i < n + n / 2 ? i - n : i));
		twice_add(&t, &key, 1);
	}
	for (i = 0; i < n / 2; i++)
		missed += !twice_has(&t, mix64(salt + i));
	for (i = n / 2; i < n; i++)
		wrong += twice_has(&t, mix64(salt + i));
	for (i = n + n / 2; i < 2 * n; i++)
		wrong += twice_has(&t, mix64(salt + i));
	stated = twice_bound(&t);
	/* Four standard deviations above what the bound allows of n. */
	limit = stated * (double)n;
	limit += 4 * __builtin_sqrt(limit) + 1;
	OK(missed == 0, "twice: none of %llu missed",
	    (unsigned long long)n / 2);
	OK(stated <= bound * 1.0001 && (double)wrong <= limit,
	    "twice: asked for %g, stated %g, measured %g", bound, stated,
	    (double)wrong / (double)n);
	twice_free(&t);
	OK(budget.used == 0, "twice: the memory is given back");
}

/* In too little memory the bound that is stated still holds. */
static void
twice_squeezed(void)
{
	struct budget budget = { .limit = UINT64_MAX };
	struct twice t;
	uint64_t i, key, wrong = 0, n = 100000;
	double stated, limit;
	struct err e;

	if (twice_init(&t, &budget, n, 1e-6, 1 << 16, &e) < 0)
		return;
	for (i = 0; i < n; i++) {
		key = mix64(i);
		twice_add(&t, &key, 1);
	}
	for (i = 0; i < n; i++)
		wrong += twice_has(&t, mix64(i));
	stated = twice_bound(&t);
	limit = stated * (double)n;
	limit += 4 * __builtin_sqrt(limit) + 1;
	OK((double)wrong <= limit,
	    "twice: in 64K for 100,000 keys stated %g, measured %g", stated,
	    (double)wrong / (double)n);
	twice_free(&t);
}

static void
repeats_first(void)
{
	struct budget budget = { .limit = UINT64_MAX };
	struct repeats r;
	const uint64_t *at;
	uint64_t least;
	struct err e;

	repeats_init(&r, &budget, 4);
	if (repeats_add(&r, 700, 1, STR("abcdef"), &e) < 0 ||
	    repeats_add(&r, 50, 1, STR("xbcdey"), &e) < 0 ||
	    repeats_add(&r, 600, 1, STR("abcdef"), &e) < 0 ||
	    repeats_add(&r, 10, 2, STR("qrstu"), &e) < 0 ||
	    repeats_add(&r, 9, 2, STR("qrstu"), &e) < 0 ||
	    repeats_add(&r, 8, 3, STR("qrst"), &e) < 0 ||
	    repeats_add(&r, 7, 1, STR("bcde"), &e) < 0 ||
	    repeats_find(&r, &e) < 0)
		return;
	at = repeats_of(&r, STR("abcdef"), &least);
	OK(at && least == 600 && at[0] == 600 && at[1] == 7 && at[2] == 602,
	    "repeats: where each window stands first");
	at = repeats_of(&r, STR("xbcdey"), &least);
	OK(at && least == 50 && at[0] == 50 && at[1] == 7 && at[2] == 52,
	    "repeats: of three pieces");
	OK(!repeats_of(&r, STR("qrstu"), &least) && least == 9,
	    "repeats: a piece alone with its key");
	repeats_free(&r);
	OK(budget.used == 0, "repeats: the memory is given back");
}

int
main(void)
{
	if (!mkdtemp(dir))
		return 1;
	snprintf(in_file, sizeof(in_file), "%s/in.jsonl", dir);
	snprintf(out_file, sizeof(out_file), "%s/out.jsonl", dir);
	as_defined();
	anchors_cover();
	anchors_agree();
	twice_within(.1, 30000);
	twice_within(.01, 100000);
	twice_within(1e-4, 300000);
	twice_squeezed();
	repeats_first();
	unlink(in_file);
	unlink(out_file);
	rmdir(dir);
	return tap_end();
}
