/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/num.h"
#include "base/progress.h"
#include "base/text/utf8.h"
#include "learn.h"
#include "learn_chars.h"
#include "learn_memory.h"
#include "learn_queue.h"
#include "learn_vocab.h"

/* A distinct word: its symbols are sym[at .. at + n). */
struct unit {
	uint64_t at, count;
	uint32_t n;
};

/* What is known of a pair. */
struct pair {
	uint64_t key;
	int64_t count;
	uint32_t word;    /* noted last in this step, or NO_WORD */
	uint32_t pending; /* words noted in this step */
};

enum { NO_WORD = UINT32_MAX, NO_PAIR = UINT32_MAX, AHEAD = 8 };

struct note {
	uint32_t pair, word;
};

struct learner {
	struct bpe *b;
	const struct learn_opts *opts;
	struct unit *units;
	uint32_t nunit;
	uint32_t *sym;
	struct pair *pairs;
	size_t npair, pair_cap;
	uint32_t *slots; /* pair numbers by hash of the key */
	uint64_t nslot;
	struct note *notes; /* words that gained a pair in this step */
	size_t nnote, note_cap;
	struct learn_queue queue;
	struct learn_vocab vocab;
	struct learn_memory memory;
};

/* ---- words ---- */

static int
by_weight(const void *a, const void *b)
{
	const struct unit *x = a, *y = b;

	if (x->count != y->count)
		return x->count > y->count ? -1 : 1;
	return (x->at > y->at) - (x->at < y->at);
}

/*
 * Symbols in the order of the units, whose `at` is their word's slot so far.
 */
static void
lay_out(struct learner *l, const struct words *w)
{
	uint64_t at = 0;
	uint32_t i, k;

	for (i = 0; i < l->nunit; i++) {
		struct unit *u = &l->units[i];
		struct str s = words_str(w, &w->slots[u->at]);

		u->count = w->slots[u->at].n;
		u->at = at;
		if (l->opts->chars) {
			u->n = learn_chars_symbols(&l->vocab, s, l->sym + at);
			at += u->n;
			continue;
		}
		for (k = 0; k < u->n; k++)
			l->sym[at++] = l->b->byte_id[(uint8_t)s.p[k]];
	}
}

/*
 * Words as symbols.  Where the text's order breaks ties it is the words'
 * (words_add() appends their bytes); else the frequent ones stand together, for
 * the caches' sake.
 */
static int
take_words(struct learner *l, const struct words *w, struct err *e)
{
	bool first = l->opts->ties == LEARN_FIRST;
	size_t bytes;
	uint64_t i;

	if (w->used >= NO_WORD)
		return err_set(e, ERR_ARG, "over 4 billion distinct words");
	if (learn_claim(&l->memory,
		words_memory(w) + w->nbyte * sizeof(*l->sym) +
		    w->used * sizeof(*l->units),
		e) < 0)
		return e->code;
	if (num_mul(w->nbyte + 1, sizeof(*l->sym), &bytes))
		l->sym = malloc(bytes);
	l->units = malloc((w->used + 1) * sizeof(*l->units));
	if (!l->sym || !l->units)
		return err_nomem(e, "the words");
	for (i = 0; i < w->nslot; i++)
		if (w->slots[i].n)
			l->units[l->nunit++] = (struct unit){ i,
				first ? UINT64_MAX - w->slots[i].at
				      : w->slots[i].n,
				w->slots[i].len };
	qsort(l->units, l->nunit, sizeof(*l->units), by_weight);
	lay_out(l, w);
	return 0;
}

/* ---- pairs ---- */

static int
grow_slots(struct learner *l, struct err *e)
{
	uint64_t n = l->nslot ? l->nslot * 2 : 1 << 16, i, at;
	uint32_t *slots;

	if (learn_claim(&l->memory, n * sizeof(*slots), e) < 0)
		return e->code;
	slots = malloc(n * sizeof(*slots));
	if (!slots)
		return err_nomem(e, "pairs");
	memset(slots, 0xff, n * sizeof(*slots));
	for (i = 0; i < l->npair; i++) {
		at = bpe_hash_pair(l->pairs[i].key) & (n - 1);
		while (slots[at] != NO_PAIR)
			at = (at + 1) & (n - 1);
		slots[at] = (uint32_t)i;
	}
	free(l->slots);
	learn_release(&l->memory, l->nslot * sizeof(*slots));
	l->slots = slots;
	l->nslot = n;
	return 0;
}

