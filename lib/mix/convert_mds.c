/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/err.h"
#include "io/json.h"
#include "io/stream.h"
#include "mix/convert.h"

/* One column of arrays with one axis: u32 size of the value, then the value:
 * u8 axes << 2 | log2 of the length's bytes, the length, the tokens. */
enum { AXES = 1 << 2 | 2, VALUE_HEAD = 5, SAMPLE_HEAD = 4 + VALUE_HEAD };

static const char *
encoding(const struct shard *s)
{
	return s->head.vocab <= 1 << 16 ? "ndarray:uint16" : "ndarray:uint32";
}

static unsigned
width_of(const struct shard *s)
{
	return s->head.vocab <= 1 << 16 ? 2 : 4;
}

static int
in_folder(const char *dir, const char *name, char path[4096], struct err *e)
{
	if (snprintf(path, 4096, "%s/%s", dir, name) < 4096)
		return 0;
	return err_set(e, ERR_ARG, "%s: name too long", dir);
}

/* The documents from `from` on that go into one file: at least one. */
static uint64_t
file_end(const struct shard *s, uint64_t from)
{
	uint64_t i, bytes = 0, n;

	for (i = from; i < s->docs; i++) {
		n = 4 + SAMPLE_HEAD + shard_idx_len(&s->idx, i) * width_of(s);
		if (i > from && bytes + n > MDS_FILE)
			break;
		bytes += n;
	}
	return i;
}

static void
put_config(const struct shard *s, struct buf *b)
{
	buf_printf(b,
	    "{\"column_encodings\": [\"%s\"], \"column_names\": [\"tokens\"], "
	    "\"column_sizes\": [null], \"compression\": null, \"format\": "
	    "\"mds\", \"hashes\": [], \"size_limit\": %d, \"version\": 2}",
	    encoding(s), MDS_FILE);
}

/* samples, offsets, config */
static int
put_head(const struct shard *s, uint64_t from, uint64_t end, struct buf *b,
    struct err *e)
{
	uint32_t n = (uint32_t)(end - from), at;
	uint64_t i, sum;
	struct buf config = { 0 };

	put_config(s, &config);
	sum = 4 + 4 * ((uint64_t)n + 1) + config.n;
	buf_put(b, &n, 4);
	for (i = from; i <= end; i++) {
		if (sum > UINT32_MAX) {
			buf_free(&config);
			return err_set(e, ERR_ARG,
			    "%s: document %llu does not fit MDS's offsets of "
			    "32 bits",
			    s->prefix, (unsigned long long)i);
		}
		at = (uint32_t)sum;
		buf_put(b, &at, 4);
		sum += SAMPLE_HEAD +
		       (i < end ? shard_idx_len(&s->idx, i) * width_of(s) : 0);
	}
	buf_str(b, buf_view(&config));
	buf_free(&config);
	return buf_ok(b, e);
}

static int
put_sample(const struct shard *s, uint64_t i, struct out *out, struct buf *b,
    struct err *e)
{
	uint64_t first, n, k;
	unsigned width = width_of(s);
	uint32_t len, size, *v;
	int rc;

	if (shard_doc_range(s, i, &first, &n, e) < 0)
		return e->code;
	buf_clear(b);
	len = (uint32_t)n;
	size = VALUE_HEAD + len * width;
	buf_put(b, &size, 4);
	buf_putc(b, AXES);
	buf_put(b, &len, 4);
	v = malloc((n + 1) * sizeof(*v));
	rc = v ? shard_read(s, first, n, v, e) : err_nomem(e, "a document");
	for (k = 0; rc == 0 && k < n; k++)
		buf_put(b, &v[k], width); /* little-endian: the low bytes */
	free(v);
	if (rc == 0)
		rc = buf_ok(b, e);
	return rc < 0 ? rc : out_write(out, b->p, b->n, e);
}

static int
put_file(const struct shard *s, const char *path, uint64_t from, uint64_t end,
    uint64_t *bytes, struct err *e)
{
	struct buf b = { 0 };
	struct out *out;
	uint64_t i;
	int rc = out_open(&out, path, e);

	if (rc < 0)
		return rc;
	rc = put_head(s, from, end, &b, e);
	if (rc == 0)
		rc = out_write(out, b.p, b.n, e);
	for (i = from; rc == 0 && i < end; i++)
		rc = put_sample(s, i, out, &b, e);
	*bytes = out_bytes(out);
	buf_free(&b);
	if (rc == 0)
		return out_commit(out, e);
	out_close(out);
	return rc;
}

