/* SPDX-License-Identifier: MIT */
/* state.json: what a checkpoint says of the run that it is of. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/hash.h"
#include "base/version.h"
#include "io/json.h"
#include "io/stream.h"
#include "train/checkpoint_impl.h"

/* The files whose SHA-256 stands in state.json. */
static const char *const weighty[] = { "model.safetensors",
	"optimizer.safetensors" };
enum { WEIGHTY = sizeof(weighty) / sizeof(*weighty) };

static int
add_file(struct sha256 *s, const char *path, struct err *e)
{
	static const size_t piece = 1 << 20;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	char *p = malloc(piece);
	ssize_t n = -1;

	if (fd < 0)
		err_errno(e, path, "open it");
	else if (!p)
		err_nomem(e, path);
	else
		while ((n = read(fd, p, piece)) > 0)
			sha256_add(s, p, (size_t)n);
	if (fd >= 0 && p && n < 0)
		err_errno(e, path, "read");
	free(p);
	if (fd >= 0)
		close(fd);
	return n < 0 ? e->code : 0;
}

static int
file_sha256(const char *path, char hex[65], struct err *e)
{
	struct sha256 *s = sha256_new();
	int rc;

	if (!s)
		return err_nomem(e, path);
	rc = add_file(s, path, e);
	sha256_hex(s, hex);
	sha256_free(s);
	return rc;
}

/* "sha256": {"model.safetensors":...}, of the files in dir. */
static int
put_digests(struct buf *b, const char *dir, struct err *e)
{
	char path[PATH_MAX], hex[65];
	int i;

	buf_puts(b, "  \"sha256\": {");
	for (i = 0; i < WEIGHTY; i++) {
		if (checkpoint_path(path, dir, weighty[i], e) < 0 ||
		    file_sha256(path, hex, e) < 0)
			return e->code;
		buf_printf(
		    b, "%s\n    \"%s\": \"%s\"", i ? "," : "", weighty[i], hex);
	}
	buf_puts(b, "\n  },\n");
	return 0;
}

static int
check_digests(struct json_val digests, const char *dir, struct err *e)
{
	char path[PATH_MAX], hex[65];
	struct str want;
	int i;

	for (i = 0; i < WEIGHTY; i++) {
		want = json_str(json_get(digests, weighty[i]));
		if (checkpoint_path(path, dir, weighty[i], e) < 0 ||
		    file_sha256(path, hex, e) < 0)
			return e->code;
		if (!str_eq(want, str_c(hex)))
			return err_set(e, ERR_FORMAT,
			    "%s: broken: its SHA-256 is not that in state.json",
			    path);
	}
	return 0;
}

/* The options as members of state.json: one list for writing and checking. */
enum kind { WHOLE, REAL, TEXT };
struct field {
	const char *name;
	enum kind kind;
	uint64_t whole;
	double real;
	const char *text;
};
enum { FIELDS = 30 };

/* How many there are. */
static int
fields(const struct train_recipe *r, struct field f[FIELDS])
{
	const struct schedule *s = &r->schedule;
	const struct optimiser_options *o = &r->optimiser;

	memcpy(f,
	    (struct field[FIELDS]){
		{ "recipe", TEXT, .text = r->rows },
		{ "steps", WHOLE, .whole = s->steps },
		{ "schedule", TEXT, .text = schedule_name(s->kind) },
		{ "lr", REAL, .real = s->lr },
		{ "min-lr-ratio", REAL, .real = s->min_ratio },
		{ "warmup", WHOLE, .whole = s->warmup },
		{ "cooldown", WHOLE, .whole = s->cooldown },
		{ "optimizer", TEXT, .text = optimiser_name(o->kind) },
		{ "beta1", REAL, .real = o->beta1 },
		{ "beta2", REAL, .real = o->beta2 },
		{ "eps", REAL, .real = o->eps },
		{ "weight-decay", REAL, .real = o->decay },
		{ "spare-embeddings", WHOLE, .whole = o->spare_embeddings },
		{ "label-smoothing", REAL, .real = r->label_smoothing },
		{ "z-loss", REAL, .real = r->z_loss },
		{ "embed-grad-scale", REAL, .real = r->embed_grad },
		{ "dropout", REAL, .real = r->dropout },
		{ "embedding-dropout", REAL, .real = r->embed_dropout },
		{ "attention-dropout", REAL, .real = r->attention_dropout },
		{ "document-mask", WHOLE, .whole = r->document_mask },
		{ "spike", REAL, .real = r->spike },
		{ "spike-skip", WHOLE, .whole = r->spike_skip },
		{ "clip", REAL, .real = r->clip },
		{ "micro-batch", WHOLE, .whole = r->micro_batch },
		{ "seed", WHOLE, .whole = r->seed },
		{ "dtype", TEXT, .text = ops_type_name(r->type) },
		/* Adafactor's. */
		{ "momentum", REAL, .real = o->momentum },
		{ "decay-rate", REAL, .real = o->decay_rate },
		{ "update-clip", REAL, .real = o->limit },
		{ "scale-by-rms", WHOLE, .whole = o->by_rms },
	    },
	    FIELDS * sizeof(*f));
	return o->kind == OPTIMISER_ADAFACTOR ? FIELDS : FIELDS - 4;
}

