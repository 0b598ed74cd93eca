/* SPDX-License-Identifier: MIT */
/*
 * Plans over random recipes and sizes: no token is an input twice within an
 * epoch, nothing is lost beyond what the plan says, and rows can be found
 * again from their tokens.
 */
#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/hash.h"
#include "mix/plan.h"
#include "tap.h"

static uint64_t state = 7;

static uint64_t
draw(uint64_t n)
{
	return mix64(state += 0x9e3779b97f4a7c15u) % n;
}

struct setup {
	struct buf text;
	struct recipe r;
	struct plan p;
	uint64_t tokens[4];
};

static int
set_up(struct setup *s, struct err *e)
{
	int rc;

	s->p = (struct plan){ 0 };
	rc = recipe_parse(&s->r, "a.mix", s->text.p, s->text.n, NULL, e);
	return rc < 0 ? rc : plan_make(&s->p, &s->r, s->tokens, NULL, e);
}

static void
tear_down(struct setup *s)
{
	plan_free(&s->p);
	recipe_free(&s->r);
	buf_free(&s->text);
}

static void
random_recipe(struct setup *s)
{
	static const unsigned seqs[] = { 4, 8, 16, 6, 12, 5 };
	unsigned n = 1 + (unsigned)draw(3), phases = 1 + (unsigned)draw(5), i;
	unsigned first = 30, a, b;

	/* A draw a statement: compilers order arguments as they like. */
	*s = (struct setup){ 0 };
	a = (unsigned)draw(1000);
	b = 8 + (unsigned)draw(100);
	buf_printf(&s->text, "%%mix 1\nseed %u\nbatch %u\n", a, b);
	for (i = 0; i < n; i++) {
		buf_printf(&s->text, "source s%u x\n", i);
		s->tokens[i] = 245 + draw(3000);
	}
	for (i = 0; i < phases; i++) {
		a = 100 + (unsigned)draw(4000);
		b = seqs[draw(draw(2) ? 3 : 6)];
		buf_printf(&s->text, "phase p%u %u seq=%u", i, a, b);
		if (n == 1)
			buf_puts(&s->text, " s0\n");
		else if (n == 2 && draw(3) == 0)
			buf_printf(&s->text, " s0 -> s0:%u,s1:rest\n",
			    (unsigned)(1 + draw(60)));
		else if (n == 3 && draw(3) == 0) {
			a = 1 + (unsigned)draw(3);
			b = 30 + (unsigned)draw(40);
			buf_printf(&s->text, " s1:epochs=%.1f s0:%u s2:rest\n",
			    (double)a / 20, b);
		} else if (n == 2)
			buf_printf(&s->text, " s0:%u s1:rest\n",
			    first + (unsigned)draw(60));
		else
			buf_printf(&s->text, " s2:rest s1:%u.5 s0:%u\n", first,
			    9 + (unsigned)draw(40));
	}
}

struct found {
	uint64_t twice, outside, column, lost, inverse, rows;
};

/* How often each token of a source was an input in its current epoch. */
struct epoch_seen {
	uint64_t epoch;
	unsigned char *seen;
};

static void
take_row(const struct setup *s, const struct plan_phase *ph, uint32_t i,
    uint64_t rank, struct epoch_seen *at, uint64_t *inputs, struct found *f)
{
	const struct plan_source *src = &s->p.sources[ph->shares[i].source];
	struct plan_row row = plan_row(&s->p, ph, i, rank);
	uint64_t t, back, column;

	if (row.epoch != at->epoch) {
		f->lost += row.epoch != at->epoch + 1;
		memset(at->seen, 0, src->tokens);
		at->epoch = row.epoch;
	}
	f->outside += row.token + ph->seq >= src->tokens;
	for (t = row.token; t < row.token + ph->seq; t++) {
		f->twice += at->seen[t];
		at->seen[t] = 1;
		f->inverse +=
		    !plan_find(&s->p, ph, i, row.epoch, t, &back, &column) ||
		    back != rank;
		f->column += column != t - row.token;
	}
	*inputs += ph->seq;
	f->rows++;
}

/* Tokens that plan_find() does not know are not inputs. */
static void
count_found(
    const struct setup *s, uint32_t source, uint64_t epoch, uint64_t *found)
{
	uint64_t t, rank, column;
	uint32_t i, j;

	for (i = 0; i < s->p.nphase; i++)
		for (j = 0; j < s->p.phases[i].blend.k; j++)
			for (t = 0; s->p.phases[i].shares[j].source == source &&
				    t < s->p.sources[source].tokens;
			     t++)
				*found += plan_find(&s->p, &s->p.phases[i], j,
				    epoch, t, &rank, &column);
}

