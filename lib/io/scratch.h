/* SPDX-License-Identifier: MIT */
#ifndef IO_SCRATCH_H
#define IO_SCRATCH_H

#include <stddef.h>
#include <stdint.h>

struct err;

/*
 * A file without a name in $TMPDIR (/tmp), to write and read back: its
 * descriptor in *fd, gone when that is closed.
 */
int scratch_open(int *fd, struct err *e);
/* All n bytes, at an offset; ERR_IO, naming $TMPDIR.  Thread-safe. */
int scratch_write(int fd, const void *p, size_t n, uint64_t at, struct err *e);
int scratch_read(int fd, void *p, size_t n, uint64_t at, struct err *e);

#endif
