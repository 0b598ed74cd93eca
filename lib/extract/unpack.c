/* SPDX-License-Identifier: MIT */
#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <stdlib.h>

#include "base/err.h"
#include "extract/unpack.h"
#include "io/stream.h"

enum {
	MAX_LAYERS = 5, /* the file itself among them */
	SNIFF_BYTES = 4096,
	BLOCK = 512,        /* of a tar */
	MAX_FAILURES = 100, /* of one archive, before it's given up */
};

enum packing { PACK_NONE, PACK_TAR, PACK_ZIP, PACK_7Z, PACK_STREAM };

/* A file, or an entry of the layer before. */
struct layer {
	struct in *in;
	struct window win;
	struct archive *la; /* if it is an archive */
	enum packing kind;
	struct str held;  /* a zip or 7z in memory */
	size_t path;      /* bytes of the path around its entries */
	struct str block; /* of the current entry, not read yet */
	bool given;       /* to the library: what the window holds */
	bool spoilt;      /* the block is the last of a wrong checksum */
	bool broken;      /* the current entry of la is, and that was told */
	int failures;
	uint64_t offset; /* of its header in the layer before */
};

struct unpack {
	const char *file;
	struct layer layer[MAX_LAYERS];
	size_t n;
	struct buf path;
	struct str memory; /* unpack_memory(): what is not read yet */
	bool epub;         /* the file is to be opened though it is one */
	uint64_t max_held;
};

/* A tar's header has a checksum, which also old ones without a magic have. */
static bool
is_tar(struct str s)
{
	unsigned sum = 0, want = 0;
	size_t i;

	if (s.n < BLOCK || s.p[0] == '\0')
		return false;
	for (i = 0; i < BLOCK; i++)
		sum +=
		    i >= 148 && i < 156 ? ' ' : ((const unsigned char *)s.p)[i];
	for (i = 148; i < 156 && (s.p[i] == ' ' || s.p[i] == '0'); i++)
		;
	for (; i < 156 && s.p[i] >= '0' && s.p[i] <= '7'; i++)
		want = want * 8 + (unsigned)(s.p[i] - '0');
	return sum == want;
}

static bool
is_epub(struct str s)
{
	static const struct str sign = { "mimetypeapplication/epub+zip", 28 };

	return s.n >= 30 + sign.n && memcmp(s.p + 30, sign.p, sign.n) == 0;
}

static enum packing
packing_of(struct str s)
{
	if (str_starts(s, STR("PK\3\4")) || str_starts(s, STR("PK\5\6")))
		return is_epub(s) ? PACK_NONE : PACK_ZIP;
	if (str_starts(s, STR("7z\xbc\xaf\x27\x1c")))
		return PACK_7Z;
	if ((str_starts(s, STR("BZh")) && s.n > 10 &&
		memcmp(s.p + 4, "1AY&SY", 6) == 0) ||
	    (s.n > 6 && memcmp(s.p, "\xfd\x37zXZ\0", 6) == 0) ||
	    str_starts(s, STR("\x04\x22\x4d\x18")))
		return PACK_STREAM;
	return is_tar(s) ? PACK_TAR : PACK_NONE;
}

bool
unpack_starts(struct str s)
{
	return packing_of(s) != PACK_NONE;
}

/* The library asks for bytes: the window's, then those behind them. */
static la_ssize_t
give(struct archive *la, void *ctx, const void **p)
{
	struct layer *l = ctx;
	struct window *w = &l->win;
	struct err e;

	if (l->given) {
		w->at = w->b.n;
		window_compact(w);
	}
	l->given = true;
	if (window_fill(w, w->at + 1, &e) < 0) {
		archive_set_error(la, EIO, "%s", e.msg);
		return -1;
	}
	if (w->at == w->b.n && w->broken.code) {
		archive_set_error(la, EIO, "%s", w->broken.msg);
		return -1;
	}
	*p = w->b.p + w->at;
	return (la_ssize_t)(w->b.n - w->at);
}

static int
la_failed(struct layer *l, struct err *e)
{
	return err_set(e, ERR_DAMAGE, "%s",
	    archive_error_string(l->la) ? archive_error_string(l->la)
					: "broken archive");
}

/* The next bytes of the entry that l stands at: 1, 0 at its end, or damage.
 * Holes of a sparse file are left out: they may be of any size. */
static int
next_block(struct layer *l, struct err *e)
{
	la_int64_t offset;
	const void *p;
	size_t n = 0;
	int rc;

	do {
		rc = archive_read_data_block(l->la, &p, &n, &offset);
		if (rc == ARCHIVE_EOF)
			return 0;
	} while (rc == ARCHIVE_OK && n == 0);
	if (rc != ARCHIVE_OK && (rc != ARCHIVE_WARN || n == 0)) {
		l->broken = true;
		return la_failed(l, e);
	}
	/* A wrong checksum comes with the last of the data. */
	l->spoilt = rc == ARCHIVE_WARN;
	l->block = (struct str){ p, n };
	return 1;
}

