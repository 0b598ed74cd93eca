/* SPDX-License-Identifier: MIT */
#define _DEFAULT_SOURCE
#include "train/tboard.h"

#include <errno.h>
#include <fcntl.h>
#include <isa-l/crc.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/err.h"

/* Protocol buffers: the kind of a field's bytes. */
enum { VARINT = 0, BITS64 = 1, BYTES = 2, BITS32 = 5 };

uint32_t
tboard_crc(const void *p, size_t n)
{
	uint32_t crc = 0xffffffff;

	crc = ~crc32_iscsi((unsigned char *)(uintptr_t)p, (int)n, crc);
	return (crc >> 15 | crc << 17) + 0xa282ead8u;
}

/* n bytes of v, the lowest first. */
static void
put_little(struct buf *out, uint64_t v, int n)
{
	while (n--) {
		buf_putc(out, (char)v);
		v >>= 8;
	}
}

void
tboard_frame(struct buf *out, const void *p, size_t n)
{
	struct buf length = { 0 };

	put_little(&length, n, 8);
	buf_str(out, buf_view(&length));
	put_little(out, tboard_crc(length.p, length.n), 4);
	buf_put(out, p, n);
	put_little(out, tboard_crc(p, n), 4);
	if (length.oom)
		out->oom = true;
	buf_free(&length);
}

static void
put_varint(struct buf *out, uint64_t v)
{
	for (; v >= 128; v >>= 7)
		buf_putc(out, (char)(v | 128));
	buf_putc(out, (char)v);
}

static void
put_key(struct buf *out, int field, int kind)
{
	put_varint(out, (uint64_t)field << 3 | (uint64_t)kind);
}

static void
put_bytes(struct buf *out, int field, struct str s)
{
	put_key(out, field, BYTES);
	put_varint(out, s.n);
	buf_str(out, s);
}

/* Event: 1 wall_time, 2 step. */
static void
begin_event(struct buf *event, uint64_t step)
{
	struct timespec now;
	double seconds;
	uint64_t bits;

	clock_gettime(CLOCK_REALTIME, &now);
	seconds = (double)now.tv_sec + (double)now.tv_nsec / 1e9;
	memcpy(&bits, &seconds, sizeof(bits));
	put_key(event, 1, BITS64);
	put_little(event, bits, 8);
	put_key(event, 2, VARINT);
	put_varint(event, step);
}

/* Summary: 1 value; its 1 tag, 2 simple_value. */
static void
put_scalar(struct buf *summary, const char *tag, double v)
{
	struct buf value = { 0 };
	float narrow = (float)v;
	uint32_t bits;

	memcpy(&bits, &narrow, sizeof(bits));
	put_bytes(&value, 1, str_c(tag));
	put_key(&value, 2, BITS32);
	put_little(&value, bits, 4);
	put_bytes(summary, 1, buf_view(&value));
	if (value.oom)
		summary->oom = true;
	buf_free(&value);
}

/* The event, framed, goes to the file in one piece. */
static int
write_event(struct tboard *t, const struct buf *event, struct err *e)
{
	struct buf framed = { 0 };
	ssize_t n;
	int rc;

	tboard_frame(&framed, event->p, event->n);
	if (event->oom)
		framed.oom = true;
	rc = buf_ok(&framed, e);
	if (rc == 0) {
		n = write(t->fd, framed.p, framed.n);
		if (n >= 0 && n != (ssize_t)framed.n)
			errno = ENOSPC;
		if (n != (ssize_t)framed.n)
			rc = err_errno(e, t->path, "write it");
	}
	buf_free(&framed);
	return rc;
}

/* Event: 3 file_version; the first record of a file. */
static int
write_version(struct tboard *t, struct err *e)
{
	struct buf event = { 0 };
	int rc;

	begin_event(&event, 0);
	put_bytes(&event, 3, STR("brain.Event:2"));
	rc = write_event(t, &event, e);
	buf_free(&event);
	return rc;
}

