/* SPDX-License-Identifier: MIT */
#ifndef TOKENIZER_BASE64_H
#define TOKENIZER_BASE64_H

#include <stdbool.h>

#include "base/buf.h"

/* Append the bytes of padded base64 (RFC 4648); false if it is none. */
bool base64_decode(struct buf *out, struct str text);

#endif
