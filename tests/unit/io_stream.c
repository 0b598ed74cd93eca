/* SPDX-License-Identifier: MIT */
/* Compressed streams: members, damage and what survives it; whole files. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <libdeflate.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <zstd.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/hash.h"
#include "io/stream.h"
#include "tap.h"

static char dir[] = "/tmp/quern-unit-XXXXXX";
static char path[128], copy[128];
static struct err e;

static void
write_file(const char *name, struct str s)
{
	FILE *f = fopen(name, "wb");

	if (!f || fwrite(s.p, 1, s.n, f) != s.n || fclose(f) != 0)
		exit(1);
}

/* A text that compresses somewhat. */
static struct buf
make_text(size_t n, uint64_t seed)
{
	struct buf b = { 0 };

	while (b.n < n)
		buf_printf(&b, "%llx the mill turns\n",
		    (unsigned long long)(mix64(++seed) >> 40));
	b.n = n;
	return b;
}

static void
add_gzip(struct buf *to, struct str s)
{
	struct libdeflate_compressor *c = libdeflate_alloc_compressor(6);
	size_t bound = libdeflate_gzip_compress_bound(c, s.n);

	to->n +=
	    libdeflate_gzip_compress(c, s.p, s.n, buf_room(to, bound), bound);
	libdeflate_free_compressor(c);
}

static void
add_zstd(struct buf *to, struct str s)
{
	size_t bound = ZSTD_compressBound(s.n);

	to->n += ZSTD_compress(buf_room(to, bound), bound, s.p, s.n, 3);
}

/* All that can be read, in pieces of `piece`; *damage counts the gaps. */
static struct buf
read_all(const char *name, size_t piece, int *damage)
{
	struct buf b = { 0 };
	struct in *in;
	ptrdiff_t got;

	*damage = 0;
	if (in_open(&in, name, &e) < 0)
		exit(1);
	for (;;) {
		got = in_read(in, buf_room(&b, piece), piece, &e);
		if (got == ERR_DAMAGE)
			++*damage;
		else if (got <= 0)
			break;
		else
			b.n += (size_t)got;
	}
	if (got < 0)
		*damage = -1;
	in_close(in);
	return b;
}

static bool
reads(const char *name, struct str want, int gaps)
{
	static const size_t pieces[] = { 1, 7, 4096, 1 << 20 };
	bool ok = true;
	struct buf b;
	size_t i;
	int n;

	for (i = want.n > 100000 ? 1 : 0; i < 4; i++) {
		b = read_all(name, pieces[i], &n);
		ok = ok && n == gaps && str_eq(buf_view(&b), want);
		if (!ok)
			printf("# pieces of %zu: %zu bytes of %zu, %d gaps\n",
			    pieces[i], b.n, want.n, n);
		buf_free(&b);
		if (!ok)
			break;
	}
	return ok;
}

/* The same bytes through a pipe, where there is no going back. */
static bool
pipe_reads(const char *name, struct str want, int gaps)
{
	int fd[2], n, saved = dup(STDIN_FILENO);
	struct buf b;
	pid_t pid;
	bool ok;

	if (pipe(fd) < 0 || (pid = fork()) < 0)
		return false;
	if (pid == 0) {
		dup2(fd[1], STDOUT_FILENO);
		close(fd[0]);
		close(fd[1]);
		execlp("cat", "cat", name, (char *)NULL);
		_exit(127);
	}
	close(fd[1]);
	dup2(fd[0], STDIN_FILENO);
	close(fd[0]);
	b = read_all("-", 1000, &n);
	ok = n == gaps && str_eq(buf_view(&b), want);
	if (!ok)
		printf("# %zu bytes of %zu, %d gaps\n", b.n, want.n, n);
	buf_free(&b);
	dup2(saved, STDIN_FILENO);
	close(saved);
	waitpid(pid, NULL, 0);
	return ok;
}

typedef void add_fn(struct buf *, struct str);

