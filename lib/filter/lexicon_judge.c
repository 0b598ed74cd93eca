/* SPDX-License-Identifier: MIT */
#include "base/err.h"
#include "filter/lexicon_judge.h"

void
lexicon_scratch_free(struct lexicon_scratch *s)
{
	lexicon_found_free(&s->found);
	classify_units_free(&s->units);
	buf_free(&s->json);
	buf_free(&s->parts);
	buf_free(&s->text);
}

static double
ratio_of(uint64_t n, uint64_t words)
{
	return words ? (double)n / (double)words : 0;
}

static void
put_count(struct buf *b, uint64_t n, uint64_t words)
{
	buf_printf(b, "\"count\":%llu,\"ratio\":", (unsigned long long)n);
	buf_double(b, ratio_of(n, words));
}

/* What stands in a part: its counts are added; *list: that flags it, or -1. */
static void
count_part(const struct lexicon_rules *r, struct lexicon_scratch *s, int *list,
    uint64_t *n)
{
	uint64_t here[LEXICONS_MAX] = { 0 };
	size_t i, lists = lexicons_count(r->lists);

	*list = -1;
	for (i = 0; i < s->found.n; i++)
		here[s->found.v[i].list]++;
	for (i = 0; i < lists; i++) {
		s->counts[i] += here[i];
		if (*list < 0 && here[i] > r->above &&
		    ratio_of(here[i], s->found.words) > r->ratio) {
			*list = (int)i;
			*n = here[i];
		}
	}
}

static void
put_spans(const struct lexicon_rules *r, struct lexicon_scratch *s,
    size_t offset, const char **comma)
{
	const struct lexicon_match *m = s->found.v;
	size_t i;

	for (i = 0; r->spans && i < s->found.n; i++, m++) {
		buf_printf(&s->json,
		    "%s{\"start\":%llu,\"end\":%llu,\"list\":", *comma,
		    (unsigned long long)(offset + m->start),
		    (unsigned long long)(offset + m->start + m->n));
		buf_json(&s->json, str_c(lexicons_name(r->lists, m->list)));
		buf_putc(&s->json, '}');
		*comma = ",";
	}
}

static void
put_part(const struct lexicon_rules *r, struct lexicon_scratch *s, size_t from,
    size_t to, int list, uint64_t n)
{
	struct buf *b = &s->parts;

	buf_printf(b,
	    "%s{\"start\":%llu,\"end\":%llu,\"list\":", b->n ? "," : "",
	    (unsigned long long)from, (unsigned long long)to);
	buf_json(b, str_c(lexicons_name(r->lists, (size_t)list)));
	buf_putc(b, ',');
	put_count(b, n, s->found.words);
	buf_puts(b, r->drop ? ",\"removed\":true}" : "}");
}

static void
put_lists(
    const struct lexicon_rules *r, struct lexicon_scratch *s, uint64_t words)
{
	const char *comma = "";
	size_t i;

	buf_printf(
	    &s->json, "\"words\":%llu,\"lists\":{", (unsigned long long)words);
	for (i = 0; i < lexicons_count(r->lists); i++) {
		if (!s->counts[i])
			continue;
		buf_puts(&s->json, comma);
		buf_json(&s->json, str_c(lexicons_name(r->lists, i)));
		buf_puts(&s->json, ":{");
		put_count(&s->json, s->counts[i], words);
		buf_putc(&s->json, '}');
		comma = ",";
	}
	buf_putc(&s->json, '}');
	if (s->parts.n && r->unit != CLASSIFY_DOCUMENT) {
		buf_puts(&s->json, ",\"units\":[");
		buf_str(&s->json, buf_view(&s->parts));
		buf_putc(&s->json, ']');
	}
	buf_putc(&s->json, '}');
}

/* Parts that are flagged go; is any left? */
static void
remove_parts(const struct lexicon_rules *r, struct lexicon_scratch *s,
    struct str text, size_t gone, struct lexicon_verdict *v)
{
	if (!r->drop || !gone || r->unit == CLASSIFY_DOCUMENT)
		return;
	if (gone == s->units.n) {
		v->rule = "lexicon_all";
		v->value = (double)gone;
		return;
	}
	buf_clear(&s->text);
	classify_units_join(&s->units, text, &s->text);
	v->text = buf_view(&s->text);
}

int
lexicon_judge(const struct lexicon_rules *r, struct lexicon_scratch *s,
    struct str text, struct str language, struct lexicon_verdict *v,
    struct err *e)
{
	uint64_t words = 0, found = 0, n = 0;
	const char *comma = "";
	size_t i, gone = 0, from;
	int list;

	*v = (struct lexicon_verdict){ .text = text };
	memset(s->counts, 0, sizeof(s->counts));
	buf_clear(&s->json);
	buf_clear(&s->parts);
	buf_puts(&s->json, r->spans ? "{\"spans\":[" : "{");
	if (classify_units_split(&s->units, text, r->unit, e) < 0)
		return e->code;
	for (i = 0; i < s->units.n; i++) {
		from = (size_t)(s->units.v[i].p - text.p);
		if (lexicons_find(
			r->lists, s->units.v[i], language, &s->found, e) < 0)
			return e->code;
		words += s->found.words;
		found += s->found.n;
		count_part(r, s, &list, &n);
		put_spans(r, s, from, &comma);
		if (list < 0)
			continue;
		put_part(r, s, from, from + s->units.v[i].n, list, n);
		s->units.gone[i] = r->drop;
		gone++;
		if (r->drop && r->unit == CLASSIFY_DOCUMENT)
			*v = (struct lexicon_verdict){ "lexicon", (double)n,
				(double)r->above, text, { NULL, 0 } };
	}
	remove_parts(r, s, text, gone, v);
	if (r->spans)
		buf_puts(&s->json, "],");
	put_lists(r, s, words);
	s->words = words;
	if (found)
		v->json = buf_view(&s->json);
	if (buf_ok(&s->text, e) < 0 || buf_ok(&s->parts, e) < 0)
		return e->code;
	return buf_ok(&s->json, e);
}
