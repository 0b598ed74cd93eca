/* SPDX-License-Identifier: MIT */
/*
 * From documents to rows with a codec of bytes: the rows hold the tokens that
 * the plan says, any layout of ranks gives the same stream, threads agree, and
 * places lead to documents and back.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "base/hash.h"
#include "io/docs.h"
#include "io/stream.h"
#include "io/textcodec.h"
#include "mix/emit.h"
#include "mix/encode.h"
#include "mix/loader.h"
#include "mix/mix.h"
#include "quern.h"
#include "tap.h"

static char dir[] = "/tmp/quern-mix-XXXXXX";
static uint64_t state = 3;

static uint64_t
draw(uint64_t n)
{
	return mix64(state += 0x9e3779b97f4a7c15u) % n;
}

static const char *
in_dir(const char *name)
{
	static char path[8][256];
	static int i;

	i = (i + 1) % 8;
	snprintf(path[i], sizeof(path[i]), "%s/%s", dir, name);
	return path[i];
}

/* Every byte is an id; 256 ends a text. */
static int
encode_bytes(
    void *ctx, void *scratch, struct str text, struct ids *ids, struct err *e)
{
	size_t i;

	(void)ctx;
	(void)scratch;
	if (ids_reserve(ids, text.n, e) < 0)
		return e->code;
	for (i = 0; i < text.n; i++)
		ids->v[ids->n++] = (unsigned char)text.p[i];
	return 0;
}

static void
byte_codec(struct textcodec *c, char digit)
{
	*c = (struct textcodec){
		.vocab = 257, .end_text = 256, .encode = encode_bytes
	};
	memset(c->digest, digit, 64);
}

static void
warn(struct run *r, struct str line)
{
	(void)r;
	printf("# %.*s\n", (int)line.n, line.p);
}

/* Documents of random length; each letter depends on name, doc and place. */
static int
write_docs(const char *path, const char *name, int docs, struct err *e)
{
	struct buf b = { 0 };
	int i, k, n, rc;

	for (i = 0; i < docs; i++) {
		buf_printf(&b, "{\"id\":\"%s-%d\",\"text\":\"", name, i);
		for (k = 0, n = (int)draw(90); k < n; k++)
			buf_putc(&b, (char)('a' + draw(26)));
		buf_printf(
		    &b, "\",\"metadata\":{\"url\":\"u:%s-%d\"}}\n", name, i);
	}
	rc = out_whole(path, b.p, b.n, e);
	buf_free(&b);
	return rc;
}

static int
make_shard(const char *docs, const char *prefix, int threads, bool eod,
    char digit, struct tally *t, struct err *e)
{
	static const struct opt_cmd cmd = { .name = "test" };
	char *arg = strdup(docs);
	struct encode_options o = { .eod = eod };
	struct textcodec codec;
	struct opt_common opt;
	struct docs in;
	struct run r;
	int rc;

	byte_codec(&codec, digit);
	opt_common_init(&opt);
	opt.threads = threads;
	opt.quiet = true;
	rc = docs_open(&in, &arg, 1, &opt, e);
	if (rc == 0)
		rc = run_open(&r, &cmd, &opt, true, warn, e);
	if (rc == 0) {
		rc = encode_shard(&in, &codec, &o, prefix, &r, e);
		if (t)
			*t = r.tally;
		if (rc == 0)
			rc = run_close(&r, e);
		else
			run_abort(&r);
	}
	docs_close(&in);
	free(arg);
	return rc;
}

static bool
same_files(const char *a, const char *b)
{
	char command[700];

	snprintf(command, sizeof(command), "cmp -s '%s' '%s'", a, b);
	return system(command) == 0;
}

