/* SPDX-License-Identifier: MIT */
/* The functions of struct ops that hold memory and wait. */
#ifndef TRAIN_CUDA_TABLE_H
#define TRAIN_CUDA_TABLE_H

#include <cuda_runtime.h>
#include <stddef.h>
#include <stdint.h>

#include "train/ops.h"

struct err;

void *device_alloc(size_t n);
void device_free(void *p);
void device_put(void *dev, const void *host, size_t n);
void device_get(void *host, const void *dev, size_t n);
int device_sync(struct err *e);
uint64_t device_memory(void);
void device_rehearse(void);
uint64_t device_rehearsed(void);
/* queue.cu */
void *device_pin(size_t n);
void device_unpin(void *p);
void device_carry(enum ops_queue q, void *to, const void *from, size_t n);
void device_follow(enum ops_queue q, enum ops_queue other);
int device_wait(enum ops_queue q, struct err *e);
void *device_queue(void);
bool device_idle(void);
cudaError_t device_start_queues(void);
/* What went wrong so far, if rc or anything before it. */
int device_surface(cudaError_t rc, struct err *e);
/* device_fail() saying what, unless all is well. */
void device_check(cudaError_t rc);
/* record.cu */
bool device_record(void);
void *device_recorded(void);
bool device_play(void *recording);
void device_erase(void *recording);
/* The first kernel: an error where the card has no code of ours. */
cudaError_t device_start(void);

#endif