static void
test_members(const char *name, add_fn *add)
{
	struct buf text = make_text(300000, 1), z = { 0 };
	size_t at = 0, n, cut, second = 0;
	struct buf lost = { 0 };

	/* 1-byte, empty and large members in a row. */
	while (at < text.n) {
		n = at % 3 == 0 ? 1 : at % 3 == 1 ? 99999 : 0;
		if (at + n > text.n)
			n = text.n - at;
		add(&z, (struct str){ text.p + at, n });
		if (n == 0)
			add(&z, (struct str){ text.p + at++, 1 });
		at += n;
	}
	write_file(path, buf_view(&z));
	OK(reads(path, buf_view(&text), 0), "%s: many members", name);
	OK(pipe_reads(path, buf_view(&text), 0), "%s: through a pipe", name);
	buf_put(&z, "\0\0\0\0\0\0\0\0\0\0\0\0", 12);
	write_file(path, buf_view(&z));
	if (add == add_gzip)
		OK(reads(path, buf_view(&text), 0), "%s: zeros behind", name);
	z.n -= 12;
	buf_puts(&z, "junk");
	write_file(path, buf_view(&z));
	OK(reads(path, buf_view(&text), 1), "%s: junk behind", name);

	/* A good member, a broken one, a good one. */
	buf_clear(&z);
	add(&z, (struct str){ text.p, 1000 });
	cut = z.n;
	add(&z, (struct str){ text.p + 1000, 50000 });
	second = z.n;
	add(&z, (struct str){ text.p + 51000, 1000 });
	buf_put(&lost, text.p, 1000);
	buf_put(&lost, text.p + 51000, 1000);
	memset(z.p + cut + 3, 0xff, 40);
	write_file(path, buf_view(&z));
	OK(reads(path, buf_view(&lost), 1), "%s: a broken member is left out",
	    name);
	OK(pipe_reads(path, buf_view(&lost), 1), "%s: in a pipe too", name);
	(void)second;

	/* Cut off in the middle: what can be read is read. */
	buf_clear(&z);
	add(&z, (struct str){ text.p, text.n });
	z.n /= 2;
	write_file(path, buf_view(&z));
	buf_free(&lost);
	lost = read_all(path, 4096, (int[]){ 0 });
	OK(lost.n > text.n / 3 && lost.n < text.n &&
		memcmp(lost.p, text.p, lost.n) == 0,
	    "%s: %zu of %zu bytes of a member cut in half", name, lost.n,
	    text.n);
	OK(reads(path, buf_view(&lost), 1), "%s: and one gap is reported",
	    name);
	buf_free(&lost);
	buf_free(&z);
	buf_free(&text);
}

static void
test_truncations(const char *name, add_fn *add)
{
	struct buf text = make_text(3000, 9), z = { 0 }, b;
	size_t n, whole;
	bool ok = true;
	int gaps;

	add(&z, (struct str){ text.p, 1500 });
	whole = z.n;
	add(&z, (struct str){ text.p + 1500, 1500 });
	for (n = 5; n < z.n; n++) {
		write_file(path, (struct str){ z.p, n });
		b = read_all(path, 333, &gaps);
		ok = ok && b.n <= text.n && memcmp(b.p, text.p, b.n) == 0 &&
		     gaps == (n != whole) && (n < whole || b.n >= 1500);
		buf_free(&b);
	}
	OK(ok, "%s: cut at every byte", name);
	buf_free(&z);
	buf_free(&text);
}

static void
test_checksum(void)
{
	struct buf text = make_text(5000, 3), z = { 0 };

	add_gzip(&z, (struct str){ text.p, 2500 });
	z.p[z.n - 6] ^= 1;
	add_gzip(&z, (struct str){ text.p + 2500, 2500 });
	write_file(path, buf_view(&z));
	OK(reads(path, buf_view(&text), 1), "a wrong checksum is reported");
	buf_free(&z);
	buf_free(&text);
}