static void
index_entry(const struct shard *s, const char *name, uint64_t bytes,
    uint64_t samples, struct buf *b)
{
	buf_printf(b,
	    "{\"column_encodings\": [\"%s\"], \"column_names\": [\"tokens\"], "
	    "\"column_sizes\": [null], \"compression\": null, \"format\": "
	    "\"mds\", \"hashes\": [], \"raw_data\": {\"basename\": \"%s\", "
	    "\"bytes\": %llu, \"hashes\": {}}, \"samples\": %llu, "
	    "\"size_limit\": %d, \"version\": 2, \"zip_data\": null}",
	    encoding(s), name, (unsigned long long)bytes,
	    (unsigned long long)samples, MDS_FILE);
}

static int
put_files(
    const struct shard *s, const char *dir, struct buf *index, struct err *e)
{
	uint64_t from, end, bytes;
	char name[40], path[4096];
	unsigned n = 0;

	buf_puts(index, "{\"shards\": [");
	for (from = 0; from < s->docs; from = end) {
		end = file_end(s, from);
		snprintf(name, sizeof(name), "shard.%05u.mds", n);
		if (in_folder(dir, name, path, e) < 0 ||
		    put_file(s, path, from, end, &bytes, e) < 0)
			return e->code;
		buf_puts(index, n++ ? ", " : "");
		index_entry(s, name, bytes, end - from, index);
	}
	buf_puts(index, "], \"version\": 2}\n");
	return buf_ok(index, e);
}

/* index.json comes last: a folder without it is none. */
int
convert_to_mds(const struct shard *s, const char *dir, struct err *e)
{
	struct buf index = { 0 };
	char path[4096];
	uint64_t i;
	int rc;

	for (i = 0; i < s->docs; i++)
		if (shard_idx_len(&s->idx, i) == 0)
			return err_set(e, ERR_ARG,
			    "%s: document %llu is empty, which MDS does not "
			    "hold",
			    s->prefix, (unsigned long long)i);
	if (mkdir(dir, 0777) < 0)
		return err_errno(e, dir, "create the folder");
	rc = put_files(s, dir, &index, e);
	if (rc == 0)
		rc = in_folder(dir, "index.json", path, e);
	if (rc == 0)
		rc = out_whole(path, index.p, index.n, e);
	buf_free(&index);
	return rc;
}

/* A file of samples with the place of its column of tokens. */
struct mds {
	struct convert_in *in;
	const char *path;
	const unsigned char *p;
	size_t n;
	struct json_val about; /* of index.json */
	size_t column;         /* of the tokens */
	unsigned width;
	bool array;
};

static int
bad(const struct mds *m, const char *what, uint64_t sample, struct err *e)
{
	return err_set(e, ERR_FORMAT, "%s: sample %llu: %s", m->path,
	    (unsigned long long)sample, what);
}

static uint32_t
le32(const unsigned char *p)
{
	uint32_t v;

	memcpy(&v, p, 4);
	return v;
}

/* Past the array's header: its tokens and how many. */
static int
open_array(const struct mds *m, const unsigned char **p, size_t *n,
    uint64_t sample, struct err *e)
{
	size_t head = 0;

	if (m->array) {
		if (*n < 1 || **p >> 2 != 1)
			return bad(m, "not an array with one axis", sample, e);
		head = 1 + ((size_t)1 << (**p & 3));
	}
	if (*n < head || (*n - head) % m->width)
		return bad(m, "its size is wrong", sample, e);
	*p += head;
	*n = (*n - head) / m->width;
	return 0;
}

/* The value of the column in the sample's bytes p .. p + n. */
static int
take_sample(const struct mds *m, const unsigned char *p, size_t n,
    uint64_t sample, struct err *e)
{
	struct json_val sizes = json_get(m->about, "column_sizes"), v;
	struct json_iter it = json_each(sizes);
	const unsigned char *head = p;
	size_t i, at = 0, size = 0, fixed;

	while (json_next(&it, NULL, &v))
		at += json_type(v) == JSON_NULL ? 4 : 0;
	it = json_each(sizes);
	for (i = 0; i <= m->column; i++) {
		if (!json_next(&it, NULL, &v))
			return bad(m, "fewer columns than names", sample, e);
		at += size;
		fixed = json_u64(v, UINT32_MAX);
		size = fixed;
		if (json_type(v) == JSON_NULL) {
			if (n < (size_t)(head - p) + 4)
				return bad(m, "cut off", sample, e);
			size = le32(head);
			head += 4;
		}
		if (at > n || size > n - at)
			return bad(m, "a column ends behind it", sample, e);
	}
	p += at;
	if (open_array(m, &p, &size, sample, e) < 0)
		return e->code;
	return convert_doc(m->in, m->path, sample, p, size, m->width, e);
}

