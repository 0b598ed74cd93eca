/* SPDX-License-Identifier: MIT */
#include <inttypes.h>

#include "base/err.h"
#include "base/path.h"
#include "base/version.h"
#include "io/doc.h"
#include "io/run.h"
#include "io/stream.h"

enum { MOST_FILES = 16 };

/* The files that a table's options write, n so far, are put behind these. */
static int
add_files(const struct opt *o, const struct opt **file, int n)
{
	for (; o && o->name && n < MOST_FILES; o++)
		if (o->type == OPT_OUT)
			file[n++] = o;
	return n;
}

static const char *
file_name(const struct opt *o, const struct opt_common *opt, bool no_output)
{
	const char *name = *(const char **)o->dst;

	return name || o->dst != &opt->out || no_output ? name : "-";
}

/* Of two streams into one file the last would replace the others. */
static int
check_names(const struct opt_cmd *cmd, const struct opt_common *opt,
    bool no_output, struct err *e)
{
	const struct opt *file[MOST_FILES];
	int i, j, n = add_files(cmd->common, file, 0);

	n = add_files(cmd->opts, file, n);
	for (i = 0; i < n; i++)
		for (j = 0; j < i; j++) {
			const char *a = file_name(file[i], opt, no_output);
			const char *b = file_name(file[j], opt, no_output);

			if (a && b && strcmp(a, b) == 0 &&
			    strncmp(a, "/dev/", 5) != 0)
				return err_set(e, ERR_ARG,
				    "%s is to hold two things: --%s and --%s "
				    "need a file each",
				    strcmp(a, "-") ? a : "stdout",
				    file[j]->name, file[i]->name);
		}
	return 0;
}

int
run_open(struct run *r, const struct opt_cmd *cmd, const struct opt_common *opt,
    bool no_output, void (*warn)(struct run *, struct str), struct err *e)
{
	*r = (struct run){ .cmd = cmd, .opt = opt, .warn = warn };
	if (check_names(cmd, opt, no_output, e) < 0)
		return e->code;
	if (!no_output && out_open(&r->out, opt->out, e) < 0)
		return e->code;
	if (opt->rejects && out_open(&r->rejects, opt->rejects, e) < 0) {
		run_abort(r);
		return e->code;
	}
	return 0;
}

void
run_emit_init(const struct run *r, struct emit *em)
{
	*em = (struct emit){ .stage = r->cmd->name,
		.strict = r->opt->strict,
		.keep_rejects = r->rejects != NULL };
}

void
emit_clear(struct emit *em)
{
	em->passed = (struct str){ NULL, 0 };
	buf_clear(&em->out);
	buf_clear(&em->rejects);
	buf_clear(&em->side);
	buf_clear(&em->warnings);
	em->tally = (struct tally){ 0 };
}

void
emit_free(struct emit *em)
{
	buf_free(&em->out);
	buf_free(&em->rejects);
	buf_free(&em->side);
	buf_free(&em->warnings);
}

int
tally_drop(struct tally *t, const char *rule, uint64_t n, struct err *e)
{
	size_t i;

	t->dropped += n;
	for (i = 0; i < t->ndrop; i++)
		if (strcmp(t->drops[i].rule, rule) == 0)
			break;
	if (i == MAX_RULES)
		return err_set(e, ERR_ARG, "more than %d rules", MAX_RULES);
	if (i == t->ndrop)
		t->drops[t->ndrop++] = (struct drop){ rule, 0 };
	t->drops[i].n += n;
	return 0;
}

static int
tally_add(struct tally *t, const struct tally *x, struct err *e)
{
	size_t i;

	t->in += x->in;
	t->kept += x->kept;
	t->damaged += x->damaged;
	t->bytes_in += x->bytes_in;
	t->text_in += x->text_in;
	t->text_out += x->text_out;
	for (i = 0; i < x->ndrop; i++)
		if (tally_drop(t, x->drops[i].rule, x->drops[i].n, e) < 0)
			return e->code;
	return 0;
}

