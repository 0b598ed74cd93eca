/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/err.h"
#include "base/path.h"
#include "mix/source.h"

/* path as seen from here: relative ones are to the recipe's folder. */
static int
resolve(
    const char *recipe, const char *path, char *out, size_t cap, struct err *e)
{
	int dir = (int)(path_base(recipe) - recipe);

	if (*path == '/')
		dir = 0;
	if ((size_t)snprintf(out, cap, "%.*s%s", dir, recipe, path) >= cap)
		return err_set(e, ERR_ARG, "%s: name too long", path);
	return 0;
}

/* A glob or a folder may match all three files of a shard: keep the .bin. */
static void
only_bins(struct paths *p)
{
	size_t i, n = 0;

	for (i = 0; i < p->n; i++) {
		if (str_ends(str_c(p->v[i]), STR(".bin")))
			p->v[n++] = p->v[i];
		else
			free(p->v[i]);
	}
	p->n = n;
}

static int
expand(const char *name, struct paths *p, struct err *e)
{
	char bin[4096], *arg = bin;
	struct stat st;

	snprintf(bin, sizeof(bin), "%s", name);
	if (!strpbrk(name, "*?[") && !str_ends(str_c(name), STR(".bin")) &&
	    !(stat(name, &st) == 0 && S_ISDIR(st.st_mode)))
		snprintf(bin, sizeof(bin), "%.4090s.bin", name);
	if (paths_expand(p, &arg, 1, NULL, e) < 0)
		return e->code == ERR_ARG ? e->code = ERR_IO : e->code;
	only_bins(p);
	if (p->n)
		return 0;
	paths_free(p);
	return err_set(e, ERR_IO, "%s: no .bin file matches", name);
}

/* Shards of one source speak of the same tokens. */
static int
check_same(const struct source *s, const struct shard *x, struct err *e)
{
	const struct shard *a = &s->shards[0];

	if (strcmp(a->head.tokenizer, x->head.tokenizer) == 0 &&
	    a->head.vocab == x->head.vocab)
		return 0;
	return err_set(e, ERR_CHECK,
	    "%s.docs: tokenizer sha256:%.16s... of %u tokens, but %s has "
	    "sha256:%.16s... of %u: make both with one tokenizer",
	    x->prefix, x->head.tokenizer, x->head.vocab, a->prefix,
	    a->head.tokenizer, a->head.vocab);
}

static int
open_shards(struct source *s, const struct paths *p,
    const struct shard_head *foreign, struct err *e)
{
	int rc;

	s->shards = calloc(p->n, sizeof(*s->shards));
	s->first = calloc(p->n + 1, sizeof(*s->first));
	if (!s->shards || !s->first)
		return err_nomem(e, "a source");
	for (; s->n < p->n; s->n++) {
		rc = foreign ? shard_open_foreign(
				   &s->shards[s->n], p->v[s->n], foreign, e)
			     : shard_open(&s->shards[s->n], p->v[s->n], e);
		if (rc < 0)
			return rc;
		s->tokens += s->shards[s->n].tokens;
		s->docs += s->shards[s->n].docs;
		s->first[s->n + 1] = s->tokens;
		if (s->tokens >= 1ull << 60) {
			s->n++;
			return err_set(e, ERR_CHECK, "more than 2^60 tokens");
		}
		if (check_same(s, &s->shards[s->n], e) < 0) {
			s->n++;
			return e->code;
		}
	}
	return 0;
}

/* foreign: what the tokens of shards without .docs mean, else NULL. */
static int
open_path(struct source *s, const char *recipe, const char *path,
    const struct shard_head *foreign, struct err *e)
{
	char name[4096];
	struct paths p;
	int rc;

	*s = (struct source){ 0 };
	if (resolve(recipe, path, name, sizeof(name), e) < 0 ||
	    expand(name, &p, e) < 0)
		return e->code;
	rc = open_shards(s, &p, foreign, e);
	paths_free(&p);
	return rc;
}

int
source_load(struct source *s, const struct recipe *r, uint32_t i, bool picks,
    struct err *e)
{
	const struct recipe_source *rs = &r->sources[i];
	struct shard_head head = { .vocab = rs->vocab, .end_text = -1 };
	int rc;