/* An entry's bytes, for its layer. */
static ptrdiff_t
entry_read(void *ctx, void *p, size_t n, struct err *e)
{
	struct layer *l = ctx;
	int rc = 1;

	if (l->broken)
		return 0;
	if (!l->block.n && l->spoilt) {
		l->broken = true;
		return la_failed(l, e);
	}
	if (!l->block.n)
		rc = next_block(l, e);
	if (rc <= 0)
		return rc;
	n = n < l->block.n ? n : l->block.n;
	memcpy(p, l->block.p, n);
	l->block.p += n;
	l->block.n -= n;
	return (ptrdiff_t)n;
}

static ptrdiff_t
memory_read(void *ctx, void *p, size_t n, struct err *e)
{
	struct unpack *u = ctx;

	(void)e;
	n = n < u->memory.n ? n : u->memory.n;
	if (n)
		memcpy(p, u->memory.p, n);
	u->memory.p += n;
	u->memory.n -= n;
	return (ptrdiff_t)n;
}

static void
choose_format(struct layer *l)
{
	switch (l->kind) {
	case PACK_TAR:
		archive_read_support_format_tar(l->la);
		break;
	case PACK_ZIP:
		archive_read_support_format_zip(l->la);
		break;
	case PACK_7Z:
		archive_read_support_format_7zip(l->la);
		break;
	default:
		archive_read_support_filter_bzip2(l->la);
		archive_read_support_filter_xz(l->la);
		archive_read_support_filter_lz4(l->la);
		archive_read_support_format_raw(l->la);
	}
}

/* A zip or 7z is opened by its end: whole in memory, or as a file. */
static int
open_seekable(struct unpack *u, struct layer *l, struct err *e)
{
	if (l == u->layer && in_raw_size(l->in) && in_kind(l->in) == IN_PLAIN)
		return archive_read_open_filename(l->la, u->file, 1 << 18) ==
			       ARCHIVE_OK
			   ? 0
			   : la_failed(l, e);
	if (window_fill(&l->win, (size_t)u->max_held + 1, e) < 0)
		return e->code;
	if (l->win.b.n > u->max_held)
		return err_set(e, ERR_DAMAGE,
		    "a zip or 7z within another file, longer than "
		    "--max-record");
	l->held = buf_view(&l->win.b);
	return archive_read_open_memory(l->la, l->held.p, l->held.n) ==
		       ARCHIVE_OK
		   ? 0
		   : la_failed(l, e);
}

static int
open_archive(struct unpack *u, struct layer *l, struct err *e)
{
	l->la = archive_read_new();
	if (!l->la)
		return err_nomem(e, "an archive");
	choose_format(l);
	if (l->kind == PACK_ZIP || l->kind == PACK_7Z)
		return open_seekable(u, l, e);
	return archive_read_open(l->la, l, NULL, give, NULL) == ARCHIVE_OK
		   ? 0
		   : la_failed(l, e);
}

static void
pop(struct unpack *u)
{
	struct layer *l = &u->layer[--u->n];

	archive_read_free(l->la);
	window_free(&l->win);
	in_close(l->in);
	*l = (struct layer){ 0 };
	u->path.n = u->n ? u->layer[u->n - 1].path : 0;
}

/* What the layer just pushed is; opens it if it is an archive. */
static int
look_inside(struct unpack *u, struct layer *l, struct err *e)
{
	struct str start;

	if (window_fill(&l->win, SNIFF_BYTES, e) < 0)
		return e->code;
	start = buf_view(&l->win.b);
	l->path = u->path.n;
	l->kind = u->n == MAX_LAYERS ? PACK_NONE : packing_of(start);
	if (u->n == 1 && u->epub && str_starts(start, STR("PK")))
		l->kind = PACK_ZIP;
	return l->kind ? open_archive(u, l, e) : 0;
}

/* The entry that the innermost archive stands at, as a layer. */
static int
push_entry(struct unpack *u, struct err *e)
{
	struct layer *around = &u->layer[u->n - 1], *l = &u->layer[u->n++];
	struct in_reader from = { entry_read, around };

	around->broken = around->spoilt = false;
	around->block.n = 0;
	*l = (struct layer){ .path = u->path.n };
	l->offset = (uint64_t)archive_read_header_position(around->la);
	if (in_open_from(&l->in, from, u->file, e) < 0)
		return e->code;
	window_init(&l->win, l->in);
	return look_inside(u, l, e);
}

/* in: opened already, and read from through win, if that is there. */
static int
begin(struct unpack **out, const char *file, struct in *in,
    const struct window *win, uint64_t max_held, struct err *e)
{
	struct unpack *u = *out ? *out : calloc(1, sizeof(*u));
	int rc;

	if (!u) {
		in_close(in);
		return err_nomem(e, "an archive");
	}
	u->file = file;
	u->max_held = max_held < SIZE_MAX / 4 ? max_held : SIZE_MAX / 4;
	u->n = 1;
	u->layer[0].in = in;
	if (win)
		u->layer[0].win = *win;
	else
		window_init(&u->layer[0].win, in);
	rc = look_inside(u, &u->layer[0], e);
	*out = u;
	if (rc < 0) {
		unpack_close(u);
		*out = NULL;
	}
	return rc;
}