/* A frame of several blocks whose checksum, or last block, is wrong. */
static void
test_zstd_blocks(void)
{
	struct buf text = make_text(700000, 4), z = { 0 }, b;
	size_t bound = ZSTD_compressBound(text.n);
	ZSTD_CCtx *c = ZSTD_createCCtx();
	int gaps;

	ZSTD_CCtx_setParameter(c, ZSTD_c_checksumFlag, 1);
	z.n = ZSTD_compress2(c, buf_room(&z, bound), bound, text.p, text.n);
	z.p[z.n - 1] ^= 1;
	write_file(path, buf_view(&z));
	OK(reads(path, buf_view(&text), 1),
	    "zstd: a wrong checksum is reported");
	z.n -= 1000;
	write_file(path, buf_view(&z));
	b = read_all(path, 1 << 20, &gaps);
	OK(gaps == 1 && b.n > text.n - (1 << 18) && b.n < text.n &&
		memcmp(b.p, text.p, b.n) == 0,
	    "zstd: the blocks before a broken one are read");
	buf_free(&b);
	memset(z.p + z.n - 2000, 0xa5, 2000);
	write_file(path, buf_view(&z));
	b = read_all(path, 1 << 20, &gaps);
	OK(gaps == 1 && b.n > text.n - (1 << 18),
	    "zstd: %zu of %zu bytes before a broken block", b.n, text.n);
	buf_free(&b);
	ZSTD_freeCCtx(c);
	buf_free(&z);
	buf_free(&text);
}

static void
test_offsets(void)
{
	struct buf text = make_text(3000, 5), z = { 0 };
	char got[4000];
	struct in *in;
	bool ok = true;
	size_t i, at[3];

	for (i = 0; i < 3; i++) {
		at[i] = z.n;
		add_gzip(&z, (struct str){ text.p + 1000 * i, 1000 });
	}
	write_file(path, buf_view(&z));
	ok = in_open(&in, path, &e) == 0 && in_kind(in) == IN_GZIP;
	for (i = 0; ok && i < 3; i++)
		ok = in_read(in, got, sizeof(got), &e) == 1000 &&
		     in_member(in) == at[i] &&
		     in_member_start(in) == 1000 * i &&
		     in_offset(in) == 1000 * (i + 1);
	OK(ok && in_read(in, got, 1, &e) == 0 && in_raw_offset(in) == z.n,
	    "offsets of members");
	in_close(in);
	buf_free(&z);
	buf_free(&text);
}

static bool
goes_round(const char *name, size_t n)
{
	struct buf text = make_text(n, n);
	struct out *o;
	size_t at, piece;
	uint64_t seed = n;
	bool ok;

	ok = out_open(&o, name, &e) == 0;
	for (at = 0; ok && at < n; at += piece) {
		piece = mix64(++seed) % 400000 + 1;
		piece = piece < n - at ? piece : n - at;
		ok = out_write(o, text.p + at, piece, &e) == 0;
	}
	ok = ok && access(name, F_OK) < 0 && out_bytes(o) == n;
	ok = ok && out_commit(o, &e) == 0 && reads(name, buf_view(&text), 0);
	unlink(name);
	buf_free(&text);
	return ok;
}