static void
check_source(const struct setup *s, uint32_t source, struct found *f)
{
	const struct plan_source *src = &s->p.sources[source];
	struct epoch_seen at = { 0, calloc(src->tokens, 1) };
	uint64_t inputs = 0, found = 0, rank, epoch, covered;
	const struct plan_phase *ph;
	uint32_t i, j;

	for (i = 0; i < s->p.nphase; i++) {
		ph = &s->p.phases[i];
		for (j = 0; j < ph->blend.k; j++)
			for (rank = 0; ph->shares[j].source == source &&
				       rank < ph->shares[j].rows;
			     rank++)
				take_row(s, ph, j, rank, &at, &inputs, f);
	}
	for (epoch = 0; epoch <= at.epoch + 1; epoch++)
		count_found(s, source, epoch, &found);
	/* Inputs and what was left out fill the epochs up to where we are. */
	covered = src->epochs.num;
	f->lost += inputs != src->used || found != inputs ||
		   inputs + src->skipped != covered;
	free(at.seen);
}

/* Problems are text that no NUL ends. */
static bool
is_problem(const struct plan *p, const char *want)
{
	return memmem(p->problems.p, p->problems.n, want, strlen(want));
}

static void
test_random(void)
{
	struct found f = { 0 };
	struct setup s;
	struct err e;
	uint32_t i;
	int n, bad = 0, unfit = 0;

	for (n = 0; n < 300; n++) {
		e = (struct err){ 0 };
		random_recipe(&s);
		if (set_up(&s, &e) == 0 && s.p.nproblem &&
		    (is_problem(&s.p, "epochs of source s1 do not fit") ||
			is_problem(&s.p, "gets none of its"))) {
			unfit++;
		} else if (e.code < 0 || s.p.nproblem) {
			printf("# %s%.*s\n", e.msg, (int)s.p.problems.n,
			    s.p.problems.p ? s.p.problems.p : "");
			bad++;
		} else {
			for (i = 0; i < s.p.nsource; i++)
				check_source(&s, i, &f);
		}
		tear_down(&s);
	}
	/* A few are refused for what they ask: that is right. */
	OK(bad == 0 && unfit < 20,
	    "300 random recipes are worked out (%llu rows)",
	    (unsigned long long)f.rows);
	OK(f.twice == 0, "no token is an input twice in an epoch");
	OK(f.outside == 0, "every row and its last target are in the source");
	OK(f.lost == 0, "epochs follow each other; what is read and what is "
			"left out add up");
	OK(f.inverse == 0 && f.column == 0,
	    "every token is found again in its row and column");
}

static bool
plan_says(const char *text, uint64_t tokens, const char *want)
{
	struct setup s = { .tokens = { tokens, tokens, tokens, tokens } };
	struct err e;
	bool ok;
	int rc;

	buf_puts(&s.text, text);
	rc = set_up(&s, &e);
	buf_putc(&s.p.problems, '\0');
	ok = rc == 0 &&
	     (want ? s.p.nproblem && is_problem(&s.p, want) : !s.p.nproblem);
	if (!ok)
		printf("# %s\n", rc < 0 ? e.msg : s.p.problems.p);
	tear_down(&s);
	return ok;
}

#define HEAD "%mix 1\nbatch 64\nsource a x epochs<=2\nsource b x\n"

static void
test_problems(void)
{
	OK(plan_says(HEAD "phase p 2000 seq=10 a\n", 1001, NULL),
	    "exactly two epochs fit under epochs<=2");
	OK(plan_says(HEAD "phase p 2060 seq=10 a\n", 1001,
	       "a.mix:3: source a: the phases take 2040 of its 1001 tokens"),
	    "one step more does not");
	OK(plan_says(HEAD "phase p 100 seq=16 a:99.99 b:rest\n", 1001,
	       "a.mix:5: phase p: source b gets none of its 8 rows"),
	    "a source without a row");
	OK(plan_says(HEAD "phase p 100 seq=16 a\n", 16,
	       "a.mix:3: source a has 16 tokens, but one block of it takes "
	       "16 + 1"),
	    "a source shorter than a row");
	OK(plan_says(HEAD "phase p 128 seq=16 a:75 b:25\n"
			  "assert share(a)>=75 share(b)<=25 repeats(a)<=1\n",
	       1001, NULL),
	    "assertions that hold");
	OK(plan_says(HEAD "phase p 128 seq=16 a:75 b:25\n"
			  "assert share(b)>=25.1\n",
	       1001, "a.mix:6: assert share(b)>=25.1 does not hold: it is 25"),
	    "one that does not");
	OK(plan_says(HEAD "phase p 1900 seq=16 a\nassert repeats(a)<=1\n", 1001,
	       "source a is read 1.9"),
	    "repeats");
	OK(plan_says(HEAD
	       "phase p 1K seq=16 a:90 b:10\n"
	       "phase q 1K seq=16 a:50 b:50 -> a:5 b:95\n"
	       "assert replay(a)>=0.05 replay(b)>=0.5 tokens(a)>=1K\n",
	       1001, NULL),
	    "replay and tokens that hold");
	OK(plan_says(HEAD "phase p 1K seq=16 a:90 b:10\n"
			  "phase q 1K seq=16 a:50 b:50 -> a:4.9 b:rest\n"
			  "assert replay(a)>=0.05\n",
	       1001,
	       "a.mix:7: assert replay(a)>=0.05 does not hold: phase q (line "
	       "6) has 0.049 of it at one end"),
	    "and that do not");
	OK(plan_says(HEAD "phase p 1K seq=16 a\nassert tokens(a)<=900\n", 1001,
	       "a.mix:6: assert tokens(a)<=900 does not hold: there are"),
	    "tokens");
	OK(plan_says(HEAD "phase p 1K seq=16 b:rest a:epochs=2\n", 1001,
	       "a.mix:5: phase p: 2 epochs of source a do not fit"),
	    "epochs that do not fit");
}

