/* SPDX-License-Identifier: MIT */
#ifndef BASE_OPT_H
#define BASE_OPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf;
struct err;

/*
 * Options from one table, which drives parsing and help alike.  What dst holds
 * before parsing is the default that the help shows, so help cannot lie.
 */
enum opt_type {
	OPT_FLAG,     /* bool: --name sets it, --no-name clears it */
	OPT_STR,      /* const char *, points into argv */
	OPT_OUT,      /* the same: a file that is written */
	OPT_INT,      /* int, >= 0 */
	OPT_POSITIVE, /* int, >= 1 */
	OPT_U64,      /* uint64_t */
	OPT_SIZE,     /* uint64_t bytes, K M G T = powers of 1024 */
	OPT_COUNT,    /* uint64_t tokens, K M B T = powers of 1000 */
	OPT_DOUBLE,   /* double */
	OPT_LIST,     /* struct opt_list: may be given several times */
	OPT_SHARD,    /* struct opt_shard: I/N, 0 <= I < N */
};

struct opt_list {
	const char **v;
	size_t n;
};

struct opt_shard {
	uint32_t i, n; /* n 0: not given */
};

struct opt {
	const char *name; /* long name without dashes; NULL ends a table */
	char letter;      /* short name or 0 */
	enum opt_type type;
	void *dst;
	const char *arg; /* placeholder in help, NULL for flags */
	const char *help;
	const char *choices; /* "a,b,c": nothing else is accepted; or NULL */
};

/* One command or subcommand. */
struct opt_cmd {
	const char *name;         /* "filter", "dedup minhash" */
	const char *args;         /* what follows the options: "[FILE...]" */
	const char *summary;      /* one line */
	const char *example;      /* a command line or several, '\n' between */
	const struct opt *opts;   /* its own */
	const struct opt *common; /* those that every command has, or NULL */
	const char *more;         /* lines to end the help with, or NULL */
};

/*
 * Parse argv[1..argc).  Options and operands may be mixed; "--" ends options.
 * The operands are moved to argv[1..] in order; returns their number.
 * ERR_ARG on anything wrong.  OPT_LIST memory is released by opt_free().
 * -h, --help and --version are the caller's: opt_wants() looks for them.
 */
int opt_parse(const struct opt_cmd *c, int argc, char **argv, struct err *e);
void opt_free(const struct opt_cmd *c);
/* The help text: usage, options with defaults, example. */
void opt_help(const struct opt_cmd *c, struct buf *out);
/* Does `name` ("help") or '-letter' stand before "--" in argv[1..argc)? */
bool opt_wants(int argc, char **argv, const char *name, char letter);
/* The options that differ from nothing: {"profile":"gopher",...}; own only. */
void opt_json(const struct opt_cmd *c, struct buf *out);

/* Options that mean the same everywhere (docs: man quern). */
struct opt_common {
	const char *out; /* -o */
	int threads;     /* total */
	uint64_t memory; /* bytes; 0: the command's own choice */
	const char *stats, *rejects;
	uint64_t seed;
	bool strict, progress, quiet;
	struct opt_shard shard;
};

/* Defaults: all processors that this process may run on. */
void opt_common_init(struct opt_common *c);

/* The rows of a table for struct opt_common *C; ends with { 0 }. */
#define OPT_COMMON(C) \
	{ "output", 'o', OPT_OUT, &(C)->out, "FILE", \
		"write to FILE; .zst and .gz compress (default: stdout)", \
		NULL }, \
	    { "threads", 0, OPT_POSITIVE, &(C)->threads, "N", \
		    "threads in total; the result does not depend on it", \
		    NULL }, \
	    { "memory", 0, OPT_SIZE, &(C)->memory, "SIZE", \
		    "memory to stay within, where a command needs much", \
		    NULL }, \
	    { "stats", 0, OPT_OUT, &(C)->stats, "FILE", \
		    "write counts as JSON", NULL }, \
	    { "rejects", 0, OPT_OUT, &(C)->rejects, "FILE", \
		    "keep what is not written, each with its reason", NULL }, \
	    { "seed", 0, OPT_U64, &(C)->seed, "N", \
		    "seed of everything random", NULL }, \
	    { "shard", 0, OPT_SHARD, &(C)->shard, "I/N", \
		    "take every N-th file, from the I-th, I from 0", NULL }, \
	    { "strict", 0, OPT_FLAG, &(C)->strict, NULL, \
		    "stop at the first damaged record", NULL }, \
	    { "progress", 0, OPT_FLAG, &(C)->progress, NULL, \
		    "show progress even if stderr is no terminal", NULL }, \
	{ \
		"quiet", 'q', OPT_FLAG, &(C)->quiet, NULL, \
		    "no progress, no closing line", NULL \
	}

#endif
