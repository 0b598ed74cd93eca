/* SPDX-License-Identifier: MIT */
#ifndef TRAIN_CUDA_DEVICE_H
#define TRAIN_CUDA_DEVICE_H

#include <stddef.h>
#include <stdint.h>

/* Bytes that the library may use for the sums of products. */
enum { WORKSPACE = 32 << 20 };

/*
 * Operations return nothing: what goes wrong on the way stays, the first of it,
 * until the device's sync tells.
 */
void device_fail(const char *what);
/*
 * Memory of the device for one operation's partial results; the next call may
 * hand out the same.  NULL, and device_fail(), when there is none left.
 */
void *device_scratch(size_t size);
/* Is nothing to be done, but its scratch memory noted (struct ops)? */
bool device_rehearsing(void);
/* How often that moved: what was recorded before is of no use. */
uint64_t device_scratch_moved(void);
/* Is what operations do being noted (record.cu)? */
bool device_recording(void);
/* What is being noted leaves something out: it can't be played. */
void device_spoil(void);

#endif
