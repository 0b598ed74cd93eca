#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# What no user means to do: closed streams, pipes where files are read twice,
# one name for two outputs, archives whose checksums are wrong.
# shellcheck source=SCRIPTDIR/lib.sh
. "$(dirname "$0")/lib.sh"
cd "$tmp" || exit 1

cat >docs.jsonl <<'END'
{"id":"a","text":"The miller sings while the wheel turns."}
{"id":"b","text":"The miller sings while the wheel turns."}
{"id":"c","text":"Bread is best on the day it is baked."}
END

# A closed standard stream must not become the next file that is opened.
no_stdin() { "$@" <&-; }
no_stdout() { "$@" >&-; }
exits 1 "closed stdin is no empty input" no_stdin quern lang -o out.jsonl
equal "... and leaves no output" no "$([ -e out.jsonl ] && echo yes || echo no)"
exits 1 "closed stdout" no_stdout quern lang docs.jsonl --rejects rejects.jsonl
equal "... and no rejects" no "$([ -e rejects.jsonl ] && echo yes || echo no)"

# Commands that read twice take pipes.
for how in exact minhash; do
	want=$(quern dedup $how docs.jsonl)
	equal "dedup $how: standard input" "$want" \
		"$(sed '' docs.jsonl | quern dedup $how)"
	equal "dedup $how: a pipe with a name" "$want" \
		"$(quern dedup $how <(sed '' docs.jsonl))"
	equal "dedup $how: /dev/stdin" "$want" \
		"$(sed '' docs.jsonl | quern dedup $how /dev/stdin)"
done

# A reader that goes away is no error, for the help neither.
gone() { { "$@"; echo $? >status; } 2>stderr | :; cat status stderr; }
slow() { sleep .3; quern "$@"; }
equal "the help's reader goes away" 141 "$(gone slow lang -h)"
equal "the documents' reader goes away" 141 "$(gone slow lang docs.jsonl)"

exits 2 "documents and rejects into one file" \
	quern lang docs.jsonl -o one --rejects one
exits 2 "rejects and statistics into one file" \
	quern lang docs.jsonl -o one --rejects two --stats two
exits 2 "documents and statistics to standard output" \
	quern lang docs.jsonl --stats -
check "/dev/null takes everything" \
	quern lang docs.jsonl -o /dev/null --rejects /dev/null --stats /dev/null
exits 2 "documents and pairs into one file" \
	quern dedup minhash docs.jsonl -o one --pairs one
exits 2 "documents and pairs to standard output" \
	quern dedup minhash docs.jsonl --pairs -
exits 2 "documents and spans into one file" \
	quern pii docs.jsonl -o one --spans one
exits 2 "report and rejects into one file" quern decontam \
	--against docs.jsonl docs.jsonl -o two --report one --rejects one
equal "... and none is written" no "$([ -e one ] && echo yes || echo no)"
exits 2 "an output without a name" quern lang docs.jsonl -o ''
exits 2 "no threads" quern lang docs.jsonl --threads 0
for shard in 0/99999999999 -0/2 ' 0/ 2' 0/2/3 1/1 0/0 /2 0/; do
	exits 2 "--shard '$shard'" quern lang docs.jsonl --shard "$shard"
done

# An archive of three members; the second's checksum is made wrong.
record() { # record ID: a record as a gzip member
	local body="HTTP/1.1 200 OK
Content-Type: text/html

<html><body><p>The story of the mill at $1, told at length.</p></body></html>"
	printf 'WARC/1.0\nWARC-Type: response\nWARC-Record-ID: <%s>\nWARC-Target-URI: http://mill.example/%s\nContent-Length: %d\n\n%s\n\n' \
		"$1" "$1" ${#body} "$body" | gzip -n
}
for i in one two three; do record $i >$i.gz; done
bad=$(($(stat -c %s two.gz) - 8))
printf '\xff\xff' | dd of=two.gz bs=1 seek=$bad conv=notrunc 2>/dev/null
cat one.gz two.gz three.gz >mill.warc.gz
check "a record with a wrong checksum" quern extract mill.warc.gz -o pages.jsonl \
	--rejects rejects.jsonl --stats stats.json
equal "... is no document" 'one three' "$(jq -r .id pages.jsonl | paste -sd ' ')"
equal "... but is kept by --rejects" 1 \
	"$(jq -r .raw rejects.jsonl | base64 -d | grep -c 'mill at two')"
equal "... and counted" '{"in":3,"kept":2,"dropped":0,"damaged":1}' \
	"$(jq -c .records stats.json)"
exits 1 "... and --strict stops there" quern extract --strict mill.warc.gz -o no
equal "... without output" no "$([ -e no ] && echo yes || echo no)"


# The longest line: a byte more, and the file is no JSON Lines.
long_line() { # long_line BYTES
	printf '{"id":"before","text":"x"}\n{"id":"long","text":"'
	head -c $(($1 - 23)) /dev/zero | tr '\0' x
	printf '"}\n{"id":"after","text":"x"}\n'
}
counts() { # counts BYTES: kept and damaged
	long_line "$1" | quern filter -q --where true --threads 1 -o /dev/null \
		--stats stats.json 2>err
	jq -c '[.records.kept, .records.damaged]' stats.json
}
equal "a line of 256 MiB is a document" '[3,0]' "$(counts $(((1 << 28) - 1)))"
equal "a byte more is damage" '[2,1]' "$(counts $((1 << 28)))"
equal "... named with its place" \
	'quern filter: stdin: record 1, byte 27: a line of over 268435456 bytes: is this JSON Lines?' \
	"$(cat err)"

finish
