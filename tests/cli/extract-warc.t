#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# quern warc: what is in an archive, and is it sound?
# shellcheck source=SCRIPTDIR/lib.sh
. "$(dirname "$0")/lib.sh"
cd "$tmp" || exit 1
bin=${QUERN_BIN:-$top/build/bin}
warc() { "$bin/quern-warc" "$@"; }

# record TYPE NAME FILE [FIELD...]: a WARC record around a file
record() {
	local type=$1 name=$2 file=$3
	shift 3
	printf 'WARC/1.0\r\nWARC-Type: %s\r\nWARC-Record-ID: <urn:test:%s>\r\n' \
		"$type" "$name"
	printf 'WARC-Target-URI: http://www.Mill.example:80/%s/?b=2&a=1#top\r\n' "$name"
	printf 'WARC-Date: 2026-01-02T03:04:05Z\r\n'
	printf 'Content-Type: application/http; msgtype=response\r\n'
	[ $# -eq 0 ] || printf '%s\r\n' "$@"
	printf 'Content-Length: %s\r\n\r\n' "$(wc -c <"$file")"
	cat "$file"
	printf '\r\n\r\n'
}
printf 'HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<p>One' >one
printf 'HTTP/1.1 301 Gone\r\nLocation: http://mill.example/x y\r\n\r\n' >two
# The bytes of a hexadecimal digest, in base32.
b32() {
	# shellcheck disable=SC2059
	printf "$(sha1sum <"$1" | cut -c 1-40 | sed 's/../\\x&/g')" | base32
}

record response one one "WARC-Block-Digest: sha1:$(b32 one)" >1.warc
record response two two >2.warc
record request three one >3.warc
cat 1.warc 2.warc 3.warc >all.warc
for i in 1 2 3; do gzip -n <$i.warc; done >all.warc.gz

golden warc-ls warc ls all.warc
golden warc-cdx warc cdx all.warc
equal "offsets of members" "0 $(gzip -n <1.warc | wc -c)" \
	"$(warc ls all.warc.gz | cut -f 1 | head -n 2 | xargs)"
equal "sizes of members" "$(gzip -n <1.warc | wc -c)" \
	"$(warc cdx all.warc.gz | sed -n 2p | cut -d ' ' -f 9)"
warc ls all.warc.gz | cut -f 1 | while read -r at; do
	warc cat "$at" all.warc.gz
	printf '\r\n\r\n'
done >again.warc
check "cat of each offset gives the archive" cmp again.warc all.warc
equal "cat out of a pipe" "$(warc cat "$(wc -c <1.warc)" all.warc)" \
	"$(warc cat "$(wc -c <1.warc)" <all.warc)"
# What stands before the record is not read: here it can't be.
{ head -c "$(gzip -n <1.warc | wc -c)" /dev/zero | tr '\0' '\1'
	gzip -n <2.warc; } >holed.gz
{ head -c 4 all.warc.gz; tail -c +5 holed.gz; } >holed.warc.gz
warc cat "$(gzip -n <1.warc | wc -c)" holed.warc.gz >out 2>err
check "cat seeks: damage before the record is not met" \
	cmp <(head -c -4 2.warc) out
equal "... nor told" "" "$(cat err)"
check "cat by id" cmp <(head -c -4 2.warc) <(warc cat urn:test:two all.warc.gz)
check "... in brackets, out of a pipe" cmp <(head -c -4 3.warc) \
	<(warc cat '<urn:test:three>' <all.warc)
equal "... the first of several files, and no more is read" \
	"$(head -c -4 1.warc | cksum)" \
	"$(warc cat urn:test:one all.warc holed.warc.gz 2>&1 | cksum)"
equal "... that no record has" "quern warc cat: no record urn:test:four" \
	"$(warc cat urn:test:four all.warc 2>&1)"
exits 1 "... and its exit status" warc cat urn:test:four all.warc -o four
check "... and no file" test ! -e four
exits 1 "cat: no such record" warc cat 7 all.warc -o seven
check "... and no file" test ! -e seven
exits 2 "cat: no offset" warc cat all.warc
exits 2 "no subcommand" warc
exits 1 "no such file" warc ls nothing.warc
exits 0 "help" warc ls -h

# ---- check ----------------------------------------------------------------------
exits 0 "a sound archive" warc check all.warc all.warc.gz
{ sed 's/One/0ne/' 1.warc; printf 'garbage\n'; cat 2.warc; } >bad.warc
golden warc-check warc check all.warc bad.warc
exits 3 "damage is exit 3" warc check bad.warc
head -c -3 all.warc >short.warc && head -c 700 short.warc >cut.warc
exits 3 "a record cut off" warc check cut.warc
sed 's/WARC-Date/X-Date/' 2.warc >undated.warc
exits 3 "a missing field" warc check undated.warc
sed 's/WARC\/1.0/wArC\/1.0/' all.warc >case.warc
exits 0 "the version line may be of any case" warc check case.warc
exits 0 "ls goes on behind damage" warc ls bad.warc
exits 1 "unless --strict" warc ls --strict bad.warc

# A member whose data is whole but whose checksum is wrong.
size=$(gzip -n <1.warc | wc -c)
{ gzip -n <1.warc; gzip -n <2.warc; } >crc.warc.gz
printf '\1\2\3\4' | dd of=crc.warc.gz bs=1 seek=$((size - 8)) conv=notrunc 2>/dev/null
exits 3 "a wrong checksum" warc check crc.warc.gz
equal "its record isn't listed, the next one is" "$size" \
	"$(warc ls -q crc.warc.gz | cut -f 1 | xargs)"
equal "nor is it a document" 0 \
	"$("$bin/quern-extract" -q crc.warc.gz 2>/dev/null | grep -c urn:test:one)"
finish
