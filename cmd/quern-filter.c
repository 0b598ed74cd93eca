/* SPDX-License-Identifier: MIT */
/* Keeps documents that profiles and a condition accept. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "cmd.h"
#include "filter/expr.h"
#include "filter/judge.h"
#include "filter/lexicon_judge.h"
#include "filter/strs.h"
#include "filter/urllist.h"
#include "filter/verdicts.h"
#include "io/stream.h"

static struct opt_common common;
static struct opt_list profile;
static struct opt_list url_lists, url_categories;
static struct opt_list url_words, url_soft_words, url_substrings;
static struct opt_list lexicons;
static const char *lexicon_unit = "document";
static uint64_t lexicon_above;
static double lexicon_ratio;
static bool lexicon_drop;
static const char *where;
static bool explain, list_profiles;

/* ctx of the workers: what to judge by. */
struct judges {
	const struct profile **profiles;
	struct profile_file **files; /* those the user wrote */
	struct verdicts verdicts;    /* of several */
	size_t n, nfile;
	struct urllist *urls;         /* or NULL */
	struct lexicon_rules lexicon; /* lists: or NULL */
	struct expr *where;           /* or NULL */
	struct buf names; /* of the lists' numbers in it, a NUL behind each */
	const char *name[2 * LEXICONS_MAX];
	struct buf where_json; /* {"where":"..."}: the reason it gives */
	bool explain;
};

struct worker {
	struct judge *judge;
	struct signals signals; /* those that --where names */
	struct urllist_scratch url;
	struct lexicon_scratch lexicon;
	double counts[2 * LEXICONS_MAX]; /* entries of lists, and a word */
	struct buf json;
};

static void
worker_free(void *worker)
{
	struct worker *w = worker;

	judge_free(w->judge);
	urllist_scratch_free(&w->url);
	lexicon_scratch_free(&w->lexicon);
	buf_free(&w->json);
	free(w);
}

static void *
worker_new(void *ctx, struct err *e)
{
	struct worker *w = calloc(1, sizeof(*w));

	(void)ctx;
	if (w)
		w->judge = judge_new();
	if (w && w->judge)
		return w;
	free(w);
	err_nomem(e, "threads");
	return NULL;
}

static int
explanation(const struct judges *j, struct worker *w, struct err *e)
{
	buf_clear(&w->json);
	if (j->explain &&
	    explain_json(w->judge, j->profiles, j->n, &w->json, e) < 0)
		return e->code;
	return buf_ok(&w->json, e);
}

/* Dropped by the only profile. */
static int
drop(const struct judges *j, struct worker *w, const struct verdict *v,
    struct doc *d, struct emit *em, struct err *e)
{
	if (explanation(j, w, e) < 0)
		return e->code;
	return emit_drop(em, d,
	    &(struct reason){ .rule = v->reason,
		.has_value = !isnan(v->value),
		.value = v->value,
		.threshold = v->threshold,
		.detail = buf_view(&w->json) },
	    e);
}

/* Record what each of several profiles thinks, and count it. */
static int
record(const struct judges *j, struct worker *w, struct doc *d, struct emit *em,
    struct err *e)
{
	buf_clear(&w->json);
	if (verdicts_put(&j->verdicts, w->judge, &w->json, &em->side, e) < 0)
		return e->code;
	doc_set_json(d, "profile", buf_view(&w->json));
	return 0;
}

static int
keep(const struct judges *j, struct worker *w, struct doc *d, struct emit *em,
    struct err *e)
{
	if (j->n > 1 && record(j, w, d, em, e) < 0)
		return e->code;
	if (j->explain) {
		if (explanation(j, w, e) < 0)
			return e->code;
		doc_set_json(d, "filter", buf_view(&w->json));
	}
	return emit_keep(em, d, e);
}

/* The cleaned text moves: an explanation uses its memory. */
static int
keep_cleaned(const struct judges *j, struct worker *w, struct str text,
    struct doc *d, struct emit *em, struct err *e)
{
	struct str copy = arena_dup(d->arena, text);

	if (!copy.p)
		return err_nomem(e, "a text");
	doc_set_text(d, copy);
	return keep(j, w, d, em, e);
}

/* Is --where true?  Also without one. */
static int
where_holds(const struct judges *j, struct worker *w, const struct doc *d,
    bool *holds, struct err *e)
{
	int i;

	*holds = true;
	if (!j->where)
		return 0;
	for (i = 0; i < SIGNALS; i++)
		if (expr_wants(j->where, (enum signal)i) &&
		    judge_signal(
			w->judge, (enum signal)i, &w->signals.v[i], e) < 0)
			return e->code;
	*holds = expr_true(j->where, &w->signals, d, w->counts);
	return 0;
}

