/* SPDX-License-Identifier: MIT */
/*
 * Seams: texts cut at them against whole ones, for every named pattern, for
 * regexes and sequences of steps as they come in files, and for regexes and
 * steps made at random; then for whole tokenizers.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../seam_pieces.h"
#include "../tap.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/hash.h"
#include "base/text/utf8.h"
#include "io/stream.h"
#include "tokenizer/bytelevel.h"
#include "tokenizer/pre.h"
#include "tokenizer/pretok.h"
#include "tokenizer/seam.h"
#include "tokenizer/tokenizer.h"

static uint64_t seed = 5;
static int ntext = 150; /* of a pattern; more: argv[1]; seed: argv[2] */

static uint64_t
rnd(uint64_t n)
{
	return mix64(++seed) % n;
}

/* ---- texts ---- */

/* Neighbours that patterns, forms and added tokens treat in some way. */
static const char *const bits[] = { "a", "a", "s", "S", "e", "B", "ll", " ",
	" ", "  ", "\n", "\r\n", "\t", "'", "'s", "'LL", ".", "/", "_", "-",
	"1", "12", "<s>", "<x y>", "<l>", "<r>", "word", "\xe6\x88\x91",
	"\xe6\xb0\xb4\xe8\xbb\x8a", "\xe3\x80\x82" /* ideographic full stop */,
	"\xef\xbc\x8c" /* wide comma */, "\xe3\x81\x8c" /* ga */,
	"\xe3\x81\x8b\xe3\x82\x99" /* ka, voiced */,
	"\xef\xbd\xb6\xef\xbe\x9e" /* the same, narrow */,
	"\xe1\x84\x80\xe1\x85\xa1\xe1\x86\xa8" /* jamo */,
	"\xea\xb0\x80" /* ga of Hangul */, "e\xcc\x81", "\xcc\x81", "\xc3\xa9",
	"\xe3\x8e\x8f" /* square kg */, "\xe0\xa5\x98" /* qa */,
	"\xc4\xb0" /* I with dot */, "\xc5\xbf" /* long s */,
	"\xd0\xbf\xd1\x80", "\xd9\xa1" /* digit */, "\xc2\xbd", "\xc2\xa0",
	"\xe3\x80\x80" /* wide space */, "\xe2\x80\x8b", "\xcd\xbe",
	"\xf0\x9f\x98\x80", "\xf0\xa0\x80\x80" /* far ideograph */,
	"\xf0\x96\xb5\x80" /* new letter */, "\xe1\xb2\x89" /* new */, "\xff",
	"\xe6\xb0", "\x80", "\xc0", "\xe2\x96\x81", "\xc3\x80" };

enum { NBIT = sizeof(bits) / sizeof(*bits), TEXT = 300 };

static struct str
random_text(char s[TEXT], uint64_t few)
{
	uint64_t from = few ? rnd(NBIT) : 0, some = few ? few : NBIT;
	size_t n = 0, most = rnd(TEXT - 16), k;
	const char *p;

	while (n < most) {
		p = rnd(5) ? bits[(from + rnd(some)) % NBIT] : bits[rnd(NBIT)];
		k = strlen(p);
		memcpy(s + n, p, k);
		n += k;
	}
	return (struct str){ s, n };
}

/* Some of a text's seams, from the last to the first. */
static size_t
some_seams(struct seams *m, struct str s, uint64_t skip, size_t at[TEXT])
{
	size_t n = 0;

	while ((s.n = seams_last(m, s, 0)))
		if (!rnd(skip))
			at[n++] = s.n;
	return n;
}

/* ---- pieces ---- */

static void
show(const char *what, struct str s)
{
	size_t i;

	printf("# %s: ", what);
	for (i = 0; i < s.n; i++)
		printf((uint8_t)s.p[i] - 0x20u < 0x5f ? "%c" : "\\x%02x",
		    (uint8_t)s.p[i]);
	printf("\n");
}

struct tried {
	int bad;
	size_t seams;
};