static void
test_out(void)
{
	static const char *const suffix[] = { "", ".gz", ".zst" };
	static const size_t sizes[] = { 0, 1, 1 << 18, 1 << 20, 3000001 };
	struct stat st;
	struct out *o;
	size_t i, k;

	for (i = 0; i < 3; i++)
		for (k = 0; k < 5; k++) {
			snprintf(
			    copy, sizeof(copy), "%s/out%s", dir, suffix[i]);
			OK(goes_round(copy, sizes[k]),
			    "out%s: %zu bytes there and back", suffix[i],
			    sizes[k]);
		}
	snprintf(copy, sizeof(copy), "%s/x", dir);
	write_file(copy, STR("old"));
	if (out_open(&o, copy, &e) == 0 && out_write(o, "new", 3, &e) == 0)
		out_close(o);
	OK(reads(copy, STR("old"), 0), "given up: the old file stands");
	OK(out_whole(copy, "new!", 4, &e) == 0 && reads(copy, STR("new!"), 0),
	    "finished: the new one does");
	OK(stat(copy, &st) == 0 && (st.st_mode & 0600) == 0600,
	    "with the usual rights");
	snprintf(path, sizeof(path), "%s/link", dir);
	OK(symlink("x", path) == 0 && out_whole(path, "linked", 6, &e) == 0 &&
		lstat(path, &st) == 0 && S_ISLNK(st.st_mode) &&
		reads(copy, STR("linked"), 0),
	    "a link stays a link, its file is replaced");
	unlink(path);
	snprintf(path, sizeof(path), "%s/in", dir);
	i = (size_t)open(copy, O_WRONLY | O_APPEND);
	snprintf(path, sizeof(path), "/dev/fd/%d", (int)i);
	OK(out_whole(path, "+", 1, &e) == 0 && reads(copy, STR("linked+"), 0),
	    "/dev/fd/N is written, not replaced");
	close((int)i);
	snprintf(path, sizeof(path), "%s/in", dir);
	OK(out_open(&o, "/nonexistent/x", &e) == ERR_IO &&
		strstr(e.msg, "/nonexistent/x"),
	    "no folder: %s", e.msg);
}

/* Every write to /dev/full fails: the error must surface. */
static void
test_full(void)
{
	struct buf text = make_text(1 << 20, 2);
	struct out *o;
	int rc = 0;

	if (access("/dev/full", W_OK) < 0) {
		OK(true, "# SKIP no /dev/full");
		return;
	}
	if (out_open(&o, "/dev/full", &e) == 0) {
		rc = out_write(o, text.p, text.n, &e);
		out_close(o);
	}
	OK(rc == ERR_IO && strstr(e.msg, "No space left"), "disk full: %s",
	    e.msg);
	if (out_open(&o, "/dev/full", &e) == 0) {
		rc = out_write(o, text.p, 10, &e);
		OK(rc == 0, "a small write waits");
		OK(out_commit(o, &e) == ERR_IO, "and fails at the end");
	}
	buf_free(&text);
}

static void
test_errors(void)
{
	struct in *in;
	char *p;
	size_t n;

	OK(in_open(&in, "/nonexistent", &e) == ERR_IO &&
		strstr(e.msg, "/nonexistent"),
	    "no file: %s", e.msg);
	OK(in_open(&in, dir, &e) == ERR_IO, "a folder: %s", e.msg);
	write_file(path, STR(""));
	OK(reads(path, STR(""), 0), "an empty file");
	write_file(path, STR("\x1f\x8b"));
	OK(reads(path, STR("\x1f\x8b"), 0), "two bytes are plain");
	write_file(path, STR("\x1f\x8b\x08\x00"));
	OK(in_slurp(path, &p, &n, &e) == ERR_DAMAGE && strstr(e.msg, path),
	    "a header alone: %s", e.msg);
	write_file(path, STR("hello"));
	OK(in_slurp(path, &p, &n, &e) == 0 && n == 5 && p[5] == '\0',
	    "the whole of a file");
	free(p);
}

int
main(void)
{
	signal(SIGPIPE, SIG_IGN);
	if (!mkdtemp(dir))
		return 1;
	snprintf(path, sizeof(path), "%s/in", dir);
	test_members("gzip", add_gzip);
	test_members("zstd", add_zstd);
	test_truncations("gzip", add_gzip);
	test_truncations("zstd", add_zstd);
	test_checksum();
	test_zstd_blocks();
	test_offsets();
	test_out();
	test_full();
	test_errors();
	unlink(path);
	unlink(copy);
	rmdir(dir);
	return tap_end();
}
