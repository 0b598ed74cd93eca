/* SPDX-License-Identifier: MIT */
/* HTTP messages: framing, codings, and headers that lie about them. */
#include <libdeflate.h>
#include <zstd.h>

#include "../tap.h"
#include "base/err.h"
#include "extract/field.h"
#include "extract/http.h"

static const char page[] =
    "<p>The miller grinds, the miller grinds, and the wheel goes round.</p>";
enum { PAGE = sizeof(page) - 1, LIMIT = 1 << 20 };

/* The page by brotli 1.0.9, quality 9. */
static const char brotli[] =
    "\x1b\x45\x00\x00\x44\xdd\x96\xea\xe8\x47\x43\x39\x2f\xc9\x10\x1d\x7a\xb8"
    "\x72\x6e\x10\x1c\x72\xe0\xf6\x25\x81\x04\x98\x60\x02\x14\x4c\xe4\x16\x78"
    "\xf8\x1d\xa4\xaf\xa6\x8d\x4d\x1c\x8f\x60\x61\x95\xdf\xf9\x24\x7d\x71\x69"
    "\xbe\xa7\x4f\x18\xd8\xd0\xc8\x89\x6b\xd3\x9e\x06";

static struct http_scratch scratch;

static struct http_body
decode(const char *fields, const void *body, size_t n, uint64_t limit)
{
	static struct buf b;
	struct http_body out;
	struct http h;
	struct err e;

	buf_clear(&b);
	buf_printf(&b, "HTTP/1.1 200 OK\r\n%s\r\n", fields);
	buf_put(&b, body, n);
	http_parse(&h, buf_view(&b));
	if (http_decode(&h, &scratch, limit, &out, &e) < 0)
		out.body.n = SIZE_MAX;
	return out;
}

static void
gives(const char *fields, const void *body, size_t n, const char *want,
    const char *what)
{
	struct http_body b = decode(fields, body, n, LIMIT);

	if (!OK(str_eq(b.body, str_c(want)), "%s", what))
		printf("# got %zu bytes: %.*s\n", b.body.n, (int)b.body.n,
		    b.body.p);
}

/* The page by one of libdeflate's formats. */
static struct buf
squeeze(size_t (*with)(
    struct libdeflate_compressor *, const void *, size_t, void *, size_t))
{
	struct libdeflate_compressor *c = libdeflate_alloc_compressor(6);
	struct buf b = { 0 };

	buf_room(&b, 4096);
	b.n = with(c, page, PAGE, b.p, 4096);
	libdeflate_free_compressor(c);
	return b;
}

static void
codings(void)
{
	struct buf gz = squeeze(libdeflate_gzip_compress);
	struct buf zlib = squeeze(libdeflate_zlib_compress);
	struct buf raw = squeeze(libdeflate_deflate_compress);
	struct buf twice = { 0 };
	struct http_body b;
	char zstd[512];
	size_t n;

	gives("Content-Encoding: gzip\r\n", gz.p, gz.n, page, "gzip");
	gives("content-encoding:  X-GZIP \r\n", gz.p, gz.n, page, "x-gzip");
	gives("Content-Encoding: deflate\r\n", zlib.p, zlib.n, page,
	    "deflate with its wrapper");
	gives("Content-Encoding: deflate\r\n", raw.p, raw.n, page,
	    "deflate without");
	gives("Content-Encoding: gzip\r\n", zlib.p, zlib.n, page,
	    "zlib called gzip");
	gives(
	    "Content-Encoding: br\r\n", brotli, sizeof(brotli) - 1, page, "br");
	n = ZSTD_compress(zstd, sizeof(zstd), page, PAGE, 3);
	gives("Content-Encoding: zstd\r\n", zstd, n, page, "zstd");

	n = ZSTD_compress(zstd, sizeof(zstd), gz.p, gz.n, 3);
	gives("Content-Encoding: gzip, zstd\r\n", zstd, n, page,
	    "gzip, then zstd");

	buf_printf(&twice, "%zx\r\n", gz.n);
	buf_str(&twice, buf_view(&gz));
	buf_puts(&twice, "\r\n0\r\n\r\n");
	gives("Transfer-Encoding: chunked\r\nContent-Encoding: gzip\r\n",
	    twice.p, twice.n, page, "chunked gzip");

	b = decode("Content-Encoding: gzip\r\n", gz.p, gz.n - 20, LIMIT);
	OK(b.cut && b.body.n > 0 && memcmp(b.body.p, page, b.body.n) == 0,
	    "gzip cut off: what there is (%zu bytes)", b.body.n);
	b = decode("Content-Encoding: gzip\r\n", gz.p, gz.n, 10);
	OK(b.limited && b.body.n == 10, "gzip over the limit");
	buf_free(&gz);
	buf_free(&zlib);
	buf_free(&raw);
	buf_free(&twice);
}

