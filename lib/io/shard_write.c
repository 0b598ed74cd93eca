/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/hash.h"
#include "io/scratch.h"
#include "io/shard.h"
#include "io/stream.h"

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
    "tokens are written as they stand in memory");

struct shard_writer {
	char *prefix;
	struct shard_head head;
	struct out *bin, *idx, *docs;
	struct sha256 *bin_sha, *idx_sha;
	/* The index wants all lengths first: they wait in a nameless file. */
	FILE *lengths;
	uint64_t ndoc, tokens;
	struct frames frames;
	struct buf lines; /* of the frame that is being filled */
};

unsigned
shard_width(uint32_t vocab)
{
	return vocab < SHARD_U16_BELOW ? 2 : 4;
}

void
shard_pack(const uint32_t *tokens, size_t n, uint32_t vocab, unsigned char *out)
{
	size_t i;

	if (shard_width(vocab) == 4) {
		memcpy(out, tokens, n * 4);
		return;
	}
	for (i = 0; i < n; i++) {
		out[2 * i] = (unsigned char)tokens[i];
		out[2 * i + 1] = (unsigned char)(tokens[i] >> 8);
	}
}

uint64_t
shard_writer_tokens(const struct shard_writer *w)
{
	return w->tokens;
}

static int
open_part(
    struct shard_writer *w, struct out **out, const char *suffix, struct err *e)
{
	char name[4096];

	if ((size_t)snprintf(name, sizeof(name), "%s%s", w->prefix, suffix) >=
	    sizeof(name))
		return err_set(e, ERR_ARG, "%s: name too long", w->prefix);
	return out_open(out, name, e);
}

static int
open_lengths(struct shard_writer *w, struct err *e)
{
	int fd;

	if (scratch_open(&fd, e) < 0)
		return e->code;
	w->lengths = fdopen(fd, "w+");
	if (!w->lengths)
		close(fd);
	return w->lengths ? 0 : err_errno(e, "$TMPDIR", "open a file in it");
}

static const char *
dtype_name(const struct shard_head *h)
{
	return shard_width(h->vocab) == 2 ? "uint16" : "int32";
}

static int
put_header(struct shard_writer *w, struct err *e)
{
	const struct shard_head *h = &w->head;

	buf_printf(&w->lines,
	    "{\"format\":\"quern shard\",\"version\":1,"
	    "\"tokenizer\":\"sha256:%s\",\"vocab\":%u,\"dtype\":\"%s\","
	    "\"end_text\":",
	    h->tokenizer, h->vocab, dtype_name(h));
	if (h->end_text >= 0)
		buf_printf(&w->lines, "%lld}\n", (long long)h->end_text);
	else
		buf_puts(&w->lines, "null}\n");
	if (buf_ok(&w->lines, e) < 0 ||
	    frames_put(&w->frames, w->docs, buf_view(&w->lines), e) < 0)
		return e->code;
	buf_clear(&w->lines);
	return 0;
}

int
shard_create(struct shard_writer **out, const char *prefix,
    const struct shard_head *head, struct err *e)
{
	struct shard_writer *w = calloc(1, sizeof(*w));

	*out = NULL;
	if (!w)
		return err_nomem(e, "a shard");
	w->head = *head;
	w->prefix = strdup(prefix);
	w->bin_sha = sha256_new();
	w->idx_sha = sha256_new();
	if (!w->prefix || !w->bin_sha || !w->idx_sha) {
		shard_abort(w);
		return err_nomem(e, "a shard");
	}
	if (open_part(w, &w->bin, ".bin", e) < 0 ||
	    open_part(w, &w->idx, ".idx", e) < 0 ||
	    open_part(w, &w->docs, ".docs", e) < 0 || open_lengths(w, e) < 0 ||
	    put_header(w, e) < 0) {
		shard_abort(w);
		return e->code;
	}
	*out = w;
	return 0;
}

static void
put_line(struct shard_writer *w, const struct shard_doc *d)
{
	buf_puts(&w->lines, "{\"id\":");
	buf_json_lossy(&w->lines, d->id);
	if (d->url.p) {
		buf_puts(&w->lines, ",\"url\":");
		buf_json_lossy(&w->lines, d->url);
	}
	buf_printf(&w->lines, ",\"tokens\":%llu,\"bytes\":%llu",
	    (unsigned long long)d->tokens, (unsigned long long)d->bytes);
	if (d->numbers.p) {
		buf_puts(&w->lines, ",\"numbers\":");
		buf_str(&w->lines, d->numbers);
	}
	buf_puts(&w->lines, "}\n");
}

static int
flush_lines(struct shard_writer *w, struct err *e)
{
	if (buf_ok(&w->lines, e) < 0 ||
	    frames_put(&w->frames, w->docs, buf_view(&w->lines), e) < 0)
		return e->code;
	buf_clear(&w->lines);
	return 0;
}

int
shard_add(struct shard_writer *w, const struct shard_doc *d, const void *packed,
    struct err *e)
{
	size_t bytes = (size_t)d->tokens * shard_width(w->head.vocab);
	int32_t length = (int32_t)d->tokens;

