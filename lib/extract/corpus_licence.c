/* SPDX-License-Identifier: MIT */
/* Which licence is it?  By what only its text says, most telling first. */
#include "extract/corpus.h"
#include "extract/field.h"

static const struct {
	const char *id;
	const char *says, *also, *never; /* lower case; NULL: no condition */
} licences[] = {
	{ "AGPL-3.0", "gnu affero general public license", NULL, NULL },
	{ "LGPL-3.0", "gnu lesser general public license", "version 3",
	    "version 2.1" },
	{ "LGPL-2.1", "gnu lesser general public license", NULL, NULL },
	{ "LGPL-2.0", "gnu library general public license", NULL, NULL },
	{ "GPL-3.0", "gnu general public license", "version 3", NULL },
	{ "GPL-2.0", "gnu general public license", NULL, NULL },
	{ "Apache-2.0", "apache license", "version 2.0", NULL },
	{ "MPL-2.0", "mozilla public license", "2.0", NULL },
	{ "EPL-2.0", "eclipse public license", "2.0", NULL },
	{ "EPL-1.0", "eclipse public license", NULL, NULL },
	{ "BSL-1.0", "boost software license", NULL, NULL },
	{ "Artistic-2.0", "artistic license 2.0", NULL, NULL },
	{ "CC0-1.0", "cc0 1.0 universal", NULL, NULL },
	{ "CC-BY-SA-4.0", "attribution-sharealike 4.0", NULL, NULL },
	{ "CC-BY-4.0", "attribution 4.0 international", NULL, NULL },
	{ "Unlicense", "this is free and unencumbered software", NULL, NULL },
	{ "WTFPL", "do what the fuck you want to", NULL, NULL },
	{ "ISC", "permission to use, copy, modify, and", "with or without fee",
	    NULL },
	{ "Zlib", "provided 'as-is', without any express", "altered source",
	    NULL },
	{ "MIT", "permission is hereby granted, free of charge",
	    "the software is provided \"as is\"", NULL },
	{ "BSD-4-Clause", "redistribution and use in source and binary",
	    "all advertising materials", NULL },
	{ "BSD-3-Clause", "redistribution and use in source and binary",
	    "endorse or promote", NULL },
	{ "BSD-2-Clause", "redistribution and use in source and binary", NULL,
	    NULL },
};

/* White space as one blank: licences are wrapped anywhere. */
static void
flatten(struct str s, struct buf *out)
{
	bool blank = true;
	size_t i;

	for (i = 0; i < s.n; i++) {
		bool space = field_is_space(s.p[i]);

		if (!space || !blank)
			buf_putc(out, space ? ' ' : s.p[i]);
		blank = space;
	}
}

const char *
corpus_licence(struct str s)
{
	struct buf flat = { 0 };
	const char *id = NULL;
	struct str t;
	size_t i;

	flatten((struct str){ s.p, s.n < 65536 ? s.n : 65536 }, &flat);
	t = buf_view(&flat);
	for (i = 0; !id && i < sizeof(licences) / sizeof(*licences); i++) {
		if (!t.n || !field_find(t, licences[i].says) ||
		    (licences[i].also && !field_find(t, licences[i].also)) ||
		    (licences[i].never && field_find(t, licences[i].never)))
			continue;
		id = licences[i].id;
	}
	buf_free(&flat);
	return id;
}

bool
corpus_is_licence(struct str path)
{
	static const char *const names[] = { "license", "licence", "copying",
		"unlicense", "license.txt", "licence.txt", "copying.txt",
		"license.md", "licence.md", "copying.md", "license-mit",
		"license-apache", "license.rst", "copying.lesser",
		"mit-license", "mit-license.txt" };
	size_t i;

	for (i = path.n; i > 0 && path.p[i - 1] != '/';)
		i--;
	path = (struct str){ path.p + i, path.n - i };
	for (i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (field_is(path, names[i]))
			return true;
	return false;
}
