/* SPDX-License-Identifier: MIT */
#ifndef TRAIN_LINK_H
#define TRAIN_LINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct err;

/*
 * Bytes between the ranks of a run: processes that train one model together,
 * numbered from 0.  Who starts them is somebody else's business (MPI's, or a
 * test's); all that is asked of a link is exchange(), and everything else is
 * made of it.  One thread.
 */
struct parcel {
	void *p;
	size_t n; /* bytes; 0: nothing is sent */
};

/* Changes with the struct: a plugin of another version is refused. */
#define LINK_VERSION 2

struct link {
	int version; /* LINK_VERSION */
	uint32_t rank, size;
	uint32_t local;   /* ranks on this machine, this one among them */
	uint32_t place;   /* ... how many of them come before this one */
	uint32_t sharing; /* of those, ranks on this one's processors */
	bool broken; /* a rank is gone: nothing can be exchanged any more */
	void *ctx;
	/*
	 * out[r] goes to rank r and in[r] comes from it; both (size).  Every
	 * rank that sends or expects something calls it, in the same order,
	 * with the sizes that the other side has.  Its own parcel isn't looked
	 * at.  ERR_IO, naming a rank, if that is gone; broken is set.
	 */
	int (*exchange)(struct link *l, const struct parcel *out,
	    const struct parcel *in, struct err *e);
	/*
	 * ERR_IO, naming it, if a rank is seen to be gone; broken is set.  For
	 * who waits outside of exchange().  NULL: there is nothing to see.
	 */
	int (*look)(struct link *l, struct err *e);
	/*
	 * What exchange() began is done: of links between devices, which only
	 * begin it there, in the order of the device's other work.  NULL:
	 * exchange() waits.
	 */
	int (*settle)(struct link *l, struct err *e);
	void (*close)(struct link *l);
};

/* The link of a process that is alone.  Never NULL; close() is NULL. */
struct link *link_self(void);
/*
 * That of MPI, by the plugin quern-mpi.so: rank and size are those that
 * mpirun or srun gave.  NULL without the plugin or MPI; e says which.
 */
struct link *link_mpi(struct err *e);
struct ops;
/*
 * A link between the memories of the ranks' devices, by the plugin
 * quern-nccl.so: parcels are there.  Every rank of `by` calls it, and all get
 * one or none does.  by and ops must outlive it.
 */
struct link *link_nccl(struct link *by, const struct ops *ops, struct err *e);
/* Was this process started by mpirun, or by a program like it? */
bool link_launched(void);
/* NULL is fine. */
void link_close(struct link *l);

/* n bytes of every rank, in order, into all (size * n) of every rank. */
int link_gather(
    struct link *l, const void *mine, size_t n, void *all, struct err *e);
/*
 * Every rank comes here with an rc and, if that is negative, an error.  If any
 * has one, all of them return that of the first such rank, which its message
 * names.  After that all ranks are at the same place, and none waits for one
 * that gave up.
 */
int link_agree(struct link *l, int rc, struct err *e);
/* x (n) becomes the sum over ranks. */
int link_sum(struct link *l, uint64_t *x, size_t n, struct err *e);

#endif
