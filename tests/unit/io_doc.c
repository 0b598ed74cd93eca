/* SPDX-License-Identifier: MIT */
/* Documents: what isn't changed passes byte for byte, edits land in place. */
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/hash.h"
#include "io/doc.h"
#include "tap.h"

static struct doc_parser *parser;
static struct arena arena;
static struct err e;

/* Parse a copy of the line that has the padding. */
static int
parse(struct doc *d, const char *line)
{
	static char copy[8192 + DOC_PADDING];

	arena_reset(&arena);
	strcpy(copy, line);
	*d = (struct doc){ .line = { copy, strlen(line) },
		.file = "dir/file.jsonl",
		.record = 7,
		.arena = &arena };
	return doc_parse(parser, d, &e);
}

static bool
writes(const struct doc *d, const char *want)
{
	struct buf b = { 0 };
	bool ok;

	ok = doc_write(d, &b, &e) == 0 && b.n == strlen(want) + 1 &&
	     memcmp(b.p, want, b.n - 1) == 0 && b.p[b.n - 1] == '\n';
	if (!ok)
		printf("# want %s\n# got  %.*s", want, (int)b.n, b.p);
	buf_free(&b);
	return ok;
}

static void
test_pass(void)
{
	static const char *const lines[] = {
		"{\"id\":\"a\",\"text\":\"t\"}",
		"  { \"x\" : [ 1 , {\"text\":2} ] , \"text\" : \"t\\u0041\" ,"
		" \"id\":\"q\", \"metadata\" : { \"a\" : 1.50 } , \"y\":null "
		"} ",
		"{\"id\":17,\"text\":\"\",\"n\":1e2,\"e\":-0.0}",
		"{\"id\":\"a\",\"text\":\"t\",\"big\":"
		"123456789012345678901234567890,\"f\":[1e999]}",
		"{\"id\":\"a\",\"text\":\"t\",\"metadata\":null}",
		"{\"id\":\"a\",\"text\":\"t\"}\r",
	};
	struct doc d;
	size_t i;

	for (i = 0; i < sizeof(lines) / sizeof(*lines); i++)
		OK(parse(&d, lines[i]) == 0 && writes(&d, lines[i]),
		    "passes: %s", lines[i]);
	parse(&d, lines[1]);
	OK(str_eq(d.text, STR("tA")) && str_eq(d.id, STR("q")), "unescaped");
	OK(json_double(doc_meta(&d, "a"), 0) == 1.5, "metadata");
	parse(&d, lines[2]);
	OK(str_eq(d.id, STR("17")), "an id that is a number");
	parse(&d, "{\"text\":\"t\"}");
	OK(str_eq(d.id, STR("file.jsonl:7")), "an id is made");
	OK(writes(&d, "{\"id\":\"file.jsonl:7\",\"text\":\"t\"}"),
	    "and written");
}

static void
test_edit(void)
{
	struct doc d;

	parse(&d, "{\"id\":\"a\",\"text\":\"t\",\"z\":1}");
	doc_set_str(&d, "language", STR("en"));
	doc_set_double(&d, "score", 0.5);
	doc_set_str(&d, "language", STR("de"));
	OK(writes(&d, "{\"id\":\"a\",\"text\":\"t\",\"z\":1,\"metadata\":"
		      "{\"language\":\"de\",\"score\":0.5}}"),
	    "metadata is added");
	parse(&d, "{\"id\":\"a\",\"metadata\": { \"k\" : [1,2] , \"l\":{\"k\":3"
		  "}, \"m\" : \"}\" } ,\"text\": \"t\" }");
	doc_set_u64(&d, "l", 9);
	doc_set_bool(&d, "new", true);
	doc_set_str(&d, "k", STR("\"\n"));
	doc_set_text(&d, STR("longer\ttext"));
	OK(writes(&d, "{\"id\":\"a\",\"metadata\": { \"k\" : \"\\\"\\n\" , "
		      "\"l\":9, \"m\" : \"}\" ,\"new\":true} ,\"text\": "
		      "\"longer\\ttext\" }"),
	    "values are replaced where they stand");
	parse(&d, "{\"id\":\"a\",\"text\":\"t\",\"metadata\":{ }}");
	doc_set_bool(&d, "b", false);
	OK(writes(&d, "{\"id\":\"a\",\"text\":\"t\",\"metadata\":{ "
		      "\"b\":false}}"),
	    "an empty metadata is filled");
	parse(&d, "{\"id\":\"a\",\"text\":\"t\",\"metadata\":null}");
	doc_set_json(&d, "j", STR("[1,{}]"));
	OK(writes(&d, "{\"id\":\"a\",\"text\":\"t\",\"metadata\":"
		      "{\"j\":[1,{}]}}"),
	    "null becomes an object");
	doc_unset(&d);
	OK(writes(&d, "{\"id\":\"a\",\"text\":\"t\",\"metadata\":null}"),
	    "edits can be taken back");
	parse(&d, "{\"id\":\"a\",\"te\\u0078t\":\"t\"}");
	doc_set_text(&d, STR("u"));
	OK(writes(&d, "{\"id\":\"a\",\"te\\u0078t\":\"u\"}"),
	    "a key may be escaped");
	parse(&d, "{\"text\":\"t\",\"metadata\":{\"big\":1e999,\"x\":1}}");
	doc_set_u64(&d, "x", 2);
	OK(writes(&d, "{\"id\":\"file.jsonl:7\",\"text\":\"t\",\"metadata\":{"
		      "\"big\":1e999,\"x\":2}}"),
	    "huge numbers stay as they are");
}

