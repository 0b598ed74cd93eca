/* SPDX-License-Identifier: MIT */
#ifndef TESTS_FAKE_RANKS_H
#define TESTS_FAKE_RANKS_H

/* Ranks without MPI: forked processes with a socket between each two. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/err.h"
#include "train/link.h"

enum { FAKE_MOST = 8 };

struct fake {
	int fd[FAKE_MOST]; /* to each rank; -1: itself */
};

/* As much of a parcel as goes without waiting; -1: nobody is there. */
static inline ssize_t
fake_move(int fd, const struct parcel *p, size_t done, bool out)
{
	char *at = (char *)p->p + done;
	ssize_t n = out ? send(fd, at, p->n - done, MSG_DONTWAIT | MSG_NOSIGNAL)
			: recv(fd, at, p->n - done, MSG_DONTWAIT);

	if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
		return 0;
	return n == 0 ? -1 : n;
}

static inline int
fake_exchange(struct link *l, const struct parcel *out, const struct parcel *in,
    struct err *e)
{
	size_t sent[FAKE_MOST] = { 0 }, got[FAKE_MOST] = { 0 };
	struct fake *f = l->ctx;
	struct pollfd p[FAKE_MOST];
	bool more = true;
	ssize_t a, b;
	uint32_t r;

	while (more) {
		more = false;
		for (r = 0; r < l->size; r++) {
			p[r] = (struct pollfd){ .fd = -1 };
			if (r == l->rank)
				continue;
			a = sent[r] < out[r].n
				? fake_move(f->fd[r], &out[r], sent[r], true)
				: 0;
			b = got[r] < in[r].n
				? fake_move(f->fd[r], &in[r], got[r], false)
				: 0;
			if (a < 0 || b < 0) {
				l->broken = true;
				return err_set(e, ERR_IO, "rank %u is gone", r);
			}
			sent[r] += (size_t)a;
			got[r] += (size_t)b;
			if (sent[r] < out[r].n)
				p[r].events |= POLLOUT;
			if (got[r] < in[r].n)
				p[r].events |= POLLIN;
			if (p[r].events)
				p[r].fd = f->fd[r];
			more = more || p[r].events;
		}
		if (more)
			poll(p, l->size, -1);
	}
	return 0;
}

/* The sockets of all; [a][b] is a's end. */
static inline bool
fake_wire(int fd[FAKE_MOST][FAKE_MOST], uint32_t n)
{
	uint32_t a, b;
	int two[2];

	for (a = 0; a < n; a++)
		for (b = 0; b < a; b++) {
			if (socketpair(AF_UNIX, SOCK_STREAM, 0, two) < 0)
				return false;
			fd[a][b] = two[0];
			fd[b][a] = two[1];
		}
	return true;
}

/* Everybody's ends but those of `rank` (n: of nobody). */
static inline void
fake_unwire(int fd[FAKE_MOST][FAKE_MOST], uint32_t n, uint32_t rank)
{
	uint32_t a, b;

	for (a = 0; a < n; a++)
		for (b = 0; b < n; b++)
			if (a != b && a != rank)
				close(fd[a][b]);
}

/*
 * body() in n processes, each a rank; how each ended into status (n): what
 * body returned, or -signal.  The caller must not have used OpenMP before.
 */
static inline void
fake_ranks(
    uint32_t n, int (*body)(struct link *l, void *ctx), void *ctx, int *status)
{
	int fd[FAKE_MOST][FAKE_MOST], how;
	pid_t pid[FAKE_MOST];
	struct fake f;
	uint32_t r, i;

	fflush(stdout);
	if (!fake_wire(fd, n))
		abort();
	for (r = 0; r < n; r++) {
		pid[r] = fork();
		if (pid[r] != 0)
			continue;
		struct link l = { .version = LINK_VERSION,
			.rank = r,
			.size = n,
			.local = n,
			.sharing = n,
			.ctx = &f,
			.exchange = fake_exchange };

		for (i = 0; i < n; i++)
			f.fd[i] = i == r ? -1 : fd[r][i];
		fake_unwire(fd, n, r);
		how = body(&l, ctx);
		fflush(stdout);
		_exit(how);
	}
	fake_unwire(fd, n, n);
	for (r = 0; r < n; r++) {
		waitpid(pid[r], &how, 0);
		status[r] = WIFEXITED(how) ? WEXITSTATUS(how) : -WTERMSIG(how);
	}
}

/* Did body() return 0 in all of them? */
static inline bool
fake_all(uint32_t n, int (*body)(struct link *l, void *ctx), void *ctx)
{
	int status[FAKE_MOST];
	bool ok = true;
	uint32_t r;

	fake_ranks(n, body, ctx, status);
	for (r = 0; r < n; r++)
		ok = ok && status[r] == 0;
	return ok;
}

#endif
