/* SPDX-License-Identifier: MIT */
#include "load.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/hash.h"
#include "convert.h"
#include "gguf.h"
#include "io/stream.h"
#include "spm.h"
#include "spm_json.h"
#include "tiktoken.h"
#include "tokjson.h"
#include "vocabjson.h"
#include "wordpiece_vocab.h"

enum load_format
load_format(const char *path)
{
	if (tiktoken_is(path))
		return LOAD_TIKTOKEN;
	if (spm_is(path))
		return LOAD_SPM;
	if (gguf_is(path))
		return LOAD_GGUF;
	if (wordpiece_is(path))
		return LOAD_WORDPIECE;
	return vocabjson_is(path) ? LOAD_VOCAB : LOAD_JSON;
}

static int
digest_of(char hex[65], struct str a, struct str b, struct err *e)
{
	struct sha256 *s = sha256_new();

	if (!s)
		return err_nomem(e, "a digest");
	sha256_add(s, a.p, a.n);
	if (b.n)
		sha256_add(s, b.p, b.n);
	sha256_hex(s, hex);
	sha256_free(s);
	return 0;
}

static int
parse(struct bpe *b, const char *path, const char *pattern, struct str s,
    struct str merges, struct err *e)
{
	switch (load_format(path)) {
	case LOAD_TIKTOKEN:
		return tiktoken_read(b, path, pattern, s.p, s.n, e);
	case LOAD_VOCAB:
		return vocabjson_read(b, pattern, s, merges, e);
	case LOAD_GGUF:
		return gguf_read(b, pattern, s.p, s.n, e);
	default:
		break;
	}
	if (pattern)
		return err_set(e, ERR_ARG,
		    "such a file has its own way to split text: no pattern "
		    "can be given");
	if (load_format(path) == LOAD_SPM)
		return spm_read(b, s.p, s.n, e);
	if (load_format(path) == LOAD_WORDPIECE)
		return wordpiece_read(b, s.p, s.n, e);
	return tokjson_read(b, s.p, s.n, e);
}

/* merges.txt, if there is to be one; its message names it. */
static int
slurp_merges(const char *path, char **p, size_t *n, struct err *e)
{
	char *beside;
	int rc;

	if (load_format(path) != LOAD_VOCAB)
		return 0;
	beside = vocabjson_merges_path(path);
	if (!beside)
		return err_nomem(e, "a file's name");
	rc = in_slurp(beside, p, n, e);
	free(beside);
	return rc;
}

/* A name that stands for several steps. */
static int
expand_pattern(struct bpe *b, struct err *e)
{
	const char *json = b->pattern ? pre_named(b->pattern) : NULL;

	if (!json || b->pre.n)
		return 0;
	b->pre_json = strdup(json);
	if (!b->pre_json)
		return err_nomem(e, "a pattern");
	return pre_read_named(&b->pre, b->pattern, e);
}

/* A model's weights stand behind its vocabulary: its first part is enough. */
static int
slurp_head(const char *path, char **p, size_t *n, struct err *e)
{
	static const size_t most = (size_t)256 << 20;
	struct buf b = { 0 };
	struct in *in;
	ptrdiff_t got = 1;
	char *to;
	int rc;

	if (in_open(&in, path, e) < 0)
		return e->code;
	while (got > 0 && b.n < most) {
		to = buf_room(&b, 1 << 20);
		if (!to)
			break;
		got = in_read(in, to, 1 << 20, e);
		if (got > 0)
			b.n += (size_t)got;
	}
	rc = got < 0 ? err_prefix(e, "%s", in_name(in)) : buf_ok(&b, e);
	in_close(in);
	if (rc < 0) {
		buf_free(&b);
		return rc;
	}
	*p = b.p;
	*n = b.n;
	return 0;
}

int
bpe_load(struct bpe *b, const char *path, const char *pattern, char digest[65],
    struct err *e)
{
	char *p = NULL, *q = NULL;
	size_t n = 0, nq = 0;
	int rc;

	rc = load_format(path) == LOAD_GGUF ? slurp_head(path, &p, &n, e)
					    : in_slurp(path, &p, &n, e);
	if (rc < 0)
		return rc;
	rc = slurp_merges(path, &q, &nq, e);
	if (rc == 0 && digest)
		rc = digest_of(
		    digest, (struct str){ p, n }, (struct str){ q, nq }, e);
	if (rc == 0) {
		rc = parse(b, path, pattern, (struct str){ p, n },
		    (struct str){ q, nq }, e);
		if (rc == 0)
			rc = expand_pattern(b, e);
		if (rc < 0) {
			bpe_free(b);
			err_prefix(e, "%s", path);
		}
	}
	free(p);
	free(q);
	return rc;
}

/* ---- writing ---- */

static int
save_vocab(struct bpe *b, const char *path, struct buf *out, struct err *e)
{
	struct buf merges = { 0 };
	char *beside = NULL;
	int rc;

	if (!path || load_format(path) != LOAD_VOCAB)
		return err_set(e, ERR_ARG,
		    "these are two files: -o names one vocab.json, beside "
		    "which merges.txt is put");
	rc = bpe_rank_by_list(b, e);
	if (rc == 0)
		rc = vocabjson_write(b, out, &merges, e);
	if (rc == 0 && !(beside = vocabjson_merges_path(path)))
		rc = err_nomem(e, "a file's name");
	if (rc == 0)
		rc = out_whole(beside, merges.p, merges.n, e);
	free(beside);
	buf_free(&merges);
	return rc;
}

int
bpe_save(
    struct bpe *b, const char *path, enum load_format format, struct err *e)
{
	struct buf out = { 0 };
	int rc;

	if (format == LOAD_TIKTOKEN) {
		rc = tiktoken_write(b, &out, e);
	} else if (format == LOAD_VOCAB) {
		rc = save_vocab(b, path, &out, e);
	} else if (format == LOAD_WORDPIECE) {
		rc = wordpiece_write(b, &out, e);
	} else if (format != LOAD_JSON) {
		rc = err_set(e, ERR_ARG,
		    "such files are read, not written: give -o a name that "
		    "ends in .json, .tiktoken, vocab.json or vocab.txt");
	} else if (b->sub.sentencepiece) {
		rc = spm_as_json(b, e);
		if (rc == 0)
			rc = tokjson_write(b, &out, e);
	} else {
		rc = bpe_rank_by_list(b, e);
		if (rc == 0)
			rc = tokjson_write(b, &out, e);
	}
	if (rc == 0)
		rc = out_whole(path, out.p, out.n, e);
	buf_free(&out);
	return rc;
}
