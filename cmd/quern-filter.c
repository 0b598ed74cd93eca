/* SPDX-License-Identifier: MIT */
/* Keeps documents that profiles and a condition accept. */
#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "cmd.h"
#include "filter/expr.h"
#include "filter/profile.h"
#include "filter/strs.h"

static struct opt_common common;
static struct opt_list profile;
static const char *where;
static bool explain, list_profiles;

/* ctx of the workers: what to judge by. */
struct judges {
	const struct profile **profiles;
	size_t n;
	struct expr *where;    /* or NULL */
	struct buf where_json; /* {"where":"..."}: the reason it gives */
	bool explain;
	bool measure; /* are signals needed at all? */
};

struct worker {
	struct meter *meter;
	struct signals signals;
	struct buf json;
};

static void
worker_free(void *worker)
{
	struct worker *w = worker;

	meter_free(w->meter);
	buf_free(&w->json);
	free(w);
}

static void *
worker_new(void *ctx, struct err *e)
{
	struct worker *w = calloc(1, sizeof(*w));

	(void)ctx;
	if (w)
		w->meter = meter_new();
	if (w && w->meter)
		return w;
	free(w);
	err_nomem(e, "threads");
	return NULL;
}

static struct str
explanation(const struct judges *j, struct worker *w)
{
	buf_clear(&w->json);
	if (j->explain)
		explain_json(j->profiles, j->n, &w->signals, &w->json);
	return buf_view(&w->json);
}

/* Dropped by the only profile. */
static int
drop(const struct judges *j, struct worker *w, const struct rule *r,
    struct doc *d, struct emit *em, struct err *e)
{
	struct str detail = explanation(j, w);

	if (buf_ok(&w->json, e) < 0)
		return e->code;
	return emit_drop(em, d,
	    &(struct reason){ .rule = r->reason,
		.has_value = true,
		.value = w->signals.v[r->signal],
		.threshold = r->threshold,
		.detail = detail },
	    e);
}

/* Record what each of several profiles thinks. */
static int
record(const struct judges *j, struct worker *w, struct doc *d, struct err *e)
{
	struct buf *b = &w->json;
	size_t i;

	buf_clear(b);
	for (i = 0; i < j->n; i++) {
		buf_printf(b, "%c\"%s\":", i ? ',' : '{', j->profiles[i]->name);
		verdict_json(
		    profile_judge(j->profiles[i], &w->signals), &w->signals, b);
	}
	buf_putc(b, '}');
	doc_set_json(d, "profile", buf_view(b));
	return buf_ok(b, e);
}

static int
keep(const struct judges *j, struct worker *w, struct doc *d, struct emit *em,
    struct err *e)
{
	if (j->n > 1 && record(j, w, d, e) < 0)
		return e->code;
	if (j->explain) {
		doc_set_json(d, "filter", explanation(j, w));
		if (buf_ok(&w->json, e) < 0)
			return e->code;
	}
	return emit_keep(em, d, e);
}

static int
judge(void *ctx, void *worker, struct doc *d, struct emit *em, struct err *e)
{
	const struct judges *j = ctx;
	struct worker *w = worker;
	const struct rule *r = NULL;

	if (j->measure && meter_text(w->meter, d->text, &w->signals, e) < 0)
		return e->code;
	if (j->where && !expr_true(j->where, &w->signals, d))
		return emit_drop(em, d,
		    &(struct reason){
			.rule = "where", .detail = buf_view(&j->where_json) },
		    e);
	if (j->n == 1)
		r = profile_judge(j->profiles[0], &w->signals);
	return r ? drop(j, w, r, d, em, e) : keep(j, w, d, em, e);
}

static int
add_profile(struct judges *j, struct str name, struct err *e)
{
	const struct profile *p;
	size_t i;

	if (profile_find(name, &p, e) < 0)
		return e->code;
	for (i = 0; i < j->n; i++)
		if (j->profiles[i] == p)
			return err_set(
			    e, ERR_ARG, "profile %s is named twice", p->name);
	j->profiles[j->n++] = p;
	return 0;
}

