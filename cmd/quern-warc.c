/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/num.h"
#include "base/path.h"
#include "cmd.h"
#include "extract/archive.h"
#include "extract/field.h"
#include "io/stream.h"

static struct opt_common common;
static uint64_t max_record = 64 << 20;
static const struct opt own[] = { { "max-record", 0, OPT_SIZE, &max_record,
				      "SIZE", "read no more of one record",
				      NULL },
	{ 0 } };
static const struct opt shared[] = {
	{ "output", 'o', OPT_STR, &common.out, "FILE",
	    "write to FILE; .zst and .gz compress (default: stdout)", NULL },
	{ "strict", 0, OPT_FLAG, &common.strict, NULL,
	    "stop at the first damaged record", NULL },
	{ "quiet", 'q', OPT_FLAG, &common.quiet, NULL,
	    "name no damage on stderr", NULL },
	{ 0 }
};

/* One run over archives. */
struct pass {
	const struct opt_cmd *cmd;
	const char *file;
	struct archive *a;
	struct out *out;
	struct buf line, faults;
	uint64_t offset; /* cat: of the record that is wanted */
	bool wanted;     /* ... or else there must be no output */
	struct str id;   /* cat: of the record that is wanted, instead */
	bool found;      /* it has been printed: nothing more to read */
	uint64_t damaged, hits;
	/* cdx: of the line that waits for its record's end */
	uint64_t from, to; /* to: 0, or its end */
	bool waits;
	/* What to do with a record; may be NULL for damage. */
	int (*record)(struct pass *p, const struct warc_rec *r, struct err *e);
	int (*damage)(struct pass *p, const struct warc_rec *r,
	    const char *what, struct err *e);
	int (*end)(struct pass *p, uint64_t at, struct err *e);
};

static int
flush(struct pass *p, struct err *e)
{
	int rc = buf_ok(&p->line, e);

	if (rc == 0 && p->line.n)
		rc = out_write(p->out, p->line.p, p->line.n, e);
	buf_clear(&p->line);
	return rc;
}

/* What the other subcommands do with damage: name it and go on. */
static int
warn(struct pass *p, const struct warc_rec *r, const char *what, struct err *e)
{
	if (common.strict)
		return err_set(e, ERR_FORMAT,
		    "%s: record %" PRIu64 ", byte %" PRIu64 ": %s", p->file,
		    r->number, r->offset, what);
	if (!common.quiet)
		fprintf(stderr,
		    "quern %s: %s: record %" PRIu64 ", byte %" PRIu64 ": %s\n",
		    p->cmd->name, p->file, r->number, r->offset, what);
	return 0;
}

static int
records(struct pass *p, struct err *e)
{
	struct warc_rec r;
	struct err why;
	int rc;

	while ((rc = archive_next(p->a, &r, &why)) != 0) {
		if (rc < 0 && rc != ERR_DAMAGE) {
			*e = why;
			return rc;
		}
		if (p->end && p->end(p, r.offset, e) < 0)
			return e->code;
		if (p->wanted && !p->id.n && r.offset > p->offset)
			return 0; /* nothing of it can follow */
		if (rc == ERR_DAMAGE) {
			p->damaged++;
			rc = p->damage(p, &r, why.msg, e);
		} else {
			rc = p->record(p, &r, e);
		}
		if (rc < 0 || p->found)
			return rc;
	}
	return p->end ? p->end(p, archive_raw(p->a), e) : 0;
}

/* To the record that is wanted; what can't seek is read up to it. */
static int
seek(struct pass *p, struct err *e)
{
	int rc = archive_seek(p->a, p->offset, e);

	return rc == ERR_ARG || rc == ERR_DAMAGE ? 0 : rc;
}

static int
one_file(struct pass *p, const char *path, struct err *e)
{
	int rc;

	p->file = strcmp(path, "-") == 0 ? "stdin" : path;
	if (archive_open(&p->a, path, max_record, e) < 0)
		return e->code;
	rc = p->wanted && !p->id.n ? seek(p, e) : 0;
	if (rc == 0)
		rc = records(p, e);
	archive_close(p->a);
	p->a = NULL;
	return rc;
}

