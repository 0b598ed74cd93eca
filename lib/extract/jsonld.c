/* SPDX-License-Identifier: MIT */
#include "extract/jsonld.h"
#include "base/err.h"
#include "extract/field.h"
#include "io/json.h"

enum { MAX_JSON = 256 * 1024, MAX_NODES = 1000 };

static void
take(struct buf *to, struct str value)
{
	value = field_trim(value);
	if (!to->n && value.n && value.n < 1000)
		buf_str(to, value);
}

/* "x", {"name": "x"} or the first of several. */
static struct str
name_of_node(struct json_val v)
{
	struct json_iter it = json_each(v);
	struct json_val first;
	struct str s;

	if (json_type(v) == JSON_ARRAY) {
		if (!json_next(&it, NULL, &first))
			return (struct str){ NULL, 0 };
		v = first;
	}
	s = json_str(v);
	return s.p ? s : json_str(json_get(v, "name"));
}

static void
node(struct json_val v, struct page *p)
{
	struct str headline = json_str(json_get(v, "headline"));
	struct str date = json_str(json_get(v, "datePublished"));
	struct str author;

	if (!headline.n && !date.n)
		return;
	take(&p->title, headline);
	take(&p->published, date);
	take(&p->modified, json_str(json_get(v, "dateModified")));
	author = name_of_node(json_get(v, "author"));
	if (!author.n || !field_find(author, "://"))
		take(&p->author, author);
	take(&p->site, name_of_node(json_get(v, "publisher")));
}

static void
nodes(struct json_val v, struct page *p)
{
	struct json_iter it;
	struct json_val each;
	int n = 0;

	if (json_type(v) == JSON_OBJECT) {
		node(v, p);
		v = json_get(v, "@graph");
	}
	if (json_type(v) != JSON_ARRAY)
		return;
	it = json_each(v);
	while (n++ < MAX_NODES && json_next(&it, NULL, &each))
		node(each, p);
}

void
jsonld_read(struct str s, struct page *p)
{
	struct json *j;
	struct err e;

	s = field_trim(s);
	if (!s.n || s.n > MAX_JSON || json_parse(&j, s.p, s.n, &e) < 0)
		return;
	nodes(json_root(j), p);
	json_free(j);
}
