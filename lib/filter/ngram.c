/* SPDX-License-Identifier: MIT */
/* Models of n-grams: loading, words, and what all kinds have in common. */
#include "filter/ngram.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "filter/ngram_impl.h"
#include "io/stream.h"

/* Source: Appleby, MurmurHash64A (public domain), its constants. */
uint64_t
ngram_hash(struct str word)
{
	const uint64_t k = 0xc6a4a7935bd1e995u;
	uint64_t h = word.n * k, v;
	size_t i = 0;

	for (; i + 8 <= word.n; i += 8) {
		v = ngram_u64(word.p + i) * k;
		h = (h ^ (v ^ v >> 47) * k) * k;
	}
	if (i < word.n) {
		v = 0;
		memcpy(&v, word.p + i, word.n - i);
		h = (h ^ v) * k;
	}
	h = (h ^ h >> 47) * k;
	return h ^ h >> 47;
}

/* The place of a hash among ascending ones, or -1. */
static int64_t
find_sorted(const struct ngram *m, uint64_t hash)
{
	uint64_t from = 0, to = m->nsorted, mid, v;

	while (from < to) {
		mid = from + (to - from) / 2;
		v = ngram_u64(m->sorted + 8 * mid);
		if (v == hash)
			return (int64_t)mid;
		if (v < hash)
			from = mid + 1;
		else
			to = mid;
	}
	return -1;
}

uint32_t
ngram_word(const struct ngram *m, struct str word)
{
	uint64_t hash = ngram_hash(word);
	const char *p;

	if (m->sorted)
		return (uint32_t)(find_sorted(m, hash) + 1);
	p = ngram_find(&m->vocab, hash);
	return p ? ngram_u32(p + 8) : NGRAM_UNKNOWN;
}

int
ngram_specials(struct ngram *m, struct err *e)
{
	m->begin = ngram_word(m, STR("<s>"));
	m->end = ngram_word(m, STR("</s>"));
	if (m->begin == NGRAM_UNKNOWN || m->end == NGRAM_UNKNOWN)
		return err_set(e, ERR_FORMAT, "the model lacks the word %s",
		    m->begin ? "</s>" : "<s>");
	return 0;
}

const char *
ngram_kind(const struct ngram *m)
{
	static const char *const names[] = { "probing", "", "trie", "trie -q",
		"trie -a", "trie -q -a" };

	return m->arpa ? "arpa" : names[m->type];
}

unsigned
ngram_order(const struct ngram *m)
{
	return m->order;
}

uint64_t
ngram_count(const struct ngram *m, unsigned order)
{
	return order >= 1 && order <= m->order ? m->counts[order - 1] : 0;
}

uint32_t
ngram_end(const struct ngram *m)
{
	return m->end;
}

void
ngram_free(struct ngram *m)
{
	if (!m)
		return;
	if (m->map_n)
		munmap((void *)(uintptr_t)m->base, m->map_n);
	free(m->own);
	buf_free(&m->words);
	free(m);
}

int
ngram_write(const struct ngram *m, struct out *out, struct err *e)
{
	if (!m->arpa || m->words.n == 0)
		return err_set(
		    e, ERR_ARG, "only a model in ARPA format can be converted");
	if (out_write(out, m->base, m->size, e) < 0)
		return e->code;
	return out_write(out, m->words.p, m->words.n, e);
}

/* Map a plain file. */
static int
map_file(struct ngram *m, const char *path, struct err *e)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;
	void *p;

	if (fd < 0)
		return err_errno(e, path, "opening");
	if (fstat(fd, &st) < 0 || st.st_size <= 0) {
		close(fd);
		return err_set(e, ERR_FORMAT, "an empty file");
	}
	p = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_SHARED, fd, 0);
	close(fd);
	if (p == MAP_FAILED)
		return err_errno(e, path, "mapping");
	m->base = p;
	m->size = m->map_n = (size_t)st.st_size;
	return 0;
}

