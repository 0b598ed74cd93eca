/* SPDX-License-Identifier: MIT */
#ifndef TRAIN_TBOARD_H
#define TRAIN_TBOARD_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "train/runlog.h"

struct err;

/*
 * What log.jsonl says, for TensorBoard: a file of events, each framed by its
 * length and checksums.  A run that is resumed begins a file of its own, which
 * tells TensorBoard to forget what an earlier one says of later steps.
 * Source: TensorFlow's event.proto, summary.proto and the format of TFRecord
 * files (RFC 3720's CRC-32C, masked).
 */
struct tboard {
	int fd; /* -1: not open */
	char *path;
};

/*
 * DIR/events.out.tfevents.SECONDS.quern, a number more behind it if that is
 * there; steps beyond `step` are to be forgotten.
 */
int
tboard_open(struct tboard *t, const char *dir, uint64_t step, struct err *e);
/* Loss, rate, norm, speed, validation: what the report has. */
int tboard_add(struct tboard *t, const struct step_report *r, struct err *e);
/* All with fd -1 is fine. */
void tboard_close(struct tboard *t);

/* A record: length, its checksum, the bytes, their checksum. */
void tboard_frame(struct buf *out, const void *p, size_t n);
/* The masked CRC-32C of TFRecord files. */
uint32_t tboard_crc(const void *p, size_t n);

#endif
