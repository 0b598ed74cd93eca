/* SPDX-License-Identifier: MIT */
/* Sampling, text as it comes out, and what a config is refused for. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/text/utf8.h"
#include "tap.h"
#include "train/config.h"
#include "train/philox.h"
#include "train/sample.h"
#include "train/textout.h"
#include "train/unigram.h"

enum { DRAWS = 20000 };

/* Shares of the ids 0 .. 4 among many draws. */
static void
draw(const struct sampling *s, double share[5])
{
	const float logits[5] = { 1, 3, 2, 3, -1 };
	struct sampler p;
	struct err e;
	uint64_t i;

	memset(share, 0, 5 * sizeof(*share));
	sampler_open(&p, s, 5, &e);
	for (i = 0; i < DRAWS; i++)
		share[sampler_pick(&p, logits, i)] += 1.0 / DRAWS;
	sampler_close(&p);
}

static void
test_sampler(void)
{
	double share[5], sum = exp(1) + exp(2) + 2 * exp(3) + exp(-1);
	struct sampling bad = { .temperature = -1, .top_p = 1 };
	struct sampler p;
	struct err e;

	draw(&(struct sampling){ .top_p = 1 }, share);
	OK(share[1] > .9999, "temperature 0: the first of the largest");
	draw(&(struct sampling){ .temperature = 1, .top_p = 1 }, share);
	OK(fabs(share[0] - exp(1) / sum) < .01 &&
		fabs(share[3] - exp(3) / sum) < .01,
	    "temperature 1: the model's distribution");
	draw(&(struct sampling){ .temperature = 1, .top_p = 1, .top_k = 3 },
	    share);
	OK(share[0] == 0 && share[4] == 0 && share[2] > 0, "top-k");
	draw(&(struct sampling){ .temperature = 1, .top_p = .9 }, share);
	OK(share[0] == 0 && share[4] == 0 && share[2] > 0,
	    "top-p keeps the token that reaches p");
	draw(&(struct sampling){ .temperature = .01, .top_p = .3 }, share);
	OK(share[1] > .9999, "top-p keeps one at least");
	OK(sampler_open(&p, &bad, 5, &e) == ERR_ARG, "%s", e.msg);
}

/* Bytes cut anywhere come out the same, whole code points at a time. */
static void
test_textout(void)
{
	const char *in = "a\xc3\xbc\xe6\xb0\xb4\xf0\x9f\x8c\xbe"
			 "\xff\xe6\xb0x\xed\xa0\x80\xf0\x9f";
	const char *want = "a\xc3\xbc\xe6\xb0\xb4\xf0\x9f\x8c\xbe"
			   "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbdx"
			   "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd";
	size_t n = strlen(in), piece, i;
	bool whole = true, same = true;

	for (piece = 1; piece <= n; piece++) {
		struct buf pending = { 0 }, ready = { 0 };

		for (i = 0; i < n; i += piece) {
			buf_put(
			    &pending, in + i, n - i < piece ? n - i : piece);
			textout(&pending, &ready, i + piece >= n);
			whole = whole && utf8_valid(buf_view(&ready)) &&
				pending.n < 4;
		}
		same = same && pending.n == 0 &&
		       str_eq(buf_view(&ready), str_c(want));
		buf_free(&pending);
		buf_free(&ready);
	}
	OK(whole, "never half a code point");
	OK(same, "the same text however the bytes arrive");
}

static void
refuse(const char *more)
{
	struct model_config c;
	struct err e = { 0 };
	char json[512];
	int n;

	n = snprintf(json, sizeof(json),
	    "{\"hidden_size\":64,\"intermediate_size\":172,\"vocab_size\":300,"
	    "\"num_hidden_layers\":2%s}",
	    more);
	OK(config_parse(&c, json, (size_t)n, &e) == ERR_FORMAT, "%s", e.msg);
}

static void
test_config(void)
{
	refuse("");
	refuse(",\"num_attention_heads\":3");
	refuse(",\"num_attention_heads\":4,\"num_key_value_heads\":3");
	refuse(",\"num_attention_heads\":4,\"head_dim\":7");
	refuse(",\"num_attention_heads\":4,\"head_dim\":-8");
	refuse(",\"num_attention_heads\":4,\"model_type\":\"gpt2\"");
	refuse(",\"num_attention_heads\":4,\"hidden_act\":\"tanh\"");
	refuse(",\"num_attention_heads\":4,\"sliding_window\":4096");
	refuse(",\"num_attention_heads\":4,\"rope_scaling\":{\"factor\":2}");
	refuse(",\"num_attention_heads\":4,\"rope_parameters\":{"
	       "\"rope_type\":\"yarn\"}");
	refuse(",\"num_attention_heads\":4,\"rms_norm_eps\":0");
	refuse(",\"num_attention_heads\":16777216");
}

static void
test_unigram(void)
{
	const uint64_t seen[3] = { 0, 1, 6 }, text[3] = { 1, 0, 1 };
	uint64_t counts[3] = { 0 };
	uint32_t tokens[] = { 0, 1, 2, 1, 1, 0 };
	uint8_t loss[] = { 1, 1, 0, 1 };
	struct rows rows = { .tokens = tokens };

	OK(fabs(unigram_loss(seen, text, 3) -
		(log(10.0 / 1) + log(10.0 / 7)) / 2) < 1e-12,
	    "unigram loss with one added to each count");
	unigram_count(counts, &rows, 2, 2);
	OK(counts[0] == 1 && counts[1] == 2 && counts[2] == 1,
	    "targets are counted");
	rows.loss = loss;
	unigram_count(counts, &rows, 2, 2);
	OK(counts[0] == 2 && counts[1] == 3 && counts[2] == 2,
	    "those that count in the loss");
}

int
main(void)
{
	test_sampler();
	test_textout();
	test_config();
	test_unigram();
	return tap_end();
}
