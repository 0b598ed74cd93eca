/* SPDX-License-Identifier: MIT */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/err.h"
#include "io/stream.h"
#include "train/checkpoint_impl.h"
#include "train/weights.h"

enum { STEP_DIGITS = 8 };

int
checkpoint_path(char *path, const char *dir, const char *name, struct err *e)
{
	if (snprintf(path, PATH_MAX, "%s/%s", dir, name) >= PATH_MAX)
		return err_set(e, ERR_ARG, "%s: path too long", dir);
	return 0;
}

static int
sync_folder(const char *path, struct err *e)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC), rc;

	if (fd < 0)
		return err_errno(e, path, "open it");
	rc = fsync(fd) < 0 ? err_errno(e, path, "sync it") : 0;
	close(fd);
	return rc;
}

/* A folder and the files in it; what isn't there is fine. */
static void
remove_folder(const char *path)
{
	char file[PATH_MAX];
	struct dirent *d;
	DIR *at = opendir(path);

	if (!at)
		return;
	while ((d = readdir(at)))
		if (d->d_name[0] != '.' &&
		    snprintf(file, sizeof(file), "%s/%s", path, d->d_name) <
			(int)sizeof(file))
			unlink(file);
	closedir(at);
	rmdir(path);
}

static int
save_config(const char *path, const struct net *n, struct err *e)
{
	struct buf b = { 0 };
	int rc;

	config_write(&n->p->config, &b);
	rc = buf_ok(&b, e);
	if (rc == 0)
		rc = out_whole(path, b.p, b.n, e);
	buf_free(&b);
	return rc;
}

static int
copy_file(const char *to, const char *from, struct err *e)
{
	size_t n;
	char *p;
	int rc = in_slurp(from, &p, &n, e);

	if (rc < 0)
		return rc;
	rc = out_whole(to, p, n, e);
	free(p);
	return rc;
}

static struct weights_part
model_part(const struct net *n)
{
	return (struct weights_part){
		.prefix = "", .arena = n->params, .of = &n->p->params
	};
}

/* What the optimiser keeps, for its file. */
enum { KEPT = CHECKPOINT_KEPT };
static size_t
kept_parts(const struct net *n, struct weights_part kept[KEPT])
{
	const struct program *p = n->p;
	const struct weights_part all[KEPT] = {
		{ "m.", n->m, &p->params, true, NULL },
		{ "v.", n->v, &p->params, true, NULL },
		{ "row.", n->rows, &p->rows, true, NULL },
		{ "col.", n->cols, &p->cols, true, NULL },
	};
	size_t i, k = 0;

	for (i = 0; i < KEPT; i++)
		if (all[i].arena)
			kept[k++] = all[i];
	return k;
}

/* Room on rank 0 for what the optimisers of all ranks keep. */
static int
make_room(struct weights_part *kept, size_t nkept, float **host, struct err *e)
{
	size_t k;

	for (k = 0; k < nkept; k++) {
		host[k] = malloc(kept[k].of->size * sizeof(**host));
		kept[k].host = host[k];
		if (!host[k])
			return err_nomem(e, "the moments of all ranks");
	}
	return 0;
}

static bool
alone(const struct ranks *ranks)
{
	return !ranks || ranks->link->size == 1;
}

/* What the optimisers of all ranks keep, into host on rank 0. */
static int
collect(struct ranks *ranks, const struct net *n,
    const struct weights_part *kept, size_t nkept, float **host, struct err *e)
{
	size_t k;
	int rc = 0;

	for (k = 0; k < nkept && rc == 0; k++)
		rc = alone(ranks) ? net_get(n->ops, host[k], kept[k].arena, 0,
					kept[k].of->size, e)
				  : ranks_collect(ranks, host[k], kept[k].arena,
					kept[k].of, e);
	return rc;
}

/* All files of a checkpoint into a folder that is there. */
static int
fill_folder(const char *dir, const struct net *n, const struct checkpoint *c,
    const struct weights_part *model, const struct weights_part *kept,
    size_t nkept, const char *tokenizer, struct err *e)
{
	char path[PATH_MAX];

	if (checkpoint_path(path, dir, "model.safetensors", e) < 0 ||
	    weights_save(n, path, model, 1, NULL, e) < 0 ||
	    checkpoint_path(path, dir, "optimizer.safetensors", e) < 0 ||
	    weights_save(n, path, kept, nkept, c->counts, e) < 0 ||
	    checkpoint_path(path, dir, "config.json", e) < 0 ||
	    save_config(path, n, e) < 0)
		return e->code;
	if (tokenizer && (checkpoint_path(path, dir, "tokenizer.json", e) < 0 ||
			     copy_file(path, tokenizer, e) < 0))
		return e->code;
	if (checkpoint_put_state(dir, n, c, e) < 0)
		return e->code;
	return sync_folder(dir, e);
}

