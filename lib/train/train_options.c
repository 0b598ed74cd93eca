/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "base/err.h"
#include "train/run.h"

void
train_defaults(struct train_options *o)
{
	*o = (struct train_options){ .schedule = SCHEDULE_COSINE,
		.lr = 1e-3,
		.min_lr_ratio = .1,
		.warmup = "2%",
		.cooldown = "20%",
		.beta1 = .9,
		.beta2 = .95,
		.eps = 1e-8,
		.decay = .1,
		.decay_rate = .8,
		.update_clip = 1,
		.spike_skip = 4,
		.embed_grad_scale = 1,
		.clip = 1,
		.save_every = 1000,
		.async_save = true,
		.keep = 3 };
}

static bool
is_rate(double x)
{
	return x >= 0 && x < 1;
}

/* Is an option of Adafactor's not its default? */
static bool
asks_adafactor(const struct train_options *o)
{
	struct train_options d;

	train_defaults(&d);
	return o->momentum > 0 || o->scale_by_rms ||
	       o->decay_rate != d.decay_rate || o->update_clip != d.update_clip;
}

static int
check_options(const struct train_options *o, struct err *e)
{
	if (!(o->lr > 0) || !(o->min_lr_ratio >= 0) || o->min_lr_ratio > 1)
		return err_set(e, ERR_ARG,
		    "the learning rate must be above 0 and its last share "
		    "from 0 to 1");
	if (!(o->beta1 >= 0) || o->beta1 >= 1 || !(o->beta2 >= 0) ||
	    o->beta2 >= 1)
		return err_set(e, ERR_ARG, "beta1 and beta2 must be in [0, 1)");
	if (!(o->eps > 0) || !(o->decay >= 0) || !(o->clip >= 0))
		return err_set(e, ERR_ARG,
		    "eps must be above 0, weight decay and clip not below 0");
	if (!is_rate(o->momentum) || !(o->decay_rate > 0) ||
	    !(o->update_clip > 0))
		return err_set(e, ERR_ARG,
		    "momentum must be in [0, 1), the decay rate and the "
		    "largest update above 0");
	if (o->optimiser != OPTIMISER_ADAFACTOR && asks_adafactor(o))
		return err_set(e, ERR_ARG,
		    "momentum, decay rate, update clip and scale by RMS are "
		    "adafactor's, not %s's",
		    optimiser_name(o->optimiser));
	if (!(o->label_smoothing >= 0) || o->label_smoothing >= 1 ||
	    !(o->z_loss >= 0))
		return err_set(e, ERR_ARG,
		    "label smoothing must be in [0, 1), z-loss not below 0");
	if (!(o->embed_grad_scale > 0) || o->embed_grad_scale > 1)
		return err_set(e, ERR_ARG,
		    "the scale of the embeddings' gradient must be above 0, "
		    "at most 1");
	if (!is_rate(o->dropout) || !is_rate(o->embed_dropout) ||
	    !is_rate(o->attention_dropout))
		return err_set(e, ERR_ARG,
		    "dropout, of embeddings and of attention too, must be in "
		    "[0, 1)");
	if (!(o->spike >= 0) || o->spike_skip == 0)
		return err_set(e, ERR_ARG,
		    "a spike must be above 0 deviations and leave out a step");
	return 0;
}

static int
check_rows(const struct model_config *c, const struct row_source *r,
    const char *what, struct err *e)
{
	if (r->vocab > c->vocab)
		return err_set(e, ERR_ARG,
		    "%s has a vocabulary of %u, the model only \"vocab_size\" "
		    "%u",
		    what, r->vocab, c->vocab);
	if (r->max_seq > c->max_seq)
		return err_set(e, ERR_ARG,
		    "%s has rows of %u tokens, the model only "
		    "\"max_position_embeddings\" %u",
		    what, r->max_seq, c->max_seq);
	if (r->steps == 0 || r->max_rows == 0 || r->max_seq == 0)
		return err_set(e, ERR_ARG, "%s has no rows", what);
	return 0;
}

/* Every rank has something to do, at least in the largest steps. */
static int
check_ranks(const struct run *t, struct err *e)
{
	uint32_t micro = t->c.recipe.micro_batch;
	uint32_t n = (t->rows->max_rows + micro - 1) / micro;

	if (!t->o->ranks || t->o->ranks->size <= n)
		return 0;
	return err_set(e, ERR_ARG,
	    "a step has at most %u micro-batches of %u rows, too few for %u "
	    "ranks; more and smaller ones come from --micro-batch",
	    n, micro, t->o->ranks->size);
}

static int
resolve(struct run *t, struct err *e)
{
	const struct train_options *o = t->o;
	struct train_recipe *r = &t->c.recipe;
	uint32_t micro = o->micro_batch;

	if (micro == 0)
		micro = TRAIN_MICRO / t->rows->max_seq;
	if (micro > t->rows->max_rows)
		micro = t->rows->max_rows;
	*r = (struct train_recipe){ .schedule = { .kind = o->schedule,
					.lr = o->lr,
					.min_ratio = o->min_lr_ratio,
					.steps = t->rows->steps },
		.optimiser = { .kind = o->optimiser,
		    .beta1 = o->beta1,
		    .beta2 = o->beta2,
		    .eps = o->eps,
		    .decay = o->decay,
		    .spare_embeddings = o->spare_embeddings,
		    .momentum = o->momentum,
		    .decay_rate = o->decay_rate,
		    .limit = o->update_clip,
		    .by_rms = o->scale_by_rms },
		.label_smoothing = o->label_smoothing,
		.z_loss = o->z_loss,
		.embed_grad = o->embed_grad_scale,
		.dropout = o->dropout,
		.embed_dropout = o->embed_dropout,
		.attention_dropout = o->attention_dropout,
		.document_mask = o->document_mask,
		.spike = o->spike,
		.spike_skip = o->spike_skip,
		.clip = o->clip,
		.micro_batch = micro ? micro : 1,
		.type = o->type,
		.seed = o->seed };
	memcpy(r->rows, t->rows->digest, sizeof(r->rows));
	loss_scale_init(&t->c.scale, o->type == OPS_F16);
	if (schedule_share(&r->schedule.warmup, "warm-up", o->warmup,
		t->rows->steps, e) < 0)
		return e->code;
	return schedule_share(
	    &r->schedule.cooldown, "cool-down", o->cooldown, t->rows->steps, e);
}

int
run_resolve(struct run *t, const struct model_config *c, struct err *e)
{
	if (check_options(t->o, e) < 0 ||
	    check_rows(c, t->rows, "the recipe", e) < 0 ||
	    (t->valid &&
		check_rows(c, t->valid, "the validation recipe", e) < 0))
		return e->code;
	if (resolve(t, e) < 0)
		return e->code;
	return check_ranks(t, e);
}
