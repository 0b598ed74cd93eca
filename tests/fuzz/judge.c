/* SPDX-License-Identifier: MIT */
/*
 * Any valid UTF-8, by all profiles together, there and back: each says what it
 * says alone, and leaves the same text.
 */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/text/utf8.h"
#include "filter/judge.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

enum { PROFILES = 64 };

static void
demand(bool ok)
{
	if (!ok)
		abort();
}

struct alone {
	struct verdict v;
	struct buf text;
};

static void
judge_alone(const struct profile *p, struct str text, struct alone *a)
{
	struct judge *j = judge_new();
	struct err e;

	demand(j && judge_text(j, text, NULL, &e) == 0);
	demand(judge_by(j, p, &a->v, &e) == 0);
	buf_str(&a->text, a->v.text);
	demand(utf8_valid(a->v.text) && a->v.text.n <= text.n);
	judge_free(j);
}

static void
judge_again(struct judge *j, const struct profile *p, const struct alone *a)
{
	struct verdict v;
	struct err e;

	demand(judge_by(j, p, &v, &e) == 0);
	demand(v.reason == a->v.reason);
	demand(!v.reason ||
	       (v.value == a->v.value && v.threshold == a->v.threshold));
	demand(str_eq(v.text, buf_view(&a->text)));
}

static void
judge_all(struct judge *j, struct str text)
{
	struct alone alone[PROFILES] = { 0 };
	struct err e;
	size_t i, n;

	demand(judge_text(j, text, NULL, &e) == 0);
	for (n = 0; profile_at(n); n++) {
		demand(n < PROFILES);
		judge_alone(profile_at(n), text, &alone[n]);
		judge_again(j, profile_at(n), &alone[n]);
	}
	for (i = n; i--;) {
		judge_again(j, profile_at(i), &alone[i]);
		buf_free(&alone[i].text);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	char *copy = malloc(n ? n : 1); /* a byte too far is noticed */
	struct str text = { copy, n };
	struct judge *j = judge_new();

	demand(copy && j);
	memcpy(copy, data, n);
	if (utf8_valid(text)) {
		judge_all(j, text);
		/* With the memory of a text behind it. */
		judge_all(j, (struct str){ copy, 0 });
		judge_all(j, text);
	}
	judge_free(j);
	free(copy);
	return 0;
}
