#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# quern extract: archives and pages in, documents out.
# shellcheck source=SCRIPTDIR/lib.sh
. "$(dirname "$0")/lib.sh"
cd "$tmp" || exit 1
bin=${QUERN_BIN:-$top/build/bin}
extract() { "$bin/quern-extract" "$@"; }

# record TYPE ID CONTENT-TYPE FILE: a WARC record around a file
record() {
	printf 'WARC/1.0\r\nWARC-Type: %s\r\nWARC-Record-ID: <urn:test:%s>\r\n' \
		"$1" "$2"
	printf 'WARC-Target-URI: http://mill.example/%s\r\n' "$2"
	printf 'WARC-Date: 2026-01-02T03:04:05Z\r\nContent-Type: %s\r\n' "$3"
	printf 'Content-Length: %s\r\n\r\n' "$(wc -c <"$4")"
	cat "$4"
	printf '\r\n\r\n'
}

# http STATUS FIELDS BODY: a response in file $tmp/http
http() {
	printf 'HTTP/1.1 %s\r\n%s\r\n\r\n%s' "$1" "$2" "$3" >http
}

page='<html lang=en><head><title>The mill</title></head><body>
<nav><a href=/>Home</a> <a href=/x>More</a></nav><article><h1>The mill</h1>
<p>The mill stands by the river, and has stood there since the monks built it, as the book says.</p>
<ul><li>one wheel</li><li>two stones</li></ul>
<table><tr><td>wheat</td><td>12</td></tr><tr><td>rye</td><td>7</td></tr></table>
<pre>grind(
  wheat)</pre></article><footer>All rights reserved</footer></body></html>'

{
	printf 'software: hand-made\r\n' >info
	record warcinfo info application/warc-fields info
	printf 'GET / HTTP/1.1\r\n\r\n' >request
	record request request 'application/http; msgtype=request' request
	response='application/http; msgtype=response'
	http '200 OK' 'Content-Type: text/html; charset=utf-8' "$page"
	record response page "$response" http
	http '404 Not Found' 'Content-Type: text/html' '<p>Gone</p>'
	record response gone "$response" http
	http '200 OK' 'Content-Type: image/png' 'PNG'
	record response image "$response" http
	http '200 OK' 'Content-Type: text/html' '<script>nothing()</script>'
	record response empty "$response" http
	http '200 OK' 'Content-Type: text/html; charset=windows-1251' \
		"$(printf '<title>\xcc\xe5\xeb\xfc</title><p>\xcc\xe5\xeb\xfc\xed\xe8\xf6\xe0')"
	record response russian "$response" http
	http '200 OK' 'Content-Type: text/plain' "$(printf 'one\r\ntwo\r\n\r\nthree')"
	record response plain "$response" http
	http '200 OK' 'Content-Type: text/html' ''
	record revisit again "$response" http
	printf '<p>A resource, kept without its head' >resource
	record resource resource text/html resource
	printf 'Text that another tool took out of a page.\n' >wet
	record conversion wet text/plain wet
} >all.warc
gzip -n <all.warc >whole.warc.gz

golden extract-warc extract all.warc
golden extract-wet extract --from wet all.warc
extract --rejects rejects.jsonl -o /dev/null all.warc
golden extract-rejects cat rejects.jsonl
check "rejects hold the records as they were" cmp \
	<(jq -r 'select(.id == "urn:test:gone") | .raw' rejects.jsonl | base64 -d) \
	<(grep -abo 'WARC/1.0' all.warc | cut -d : -f 1 | sed -n 4p |
		while read -r at; do tail -c "+$((at + 1))" all.warc; done |
		head -c "$(jq -r 'select(.id == "urn:test:gone") | .raw' rejects.jsonl |
			base64 -d | wc -c)")
extract --stats stats.json -o /dev/null all.warc
golden extract-stats cat stats.json
threads "a WARC" extract all.warc
equal "the same documents from gzip, but for name and offset" \
	"$(extract all.warc | sed 's/"file".*//')" \
	"$(extract whole.warc.gz | sed 's/"file".*//')"
equal "and from a pipe" "$(extract all.warc | sed 's/"file".*//')" \
	"$(extract <whole.warc.gz | sed 's/"file".*//')"

# Each document's offset finds its record.
bad=0
while IFS=$'\t' read -r offset id; do
	tail -c "+$((offset + 1))" all.warc | head -n 3 | grep -q "<$id>" || bad=1
done < <(extract all.warc | jq -r '[.metadata.offset, .id] | @tsv')
equal "offsets lead to the records" 0 $bad

# ---- files that are no archives -----------------------------------------------

