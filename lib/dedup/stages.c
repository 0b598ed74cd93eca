/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/err.h"
#include "base/path.h"
#include "dedup/index.h"
#include "dedup/key.h"
#include "dedup/minhash.h"
#include "dedup/near.h"
#include "dedup/pairs.h"
#include "dedup/recfile.h"
#include "dedup/setfiles.h"
#include "dedup/signatures.h"
#include "dedup/stages.h"
#include "io/docs.h"
#include "io/stream.h"

void
stage_options(const struct minhash_opt *opt, uint64_t seed, struct buf *out)
{
	buf_printf(out, "unit %d ngram %d bands %d rows %d seed %" PRIu64,
	    (int)opt->unit, opt->ngram, opt->bands, opt->rows, seed);
}

/*
 * The options of a file, as text:
 *
 *	unit 0 ngram 5 bands 40 rows 4 seed 0 verify 0.8 prefer longest
 *	signatures 0/4      shard of the documents
 *	buckets 0/2         part of the keys
 *	of 0123456789abcdef which signatures: of buckets and verdicts
 */
struct made_of {
	struct minhash_opt opt;
	uint64_t seed;
	struct buf line; /* the first one, with a NUL */
	struct opt_shard part;
	uint64_t of;
};

static void
put_options(const struct minhash_opt *opt, uint64_t seed, struct buf *b)
{
	stage_options(opt, seed, b);
	buf_puts(b, " verify ");
	buf_double(b, opt->verify);
	buf_printf(b, " prefer %s\n", opt->prefer ? opt->prefer : "");
}

/* The texts behind the first line. */
static void
put_part(const char *stage, const struct opt_shard *s, struct buf *b)
{
	buf_printf(b, "%s %u/%u\n", stage, s->i, s->n ? s->n : 1);
}

static int
parse_options(const struct rec_in *r, struct made_of *m, struct err *e)
{
	const char *text = r->options.p, *eol = strchr(text, '\n');
	struct minhash_opt *o = &m->opt;
	int unit;
	const char *of;

	*m = (struct made_of){ .part = { 0, 1 } };
	if (!eol ||
	    sscanf(text,
		"unit %d ngram %d bands %d rows %d seed %" SCNu64 " verify %lf",
		&unit, &o->ngram, &o->bands, &o->rows, &m->seed,
		&o->verify) != 6)
		return err_set(
		    e, ERR_FORMAT, "%s: no options in its header", r->name);
	if (unit < 0 || unit > UNIT_POINTS || unit == UNIT_JOINED)
		return err_set(e, ERR_FORMAT, "%s: no such unit", r->name);
	o->profile = "plain";
	o->unit = (enum unit)unit;
	if (minhash_check(o, e) < 0)
		return err_prefix(e, "%s", r->name);
	sscanf(eol + 1, "%*s %u/%u", &m->part.i, &m->part.n);
	of = strstr(eol, "\nof ");
	if (of)
		sscanf(of, "\nof %" SCNx64, &m->of);
	buf_put(&m->line, text, (size_t)(eol - text));
	buf_putc(&m->line, '\0');
	return buf_ok(&m->line, e);
}

/* All files that a job reads. */
struct inputs {
	struct rec_in *v;
	size_t n;
	struct made_of *made;
	struct rec_in **shards; /* signatures, by shard */
	size_t nshard;
	size_t nbucket;
	uint64_t of; /* which signatures these are */
};

static void
inputs_free(struct inputs *in)
{
	size_t i;

	for (i = 0; i < in->n; i++) {
		rec_free(&in->v[i]);
		buf_free(&in->made[i].line);
	}
	free(in->v);
	free(in->made);
	free(in->shards);
}

static int
open_inputs(struct inputs *in, const struct paths *files, struct err *e)
{
	size_t i;

	in->v = calloc(files->n + 1, sizeof(*in->v));
	in->made = calloc(files->n + 1, sizeof(*in->made));
	in->shards = calloc(files->n + 1, sizeof(struct rec_in *));
	if (!in->v || !in->made || !in->shards)
		return err_nomem(e, "files");
	for (i = 0; i < files->n; i++) {
		if (rec_open(&in->v[i], files->v[i], e) < 0)
			return e->code;
		in->n++;
		if (parse_options(&in->v[i], &in->made[i], e) < 0)
			return e->code;
		if (strcmp(in->made[i].line.p, in->made[0].line.p) != 0)
			return err_set(e, ERR_FORMAT,
			    "%s was made with other options than %s: %s; %s",
			    in->v[i].name, in->v[0].name, in->made[i].line.p,
			    in->made[0].line.p);
	}
	return 0;
}

