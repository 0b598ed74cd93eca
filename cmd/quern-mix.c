/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/num.h"
#include "cmd.h"
#include "io/stream.h"
#include "io/textcodec.h"
#include "mix/audit.h"
#include "mix/emit.h"
#include "mix/mix.h"
#include "mix/order.h"
#include "mix/picture.h"
#include "mix/show.h"
#include "tokenizer/tokenizer.h"

static struct opt_common common;
static const struct opt common_opts[] = { OPT_COMMON(&common), { 0 } };

/* Write text to -o or stdout, and --stats; plan: of the recipe goes there. */
static int
put(const struct opt_cmd *c, const struct buf *text, const struct mix *plan,
    struct err *e)
{
	struct run r;
	int rc = buf_ok(text, e);

	if (rc == 0)
		rc = run_open(&r, c, &common, false, cmd_warn, e);
	if (rc < 0)
		return rc;
	rc = out_write(r.out, text->p, text->n, e);
	if (rc == 0 && plan) {
		buf_puts(&r.extra, "\"plan\":");
		show_json(plan, &r.extra);
		buf_putc(&r.extra, ',');
		rc = buf_ok(&r.extra, e);
	}
	if (rc == 0)
		return run_close(&r, e);
	run_abort(&r);
	return rc;
}

/* Lines to stderr, each with the command's name. */
static void
tell(const struct opt_cmd *c, const struct buf *lines)
{
	const char *at = lines->p, *end = at + lines->n, *eol;

	fflush(stdout);
	for (; at < end; at = eol + 1) {
		eol = memchr(at, '\n', (size_t)(end - at));
		fprintf(
		    stderr, "quern %s: %.*s\n", c->name, (int)(eol - at), at);
	}
}

/* Problems go to stderr, one line each; ERR_CHECK if there are any. */
static int
report(const struct opt_cmd *c, const struct mix *m, struct err *e)
{
	const struct plan *p = mix_plan(m);

	if (!p->nproblem)
		return 0;
	tell(c, &p->problems);
	return err_set(e, ERR_CHECK, "%s: cannot be run as it is: %u problem%s",
	    mix_recipe(m)->file, p->nproblem, p->nproblem > 1 ? "s" : "");
}

static const char *format, *svg;

static int
put_picture(const struct plan *p, struct err *e)
{
	struct buf b = { 0 };
	int rc;

	picture_plan(p, &b);
	rc = buf_ok(&b, e);
	if (rc == 0)
		rc = out_whole(svg, b.p, b.n, e);
	buf_free(&b);
	return rc;
}

static const char *journal;

/* Every subcommand that reads a stream takes one. */
#define JOURNAL_OPT \
	{ \
		"journal", 0, OPT_STR, &journal, "FILE", \
		    "make the changes of shares that a run's journal tells", \
		    NULL \
	}

static const struct opt no_opts[] = { { 0 } };
static const struct opt journal_opts[] = { JOURNAL_OPT, { 0 } };

/*
 * A subcommand that reads a recipe and prints a text: work() appends it, with
 * the operands in argv[1..].  A recipe that can't be run is refused before, or
 * with `anyway` told of after its text.
 */
struct task {
	const struct opt_cmd *cmd;
	int operands, recipe; /* how many; which of them is the recipe */
	const char *usage;
	bool anyway;
	int (*work)(
	    struct mix *m, char **argv, struct buf *text, struct err *e);
};

static int
take_operands(const struct task *t, int n, struct err *e)
{
	if (n == t->operands)
		return 0;
	return err_set(e, ERR_ARG, "%s: %s",
	    n < t->operands ? "something is missing" : "too many operands",
	    t->usage);
}

/* Load the recipe; refuse it if it can't be run. */
static int
load(const struct task *t, const char *path, struct mix **m, struct err *e)
{
	int rc = mix_load(m, path, e);

	if (rc == 0 && journal)
		rc = mix_journal(*m, journal, e);
	return rc == 0 && !t->anyway ? report(t->cmd, *m, e) : rc;
}

static int
run_task(const struct task *t, int argc, char **argv)
{
	struct buf text = { 0 };
	struct mix *m = NULL;
	struct err e;
	int rc;

	opt_common_init(&common);
	format = "text";
	rc = take_operands(t, cmd_begin(t->cmd, argc, argv), &e);
	if (rc == 0)
		rc = load(t, argv[t->recipe], &m, &e);
	if (rc == 0)
		rc = t->work(m, argv, &text, &e);
	if (rc == 0)
		rc = put(t->cmd, &text, t->anyway ? m : NULL, &e);
	if (rc == 0 && t->anyway)
		rc = report(t->cmd, m, &e);
	buf_free(&text);
	mix_close(m);
	return cmd_end(t->cmd, rc, &e);
}

