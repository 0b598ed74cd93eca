/* SPDX-License-Identifier: MIT */
#include "pre.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/text/utf8.h"
#include "uage.h"

static bool
is_type(struct json_val v, const char *s)
{
	return str_eq(json_str(v), str_c(s));
}

void
pre_free(struct pre *p)
{
	size_t i;

	for (i = 0; i < p->n; i++)
		free(p->v[i].regex);
	*p = (struct pre){ 0 };
}

static struct pre_step *
add(struct pre *p, enum pre_kind kind, struct err *e)
{
	if (p->n == PRE_STEPS) {
		err_set(
		    e, ERR_FORMAT, "pre_tokenizer: over %d steps", PRE_STEPS);
		return NULL;
	}
	p->v[p->n] = (struct pre_step){ .kind = kind };
	return &p->v[p->n++];
}

static int
add_split(struct pre *p, struct str regex, enum pre_behaviour behaviour,
    bool invert, struct err *e)
{
	struct pre_step *s = add(p, PRE_SPLIT, e);

	if (!s)
		return e->code;
	if (memchr(regex.p, '\0', regex.n))
		return err_set(
		    e, ERR_FORMAT, "pre_tokenizer: a pattern with a NUL");
	s->behaviour = behaviour;
	s->invert = invert;
	s->regex = malloc(regex.n + 5);
	if (!s->regex)
		return err_nomem(e, "a pattern");
	sprintf(s->regex, "%.*s", (int)regex.n, regex.p);
	/* A group: a word alone would be taken for a pattern's name. */
	if (!strpbrk(s->regex, "\\[](){}|+*?.^$ '"))
		sprintf(s->regex, "(?:%.*s)", (int)regex.n, regex.p);
	return 0;
}

static int
add_gpt2(struct pre *p, struct err *e)
{
	struct pre_step *s = add(p, PRE_SPLIT, e);
	size_t n;

	return s ? norm_set_text(&s->regex, &n, STR("gpt2"), e) : e->code;
}

static int
behaviour_of(struct json_val v, enum pre_behaviour *to, struct err *e)
{
	static const char *const names[] = { "Isolated", "Removed",
		"MergedWithPrevious", "MergedWithNext", "Contiguous" };
	int i;

	for (i = 0; i < 5; i++)
		if (is_type(v, names[i])) {
			*to = (enum pre_behaviour)i;
			return 0;
		}
	return err_set(e, ERR_FORMAT,
	    "pre_tokenizer: no behavior is called '%.*s'",
	    (int)(json_str(v).n < 80 ? json_str(v).n : 80), json_str(v).p);
}

/* A text as a regex that matches just it. */
static int
add_literal(struct pre *p, struct str s, enum pre_behaviour behaviour,
    bool invert, struct err *e)
{
	struct buf b = { 0 };
	size_t i;
	int rc;

	if (!s.n)
		return err_set(
		    e, ERR_FORMAT, "pre_tokenizer: an empty pattern");
	for (i = 0; i < s.n; i++) {
		if (strchr("\\^$.[]|()?*+{}-#", s.p[i]))
			buf_putc(&b, '\\');
		buf_putc(&b, s.p[i]);
	}
	rc = buf_ok(&b, e);
	if (rc == 0)
		rc = add_split(p, buf_view(&b), behaviour, invert, e);
	buf_free(&b);
	return rc;
}

/* ---- one reader a type ---- */

static int
read_split_step(struct pre *p, struct json_val v, struct err *e)
{
	struct str regex = json_str(json_path(v, "pattern.Regex"));
	enum pre_behaviour how;
	bool invert = json_bool(json_get(v, "invert"), false);

	if (behaviour_of(json_get(v, "behavior"), &how, e) < 0)
		return e->code;
	if (!regex.n)
		return add_literal(p, json_str(json_path(v, "pattern.String")),
		    how, invert, e);
	return add_split(p, regex, how, invert, e);
}

static int
read_bytelevel_step(struct pre *p, struct json_val v, struct err *e)
{
	if (p->bytes)
		return err_set(
		    e, ERR_FORMAT, "pre_tokenizer: ByteLevel comes twice");
	if (json_bool(json_get(v, "add_prefix_space"), true) &&
	    !add(p, PRE_PREFIX, e))
		return e->code;
	if (json_bool(json_get(v, "use_regex"), true) && add_gpt2(p, e) < 0)
		return e->code;
	p->bytes = true;
	return add(p, PRE_BYTES, e) ? 0 : e->code;
}