/* The file at the place of its shard; each of n once. */
static int
place_shard(struct inputs *in, size_t i, struct err *e)
{
	const struct opt_shard *s = &in->made[i].part;

	if (in->nshard == 0)
		in->nshard = s->n;
	if (s->n != in->nshard || s->i >= s->n || s->n > in->n)
		return err_set(e, ERR_FORMAT,
		    "%s is shard %u of %u: of each shard of the documents the "
		    "signatures are needed, all made with --shard I/%u",
		    in->v[i].name, s->i, s->n, s->n);
	if (in->shards[s->i])
		return err_set(e, ERR_FORMAT,
		    "%s and %s are both of shard %u of %u", in->v[i].name,
		    in->shards[s->i]->name, s->i, s->n);
	in->shards[s->i] = &in->v[i];
	in->of += mix64(in->v[i].digest ^ mix64(s->i + 1));
	return 0;
}

static int
sort_out(struct inputs *in, struct err *e)
{
	size_t i;

	for (i = 0; i < in->n; i++)
		if (in->v[i].kind == REC_SIGNATURES &&
		    place_shard(in, i, e) < 0)
			return e->code;
	for (i = 0; i < in->nshard; i++)
		if (!in->shards[i])
			return err_set(e, ERR_FORMAT,
			    "shard %zu of %zu is missing: no file has its "
			    "signatures",
			    i, in->nshard);
	if (in->nshard == 0)
		return err_set(e, ERR_ARG, "no file of signatures is given");
	return 0;
}

static int
need_output(const struct run *r, struct err *e)
{
	if (r->opt->rejects)
		return err_set(e, ERR_ARG,
		    "--rejects: this stage drops nothing; give it to apply");
	if (!r->opt->out || strcmp(r->opt->out, "-") == 0)
		return err_set(e, ERR_ARG, "-o FILE is needed");
	return 0;
}

/* Begin the output: the options, then what stage, part and signatures. */
static int
create(struct rec_out *o, const struct run *r, enum rec_kind kind,
    struct str first_line, const char *rest, struct err *e)
{
	struct buf b = { 0 };
	int rc;

	buf_str(&b, first_line);
	buf_puts(&b, rest);
	buf_putc(&b, '\0');
	rc = buf_ok(&b, e);
	if (rc == 0)
		rc = rec_create(o, r->opt->out, kind, b.p, e);
	buf_free(&b);
	return rc;
}

static int
finish(struct rec_out *o, uint64_t digest, struct err *e)
{
	return rec_end(o, digest, e) < 0 ? e->code : rec_name(o, e);
}

/* What signatures are written to. */
struct signed_to {
	struct rec_out out;
	struct buf b;
};

static int
take_signature(
    void *to, uint64_t place, struct str head, struct str set, struct err *e)
{
	struct signed_to *t = to;

	buf_clear(&t->b);
	key_u64(&t->b, place);
	buf_str(&t->b, set);
	if (buf_ok(&t->b, e) < 0 || rec_add(&t->out, 0, head, e) < 0)
		return e->code;
	return rec_add(&t->out, 1, buf_view(&t->b), e);
}

static int
write_signatures(struct near *x, struct docs *in, struct run *r,
    struct signed_to *t, struct err *e)
{
	struct signatures_to to = { true, take_signature, t };
	struct buf b = { 0 };
	int rc;

	put_options(x->opt, r->opt->seed, &b);
	put_part("signatures", &r->opt->shard, &b);
	rc = buf_ok(&b, e);
	if (rc == 0)
		rc = create(&t->out, r, REC_SIGNATURES, buf_view(&b), "", e);
	buf_free(&b);
	if (rc == 0)
		rc = near_signatures(x, in, r, &to, e);
	return rc < 0 ? rc : finish(&t->out, x->lines.lines, e);
}

int
stage_signatures(struct docs *in, struct run *r, const struct minhash_opt *opt,
    struct err *e)
{
	struct signed_to t = { 0 };
	struct near x = { 0 };
	int rc = minhash_check(opt, e);

	if (rc == 0 && opt->roots)
		rc = err_set(e, ERR_ARG,
		    "--profile %s has no stages: its choice depends on the "
		    "order of all documents",
		    opt->profile);
	if (rc == 0)
		rc = need_output(r, e);
	if (rc == 0)
		rc = near_init(&x, r, opt, e);
	if (rc == 0)
		rc = write_signatures(&x, in, r, &t, e);
	rec_close(&t.out);
	buf_free(&t.b);
	near_free(&x);
	return rc;
}

/* The keys of a part, of all documents with signatures, into x->keys. */
static int
read_keys(struct near *x, struct rec_in *r, const struct opt_shard *part,
    struct err *e)
{
	struct str head;
	struct who w;
	uint64_t key;
	size_t i;
	int rc;