static int
missing(const struct pass *p, struct err *e)
{
	if (p->id.n)
		return err_set(e, ERR_FORMAT, "no record %.*s",
		    (int)(p->id.n < 200 ? p->id.n : 200), p->id.p);
	return err_set(e, ERR_FORMAT, "no record at byte %" PRIu64, p->offset);
}

static int
all_files(struct pass *p, char **args, int n, struct err *e)
{
	struct paths paths = { 0 };
	size_t i;
	int rc = paths_expand(&paths, args, n, &common.shard, e);

	if (rc == 0)
		rc = out_open(&p->out, common.out, e);
	if (rc == 0 && p->line.n)
		rc = flush(p, e);
	for (i = 0; rc == 0 && i < paths.n && !p->found; i++)
		rc = one_file(p, paths.v[i], e);
	if (rc == 0 && p->wanted && !p->hits)
		rc = missing(p, e);
	if (rc == 0)
		rc = out_commit(p->out, e);
	else
		out_close(p->out);
	paths_free(&paths);
	buf_free(&p->line);
	buf_free(&p->faults);
	return rc;
}

/* ls --------------------------------------------------------------------- */

static void
put_column(struct buf *out, struct str s)
{
	size_t i;

	for (i = 0; i < s.n; i++)
		buf_putc(out, (unsigned char)s.p[i] < ' ' ? ' ' : s.p[i]);
	if (!s.n)
		buf_putc(out, '-');
}

static int
list(struct pass *p, const struct warc_rec *r, struct err *e)
{
	buf_printf(&p->line, "%" PRIu64 "\t%zu\t", r->offset, r->raw.n);
	put_column(&p->line, r->type);
	buf_putc(&p->line, '\t');
	put_column(&p->line, r->date);
	buf_putc(&p->line, '\t');
	put_column(&p->line, r->content_type);
	buf_putc(&p->line, '\t');
	put_column(&p->line, r->uri);
	buf_putc(&p->line, '\n');
	return flush(p, e);
}

static const struct opt_cmd ls_cmd = {
	.name = "warc ls",
	.args = "[FILE...]",
	.summary = "list the records of archives: offset, bytes, type, date, "
		   "content type, URL",
	.example = "quern warc ls crawl.warc.gz | grep response",
	.opts = own,
	.common = shared,
};

static int
ls(int argc, char **argv)
{
	struct pass p = { .cmd = &ls_cmd, .record = list, .damage = warn };
	struct err e;
	int n = cmd_begin(&ls_cmd, argc, argv);

	return cmd_end(&ls_cmd, all_files(&p, argv + 1, n, &e), &e);
}

/* cat -------------------------------------------------------------------- */

static int
print(struct pass *p, const struct warc_rec *r, struct err *e)
{
	if (p->id.n ? !str_eq(r->id, p->id) : r->offset != p->offset)
		return 0;
	p->hits++;
	p->found = p->id.n > 0;
	return out_write(p->out, r->raw.p, r->raw.n, e);
}

static const struct opt_cmd cat_cmd = {
	.name = "warc cat",
	.args = "OFFSET|ID [FILE...]",
	.summary =
	    "print the record at an offset, as warc ls gives it, or with "
	    "a WARC-Record-ID",
	.example = "quern warc cat 1260 crawl.warc.gz",
	.opts = own,
	.common = shared,
};

/* A record's id: a URI, in brackets or not. */
static bool
is_id(struct str s)
{
	return s.n && memchr(s.p, ':', s.n);
}

static int
cat_args(struct pass *p, int n, char **args, struct err *e)
{
	p->id =
	    n < 1 ? (struct str){ NULL, 0 } : field_unbracket(str_c(args[0]));
	if (is_id(p->id))
		return all_files(p, args + 1, n - 1, e);
	p->id = (struct str){ NULL, 0 };
	if (n < 1 || num_u64(args[0], &p->offset, e) < 0)
		return err_set(e, ERR_ARG,
		    "say which record: its OFFSET, a number as warc ls prints "
		    "it, or its ID, as urn:uuid:...");
	return all_files(p, args + 1, n - 1, e);
}

