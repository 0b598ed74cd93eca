/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "base/path.h"
#include "mix/convert.h"

enum { LLMC_HEAD = 1024 };

static uint32_t
token_at(const unsigned char *p, uint64_t i, unsigned width)
{
	uint16_t narrow;
	uint32_t wide;

	if (width == 2) {
		memcpy(&narrow, p + 2 * i, 2);
		return narrow;
	}
	memcpy(&wide, p + 4 * i, 4);
	return wide;
}

static int
add_doc(struct convert_in *in, const char *path, uint64_t i, const uint32_t *v,
    uint64_t n, struct err *e)
{
	unsigned char *packed = malloc(n * shard_width(in->head.vocab));
	struct shard_doc d = { .tokens = n };
	char id[300];
	int rc;

	if (!packed)
		return err_nomem(e, "a document");
	d.id = (struct str){ id, (size_t)snprintf(id, sizeof(id),
				     "%.250s:%" PRIu64, path_base(path), i) };
	shard_pack(v, n, in->head.vocab, packed);
	rc = shard_add(in->out, &d, packed, e);
	in->documents++;
	free(packed);
	return rc;
}

int
convert_doc(struct convert_in *in, const char *path, uint64_t i,
    const unsigned char *p, uint64_t n, unsigned width, struct err *e)
{
	uint32_t *v;
	uint64_t k;
	int rc = 0;

	if (n == 0) {
		in->empty++;
		return 0;
	}
	v = malloc(n * sizeof(*v));
	if (!v)
		return err_nomem(e, "a document");
	for (k = 0; rc == 0 && k < n; k++) {
		v[k] = token_at(p, k, width);
		if (v[k] >= in->head.vocab)
			rc = err_set(e, ERR_FORMAT,
			    "%s: document %llu, token %llu is %u, but the "
			    "tokenizer has %u: another tokenizer, or another "
			    "--dtype",
			    path, (unsigned long long)i, (unsigned long long)k,
			    v[k], in->head.vocab);
	}
	if (rc == 0 && in->eod && v[n - 1] != (uint32_t)in->head.end_text)
		rc = err_set(e, ERR_FORMAT,
		    "%s: document %llu does not end in token %lld: say "
		    "--no-eod for documents without an end",
		    path, (unsigned long long)i, (long long)in->head.end_text);
	if (rc == 0)
		rc = add_doc(in, path, i, v, n, e);
	free(v);
	return rc;
}

int
convert_map(const char *path, const char *more, struct mapped *m, struct err *e)
{
	char name[4096];
	struct stat st;
	void *p;
	int fd;

	*m = (struct mapped){ 0 };
	if ((size_t)snprintf(name, sizeof(name), "%s%s", path, more) >=
	    sizeof(name))
		return err_set(e, ERR_ARG, "%s: name too long", path);
	fd = open(name, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return err_errno(e, name, "open it");
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
		close(fd);
		return err_set(e, ERR_IO, "%s: is no regular file", name);
	}
	m->n = (size_t)st.st_size;
	p = m->n ? mmap(NULL, m->n, PROT_READ, MAP_SHARED, fd, 0) : NULL;
	close(fd);
	if (p == MAP_FAILED)
		return err_errno(e, name, "map it");
	m->p = p;
	return 0;
}

void
convert_unmap(struct mapped *m)
{
	if (m->p)
		munmap((void *)m->p, m->n);
	*m = (struct mapped){ 0 };
}

/* n tokens with nothing around them, cut into documents. */
static int
cut(struct convert_in *in, const char *path, const unsigned char *p, uint64_t n,
    unsigned width, struct err *e)
{
	int64_t end = in->head.end_text;
	bool begins = n && end >= 0 && token_at(p, 0, width) == (uint32_t)end;
	uint64_t i, from = 0, upto, doc = 0;

	for (i = begins; i <= n; i++) {
		if (i < n &&
		    (end < 0 || token_at(p, i, width) != (uint32_t)end))
			continue;
		upto = i < n && !begins ? i + 1 : i;
		if (upto > from &&
		    convert_doc(in, path, doc++, p + from * width, upto - from,
			width, e) < 0)
			return e->code;
		from = upto;
	}
	return 0;
}

/* llm.c's header: bytes a token, and how many tokens there have to be. */
static int
llmc_head(
    const char *path, const struct mapped *m, unsigned *width, struct err *e)
{
	int32_t head[3] = { 0 };
	uint64_t have;

	if (m->n >= LLMC_HEAD)
		memcpy(head, m->p, sizeof(head));
	if (head[2] < 0 || !((head[0] == 20240520 && head[1] == 1) ||
			       (head[0] == 20240801 && head[1] == 7)))
		return err_set(e, ERR_FORMAT,
		    "%s: no header of llm.c's tokens (20240520, 1 or "
		    "20240801, 7)",
		    path);
	*width = head[0] == 20240520 ? 2 : 4;
	have = (m->n - LLMC_HEAD) / *width;
	if (have == (uint64_t)head[2])
		return 0;
	return err_set(e, ERR_FORMAT,
	    "%s: its header says %d tokens, there are %llu", path, head[2],
	    (unsigned long long)have);
}

