/* SPDX-License-Identifier: MIT */
/* The WARC reader: whole archives of every packing, and damaged ones. */
#include "../tap.h"
#include "base/hash.h"
#include "warc_make.h"

enum { MAX = 1 << 20 };

static uint64_t offsets[64];

/* Does reading b give these events? */
static void
gives(struct buf *b, const char *want, const char *what)
{
	struct buf log = { 0 };

	read_archive(b, MAX, &log, offsets, 64);
	if (!OK(strcmp(log.p, want) == 0, "%s", what))
		printf("# got:\n# %s\n", log.p);
	buf_free(&log);
	buf_free(b);
	*b = (struct buf){ 0 };
}

static void
packings(void)
{
	struct buf one = { 0 }, b = { 0 }, all = { 0 };
	const char *ids[] = { "a", "b", "c" };
	uint64_t at[3];
	size_t i;

	for (i = 0; i < 3; i++) {
		at[i] = b.n;
		put_record(&b, ids[i], "hello");
	}
	buf_str(&all, buf_view(&b));
	gives(&b, "a:hello\nb:hello\nc:hello\n", "plain");
	OK(memcmp(at, offsets, sizeof(at)) == 0, "plain: offsets");

	for (i = 0; i < 3; i++) {
		buf_clear(&one);
		put_record(&one, ids[i], "hello");
		at[i] = b.n;
		put_gzip(&b, one.p, one.n);
	}
	gives(&b, "a:hello\nb:hello\nc:hello\n", "a gzip member a record");
	OK(memcmp(at, offsets, sizeof(at)) == 0, "gzip: offsets of members");

	for (i = 0; i < 3; i++) {
		buf_clear(&one);
		put_record(&one, ids[i], "hello");
		at[i] = b.n;
		put_zstd(&b, one.p, one.n);
	}
	gives(&b, "a:hello\nb:hello\nc:hello\n", "a zstd frame a record");
	OK(memcmp(at, offsets, sizeof(at)) == 0, "zstd: offsets of frames");

	put_gzip(&b, all.p, all.n);
	gives(&b, "a:hello\nb:hello\nc:hello\n", "the whole file one member");
	OK(offsets[0] == 0 && offsets[2] == 0, "which begins at byte 0");

	put_gzip(&b, "", 0);
	put_gzip(&b, all.p, all.n);
	put_gzip(&b, "", 0);
	put_gzip(&b, "", 0);
	put_gzip(&b, all.p, all.n);
	put_gzip(&b, "", 0);
	gives(&b, "a:hello\nb:hello\nc:hello\na:hello\nb:hello\nc:hello\n",
	    "empty members between");

	/* Members that split the stream anywhere. */
	for (i = 0; i < all.n; i += 7)
		put_gzip(&b, all.p + i, all.n - i < 7 ? all.n - i : 7);
	gives(&b, "a:hello\nb:hello\nc:hello\n", "members of 7 bytes");

	gives(&b, "", "an empty file");
	buf_puts(&b, "\r\n\n");
	gives(&b, "", "only line ends");
	buf_free(&one);
	buf_free(&all);
}

static void
lengths(void)
{
	struct buf b = { 0 }, one = { 0 };

	buf_puts(&b, "WARC/0.18\nWARC-Record-ID: <a>\nContent-Length: 5\n\n"
		     "hello\n\nWARC/0.17\nwarc-record-id: <b>\n"
		     "content-length: 3\n\none\n\n");
	gives(&b, "a:hello\nb:one\n", "LF only, other versions, other case");

	buf_puts(
	    &b, "WARC/1.0\r\nWARC-Record-ID: <a>\r\n\r\nno length\r\n\r\n");
	put_record(&b, "b", "two");
	gives(&b, "a:no length(repaired)\nb:two\n", "no Content-Length");

	put_record_n(&b, "a", "too long", 5000);
	put_record(&b, "b", "two");
	gives(&b, "a:too long(repaired)\nb:two\n", "too long, plain");

	put_record_n(&one, "a", "too long", 5000);
	put_gzip(&b, one.p, one.n);
	buf_clear(&one);
	put_record(&one, "b", "two");
	put_gzip(&b, one.p, one.n);
	gives(&b, "a:too long(repaired)\nb:two\n", "too long, gzip");

	/* Counted in characters: 6 for 12 bytes. */
	put_record_n(
	    &b, "a", "\xd0\xbc\xd0\xb5\xd0\xbb\xd1\x8c\xd0\xbd\xd0\xb8", 6);
	put_record(&b, "b", "two");
	gives(&b,
	    "a:\xd0\xbc\xd0\xb5\xd0\xbb\xd1\x8c\xd0\xbd\xd0\xb8(repaired)\n"
	    "b:two\n",
	    "counted in characters");

	put_record_n(&b, "a", "<p>off by two</p>", 15);
	put_record(&b, "b", "two");
	gives(&b, "a:<p>off by two</p>(repaired)\nb:two\n", "2 too short");

	put_record(&b, "a", "one");
	buf_puts(&b, "\r\n\r\n\r\n");
	put_record(&b, "b", "two");
	gives(&b, "a:one\nb:two\n", "extra line ends");

	put_record(&b, "a", "x\r\nWARC/1.0\r\nabout WARC");
	put_record(&b, "b", "two");
	gives(&b, "a:x\r\nWARC/1.0\r\nabout WARC\nb:two\n",
	    "a page about WARC, of the right length");

	buf_puts(&b,
	    "WARC/1.0\r\nWARC-Record-ID: <a>\r\n"
	    "Content-Length: 99999999999999999999999\r\n\r\nx\r\n\r\n");
	put_record(&b, "b", "two");
	gives(&b, "a:x(repaired)\nb:two\n", "a length beyond 64 bits");
	buf_free(&one);
}