static void
test_encode(void)
{
	struct err e = { 0 };
	struct tally t = { 0 };
	struct shard s;
	int rc;

	rc = write_docs(in_dir("a.jsonl"), "a", 3000, &e);
	if (rc == 0)
		rc = make_shard(
		    in_dir("a.jsonl"), in_dir("a"), 1, true, 'a', &t, &e);
	OK(rc == 0 && t.in == 3000 && t.kept + t.dropped == 3000 &&
		t.dropped > 0 && strcmp(t.drops[0].rule, "empty") == 0,
	    "documents become a shard; %llu are empty %s",
	    (unsigned long long)t.dropped, e.msg);
	rc = make_shard(in_dir("a.jsonl"), in_dir("a7"), 7, true, 'a', &t, &e);
	OK(rc == 0 && same_files(in_dir("a.bin"), in_dir("a7.bin")) &&
		same_files(in_dir("a.idx"), in_dir("a7.idx")) &&
		same_files(in_dir("a.docs"), in_dir("a7.docs")),
	    "the same with 7 threads");
	rc = shard_open(&s, in_dir("a.idx"), &e);
	OK(rc == 0 && s.docs == t.kept && s.tokens == t.text_out + t.kept &&
		s.head.end_text == 256 && shard_verify(&s, &e) == 0,
	    "it holds every byte and an end a document");
	if (rc == 0)
		shard_close(&s);
	rc = make_shard(
	    in_dir("a.jsonl"), in_dir("plain"), 2, false, 'a', &t, &e);
	if (rc == 0)
		rc = shard_open(&s, in_dir("plain"), &e);
	OK(rc == 0 && s.tokens == t.text_out && s.head.end_text == -1,
	    "and without ends only the bytes");
	if (rc == 0)
		shard_close(&s);
}

static int
write_recipe(const char *name, const char *text)
{
	struct err e;

	return out_whole(in_dir(name), text, strlen(text), &e);
}

static const char recipe[] = "%mix 1\n"
			     "seed 5\n"
			     "batch 0:300 ~20K:900 45K:500\n"
			     "source a a\n"
			     "source b shards/b*\n"
			     "phase one 30K seq=32 a:75.5 b:rest\n"
			     "phase two 20K seq=128 b:60 a:40\n"
			     "phase three 10K seq=16 b\n";

/* Shares, lengths and batches that change. */
static const char changes[] = "%mix 1\n"
			      "seed 6\n"
			      "batch 0:300 ~20K:900\n"
			      "source a a\n"
			      "source b shards/b*\n"
			      "phase one 10K seq=16->64 a -> b:80,a:20\n"
			      "phase two 15K seq=32 b:epochs=0.5 a:rest\n"
			      "phase three 10K seq=64 a:10 b:90 -> a\n";

/* Rows that are made: packed, and changed by objectives. */
static const char made[] = "%mix 1\n"
			   "seed 7\n"
			   "batch 700\n"
			   "special fim 1 2 3\n"
			   "special spans 200..250\n"
			   "source a shards/b* pack=fit:64\n"
			   "source b shards/b1 objective=fim:0.7\n"
			   "source c shards/b0 pack=document\n"
			   "phase one 15K seq=16->64 a:60 b:30 c:10\n"
			   "phase two 10K seq=48 objective=ul2 a:60 b:rest\n"
			   "phase three 9K seq=32 a:60 b:epochs=0.3 c:rest\n";

static void
set_up(void)
{
	struct err e = { 0 };
	char name[32];
	int i, rc;

	rc = mkdtemp(dir) ? mkdir(in_dir("shards"), 0777) : -1;
	for (i = 0; rc == 0 && i < 3; i++) {
		snprintf(name, sizeof(name), "shards/b%d", i);
		if (rc == 0)
			rc = write_docs(in_dir("b.jsonl"), name, 100, &e);
		if (rc == 0)
			rc = make_shard(in_dir("b.jsonl"), in_dir(name), 2,
			    true, 'a', NULL, &e);
	}
	OK(rc == 0 && write_recipe("run.mix", recipe) == 0 &&
		write_recipe("changes.mix", changes) == 0 &&
		write_recipe("made.mix", made) == 0,
	    "set-up %s", e.msg);
}

