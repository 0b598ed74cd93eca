/* SPDX-License-Identifier: MIT */
#include <brotli/decode.h>
#include <isa-l/igzip_lib.h>
#include <stdlib.h>
#include <zstd.h>

#include "base/err.h"
#include "extract/field.h"
#include "extract/http.h"

enum { ROOM = 128 * 1024 }; /* bytes of output asked for at a time */

void
http_scratch_free(struct http_scratch *s)
{
	buf_free(&s->a);
	buf_free(&s->b);
	free(s->inflate);
	ZSTD_freeDStream(s->zstd);
}

/* Room for the next output, no more than limit allows: 0 at the limit. */
static size_t
room(struct buf *out, uint64_t limit)
{
	uint64_t left = limit > out->n ? limit - out->n : 0;
	size_t n = left < ROOM ? (size_t)left : ROOM;

	return n && buf_room(out, n) ? n : 0;
}

static int
inflate_as(struct inflate_state *z, unsigned flag, struct str in,
    uint64_t limit, struct buf *out, bool *cut)
{
	size_t n, before;
	int rc;

	isal_inflate_init(z);
	z->crc_flag = flag;
	z->next_in = (uint8_t *)(uintptr_t)in.p;
	z->avail_in = (uint32_t)in.n;
	while ((n = room(out, limit)) > 0) {
		before = out->n;
		z->next_out = (uint8_t *)out->p + out->n;
		z->avail_out = (uint32_t)n;
		rc = isal_inflate(z);
		out->n += n - z->avail_out;
		if (rc == ISAL_INCORRECT_CHECKSUM)
			break; /* all came out; only the sum is wrong */
		if (rc < 0) {
			*cut = true;
			return out->n > 0;
		}
		if (z->block_state == ISAL_BLOCK_FINISH)
			break;
		if (out->n == before && z->avail_in == 0) {
			*cut = true;
			break;
		}
	}
	return 1;
}

static bool
is_gzip(struct str s)
{
	return s.n > 2 && memcmp(s.p, "\x1f\x8b\x08", 3) == 0;
}

/* RFC 1950: method 8, and the first two bytes a multiple of 31. */
static bool
is_zlib(struct str s)
{
	const unsigned char *p = (const unsigned char *)s.p;

	return s.n > 2 && (p[0] & 15) == 8 && (p[0] >> 4) <= 7 &&
	       (p[0] << 8 | p[1]) % 31 == 0;
}

/* Could s be a text that somebody has decoded already? */
static bool
looks_plain(struct str s)
{
	size_t i, n = s.n < 64 ? s.n : 64;

	for (i = 0; i < n; i++)
		if ((unsigned char)s.p[i] < ' ' && !field_is_space(s.p[i]))
			return false;
	s = field_trim(s);
	return s.n == 0 || s.p[0] == '<' || s.p[0] == '{';
}

static int
undo_deflate(struct http_scratch *s, struct str in, uint64_t limit,
    struct buf *out, bool *cut, struct err *e)
{
	bool broken = false;
	int rc;

	if (!s->inflate)
		s->inflate = malloc(sizeof(struct inflate_state));
	if (!s->inflate)
		return err_nomem(e, "an inflater");
	if (in.n > UINT32_MAX)
		in.n = UINT32_MAX;
	if (is_gzip(in))
		rc = inflate_as(s->inflate, ISAL_GZIP, in, limit, out, &broken);
	else if (is_zlib(in))
		rc = inflate_as(s->inflate, ISAL_ZLIB, in, limit, out, &broken);
	else if (looks_plain(in))
		return 0;
	else
		rc = inflate_as(
		    s->inflate, ISAL_DEFLATE, in, limit, out, &broken);
	*cut |= rc && broken;
	return rc;
}

static int
undo_brotli(
    struct str in, uint64_t limit, struct buf *out, bool *cut, struct err *e)
{
	BrotliDecoderState *z;
	BrotliDecoderResult rc = BROTLI_DECODER_RESULT_NEEDS_MORE_OUTPUT;
	const uint8_t *next = (const uint8_t *)in.p;
	size_t left = in.n, n, avail;
	uint8_t *to;

	if (looks_plain(in))
		return 0;
	z = BrotliDecoderCreateInstance(NULL, NULL, NULL);
	if (!z)
		return err_nomem(e, "a brotli decoder");
	while (rc == BROTLI_DECODER_RESULT_NEEDS_MORE_OUTPUT &&
	       (n = room(out, limit)) > 0) {
		to = (uint8_t *)out->p + out->n;
		avail = n;
		rc = BrotliDecoderDecompressStream(
		    z, &left, &next, &avail, &to, NULL);
		out->n += n - avail;
	}
	BrotliDecoderDestroyInstance(z);
	if (rc == BROTLI_DECODER_RESULT_ERROR && out->n == 0)
		return 0;
	*cut |= rc == BROTLI_DECODER_RESULT_ERROR ||
		rc == BROTLI_DECODER_RESULT_NEEDS_MORE_INPUT;
	return 1;
}

static int
undo_zstd(struct http_scratch *s, struct str in, uint64_t limit,
    struct buf *out, bool *cut, struct err *e)
{
	ZSTD_inBuffer src = { in.p, in.n, 0 };
	ZSTD_outBuffer dst;
	size_t rc = 1, n;

	if (in.n < 4 || memcmp(in.p, "\x28\xb5\x2f\xfd", 4) != 0)
		return 0;
	if (!s->zstd)
		s->zstd = ZSTD_createDStream();
	if (!s->zstd)
		return err_nomem(e, "a zstd decoder");
	ZSTD_initDStream(s->zstd);
	while ((n = room(out, limit)) > 0) {
		dst = (ZSTD_outBuffer){ out->p + out->n, n, 0 };
		rc = ZSTD_decompressStream(s->zstd, &dst, &src);
		out->n += dst.pos;
		if (ZSTD_isError(rc) || (src.pos == src.size && dst.pos < n))
			break;
	}
	if (ZSTD_isError(rc) && out->n == 0)
		return 0;
	*cut |= n > 0 && rc != 0;
	return 1;
}

int
http_inflate(struct http_scratch *s, struct str coding, struct str in,
    uint64_t limit, struct buf *out, bool *cut, struct err *e)
{
	int rc = 0;

	if (in.n == 0)
		return 0;
	if (field_is(coding, "gzip") || field_is(coding, "x-gzip") ||
	    field_is(coding, "deflate"))
		rc = undo_deflate(s, in, limit, out, cut, e);
	else if (field_is(coding, "br"))
		rc = undo_brotli(in, limit, out, cut, e);
	else if (field_is(coding, "zstd"))
		rc = undo_zstd(s, in, limit, out, cut, e);
	return rc > 0 && buf_ok(out, e) < 0 ? e->code : rc;
}