	if (d->tokens > SHARD_MAX_DOC)
		return err_set(e, ERR_FORMAT,
		    "a document of %llu tokens: the index holds lengths up to "
		    "%d",
		    (unsigned long long)d->tokens, SHARD_MAX_DOC);
	if (fwrite(&length, sizeof(length), 1, w->lengths) != 1)
		return err_errno(e, "$TMPDIR", "keep the lengths there");
	if (bytes)
		sha256_add(w->bin_sha, packed, bytes);
	put_line(w, d);
	w->ndoc++;
	w->tokens += d->tokens;
	if (w->ndoc % SHARD_FRAME == 0 && flush_lines(w, e) < 0)
		return e->code;
	return out_write(w->bin, packed, bytes, e);
}

static int
put_idx(struct shard_writer *w, const void *p, size_t n, struct err *e)
{
	sha256_add(w->idx_sha, p, n);
	return out_write(w->idx, p, n, e);
}

static int
put_idx_head(struct shard_writer *w, struct err *e)
{
	unsigned char head[SHARD_IDX_HEAD] = "MMIDIDX";
	uint64_t v[3] = { 1, w->ndoc, w->ndoc + 1 };

	memcpy(head + 9, &v[0], 8);
	head[17] = shard_width(w->head.vocab) == 2 ? 8 : 4;
	memcpy(head + 18, &v[1], 16);
	return put_idx(w, head, sizeof(head), e);
}

enum { CHUNK = 8192 };

/* Copy the lengths, or the byte pointers that they add up to. */
static int
put_lengths(struct shard_writer *w, bool pointers, struct err *e)
{
	unsigned width = shard_width(w->head.vocab);
	int32_t lengths[CHUNK];
	int64_t at[CHUNK], sum = 0;
	size_t n, i;
	int rc = 0;

	rewind(w->lengths);
	while (rc == 0 &&
	       (n = fread(lengths, sizeof(*lengths), CHUNK, w->lengths)) > 0) {
		for (i = 0; i < n; i++) {
			at[i] = sum;
			sum += (int64_t)lengths[i] * width;
		}
		rc = pointers ? put_idx(w, at, n * sizeof(*at), e)
			      : put_idx(w, lengths, n * sizeof(*lengths), e);
	}
	if (rc == 0 && ferror(w->lengths))
		rc = err_errno(e, "$TMPDIR", "read the lengths again");
	return rc;
}

static int
put_doc_idx(struct shard_writer *w, struct err *e)
{
	int64_t at[CHUNK];
	uint64_t i, n;

	for (i = 0; i <= w->ndoc; i += n) {
		for (n = 0; n < CHUNK && i + n <= w->ndoc; n++)
			at[n] = (int64_t)(i + n);
		if (put_idx(w, at, n * sizeof(*at), e) < 0)
			return e->code;
	}
	return 0;
}

static int
put_index(struct shard_writer *w, struct err *e)
{
	if (fflush(w->lengths) != 0)
		return err_errno(e, "$TMPDIR", "keep the lengths there");
	if (put_idx_head(w, e) < 0 || put_lengths(w, false, e) < 0 ||
	    put_lengths(w, true, e) < 0)
		return e->code;
	return put_doc_idx(w, e);
}

static int
put_trailer(struct shard_writer *w, struct err *e)
{
	char bin[65], idx[65];

	if (w->lines.n && flush_lines(w, e) < 0)
		return e->code;
	sha256_hex(w->bin_sha, bin);
	sha256_hex(w->idx_sha, idx);
	buf_printf(&w->lines,
	    "{\"documents\":%llu,\"tokens\":%llu,\"bin_sha256\":\"%s\","
	    "\"idx_sha256\":\"%s\"}\n",
	    (unsigned long long)w->ndoc, (unsigned long long)w->tokens, bin,
	    idx);
	if (flush_lines(w, e) < 0)
		return e->code;
	return frames_end(&w->frames, w->docs, e);
}

/*
 * An older shard of this name stops being one before its parts are replaced,
 * so that parts of two are never taken for one.
 */
static int
name_parts(struct shard_writer *w, struct err *e)
{
	if (out_finish(w->bin, e) < 0 || out_finish(w->idx, e) < 0 ||
	    out_finish(w->docs, e) < 0)
		return e->code;
	unlink(out_name(w->docs));
	if (out_rename(w->bin, e) < 0 || out_rename(w->idx, e) < 0)
		return e->code;
	return out_rename(w->docs, e);
}

int
shard_commit(struct shard_writer *w, struct err *e)
{
	int rc = put_index(w, e);

	if (rc == 0)
		rc = put_trailer(w, e);
	if (rc == 0)
		rc = name_parts(w, e);
	shard_abort(w);
	return rc;
}

void
shard_abort(struct shard_writer *w)
{
	if (!w)
		return;
	out_close(w->bin);
	out_close(w->idx);
	out_close(w->docs);
	sha256_free(w->bin_sha);
	sha256_free(w->idx_sha);
	if (w->lengths)
		fclose(w->lengths);
	frames_free(&w->frames);
	buf_free(&w->lines);
	free(w->prefix);
	free(w);
}
