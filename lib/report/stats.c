/* SPDX-License-Identifier: MIT */
#include "report/stats.h"

#include <stdlib.h>

#include "base/err.h"
#include "base/version.h"
#include "report/copy.h"

void
stats_free(struct stats *s)
{
	size_t i;

	for (i = 0; i < s->nnumber; i++) {
		free(s->numbers[i].name);
		free(s->numbers[i].about);
		hist_free(&s->numbers[i].hist);
	}
	for (i = 0; i < s->nby; i++) {
		free(s->by[i].name);
		counts_free(&s->by[i].counts);
	}
	free(s->numbers);
	free(s->by);
	samples_free(&s->samples);
	*s = (struct stats){ 0 };
}

int
stats_add_number(
    struct stats *s, struct str name, struct str about, struct err *e)
{
	struct stats_number *v =
	    realloc(s->numbers, (s->nnumber + 1) * sizeof(*v));

	if (!v)
		return err_nomem(e, "statistics");
	s->numbers = v;
	v += s->nnumber++;
	*v = (struct stats_number){ .name = copy_str(name),
		.about = copy_str(about) };
	return v->name && v->about ? 0 : err_nomem(e, "statistics");
}

int
stats_add_by(struct stats *s, struct str name, struct err *e)
{
	struct stats_by *v = realloc(s->by, (s->nby + 1) * sizeof(*v));

	if (!v)
		return err_nomem(e, "statistics");
	s->by = v;
	v += s->nby++;
	*v = (struct stats_by){ .name = copy_str(name) };
	return v->name ? 0 : err_nomem(e, "statistics");
}

/* The number of that name, added if it isn't there; NULL: no memory. */
static struct stats_number *
number_get(struct stats *s, struct str name, struct str about, struct err *e)
{
	size_t i;

	for (i = 0; i < s->nnumber; i++)
		if (str_eq(str_c(s->numbers[i].name), name))
			return &s->numbers[i];
	return stats_add_number(s, name, about, e) < 0 ? NULL : &s->numbers[i];
}

static struct stats_by *
by_get(struct stats *s, struct str name, struct err *e)
{
	size_t i;

	for (i = 0; i < s->nby; i++)
		if (str_eq(str_c(s->by[i].name), name))
			return &s->by[i];
	return stats_add_by(s, name, e) < 0 ? NULL : &s->by[i];
}

static int
merge_number(struct stats *s, const struct stats_number *x, struct err *e)
{
	struct stats_number *n =
	    number_get(s, str_c(x->name), str_c(x->about), e);

	return n ? hist_merge(&n->hist, &x->hist, e) : e->code;
}

static int
merge_by(struct stats *s, const struct stats_by *x, struct err *e)
{
	struct stats_by *b = by_get(s, str_c(x->name), e);

	if (!b)
		return e->code;
	if (counts_merge(&b->counts, &x->counts, s->limit, e) < 0)
		return err_prefix(e, "%s", x->name);
	return 0;
}

int
stats_merge(struct stats *s, const struct stats *x, struct err *e)
{
	size_t i;

	s->documents += x->documents;
	s->damaged += x->damaged;
	s->bytes += x->bytes;
	for (i = 0; i < x->nnumber; i++)
		if (merge_number(s, &x->numbers[i], e) < 0)
			return e->code;
	for (i = 0; i < x->nby; i++)
		if (merge_by(s, &x->by[i], e) < 0)
			return e->code;
	return samples_merge(&s->samples, &x->samples, e);
}

static void
numbers_json(const struct stats *s, struct buf *out)
{
	size_t i;

	for (i = 0; i < s->nnumber; i++) {
		buf_puts(out, i ? "," : "");
		buf_json(out, str_c(s->numbers[i].name));
		buf_puts(out, ":{\"about\":");
		buf_json(out, str_c(s->numbers[i].about));
		buf_puts(out, ",\"histogram\":");
		hist_json(&s->numbers[i].hist, out);
		buf_putc(out, '}');
	}
}

int
stats_json(const struct stats *s, struct buf *out, struct err *e)
{
	size_t i;

	buf_puts(out, "{\"command\":\"stats\",\"version\":\"" QUERN_VERSION
		      "\",\"documents\":");
	buf_u64(out, s->documents);
	buf_puts(out, ",\"damaged\":");
	buf_u64(out, s->damaged);
	buf_puts(out, ",\"text_bytes\":");
	buf_u64(out, s->bytes);
	buf_puts(out, ",\"numbers\":{");
	numbers_json(s, out);
	buf_puts(out, "},\"by\":{");
	for (i = 0; i < s->nby; i++) {
		buf_puts(out, i ? "," : "");
		buf_json(out, str_c(s->by[i].name));
		buf_putc(out, ':');
		if (counts_json(&s->by[i].counts, out, e) < 0)
			return e->code;
	}
	buf_puts(out, "},\"samples\":");
	samples_json(&s->samples, out);
	buf_puts(out, "}\n");
	return buf_ok(out, e);
}

bool
stats_is(struct json_val v)
{
	return str_eq(json_str(json_get(v, "command")), STR("stats")) &&
	       json_type(json_get(v, "numbers")) == JSON_OBJECT;
}

static int
read_numbers(struct stats *s, struct json_val v, struct err *e)
{
	struct json_iter it = json_each(v);
	struct stats_number *n;
	struct json_val item;
	struct str name;

	while (json_next(&it, &name, &item)) {
		n = number_get(s, name, json_str(json_get(item, "about")), e);
		if (!n)
			return e->code;
		if (n->hist.n)
			return err_set(
			    e, ERR_FORMAT, "%s stands there twice", n->name);
		if (hist_read(&n->hist, json_get(item, "histogram"), e) < 0)
			return err_prefix(e, "%s", n->name);
	}
	return 0;
}

static int
read_by(struct stats *s, struct json_val v, struct err *e)
{
	struct json_iter it = json_each(v);
	struct json_val item;
	struct stats_by *b;
	struct str name;

	while (json_next(&it, &name, &item)) {
		b = by_get(s, name, e);
		if (!b)
			return e->code;
		if (counts_read(&b->counts, item, s->limit, e) < 0)
			return err_prefix(e, "%s", b->name);
	}
	return 0;
}

int
stats_read(struct stats *s, struct json_val v, struct err *e)
{
	if (!stats_is(v))
		return err_set(
		    e, ERR_FORMAT, "these are no statistics of quern stats");
	s->documents = json_u64(json_get(v, "documents"), 0);
	s->damaged = json_u64(json_get(v, "damaged"), 0);
	s->bytes = json_u64(json_get(v, "text_bytes"), 0);
	if (read_numbers(s, json_get(v, "numbers"), e) < 0 ||
	    read_by(s, json_get(v, "by"), e) < 0)
		return e->code;
	return samples_read(&s->samples, json_get(v, "samples"), e);
}
