/* SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "base/hash.h"
#include "base/simd.h"
#include "io/json.h"
#include "io/shard.h"

static uint64_t
load64(const unsigned char *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

int
shard_idx_parse(
    struct shard_idx *idx, const void *data, uint64_t n, struct err *e)
{
	const unsigned char *p = data;
	uint64_t ndoc;

	*idx = (struct shard_idx){ .p = p };
	if (n < SHARD_IDX_HEAD || memcmp(p, "MMIDIDX\0", 9) != 0)
		return err_set(e, ERR_FORMAT, "this is no Megatron index");
	if (load64(p + 9) != 1)
		return err_set(e, ERR_FORMAT, "index of version %llu, not 1",
		    (unsigned long long)load64(p + 9));
	idx->width = p[17] == 8 ? 2 : p[17] == 4 ? 4 : 0;
	if (!idx->width)
		return err_set(e, ERR_FORMAT,
		    "byte 17: tokens of type %d, neither uint16 (8) nor int32 "
		    "(4)",
		    p[17]);
	idx->docs = load64(p + 18);
	ndoc = load64(p + 26);
	if (ndoc != idx->docs + 1 || idx->docs > UINT64_MAX / 32)
		return err_set(e, ERR_FORMAT,
		    "byte 18: %llu sequences but %llu documents; here a "
		    "document is one sequence",
		    (unsigned long long)idx->docs,
		    (unsigned long long)(ndoc - 1));
	if (n != SHARD_IDX_HEAD + 20 * idx->docs + 8)
		return err_set(e, ERR_FORMAT,
		    "%llu bytes, but an index of %llu documents has %llu",
		    (unsigned long long)n, (unsigned long long)idx->docs,
		    (unsigned long long)(SHARD_IDX_HEAD + 20 * idx->docs + 8));
	return 0;
}

uint64_t
shard_idx_len(const struct shard_idx *idx, uint64_t i)
{
	uint32_t v;

	memcpy(&v, idx->p + SHARD_IDX_HEAD + 4 * i, sizeof(v));
	return v;
}

uint64_t
shard_idx_first(const struct shard_idx *idx, uint64_t i)
{
	return load64(idx->p + SHARD_IDX_HEAD + 4 * idx->docs + 8 * i) /
	       idx->width;
}

int
shard_idx_check(const struct shard_idx *idx, uint64_t tokens, struct err *e)
{
	const unsigned char *at = idx->p + SHARD_IDX_HEAD + 4 * idx->docs;
	const unsigned char *doc = at + 8 * idx->docs;
	uint64_t i, sum = 0;

	for (i = 0; i < idx->docs; i++) {
		if (shard_idx_len(idx, i) > SHARD_MAX_DOC)
			return err_set(e, ERR_CHECK,
			    "document %llu: a negative length",
			    (unsigned long long)i);
		if (load64(at + 8 * i) != sum * idx->width)
			return err_set(e, ERR_CHECK,
			    "document %llu: begins at byte %llu, but those "
			    "before it end at %llu",
			    (unsigned long long)i,
			    (unsigned long long)load64(at + 8 * i),
			    (unsigned long long)(sum * idx->width));
		if (load64(doc + 8 * i) != i)
			return err_set(e, ERR_CHECK,
			    "document %llu: begins at sequence %llu",
			    (unsigned long long)i,
			    (unsigned long long)load64(doc + 8 * i));
		sum += shard_idx_len(idx, i);
	}
	if (load64(doc + 8 * i) != i)
		return err_set(e, ERR_CHECK, "the documents' end is %llu",
		    (unsigned long long)load64(doc + 8 * i));
	if (sum != tokens)
		return err_set(e, ERR_CHECK,
		    "lengths add up to %llu tokens, there are %llu",
		    (unsigned long long)sum, (unsigned long long)tokens);
	return 0;
}

/* The prefix: path without one of the three endings. */
static char *
prefix_of(const char *path)
{
	static const char *const ends[] = { ".bin", ".idx", ".docs" };
	size_t n = strlen(path), i, k;

	for (i = 0; i < 3; i++) {
		k = strlen(ends[i]);
		if (n > k && strcmp(path + n - k, ends[i]) == 0)
			return strndup(path, n - k);
	}
	return strdup(path);
}

