/* SPDX-License-Identifier: MIT */
#include "proto.h"

#include <string.h>

static bool
take_varint(struct proto *p, uint64_t *to)
{
	unsigned shift;
	uint8_t c;

	*to = 0;
	for (shift = 0; shift < 64 && p->left.n; shift += 7) {
		c = (uint8_t)*p->left.p++;
		p->left.n--;
		*to |= (uint64_t)(c & 0x7f) << shift;
		if (!(c & 0x80))
			return true;
	}
	return false;
}

static bool
take_fixed(struct proto *p, size_t n)
{
	size_t i;

	if (p->left.n < n)
		return false;
	for (p->number = i = 0; i < n; i++)
		p->number |= (uint64_t)(uint8_t)p->left.p[i] << 8 * i;
	p->left.p += n;
	p->left.n -= n;
	return true;
}

static bool
take_bytes(struct proto *p)
{
	uint64_t n;

	if (!take_varint(p, &n) || n > p->left.n)
		return false;
	p->bytes = (struct str){ p->left.p, (size_t)n };
	p->left.p += n;
	p->left.n -= (size_t)n;
	return true;
}

static bool
take_value(struct proto *p, unsigned type)
{
	switch (type) {
	case 0:
		return take_varint(p, &p->number);
	case 1:
		return take_fixed(p, 8);
	case 2:
		return take_bytes(p);
	case 5:
		return take_fixed(p, 4);
	default:
		return false; /* groups are long gone */
	}
}

bool
proto_next(struct proto *p)
{
	uint64_t tag;

	if (p->bad || !p->left.n)
		return false;
	p->bytes = (struct str){ NULL, 0 };
	p->number = 0;
	if (!take_varint(p, &tag) || tag >> 3 == 0 || tag >> 3 > 0x1fffffff ||
	    !take_value(p, tag & 7)) {
		p->bad = true;
		return false;
	}
	p->field = (uint32_t)(tag >> 3);
	return true;
}

float
proto_float(const struct proto *p)
{
	uint32_t bits = (uint32_t)p->number;
	float f;

	memcpy(&f, &bits, sizeof(f));
	return f;
}
