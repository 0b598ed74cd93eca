/* SPDX-License-Identifier: MIT */
#include "tokenizer/session.h"

static const struct cmd_sub subs[] = {
	{ "train", "learn a vocabulary from texts", main_train },
	{ "encode", "turn texts into token ids", main_encode },
	{ "decode", "turn token ids back into texts", main_decode },
	{ "info", "what a tokenizer holds, and bytes a token on given texts",
	    main_info },
	{ "compare", "a table of tokenizers, and of what they make of texts",
	    main_compare },
	{ "convert", "write a tokenizer in another format", main_convert },
	{ 0 },
};

int
main(int argc, char **argv)
{
	opt_common_init(&session_common);
	return cmd_subs("tokenizer", "train, run and look into tokenizers",
	    subs, argc, argv);
}
