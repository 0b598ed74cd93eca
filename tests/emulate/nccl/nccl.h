/* SPDX-License-Identifier: MIT */
/*
 * The part of NCCL that lib/train/nccl uses, between processes of one machine,
 * for the emulated card, whose memory is the processor's.
 */
#ifndef EMULATE_NCCL_H
#define EMULATE_NCCL_H

#include <stddef.h>

typedef struct emulated_stream *cudaStream_t;
typedef struct emulated_comm *ncclComm_t;
typedef enum {
	ncclSuccess,
	ncclSystemError = 2,
	ncclInvalidUsage = 5,
	ncclRemoteError = 6,
	ncclInProgress = 7
} ncclResult_t;
typedef enum { ncclChar } ncclDataType_t;
typedef struct {
	char internal[128];
} ncclUniqueId;
typedef struct {
	int blocking;
} ncclConfig_t;
#define NCCL_CONFIG_INITIALIZER \
	{ \
		1 \
	}

ncclResult_t ncclGetUniqueId(ncclUniqueId *id);
ncclResult_t ncclCommInitRankConfig(ncclComm_t *comm, int ranks,
    ncclUniqueId id, int rank, ncclConfig_t *config);
ncclResult_t ncclCommGetAsyncError(ncclComm_t comm, ncclResult_t *state);
ncclResult_t ncclCommDestroy(ncclComm_t comm);
ncclResult_t ncclCommAbort(ncclComm_t comm);
ncclResult_t ncclSend(const void *p, size_t n, ncclDataType_t type, int peer,
    ncclComm_t comm, cudaStream_t s);
ncclResult_t ncclRecv(void *p, size_t n, ncclDataType_t type, int peer,
    ncclComm_t comm, cudaStream_t s);
ncclResult_t ncclGroupStart(void);
ncclResult_t ncclGroupEnd(void);
const char *ncclGetErrorString(ncclResult_t rc);

#endif