static bool
refused(const char *line, const char *why)
{
	struct doc d;

	if (parse(&d, line) == ERR_FORMAT && strstr(e.msg, why))
		return true;
	printf("# %s said: %s\n", line, e.msg);
	return false;
}

static void
test_refused(void)
{
	OK(refused("[1]", "no object"), "an array");
	OK(refused("17", "no object"), "a number");
	OK(refused("{\"id\":\"a\"}", "no field \"text\""), "no text");
	OK(refused("{\"text\":1}", "no string"), "a text that is a number");
	OK(refused("{\"text\":\"a\",\"text\":\"b\"}", "two fields"),
	    "two texts");
	OK(refused("{\"text\":\"a\",\"metadata\":[]}", "no object"),
	    "metadata that is a list");
	OK(refused("{\"text\":\"a\"", "malformed"), "cut off");
	OK(refused("{\"text\":\"a\"} x", "malformed"), "something behind");
	OK(refused("{\"text\":\"\xff\"}", "UTF-8"), "invalid UTF-8");
	OK(refused("{\"text\":\"\\ud800\"}", "malformed"), "half a surrogate");
	OK(refused("{\"text\":\"a\",\"n\":01}", "malformed"), "01");
	OK(refused(
	       "{\"text\":\"a\",\"n\":12345678901234567890123.}", "malformed"),
	    "a long number that is none");
	OK(refused("{\"text\":\"a\",\"n\":-}", "malformed"), "a minus");
}

/* Random documents with random edits: simdjson reads back what was set. */
static void
put_value(struct buf *b, uint64_t *seed, int depth)
{
	static const char *const atoms[] = { "1", "-2.5e3", "true", "null",
		"\"x\\\"}{[]:,\"", "\"\\u00e9\\\\\"", "\"\"", "[]", "{}",
		"99999999999999999999999" };
	uint64_t r = mix64(++*seed), i, n = r % 4;

	if (depth == 0 || r % 3) {
		buf_puts(b, atoms[(r >> 8) % 10]);
		return;
	}
	buf_putc(b, r & 16 ? '[' : '{');
	for (i = 0; i < n; i++) {
		buf_puts(b, i ? " , " : " ");
		if (!(r & 16))
			buf_printf(b, "\"k%llu\" : ", (unsigned long long)i);
		put_value(b, seed, depth - 1);
	}
	buf_puts(b, r & 16 ? " ]" : " }");
}

static bool
edit_survives(uint64_t seed)
{
	static const char *const keys[] = { "a", "text", "b", "metadata", "c" };
	struct buf line = { 0 }, out = { 0 };
	uint64_t r = mix64(++seed), i;
	struct doc d;
	bool ok;

	buf_putc(&line, '{');
	for (i = 0; i < 5; i++) {
		if (i != 1 && r >> i & 1)
			continue;
		buf_printf(&line, "%s\"%s\":", line.n > 1 ? "," : "", keys[i]);
		if (i == 1)
			buf_puts(&line, "\"t\"");
		else if (i == 3)
			buf_puts(&line, "{\"x\":[1,{\"y\":2}],\"y\":\"z\"}");
		else
			put_value(&line, &seed, 3);
	}
	buf_puts(&line, "}");
	buf_putc(&line, '\0');
	ok = parse(&d, line.p) == 0;
	if (r & 64)
		doc_set_text(&d, STR("new \"text\""));
	doc_set_u64(&d, "y", r);
	doc_set_str(&d, "w", STR("v"));
	ok = ok && doc_write(&d, &out, &e) == 0;
	buf_putc(&out, '\0');
	if (out.n > 1)
		out.p[out.n - 2] = '\0';
	ok = ok && parse(&d, out.p) == 0 &&
	     str_eq(d.text, r & 64 ? STR("new \"text\"") : STR("t")) &&
	     json_u64(doc_meta(&d, "y"), 0) == r &&
	     str_eq(json_str(doc_meta(&d, "w")), STR("v"));
	if (!ok)
		printf("# %s\n# %s\n# %s\n", line.p, out.p, e.msg);
	buf_free(&line);
	buf_free(&out);
	return ok;
}

int
main(void)
{
	uint64_t seed;
	bool ok = true;

	parser = doc_parser_new();
	test_pass();
	test_edit();
	test_refused();
	for (seed = 0; ok && seed < 20000; seed++)
		ok = edit_survives(seed * 1000);
	OK(ok, "random documents, edited, read back");
	doc_parser_free(parser);
	arena_free(&arena);
	return tap_end();
}