	rec_start(r, 0);
	while ((rc = rec_next(r, &head, e)) > 0) {
		head.p += sizeof(struct hash128);
		head.n -= sizeof(struct hash128);
		who_get(&head, &w);
		key_get_u32(&head);
		for (i = 0; i < x->signer.nband; i++) {
			key_get_raw(&head, &key, sizeof(key));
			key = near_key(key, i);
			if (key % part->n == part->i &&
			    sorter_put(&x->keys, key, w.place, e) < 0)
				return e->code;
		}
		if (!head.p)
			return err_set(e, ERR_FORMAT,
			    "%s: a signature is cut off", r->name);
	}
	return rc;
}

static int
write_buckets(struct near *x, struct rec_out *o, struct err *e)
{
	struct pair p;
	int rc = sorter_sort(&x->buckets, e);

	while (rc == 0 && (rc = sorter_pair(&x->buckets, &p, e)) > 0)
		rc = rec_add(
		    o, 0, (struct str){ (const char *)&p, sizeof(p) }, e);
	return rc;
}

static int
find_buckets(struct inputs *in, struct near *x, struct run *r,
    const struct opt_shard *part, struct rec_out *o, struct err *e)
{
	char rest[128];
	size_t i;

	snprintf(rest, sizeof(rest), "\nbuckets %u/%u\nof %" PRIx64 "\n",
	    part->i, part->n, in->of);
	if (create(o, r, REC_BUCKETS, str_c(in->made[0].line.p), rest, e) < 0)
		return e->code;
	for (i = 0; i < in->nshard; i++)
		if (read_keys(x, in->shards[i], part, e) < 0)
			return e->code;
	if (near_buckets(x, e) < 0 || write_buckets(x, o, e) < 0)
		return e->code;
	return finish(o, in->of, e);
}

int
stage_buckets(const struct paths *files, struct run *r,
    const struct opt_shard *part, struct err *e)
{
	struct opt_shard all = { 0, 1 };
	struct inputs in = { 0 };
	struct rec_out o = { 0 };
	struct near x = { 0 };
	int rc = need_output(r, e);

	if (rc == 0)
		rc = open_inputs(&in, files, e);
	if (rc == 0)
		rc = sort_out(&in, e);
	if (rc == 0)
		rc = near_init(&x, r, &in.made[0].opt, e);
	if (rc == 0)
		rc = find_buckets(&in, &x, r, part->n ? part : &all, &o, e);
	rec_close(&o);
	near_free(&x);
	inputs_free(&in);
	return rc;
}

static int
read_heads(struct near *x, struct rec_in *r, struct err *e)
{
	struct str head;
	int rc;

	rec_start(r, 0);
	while ((rc = rec_next(r, &head, e)) > 0)
		if (sorter_add(&x->docs, head, e) < 0)
			return e->code;
	return rc;
}

static int
read_buckets(struct near *x, struct rec_in *r, struct err *e)
{
	struct str rec;
	struct pair p;
	int rc;

	rec_start(r, 0);
	while ((rc = rec_next(r, &rec, e)) > 0) {
		key_get_raw(&rec, &p, sizeof(p));
		if (sorter_put(&x->buckets, p.key, p.value, e) < 0)
			return e->code;
	}
	return rc;
}

/* Are the buckets those of these signatures, every part once? */
static int
check_buckets(struct inputs *in, struct err *e)
{
	size_t i, first = in->n;
	uint32_t parts = 0;
	uint64_t sum = 0;

	for (i = 0; i < in->n; i++) {
		const struct made_of *m = &in->made[i];

		if (in->v[i].kind == REC_SIGNATURES)
			continue;
		if (in->v[i].kind != REC_BUCKETS || m->of != in->of)
			return err_set(e, ERR_FORMAT,
			    "%s: these are not the buckets of the signatures "
			    "that are given",
			    in->v[i].name);
		first = first < i ? first : i;
		if (m->part.n != in->made[first].part.n)
			return err_set(e, ERR_FORMAT,
			    "%s is one of %u parts, but %s one of %u",
			    in->v[i].name, m->part.n, in->v[first].name,
			    in->made[first].part.n);
		parts++;
		sum += mix64(m->part.i + 1);
	}
	if (parts == 0)
		return err_set(e, ERR_ARG, "no file of buckets is given");
	for (i = 0; i < in->made[first].part.n; i++)
		sum -= mix64(i + 1);
	if (parts != in->made[first].part.n || sum != 0)
		return err_set(e, ERR_FORMAT,
		    "of the %u parts of the buckets each is needed once, but "
		    "%u files are given",
		    in->made[first].part.n, parts);
	return 0;
}

