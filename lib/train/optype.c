/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "base/err.h"
#include "train/ops.h"

static const char *const names[OPS_TYPES] = {
	[OPS_F32] = "f32", [OPS_BF16] = "bf16", [OPS_F16] = "fp16"
};

int
ops_type(enum ops_type *t, const char *name, struct err *e)
{
	int i;

	for (i = 0; i < OPS_TYPES; i++)
		if (strcmp(names[i], name) == 0) {
			*t = (enum ops_type)i;
			return 0;
		}
	return err_set(e, ERR_ARG, "no type of numbers '%s'", name);
}

const char *
ops_type_name(enum ops_type t)
{
	return names[t];
}