static bool verify;

static const struct opt show_opts[] = { { "format", 0, OPT_STR, &format,
					    "FORMAT", "how to print it",
					    "text,json" },
	{ "svg", 0, OPT_OUT, &svg, "FILE",
	    "draw shares, batches and row lengths over the run", NULL },
	{ "verify", 0, OPT_FLAG, &verify, NULL,
	    "read all shards: do their digests hold?", NULL },
	JOURNAL_OPT, { 0 } };

/* check and plan: as text or as JSON, and a picture. */
static int
show_as(struct mix *m, void (*show)(const struct mix *, struct buf *),
    struct buf *text, struct err *e)
{
	bool json = strcmp(format, "json") == 0;

	if (verify && mix_verify(m, e) < 0)
		return e->code;
	(json ? show_json : show)(m, text);
	if (json)
		buf_putc(text, '\n');
	return svg ? put_picture(mix_plan(m), e) : 0;
}

static int
check_work(struct mix *m, char **argv, struct buf *text, struct err *e)
{
	(void)argv;
	return show_as(m, show_check, text, e);
}

static int
plan_work(struct mix *m, char **argv, struct buf *text, struct err *e)
{
	(void)argv;
	return show_as(m, show_plan, text, e);
}

static int
check_main(int argc, char **argv)
{
	static const struct opt_cmd c = {
		.name = "mix check",
		.args = "RECIPE",
		.summary = "can this recipe be run, and what does it come to?",
		.example = "quern mix check run.mix",
		.opts = show_opts,
		.common = common_opts,
		.more = "Exits 3 if it cannot be run.",
	};
	const struct task t = { &c, 1, 1, "name one RECIPE", true, check_work };

	return run_task(&t, argc, argv);
}

static int
plan_main(int argc, char **argv)
{
	static const struct opt_cmd c = {
		.name = "mix plan",
		.args = "RECIPE",
		.summary = "the phases in steps, rows and tokens",
		.example = "quern mix plan --format json run.mix | jq .steps",
		.opts = show_opts,
		.common = common_opts,
	};
	const struct task t = { &c, 1, 1, "name one RECIPE", true, plan_work };

	return run_task(&t, argc, argv);
}

static struct opt_list scores;
static const char *tokenizer;

static const struct opt index_opts[] = { { "scores", 0, OPT_LIST, &scores,
					     "FILE",
					     "JSON Lines with \"id\" and "
					     "numbers; may be given again",
					     NULL },
	{ "tokenizer", 't', OPT_STR, &tokenizer, "FILE",
	    "the shards' tokenizer.json, for 'compression'", NULL },
	{ 0 } };

static int
index_recipe(const struct opt_cmd *c, const char *recipe, struct err *e)
{
	struct textcodec codec = { 0 };
	struct order_from from = { .scores = scores.v, .nscores = scores.n };
	struct buf text = { 0 };
	int rc = 0;

	if (tokenizer) {
		rc = tokenizer_open(&codec, tokenizer, e);
		from.codec = &codec;
	}
	if (rc == 0)
		rc = order_index(recipe, &from, &text, e);
	if (rc == 0)
		rc = put(c, &text, NULL, e);
	if (codec.close)
		codec.close(codec.ctx);
	buf_free(&text);
	return rc;
}

static int
index_main(int argc, char **argv)
{
	static const struct opt_cmd c = {
		.name = "mix index",
		.args = "RECIPE",
		.summary = "write PREFIX.order of the shards that a recipe "
			   "orders, bounds or cuts into parts",
		.example = "quern mix index --scores quality.jsonl run.mix",
		.opts = index_opts,
		.common = common_opts,
	};
	const struct task t = {
		.cmd = &c, .operands = 1, .usage = "name one RECIPE"
	};
	struct err e;
	int rc;

	opt_common_init(&common);
	rc = take_operands(&t, cmd_begin(&c, argc, argv), &e);
	if (rc == 0)
		rc = index_recipe(&c, argv[1], &e);
	opt_free(&c);
	return cmd_end(&c, rc, &e);
}

static struct layout layout;
static uint64_t world, rank_, micro;

static const struct opt stream_opts[] = { { "world", 0, OPT_U64, &world, "W",
					      "ranks in all", NULL },
	{ "rank", 0, OPT_U64, &rank_, "R", "this one, from 0", NULL },
	{ "micro-batch", 0, OPT_U64, &micro, "M",
	    "rows that go to a rank together", NULL },
	{ "from", 0, OPT_U64, &layout.from, "STEP", "first step", NULL },
	{ "to", 0, OPT_U64, &layout.to, "STEP",
	    "the step to stop before; 0: the run's end", NULL },
	{ "format", 0, OPT_STR, &format, "FORMAT",
	    "raw: uint32, little-endian, seq + 1 a row", "raw,jsonl" },
	JOURNAL_OPT, { 0 } };

