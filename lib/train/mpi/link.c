/* SPDX-License-Identifier: MIT */
/*
 * The link of MPI: quern-mpi.so, loaded by runs of several ranks only, so that
 * no command links MPI.
 *
 * MPI's own waiting spins, and where a rank is killed it may go on for ever.
 * So nothing here waits inside MPI: what is under way is asked for, with sleeps
 * between that grow, and ranks of the same machine are looked at meanwhile.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <limits.h>
#include <mpi.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/err.h"
#include "train/link.h"

enum {
	TAG = 1,
	SPINS = 200,           /* asked so often before the first sleep */
	SHORTEST = 2000,       /* ns */
	LONGEST = 500000,      /* ns */
	LOOK_EVERY = 50000000, /* ns between looks at the other ranks */
};

/* Who a rank is: what tells whether it is on this machine, and alive. */
struct who {
	char host[256];
	uint64_t processes; /* the name space that pid is of */
	pid_t pid;
	cpu_set_t processors;
};

struct mpi {
	MPI_Comm comm;
	MPI_Request *requests; /* (2 * size) */
	struct who *who;       /* (size) */
	bool *near;            /* (size): can be looked at */
	bool begun;            /* MPI is ours to end */
};

static void
introduce(struct who *w)
{
	struct stat st;

	memset(w, 0, sizeof(*w));
	gethostname(w->host, sizeof(w->host) - 1);
	if (stat("/proc/self/ns/pid", &st) == 0)
		w->processes = st.st_ino;
	w->pid = getpid();
	sched_getaffinity(0, sizeof(w->processors), &w->processors);
}

static bool
is_gone(const struct who *w)
{
	return kill(w->pid, 0) < 0 && errno == ESRCH;
}

static bool
same_machine(const struct who *a, const struct who *b)
{
	return strcmp(a->host, b->host) == 0 && a->processes == b->processes;
}

static int
fail(struct link *l, int code, const char *doing, struct err *e)
{
	char text[MPI_MAX_ERROR_STRING] = "";
	int n;

	l->broken = true;
	MPI_Error_string(code, text, &n);
	return err_set(
	    e, ERR_IO, "rank %u: MPI failed to %s: %s", l->rank, doing, text);
}

/* ERR_IO if a rank of this machine has ended. */
static int
look_round(struct link *l, struct err *e)
{
	const struct mpi *m = l->ctx;
	uint32_t r;

	for (r = 0; r < l->size; r++) {
		if (!m->near[r] || !is_gone(&m->who[r]))
			continue;
		l->broken = true;
		return err_set(e, ERR_IO,
		    "rank %u: rank %u (process %ld) is gone; --resume goes on "
		    "from the last checkpoint",
		    l->rank, r, (long)m->who[r].pid);
	}
	return 0;
}

static int64_t
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}

/* Until all n requests are done. */
static int
wait_all(struct link *l, int n, struct err *e)
{
	struct mpi *m = l->ctx;
	struct timespec nap = { .tv_nsec = SHORTEST };
	int64_t looked = now();
	int done = 0, asked, rc;

	for (asked = 0; !done; asked++) {
		rc = MPI_Testall(n, m->requests, &done, MPI_STATUSES_IGNORE);
		if (rc != MPI_SUCCESS)
			return fail(l, rc, "exchange", e);
		if (done || asked < SPINS)
			continue;
		nanosleep(&nap, NULL);
		if (nap.tv_nsec < LONGEST)
			nap.tv_nsec *= 2;
		if (now() - looked < LOOK_EVERY)
			continue;
		if (look_round(l, e) < 0)
			return e->code;
		looked = now();
	}
	return 0;
}

static int
exchange(struct link *l, const struct parcel *out, const struct parcel *in,
    struct err *e)
{
	struct mpi *m = l->ctx;
	int n = 0, rc = MPI_SUCCESS;
	uint32_t i, r;

