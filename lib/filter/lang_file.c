/* SPDX-License-Identifier: MIT */
#define _DEFAULT_SOURCE
#include <math.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <zstd.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/hash.h"
#include "filter/lang_net.h"

/*
 * The file, little-endian (docs/formats.md):
 *
 *	8 bytes	"quernlg2"
 *	uint32	scripts
 *	a script each:
 *		4 bytes	its name, ISO 15924
 *		uint8	languages n, shortest n-gram, longest, bits
 *		float	scale, power
 *		n times	4 bytes code, NUL behind it; float bias
 *	uint32	bytes of the frame
 *	frame	zstd: int8 rows (1 << bits, n) of every script with n > 1
 *	uint64	XXH3 of all before
 */
static const char magic[8] = "quernlg2";

enum { LINE = 64 /* bytes of a cache line */, PAGE = 1 << 21 };

/* Zeros, on the borders of cache lines, in large pages if the system has them.
 */
static int8_t *
new_rows(const struct lang_group *g)
{
	size_t n = (((size_t)1 << g->grams.bits) + 1) * g->width;
	size_t page = n < PAGE ? LINE : PAGE;
	int8_t *rows;

	n = (n + page - 1) / page * page;
	rows = aligned_alloc(page, n);
	if (!rows)
		return NULL;
#ifdef MADV_HUGEPAGE
	if (page == PAGE)
		madvise(rows, n, MADV_HUGEPAGE);
#endif
	return memset(rows, 0, n);
}

struct lang_group *
lang_group_new(unsigned script, unsigned n, struct lang_grams grams)
{
	struct lang_group *g = calloc(1, sizeof(*g));

	if (!g)
		return NULL;
	g->script = script;
	g->n = n;
	g->grams = grams;
	g->width = (n + 15) / 16 * 16;
	if (n > 1 && !(g->rows = new_rows(g))) {
		free(g);
		return NULL;
	}
	return g;
}

void
lang_group_free(struct lang_group *g)
{
	if (g)
		free(g->rows);
	free(g);
}

void
langid_free(struct langid *m)
{
	unsigned i;

	for (i = 0; m && i < LANG_SCRIPTS; i++)
		lang_group_free(m->groups[i]);
	free(m);
}

bool
langid_is(struct str bytes)
{
	return str_starts(bytes, (struct str){ magic, sizeof(magic) });
}

struct cursor {
	const char *p, *end;
	bool bad;
};

/* n bytes into v; zeros behind the end. */
static void
get(struct cursor *c, void *v, size_t n)
{
	if (c->bad || n > (size_t)(c->end - c->p)) {
		c->bad = true;
		memset(v, 0, n);
		return;
	}
	memcpy(v, c->p, n);
	c->p += n;
}

static unsigned
find_script(const char name[4])
{
	const struct lang_script *s;
	unsigned i;

	for (i = 1; (s = lang_script(i)) != NULL; i++)
		if (memcmp(s->name, name, 4) == 0)
			return i;
	return 0;
}

static bool
is_code(const char code[4])
{
	size_t n = strnlen(code, 4);

	return (n == 2 || n == 3) &&
	       strspn(code, "abcdefghijklmnopqrstuvwxyz") == n;
}

static int
read_group(struct cursor *c, struct langid *m, struct err *e)
{
	uint8_t n, min, max, bits;
	struct lang_group *g;
	unsigned script, i;
	char name[4];

	get(c, name, sizeof(name));
	get(c, &n, 1);
	get(c, &min, 1);
	get(c, &max, 1);
	get(c, &bits, 1);
	script = find_script(name);
	if (c->bad || !script || m->groups[script] || !n || n > LANG_CLASSES ||
	    !min || min > max || max > LANG_GRAM || !bits ||
	    bits > LANG_MAX_BITS)
		return err_set(e, ERR_FORMAT, "a script that cannot be");
	g = lang_group_new(script, n, (struct lang_grams){ min, max, bits });
	if (!g)
		return err_nomem(e, "a language model");
	m->groups[script] = g;
	get(c, &g->scale, 4);
	get(c, &g->power, 4);
	for (i = 0; i < n; i++) {
		get(c, g->code[i], 4);
		get(c, &g->bias[i], 4);
		c->bad |= !is_code(g->code[i]) || !isfinite(g->bias[i]);
	}
	c->bad |= !isfinite(g->scale) || !(g->power >= 0 && g->power <= 1);
	return c->bad ? err_set(e, ERR_FORMAT, "a script that cannot be") : 0;
}

static size_t
rows_bytes(const struct langid *m)
{
	size_t n = 0;
	unsigned i;

	for (i = 0; i < LANG_SCRIPTS; i++)
		if (m->groups[i] && m->groups[i]->n > 1)
			n += (size_t)m->groups[i]->n
			     << m->groups[i]->grams.bits;
	return n;
}