/* epochs=1 is the whole source: every row that an epoch has. */
static void
test_whole(void)
{
	struct setup s = { .tokens = { 1003, 5000 } };
	const struct plan_phase *ph;
	struct err e = { 0 };
	int rc;

	buf_puts(&s.text, HEAD "phase p 3K seq=10 a:epochs=1 b:rest\n"
			       "phase q 1K seq=10 b:rest a:epochs=0.505\n");
	rc = set_up(&s, &e);
	ph = s.p.phases;
	OK(rc == 0 && s.p.nproblem == 0 && ph->shares[1].source == 0 &&
		ph->shares[1].rows == 100 &&
		ph->shares[0].rows == ph->rows - 100 &&
		ph[1].shares[1].rows == 50,
	    "epochs=1 reads all of a source %s%.*s", e.msg, (int)s.p.problems.n,
	    s.p.problems.p ? s.p.problems.p : "");
	tear_down(&s);
}

/* Schedules move, and get where they should. */
static void
test_lr(void)
{
	struct setup s = { .tokens = { 100000, 5000 } };
	const struct plan_phase *ph;
	struct err e = { 0 };
	uint64_t i, n = 0, bad = 0;
	double last = 2, lr = 0;
	int rc;

	buf_puts(&s.text, HEAD "phase p 3K seq=4->16 a lr=linear:0\n");
	rc = set_up(&s, &e);
	for (ph = s.p.phases; rc == 0 && ph < s.p.phases + s.p.nphase; ph++)
		for (i = 0; i < ph->steps; i++, n++, last = lr) {
			lr = plan_lr(ph, i);
			bad += !(lr < last) || lr <= 0 || lr > 1;
		}
	OK(rc == 0 && s.p.nphase == 3 && bad == 0 && last < 0.03 && n > 40,
	    "lr=linear:0 over three stages falls from 1 to %g %s", last, e.msg);
	tear_down(&s);
}

/* The rows nearest to a step's batch, straight from the recipe's line. */
static uint64_t
naive_rows(const struct recipe *r, uint64_t t, uint32_t seq)
{
	const struct recipe_batch *b = r->batches;
	__int128 size, per = 1;
	uint64_t rows = 1;
	uint32_t i;

	for (i = 0; i + 1 < r->nbatch && b[i + 1].tokens <= t; i++)
		;
	size = b[i].size;
	if (i + 1 < r->nbatch && b[i + 1].ramp) {
		per = b[i + 1].tokens - b[i].tokens;
		size = (__int128)b[i].size * (b[i + 1].tokens - t) +
		       (__int128)b[i + 1].size * (t - b[i].tokens);
	}
	while (2 * size >= (2 * rows + 1) * per * seq)
		rows++;
	return rows;
}

/* Every step of a phase; returns how many there should be. */
static uint64_t
check_steps(const struct setup *s, const struct plan_phase *ph, uint64_t *bad)
{
	uint64_t step = 0, row = 0, rows, per, done;
	const struct plan_batch *b;

	for (;; step++, row += rows) {
		done = row * ph->seq;
		rows = naive_rows(&s->r, ph->tokens_before + done, ph->seq);
		per = rows * ph->seq;
		if (step && (ph->asked <= done || 2 * (ph->asked - done) < per))
			break;
		if (step == ph->steps) {
			++*bad;
			break;
		}
		b = plan_batch_of(ph, step);
		*bad += b->rows != rows ||
			b->row + (step - b->step) * b->rows != row ||
			plan_batch_of_row(ph, row) != b ||
			plan_batch_of_row(ph, row + rows - 1) != b;
	}
	*bad += row != ph->rows || step != ph->steps;
	return step;
}

