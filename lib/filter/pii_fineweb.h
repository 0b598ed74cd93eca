/* SPDX-License-Identifier: MIT */
#ifndef FILTER_PII_FINEWEB_H
#define FILTER_PII_FINEWEB_H

#include "filter/pii.h"

/*
 * E-mail and IPv4 addresses as FineWeb replaces them: e-mail addresses first,
 * then in what that gives the IPv4 addresses that are global; the replacements
 * are taken in turn, from the first in each document.  (datatrove goes on with
 * the turn from one document to the next, so that its output depends on their
 * order; a document alone comes out as there.)
 *
 * Source: datatrove 0.10, formatters/pii.py.
 */
struct pii_fineweb;

/* One a thread.  ERR_NOMEM. */
int pii_fineweb_new(struct pii_fineweb **f, struct err *e);
void pii_fineweb_free(struct pii_fineweb *f);
/*
 * The text as it is to be, valid until the next call; found: the addresses, by
 * their places in what is given (e-mail) and what comes out after that (ip).
 * ERR_NOMEM; ERR_ARG if a text takes too many steps.
 */
int pii_fineweb_apply(struct pii_fineweb *f, struct str text,
    struct pii_found *found, struct str *out, struct err *e);

#endif
