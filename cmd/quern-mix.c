/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/num.h"
#include "cmd.h"
#include "io/stream.h"
#include "mix/audit.h"
#include "mix/emit.h"
#include "mix/mix.h"
#include "mix/picture.h"
#include "mix/show.h"

static struct opt_common common;
static const struct opt common_opts[] = { OPT_COMMON(&common), { 0 } };

/* The RECIPE and how many more operands the subcommand takes. */
static int
want(int n, int least, int most, const char *what, struct err *e)
{
	if (n >= least && n <= most)
		return 0;
	return err_set(e, ERR_ARG, "%s: %s",
	    n < least ? "something is missing" : "too many operands", what);
}

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

/* check and plan: show the plan, then say what is wrong with it. */
static int
show_main(const struct opt_cmd *c, int argc, char **argv,
    void (*show)(const struct mix *, struct buf *))
{
	struct buf text = { 0 };
	struct mix *m = NULL;
	struct err e;
	int rc;

	opt_common_init(&common);
	format = "text";
	rc = want(cmd_begin(c, argc, argv), 1, 1, "name one RECIPE", &e);
	if (rc == 0)
		rc = mix_load(&m, argv[1], &e);
	if (rc == 0) {
		(strcmp(format, "json") == 0 ? show_json : show)(m, &text);
		if (strcmp(format, "json") == 0)
			buf_putc(&text, '\n');
		rc = put(c, &text, m, &e);
	}
	if (rc == 0 && svg)
		rc = put_picture(mix_plan(m), &e);
	if (rc == 0)
		rc = report(c, m, &e);
	buf_free(&text);
	mix_close(m);
	return cmd_end(c, rc, &e);
}

static const struct opt plan_opts[] = { { "format", 0, OPT_STR, &format,
					    "FORMAT", "how to print it",
					    "text,json" },
	{ "svg", 0, OPT_STR, &svg, "FILE",
	    "draw shares, batches and row lengths over the run", NULL },
	{ 0 } };

static const struct opt show_opts[] = { { "format", 0, OPT_STR, &format,
					    "FORMAT", "how to print it",
					    "text,json" },
	{ 0 } };

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

	return show_main(&c, argc, argv, show_check);
}

static int
plan_main(int argc, char **argv)
{
	static const struct opt_cmd c = {
		.name = "mix plan",
		.args = "RECIPE",
		.summary = "the phases in steps, rows and tokens",
		.example = "quern mix plan --format json run.mix | jq .steps",
		.opts = plan_opts,
		.common = common_opts,
	};

	return show_main(&c, argc, argv, show_plan);
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
	{ 0 } };

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
	struct mix *m = NULL;
	struct err e;
	int rc;

	opt_common_init(&common);
	format = "raw";
	world = micro = 1;
	rc = want(cmd_begin(&c, argc, argv), 1, 1, "name one RECIPE", &e);
	if (rc == 0)
		rc = take_layout(&e);
	if (rc == 0)
		rc = mix_load(&m, argv[1], &e);
	if (rc == 0)
		rc = report(&c, m, &e);
	if (rc == 0)
		rc = stream_rows(&c, m, &e);
	mix_close(m);
	return cmd_end(&c, rc, &e);
}

/* STEP[:ROW[:COL]] */
struct spot {
	uint64_t v[3];
	int n;
};

static int
parse_spot(const char *s, struct spot *at, struct err *e)
{
	char part[32];
	size_t n;

	for (at->n = 0; at->n < 3; s += n + 1) {
		n = strcspn(s, ":");
		snprintf(part, sizeof(part), "%.*s", (int)(n < 30 ? n : 30), s);
		if (num_u64(part, &at->v[at->n++], e) < 0)
			return err_prefix(e, "STEP[:ROW[:COL]]");
		if (!s[n])
			return at->n > 1 &&
				       (at->v[1] > UINT32_MAX ||
					   (at->n > 2 && at->v[2] > UINT32_MAX))
				   ? err_set(
					 e, ERR_ARG, "'%s' is too much", part)
				   : 0;
	}
	return err_set(e, ERR_ARG, "write STEP, STEP:ROW or STEP:ROW:COL");
}

struct at_ctx {
	const struct mix *m;
	uint32_t row;
	struct buf *text;
};

static int
take_piece(void *ctx, const struct mix_piece *p, struct err *e)
{
	const struct at_ctx *x = ctx;

	show_piece(x->m, x->row, p, x->text);
	return buf_ok(x->text, e);
}

static int
at_rows(struct mix *m, const struct spot *at, struct buf *text, struct err *e)
{
	struct at_ctx x = { .m = m, .text = text };
	uint32_t first = 0, end, column = 0, n;
	struct row_source rows;
	struct step_info s;

	mix_rows(m, &rows);
	if (rows.step(rows.ctx, at->v[0], &s, e) < 0)
		return e->code;
	end = s.rows;
	n = s.seq + 1;
	if (at->n > 1) {
		first = (uint32_t)at->v[1];
		end = first + 1;
	}
	if (at->n > 2) {
		column = (uint32_t)at->v[2];
		n = 1;
	}
	show_piece_header(text);
	for (x.row = first; x.row < end; x.row++)
		if (mix_at(m, at->v[0], x.row, column, n, take_piece, &x, e) <
		    0)
			return e->code;
	return 0;
}