static void
test_ramps(void)
{
	uint64_t bad = 0, steps = 0, at;
	struct setup s;
	struct err e;
	uint32_t i;
	int n, k;

	for (n = 0; n < 300; n++) {
		s = (struct setup){ .tokens = { 1 << 20 } };
		buf_printf(&s.text, "%%mix 1\nsource a x\nbatch 0:%u",
		    1 + (unsigned)draw(500));
		for (k = (int)draw(4), at = 1; k > 0; k--)
			buf_printf(&s.text, " %s%u:%u", draw(2) ? "~" : "",
			    (unsigned)(at += 1 + draw(5000)),
			    1 + (unsigned)draw(3000));
		for (k = 0; k < 3; k++)
			buf_printf(&s.text, "\nphase p%d %u seq=%u a", k,
			    1 + (unsigned)draw(6000), 1 + (unsigned)draw(20));
		if (set_up(&s, &e) < 0)
			bad++;
		else
			for (i = 0; i < s.p.nphase; i++)
				steps += check_steps(&s, &s.p.phases[i], &bad);
		tear_down(&s);
	}
	OK(bad == 0, "batch ramps: %llu steps as the line says",
	    (unsigned long long)steps);
}

/* GPT-3: from 32K to 3.2M tokens over the first 12B of 300B. */
static void
test_gpt3(void)
{
	struct setup s = { .tokens = { 1ull << 40 } };
	const struct plan_phase *ph;
	struct err e = { 0 };
	int rc;

	buf_puts(&s.text, "%mix 1\nsource a x\nbatch 0:32K ~12B:3.2M\n"
			  "phase p 300B seq=2048 a\n");
	rc = set_up(&s, &e);
	ph = s.p.phases;
	OK(rc == 0 && ph->batches[0].rows == 16 &&
		ph->batches[ph->nbatch - 1].rows == 1563 && ph->nbatch > 1500 &&
		s.p.tokens > 299990000000 && s.p.tokens < 300010000000,
	    "GPT-3's ramp: %u sizes, %llu steps, %llu tokens %s", ph->nbatch,
	    (unsigned long long)ph->steps, (unsigned long long)s.p.tokens,
	    e.msg);
	tear_down(&s);
}

/* A phase added behind the others changes none of their rows. */
static void
test_appended(void)
{
	static const char head[] = HEAD "phase p 1500 seq=16 a:70 b:30\n"
					"phase q 900 seq=8 a:20 b:80\n";
	struct setup x = { .tokens = { 2001, 2002 } }, y = x;
	uint64_t rank, bad = 0;
	struct plan_row u, v;
	struct err e;
	uint32_t i, j;

	buf_puts(&x.text, head);
	buf_printf(&y.text, "%sphase r 700 seq=16 b\n", head);
	if (set_up(&x, &e) < 0 || set_up(&y, &e) < 0)
		bad++;
	for (i = 0; !bad && i < 2; i++)
		for (j = 0; j < 2; j++)
			for (rank = 0; rank < x.p.phases[i].shares[j].rows;
			     rank++) {
				u = plan_row(&x.p, &x.p.phases[i], j, rank);
				v = plan_row(&y.p, &y.p.phases[i], j, rank);
				bad += u.token != v.token || u.epoch != v.epoch;
			}
	OK(bad == 0, "a phase added behind leaves the rows before it alone");
	tear_down(&x);
	tear_down(&y);
}

/* 15T tokens, 100 sources, 10 phases: no table is made. */
static void
test_large(void)
{
	struct buf text = { 0 };
	uint64_t tokens[100];
	struct recipe r;
	struct plan p;
	struct err e = { 0 };
	int i, j, rc;

	buf_puts(&text, "%mix 1\nbatch 4M\n");
	for (i = 0; i < 100; i++) {
		buf_printf(&text, "source s%d x epochs<=4\n", i);
		tokens[i] = 1ull << 38;
	}
	for (i = 0; i < 10; i++) {
		buf_printf(&text, "phase p%d 1.5T seq=4096", i);
		for (j = 0; j < 99; j++)
			buf_printf(&text, " s%d:%d.%03d", j, 1, (j * 7) % 10);
		buf_puts(&text, " s99:rest\n");
	}
	rc = recipe_parse(&r, "a.mix", text.p, text.n, NULL, &e);
	if (rc == 0)
		rc = plan_make(&p, &r, tokens, NULL, &e);
	OK(rc == 0 && p.steps > 3000000 && p.nproblem == 0,
	    "15T tokens of 100 sources: %llu steps %s",
	    (unsigned long long)p.steps, e.msg);
	plan_free(&p);
	recipe_free(&r);
	buf_free(&text);
}

int
main(void)
{
	test_random();
	test_problems();
	test_whole();
	test_lr();
	test_ramps();
	test_gpt3();
	test_appended();
	test_large();
	return tap_end();
}
