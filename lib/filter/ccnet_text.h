/* SPDX-License-Identifier: MIT */
#ifndef FILTER_CCNET_TEXT_H
#define FILTER_CCNET_TEXT_H

#include "base/str.h"

struct buf;
struct err;

/*
 * Text as CCNet's language models read it: white space at both ends gone, lower
 * case, accents gone (what canonical decomposition parts off as a mark without
 * width), digits 0, typographic punctuation as ASCII has it, control characters
 * gone - the ends of lines among them, so that a document is one line.
 *
 * ccnet_text() appends valid UTF-8 to out; low is scratch memory.  ERR_NOMEM.
 * Thread-safe with buffers a thread.
 * Source: Wenzek et al., "CCNet: Extracting High Quality Monolingual Datasets
 * from Web Crawl Data" (2020), section 4; cc_net/text_normalizer.py (the table
 * of punctuation and the order of steps, as facts).
 */
int
ccnet_text(struct str text, struct buf *low, struct buf *out, struct err *e);

#endif
