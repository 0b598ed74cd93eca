/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zstd_errors.h>

#include "io/in_impl.h"
#include "io/zdict.h"

enum {
	ZSTD_HEAD = 5, /* tell a zstd frame's header from its start */
};

static bool
is_gzip(const unsigned char *p, size_t n)
{
	/* Deflate is the only method; three flag bits are always zero. */
	return n >= 4 && p[0] == 0x1f && p[1] == 0x8b && p[2] == 8 &&
	       !(p[3] & 0xe0);
}

static uint32_t
le32(const unsigned char *p)
{
	return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 |
	       (uint32_t)p[3] << 24;
}

static bool
is_zstd(const unsigned char *p, size_t n)
{
	return n >= 4 && (le32(p) == ZSTD_MAGICNUMBER ||
			     (le32(p) & ZSTD_MAGIC_SKIPPABLE_MASK) ==
				 ZSTD_MAGIC_SKIPPABLE_START);
}

static int
detect(struct in *in, struct err *e)
{
	if (in_want(in, 4, e) < 0)
		return e->code;
	if (is_gzip(in->raw, (size_t)in->have)) {
		in->kind = IN_GZIP;
		in->inflate = calloc(1, sizeof(*in->inflate));
		if (!in->inflate)
			return err_nomem(e, "gzip");
	} else if (is_zstd(in->raw, (size_t)in->have)) {
		in->kind = IN_ZSTD;
		in->zstd = ZSTD_createDStream();
		if (!in->zstd)
			return err_nomem(e, "zstd");
		ZSTD_DCtx_setParameter(in->zstd, ZSTD_d_windowLogMax, 31);
	} else {
		in->phase = IN_MEMBER;
	}
	return 0;
}

static int
open_any(
    struct in **out, const char *path, struct in_reader from, struct err *e)
{
	struct in *in = calloc(1, sizeof(*in));

	*out = NULL;
	if (in) {
		in->fd = -1;
		in->from = from;
		in->path = strdup(path);
	}
	if (!in || !in->path) {
		in_close(in);
		return err_nomem(e, "an input stream");
	}
	if ((!from.read && in_open_fd(in, path, e) < 0) ||
	    in_make_raw(in, e) < 0 || detect(in, e) < 0) {
		in_close(in);
		return e->code;
	}
	*out = in;
	return 0;
}

int
in_open(struct in **in, const char *path, struct err *e)
{
	return open_any(in, path, (struct in_reader){ 0 }, e);
}

int
in_open_from(
    struct in **in, struct in_reader from, const char *name, struct err *e)
{
	return open_any(in, name, from, e);
}

static int
damage(struct in *in, enum in_phase next, struct err *e, const char *what)
{
	in->phase = next;
	in->mismatch = false;
	return err_set(e, ERR_DAMAGE, "compressed member at byte %llu: %s",
	    (unsigned long long)in->member, what);
}

static bool
at_magic(const struct in *in)
{
	const unsigned char *p = in->raw + in->at;
	size_t n = (size_t)(in->have - in->at);

	return in->kind == IN_GZIP ? is_gzip(p, n) : is_zstd(p, n);
}

/* Skip to the next byte that can start a member. */
static int
find_member(struct in *in, struct err *e)
{
	for (;;) {
		if (in_want(in, 4, e) < 0)
			return e->code;
		while (in->have - in->at >= 4 && !at_magic(in))
			in->at++;
		if (in->have - in->at >= 4)
			break;
		if (in->raw_eof) {
			in->at = in->have;
			break;
		}
	}
	in->phase = AT_MEMBER;
	return 0;
}

/*
 * The broken member may have run on into good ones: look again from just
 * behind its start.  A pipe can go back only as far as the buffer reaches.
 */
static int
rewind_to_member(struct in *in, struct err *e)
{
	uint64_t from = in->member + 1;

	if (from >= in->raw_base) {
		in->at = (ptrdiff_t)(from - in->raw_base);
	} else if (in->seekable) {
		if (in_seek_raw(in, from, e) < 0)
			return e->code;
	} else {
		in->at = 0;
	}
	return find_member(in, e);
}

static bool
only_zeros(const struct in *in)
{
	ptrdiff_t i;

	for (i = in->at; i < in->have; i++)
		if (in->raw[i])
			return false;
	return true;
}

/* in->at stands at the frame; what goes wrong is damage of this member. */
static int
load_dict(struct in *in, struct err *e)
{
	unsigned char *p = NULL;
	struct err why;
	size_t n;
	int rc;

	if (in_want(in, 8, e) < 0)
		return e->code;
	n = in->have - in->at < 8 ? SIZE_MAX : le32(in->raw + in->at + 4);
	if (n > ZDICT_MAX)
		return damage(in, LOST, e, "broken dictionary");
	in->at += 8;
	rc = in_take_raw(in, n, &p, &why);
	if (rc == 0)
		rc = zdict_use(in->zstd, p, n, &why);
	free(p);
	if (rc == ERR_DAMAGE)
		return damage(in, LOST, e, why.msg);
	if (rc < 0)
		*e = why;
	return rc;
}