static int
cat(int argc, char **argv)
{
	struct pass p = {
		.cmd = &cat_cmd, .record = print, .damage = warn, .wanted = true
	};
	struct err e;
	int n = cmd_begin(&cat_cmd, argc, argv);

	return cmd_end(&cat_cmd, cat_args(&p, n, argv + 1, &e), &e);
}

/* cdx -------------------------------------------------------------------- */

/* The line's record ends at byte `at` of the file. */
static int
end_line(struct pass *p, uint64_t at, struct err *e)
{
	if (!p->waits)
		return 0;
	p->waits = false;
	at = p->to ? p->to : at;
	buf_printf(&p->line, " %" PRIu64 " %" PRIu64 " %s\n",
	    at > p->from ? at - p->from : 0, p->from, path_base(p->file));
	return flush(p, e);
}

static int
begin_line(struct pass *p, const struct warc_rec *r, struct err *e)
{
	p->waits = archive_cdx(r, &p->line);
	p->from = r->offset;
	p->to = archive_is_plain(p->a) ? r->offset + r->raw.n : 0;
	return buf_ok(&p->line, e);
}

static const struct opt_cmd cdx_cmd = {
	.name = "warc cdx",
	.args = "[FILE...]",
	.summary = "an index of archives (CDX, 11 fields), in their order",
	.example = "quern warc cdx crawl.warc.gz | LC_ALL=C sort >crawl.cdx",
	.opts = own,
	.common = shared,
};

static int
cdx(int argc, char **argv)
{
	struct pass p = { .cmd = &cdx_cmd,
		.record = begin_line,
		.damage = warn,
		.end = end_line };
	struct err e;
	int n = cmd_begin(&cdx_cmd, argc, argv);

	buf_puts(&p.line, " CDX N b a m s k r M S V g\n");
	return cmd_end(&cdx_cmd, all_files(&p, argv + 1, n, &e), &e);
}

/* check ------------------------------------------------------------------ */

static int
name_damage(
    struct pass *p, const struct warc_rec *r, const char *what, struct err *e)
{
	buf_printf(&p->line, "%s: record %" PRIu64 ", byte %" PRIu64 ": %s\n",
	    p->file, r->number, r->offset, what);
	return flush(p, e);
}

static int
check_record(struct pass *p, const struct warc_rec *r, struct err *e)
{
	p->hits++;
	archive_faults(p->a, r, &p->faults);
	if (!p->faults.n)
		return 0;
	p->damaged++;
	buf_putc(&p->faults, '\0');
	return name_damage(p, r, p->faults.p, e);
}

static const struct opt_cmd check_cmd = {
	.name = "warc check",
	.args = "[FILE...]",
	.summary = "name every damaged record; exits 3 if there is one",
	.example = "quern warc check crawl.warc.gz && echo sound",
	.opts = own,
	.common = shared,
};

static int
check(int argc, char **argv)
{
	struct pass p = {
		.cmd = &check_cmd, .record = check_record, .damage = name_damage
	};
	struct err e;
	int n = cmd_begin(&check_cmd, argc, argv);
	int rc = all_files(&p, argv + 1, n, &e);

	if (rc == 0 && p.damaged)
		rc = err_set(&e, ERR_CHECK,
		    "%" PRIu64 " damaged, %" PRIu64 " records read", p.damaged,
		    p.hits);
	return cmd_end(&check_cmd, rc, &e);
}

static const struct cmd_sub subs[] = { { "ls", "list the records of archives",
					   ls },
	{ "cat", "print one record, by offset or id", cat },
	{ "cdx", "an index of archives", cdx },
	{ "check", "name every damaged record", check }, { 0 } };

int
main(int argc, char **argv)
{
	opt_common_init(&common);
	return cmd_subs("warc", "look inside web archives", subs, argc, argv);
}
