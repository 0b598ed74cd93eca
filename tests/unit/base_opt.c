/* SPDX-License-Identifier: MIT */
/* Options: every type, every way to write them, every way to get them wrong. */
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/opt.h"
#include "tap.h"

enum { MAX_ARGS = 8 };

static const char *profile, *mode;
static int depth;
static uint64_t count, size;
static double score;
static bool explain;
static struct opt_list only;
static struct opt_common common;

static const struct opt own[] = {
	{ "profile", 'p', OPT_STR, &profile, "NAME", "the profile", NULL },
	{ "mode", 0, OPT_STR, &mode, "MODE", "how", "fast,exact" },
	{ "depth", 0, OPT_INT, &depth, "N", "how deep", NULL },
	{ "count", 0, OPT_COUNT, &count, "N", "tokens", NULL },
	{ "size", 0, OPT_SIZE, &size, "SIZE", "bytes", NULL },
	{ "score", 's', OPT_DOUBLE, &score, "X", "least score", NULL },
	{ "explain", 'e', OPT_FLAG, &explain, NULL, "say why", NULL },
	{ "only", 0, OPT_LIST, &only, "X", "several", NULL },
	{ 0 },
};
static const struct opt shared[] = { OPT_COMMON(&common), { 0 } };
static const struct opt_cmd cmd = { .name = "test",
	.args = "[FILE...]",
	.summary = "Tests.",
	.opts = own,
	.common = shared };

static struct err e;
static char *args[MAX_ARGS + 1];

static void
reset(void)
{
	opt_free(&cmd);
	profile = "gopher";
	mode = NULL;
	depth = 3;
	count = size = 0;
	score = 0.5;
	explain = false;
	opt_common_init(&common);
}

/* Parse a line of words. */
static int
parse(const char *line)
{
	static char copy[256];
	char *save, *w;
	int n = 1;

	reset();
	memcpy(copy, line, strlen(line) + 1);
	args[0] = copy;
	for (w = strtok_r(copy, " ", &save); w && n <= MAX_ARGS;
	     w = strtok_r(NULL, " ", &save))
		args[n++] = w;
	return opt_parse(&cmd, n, args, &e);
}

static void
test_right(void)
{
	OK(parse("a --profile c4 b") == 2 && strcmp(profile, "c4") == 0 &&
		strcmp(args[1], "a") == 0 && strcmp(args[2], "b") == 0,
	    "options between operands");
	OK(parse("--profile=x=y") == 0 && strcmp(profile, "x=y") == 0,
	    "--name=value");
	OK(parse("-pc4 -eq -o out") == 0 && strcmp(profile, "c4") == 0 &&
		explain && common.quiet && strcmp(common.out, "out") == 0,
	    "short options, joined");
	OK(parse("-- -e --x") == 2 && !explain && strcmp(args[2], "--x") == 0,
	    "-- ends options");
	OK(parse("-") == 1 && strcmp(args[1], "-") == 0, "- is an operand");
	OK(parse("--explain --no-explain") == 0 && !explain, "--no-explain");
	OK(parse("--depth 7 --count 2M --size 2M --score 0.25") == 0 &&
		depth == 7 && count == 2000000 && size == 2097152 &&
		score == 0.25,
	    "numbers and their units");
	OK(parse("--only a --only b") == 0 && only.n == 2 &&
		strcmp(only.v[1], "b") == 0,
	    "a list");
	OK(parse("--shard 3/8") == 0 && common.shard.i == 3 &&
		common.shard.n == 8,
	    "a shard");
	OK(parse("--mode exact") == 0 && strcmp(mode, "exact") == 0,
	    "a choice");
}

static bool
wrong(const char *line, const char *says)
{
	if (parse(line) == ERR_ARG && strstr(e.msg, says))
		return true;
	printf("# '%s' said: %s\n", line, e.msg);
	return false;
}

static void
test_wrong(void)
{
	OK(wrong("--profil x", "did you mean --profile?"), "a near miss");
	OK(wrong("--zzzzzz", "see quern test -h"), "a far one");
	OK(wrong("-z", "unknown option -z"), "a letter");
	OK(wrong("--profile", "needs NAME"), "no value");
	OK(wrong("--depth -3", "not a whole number"), "a negative number");
	OK(wrong("--depth 99999999999", "too large"), "a large number");
	OK(wrong("--score 1,5", "not a number"), "a comma");
	OK(wrong("--explain=yes", "takes no value"), "a flag with a value");
	OK(wrong("--mode fas", "one of fast,exact"), "no such choice");
	OK(wrong("--shard 4/4", "I/N"), "a shard past the end");
	OK(wrong("--shard 1/2x", "I/N"), "a shard with junk");
	OK(wrong("--no-depth", "unknown option"), "--no- of a number");
}

static void
test_help(void)
{
	struct buf b = { 0 };
	const struct opt *o;
	bool ok = true;

	reset();
	opt_help(&cmd, &b);
	buf_putc(&b, '\0');
	for (o = own; o->name; o++)
		ok = ok && strstr(b.p, o->name);
	OK(ok && strstr(b.p, "(default: gopher)"),
	    "help names all, and defaults");
	OK(strstr(b.p, "--threads N") != NULL, "and the common options");
	buf_clear(&b);
	opt_json(&cmd, &b);
	buf_putc(&b, '\0');
	OK(strcmp(b.p, "{\"profile\":\"gopher\",\"mode\":\"\",\"depth\":3,"
		       "\"count\":0,\"size\":0,\"score\":0.5,\"explain\":false,"
		       "\"only\":\"\"}") == 0,
	    "options as JSON");
	buf_free(&b);
}

int
main(void)
{
	test_right();
	test_wrong();
	test_help();
	reset();
	return tap_end();
}
