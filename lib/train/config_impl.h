/* SPDX-License-Identifier: MIT */
#ifndef TRAIN_CONFIG_IMPL_H
#define TRAIN_CONFIG_IMPL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"
#include "io/json.h"
#include "train/config.h"

/* What reading and writing of config.json share: the keys of each family. */

/* NULL: the family has no such key, and the default holds. */
struct config_keys {
	const char *model_type, *class_name;
	const char *dim, *hidden, *layers, *heads, *max_seq, *eps, *act;
	const char *other_dim, *other_layers, *other_heads; /* older names */
	const char *act_otherwise;
	uint32_t max_seq_otherwise;
	double eps_otherwise;
	/* Names of things, and settings of other uses: nothing to compute. */
	const char *const *harmless;
	const char *const *understood; /* beside those above */
};

const struct config_keys *config_keys(enum model_family f);
/* Is it in a list that ends with NULL? */
bool config_among(struct str key, const char *const *list);
/* Does the family rotate, so that it knows rope_theta and rope_scaling? */
bool config_rotates(enum model_family f);

/* Names of options, NULL behind the last. */
extern const char *const norm_names[], *const position_names[],
					   *const scaling_names[];
/* What transformers calls the activations; the first of a kind is written. */
struct act_name {
	const char *name;
	uint32_t kind;
};
extern const struct act_name act_names[];
extern const size_t act_count;

/* A whole number, otherwise if absent or null; 0: it must be there. */
int config_number(uint32_t *to, struct json_val root, const char *key,
    uint32_t otherwise, struct err *e);
/* A number above 0, otherwise if absent or null. */
int config_positive(double *to, struct json_val root, const char *key,
    double otherwise, struct err *e);
/* Which of the names a string is; 0 if absent. */
int config_choice(int *to, struct json_val root, const char *key,
    const char *const *names, struct err *e);
/* null, false, 0: a thing is switched off, known or not. */
bool config_off(struct json_val v);
/* rope_theta, rope_scaling and rope_parameters (config_rope.c). */
int config_rope(struct model_config *c, struct json_val root, struct err *e);
/* The family and everything else, from a JSON object (config_read.c). */
int config_read(struct model_config *c, struct json_val root, struct err *e);

#endif
