/* SPDX-License-Identifier: MIT */
#include <math.h>

#include "base/err.h"
#include "train/config_impl.h"

/* Keys of rope_parameters; those of rope_scaling are among them. */
static const char *const known[] = { "rope_type", "type", "rope_theta",
	"partial_rotary_factor", "factor", "low_freq_factor",
	"high_freq_factor", "original_max_position_embeddings",
	"attention_factor", "beta_fast", "beta_slow", "mscale",
	"mscale_all_dim", "truncate", NULL };

static int
check_keys(struct json_val p, const char *of, struct err *e)
{
	struct json_iter it = json_each(p);
	struct json_val v;
	struct str key;

	while (json_next(&it, &key, &v))
		if (!config_among(key, known) && !config_off(v))
			return err_set(e, ERR_FORMAT,
			    "\"%s.%.*s\" is not known here", of, (int)key.n,
			    key.p);
	return 0;
}

static int
read_kind(enum scaling_kind *kind, struct json_val p, struct err *e)
{
	struct json_val v = json_get(p, "rope_type");
	struct str s;
	int i;

	if (json_type(v) == JSON_NONE)
		v = json_get(p, "type");
	s = json_type(v) == JSON_NONE ? STR("default") : json_str(v);
	for (i = 0; scaling_names[i]; i++)
		if (str_eq(s, str_c(scaling_names[i]))) {
			*kind = (enum scaling_kind)i;
			return 0;
		}
	return err_set(e, ERR_FORMAT,
	    "\"rope_type\" is \"%.*s\": default, linear, llama3 and yarn are "
	    "known; dynamic and longrope change with the sequence's length",
	    (int)s.n, s.p ? s.p : "");
}

static double
mscale(double factor, double by)
{
	return factor <= 1 ? 1 : .1 * by * log(factor) + 1;
}

static int
read_yarn(struct rope_scaling *s, struct json_val p, struct err *e)
{
	double one = json_double(json_get(p, "mscale"), 0);
	double all = json_double(json_get(p, "mscale_all_dim"), 0);
	double otherwise = one != 0 && all != 0
			       ? mscale(s->factor, one) / mscale(s->factor, all)
			       : mscale(s->factor, 1);

	if (!(otherwise > 0))
		return err_set(e, ERR_FORMAT,
		    "\"mscale\" %g over \"mscale_all_dim\" %g gives %g: the "
		    "factor of scores must be above 0",
		    one, all, otherwise);
	s->truncate = json_bool(json_get(p, "truncate"), true);
	if (config_positive(&s->high, p, "beta_fast", 32, e) < 0 ||
	    config_positive(&s->low, p, "beta_slow", 1, e) < 0)
		return e->code;
	return config_positive(
	    &s->attention, p, "attention_factor", otherwise, e);
}

/* Where nothing is scaled: a number that says by how much is a mistake. */
static int
refuse_numbers(struct json_val p, struct err *e)
{
	static const char *const fine[] = { "rope_type", "type", "rope_theta",
		"partial_rotary_factor", NULL };
	struct json_iter it = json_each(p);
	struct json_val v;
	struct str key;

	while (json_next(&it, &key, &v))
		if (!config_among(key, fine) && !config_off(v))
			return err_set(e, ERR_FORMAT,
			    "\"%.*s\" of rotary positions without a "
			    "\"rope_type\" that scales them: linear, llama3 "
			    "or yarn",
			    (int)key.n, key.p);
	return 0;
}

static int
read_scaling(struct model_config *c, struct json_val p, struct err *e)
{
	struct rope_scaling *s = &c->scaling;
	bool llama3;

	*s = (struct rope_scaling){ 0 };
	if (read_kind(&s->kind, p, e) < 0)
		return e->code;
	if (s->kind == SCALING_NONE)
		return refuse_numbers(p, e);
	if (config_positive(&s->factor, p, "factor", 0, e) < 0)
		return e->code;
	if (s->kind == SCALING_LINEAR)
		return 0;
	llama3 = s->kind == SCALING_LLAMA3;
	if (config_number(&s->original, p, "original_max_position_embeddings",
		llama3 ? 0 : c->max_seq, e) < 0)
		return e->code;
	if (!llama3)
		return read_yarn(s, p, e);
	if (config_positive(&s->low, p, "low_freq_factor", 0, e) < 0)
		return e->code;
	return config_positive(&s->high, p, "high_freq_factor", 0, e);
}

/* The share of a head that turns. */
static int
read_share(struct model_config *c, struct json_val root, struct json_val p,
    struct err *e)
{
	bool part = c->family == FAMILY_NEOX || c->family == FAMILY_QUERN;
	const char *key =
	    c->family == FAMILY_NEOX ? "rotary_pct" : "partial_rotary_factor";
	double share, otherwise = c->family == FAMILY_NEOX ? .25 : 1;
	uint32_t n;

	if ((part && config_positive(&share, root, key, otherwise, e) < 0) ||
	    config_positive(
		&share, p, "partial_rotary_factor", part ? share : 1, e) < 0)
		return e->code;
	if (share > 1 || (share < 1 && !part))
		return err_set(e, ERR_FORMAT,
		    "\"partial_rotary_factor\" is %g: it must be %s", share,
		    part ? "at most 1" : "1 in this family");
	if (c->position != POSITION_ROPE && c->position != POSITION_XPOS)
		return 0; /* heads of any size */
	n = (uint32_t)(c->head_dim * share);
	if (n == 0 || n % 2)
		return err_set(e, ERR_FORMAT,
		    "%g of head_dim %u are %u rotary channels: they must be "
		    "even and not none",
		    share, c->head_dim, n);
	c->rotary = n == c->head_dim ? 0 : n;
	return 0;
}

int
config_rope(struct model_config *c, struct json_val root, struct err *e)
{
	struct json_val p = json_get(root, "rope_parameters");
	struct json_val s = json_get(root, "rope_scaling");
	const char *base =
	    c->family == FAMILY_NEOX ? "rotary_emb_base" : "rope_theta";
	double theta = 10000;

	if (check_keys(p, "rope_parameters", e) < 0 ||
	    check_keys(s, "rope_scaling", e) < 0 ||
	    config_positive(&theta, root, base, theta, e) < 0 ||
	    config_positive(&theta, s, "rope_theta", theta, e) < 0 ||
	    config_positive(&c->theta, p, "rope_theta", theta, e) < 0 ||
	    read_share(c, root, p, e) < 0)
		return e->code;
	return read_scaling(c, json_type(s) == JSON_OBJECT ? s : p, e);
}