/* Begin the next member, or end.  Zeros behind the last one are padding. */
static int
start_member(struct in *in, struct err *e)
{
	if (in_want(in, 4, e) < 0)
		return e->code;
	while (!at_magic(in) && only_zeros(in) && !in->raw_eof) {
		in->at = in->have;
		if (in_want(in, 4, e) < 0)
			return e->code;
	}
	in->member = in_raw_offset(in);
	in->member_start = in->offset;
	if (in->at == in->have || (in->raw_eof && only_zeros(in))) {
		in->phase = ENDED;
		return 0;
	}
	if (!at_magic(in))
		return damage(in, LOST, e, "this is no compressed data");
	if (in->kind == IN_GZIP) {
		isal_inflate_init(in->inflate);
		in->inflate->crc_flag = ISAL_GZIP;
	} else {
		ZSTD_DCtx_reset(in->zstd, ZSTD_reset_session_only);
		in->zstd_next = ZSTD_HEAD;
		in->zstd_waiting = false;
		if (in->member == 0 && le32(in->raw + in->at) == ZDICT_MAGIC)
			return load_dict(in, e);
	}
	in->phase = IN_MEMBER;
	return 0;
}

/* The inflater takes whole words: give back the bytes behind the member. */
static void
end_gzip_member(struct in *in)
{
	in->at -= in->inflate->read_in_length / 8;
	in->phase = AT_MEMBER;
}

static const char *
inflate_problem(int rc)
{
	switch (rc) {
	case ISAL_INCORRECT_CHECKSUM:
		return "checksum mismatch";
	case ISAL_INVALID_WRAPPER:
	case ISAL_UNSUPPORTED_METHOD:
		return "broken gzip header";
	default:
		return "broken deflate data";
	}
}

/* Each reads some of the member: bytes, 0 when more input is needed. */
static ptrdiff_t
read_gzip(struct in *in, void *buf, size_t n, struct err *e)
{
	struct inflate_state *s = in->inflate;
	size_t got;
	int rc;

	s->next_in = in->raw + in->at;
	s->avail_in = (uint32_t)(in->have - in->at);
	s->next_out = buf;
	s->avail_out = n < UINT32_MAX ? (uint32_t)n : UINT32_MAX;
	rc = isal_inflate(s);
	in->at = in->have - (ptrdiff_t)s->avail_in;
	got = (size_t)(s->next_out - (uint8_t *)buf);
	if (rc == ISAL_INCORRECT_CHECKSUM)
		end_gzip_member(in);
	if (rc < 0 || rc == ISAL_INCORRECT_CHECKSUM) {
		/* A member cut short may have been read on into the next
		 * one: go on behind it only if a member starts there. */
		in->pending = damage(in,
		    rc == ISAL_INCORRECT_CHECKSUM && at_magic(in) ? AT_MEMBER
								  : LOST,
		    &in->pending_err, inflate_problem(rc));
		in->mismatch = rc == ISAL_INCORRECT_CHECKSUM;
		if (got)
			return (ptrdiff_t)got;
		*e = in->pending_err;
		in->pending = 0;
		return e->code;
	}
	if (s->block_state == ISAL_BLOCK_FINISH)
		end_gzip_member(in);
	return (ptrdiff_t)got;
}

/*
 * An error would lose what the same call returned before it: so the library
 * gets one block at a time, and none while bytes of the last one wait for room.
 */
static ptrdiff_t
read_zstd(struct in *in, void *buf, size_t n, struct err *e)
{
	size_t have = (size_t)(in->have - in->at), at = (size_t)in->at, rc;
	ZSTD_inBuffer src = { in->raw, at, at };
	ZSTD_outBuffer dst = { buf, n, 0 };
	bool waiting = in->zstd_waiting;

	if (!waiting)
		src.size += have < in->zstd_next ? have : in->zstd_next;
	rc = ZSTD_decompressStream(in->zstd, &dst, &src);
	in->at = (ptrdiff_t)src.pos;
	in->zstd_waiting = dst.pos == n;
	if (ZSTD_isError(rc)) {
		damage(in, LOST, e, ZSTD_getErrorName(rc));
		in->mismatch =
		    ZSTD_getErrorCode(rc) == ZSTD_error_checksum_wrong;
		return e->code;
	}
	in->zstd_next = rc;
	if (rc == 0)
		in->phase = AT_MEMBER;
	else if (waiting && dst.pos == 0)
		return read_zstd(in, buf, n, e);
	return (ptrdiff_t)dst.pos;
}

