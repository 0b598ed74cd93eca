/* SPDX-License-Identifier: MIT */
/*
 * From a place of the run to its documents and back, on 100M tokens in a cut
 * source and in a sorted one: seconds of processor time, plan and shards open.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/err.h"
#include "base/hash.h"
#include "io/shard.h"
#include "io/stream.h"
#include "mix/mix.h"
#include "mix/order.h"
#include "mix/show.h"

enum { DOCS = 200000, MEAN = 500, TIMES = 50 };

static char dir[] = "/tmp/quern-bench-XXXXXX";

static const char *
in_dir(const char *name)
{
	static char path[4][256];
	static int i;

	i = (i + 1) % 4;
	snprintf(path[i], sizeof(path[i]), "%s/%s", dir, name);
	return path[i];
}

static double
cpu(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Documents of MEAN / 2 .. 3 MEAN / 2 tokens, with ids and URLs. */
static int
make_shard(struct err *e)
{
	struct shard_head h = { .vocab = 50000, .end_text = -1 };
	static uint32_t v[2 * MEAN];
	unsigned char packed[4 * MEAN];
	struct shard_writer *w;
	char id[64], url[96];
	struct shard_doc d;
	uint64_t i, k;

	memset(h.tokenizer, 'a', 64);
	if (shard_create(&w, in_dir("s"), &h, e) < 0)
		return e->code;
	for (i = 0; i < DOCS; i++) {
		d = (struct shard_doc){ .tokens =
					    MEAN / 2 + mix64(i + 1) % MEAN };
		for (k = 0; k < d.tokens; k++)
			v[k] = (uint32_t)(mix64(i << 20 | k) % 50000);
		snprintf(id, sizeof(id), "<urn:uuid:%016llx-%llu>",
		    (unsigned long long)mix64(i), (unsigned long long)i);
		snprintf(url, sizeof(url),
		    "https://site%llu.example/pages/%llu.html",
		    (unsigned long long)(mix64(i) % 9999),
		    (unsigned long long)i);
		d.id = str_c(id);
		d.url = str_c(url);
		shard_pack(v, d.tokens, h.vocab, packed);
		if (shard_add(w, &d, packed, e) < 0) {
			shard_abort(w);
			return e->code;
		}
	}
	return shard_commit(w, e);
}

static int
look(const char *name, const char *text, struct err *e)
{
	double open = -cpu(), at = 0, seen = 0, worst = 0, took;
	struct buf b = { 0 };
	struct mix *m = NULL;
	char spot[64];
	uint64_t i;
	int rc = out_whole(in_dir(name), text, strlen(text), e);

	if (rc == 0)
		rc =
		    order_index(in_dir(name), &(struct order_from){ 0 }, &b, e);
	if (rc == 0 || rc == ERR_CHECK) /* that nothing is to be indexed */
		rc = mix_load(&m, in_dir(name), e);
	open += cpu();
	for (i = 0; rc == 0 && i < TIMES; i++) {
		snprintf(spot, sizeof(spot), "%llu:%llu:100",
		    (unsigned long long)(mix64(i) % mix_plan(m)->steps),
		    (unsigned long long)(i % 64));
		took = -cpu();
		rc = show_at(m, spot, NULL, &b, e);
		took += cpu();
		at += took;
		worst = took > worst ? took : worst;
	}
	for (i = 0; rc == 0 && i < TIMES / 5; i++) {
		snprintf(spot, sizeof(spot), "<urn:uuid:%016llx-%llu>",
		    (unsigned long long)mix64(i * 17000),
		    (unsigned long long)(i * 17000));
		buf_clear(&b);
		took = -cpu();
		rc = show_seen(m, spot, &b, e);
		seen += took + cpu();
	}
	if (rc == 0)
		printf("%s, 100M tokens: open %.0f ms; place to document %.2f "
		       "ms (worst %.2f); id to all places %.0f ms\n",
		    name, 1e3 * open, 1e3 * at / TIMES, 1e3 * worst,
		    1e3 * seen / (TIMES / 5.));
	buf_free(&b);
	mix_close(m);
	return rc;
}

int
main(void)
{
	struct err e = { 0 };
	char command[300];
	int rc = mkdtemp(dir) ? make_shard(&e) : -1;

	if (rc == 0)
		rc = look("cut.mix",
		    "%mix 1\nsource s s\nbatch 131072\n"
		    "phase p 250M seq=2048 s\n",
		    &e);
	if (rc == 0)
		rc = look("sorted.mix",
		    "%mix 1\nsource s s order=len\nsource t s[len:0.5..1]\n"
		    "batch 131072\nphase p 250M seq=2048 s:50 t:50\n",
		    &e);
	if (rc == 0)
		rc = look("packed.mix",
		    "%mix 1\nsource s s pack=fit\nbatch 131072\n"
		    "phase p 250M seq=2048 s\n",
		    &e);
	if (rc < 0)
		fprintf(stderr, "bench: %s\n", e.msg);
	snprintf(command, sizeof(command), "rm -rf '%s'", dir);
	return system(command) != 0 || rc < 0;
}