static int
map_fd(int fd, const char *name, const unsigned char **p, uint64_t *n,
    struct err *e)
{
	struct stat st;
	void *map;

	if (fstat(fd, &st) < 0)
		return err_errno(e, name, "look at it");
	if (!S_ISREG(st.st_mode))
		return err_set(e, ERR_IO, "%s: is no regular file", name);
	*n = (uint64_t)st.st_size;
	if (*n == 0)
		return 0;
	map = mmap(NULL, *n, PROT_READ, MAP_SHARED, fd, 0);
	if (map == MAP_FAILED)
		return err_errno(e, name, "map it");
	*p = map;
	return 0;
}

/* Map prefix + suffix; an empty file is mapped as NULL. */
static int
map_part(const struct shard *s, const char *suffix, const unsigned char **p,
    uint64_t *n, struct err *e)
{
	char name[4096];
	int fd, rc;

	*p = NULL;
	if ((size_t)snprintf(name, sizeof(name), "%s%s", s->prefix, suffix) >=
	    sizeof(name))
		return err_set(e, ERR_ARG, "%s: name too long", s->prefix);
	fd = open(name, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return err_errno(e, name, "open it");
	rc = map_fd(fd, name, p, n, e);
	close(fd);
	return rc;
}

/* "sha256:" and 64 digits into hex. */
static bool
get_digest(struct str s, struct str lead, char hex[65])
{
	size_t i;

	if (s.n != lead.n + 64 || !str_starts(s, lead))
		return false;
	for (i = 0; i < 64; i++)
		if (!strchr("0123456789abcdef", s.p[lead.n + i]))
			return false;
	memcpy(hex, s.p + lead.n, 64);
	hex[64] = '\0';
	return true;
}

static int
read_header(struct shard *s, struct json_val h, struct err *e)
{
	uint64_t vocab = json_u64(json_get(h, "vocab"), 0);

	if (!str_eq(json_str(json_get(h, "format")), STR("quern shard")) ||
	    json_u64(json_get(h, "version"), 0) != 1)
		return err_set(
		    e, ERR_CHECK, "its header is not a shard's, version 1");
	if (!get_digest(json_str(json_get(h, "tokenizer")), STR("sha256:"),
		s->head.tokenizer))
		return err_set(
		    e, ERR_CHECK, "its header has no tokenizer digest");
	if (vocab == 0 || vocab > INT32_MAX)
		return err_set(e, ERR_CHECK, "its header has no vocabulary");
	s->head.vocab = (uint32_t)vocab;
	s->head.end_text = json_int(json_get(h, "end_text"), -1);
	return 0;
}

static int
read_trailer(struct shard *s, struct json_val t, struct err *e)
{
	s->docs = json_u64(json_get(t, "documents"), UINT64_MAX);
	s->tokens = json_u64(json_get(t, "tokens"), UINT64_MAX);
	if (s->docs == UINT64_MAX || s->tokens > UINT64_MAX / 4 ||
	    !get_digest(
		json_str(json_get(t, "bin_sha256")), STR(""), s->bin_sha256) ||
	    !get_digest(
		json_str(json_get(t, "idx_sha256")), STR(""), s->idx_sha256))
		return err_set(
		    e, ERR_CHECK, "its last line has no counts and digests");
	if (s->nframe != (s->docs + SHARD_FRAME - 1) / SHARD_FRAME + 2)
		return err_set(e, ERR_CHECK, "%llu frames for %llu documents",
		    (unsigned long long)s->nframe, (unsigned long long)s->docs);
	return 0;
}

/* Parse frame i as one JSON object and hand it to take. */
static int
with_frame(struct shard *s, uint64_t i,
    int (*take)(struct shard *, struct json_val, struct err *), struct err *e)
{
	struct buf text = { 0 };
	struct json *j;
	int rc = frames_get(s, i, &text, e);

	if (rc == 0)
		rc = json_parse(&j, text.p, text.n, e);
	if (rc == 0) {
		rc = take(s, json_root(j), e);
		json_free(j);
	}
	buf_free(&text);
	return rc;
}

static int
read_docs(struct shard *s, struct err *e)
{
	if (map_part(s, ".docs", &s->docs_map, &s->docs_bytes, e) < 0)
		return e->code;
	if (frames_index(
		s->docs_map, s->docs_bytes, &s->frames, &s->nframe, e) < 0)
		return err_prefix(e, "%s.docs", s->prefix);
	if (s->nframe < 2)
		return err_set(e, ERR_CHECK, "%s.docs: no header", s->prefix);
	if (with_frame(s, 0, read_header, e) < 0 ||
	    with_frame(s, s->nframe - 1, read_trailer, e) < 0)
		return err_prefix(e, "%s.docs", s->prefix);
	return 0;
}

static int
check_sizes(struct shard *s, struct err *e)
{
	unsigned width = shard_width(s->head.vocab);

	if (s->bin_bytes != s->tokens * width)
		return err_set(e, ERR_CHECK,
		    "%s.bin: %llu bytes, but its %llu tokens take %llu: cut "
		    "off or replaced",
		    s->prefix, (unsigned long long)s->bin_bytes,
		    (unsigned long long)s->tokens,
		    (unsigned long long)s->tokens * width);
	if (s->idx.width != width || s->idx.docs != s->docs)
		return err_set(e, ERR_CHECK,
		    "%s.idx: %llu documents of %u-byte tokens, but .docs has "
		    "%llu of %u",
		    s->prefix, (unsigned long long)s->idx.docs, s->idx.width,
		    (unsigned long long)s->docs, width);
	return 0;
}

static int
open_parts(struct shard *s, struct err *e)
{
	const unsigned char *p;

	if (read_docs(s, e) < 0 ||
	    map_part(s, ".bin", &s->bin, &s->bin_bytes, e) < 0 ||
	    map_part(s, ".idx", &p, &s->idx_bytes, e) < 0)
		return e->code;
	s->idx.p = p;
	if (shard_idx_parse(&s->idx, p, s->idx_bytes, e) < 0)
		return err_prefix(e, "%s.idx", s->prefix);
	return check_sizes(s, e);
}

int
shard_open(struct shard *s, const char *path, struct err *e)
{
	*s = (struct shard){ .prefix = prefix_of(path) };
	if (!s->prefix)
		return err_nomem(e, "a file name");
	if (open_parts(s, e) < 0) {
		shard_close(s);
		return e->code;
	}
	return 0;
}

/* What .docs would say, from the other two. */
static int
stand_in(struct shard *s, struct err *e)
{
	struct sha256 *h;

	if (s->bin_bytes % s->idx.width)
		return err_set(e, ERR_CHECK,
		    "%s.bin: %llu bytes are no whole tokens: cut off",
		    s->prefix, (unsigned long long)s->bin_bytes);
	s->docs = s->idx.docs;
	s->tokens = s->bin_bytes / s->idx.width;
	if (shard_idx_check(&s->idx, s->tokens, e) < 0)
		return err_prefix(e, "%s.idx", s->prefix);
	h = sha256_new();
	if (!h)
		return err_nomem(e, "a digest");
	sha256_add(h, s->idx.p, s->idx_bytes);
	sha256_hex(h, s->idx_sha256);
	sha256_free(h);
	memcpy(s->bin_sha256, s->idx_sha256, sizeof(s->bin_sha256));
	return 0;
}

int
shard_open_foreign(struct shard *s, const char *path,
    const struct shard_head *head, struct err *e)
{
	const unsigned char *p = NULL;

	*s = (struct shard){
		.prefix = prefix_of(path), .head = *head, .foreign = true
	};
	if (!s->prefix)
		return err_nomem(e, "a file name");
	if (map_part(s, ".bin", &s->bin, &s->bin_bytes, e) == 0 &&
	    map_part(s, ".idx", &p, &s->idx_bytes, e) == 0) {
		s->idx.p = p;
		if (shard_idx_parse(&s->idx, p, s->idx_bytes, e) < 0)
			err_prefix(e, "%s.idx", s->prefix);
		else if (stand_in(s, e) == 0)
			return 0;
	}
	shard_close(s);
	return e->code;
}

static void
unmap(const unsigned char *p, uint64_t n)
{
	if (p)
		munmap((void *)p, n);
}

void
shard_close(struct shard *s)
{
	unmap(s->bin, s->bin_bytes);
	unmap(s->idx.p, s->idx_bytes);
	unmap(s->docs_map, s->docs_bytes);
	free(s->frames);
	free(s->prefix);
	*s = (struct shard){ 0 };
}

/* The largest of n tokens at p, which are copied to out. */
SIMD static uint32_t
widen_some(const uint16_t *p, uint64_t n, uint32_t *out)
{
	uint16_t most = 0;
	uint64_t i;

#pragma omp simd reduction(max : most)
	for (i = 0; i < n; i++) {
		out[i] = p[i];
		most = p[i] > most ? p[i] : most;
	}
	return most;
}

/* The same of tokens that have four bytes already. */
SIMD static uint32_t
copy_some(const uint32_t *p, uint64_t n, uint32_t *out)
{
	uint32_t most = 0;
	uint64_t i;

#pragma omp simd reduction(max : most)
	for (i = 0; i < n; i++) {
		out[i] = p[i];
		most = p[i] > most ? p[i] : most;
	}
	return most;
}

enum { PIECE = 2048 }; /* tokens */

/* Piece by piece, all of each asked for before any is waited for. */
static uint32_t
take(const struct shard *s, uint64_t first, uint64_t n, uint32_t *out)
{
	unsigned width = s->idx.width;
	const unsigned char *p = s->bin + first * width;
	uint32_t most = 0, here;
	uint64_t at, k, i;

	for (at = 0; at < n; at += k, p += k * width) {
		k = n - at < PIECE ? n - at : PIECE;
		for (i = 0; i < k * width; i += 64) /* a cache line */
			__builtin_prefetch(p + i);
		here = width == 2 ? widen_some((const void *)p, k, out + at)
				  : copy_some((const void *)p, k, out + at);
		most = here > most ? here : most;
	}
	return most;
}

int
shard_read(const struct shard *s, uint64_t at, uint64_t n, uint32_t *out,
    struct err *e)
{
	uint32_t most;

	if (at > s->tokens || n > s->tokens - at)
		return err_set(e, ERR_ARG, "%s.bin: tokens %llu + %llu of %llu",
		    s->prefix, (unsigned long long)at, (unsigned long long)n,
		    (unsigned long long)s->tokens);
	if (n == 0)
		return 0;
	most = take(s, at, n, out);
	if (most < s->head.vocab)
		return 0;
	while (*out < s->head.vocab) {
		out++;
		at++;
	}
	return err_set(e, ERR_FORMAT,
	    "%s.bin: byte %llu: token %u, but the vocabulary is %u: damaged",
	    s->prefix, (unsigned long long)at * s->idx.width, *out,
	    s->head.vocab);
}

void
shard_hint(const struct shard *s, uint64_t at, uint64_t n)
{
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE), from, to;

	if (at >= s->tokens)
		return;
	n = n < s->tokens - at ? n : s->tokens - at;
	from = at * s->idx.width / page * page;
	to = (at + n) * s->idx.width;
	/* Advice only: what it fails to do, reading does. */
	posix_madvise(
	    (void *)(uintptr_t)(s->bin + from), to - from, POSIX_MADV_WILLNEED);
}

int
shard_doc_range(const struct shard *s, uint64_t i, uint64_t *first, uint64_t *n,
    struct err *e)
{
	if (i >= s->docs)
		return err_set(e, ERR_ARG, "%s: document %llu of %llu",
		    s->prefix, (unsigned long long)i,
		    (unsigned long long)s->docs);
	*first = shard_idx_first(&s->idx, i);
	*n = shard_idx_len(&s->idx, i);
	if (*first <= s->tokens && *n <= s->tokens - *first)
		return 0;
	return err_set(e, ERR_FORMAT,
	    "%s.idx: document %llu: tokens %llu + %llu of %llu: damaged",
	    s->prefix, (unsigned long long)i, (unsigned long long)*first,
	    (unsigned long long)*n, (unsigned long long)s->tokens);
}

uint64_t
shard_doc_of(const struct shard *s, uint64_t at)
{
	uint64_t lo = 0, hi = s->docs, mid;

	/* The last document that begins at or before it and has a token. */
	while (hi - lo > 1) {
		mid = lo + (hi - lo) / 2;
		if (shard_idx_first(&s->idx, mid) <= at)
			lo = mid;
		else
			hi = mid;
	}
	return lo;
}