/* Each row against the plan and the source itself. */
static void
test_rows(void)
{
	uint32_t tokens[129], want[129], j, n = 0;
	const struct plan_phase *ph;
	struct row_source rows;
	struct step_info s;
	struct row_info info;
	struct rows got = { .tokens = tokens, .info = &info };
	uint64_t step, taken[2][3] = { { 0 } }, bad = 0, r = 0;
	struct plan_row at;
	struct mix *m;
	struct err e = { 0 };

	if (!OK(mix_load(&m, in_dir("run.mix"), &e) == 0, "the recipe %s",
		e.msg))
		return;
	mix_rows(m, &rows);
	OK(mix_source(m, 1)->n == 3 && rows.vocab == 257 &&
		rows.max_seq == 128 && mix_plan(m)->nproblem == 0,
	    "its shards");
	for (step = 0; step < rows.steps; step++) {
		bad += rows.step(rows.ctx, step, &s, &e) < 0;
		bad += s.tokens_before != r;
		ph = &mix_plan(m)->phases[s.phase];
		for (n = 0; n < s.rows; n++) {
			bad += rows.read(rows.ctx, step, n, 1, &got, &e) < 0;
			for (j = 0; ph->shares[j].source != info.source; j++)
				;
			at = plan_row(
			    mix_plan(m), ph, j, taken[info.source][s.phase]++);
			source_read(mix_source(m, info.source), at.token,
			    s.seq + 1, want, &e);
			bad += memcmp(tokens, want, 4 * (s.seq + 1)) != 0;
			r += s.seq;
		}
	}
	OK(bad == 0 && r == mix_plan(m)->tokens,
	    "every row is its source's next, as planned");
	for (j = 0; j < 3; j++)
		for (n = 0; n < mix_plan(m)->phases[j].blend.k; n++)
			bad +=
			    taken[mix_plan(m)->phases[j].shares[n].source][j] !=
			    mix_plan(m)->phases[j].shares[n].rows;
	OK(bad == 0, "each source has the rows that the plan gives it");
	OK(rows.step(rows.ctx, rows.steps, &s, &e) == ERR_ARG, "%s", e.msg);
	OK(rows.read(rows.ctx, 0, 15, 2, &got, &e) == ERR_ARG, "%s", e.msg);
	mix_close(m);
}

static const char *const names[] = { "a", "b" };

static int
stream(const struct row_source *rows, const struct layout *l, char **p,
    size_t *n, struct err *e)
{
	struct out *out;
	uint64_t count;

	if (layout_check(l, rows, e) < 0 ||
	    out_open(&out, in_dir("rows"), e) < 0 ||
	    emit_rows(rows, l, names, out, &count, e) < 0 ||
	    out_commit(out, e) < 0)
		return e->code;
	return in_slurp(in_dir("rows"), p, n, e);
}

/* Put what the ranks got back in order and compare with the whole. */
static bool
same_stream(const struct row_source *rows, uint32_t world, uint32_t micro,
    uint64_t cut, const char *whole, size_t size)
{
	struct layout l = { .world = world, .micro = micro };
	char **part = calloc(world, sizeof(*part)), *again = malloc(size);
	size_t *at = calloc(world, sizeof(*at)), n, width, done = 0;
	struct step_info s;
	struct err e;
	uint32_t m, rank;
	uint64_t step;
	bool ok = true;

	for (l.from = 0; ok && l.from < rows->steps; l.from = l.to) {
		l.to = l.from + cut < rows->steps ? l.from + cut : rows->steps;
		memset(at, 0, world * sizeof(*at));
		for (l.rank = 0; l.rank < world; l.rank++)
			ok &= stream(rows, &l, &part[l.rank], &n, &e) == 0;
		for (step = l.from; step < l.to; step++) {
			rows->step(rows->ctx, step, &s, &e);
			width = 4 * ((size_t)s.seq + 1);
			for (m = 0; m * micro < s.rows; m++) {
				rank = m % world;
				n = s.rows - m * micro < micro
					? s.rows - m * micro
					: micro;
				memcpy(again + done, part[rank] + at[rank],
				    n * width);
				at[rank] += n * width;
				done += n * width;
			}
		}
		for (rank = 0; rank < world; rank++)
			free(part[rank]);
	}
	ok = ok && done == size && memcmp(again, whole, size) == 0;
	free(part);
	free(at);
	free(again);
	return ok;
}

/* A rank's rows of a step, in micro-batches, to where they are in the whole. */
static int
read_rank(const struct row_source *rows, uint64_t step, uint32_t world,
    uint32_t rank, uint32_t micro, uint32_t *to, struct err *e)
{
	struct rows got = { 0 };
	struct step_info s;
	uint32_t m, n, first;

	if (rows->step(rows->ctx, step, &s, e) < 0)
		return e->code;
	for (m = rank; (uint64_t)m * micro < s.rows; m += world) {
		first = m * micro;
		n = s.rows - first < micro ? s.rows - first : micro;
		got.tokens = to + (size_t)first * (s.seq + 1);
		if (rows->read(rows->ctx, step, first, n, &got, e) < 0)
			return e->code;
	}
	return 0;
}

