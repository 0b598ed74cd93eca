/* SPDX-License-Identifier: MIT */
/*
 * Rows that are made: documents packed by best fit against a plain one, every
 * token a target once an epoch whatever the lengths are, and what objectives
 * make of a row against what can be read back from it.  Tokens are their own
 * places in the shard, so that a row tells where it comes from.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/hash.h"
#include "io/shard.h"
#include "io/stream.h"
#include "mix/mix.h"
#include "mix/objective.h"
#include "mix/pack.h"
#include "tap.h"

enum { VOCAB = 200000, END = VOCAB - 1, SPECIALS = VOCAB - 1000, DOCS = 900 };

static char dir[] = "/tmp/quern-rows-XXXXXX";
static uint64_t state = 11, tokens, starts[DOCS + 1];

static uint64_t
draw(uint64_t n)
{
	return mix64(state += 0x9e3779b97f4a7c15u) % n;
}

static const char *
in_dir(const char *name)
{
	static char path[4][256];
	static int i;

	i = (i + 1) % 4;
	snprintf(path[i], sizeof(path[i]), "%s/%s", dir, name);
	return path[i];
}

/* Documents of 1 to 90 tokens, a few of some hundreds; no end tokens. */
static int
make_shards(struct err *e)
{
	struct shard_head h = { .vocab = VOCAB, .end_text = -1 };
	struct shard_doc d = { .id = STR("doc") };
	struct shard_writer *w = NULL;
	unsigned char packed[4 * 700];
	uint32_t v[700], i, k;
	char name[16];
	int rc = 0;

	memset(h.tokenizer, 'a', 64);
	for (i = 0; rc == 0 && i < DOCS; i++) {
		if (i % (DOCS / 3) == 0) {
			snprintf(name, sizeof(name), "s%u", i);
			rc = w ? shard_commit(w, e) : 0;
			if (rc == 0)
				rc = shard_create(&w, in_dir(name), &h, e);
			if (rc < 0)
				return rc;
		}
		d.tokens = 1 + draw(draw(30) ? 90 : 700);
		starts[i] = tokens;
		for (k = 0; k < d.tokens; k++)
			v[k] = (uint32_t)tokens++;
		shard_pack(v, d.tokens, VOCAB, packed);
		rc = shard_add(w, &d, packed, e);
	}
	starts[DOCS] = tokens;
	return rc < 0 ? rc : shard_commit(w, e);
}

static bool
is_start(uint64_t token)
{
	int i;

	for (i = 0; i < DOCS && starts[i] <= token; i++)
		if (starts[i] == token)
			return true;
	return false;
}

static int
load(struct mix **m, const char *text, struct err *e)
{
	int rc = out_whole(in_dir("r.mix"), text, strlen(text), e);

	return rc < 0 ? rc : mix_load(m, in_dir("r.mix"), e);
}

/* Best fit as it is said: the longest first, to the fullest that has room. */
static uint32_t
naive_fit(const uint64_t *length, uint32_t n, uint64_t width)
{
	uint64_t *left = calloc(n + 1, sizeof(*left));
	bool *done = calloc(n + 1, sizeof(*done));
	uint32_t bins = 0, i, j, k, best;

	for (k = 0; k < n; k++) {
		for (i = n, j = 0; j < n; j++)
			if (!done[j] && (i == n || length[j] > length[i]))
				i = j;
		done[i] = true;
		for (best = bins, j = 0; j < bins; j++)
			if (left[j] >= length[i] &&
			    (best == bins || left[j] < left[best]))
				best = j;
		if (best == bins)
			left[bins++] = width;
		left[best] -= length[i];
	}
	free(left);
	free(done);
	return bins;
}

/* A window packed: rows not too long, each token there, as few rows. */
static uint64_t
check_window(const struct pack *p, uint64_t number, uint32_t seq,
    struct packed *out, unsigned char *seen)
{
	struct pack_window w = { .number = number };
	uint64_t length[8192], bad = 0, n, t;
	uint32_t r, i;
	struct err e;

