/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "base/buf.h"
#include "base/err.h"
#include "extract/corpus.h"
#include "extract/posts.h"
#include "extract/spill.h"

struct posts {
	struct spill *spill;
	struct spill_key key; /* of the post that waits, if there is one */
	struct buf post, thread;
	bool has_post;
};

struct posts *
posts_new(size_t memory)
{
	struct posts *p = calloc(1, sizeof(*p));

	if (p && !(p->spill = spill_new(memory))) {
		free(p);
		return NULL;
	}
	return p;
}

void
posts_free(struct posts *p)
{
	if (!p)
		return;
	spill_free(p->spill);
	buf_free(&p->post);
	buf_free(&p->thread);
	free(p);
}

static uint64_t
att_number(struct str atts, const char *name)
{
	struct str s = corpus_xml_att(atts, name);
	uint64_t v = 0;
	bool minus = s.n && s.p[0] == '-';
	size_t i;

	for (i = minus; i < s.n && i < 16; i++)
		if (s.p[i] >= '0' && s.p[i] <= '9')
			v = v * 10 + (uint64_t)(s.p[i] - '0');
	return minus ? 0 - v : v;
}

/* The question, then its answers, the best first. */
static struct spill_key
post_key(struct str row)
{
	struct corpus_tag t;
	struct spill_key k = { { 0 } };

	if (!corpus_xml_next(&row, &t))
		return k;
	k.v[0] = k.v[2] = att_number(t.atts, "Id");
	if (str_eq(corpus_xml_att(t.atts, "PostTypeId"), STR("2"))) {
		k.v[0] = att_number(t.atts, "ParentId");
		k.v[1] = (UINT64_C(1) << 62) - att_number(t.atts, "Score");
	}
	return k;
}

int
posts_put(struct posts *p, struct str row, struct err *e)
{
	struct spill_key k = post_key(row);

	return spill_put(p->spill, &k, row, e);
}

/* The next row into p->post; has_post tells if there is one. */
static int
next_post(struct posts *p, struct err *e)
{
	struct str row;
	int rc = spill_next(p->spill, &p->key, &row, e);

	p->has_post = rc == 1;
	buf_clear(&p->post);
	if (rc == 1)
		buf_str(&p->post, row);
	return rc < 0 ? rc : buf_ok(&p->post, e);
}

int
posts_sort(struct posts *p, struct err *e)
{
	int rc = spill_sort(p->spill, e);

	return rc < 0 ? rc : next_post(p, e);
}

int
posts_next(
    struct posts *p, size_t max, struct str *thread, bool *cut, struct err *e)
{
	uint64_t question = p->key.v[0];

	*cut = false;
	if (!p->has_post)
		return 0;
	buf_clear(&p->thread);
	while (p->has_post && p->key.v[0] == question) {
		*cut |= p->thread.n && p->thread.n + p->post.n > max;
		if (!*cut)
			buf_str(&p->thread, buf_view(&p->post));
		if (next_post(p, e) < 0)
			return e->code;
	}
	*thread = buf_view(&p->thread);
	return buf_ok(&p->thread, e) < 0 ? e->code : 1;
}