static int
find_profiles(struct judges *j, struct err *e)
{
	struct strs names;
	size_t i;
	int rc = 0;

	if (strs_split(&names, &profile, "--profile", e) < 0)
		return e->code;
	j->profiles = calloc(names.n + 1, sizeof(*j->profiles));
	if (!j->profiles) {
		strs_free(&names);
		return err_nomem(e, "options");
	}
	for (i = 0; rc == 0 && i < names.n; i++)
		rc = add_profile(j, names.v[i], e);
	strs_free(&names);
	return rc;
}

static int
prepare(struct judges *j, struct err *e)
{
	if (find_profiles(j, e) < 0)
		return e->code;
	if (where && expr_parse(&j->where, str_c(where), e) < 0)
		return err_prefix(e, "--where");
	buf_puts(&j->where_json, "{\"where\":");
	buf_json_lossy(&j->where_json, str_c(where));
	buf_putc(&j->where_json, '}');
	j->explain = explain;
	if (!j->n && !where && !explain)
		return err_set(e, ERR_ARG,
		    "nothing to filter by: give --profile or --where");
	j->measure = j->n || explain || (where && expr_signals(j->where));
	return buf_ok(&j->where_json, e);
}

static int
print_profiles(void)
{
	struct buf b = { 0 };
	size_t i;

	for (i = 0; profile_at(i); i++)
		profile_print(profile_at(i), &b);
	fwrite(b.p, 1, b.n, stdout);
	buf_free(&b);
	return 0;
}

static const struct opt opts[] = {
	{ "profile", 0, OPT_LIST, &profile, "NAMES",
	    "one: keep what it accepts; several, a,b: keep all and record "
	    "each verdict in metadata.profile",
	    NULL },
	{ "where", 0, OPT_STR, &where, "EXPR",
	    "keep what EXPR is true for; see below", NULL },
	{ "explain", 0, OPT_FLAG, &explain, NULL,
	    "add all signals and every rule that rejects, as metadata.filter",
	    NULL },
	{ "list-profiles", 0, OPT_FLAG, &list_profiles, NULL,
	    "print the profiles with their rules", NULL },
	{ 0 },
};
static const struct opt shared[] = { OPT_COMMON(&common), { 0 } };
static const struct opt_cmd cmd = { .name = "filter",
	.args = "[FILE...]",
	.summary = "keep the documents that quality rules accept",
	.example =
	    "quern filter --profile gopher --rejects bad.jsonl docs.jsonl"
	    "\nquern filter --where 'language == \"en\" and "
	    "words >= 50' docs.jsonl",
	.opts = opts,
	.common = shared,
	.more =
	    "EXPR joins comparisons (== != < <= > >=) of numbers, \"text\", "
	    "true, false, null\nand names by and, or, not and ( ).  Names "
	    "are metadata keys (language, url, ...;\nmetadata.KEY for any) "
	    "and these signals:\n"
#define SIGNAL(name, what) "  " #name ": " what "\n"
#include "filter/signals.def"
#undef SIGNAL
};

int
main(int argc, char **argv)
{
	static const struct docs_ops ops = { .worker_new = worker_new,
		.worker_free = worker_free,
		.doc = judge };
	struct judges j = { 0 };
	struct err e;
	int rc;

	opt_common_init(&common);
	argc = cmd_begin(&cmd, argc, argv);
	if (list_profiles)
		return cmd_end(&cmd, print_profiles(), &e);
	rc = prepare(&j, &e);
	rc = rc < 0 ? cmd_end(&cmd, rc, &e)
		    : cmd_docs(&cmd, &common, argc, argv, &ops, &j);
	expr_free(j.where);
	buf_free(&j.where_json);
	free(j.profiles);
	return rc;
}