int
unpack_open(
    struct unpack **u, const char *file, uint64_t max_held, struct err *e)
{
	struct in *in;

	*u = NULL;
	if (in_open(&in, file, e) < 0)
		return e->code;
	return begin(u, file, in, NULL, max_held, e);
}

int
unpack_take(struct unpack **u, const char *file, struct in *in,
    const struct window *win, uint64_t max_held, struct err *e)
{
	*u = NULL;
	return begin(u, file, in, win, max_held, e);
}

int
unpack_memory(
    struct unpack **out, struct str bytes, uint64_t max_held, struct err *e)
{
	struct unpack *u = calloc(1, sizeof(*u));
	struct in_reader from = { memory_read, u };
	struct in *in;

	*out = u;
	if (!u)
		return err_nomem(e, "an archive");
	u->memory = bytes;
	u->epub = true;
	if (in_open_from(&in, from, "memory", e) < 0) {
		free(u);
		*out = NULL;
		return e->code;
	}
	return begin(out, "memory", in, NULL, max_held, e);
}

void
unpack_close(struct unpack *u)
{
	if (!u)
		return;
	while (u->n)
		pop(u);
	buf_free(&u->path);
	free(u);
}

static void
set_path(struct unpack *u, struct layer *l, struct archive_entry *entry)
{
	const char *name = archive_entry_pathname_utf8(entry);

	u->path.n = l->path;
	if (l->kind == PACK_STREAM)
		return;
	if (!name)
		name = archive_entry_pathname(entry);
	if (u->path.n)
		buf_putc(&u->path, '/');
	buf_puts(&u->path, name ? name : "?");
}

static bool
is_file(struct layer *l, struct archive_entry *entry)
{
	return l->kind == PACK_STREAM ||
	       (archive_entry_filetype(entry) == AE_IFREG &&
		   !archive_entry_hardlink(entry));
}

static void
describe(struct unpack *u, const struct layer *l, struct unpack_entry *x)
{
	x->path = buf_view(&u->path);
	x->offset = l->offset;
	x->archive = u->n > 1 ? u->layer[u->n - 2].path : 0;
	x->win = &u->layer[u->n - 1].win;
	x->alone = l->in && in_kind(l->in) != IN_PLAIN;
}

/* Damage of the innermost archive, between two entries. */
static int
between(struct unpack *u, struct unpack_entry *x, int rc, struct err *e)
{
	struct layer *l = &u->layer[u->n - 1];
	bool told = l->broken;

	la_failed(l, e);
	u->path.n = l->path;
	describe(u, l, x);
	if (archive_read_header_position(l->la) > 0)
		x->offset = (uint64_t)archive_read_header_position(l->la);
	/* The library may fail at the same place for ever. */
	if (rc == ARCHIVE_FATAL || ++l->failures > MAX_FAILURES)
		pop(u);
	return told && rc == ARCHIVE_FATAL ? 0 : e->code;
}

/* The next step: 1 an entry, 0 look again, ERR_DAMAGE. */
static int
step(struct unpack *u, struct unpack_entry *x, struct err *e)
{
	struct layer *l = &u->layer[u->n - 1];
	struct archive_entry *entry;
	int rc = archive_read_next_header(l->la, &entry);

	if (rc == ARCHIVE_EOF) {
		pop(u);
		return 0;
	}
	if (rc != ARCHIVE_OK && rc != ARCHIVE_WARN)
		return between(u, x, rc, e);
	if (!is_file(l, entry))
		return 0;
	set_path(u, l, entry);
	if (buf_ok(&u->path, e) < 0)
		return e->code;
	rc = push_entry(u, e);
	describe(u, &u->layer[u->n - 1], x);
	if (rc < 0) {
		pop(u);
		return rc;
	}
	return u->layer[u->n - 1].kind == PACK_NONE;
}

int
unpack_next(struct unpack *u, struct unpack_entry *x, struct err *e)
{
	int rc = 0;

	*x = (struct unpack_entry){ 0 };
	if (u->n && u->layer[u->n - 1].kind == PACK_NONE) {
		if (u->n == 1 && !u->layer[0].given) {
			u->layer[0].given = true;
			describe(u, &u->layer[0], x);
			return 1;
		}
		pop(u);
	}
	while (rc == 0 && u->n)
		rc = step(u, x, e);
	return rc;
}

uint64_t
unpack_raw(const struct unpack *u)
{
	const struct layer *l = &u->layer[0];

	if (!u->n)
		return 0;
	return l->la && (l->kind == PACK_ZIP || l->kind == PACK_7Z)
		   ? (uint64_t)archive_filter_bytes(l->la, -1)
		   : in_raw_offset(l->in);
}
