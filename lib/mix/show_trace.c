/* SPDX-License-Identifier: MIT */
/* What stands at a place of the run, and where a document is, as lines. */
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/num.h"
#include "io/textcodec.h"
#include "mix/show.h"

typedef unsigned long long ull;

/* A field that can't break the line. */
static void
put_field(struct buf *out, struct str s)
{
	size_t i;

	buf_putc(out, '\t');
	for (i = 0; i < s.n; i++)
		buf_putc(out, (unsigned char)s.p[i] < ' ' ? ' ' : s.p[i]);
}

/* The rows that are shown, and where to. */
struct showing {
	const struct mix *m;
	const struct textcodec *codec; /* or NULL */
	uint32_t row;
	struct buf *text;
	struct ids ids;
	struct buf piece;
};

static void
put_piece_header(bool text, struct buf *out)
{
	buf_printf(out,
	    "row\tcolumn\ttokens\tsource\tepoch\tshard\tdocument\t"
	    "token\tid\turl%s\n",
	    text ? "\ttext" : "");
}

/* What the piece's tokens say, as a JSON string. */
static int
put_text(struct showing *x, const struct mix_piece *p, struct err *e)
{
	uint64_t first, n;

	if (shard_doc_range(p->shard, p->document, &first, &n, e) < 0)
		return e->code;
	x->ids.n = 0;
	buf_clear(&x->piece);
	if (ids_reserve(&x->ids, p->n, e) < 0 ||
	    shard_read(p->shard, first + p->token, p->n, x->ids.v, e) < 0 ||
	    x->codec->decode(x->codec->ctx, x->ids.v, p->n, &x->piece, e) < 0)
		return e->code;
	buf_putc(x->text, '\t');
	buf_json_lossy(x->text, buf_view(&x->piece));
	return 0;
}

static int
put_piece(struct showing *x, const struct mix_piece *p, struct err *e)
{
	const struct mix *m = x->m;
	struct buf *out = x->text;
	uint32_t row = x->row;

	buf_printf(out, "%u\t%u\t%u\t%s\t%llu\t%s\t%llu\t%llu", row, p->column,
	    p->n, mix_plan(m)->sources[p->source].name, (ull)p->epoch,
	    p->shard->prefix, (ull)p->document, (ull)p->token);
	put_field(out, p->doc.id);
	put_field(out, p->doc.url);
	if (x->codec && put_text(x, p, e) < 0)
		return e->code;
	buf_putc(out, '\n');
	return buf_ok(out, e);
}

static void
put_place_header(struct buf *out)
{
	buf_puts(out, "step\trow\tcolumn\ttokens\tsource\tepoch\tshard\t"
		      "document\ttoken\tid\turl\n");
}

static void
put_place(const struct mix *m, const struct mix_place *p, struct buf *out)
{
	buf_printf(out, "%llu\t%u\t%u\t%u\t%s\t%llu\t%s\t%llu\t%llu",
	    (ull)p->step, p->row, p->column, p->n,
	    mix_plan(m)->sources[p->source].name, (ull)p->epoch,
	    p->shard->prefix, (ull)p->document, (ull)p->token);
	put_field(out, p->doc->id);
	put_field(out, p->doc->url);
	buf_putc(out, '\n');
}

/* STEP[:ROW[:COL]] */
struct spot {
	uint64_t v[3];
	int n;
};

static int
parse_spot(const char *s, struct spot *at, struct err *e)
{
	char part[32];
	size_t n;

	for (at->n = 0; at->n < 3; s += n + 1) {
		n = strcspn(s, ":");
		snprintf(part, sizeof(part), "%.*s", (int)(n < 30 ? n : 30), s);
		if (num_u64(part, &at->v[at->n++], e) < 0)
			return err_prefix(e, "STEP[:ROW[:COL]]");
		if (!s[n])
			return at->n > 1 &&
				       (at->v[1] > UINT32_MAX ||
					   (at->n > 2 && at->v[2] > UINT32_MAX))
				   ? err_set(
					 e, ERR_ARG, "'%s' is too much", part)
				   : 0;
	}
	return err_set(e, ERR_ARG, "write STEP, STEP:ROW or STEP:ROW:COL");
}

static int
take_piece(void *ctx, const struct mix_piece *p, struct err *e)
{
	return put_piece(ctx, p, e);
}

/* The tokenizer is the one that made the shards. */
static int
check_codec(const struct mix *m, const struct textcodec *codec, struct err *e)
{
	const char *made = mix_source(m, 0)->shards[0].head.tokenizer;

	if (!codec || strcmp(codec->digest, made) == 0)
		return 0;
	return err_set(e, ERR_CHECK,
	    "the shards were made by tokenizer sha256:%.16s..., not by "
	    "sha256:%.16s...",
	    made, codec->digest);
}

int
show_at(struct mix *m, const char *spot, const struct textcodec *codec,
    struct buf *text, struct err *e)
{
	struct showing x = { .m = m, .codec = codec, .text = text };
	uint32_t first = 0, end, column = 0, n;
	int rc = check_codec(m, codec, e);
	struct row_source rows;
	struct step_info s;
	struct spot at;

	mix_rows(m, &rows);
	if (rc < 0 || parse_spot(spot, &at, e) < 0 ||
	    rows.step(rows.ctx, at.v[0], &s, e) < 0)
		return e->code;
	end = s.rows;
	n = s.seq + 1;
	if (at.n > 1) {
		first = (uint32_t)at.v[1];
		end = first + 1;
	}
	if (at.n > 2) {
		column = (uint32_t)at.v[2];
		n = 1;
	}
	put_piece_header(codec != NULL, text);
	for (x.row = first; rc == 0 && x.row < end; x.row++)
		rc = mix_at(m, at.v[0], x.row, column, n, take_piece, &x, e);
	ids_free(&x.ids);
	buf_free(&x.piece);
	return rc;
}

static int
take_place(void *ctx, const struct mix_place *p, struct err *e)
{
	const struct showing *x = ctx;

	put_place(x->m, p, x->text);
	return buf_ok(x->text, e);
}

int
show_seen(struct mix *m, const char *name, struct buf *text, struct err *e)
{
	struct showing x = { .m = m, .text = text };
	uint64_t documents;

	put_place_header(text);
	if (mix_seen(m, str_c(name), take_place, &x, &documents, e) < 0)
		return e->code;
	if (documents)
		return 0;
	return err_set(e, ERR_FORMAT,
	    "no document of the recipe's shards has the id or URL '%s'", name);
}
