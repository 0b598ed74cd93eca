/* SPDX-License-Identifier: MIT */
#include "facts.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/err.h"
#include "bpe.h"
#include "convert.h"

struct facts {
	uint32_t longest, top[FACTS_TOP]; /* top: ids, the longest first */
	size_t ntop;
	uint64_t shared, unreachable;
};

/* Tokens of a model of texts that their own text isn't encoded to. */
static int
unreachable_texts(
    const struct bpe *b, const bool *in, uint64_t *n, struct err *e)
{
	struct subword_work *w = subword_work_new(e);
	struct tokens_at k = { 0 };
	struct str s;
	uint32_t id;

	*n = 0;
	for (id = 0; w && id < b->ntoken; id++) {
		if (!in[id] || subword_type(&b->sub, id) > SUBWORD_USER ||
		    id == b->sub.unk)
			continue;
		s = bpe_bytes(b, id);
		if (s.n == 6 && str_starts(s, STR("<0x")))
			continue;
		k.n = 0;
		/* A continuation stands behind another piece. */
		if (b->sub.prefix && str_starts(s, str_c(b->sub.prefix)))
			continue;
		if (subword_encode(b, w, s, &k, e) < 0 || k.n != 1 ||
		    k.v[0].id != id)
			(*n)++;
	}
	tokens_at_free(&k);
	subword_work_free(w);
	return w ? 0 : e->code;
}

static void
note_longest(struct facts *f, const struct bpe *b, uint32_t id)
{
	size_t i;

	if (b->tokens[id].len > f->longest)
		f->longest = b->tokens[id].len;
	if (f->ntop == FACTS_TOP &&
	    b->tokens[id].len <= b->tokens[f->top[FACTS_TOP - 1]].len)
		return;
	if (f->ntop < FACTS_TOP)
		f->ntop++;
	for (i = f->ntop - 1;
	     i && b->tokens[f->top[i - 1]].len < b->tokens[id].len; i--)
		f->top[i] = f->top[i - 1];
	f->top[i] = id;
}

static int
look(struct facts *f, const struct bpe *b, const struct bpe *other,
    struct err *e)
{
	bool *in = bpe_model_tokens(b, e);
	uint32_t id, first;
	int rc;

	if (!in)
		return e->code;
	*f = (struct facts){ 0 };
	for (id = 0; id < b->ntoken; id++) {
		if (!in[id])
			continue;
		note_longest(f, b, id);
		f->shared += bpe_find(other, bpe_bytes(b, id)) != BPE_NONE;
	}
	rc = b->sub.kind == SUBWORD_NONE
		 ? bpe_unreachable(b, &f->unreachable, &first, e)
		 : unreachable_texts(b, in, &f->unreachable, e);
	free(in);
	return rc;
}

static const char *
model_name(const struct bpe *b)
{
	static const char *const names[] = { "bytes", "bpe", "unigram",
		"wordpiece" };

	return names[b->sub.kind];
}

static void
put_longest(struct buf *out, const char *what, const struct bpe *b,
    const struct facts *f)
{
	size_t i;

	for (i = 0; i < f->ntop; i++) {
		buf_puts(out, what);
		buf_printf(out, "\t%" PRIu32 "\t%" PRIu32 "\t", f->top[i],
		    b->tokens[f->top[i]].len);
		buf_json_lossy(out, bpe_bytes(b, f->top[i]));
		buf_putc(out, '\n');
	}
}

int
facts_list(struct buf *out, const struct tokenizer *t, struct err *e)
{
	const struct bpe *b = tokenizer_bpe(t);
	const char *name = tokenizer_pattern(t);
	struct facts f;
	size_t i;

	if (look(&f, b, b, e) < 0)
		return e->code;
	buf_printf(out, "model\t%s\nvocab\t%" PRIu32 "\nmerges\t%zu\n",
	    model_name(b), b->ntoken, b->nmerge);
	buf_printf(out, "unreachable\t%" PRIu64 "\nlongest\t%" PRIu32 "\n",
	    f.unreachable, f.longest);
	if (name || b->pattern)
		buf_printf(out, "pattern\t%s\n", name ? name : b->pattern);
	for (i = 0; i < b->norm.n; i++)
		if (!b->norm.steps[i].implied)
			buf_printf(out, "normalizer\t%s\n",
			    norm_name(b->norm.steps[i].kind));
	buf_printf(out, "sha256\t%s\n", tokenizer_digest(t));
	put_longest(out, "longest_token", b, &f);
	for (i = 0; i < b->nadded; i++) {
		buf_printf(out, "%s\t%" PRIu32 "\t",
		    b->added[i].special ? "special" : "added", b->added[i].id);
		buf_str(out, bpe_bytes(b, b->added[i].id));
		buf_putc(out, '\n');
	}
	return buf_ok(out, e);
}

/* ---- texts ---- */

static void
put_usage_cells(struct buf *out, const struct usage *u)
{
	buf_printf(out,
	    "\t%" PRIu64 "\t%" PRIu64 "\t%" PRIu64 "\t%.4f\t%" PRIu64
	    "\t%" PRIu64,
	    u->all.texts, u->all.bytes, u->all.tokens,
	    usage_bytes_per_token(&u->all), u->all.unknown, u->nmet);
}

