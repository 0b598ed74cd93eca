/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "base/buf.h"
#include "base/err.h"
#include "io/safetensors.h"
#include "io/stream.h"

enum { ALIGN = 64, PREFIX = 8 };

struct st_writer {
	struct out *out;
	uint64_t left; /* bytes of data still to come */
};

static void
put_meta(struct buf *b, const char *const (*meta)[2], size_t n)
{
	size_t i;

	buf_puts(b, "\"__metadata__\":{");
	for (i = 0; i < n; i++) {
		if (i)
			buf_putc(b, ',');
		buf_json(b, str_c(meta[i][0]));
		buf_putc(b, ':');
		buf_json(b, str_c(meta[i][1]));
	}
	buf_putc(b, '}');
}

/* Returns the bytes of its data. */
static uint64_t
put_tensor(struct buf *b, const struct st_tensor *t, uint64_t at)
{
	uint64_t size = st_dtype_size(t->dtype);
	uint32_t i;

	buf_json(b, str_c(t->name));
	buf_printf(
	    b, ":{\"dtype\":\"%s\",\"shape\":[", st_dtype_name(t->dtype));
	for (i = 0; i < t->rank; i++) {
		buf_printf(
		    b, i ? ",%llu" : "%llu", (unsigned long long)t->shape[i]);
		size *= t->shape[i];
	}
	buf_printf(b, "],\"data_offsets\":[%llu,%llu]}", (unsigned long long)at,
	    (unsigned long long)(at + size));
	return size;
}

static int
put_header(struct st_writer *w, const struct st_tensor *t, size_t n,
    const char *const (*meta)[2], size_t npair, struct err *e)
{
	struct buf b = { 0 };
	size_t i;
	int rc;

	buf_putc(&b, '{');
	if (npair)
		put_meta(&b, meta, npair);
	for (i = 0; i < n; i++) {
		if (i || npair)
			buf_putc(&b, ',');
		w->left += put_tensor(&b, &t[i], w->left);
	}
	buf_putc(&b, '}');
	while ((b.n + PREFIX) % ALIGN && !b.oom)
		buf_putc(&b, ' ');
	rc = buf_ok(&b, e);
	if (rc == 0)
		rc = out_write(w->out, &(uint64_t){ b.n }, PREFIX, e);
	if (rc == 0)
		rc = out_write(w->out, b.p, b.n, e);
	buf_free(&b);
	return rc;
}

int
st_create(struct st_writer **out, const char *path,
    const struct st_tensor *tensors, size_t n, const char *const (*meta)[2],
    size_t npair, struct err *e)
{
	struct st_writer *w = calloc(1, sizeof(*w));
	int rc;

	*out = NULL;
	if (!w)
		return err_nomem(e, "a safetensors file");
	rc = out_open(&w->out, path, e);
	if (rc == 0)
		rc = put_header(w, tensors, n, meta, npair, e);
	if (rc < 0)
		st_abandon(w);
	else
		*out = w;
	return rc;
}

int
st_write(struct st_writer *w, const void *p, size_t n, struct err *e)
{
	if (n > w->left)
		return err_set(e, ERR_ARG, "%s: more data than was declared",
		    out_name(w->out));
	w->left -= n;
	return out_write(w->out, p, n, e);
}

int
st_commit(struct st_writer *w, struct err *e)
{
	struct out *out = w->out;
	uint64_t left = w->left;

	free(w);
	if (left == 0)
		return out_commit(out, e);
	err_set(e, ERR_ARG, "%s: %llu bytes less data than was declared",
	    out_name(out), (unsigned long long)left);
	out_close(out);
	return e->code;
}

void
st_abandon(struct st_writer *w)
{
	if (!w)
		return;
	out_close(w->out);
	free(w);
}
