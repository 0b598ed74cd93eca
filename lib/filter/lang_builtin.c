/* SPDX-License-Identifier: MIT */
/* The language model that is built in: lang.qlm, which make lang-model makes.
 */
#include "filter/lang.h"

__asm__(".pushsection .rodata\n"
	".balign 16\n"
	"quern_lang_model:\n"
	".incbin \"lib/filter/lang.qlm\"\n"
	"quern_lang_model_end:\n"
	".popsection\n");
extern const char model_start[] __asm__("quern_lang_model");
extern const char model_end[] __asm__("quern_lang_model_end");

int
langid_builtin(struct langid **m, struct err *e)
{
	return langid_parse(m,
	    (struct str){ model_start, (size_t)(model_end - model_start) }, e);
}