static ptrdiff_t
read_plain(struct in *in, void *buf, size_t n, struct err *e)
{
	size_t have = (size_t)(in->have - in->at);
	ptrdiff_t got;

	if (have) {
		have = have < n ? have : n;
		memcpy(buf, in->raw + in->at, have);
		in->at += (ptrdiff_t)have;
		return (ptrdiff_t)have;
	}
	got = in_read_raw(in, buf, n, e);
	if (got < 0)
		return got;
	if (got == 0)
		in->phase = ENDED;
	in->raw_base += (uint64_t)got;
	return got;
}

static ptrdiff_t
read_member(struct in *in, void *buf, size_t n, struct err *e)
{
	ptrdiff_t got, at = in->at;

	if (in->kind == IN_PLAIN)
		return read_plain(in, buf, n, e);
	got = in->kind == IN_GZIP ? read_gzip(in, buf, n, e)
				  : read_zstd(in, buf, n, e);
	if (got != 0 || in->phase != IN_MEMBER || in->at != at)
		return got;
	/* Nothing came out and the member goes on: it needs more input. */
	if (in_refill(in, e) < 0)
		return e->code;
	if (in->raw_eof && in->at == in->have)
		return damage(in, LOST, e, "cut off");
	return 0;
}

ptrdiff_t
in_read(struct in *in, void *buf, size_t n, struct err *e)
{
	ptrdiff_t got = 0;

	if (in->pending) {
		got = in->pending;
		*e = in->pending_err;
		in->pending = 0;
		return got;
	}
	while (got == 0 && in->phase != ENDED) {
		if (in->phase == LOST)
			got = rewind_to_member(in, e);
		else if (in->phase == AT_MEMBER)
			got = start_member(in, e);
		else
			got = read_member(in, buf, n, e);
	}
	if (got > 0)
		in->offset += (uint64_t)got;
	return got;
}

ptrdiff_t
in_fill(struct in *in, void *buf, size_t n, struct err *e)
{
	size_t have = 0;
	ptrdiff_t got;

	while (have < n) {
		got = in_read(in, (char *)buf + have, n - have, e);
		if (got == 0)
			break;
		if (got < 0 && have == 0)
			return got;
		if (got < 0) {
			in->pending = got;
			in->pending_err = *e;
			break;
		}
		have += (size_t)got;
	}
	return (ptrdiff_t)have;
}

/* A dictionary at the file's start holds for all frames. */
static int
first_dict(struct in *in, struct err *e)
{
	if (in->kind != IN_ZSTD || in_raw_offset(in) != 0)
		return 0;
	return start_member(in, e);
}

int
in_seek(struct in *in, uint64_t offset, struct err *e)
{
	if (!in->seekable || offset > INT64_MAX)
		return err_set(
		    e, ERR_ARG, "%s: is no file to seek in", in_name(in));
	if (first_dict(in, e) < 0)
		return e->code;
	if (in_seek_raw(in, offset, e) < 0)
		return e->code;
	in->pending = 0;
	in->phase = in->kind == IN_PLAIN ? IN_MEMBER : AT_MEMBER;
	return 0;
}

bool
in_mismatch(const struct in *in)
{
	return in->mismatch;
}

const char *
in_name(const struct in *in)
{
	return strcmp(in->path, "-") == 0 ? "stdin" : in->path;
}

enum in_kind
in_kind(const struct in *in)
{
	return in->kind;
}

uint64_t
in_member(const struct in *in)
{
	return in->member;
}

uint64_t
in_member_start(const struct in *in)
{
	return in->member_start;
}

uint64_t
in_offset(const struct in *in)
{
	return in->offset;
}

uint64_t
in_raw_offset(const struct in *in)
{
	return in->raw_base + (uint64_t)in->at;
}

uint64_t
in_raw_size(const struct in *in)
{
	return in->raw_size;
}

void
in_close(struct in *in)
{
	if (!in)
		return;
	if (in->fd > STDIN_FILENO)
		close(in->fd);
	in_free_raw(in);
	free(in->inflate);
	ZSTD_freeDStream(in->zstd);
	free(in->path);
	free(in);
}

int
in_slurp(const char *path, char **p, size_t *n, struct err *e)
{
	struct in *in;
	size_t cap = 1 << 16;
	ptrdiff_t got;
	char *more;

	*n = 0;
	*p = NULL;
	if (in_open(&in, path, e) < 0)
		return e->code;
	for (;;) {
		more = realloc(*p, cap + 1);
		if (!more) {
			got = err_nomem(e, path);
			break;
		}
		*p = more;
		got = in_fill(in, *p + *n, cap - *n, e);
		if (got < 0)
			break;
		*n += (size_t)got;
		if (*n < cap)
			break;
		cap *= 2;
	}
	if (got >= 0) /* damage that in_fill() held back must not pass */
		got = in_read(in, *p + *n, 1, e);
	in_close(in);
	if (got == ERR_DAMAGE)
		err_prefix(e, "%s", path);
	if (got < 0) {
		free(*p);
		*p = NULL;
		return (int)got;
	}
	(*p)[*n] = '\0';
	return 0;
}
