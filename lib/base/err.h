/* SPDX-License-Identifier: MIT */
#ifndef BASE_ERR_H
#define BASE_ERR_H

/*
 * Errors.  A fallible function returns 0 (or a count) on success and a
 * negative enum err_code on failure, and takes a struct err * as its last
 * argument, into which it writes one line for a human (no newline, no program
 * name).  Libraries never print and never exit; only cmd/ does.
 */
enum err_code {
	ERR_IO = -1,     /* the operating system said no; msg has strerror */
	ERR_FORMAT = -2, /* the input is malformed; msg has record and offset */
	ERR_NOMEM = -3,
	ERR_ARG = -4,    /* the caller or the user asked for nonsense */
	ERR_PIPE = -5,   /* whoever read our output went away */
	ERR_DAMAGE = -6, /* part of a stream is lost; reading can go on */
	ERR_CHECK = -7,  /* what was asked to be checked does not hold */
};

struct err {
	int code;
	char msg[512];
};

#ifdef __cplusplus
extern "C" {
#endif
/* Record code and message; returns code, so that "return err_set(...)". */
int err_set(struct err *e, int code, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* ERR_NOMEM, naming what the memory was for. */
int err_nomem(struct err *e, const char *what);
/* ERR_IO (ERR_PIPE for EPIPE) with the file's name and strerror(errno). */
int err_errno(struct err *e, const char *file, const char *doing);
/* Put "prefix: " in front of the message already there; returns the code. */
int err_prefix(struct err *e, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
#ifdef __cplusplus
}
#endif

#endif
