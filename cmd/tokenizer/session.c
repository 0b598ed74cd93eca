/* SPDX-License-Identifier: MIT */
#include "session.h"

#include <string.h>

struct opt_common session_common;
const struct opt session_common_opts[] = { OPT_COMMON(&session_common), { 0 } };

struct session_opts session_opts = { .from = "auto", .format = "ids" };

unsigned
session_unicode(void)
{
	return session_opts.unicode
		   ? (unsigned)(10 + session_opts.unicode[1] - '0')
		   : 0;
}

int
session_texts(struct session *s, int argc, char **argv)
{
	s->in.lines = session_opts.lines;
	s->in.from = strcmp(session_opts.from, "text") == 0    ? TEXTS_TEXT
		     : strcmp(session_opts.from, "jsonl") == 0 ? TEXTS_JSONL
							       : TEXTS_AUTO;
	return paths_expand(
	    &s->in.paths, argv + 1, argc, &session_common.shard, &s->e);
}

int
session_load(struct session *s)
{
	if (!session_opts.tokenizer)
		return err_set(&s->e, ERR_ARG, "--tokenizer FILE is needed");
	if (tokenizer_load(
		&s->t, session_opts.tokenizer, session_opts.pattern, &s->e) < 0)
		return s->e.code;
	if (session_opts.unicode &&
	    tokenizer_unicode(s->t, session_unicode(), &s->e) < 0)
		return s->e.code;
	if (!session_opts.special_in_text)
		return 0;
	return tokenizer_special(s->t, session_opts.special_in_text, &s->e);
}

int
session_end(struct session *s, int rc)
{
	paths_free(&s->in.paths);
	tokenizer_free(s->t);
	return cmd_end(s->cmd, rc, &s->e);
}

enum ids_format
session_format(void)
{
	if (strcmp(session_opts.format, "jsonl") == 0)
		return IDS_JSONL;
	return strcmp(session_opts.format, "bin") == 0 ? IDS_BIN : IDS_TEXT;
}

int
session_finish(struct session *s, int rc, const char *unit)
{
	if (rc < 0)
		run_abort(&s->r);
	else
		rc = run_close(&s->r, &s->e);
	if (rc == 0)
		cmd_closing(&s->r, unit);
	return rc;
}