/* Pieces of parts against those of the whole. */
static void
try_text(struct pre_run *run, struct seams *m, struct str s, struct tried *t)
{
	struct buf whole = { 0 }, parts = { 0 };
	size_t at[TEXT], n = some_seams(m, s, 1 + rnd(4), at), from = 0;
	bool ok = put_pieces(run, s, &whole);

	t->seams += n;
	for (; ok && n; from = at[--n])
		ok = put_pieces(
		    run, (struct str){ s.p + from, at[n - 1] - from }, &parts);
	ok = ok &&
	     put_pieces(run, (struct str){ s.p + from, s.n - from }, &parts);
	if (ok && !str_eq(buf_view(&whole), buf_view(&parts)) && !t->bad++) {
		show("text", s);
		show("whole", buf_view(&whole));
		show("parts", buf_view(&parts));
	}
	buf_free(&whole);
	buf_free(&parts);
}

static struct tried
try_steps(const struct pre *p, int times)
{
	struct tried t = { 0, 0 };
	struct pre_run *run;
	struct seams *m;
	char s[TEXT];
	struct err e;

	run = pre_run_new(p, &e);
	if (!run || seams_open(&m, p->v, p->n, NULL, false, &e) < 0) {
		pre_run_free(run);
		t.bad++;
		return t;
	}
	for (; m && times; times--)
		try_text(run, m, random_text(s, times % 2 ? 0 : 4), &t);
	seams_free(m);
	pre_run_free(run);
	return t;
}

static int
read_steps(struct pre *p, const char *json, struct err *e)
{
	struct json *j;
	int rc = json_parse(&j, json, strlen(json), e);

	if (rc < 0)
		return rc;
	rc = pre_read(p, json_root(j), e);
	json_free(j);
	return rc;
}

/* ---- patterns ---- */

static void
test_regex(const char *name, const char *regex, bool some)
{
	struct pre p = { .v = { { .kind = PRE_SPLIT, .regex = (char *)regex } },
		.n = 1 };
	struct tried t = try_steps(&p, ntext);

	OK(t.bad == 0 && (t.seams > 0) == some,
	    "%.60s: parts split as the whole does (%d don't; %zu cuts)", name,
	    t.bad, t.seams);
}

static void
test_named(void)
{
	const char *p = pretok_names(), *end;
	struct pre steps = { 0 };
	char name[32];
	struct tried t;
	struct err e;

	for (; *p; p = *end ? end + 1 : end) {
		end = p + strcspn(p, ",");
		snprintf(name, sizeof(name), "%.*s", (int)(end - p), p);
		if (!pre_named(name)) {
			test_regex(name, name, true);
			continue;
		}
		if (!OK(pre_read_named(&steps, name, &e) == 0, "%s", name))
			continue;
		t = try_steps(&steps, ntext);
		OK(t.bad == 0 && t.seams > 0,
		    "%s: parts split as the whole does (%d don't; %zu cuts)",
		    name, t.bad, t.seams);
		pre_free(&steps);
	}
}

static const struct {
	const char *regex;
	bool some; /* has seams */
} regexes[] = {
	{ "\\w+|[^\\w\\s]+|\\s", true },
	{ "\\p{N}", true },
	{ "[^\\r\\n\\p{L}\\p{N}]?+\\p{L}++|\\p{N}{1,3}+| "
	  "?[^\\s\\p{L}\\p{N}]++[\\r\\n]*+|\\s++$|\\s*[\\r\\n]|\\s+(?!\\S)|\\s",
	    true },
	{ "(?i:[sdmt]|ll|ve|re)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+", true },
	{ "[\\p{Han}]+|[^\\p{Han}\\s]+|\\s+", true },
	{ "a(?=\\p{L})|[^a]+", true },
	{ "\\b.", false },
	{ "(?<=\\s)\\S+", false },
	{ "(?<!a)s", false },
	{ "a(?<!b)s+|.", true },
	{ "\\S+?(?: |$)", false },
	{ "$(?:([ \\n])?)?+\\s+?", false },
	{ "(?s).+", false },
	{ "(a)\\1|.", false },
	{ "^a|.", false },
	{ "(?=a.)a|.", false },
	{ "[[:alpha:]]+|[^[:alpha:]]", true },
	{ "[a-z&&[^s]]+|\\s+|[^a-z\\s]", true },
	{ "a{2}|[^a]", true },
	{ "(?>a+)s|.", true },
	{ "[\\]a]+|\\x{6211}+|\\x2e|\\Q..\\E", false },
	{ "a?+a|[ .]", true },
	{ "(?:a| )*(?:s|\\.)*", true },
	{ "\\p{L}\\p{M}*| ?", true },
};

