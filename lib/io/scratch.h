/* SPDX-License-Identifier: MIT */
#ifndef IO_SCRATCH_H
#define IO_SCRATCH_H

struct err;

/*
 * A file without a name in $TMPDIR (/tmp), to write and read back: its
 * descriptor in *fd, gone when that is closed.
 */
int scratch_open(int *fd, struct err *e);

#endif
