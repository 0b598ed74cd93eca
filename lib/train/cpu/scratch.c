/* SPDX-License-Identifier: MIT */
#include <pthread.h>
#include <stdlib.h>

#include "train/cpu/scratch.h"

enum { ALIGN = 64, KEPT = 4 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct scratch kept[KEPT];
static bool failed;

/* The smallest that is kept and large enough, or NULL. */
static struct scratch *
fitting(size_t size)
{
	struct scratch *best = NULL;
	int i;

	for (i = 0; i < KEPT; i++)
		if (kept[i].p && kept[i].size >= size &&
		    (!best || kept[i].size < best->size))
			best = &kept[i];
	return best;
}

struct scratch
scratch_take(size_t size)
{
	struct scratch s = { 0 }, *have;

	pthread_mutex_lock(&lock);
	have = fitting(size);
	if (have) {
		s = *have;
		*have = (struct scratch){ 0 };
	}
	pthread_mutex_unlock(&lock);
	if (s.p)
		return s;
	s.size = (size + ALIGN - 1) / ALIGN * ALIGN;
	s.p = aligned_alloc(ALIGN, s.size);
	if (!s.p)
		scratch_fail();
	return s;
}

/* In the place of the smallest: an empty one, if there is. */
void
scratch_give(struct scratch s)
{
	struct scratch *least = kept, was;
	int i;

	pthread_mutex_lock(&lock);
	for (i = 1; i < KEPT; i++)
		if (kept[i].size < least->size)
			least = &kept[i];
	was = *least;
	*least = s;
	pthread_mutex_unlock(&lock);
	free(was.p);
}

void
scratch_fail(void)
{
	pthread_mutex_lock(&lock);
	failed = true;
	pthread_mutex_unlock(&lock);
}

bool
scratch_failed(void)
{
	bool was;

	pthread_mutex_lock(&lock);
	was = failed;
	failed = false;
	pthread_mutex_unlock(&lock);
	return was;
}
