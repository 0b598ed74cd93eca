/* SPDX-License-Identifier: MIT */
#define _DEFAULT_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/err.h"
#include "base/hash.h"
#include "io/stream.h"
#include "mix/journal.h"

#define CHAIN ",\"chain\":\""
enum { CHAIN_LEN = 10, TAIL = CHAIN_LEN + 16 + 2 /* "} */ };

uint64_t
journal_chain(const char *p, size_t n, uint64_t before)
{
	return hash64(p, n, before);
}

/* Going over a journal in memory. */
struct reading {
	const char *path, *digest;
	const char *p, *end;
	uint64_t line, step, chain;
};

static int
bad_line(const struct reading *r, struct err *e, const char *what)
{
	return err_set(
	    e, ERR_CHECK, "%s:%" PRIu64 ": %s", r->path, r->line, what);
}

/* The next whole line, its chain checked; false at the end. */
static bool
next_line(struct reading *r, struct str *line)
{
	const char *eol =
	    r->p < r->end ? memchr(r->p, '\n', (size_t)(r->end - r->p)) : NULL;

	if (!eol)
		return false;
	*line = (struct str){ r->p, (size_t)(eol - r->p) };
	r->p = eol + 1;
	r->line++;
	return true;
}

static int
check_chain(struct reading *r, struct str line, struct err *e)
{
	char want[TAIL + 1];
	uint64_t chain;

	if (line.n > TAIL) {
		chain = journal_chain(line.p, line.n - TAIL, r->chain);
		snprintf(want, sizeof(want), CHAIN "%016" PRIx64 "\"}", chain);
		if (memcmp(line.p + line.n - TAIL, want, TAIL) == 0) {
			r->chain = chain;
			return 0;
		}
	}
	return bad_line(
	    r, e, "this line was changed, or one before it is missing");
}

static int
read_first(struct reading *r, struct json_val root, struct err *e)
{
	struct str recipe = json_str(json_get(root, "recipe"));

	if (!str_eq(json_str(json_get(root, "format")), STR("quern journal 1")))
		return bad_line(r, e, "this is no journal of version 1");
	if (recipe.n == 71 && memcmp(recipe.p + 7, r->digest, 64) == 0)
		return 0;
	return err_set(e, ERR_CHECK,
	    "%s: it is of the recipe %.*s..., this is sha256:%.16s...", r->path,
	    (int)(recipe.n < 23 ? recipe.n : 23), recipe.p, r->digest);
}

static int
read_line(struct reading *r, struct json_val root, struct journal_line *l,
    struct err *e)
{
	*l = (struct journal_line){ .number = r->line,
		.step = json_u64(
		    json_get(root, "step"), r->line == 1 ? 0 : UINT64_MAX),
		.root = root,
		.changes = json_type(json_get(root, "shares")) == JSON_OBJECT,
		.by = json_str(json_get(root, "by")),
		.chain = r->chain };
	if (l->step == UINT64_MAX || l->step < r->step)
		return bad_line(r, e,
		    "its step is before that of the line "
		    "before it, or missing");
	r->step = l->step;
	return 0;
}

/* One line: parse, and hand on all but the first. */
static int
take_line(struct reading *r, struct str line,
    int (*each)(void *, const struct journal_line *, struct err *), void *ctx,
    struct err *e)
{
	struct journal_line l;
	struct json *j;
	int rc = check_chain(r, line, e);

	if (rc < 0)
		return rc;
	if (json_parse(&j, line.p, line.n, e) < 0)
		return err_prefix(e, "%s:%" PRIu64, r->path, r->line);
	if (r->line == 1)
		rc = read_first(r, json_root(j), e);
	if (rc == 0)
		rc = read_line(r, json_root(j), &l, e);
	if (rc == 0)
		rc = each(ctx, &l, e);
	json_free(j);
	return rc;
}

int
journal_parse(const char *path, const char *p, size_t n, const char *digest,
    int (*each)(void *ctx, const struct journal_line *l, struct err *e),
    void *ctx, struct err *e)
{
	struct reading r = {
		.path = path, .digest = digest, .p = p, .end = p + n
	};
	struct str line;
	int rc = 0;

	while (rc == 0 && next_line(&r, &line))
		rc = take_line(&r, line, each, ctx, e);
	if (rc == 0 && r.line == 0 && n)
		rc = err_set(e, ERR_CHECK, "%s: no whole line", path);
	return rc;
}

int
journal_read(const char *path, const char *digest,
    int (*each)(void *ctx, const struct journal_line *l, struct err *e),
    void *ctx, struct err *e)
{
	size_t n;
	char *text;
	int rc;

	if (in_slurp(path, &text, &n, e) < 0)
		return e->code;
	rc = journal_parse(path, text, n, digest, each, ctx, e);
	free(text);
	return rc;
}