/* Statistics of a run over no records: only what the command adds. */
static int
stream_rows(const struct opt_cmd *c, struct mix *m, struct err *e)
{
	const struct plan *p = mix_plan(m);
	const char **names = calloc(p->nsource, sizeof(*names));
	struct row_source rows;
	uint64_t count = 0;
	struct run r;
	uint32_t i;
	int rc;

	if (!names)
		return err_nomem(e, "sources");
	for (i = 0; i < p->nsource; i++)
		names[i] = p->sources[i].name;
	mix_rows(m, &rows);
	if (layout.to == 0)
		layout.to = rows.steps;
	rc = layout_check(&layout, &rows, e);
	if (rc == 0)
		rc = run_open(&r, c, &common, false, cmd_warn, e);
	if (rc == 0) {
		rc = emit_rows(&rows, &layout, names, r.out, &count, e);
		buf_printf(&r.extra, "\"rows\":%llu,\"digest\":\"sha256:%s\",",
		    (unsigned long long)count, rows.digest);
		if (rc == 0)
			rc = run_close(&r, e);
		else
			run_abort(&r);
	}
	free(names);
	return rc;
}

static int
take_layout(struct err *e)
{
	if (world > UINT32_MAX || rank_ > UINT32_MAX || micro > UINT32_MAX)
		return err_set(e, ERR_ARG,
		    "--world, --rank and --micro-batch are below 2^32");
	layout.world = (uint32_t)world;
	layout.rank = (uint32_t)rank_;
	layout.micro = (uint32_t)micro;
	layout.json = strcmp(format, "jsonl") == 0;
	return 0;
}

static int
stream_main(int argc, char **argv)
{
	static const struct opt_cmd c = {
		.name = "mix stream",
		.args = "RECIPE",
		.summary = "write the rows that training sees",
		.example = "quern mix stream --world 8 --rank 3 --from 1000 "
			   "run.mix",
		.opts = stream_opts,
		.common = common_opts,
	};
	const struct task t = {
		.cmd = &c, .operands = 1, .usage = "name one RECIPE"
	};
	struct mix *m = NULL;
	struct err e;
	int rc;

	opt_common_init(&common);
	format = "raw";
	world = micro = 1;
	rc = take_operands(&t, cmd_begin(&c, argc, argv), &e);
	if (rc == 0)
		rc = take_layout(&e);
	if (rc == 0)
		rc = load(&t, argv[1], &m, &e);
	if (rc == 0)
		rc = stream_rows(&c, m, &e);
	mix_close(m);
	return cmd_end(&c, rc, &e);
}

static int
at_work(struct mix *m, char **argv, struct buf *text, struct err *e)
{
	struct textcodec codec = { 0 };
	int rc = tokenizer ? tokenizer_open(&codec, tokenizer, e) : 0;

	if (rc == 0)
		rc = show_at(m, argv[2], tokenizer ? &codec : NULL, text, e);
	if (codec.close)
		codec.close(codec.ctx);
	return rc;
}

static const struct opt at_opts[] = { { "tokenizer", 't', OPT_STR, &tokenizer,
					  "FILE",
					  "the shards' tokenizer.json, to show "
					  "the text, too",
					  NULL },
	JOURNAL_OPT, { 0 } };

static int
at_main(int argc, char **argv)
{
	static const struct opt_cmd c = {
		.name = "mix at",
		.args = "RECIPE STEP[:ROW[:COL]]",
		.summary = "which documents a step saw",
		.example = "quern mix at run.mix 120:3:17",
		.opts = at_opts,
		.common = common_opts,
	};
	const struct task t = { &c, 2, 1,
		"name a RECIPE and a STEP[:ROW[:COL]]", false, at_work };

	return run_task(&t, argc, argv);
}

static int
seen_work(struct mix *m, char **argv, struct buf *text, struct err *e)
{
	return show_seen(m, argv[2], text, e);
}

static int
seen_main(int argc, char **argv)
{
	static const struct opt_cmd c = {
		.name = "mix seen",
		.args = "RECIPE URL-or-id",
		.summary = "every place in the run where a document is read",
		.example = "quern mix seen run.mix https://example.org/page",
		.opts = journal_opts,
		.common = common_opts,
	};
	const struct task t = { &c, 2, 1, "name a RECIPE and a URL or id",
		false, seen_work };

	return run_task(&t, argc, argv);
}

