/* SPDX-License-Identifier: MIT */
#include "facts.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/err.h"
#include "bpe.h"
#include "convert.h"

struct facts {
	uint32_t longest;
	uint64_t shared, unreachable;
};

static int
look(struct facts *f, const struct bpe *b, const struct bpe *other,
    struct err *e)
{
	bool *in = bpe_model_tokens(b, e);
	uint32_t id, first;

	if (!in)
		return e->code;
	*f = (struct facts){ 0 };
	for (id = 0; id < b->ntoken; id++) {
		if (!in[id])
			continue;
		if (b->tokens[id].len > f->longest)
			f->longest = b->tokens[id].len;
		f->shared += bpe_find(other, bpe_bytes(b, id)) != BPE_NONE;
	}
	free(in);
	return bpe_unreachable(b, &f->unreachable, &first, e);
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
	buf_printf(
	    out, "vocab\t%" PRIu32 "\nmerges\t%zu\n", b->ntoken, b->nmerge);
	buf_printf(out, "unreachable\t%" PRIu64 "\nlongest\t%" PRIu32 "\n",
	    f.unreachable, f.longest);
	buf_printf(out, "pattern\t%s\n",
	    name         ? name
	    : b->pattern ? b->pattern
			 : "");
	for (i = 0; i < b->norm.n; i++)
		buf_printf(
		    out, "normalizer\t%s\n", norm_name(b->norm.steps[i].kind));
	buf_printf(out, "sha256\t%s\n", tokenizer_digest(t));
	for (i = 0; i < b->nadded; i++) {
		buf_printf(out, "%s\t%" PRIu32 "\t",
		    b->added[i].special ? "special" : "added", b->added[i].id);
		buf_str(out, bpe_bytes(b, b->added[i].id));
		buf_putc(out, '\n');
	}
	return buf_ok(out, e);
}

int
facts_row(struct buf *out, const char *name, const struct tokenizer *t,
    const struct tokenizer *first, struct err *e)
{
	const struct bpe *b = tokenizer_bpe(t);
	struct facts f;

	if (look(&f, b, tokenizer_bpe(first), e) < 0)
		return e->code;
	buf_printf(out,
	    "%s\t%" PRIu32 "\t%zu\t%" PRIu64 "\t%" PRIu64 "\t%" PRIu32, name,
	    b->ntoken, b->nmerge, f.shared, f.unreachable, f.longest);
	return buf_ok(out, e);
}