static int
cluster(struct near *x, struct inputs *in, int threads, struct err *e)
{
	struct set_files f = { in->shards, in->nshard, NULL, 0 };
	size_t i;

	x->keyless = true;
	for (i = 0; i < in->nshard; i++)
		if (read_heads(x, in->shards[i], e) < 0)
			return e->code;
	if (near_groups(x, e) < 0)
		return e->code;
	for (i = 0; i < in->n; i++)
		if (in->v[i].kind == REC_BUCKETS &&
		    read_buckets(x, &in->v[i], e) < 0)
			return e->code;
	if (near_ranks(x, e) < 0 || near_links(x, e) < 0 ||
	    near_needed(x, e) < 0 || near_sets_of(x, &f, e) < 0)
		return e->code;
	return near_choose(x, threads, e);
}

static int
write_verdicts(struct near *x, const struct inputs *in, struct run *r,
    struct rec_out *o, struct err *e)
{
	char rest[64];
	struct str v;
	int rc;

	snprintf(
	    rest, sizeof(rest), "\nverdicts 0/1\nof %" PRIx64 "\n", in->of);
	rc = create(o, r, REC_VERDICTS, str_c(in->made[0].line.p), rest, e);
	if (rc == 0)
		rc = near_conclude(x, e);
	while (rc == 0 && (rc = sorter_record(&x->verdicts, &v, e)) > 0)
		rc = rec_add(o, 0, v, e);
	return rc < 0 ? rc : rec_end(o, in->of, e);
}

static int
conclude(struct near *x, struct inputs *in, struct run *r, struct err *e)
{
	struct rec_out o = { 0 };
	struct out *pairs = NULL;
	int rc = cluster(x, in, r->opt->threads, e);

	if (rc == 0 && x->opt->pairs)
		rc = out_open(&pairs, x->opt->pairs, e);
	if (rc == 0)
		rc = minhash_pairs(x, pairs, r, e);
	if (rc == 0)
		rc = write_verdicts(x, in, r, &o, e);
	if (rc == 0)
		rc = minhash_stats(x, r, e);
	if (rc == 0 && pairs)
		rc = out_rename(pairs, e);
	if (rc == 0)
		rc = rec_name(&o, e);
	out_close(pairs);
	rec_close(&o);
	return rc;
}

int
stage_clusters(
    const struct paths *files, struct run *r, const char *pairs, struct err *e)
{
	struct inputs in = { 0 };
	struct near x = { 0 };
	int rc = need_output(r, e);

	if (rc == 0)
		rc = open_inputs(&in, files, e);
	if (rc == 0)
		rc = sort_out(&in, e);
	if (rc == 0)
		rc = check_buckets(&in, e);
	if (rc == 0) {
		in.made[0].opt.pairs = pairs;
		rc = near_init(&x, r, &in.made[0].opt, e);
	}
	if (rc == 0)
		rc = conclude(&x, &in, r, e);
	near_free(&x);
	inputs_free(&in);
	return rc;
}

/* The verdicts on the files of a shard. */
static int
read_verdicts(
    struct near *x, struct rec_in *v, const struct opt_shard *s, struct err *e)
{
	struct str rec, r;
	int rc;

	rec_start(v, 0);
	while ((rc = rec_next(v, &rec, e)) > 0) {
		r = rec;
		if (s->n && (key_get_u64(&r) >> 32) % s->n != s->i)
			continue;
		if (sorter_add(&x->verdicts, rec, e) < 0)
			return e->code;
	}
	return rc < 0 ? rc : sorter_sort(&x->verdicts, e);
}

static int
apply(struct docs *in, struct run *r, struct rec_in *v, struct near *x,
    const struct made_of *m, struct err *e)
{
	struct apply a = { .verdicts = &x->verdicts,
		.rule = "near_duplicate",
		.has_value = true,
		.threshold = m->opt.verify,
		.changed = "these are not the documents that the verdicts are "
			   "about, or in another order: give the files that "
			   "the signatures are of" };

	if (v->kind != REC_VERDICTS)
		return err_set(
		    e, ERR_FORMAT, "%s: these are no verdicts", v->name);
	if (near_init(x, r, &m->opt, e) < 0 ||
	    read_verdicts(x, v, &r->opt->shard, e) < 0)
		return e->code;
	return apply_run(&a, in, r, e);
}

int
stage_apply(struct docs *in, struct run *r, const char *verdicts, struct err *e)
{
	struct near x = { 0 };
	struct made_of m = { 0 };
	struct rec_in v;
	int rc;

	if (!verdicts)
		return err_set(e, ERR_ARG, "--verdicts FILE is needed");
	rc = rec_open(&v, verdicts, e);
	if (rc < 0)
		return rc;
	rc = parse_options(&v, &m, e);
	if (rc == 0)
		rc = apply(in, r, &v, &x, &m, e);
	near_free(&x);
	buf_free(&m.line);
	rec_free(&v);
	return rc;
}