static void
damage(void)
{
	struct buf b = { 0 }, one = { 0 };
	size_t i, at;

	put_record(&b, "a", "one");
	buf_puts(&b, "what is this?\nWARC/x\n");
	put_record(&b, "b", "two");
	gives(&b, "a:one\ndamage\nb:two\n", "garbage between records");

	buf_puts(&b, "GARBAGE");
	put_record(&b, "a", "one");
	gives(&b, "damage\n", "garbage that hides the first version");
	buf_puts(&b, "GARBAGE\n");
	put_record(&b, "a", "one");
	gives(&b, "damage\na:one\n", "garbage at the start");

	buf_puts(&b, "WARC/1.0\r\nWARC-Record-ID: <a>\r\n");
	put_record(&b, "b", "two");
	gives(&b, "damage\nb:two\n", "a header without end");
	put_record(&b, "a", "one");
	buf_puts(&b, "WARC/1.0\r\nWARC-Reco");
	gives(&b, "a:one\ndamage\n", "cut off within a header");

	put_record(&b, "a", "one");
	put_record_n(&b, "b", "a payload that goes", 500);
	b.n -= 4;
	gives(&b, "a:one\nb:a payload that goes(cut)\ndamage\n",
	    "cut off within a payload");

	/* A corrupt member in the middle. */
	put_record(&one, "a", "one");
	put_gzip(&b, one.p, one.n);
	at = b.n;
	buf_clear(&one);
	put_record(&one, "b", "this member will be corrupt");
	put_gzip(&b, one.p, one.n);
	for (i = 0; i < 20; i++)
		b.p[at + 10 + i] = (char)0xff;
	buf_clear(&one);
	put_record(&one, "c", "three");
	put_gzip(&b, one.p, one.n);
	gives(&b, "a:one\ndamage\nc:three\n", "a corrupt member");
	OK(offsets[1] == at, "is named by its place");

	/* A member cut off in the middle of the file. */
	buf_clear(&one);
	put_record(&one, "a", "one");
	put_gzip(&b, one.p, one.n);
	b.n -= 12;
	buf_clear(&one);
	put_record(&one, "c", "three");
	put_gzip(&b, one.p, one.n);
	{
		struct buf log = { 0 };

		read_archive(&b, MAX, &log, offsets, 64);
		OK(strstr(log.p, "damage\n") && strstr(log.p, "c:three\n"),
		    "a member cut off in the middle: the next is read");
		buf_free(&log);
	}
	buf_free(&b);
	buf_free(&one);
}

/* The last member is truncated: every byte that can be had comes out. */
static void
truncated(void)
{
	struct buf b = { 0 }, one = { 0 }, body = { 0 }, log = { 0 };
	size_t i;

	put_record(&one, "a", "one");
	put_gzip(&b, one.p, one.n);
	buf_clear(&one);
	for (i = 0; i < 20000; i++)
		buf_printf(&body, "%llx ", (unsigned long long)mix64(i));
	buf_putc(&body, '\0');
	put_record(&one, "b", body.p);
	put_gzip(&b, one.p, one.n);
	b.n -= b.n / 3;
	read_archive(&b, MAX, &log, offsets, 64);
	OK(strstr(log.p, "a:one\nb:") && strstr(log.p, "(cut)\ndamage\n"),
	    "truncated final member: record, then damage");
	i = strtoul(strstr(log.p, "b:") + 2, NULL, 10);
	OK(i > body.n / 2, "%zu of %zu bytes come out", i, body.n);
	buf_free(&log);
	buf_free(&one);
	buf_free(&body);
	buf_free(&b);
}

