/* SPDX-License-Identifier: MIT */
#ifndef IO_JSON_FACE_HPP
#define IO_JSON_FACE_HPP

/* What json.cpp and doc_parse.cpp share: handles to simdjson's elements. */
#include <cstring>
#include <simdjson.h>

#include "io/json.h"

static_assert(sizeof(simdjson::dom::element) == sizeof(struct json_val),
    "a handle is simdjson's element");

static inline simdjson::dom::element
json_element(struct json_val v)
{
	simdjson::dom::element el;

	memcpy(static_cast<void *>(&el), &v, sizeof(v));
	return el;
}

template <typename T>
static inline struct json_val
json_handle(const T &el)
{
	struct json_val v;

	static_assert(sizeof(T) == sizeof(v), "a place on the tape");
	memcpy(&v, static_cast<const void *>(&el), sizeof(v));
	return v;
}

#endif
