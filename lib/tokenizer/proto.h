/* SPDX-License-Identifier: MIT */
#ifndef TOKENIZER_PROTO_H
#define TOKENIZER_PROTO_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

/*
 * Protocol buffers' wire format, field by field, nothing copied; anything
 * malformed ends the message with bad set.
 *
 *	struct proto p = { message };
 *	while (proto_next(&p))
 *		switch (p.field) ...
 *	if (p.bad) ...
 */
struct proto {
	struct str left; /* not read yet */
	bool bad;
	uint32_t field;
	uint64_t number; /* of a varint or a fixed number */
	struct str
	    bytes; /* of a string, bytes or message; p: NULL for others */
};

bool proto_next(struct proto *p);
/* The last field as a float. */
float proto_float(const struct proto *p);

#endif