static int
take_samples(const struct mds *m, struct err *e)
{
	uint64_t i, n = m->n >= 4 ? le32(m->p) : 0, from, end;

	if (m->n < 4 || m->n < 4 + 4 * (n + 1))
		return err_set(e, ERR_FORMAT, "%s: cut off", m->path);
	if (n != json_u64(json_get(m->about, "samples"), 0))
		return err_set(e, ERR_FORMAT,
		    "%s: %llu samples, but index.json has %llu", m->path,
		    (unsigned long long)n,
		    (unsigned long long)json_u64(
			json_get(m->about, "samples"), 0));
	for (i = 0; i < n; i++) {
		from = le32(m->p + 4 + 4 * i);
		end = le32(m->p + 8 + 4 * i);
		if (from > end || end > m->n)
			return bad(m, "its offsets are wrong", i, e);
		if (take_sample(m, m->p + from, end - from, i, e) < 0)
			return e->code;
	}
	return 0;
}

/* Which column has the tokens, and what they are. */
static int
find_column(struct mds *m, struct err *e)
{
	struct json_iter names = json_each(json_get(m->about, "column_names"));
	struct json_iter codes =
	    json_each(json_get(m->about, "column_encodings"));
	struct json_val name, code;
	struct str s;

	for (m->column = 0; json_next(&names, NULL, &name); m->column++) {
		if (!json_next(&codes, NULL, &code))
			break;
		if (!str_eq(json_str(name), STR("tokens")))
			continue;
		s = json_str(code);
		m->array = str_starts(s, STR("ndarray:"));
		m->width = m->in->width;
		if (str_eq(s, STR("ndarray:uint16")))
			m->width = 2;
		else if (str_eq(s, STR("ndarray:uint32")) ||
			 str_eq(s, STR("ndarray:int32")))
			m->width = 4;
		else if (!str_eq(s, STR("bytes")))
			return err_set(e, ERR_FORMAT,
			    "%s: tokens encoded as '%.*s': only "
			    "ndarray:uint16, :uint32, :int32 and bytes (of "
			    "--dtype) can be read",
			    m->path, (int)s.n, s.p);
		return 0;
	}
	return err_set(e, ERR_FORMAT, "%s: no column 'tokens'", m->path);
}

static int
add_file(struct convert_in *in, const char *dir, struct json_val about,
    struct err *e)
{
	struct str name = json_str(json_path(about, "raw_data.basename"));
	struct mds m = { .in = in, .about = about };
	char base[300], path[4096];
	struct mapped file = { 0 };
	int rc;

	snprintf(base, sizeof(base), "%.*s", (int)(name.n < 299 ? name.n : 299),
	    name.p ? name.p : "");
	if (!name.n || name.n > 250 || strchr(base, '/'))
		return err_set(e, ERR_FORMAT,
		    "%s/index.json: a shard without a file's name", dir);
	m.path = path;
	rc = in_folder(dir, base, path, e);
	if (rc == 0)
		rc = find_column(&m, e);
	if (rc == 0)
		rc = convert_map(path, "", &file, e);
	m.p = file.p;
	m.n = file.n;
	if (rc == 0)
		rc = take_samples(&m, e);
	convert_unmap(&file);
	return rc;
}

int
convert_add_mds(struct convert_in *in, const char *dir, struct err *e)
{
	struct json_val about;
	struct json_iter it;
	char path[4096];
	struct json *j;
	int rc;

	if (in_folder(dir, "index.json", path, e) < 0 ||
	    json_load(&j, path, e) < 0)
		return e->code;
	it = json_each(json_get(json_root(j), "shards"));
	for (rc = 0; rc == 0 && json_next(&it, NULL, &about);)
		rc = add_file(in, dir, about, e);
	json_free(j);
	return rc;
}