/* A small file that expands to 256 MB. */
static void
bomb(void)
{
	enum { BIG = 256 << 20 };
	struct buf b = { 0 }, one = { 0 }, log = { 0 };
	size_t head;

	buf_printf(&one,
	    "WARC/1.0\r\nWARC-Record-ID: <a>\r\nContent-Length: %d\r\n\r\n",
	    BIG);
	head = one.n;
	memset(buf_room(&one, BIG), ' ', BIG);
	one.n = head + BIG;
	buf_puts(&one, "\r\n\r\n");
	put_gzip(&b, one.p, one.n);
	OK(b.n < 1 << 20, "%zu bytes for %d", b.n, BIG);
	buf_clear(&one);
	put_record(&one, "b", "two");
	put_gzip(&b, one.p, one.n);
	buf_free(&one);
	read_archive(&b, MAX, &log, offsets, 64);
	OK(strcmp(log.p, "a:1048576 bytes(limited)\nb:two\n") == 0,
	    "a bomb gives what the limit allows, then the next record");
	buf_free(&log);
	buf_free(&b);
}

/* A zstd file that brings its dictionary, plain or compressed. */
static void
dictionary(bool packed)
{
	static const char dict[] =
	    "WARC/1.0\r\nWARC-Type: resource\r\nWARC-Record-ID: <b>\r\n"
	    "Content-Type: text/plain\r\nContent-Length: 5\r\n\r\nhello";
	struct buf b = { 0 }, one = { 0 }, d = { 0 };
	ZSTD_CCtx *z = ZSTD_createCCtx();
	unsigned char head[8] = { 0x5d, 0x2a, 0x4d, 0x18 };
	const char *ids[] = { "a", "b" };
	char *to;
	size_t i;

	if (packed)
		put_zstd(&d, dict, sizeof(dict) - 1);
	else
		buf_put(&d, dict, sizeof(dict) - 1);
	head[4] = (unsigned char)d.n;
	buf_put(&b, head, 8);
	buf_str(&b, buf_view(&d));
	ZSTD_CCtx_loadDictionary(z, dict, sizeof(dict) - 1);
	ZSTD_CCtx_setParameter(z, ZSTD_c_contentSizeFlag, 0);
	for (i = 0; i < 2; i++) {
		buf_clear(&one);
		put_record(&one, ids[i], "hello");
		to = buf_room(&b, 1024);
		b.n += ZSTD_compress2(z, to, 1024, one.p, one.n);
	}
	ZSTD_freeCCtx(z);
	gives(&b, "a:hello\nb:hello\n",
	    packed ? "a zstd dictionary, compressed" : "a zstd dictionary");
	if (!packed) {
		buf_put(&b, head, 8);
		buf_str(&b, buf_view(&d));
		b.n -= 20;
		gives(&b, "damage\n", "a dictionary cut off");
	}
	buf_free(&one);
	buf_free(&d);
}

static void
fields(void)
{
	struct str head = STR("WARC/1.0\r\nWARC-Target-URI: "
			      "<http://a.example/a b[1]>\r\nX-Long: one\r\n"
			      "  two\r\nno colon here\r\nX-Last:last\r\n\r\n");

	OK(str_eq(warc_field(head, "warc-target-uri"),
	       STR("<http://a.example/a b[1]>")),
	    "blanks and brackets in a URI");
	OK(str_eq(warc_field(head, "X-Long"), STR("one\r\n  two")),
	    "a value goes on in the next line");
	OK(str_eq(warc_field(head, "X-Last"), STR("last")),
	    "a line without a colon is passed over");
	OK(warc_field(head, "X-None").n == 0, "a field that isn't there");
}

static size_t
count(const char *log, const char *what)
{
	size_t n = 0;

	for (; (log = strstr(log, what)); log++)
		n++;
	return n;
}

/* Cut a plain archive anywhere: what is whole before the cut is read. */
static void
every_cut(void)
{
	struct buf b = { 0 }, log = { 0 };
	size_t ends[6], n, i, all, bad = 0;
	char id[2] = "a";

	for (i = 0; i < 6; i++) {
		put_record(&b, id, "a short payload");
		ends[i] = b.n - 4;
		id[0]++;
	}
	all = b.n;
	for (b.n = 0; b.n <= all; b.n++) {
		for (n = 0; n < 6 && ends[n] <= b.n; n++)
			;
		buf_clear(&log);
		read_archive(&b, MAX, &log, offsets, 64);
		bad += count(log.p, ":a short payload\n") != n;
	}
	OK(bad == 0, "cut anywhere, the records before are all there");
	b.n = all;
	bad = 0;
	for (i = 0; i < 400; i++) {
		size_t at = mix64(i) % all;
		char was = b.p[at];

		b.p[at] = (char)(1 + mix64(i) % 255);
		buf_clear(&log);
		read_archive(&b, MAX, &log, offsets, 64);
		bad += count(log.p, ":a short payload\n") < 4;
		b.p[at] = was;
	}
	OK(bad == 0, "a byte broken anywhere costs no more than two records");
	buf_free(&b);
	buf_free(&log);
}

int
main(void)
{
	packings();
	lengths();
	damage();
	truncated();
	bomb();
	dictionary(false);
	dictionary(true);
	fields();
	every_cut();
	return tap_end();
}