	if (pack_lay(p, &w, seq, out, &e) < 0)
		return 1;
	for (r = 0; r < out->rows; r++) {
		for (n = 0, i = out->row[r]; i < out->row[r + 1]; i++) {
			length[i] = out->v[i].n;
			n += length[i];
			for (t = 1; t < length[i]; t++)
				bad += ++seen[out->v[i].at + t] != 1 ||
				       is_start(out->v[i].at + t);
		}
		bad += n > seq + 1 || n < 2;
	}
	return bad +
	       (naive_fit(length, out->row[out->rows], seq + 1) != out->rows);
}

static void
test_pack(const struct source *s)
{
	static const uint32_t seqs[] = { 5, 7, 64, 100, 1000 };
	unsigned char *seen = malloc(tokens);
	struct packed out = { 0 };
	uint64_t bad = 0, w, t;
	struct pack p;
	struct err e;
	size_t i;

	for (i = 0; i < sizeof(seqs) / sizeof(*seqs); i++) {
		pack_open(&p, s, PACK_FIT, 64 + i * 100, &e);
		memset(seen, 0, tokens);
		for (w = 0; w < p.windows; w++)
			bad += check_window(&p, w, seqs[i], &out, seen);
		for (t = 0; t < tokens; t++)
			bad += seen[t] != !is_start(t);
		pack_close(&p);
	}
	OK(bad == 0, "windows are packed as best fit says, every token but a "
		     "document's first once a target");
	packed_free(&out);
	free(seen);
}

struct row {
	uint32_t tokens[1001];
	int32_t first[1000], last[1000];
	uint8_t loss[1000];
	struct row_info info;
};

static int
read_one(const struct row_source *rows, uint64_t step, uint32_t i,
    struct row *r, struct err *e)
{
	return rows->read(rows->ctx, step, i, 1,
	    &(struct rows){ .tokens = r->tokens,
		.info = &r->info,
		.first = r->first,
		.last = r->last,
		.loss = r->loss },
	    e);
}

/* A packed row: documents in a row, each from a start or a cut; padding. */
static uint64_t
check_packed(const struct row *r, uint32_t T, uint32_t *seen, bool alone)
{
	uint64_t bad = 0, pieces = 0;
	uint32_t t;

	for (t = 0; t < T; t++) {
		bad += r->first[t] > (int32_t)t || r->last[t] != (int32_t)t;
		if (r->first[t] == (int32_t)t && r->tokens[t] != 0)
			pieces++;
		if (!r->loss[t])
			continue;
		seen[r->tokens[t + 1]]++;
		bad += r->tokens[t + 1] != r->tokens[t] + 1 ||
		       is_start(r->tokens[t + 1]);
		bad += t + 1 < T && r->first[t + 1] != r->first[t];
	}
	return bad + (alone && pieces > 1);
}

/* How often each token was a target: as often as any other, or once more. */
static void
check_run(const char *text, bool alone, const char *what)
{
	uint32_t *seen = calloc(VOCAB, sizeof(*seen)), i, least, most;
	uint64_t bad = 0, step, counted = 0;
	const struct plan_source *src;
	struct row_source rows;
	struct step_info s;
	struct mix *m;
	struct row r;
	struct err e;

	if (!OK(load(&m, text, &e) == 0, "%s: loaded %s", what, e.msg))
		return;
	mix_rows(m, &rows);
	for (step = 0; step < rows.steps; step++) {
		rows.step(rows.ctx, step, &s, &e);
		for (i = 0; i < s.rows; i++) {
			bad += read_one(&rows, step, i, &r, &e) < 0;
			bad += check_packed(&r, s.seq, seen, alone);
		}
	}
	least = most = seen[starts[0] + 1];
	for (i = 0; i < tokens; i++) {
		counted += seen[i];
		if (is_start(i))
			continue;
		least = seen[i] < least ? seen[i] : least;
		most = seen[i] > most ? seen[i] : most;
	}
	src = &mix_plan(m)->sources[0];
	OK(bad == 0 && mix_plan(m)->nproblem == 0, "%s: rows are as marked",
	    what);
	OK(most - least <= 1 && most > 0,
	    "%s: every token is a target %u or %u times", what, least, most);
	OK(counted == src->used - src->padding && counted == src->epochs.num,
	    "%s: the plan counts %llu targets, %.1f %% padding", what,
	    (unsigned long long)counted,
	    100 * (double)src->padding / (double)src->used);
	mix_close(m);
	free(seen);
}

