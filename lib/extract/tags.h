/* SPDX-License-Identifier: MIT */
#ifndef EXTRACT_TAGS_H
#define EXTRACT_TAGS_H

#include "extract/lookup.h"

/* What reading a page needs to know of an HTML tag. */
enum {
	T_BLOCK = 1, /* breaks the text around it */
	T_VOID = 2,  /* has no content */
	T_RAW = 4,   /* its content is no HTML and no text: passed over */
	T_TEXT = 8,  /* its content is text in which '<' means nothing */
	T_SKIP = 16, /* its content is HTML, but not text of the page */
	T_GONE = 32, /* says nothing: left out */
	T_LINK = 64, /* a link or button: what stands in it leads elsewhere */
};

/* Their order is known to forests (F_TAG, feature.h): new ones go last. */
#define HTML_TAGS(X) \
	X(a, T_LINK) \
	X(address, T_BLOCK) \
	X(annotation, 0) \
	X(applet, T_SKIP) \
	X(area, T_VOID | T_GONE) \
	X(article, T_BLOCK) \
	X(aside, T_BLOCK) \
	X(audio, T_SKIP) \
	X(b, 0) \
	X(base, T_VOID | T_GONE) \
	X(blockquote, T_BLOCK) \
	X(body, T_BLOCK) \
	X(br, T_VOID) \
	X(button, T_LINK) \
	X(canvas, T_SKIP) \
	X(caption, T_BLOCK) \
	X(center, T_BLOCK) \
	X(code, 0) \
	X(col, T_VOID | T_GONE) \
	X(datalist, T_SKIP) \
	X(dd, T_BLOCK) \
	X(details, T_BLOCK) \
	X(dialog, T_BLOCK) \
	X(dir, T_BLOCK) \
	X(div, T_BLOCK) \
	X(dl, T_BLOCK) \
	X(dt, T_BLOCK) \
	X(em, 0) \
	X(embed, T_VOID | T_GONE) \
	X(fieldset, T_BLOCK) \
	X(figcaption, T_BLOCK) \
	X(figure, T_BLOCK) \
	X(font, 0) \
	X(footer, T_BLOCK) \
	X(form, T_BLOCK) \
	X(frame, T_VOID | T_GONE) \
	X(h1, T_BLOCK) \
	X(h2, T_BLOCK) \
	X(h3, T_BLOCK) \
	X(h4, T_BLOCK) \
	X(h5, T_BLOCK) \
	X(h6, T_BLOCK) \
	X(head, T_BLOCK) \
	X(header, T_BLOCK) \
	X(hgroup, T_BLOCK) \
	X(hr, T_BLOCK | T_VOID) \
	X(html, T_BLOCK) \
	X(i, 0) \
	X(iframe, T_RAW) \
	X(img, T_VOID | T_GONE) \
	X(input, T_VOID | T_GONE) \
	X(label, 0) \
	X(legend, T_BLOCK) \
	X(li, T_BLOCK) \
	X(link, T_VOID) \
	X(listing, T_BLOCK) \
	X(main, T_BLOCK) \
	X(math, 0) \
	X(menu, T_BLOCK) \
	X(meta, T_VOID) \
	X(nav, T_BLOCK) \
	X(noembed, T_RAW) \
	X(noframes, T_BLOCK) \
	X(noscript, T_BLOCK) \
	X(object, T_SKIP) \
	X(ol, T_BLOCK) \
	X(optgroup, T_SKIP) \
	X(option, T_SKIP) \
	X(p, T_BLOCK) \
	X(param, T_VOID | T_GONE) \
	X(plaintext, T_BLOCK) \
	X(pre, T_BLOCK) \
	X(rp, T_SKIP) \
	X(script, T_RAW) \
	X(section, T_BLOCK) \
	X(select, T_SKIP) \
	X(source, T_VOID | T_GONE) \
	X(span, 0) \
	X(strong, 0) \
	X(style, T_RAW) \
	X(summary, T_BLOCK) \
	X(svg, T_RAW) \
	X(table, T_BLOCK) \
	X(tbody, T_BLOCK) \
	X(td, T_BLOCK) \
	X(template, T_SKIP) \
	X(textarea, T_TEXT | T_SKIP) \
	X(tfoot, T_BLOCK) \
	X(th, T_BLOCK) \
	X(thead, T_BLOCK) \
	X(title, T_TEXT) \
	X(tr, T_BLOCK) \
	X(track, T_VOID | T_GONE) \
	X(ul, T_BLOCK) \
	X(video, T_SKIP) \
	X(wbr, T_VOID | T_GONE) \
	X(xmp, T_TEXT | T_BLOCK) \
	X(basefont, T_VOID | T_GONE) \
	X(bgsound, T_VOID | T_GONE) \
	X(big, 0) \
	X(colgroup, 0) \
	X(keygen, T_VOID | T_GONE) \
	X(marquee, 0) \
	X(nobr, 0) \
	X(rb, 0) \
	X(rt, 0) \
	X(rtc, 0) \
	X(s, 0) \
	X(search, 0) \
	X(small, 0) \
	X(strike, 0) \
	X(tt, 0) \
	X(u, 0)

enum tag {
	TAG_NONE, /* any other: an inline element that means nothing to us */
#define X(name, flags) TAG_##name,
	HTML_TAGS(X)
#undef X
	    TAG_COUNT
};

/* Flags of each tag. */
extern const unsigned char tags_flags[TAG_COUNT];

/* Once in the process, before tags_find(); html_init() does it. */
void tags_init(void);
/* The tag of a name in lower case; none that we know is longer than a word. */
enum tag tags_find(const struct lookup_word *name);

#endif