static void
lies(void)
{
	static const char *const codings[] = { "gzip", "deflate", "br", "zstd",
		"identity", "utf-8", "gzip, br" };
	char fields[100];
	size_t i;

	for (i = 0; i < sizeof(codings) / sizeof(*codings); i++) {
		snprintf(fields, sizeof(fields), "Content-Encoding: %s\r\n",
		    codings[i]);
		gives(fields, page, PAGE, page, codings[i]);
	}
	gives("Transfer-Encoding: chunked\r\n", page, PAGE, page,
	    "chunked that isn't");
	gives("Transfer-Encoding: chunked\r\n", "ADD me\n and more", 16,
	    "ADD me\n and more", "text that begins like a number");
	gives("Transfer-Encoding: chunked\r\nContent-Encoding: gzip\r\n", page,
	    PAGE, page, "both lies");
	gives("", "", 0, "", "nothing at all");
}

static void
chunks(void)
{
	const char *f = "Transfer-Encoding: chunked\r\n";
	struct http_body b;

	gives(f, "3\r\nabc\r\nA;x=y\r\n0123456789\r\n0\r\nTrailer: x\r\n\r\n",
	    44, "abc0123456789", "chunks, extension, trailer");
	gives(f, "3\nabc\n2\nde\n0\n\n", 15, "abcde", "chunks by LF");
	gives(f, "0003  \r\nabc\r\n0\r\n\r\n", 18, "abc", "padded size");
	gives(f, "3\r\nabc\r\n4\r\nde", 13, "abcde", "cut off in a chunk");
	gives(f, "3\r\nabc\r\nno size\r\n", 17, "abcno size\r\n",
	    "sense ends: the rest as it is");
	b = decode(f, "3\r\nabc\r\n0\r\n\r\n", 13, 2);
	OK(b.body.n == 2 && b.body.p[1] == 'b', "chunks over the limit");
	gives("Transfer-Encoding: gzip, chunked\r\n", "3\r\nabc\r\n0\r\n\r\n",
	    13, "abc", "in a list");
}

static void
heads(void)
{
	struct http h;

	http_parse(&h, STR("HTTP/1.1 404 Not Found\nContent-Type: a/b; "
			   "Charset=\"x y\"\n\nbody\n\nmore"));
	OK(h.status == 404, "status");
	OK(str_eq(h.body, STR("body\n\nmore")), "LF only");
	OK(str_eq(field_main(h.content_type), STR("a/b")), "type");
	OK(str_eq(field_param(h.content_type, "charset"), STR("x y")),
	    "charset, quoted, any case");
	http_parse(&h, STR("<html>HTTP/1.1 200</html>"));
	OK(h.status == 0 && h.body.n == 25, "no head: all is body");
	http_parse(&h, STR("HTTP/1.0 200"));
	OK(h.status == 200 && h.body.n == 0, "cut off in the status line");
	http_parse(&h, STR("HTTP/2 200 \r\nA: b\r\n\r\nx"));
	OK(h.status == 200 && str_eq(h.body, STR("x")), "HTTP/2 as written");
	http_parse(&h, STR("HTTP/1.1 20"));
	OK(h.status == 0, "no whole status");
	http_parse(&h, (struct str){ NULL, 0 });
	OK(h.status == 0 && h.body.n == 0, "an empty payload");
	OK(str_eq(field_unbracket(STR("<http://x.example/a b>")),
	       STR("http://x.example/a b")),
	    "brackets off");
	OK(field_param(STR("text/html; charset"), "charset").n == 0 &&
		field_param(STR(""), "charset").n == 0,
	    "no charset");
}

int
main(void)
{
	heads();
	chunks();
	codings();
	lies();
	http_scratch_free(&scratch);
	return tap_end();
}