static int
grow_pairs(struct learner *l, struct err *e)
{
	size_t cap = l->pair_cap ? l->pair_cap * 2 : 1 << 15;
	struct pair *more;

	if (cap >= NO_PAIR)
		return err_set(e, ERR_ARG, "over 4 billion distinct pairs");
	if (learn_claim(&l->memory, (cap - l->pair_cap) * sizeof(*more), e) < 0)
		return e->code;
	more = realloc(l->pairs, cap * sizeof(*more));
	if (!more)
		return err_nomem(e, "pairs");
	l->pairs = more;
	l->pair_cap = cap;
	return grow_slots(l, e);
}

/*
 * The number of a pair, which is new with a count of 0 if not known; NO_PAIR
 * is an error.
 */
static inline uint32_t
pair_number(struct learner *l, uint64_t key, struct err *e)
{
	uint64_t i;

	if (l->npair == l->pair_cap && grow_pairs(l, e) < 0)
		return NO_PAIR;
	i = bpe_hash_pair(key) & (l->nslot - 1);
	while (l->slots[i] != NO_PAIR && l->pairs[l->slots[i]].key != key)
		i = (i + 1) & (l->nslot - 1);
	if (l->slots[i] == NO_PAIR) {
		l->pairs[l->npair] = (struct pair){ key, 0, NO_WORD, 0 };
		l->slots[i] = (uint32_t)l->npair++;
	}
	return l->slots[i];
}

static int
grow_notes(struct learner *l, struct err *e)
{
	size_t cap = l->note_cap ? l->note_cap * 2 : 1 << 15;
	struct note *more;

	if (learn_claim(&l->memory, (cap - l->note_cap) * sizeof(*more), e) < 0)
		return e->code;
	more = realloc(l->notes, cap * sizeof(*more));
	if (!more)
		return err_nomem(e, "pairs");
	l->notes = more;
	l->note_cap = cap;
	return 0;
}

/* A pair is seen count times more, in word w. */
static inline int
gain(struct learner *l, uint64_t key, uint64_t count, uint32_t w, struct err *e)
{
	uint32_t number = pair_number(l, key, e);
	struct pair *p;

	if (number == NO_PAIR)
		return e->code;
	p = &l->pairs[number];
	p->count += (int64_t)count;
	if (p->word == w)
		return 0;
	if (l->nnote == l->note_cap && grow_notes(l, e) < 0)
		return e->code;
	p->word = w;
	p->pending++;
	l->notes[l->nnote++] = (struct note){ number, w };
	return 0;
}

static inline int
lose(struct learner *l, uint64_t key, uint64_t count, struct err *e)
{
	uint32_t number = pair_number(l, key, e);

	if (number == NO_PAIR)
		return e->code;
	l->pairs[number].count -= (int64_t)count;
	return 0;
}

/* An entry of the queue with so many words, as the heap and malloc() have it.
 */
static uint64_t
entry_memory(uint64_t nword)
{
	return sizeof(struct learn_entry) + nword * sizeof(uint32_t) + 16;
}

/*
 * Queue the pairs gained in this step, each with the words it was gained in.
 * Notes come by rising word, so the lists are sorted.
 */
static int
queue_gains(struct learner *l, struct err *e)
{
	struct learn_entry *at;
	struct pair *p;
	size_t i;

	for (i = 0; i < l->nnote; i++) {
		p = &l->pairs[l->notes[i].pair];
		if (p->word == NO_WORD)
			continue; /* its entry is made */
		p->word = NO_WORD;
		if (p->count <= 0) {
			p->pending = 0;
			continue;
		}
		if (learn_claim(&l->memory, entry_memory(p->pending), e) < 0 ||
		    learn_queue_stage(&l->queue, p->key, (uint64_t)p->count,
			p->pending, e) < 0)
			return e->code;
		p->pending = (uint32_t)l->queue.nstaged;
	}
	for (i = 0; i < l->nnote; i++) {
		p = &l->pairs[l->notes[i].pair];
		if (!p->pending)
			continue;
		at = &l->queue.staged[p->pending - 1];
		at->words[at->n++] = l->notes[i].word;
	}
	for (i = 0; i < l->nnote; i++)
		l->pairs[l->notes[i].pair].pending = 0;
	l->nnote = 0;
	return learn_queue_push_staged(&l->queue, e);
}

static int
count_pairs(struct learner *l, struct err *e)
{
	uint32_t w, k;

	for (w = 0; w < l->nunit; w++) {
		const struct unit *u = &l->units[w];
		const uint32_t *s = l->sym + u->at;

		for (k = 0; k + 1 < u->n; k++)
			if (gain(l, bpe_key(s[k], s[k + 1]), u->count, w, e) <
			    0)
				return e->code;
	}
	if (queue_gains(l, e) < 0)
		return e->code;
	/* A merge's are far fewer. */
	free(l->notes);
	learn_release(&l->memory, l->note_cap * sizeof(*l->notes));
	l->notes = NULL;
	l->note_cap = 0;
	return 0;
}