	if (l->broken)
		return err_set(
		    e, ERR_IO, "rank %u: its link is broken", l->rank);
	for (r = 0; r < l->size && rc == MPI_SUCCESS; r++)
		if (r != l->rank && in[r].n > 0)
			rc = MPI_Irecv(in[r].p, (int)in[r].n, MPI_BYTE, (int)r,
			    TAG, m->comm, &m->requests[n++]);
	/* Each begins with its neighbour, or all would send to rank 0 first. */
	for (i = 1; i < l->size && rc == MPI_SUCCESS; i++) {
		r = (l->rank + i) % l->size;
		if (out[r].n > 0)
			rc = MPI_Isend(out[r].p, (int)out[r].n, MPI_BYTE,
			    (int)r, TAG, m->comm, &m->requests[n++]);
	}
	if (rc != MPI_SUCCESS)
		return fail(l, rc, "send", e);
	return wait_all(l, n, e);
}

/* With a broken link the end of MPI would be waited for in vain. */
static void
close_link(struct link *l)
{
	struct mpi *m = l->ctx;

	if (m->begun && !l->broken)
		MPI_Finalize();
	free(m->requests);
	free(m->who);
	free(m->near);
	free(m);
	free(l);
}

static int
begin_mpi(struct mpi *m, struct err *e)
{
	int had, got = 0;

	if (MPI_Initialized(&had) != MPI_SUCCESS)
		return err_set(e, ERR_IO, "MPI doesn't answer");
	if (had)
		return 0;
	if (MPI_Init_thread(NULL, NULL, MPI_THREAD_FUNNELED, &got) !=
	    MPI_SUCCESS)
		return err_set(e, ERR_IO, "MPI can't be started");
	m->begun = true;
	if (got >= MPI_THREAD_FUNNELED)
		return 0;
	return err_set(e, ERR_IO, "this MPI can't have threads beside it");
}

/* Ranks of this machine, and of the same processors. */
static void
count_near(struct link *l)
{
	struct mpi *m = l->ctx;
	const struct who *me = &m->who[l->rank], *w;
	uint32_t r;

	for (r = 0; r < l->size; r++) {
		w = &m->who[r];
		m->near[r] = r != l->rank && same_machine(me, w) && !is_gone(w);
		l->local += same_machine(me, w);
		l->place += r < l->rank && same_machine(me, w);
		l->sharing += same_machine(me, w) &&
			      CPU_EQUAL(&me->processors, &w->processors);
	}
}

static int
open_link(struct link *l, struct err *e)
{
	struct mpi *m = l->ctx;
	struct who me;
	int rank, size, rc;

	if (begin_mpi(m, e) < 0)
		return e->code;
	m->comm = MPI_COMM_WORLD;
	MPI_Comm_set_errhandler(m->comm, MPI_ERRORS_RETURN);
	MPI_Comm_rank(m->comm, &rank);
	MPI_Comm_size(m->comm, &size);
	l->rank = (uint32_t)rank;
	l->size = (uint32_t)size;
	m->requests = calloc((size_t)size, 2 * sizeof(*m->requests));
	m->who = calloc((size_t)size, sizeof(*m->who));
	m->near = calloc((size_t)size, sizeof(*m->near));
	if (!m->requests || !m->who || !m->near)
		return err_nomem(e, "the ranks of MPI");
	introduce(&me);
	rc = MPI_Allgather(
	    &me, sizeof(me), MPI_BYTE, m->who, sizeof(me), MPI_BYTE, m->comm);
	if (rc != MPI_SUCCESS)
		return fail(l, rc, "introduce itself", e);
	count_near(l);
	return 0;
}

struct link *quern_link_mpi(struct err *e);

__attribute__((visibility("default"))) struct link *
quern_link_mpi(struct err *e)
{
	struct link *l = calloc(1, sizeof(*l));
	struct mpi *m = calloc(1, sizeof(*m));

	if (!l || !m) {
		free(l);
		free(m);
		err_nomem(e, "the link of MPI");
		return NULL;
	}
	*l = (struct link){ .version = LINK_VERSION,
		.ctx = m,
		.exchange = exchange,
		.look = look_round,
		.close = close_link };
	if (open_link(l, e) == 0)
		return l;
	close_link(l);
	return NULL;
}