/* DIR/last -> name, at once. */
static int
point_last(const char *dir, const char *name, struct err *e)
{
	char tmp[PATH_MAX], last[PATH_MAX];

	if (checkpoint_path(tmp, dir, ".last.tmp", e) < 0 ||
	    checkpoint_path(last, dir, "last", e) < 0)
		return e->code;
	unlink(tmp);
	if (symlink(name, tmp) < 0)
		return err_errno(e, tmp, "make a link");
	if (rename(tmp, last) < 0)
		return err_errno(e, last, "make it a link");
	return sync_folder(dir, e);
}

static int
is_step(const struct dirent *d)
{
	return strncmp(d->d_name, "step-", 5) == 0 &&
	       strspn(d->d_name + 5, "0123456789") >= STEP_DIGITS;
}

/* By number: names of more than 8 digits are longer. */
static int
oldest_first(const struct dirent **a, const struct dirent **b)
{
	size_t x = strlen((*a)->d_name), y = strlen((*b)->d_name);

	return x != y ? (x > y) - (x < y) : strcmp((*a)->d_name, (*b)->d_name);
}

/*
 * All but the newest up to `name`.  Those behind it are left: somebody went
 * back, and will write them again.
 */
static void
remove_old(const char *dir, const char *name, uint32_t keep)
{
	char path[PATH_MAX];
	struct dirent **d;
	int i, n = scandir(dir, &d, is_step, oldest_first), newest = n;
	struct err e;

	for (i = 0; i < n; i++)
		if (strcmp(d[i]->d_name, name) == 0)
			newest = i;
	for (i = 0; i < n; i++) {
		if (keep && i + (int64_t)keep <= newest &&
		    checkpoint_path(path, dir, d[i]->d_name, &e) == 0)
			remove_folder(path);
		free(d[i]);
	}
	if (n >= 0)
		free(d);
}

static int
write_checkpoint(const char *dir, const struct net *n,
    const struct checkpoint *c, const struct weights_part *model,
    const struct weights_part *kept, size_t nkept, const char *tokenizer,
    uint32_t keep, struct err *e)
{
	char name[32], tmp[PATH_MAX], path[PATH_MAX];
	int rc;

	snprintf(
	    name, sizeof(name), "step-%08llu", (unsigned long long)c->step);
	if (checkpoint_path(tmp, dir, ".checkpoint.tmp", e) < 0 ||
	    checkpoint_path(path, dir, name, e) < 0)
		return e->code;
	remove_folder(tmp);
	if (mkdir(tmp, 0777) < 0)
		return err_errno(e, tmp, "create it");
	rc = fill_folder(tmp, n, c, model, kept, nkept, tokenizer, e);
	if (rc == 0) {
		/* Of a run that was killed before `last` pointed there. */
		remove_folder(path);
		if (rename(tmp, path) < 0)
			rc = err_errno(e, path, "create it");
	}
	if (rc == 0)
		rc = sync_folder(dir, e);
	if (rc == 0)
		rc = point_last(dir, name, e);
	if (rc == 0)
		remove_old(dir, name, keep);
	else
		remove_folder(tmp);
	return rc;
}

int
checkpoint_save(const char *dir, const struct net *n, struct ranks *ranks,
    const struct checkpoint *c, const char *tokenizer, uint32_t keep,
    struct err *e)
{
	const struct weights_part model = model_part(n);
	bool chief = !ranks || ranks_chief(ranks);
	struct weights_part kept[KEPT];
	float *host[KEPT] = { 0 };
	size_t nkept = kept_parts(n, kept), k;
	int rc = 0;

	if (!alone(ranks)) {
		if (chief)
			rc = make_room(kept, nkept, host, e);
		rc = link_agree(ranks->link, rc, e);
		if (rc == 0)
			rc = collect(ranks, n, kept, nkept, host, e);
	}
	if (rc == 0 && chief)
		rc = write_checkpoint(
		    dir, n, c, &model, kept, nkept, tokenizer, keep, e);
	for (k = 0; k < nkept; k++)
		free(host[k]);
	return rc;
}

uint64_t
checkpoint_copy_memory(const struct program *p)
{
	uint64_t n =
	    (1 + p->moments) * p->params.size + p->rows.size + p->cols.size;

	return n * sizeof(float) + p->config.vocab * sizeof(uint64_t);
}

