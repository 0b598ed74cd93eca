/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/version.h"
#include "cmd.h"

static void
print(const struct buf *b)
{
	fwrite(b->p, 1, b->n, stdout);
}

/* Our output's reader went away: end as if nobody had asked us to go on. */
static void
die_quietly(void)
{
	signal(SIGPIPE, SIG_DFL);
	raise(SIGPIPE);
}

static int
finish_stdout(void)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return EXIT_OK;
	if (errno == EPIPE)
		die_quietly();
	fprintf(stderr, "quern: stdout: cannot write\n");
	return EXIT_DATA;
}

/*
 * A standard stream that is closed would be the next file opened: documents
 * would go into it, or our own output be read.  What takes its place fails
 * when used.
 */
static void
fill_standard_streams(void)
{
	int fd;

	for (fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0 &&
		    open("/dev/null",
			fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) != fd)
			exit(EXIT_DATA);
}

/* --summary is for `quern help`, which lists the commands. */
static void
answer_questions(const struct opt_cmd *c, int argc, char **argv)
{
	struct buf b = { 0 };

	if (opt_wants(argc, argv, "help", 'h'))
		opt_help(c, &b);
	else if (opt_wants(argc, argv, "version", 0))
		buf_printf(&b, "quern %s %s\n", c->name, QUERN_VERSION);
	else if (argc == 2 && strcmp(argv[1], "--summary") == 0)
		buf_printf(&b, "%s\n", c->summary);
	else
		return;
	print(&b);
	buf_free(&b);
	exit(finish_stdout());
}

int
cmd_begin(const struct opt_cmd *c, int argc, char **argv)
{
	struct err e;
	int n;

	fill_standard_streams();
	signal(SIGPIPE, SIG_IGN);
	answer_questions(c, argc, argv);
	n = opt_parse(c, argc, argv, &e);
	if (n < 0) {
		fprintf(stderr, "quern %s: %s\n", c->name, e.msg);
		exit(EXIT_USAGE);
	}
	return n;
}

static int
status_of(int rc)
{
	switch (rc) {
	case ERR_ARG:
		return EXIT_USAGE;
	case ERR_CHECK:
		return EXIT_CHECK;
	default:
		return EXIT_DATA;
	}
}

int
cmd_end(const struct opt_cmd *c, int rc, const struct err *e)
{
	opt_free(c);
	if (rc == ERR_PIPE)
		die_quietly();
	if (rc < 0) {
		fflush(stdout);
		fprintf(stderr, "quern %s: %s\n", c->name, e->msg);
		return status_of(rc);
	}
	return finish_stdout();
}

int
cmd_end_quietly(const struct opt_cmd *c, int rc)
{
	opt_free(c);
	return rc < 0 ? status_of(rc) : finish_stdout();
}

void
cmd_wait_asleep(char **argv)
{
	char self[PATH_MAX];
	ssize_t n;

	if (getenv("OMP_WAIT_POLICY"))
		return;
	n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	if (n < 0 || setenv("OMP_WAIT_POLICY", "passive", 1) < 0)
		return;
	self[n] = '\0';
	execv(self, argv); /* on failure go on, slower */
}

void
cmd_warn(struct run *r, struct str line)
{
	fprintf(stderr, "quern %s: %.*s\n", r->cmd->name, (int)line.n, line.p);
}

void
cmd_closing(const struct run *r, const char *unit)
{
	const struct tally *t = &r->tally;
	char a[16], b[16], c[16], d[16];
	double s = progress_now() - r->progress.start;

	if (!r->progress.shown)
		return;
	fprintf(stderr, "quern %s: %s %s in, %s kept, %s dropped", r->cmd->name,
	    progress_scaled(a, (double)t->in, 1000), unit,
	    progress_scaled(b, (double)t->kept, 1000),
	    progress_scaled(c, (double)t->dropped, 1000));
	if (t->damaged)
		fprintf(
		    stderr, ", %llu damaged", (unsigned long long)t->damaged);
	fprintf(stderr, "; %.1f s, %sB/s\n", s,
	    progress_scaled(d, s > 0 ? (double)t->bytes_in / s : 0, 1024));
}

int
cmd_work(const struct opt_cmd *c, const struct opt_common *opt, int argc,
    char **argv, cmd_work_fn *work, void *ctx)
{
	struct docs in;
	struct run r;
	struct err e;
	int rc;

	rc = docs_open(&in, argv + 1, argc, opt, &e);
	if (rc < 0)
		return cmd_end(c, rc, &e);
	rc = run_open(&r, c, opt, false, cmd_warn, &e);
	if (rc == 0) {
		rc = work(ctx, &in, &r, &e);
		if (rc < 0)
			run_abort(&r);
		else
			rc = run_close(&r, &e);
		if (rc == 0)
			cmd_closing(&r, "documents");
	}
	docs_close(&in);
	return cmd_end(c, rc, &e);
}

struct filtering {
	const struct docs_ops *ops;
	void *ctx;
};

static int
filter_docs(void *ctx, struct docs *in, struct run *r, struct err *e)
{
	const struct filtering *f = ctx;

	return docs_run(in, f->ops, f->ctx, r, e);
}

int
cmd_docs(const struct opt_cmd *c, const struct opt_common *opt, int argc,
    char **argv, const struct docs_ops *ops, void *ctx)
{
	struct filtering f = { ops, ctx };

	return cmd_work(c, opt, argc, argv, filter_docs, &f);
}

static int
list_subs(const char *name, const char *summary, const struct cmd_sub *subs)
{
	printf("usage: quern %s SUBCOMMAND [options] [FILE...]\n%s\n\n", name,
	    summary);
	for (; subs->name; subs++)
		printf("  %-12s %s\n", subs->name, subs->summary);
	printf("\nquern %s SUBCOMMAND -h tells its options.\n", name);
	return finish_stdout();
}

int
cmd_subs(const char *name, const char *summary, const struct cmd_sub *subs,
    int argc, char **argv)
{
	const struct cmd_sub *s;

	if (argc > 1 &&
	    (strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "--help") == 0))
		return list_subs(name, summary, subs);
	if (argc > 1 && strcmp(argv[1], "--version") == 0) {
		printf("quern %s %s\n", name, QUERN_VERSION);
		return finish_stdout();
	}
	if (argc == 2 && strcmp(argv[1], "--summary") == 0) {
		puts(summary);
		return finish_stdout();
	}
	for (s = subs; argc > 1 && s->name; s++)
		if (strcmp(s->name, argv[1]) == 0)
			return s->main(argc - 1, argv + 1);
	if (argc > 1)
		fprintf(stderr,
		    "quern %s: no subcommand '%s'; see quern %s "
		    "-h\n",
		    name, argv[1], name);
	else
		fprintf(stderr, "quern %s: which subcommand? see quern %s -h\n",
		    name, name);
	return EXIT_USAGE;
}
