/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "base/hash.h"
#include "dedup/key.h"
#include "dedup/recfile.h"
#include "io/scratch.h"
#include "io/stream.h"

enum {
	VERSION = 1,
	BLOCK = 256 << 10,
	MAX_OPTIONS = 4096,
	HEAD = 20, /* bytes before the options */
};

#define END_TAG UINT32_MAX

static const char magic[8] = "quernREC";

struct block_head {
	uint32_t tag, bytes;
	uint64_t check;
};

struct end_of {
	uint64_t n[REC_TAGS], digest, nblock;
};

static int
put(struct rec_out *o, const void *from, size_t n, struct err *e)
{
	const char *p = from;
	ptrdiff_t got;

	o->at += n;
	if (o->out)
		return out_write(o->out, p, n, e);
	while (n) {
		got = write(o->fd, p, n);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return err_errno(e, "a file in $TMPDIR", "write");
		p += got;
		n -= (size_t)got;
	}
	return 0;
}

static int
put_header(
    struct rec_out *o, enum rec_kind kind, const char *options, struct err *e)
{
	uint32_t v[3] = { VERSION, kind, (uint32_t)strlen(options) };
	struct buf b = { 0 };
	uint64_t check;
	int rc;

	buf_put(&b, magic, sizeof(magic));
	buf_put(&b, v, sizeof(v));
	buf_puts(&b, options);
	rc = buf_ok(&b, e);
	if (rc == 0 && v[2] > MAX_OPTIONS)
		rc = err_set(e, ERR_ARG, "the options are too long");
	if (rc == 0) {
		check = hash64(b.p, b.n, 0);
		buf_put(&b, &check, sizeof(check));
		rc = buf_ok(&b, e) < 0 ? e->code : put(o, b.p, b.n, e);
	}
	buf_free(&b);
	return rc;
}

int
rec_create(struct rec_out *o, const char *path, enum rec_kind kind,
    const char *options, struct err *e)
{
	struct str s = str_c(path);
	int rc;

	*o = (struct rec_out){ .fd = -1 };
	if (str_ends(s, STR(".gz")) || str_ends(s, STR(".zst")))
		return err_set(e, ERR_ARG,
		    "%s: this file is not compressed: choose another name",
		    path);
	rc = path ? out_open(&o->out, path, e) : scratch_open(&o->fd, e);
	return rc < 0 ? rc : put_header(o, kind, options, e);
}

static int
put_block(struct rec_out *o, uint32_t tag, struct str data, struct err *e)
{
	struct block_head h = { tag, (uint32_t)data.n,
		hash64(data.p, data.n, o->nblock) };

	o->nblock++;
	if (put(o, &h, sizeof(h), e) < 0)
		return e->code;
	return put(o, data.p, data.n, e);
}

static int
flush(struct rec_out *o, unsigned tag, struct err *e)
{
	struct buf *b = &o->block[tag];

	if (b->n == 0)
		return 0;
	if (buf_ok(b, e) < 0 || put_block(o, tag, buf_view(b), e) < 0)
		return e->code;
	buf_clear(b);
	return 0;
}

int
rec_add(struct rec_out *o, unsigned tag, struct str record, struct err *e)
{
	struct buf *b = &o->block[tag];
	uint32_t n = (uint32_t)record.n;

	if (record.n > UINT32_MAX - BLOCK)
		return err_set(e, ERR_ARG, "a record of over 4 GB");
	if (b->n + record.n > BLOCK && flush(o, tag, e) < 0)
		return e->code;
	buf_put(b, &n, sizeof(n));
	buf_str(b, record);
	o->n[tag]++;
	return buf_ok(b, e);
}

int
rec_end(struct rec_out *o, uint64_t digest, struct err *e)
{
	struct end_of end = { .digest = digest };
	unsigned i;

	for (i = 0; i < REC_TAGS; i++) {
		if (flush(o, i, e) < 0)
			return e->code;
		end.n[i] = o->n[i];
	}
	end.nblock = o->nblock;
	if (put_block(o, END_TAG,
		(struct str){ (const char *)&end, sizeof(end) }, e) < 0)
		return e->code;
	return o->out ? out_finish(o->out, e) : 0;
}

