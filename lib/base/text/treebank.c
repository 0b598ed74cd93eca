/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "base/bytes.h"
#include "base/err.h"
#include "base/text/treebank_impl.h"

/*
 * A sentence goes through passes, from one work buffer to the other, that put
 * spaces around what shall be a token; at the end spaces part it.  No pass
 * makes more than three bytes of one.
 */
enum { MOST = 5 };

struct pass {
	const char *p, *end; /* left to read */
	char *out;
	bool goes_on; /* the sentence does, behind this part of it */
};

static void
put(struct pass *s, const char *p, size_t n)
{
	memcpy(s->out, p, n);
	s->out += n;
}

/* A token of its own. */
static void
put_apart(struct pass *s, const char *p, size_t n)
{
	*s->out++ = ' ';
	put(s, p, n);
	*s->out++ = ' ';
}

/* Copy up to a byte of stops; false if there is none. */
static bool
copy_to(struct pass *s, const bool *stops)
{
	const char *p = s->p;

	while (p < s->end && !stops[(unsigned char)*p])
		p++;
	put(s, s->p, (size_t)(p - s->p));
	s->p = p;
	return p < s->end;
}

static bool
starts_with(const char *p, const char *end, const char *s, size_t n)
{
	return (size_t)(end - p) >= n && memcmp(p, s, n) == 0;
}
#define AT(p, end, s) starts_with(p, end, s, sizeof(s) - 1)

/* Backticks, and marks that open: bytes at p, or 0. */
static size_t
opening_at(const char *p, const char *end)
{
	if (AT(p, end, "\xc2\xab"))
		return 2;
	return AT(p, end, "\xe2\x80\x9c") || AT(p, end, "\xe2\x80\x98") ||
		       AT(p, end, "\xe2\x80\x9e")
		   ? 3
		   : 0;
}

size_t
treebank_closing(const char *p, const char *end)
{
	if (AT(p, end, "\xc2\xbb"))
		return 2;
	return AT(p, end, "\xe2\x80\x9d") || AT(p, end, "\xe2\x80\x99") ? 3 : 0;
}

static size_t
run_of(char c, const char *p, const char *end)
{
	const char *q = p;

	while (q < end && *q == c)
		q++;
	return (size_t)(q - p);
}

/* Backticks two by two, apart from what is around the run. */
static void
put_backticks(struct pass *s)
{
	size_t n = run_of('`', s->p, s->end), i;

	*s->out++ = ' ';
	for (i = 0; i + 2 <= n; i += 2)
		put(s, "`` ", 3);
	if (n % 2)
		put(s, "` ", 2);
	s->p += n;
}

/* Quotation marks that open. */
static void
open_quotes(struct pass *s)
{
	static const bool stops[256] = { ['`'] = true,
		[0xc2] = true,
		[0xe2] = true,
		['"'] = true,
		['\''] = true };
	const char *start = s->p, *taken = NULL;
	char before;
	size_t n;

	if (s->p < s->end && *s->p == '"') {
		put(s, " `` ", 4);
		s->p++;
	}
	while (copy_to(s, stops)) {
		if (*s->p == '`') {
			put_backticks(s);
			continue;
		}
		n = opening_at(s->p, s->end);
		if (n) {
			put_apart(s, s->p, n);
			s->p += n;
			continue;
		}
		n = *s->p == '"' ? 1 : AT(s->p, s->end, "''") ? 2 : 0;
		/* Behind one that opens there is a space of ours. */
		before = s->p > start && s->p != taken ? s->out[-1] : 0;
		if (n && before && memchr(" ([{<", before, 5)) {
			put(s, " `` ", 4);
			taken = s->p += n;
		} else {
			*s->out++ = *s->p++;
		}
	}
}

/* 'x: the apostrophe apart, unless it is that of I'm, can't, it's, I'd. */
static void
part_single_letters(struct pass *s)
{
	static const bool stops[256] = { ['\''] = true };
	size_t len;
	char c;

	while (copy_to(s, stops)) {
		*s->out++ = *s->p++;
		if (!treebank_word(s->p, s->end))
			continue;
		c = treebank_fold(s->p, s->end, &len);
		if (!treebank_word(s->p + len, s->end) &&
		    !(c && memchr("mtsdn", c, 5)))
			*s->out++ = ' ';
	}
}