static const struct opt_cmd audit_cmd = {
	.name = "mix audit",
	.args = "CHECKPOINT RECIPE",
	.summary = "what a checkpoint has seen of a recipe",
	.example = "quern mix audit model/last run.mix",
	.opts = journal_opts,
	.common = common_opts,
	.more = "Exits 3 if it was not trained on that recipe.",
};

/* Why the checkpoint is not of the recipe goes to stderr. */
static int
audit_work(struct mix *m, char **argv, struct buf *text, struct err *e)
{
	struct buf problems = { 0 };
	int rc = journal ? 0 : mix_audit_journal(m, argv[1], e);

	if (rc == 0)
		rc = mix_audit(m, argv[1], text, &problems, e);

	if (rc == ERR_CHECK)
		tell(&audit_cmd, &problems);
	buf_free(&problems);
	return rc;
}

static int
audit_main(int argc, char **argv)
{
	const struct task t = { &audit_cmd, 2, 2,
		"name a CHECKPOINT and a RECIPE", false, audit_work };

	return run_task(&t, argc, argv);
}

static int
diff_main(int argc, char **argv)
{
	static const struct opt_cmd c = {
		.name = "mix diff",
		.args = "A B",
		.summary = "from which step on two recipes differ",
		.example = "quern mix diff run.mix changed.mix",
		.opts = no_opts,
		.common = common_opts,
		.more = "Exits 3 if they do.",
	};
	const struct task t = {
		.cmd = &c, .operands = 2, .usage = "name two recipes"
	};
	struct mix *a = NULL, *b = NULL;
	struct buf text = { 0 };
	uint64_t step = UINT64_MAX;
	struct err e;
	int rc;

	opt_common_init(&common);
	rc = take_operands(&t, cmd_begin(&c, argc, argv), &e);
	if (rc == 0)
		rc = load(&t, argv[1], &a, &e);
	if (rc == 0)
		rc = load(&t, argv[2], &b, &e);
	if (rc == 0)
		rc = mix_diff(a, b, &step, &text, &e);
	if (rc == 0)
		rc = put(&c, &text, NULL, &e);
	if (rc == 0 && step != UINT64_MAX)
		rc = err_set(&e, ERR_CHECK, "they differ from step %llu on",
		    (unsigned long long)step);
	buf_free(&text);
	mix_close(a);
	mix_close(b);
	return cmd_end(&c, rc, &e);
}

/* argv[1..n]: RECIPE STEP SHARE... */
static int
amend(const struct opt_cmd *c, char **argv, int n, struct err *e)
{
	const struct task t = { .cmd = c };
	const char *path = journal;
	struct mix *m = NULL;
	uint64_t step;
	int rc;

	if (n < 3 || !journal)
		return err_set(e, ERR_ARG,
		    "name a RECIPE, a STEP and shares such as web:60 code:40, "
		    "and --journal FILE (DIR/journal.jsonl of quern train "
		    "--out DIR)");
	if (num_u64(argv[2], &step, e) < 0)
		return err_prefix(e, "STEP");
	journal = NULL; /* mix_amend() makes what is in it */
	rc = load(&t, argv[1], &m, e);
	if (rc == 0)
		rc = mix_amend(m, path, step, argv + 3, n - 2, e);
	mix_close(m);
	return rc;
}

static int
amend_main(int argc, char **argv)
{
	static const struct opt_cmd c = {
		.name = "mix amend",
		.args = "RECIPE STEP SHARE...",
		.summary = "from a step on, read sources in other shares",
		.example = "quern mix amend --journal model/journal.jsonl "
			   "run.mix 2000 web:60 code:40",
		.opts = journal_opts,
		.common = common_opts,
	};
	struct err e;
	int n, rc;

	opt_common_init(&common);
	n = cmd_begin(&c, argc, argv);
	rc = amend(&c, argv, n, &e);
	return cmd_end(&c, rc, &e);
}

int
main(int argc, char **argv)
{
	static const struct cmd_sub subs[] = {
		{ "check", "can this recipe be run, what does it come to?",
		    check_main },
		{ "plan", "the phases in steps, rows and tokens", plan_main },
		{ "index", "write orders of documents", index_main },
		{ "stream", "write the rows that training sees", stream_main },
		{ "at", "which documents a step saw", at_main },
		{ "seen", "every place where a document is read", seen_main },
		{ "amend", "from a step on, read other shares", amend_main },
		{ "diff", "from which step on two recipes differ", diff_main },
		{ "audit", "what a checkpoint has seen of a recipe",
		    audit_main },
		{ 0 }
	};

	return cmd_subs("mix",
	    "sources in planned shares: the stream that "
	    "training sees",
	    subs, argc, argv);
}