static void
test_runs(void)
{
	check_run("%mix 1\nbatch 2K\nsource a s* pack=fit:100\n"
		  "phase p 20K seq=64 a\nphase q 9K seq=200 a\n"
		  "phase r 15K seq=64 a\nphase s 50K seq=16->256 a\n",
	    false, "fit");
	check_run("%mix 1\nbatch 1K\nsource a s* pack=fit:7\n"
		  "phase p 300K seq=64 a\nphase q 200K seq=50 a\n",
	    false, "fit, many epochs");
	check_run("%mix 1\nbatch 2K\nsource a s* pack=document\n"
		  "phase p 100K seq=64 a\nphase q 50K seq=16->64 a\n",
	    true, "document");
	check_run("%mix 1\nbatch 2K\nsource a s* pack=fit\n"
		  "phase p 30K seq=64 a\nphase q 200K seq=1000 a\n",
	    false, "one window");
}

/* One document of n tokens from 1000 on, and what becomes of it. */
struct made {
	uint32_t v[2000], n;
	unsigned char given[2000], both[2000];
};

static struct recipe_specials specials = { { SPECIALS, SPECIALS + 1,
					       SPECIALS + 2 },
	{ SPECIALS + 10, SPECIALS + 400 },
	{ SPECIALS + 3, SPECIALS + 4, SPECIALS + 5 }, { 0 } };

static void
make(const struct recipe_objective *o, uint32_t n, uint64_t key, int64_t end,
    struct made *out)
{
	struct spans in = { 0 }, made = { 0 };
	struct err e;
	size_t i;
	uint32_t k;

	out->n = 0;
	spans_add(&in,
	    (struct span){
		.at = 1000, .n = n, .flags = SPAN_BEGINS | SPAN_ENDS },
	    &e);
	if (objective_apply(o, &specials, key, end, &in, &made, &e) < 0)
		return;
	for (i = 0; i < made.n; i++)
		for (k = 0; k < made.v[i].n; k++, out->n++) {
			out->v[out->n] = made.v[i].flags & SPAN_TOKEN
					     ? made.v[i].token
					     : (uint32_t)made.v[i].at + k;
			out->given[out->n] = !!(made.v[i].flags & SPAN_GIVEN);
			out->both[out->n] = !!(made.v[i].flags & SPAN_TWO_WAY);
		}
	spans_free(&in);
	spans_free(&made);
}

/* Tokens from column c on that follow each other. */
static uint32_t
run_at(const struct made *x, uint32_t c)
{
	uint32_t n = 0;

	while (c + n < x->n && x->v[c + n] < SPECIALS &&
	       (n == 0 || x->v[c + n] == x->v[c + n - 1] + 1))
		n++;
	return n;
}

static void
test_fim(void)
{
	struct recipe_objective o = {
		.task = TASK_FIM, .rate = { 1, 2 }, .spm = { 1, 4 }
	};
	uint64_t changed = 0, large = 0, spm = 0, bad = 0, key, end;
	uint32_t p, s, m, n;
	struct made x;

	for (key = 0; key < 20000; key++) {
		n = 8 + (uint32_t)draw(100);
		end = draw(2);
		make(&o, n, mix64(key), end ? END : -1, &x);
		if (x.v[0] == 1000) {
			bad += x.n != n || run_at(&x, 0) != n;
			continue;
		}
		changed++;
		/* Without a prefix both orders are the same: rare in these. */
		large += n > 60;
		bad += x.n != n + 3 || x.v[0] != SPECIALS;
		if (end)
			bad += x.v[x.n - 1] != 1000 + n - 1;
		if (x.v[1] == SPECIALS + 1) { /* <P><S>s<M>pm */
			s = run_at(&x, 2);
			bad += x.v[2 + s] != SPECIALS + 2;
			m = run_at(&x, 3 + s);
			/* prefix and middle are one run, the end another */
			bad += m && x.v[3 + s] != 1000 && x.v[3 + s] != 999 + n;
			bad += s && x.v[1 + s] != 999 + n - (uint32_t)end;
			spm += n > 60;
			continue;
		}
		p = run_at(&x, 1);
		bad += x.v[1 + p] != SPECIALS + 1;
		bad += p && x.v[1] != 1000;
		s = run_at(&x, 2 + p);
		bad += x.v[2 + p + s] != SPECIALS + 2;
		bad += s && x.v[1 + p + s] != 999 + n - (uint32_t)end;
		m = n - p - s - (uint32_t)end;
		bad += m && x.v[3 + p + s] != 1000 + p;
	}
	OK(bad == 0, "fill in the middle: each token is there, in order");
	OK(changed > 9700 && changed < 10300 && spm * 100 > large * 24 &&
		spm * 100 < large * 29,
	    "of 20000, %llu are changed; of %llu large ones %llu have the "
	    "suffix first",
	    (unsigned long long)changed, (unsigned long long)large,
	    (unsigned long long)spm);
	make(&o, 7, 1, -1, &x);
	OK(x.n == 7, "a short document stays");
}