int
checkpoint_copy_open(
    struct checkpoint_copy *x, const struct net *n, struct err *e)
{
	struct weights_part kept[KEPT];
	size_t nkept = kept_parts(n, kept), k;
	bool ok;

	*x = (struct checkpoint_copy){ .n = *n };
	x->weights = n->ops->pin(n->p->params.size * sizeof(*x->weights));
	x->c.counts = malloc(n->p->config.vocab * sizeof(*x->c.counts));
	ok = x->weights && x->c.counts;
	for (k = 0; k < nkept; k++) {
		x->kept[k] =
		    n->ops->pin(kept[k].of->size * sizeof(*x->kept[k]));
		ok = ok && x->kept[k];
	}
	if (ok)
		return 0;
	checkpoint_copy_close(x);
	return err_nomem(e, "a copy of what a checkpoint holds");
}

void
checkpoint_copy_close(struct checkpoint_copy *x)
{
	size_t k;

	for (k = 0; k < KEPT; k++)
		if (x->kept[k])
			x->n.ops->unpin(x->kept[k]);
	if (x->weights)
		x->n.ops->unpin(x->weights);
	free(x->c.counts);
	*x = (struct checkpoint_copy){ 0 };
}

/* Alone, on a device of floats: while training goes on. */
static void
carry_out(struct checkpoint_copy *x, const struct net *n,
    const struct weights_part *kept, size_t nkept)
{
	const struct ops *ops = n->ops;
	size_t k;

	ops->follow(OPS_OUT, OPS_COMPUTE);
	for (k = 0; k < nkept; k++)
		ops->carry(OPS_OUT, x->kept[k], kept[k].arena,
		    kept[k].of->size * sizeof(*x->kept[k]));
	ops->carry(OPS_OUT, x->weights, n->params,
	    n->p->params.size * sizeof(*x->weights));
}

int
checkpoint_take(struct checkpoint_copy *x, const struct net *n,
    struct ranks *ranks, const struct checkpoint *c, struct err *e)
{
	struct weights_part kept[KEPT];
	size_t nkept = kept_parts(n, kept);
	uint64_t *counts = x->c.counts;

	/* As checkpoint_save(), which the other ranks are in. */
	if (!alone(ranks) && link_agree(ranks->link, 0, e) < 0)
		return e->code;
	x->c = *c;
	x->c.counts = counts;
	memcpy(counts, c->counts, n->p->config.vocab * sizeof(*counts));
	if (alone(ranks) && n->ops->real == sizeof(*x->weights)) {
		carry_out(x, n, kept, nkept);
		return 0;
	}
	if (collect(ranks, n, kept, nkept, x->kept, e) < 0)
		return e->code;
	return net_get(n->ops, x->weights, n->params, 0, n->p->params.size, e);
}

int
checkpoint_write(const char *dir, const struct checkpoint_copy *x,
    const char *tokenizer, uint32_t keep, struct err *e)
{
	struct weights_part model = model_part(&x->n), kept[KEPT];
	size_t nkept = kept_parts(&x->n, kept), k;

	if (x->n.ops->wait(OPS_OUT, e) < 0)
		return e->code;
	model.host = x->weights;
	for (k = 0; k < nkept; k++)
		kept[k].host = x->kept[k];
	return write_checkpoint(
	    dir, &x->n, &x->c, &model, kept, nkept, tokenizer, keep, e);
}

bool
checkpoint_exists(const char *dir)
{
	char path[PATH_MAX];
	struct stat st;
	struct err e;

	/* What the link points to may be broken: that's for loading to say. */
	return checkpoint_path(path, dir, "last", &e) == 0 &&
	       lstat(path, &st) == 0;
}

static int
check_config(const char *path, const struct model_config *c, struct err *e)
{
	struct model_config was;

	if (config_load(&was, path, e) < 0)
		return e->code;
	if (!config_same(&was, c))
		return err_set(e, ERR_ARG,
		    "cannot resume: the run was begun with another model, %s",
		    path);
	return 0;
}

/* The files of one that have been looked at: config and state. */
static int
open_folder(
    const char *dir, const struct net *n, struct checkpoint *c, struct err *e)
{
	char path[PATH_MAX];

	if (checkpoint_path(path, dir, "config.json", e) < 0 ||
	    check_config(path, &n->p->config, e) < 0)
		return e->code;
	return checkpoint_get_state(dir, c, e);
}