static void
test_regexes(void)
{
	size_t i;

	for (i = 0; i < sizeof(regexes) / sizeof(*regexes); i++)
		test_regex(regexes[i].regex, regexes[i].regex, regexes[i].some);
}

#define SPLIT(regex, how) \
	"{\"type\":\"Split\",\"pattern\":{\"Regex\":\"" regex \
	"\"},\"behavior\":\"" how "\",\"invert\":false}"
#define SEQUENCE(steps) "{\"type\":\"Sequence\",\"pretokenizers\":[" steps "]}"

static const struct {
	const char *json;
	bool some;
} sequences[] = {
	{ "{\"type\":\"BertPreTokenizer\"}", true },
	{ "{\"type\":\"Whitespace\"}", true },
	{ "{\"type\":\"WhitespaceSplit\"}", true },
	{ "{\"type\":\"Metaspace\"}", true },
	{ "{\"type\":\"Metaspace\",\"prepend_scheme\":\"first\"}", true },
	{ "{\"type\":\"Metaspace\",\"prepend_scheme\":\"never\"}", true },
	{ "{\"type\":\"Metaspace\",\"split\":false}", false },
	{ "{\"type\":\"ByteLevel\"}", true },
	{ "{\"type\":\"FixedLength\",\"length\":4}", false },
	{ "{\"type\":\"CharDelimiterSplit\",\"delimiter\":\" \"}", true },
	{ "{\"type\":\"Digits\",\"individual_digits\":false}", true },
	{ "{\"type\":\"Punctuation\",\"behavior\":\"MergedWithPrevious\"}",
	    true },
	{ "{\"type\":\"Punctuation\",\"behavior\":\"MergedWithNext\"}", false },
	{ "{\"type\":\"Punctuation\",\"behavior\":\"Contiguous\"}", true },
	{ SEQUENCE("{\"type\":\"Punctuation\",\"behavior\":\"MergedWithNext\"},"
		   "{\"type\":\"ByteLevel\",\"add_prefix_space\":false}"),
	    true },
	{ SEQUENCE("{\"type\":\"WhitespaceSplit\"},{\"type\":\"Metaspace\"}"),
	    true },
	{ SEQUENCE(SPLIT("[0-9]", "Removed") "," SPLIT("s", "MergedWithNext")),
	    true },
	{ SEQUENCE("{\"type\":\"ByteLevel\",\"use_regex\":false},"
		   "{\"type\":\"Digits\"}"),
	    false },
};

static void
test_sequences(void)
{
	struct pre p = { 0 };
	struct tried t;
	struct err e;
	size_t i;

	for (i = 0; i < sizeof(sequences) / sizeof(*sequences); i++) {
		t = (struct tried){ 1, 0 };
		if (read_steps(&p, sequences[i].json, &e) == 0)
			t = try_steps(&p, ntext);
		OK(t.bad == 0 && (t.seams > 0) == sequences[i].some,
		    "%.70s (%d differ; %zu cuts)", sequences[i].json, t.bad,
		    t.seams);
		pre_free(&p);
	}
}

/* ---- made at random ---- */

static void
random_atom(struct buf *b)
{
	static const char *const atoms[] = { "a", "s", " ", "'", "\\n", ".",
		"\\.", "\\s", "\\S", "\\p{L}", "\\p{N}", "\\p{P}", "\\w",
		"[a-z]", "[^a-z]", "[ \\n]", "[^\\s\\p{L}]", "\\p{Lu}",
		"\xe6\x88\x91", "[\\p{Han}\xe3\x80\x82]", "[^\\r\\n\\p{L}]" };
	static const char *const looks[] = { "(?!\\S)", "(?=a)", "(?<!\\s)",
		"(?<=[a-z])", "$", "\\b", "(?!.)" };

	if (rnd(12) == 0)
		buf_puts(b, looks[rnd(sizeof(looks) / sizeof(*looks))]);
	else
		buf_puts(b, atoms[rnd(sizeof(atoms) / sizeof(*atoms))]);
}