	memcpy(head.tokenizer, r->tokenizer, sizeof(head.tokenizer));
	rc = open_path(s, r->file, rs->path, rs->vocab ? &head : NULL, e);
	if (rc == 0 && picks)
		rc = source_pick(s, r->file, &rs->pick, e);
	if (rc == 0)
		return 0;
	return err_prefix(e, "%s:%u: source %s", r->file, rs->line, rs->name.p);
}

void
source_close(struct source *s)
{
	size_t i;

	for (i = 0; i < s->n; i++)
		shard_close(&s->shards[i]);
	free(s->shards);
	free(s->first);
	free(s->pick);
	free(s->start);
	free(s->before);
	buf_free(&s->keys);
	*s = (struct source){ 0 };
}

size_t
source_search(const uint64_t *v, size_t n, uint64_t x)
{
	size_t lo = 0, hi = n, mid;

	while (hi - lo > 1) {
		mid = lo + (hi - lo) / 2;
		if (v[mid] <= x)
			lo = mid;
		else
			hi = mid;
	}
	return lo;
}

/* Document i of those picked. */
static int
find_picked(const struct source *s, uint64_t i, struct source_place *p,
    uint64_t *first, struct err *e)
{
	uint64_t n;

	p->shard = source_search(s->before, s->n, s->pick[i]);
	p->document = s->pick[i] - s->before[p->shard];
	if (shard_doc_range(&s->shards[p->shard], p->document, first, &n, e) <
	    0)
		return e->code;
	if (n == s->start[i + 1] - s->start[i])
		return 0;
	return err_set(e, ERR_FORMAT,
	    "%s.idx: document %llu changed its length",
	    s->shards[p->shard].prefix, (unsigned long long)p->document);
}

/* Tokens of picked documents, from the i-th's on. */
static int
read_picked(const struct source *s, uint64_t at, uint64_t n, uint32_t *out,
    struct err *e)
{
	uint64_t i = source_search(s->start, s->docs, at), first, here;
	struct source_place p;

	for (; n; i++) {
		if (find_picked(s, i, &p, &first, e) < 0)
			return e->code;
		here = s->start[i + 1] - at;
		here = here < n ? here : n;
		if (shard_read(&s->shards[p.shard], first + at - s->start[i],
			here, out, e) < 0)
			return e->code;
		at += here;
		out += here;
		n -= here;
	}
	return 0;
}

int
source_read(const struct source *s, uint64_t at, uint64_t n, uint32_t *out,
    struct err *e)
{
	size_t i = source_search(s->first, s->n, at);
	uint64_t here;

	if (s->pick)
		return read_picked(s, at, n, out, e);
	for (; n; i++) {
		here = s->first[i + 1] - at;
		here = here < n ? here : n;
		if (shard_read(&s->shards[i], at - s->first[i], here, out, e) <
		    0)
			return e->code;
		at += here;
		out += here;
		n -= here;
	}
	return 0;
}

int
source_find(
    const struct source *s, uint64_t at, struct source_place *p, struct err *e)
{
	uint64_t i, first, len;
	const struct shard *x;

	if (s->pick) {
		i = source_search(s->start, s->docs, at);
		p->token = at - s->start[i];
		p->left = s->start[i + 1] - at;
		return find_picked(s, i, p, &first, e);
	}
	p->shard = source_search(s->first, s->n, at);
	x = &s->shards[p->shard];
	at -= s->first[p->shard];
	p->document = shard_doc_of(x, at);
	if (shard_doc_range(x, p->document, &first, &len, e) < 0)
		return e->code;
	if (at < first || at - first >= len)
		return err_set(e, ERR_FORMAT,
		    "%s.idx: token %llu is in no document: damaged", x->prefix,
		    (unsigned long long)at);
	p->token = at - first;
	p->left = len - p->token;
	return 0;
}

int
source_doc(const struct source *s, size_t shard, uint64_t document,
    uint64_t *first, uint64_t *n, struct err *e)
{
	uint64_t i, want;

	if (shard_doc_range(&s->shards[shard], document, first, n, e) < 0)
		return e->code;
	*first += s->first[shard];
	if (!s->pick)
		return 0;
	want = s->before[shard] + document;
	for (i = 0; i < s->docs && s->pick[i] != want; i++)
		;
	*n = i < s->docs ? *n : 0;
	*first = s->start[i];
	return 0;
}
