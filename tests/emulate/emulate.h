/* SPDX-License-Identifier: MIT */
/* What the parts of the emulated card ask of each other. */
#ifndef EMULATE_EMULATE_H
#define EMULATE_EMULATE_H

#include <stdint.h>

/* device.cpp: this thread waits, and is asked again. */
void emulate_look_again(void);
/* Something that such a thread may wait for has happened. */
void emulate_event(void);
unsigned emulate_thread(void);
/* The byte at an address of shared memory's window. */
unsigned char *emulate_place(uint32_t address);

/* hopper.cpp: begin with nothing under way; fail if something is left. */
void emulate_begin_block(void);
void emulate_end_block(void);
/* The copy engine does one of its copies, if there is any. */
void emulate_engine(unsigned which);

#endif
