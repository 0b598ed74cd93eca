/* SPDX-License-Identifier: MIT */
#include <cstdlib>
#include <new>

#include "base/err.h"
#include "io/json.h"
#include "io/json_face.hpp"
#include "io/stream.h"

using simdjson::dom::element;
using simdjson::dom::element_type;

struct json {
	simdjson::dom::parser parser;
	simdjson::padded_string text;
	element root;
};

int
json_parse(struct json **out, const char *p, size_t n, struct err *e)
{
	struct json *j = new (std::nothrow) json;
	simdjson::error_code rc;

	*out = NULL;
	if (!j)
		return err_nomem(e, "JSON");
	j->text = simdjson::padded_string(p, n);
	rc = j->parser.parse(j->text).get(j->root);
	if (rc) {
		delete j;
		if (rc == simdjson::MEMALLOC)
			return err_nomem(e, "JSON");
		return err_set(e, ERR_FORMAT, "malformed JSON: %s",
		    simdjson::error_message(rc));
	}
	*out = j;
	return 0;
}

int
json_load(struct json **j, const char *path, struct err *e)
{
	char *p;
	size_t n;
	int rc;

	*j = NULL;
	if (in_slurp(path, &p, &n, e) < 0)
		return e->code;
	rc = json_parse(j, p, n, e);
	free(p);
	if (rc < 0)
		err_prefix(e, "%s", path);
	return rc;
}

struct json_val
json_root(const struct json *j)
{
	return json_handle(j->root);
}

void
json_free(struct json *j)
{
	delete j;
}

enum json_type
json_type(struct json_val v)
{
	if (!v.doc)
		return JSON_NONE;
	switch (json_element(v).type()) {
	case element_type::NULL_VALUE:
		return JSON_NULL;
	case element_type::BOOL:
		return JSON_BOOL;
	case element_type::INT64:
	case element_type::UINT64:
	case element_type::DOUBLE:
		return JSON_NUMBER;
	case element_type::STRING:
		return JSON_STRING;
	case element_type::ARRAY:
		return JSON_ARRAY;
	case element_type::OBJECT:
		return JSON_OBJECT;
	}
	return JSON_NONE;
}

static struct json_val
member(struct json_val object, std::string_view key)
{
	element el;

	if (json_type(object) != JSON_OBJECT ||
	    json_element(object).at_key(key).get(el))
		return json_val{ NULL, 0 };
	return json_handle(el);
}

struct json_val
json_get(struct json_val object, const char *key)
{
	return member(object, key);
}

struct json_val
json_path(struct json_val v, const char *path)
{
	const char *dot;

	while ((dot = strchr(path, '.'))) {
		v = member(v, std::string_view(path, size_t(dot - path)));
		path = dot + 1;
	}
	return member(v, path);
}

size_t
json_count(struct json_val v)
{
	struct json_iter it = json_each(v);
	struct json_val x;
	size_t n = 0;

	while (json_next(&it, NULL, &x))
		n++;
	return n;
}

bool
json_bool(struct json_val v, bool otherwise)
{
	bool b;

	return !v.doc || json_element(v).get(b) ? otherwise : b;
}

double
json_double(struct json_val v, double otherwise)
{
	double d;

	return !v.doc || json_element(v).get(d) ? otherwise : d;
}

int64_t
json_int(struct json_val v, int64_t otherwise)
{
	int64_t i;

	return !v.doc || json_element(v).get(i) ? otherwise : i;
}

uint64_t
json_u64(struct json_val v, uint64_t otherwise)
{
	uint64_t i;

	return !v.doc || json_element(v).get(i) ? otherwise : i;
}

struct str
json_str(struct json_val v)
{
	std::string_view s;

	if (!v.doc || json_element(v).get(s))
		return { NULL, 0 };
	return { s.data(), s.size() };
}

struct json_iter
json_each(struct json_val v)
{
	struct json_iter it = {};
	simdjson::dom::object o;
	simdjson::dom::array a;

	if (!v.doc)
		return it;
	if (!json_element(v).get(o)) {
		it.object = true;
		it.at = json_handle(o.begin());
		it.end = json_handle(o.end());
	} else if (!json_element(v).get(a)) {
		it.at = json_handle(a.begin());
		it.end = json_handle(a.end());
	}
	return it;
}

template <typename T>
static T
place(struct json_val v)
{
	T t;

	memcpy(static_cast<void *>(&t), &v, sizeof(v));
	return t;
}

bool
json_next(struct json_iter *it, struct str *key, struct json_val *v)
{
	if (it->at.at == it->end.at)
		return false;
	if (it->object) {
		auto at = place<simdjson::dom::object::iterator>(it->at);

		if (key)
			*key = { at.key_c_str(), at.key_length() };
		*v = json_handle(at.value());
		it->at = json_handle(++at);
	} else {
		auto at = place<simdjson::dom::array::iterator>(it->at);

		if (key)
			*key = { NULL, 0 };
		*v = json_handle(*at);
		it->at = json_handle(++at);
	}
	return true;
}