/* A thread that reads for some of the ranks. */
struct reads {
	const struct row_source *rows;
	uint32_t world, micro, rank, threads;
	uint64_t from;
	const size_t *at;
	uint32_t *to;
	bool failed;
};

static void *
read_ranks(void *arg)
{
	struct reads *x = arg;
	uint64_t i, step;
	struct err e;

	for (; x->rank < x->world; x->rank += x->threads)
		for (i = 0; i < x->rows->steps; i++) {
			step = (i + x->from) % x->rows->steps;
			x->failed |= read_rank(x->rows, step, x->world, x->rank,
					 x->micro, x->to + x->at[step], &e) < 0;
		}
	return NULL;
}

/* Ranks read the steps, from a random one on and then those before it. */
static bool
same_reads(const struct row_source *rows, const char *whole, size_t size)
{
	struct reads x[4], all = { .rows = rows };
	uint32_t *again = calloc(1, size), t;
	size_t *at = calloc(rows->steps + 1, sizeof(*at));
	struct step_info s;
	pthread_t tid[4];
	struct err e;
	bool ok = true;
	uint64_t i;

	all.world = 1 + (uint32_t)draw(17);
	all.micro = 1 + (uint32_t)draw(40);
	all.threads = 1 + (uint32_t)draw(4);
	all.from = draw(rows->steps);
	all.at = at;
	all.to = again;
	for (i = 0; i < rows->steps; i++) {
		rows->step(rows->ctx, i, &s, &e);
		at[i + 1] = at[i] + (size_t)s.rows * (s.seq + 1);
	}
	for (t = 0; t < all.threads; t++) {
		x[t] = all;
		x[t].rank = t;
		pthread_create(&tid[t], NULL, read_ranks, &x[t]);
	}
	for (t = 0; t < all.threads; t++) {
		pthread_join(tid[t], NULL);
		ok &= !x[t].failed;
	}
	ok = ok && at[rows->steps] * 4 == size && !memcmp(again, whole, size);
	free(again);
	free(at);
	return ok;
}

static void
test_layouts(const char *name)
{
	struct layout l = { .world = 1, .micro = 1 };
	struct row_source rows;
	struct err e = { 0 };
	uint32_t world, micro;
	uint64_t cut;
	size_t size;
	char *whole;
	int i, bad = 0;

	if (!OK(mix_open(&rows, in_dir(name), &e) == 0, "opened %s", e.msg))
		return;
	l.to = rows.steps;
	if (stream(&rows, &l, &whole, &size, &e) < 0)
		return;
	for (i = 0; i < 16; i++) {
		world = 1 + (uint32_t)draw(9);
		micro = 1 + (uint32_t)draw(20);
		cut = i % 2 ? rows.steps : 1 + rows.steps / 2 + draw(40);
		if (!same_stream(&rows, world, micro, cut, whole, size)) {
			printf("# world %u, micro-batch %u, %llu steps\n",
			    world, micro, (unsigned long long)cut);
			bad++;
		}
	}
	OK(bad == 0, "%s: 16 random layouts and restarts give one stream",
	    name);
	for (i = 0, bad = 0; i < 200; i++)
		bad += !same_reads(&rows, whole, size);
	OK(bad == 0,
	    "%s: 200 random layouts of ranks, micro-batches, threads and "
	    "restarts have one digest, %016llx",
	    name, (unsigned long long)hash64(whole, size, 0));
	free(whole);
	rows.close(rows.ctx);
}

struct reader {
	const struct row_source *rows;
	uint64_t digest;
	int rc;
};

