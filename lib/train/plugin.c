/* SPDX-License-Identifier: MIT */
/*
 * The CUDA twin lives in a shared object of its own, so that no command links
 * the CUDA run time and every command starts on a machine without it.
 */
#include <dlfcn.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "train/ops.h"

#define PLUGIN "quern-cuda.so"

typedef const struct ops *plugin_init(enum ops_type, struct err *);

/* Beside the running program, or where QUERN_PLUGIN_DIR says. */
static int
plugin_path(char *path, size_t size, struct err *e)
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
	if ((size_t)snprintf(path, size, "%s/" PLUGIN, dir) >= size)
		return err_set(e, ERR_ARG, "%s: path too long", dir);
	return 0;
}

static const struct ops *
load(enum ops_type type, struct err *e)
{
	char path[PATH_MAX];
	plugin_init *init;
	const int *version;
	void *so;

	if (plugin_path(path, sizeof(path), e) < 0)
		return NULL;
	so = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	if (!so) {
		err_set(e, ERR_IO, "no CUDA twin: %s", dlerror());
		return NULL;
	}
	version = dlsym(so, "quern_ops_version");
	*(void **)&init = dlsym(so, "quern_ops_cuda");
	if (!init) {
		err_set(e, ERR_FORMAT, "%s: not a quern plugin", path);
		return NULL;
	}
	if (!version || *version != OPS_VERSION) {
		err_set(e, ERR_FORMAT,
		    "%s is of another version of quern (%d, this is %d); "
		    "install both from one build",
		    path, version ? *version : 0, OPS_VERSION);
		return NULL;
	}
	return init(type, e); /* stays loaded: its ops are used to the end */
}

const struct ops *
ops_cuda(enum ops_type type, struct err *e)
{
	const struct ops *ops = load(type, e);
	struct err why = *e;

	if (!ops)
		err_set(e, why.code, "%s; --device cpu needs no card", why.msg);
	return ops;
}
