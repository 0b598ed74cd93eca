/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "io/stream.h"
#include "mix/convert.h"

enum { CHUNK = 1 << 16, LLMC_HEAD = 256 };

bool
convert_format(const char *name, enum convert_format *f)
{
	static const char *const names[] = { [CONVERT_NANOGPT] = "nanogpt",
		[CONVERT_RAW] = "raw",
		[CONVERT_LLMC] = "llmc",
		[CONVERT_DS] = "ds",
		[CONVERT_MDS] = "mds",
		[CONVERT_MEGATRON] = "megatron" };
	unsigned i;

	for (i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (strcmp(name, names[i]) == 0) {
			*f = (enum convert_format)i;
			return true;
		}
	return false;
}

/* All tokens, `width` bytes each. */
static int
put_tokens(
    const struct shard *s, unsigned width, struct out *out, struct err *e)
{
	uint32_t *v = malloc(CHUNK * sizeof(*v));
	uint64_t at, n, i;
	int rc = v ? 0 : err_nomem(e, "tokens");

	for (at = 0; rc == 0 && at < s->tokens; at += n) {
		n = s->tokens - at < CHUNK ? s->tokens - at : CHUNK;
		rc = shard_read(s, at, n, v, e);
		/* In place: a narrow token never overtakes a wide one. */
		for (i = 0; rc == 0 && width == 2 && i < n; i++) {
			uint16_t t = (uint16_t)v[i];

			memcpy((char *)v + 2 * i, &t, 2);
		}
		if (rc == 0)
			rc = out_write(out, v, n * width, e);
	}
	free(v);
	return rc;
}

static unsigned
width_of(const struct shard *s)
{
	return s->head.vocab <= 1 << 16 ? 2 : 4;
}

static int
put_llmc_head(const struct shard *s, struct out *out, struct err *e)
{
	int32_t head[LLMC_HEAD] = { 20240520, 1 };

	if (width_of(s) == 4) {
		head[0] = 20240801;
		head[1] = 7;
	}
	if (s->tokens > INT32_MAX)
		return err_set(e, ERR_ARG,
		    "%s: %llu tokens, but llm.c's header holds up to %d: make "
		    "smaller shards",
		    s->prefix, (unsigned long long)s->tokens, INT32_MAX);
	head[2] = (int32_t)s->tokens;
	return out_write(out, head, sizeof(head), e);
}

/* nanogpt, raw, llmc */
static int
to_file(const struct shard *s, enum convert_format f, const char *path,
    struct err *e)
{
	struct out *out;
	int rc = 0;

	if (f == CONVERT_NANOGPT && width_of(s) != 2)
		return err_set(e, ERR_ARG,
		    "%s: a vocabulary of %u does not fit nanoGPT's uint16: "
		    "use raw",
		    s->prefix, s->head.vocab);
	if (out_open(&out, path, e) < 0)
		return e->code;
	if (f == CONVERT_LLMC)
		rc = put_llmc_head(s, out, e);
	if (rc == 0)
		rc = put_tokens(s, width_of(s), out, e);
	if (rc == 0)
		return out_commit(out, e);
	out_close(out);
	return rc;
}

static int
put_ends(const struct shard *s, struct out *out, struct err *e)
{
	uint64_t i, first, n, end;

	for (i = 0; i < s->docs; i++) {
		if (shard_doc_range(s, i, &first, &n, e) < 0)
			return e->code;
		end = first + n;
		if (out_write(out, &end, sizeof(end), e) < 0)
			return e->code;
	}
	return 0;
}

static int
put_metadata(const struct shard *s, struct out *out, struct err *e)
{
	char text[200];
	double n = (double)s->tokens;
	const char *unit = "";

	if (n >= 1e9)
		n /= 1e9, unit = "G";
	else if (n >= 1e6)
		n /= 1e6, unit = "M";
	else if (n >= 1e3)
		n /= 1e3, unit = "k";
	snprintf(text, sizeof(text), "sha256:%s|%u\n%llu\n%.3g %sT",
	    s->head.tokenizer, width_of(s), (unsigned long long)s->tokens, n,
	    unit);
	return out_write(out, text, strlen(text), e);
}

static int
open_named(struct out **out, const char *path, const char *more, struct err *e)
{
	char name[4096];

	if ((size_t)snprintf(name, sizeof(name), "%s%s", path, more) >=
	    sizeof(name))
		return err_set(e, ERR_ARG, "%s: name too long", path);
	return out_open(out, name, e);
}

/* X.ds and X.ds.index, then X.ds.metadata: whole once that is there. */
static int
to_ds(const struct shard *s, const char *path, struct err *e)
{
	static const char *const more[] = { "", ".index", ".metadata" };
	struct out *out[3] = { NULL };
	int i, rc = 0;

	for (i = 0; rc == 0 && i < 3; i++)
		rc = open_named(&out[i], path, more[i], e);
	if (rc == 0)
		rc = put_tokens(s, width_of(s), out[0], e);
	if (rc == 0)
		rc = put_ends(s, out[1], e);
	if (rc == 0)
		rc = put_metadata(s, out[2], e);
	for (i = 0; rc == 0 && i < 3; i++)
		rc = out_finish(out[i], e);
	for (i = 0; rc == 0 && i < 3; i++)
		rc = out_rename(out[i], e);
	for (i = 0; i < 3; i++)
		out_close(out[i]);
	return rc;
}

int
convert_to(const struct shard *s, enum convert_format f, const char *path,
    struct err *e)
{
	if (shard_idx_check(&s->idx, s->tokens, e) < 0)
		return err_prefix(e, "%s.idx", s->prefix);
	switch (f) {
	case CONVERT_DS:
		return to_ds(s, path, e);
	case CONVERT_MDS:
		return convert_to_mds(s, path, e);
	case CONVERT_MEGATRON:
		return err_set(e, ERR_ARG,
		    "a shard's .bin and .idx are Megatron's already");
	default:
		return to_file(s, f, path, e);
	}
}
