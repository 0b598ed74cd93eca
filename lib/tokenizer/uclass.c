/* SPDX-License-Identifier: MIT */
#include <pthread.h>
#include <utf8proc.h>

#include "base/text/uni.h"
#include "uclass.h"

static uint8_t table[UCLASS_TABLE];
static pthread_once_t once = PTHREAD_ONCE_INIT;

static unsigned
letter_class(uint32_t cp)
{
	switch (utf8proc_category((utf8proc_int32_t)cp)) {
	case UTF8PROC_CATEGORY_LU:
	case UTF8PROC_CATEGORY_LT:
		return UC_UPPER;
	case UTF8PROC_CATEGORY_LL:
		return UC_LOWER;
	default:
		return UC_CASELESS;
	}
}

unsigned
uclass_far(uint32_t cp)
{
	unsigned c = cp > 0x10ffff ? 0 : uni_class(cp);

	if (c & UNI_LETTER)
		return letter_class(cp);
	if (c & UNI_NUMBER)
		return UC_NUMBER;
	if (c & UNI_MARK)
		return UC_MARK;
	return c & UNI_SPACE ? UC_SPACE : UC_OTHER;
}

static void
fill(void)
{
	uint32_t cp;

	for (cp = 0; cp < UCLASS_TABLE; cp++)
		table[cp] = (uint8_t)uclass_far(cp);
}

const uint8_t *
uclass_table(void)
{
	pthread_once(&once, fill);
	return table;
}
