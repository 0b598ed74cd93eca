/* SPDX-License-Identifier: MIT */
#include "base/buf.h"
#include "base/err.h"
#include "io/zdict.h"

static int
unpack(struct buf *to, const void *p, size_t n, struct err *e)
{
	ZSTD_DStream *z = ZSTD_createDStream();
	ZSTD_inBuffer src = { p, n, 0 };
	size_t rc = 1, room = ZSTD_DStreamOutSize(), had;

	while (z && rc && to->n < ZDICT_MAX && buf_room(to, room)) {
		ZSTD_outBuffer dst = { to->p + to->n, room, 0 };

		had = src.pos;
		rc = ZSTD_decompressStream(z, &dst, &src);
		to->n += dst.pos;
		if (ZSTD_isError(rc) || (src.pos == had && dst.pos == 0))
			break;
	}
	ZSTD_freeDStream(z);
	if (!z || to->oom)
		return err_nomem(e, "a zstd dictionary");
	return rc ? err_set(e, ERR_DAMAGE, "broken dictionary") : 0;
}

int
zdict_use(ZSTD_DStream *z, const void *p, size_t n, struct err *e)
{
	static const unsigned char frame[4] = { 0x28, 0xb5, 0x2f, 0xfd };
	struct buf plain = { 0 };
	int rc = 0;

	if (n >= 4 && memcmp(p, frame, 4) == 0) {
		rc = unpack(&plain, p, n, e);
		p = plain.p;
		n = plain.n;
	}
	if (rc == 0 && ZSTD_isError(ZSTD_DCtx_loadDictionary(z, p, n)))
		rc = err_set(e, ERR_DAMAGE, "broken dictionary");
	buf_free(&plain);
	return rc;
}