int
rec_name(struct rec_out *o, struct err *e)
{
	return out_rename(o->out, e);
}

void
rec_close(struct rec_out *o)
{
	unsigned i;

	for (i = 0; i < REC_TAGS; i++)
		buf_free(&o->block[i]);
	/* A file is begun by its header. */
	if (o->at && !o->out && o->fd >= 0)
		close(o->fd);
	out_close(o->out);
	*o = (struct rec_out){ 0 };
}

/* n bytes from where r is; what is missing is an error. */
static int
get(struct rec_in *r, void *to, size_t n, struct err *e)
{
	char *p = to;
	ptrdiff_t got;

	while (n) {
		got = pread(r->fd, p, n, (off_t)r->at);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return err_errno(e, r->name, "read");
		if (got == 0)
			return err_set(e, ERR_FORMAT,
			    "%s: cut off at byte %llu", r->name,
			    (unsigned long long)r->at);
		r->at += (uint64_t)got;
		p += got;
		n -= (size_t)got;
	}
	return 0;
}

static int
check_header(struct rec_in *r, const struct buf *b, struct err *e)
{
	uint64_t check;

	if (get(r, &check, sizeof(check), e) < 0)
		return e->code;
	if (check != hash64(b->p, b->n, 0))
		return err_set(
		    e, ERR_FORMAT, "%s: the header is damaged", r->name);
	return 0;
}

static int
read_header(struct rec_in *r, struct buf *b, struct err *e)
{
	uint32_t v[3];
	char *to = buf_room(b, HEAD + MAX_OPTIONS);

	if (!to)
		return err_nomem(e, r->name);
	if (get(r, to, HEAD, e) < 0)
		return e->code;
	memcpy(v, to + sizeof(magic), sizeof(v));
	if (memcmp(to, magic, sizeof(magic)) != 0)
		return err_set(e, ERR_FORMAT,
		    "%s: no file of quern dedup minhash's stages", r->name);
	if (v[0] != VERSION)
		return err_set(e, ERR_FORMAT,
		    "%s: version %u, but this quern reads %d: make it anew",
		    r->name, v[0], VERSION);
	if (v[2] > MAX_OPTIONS)
		return err_set(
		    e, ERR_FORMAT, "%s: the header is damaged", r->name);
	r->kind = (enum rec_kind)v[1];
	if (get(r, to + HEAD, v[2], e) < 0)
		return e->code;
	b->n = HEAD + v[2];
	buf_put(&r->options, to + HEAD, v[2]);
	buf_putc(&r->options, '\0');
	if (buf_ok(&r->options, e) < 0 || check_header(r, b, e) < 0)
		return e->code;
	r->first = r->at;
	return 0;
}

/* The block that every whole file ends with. */
static int
read_end(struct rec_in *r, struct err *e)
{
	struct block_head h;
	struct end_of end;
	struct stat st;

	if (fstat(r->fd, &st) < 0)
		return err_errno(e, r->name, "read");
	r->size = (uint64_t)st.st_size;
	if (r->size < r->first + sizeof(h) + sizeof(end))
		return err_set(e, ERR_FORMAT, "%s: cut off", r->name);
	r->at = r->size - sizeof(h) - sizeof(end);
	if (get(r, &h, sizeof(h), e) < 0 || get(r, &end, sizeof(end), e) < 0)
		return e->code;
	if (h.tag != END_TAG || h.bytes != sizeof(end))
		return err_set(e, ERR_FORMAT, "%s: cut off", r->name);
	if (hash64(&end, sizeof(end), end.nblock) != h.check)
		return err_set(
		    e, ERR_FORMAT, "%s: the end is damaged", r->name);
	memcpy(r->n, end.n, sizeof(r->n));
	r->digest = end.digest;
	rec_start(r, 0);
	return 0;
}

