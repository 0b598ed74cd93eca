/* SPDX-License-Identifier: MIT */
#ifndef TRAIN_HOST_H
#define TRAIN_HOST_H

#include "train/ops.h"

/*
 * Of struct ops, for devices whose memory is the host's and that do at once
 * what they are asked for: nothing is ever to be waited for.  Any thread.
 */
void host_copy(void *to, const void *from, size_t size);
void host_carry(enum ops_queue q, void *to, const void *from, size_t size);
void host_follow(enum ops_queue q, enum ops_queue other);
int host_wait(enum ops_queue q, struct err *e);
void *host_stream(void);
bool host_idle(void);

#endif
