/* SPDX-License-Identifier: MIT */
/* What is known of tokenizers as tables that quern report draws. */
#include <string.h>

#include "base/buf.h"
#include "facts.h"

/* A line with tabs as an array of strings. */
static void
put_cells(struct buf *out, struct str line)
{
	const char *tab;
	size_t n;

	buf_putc(out, '[');
	for (;; line.p += n + 1, line.n -= n + 1) {
		tab = line.n ? memchr(line.p, '\t', line.n) : NULL;
		n = tab ? (size_t)(tab - line.p) : line.n;
		buf_json_lossy(out, (struct str){ line.p, n });
		if (!tab)
			break;
		buf_putc(out, ',');
	}
	buf_putc(out, ']');
}

static void
put_table(
    struct buf *out, const char *title, const char *columns, struct str rows)
{
	const char *comma = "", *eol;
	size_t n;

	buf_printf(out, "{\"title\":\"%s\",\"columns\":", title);
	put_cells(out, str_c(columns));
	buf_puts(out, ",\"rows\":[");
	for (; rows.n; rows.p += n, rows.n -= n) {
		eol = memchr(rows.p, '\n', rows.n);
		n = eol ? (size_t)(eol - rows.p) + 1 : rows.n;
		buf_puts(out, comma);
		put_cells(out, (struct str){ rows.p, eol ? n - 1 : n });
		comma = ",";
	}
	buf_puts(out, "]}");
}

void
facts_tables(struct buf *out, const struct facts_lines *l)
{
	buf_puts(out, "\"tables\":[");
	put_table(out, "Tokenizers",
	    l->texts ? FACTS_HEADER FACTS_USAGE : FACTS_HEADER,
	    buf_view(&l->rows));
	if (l->texts) {
		buf_putc(out, ',');
		put_table(out, "Bytes a token by language and host",
		    "by\tname\ttokenizer\ttexts\tbytes\ttokens\t"
		    "bytes_per_token",
		    buf_view(&l->groups));
	}
	buf_putc(out, ',');
	put_table(out, "Longest tokens", "tokenizer\tid\tbytes\ttoken",
	    buf_view(&l->longest));
	buf_puts(out, "],");
}

void
facts_lines_free(struct facts_lines *l)
{
	buf_free(&l->rows);
	buf_free(&l->groups);
	buf_free(&l->longest);
}