static void
put_value(struct buf *b, const struct field *f)
{
	if (f->kind == WHOLE)
		buf_u64(b, f->whole);
	else if (f->kind == REAL)
		buf_double(b, f->real);
	else
		buf_json(b, str_c(f->text));
}

static bool
same_value(const struct field *f, struct json_val v)
{
	if (f->kind == WHOLE)
		return json_u64(v, ~f->whole) == f->whole;
	if (f->kind == REAL)
		return json_double(v, f->real + 1) == f->real;
	return str_eq(json_str(v), str_c(f->text));
}

static void
put_found(struct buf *b, const struct field *f, struct json_val v)
{
	if (f->kind == WHOLE)
		buf_u64(b, json_u64(v, 0));
	else if (f->kind == REAL)
		buf_double(b, json_double(v, 0));
	else
		buf_json(b, json_str(v));
}

static int
check_options(
    const struct train_recipe *r, struct json_val options, struct err *e)
{
	struct field f[FIELDS];
	struct buf b = { 0 };
	int i, n = fields(r, f);

	for (i = 0; i < n; i++) {
		struct json_val v = json_get(options, f[i].name);

		if (same_value(&f[i], v))
			continue;
		put_value(&b, &f[i]);
		buf_puts(&b, ", the run was begun with ");
		put_found(&b, &f[i], v);
		err_set(e, ERR_ARG, "cannot resume: %s is %.*s", f[i].name,
		    (int)b.n, b.p);
		buf_free(&b);
		return e->code;
	}
	return 0;
}

static void
put_window(struct buf *b, const struct spike_window *w)
{
	uint32_t i;

	buf_puts(b, "\n  },\n  \"losses\": [");
	for (i = 0; i < w->n; i++) {
		buf_puts(b, i ? ", " : "");
		buf_double(b, w->v[i]);
	}
	buf_puts(b, "]");
}

static void
get_window(struct spike_window *w, struct json_val losses)
{
	struct json_iter it = json_each(losses);
	struct json_val v;

	w->n = 0;
	while (json_next(&it, NULL, &v))
		spike_push(w, json_double(v, 0));
}

/* Of a run that scales its loss. */
static void
put_scale(struct buf *b, const struct loss_scale *s)
{
	if (!s->on)
		return;
	buf_puts(b, "  \"loss_scale\": {\"by\": ");
	buf_double(b, s->by);
	buf_printf(b, ", \"good\": %u, \"skipped\": %llu},\n", s->good,
	    (unsigned long long)s->skipped);
}

static int
get_scale(struct loss_scale *s, struct json_val v, struct err *e)
{
	uint64_t good = json_u64(json_get(v, "good"), SCALE_PATIENCE);

	loss_scale_init(s, s->on);
	if (!s->on)
		return 0;
	s->by = json_double(json_get(v, "by"), 0);
	s->skipped = json_u64(json_get(v, "skipped"), UINT64_MAX);
	s->good = (uint32_t)good;
	if (good < SCALE_PATIENCE && s->skipped != UINT64_MAX && s->by >= 1 &&
	    isfinite(s->by))
		return 0;
	return err_set(e, ERR_FORMAT, "no \"loss_scale\" of an fp16 run");
}

static void
get_journal(struct checkpoint *c, struct str hex)
{
	c->journal[0] = '\0';
	if (hex.n == sizeof(c->journal) - 1) {
		memcpy(c->journal, hex.p, hex.n);
		c->journal[hex.n] = '\0';
	}
}

