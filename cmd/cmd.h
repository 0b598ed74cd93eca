/* SPDX-License-Identifier: MIT */
#ifndef CMD_CMD_H
#define CMD_CMD_H

/* What every command does around its work: options in, exit status out. */

#include "base/err.h"
#include "base/opt.h"
#include "io/docs.h"
#include "io/run.h"

/* Exit statuses (docs: man quern). */
enum { EXIT_OK = 0, EXIT_DATA = 1, EXIT_USAGE = 2, EXIT_CHECK = 3 };

/*
 * Parse the options; answers -h and --version itself and exits, exits 2 on
 * wrong usage.  Returns the number of operands, which are argv[1..].
 */
int cmd_begin(const struct opt_cmd *c, int argc, char **argv);
/*
 * The exit status for rc (0 or an error): prints the error, flushes stdout.
 * Our output's reader gone is no news: dies quietly by SIGPIPE.
 */
int cmd_end(const struct opt_cmd *c, int rc, const struct err *e);
/* The same without a word: another process of the run says it. */
int cmd_end_quietly(const struct opt_cmd *c, int rc);
/*
 * For commands with OpenMP loops, first thing in main(): waiting threads are to
 * sleep, since spinning ones stall each other where processors are shared.  The
 * run time reads that from the environment before main(), so this starts the
 * program over, once, unless OMP_WAIT_POLICY is set.
 */
void cmd_wait_asleep(char **argv);
/* For struct run: prints "quern filter: LINE" on stderr. */
void cmd_warn(struct run *r, struct str line);
/* The closing line on a terminal: records in, kept, dropped; seconds. */
void cmd_closing(const struct run *r, const char *unit);

/*
 * A command over the documents that argv[1..] names, after its options: work()
 * sees them once.  Returns the exit status.
 */
typedef int
cmd_work_fn(void *ctx, struct docs *in, struct run *r, struct err *e);
int cmd_work(const struct opt_cmd *c, const struct opt_common *opt, int argc,
    char **argv, cmd_work_fn *work, void *ctx);
/* The same, where the work is to filter the documents with ops. */
int cmd_docs(const struct opt_cmd *c, const struct opt_common *opt, int argc,
    char **argv, const struct docs_ops *ops, void *ctx);

/* A subcommand: "dedup" has "exact", "minhash". */
struct cmd_sub {
	const char *name;
	const char *summary;
	int (*main)(int argc, char **argv);
};

/*
 * Run the subcommand named by argv[1] with what follows; lists them for -h.
 * subs ends with { 0 }.
 */
int cmd_subs(const char *name, const char *summary, const struct cmd_sub *subs,
    int argc, char **argv);

#endif