static void
random_regex(struct buf *b, int depth)
{
	static const char *const repeats[] = { "", "", "", "", "?", "*", "+",
		"{1,3}", "{2}", "{0,2}", "{2,}", "+?", "*?", "?\?", "?+", "++",
		"*+" };
	static const char *const groups[] = { "(?:", "(?:", "(",
		"(?i:", "(?>" };
	uint64_t n = 1 + rnd(4);

	while (n--) {
		if (depth < 3 && rnd(4) == 0) {
			buf_puts(b, groups[rnd(5)]);
			random_regex(b, depth + 1);
			buf_putc(b, ')');
		} else {
			random_atom(b);
		}
		buf_puts(b, repeats[rnd(sizeof(repeats) / sizeof(*repeats))]);
		if (n && rnd(3) == 0)
			buf_putc(b, '|');
	}
}

static void
test_random(int times)
{
	struct buf b[3] = { { 0 } };
	struct tried t, all = { 0, 0 };
	struct pre p;
	size_t i;
	int k;

	for (k = 0; k < times; k++) {
		p = (struct pre){ .n = rnd(3) ? 1 : 1 + rnd(3) };
		for (i = 0; i < p.n; i++) {
			buf_clear(&b[i]);
			random_regex(&b[i], 0);
			buf_put(&b[i], "", 1);
			p.v[i] = (struct pre_step){ .kind = PRE_SPLIT,
				.regex = b[i].p,
				.behaviour =
				    (enum pre_behaviour)(rnd(2) ? 0 : rnd(5)),
				.invert = rnd(8) == 0 };
		}
		t = try_steps(&p, 20);
		/* Some are too much for PCRE2. */
		if (t.bad && !t.seams)
			continue;
		if (t.bad)
			for (i = 0; i < p.n; i++)
				printf("# step %d%s: %s\n",
				    (int)p.v[i].behaviour,
				    p.v[i].invert ? " inverted" : "",
				    p.v[i].regex);
		all.bad += t.bad != 0;
		all.seams += t.seams;
	}
	OK(all.bad == 0 && all.seams > 0,
	    "%d random sequences of regexes (%d differ; %zu cuts)", times,
	    all.bad, all.seams);
	for (i = 0; i < 3; i++)
		buf_free(&b[i]);
}

/* ---- places that there must be ---- */

static const struct {
	const char *pattern, *text; /* '|' stands for its last seam */
} places[] = {
	{ "gpt2", "a cat| sat" },
	{ "gpt2", "a cat,| sat" },
	{ "cl100k", "\xe6\x88\x91|\xe3\x80\x82\xe6\x88\x91" },
	{ "o200k", "\xe6\x88\x91|\xef\xbc\x8c\xe6\x88\x91" },
	{ "qwen2", "\xd0\xbf\xd1\x80,| " },
	{ "deepseek-v3", "\xe6\x88\x91\xe3\x80\x82\n|\xe6\x88\x91" },
	{ "starcoder", "\xe6\x88\x91|\n\xe6\x88\x91" },
	{ "falcon", "a|\n\xe6\x88\x91" },
	{ "whitespace", "a|\xe3\x80\x80" },
	{ "gpt2", "aaaa" },
	{ "cl100k", "don|'t" },
	{ "o200k", "don't" },
	{ "cl100k", "\xe6\x88\x91\xe6\x88\x91\xe3\x81\x8c" },
	{ "cl100k", ".\n" },
	{ "cl100k", "\xff\xff\xff" },
	{ "whitespace", "\xe6\x88\x91\xe3\x80\x82\xe6\x88\x91" },
};

static void
test_places(void)
{
	struct pretok *pt;
	struct seams *m;
	struct err e;
	char text[64];
	size_t i, want, got;
	const char *bar;

	for (i = 0; i < sizeof(places) / sizeof(*places); i++) {
		snprintf(text, sizeof(text), "%s", places[i].text);
		bar = strchr(text, '|');
		want = bar ? (size_t)(bar - text) : 0;
		if (bar)
			memmove(
			    text + want, text + want + 1, strlen(text + want));
		if (pretok_open(&pt, places[i].pattern, &e) < 0 ||
		    pretok_seams(&m, pt, NULL, false, &e) < 0) {
			OK(false, "%s: %s", places[i].pattern, e.msg);
			continue;
		}
		got = seams_last(m, str_c(text), 0);
		OK(got == want, "%s: %s (%zu)", places[i].pattern,
		    places[i].text, got);
		seams_free(m);
		pretok_close(pt);
	}
}

/* ---- tokenizers ---- */