/* What of a file stays. */
struct keeping {
	uint64_t steps, chain, lines;
	bool over; /* a line was cut */
};

static int
keep_line(void *ctx, const struct journal_line *l, struct err *e)
{
	struct keeping *k = ctx;

	if (l->step > k->steps && !str_eq(l->by, STR("amend")))
		k->over = true;
	if (k->over && str_eq(l->by, STR("amend")))
		return err_set(e, ERR_CHECK,
		    "line %" PRIu64 " was written by hand behind what the run "
		    "has to forget",
		    l->number);
	if (k->over)
		return 0;
	k->chain = l->chain;
	k->lines = l->number;
	return 0;
}

/* Bytes of the first n lines. */
static int
length_of(const char *path, uint64_t n, off_t *bytes, struct err *e)
{
	const char *p;
	size_t size;
	char *text;

	if (in_slurp(path, &text, &size, e) < 0)
		return e->code;
	for (p = text; n; n--)
		p = (const char *)memchr(p, '\n', size - (size_t)(p - text)) +
		    1;
	*bytes = p - text;
	free(text);
	return 0;
}

static int
open_file(struct journal *j, struct err *e)
{
	j->fd = open(j->path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
	if (j->fd < 0)
		return err_errno(e, j->path, "write it");
	if (flock(j->fd, LOCK_EX | LOCK_NB) == 0)
		return 0;
	if (errno == EWOULDBLOCK)
		return err_set(
		    e, ERR_IO, "%s: another run is writing it", j->path);
	return err_errno(e, j->path, "lock it");
}

static int
begin_file(struct journal *j, const char *digest, struct err *e)
{
	struct buf b = { 0 };
	int rc;

	buf_printf(&b,
	    "\"format\":\"quern journal 1\",\"recipe\":\"sha256:%s\"", digest);
	j->chain = 0;
	rc = ftruncate(j->fd, 0) < 0 ? err_errno(e, j->path, "write it")
				     : journal_add(j, &b, e);
	buf_free(&b);
	return rc;
}

int
journal_open(struct journal *j, const char *path, const char *digest,
    uint64_t steps, struct err *e)
{
	struct keeping k = { .steps = steps, .lines = 1 };
	off_t bytes = 0, size;

	*j = (struct journal){ .fd = -1, .path = strdup(path) };
	if (!j->path)
		return err_nomem(e, "a journal");
	if (open_file(j, e) < 0)
		return e->code;
	size = lseek(j->fd, 0, SEEK_END);
	if (size == 0)
		return begin_file(j, digest, e);
	if (journal_read(path, digest, keep_line, &k, e) < 0 ||
	    length_of(path, k.lines, &bytes, e) < 0)
		return e->code;
	j->chain = k.chain;
	if (size != bytes && ftruncate(j->fd, bytes) < 0)
		return err_errno(e, path, "write it");
	return 0;
}

int
journal_follow(
    struct journal *j, const char *path, const char *digest, struct err *e)
{
	struct keeping k = { .steps = UINT64_MAX, .lines = 1 };

	*j = (struct journal){ .fd = -1 };
	if (journal_read(path, digest, keep_line, &k, e) < 0)
		return e->code;
	j->chain = k.chain;
	return 0;
}

int
journal_add(struct journal *j, const struct buf *members, struct err *e)
{
	struct buf b = { 0 };
	ssize_t n;
	int rc;

	buf_putc(&b, '{');
	buf_str(&b, buf_view(members));
	rc = buf_ok(members, e) < 0 ? e->code : buf_ok(&b, e);
	if (rc == 0) {
		j->chain = journal_chain(b.p, b.n, j->chain);
		buf_printf(&b, CHAIN "%016" PRIx64 "\"}\n", j->chain);
		rc = buf_ok(&b, e);
	}
	if (rc == 0 && j->fd >= 0 &&
	    (n = write(j->fd, b.p, b.n)) != (ssize_t)b.n) {
		if (n >= 0)
			errno = ENOSPC;
		rc = err_errno(e, j->path, "write it");
	}
	buf_free(&b);
	return rc;
}

int
journal_sync(struct journal *j, struct err *e)
{
	return j->fd >= 0 && fsync(j->fd) < 0 ? err_errno(e, j->path, "sync it")
					      : 0;
}

void
journal_close(struct journal *j)
{
	if (j->fd >= 0)
		close(j->fd);
	free(j->path);
	*j = (struct journal){ .fd = -1 };
}
