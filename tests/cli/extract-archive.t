#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# quern extract --from archive: tar, zip, 7z, and what they hold.
# shellcheck source=SCRIPTDIR/lib.sh
. "$(dirname "$0")/lib.sh"
cd "$tmp" || exit 1
bin=${QUERN_BIN:-$top/build/bin}
extract() { "$bin/quern-extract" "$@"; }
texts() { jq -r '"== \(.id)\n\(.text)"' "$@"; }
# The same time and owner everywhere: offsets and sizes don't depend on them.
pack() { tar --sort=name --mtime=@0 --owner=0 --group=0 -cf "$@"; }

# ---- LaTeX ------------------------------------------------------------------

mkdir -p paper/parts other
cat >paper/main.tex <<'END'
% The preamble is nobody's text.
\documentclass{article}
\newcommand{\R}{\mathbb{R}}
\newcommand{\norm}[1]{\left\| #1 \right\|}
\def\mill{water mill}
\newcommand{\opt}[2][x]{#1#2}
\DeclareMathOperator{\grind}{grind}
\title{On the \emph{Theory} \\ of Mills}
\author{A. Miller}
\begin{document}
\maketitle
\section{Introduction} % a comment
The \mill\ turns in $\R^n$, 5\% faster than
the wi%
ndmill, by $\norm{v} = \grind(v)$ and \opt{y}.
\input{parts/proof}
\begin{comment}
nobody reads this
\end{comment}
\begin{verbatim}
100% of \R stays
\end{verbatim}
\bibliographystyle{plain}
\bibliography{mills}
\begin{thebibliography}{9}
\bibitem{x} Somebody, 1850.
\end{thebibliography}
\end{document}
after the end
END
printf '%% only a comment\n\\section{Proof}\nIt follows from \\input proof2 at once.\n' \
	>paper/parts/proof.tex
printf 'the river $\\R$' >paper/proof2.tex
printf '@book{x}' >paper/mills.bib
printf '\x89PNG\r\n\x1a\n\0\0' >paper/wheel.png
printf '\\input{main}\n\\input{a}' >other/a.tex # a circle
pack paper.tar paper other
golden archive-tex extract --rejects rejects.jsonl paper.tar
golden archive-tex-rejects jq -c '[.id, .metadata.reject.rule, .metadata.reject.detail]' rejects.jsonl

# As arXiv gives them: a tar of papers, each a file or a tar, compressed.
mkdir -p 0001
printf '\\documentstyle{article}\\begin{document}One file alone.\\end{document}' |
	gzip -n >0001/0001001.gz
(cd paper && pack - main.tex parts proof2.tex | gzip -n >../0001/0001002.gz)
printf '%%PDF-1.4 not text\0' >0001/0001003.pdf
pack arxiv.tar 0001
extract -q arxiv.tar >arxiv.jsonl
equal "papers of an arXiv tar" \
	"arxiv.tar/0001/0001001.gz arxiv.tar/0001/0001002.gz/main.tex" \
	"$(jq -r .id arxiv.jsonl | xargs)"
equal "... with the same text as from their own tar" \
	"$(extract -q paper.tar | jq -r 'select(.metadata.path == "paper/main.tex") | .text')" \
	"$(tail -n 1 arxiv.jsonl | jq -r .text)"

# ---- EPUB ---------------------------------------------------------------------

mkdir -p book/META-INF book/OEBPS/text
printf 'application/epub+zip' >book/mimetype
cat >book/META-INF/container.xml <<'END'
<?xml version="1.0"?><container><rootfiles>
<rootfile full-path="OEBPS/content.opf" media-type="application/oebps-package+xml"/>
</rootfiles></container>
END
cat >book/OEBPS/content.opf <<'END'
<?xml version="1.0"?><package xmlns:dc="http://purl.org/dc/elements/1.1/">
<metadata><dc:title>The Mill &amp; the River</dc:title><dc:creator>A. Miller</dc:creator>
<dc:language>en</dc:language><dc:rights>Public domain</dc:rights></metadata>
<manifest><item id="nav" href="nav.xhtml" properties="nav"/>
<item id="two" href="text/b%20two.xhtml"/><item id="one" href="text/one.xhtml"/></manifest>
<spine><itemref idref="nav"/><itemref idref="one"/><itemref idref="two"/>
<itemref idref="missing"/></spine></package>
END
printf '<html><body><nav>Contents</nav></body></html>' >book/OEBPS/nav.xhtml
printf '<html><body><h1>One</h1><p>The <b>first</b> chapter.</p></body></html>' \
	>book/OEBPS/text/one.xhtml
printf '<html><body><h1>Two</h1><p>Then the second.</p></body></html>' \
	>'book/OEBPS/text/b two.xhtml'
(cd book && zip -q -X0 ../book.epub mimetype && zip -q -Xr ../book.epub META-INF OEBPS)
golden archive-epub extract --format markdown book.epub
cp book.epub less.epub
zip -q -d less.epub OEBPS/text/one.xhtml
equal "a book without one of its chapters" "true Two" \
	"$(extract less.epub | jq -r '"\(.metadata.truncated) \(.text[:3])"')"
equal "... a whole one isn't truncated" null \
	"$(extract book.epub | jq .metadata.truncated)"
pack library.tar book.epub
equal "a book within a tar" "$(extract book.epub | jq -r .text)" \
	"$(extract library.tar | jq -r .text)"
head -c 600 book.epub >cut.epub
extract --rejects rejects.jsonl --from archive cut.epub >out 2>err
equal "a book cut off" "0 broken_epub" \
	"$(wc -l <out) $(jq -r '.metadata.reject.rule' rejects.jsonl)"

# ---- books ----------------------------------------------------------------------

mkdir -p books
cat >books/new.txt <<'END'
The Project Gutenberg eBook of The Mill

This ebook is for the use of anyone anywhere.

Title: The Mill
Author: A. Miller
Language: English

*** START OF THE PROJECT GUTENBERG EBOOK THE MILL ***




Produced by Somebody and the Online Distributed
Proofreading Team

CHAPTER I

  The mill stood still.


It said so at the start of this book.

*** END OF THE PROJECT GUTENBERG EBOOK THE MILL ***

Section 1. General Terms of Use
END
cat >books/old.txt <<'END'
**The Project Gutenberg Etext of The River**
Information about Project Gutenberg (one page)
*END*THE SMALL PRINT! FOR PUBLIC DOMAIN ETEXTS*Ver.04.29.93*END*

The river rose.

End of The Project Gutenberg Etext of The River
END
printf 'A letter, which nobody put a licence on.\r\n' >books/letter.txt
zip -q -X books.zip books/*
golden archive-books extract --from archive books.zip

# ---- MediaWiki --------------------------------------------------------------------

cat >wiki.xml <<'END'
<mediawiki xmlns="http://www.mediawiki.org/xml/export-0.11/" xml:lang="de">
<siteinfo><base>https://de.wiki.example/wiki/Hauptseite</base><namespaces>
<namespace key="6" case="first-letter">Datei</namespace>
<namespace key="14" case="first-letter">Kategorie</namespace></namespaces></siteinfo>
<page><title>Mill</title><ns>0</ns><id>7</id><revision><id>99</id>
<timestamp>2026-01-02T03:04:05Z</timestamp><contributor><username>X</username><id>3</id></contributor>
<model>wikitext</model><text bytes="1" xml:space="preserve">{{Infobox mill|name={{lang|la|mola}}|wheels=2}}
A '''mill''' is a [[machine|kind of ''machine'']]&lt;ref name=&quot;a&quot;&gt;Somebody, {{cite|x}}&lt;/ref&gt; that {{nowrap|grinds grain}}&lt;ref name=a /&gt;. &lt;!-- not
this --&gt;It weighs {{convert|12|t|lb}} and stands in [[Paris]]s south; see [https://mill.example the page] or [https://mill.example].
[[Datei:Mill.jpg|thumb|A [[mill]] at work]]
It goes on in the next line.

== Parts ==
* wheel
** [[axle]]
* stone &amp;amp; bed
# first
# second
; term : meaning

=== Empty ===

== Table ==
{| class="wikitable"
|+ Yields
! Grain !! Tonnes
|-
| style="text-align:left" | wheat || 12
|-
| rye
| 7 [[oats|or so]]
|}
&lt;syntaxhighlight lang=&quot;c&quot;&gt;
int  mill(void) { return [[1]]; }
&lt;/syntaxhighlight&gt;
The formula &lt;math&gt;a_{{1}} &amp;lt; b&lt;/math&gt; and &lt;nowiki&gt;[[raw]]&lt;/nowiki&gt;. 3 &lt; 4 {{unclosed
__NOTOC__
== References ==
{{reflist}}
== External links ==
[[Kategorie:Machines]] [[Category:Grain|mill]] [[fr:Moulin]]</text></revision></page>
<page><title>Mills</title><ns>0</ns><id>8</id><redirect title="Mill" /><revision><text>#REDIRECT [[Mill]]</text></revision></page>
<page><title>Talk:Mill</title><ns>1</ns><id>9</id><revision><text>Chat</text></revision></page>
<page><title>Mill.css</title><ns>0</ns><id>10</id><revision><model>css</model><text>a {}</text></revision></page>
<page><title>Nothing</title><ns>0</ns><id>11</id><revision><text /></revision></page>
</mediawiki>
END
golden archive-wiki extract --rejects rejects.jsonl wiki.xml
golden archive-wiki-markdown extract --format markdown wiki.xml
golden archive-wiki-rejects jq -c '[.id, .metadata.reject]' rejects.jsonl
if command -v bzip2 >/dev/null; then
	bzip2 -k wiki.xml
	equal "from .bz2" "$(extract wiki.xml | jq -c '[.text, .metadata.url]')" \
		"$(extract wiki.xml.bz2 | jq -c '[.text, .metadata.url]')"
fi
head -c 900 wiki.xml >cut.xml
extract --stats stats.json cut.xml >out 2>err
equal "a dump cut off within a page" "1 1" \
	"$(jq -r '"\(.records.in) \(.records.damaged)"' stats.json)"
check "... is told of" grep -q 'cut.xml: record 0, byte 294: cut off' err

# ---- Stack Exchange ------------------------------------------------------------------

mkdir -p mills.stackexchange.com
cat >mills.stackexchange.com/Posts.xml <<'END'
<?xml version="1.0" encoding="utf-8"?>
<posts>
  <row Id="1" PostTypeId="1" AcceptedAnswerId="4" CreationDate="2026-01-02T03:04:05.000" Score="5" Body="&lt;p&gt;Why does my &lt;em&gt;mill&lt;/em&gt; stop?&lt;/p&gt;&lt;pre&gt;&lt;code&gt;a &amp;lt; b&lt;/code&gt;&lt;/pre&gt;" Title="A mill &amp; its stops" Tags="&lt;mill&gt;&lt;water&gt;" ContentLicense="CC BY-SA 4.0" />
  <row Id="2" PostTypeId="2" ParentId="1" Score="-1" Body="&lt;p&gt;Who knows.&lt;/p&gt;" />
  <row Id="3" PostTypeId="5" Score="0" Body="a tag's wiki" />
  <row Id="4" PostTypeId="2" ParentId="1" Score="9" Body="&lt;p&gt;The river is dry.&lt;/p&gt;" />
  <row Id="6" PostTypeId="2" ParentId="5" Score="9" Body="&lt;p&gt;Lost.&lt;/p&gt;" />
  <row Id="7" PostTypeId="1" Score="1" Body="&lt;p&gt;Alone?&lt;/p&gt;" Title="No answer" Tags="|stone|" />
</posts>
END
printf '<?xml version="1.0"?><users><row Id="1" /></users>' >mills.stackexchange.com/Users.xml
(cd mills.stackexchange.com && zip -q -X ../mills.stackexchange.com.zip Posts.xml Users.xml)
golden archive-stack extract --rejects rejects.jsonl mills.stackexchange.com.zip
golden archive-stack-markdown extract --format markdown mills.stackexchange.com/Posts.xml
golden archive-stack-rejects jq -c '[.id, .metadata.reject]' rejects.jsonl

# ---- Reddit -----------------------------------------------------------------------------

cat >RC_2026-01.jsonl <<'END'
{"id":"aa1","subreddit":"mills","author":"miller","body":"It &gt; all.\n\n- one","score":3,"created_utc":1767323045,"link_id":"t3_bb","parent_id":"t3_bb","permalink":"/r/mills/comments/bb/x/aa1/"}
{"id":"aa2","subreddit":"mills","author":"[deleted]","body":"[removed]","created_utc":"1767323045"}
{"id":"bb","subreddit":"mills","author":"miller","title":"On mills","selftext":"They turn.","score":-2,"over_18":true}

{"id":"bb2","subreddit":"mills","author":"m","title":"A link","selftext":"","url":"http://x.example"}
not JSON at all
{"id":"aa3","subreddit":"mills","author":"m","body":"the last line, without an end"}
END
truncate -s -1 RC_2026-01.jsonl
zstd -q -k RC_2026-01.jsonl -o RC_2026-01.zst
golden archive-reddit extract --rejects rejects.jsonl RC_2026-01.zst
golden archive-reddit-rejects jq -c '[.id, .metadata.reject]' rejects.jsonl

# ---- source trees -----------------------------------------------------------------------

mkdir -p tree/lib tree/vendor/x
printf '/* SPDX-License-Identifier: ISC */\nint main(void)\n{\n\treturn 0;\n}\n' >tree/a.c
printf '#!/usr/bin/env python3\nprint("mill")\n' >tree/run
printf '#pragma once\nnamespace mill {}\n' >tree/lib/x.h
printf '# Code generated by protoc. DO NOT EDIT.\nx = 1\n' >tree/lib/gen.py
head -c 2000 /dev/zero | tr '\0' 'x' >tree/lib/min.js
printf '{}' >tree/package-lock.json
printf 'x\0y' >tree/data.py
printf 'all:\n\techo\n' >tree/Makefile
printf 'Permission is hereby granted, free of charge, to any person\nobtaining. THE SOFTWARE IS PROVIDED "AS IS"' >tree/z-LICENSE
mv tree/z-LICENSE tree/LICENSE
printf 'Redistribution and use in source and binary forms, with or without' >tree/vendor/x/COPYING
printf 'let x = 1;\n' >tree/vendor/x/a.rs
pack tree.tar tree/vendor tree/lib tree/a.c tree/run tree/package-lock.json tree/data.py \
	tree/Makefile tree/LICENSE # the licence comes last
golden archive-code extract --rejects rejects.jsonl tree.tar
golden archive-code-rejects jq -c '[.id, .metadata.reject]' rejects.jsonl
equal "licences of a folder's files" "ISC BSD-2-Clause" \
	"$(extract --from archive tree | jq -r 'select(.id | test("a.c|a.rs")) |
		.metadata.licence' | xargs)"

# ---- archives in archives, pages, damage ----------------------------------------------------

mkdir -p deep
printf '<html><title>T</title><p>A page in a zip in a tar, which is compressed and has a paragraph.' >deep/page.html
(cd deep && zip -q -X in.zip page.html && rm page.html)
pack - deep | gzip -n >deep.tar.gz
golden archive-deep extract deep.tar.gz
golden archive-pipe extract <deep.tar.gz
for f in paper.tar books.zip deep.tar.gz wiki.xml; do
	threads "$f" extract --from archive "$f"
done
head -c 1800 paper.tar >cut.tar
extract --stats stats.json cut.tar >out 2>err
check "a tar cut off: told by entry and byte" grep -Eq 'cut.tar: record [0-9]+, byte [0-9]+: (entry )?' err
check "... and counted" jq -e '.records.damaged >= 1 and
	.records.in == .records.kept + .records.dropped + .records.damaged' stats.json
exits 1 "--strict" extract --strict cut.tar -o none.jsonl
check "... leaves nothing" test ! -e none.jsonl
# The middle of an entry is spoilt: others come out.
seq 1 4000 >big1.txt
printf 'small' >small.txt
zip -q -0 -X bad.zip big1.txt small.txt
printf '\377\377\377\377\377\377\377\377' |
	dd of=bad.zip bs=1 seek=9000 conv=notrunc 2>/dev/null
extract --from archive bad.zip >out 2>err
check "a spoilt entry is named" grep -q 'bad.zip: record .*entry big1.txt: ' err
equal "the next one is whole" small "$(jq -r 'select(.id == "bad.zip/small.txt").text' out)"
equal "the spoilt one is marked" true \
	"$(jq -r 'select(.id == "bad.zip/big1.txt").metadata.truncated' out)"
: >empty.tar
exits 0 "an empty file" extract --from archive empty.tar
exits 1 "no such file" extract --from archive nothing.tar
equal "--max-record bounds an entry (its last blank goes)" "9 true" \
	"$(extract -q --from archive --max-record 10 books/letter.txt |
		jq -r '"\(.text | length) \(.metadata.truncated)"')"
finish
