#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# quern shard: documents to shards, and what looks into them.
# shellcheck disable=SC2317 # functions are handed to check
# shellcheck source=SCRIPTDIR/lib.sh
. "$(dirname "$0")/lib.sh"
cd "$tmp" || exit 1

for i in $(seq 1 1500); do
	printf '{"id":"d%d","text":"Mill %d grinds %d sacks of grain.\\n","metadata":{"url":"https://mill.example/%d"}}\n' \
		"$i" "$i" $((i * i)) "$i"
done >docs.jsonl
{
	echo '{"id":"none","text":""}'
	echo 'no json at all'
	echo '{"text":"Größe, 水車, \u0000 and <|endoftext|> as text."}'
} >odd.jsonl
quern tokenizer train -q --vocab 400 -o tok.json docs.jsonl
# Digests depend on the tokenizer trained: hide them.
hide() { "$@" 2>&1 | sed -E 's/sha256:[0-9a-f]{64}/sha256:DIGEST/'; }

check "a shard" quern shard --tokenizer tok.json -o one docs.jsonl
golden shard-info hide quern shard info one
golden shard-cat quern shard cat --from 2 --to 4 one.bin
golden shard-cat-jsonl quern shard cat --from 1499 --format jsonl one
golden shard-verify quern shard verify one
equal "tokens decode to the texts" "$(jq -j .text docs.jsonl | sha256sum)" \
	"$(quern shard cat one | quern tokenizer decode --tokenizer tok.json |
		sed 's/<|endoftext|>//g' | sha256sum)"

for n in 1 2 7; do
	quern shard --tokenizer tok.json --threads $n -o "t$n" docs.jsonl odd.jsonl \
		2>/dev/null
done
for part in bin idx docs; do
	check ".$part: same bytes for 1, 2 and 7 threads" \
		sh -c "cmp t1.$part t2.$part && cmp t1.$part t7.$part"
done

quern shard --tokenizer tok.json -o two - <docs.jsonl
check "from stdin: the same" cmp one.bin two.bin
quern shard --tokenizer tok.json -o two odd.jsonl --rejects rej.jsonl \
	--stats stats.json 2>err
equal "an empty text is dropped, damage is named" \
	'{"in":3,"kept":1,"dropped":1,"damaged":1} {"empty":1}' \
	"$(jq -c .records stats.json) $(jq -c .dropped stats.json)"
equal "both are kept" "none odd.jsonl:1" "$(jq -r .id rej.jsonl | xargs)"
equal "a document without id is named by file and record" "odd.jsonl:2" \
	"$(quern shard cat --format jsonl two | jq -r .id)"
quern shard --tokenizer tok.json --no-eod -o noend odd.jsonl 2>/dev/null
equal "--no-eod: one token less" 1 $(($(quern shard cat two | wc -w) - \
	$(quern shard cat noend | wc -w)))
check "no documents: an empty shard" sh -c \
	'quern shard --tokenizer tok.json -o empty - </dev/null && quern shard verify empty'

exits 2 "no tokenizer" quern shard -o x docs.jsonl
exits 2 "no prefix" quern shard --tokenizer tok.json docs.jsonl
exits 1 "no such tokenizer" quern shard --tokenizer none.json -o x docs.jsonl
exits 1 "--strict" quern shard --tokenizer tok.json --strict -o x odd.jsonl
exits 1 "no such folder" quern shard --tokenizer tok.json -o no/x docs.jsonl
equal "nothing is left of them" "" "$(find . -name 'x*')"
exits 2 "info of nothing" quern shard info
exits 1 "info of no shard" quern shard info nothing

cp one.bin bad.bin && cp one.idx bad.idx && cp one.docs bad.docs
printf '\001' | dd of=bad.bin bs=1 seek=1000 conv=notrunc 2>/dev/null
exits 3 "verify: a changed token" quern shard verify one bad
quern shard verify one bad >verify.log 2>&1
check "... is named" grep -q 'bad.bin: digest' verify.log
check "... and the good one too" grep -q 'one: ok, 1500 documents' verify.log
truncate -s 1000 bad.bin
exits 3 "verify: cut off" quern shard verify bad
exits 3 "cat: cut off" quern shard cat bad
finish
