/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "base/err.h"
#include "io/json.h"
#include "tap.h"

int
main(void)
{
	static const char text[] =
	    "{\"a\":1,\"b\":[true,null,-2.5,\"x\\u00e9\",{}],"
	    "\"c\":{\"d\":{\"e\":18446744073709551615}},\"a\":2}";
	struct json_iter it;
	struct json_val root, v;
	struct str key;
	struct json *j;
	struct err e;
	int n = 0;

	OK(json_parse(&j, text, strlen(text), &e) == 0, "parses");
	root = json_root(j);
	OK(json_type(root) == JSON_OBJECT && json_count(root) == 4,
	    "an object of four");
	OK(json_int(json_get(root, "a"), 0) == 1, "the first of two");
	OK(json_u64(json_path(root, "c.d.e"), 0) == UINT64_MAX, "a path");
	OK(json_int(json_path(root, "c.d.e"), -1) == -1, "that is no int64");
	OK(json_type(json_path(root, "c.x.e")) == JSON_NONE,
	    "a path to nowhere");
	it = json_each(json_get(root, "b"));
	while (json_next(&it, &key, &v)) {
		n++;
		if (n == 1)
			OK(json_bool(v, false) && !key.p, "a bool");
		if (n == 2)
			OK(json_type(v) == JSON_NULL, "a null");
		if (n == 3)
			OK(json_double(v, 0) == -2.5 && json_int(v, 7) == 7,
			    "a double is no int");
		if (n == 4)
			OK(str_eq(json_str(v), STR("x\xc3\xa9")), "a string");
	}
	OK(n == 5, "five elements");
	it = json_each(root);
	n = 0;
	while (json_next(&it, &key, &v))
		n += str_eq(key, STR("a"));
	OK(n == 2, "iteration sees both");
	OK(json_count((struct json_val){ 0 }) == 0 &&
		!json_str(json_get(root, "nope")).p,
	    "nothing has nothing in it");
	json_free(j);
	OK(json_parse(&j, "{\"a\":}", 6, &e) == ERR_FORMAT && !j,
	    "malformed: %s", e.msg);
	OK(json_parse(&j, "", 0, &e) == ERR_FORMAT, "empty: %s", e.msg);
	return tap_end();
}