mkdir site
printf '%s' "$page" >site/page.html
printf '<meta charset=gb2312><p>\xc4\xa5\xb7\xbb\xe9\x46' >site/chinese.html
printf 'Notes,\nas they are.\n' >site/notes.txt
printf '\x00\x01\x02' >site/unknown.bin
: >site/empty.html
golden extract-files extract site
golden extract-text extract --from text site/page.html
golden extract-markdown extract --format markdown site/page.html
printf '<p>The <a href="/a?b=1&amp;c">mill <b>wheel</b></a> turns, as <a>nobody</a> says, and <a href=x> the river </a>runs.<ul><li><a href=#y>item</a></ul><a href=z><p>one</p><p>two</p></a>' >links.html
equal "--links" 'The [mill wheel](/a?b=1&c) turns, as nobody says, and [the river](x) runs.

- [item](#y)

one

two' \
	"$(extract --format markdown --links --mode recall links.html | jq -r .text)"
golden extract-precision extract --mode precision site/page.html
golden extract-recall extract --mode recall site/page.html
threads "files" extract site
equal "a shard of the files" "site/page.html" \
	"$(extract --shard 4/5 site site/page.html 2>/dev/null | jq -r .id | tail -n 1)"

# ---- damage ---------------------------------------------------------------------

{
	printf 'one\n' >one
	record resource a text/plain one
	printf 'garbage that nobody ordered\n'
	record resource b text/plain one
	record resource c text/plain one | head -c -7
} >damaged.warc
golden extract-damaged extract --rejects rejects.jsonl damaged.warc
golden extract-damaged-rejects cat rejects.jsonl
golden extract-strict extract --strict damaged.warc -o strict.jsonl
check "--strict leaves no output" test ! -e strict.jsonl

for i in 1 2 3; do record resource $i text/plain one | gzip -n; done >three.gz
size=$(wc -c <three.gz)
cp three.gz corrupt.warc.gz
printf '\xff\xff\xff\xff\xff\xff' |
	dd of=corrupt.warc.gz bs=1 seek=$((size / 3 + 20)) conv=notrunc 2>/dev/null
golden extract-corrupt extract corrupt.warc.gz
head -c $((size - 20)) three.gz >truncated.warc.gz
extract truncated.warc.gz >out 2>err
equal "truncated: what is before it is kept" "1 2" \
	"$(jq -r .id out | sed 's/.*://' | head -n 2 | tr '\n' ' ' | sed 's/ $//')"
check "truncated: it is told" grep -q 'truncated.warc.gz: record .*cut off' err
extract --stats s.json truncated.warc.gz -o /dev/null 2>/dev/null
check "and counted" jq -e '.records.damaged == 1' s.json

# Limits.
head -c 300000 /dev/zero | tr '\0' 'm' >big
record resource big text/plain big | gzip -n >big.warc.gz
record resource next text/plain one | gzip -n >>big.warc.gz
equal "--max-record cuts, marks, goes on" "100000 true 3 null" \
	"$(extract --max-record 100000 big.warc.gz |
		jq -r '(.text | length), .metadata.truncated' | tr '\n' ' ' | sed 's/ $//')"
http '200 OK' 'Content-Type: text/plain
Content-Encoding: gzip' ''
gzip -n <big >>http
record response big "$response" http >coded.warc
equal "--max-body cuts what it decodes" "5000" \
	"$(extract --max-body 5000 coded.warc | jq -r '.text | length')"

# ---- usage ----------------------------------------------------------------------

exits 2 "an unknown kind" extract --from pdf all.warc
exits 2 "an unknown mode" extract --mode best all.warc
exits 1 "a file that isn't there" extract nowhere.warc
exits 1 "an output that can't be written" extract all.warc -o nowhere/x
exits 0 "no input at all" extract --from warc /dev/null
if [ -e /dev/full ]; then
	exits 1 "a full disk" extract all.warc -o /dev/full
fi

# ---- real archives --------------------------------------------------------------

if command -v python3 >/dev/null; then
	check "the table of references is what its script writes" cmp \
		<(python3 "$top/tests/parity/entities.py") \
		"$top/lib/extract/entity_table.c"
fi

needs "$shared/data/warc"
cd "$shared/data/warc" || exit 1
for f in fastwarc/warcfile.warc fastwarc/warcfile.warc.gz; do
	equal "$f: 50 records, 16 pages" "50 16" \
		"$(extract --stats /dev/stderr "$f" 2>&1 >/dev/null |
			jq -r '"\(.records.in) \(.records.kept)"')"
done
equal "blackbook: 822 records" 822 "$(extract --stats /dev/stderr -o /dev/null \
	jwat/IAH-20080430204825-00000-blackbook.warc.gz 2>&1 | jq .records.in)"
check "all archives, damaged ones too" \
	"$bin/quern-extract" -o /dev/null fastwarc jwat warcio webarchive-commons whirlwind
finish