/* A binary file that cannot be mapped: compressed, or from a pipe. */
static int
take_all(struct ngram *m, struct in *in, struct buf *b, struct err *e)
{
	enum { STEP = 1 << 20 };
	ptrdiff_t got;
	char *p;

	do {
		p = buf_room(b, STEP);
		if (!p)
			return err_nomem(e, "the model");
		got = in_fill(in, p, STEP, e);
		if (got < 0)
			return e->code;
		b->n += (size_t)got;
	} while (got > 0);
	m->base = m->own = b->p;
	m->size = b->n;
	*b = (struct buf){ 0 };
	return 0;
}

/* What an ARPA file's reader gets again: the bytes looked at. */
struct again {
	struct buf head;
	size_t at;
	struct in *in;
};

static ptrdiff_t
read_again(void *ctx, void *p, size_t n, struct err *e)
{
	struct again *a = ctx;
	size_t left = a->head.n - a->at;

	if (left == 0)
		return in_read(a->in, p, n, e);
	if (n > left)
		n = left;
	memcpy(p, a->head.p + a->at, n);
	a->at += n;
	return (ptrdiff_t)n;
}

static int
load_arpa(struct ngram *m, struct again *a, bool words, struct err *e)
{
	struct in *in;
	int rc;

	if (in_open_from(&in, (struct in_reader){ read_again, a },
		in_name(a->in), e) < 0)
		return e->code;
	rc = ngram_read_arpa(m, in, words, e);
	in_close(in);
	return rc;
}

static int
load_from(struct ngram *m, struct again *a, const char *path, bool words,
    struct err *e)
{
	char *p = buf_room(&a->head, NGRAM_MAGIC);
	bool regular = in_kind(a->in) == IN_PLAIN && in_raw_size(a->in) > 0 &&
		       strcmp(path, "-") != 0;
	ptrdiff_t got;

	if (!p)
		return err_nomem(e, "the model");
	got = in_fill(a->in, p, NGRAM_MAGIC, e);
	if (got < 0)
		return e->code;
	a->head.n = (size_t)got;
	if (!ngram_is_binary(buf_view(&a->head)))
		return load_arpa(m, a, words, e);
	if (regular ? map_file(m, path, e) < 0
		    : take_all(m, a->in, &a->head, e) < 0)
		return e->code;
	return ngram_open_binary(m, e);
}

static int
load(struct ngram **out, const char *path, bool words, struct err *e)
{
	struct ngram *m = calloc(1, sizeof(*m));
	struct again a = { 0 };
	int rc;

	*out = NULL;
	if (!m)
		return err_nomem(e, "the model");
	rc = in_open(&a.in, path, e);
	if (rc == 0) {
		rc = load_from(m, &a, path, words, e);
		if (rc == ERR_FORMAT || rc == ERR_DAMAGE)
			err_prefix(e, "%s", in_name(a.in));
		in_close(a.in);
	}
	buf_free(&a.head);
	if (rc < 0)
		ngram_free(m);
	else
		*out = m;
	return rc;
}

int
ngram_load(struct ngram **m, const char *path, struct err *e)
{
	return load(m, path, false, e);
}

int
ngram_load_all(struct ngram **m, const char *path, struct err *e)
{
	return load(m, path, true, e);
}

static ptrdiff_t
read_bytes(void *ctx, void *p, size_t n, struct err *e)
{
	struct str *s = ctx;

	(void)e;
	if (n > s->n)
		n = s->n;
	if (n)
		memcpy(p, s->p, n);
	s->p += n;
	s->n -= n;
	return (ptrdiff_t)n;
}

int
ngram_parse(struct ngram **out, struct str bytes, struct err *e)
{
	struct ngram *m = calloc(1, sizeof(*m));
	struct in *in;
	int rc;

	*out = NULL;
	if (!m)
		return err_nomem(e, "the model");
	if (ngram_is_binary(bytes)) {
		m->base = bytes.p;
		m->size = bytes.n;
		rc = ngram_open_binary(m, e);
	} else {
		rc = in_open_from(
		    &in, (struct in_reader){ read_bytes, &bytes }, "model", e);
		if (rc == 0) {
			rc = ngram_read_arpa(m, in, true, e);
			in_close(in);
		}
	}
	if (rc < 0)
		ngram_free(m);
	else
		*out = m;
	return rc;
}