/* From the packed rows to those that are padded, or back. */
static void
copy_rows(const struct langid *m, char *packed, bool back)
{
	unsigned i;
	size_t row;

	for (i = 0; i < LANG_SCRIPTS; i++) {
		struct lang_group *g = m->groups[i];

		if (!g || g->n == 1)
			continue;
		for (row = 0; row < (size_t)1 << g->grams.bits; row++) {
			int8_t *at = g->rows + row * g->width;

			memcpy(back ? packed : (char *)at,
			    back ? (char *)at : packed, g->n);
			packed += g->n;
		}
	}
}

static bool
rows_sound(const char *packed, size_t n)
{
	size_t i;
	bool sound = true;

	for (i = 0; i < n; i++)
		sound &= packed[i] >= -LANG_MOST && packed[i] <= LANG_MOST;
	return sound;
}

static int
read_rows(struct cursor *c, struct langid *m, struct err *e)
{
	size_t n = rows_bytes(m);
	uint32_t size;
	char *packed;

	get(c, &size, 4);
	if (c->bad || size != (size_t)(c->end - c->p))
		return err_set(e, ERR_FORMAT, "of another length than it says");
	packed = malloc(n + 1);
	if (!packed)
		return err_nomem(e, "a language model");
	if (ZSTD_decompress(packed, n + 1, c->p, size) != n ||
	    !rows_sound(packed, n)) {
		free(packed);
		return err_set(e, ERR_FORMAT, "weights that cannot be");
	}
	copy_rows(m, packed, false);
	free(packed);
	return 0;
}

static int
read_all(struct langid *m, struct str bytes, struct err *e)
{
	struct cursor c = { bytes.p + 8, bytes.p + bytes.n - 8, false };
	uint32_t scripts;
	uint64_t sum;

	memcpy(&sum, bytes.p + bytes.n - 8, 8);
	if (sum != hash64(bytes.p, bytes.n - 8, 0))
		return err_set(e, ERR_FORMAT, "its checksum is wrong");
	get(&c, &scripts, 4);
	for (; scripts; scripts--)
		if (read_group(&c, m, e) < 0)
			return e->code;
	return read_rows(&c, m, e);
}

int
langid_parse(struct langid **out, struct str bytes, struct err *e)
{
	struct langid *m;

	if (!langid_is(bytes) || bytes.n < sizeof(magic) + 16)
		return err_set(e, ERR_FORMAT, "no language model");
	m = calloc(1, sizeof(*m));
	if (!m)
		return err_nomem(e, "a language model");
	if (read_all(m, bytes, e) < 0) {
		langid_free(m);
		return err_prefix(e, "the language model is damaged");
	}
	lang_chars_init(&m->chars);
	*out = m;
	return 0;
}

static void
write_group(const struct lang_group *g, struct buf *out)
{
	unsigned i;

	buf_put(out, lang_script(g->script)->name, 4);
	buf_putc(out, (char)g->n);
	buf_putc(out, (char)g->grams.min);
	buf_putc(out, (char)g->grams.max);
	buf_putc(out, (char)g->grams.bits);
	buf_put(out, &g->scale, 4);
	buf_put(out, &g->power, 4);
	for (i = 0; i < g->n; i++) {
		buf_put(out, g->code[i], 4);
		buf_put(out, &g->bias[i], 4);
	}
}

static int
write_rows(const struct langid *m, struct buf *out, struct err *e)
{
	size_t n = rows_bytes(m), room = ZSTD_compressBound(n), size = 0;
	char *packed = malloc(n + 1), *to = buf_room(out, room + 4);
	uint32_t size32;

	if (packed && to) {
		copy_rows(m, packed, true);
		size = ZSTD_compress(to + 4, room, packed, n, 19);
	}
	free(packed);
	if (!packed || !to || ZSTD_isError(size))
		return err_nomem(e, "a language model");
	size32 = (uint32_t)size;
	memcpy(to, &size32, 4);
	out->n += size + 4;
	return 0;
}

int
langid_write(const struct langid *m, struct buf *out, struct err *e)
{
	uint32_t i, scripts = 0;
	uint64_t sum;

	for (i = 0; i < LANG_SCRIPTS; i++)
		scripts += m->groups[i] != NULL;
	buf_put(out, magic, sizeof(magic));
	buf_put(out, &scripts, 4);
	for (i = 0; i < LANG_SCRIPTS; i++)
		if (m->groups[i])
			write_group(m->groups[i], out);
	if (write_rows(m, out, e) < 0)
		return e->code;
	sum = hash64(out->p, out->n, 0);
	buf_put(out, &sum, 8);
	return buf_ok(out, e);
}
