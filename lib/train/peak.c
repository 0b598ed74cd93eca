/* SPDX-License-Identifier: MIT */
#include <ctype.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/progress.h"
#include "train/peak.h"

double
peak_flops_per_token(const struct program *p, uint32_t seq)
{
	const struct model_config *c = &p->config;
	uint32_t seen = c->window && c->window < seq ? c->window : seq;
	const struct params *x = &p->params;
	double weights = 0;
	size_t i;

	for (i = 0; i < x->n; i++)
		if (x->v[i].rank == 2 && x->v[i].at != x->embedding &&
		    x->v[i].at != x->positions && x->v[i].at != x->relative)
			weights +=
			    (double)x->v[i].shape[0] * (double)x->v[i].shape[1];
	if (c->tied)
		weights += (double)c->vocab * c->dim;
	return 6 * weights +
	       12.0 * c->layers * c->heads * c->head_dim * (double)seen;
}

/*
 * Dense products, 10^12 operations a second.  f32 is that of ordinary units:
 * products of f32 aren't rounded to TF32 here.  Source: the makers' data
 * sheets.  A name that begins with another one stands before it.
 */
static const struct {
	const char *name;
	double f32, half;
} cards[] = {
	{ "GB200", 80, 2500 },
	{ "B200", 80, 2250 },
	{ "H200", 67, 989 },
	{ "GH200", 67, 989 },
	{ "H100 PCIe", 51, 756 },
	{ "H100 NVL", 60, 835 },
	{ "H100", 67, 989 },
	{ "H20", 44, 148 },
	{ "A100", 19.5, 312 },
	{ "A800", 19.5, 312 },
	{ "L40S", 91.6, 362 },
	{ "L40", 90.5, 181 },
	{ "L4", 30.3, 121 },
	{ "A10G", 31.5, 70 },
	{ "A6000", 38.7, 155 },
	{ "RTX 4090", 82.6, 165 },
	{ "RTX 3090", 35.6, 71 },
};

/* Is it in the text, as words of their own? */
static bool
has_words(const char *text, const char *words)
{
	size_t n = strlen(words);
	const char *at = text;

	for (; (at = strstr(at, words)); at++)
		if ((at == text || !isalnum((unsigned char)at[-1])) &&
		    !isalnum((unsigned char)at[n]))
			return true;
	return false;
}

double
peak_of_card(const char *name, enum ops_type type)
{
	size_t i;

	for (i = 0; i < sizeof(cards) / sizeof(*cards); i++)
		if (has_words(name, cards[i].name))
			return 1e12 *
			       (type == OPS_F32 ? cards[i].f32 : cards[i].half);
	return 0;
}

/* The beginning of a file, for strings. */
static char *
head_of(const char *path, char *text, size_t size)
{
	FILE *f = fopen(path, "re");
	size_t n = f ? fread(text, 1, size - 1, f) : 0;

	if (f)
		fclose(f);
	text[n] = '\0';
	return text;
}

/* The driver tells names without being asked through its library. */
static double
card(enum ops_type type)
{
	char text[512];
	double peak = 0;
	glob_t g;

	if (glob("/proc/driver/nvidia/gpus/*/information", 0, NULL, &g) != 0)
		return 0;
	if (g.gl_pathc)
		peak = peak_of_card(
		    head_of(g.gl_pathv[0], text, sizeof(text)), type);
	globfree(&g);
	return peak;
}

/* Is the word in the line that begins with "flags"? */
static bool
has_flag(const char *cpuinfo, const char *flag)
{
	const char *p = strstr(cpuinfo, "\nflags"), *end, *at;
	size_t n = strlen(flag);

	if (!p)
		return false;
	end = strchr(p + 1, '\n');
	for (at = p; (at = strstr(at + 1, flag)) && (!end || at < end);)
		if (at[-1] == ' ' && !isalnum((unsigned char)at[n]) &&
		    at[n] != '_')
			return true;
	return false;
}

static long
number_of(const char *cpuinfo, const char *key)
{
	const char *p = strstr(cpuinfo, key);

	p = p ? strchr(p, ':') : NULL;
	return p ? strtol(p + 1, NULL, 10) : 0;
}

double
peak_per_cycle(const char *cpuinfo, enum ops_type type)
{
	bool amd = strstr(cpuinfo, "AuthenticAMD");
	/* Two units of 16 numbers; before family 26 AMD's are half as wide. */
	double f32 = !has_flag(cpuinfo, "avx512f") ||
			     (amd && number_of(cpuinfo, "cpu family") < 26)
			 ? 32
			 : 64;

	if (!has_flag(cpuinfo, "fma"))
		return 0;
	if (type == OPS_BF16 && has_flag(cpuinfo, "amx_bf16"))
		return 2048;
	return type == OPS_BF16 && has_flag(cpuinfo, "avx512_bf16") ? 2 * f32
								    : f32;
}

/* Cycles of a second: of a chain whose links take four each, at its fastest. */
static double
clock_rate(void)
{
	enum { LINKS = 50000, ROUNDS = 20 };
	double best = 0, start, rate;
	volatile uint64_t out;
	uint64_t x = 1;
	int i, round;

	for (round = 0; round < ROUNDS; round++) {
		start = progress_now();
		for (i = 0; i < LINKS; i++)
			x = x * 6364136223846793005u + 1442695040888963407u;
		out = x;
		x = out;
		rate = 4.0 * LINKS / (progress_now() - start + 1e-12);
		best = rate > best ? rate : best;
	}
	return best;
}

static double
processor(enum ops_type type, int threads)
{
	char text[8192];
	double cycle =
	    peak_per_cycle(head_of("/proc/cpuinfo", text, sizeof(text)), type);
	long online = sysconf(_SC_NPROCESSORS_ONLN), siblings, cores;

	if (cycle <= 0)
		return 0;
	siblings = number_of(text, "siblings");
	cores = number_of(text, "cpu cores");
	if (cores > 0 && siblings > cores)
		online = (online * cores + siblings - 1) / siblings;
	if (threads > 0 && threads < online)
		online = threads;
	return cycle * clock_rate() * (double)online;
}

double
peak_of(const struct ops *ops, enum ops_type type, int threads)
{
	if (strcmp(ops->name, "cpu") == 0)
		return processor(type, threads);
	return strcmp(ops->name, "cuda") == 0 ? card(type) : 0;
}
