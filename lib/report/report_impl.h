/* SPDX-License-Identifier: MIT */
#ifndef REPORT_REPORT_IMPL_H
#define REPORT_REPORT_IMPL_H

/* Inside of struct report: shared by report*.c only. */

#include <stdbool.h>

#include "io/json.h"
#include "report/counts.h"
#include "report/plot.h"
#include "report/report.h"
#include "report/stats.h"

/* Runs of one command with the same options. */
struct stage {
	char *command, *options;
	uint64_t runs;
	uint64_t in, kept, dropped, damaged;
	uint64_t text_in, text_out; /* bytes */
	uint64_t tokens;            /* of shards; 0 of anything else */
	struct counts reasons;
};

/* What quern stats wrote under one name. */
struct survey_page {
	char *name;
	struct stats stats;
};

/* Points of one kind in a training log. */
struct series {
	struct plot_point *v;
	size_t n, cap;
};

enum { SERIES_LOSS, SERIES_VALID, SERIES_LR, SERIES };

struct training {
	char *name;
	struct series series[SERIES];
	double unigram; /* loss of the unigram model, or 0 */
	uint64_t steps, tokens;
};

/* A file with "tables" for the reader, or numbers of its own. */
struct drawn {
	char *name;
	struct json *json;
};

struct report {
	struct stage *stages;
	struct survey_page *surveys;
	struct training *trainings;
	struct drawn *drawn;
	size_t nstage, nsurvey, ntraining, ndrawn;
	struct samples samples; /* of all surveys */
};

/* Sections; each is nothing if there is nothing to say. */
int section_stages(const struct report *r, struct buf *out, struct err *e);
int section_reasons(const struct report *r, struct buf *out, struct err *e);
int section_survey(const struct survey_page *s, struct buf *out, struct err *e);
void section_training(const struct training *t, struct buf *out);
void section_drawn(const struct drawn *d, struct buf *out);

/*
 * {"a":1,"b":{"c":"x"}} as "a 1, b c x": every value with the names that lead
 * to it, as text.
 */
void flat_json(struct json_val v, struct buf *out);

#endif
