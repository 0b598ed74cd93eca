/* SPDX-License-Identifier: MIT */
#include <pthread.h>

#include "base/buf.h"
#include "base/text/utf8.h"
#include "uclass.h"

/* A: pairs of a capital and its small letter. */
enum kind { U, L, C, A, M, N, P, S };

struct run {
	uint32_t first;
	uint16_t n;
	uint8_t kind, since;
};

static const struct run runs[] = {
#include "uclass.def"
};

enum { RUNS = sizeof(runs) / sizeof(*runs) };

static uint8_t tables[UNICODE_LAST - UNICODE_FIRST + 1][UCLASS_TABLE];
static uint8_t newer[UCLASS_TABLE]; /* what version brought it, if not 14 */
static pthread_once_t once = PTHREAD_ONCE_INIT;

static unsigned
class_of(const struct run *r, uint32_t cp)
{
	static const uint8_t classes[] = { [U] = UC_UPPER,
		[L] = UC_LOWER,
		[C] = UC_CASELESS,
		[M] = UC_MARK,
		[N] = UC_NUMBER,
		[P] = UC_OTHER,
		[S] = UC_OTHER };

	if (r->kind == A)
		return (cp - r->first) & 1 ? UC_LOWER : UC_UPPER;
	return classes[r->kind];
}

/* White_Space is the same in all versions. */
static void
fill_space(uint8_t *table)
{
	static const uint32_t others[] = { 0x20, 0x85, 0xa0, 0x1680, 0x2028,
		0x2029, 0x202f, 0x205f, 0x3000 };
	uint32_t cp;
	size_t i;

	for (cp = 9; cp <= 13; cp++)
		table[cp] = UC_SPACE;
	for (cp = 0x2000; cp <= 0x200a; cp++)
		table[cp] = UC_SPACE;
	for (i = 0; i < sizeof(others) / sizeof(*others); i++)
		table[others[i]] = UC_SPACE;
}

static void
fill_tables(void)
{
	const struct run *r;
	unsigned version;
	uint32_t cp;

	for (r = runs; r < runs + RUNS; r++)
		for (cp = r->first; r->since > UNICODE_FIRST &&
				    cp < r->first + r->n && cp < UCLASS_TABLE;
		     cp++)
			newer[cp] = r->since;
	for (version = UNICODE_FIRST; version <= UNICODE_LAST; version++)
		fill_space(tables[version - UNICODE_FIRST]);
	for (r = runs; r < runs + RUNS; r++)
		for (cp = r->first; cp < r->first + r->n && cp < UCLASS_TABLE;
		     cp++)
			for (version = r->since; version <= UNICODE_LAST;
			     version++)
				tables[version - UNICODE_FIRST][cp] =
				    (uint8_t)class_of(r, cp);
}

const uint8_t *
uclass_table(unsigned version)
{
	pthread_once(&once, fill_tables);
	return tables[(version ? version : UNICODE_LAST) - UNICODE_FIRST];
}

/* The kinds of runs that have a property, as bits. */
static unsigned
kinds_of(struct str property)
{
	static const struct {
		const char *name;
		unsigned kinds;
	} all[] = { { "L", 1 << U | 1 << L | 1 << C }, { "Lu", 1 << U },
		{ "Ll", 1 << L }, { "M", 1 << M }, { "N", 1 << N },
		{ "P", 1 << P }, { "S", 1 << S } };
	size_t i;

	for (i = 0; i < sizeof(all) / sizeof(*all); i++)
		if (str_eq(property, str_c(all[i].name)))
			return all[i].kinds;
	return 0;
}

static unsigned
kind_at(const struct run *r, uint32_t cp)
{
	return r->kind != A ? r->kind : (cp - r->first) & 1 ? L : U;
}

void
uclass_newer(struct buf *to, struct str property, unsigned known)
{
	unsigned kinds = kinds_of(property);
	uint32_t cp, from = 0, end = 0;
	const struct run *r;

	for (r = runs; r < runs + RUNS; r++)
		for (cp = r->first; cp < r->first + r->n; cp++) {
			if (r->since <= known || !(kinds >> kind_at(r, cp) & 1))
				continue;
			if (end && cp != end)
				buf_printf(
				    to, "\\x{%x}-\\x{%x}", from, end - 1);
			if (cp != end)
				from = cp;
			end = cp + 1;
		}
	if (end)
		buf_printf(to, "\\x{%x}-\\x{%x}", from, end - 1);
}

bool
uclass_has_newer(struct str s, unsigned known)
{
	const char *p = s.p, *end = s.p + s.n;
	uint32_t cp;
	size_t len;

	pthread_once(&once, fill_tables);
	while (p < end) {
		if ((uint8_t)*p < 0x80) {
			p++;
			continue;
		}
		cp = utf8_get(p, end, &len);
		if (cp < UCLASS_TABLE && newer[cp] > known)
			return true;
		p += len;
	}
	return false;
}

/* Tags and variation selectors. */
unsigned
uclass_far(uint32_t cp)
{
	return cp >= 0xe0100 && cp <= 0xe01ef ? UC_MARK : UC_OTHER;
}