const char *
treebank_final_stop(const char *start, const char *end)
{
	const char *p =
	    text_rstrip((struct str){ start, (size_t)(end - start) }).p;
	size_t n = text_rstrip((struct str){ start, (size_t)(end - start) }).n;

	for (p += n; p > start; p--) {
		if (memchr("])}>\"' ", p[-1], 7))
			continue;
		if (p - start >= 3 &&
		    (memcmp(p - 3, "\xe2\x80\x9d", 3) == 0 ||
			memcmp(p - 3, "\xe2\x80\x99", 3) == 0))
			p -= 2;
		else if (p - start >= 2 && memcmp(p - 2, "\xc2\xbb", 2) == 0)
			p -= 1;
		else
			break;
	}
	return p - start >= 2 && p[-1] == '.' && p[-2] != '.' ? p - 1 : NULL;
}

/* A comma or colon apart, unless a digit follows; *next gets what follows. */
static void
part_comma(struct pass *s, const char **next)
{
	const char *p = s->p + 1;
	size_t len;

	*next = NULL;
	if (p == s->end) {
		put_apart(s, s->p, 1);
	} else if (english_class(utf8_get(p, s->end, &len)) & ENG_DIGIT) {
		*s->out++ = *s->p;
	} else {
		put_apart(s, s->p, 1);
		*next = p;
	}
	s->p++;
}

size_t
treebank_mark(const char *p, const char *end)
{
	size_t n;

	switch (*p) {
	case '.':
		n = run_of('.', p, end);
		return n > 1 ? n : 0;
	case '-':
		return AT(p, end, "--") ? 2 : 0;
	case '\'':
		return AT(p, end, "''") ? 2 : 0;
	case '\xc2':
	case '\xe2':
		return treebank_closing(p, end);
	}
	return 1;
}

static void
part_marks(struct pass *s, const bool *stops)
{
	const char *stop = stops['.'] && !s->goes_on
			       ? treebank_final_stop(s->p, s->end)
			       : NULL;
	const char *taken = NULL, *last = s->end - 1;
	size_t n;

	while (copy_to(s, stops)) {
		if (*s->p == ',' || *s->p == ':') {
			/* One taken with the mark before is no mark itself,
			 * but for the last of all. */
			if (s->p != taken || s->p == last)
				part_comma(s, &taken);
			else
				*s->out++ = *s->p++;
			continue;
		}
		n = s->p == stop ? 1 : treebank_mark(s->p, s->end);
		if (!n) {
			*s->out++ = *s->p++;
			continue;
		}
		if (*s->p == '"')
			put_apart(s, "''", 2);
		else
			put_apart(s, s->p, n);
		s->p += n;
	}
}

static void
part_early_marks(struct pass *s)
{
	static const bool stops[256] = { EARLY };

	part_marks(s, stops);
}

/* The last pass of them puts spaces around the sentence. */
static void
part_late_marks(struct pass *s)
{
	static const bool stops[256] = { LATE, LATE_QUOTES };

	*s->out++ = ' ';
	part_marks(s, stops);
	*s->out++ = ' ';
}

static void
part_all_marks(struct pass *s)
{
	static const bool stops[256] = { EARLY, LATE, LATE_QUOTES };

	*s->out++ = ' ';
	part_marks(s, stops);
	*s->out++ = ' ';
}

/* Apostrophes at the end of words. */
static void
part_ends(struct pass *s)
{
	static const bool stops[256] = { ['\''] = true };
	const char *start = s->p;

	while (copy_to(s, stops)) {
		if (s->p > start && s->p[-1] != '\'' && AT(s->p, s->end, "' "))
			*s->out++ = ' ';
		*s->out++ = *s->p++;
	}
}

/* The end of 's 'm 'd or of an apostrophe at p, if a space follows; or NULL. */
static const char *
clitic_end(const char *p, const char *end)
{
	if (end - p >= 3 && memchr("sSmMdD", p[1], 6) && p[2] == ' ')
		return p + 2;
	return end - p >= 2 && p[1] == ' ' ? p + 1 : NULL;
}

static bool
is_clitic(const char *p, const char *end)
{
	return AT(p, end, "'ll ") || AT(p, end, "'LL ") || AT(p, end, "'re ") ||
	       AT(p, end, "'RE ") || AT(p, end, "'ve ") || AT(p, end, "'VE ");
}

/* 's, 'm, 'd apart, and apostrophes at the end of words. */
static void
part_possessives(struct pass *s)
{
	static const bool stops[256] = { ['\''] = true };
	const char *start = s->p;

	while (copy_to(s, stops)) {
		if (s->p > start && s->p[-1] != '\'' && s->p[-1] != ' ' &&
		    clitic_end(s->p, s->end))
			*s->out++ = ' ';
		*s->out++ = *s->p++;
	}
}

