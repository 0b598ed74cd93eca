/* SPDX-License-Identifier: MIT */
#ifndef CMD_TOKENIZER_SESSION_H
#define CMD_TOKENIZER_SESSION_H

/* What the subcommands of quern-tokenizer share. */

#include "../cmd.h"
#include "tokenizer/idstream.h"
#include "tokenizer/tokenizer.h"

extern struct opt_common session_common;
extern const struct opt session_common_opts[];

/* Options that several of them have. */
struct session_opts {
	const char *tokenizer, *pattern, *from, *format, *special_in_text;
	const char *unicode;
	bool lines;
};
extern struct session_opts session_opts;

#define OPT_FROM \
	{ \
		"from", 0, OPT_STR, &session_opts.from, "KIND", \
		    "what the files hold; auto goes by .jsonl, standard " \
		    "input is " \
		    "text", \
		    "auto,text,jsonl" \
	}
#define OPT_LINES \
	{ \
		"lines", 0, OPT_FLAG, &session_opts.lines, NULL, \
		    "each line of a text file, its ending kept, is a text", \
		    NULL \
	}
#define OPT_TOKENIZER \
	{ \
		"tokenizer", 0, OPT_STR, &session_opts.tokenizer, "FILE", \
		    "a tokenizer.json or .tiktoken file", NULL \
	}
#define OPT_PATTERN \
	{ \
		"pattern", 0, OPT_STR, &session_opts.pattern, "PATTERN", \
		    "a .tiktoken file's pattern (default: by its name)", NULL \
	}
#define OPT_FORMAT \
	{ \
		"format", 0, OPT_STR, &session_opts.format, "FORMAT", \
		    "ids: a line a text; jsonl: {\"id\",\"ids\"}; bin: " \
		    "uint32, " \
		    "little-endian", \
		    "ids,bin,jsonl" \
	}
#define OPT_UNICODE \
	{ \
		"unicode", 0, OPT_STR, &session_opts.unicode, "VERSION", \
		    "whose letters, numbers and marks a named pattern goes " \
		    "by (default: what the tokenizer says, else 16)", \
		    "14,15,16" \
	}
#define OPT_SPECIAL_IN_TEXT \
	{ \
		"special-in-text", 0, OPT_STR, &session_opts.special_in_text, \
		    "WHICH", \
		    "special tokens recognised in text: all, none, or a list " \
		    "with commas (default: none for a .tiktoken, else all)", \
		    NULL \
	}

/* What stands between a command's options and its result. */
struct session {
	const struct opt_cmd *cmd;
	struct texts in;
	struct tokenizer *t;
	struct run r;
	struct err e;
};

/* Operands to texts, or to the files of them. */
int session_texts(struct session *s, int argc, char **argv);
/* --tokenizer, with what the options change about it. */
int session_load(struct session *s);
/* End the run that run_open() began: the outputs, unless rc < 0. */
int session_finish(struct session *s, int rc, const char *unit);
/* The exit status. */
int session_end(struct session *s, int rc);
/* --unicode; 0: none is asked for. */
unsigned session_unicode(void);
enum ids_format session_format(void);

/* The subcommands (cmd.h). */
int main_train(int argc, char **argv);
int main_encode(int argc, char **argv);
int main_decode(int argc, char **argv);
int main_info(int argc, char **argv);
int main_compare(int argc, char **argv);
int main_convert(int argc, char **argv);

#endif