static int
load_folder(const char *dir, struct net *n, struct checkpoint *c, struct err *e)
{
	const struct weights_part model = model_part(n);
	struct weights_part kept[KEPT];
	size_t nkept = kept_parts(n, kept);
	char path[PATH_MAX];

	if (open_folder(dir, n, c, e) < 0 ||
	    checkpoint_path(path, dir, "model.safetensors", e) < 0 ||
	    weights_load(n, path, &model, 1, NULL, e) < 0 ||
	    checkpoint_path(path, dir, "optimizer.safetensors", e) < 0)
		return e->code;
	return weights_load(n, path, kept, nkept, c->counts, e);
}

/* The last one is broken: what is there to go on from? */
static int
tell_older(const char *dir, const char *last, struct err *e)
{
	char name[NAME_MAX + 1] = "", older[NAME_MAX + 1] = "";
	struct err why = *e;
	struct dirent **d;
	int i, n = scandir(dir, &d, is_step, oldest_first);

	if (readlink(last, name, NAME_MAX) < 0)
		*name = '\0';
	for (i = 0; i < n && strcmp(d[i]->d_name, name) != 0; i++)
		if (strlen(d[i]->d_name) <= strlen(name))
			snprintf(older, sizeof(older), "%s", d[i]->d_name);
	for (i = 0; i < n; i++)
		free(d[i]);
	if (n >= 0)
		free(d);
	if (!*older)
		return e->code;
	return err_set(e, why.code,
	    "%s; to go back to the one before: ln -sfn %s %s", why.msg, older,
	    last);
}

int
checkpoint_load(
    const char *dir, struct net *n, struct checkpoint *c, struct err *e)
{
	char path[PATH_MAX];

	if (checkpoint_path(path, dir, "last", e) < 0)
		return e->code;
	if (load_folder(path, n, c, e) < 0)
		return e->code == ERR_ARG ? e->code : tell_older(dir, path, e);
	return 0;
}

/* The folder of a step. */
static int
step_path(char path[PATH_MAX], const char *dir, uint64_t step, struct err *e)
{
	char name[32];

	snprintf(name, sizeof(name), "step-%08llu", (unsigned long long)step);
	return checkpoint_path(path, dir, name, e);
}

int
checkpoint_load_step(const char *dir, uint64_t step, struct net *n,
    struct checkpoint *c, struct err *e)
{
	char path[PATH_MAX];

	if (step_path(path, dir, step, e) < 0)
		return e->code;
	return load_folder(path, n, c, e);
}

/* What state.json says of the run so far. */
static int
same_state(const char *dir, const struct checkpoint *is,
    const struct checkpoint *was, struct err *e)
{
	const char *what = is->step != was->step                    ? "step"
			   : is->tokens != was->tokens              ? "tokens"
			   : strcmp(is->journal, was->journal) != 0 ? "journal"
			   : is->window.n != was->window.n ||
				   memcmp(is->window.v, was->window.v,
				       is->window.n * sizeof(*is->window.v))
			       ? "losses"
			   : is->scale.by != was->scale.by ||
				   is->scale.skipped != was->scale.skipped
			       ? "loss_scale"
			       : NULL;

	return what ? err_set(e, ERR_CHECK, "%s/state.json: other \"%s\"", dir,
			  what)
		    : 0;
}

int
checkpoint_same(const char *dir, const struct net *n,
    const struct checkpoint *c, struct err *e)
{
	const struct weights_part model = model_part(n);
	struct checkpoint was = { .recipe = c->recipe, .scale = c->scale };
	struct weights_part kept[KEPT];
	size_t nkept = kept_parts(n, kept);
	char folder[PATH_MAX], path[PATH_MAX];

	if (step_path(folder, dir, c->step, e) < 0 ||
	    open_folder(folder, n, &was, e) < 0 ||
	    checkpoint_path(path, folder, "model.safetensors", e) < 0 ||
	    weights_same(n, path, &model, 1, NULL, e) < 0 ||
	    checkpoint_path(path, folder, "optimizer.safetensors", e) < 0 ||
	    weights_same(n, path, kept, nkept, c->counts, e) < 0)
		return e->code;
	return same_state(folder, c, &was, e);
}

int
checkpoint_steps(const char *dir, uint64_t **steps, size_t *n, struct err *e)
{
	struct dirent **d;
	int i, found = scandir(dir, &d, is_step, oldest_first);

	*n = 0;
	*steps = NULL;
	if (found < 0)
		return err_errno(e, dir, "read it");
	*steps = malloc(((size_t)found + 1) * sizeof(**steps));
	for (i = 0; i < found; i++) {
		if (*steps)
			(*steps)[(*n)++] = strtoull(d[i]->d_name + 5, NULL, 10);
		free(d[i]);
	}
	free(d);
	return *steps ? 0 : err_nomem(e, dir);
}