/* Everything, in an order of its own. */
static void *
read_all(void *arg)
{
	struct reader *x = arg;
	uint32_t tokens[129 * 32];
	const struct rows got = { .tokens = tokens };
	uint64_t i, step, n = x->rows->steps;
	struct step_info s;
	struct err e;

	for (i = 0; i < n; i++) {
		step = (i * 7 + (uint64_t)(uintptr_t)arg) % n;
		if (x->rows->step(x->rows->ctx, step, &s, &e) < 0 ||
		    x->rows->read(x->rows->ctx, step, 0, s.rows, &got, &e) < 0)
			x->rc = -1;
		x->digest +=
		    hash64(tokens, 4 * (size_t)s.rows * (s.seq + 1), step);
	}
	return NULL;
}

static void
test_threads(void)
{
	struct row_source rows;
	struct reader x[4];
	pthread_t tid[4];
	struct err e;
	int i, bad = 0;

	if (mix_open(&rows, in_dir("run.mix"), &e) < 0)
		return;
	OK(rows.steps % 7 != 0, "all steps are read");
	for (i = 0; i < 4; i++) {
		x[i] = (struct reader){ .rows = &rows };
		pthread_create(&tid[i], NULL, read_all, &x[i]);
	}
	for (i = 0; i < 4; i++) {
		pthread_join(tid[i], NULL);
		bad += x[i].rc < 0 || x[i].digest != x[0].digest;
	}
	OK(bad == 0, "4 threads read the same rows");
	rows.close(rows.ctx);
}

/* A request, answered by both. */
static bool
same_answer(const struct row_source *a, const struct row_source *b,
    uint64_t step, uint32_t first, uint32_t n)
{
	static uint32_t tokens[2][129 * 64];
	static int32_t bounds[4][128 * 64];
	static uint8_t loss[2][128 * 64];
	struct rows x = { .tokens = tokens[0],
		.first = bounds[0],
		.last = bounds[1],
		.loss = loss[0] };
	struct rows y = { .tokens = tokens[1],
		.first = bounds[2],
		.last = bounds[3],
		.loss = loss[1] };
	struct step_info s;
	struct err e;
	size_t in;

	if (a->step(a->ctx, step, &s, &e) < 0)
		return false;
	in = (size_t)n * s.seq;
	return a->read(a->ctx, step, first, n, &x, &e) ==
		   b->read(b->ctx, step, first, n, &y, &e) &&
	       memcmp(x.tokens, y.tokens, 4 * (in + n)) == 0 &&
	       memcmp(x.first, y.first, 4 * in) == 0 &&
	       memcmp(x.last, y.last, 4 * in) == 0 &&
	       memcmp(x.loss, y.loss, in) == 0;
}

/* All rows of steps from .. to - 1 by `micro`; a few requests out of order. */
static uint64_t
compare_reads(const struct row_source *a, const struct row_source *b,
    uint64_t from, uint64_t to, uint32_t micro, bool jumps)
{
	uint64_t step, bad = 0;
	struct step_info s;
	uint32_t at, n;
	struct err e;

	for (step = from; step < to; step++) {
		a->step(a->ctx, step, &s, &e);
		for (at = 0; at < s.rows; at += n) {
			n = s.rows - at < micro ? s.rows - at : micro;
			bad += !same_answer(a, b, step, at, n);
			if (jumps && draw(9) == 0)
				bad += !same_answer(a, b, draw(a->steps), 0, 1);
		}
	}
	return bad;
}

static void
test_loader(const char *name)
{
	struct row_source plain, in, ahead;
	uint64_t bad = 0, i;
	struct err e = { 0 };
	struct rows r = { 0 };

	if (!OK(mix_open(&plain, in_dir(name), &e) == 0 &&
		    mix_open(&in, in_dir(name), &e) == 0 &&
		    loader_open(&ahead, &in, 3, 0, 1, &e) == 0,
		"%s read ahead %s", name, e.msg))
		return;
	bad += compare_reads(&plain, &ahead, 0, plain.steps, 7, false);
	bad += compare_reads(&plain, &ahead, 3, plain.steps, 64, false);
	bad += compare_reads(&plain, &ahead, 0, plain.steps / 2, 5, true);
	for (i = 0; i < 20; i++) /* only some arrays, and restarts */
		bad += compare_reads(&plain, &ahead, draw(plain.steps),
		    plain.steps, 1 + (uint32_t)draw(20), i % 2);
	OK(bad == 0, "%s: the same rows, in any order", name);
	OK(ahead.read(ahead.ctx, ahead.steps, 0, 1, &r, &e) == ERR_ARG, "%s",
	    e.msg);
	ahead.close(ahead.ctx);
	plain.close(plain.ctx);
}