static void
warn_lines(struct run *r, struct str lines)
{
	const char *p = lines.p, *end = lines.p + lines.n, *eol;

	if (lines.n)
		progress_clear(&r->progress);
	for (; p < end; p = eol + 1) {
		eol = memchr(p, '\n', (size_t)(end - p));
		r->warn(r, (struct str){ p, (size_t)(eol - p) });
	}
}

int
run_take(struct run *r, struct emit *em, struct err *e)
{
	if (buf_ok(&em->out, e) < 0 || buf_ok(&em->rejects, e) < 0 ||
	    buf_ok(&em->side, e) < 0 || buf_ok(&em->warnings, e) < 0)
		return e->code;
	warn_lines(r, buf_view(&em->warnings));
	if (r->out && (out_write(r->out, em->passed.p, em->passed.n, e) < 0 ||
			  out_write(r->out, em->out.p, em->out.n, e) < 0))
		return e->code;
	if (r->rejects &&
	    out_write(r->rejects, em->rejects.p, em->rejects.n, e) < 0)
		return e->code;
	return tally_add(&r->tally, &em->tally, e);
}

static void
stats_json(const struct run *r, struct buf *b)
{
	const struct tally *t = &r->tally;
	size_t i;

	buf_puts(b, "{\"command\":");
	buf_json(b, str_c(r->cmd->name));
	buf_printf(b, ",\"version\":\"" QUERN_VERSION "\",\"options\":");
	opt_json(r->cmd, b);
	buf_printf(b,
	    ",\"records\":{\"in\":%" PRIu64 ",\"kept\":%" PRIu64
	    ",\"dropped\":%" PRIu64 ",\"damaged\":%" PRIu64 "},",
	    t->in, t->kept, t->dropped, t->damaged);
	buf_printf(b, "\"bytes\":{\"in\":%" PRIu64 ",\"out\":%" PRIu64 "},",
	    t->bytes_in, r->out ? out_bytes(r->out) : 0);
	buf_printf(b,
	    "\"text_bytes\":{\"in\":%" PRIu64 ",\"out\":%" PRIu64 "},",
	    t->text_in, t->text_out);
	buf_str(b, buf_view(&r->extra));
	buf_puts(b, "\"dropped\":{");
	for (i = 0; i < t->ndrop; i++) {
		buf_puts(b, i ? "," : "");
		buf_json(b, str_c(t->drops[i].rule));
		buf_printf(b, ":%" PRIu64, t->drops[i].n);
	}
	buf_puts(b, "}}\n");
}

static int
open_stats(struct run *r, struct out **stats, struct err *e)
{
	struct buf b = { 0 };
	int rc;

	*stats = NULL;
	if (!r->opt->stats)
		return 0;
	stats_json(r, &b);
	rc = buf_ok(&b, e);
	if (rc == 0)
		rc = out_open(stats, r->opt->stats, e);
	if (rc == 0)
		rc = out_write(*stats, b.p, b.n, e);
	buf_free(&b);
	return rc;
}

static int
check_counts(const struct run *r, struct err *e)
{
	const struct tally *t = &r->tally;

	if (t->in == t->kept + t->dropped + t->damaged)
		return 0;
	return err_set(e, ERR_CHECK,
	    "%" PRIu64 " records read, but %" PRIu64 " kept + %" PRIu64
	    " dropped + %" PRIu64 " damaged: this is a bug in quern",
	    t->in, t->kept, t->dropped, t->damaged);
}

/* All files are finished before the first gets its name. */
static int
finish_files(struct out *const *files, size_t n, struct err *e)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (files[i] && out_finish(files[i], e) < 0)
			return e->code;
	for (i = 0; i < n; i++)
		if (files[i] && out_rename(files[i], e) < 0)
			return e->code;
	return 0;
}

int
run_close(struct run *r, struct err *e)
{
	struct out *files[3] = { r->rejects, NULL, r->out };
	int rc = check_counts(r, e);

	progress_clear(&r->progress);
	if (rc == 0)
		rc = open_stats(r, &files[1], e);
	if (rc == 0)
		rc = finish_files(files, 3, e);
	out_close(files[1]);
	run_abort(r);
	return rc;
}