static int
read_digits_step(struct pre *p, struct json_val v, struct err *e)
{
	bool each = json_bool(json_get(v, "individual_digits"), false);

	return add_split(
	    p, STR("\\p{N}"), each ? PRE_ISOLATED : PRE_CONTIGUOUS, false, e);
}

/*
 * Punctuation as that library's tables have it (uage.h): two characters were
 * such in Unicode 8 and are none since.
 */
static int
add_punctuation(struct pre *p, enum pre_behaviour how, struct err *e)
{
	struct buf b = { 0 };
	int rc;

	buf_puts(&b, "[!-/:-@\\[-`{-~\\x{166d}\\x{111c9}]|\\p{P}(?<![");
	uage_ranges_behind_8(&b);
	buf_puts(&b, "])");
	rc = buf_ok(&b, e);
	if (rc == 0)
		rc = add_split(p, buf_view(&b), how, false, e);
	buf_free(&b);
	return rc;
}

static int
read_punctuation_step(struct pre *p, struct json_val v, struct err *e)
{
	enum pre_behaviour how = PRE_ISOLATED;

	if (json_type(json_get(v, "behavior")) == JSON_STRING &&
	    behaviour_of(json_get(v, "behavior"), &how, e) < 0)
		return e->code;
	return add_punctuation(p, how, e);
}

static int
read_whitespace_step(struct pre *p, struct json_val v, struct err *e)
{
	(void)v;
	return add_split(p, STR("\\w+|[^\\w\\s]+"), PRE_REMOVED, true, e);
}

static int
read_whitespace_split_step(struct pre *p, struct json_val v, struct err *e)
{
	(void)v;
	return add_split(p, STR("\\s"), PRE_REMOVED, false, e);
}

static int
read_bert_step(struct pre *p, struct json_val v, struct err *e)
{
	if (read_whitespace_split_step(p, v, e) < 0)
		return e->code;
	return add_punctuation(p, PRE_ISOLATED, e);
}

static int
read_delimiter_step(struct pre *p, struct json_val v, struct err *e)
{
	return add_literal(
	    p, json_str(json_get(v, "delimiter")), PRE_REMOVED, false, e);
}

static int
read_length_step(struct pre *p, struct json_val v, struct err *e)
{
	int64_t n = json_int(json_get(v, "length"), 5);
	struct pre_step *s = add(p, PRE_LENGTH, e);

	if (!s)
		return e->code;
	if (n < 1)
		return err_set(e, ERR_FORMAT, "pre_tokenizer: a length of 0");
	s->length = (size_t)n;
	return 0;
}

static int
read_prepend_scheme(struct pre_step *s, struct json_val v, struct err *e)
{
	struct json_val scheme = json_get(v, "prepend_scheme");

	if (json_type(scheme) != JSON_STRING)
		s->prepend = json_bool(json_get(v, "add_prefix_space"), true)
				 ? PRE_ALWAYS
				 : PRE_NEVER;
	else if (is_type(scheme, "always"))
		s->prepend = PRE_ALWAYS;
	else if (is_type(scheme, "first"))
		s->prepend = PRE_FIRST;
	else if (is_type(scheme, "never"))
		s->prepend = PRE_NEVER;
	else
		return err_set(e, ERR_FORMAT,
		    "pre_tokenizer: no prepend_scheme is called '%.*s'",
		    (int)(json_str(scheme).n < 80 ? json_str(scheme).n : 80),
		    json_str(scheme).p);
	return 0;
}

static int
read_metaspace_step(struct pre *p, struct json_val v, struct err *e)
{
	struct str mark = json_str(json_get(v, "replacement"));
	struct pre_step *s = add(p, PRE_METASPACE, e);

	if (!s || read_prepend_scheme(s, v, e) < 0)
		return e->code;
	if (!mark.n)
		mark = STR("\xe2\x96\x81");
	if (utf8_length(mark) != 1)
		return err_set(e, ERR_FORMAT,
		    "pre_tokenizer: a replacement is one character");
	memcpy(s->mark, mark.p, mark.n);
	if (!json_bool(json_get(v, "split"), true))
		return 0;
	return add_literal(p, mark, PRE_WITH_NEXT, false, e);
}

static const struct {
	const char *type;
	int (*read)(struct pre *p, struct json_val v, struct err *e);
} readers[] = {
	{ "Split", read_split_step },
	{ "ByteLevel", read_bytelevel_step },
	{ "Digits", read_digits_step },
	{ "Punctuation", read_punctuation_step },
	{ "Whitespace", read_whitespace_step },
	{ "WhitespaceSplit", read_whitespace_split_step },
	{ "BertPreTokenizer", read_bert_step },
	{ "CharDelimiterSplit", read_delimiter_step },
	{ "Metaspace", read_metaspace_step },
	{ "FixedLength", read_length_step },
};