static void
test_prefix(void)
{
	struct recipe_objective o = { .task = TASK_PREFIX };
	uint64_t bad = 0, sum = 0, key;
	struct made x;
	uint32_t i, p;

	for (key = 0; key < 2000; key++) {
		make(&o, 101, mix64(key), END, &x);
		for (p = 0; p < x.n && x.given[p]; p++)
			bad += !x.both[p];
		for (i = p; i < x.n; i++)
			bad += x.given[i] || x.both[i];
		bad += x.n != 101 || run_at(&x, 0) != 101 || p == 0 || p > 100;
		sum += p;
	}
	OK(bad == 0 && sum > 2000 * 48 && sum < 2000 * 53,
	    "a prefix of any length, %.1f of 101 in the mean",
	    (double)sum / 2000);
}

/* Put the spans back where their tokens stand. */
static uint64_t
put_back(const struct made *x, uint32_t at, uint32_t room, uint32_t *noise,
    uint32_t *spans)
{
	uint32_t next = 1000, target, c = at, i, n;

	for (target = at; target < x->n && x->given[target]; target++)
		if (!x->both[target])
			return 1;
	*noise = *spans = 0;
	for (i = target; c < target || i < x->n; ++*spans) {
		n = run_at(x, c); /* given text, then a token for the span */
		if (n == 0 || x->v[c] != next || c + n >= target)
			return 2;
		next += n;
		c += n;
		if (x->v[c] != SPECIALS + 10 + *spans || x->v[i] != x->v[c] ||
		    x->given[i])
			return 3;
		c++;
		n = run_at(x, ++i);
		if (n == 0 || x->v[i] != next)
			return 4;
		next += n;
		i += n;
		*noise += n;
	}
	return x->n > room || x->n + 4 < room ? 5 : 0;
}

static void
test_spans(void)
{
	struct recipe_objective o = {
		.task = TASK_SPANS, .noise = { 3, 20 }, .mean = { 3, 1 }
	};
	uint64_t bad = 0, key, all = 0, taken = 0, count = 0;
	uint32_t noise, spans, n;
	struct made x;

	for (key = 0; key < 2000; key++) {
		n = 8 + (uint32_t)draw(1000);
		make(&o, n, mix64(key), END, &x);
		bad += put_back(&x, 0, n, &noise, &spans) != 0;
		all += n;
		taken += noise;
		count += spans;
	}
	OK(bad == 0, "spans go back into their places");
	OK(taken * 100 > all * 12 && taken * 100 < all * 15 &&
		taken > count * 29 / 10 && taken < count * 31 / 10,
	    "%.1f %% of the room are noise, %.2f tokens a span",
	    100 * (double)taken / (double)all, (double)taken / (double)count);
}