/* 'll, 're, 've and n't apart. */
static void
part_clitics(struct pass *s)
{
	static const bool stops[256] = { ['\''] = true };
	const char *start = s->p, *p;

	while (copy_to(s, stops)) {
		p = s->p;
		if (p > start && p[-1] != '\'' && p[-1] != ' ' &&
		    is_clitic(p, s->end)) {
			*s->out++ = ' ';
		} else if (p - start >= 2 && p[-2] != '\'' && p[-2] != ' ' &&
			   ((p[-1] == 'n' && AT(p, s->end, "'t ")) ||
			       (p[-1] == 'N' && AT(p, s->end, "'T ")))) {
			s->out[-1] = ' ';
			*s->out++ = p[-1];
		}
		*s->out++ = *s->p++;
	}
}

/* What white space parts. */
static int
part_spaces(struct treebank *t, const char *p, const char *end, struct err *e)
{
	const char *from;
	size_t len;

	while (p < end) {
		if (text_is_space(utf8_get(p, end, &len))) {
			p += len;
			continue;
		}
		for (from = p; p < end; p += len)
			if (text_is_space(utf8_get(p, end, &len)))
				break;
		if (treebank_is_plain(from, p)
			? treebank_add(t, from, (size_t)(p - from), e) < 0
			: treebank_add_word(t, from, p, from[-1] == ' ', e) < 0)
			return e->code;
	}
	return 0;
}

/* One pass over a part of a sentence: from its text to the other buffer. */
static struct str
run_pass(void (*pass)(struct pass *), struct str s, bool goes_on, char **work)
{
	char *to = s.p == work[0] ? work[1] : work[0];
	struct pass x = { s.p, s.p + s.n, to, goes_on };

	pass(&x);
	return (struct str){ to, (size_t)(x.out - to) };
}

int
treebank_part_fully(
    struct treebank *t, struct str s, bool goes_on, struct err *e)
{
	bool apostrophes = memchr(s.p, '\'', s.n);

	s = run_pass(open_quotes, s, goes_on, t->work);
	if (apostrophes)
		s = run_pass(part_single_letters, s, goes_on, t->work);
	if (!apostrophes) {
		s = run_pass(part_all_marks, s, goes_on, t->work);
	} else {
		s = run_pass(part_early_marks, s, goes_on, t->work);
		s = run_pass(part_ends, s, goes_on, t->work);
		s = run_pass(part_late_marks, s, goes_on, t->work);
		s = run_pass(part_possessives, s, goes_on, t->work);
		s = run_pass(part_clitics, s, goes_on, t->work);
	}
	return part_spaces(t, s.p, s.p + s.n, e);
}

static int
make_room_of(char **p, size_t *room, size_t n, struct err *e)
{
	char *more;

	if (n <= *room)
		return 0;
	more = realloc(*p, n);
	if (!more)
		return err_nomem(e, "tokens");
	*p = more;
	*room = n;
	return 0;
}

/* Room for the tokens of n bytes (" makes two of one) and each sentence. */
static int
make_work(struct treebank *t, size_t n, struct err *e)
{
	size_t i, longest = 0;

	for (i = 0; i < t->sentences.n; i++)
		if (t->sentences.v[i].n > longest)
			longest = t->sentences.v[i].n;
	longest = MOST * longest + 16;
	for (i = 0; i < 2; i++)
		if (make_room_of(&t->work[i], &t->room[i], longest, e) < 0)
			return e->code;
	return make_room_of(&t->made, &t->made_room, 2 * n + BYTES, e);
}

int
treebank_split(struct treebank *t, struct str text, struct err *e)
{
	size_t i;

	t->n = t->at = 0;
	t->limit = text.p + text.n;
	if (punkt_split(&t->sentences, text, e) < 0 ||
	    make_work(t, text.n, e) < 0)
		return e->code;
	for (i = 0; i < t->sentences.n; i++)
		if (treebank_part_sentence(t, t->sentences.v[i], e) < 0)
			return e->code;
	return 0;
}

void
treebank_free(struct treebank *t)
{
	punkt_free(&t->sentences);
	free(t->v);
	free(t->made);
	free(t->work[0]);
	free(t->work[1]);
	*t = (struct treebank){ 0 };
}