/* Dropped for its URL. */
static int
drop_url(struct worker *w, const struct urllist_hit *hit, struct doc *d,
    struct emit *em, struct err *e)
{
	struct buf *b = &w->json;

	buf_clear(b);
	buf_puts(b, "{\"match\":");
	buf_json_lossy(b, hit->match);
	if (hit->category) {
		buf_puts(b, ",\"category\":");
		buf_json_lossy(b, str_c(hit->category));
	}
	buf_putc(b, '}');
	if (buf_ok(b, e) < 0)
		return e->code;
	return emit_drop(em, d,
	    &(struct reason){ .rule = hit->rule,
		.has_value = true,
		.value = (double)hit->value,
		.threshold = (double)hit->threshold,
		.detail = buf_view(b) },
	    e);
}

/* What --where may ask of lists. */
static void
note_counts(const struct judges *j, struct worker *w)
{
	double words = (double)w->lexicon.words;
	size_t i;

	for (i = 0; i < lexicons_count(j->lexicon.lists); i++) {
		w->counts[2 * i] = (double)w->lexicon.counts[i];
		w->counts[2 * i + 1] = words > 0 ? w->counts[2 * i] / words : 0;
	}
}

/*
 * By lists of words: dropped, or what is left of its text, which goes out with
 * what they say.
 */
static int
judge_words(const struct judges *j, struct worker *w, struct doc *d,
    struct str *text, bool *dropped, struct emit *em, struct err *e)
{
	struct lexicon_verdict v;

	*text = d->text;
	*dropped = false;
	if (!j->lexicon.lists)
		return 0;
	if (lexicon_judge(&j->lexicon, &w->lexicon, d->text,
		json_str(doc_meta(d, "language")), &v, e) < 0)
		return e->code;
	note_counts(j, w);
	*dropped = v.rule;
	if (v.rule)
		return emit_drop(em, d,
		    &(struct reason){ .rule = v.rule,
			.has_value = true,
			.value = v.value,
			.threshold = v.threshold,
			.detail = v.json },
		    e);
	if (v.json.n)
		doc_set_json(d, "lexicon", v.json);
	if (v.text.p != d->text.p)
		doc_set_text(d, v.text);
	*text = v.text;
	return 0;
}

/* By its text, of a URL that nothing is said against. */
static int
judge(const struct judges *j, struct worker *w, struct doc *d, struct emit *em,
    struct err *e)
{
	struct verdict v = { 0 };
	struct str text;
	bool holds, dropped;

	if (judge_words(j, w, d, &text, &dropped, em, e) < 0 || dropped)
		return dropped ? 0 : e->code;
	if (judge_text(w->judge, text, d, e) < 0 ||
	    where_holds(j, w, d, &holds, e) < 0)
		return e->code;
	if (!holds)
		return emit_drop(em, d,
		    &(struct reason){
			.rule = "where", .detail = buf_view(&j->where_json) },
		    e);
	if (j->n != 1)
		return keep(j, w, d, em, e);
	if (judge_by(w->judge, j->profiles[0], &v, e) < 0)
		return e->code;
	if (v.reason)
		return drop(j, w, &v, d, em, e);
	if (v.text.p != text.p)
		return keep_cleaned(j, w, v.text, d, em, e);
	return keep(j, w, d, em, e);
}

static int
judge_doc(
    void *ctx, void *worker, struct doc *d, struct emit *em, struct err *e)
{
	const struct judges *j = ctx;
	struct worker *w = worker;
	struct urllist_hit hit = { 0 };

	if (j->urls && urllist_look(j->urls, json_str(doc_meta(d, "url")),
			   &w->url, &hit, e) < 0)
		return e->code;
	return hit.rule ? drop_url(w, &hit, d, em, e) : judge(j, w, d, em, e);
}

static bool
is_file(struct str name)
{
	return memchr(name.p, '/', name.n) || str_ends(name, STR(".profile"));
}

/* A profile that the user wrote joins j->files. */
static int
read_profile(struct judges *j, struct str name, struct err *e)
{
	char path[4096], *p;
	size_t n;
	int rc;

	if (name.n >= sizeof(path))
		return err_set(e, ERR_ARG, "a name of over 4095 bytes");
	memcpy(path, name.p, name.n);
	path[name.n] = 0;
	if (in_slurp(path, &p, &n, e) < 0)
		return e->code;
	rc = profile_parse(&j->files[j->nfile], (struct str){ p, n }, path, e);
	free(p);
	if (rc == 0)
		j->nfile++;
	return rc;
}

