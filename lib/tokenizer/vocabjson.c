/* SPDX-License-Identifier: MIT */
#include "vocabjson.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/path.h"
#include "bytelevel.h"
#include "convert.h"
#include "tokmodel.h"

enum { HOLES = 65536 };

static const struct {
	const char *vocab, *merges;
} files[] = { { "vocab.json", "merges.txt" }, { "encoder.json", "vocab.bpe" } };

/* Which of the names, or -1; the suffix behind it is in *suffix. */
static int
which(const char *path, const char **suffix)
{
	const char *base = path_base(path);
	int i;

	for (i = 0; i < 2; i++) {
		if (!str_starts(str_c(base), str_c(files[i].vocab)))
			continue;
		*suffix = base + strlen(files[i].vocab);
		if (!**suffix || strcmp(*suffix, ".zst") == 0 ||
		    strcmp(*suffix, ".gz") == 0)
			return i;
	}
	return -1;
}

bool
vocabjson_is(const char *path)
{
	const char *suffix;

	return which(path, &suffix) >= 0;
}

char *
vocabjson_merges_path(const char *path)
{
	const char *suffix;
	struct buf b = { 0 };
	int i = which(path, &suffix);

	buf_put(&b, path, (size_t)(path_base(path) - path));
	buf_puts(&b, files[i].merges);
	buf_puts(&b, suffix);
	buf_putc(&b, '\0');
	if (b.oom)
		buf_free(&b);
	return b.p;
}

static int
read_line(struct bpe *b, struct str line, struct buf *bytes, struct err *e)
{
	const char *space = memchr(line.p, ' ', line.n);
	size_t n = space ? (size_t)(space - line.p) : 0;

	if (!n || n + 1 == line.n)
		return err_set(e, ERR_FORMAT, "not two tokens and a space");
	return tokmodel_merge(b, (struct str){ line.p, n },
	    (struct str){ space + 1, line.n - n - 1 }, bytes, e);
}

static int
read_merges(struct bpe *b, struct str s, struct err *e)
{
	const char *p = s.p, *end = p + s.n, *eol;
	struct buf bytes = { 0 };
	struct str line;
	size_t number = 0;
	int rc = bpe_index_tokens(b, e);

	for (; rc == 0 && p < end; p = eol + 1) {
		eol = memchr(p, '\n', (size_t)(end - p));
		if (!eol)
			eol = end;
		line = (struct str){ p, (size_t)(eol - p) };
		if (line.n && p[line.n - 1] == '\r')
			line.n--;
		if (number++ == 0 && str_starts(line, STR("#version")))
			continue;
		if (line.n && (rc = read_line(b, line, &bytes, e)) < 0)
			err_prefix(e, "merges, line %zu", number);
	}
	buf_free(&bytes);
	return rc;
}

static int
add_end_text(struct bpe *b, struct err *e)
{
	struct bpe_added a = { .special = true, .in_vocab = true };
	size_t i;

	a.id = bpe_find(b, STR("<|endoftext|>"));
	for (i = 0; i < b->nmerge; i++)
		if (b->merges[i].id == a.id)
			return 0;
	return a.id == BPE_NONE ? 0 : bpe_add_added(b, a, e);
}

int
vocabjson_read(struct bpe *b, const char *pattern, struct str vocab,
    struct str merges, struct err *e)
{
	struct json *j;
	int rc;

	if (json_parse(&j, vocab.p, vocab.n, e) < 0)
		return e->code;
	b->id_limit = HOLES + 4 * (uint64_t)json_count(json_root(j));
	b->special_in_text = true;
	rc = bpe_set_pattern(b, pattern ? pattern : "gpt2", e);
	if (rc == 0 && json_type(json_root(j)) != JSON_OBJECT)
		rc = err_set(e, ERR_FORMAT, "no object of tokens and ids");
	if (rc == 0)
		rc = tokmodel_vocab(b, json_root(j), e);
	json_free(j);
	if (rc == 0)
		rc = read_merges(b, merges, e);
	if (rc == 0)
		rc = add_end_text(b, e);
	if (rc == 0)
		rc = bpe_index(b, e);
	if (rc < 0)
		bpe_free(b);
	return rc;
}

static void
put_name(const struct bpe *b, uint32_t id, struct buf *to)
{
	if (b->tokens[id].plain || b->tokens[id].added)
		buf_str(to, bpe_bytes(b, id));
	else
		bytelevel_encode(to, bpe_bytes(b, id));
}

static int
check(const struct bpe *b, struct err *e)
{
	if (b->rank_by_id || b->ignore_merges)
		return err_set(e, ERR_FORMAT,
		    "whole pieces are looked up before they are merged, which "
		    "the format can't say");
	return bpe_check_same_text(b, e);
}

int
vocabjson_write(
    const struct bpe *b, struct buf *vocab, struct buf *merges, struct err *e)
{
	struct buf name = { 0 };
	uint32_t id;
	size_t i;

	if (check(b, e) < 0)
		return e->code;
	buf_putc(vocab, '{');
	for (id = 0; id < b->ntoken; id++) {
		if (!b->tokens[id].len)
			continue;
		buf_clear(&name);
		put_name(b, id, &name);
		buf_puts(vocab, vocab->n > 1 ? ", " : "");
		buf_json(vocab, buf_view(&name));
		buf_printf(vocab, ": %u", id);
	}
	buf_puts(vocab, "}\n");
	buf_puts(merges, "#version: 0.2\n");
	for (i = 0; i < b->nmerge; i++) {
		put_name(b, b->merges[i].left, merges);
		buf_putc(merges, ' ');
		put_name(b, b->merges[i].right, merges);
		buf_putc(merges, '\n');
	}
	i = name.oom;
	buf_free(&name);
	if (i)
		return err_nomem(e, "the vocabulary");
	return buf_ok(vocab, e) < 0 ? e->code : buf_ok(merges, e);
}
