/* SPDX-License-Identifier: MIT */
/*
 * Source files: language by name or first line; licence by the file's SPDX
 * line, by what its first comment says, or by the tree's licence file.  Not
 * kept: what a machine wrote or squeezed.
 *
 * Limits: lines of more than 100 bytes on average or 1000 at most are
 * minified or data.  Source: Kocetkov et al., "The Stack: 3 TB of permissively
 * licensed source code", 2022, and its filters in Li et al., "StarCoder", 2023,
 * section 3.1 (there 100 and 1000 characters; alphabetic share 0.25).
 */
#include "extract/corpus.h"
#include "extract/field.h"

enum { MEAN_LINE = 100, LONGEST_LINE = 1000 };

static const struct {
	const char *language;
	const char *suffixes; /* each between blanks */
} by_suffix[] = {
	{ "Ada", " adb ads " },
	{ "Agda", " agda " },
	{ "Assembly", " s asm nasm " },
	{ "Awk", " awk " },
	{ "Batch", " bat cmd " },
	{ "C", " c h " },
	{ "C#", " cs csx " },
	{ "C++", " cc cpp cxx c++ hpp hh hxx ipp tpp " },
	{ "CMake", " cmake " },
	{ "CSS", " css " },
	{ "CUDA", " cu cuh " },
	{ "Clojure", " clj cljs cljc edn " },
	{ "Cobol", " cob cbl cpy " },
	{ "CoffeeScript", " coffee " },
	{ "Common Lisp", " lisp lsp cl " },
	{ "Coq", " v coq " },
	{ "Crystal", " cr " },
	{ "D", " d " },
	{ "Dart", " dart " },
	{ "Elixir", " ex exs " },
	{ "Elm", " elm " },
	{ "Emacs Lisp", " el " },
	{ "Erlang", " erl hrl " },
	{ "F#", " fs fsi fsx " },
	{ "Fortran", " f f90 f95 f03 f08 for ftn " },
	{ "GLSL", " glsl " },
	{ "Go", " go " },
	{ "GraphQL", " graphql gql " },
	{ "Groovy", " groovy gradle " },
	{ "HCL", " tf hcl " },
	{ "Haskell", " hs lhs " },
	{ "Idris", " idr " },
	{ "Java", " java " },
	{ "JavaScript", " js jsx mjs cjs " },
	{ "Julia", " jl " },
	{ "Kotlin", " kt kts " },
	{ "Lean", " lean " },
	{ "Less", " less " },
	{ "Lua", " lua " },
	{ "MATLAB", " m mat " },
	{ "Makefile", " mk mak " },
	{ "Markdown", " md markdown " },
	{ "Nim", " nim " },
	{ "Nix", " nix " },
	{ "OCaml", " ml mli " },
	{ "PHP", " php phtml " },
	{ "Pascal", " pas pp dpr " },
	{ "Perl", " pl pm " },
	{ "PowerShell", " ps1 psm1 " },
	{ "Prolog", " pro " },
	{ "Protocol Buffer", " proto " },
	{ "Python", " py pyi pyx pxd " },
	{ "R", " r " },
	{ "Racket", " rkt " },
	{ "Ruby", " rb rake gemspec " },
	{ "Rust", " rs " },
	{ "SQL", " sql " },
	{ "Sass", " scss sass " },
	{ "Scala", " scala sbt " },
	{ "Scheme", " scm ss " },
	{ "Shell", " sh bash zsh ksh " },
	{ "Smalltalk", " st " },
	{ "Solidity", " sol " },
	{ "Standard ML", " sml sig fun " },
	{ "Stan", " stan " },
	{ "Svelte", " svelte " },
	{ "Swift", " swift " },
	{ "SystemVerilog", " sv svh " },
	{ "TOML", " toml " },
	{ "Tcl", " tcl " },
	{ "TypeScript", " ts tsx mts cts " },
	{ "VHDL", " vhd vhdl " },
	{ "Vim Script", " vim " },
	{ "Visual Basic", " vb vbs " },
	{ "Vue", " vue " },
	{ "YAML", " yml yaml " },
	{ "Zig", " zig " },
	{ "reStructuredText", " rst " },
};