static int
open_at(struct rec_in *r, struct err *e)
{
	struct buf b = { 0 };
	int rc = read_header(r, &b, e);

	buf_free(&b);
	return rc < 0 ? rc : read_end(r, e);
}

int
rec_open(struct rec_in *r, const char *path, struct err *e)
{
	int rc;

	*r = (struct rec_in){ .fd = open(path, O_RDONLY | O_CLOEXEC) };
	if (r->fd < 0)
		return err_errno(e, path, "open it");
	r->name = strdup(path);
	rc = r->name ? open_at(r, e) : err_nomem(e, path);
	if (rc < 0)
		rec_free(r);
	return rc;
}

int
rec_again(struct rec_in *r, const struct rec_out *o, struct err *e)
{
	int rc;

	*r = (struct rec_in){ .fd = dup(o->fd),
		.name = strdup("a file in $TMPDIR") };
	rc = r->fd >= 0 && r->name ? open_at(r, e)
				   : err_errno(e, "$TMPDIR", "read");
	if (rc < 0)
		rec_free(r);
	return rc;
}

void
rec_start(struct rec_in *r, unsigned tag)
{
	r->tag = tag;
	r->at = r->first;
	r->nblock = 0;
	r->pos = 0;
	r->seen = 0;
	buf_clear(&r->block);
}

static int
damaged_block(const struct rec_in *r, struct err *e)
{
	return err_set(e, ERR_FORMAT,
	    "%s: block %llu, before byte %llu, is damaged: make the file anew",
	    r->name, (unsigned long long)r->nblock, (unsigned long long)r->at);
}

static int
check_end(struct rec_in *r, const struct block_head *h, struct err *e)
{
	uint64_t at = r->at - sizeof(*h); /* to be found again */
	struct end_of end;

	if (h->bytes != sizeof(end))
		return damaged_block(r, e);
	if (get(r, &end, sizeof(end), e) < 0)
		return e->code;
	/* A block whose tag was changed has been passed over. */
	if (end.nblock != r->nblock || r->seen != r->n[r->tag])
		return damaged_block(r, e);
	r->at = at;
	return 0;
}

/* The next block of the tag: 1, 0 at the end. */
static int
next_block(struct rec_in *r, struct err *e)
{
	struct block_head h;
	char *to;

	for (;; r->nblock++, r->at += h.bytes) {
		if (get(r, &h, sizeof(h), e) < 0)
			return e->code;
		if (h.bytes > r->size - r->at)
			return damaged_block(r, e);
		if (h.tag == END_TAG || h.tag == r->tag)
			break;
	}
	r->pos = 0;
	if (h.tag == END_TAG) {
		buf_free(&r->block);
		return check_end(r, &h, e);
	}
	buf_clear(&r->block);
	to = buf_room(&r->block, h.bytes);
	if (!to)
		return err_nomem(e, r->name);
	if (get(r, to, h.bytes, e) < 0)
		return e->code;
	r->block.n = h.bytes;
	if (hash64(to, h.bytes, r->nblock) != h.check)
		return damaged_block(r, e);
	r->nblock++;
	return 1;
}

int
rec_next(struct rec_in *r, struct str *record, struct err *e)
{
	uint32_t n;
	int rc;

	if (r->pos == r->block.n) {
		rc = next_block(r, e);
		if (rc <= 0)
			return rc;
	}
	if (r->block.n - r->pos < sizeof(n))
		return damaged_block(r, e);
	memcpy(&n, r->block.p + r->pos, sizeof(n));
	r->pos += sizeof(n);
	if (r->block.n - r->pos < n)
		return damaged_block(r, e);
	*record = (struct str){ r->block.p + r->pos, n };
	r->pos += n;
	r->seen++;
	return 1;
}

void
rec_free(struct rec_in *r)
{
	if (r->name && r->fd >= 0)
		close(r->fd);
	free(r->name);
	buf_free(&r->options);
	buf_free(&r->block);
	*r = (struct rec_in){ .fd = -1 };
}