/* Rows that the source itself is asked for. */
static struct row_source counted;
static uint64_t reads;

static int
read_counted(void *ctx, uint64_t step, uint32_t first, uint32_t n,
    const struct rows *out, struct err *e)
{
	__atomic_add_fetch(&reads, 1, __ATOMIC_RELAXED);
	return counted.read(ctx, step, first, n, out, e);
}

/* A rank among others reads its micro-batches, and nothing else is read. */
static void
test_loader_rank(const char *name, uint32_t rank, uint32_t ranks)
{
	static uint32_t got[129 * 8], want[129 * 8];
	const struct rows out = { .tokens = got }, plain = { .tokens = want };
	const uint32_t micro = 3;
	struct row_source ahead, in;
	struct step_info s;
	struct err e = { 0 };
	uint64_t step, asked = 0, bad = 0;
	uint32_t at, n;

	if (!OK(mix_open(&counted, in_dir(name), &e) == 0, "%s %s", name,
		e.msg))
		return;
	in = counted;
	in.read = read_counted;
	reads = 0;
	loader_open(&ahead, &in, 3, rank, ranks, &e);
	for (step = 0; step < counted.steps; step++) {
		counted.step(counted.ctx, step, &s, &e);
		for (at = rank * micro; at < s.rows; at += ranks * micro) {
			n = s.rows - at < micro ? s.rows - at : micro;
			asked++;
			ahead.read(ahead.ctx, step, at, n, &out, &e);
			counted.read(counted.ctx, step, at, n, &plain, &e);
			bad +=
			    memcmp(got, want, 4 * (size_t)n * (s.seq + 1)) != 0;
		}
	}
	ahead.close(ahead.ctx);
	/* Begun anew at most when a first request was a short one. */
	OK(bad == 0 && asked > 10 && reads <= asked + 4,
	    "%s: rank %u of %u: %llu micro-batches by %llu reads", name, rank,
	    ranks, (unsigned long long)asked, (unsigned long long)reads);
}

/* The public face: the same rows, and why not. */
static void
test_api(const char *name, uint32_t ahead)
{
	static uint32_t tokens[2][129 * 64], source[64];
	struct rows want = { .tokens = tokens[0] };
	struct quern_rows got = { .tokens = tokens[1], .source = source };
	struct row_info info[64];
	struct quern_stream *s;
	struct quern_step step;
	struct row_source rows;
	char why[256] = "";
	struct err e = { 0 };
	uint64_t i, bad = 0;
	uint32_t j;

	want.info = info;
	s = quern_open(in_dir(name), ahead, why, sizeof(why));
	if (!OK(s && mix_open(&rows, in_dir(name), &e) == 0, "%s: API %s %s",
		name, why, e.msg))
		return;
	bad += quern_steps(s) != rows.steps || quern_vocab(s) != rows.vocab ||
	       strcmp(quern_digest(s), rows.digest) != 0 ||
	       quern_max_rows(s) != rows.max_rows ||
	       quern_max_seq(s) != rows.max_seq || quern_api() < QUERN_API ||
	       strcmp(quern_source(s, 1), "b") != 0 || quern_source(s, 9);
	for (i = 0; i < rows.steps; i++) {
		bad += quern_step(s, i, &step, why, sizeof(why)) < 0;
		bad += quern_read(s, i, 0, step.rows, &got, NULL, 0) < 0;
		rows.read(rows.ctx, i, 0, step.rows, &want, &e);
		bad += memcmp(tokens[0], tokens[1],
			   4 * (size_t)step.rows * (step.seq + 1)) != 0;
		for (j = 0; j < step.rows; j++)
			bad += source[j] != info[j].source;
	}
	OK(bad == 0, "%s: the public API has the same rows", name);
	OK(quern_read(s, i, 0, 1, &got, why, sizeof(why)) == -1 && *why, "%s",
	    why);
	quern_close(s);
	rows.close(rows.ctx);
	OK(!quern_open(in_dir("nothing.mix"), 0, why, 9) && strlen(why) == 8,
	    "a reason that is cut off: %s", why);
}

