/* SPDX-License-Identifier: MIT */
#include "train/scale.h"

static const double first = 65536, least = 1, most = 0x1p60;

void
loss_scale_init(struct loss_scale *s, bool on)
{
	*s = (struct loss_scale){ .on = on, .by = on ? first : 1 };
}

bool
loss_scale_step(struct loss_scale *s, bool finite)
{
	if (!s->on || (!finite && s->by <= least))
		return true;
	if (!finite) {
		s->by /= 2;
		s->good = 0;
		s->skipped++;
		return false;
	}
	if (++s->good == SCALE_PATIENCE) {
		s->good = 0;
		s->by = s->by < most ? s->by * 2 : s->by;
	}
	return true;
}
