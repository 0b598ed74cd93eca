/* SPDX-License-Identifier: MIT */
/*
 * Books as plain text, as Project Gutenberg gives them:
 *
 *	header (Title: ... Author: ... Language: ...)
 *	*** START OF THE PROJECT GUTENBERG EBOOK ... ***
 *	[Produced by ...]
 *	the book
 *	*** END OF THE PROJECT GUTENBERG EBOOK ... ***
 *	licence
 *
 * Before about 2004 the header ended with "*END*THE SMALL PRINT! ... *END*" and
 * the book with "End of [the] Project Gutenberg['s] ...".  Scans by Google
 * begin with a page about themselves.
 */
#include "extract/corpus.h"
#include "extract/field.h"

static struct str
line_at(struct str s, size_t i)
{
	const char *nl = memchr(s.p + i, '\n', s.n - i);

	return (struct str){ s.p + i, (nl ? (size_t)(nl - s.p) : s.n) - i };
}

static bool
is_start(struct str line)
{
	return (field_find(line, "*** start of th") ||
		   field_find(line, "***start of th")) &&
	       field_find(line, "gutenberg");
}

static bool
is_small_print(struct str line)
{
	return field_find(line, "*end") &&
	       (field_find(line, "small print") ||
		   field_find(line, "public domain etexts"));
}

static bool
is_end(struct str line)
{
	static const char *const starts[] = { "*** end of th", "***end of th",
		"end of project gutenberg", "end of the project gutenberg",
		"end of this project gutenberg" };
	struct str s = field_trim(line);
	const char *hit;
	size_t i;

	for (i = 0; i < sizeof(starts) / sizeof(*starts); i++) {
		hit = field_find(s, starts[i]);
		if (hit == s.p && hit && field_find(s, "gutenberg"))
			return true;
	}
	return false;
}

/* Who digitised it, right behind the start: a paragraph. */
static bool
is_credit(struct str line)
{
	static const char *const starts[] = { "produced by", "e-text prepared",
		"etext prepared", "this etext was prepared", "transcribed by",
		"scanned by", "[transcriber's note", "proofread by" };
	struct str s = field_trim(line);
	size_t i;

	for (i = 0; i < sizeof(starts) / sizeof(*starts); i++)
		if (s.n && field_find(s, starts[i]) == s.p)
			return true;
	return false;
}

/* From where the blank lines and credits at the start of s end. */
static size_t
skip_credits(struct str s)
{
	size_t i = 0;
	struct str line;
	bool in_credit = false;

	while (i < s.n) {
		line = line_at(s, i);
		if (!field_trim(line).n)
			in_credit = false;
		else if (!in_credit && !is_credit(line))
			break;
		else
			in_credit = true;
		i += line.n + (i + line.n < s.n);
	}
	return i;
}

/* A scan by Google begins with what they ask of readers. */
static size_t
skip_google(struct str s)
{
	static const char last[] = "at http://books.google.com/";
	struct str head = { s.p, s.n < 16384 ? s.n : 16384 };
	const char *hit;

	if (!field_find(head, "this is a digital copy of a book that was"))
		return 0;
	hit = field_find(head, last);
	return hit ? (size_t)(hit - s.p) + sizeof(last) - 1 : 0;
}

struct str
corpus_book_body(struct str s)
{
	size_t i = 0, from = skip_google(s), to = s.n;
	bool started = false, gutenberg = false;
	struct str line, head = { s.p, s.n < 65536 ? s.n : 65536 };

	if (!s.n)
		return s;
	gutenberg = field_find(head, "gutenberg") != NULL;
	for (; gutenberg && i < s.n; i += line.n + 1) {
		line = line_at(s, i);
		if (line.n > 200 || line.n < 10)
			continue;
		if (is_end(line)) {
			to = i;
			break;
		}
		if (!started && (is_start(line) || is_small_print(line))) {
			from = i + line.n;
			started = is_start(line);
		}
	}
	s = (struct str){ s.p + from, to - from };
	if (gutenberg && from) {
		i = skip_credits(s);
		s = (struct str){ s.p + i, s.n - i };
	}
	return s;
}

/* "Title: Emma" in front of the book; a title may go on in indented lines. */
static void
header(struct corpus_doc *d, struct str head, const char *name, const char *key)
{
	struct str value = field_get(head, name);
	size_t i, from = d->meta.n;

	if (!value.n || value.n > 1000)
		return;
	corpus_member(d, key, value);
	/* A value that goes on holds line ends: as JSON, "\r\n". */
	for (i = from; i + 1 < d->meta.n; i++)
		if (d->meta.p[i] == '\\' &&
		    (d->meta.p[i + 1] == 'n' || d->meta.p[i + 1] == 'r'))
			d->meta.p[i] = d->meta.p[i + 1] = ' ';
}

int
corpus_book(struct corpus *c, const struct corpus_item *it,
    struct corpus_doc *d, struct err *e)
{
	struct str body = corpus_book_body(it->text), head = it->text;

	(void)c;
	(void)e;
	head.n = (size_t)(body.p - it->text.p);
	head.n = head.n < 16384 ? head.n : 16384;
	if (head.n && field_find(head, "gutenberg")) {
		header(d, head, "Title", "title");
		header(d, head, "Author", "author");
		header(d, head, "Language", "book_language");
	}
	buf_str(&d->text, body);
	corpus_tidy(&d->text);
	return 0;
}
