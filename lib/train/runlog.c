/* SPDX-License-Identifier: MIT */
#define _DEFAULT_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/err.h"
#include "io/json.h"
#include "io/stream.h"
#include "train/runlog.h"

/* Does the line belong to a step up to `step`? */
static bool
belongs(const char *line, size_t n, uint64_t step)
{
	struct json *j;
	struct err e;
	uint64_t at;

	if (json_parse(&j, line, n, &e) < 0)
		return false;
	at = json_u64(json_get(json_root(j), "step"), UINT64_MAX);
	json_free(j);
	return at <= step;
}

/* Bytes of the log that stay. */
static int
measure(const char *path, uint64_t step, size_t *keep, struct err *e)
{
	size_t n, end;
	char *p, *nl;
	int rc;

	*keep = 0;
	if (access(path, F_OK) < 0)
		return 0;
	rc = in_slurp(path, &p, &n, e);
	if (rc < 0)
		return rc;
	while ((nl = memchr(p + *keep, '\n', n - *keep))) {
		end = (size_t)(nl - p) + 1;
		if (!belongs(p + *keep, end - *keep, step))
			break;
		*keep = end;
	}
	free(p);
	return 0;
}

int
runlog_open(struct runlog *l, const char *path, uint64_t step, struct err *e)
{
	size_t keep;
	int rc = measure(path, step, &keep, e);

	*l = (struct runlog){ .fd = -1 };
	if (rc < 0)
		return rc;
	l->path = strdup(path);
	l->fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
	/* Two runs in a folder would mix their checkpoints. */
	if (l->fd >= 0 && flock(l->fd, LOCK_EX | LOCK_NB) < 0 &&
	    errno == EWOULDBLOCK) {
		rc = err_set(e, ERR_IO, "%s: another run is writing it", path);
		runlog_close(l);
		return rc;
	}
	if (l->path && l->fd >= 0 && ftruncate(l->fd, (off_t)keep) == 0)
		return 0;
	rc = err_errno(e, path, "write it");
	runlog_close(l);
	return rc;
}

static void
member(struct buf *b, const char *name, double v)
{
	buf_printf(b, ",\"%s\":", name);
	buf_double(b, v);
}

static void
put_update(struct buf *b, const struct step_report *r)
{
	if (r->overflow) {
		buf_puts(b, ",\"overflow\":true");
	} else {
		member(b, "lr", r->lr);
		member(b, "grad_norm", r->grad_norm);
	}
	if (r->loss_scale != 1)
		member(b, "loss_scale", r->loss_scale);
}

/* {"NAME":LOSS}; nothing of one source, or of none that counted. */
static void
put_sources(struct buf *b, const struct step_report *r)
{
	const char *before = ",\"valid_losses\":{";
	uint32_t i;

	for (i = 0; i < r->sources; i++) {
		if (r->by_source[i].targets == 0)
			continue;
		buf_puts(b, before);
		buf_json_lossy(b, r->by_source[i].name);
		buf_putc(b, ':');
		buf_double(b, r->by_source[i].loss);
		before = ",";
	}
	if (before[1] == '\0')
		buf_putc(b, '}');
}

int
runlog_add(struct runlog *l, const struct step_report *r, struct err *e)
{
	struct buf b = { 0 };
	ssize_t n = 0;
	int rc;

	buf_printf(&b, "{\"step\":%llu,\"tokens\":%llu",
	    (unsigned long long)r->step, (unsigned long long)r->tokens);
	if (r->skipped) {
		buf_puts(&b, ",\"skipped\":true");
	} else {
		member(&b, "loss", r->loss);
		put_update(&b, r);
		member(&b, "tokens_per_s",
		    (double)(uint64_t)(r->tokens_per_s + .5));
		if (r->mfu > 0)
			member(&b, "mfu",
			    (double)(uint64_t)(r->mfu * 1e4 + .5) / 1e4);
	}
	if (r->validated) {
		member(&b, "valid_loss", r->valid_loss);
		member(&b, "unigram_loss", r->unigram_loss);
		put_sources(&b, r);
	}
	buf_puts(&b, "}\n");
	rc = buf_ok(&b, e);
	if (rc == 0 && (n = write(l->fd, b.p, b.n)) != (ssize_t)b.n) {
		if (n >= 0)
			errno = ENOSPC;
		rc = err_errno(e, l->path, "write it");
	}
	buf_free(&b);
	return rc;
}

int
runlog_sync(struct runlog *l, struct err *e)
{
	return fsync(l->fd) < 0 ? err_errno(e, l->path, "sync it") : 0;
}

void
runlog_close(struct runlog *l)
{
	if (l->fd >= 0)
		close(l->fd);
	free(l->path);
	*l = (struct runlog){ .fd = -1 };
}
