/* SPDX-License-Identifier: MIT */
#include "tiktoken.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/path.h"
#include "base64.h"
#include "convert.h"
#include "tiktoken_names.h"

enum { HOLES = 65536 };

bool
tiktoken_is(const char *path)
{
	static const char *const ends[] = { ".tiktoken", ".tiktoken.zst",
		".tiktoken.gz" };
	size_t i;

	for (i = 0; i < sizeof(ends) / sizeof(*ends); i++)
		if (str_ends(str_c(path), str_c(ends[i])))
			return true;
	return false;
}

/* ---- tokens ---- */

static bool
read_rank(struct str s, uint64_t *rank)
{
	size_t i;

	*rank = 0;
	for (i = 0; i < s.n && i < 10; i++) {
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
		*rank = *rank * 10 + (uint64_t)(s.p[i] - '0');
	}
	return s.n > 0 && i == s.n;
}

static int
read_line(struct bpe *b, struct str line, struct buf *bytes, struct err *e)
{
	const char *space = memchr(line.p, ' ', line.n);
	struct str name = { line.p, space ? (size_t)(space - line.p) : 0 };
	uint64_t rank;

	buf_clear(bytes);
	if (!space || !base64_decode(bytes, name) || !bytes->n)
		return err_set(
		    e, ERR_FORMAT, "not a token in base64, a space and a rank");
	if (!read_rank((struct str){ space + 1, line.n - name.n - 1 }, &rank) ||
	    rank >= b->id_limit)
		return err_set(e, ERR_FORMAT, "not a valid rank");
	if (buf_ok(bytes, e) < 0)
		return e->code;
	return bpe_set_token(b, (uint32_t)rank, buf_view(bytes), e);
}

static uint64_t
count_lines(const char *p, size_t n)
{
	const char *end = p + n;
	uint64_t lines = 1;

	for (; p < end && (p = memchr(p, '\n', (size_t)(end - p))); p++)
		lines++;
	return lines;
}

static int
read_lines(struct bpe *b, const char *p, size_t n, struct err *e)
{
	const char *end = p + n, *eol;
	struct buf bytes = { 0 };
	uint64_t line = 0;
	int rc = 0;

	for (; rc == 0 && p < end; p = eol + 1) {
		eol = memchr(p, '\n', (size_t)(end - p));
		if (!eol)
			eol = end;
		line++;
		n = (size_t)(eol - p);
		if (n && p[n - 1] == '\r')
			n--;
		if (n)
			rc = read_line(b, (struct str){ p, n }, &bytes, e);
	}
	buf_free(&bytes);
	if (rc < 0)
		return err_prefix(e, "line %" PRIu64, line);
	return b->ntoken ? 0 : err_set(e, ERR_FORMAT, "no tokens");
}

/* Two tokens of the same bytes: the pair table could mean either. */
static int
check_unique(const struct bpe *b, struct err *e)
{
	uint32_t id;

	for (id = 0; id < b->ntoken; id++)
		if (b->tokens[id].len && bpe_find(b, bpe_bytes(b, id)) != id)
			return err_set(e, ERR_FORMAT,
			    "ranks %u and %u are the same token",
			    bpe_find(b, bpe_bytes(b, id)), id);
	return 0;
}

int
tiktoken_read(struct bpe *b, const char *path, const char *pattern,
    const char *p, size_t n, struct err *e)
{
	const struct tiktoken_name *known = tiktoken_known(path_base(path));
	int rc;

	if (!pattern && known) {
		pattern = known->pattern;
		if (known->nfc && !norm_add(&b->norm, NORM_NFC, e))
			return e->code;
	}
	if (!pattern)
		return err_set(e, ERR_ARG,
		    "a .tiktoken file has no pattern, and none is known for "
		    "this name: give --pattern");
	b->id_limit = HOLES + 4 * count_lines(p, n);
	b->ignore_merges = b->rank_by_id = true;
	rc = bpe_set_pattern(b, pattern, e);
	if (rc == 0)
		rc = read_lines(b, p, n, e);
	if (rc == 0)
		rc = bpe_index_tokens(b, e);
	if (rc == 0)
		rc = check_unique(b, e);
	if (rc == 0)
		rc = bpe_all_splits(b, e);
	if (rc == 0 && known)
		rc = tiktoken_add_specials(b, known, e);
	if (rc == 0)
		rc = bpe_index(b, e);
	if (rc < 0)
		bpe_free(b);
	return rc;
}

int
tiktoken_write(const struct bpe *b, struct buf *out, struct err *e)
{
	struct str s;
	uint32_t id;
	bool *in;

	if (bpe_check_ids(b, e) < 0)
		return e->code;
	in = bpe_model_tokens(b, e);
	if (!in)
		return e->code;
	for (id = 0; id < b->ntoken; id++) {
		if (!in[id])
			continue;
		s = bpe_bytes(b, id);
		buf_base64(out, s.p, s.n);
		buf_printf(out, " %u\n", id);
	}
	free(in);
	return buf_ok(out, e);
}