/* ---- merging ---- */

struct rule {
	uint32_t left, right, id;
};

static inline uint64_t
length(const struct learner *l, uint32_t id)
{
	return l->opts->chars ? utf8_length(bpe_bytes(l->b, id))
			      : l->b->tokens[id].len;
}

static inline bool
fits(const struct learner *l, uint32_t a, uint32_t b)
{
	return !l->opts->max_len ||
	       length(l, a) + length(l, b) < l->opts->max_len;
}

/* The neighbours of a merge at s[to]: what was before, and s[from + 2]. */
static int
change_pairs(struct learner *l, const struct rule *r, uint32_t w,
    const uint32_t *before, const uint32_t *after, struct err *e)
{
	uint64_t n = l->units[w].count;

	if (before) {
		if (lose(l, bpe_key(*before, r->left), n, e) < 0)
			return e->code;
		if (fits(l, *before, r->id) &&
		    gain(l, bpe_key(*before, r->id), n, w, e) < 0)
			return e->code;
	}
	if (after) {
		if (lose(l, bpe_key(r->right, *after), n, e) < 0)
			return e->code;
		if (fits(l, *after, r->id) &&
		    gain(l, bpe_key(r->id, *after), n, w, e) < 0)
			return e->code;
	}
	return 0;
}

/* The first place of the rule's pair in s[from .. n), or n. */
static inline uint32_t
find_pair(const struct rule *r, const uint32_t *s, uint32_t from, uint32_t n)
{
	for (; from + 1 < n; from++)
		if (s[from] == r->left && s[from + 1] == r->right)
			return from;
	return n;
}

/* Apply the rule to word w, from left to right. */
static int
merge_word(struct learner *l, const struct rule *r, uint32_t w, struct err *e)
{
	struct unit *u = &l->units[w];
	uint32_t *s = l->sym + u->at;
	uint32_t from = 0, to = 0, at;

	while ((at = find_pair(r, s, from, u->n)) < u->n) {
		memmove(s + to, s + from, (at - from) * sizeof(*s));
		to += at - from;
		from = at + 2;
		if (change_pairs(l, r, w, to ? &s[to - 1] : NULL,
			from < u->n ? &s[from] : NULL, e) < 0)
			return e->code;
		s[to++] = r->id;
	}
	memmove(s + to, s + from, (u->n - from) * sizeof(*s));
	u->n = to + u->n - from;
	return 0;
}

/* Text that spells a byte's name would decode as that byte. */
static bool
spells_byte(const struct learner *l, const struct rule *r)
{
	uint32_t first = l->b->sub.byte_token[0];

	return l->opts->chars && r->id >= first && r->id < first + 256;
}

/* 1: there is to be no such merge. */
static int
make_rule(struct learner *l, uint64_t key, struct rule *r, struct err *e)
{
	struct buf bytes = { 0 };
	int rc;

	r->left = (uint32_t)(key >> 32);
	r->right = (uint32_t)key;
	buf_str(&bytes, bpe_bytes(l->b, r->left));
	buf_str(&bytes, bpe_bytes(l->b, r->right));
	rc = buf_ok(&bytes, e);
	if (rc == 0)
		rc = learn_vocab_id(&l->vocab, buf_view(&bytes), &r->id, e);
	buf_free(&bytes);
	if (rc < 0)
		return rc;
	if (spells_byte(l, r))
		return 1;
	return bpe_add_merge(
	    l->b, (struct bpe_merge){ r->left, r->right, r->id }, e);
}

/* Words lie anywhere: ask for them before they are due. */
static inline void
look_ahead(const struct learner *l, const struct learn_entry *top, uint32_t i)
{
	if (i + 2 * AHEAD < top->n)
		__builtin_prefetch(&l->units[top->words[i + 2 * AHEAD]]);
	if (i + AHEAD < top->n)
		__builtin_prefetch(
		    &l->sym[l->units[top->words[i + AHEAD]].at], 1);
}

static int
apply(struct learner *l, const struct learn_entry *top, struct err *e)
{
	struct rule r;
	int rc = make_rule(l, top->key, &r, e);
	uint32_t i;

	if (rc != 0)
		return rc < 0 ? rc : 0;
	for (i = 0; i < top->n; i++) {
		look_ahead(l, top, i);
		if (merge_word(l, &r, top->words[i], e) < 0)
			return e->code;
	}
	return queue_gains(l, e);
}