static int
add_profile(struct judges *j, struct str name, struct err *e)
{
	const struct profile *p;
	size_t i;

	if (is_file(name)) {
		if (read_profile(j, name, e) < 0)
			return e->code;
		p = profile_of(j->files[j->nfile - 1]);
	} else if (profile_find(name, &p, e) < 0) {
		return e->code;
	}
	for (i = 0; i < j->n; i++)
		if (strcmp(j->profiles[i]->name, p->name) == 0)
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
	j->files = calloc(names.n + 1, sizeof(*j->files));
	if (!j->profiles || !j->files) {
		strs_free(&names);
		return err_nomem(e, "options");
	}
	for (i = 0; rc == 0 && i < names.n; i++)
		rc = add_profile(j, names.v[i], e);
	strs_free(&names);
	return rc < 0 ? rc : verdicts_init(&j->verdicts, j->profiles, j->n, e);
}

static int
read_words(struct judges *j, const struct opt_list *files,
    enum urllist_kind kind, struct err *e)
{
	size_t i;

	for (i = 0; i < files->n; i++)
		if (urllist_add_words(j->urls, files->v[i], kind, e) < 0)
			return e->code;
	return 0;
}

static int
read_folders(struct judges *j, struct err *e)
{
	struct strs categories;
	size_t i;
	int rc = 0;

	if (strs_split(&categories, &url_categories, "--url-categories", e) < 0)
		return e->code;
	if (categories.n && !url_lists.n)
		rc = err_set(e, ERR_ARG, "--url-categories needs --url-lists");
	for (i = 0; rc == 0 && i < url_lists.n; i++)
		rc =
		    urllist_add_folder(j->urls, url_lists.v[i], &categories, e);
	strs_free(&categories);
	return rc;
}

/* The lists of URLs, if there are any. */
static int
read_urls(struct judges *j, struct err *e)
{
	if (!url_lists.n && !url_categories.n && !url_words.n &&
	    !url_soft_words.n && !url_substrings.n)
		return 0;
	j->urls = urllist_new();
	if (!j->urls)
		return err_nomem(e, "lists of URLs");
	if (read_folders(j, e) < 0 ||
	    read_words(j, &url_words, URL_WORDS, e) < 0 ||
	    read_words(j, &url_soft_words, URL_SOFT_WORDS, e) < 0 ||
	    read_words(j, &url_substrings, URL_SUBSTRINGS, e) < 0)
		return e->code;
	return urllist_seal(j->urls, e);
}

static int
read_lexicons(struct judges *j, struct err *e)
{
	static const char *const units[] = { "document", "paragraph",
		"sentence" };
	struct lexicon_rules *r = &j->lexicon;
	size_t i;

	if (!lexicons.n)
		return lexicon_drop || lexicon_above || lexicon_ratio > 0
			   ? err_set(e, ERR_ARG, "give --lexicon")
			   : 0;
	r->lists = lexicons_new();
	if (!r->lists)
		return err_nomem(e, "lists of words");
	for (i = 0; i < lexicons.n; i++)
		if (lexicons_read(r->lists, lexicons.v[i], e) < 0)
			return e->code;
	while (strcmp(units[r->unit], lexicon_unit) != 0)
		r->unit++;
	r->above = lexicon_above;
	r->ratio = lexicon_ratio;
	r->drop = lexicon_drop;
	r->spans = explain;
	return lexicons_seal(r->lists, e);
}

/* lexicon.NAME and lexicon_ratio.NAME of each list: n in all. */
static int
name_numbers(struct judges *j, size_t n, struct err *e)
{
	const char *p;
	size_t i;

	for (i = 0; i < n; i++) {
		buf_puts(&j->names, i % 2 ? "lexicon_ratio." : "lexicon.");
		buf_puts(&j->names, lexicons_name(j->lexicon.lists, i / 2));
		buf_putc(&j->names, 0);
	}
	if (buf_ok(&j->names, e) < 0)
		return e->code;
	for (p = j->names.p, i = 0; i < n; p += strlen(p) + 1)
		j->name[i++] = p;
	return 0;
}

