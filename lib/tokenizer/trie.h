/* SPDX-License-Identifier: MIT */
#ifndef TOKENIZER_TRIE_H
#define TOKENIZER_TRIE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

struct err;

/*
 * Byte strings found by walking, in a double array: the child of a node for a
 * byte lies at the node's base plus the byte, and says whose child it is.
 * Source: Aoe, "An efficient digital search algorithm by using a double-array
 * structure" (1989).  Read only once built.
 */
enum { TRIE_NONE = UINT32_MAX };

struct trie_node {
	uint32_t base, parent, value; /* TRIE_NONE: no value, a free slot */
};

struct trie {
	struct trie_node *nodes; /* the root is 0 */
	size_t n, cap;
	size_t scan; /* while it is built: free slots are sought from here */
};

struct trie_key {
	struct str s;
	uint32_t value;
};

/*
 * Sorts keys; of equal ones the least value counts, empty ones are left out.
 * t is empty before.  ERR_NOMEM.
 */
int trie_build(struct trie *t, struct trie_key *keys, size_t n, struct err *e);
void trie_free(struct trie *t);

/* The child of *node for a byte; false if there is none. */
static inline bool
trie_step(const struct trie *t, uint32_t *node, uint8_t byte)
{
	size_t to = (size_t)t->nodes[*node].base + byte;

	if (to >= t->n || t->nodes[to].parent != *node)
		return false;
	*node = (uint32_t)to;
	return true;
}

/* The value of the longest key that s begins with; *len is 0 for none. */
uint32_t trie_longest(const struct trie *t, struct str s, size_t *len);

#endif