/* The number of a pair that is known. */
static uint32_t
known_pair(const struct learner *l, uint64_t key)
{
	uint64_t i = bpe_hash_pair(key) & (l->nslot - 1);

	while (l->pairs[l->slots[i]].key != key)
		i = (i + 1) & (l->nslot - 1);
	return l->slots[i];
}

/*
 * Where the pair of an entry stands first: word << 32 | byte, from what it was
 * on, since places only go.  UINT64_MAX: nowhere.
 */
static uint64_t
first_place(const struct learner *l, struct learn_entry *x)
{
	struct rule r = { (uint32_t)(x->key >> 32), (uint32_t)x->key, 0 };
	const struct unit *u;
	const uint32_t *s;
	uint32_t at, k, byte;

	for (; x->from < x->n; x->from++) {
		u = &l->units[x->words[x->from]];
		s = l->sym + u->at;
		at = find_pair(&r, s, 0, u->n);
		if (at == u->n)
			continue;
		for (k = byte = 0; k < at; k++)
			byte += l->b->tokens[s[k]].len;
		return (uint64_t)x->words[x->from] << 32 | byte;
	}
	return UINT64_MAX;
}

/*
 * The entry as it is now; false if it had grown stale, and then belongs
 * elsewhere in the queue.
 */
static bool
refresh(struct learner *l, struct learn_entry *x)
{
	uint64_t count = (uint64_t)l->pairs[known_pair(l, x->key)].count;
	uint64_t place = x->place;

	if (l->opts->ties == LEARN_FIRST && count)
		place = first_place(l, x);
	if (x->count == count && x->place == place)
		return true;
	x->count = count;
	x->place = place;
	return false;
}

/* The queue is lazy: what has changed is put right when it comes up. */
static int
learn(struct learner *l, struct err *e)
{
	struct learn_entry top;
	int rc;

	while (l->vocab.room && learn_queue_pop(&l->queue, &top)) {
		if (!refresh(l, &top)) {
			rc = learn_queue_push(&l->queue, &top, e);
		} else if (top.count < 1 || top.count < l->opts->min_count) {
			free(top.words);
			return 0;
		} else {
			rc = apply(l, &top, e);
			free(top.words);
			learn_release(&l->memory, entry_memory(top.n));
		}
		if (rc < 0)
			return rc;
		if (l->opts->progress)
			progress_tick(
			    l->opts->progress, l->b->ntoken, l->b->nmerge);
	}
	return 0;
}

/*
 * A pair merged twice (see the header) keeps its later place, as the
 * dictionary of merges in the tokenizers library has it.
 */
static int
drop_repeats(struct learner *l, struct err *e)
{
	struct bpe *b = l->b;
	uint32_t *last = malloc((l->npair + 1) * sizeof(*last));
	size_t i, n = 0;
	uint64_t key;

	if (!last)
		return err_nomem(e, "merges");
	for (i = 0; i < b->nmerge; i++) {
		key = bpe_key(b->merges[i].left, b->merges[i].right);
		last[known_pair(l, key)] = (uint32_t)i;
	}
	for (i = 0; i < b->nmerge; i++) {
		key = bpe_key(b->merges[i].left, b->merges[i].right);
		if (last[known_pair(l, key)] == i)
			b->merges[n++] = b->merges[i];
	}
	b->nmerge = n;
	free(last);
	return 0;
}

static void
release(struct learner *l)
{
	learn_queue_free(&l->queue);
	free(l->units);
	free(l->sym);
	free(l->pairs);
	free(l->slots);
	free(l->notes);
	learn_vocab_free(&l->vocab);
}

int
bpe_learn(struct bpe *b, struct words *w, const struct learn_opts *opts,
    struct err *e)
{
	struct learner l = {
		.b = b, .opts = opts, .memory = { 0, opts->memory }
	};
	uint64_t words = words_memory(w);
	int rc;

	l.queue.ties = opts->ties;
	l.queue.b = b;
	rc = learn_vocab_start(&l.vocab, b, opts, e);
	if (rc == 0 && opts->chars)
		rc = learn_chars_alphabet(&l.vocab, w, opts, e);
	if (rc == 0)
		rc = take_words(&l, w, e);
	words_free(w);
	learn_release(&l.memory, words);
	if (rc == 0)
		rc = count_pairs(&l, e);
	if (rc == 0)
		rc = learn(&l, e);
	if (rc == 0)
		rc = drop_repeats(&l, e);
	if (rc == 0)
		rc = opts->chars ? learn_chars_end(&l.vocab, e)
				 : learn_vocab_end(&l.vocab, opts, e);
	release(&l);
	return rc;
}
