/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "base/err.h"
#include "dedup/key.h"
#include "dedup/roots.h"

void
roots_init(struct roots *r, size_t nband, size_t nrow, uint64_t memory)
{
	*r = (struct roots){ .nband = nband, .nrow = nrow };
	sorter_init(&r->bands, false, memory);
}

void
roots_free(struct roots *r)
{
	sorter_free(&r->bands);
	free(r->head);
	r->head = NULL;
	buf_free(&r->record);
}

int
roots_add(struct roots *r, const char *signature, struct err *e)
{
	struct buf *b = &r->record;
	uint64_t v;
	size_t i, k;

	if (r->n == UINT32_MAX)
		return err_set(e, ERR_ARG, "more than 4 G documents");
	for (i = 0; i < r->nband; i++) {
		buf_clear(b);
		key_u32(b, (uint32_t)i);
		for (k = 0; k < r->nrow; k++, signature += sizeof(v)) {
			memcpy(&v, signature, sizeof(v));
			key_u64(b, v);
		}
		key_u32(b, r->n);
		if (buf_ok(b, e) < 0 ||
		    sorter_add(&r->bands, buf_view(b), e) < 0)
			return e->code;
	}
	r->n++;
	return 0;
}

static uint32_t
root_of(uint32_t *head, uint32_t i)
{
	while (head[i] != i) {
		head[i] = head[head[i]];
		i = head[i];
	}
	return i;
}

static void
join(uint32_t *head, uint32_t *size, uint32_t a, uint32_t b)
{
	uint32_t x = root_of(head, a), y = root_of(head, b), t;

	if (x == y)
		return;
	if (size[x] < size[y]) {
		t = x;
		x = y;
		y = t;
	}
	head[y] = x;
	size[x] += size[y];
}

/* Neighbours that agree in a band. */
static int
join_all(struct roots *r, uint32_t *size, struct err *e)
{
	struct buf before = { 0 };
	struct str rec, band, end;
	uint32_t at, last = 0;
	int rc;

	while ((rc = sorter_record(&r->bands, &rec, e)) > 0) {
		band = (struct str){ rec.p, rec.n - sizeof(at) };
		end = (struct str){ rec.p + band.n, sizeof(at) };
		at = key_get_u32(&end);
		if (str_eq(band, buf_view(&before))) {
			r->joined++;
			join(r->head, size, last, at);
		}
		buf_clear(&before);
		buf_str(&before, band);
		if ((rc = buf_ok(&before, e)) < 0)
			break;
		last = at;
	}
	buf_free(&before);
	return rc;
}

int
roots_run(struct roots *r, struct err *e)
{
	uint32_t *size = malloc(((size_t)r->n + 1) * sizeof(*size)), i;
	int rc = sorter_sort(&r->bands, e);

	r->head = malloc(((size_t)r->n + 1) * sizeof(*r->head));
	if (!size || !r->head)
		rc = err_nomem(e, "clusters");
	for (i = 0; rc == 0 && i < r->n; i++) {
		r->head[i] = i;
		size[i] = 1;
	}
	if (rc == 0)
		rc = join_all(r, size, e);
	for (i = 0; rc == 0 && i < r->n; i++)
		r->head[i] = root_of(r->head, i);
	free(size);
	return rc;
}