static int
read_where(struct judges *j, struct err *e)
{
	struct expr_names names = { .v = j->name };

	if (j->lexicon.lists)
		names.n = 2 * lexicons_count(j->lexicon.lists);
	if (name_numbers(j, names.n, e) < 0)
		return e->code;
	return expr_parse(&j->where, str_c(where), &names, e);
}

static int
prepare(struct judges *j, struct err *e)
{
	if (find_profiles(j, e) < 0 || read_urls(j, e) < 0 ||
	    read_lexicons(j, e) < 0)
		return e->code;
	if (where && read_where(j, e) < 0)
		return err_prefix(e, "--where");
	buf_puts(&j->where_json, "{\"where\":");
	buf_json_lossy(&j->where_json, str_c(where));
	buf_putc(&j->where_json, '}');
	j->explain = explain;
	if (!j->n && !where && !explain && !j->urls && !j->lexicon.lists)
		return err_set(e, ERR_ARG,
		    "nothing to filter by: give --profile, --where or lists");
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
	    "each verdict in metadata.profile; a name with / or that ends in "
	    ".profile is a file",
	    NULL },
	{ "where", 0, OPT_STR, &where, "EXPR",
	    "keep what EXPR is true for; see below", NULL },
	{ "url-lists", 0, OPT_LIST, &url_lists, "DIR",
	    "drop documents by their metadata.url: DIR holds "
	    "CATEGORY/domains and CATEGORY/urls",
	    NULL },
	{ "url-categories", 0, OPT_LIST, &url_categories, "NAMES",
	    "of those, only these categories", NULL },
	{ "url-words", 0, OPT_LIST, &url_words, "FILE",
	    "drop URLs with one of these words", NULL },
	{ "url-soft-words", 0, OPT_LIST, &url_soft_words, "FILE",
	    "drop URLs with two of these words", NULL },
	{ "url-substrings", 0, OPT_LIST, &url_substrings, "FILE",
	    "drop URLs whose letters and digits hold one of these", NULL },
	{ "lexicon", 0, OPT_LIST, &lexicons, "NAME[:LANG]=FILE",
	    "count words and phrases, for texts in LANG, in metadata.lexicon",
	    NULL },
	{ "lexicon-unit", 0, OPT_STR, &lexicon_unit, "UNIT", "what they flag",
	    "document,paragraph,sentence" },
	{ "lexicon-above", 0, OPT_U64, &lexicon_above, "N",
	    "flag where over N entries of one list stand", NULL },
	{ "lexicon-ratio", 0, OPT_DOUBLE, &lexicon_ratio, "X",
	    "... and over X a word", NULL },
	{ "lexicon-drop", 0, OPT_FLAG, &lexicon_drop, NULL,
	    "drop what is flagged", NULL },
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
	    "are metadata keys (language, url, ...;\nmetadata.KEY for any), "
	    "entries of --lexicon and entries a word (lexicon.NAME,\n"
	    "lexicon_ratio.NAME) and these signals:\n"
#define SIGNAL(name, group, what) "  " #name ": " what "\n"
#include "filter/signals.def"
#undef SIGNAL
};

static int
count_verdicts(void *judges, struct str side, struct err *e)
{
	return verdicts_count(&((struct judges *)judges)->verdicts, side, e);
}

static int
judge_docs(void *judges, struct docs *in, struct run *r, struct err *e)
{
	static const struct docs_ops ops = { .worker_new = worker_new,
		.worker_free = worker_free,
		.doc = judge_doc,
		.fold = count_verdicts };
	struct judges *j = judges;
	int rc = docs_run(in, &ops, j, r, e);

	if (j->n > 1) {
		buf_puts(&r->extra, "\"profiles\":");
		verdicts_json(&j->verdicts, &r->extra);
		buf_putc(&r->extra, ',');
	}
	return rc;
}

int
main(int argc, char **argv)
{
	struct judges j = { 0 };
	struct err e;
	int rc;

	opt_common_init(&common);
	argc = cmd_begin(&cmd, argc, argv);
	if (list_profiles)
		return cmd_end(&cmd, print_profiles(), &e);
	rc = prepare(&j, &e);
	rc = rc < 0 ? cmd_end(&cmd, rc, &e)
		    : cmd_work(&cmd, &common, argc, argv, judge_docs, &j);
	expr_free(j.where);
	urllist_free(j.urls);
	lexicons_free(j.lexicon.lists);
	buf_free(&j.where_json);
	buf_free(&j.names);
	while (j.nfile)
		profile_file_free(j.files[--j.nfile]);
	free(j.files);
	free(j.profiles);
	verdicts_free(&j.verdicts);
	return rc;
}
