/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/hash.h"
#include "io/shard.h"

enum { CHUNK = 1 << 20 };

static int
check_digest(const struct shard *s, const char *suffix, const unsigned char *p,
    uint64_t n, const char *want, struct err *e)
{
	struct sha256 *h = sha256_new();
	char got[65];

	if (!h)
		return err_nomem(e, "a digest");
	if (n)
		sha256_add(h, p, n);
	sha256_hex(h, got);
	sha256_free(h);
	if (strcmp(got, want) == 0)
		return 0;
	return err_set(e, ERR_CHECK,
	    "%s%s: digest %.16s..., but it was written with %.16s...",
	    s->prefix, suffix, got, want);
}

/* Each document of .docs against the index. */
static int
check_doc(void *ctx, uint64_t i, const struct shard_doc *d, struct err *e)
{
	const struct shard *s = ctx;

	if (d->tokens == shard_idx_len(&s->idx, i))
		return 0;
	return err_set(e, ERR_CHECK,
	    "%s.docs: document %llu: %llu tokens, but %llu in the index",
	    s->prefix, (unsigned long long)i, (unsigned long long)d->tokens,
	    (unsigned long long)shard_idx_len(&s->idx, i));
}

static int
check_tokens(const struct shard *s, struct err *e)
{
	uint32_t *v = malloc(CHUNK * sizeof(*v));
	uint64_t at, n;
	int rc = 0;

	if (!v)
		return err_nomem(e, "tokens");
	for (at = 0; rc == 0 && at < s->tokens; at += n) {
		n = s->tokens - at < CHUNK ? s->tokens - at : CHUNK;
		rc = shard_read(s, at, n, v, e);
	}
	free(v);
	return rc == ERR_FORMAT ? e->code = ERR_CHECK : rc;
}

/* Does every document end in the token that the header promises? */
static int
check_ends(const struct shard *s, struct err *e)
{
	uint64_t i, n;
	uint32_t last;

	for (i = 0; s->head.end_text >= 0 && i < s->docs; i++) {
		n = shard_idx_len(&s->idx, i);
		last = UINT32_MAX;
		if (n && shard_read(s, shard_idx_first(&s->idx, i) + n - 1, 1,
			     &last, e) < 0)
			return e->code;
		if (last != (uint32_t)s->head.end_text)
			return err_set(e, ERR_CHECK,
			    "%s.bin: document %llu does not end in token %lld",
			    s->prefix, (unsigned long long)i,
			    (long long)s->head.end_text);
	}
	return 0;
}

int
shard_verify(const struct shard *s, struct err *e)
{
	int rc;

	if (shard_idx_check(&s->idx, s->tokens, e) < 0)
		return err_prefix(e, "%s.idx", s->prefix);
	if (check_digest(s, ".idx", s->idx.p, s->idx_bytes, s->idx_sha256, e) <
		0 ||
	    check_digest(s, ".bin", s->bin, s->bin_bytes, s->bin_sha256, e) <
		0 ||
	    check_tokens(s, e) < 0 || check_ends(s, e) < 0)
		return e->code;
	rc = shard_docs_each(s, check_doc, (void *)s, e);
	return rc == ERR_FORMAT ? e->code = ERR_CHECK : rc;
}
