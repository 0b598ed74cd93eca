/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "base/err.h"
#include "filter/lang_model.h"

/* ISO 639-3 or 639-2, members of macrolanguages too, and its 639-1 code. */
static const char codes[] =
    "aaraa abkab afraf akaak albsq alssq amham araar arbar argan armhy "
    "asmas avaav aveae aymay ayray azeaz azjaz bakba bambm baqeu belbe "
    "benbn bisbi bodbo bosbs brebr bulbg burmy catca cescs chach chece "
    "chizh chucu chvcv cmnzh corkw cosco crecr cymcy czecs danda deude "
    "divdv dutnl dzodz ekket ellel engen epoeo estet euseu eweee faofo "
    "fasfa fijfj finfi frafr frefr fryfy fulff fuvff gazom geoka gerde "
    "glagd glega glggl glvgv greel grngn guggn gujgu hatht hauha hebhe "
    "herhz hinhi hmoho hrvhr hunhu hyehy iboig iceis idoio iiiii ikuiu "
    "ileie inaia indid ipkik islis itait javjv jpnja kalkl kankn kasks "
    "katka kaukr kazkk khkmn khmkm kikki kinrw kirky kmrku komkv konkg "
    "korko kuakj kurku laolo latla lavlv limli linln litlt ltzlb lublu "
    "luglg lvslv macmk mahmh malml maomi marmr mayms mkdmk mlgmg mltmt "
    "monmn mrimi msams myamy nauna navnv nblnr ndend ndong nepne nldnl "
    "nnonn nobnb norno npine nyany ocioc ojioj orior ormom oryor ossos "
    "panpa pbtps perfa pesfa plipi pltmg polpl porpt pusps quequ quyqu "
    "rohrm ronro rumro runrn rusru sagsg sansa sinsi slksk slosk slvsl "
    "smese smosm snasn sndsd somso sotst spaes sqisq srdsc srpsr sswss "
    "sunsu swasw swesv swhsw tahty tamta tattt telte tgktg tgltl thath "
    "tibbo tirti tonto tsntn tsots tuktk turtr twitw uigug ukruk urdur "
    "uzbuz uznuz venve vievi volvo welcy wlnwa wolwo xhoxh yddyi yidyi "
    "yoryo zhaza zhozh zsmms zulzu ";

enum { CODE = 6 /* bytes of codes a language */ };

/* Source: the code tables of ISO 639, parts 1 to 3. */
static struct str
shorten(struct str code)
{
	size_t at;

	for (at = 0; code.n == 3 && at + CODE < sizeof(codes); at += CODE)
		if (memcmp(codes + at, code.p, 3) == 0)
			return (struct str){ codes + at + 3, 2 };
	return code;
}

struct str
lang_code(struct str label)
{
	size_t i;

	for (i = 0; i < label.n && label.p[i] != '_' && label.p[i] != '-'; i++)
		;
	return shorten((struct str){ label.p, i });
}

/* The code that a label stands for. */
static struct str
code_of(const struct fasttext *f, size_t label)
{
	return lang_code(fasttext_label(f, label));
}

int
lang_model_check(const struct fasttext *f, struct err *e)
{
	struct str s;
	size_t i;

	for (i = 0; i < fasttext_labels(f); i++) {
		s = code_of(f, i);
		if (s.n < 2 || s.n > 3) {
			s = fasttext_label(f, i);
			return err_set(e, ERR_ARG,
			    "the model's label '%.*s' names no language",
			    s.n < 64 ? (int)s.n : 64, s.p);
		}
	}
	return 0;
}

bool
lang_model_known(const struct fasttext *f, struct str code)
{
	size_t i;

	if (str_eq(code, (struct str){ "und", 3 }))
		return true;
	for (i = 0; i < fasttext_labels(f); i++)
		if (str_eq(code_of(f, i), code))
			return true;
	return false;
}

int
lang_model_guess(const struct fasttext *f, struct fasttext_scratch *s,
    struct str text, struct lang *l, struct err *e)
{
	struct fasttext_guess best[2];
	struct str code = { "und", 3 };
	size_t n;

	if (fasttext_guess(f, s, text, 1, best, &n, e) < 0)
		return e->code;
	if (s->nhash < 2) /* the end of the line alone */
		n = 0;
	*l = (struct lang){ .score = n ? best->p : 0 };
	if (n)
		code = code_of(f, best->label);
	memcpy(l->code, code.p, code.n);
	l->reliable = l->score >= 0.5;
	return 0;
}