static int
read_step(struct pre *p, struct json_val v, struct err *e)
{
	struct json_val type = json_get(v, "type");
	size_t i;

	for (i = 0; i < sizeof(readers) / sizeof(*readers); i++)
		if (is_type(type, readers[i].type))
			return readers[i].read(p, v, e);
	return err_set(e, ERR_FORMAT,
	    "pre_tokenizer: '%.*s' is not among those read",
	    (int)(json_str(type).n < 80 ? json_str(type).n : 80),
	    json_str(type).p ? json_str(type).p : "");
}

int
pre_read(struct pre *p, struct json_val v, struct err *e)
{
	struct json_iter it = json_each(json_get(v, "pretokenizers"));
	struct json_val x;

	if (json_type(v) == JSON_NONE || json_type(v) == JSON_NULL)
		return 0;
	if (!is_type(json_get(v, "type"), "Sequence"))
		return read_step(p, v, e);
	while (json_next(&it, NULL, &x))
		if (read_step(p, x, e) < 0)
			return e->code;
	return 0;
}

/* ---- names ---- */

#define SPLIT(regex, how) \
	"{\"type\":\"Split\",\"pattern\":{\"Regex\":\"" regex \
	"\"},\"behavior\":\"" how "\",\"invert\":false}"
#define BYTELEVEL(regex) \
	"{\"type\":\"ByteLevel\",\"add_prefix_space\":false," \
	"\"trim_offsets\":true,\"use_regex\":" regex "}"
#define SEQUENCE(steps) "{\"type\":\"Sequence\",\"pretokenizers\":[" steps "]}"
#define DIGITS(each) "{\"type\":\"Digits\",\"individual_digits\":" each "}"

static const struct {
	const char *name, *json;
} named[] = {
	{ "deepseek-v3",
	    SEQUENCE(SPLIT("\\\\p{N}{1,3}", "Isolated") "," SPLIT(
		"[\u4e00-\u9fa5\u3040-\u309f\u30a0-\u30ff]+",
		"Isolated") "," SPLIT("[!\\\"#$%&'()*+,\\\\-./"
				      ":;<=>?@\\\\[\\\\\\\\\\\\]^_`{|}~]"
				      "[A-Za-z]+|[^\\\\r\\\\n\\\\p{L}\\\\p{P}"
				      "\\\\p{S}]?[\\\\p{L}\\\\p{M}]+| "
				      "?[\\\\p{P}\\\\p{S}]+[\\\\r\\\\n]*|"
				      "\\\\s*[\\\\r\\\\n]+|\\\\s+(?!\\\\S)|"
				      "\\\\s+",
		"Isolated") "," BYTELEVEL("false")) },
	{ "starcoder", SEQUENCE(DIGITS("true") "," BYTELEVEL("true")) },
	{ "falcon",
	    SEQUENCE("{\"type\":\"Punctuation\",\"behavior\":\"Contiguous\"}"
		     "," BYTELEVEL("true") "," DIGITS("false") "," SPLIT(
			 "[0-9][0-9][0-9]", "Isolated")) },
};

const char *
pre_named(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof(named) / sizeof(*named); i++)
		if (strcmp(name, named[i].name) == 0)
			return named[i].json;
	return NULL;
}

int
pre_read_named(struct pre *p, const char *name, struct err *e)
{
	const char *text = pre_named(name);
	struct json *j;
	int rc;

	if (json_parse(&j, text, strlen(text), e) < 0)
		return e->code;
	rc = pre_read(p, json_root(j), e);
	json_free(j);
	return rc;
}

bool
pre_cuts(const struct pre *p)
{
	size_t i;

	for (i = 0; i < p->n; i++)
		if (p->v[i].kind == PRE_PREFIX ||
		    p->v[i].kind == PRE_METASPACE ||
		    p->v[i].behaviour == PRE_REMOVED)
			return false;
	return true;
}

bool
pre_plain(const struct pre *p)
{
	size_t i;

	for (i = 0; i < p->n; i++)
		if (p->v[i].kind == PRE_PREFIX ||
		    p->v[i].kind == PRE_METASPACE ||
		    (p->v[i].kind == PRE_BYTES && i + 1 < p->n))
			return false;
	return true;
}
