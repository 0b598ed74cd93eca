/* SPDX-License-Identifier: MIT */
/*
 * simdjson's DOM parser reads and checks the whole line.  It keeps the offsets
 * of all structural characters; a walk over those (never over the text) finds
 * where each member's value stands in the line, but only for lines that are to
 * be changed.
 */
#include <cerrno>
#include <cmath>
#include <cstdlib>
#include <new>
#include <vector>

#include "base/buf.h"
#include "base/err.h"
#include "io/doc.h"
#include "io/json_face.hpp"

using simdjson::error_code;
using simdjson::dom::element;
using simdjson::dom::object;

struct doc_parser {
	simdjson::dom::parser json;
	std::vector<doc_span> spans, meta_spans;
	std::vector<char> patched;
};

struct doc_parser *
doc_parser_new(void)
{
	return new (std::nothrow) doc_parser;
}

void
doc_parser_free(struct doc_parser *p)
{
	delete p;
}

static const uint32_t *
structurals(const doc_parser *p)
{
	return p->json.implementation->structural_indexes.get();
}

static bool
is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* Is s a number by RFC 8259, section 6? */
static bool
is_number(const char *s, const char *end)
{
	auto digits = [&] {
		const char *from = s;

		while (s < end && *s >= '0' && *s <= '9')
			s++;
		return s - from;
	};

	s += s < end && *s == '-';
	if (s < end && *s == '0')
		s++;
	else if (digits() == 0)
		return false;
	if (s < end && *s == '.') {
		s++;
		if (digits() == 0)
			return false;
	}
	if (s < end && (*s == 'e' || *s == 'E')) {
		s++;
		s += s < end && (*s == '+' || *s == '-');
		if (digits() == 0)
			return false;
	}
	return s == end;
}

/* Is the number one that neither 64 bits nor a double can hold? */
static bool
is_huge(const char *s, const char *end)
{
	size_t n = size_t(end - s);

	if (!memchr(s, '.', n) && !memchr(s, 'e', n) && !memchr(s, 'E', n)) {
		errno = 0;
		if (*s == '-')
			(void)strtoll(s, NULL, 10);
		else
			(void)strtoull(s, NULL, 10);
		return errno == ERANGE;
	}
	return !std::isfinite(strtod(s, NULL));
}

/*
 * JSON sets no bound to numbers, simdjson does.  In a copy of the line, make
 * every number that is well-formed but won't fit a zero of the same width.
 */
static bool
patch_numbers(doc_parser *p, struct str line)
{
	const uint32_t *at = structurals(p);
	uint32_t i, n = p->json.implementation->n_structural_indexes;
	bool any = false;
	char *s, *end;

	p->patched.assign(line.p, line.p + line.n);
	p->patched.resize(line.n + DOC_PADDING);
	for (i = 0; i < n; i++) {
		s = &p->patched[at[i]];
		if (*s != '-' && (*s < '0' || *s > '9'))
			continue;
		end = &p->patched[i + 1 < n ? at[i + 1] : line.n];
		while (end > s && is_space(end[-1]))
			end--;
		if (!is_number(s, end) || !is_huge(s, end))
			continue;
		memset(s, ' ', size_t(end - s));
		*s = '0';
		any = true;
	}
	return any;
}

static int
parse_json(doc_parser *p, struct str line, element *root, struct err *e)
{
	error_code rc = p->json.parse(line.p, line.n, false).get(*root);

	if ((rc == simdjson::NUMBER_ERROR ||
		rc == simdjson::NUMBER_OUT_OF_RANGE ||
		rc == simdjson::TAPE_ERROR) &&
	    line.n && patch_numbers(p, line))
		rc = p->json.parse(p->patched.data(), line.n, false).get(*root);
	if (rc == simdjson::MEMALLOC)
		return err_nomem(e, "a record");
	if (rc == simdjson::UTF8_ERROR)
		return err_set(e, ERR_FORMAT, "invalid UTF-8");
	if (rc)
		return err_set(e, ERR_FORMAT, "malformed JSON: %s",
		    simdjson::error_message(rc));
	return 0;
}

static int
twice(struct err *e, const char *key)
{
	return err_set(e, ERR_FORMAT, "two fields \"%s\"", key);
}