static void
put_groups(struct buf *out, const struct usage *u, const char *name)
{
	size_t i, hosts = 0;

	for (i = 0; i < u->n; i++) {
		const struct usage_group *g = &u->v[i];

		if (g->host && hosts++ == FACTS_TOP)
			break;
		buf_puts(out, g->host ? "host\t" : "language\t");
		buf_str(out, g->name);
		if (name)
			buf_printf(out, "\t%s", name);
		buf_printf(out,
		    "\t%" PRIu64 "\t%" PRIu64 "\t%" PRIu64 "\t%.4f\n",
		    g->n.texts, g->n.bytes, g->n.tokens,
		    usage_bytes_per_token(&g->n));
	}
}

void
facts_usage(struct buf *out, const struct usage *u)
{
	buf_printf(out,
	    "texts\t%" PRIu64 "\nbytes\t%" PRIu64 "\ncharacters\t%" PRIu64
	    "\ntokens\t%" PRIu64 "\nbytes_per_token\t%.4f\nunknown\t%" PRIu64
	    "\nmet\t%" PRIu64 "\n",
	    u->all.texts, u->all.bytes, u->all.chars, u->all.tokens,
	    usage_bytes_per_token(&u->all), u->all.unknown, u->nmet);
	put_groups(out, u, NULL);
}

int
facts_lines_add(struct facts_lines *l, const char *name,
    const struct tokenizer *t, const struct tokenizer *first,
    const struct usage *u, struct err *e)
{
	const struct bpe *b = tokenizer_bpe(t);
	struct facts f;

	if (look(&f, b, tokenizer_bpe(first), e) < 0)
		return e->code;
	buf_puts(&l->rows, name);
	buf_printf(&l->rows,
	    "\t%" PRIu32 "\t%zu\t%" PRIu64 "\t%" PRIu64 "\t%" PRIu32, b->ntoken,
	    b->nmerge, f.shared, f.unreachable, f.longest);
	if (u) {
		l->texts = true;
		put_usage_cells(&l->rows, u);
		put_groups(&l->groups, u, name);
	}
	buf_putc(&l->rows, '\n');
	put_longest(&l->longest, name, b, &f);
	if (buf_ok(&l->rows, e) < 0 || buf_ok(&l->groups, e) < 0)
		return e->code;
	return buf_ok(&l->longest, e);
}

/* ---- JSON ---- */

static void
json_groups(struct buf *out, const struct usage *u, bool host, const char *name)
{
	const char *comma = "";
	size_t i;

	buf_printf(out, ",\"%s\":{", name);
	for (i = 0; i < u->n; i++) {
		if (u->v[i].host != host)
			continue;
		buf_puts(out, comma);
		buf_json_lossy(out, u->v[i].name);
		buf_printf(out, ":[%" PRIu64 ",%" PRIu64 ",%" PRIu64 "]",
		    u->v[i].n.texts, u->v[i].n.bytes, u->v[i].n.tokens);
		comma = ",";
	}
	buf_putc(out, '}');
}

static void
json_usage(struct buf *out, const struct usage *u)
{
	buf_printf(out,
	    ",\"texts\":%" PRIu64 ",\"bytes\":%" PRIu64 ",\"chars\":%" PRIu64
	    ",\"tokens\":%" PRIu64 ",\"unknown\":%" PRIu64 ",\"met\":%" PRIu64
	    ",\"bytes_per_token\":",
	    u->all.texts, u->all.bytes, u->all.chars, u->all.tokens,
	    u->all.unknown, u->nmet);
	buf_double(out, usage_bytes_per_token(&u->all));
	json_groups(out, u, false, "by_language");
	json_groups(out, u, true, "by_host");
}

int
facts_json(struct buf *out, const char *name, const struct tokenizer *t,
    const struct tokenizer *first, const struct usage *u, struct err *e)
{
	const struct bpe *b = tokenizer_bpe(t);
	struct facts f;
	size_t i;

	if (look(&f, b, tokenizer_bpe(first), e) < 0)
		return e->code;
	buf_puts(out, "{\"name\":");
	buf_json_lossy(out, str_c(name));
	buf_printf(out,
	    ",\"model\":\"%s\",\"vocab\":%" PRIu32 ",\"merges\":%zu"
	    ",\"shared\":%" PRIu64 ",\"unreachable\":%" PRIu64
	    ",\"longest\":%" PRIu32 ",\"longest_tokens\":[",
	    model_name(b), b->ntoken, b->nmerge, f.shared, f.unreachable,
	    f.longest);
	for (i = 0; i < f.ntop; i++) {
		buf_puts(out, i ? "," : "");
		buf_json_lossy(out, bpe_bytes(b, f.top[i]));
	}
	buf_putc(out, ']');
	if (u)
		json_usage(out, u);
	buf_putc(out, '}');
	return buf_ok(out, e);
}
