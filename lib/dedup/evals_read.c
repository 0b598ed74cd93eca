/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdlib.h>

#include "base/err.h"
#include "base/path.h"
#include "dedup/evals.h"
#include "io/json.h"
#include "io/stream.h"

static const struct str usual[] = { { "text", 4 }, { "question", 8 },
	{ "query", 5 }, { "context", 7 }, { "prompt", 6 },
	{ "instruction", 11 } };

/* A file being read. */
struct source {
	struct evals *v;
	const char *path, *file;
	const struct str *fields;
	size_t nfield;
	uint64_t record, found; /* items so far, with a field */
	char keys[200];         /* of the first item, for a message */
};

/* Where an item's answer may stand; where the number of a choice. */
static struct str
answer_of(struct json_val item)
{
	static const char *const names[] = { "answer", "continuation", "output",
		"target" };
	static const char *const numbers[] = { "gold", "answer", "label" };
	struct json_iter it = json_each(json_get(item, "choices"));
	struct str answer = { NULL, 0 };
	struct json_val v;
	int64_t k = -1;
	size_t i;

	for (i = 0; k < 0 && i < sizeof(numbers) / sizeof(*numbers); i++)
		k = json_int(json_get(item, numbers[i]), -1);
	while (k >= 0 && json_next(&it, NULL, &v))
		if (k-- == 0)
			return json_str(v);
	for (i = 0; !answer.p && i < sizeof(names) / sizeof(*names); i++)
		answer = json_str(json_get(item, names[i]));
	return answer;
}

static int
add_texts(struct source *s, struct str field, struct json_val v,
    struct str answer, struct err *e)
{
	struct json_iter it = json_each(v);
	struct json_val x;

	if (json_type(v) == JSON_STRING)
		return evals_text(s->v, field, json_str(v), answer, e);
	while (json_next(&it, NULL, &x))
		if (json_type(x) == JSON_STRING &&
		    evals_text(s->v, field, json_str(x), answer, e) < 0)
			return e->code;
	return 0;
}

static bool
is_text(struct json_val v)
{
	struct json_iter it = json_each(v);
	struct json_val x;

	return json_type(v) == JSON_STRING ||
	       (json_type(v) == JSON_ARRAY && json_next(&it, NULL, &x) &&
		   json_type(x) == JSON_STRING);
}

static struct json_val
field_of(struct json_val item, struct str name)
{
	char path[256];

	if (name.n >= sizeof(path))
		return (struct json_val){ 0 };
	memcpy(path, name.p, name.n);
	path[name.n] = '\0';
	return json_path(item, path);
}

static void
note_keys(struct source *s, struct json_val item)
{
	struct json_iter it = json_each(item);
	struct json_val v;
	struct str key;
	size_t n = 0;

	while (json_next(&it, &key, &v) && n + key.n + 3 < sizeof(s->keys)) {
		if (n)
			memcpy(s->keys + n, ", ", 2);
		n += n ? 2 : 0;
		memcpy(s->keys + n, key.p, key.n);
		n += key.n;
	}
}

static int
add_item(struct source *s, struct json_val item, struct err *e)
{
	struct json_val id = json_get(item, "id"), v;
	bool chosen = s->nfield > 0;
	const struct str *f = chosen ? s->fields : usual;
	size_t i, n = chosen ? s->nfield : sizeof(usual) / sizeof(*usual);
	struct str answer;

	if (json_type(item) != JSON_OBJECT)
		return err_set(e, ERR_FORMAT, "not an object");
	if (s->record == 0)
		note_keys(s, item);
	if (json_type(id) != JSON_STRING)
		id = json_get(item, "task_id");
	if (evals_item(s->v, s->file, s->record, json_str(id), e) < 0)
		return e->code;
	answer = answer_of(item);
	for (i = 0; i < n; i++) {
		v = field_of(item, f[i]);
		if (!is_text(v))
			continue;
		s->found++;
		if (add_texts(s, f[i], v, answer, e) < 0)
			return e->code;
		if (!chosen)
			break;
	}
	return 0;
}

static int
read_array(struct source *s, struct str all, struct err *e)
{
	struct json_val v;
	struct json_iter it;
	struct json *j;
	int rc = json_parse(&j, all.p, all.n, e);

	if (rc < 0)
		return err_prefix(e, "%s", s->path);
	it = json_each(json_root(j));
	for (; rc == 0 && json_next(&it, NULL, &v); s->record++)
		rc = add_item(s, v, e);
	json_free(j);
	return rc < 0 ? err_prefix(
			    e, "%s: record %" PRIu64, s->path, s->record - 1)
		      : 0;
}

/* Of a file that isn't what we read the first line says so already. */
static int
no_json(const struct source *s, struct err *e)
{
	struct err what = *e;

	if (s->record > 0)
		return what.code;
	return err_set(e, what.code,
	    "%.300s (evaluation sets are JSON Lines, or one array of objects)",
	    what.msg);
}

static int
read_line(struct source *s, struct str line, struct err *e)
{
	struct json *j;
	int rc = json_parse(&j, line.p, line.n, e);

	if (rc < 0)
		return no_json(s, e);
	rc = add_item(s, json_root(j), e);
	json_free(j);
	return rc;
}

static bool
is_blank(struct str s)
{
	size_t i;

	for (i = 0; i < s.n; i++)
		if (!strchr(" \t\r", s.p[i]))
			return false;
	return true;
}

static int
read_lines(struct source *s, struct str all, struct err *e)
{
	const char *p = all.p, *end = all.p + all.n, *eol;
	struct str line;

	for (; p < end; p = eol + 1) {
		eol = memchr(p, '\n', (size_t)(end - p));
		if (!eol)
			eol = end;
		line = (struct str){ p, (size_t)(eol - p) };
		if (is_blank(line))
			continue;
		if (read_line(s, line, e) < 0)
			return err_prefix(e, "%s: record %" PRIu64 ", byte %zu",
			    s->path, s->record, (size_t)(p - all.p));
		s->record++;
	}
	return 0;
}

static int
no_field(const struct source *s, struct err *e)
{
	if (s->record == 0)
		return err_set(
		    e, ERR_FORMAT, "%s: no evaluation item in it", s->path);
	if (s->nfield)
		return err_set(e, ERR_FORMAT,
		    "%s: no item has a text in one of --fields; they have: %s",
		    s->path, s->keys);
	return err_set(e, ERR_FORMAT,
	    "%s: no item has a text, question, query, context, prompt or "
	    "instruction; say by --fields which of these to take: %s",
	    s->path, s->keys);
}

int
evals_read(struct evals *v, const char *path, const struct str *fields,
    size_t nfield, struct err *e)
{
	struct source s = { .v = v,
		.path = path,
		.file = path_base(path),
		.fields = fields,
		.nfield = nfield };
	size_t n, skip = 0;
	struct str all;
	char *p;
	int rc = in_slurp(path, &p, &n, e);

	if (rc < 0)
		return rc;
	if (n >= 3 && memcmp(p, "\xef\xbb\xbf", 3) == 0)
		skip = 3;
	while (skip < n && strchr(" \t\r\n", p[skip]))
		skip++;
	all = (struct str){ p + skip, n - skip };
	rc = all.n && all.p[0] == '[' ? read_array(&s, all, e)
				      : read_lines(&s, all, e);
	free(p);
	return rc == 0 && s.found == 0 ? no_field(&s, e) : rc;
}