static const char added[] =
    "\"added_tokens\":["
    "{\"id\":256,\"content\":\"<s>\",\"special\":true,\"normalized\":false},"
    "{\"id\":257,\"content\":\"<x y>\",\"special\":true},"
    "{\"id\":258,\"content\":\"<l>\",\"lstrip\":true,\"normalized\":false},"
    "{\"id\":259,\"content\":\"<r>\",\"rstrip\":true,\"normalized\":true},"
    "{\"id\":260,\"content\":\"word\",\"single_word\":true,"
    "\"normalized\":true},"
    "{\"id\":261,\"content\":\"\xc3\x89.\",\"normalized\":true},"
    "{\"id\":262,\"content\":\"  \",\"normalized\":false}],";

static const char bytelevel[] =
    "{\"type\":\"ByteLevel\",\"add_prefix_space\":false}";
static const char bytelevel_space[] =
    "{\"type\":\"ByteLevel\",\"add_prefix_space\":true}";

/* All bytes with their own value as id; a few merges. */
static void
put_byte_model(struct buf *b)
{
	struct buf name = { 0 };
	int i;

	buf_puts(b, "\"model\":{\"type\":\"BPE\",\"vocab\":{");
	for (i = 0; i < 256; i++) {
		char c = (char)i;

		buf_clear(&name);
		bytelevel_encode(&name, (struct str){ &c, 1 });
		buf_puts(b, i ? "," : "");
		buf_json(b, buf_view(&name));
		buf_printf(b, ":%d", i);
	}
	buf_puts(b, ",\"aa\":263,\"\xc4\xa0"
		    "a\":264,\".a\":265,\"a.\":266,"
		    "\"a\xc4\xa0\":267,\"\xc4\xa0\xc4\xa0\":268},"
		    "\"merges\":[\"a a\",\"\xc4\xa0 a\",\". a\",\"a .\","
		    "\"a \xc4\xa0\",\"\xc4\xa0 \xc4\xa0\"]}}");
	buf_free(&name);
}

static void
put_unigram_model(struct buf *b)
{
	size_t i;

	buf_puts(b, "\"model\":{\"type\":\"Unigram\",\"unk_id\":0,\"vocab\":["
		    "[\"<unk>\",0],[\"\xe2\x96\x81\",-2],[\"a\",-3],"
		    "[\"\xe2\x96\x81"
		    "a\",-2.5],[\"aa\",-3],[\"s\",-3],"
		    "[\".\xe2\x96\x81\",-1]");
	for (i = 7; i < 256; i++)
		buf_printf(b, ",[\"q%zu\",-9]", i);
	buf_puts(b, "]}}");
}

static void
put_wordpiece_model(struct buf *b)
{
	size_t i;

	buf_puts(b, "\"model\":{\"type\":\"WordPiece\",\"unk_token\":"
		    "\"?\",\"vocab\":{\"?\":0,\"a\":1,\"##a\":2,\"s\":3,"
		    "\"##s\":4,\".\":5,\"'\":6,\"##e\":7,\"e\":8");
	for (i = 9; i < 256; i++)
		buf_printf(b, ",\"q%zu\":%zu", i, i);
	buf_puts(b, "}}}");
}

enum model { BYTES, UNIGRAM, WORDPIECE };

static struct tokenizer *
make_tokenizer(const char *path, const char *norm, const char *pre,
    enum model model, struct err *e)
{
	struct tokenizer *t = NULL;
	struct buf b = { 0 };

	buf_printf(
	    &b, "{%s\"normalizer\":%s,\"pre_tokenizer\":%s,", added, norm, pre);
	if (model == WORDPIECE)
		put_wordpiece_model(&b);
	else if (model == UNIGRAM)
		put_unigram_model(&b);
	else
		put_byte_model(&b);
	if (out_whole(path, b.p, b.n, e) < 0 ||
	    tokenizer_load(&t, path, NULL, e) < 0)
		printf("# %s\n", e->msg);
	buf_free(&b);
	unlink(path);
	return t;
}

static void
try_ids(const struct tokenizer *t, struct tokenizer_worker *w, struct seams *m,
    struct str s, struct tried *to)
{
	struct ids whole = { 0 }, parts = { 0 };
	size_t at[TEXT], n = some_seams(m, s, 1 + rnd(4), at), from = 0;
	struct err e;