/* All pieces of all rows, as seen from one document. */
struct trace {
	struct mix *m;
	const char *id;
	uint64_t step;
	uint32_t row;
	uint64_t by_at, by_seen, places, bad;
	uint32_t seq;
	bool marks;
	uint32_t tokens[129];
	int32_t first[128], last[128];
	uint8_t loss[128];
};

static uint64_t
place_hash(uint64_t step, uint32_t row, uint32_t column, uint64_t token,
    uint64_t epoch)
{
	uint64_t v[5] = { step, row, column, token, epoch };

	return hash64(v, sizeof(v), 0);
}

static int
take_piece(void *ctx, const struct mix_piece *p, struct err *e)
{
	struct trace *t = ctx;
	uint64_t first, n, i;
	uint32_t v[129];

	if (shard_doc_range(p->shard, p->document, &first, &n, e) < 0 ||
	    shard_read(p->shard, first + p->token, p->n, v, e) < 0)
		return e->code;
	t->bad += memcmp(v, t->tokens + p->column, 4 * p->n) != 0;
	for (i = p->column; t->marks && i < p->column + p->n && i < t->seq; i++)
		t->bad += t->first[i] != (int32_t)p->column ||
			  t->last[i] != (int32_t)i || t->loss[i] != 1;
	for (i = 0; i < p->n && str_eq(p->doc.id, str_c(t->id)); i++)
		if (p->column + i < t->seq)
			t->by_at += place_hash(t->step, t->row,
			    p->column + (uint32_t)i, p->token + i, p->epoch);
	return 0;
}

static int
take_place(void *ctx, const struct mix_place *p, struct err *e)
{
	struct trace *t = ctx;
	uint32_t i;

	(void)e;
	t->places++;
	for (i = 0; i < p->n; i++)
		t->by_seen += place_hash(
		    p->step, p->row, p->column + i, p->token + i, p->epoch);
	return 0;
}

/* marks: rows say where their documents are, and nothing else. */
static void
test_trace(const char *name, const char *id, uint64_t want, bool marks)
{
	struct trace t = { .id = id, .marks = marks };
	struct row_source rows;
	struct step_info s;
	uint64_t documents;
	struct err e = { 0 };
	char url[64];
	int rc = 0;

	if (!OK(mix_load(&t.m, in_dir(name), &e) == 0, "%s %s", name, e.msg))
		return;
	mix_rows(t.m, &rows);
	for (t.step = 0; rc == 0 && t.step < rows.steps; t.step++) {
		rows.step(rows.ctx, t.step, &s, &e);
		t.seq = s.seq;
		for (t.row = 0; rc == 0 && t.row < s.rows; t.row++) {
			rc = rows.read(rows.ctx, t.step, t.row, 1,
			    &(struct rows){ .tokens = t.tokens,
				.first = t.first,
				.last = t.last,
				.loss = t.loss },
			    &e);
			if (rc == 0)
				rc = mix_at(t.m, t.step, t.row, 0, s.seq + 1,
				    take_piece, &t, &e);
		}
	}
	OK(rc == 0 && t.bad == 0,
	    "every piece of a row is its document's, and marked %s", e.msg);
	rc = mix_seen(t.m, str_c(t.id), take_place, &t, &documents, &e);
	OK(rc == 0 && documents == want && t.places > 1 && t.by_seen == t.by_at,
	    "a document is seen where the rows say so, %llu times",
	    (unsigned long long)t.places);
	t.places = 0;
	snprintf(url, sizeof(url), "u:%s", id);
	mix_seen(t.m, str_c(url), take_place, &t, &documents, &e);
	OK(documents == want && t.places > 1 && t.by_seen == 2 * t.by_at,
	    "also by its URL");
	mix_seen(t.m, STR("nobody"), take_place, &t, &documents, &e);
	OK(documents == 0, "one that isn't there is nowhere");
	OK(mix_at(t.m, 0, 0, 129, 1, take_piece, &t, &e) == ERR_ARG, "%s",
	    e.msg);
	mix_close(t.m);
}