/* nanogpt, raw, llmc */
static int
from_file(struct convert_in *in, const char *path, struct err *e)
{
	unsigned width = in->format == CONVERT_NANOGPT ? 2 : in->width;
	size_t head = in->format == CONVERT_LLMC ? LLMC_HEAD : 0;
	struct mapped m;
	int rc = convert_map(path, "", &m, e);

	if (rc == 0 && head)
		rc = llmc_head(path, &m, &width, e);
	if (rc == 0 && (m.n - head) % width)
		rc = err_set(e, ERR_FORMAT,
		    "%s: %zu bytes are no whole tokens of %u: cut off, or "
		    "another --dtype",
		    path, m.n - head, width);
	if (rc == 0)
		rc = cut(in, path, m.p + head, (m.n - head) / width, width, e);
	convert_unmap(&m);
	return rc;
}

/* Documents from their ends, in tokens. */
static int
by_ends(struct convert_in *in, const char *path, const struct mapped *bin,
    const struct mapped *index, struct err *e)
{
	size_t bytes = bin->n, n = index->n;
	uint64_t i, end = 0, from = 0, last = 0, docs = n / 8;
	unsigned width;
	int rc = 0;

	if (n >= 8)
		memcpy(&last, index->p + n - 8, 8);
	width = last && bytes / last == 4 ? 4 : 2;
	if (n % 8 || last > SIZE_MAX / 8 || last * width != bytes)
		return err_set(e, ERR_FORMAT,
		    "%s: %zu bytes do not fit its index, whose last document "
		    "ends at token %llu",
		    path, bytes, (unsigned long long)last);
	for (i = 0; rc == 0 && i < docs; i++, from = end) {
		memcpy(&end, index->p + 8 * i, 8);
		if (end < from || end > last)
			return err_set(e, ERR_FORMAT,
			    "%s.index: document %llu ends at token %llu, "
			    "before it begins or behind the last",
			    path, (unsigned long long)i,
			    (unsigned long long)end);
		rc = convert_doc(
		    in, path, i, bin->p + from * width, end - from, width, e);
	}
	return rc;
}

static int
from_ds(struct convert_in *in, const char *path, struct err *e)
{
	struct mapped bin, index = { 0 };
	int rc = convert_map(path, "", &bin, e);

	if (rc == 0)
		rc = convert_map(path, ".index", &index, e);
	if (rc == 0)
		rc = by_ends(in, path, &bin, &index, e);
	convert_unmap(&bin);
	convert_unmap(&index);
	return rc;
}

static int
by_index(struct convert_in *in, const char *path, const struct mapped *bin,
    const struct shard_idx *idx, struct err *e)
{
	uint64_t i;

	if (bin->n % idx->width)
		return err_set(e, ERR_FORMAT,
		    "%s.bin: %zu bytes are no whole tokens", path, bin->n);
	if (shard_idx_check(idx, bin->n / idx->width, e) < 0)
		return err_prefix(e, "%s.idx", path);
	for (i = 0; i < idx->docs; i++)
		if (convert_doc(in, path, i,
			bin->p + shard_idx_first(idx, i) * idx->width,
			shard_idx_len(idx, i), idx->width, e) < 0)
			return e->code;
	return 0;
}

static int
from_megatron(struct convert_in *in, const char *path, struct err *e)
{
	struct mapped bin = { 0 }, index = { 0 };
	struct str s = str_c(path);
	struct shard_idx idx;
	char *prefix;
	int rc;

	s.n -= str_ends(s, STR(".bin")) || str_ends(s, STR(".idx")) ? 4 : 0;
	prefix = strndup(path, s.n);
	rc = prefix ? convert_map(prefix, ".bin", &bin, e)
		    : err_nomem(e, "a file name");
	if (rc == 0)
		rc = convert_map(prefix, ".idx", &index, e);
	if (rc == 0 && (rc = shard_idx_parse(&idx, index.p, index.n, e)) < 0)
		err_prefix(e, "%s.idx", prefix);
	if (rc == 0)
		rc = by_index(in, prefix, &bin, &idx, e);
	free(prefix);
	convert_unmap(&bin);
	convert_unmap(&index);
	return rc;
}

int
convert_add(struct convert_in *in, const char *path, struct err *e)
{
	switch (in->format) {
	case CONVERT_DS:
		return from_ds(in, path, e);
	case CONVERT_MDS:
		return convert_add_mds(in, path, e);
	case CONVERT_MEGATRON:
		return from_megatron(in, path, e);
	default:
		return from_file(in, path, e);
	}
}