/* Event: 7 session_log; its 1 status: START at a step: later ones go. */
static int
write_start(struct tboard *t, uint64_t step, struct err *e)
{
	struct buf event = { 0 }, log = { 0 };
	int rc;

	put_key(&log, 1, VARINT);
	put_varint(&log, 1);
	begin_event(&event, step + 1);
	put_bytes(&event, 7, buf_view(&log));
	if (log.oom)
		event.oom = true;
	rc = write_event(t, &event, e);
	buf_free(&log);
	buf_free(&event);
	return rc;
}

/* A file that wasn't there before. */
static int
create(struct tboard *t, const char *dir, struct err *e)
{
	char path[PATH_MAX];
	int again;

	if (mkdir(dir, 0777) < 0 && errno != EEXIST)
		return err_errno(e, dir, "make this folder");
	for (again = 0; t->fd < 0; again++) {
		if (snprintf(path, sizeof(path),
			again ? "%s/events.out.tfevents.%010lld.quern.%d"
			      : "%s/events.out.tfevents.%010lld.quern",
			dir, (long long)time(NULL), again) >= (int)sizeof(path))
			return err_set(e, ERR_ARG, "%s: path too long", dir);
		t->fd = open(path,
		    O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0666);
		if (t->fd < 0 && errno != EEXIST)
			return err_errno(e, path, "write it");
	}
	t->path = strdup(path);
	return t->path ? 0 : err_nomem(e, "a name");
}

int
tboard_open(struct tboard *t, const char *dir, uint64_t step, struct err *e)
{
	*t = (struct tboard){ .fd = -1 };
	if (create(t, dir, e) == 0 && write_version(t, e) == 0 &&
	    (step == 0 || write_start(t, step, e) == 0))
		return 0;
	tboard_close(t);
	return e->code;
}

/* valid/loss/NAME */
static void
put_sources(struct buf *summary, const struct step_report *r)
{
	const struct source_valid *s;
	struct buf tag = { 0 };

	for (s = r->by_source; s < r->by_source + r->sources; s++) {
		if (s->targets == 0)
			continue;
		buf_clear(&tag);
		buf_puts(&tag, "valid/loss/");
		buf_str(&tag, s->name);
		buf_putc(&tag, '\0');
		if (tag.oom)
			summary->oom = true;
		else
			put_scalar(summary, tag.p, s->loss);
	}
	buf_free(&tag);
}

int
tboard_add(struct tboard *t, const struct step_report *r, struct err *e)
{
	struct buf event = { 0 }, summary = { 0 };
	int rc;

	if (!r->skipped) {
		put_scalar(&summary, "train/loss", r->loss);
		if (!r->overflow) {
			put_scalar(&summary, "train/learning_rate", r->lr);
			put_scalar(
			    &summary, "train/gradient_norm", r->grad_norm);
		}
		if (r->loss_scale != 1)
			put_scalar(&summary, "train/loss_scale", r->loss_scale);
		put_scalar(
		    &summary, "train/tokens_per_second", r->tokens_per_s);
		if (r->mfu > 0)
			put_scalar(&summary, "train/mfu", r->mfu);
	}
	if (r->validated) {
		put_scalar(&summary, "valid/loss", r->valid_loss);
		put_scalar(&summary, "valid/unigram_loss", r->unigram_loss);
		put_sources(&summary, r);
	}
	begin_event(&event, r->step);
	put_bytes(&event, 5, buf_view(&summary));
	if (summary.oom)
		event.oom = true;
	rc = summary.n ? write_event(t, &event, e) : 0;
	buf_free(&event);
	buf_free(&summary);
	return rc;
}

void
tboard_close(struct tboard *t)
{
	if (t->fd >= 0)
		close(t->fd);
	free(t->path);
	*t = (struct tboard){ .fd = -1 };
}
