/* SPDX-License-Identifier: MIT */
/* What devices make at most, and what a model asks of them. */
#include <math.h>

#include "base/err.h"
#include "tap.h"
#include "train/peak.h"
#include "train/preset.h"

static const char zen4[] = "processor\t: 0\nvendor_id\t: AuthenticAMD\n"
			   "cpu family\t: 25\nflags\t\t: fpu fma avx2 avx512f "
			   "avx512_bf16 x\nbugs\t:\n";
static const char zen5[] = "vendor_id\t: AuthenticAMD\ncpu family\t: 26\n"
			   "flags\t\t: fma avx512f avx512_bf16\n";
static const char skylake[] = "vendor_id\t: GenuineIntel\ncpu family\t: 6\n"
			      "flags\t\t: fma avx512f avx512_bf16_no\n";
static const char rapids[] = "vendor_id\t: GenuineIntel\ncpu family\t: 6\n"
			     "flags\t\t: fma avx512f amx_bf16 avx512_bf16";
static const char haswell[] = "vendor_id\t: GenuineIntel\ncpu family\t: 6\n"
			      "flags\t\t: fma avx2\nbugs\t: avx512f\n";

static bool
cycle(const char *info, double f32, double bf16)
{
	return peak_per_cycle(info, OPS_F32) == f32 &&
	       peak_per_cycle(info, OPS_BF16) == bf16 &&
	       peak_per_cycle(info, OPS_F16) == f32;
}

static void
test_processors(void)
{
	OK(cycle(zen4, 32, 64), "Zen 4's units are half as wide");
	OK(cycle(zen5, 64, 128), "Zen 5");
	OK(cycle(skylake, 64, 64), "AVX-512 without bf16");
	OK(cycle(rapids, 64, 2048), "AMX");
	OK(cycle(haswell, 32, 32), "AVX2; other lines are no flags");
	OK(cycle("processor : 0\nFeatures : fp asimd\n", 0, 0),
	    "another kind isn't known");
	OK(cycle("", 0, 0), "nor is nothing");
}

static void
test_cards(void)
{
	OK(peak_of_card("Model: \t\t NVIDIA H200\n", OPS_BF16) == 989e12,
	    "a card by its name");
	OK(peak_of_card("NVIDIA A100-SXM4-80GB", OPS_F32) == 19.5e12,
	    "with its memory behind it");
	OK(peak_of_card("NVIDIA H100 PCIe", OPS_F16) == 756e12,
	    "the longer name of two");
	OK(peak_of_card("NVIDIA RTX A1000", OPS_F32) == 0 &&
		peak_of_card("NVIDIA L40", OPS_BF16) == 181e12 &&
		peak_of_card("", OPS_F32) == 0,
	    "a part of a word is no name");
}

/* 12 layers of 12 dim^2 weights, the head, and 12 * T * dim a layer. */
static void
test_model(void)
{
	double want =
	    6 * (12 * 12 * 768. * 768 + 50257. * 768) + 12 * 12 * 768. * 1024;
	struct model_config c;
	struct program p;
	struct err e;

	if (!OK(preset_find(&c, "gpt2-124m") &&
		    program_build(&p, &c, 1024, 0, &e) == 0,
		"GPT-2"))
		return;
	OK(fabs(peak_flops_per_token(&p, 1024) / want - 1) < 1e-12,
	    "its operations a token, of a tied head");
	program_free(&p);
	c.tied = false;
	if (!OK(program_build(&p, &c, 1024, 0, &e) == 0, "with its own head"))
		return;
	OK(fabs(peak_flops_per_token(&p, 1024) / want - 1) < 1e-12,
	    "they are the same: nothing multiplies the embeddings");
	p.config.window = 256;
	OK(fabs((peak_flops_per_token(&p, 1024) - want) /
		    (12 * 12 * 768. * 768) +
		1) < 1e-9,
	    "a window reaches so far");
	program_free(&p);
}

int
main(void)
{
	double one = peak_of(ops_cpu(0), OPS_F32, 1);

	test_processors();
	test_cards();
	test_model();
	OK(one >= 0 && one < 1e13, "this processor's, or 0");
	return tap_end();
}
