/* SPDX-License-Identifier: MIT */
/* Finds personal data in documents; tags, masks, replaces or drops it. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "cmd.h"
#include "filter/pii.h"
#include "filter/pii_fineweb.h"
#include "filter/strs.h"
#include "io/stream.h"

static struct opt_common common;
static struct opt_list types_option;
static const char *action_option = "mask", *profile = "", *key_path;
static uint64_t most = UINT64_MAX; /* of --drop-above */
static const char *spans_path;

struct job {
	unsigned types;
	enum { TAG, MASK, PSEUDONYM, DROP } action;
	bool fineweb, dolma;
	struct str key;
	char *key_file;    /* key.p, if it was read */
	char key_seed[8];  /* else */
	struct out *spans; /* or NULL */
};

struct worker {
	struct pii_found found;
	struct pii_fineweb *fineweb; /* or NULL */
	struct buf text, json;
};

static void
worker_free(void *worker)
{
	struct worker *w = worker;

	pii_free(&w->found);
	pii_fineweb_free(w->fineweb);
	buf_free(&w->text);
	buf_free(&w->json);
	free(w);
}

static void *
worker_new(void *ctx, struct err *e)
{
	const struct job *j = ctx;
	struct worker *w = calloc(1, sizeof(*w));

	if (!w) {
		err_nomem(e, "threads");
		return NULL;
	}
	if (j->fineweb && pii_fineweb_new(&w->fineweb, e) < 0) {
		worker_free(w);
		return NULL;
	}
	return w;
}

static int
drop(struct worker *w, struct doc *d, struct emit *em, struct err *e)
{
	return emit_drop(em, d,
	    &(struct reason){ .rule = "pii",
		.has_value = true,
		.value = (double)w->found.n,
		.threshold = most == UINT64_MAX ? 0 : (double)most,
		.detail = buf_view(&w->json) },
	    e);
}

/* What was found is replaced in the text. */
static int
replace(const struct job *j, struct worker *w, struct doc *d, struct err *e)
{
	int rc;

	if (w->found.n == 0 || j->action == TAG)
		return 0;
	buf_clear(&w->text);
	if (j->dolma)
		rc = pii_tag(d->text, &w->found, &w->text, e);
	else if (j->action == PSEUDONYM)
		rc = pii_pseudonym(d->text, &w->found, j->key, &w->text, e);
	else
		rc = pii_mask(d->text, &w->found, &w->text, e);
	doc_set_text(d, buf_view(&w->text));
	return rc;
}

/* Finds, and with the profile fineweb replaces at once. */
static int
find(const struct job *j, struct worker *w, struct doc *d, struct err *e)
{
	struct str text;

	if (!j->fineweb)
		return pii_find(d->text, j->types, &w->found, e);
	if (pii_fineweb_apply(w->fineweb, d->text, &w->found, &text, e) < 0)
		return err_prefix(e, "%s: record %" PRIu64, d->file, d->record);
	if (w->found.n)
		doc_set_text(d, text);
	return 0;
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

	if (find(j, w, d, e) < 0)
		return e->code;
	if (j->spans)
		put_spans(w, d, &em->side);
	buf_clear(&w->json);
	pii_counts_json(&w->found, &w->json);
	if (buf_ok(&w->json, e) < 0)
		return e->code;
	if (w->found.n > most)
		return drop(w, d, em, e);
	doc_set_json(d, "pii", buf_view(&w->json));
	if (!j->fineweb && replace(j, w, d, e) < 0)
		return e->code;
	return emit_keep(em, d, e);
}

static int
write_spans(void *ctx, struct str side, struct err *e)
{
	struct job *j = ctx;

	return j->spans ? out_write(j->spans, side.p, side.n, e) : 0;
}

