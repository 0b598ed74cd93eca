/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "base/err.h"
#include "extract/page.h"

void
page_free(struct page *p)
{
	buf_free(&p->text);
	buf_free(&p->title);
	buf_free(&p->lang);
	buf_free(&p->canonical);
	buf_free(&p->author);
	buf_free(&p->site);
	buf_free(&p->published);
	buf_free(&p->modified);
	buf_free(&p->hrefs);
	free(p->link);
	free(p->block);
	free(p->elem);
	free(p->sum);
}

void
page_clear(struct page *p)
{
	buf_clear(&p->text);
	buf_clear(&p->title);
	buf_clear(&p->lang);
	buf_clear(&p->canonical);
	buf_clear(&p->author);
	buf_clear(&p->site);
	buf_clear(&p->published);
	buf_clear(&p->modified);
	buf_clear(&p->hrefs);
	p->nblock = p->nelem = p->nlink = 0;
	p->hints = 0;
}

int
page_end(struct page *p, struct err *e)
{
	struct sums *more;
	size_t i;

	if (p->cap_sum < p->nblock + 1) {
		more = realloc(p->sum, 2 * (p->nblock + 1) * sizeof(*more));
		if (!more)
			return err_nomem(e, "a page");
		p->sum = more;
		p->cap_sum = 2 * (p->nblock + 1);
	}
	p->sum[0] = (struct sums){ 0 };
	for (i = 0; i < p->nblock; i++) {
		p->sum[i + 1].text = p->sum[i].text + p->block[i].n;
		p->sum[i + 1].link = p->sum[i].link + p->block[i].link;
	}
	return buf_ok(&p->text, e);
}