static void
digest_of(const char *name, char hex[65])
{
	struct row_source rows;
	struct err e;

	hex[0] = '\0';
	if (mix_open(&rows, in_dir(name), &e) < 0)
		return;
	memcpy(hex, rows.digest, 65);
	rows.close(rows.ctx);
}

static void
test_digest(void)
{
	char a[65], b[65], c[65], d[65];

	write_recipe("same.mix",
	    "%mix 1 # other words\nsource a ./a.bin\n"
	    "source b shards/b?.bin\nseed 5\nbatch 0:300 ~20K:0.9K 45K:500\n"
	    "phase x 30K seq=32 a:75.5 b:24.5\n"
	    "phase y 20K seq=128 a:rest b:60\n"
	    "phase z 10K seq=16 b\n");
	write_recipe("seed.mix", "%mix 1\nseed 6\nsource a a\n"
				 "phase p 1K seq=64 a\n");
	write_recipe("seed7.mix", "%mix 1\nseed 7\nsource a a\n"
				  "phase p 1K seq=64 a\n");
	digest_of("run.mix", a);
	digest_of("same.mix", b);
	digest_of("seed.mix", c);
	digest_of("seed7.mix", d);
	OK(strlen(a) == 64 && strcmp(a, b) == 0,
	    "words and paths don't change the digest");
	OK(strlen(c) == 64 && strcmp(c, d) != 0, "the seed does");
}

static bool
is_refused(const char *name, const char *text, const char *want)
{
	struct row_source rows;
	struct err e;

	write_recipe(name, text);
	if (mix_open(&rows, in_dir(name), &e) == 0) {
		rows.close(rows.ctx);
		return false;
	}
	printf("# %s\n", e.msg);
	return e.code == ERR_CHECK && strstr(e.msg, want);
}

static void
test_refused(void)
{
	struct row_source rows;
	struct err e;

	make_shard(
	    in_dir("a.jsonl"), in_dir("foreign"), 1, true, 'f', NULL, &e);
	OK(is_refused("f1.mix",
	       "%mix 1\nsource a a\nsource f foreign\nphase p 9K a\n",
	       "f1.mix:3: source f: its shards were made by tokenizer"),
	    "a foreign shard beside ours");
	OK(is_refused("f2.mix",
	       "%mix 1\ntokenizer sha256:"
	       "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	       "aaaa\nsource f foreign\nphase p 9K f\n",
	       "the recipe asks for sha256:aaaa"),
	    "a shard foreign to the recipe");
	OK(is_refused("f3.mix", "%mix 1\nsource f [af]*.bin\nphase p 9K f\n",
	       "tokenizer"),
	    "foreign shards in one source");
	OK(is_refused("cap.mix",
	       "%mix 1\nsource a a epochs<=1\nphase p 1M seq=64 a\n",
	       "cap.mix:2: source a: the phases take"),
	    "too many epochs");
	write_recipe("none.mix", "%mix 1\nsource a nothing*\nphase p 9K a\n");
	OK(mix_open(&rows, in_dir("none.mix"), &e) == ERR_IO, "%s", e.msg);
	if (truncate(in_dir("foreign.bin"), 1000) == 0)
		OK(is_refused("cut.mix",
		       "%mix 1\nsource f foreign\nphase p 9K f\n",
		       "cut off or replaced"),
		    "a shard that shrank");
}

static void
clean_up(void)
{
	char command[300];

	snprintf(command, sizeof(command), "rm -r '%s'", dir);
	if (system(command) != 0)
		printf("# %s is left\n", dir);
}

int
main(void)
{
	set_up();
	test_encode();
	test_rows();
	test_layouts("run.mix");
	test_layouts("changes.mix");
	test_layouts("made.mix");
	test_threads();
	test_loader("run.mix");
	test_loader("made.mix");
	test_loader_rank("run.mix", 0, 1);
	test_loader_rank("run.mix", 1, 2);
	test_loader_rank("run.mix", 2, 4);
	test_api("run.mix", 0);
	test_api("made.mix", 2);
	test_trace("run.mix", "shards/b1-17", 1, true);
	test_trace("made.mix", "shards/b0-3", 2, false);
	test_trace("made.mix", "shards/b1-17", 2, false);
	test_trace("made.mix", "shards/b2-99", 1, false);
	test_digest();
	test_refused();
	clean_up();
	return tap_end();
}
