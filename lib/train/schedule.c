/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/num.h"
#include "train/schedule.h"

#define PI 3.14159265358979323846

static const char *const names[] = { [SCHEDULE_COSINE] = "cosine",
	[SCHEDULE_LINEAR] = "linear",
	[SCHEDULE_CONSTANT] = "constant",
	[SCHEDULE_INVERSE_SQRT] = "inverse-sqrt",
	[SCHEDULE_WSD] = "wsd" };

double
schedule_lr(const struct schedule *s, uint64_t step)
{
	uint64_t from = s->warmup, warm = s->warmup ? s->warmup : 1;
	double done, share;

	if (step < s->warmup)
		return s->lr * (double)(step + 1) / (double)s->warmup;
	if (s->kind == SCHEDULE_INVERSE_SQRT)
		return s->lr * sqrt((double)warm / (double)(step + 1));
	if (s->kind == SCHEDULE_WSD && s->steps > from + s->cooldown)
		from = s->steps - s->cooldown - 1;
	if (s->kind == SCHEDULE_CONSTANT || s->steps <= from + 1 ||
	    step <= from)
		return s->lr;
	done = (double)(step - from) / (double)(s->steps - from - 1);
	if (done > 1)
		done = 1;
	share =
	    s->kind == SCHEDULE_COSINE ? (1 + cos(PI * done)) / 2 : 1 - done;
	return s->lr * (s->min_ratio + (1 - s->min_ratio) * share);
}

int
schedule_kind(enum schedule_kind *k, const char *name, struct err *e)
{
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (strcmp(names[i], name) == 0) {
			*k = (enum schedule_kind)i;
			return 0;
		}
	return err_set(e, ERR_ARG, "no schedule '%s'", name);
}

const char *
schedule_name(enum schedule_kind k)
{
	return names[k];
}

int
schedule_share(uint64_t *to, const char *what, const char *text, uint64_t steps,
    struct err *e)
{
	size_t n = strlen(text);
	char number[32];
	double percent;

	if ((n == 0 || text[n - 1] != '%') && num_u64(text, to, e) == 0)
		return 0;
	if (n == 0 || text[n - 1] != '%')
		return err_prefix(e, "%s", what);
	snprintf(number, sizeof(number), "%.*s", (int)(n - 1), text);
	if (num_double(number, &percent, e) < 0 || !(percent >= 0) ||
	    percent > 100)
		return err_set(e, ERR_ARG,
		    "%s '%s' is neither steps nor 0%% to 100%%", what, text);
	*to = (uint64_t)ceil((double)steps * percent / 100);
	return 0;
}
