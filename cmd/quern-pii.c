/* SPDX-License-Identifier: MIT */
/* Finds personal data in documents; tags, masks, replaces or drops it. */
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "cmd.h"
#include "filter/pii.h"
#include "filter/strs.h"
#include "io/stream.h"

static struct opt_common common;
static struct opt_list types_option;
static const char *action_option = "mask";
static const char *spans_path;

struct job {
	unsigned types;
	enum { TAG, MASK, PSEUDONYM, DROP } action;
	struct out *spans; /* or NULL */
};

struct worker {
	struct pii_found found;
	struct buf text, json;
};

static void *
worker_new(void *ctx, struct err *e)
{
	struct worker *w = calloc(1, sizeof(*w));

	(void)ctx;
	if (!w)
		err_nomem(e, "threads");
	return w;
}

static void
worker_free(void *worker)
{
	struct worker *w = worker;

	pii_free(&w->found);
	buf_free(&w->text);
	buf_free(&w->json);
	free(w);
}

static int
drop(struct worker *w, struct doc *d, struct emit *em, struct err *e)
{
	return emit_drop(em, d,
	    &(struct reason){ .rule = "pii",
		.has_value = true,
		.value = (double)w->found.n,
		.detail = buf_view(&w->json) },
	    e);
}

static int
replace(const struct job *j, struct worker *w, struct doc *d, struct err *e)
{
	int rc;

	if (w->found.n == 0 || j->action == TAG)
		return 0;
	buf_clear(&w->text);
	rc = j->action == MASK ? pii_mask(d->text, &w->found, &w->text, e)
			       : pii_pseudonym(d->text, &w->found, common.seed,
				     d->id, &w->text, e);
	doc_set_text(d, buf_view(&w->text));
	return rc;
}

static void
put_spans(const struct worker *w, const struct doc *d, struct buf *side)
{
	buf_puts(side, "{\"id\":");
	buf_json_lossy(side, d->id);
	buf_puts(side, ",\"spans\":");
	pii_spans_json(&w->found, side);
	buf_puts(side, "}\n");
}

static int
judge(void *ctx, void *worker, struct doc *d, struct emit *em, struct err *e)
{
	const struct job *j = ctx;
	struct worker *w = worker;

	if (pii_find(d->text, j->types, &w->found, e) < 0)
		return e->code;
	if (j->spans)
		put_spans(w, d, &em->side);
	buf_clear(&w->json);
	pii_counts_json(&w->found, j->types, &w->json);
	if (buf_ok(&w->json, e) < 0)
		return e->code;
	if (j->action == DROP && w->found.n)
		return drop(w, d, em, e);
	doc_set_json(d, "pii", buf_view(&w->json));
	if (replace(j, w, d, e) < 0)
		return e->code;
	return emit_keep(em, d, e);
}

static int
write_spans(void *ctx, struct str side, struct err *e)
{
	struct job *j = ctx;

	return j->spans ? out_write(j->spans, side.p, side.n, e) : 0;
}

static int
prepare(struct job *j, struct err *e)
{
	static const char *const actions[] = { "tag", "mask", "pseudonym",
		"drop" };
	struct strs names;
	int rc;

	while (strcmp(actions[j->action], action_option) != 0)
		j->action++;
	if (strs_split(&names, &types_option, "--types", e) < 0)
		return e->code;
	j->types = (1u << PII_TYPES) - 1;
	rc = names.n ? pii_types(names.v, names.n, &j->types, e) : 0;
	strs_free(&names);
	return rc < 0 ? err_prefix(e, "--types") : 0;
}

/* The spans are finished before the run's files get their names. */
static int
run_files(struct job *j, struct docs *in, struct run *r,
    const struct docs_ops *ops, struct err *e)
{
	int rc = docs_run(in, ops, j, r, e);

	if (rc == 0 && j->spans)
		rc = out_finish(j->spans, e);
	if (rc < 0) {
		run_abort(r);
		return rc;
	}
	rc = run_close(r, e);
	if (rc == 0 && j->spans)
		rc = out_rename(j->spans, e);
	if (rc == 0)
		cmd_closing(r, "documents");
	return rc;
}

static const struct opt opts[] = {
	{ "types", 0, OPT_LIST, &types_option, "TYPES",
	    "what to look for: email, ip (default: all)", NULL },
	{ "action", 0, OPT_STR, &action_option, "ACTION",
	    "tag: count in metadata.pii; mask: replace by |||TYPE|||; "
	    "pseudonym: replace by one that is nobody's, keyed by --seed; "
	    "drop: drop the document",
	    "tag,mask,pseudonym,drop" },
	{ "spans", 0, OPT_STR, &spans_path, "FILE",
	    "write what was found where, in bytes of the input text", NULL },
	{ 0 },
};
static const struct opt shared[] = { OPT_COMMON(&common), { 0 } };
static const struct opt_cmd cmd = {
	.name = "pii",
	.args = "[FILE...]",
	.summary = "find personal data; tag, mask, replace or drop it",
	.example = "quern pii --types email,ip --action mask docs.jsonl",
	.opts = opts,
	.common = shared,
};

int
main(int argc, char **argv)
{
	static const struct docs_ops ops = { .worker_new = worker_new,
		.worker_free = worker_free,
		.doc = judge,
		.fold = write_spans };
	struct job j = { 0 };
	struct docs in;
	struct run r;
	struct err e;
	int rc;

	opt_common_init(&common);
	argc = cmd_begin(&cmd, argc, argv);
	rc = prepare(&j, &e);
	if (rc < 0 || (rc = docs_open(&in, argv + 1, argc, &common, &e)) < 0)
		return cmd_end(&cmd, rc, &e);
	if (spans_path)
		rc = out_open(&j.spans, spans_path, &e);
	if (rc == 0)
		rc = run_open(&r, &cmd, &common, false, cmd_warn, &e);
	if (rc == 0)
		rc = run_files(&j, &in, &r, &ops, &e);
	out_close(j.spans);
	docs_close(&in);
	return cmd_end(&cmd, rc, &e);
}