/* Types, action and limit that a profile stands for. */
static int
apply_profile(struct job *j, struct err *e)
{
	if (types_option.n)
		return err_set(e, ERR_ARG,
		    "--types: profile %s has types of its own", profile);
	j->fineweb = strcmp(profile, "fineweb") == 0;
	j->dolma = !j->fineweb;
	j->types = 1u << PII_EMAIL | 1u << PII_IP;
	if (j->dolma) {
		j->types |= 1u << PII_PHONE;
		if (most == UINT64_MAX)
			most = 5;
	}
	return 0;
}

/* The key of pseudonyms: a file's bytes, else the seed's. */
static int
read_key(struct job *j, struct err *e)
{
	int i;

	if (!key_path) {
		for (i = 0; i < 8; i++)
			j->key_seed[i] = (char)(common.seed >> 8 * i);
		j->key = (struct str){ j->key_seed, 8 };
		return 0;
	}
	if (j->action != PSEUDONYM)
		return err_set(
		    e, ERR_ARG, "--key: is for --action pseudonym only");
	if (in_slurp(key_path, &j->key_file, &j->key.n, e) < 0)
		return e->code;
	j->key.p = j->key_file;
	if (j->key.n < 16)
		return err_set(e, ERR_ARG,
		    "--key: %s has %zu bytes; 16 or more make a key that "
		    "nobody guesses (head -c 32 /dev/urandom)",
		    key_path, j->key.n);
	return 0;
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
	if (j->action == DROP && most == UINT64_MAX)
		most = 0;
	if (strs_split(&names, &types_option, "--types", e) < 0)
		return e->code;
	j->types = (1u << PII_TYPES) - 1;
	rc = names.n ? pii_types(names.v, names.n, &j->types, e) : 0;
	strs_free(&names);
	if (rc < 0)
		return err_prefix(e, "--types");
	if (*profile && apply_profile(j, e) < 0)
		return e->code;
	return read_key(j, e);
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
	    "what to look for, as in email,ip,phone; see below (default: all)",
	    NULL },
	{ "action", 0, OPT_STR, &action_option, "ACTION",
	    "tag: count in metadata.pii; mask: replace letters by x, digits "
	    "by 0; pseudonym: replace by one that is nobody's; drop: drop the "
	    "document",
	    "tag,mask,pseudonym,drop" },
	{ "drop-above", 0, OPT_U64, &most, "N",
	    "whatever the action, drop documents with more than N finds "
	    "(default: none; 0 with --action drop)",
	    NULL },
	{ "key", 0, OPT_STR, &key_path, "FILE",
	    "the secret of pseudonyms (default: --seed)", NULL },
	{ "profile", 0, OPT_STR, &profile, "NAME",
	    "fineweb: datatrove's e-mail and IP addresses and replacements; "
	    "dolma: email,phone,ip become |||TYPE|||, over 5 drop the document",
	    "fineweb,dolma" },
	{ "spans", 0, OPT_OUT, &spans_path, "FILE",
	    "write what was found where, in bytes of the input text", NULL },
	{ 0 },
};
static const struct opt shared[] = { OPT_COMMON(&common), { 0 } };
static const struct opt_cmd cmd = { .name = "pii",
	.args = "[FILE...]",
	.summary = "find personal data; tag, mask, replace or drop it",
	.example = "quern pii --types email,ip --action mask docs.jsonl",
	.opts = opts,
	.common = shared,
	.more = "Types:\n"
#define PII(type, name, what) "  " name ": " what "\n"
#include "filter/pii.def"
#undef PII
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
	if (rc < 0 || (rc = docs_open(&in, argv + 1, argc, &common, &e)) < 0) {
		free(j.key_file);
		return cmd_end(&cmd, rc, &e);
	}
	if (spans_path)
		rc = out_open(&j.spans, spans_path, &e);
	if (rc == 0)
		rc = run_open(&r, &cmd, &common, false, cmd_warn, &e);
	if (rc == 0)
		rc = run_files(&j, &in, &r, &ops, &e);
	out_close(j.spans);
	free(j.key_file);
	docs_close(&in);
	return cmd_end(&cmd, rc, &e);
}
