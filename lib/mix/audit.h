/* SPDX-License-Identifier: MIT */
#ifndef MIX_AUDIT_H
#define MIX_AUDIT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "mix/mix.h"

struct err;

/* Tokens of each source that are inputs of the steps before `step` <= the
 * run's: out is (sources).  One period is worked out at most. */
int mix_used(struct mix *m, uint64_t step, uint64_t *out, struct err *e);

/*
 * What a checkpoint (a folder with state.json and tokenizer.json) has seen of
 * the recipe, as a table appended to out.  ERR_CHECK where it was not trained
 * on this recipe's stream, or with another tokenizer: problems, a line each,
 * say why.
 */
int mix_audit(struct mix *m, const char *checkpoint, struct buf *out,
    struct buf *problems, struct err *e);

/* Make the changes of the journal in the checkpoint's run, if it has one. */
int mix_audit_journal(struct mix *m, const char *checkpoint, struct err *e);

/*
 * Where two recipes part, and what each reads, appended to out.  *step gets
 * the first step whose rows or learning rate differ, UINT64_MAX if none does.
 */
int mix_diff(struct mix *a, struct mix *b, uint64_t *step, struct buf *out,
    struct err *e);

#endif
