/* SPDX-License-Identifier: MIT */
/*
 * Sockets between processes; their names are in a folder that the id names.  A
 * group is done when it ends, since the emulated card's work is done when it is
 * asked for.  EMULATE_NCCL=broken: it can't be started.
 */
#include <nccl.h>
#include <string.h>
#include <sys/un.h>
#include <time.h>

#include "fake_ranks.h"

struct emulated_comm {
	struct fake sockets;
	struct link l;
	struct parcel out[FAKE_MOST], in[FAKE_MOST];
	ncclResult_t state;
};

static ncclComm_t grouped; /* that something was asked of since the start */
static int groups;

static bool
name(struct sockaddr_un *a, const ncclUniqueId *id, int rank)
{
	*a = (struct sockaddr_un){ .sun_family = AF_UNIX };
	return snprintf(a->sun_path, sizeof(a->sun_path), "%s/%d", id->internal,
		   rank) < (int)sizeof(a->sun_path);
}

ncclResult_t
ncclGetUniqueId(ncclUniqueId *id)
{
	const char *how = getenv("EMULATE_NCCL");

	if (how && strcmp(how, "broken") == 0)
		return ncclSystemError;
	strcpy(id->internal, "/tmp/quern-nccl-XXXXXX");
	return mkdtemp(id->internal) ? ncclSuccess : ncclSystemError;
}

/* The others take a moment to be there. */
static int
call(const ncclUniqueId *id, int to, int me)
{
	struct timespec nap = { .tv_nsec = 1000000 };
	struct sockaddr_un a;
	int fd = socket(AF_UNIX, SOCK_STREAM, 0), tries;
	char rank = (char)me;

	for (tries = 0; fd >= 0 && name(&a, id, to) && tries < 30000; tries++) {
		if (connect(fd, (struct sockaddr *)&a, sizeof(a)) == 0)
			return write(fd, &rank, 1) == 1 ? fd : -1;
		nanosleep(&nap, NULL);
	}
	return -1;
}

static bool
answer(ncclComm_t c, int fd)
{
	char rank;
	int s = accept(fd, NULL, NULL);

	if (s < 0 || read(s, &rank, 1) != 1)
		return false;
	c->sockets.fd[(int)rank] = s;
	return true;
}

static bool
meet(ncclComm_t c, const ncclUniqueId *id, int ranks, int rank)
{
	int fd = socket(AF_UNIX, SOCK_STREAM, 0), r;
	struct sockaddr_un a;
	bool ok = name(&a, id, rank) &&
		  bind(fd, (struct sockaddr *)&a, sizeof(a)) == 0 &&
		  listen(fd, FAKE_MOST) == 0;

	for (r = 0; r < rank && ok; r++) {
		c->sockets.fd[r] = call(id, r, rank);
		ok = c->sockets.fd[r] >= 0;
	}
	for (r = rank + 1; r < ranks && ok; r++)
		ok = answer(c, fd);
	close(fd);
	unlink(a.sun_path);
	rmdir(id->internal); /* the last one can */
	return ok;
}

ncclResult_t
ncclCommInitRankConfig(ncclComm_t *comm, int ranks, ncclUniqueId id, int rank,
    ncclConfig_t *config)
{
	ncclComm_t c = calloc(1, sizeof(*c));

	*comm = c;
	if (!c || ranks > FAKE_MOST || config->blocking)
		return ncclInvalidUsage;
	c->l = (struct link){ .rank = (uint32_t)rank,
		.size = (uint32_t)ranks,
		.ctx = &c->sockets };
	c->state = meet(c, &id, ranks, rank) ? ncclSuccess : ncclSystemError;
	return ncclInProgress;
}

ncclResult_t
ncclCommGetAsyncError(ncclComm_t c, ncclResult_t *state)
{
	*state = c->state;
	return ncclSuccess;
}

ncclResult_t
ncclCommDestroy(ncclComm_t c)
{
	uint32_t r;

	for (r = 0; r < c->l.size; r++)
		if (r != c->l.rank)
			close(c->sockets.fd[r]);
	free(c);
	return ncclSuccess;
}

ncclResult_t
ncclCommAbort(ncclComm_t c)
{
	return ncclCommDestroy(c);
}

ncclResult_t
ncclSend(const void *p, size_t n, ncclDataType_t type, int peer, ncclComm_t c,
    cudaStream_t s)
{
	(void)type;
	if (!groups || !s)
		return ncclInvalidUsage;
	grouped = c;
	c->out[peer] = (struct parcel){ (void *)(uintptr_t)p, n };
	return ncclInProgress;
}

ncclResult_t
ncclRecv(void *p, size_t n, ncclDataType_t type, int peer, ncclComm_t c,
    cudaStream_t s)
{
	(void)type;
	if (!groups || !s)
		return ncclInvalidUsage;
	grouped = c;
	c->in[peer] = (struct parcel){ p, n };
	return ncclInProgress;
}

ncclResult_t
ncclGroupStart(void)
{
	groups++;
	return ncclSuccess;
}

ncclResult_t
ncclGroupEnd(void)
{
	ncclComm_t c = grouped;
	struct err e;

	groups--;
	grouped = NULL;
	if (!c)
		return ncclSuccess;
	if (fake_exchange(&c->l, c->out, c->in, &e) < 0)
		c->state = ncclRemoteError;
	memset(c->out, 0, sizeof(c->out));
	memset(c->in, 0, sizeof(c->in));
	return ncclInProgress;
}

const char *
ncclGetErrorString(ncclResult_t rc)
{
	return rc == ncclRemoteError   ? "remote process exited"
	       : rc == ncclSystemError ? "unhandled system error"
				       : "invalid usage";
}
