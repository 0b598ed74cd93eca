/* SPDX-License-Identifier: MIT */
#include <dlfcn.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "train/link.h"
#include "train/ops.h"
#include "train/plugin.h"

static int
plugin_path(char *path, size_t size, const char *file, struct err *e)
{
	const char *dir = getenv("QUERN_PLUGIN_DIR");
	char self[PATH_MAX];
	ssize_t n;

	if (!dir) {
		n = readlink("/proc/self/exe", self, sizeof(self) - 1);
		if (n < 0)
			return err_errno(e, "/proc/self/exe", "read it");
		self[n] = '\0';
		*strrchr(self, '/') = '\0';
		dir = self;
	}
	if ((size_t)snprintf(path, size, "%s/%s", dir, file) >= size)
		return err_set(e, ERR_ARG, "%s: path too long", dir);
	return 0;
}

int
plugin_symbol(void **symbol, const char *file, const char *name,
    const char *what, struct err *e)
{
	char path[PATH_MAX];
	void *so;

	if (plugin_path(path, sizeof(path), file, e) < 0)
		return e->code;
	so = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	if (!so)
		return err_set(e, ERR_IO, "%s: %s", what, dlerror());
	*symbol = dlsym(so, name);
	if (!*symbol)
		return err_set(e, ERR_FORMAT, "%s: not a quern plugin", path);
	return 0;
}

static const struct ops *
load_cuda(enum ops_type type, uint32_t card, struct err *e)
{
	const struct ops *(*init)(enum ops_type, uint32_t, struct err *);
	const int *version;

	if (plugin_symbol((void **)&init, "quern-cuda.so", "quern_ops_cuda",
		"no CUDA twin", e) < 0)
		return NULL;
	if (plugin_symbol((void **)&version, "quern-cuda.so",
		"quern_ops_version", "no CUDA twin", e) < 0)
		return NULL;
	if (*version != OPS_VERSION) {
		err_set(e, ERR_FORMAT,
		    "quern-cuda.so is of another version of quern (%d, this is "
		    "%d); install both from one build",
		    *version, OPS_VERSION);
		return NULL;
	}
	return init(
	    type, card, e); /* stays loaded: its ops are used to the end */
}

const struct ops *
ops_cuda(enum ops_type type, struct err *e)
{
	return ops_cuda_card(type, 0, e);
}

const struct ops *
ops_open(const char *device, const char *type, int threads, struct err *e)
{
	enum ops_type t;

	if (ops_type(&t, type, e) < 0)
		return NULL;
	return strcmp(device, "cuda") == 0 ? ops_cuda(t, e)
					   : ops_cpu_typed(threads, t);
}

const struct ops *
ops_cuda_card(enum ops_type type, uint32_t card, struct err *e)
{
	const struct ops *ops = load_cuda(type, card, e);
	struct err why = *e;

	if (!ops)
		err_set(e, why.code, "%s; --device cpu needs no card", why.msg);
	return ops;
}

const char *
ops_cuda_note(void)
{
	const char *(*note)(void);
	struct err e;

	if (plugin_symbol((void **)&note, "quern-cuda.so",
		"quern_ops_cuda_note", "no CUDA twin", &e) < 0)
		return NULL;
	return note();
}

struct link *
link_mpi(struct err *e)
{
	struct link *(*init)(struct err *);
	struct link *l;

	if (plugin_symbol((void **)&init, "quern-mpi.so", "quern_link_mpi",
		"ranks need MPI, which this quern was built without (make "
		"deps; make) or can't load",
		e) < 0)
		return NULL;
	l = init(e);
	if (l && l->version != LINK_VERSION) {
		err_set(e, ERR_FORMAT, "quern-mpi.so: version %d, this is %d",
		    l->version, LINK_VERSION);
		link_close(l);
		return NULL;
	}
	return l;
}

/* What the plugin gives, when all ranks have it. */
struct link *
link_nccl(struct link *by, const struct ops *ops, struct err *e)
{
	struct link *(*init)(struct link *, const struct ops *, struct err *);
	const int *version = NULL;
	int rc = plugin_symbol((void **)&init, "quern-nccl.so",
	    "quern_link_nccl",
	    "ranks on cards need NCCL, which this quern was built without or "
	    "can't load; --device cpu needs none",
	    e);

	if (rc == 0)
		rc = plugin_symbol((void **)&version, "quern-nccl.so",
		    "quern_link_version", "no NCCL", e);
	if (rc == 0 && *version != LINK_VERSION)
		rc = err_set(e, ERR_FORMAT,
		    "quern-nccl.so is of another version of quern (%d, this is "
		    "%d); install both from one build",
		    *version, LINK_VERSION);
	return link_agree(by, rc, e) < 0 ? NULL : init(by, ops, e);
}

bool
link_launched(void)
{
	/* Open MPI; MPICH and what follows it, Slurm's PMI-2 too; PMIx. */
	static const char *const given[] = { "OMPI_COMM_WORLD_SIZE", "PMI_SIZE",
		"PMIX_RANK" };
	size_t i;

	for (i = 0; i < sizeof(given) / sizeof(*given); i++)
		if (getenv(given[i]))
			return true;
	return false;
}
