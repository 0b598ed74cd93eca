/* SPDX-License-Identifier: MIT */
#ifndef MIX_ORDER_IMPL_H
#define MIX_ORDER_IMPL_H

/* What reading and writing orders share. */
#include "mix/order.h"

enum { ORDER_PATH = 4096, ORDER_KEY = 200 /* bytes of a key's name */ };

struct safetensors;

/* PREFIX.order */
int order_path(const struct shard *s, char path[ORDER_PATH], struct err *e);
int order_digest(const double *v, uint64_t n, char hex[65], struct err *e);
/* Open the file and check that it is of this shard: ERR_CHECK. */
int order_open(const struct shard *s, const char *path, struct safetensors **f,
    struct err *e);
/* An array that is there, checked; *v is freed by the caller. */
int order_values(const struct shard *s, struct safetensors *f, const char *path,
    const char *key, double **v, char digest[65], struct err *e);

#endif