void
run_abort(struct run *r)
{
	progress_clear(&r->progress);
	out_close(r->out);
	out_close(r->rejects);
	r->out = r->rejects = NULL;
	buf_free(&r->extra);
}

/* Can the line go out from where it stands, with those before it? */
static bool
pass_line(struct emit *em, struct str line)
{
	if (em->out.n || line.p[line.n] != '\n')
		return false;
	if (em->passed.n == 0)
		em->passed.p = line.p;
	else if (em->passed.p + em->passed.n != line.p)
		return false;
	em->passed.n += line.n + 1;
	return true;
}

int
emit_keep(struct emit *em, const struct doc *d, struct err *e)
{
	em->tally.kept++;
	em->tally.text_out += d->text_set ? d->new_text.n : d->text.n;
	if (!doc_changed(d) && pass_line(em, d->line))
		return 0;
	return doc_write(d, &em->out, e);
}

/* {"stage":...,"rule":...,"value":...,"threshold":...} */
static void
reason_json(const struct emit *em, const struct reason *why, struct buf *b)
{
	buf_puts(b, "{\"stage\":");
	buf_json(b, str_c(em->stage));
	buf_puts(b, ",\"rule\":");
	buf_json_lossy(b, str_c(why->rule));
	buf_puts(b, ",\"value\":");
	if (why->has_value)
		buf_double(b, why->value);
	else
		buf_puts(b, "null");
	buf_puts(b, ",\"threshold\":");
	if (why->has_value)
		buf_double(b, why->threshold);
	else
		buf_puts(b, "null");
	if (why->detail.n) {
		buf_puts(b, ",\"detail\":");
		buf_str(b, why->detail);
	}
	buf_putc(b, '}');
}

int
emit_drop(
    struct emit *em, struct doc *d, const struct reason *why, struct err *e)
{
	struct buf b = { 0 };
	int rc;

	if (tally_drop(&em->tally, why->rule, 1, e) < 0)
		return e->code;
	if (!em->keep_rejects)
		return 0;
	doc_unset(d);
	reason_json(em, why, &b);
	doc_set_json(d, "reject", buf_view(&b));
	rc = buf_ok(&b, e);
	buf_free(&b);
	return rc < 0 ? rc : doc_write(d, &em->rejects, e);
}

static void
reject_raw(
    struct emit *em, struct str id, struct str raw, const struct reason *why)
{
	struct buf *b = &em->rejects;

	if (!em->keep_rejects)
		return;
	buf_puts(b, "{\"id\":");
	buf_json_lossy(b, id);
	buf_puts(b, ",\"raw\":\"");
	buf_base64(b, raw.p, raw.n);
	buf_puts(b, "\",\"metadata\":{\"reject\":");
	reason_json(em, why, b);
	buf_puts(b, "}}\n");
}

int
emit_drop_raw(struct emit *em, struct str id, struct str raw,
    const struct reason *why, struct err *e)
{
	em->tally.in++;
	em->tally.bytes_in += raw.n;
	reject_raw(em, id, raw, why);
	return tally_drop(&em->tally, why->rule, 1, e);
}

int
emit_damage(struct emit *em, const char *file, uint64_t record, uint64_t offset,
    struct str raw, const char *what, struct err *e)
{
	struct buf id = { 0 }, detail = { 0 };
	struct reason why = { .rule = "damaged" };

	if (em->strict)
		return err_set(e, ERR_FORMAT,
		    "%s: record %" PRIu64 ", byte %" PRIu64 ": %s", file,
		    record, offset, what);
	em->tally.in++;
	em->tally.bytes_in += raw.n;
	em->tally.damaged++;
	buf_printf(&em->warnings,
	    "%s: record %" PRIu64 ", byte %" PRIu64 ": %s\n", file, record,
	    offset, what);
	buf_printf(&id, "%s:%" PRIu64, path_base(file), record);
	buf_json_lossy(&detail, str_c(what));
	why.detail = buf_view(&detail);
	reject_raw(em, buf_view(&id), raw, &why);
	buf_free(&id);
	buf_free(&detail);
	return 0;
}