/* Take the fields that a document is made of. */
static int
take_fields(struct doc *d, object fields, bool *has_text, struct err *e)
{
	struct json_val meta = { NULL, 0 };

	for (auto f : fields) {
		std::string_view s;

		if (f.key == "text") {
			if (*has_text)
				return twice(e, "text");
			if (f.value.get(s))
				return err_set(
				    e, ERR_FORMAT, "\"text\" is no string");
			*has_text = true;
			d->text = { s.data(), s.size() };
		} else if (f.key == "id") {
			if (d->has_id)
				return twice(e, "id");
			d->has_id = true;
			if (!f.value.get(s))
				d->id = { s.data(), s.size() };
		} else if (f.key == "metadata") {
			if (meta.doc)
				return twice(e, "metadata");
			meta = json_handle(f.value);
		}
	}
	if (json_type(meta) == JSON_OBJECT)
		d->meta = meta;
	else if (json_type(meta) != JSON_NONE && json_type(meta) != JSON_NULL)
		return err_set(e, ERR_FORMAT, "\"metadata\" is no object");
	return 0;
}

/* An id that is no string stands for itself; one that's missing is made. */
static void
make_id(struct doc *d)
{
	const struct doc_span *s;
	const char *file = strrchr(d->file, '/');
	size_t i, n;

	if (!d->has_id) {
		d->id = arena_printf(d->arena, "%s:%llu",
		    file ? file + 1 : d->file, (unsigned long long)d->record);
		return;
	}
	if (!doc_spans(d, false, &s, &n))
		return;
	for (i = 0; i < n; i++)
		if (str_eq(s[i].key, STR("id")))
			d->id = s[i].value;
}

int
doc_parse(struct doc_parser *p, struct doc *d, struct err *e)
{
	bool has_text = false;
	element root;
	object fields;

	d->parser = p;
	d->id = d->text = { NULL, 0 };
	d->meta = { NULL, 0 };
	d->has_id = false;
	doc_unset(d);
	if (parse_json(p, d->line, &root, e) < 0)
		return e->code;
	d->root = json_handle(root);
	if (root.get(fields))
		return err_set(e, ERR_FORMAT, "the record is no object");
	if (take_fields(d, fields, &has_text, e) < 0)
		return e->code;
	if (!has_text)
		return err_set(e, ERR_FORMAT, "no field \"text\"");
	if (!d->id.p)
		make_id(d);
	return d->id.p ? 0 : err_nomem(e, "an id");
}

struct json_val
doc_meta(const struct doc *d, const char *key)
{
	return json_get(d->meta, key);
}

/* Index of the structural character that closes the bracket at i. */
static uint32_t
closing(const char *line, const uint32_t *at, uint32_t i)
{
	int depth = 0;

	for (;; i++) {
		char c = line[at[i]];

		depth += c == '{' || c == '[';
		depth -= c == '}' || c == ']';
		if (depth == 0)
			return i;
	}
}

/*
 * The members of the object whose '{' is structural i.  simdjson has accepted
 * the line, so key, colon, value, comma follow each other.
 */
static void
walk(std::vector<doc_span> &out, const doc_parser *p, const char *line,
    uint32_t i, object fields)
{
	const uint32_t *at = structurals(p);
	auto field = fields.begin();

	out.clear();
	for (i++; line[at[i]] != '}' && line[at[i]] != ','; ++field) {
		const char *from = line + at[i + 2], *end;

		if (*from == '{' || *from == '[') {
			i = closing(line, at, i + 2);
			end = line + at[i] + 1;
			i++;
		} else {
			i += 3;
			end = line + at[i];
			while (is_space(end[-1]))
				end--;
		}
		out.push_back({ { field.key_c_str(), field.key_length() },
		    { from, size_t(end - from) } });
		if (line[at[i]] == ',')
			i++;
	}
}

/* The structural index of the value of top-level member `key`, an object. */
static uint32_t
find_structural(const doc_parser *p, const char *line, const char *value)
{
	const uint32_t *at = structurals(p);
	uint32_t i = 0;

	while (line + at[i] != value)
		i++;
	return i;
}

bool
doc_spans(
    const struct doc *d, bool meta, const struct doc_span **spans, size_t *n)
{
	doc_parser *p = d->parser;
	std::vector<doc_span> &out = meta ? p->meta_spans : p->spans;
	object fields;

	try {
		if (json_element(d->root).get(fields))
			return false; /* doc_parse() saw to it */
		walk(p->spans, p, d->line.p, 0, fields);
		if (meta) {
			uint32_t at = 0;

			out.clear();
			for (const doc_span &s : p->spans)
				if (str_eq(s.key, STR("metadata")))
					at = find_structural(
					    p, d->line.p, s.value.p);
			if (d->meta.doc && !json_element(d->meta).get(fields)) {
				walk(out, p, d->line.p, at, fields);
			}
		}
	} catch (const std::bad_alloc &) {
		return false;
	}
	*n = out.size();
	*spans = out.data();
	return true;
}
