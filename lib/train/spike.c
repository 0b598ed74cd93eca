/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/err.h"
#include "io/json.h"
#include "io/stream.h"
#include "train/spike.h"

void
spike_push(struct spike_window *w, double loss)
{
	if (w->n == SPIKE_WINDOW)
		memmove(w->v, w->v + 1, --w->n * sizeof(*w->v));
	w->v[w->n++] = loss;
}

bool
spike_found(struct spike *s, const struct spike_window *w, double sigmas,
    double loss, double grad_norm)
{
	double mean = 0, var = 0;
	uint32_t i;

	*s = (struct spike){ .loss = loss, .grad_norm = grad_norm };
	if (!isfinite(loss) || !isfinite(grad_norm))
		return true;
	if (w->n < SPIKE_LEAST)
		return false;
	for (i = 0; i < w->n; i++)
		mean += w->v[i] / w->n;
	for (i = 0; i < w->n; i++)
		var += (w->v[i] - mean) * (w->v[i] - mean) / (w->n - 1);
	s->mean = mean;
	s->deviation = sqrt(var);
	return loss > mean + sigmas * s->deviation;
}

static int
grow(struct spikes *s, struct err *e)
{
	struct spike *v = realloc(s->v, (s->n + 1) * sizeof(*v));

	if (!v)
		return err_nomem(e, "the journal of spikes");
	s->v = v;
	return 0;
}

static int
read_line(struct spikes *s, const char *p, size_t n, struct err *e)
{
	struct json_val root;
	struct spike *x;
	struct json *j;

	if (grow(s, e) < 0 || json_parse(&j, p, n, e) < 0)
		return e->code;
	root = json_root(j);
	x = &s->v[s->n++];
	*x = (struct spike){ .step = json_u64(json_get(root, "step"), 0),
		.loss = json_double(json_get(root, "loss"), NAN),
		.grad_norm = json_double(json_get(root, "grad_norm"), NAN),
		.mean = json_double(json_get(root, "mean"), 0),
		.deviation = json_double(json_get(root, "deviation"), 0),
		.back = json_u64(json_get(root, "back_to"), 0),
		.from = json_u64(json_get(root, "skip_from"), 0),
		.to = json_u64(json_get(root, "skip_to"), 0) };
	json_free(j);
	if (x->from == 0 || x->to < x->from)
		return err_set(e, ERR_FORMAT,
		    "line %zu: no \"skip_from\" and \"skip_to\"", s->n);
	return 0;
}

int
spikes_open(struct spikes *s, const char *path, struct err *e)
{
	char *p, *line, *end;
	size_t n;
	int rc = 0;

	*s = (struct spikes){ .path = strdup(path) };
	if (!s->path)
		return err_nomem(e, "the journal of spikes");
	if (access(path, F_OK) < 0)
		return 0;
	if (in_slurp(path, &p, &n, e) < 0)
		return e->code;
	for (line = p; rc == 0 && line < p + n; line = end + 1) {
		end = memchr(line, '\n', (size_t)(p + n - line));
		if (!end)
			rc = err_set(
			    e, ERR_FORMAT, "line %zu has no end", s->n + 1);
		else
			rc = read_line(s, line, (size_t)(end - line), e);
		if (!end || rc < 0)
			break;
	}
	free(p);
	return rc < 0 ? err_prefix(e, "%s", path) : 0;
}

void
spikes_only_read(struct spikes *s)
{
	free(s->path);
	s->path = NULL;
}

static void
member(struct buf *b, const char *name, double v)
{
	buf_printf(b, ",\"%s\":", name);
	if (isfinite(v))
		buf_double(b, v);
	else
		buf_puts(b, "null");
}

static void
write_line(struct buf *b, const struct spike *x)
{
	buf_printf(b, "{\"step\":%llu", (unsigned long long)x->step);
	member(b, "loss", x->loss);
	member(b, "grad_norm", x->grad_norm);
	member(b, "mean", x->mean);
	member(b, "deviation", x->deviation);
	buf_printf(b,
	    ",\"back_to\":%llu,\"skip_from\":%llu,\"skip_to\":%llu}\n",
	    (unsigned long long)x->back, (unsigned long long)x->from,
	    (unsigned long long)x->to);
}

int
spikes_add(struct spikes *s, const struct spike *x, struct err *e)
{
	struct buf b = { 0 };
	size_t i;
	int rc;

	if (grow(s, e) < 0)
		return e->code;
	s->v[s->n++] = *x;
	if (!s->path)
		return 0;
	for (i = 0; i < s->n; i++)
		write_line(&b, &s->v[i]);
	rc = buf_ok(&b, e);
	if (rc == 0)
		rc = out_whole(s->path, b.p, b.n, e);
	buf_free(&b);
	return rc;
}

bool
spikes_skip(const struct spikes *s, uint64_t step)
{
	size_t i;

	for (i = 0; i < s->n; i++)
		if (step >= s->v[i].from && step <= s->v[i].to)
			return true;
	return false;
}

void
spikes_close(struct spikes *s)
{
	free(s->path);
	free(s->v);
	*s = (struct spikes){ 0 };
}
