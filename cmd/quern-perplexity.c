/* SPDX-License-Identifier: MIT */
/* Language models of n-grams: trains, scores, parts by perplexity. */
#include "perplexity/perplexity.h"

int
main(int argc, char **argv)
{
	static const struct cmd_sub subs[] = {
		{ "train", "train a language model of n-grams", main_train },
		{ "label", "say how surprising each document is", main_label },
		{ "cutoffs", "percentiles of perplexities, by language",
		    main_cutoffs },
		{ "query", "score lines of text, each a sentence", main_query },
		{ "convert", "an ARPA file as KenLM's binary", main_convert },
		{ 0 },
	};

	opt_common_init(&perplexity_common);
	return cmd_subs(
	    "perplexity", "Language models of n-grams.", subs, argc, argv);
}