	to->seams += n;
	tokenizer_encode(t, w, s, &whole, &e);
	for (; n; from = at[--n])
		tokenizer_encode(t, w,
		    (struct str){ s.p + from, at[n - 1] - from }, &parts, &e);
	tokenizer_encode(
	    t, w, (struct str){ s.p + from, s.n - from }, &parts, &e);
	if ((whole.n != parts.n ||
		(whole.n && memcmp(whole.v, parts.v,
				whole.n * sizeof(*whole.v)) != 0)) &&
	    !to->bad++)
		show("text", s);
	ids_free(&whole);
	ids_free(&parts);
}

static void
test_tokenizer(const char *path, const char *norm, const char *pre,
    enum model model, bool some)
{
	struct err e;
	struct tokenizer *t = make_tokenizer(path, norm, pre, model, &e);
	struct tried all = { 0, 0 };
	struct tokenizer_worker *w;
	struct seams *m = NULL;
	char s[TEXT];
	int i;

	if (!OK(t && tokenizer_seams(&m, t, &e) == 0, "%.50s, %.50s", norm,
		pre)) {
		tokenizer_free(t);
		return;
	}
	w = tokenizer_worker_new(t, &e);
	for (i = 0; m && i < 3 * ntext; i++) {
		tokenizer_special(t, i % 2 ? "all" : "none", &e);
		try_ids(t, w, m, random_text(s, i % 2 ? 0 : 6), &all);
	}
	OK(all.bad == 0 && (all.seams > 0) == some,
	    "its texts in parts give the whole's ids (%d don't; %zu cuts)",
	    all.bad, all.seams);
	tokenizer_worker_free(w);
	seams_free(m);
	tokenizer_free(t);
}

static void
test_tokenizers(const char *path)
{
	static const struct {
		const char *norm, *pre;
		enum model model;
		bool some;
	} all[] = { { "null", bytelevel, BYTES, true },
		{ "{\"type\":\"NFC\"}", bytelevel, BYTES, true },
		{ "{\"type\":\"NFD\"}", bytelevel, BYTES, true },
		{ "{\"type\":\"NFKC\"}", bytelevel, BYTES, true },
		{ "{\"type\":\"NFKD\"}", bytelevel, BYTES, true },
		{ "{\"type\":\"Lowercase\"}", bytelevel, BYTES, true },
		{ "{\"type\":\"Sequence\",\"normalizers\":[{\"type\":\"NFD\"},"
		  "{\"type\":\"Lowercase\"},{\"type\":\"StripAccents\"}]}",
		    bytelevel, BYTES, true },
		{ "{\"type\":\"Prepend\",\"prepend\":\"_\"}", bytelevel, BYTES,
		    false },
		{ "{\"type\":\"Replace\",\"pattern\":{\"String\":\"a\"},"
		  "\"content\":\"b\"}",
		    bytelevel, BYTES, false },
		{ "null", bytelevel_space, BYTES, true },
		{ "{\"type\":\"NFC\"}", bytelevel_space, BYTES, true },
		{ "null", "{\"type\":\"Metaspace\"}", UNIGRAM, true },
		{ "{\"type\":\"NFKC\"}",
		    "{\"type\":\"Metaspace\",\"prepend_scheme\":\"first\"}",
		    UNIGRAM, true },
		{ "null", "{\"type\":\"Metaspace\",\"split\":false}", UNIGRAM,
		    false },
		{ "null", "null", UNIGRAM, false },
		{ "{\"type\":\"BertNormalizer\",\"lowercase\":true}",
		    "{\"type\":\"BertPreTokenizer\"}", WORDPIECE, true } };
	size_t i;

	for (i = 0; i < sizeof(all) / sizeof(*all); i++)
		test_tokenizer(
		    path, all[i].norm, all[i].pre, all[i].model, all[i].some);
}

int
main(int argc, char **argv)
{
	const char *tmp = getenv("TMPDIR");
	char path[256];

	if (argc > 1)
		ntext = atoi(argv[1]);
	if (argc > 2)
		seed = (uint64_t)atoll(argv[2]) << 32;
	snprintf(path, sizeof(path), "%s/quern-seam-%ld.json",
	    tmp ? tmp : "/tmp", (long)getpid());
	test_places();
	test_named();
	test_regexes();
	test_sequences();
	test_random(2 * ntext);
	test_tokenizers(path);
	return tap_end();
}