/* The last member: XXH3-64 of the bytes before it. */
#define SEAL ",\n  \"xxh3\": \""
enum { SEAL_HEX = 16 };

static void
put_seal(struct buf *b)
{
	uint64_t h = hash64(b->p, b->n, 0);

	buf_printf(b, SEAL "%016llx\"\n}\n", (unsigned long long)h);
}

static int
check_seal(const char *p, size_t n, struct err *e)
{
	static const char end[] = "\"\n}\n";
	size_t size = strlen(SEAL) + SEAL_HEX + strlen(end);
	char want[SEAL_HEX + 1];

	if (n >= size) {
		n -= size;
		snprintf(want, sizeof(want), "%016llx",
		    (unsigned long long)hash64(p, n, 0));
		if (memcmp(p + n, SEAL, strlen(SEAL)) == 0 &&
		    memcmp(p + n + strlen(SEAL), want, SEAL_HEX) == 0 &&
		    memcmp(p + n + size - strlen(end), end, strlen(end)) == 0)
			return 0;
	}
	return err_set(e, ERR_FORMAT,
	    "broken, changed, or of another version: its last member is not "
	    "the digest of what stands before it");
}

int
checkpoint_put_state(const char *dir, const struct net *n,
    const struct checkpoint *c, struct err *e)
{
	char path[PATH_MAX];
	struct field f[FIELDS];
	struct buf b = { 0 };
	int i, nfields = fields(&c->recipe, f), rc;

	buf_printf(&b,
	    "{\n  \"quern\": \"" QUERN_VERSION "\",\n  \"step\": %llu,\n"
	    "  \"tokens\": %llu,\n  \"device\": \"%s\",\n",
	    (unsigned long long)c->step, (unsigned long long)c->tokens,
	    n->ops->name);
	rc = put_digests(&b, dir, e);
	if (c->journal[0])
		buf_printf(&b, "  \"journal\": \"%s\",\n", c->journal);
	put_scale(&b, &c->scale);
	buf_puts(&b, "  \"options\": {");
	for (i = 0; i < nfields; i++) {
		buf_printf(&b, "%s\n    \"%s\": ", i ? "," : "", f[i].name);
		put_value(&b, &f[i]);
	}
	put_window(&b, &c->window);
	put_seal(&b);
	if (rc == 0)
		rc = buf_ok(&b, e);
	if (rc == 0)
		rc = checkpoint_path(path, dir, "state.json", e);
	if (rc == 0)
		rc = out_whole(path, b.p, b.n, e);
	buf_free(&b);
	return rc;
}

static int
read_state(struct checkpoint *c, struct json_val root, struct err *e)
{
	c->step = json_u64(json_get(root, "step"), UINT64_MAX);
	c->tokens = json_u64(json_get(root, "tokens"), UINT64_MAX);
	get_window(&c->window, json_get(root, "losses"));
	get_journal(c, json_str(json_get(root, "journal")));
	if (c->step > c->recipe.schedule.steps || c->tokens == UINT64_MAX)
		return err_set(e, ERR_FORMAT,
		    "no \"tokens\", or no \"step\" of the recipe's %llu",
		    (unsigned long long)c->recipe.schedule.steps);
	return get_scale(&c->scale, json_get(root, "loss_scale"), e);
}

int
checkpoint_get_state(const char *dir, struct checkpoint *c, struct err *e)
{
	char path[PATH_MAX], *p = NULL;
	struct json *j = NULL;
	size_t n;
	int rc = checkpoint_path(path, dir, "state.json", e);

	if (rc == 0)
		rc = in_slurp(path, &p, &n, e);
	if (rc < 0)
		return rc;
	rc = check_seal(p, n, e);
	if (rc == 0)
		rc = json_parse(&j, p, n, e);
	if (rc < 0)
		err_prefix(e, "%s", path);
	if (rc == 0)
		rc = check_options(
		    &c->recipe, json_get(json_root(j), "options"), e);
	if (rc == 0 && (rc = read_state(c, json_root(j), e)) < 0)
		err_prefix(e, "%s", path);
	if (rc == 0)
		rc = check_digests(json_get(json_root(j), "sha256"), dir, e);
	if (j)
		json_free(j);
	free(p);
	return rc;
}
