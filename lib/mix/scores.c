/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/hash.h"
#include "io/stream.h"
#include "mix/scores.h"

enum { CHUNK = 1 << 18 };

/* An id's hash; both 0: free. */
struct score {
	uint64_t lo, hi;
};

static struct score
score_key(struct str id)
{
	struct hash128 h = hash128(id.p, id.n);

	return (struct score){ h.lo | 1, h.hi };
}

static size_t
slot_of(const struct scores *s, struct score k)
{
	size_t i = (size_t)k.hi & (s->cap - 1);

	while (s->v[i].lo && (s->v[i].lo != k.lo || s->v[i].hi != k.hi))
		i = (i + 1) & (s->cap - 1);
	return i;
}

static int
grow(struct scores *s, struct err *e)
{
	struct scores more = *s;
	size_t i, at;

	if (2 * s->n < s->cap)
		return 0;
	more.cap = s->cap ? 2 * s->cap : 1024;
	more.v = calloc(more.cap, sizeof(*more.v));
	more.values = calloc(more.cap, s->nkey * sizeof(double));
	if (!more.v || !more.values) {
		free(more.v);
		free(more.values);
		return err_nomem(e, "scores");
	}
	for (i = 0; i < s->cap; i++) {
		if (!s->v[i].lo)
			continue;
		at = slot_of(&more, s->v[i]);
		more.v[at] = s->v[i];
		memcpy(more.values + at * s->nkey, s->values + i * s->nkey,
		    s->nkey * sizeof(double));
	}
	free(s->v);
	free(s->values);
	*s = more;
	return 0;
}

double
score_of(struct json_val object, const char *more, const char *key)
{
	struct json_val v = json_get(object, key);

	if (json_type(v) != JSON_NUMBER)
		v = json_get(json_get(object, more), key);
	return json_double(v, NAN);
}

static int
add_line(struct scores *s, struct str line, struct err *e)
{
	struct json *j;
	struct score k;
	struct str id;
	size_t i, at;
	double v;

	if (grow(s, e) < 0 || json_parse(&j, line.p, line.n, e) < 0)
		return e->code;
	id = json_str(json_get(json_root(j), "id"));
	if (!id.p) {
		json_free(j);
		return err_set(e, ERR_FORMAT, "no \"id\" of a document");
	}
	k = score_key(id);
	at = slot_of(s, k);
	if (!s->v[at].lo) {
		s->v[at] = k;
		s->n++;
		for (i = 0; i < s->nkey; i++)
			s->values[at * s->nkey + i] = NAN;
	}
	for (i = 0; i < s->nkey; i++) {
		v = score_of(json_root(j), "metadata", s->keys[i]);
		if (!isnan(v))
			s->values[at * s->nkey + i] = v;
	}
	json_free(j);
	return 0;
}

/* All whole lines of b, and with `all` what is behind them. */
static int
take_lines(
    struct scores *s, struct buf *b, bool all, uint64_t *line, struct err *e)
{
	const char *p = b->p, *end = b->p + b->n, *eol;

	for (; p < end; p = eol + 1) {
		eol = memchr(p, '\n', (size_t)(end - p));
		if (!eol && !all)
			break;
		eol = eol ? eol : end;
		++*line;
		if (eol > p &&
		    add_line(s, (struct str){ p, (size_t)(eol - p) }, e) < 0)
			return err_prefix(
			    e, "line %llu", (unsigned long long)*line);
	}
	p = p < end ? p : end;
	b->n = (size_t)(end - p);
	memmove(b->p, p, b->n);
	return 0;
}

static int
read_lines(struct scores *s, struct in *in, struct err *e)
{
	struct buf b = { 0 };
	uint64_t line = 0;
	ptrdiff_t n = 1;
	char *to;
	int rc = 0;

	while (rc == 0 && n > 0) {
		to = buf_room(&b, CHUNK);
		if (!to) {
			rc = err_nomem(e, "scores");
			break;
		}
		n = in_read(in, to, CHUNK, e);
		b.n += n > 0 ? (size_t)n : 0;
		rc = n < 0 ? (int)n : take_lines(s, &b, n == 0, &line, e);
	}
	buf_free(&b);
	return rc;
}

int
scores_read(struct scores *s, const char *path, struct err *e)
{
	struct in *in;
	int rc;

	if (in_open(&in, path, e) < 0)
		return e->code;
	rc = read_lines(s, in, e);
	if (rc == ERR_FORMAT || rc == ERR_DAMAGE)
		err_prefix(e, "%s", path);
	in_close(in);
	return rc;
}

double
scores_get(const struct scores *s, struct str id, const char *key)
{
	size_t at, i;

	for (i = 0; i < s->nkey && strcmp(s->keys[i], key) != 0; i++)
		;
	if (!s->cap || i == s->nkey)
		return NAN;
	at = slot_of(s, score_key(id));
	return s->v[at].lo ? s->values[at * s->nkey + i] : NAN;
}

void
scores_free(struct scores *s)
{
	free(s->v);
	free(s->values);
	*s = (struct scores){ 0 };
}