static void
test_ul2(void)
{
	struct recipe_objective o = { .task = TASK_UL2 };
	uint64_t bad = 0, key, modes[3] = { 0 }, suffix = 0;
	uint32_t noise, spans, n, p;
	struct made x;

	for (key = 0; key < 7000; key++) {
		n = 401;
		make(&o, n, mix64(key), END, &x);
		bad += x.v[0] < SPECIALS + 3 || x.v[0] > SPECIALS + 5 ||
		       !x.given[0];
		modes[(x.v[0] - SPECIALS - 3) % 3]++;
		if (x.v[0] != SPECIALS + 4) {
			bad += put_back(&x, 1, n, &noise, &spans) != 0;
			continue;
		}
		for (p = 1; p < x.n && x.given[p]; p++)
			;
		bad += x.n != n || run_at(&x, 1) != n - 1;
		suffix += x.n - p;
	}
	OK(bad == 0, "UL2: what every denoiser makes can be undone");
	OK(modes[0] > 1900 && modes[0] < 2100 && modes[1] > 920 &&
		modes[1] < 1080 && modes[2] > 3900 && modes[2] < 4100,
	    "UL2: R %llu, S %llu, X %llu of 7000", (unsigned long long)modes[0],
	    (unsigned long long)modes[1], (unsigned long long)modes[2]);
	OK(suffix > modes[1] * 95 && suffix < modes[1] * 106,
	    "UL2: the targets of S are %.1f of 400 in the mean",
	    (double)suffix / (double)modes[1]);
}

/* What rows of objectives tell: bounds that hold for attention. */
static void
test_marks(void)
{
	uint64_t bad = 0, step, both = 0, masked = 0;
	struct row_source rows;
	struct step_info s;
	struct mix *m;
	struct row r;
	struct err e;
	uint32_t i, t;

	if (!OK(load(&m,
		    "%mix 1\nbatch 2K\n"
		    "special spans 199900..199000\n"
		    "source a s* objective=ul2\n"
		    "source b s* pack=fit objective=prefix\n"
		    "source c s*\n"
		    "phase p 100K seq=128 a:50 b:40 c:rest\n"
		    "phase q 10K seq=128 objective=causal a:50 b:40 c:rest\n",
		    &e) == 0,
		"objectives loaded %s", e.msg))
		return;
	mix_rows(m, &rows);
	OK(rows.masked && rows.two_way, "the source says what its rows have");
	for (step = 0; step < rows.steps; step++) {
		rows.step(rows.ctx, step, &s, &e);
		for (i = 0; i < s.rows; i++) {
			bad += read_one(&rows, step, i, &r, &e) < 0;
			for (t = 0; t < s.seq; t++) {
				bad += r.first[t] > (int32_t)t ||
				       r.last[t] < (int32_t)t ||
				       r.last[t] >= (int32_t)s.seq;
				bad += t && (r.first[t] < r.first[t - 1] ||
						r.last[t] < r.last[t - 1]);
				bad += r.first[r.last[t]] != r.first[t];
				both += r.last[t] != (int32_t)t;
				masked += !r.loss[t];
				bad += s.phase == 1 && r.last[t] != (int32_t)t;
				bad += r.info.source == 2 && !r.loss[t];
			}
		}
	}
	OK(bad == 0 && both > 20000 && masked > 20000,
	    "no token sees out of its document, bounds never fall "
	    "(%llu see ahead, %llu are given)",
	    (unsigned long long)both, (unsigned long long)masked);
	mix_close(m);
}

static void
test_vocabulary(void)
{
	struct mix *m;
	struct err e;

	OK(load(&m,
	       "%mix 1\nspecial fim 1 2 200000\nsource a s*\nphase p 9K a\n",
	       &e) == ERR_CHECK &&
		strstr(e.msg, "r.mix:2: token 200000 is not in the shards'"),
	    "%s", e.msg);
}

int
main(void)
{
	struct err e = { 0 };
	char command[300];
	struct mix *m = NULL;
	int rc = mkdtemp(dir) ? make_shards(&e) : -1;

	if (rc == 0)
		rc = load(&m, "%mix 1\nsource a s*\nphase p 9K a\n", &e);
	OK(rc == 0, "set-up, %llu tokens %s", (unsigned long long)tokens,
	    e.msg);
	if (rc == 0) {
		test_pack(mix_source(m, 0));
		test_runs();
		test_marks();
		test_vocabulary();
	}
	mix_close(m);
	test_fim();
	test_prefix();
	test_spans();
	test_ul2();
	snprintf(command, sizeof(command), "rm -r '%s'", dir);
	return system(command) | tap_end();
}