static int
at_main(int argc, char **argv)
{
	static const struct opt none[] = { { 0 } };
	static const struct opt_cmd c = {
		.name = "mix at",
		.args = "RECIPE STEP[:ROW[:COL]]",
		.summary = "which documents a step saw",
		.example = "quern mix at run.mix 120:3:17",
		.opts = none,
		.common = common_opts,
	};
	struct buf text = { 0 };
	struct mix *m = NULL;
	struct spot at;
	struct err e;
	int rc;

	opt_common_init(&common);
	rc = want(cmd_begin(&c, argc, argv), 2, 2,
	    "name a RECIPE and a STEP[:ROW[:COL]]", &e);
	if (rc == 0)
		rc = parse_spot(argv[2], &at, &e);
	if (rc == 0)
		rc = mix_load(&m, argv[1], &e);
	if (rc == 0)
		rc = report(&c, m, &e);
	if (rc == 0)
		rc = at_rows(m, &at, &text, &e);
	if (rc == 0)
		rc = put(&c, &text, NULL, &e);
	buf_free(&text);
	mix_close(m);
	return cmd_end(&c, rc, &e);
}

static int
take_place(void *ctx, const struct mix_place *p, struct err *e)
{
	const struct at_ctx *x = ctx;

	show_place(x->m, p, x->text);
	return buf_ok(x->text, e);
}

static int
seen_rows(struct mix *m, const char *name, struct buf *text, struct err *e)
{
	struct at_ctx x = { .m = m, .text = text };
	uint64_t documents;

	show_place_header(text);
	if (mix_seen(m, str_c(name), take_place, &x, &documents, e) < 0)
		return e->code;
	if (documents)
		return 0;
	return err_set(e, ERR_FORMAT,
	    "no document of the recipe's shards has the id or URL '%s'", name);
}

static int
seen_main(int argc, char **argv)
{
	static const struct opt none[] = { { 0 } };
	static const struct opt_cmd c = {
		.name = "mix seen",
		.args = "RECIPE URL-or-id",
		.summary = "every place in the run where a document is read",
		.example = "quern mix seen run.mix https://example.org/page",
		.opts = none,
		.common = common_opts,
	};
	struct buf text = { 0 };
	struct mix *m = NULL;
	struct err e;
	int rc;

	opt_common_init(&common);
	rc = want(cmd_begin(&c, argc, argv), 2, 2,
	    "name a RECIPE and a URL or id", &e);
	if (rc == 0)
		rc = mix_load(&m, argv[1], &e);
	if (rc == 0)
		rc = report(&c, m, &e);
	if (rc == 0)
		rc = seen_rows(m, argv[2], &text, &e);
	if (rc == 0)
		rc = put(&c, &text, NULL, &e);
	buf_free(&text);
	mix_close(m);
	return cmd_end(&c, rc, &e);
}

static int
audit_main(int argc, char **argv)
{
	static const struct opt none[] = { { 0 } };
	static const struct opt_cmd c = {
		.name = "mix audit",
		.args = "CHECKPOINT RECIPE",
		.summary = "what a checkpoint has seen of a recipe",
		.example = "quern mix audit model/last run.mix",
		.opts = none,
		.common = common_opts,
		.more = "Exits 3 if it was not trained on that recipe.",
	};
	struct buf text = { 0 }, problems = { 0 };
	struct mix *m = NULL;
	struct err e;
	int rc;

	opt_common_init(&common);
	rc = want(cmd_begin(&c, argc, argv), 2, 2,
	    "name a CHECKPOINT and a RECIPE", &e);
	if (rc == 0)
		rc = mix_load(&m, argv[2], &e);
	if (rc == 0)
		rc = report(&c, m, &e);
	if (rc == 0)
		rc = mix_audit(m, argv[1], &text, &problems, &e);
	if (rc == ERR_CHECK)
		tell(&c, &problems);
	if (rc == 0)
		rc = put(&c, &text, NULL, &e);
	buf_free(&text);
	buf_free(&problems);
	mix_close(m);
	return cmd_end(&c, rc, &e);
}

static int
diff_main(int argc, char **argv)
{
	static const struct opt none[] = { { 0 } };
	static const struct opt_cmd c = {
		.name = "mix diff",
		.args = "A B",
		.summary = "from which step on two recipes differ",
		.example = "quern mix diff run.mix changed.mix",
		.opts = none,
		.common = common_opts,
		.more = "Exits 3 if they do.",
	};
	struct mix *a = NULL, *b = NULL;
	struct buf text = { 0 };
	uint64_t step = UINT64_MAX;
	struct err e;
	int rc;

	opt_common_init(&common);
	rc = want(cmd_begin(&c, argc, argv), 2, 2, "name two recipes", &e);
	if (rc == 0)
		rc = mix_load(&a, argv[1], &e);
	if (rc == 0)
		rc = report(&c, a, &e);
	if (rc == 0)
		rc = mix_load(&b, argv[2], &e);
	if (rc == 0)
		rc = report(&c, b, &e);
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

int
main(int argc, char **argv)
{
	static const struct cmd_sub subs[] = {
		{ "check", "can this recipe be run, what does it come to?",
		    check_main },
		{ "plan", "the phases in steps, rows and tokens", plan_main },
		{ "stream", "write the rows that training sees", stream_main },
		{ "at", "which documents a step saw", at_main },
		{ "seen", "every place where a document is read", seen_main },
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
