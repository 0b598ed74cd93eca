/* SPDX-License-Identifier: MIT */
/* The functions of struct ops that hold memory and wait. */
#ifndef TRAIN_CUDA_TABLE_H
#define TRAIN_CUDA_TABLE_H

#include <stddef.h>

struct err;

void *device_alloc(size_t n);
void device_free(void *p);
void device_put(void *dev, const void *host, size_t n);
void device_get(void *host, const void *dev, size_t n);
int device_sync(struct err *e);

#endif
