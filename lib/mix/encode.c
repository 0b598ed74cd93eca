/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "io/docs.h"
#include "io/shard.h"
#include "io/textcodec.h"
#include "mix/encode.h"

struct encode {
	const struct textcodec *codec;
	const struct encode_options *o;
	unsigned width;
	struct shard_writer *out;
};

struct worker {
	const struct textcodec *codec;
	void *scratch;
	struct ids ids;
};

/* A document on its way to the shard: this, its id, its URL, its numbers, its
 * tokens. */
struct packed {
	uint64_t tokens, bytes;
	uint32_t id, url, numbers; /* bytes */
	bool has_url;
};

static void
worker_free(void *worker)
{
	struct worker *w = worker;

	if (w->scratch && w->codec->worker_free)
		w->codec->worker_free(w->scratch);
	ids_free(&w->ids);
	free(w);
}

static void *
worker_new(void *ctx, struct err *e)
{
	const struct encode *x = ctx;
	struct worker *w = calloc(1, sizeof(*w));

	if (!w) {
		err_nomem(e, "threads");
		return NULL;
	}
	w->codec = x->codec;
	if (!w->codec->worker_new)
		return w;
	w->scratch = w->codec->worker_new(w->codec->ctx, e);
	if (w->scratch)
		return w;
	worker_free(w);
	return NULL;
}

/* {"quality":0.5} of the metadata's numbers that are kept; the bytes added. */
static uint32_t
put_numbers(const struct encode *x, const struct doc *d, struct buf *side)
{
	size_t i, begin = side->n;
	struct json_val v;

	for (i = 0; i < x->o->nkeep; i++) {
		v = doc_meta(d, x->o->keep[i]);
		if (json_type(v) != JSON_NUMBER)
			continue;
		buf_putc(side, side->n == begin ? '{' : ',');
		buf_json_lossy(side, str_c(x->o->keep[i]));
		buf_putc(side, ':');
		buf_double(side, json_double(v, 0));
	}
	if (side->n > begin)
		buf_putc(side, '}');
	return (uint32_t)(side->n - begin);
}

static int
pack(const struct encode *x, const struct worker *w, const struct doc *d,
    struct buf *side, struct err *e)
{
	struct str url = json_str(doc_meta(d, "url"));
	struct packed p = { .tokens = w->ids.n,
		.bytes = d->text.n,
		.id = (uint32_t)d->id.n,
		.url = (uint32_t)url.n,
		.has_url = url.p != NULL };
	size_t bytes = w->ids.n * x->width, head = side->n;
	char *to;

	buf_put(side, &p, sizeof(p));
	buf_str(side, d->id);
	buf_str(side, url);
	p.numbers = put_numbers(x, d, side);
	if (buf_ok(side, e) < 0)
		return e->code;
	memcpy(side->p + head, &p, sizeof(p));
	to = buf_room(side, bytes);
	if (!to)
		return err_nomem(e, "tokens");
	shard_pack(w->ids.v, w->ids.n, x->codec->vocab, (unsigned char *)to);
	side->n += bytes;
	return 0;
}

/* Ids come from outside this room: what the shard promises is checked. */
static int
check_ids(const struct encode *x, const struct ids *ids, struct err *e)
{
	size_t i;

	for (i = 0; i < ids->n; i++)
		if (ids->v[i] >= x->codec->vocab)
			return err_set(e, ERR_FORMAT,
			    "token %u, but the vocabulary is %u", ids->v[i],
			    x->codec->vocab);
	if (ids->n > SHARD_MAX_DOC)
		return err_set(e, ERR_FORMAT,
		    "a document of %llu tokens: the index holds lengths up to "
		    "%d",
		    (unsigned long long)ids->n, SHARD_MAX_DOC);
	return 0;
}

static int
encode_doc(
    void *ctx, void *worker, struct doc *d, struct emit *em, struct err *e)
{
	static const struct reason empty = { .rule = "empty" };
	const struct encode *x = ctx;
	struct worker *w = worker;

	w->ids.n = 0;
	if (x->codec->encode(x->codec->ctx, w->scratch, d->text, &w->ids, e) <
	    0)
		return e->code;
	if (w->ids.n == 0)
		return emit_drop(em, d, &empty, e);
	if (x->o->eod) {
		if (ids_reserve(&w->ids, 1, e) < 0)
			return e->code;
		w->ids.v[w->ids.n++] = (uint32_t)x->codec->end_text;
	}
	if (check_ids(x, &w->ids, e) < 0)
		return e->code;
	/* As emit_keep(), but the document itself goes nowhere. */
	em->tally.kept++;
	em->tally.text_out += d->text.n;
	return pack(x, w, d, &em->side, e);
}

static int
take(void *ctx, struct str side, struct err *e)
{
	struct encode *x = ctx;
	const char *p = side.p, *end = side.p + side.n;
	struct shard_doc d;
	struct packed h;

	while (p < end) {
		memcpy(&h, p, sizeof(h));
		p += sizeof(h);
		d = (struct shard_doc){ .id = { p, h.id },
			.url = { h.has_url ? p + h.id : NULL, h.url },
			.tokens = h.tokens,
			.bytes = h.bytes };
		p += h.id + h.url;
		if (h.numbers)
			d.numbers = (struct str){ p, h.numbers };
		p += h.numbers;
		if (shard_add(x->out, &d, p, e) < 0)
			return e->code;
		p += h.tokens * x->width;
	}
	return 0;
}

static int
run_docs(struct docs *in, struct encode *x, struct run *r, struct err *e)
{
	static const struct docs_ops ops = { .worker_new = worker_new,
		.worker_free = worker_free,
		.doc = encode_doc,
		.fold = take };
	unsigned long long tokens;
	int rc = docs_run(in, &ops, x, r, e);

	if (rc < 0) {
		shard_abort(x->out);
		return rc;
	}
	tokens = shard_writer_tokens(x->out);
	rc = shard_commit(x->out, e);
	if (rc == 0)
		buf_printf(&r->extra,
		    "\"tokens\":%llu,\"tokenizer\":\"sha256:%s\",", tokens,
		    x->codec->digest);
	return rc;
}

int
encode_shard(struct docs *in, const struct textcodec *codec,
    const struct encode_options *o, const char *prefix, struct run *r,
    struct err *e)
{
	struct encode x = {
		.codec = codec, .o = o, .width = shard_width(codec->vocab)
	};
	struct shard_head head = { .vocab = codec->vocab,
		.end_text = o->eod ? codec->end_text : -1 };

	if (o->eod && codec->end_text < 0)
		return err_set(e, ERR_ARG,
		    "the tokenizer has no <|endoftext|> to end documents "
		    "with: say --no-eod to do without");
	memcpy(head.tokenizer, codec->digest, sizeof(head.tokenizer));
	if (shard_create(&x.out, prefix, &head, e) < 0)
		return e->code;
	return run_docs(in, &x, r, e);
}