static const struct {
	const char *name, *language;
} by_name[] = { { "makefile", "Makefile" }, { "gnumakefile", "Makefile" },
	{ "dockerfile", "Dockerfile" }, { "cmakelists.txt", "CMake" },
	{ "rakefile", "Ruby" }, { "gemfile", "Ruby" },
	{ "jenkinsfile", "Groovy" }, { "meson.build", "Meson" },
	{ "build.bazel", "Starlark" }, { "go.mod", "Go Module" } };

static const struct {
	const char *name, *language;
} by_shebang[] = { { "python", "Python" }, { "bash", "Shell" },
	{ "zsh", "Shell" }, { "ksh", "Shell" }, { "dash", "Shell" },
	{ "perl", "Perl" }, { "ruby", "Ruby" }, { "node", "JavaScript" },
	{ "deno", "TypeScript" }, { "php", "PHP" }, { "lua", "Lua" },
	{ "tclsh", "Tcl" }, { "wish", "Tcl" }, { "awk", "Awk" },
	{ "gawk", "Awk" }, { "rscript", "R" }, { "julia", "Julia" },
	{ "escript", "Erlang" }, { "guile", "Scheme" }, { "make", "Makefile" },
	{ "sh", "Shell" } };

static struct str
name_of(struct str path)
{
	size_t i;

	for (i = path.n; i > 0 && path.p[i - 1] != '/';)
		i--;
	return (struct str){ path.p + i, path.n - i };
}

/* "#!/usr/bin/env python3 -u": python */
static const char *
shebang(struct str start)
{
	const char *nl;
	struct str s, word;
	size_t i, k;

	if (!str_starts(start, STR("#!")))
		return NULL;
	nl = memchr(start.p, '\n', start.n);
	s = (struct str){ start.p + 2,
		(nl ? (size_t)(nl - start.p) : start.n) - 2 };
	s = field_trim(s);
	while (s.n) {
		for (i = 0; i < s.n && s.p[i] != ' '; i++)
			;
		word = name_of((struct str){ s.p, i });
		while (word.n && (field_is_digit(word.p[word.n - 1]) ||
				     word.p[word.n - 1] == '.'))
			word.n--;
		for (k = 0; k < sizeof(by_shebang) / sizeof(*by_shebang); k++)
			if (field_is(word, by_shebang[k].name))
				return by_shebang[k].language;
		if (!field_is(word, "env"))
			break;
		s = field_trim((struct str){ s.p + i, s.n - i });
		while (s.n && s.p[0] == '-') /* env -S */
			s = (struct str){ s.p + 2, s.n - (s.n > 1 ? 2 : 1) };
		s = field_trim(s);
	}
	return NULL;
}

static const char *
suffix_language(struct str name)
{
	char key[16];
	size_t i, n = 0;

	for (i = name.n; i > 1 && name.p[i - 1] != '.';)
		i--;
	if (i <= 1 || name.n - i > sizeof(key) - 3 || i == name.n)
		return NULL;
	key[n++] = ' ';
	for (; i < name.n; i++)
		key[n++] = field_lower(name.p[i]);
	key[n++] = ' ';
	key[n] = '\0';
	for (i = 0; i < sizeof(by_suffix) / sizeof(*by_suffix); i++)
		if (strstr(by_suffix[i].suffixes, key))
			return by_suffix[i].language;
	return NULL;
}

const char *
corpus_language(struct str path, struct str start)
{
	struct str name = name_of(path);
	const char *language;
	size_t i;

	for (i = 0; i < sizeof(by_name) / sizeof(*by_name); i++)
		if (field_is(name, by_name[i].name))
			return by_name[i].language;
	language = suffix_language(name);
	/* A .h of C++ says so. */
	if (language && strcmp(language, "C") == 0 &&
	    str_ends(name, STR(".h")) &&
	    (corpus_find(start, STR("\nnamespace ")) < start.n ||
		corpus_find(start, STR("\nclass ")) < start.n ||
		corpus_find(start, STR("\ntemplate <")) < start.n ||
		corpus_find(start, STR("\ntemplate<")) < start.n))
		return "C++";
	return language ? language : shebang(start);
}

