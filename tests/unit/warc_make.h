/* SPDX-License-Identifier: MIT */
#ifndef TESTS_WARC_MAKE_H
#define TESTS_WARC_MAKE_H

/* Archives for tests, in memory and in temporary files. */
#include <libdeflate.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zstd.h>

#include "base/buf.h"
#include "base/err.h"
#include "extract/arc.h"
#include "extract/warc.h"
#include "extract/window.h"
#include "io/stream.h"

/* A record; n: what Content-Length says. */
__attribute__((unused)) static void
put_record_n(struct buf *b, const char *id, const char *body, size_t n)
{
	buf_printf(b,
	    "WARC/1.0\r\nWARC-Type: resource\r\nWARC-Record-ID: <%s>\r\n"
	    "Content-Type: text/plain\r\nContent-Length: %zu\r\n\r\n%s\r\n\r\n",
	    id, n, body);
}

__attribute__((unused)) static void
put_record(struct buf *b, const char *id, const char *body)
{
	put_record_n(b, id, body, strlen(body));
}

__attribute__((unused)) static void
put_gzip(struct buf *out, const void *p, size_t n)
{
	struct libdeflate_compressor *c = libdeflate_alloc_compressor(6);
	size_t room = libdeflate_gzip_compress_bound(c, n);
	char *to = buf_room(out, room);

	out->n += libdeflate_gzip_compress(c, p, n, to, room);
	libdeflate_free_compressor(c);
}

__attribute__((unused)) static void
put_zstd(struct buf *out, const void *p, size_t n)
{
	size_t room = ZSTD_compressBound(n);
	char *to = buf_room(out, room);

	out->n += ZSTD_compress(to, room, p, n, 3);
}

/* Bytes in a file of its own; give the path to unlink() and free(). */
__attribute__((unused)) static char *
as_file(const struct buf *b)
{
	char *path = strdup("/tmp/quern-test-XXXXXX");
	int fd = mkstemp(path);

	if (fd < 0 || write(fd, b->p, b->n) != (ssize_t)b->n)
		abort();
	close(fd);
	return path;
}

/* What a reader makes of bytes: one line an event, such as
 * "a:hello", "a:hello(cut)", "damage". */
__attribute__((unused)) static void
read_any(const struct buf *bytes, bool arc, uint64_t max_record,
    struct buf *log, uint64_t *offsets, size_t max)
{
	char *path = as_file(bytes);
	struct window win;
	struct warc *w;
	struct arc *a;
	struct arc_head h;
	struct warc_rec r;
	struct in *in;
	struct err e;
	size_t i;
	int rc;

	if (in_open(&in, path, &e) < 0)
		abort();
	window_init(&win, in);
	w = warc_new(&win, max_record);
	a = arc_new(&win, max_record);
	for (i = 0;
	     (rc = arc ? arc_next(a, &r, &e) : warc_next(w, &r, &e)) != 0;
	     i++) {
		if (rc < 0 && rc != ERR_DAMAGE)
			abort();
		if (i < max)
			offsets[i] = r.offset;
		if (r.number != i)
			buf_printf(log, "(number %llu) ",
			    (unsigned long long)r.number);
		if (rc < 0) {
			buf_puts(log, "damage\n");
			continue;
		}
		if (arc && !arc_parse(r.head, &h))
			abort();
		buf_str(log, arc ? h.uri : r.id);
		buf_putc(log, ':');
		if (r.payload.n < 64)
			buf_str(log, r.payload);
		else
			buf_printf(log, "%zu bytes", r.payload.n);
		buf_printf(log, "%s%s%s\n", r.cut ? "(cut)" : "",
		    r.limited ? "(limited)" : "",
		    r.repaired ? "(repaired)" : "");
	}
	warc_free(w);
	arc_free(a);
	window_free(&win);
	in_close(in);
	unlink(path);
	free(path);
	buf_putc(log, '\0');
}

__attribute__((unused)) static void
read_archive(const struct buf *bytes, uint64_t max_record, struct buf *log,
    uint64_t *offsets, size_t max)
{
	read_any(bytes, false, max_record, log, offsets, max);
}

#endif