/* The sign in the file's first lines that a machine wrote it, or nothing. */
static struct str
generated(struct str s)
{
	static const char *const signs[] = { "code generated by", "@generated",
		"autogenerated", "auto-generated", "automatically generated",
		"generated by the protocol buffer compiler",
		"this file was generated", "this file is generated",
		"generated file. do not edit", "do not edit this file",
		"generated by swig" };
	struct str head = { s.p, s.n < 1000 ? s.n : 1000 };
	const char *hit;
	size_t i;

	for (i = 0; head.n && i < sizeof(signs) / sizeof(*signs); i++) {
		hit = field_find(head, signs[i]);
		if (hit)
			return (struct str){ hit, strlen(signs[i]) };
	}
	return (struct str){ NULL, 0 };
}

/* Lines too long to be written by hand; true if dropped. */
static bool
squeezed(struct str s, const char *language, struct corpus_doc *d)
{
	size_t i, from = 0, longest = 0, lines = 0;
	bool prose = strcmp(language, "Markdown") == 0 ||
		     strcmp(language, "reStructuredText") == 0;

	for (i = 0; i <= s.n; i++) {
		if (i < s.n && s.p[i] != '\n')
			continue;
		longest = i - from > longest ? i - from : longest;
		lines += i > from;
		from = i + 1;
	}
	if (prose || !lines)
		return false;
	if (longest > LONGEST_LINE) {
		corpus_drop_value(
		    d, "minified_line", (double)longest, LONGEST_LINE);
		return true;
	}
	if (s.n / lines > MEAN_LINE) {
		corpus_drop_value(
		    d, "minified_mean", (double)s.n / (double)lines, MEAN_LINE);
		return true;
	}
	return false;
}

/* "SPDX-License-Identifier: MIT OR Apache-2.0" */
static struct str
spdx_line(struct str s)
{
	static const char key[] = "SPDX-License-Identifier:";
	struct str head = { s.p, s.n < 4096 ? s.n : 4096 }, id;
	size_t i = corpus_find(head, STR("SPDX-License-Identifier:")), n = 0;

	if (i == head.n)
		return (struct str){ NULL, 0 };
	i += sizeof(key) - 1;
	id = (struct str){ s.p + i, s.n - i };
	while (n < id.n && n < 100 && id.p[n] != '\n' && id.p[n] != '\r' &&
	       id.p[n] != '*' && id.p[n] != '<' && id.p[n] != '"')
		n++;
	id = field_trim((struct str){ id.p, n });
	return id;
}

static void
put_licence(const struct corpus_item *it, struct corpus_doc *d)
{
	struct str id = spdx_line(it->text);
	struct str head = { it->text.p, it->text.n < 4096 ? it->text.n : 4096 };
	const char *named;

	if (!id.n) {
		named = corpus_licence(head);
		id = named ? str_c(named) : it->extra;
	}
	corpus_member(d, "licence", id);
}

int
corpus_code(struct corpus *c, const struct corpus_item *it,
    struct corpus_doc *d, struct err *e)
{
	struct str path = corpus_plain_path(it->path.n ? it->path : it->file);
	struct str name = name_of(path), sign;
	const char *language = corpus_language(path, it->text);

	(void)c;
	(void)e;
	if (!language)
		return corpus_drop(d, "content_type", it->path);
	if (field_is(name, "pnpm-lock.yaml"))
		return corpus_drop(d, "generated", name);
	sign = generated(it->text);
	if (sign.n)
		return corpus_drop(d, "generated", sign);
	if (squeezed(it->text, language, d))
		return 0;
	corpus_member(d, "programming_language", str_c(language));
	put_licence(it, d);
	buf_str(&d->text, it->text);
	while (d->text.n && field_is_space(d->text.p[d->text.n - 1]))
		d->text.n--;
	return 0;
}
