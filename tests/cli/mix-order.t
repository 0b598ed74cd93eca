#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# quern mix index: documents in an order, within bounds, in parts.
# shellcheck disable=SC2317 # functions are handed to check
# shellcheck source=SCRIPTDIR/lib.sh
. "$(dirname "$0")/lib.sh"
cd "$tmp" || exit 1

# Lengths and qualities in no order; some equal.
for i in $(seq 1 200); do
	printf '{"id":"d%d","text":"%0*d","metadata":{"url":"u:%d","quality":%s}}\n' \
		"$i" $((5 + i * 37 % 90)) "$i" "$i" "$((i * 53 % 100)).5"
done >docs.jsonl
head -n 120 docs.jsonl >d0.jsonl
tail -n 80 docs.jsonl >d1.jsonl
quern tokenizer train -q --vocab 257 -o tok.json docs.jsonl
mkdir s
for n in 0 1; do
	quern shard -q --tokenizer tok.json -o s/d$n d$n.jsonl
done
recipe() { # recipe NAME LINE...
	printf '%s\n' '%mix 1' "${@:2}" >"$1.mix"
}
# The documents of the first epoch of source a, in the order they are read.
read_ids() { # read_ids RECIPE
	for step in $(seq 0 $(($(quern mix plan --format json "$1" | jq .steps) - 1))); do
		quern mix at "$1" "$step" | awk -F '\t' 'NR > 1 { print $9 }'
	done | awk '$0 != last { print } { last = $0 }'
}
# What jq says: id, tokens (a byte each, and the end), quality.
jq -r '[.id, (.text | length) + 1, .metadata.quality, input_line_number] | @tsv' \
	docs.jsonl >facts.tsv

recipe len 'source a s order=len' 'batch 64' 'phase p 9K seq=64 a'
golden mix-order-none quern mix check -o /dev/null len.mix
golden mix-order-index quern mix index len.mix
check "then it can be run" quern mix check len.mix
golden mix-order-again quern mix index len.mix
equal "documents by their length" \
	"$(sort -t $'\t' -s -k 2,2n facts.tsv | cut -f 1 | head -n 150)" \
	"$(read_ids len.mix | head -n 150)"
recipe back 'source a s order=len:desc' 'batch 64' 'phase p 9K seq=64 a'
equal "... the longest first" \
	"$(sort -t $'\t' -s -k 2,2nr facts.tsv | cut -f 1 | head -n 100)" \
	"$(read_ids back.mix | head -n 100)"
threads "a sorted source" quern mix stream back.mix

recipe quality 'source a s order=quality' 'batch 64' 'phase p 9K seq=64 a'
exits 3 "a key that isn't there" quern mix check quality.mix
exits 1 "... and that nothing tells" quern mix index quality.mix
quern mix index quality.mix 2>why
check "... names the document and the ways" \
	grep -q "document 0, 'd1', has no number 'quality': give it by --scores" why
check "scores" quern mix index --scores docs.jsonl quality.mix
equal "documents by their quality" \
	"$(sort -t $'\t' -s -k 3,3n facts.tsv | cut -f 1 | head -n 150)" \
	"$(read_ids quality.mix | head -n 150)"
check "what was there stays" quern mix check len.mix
# The same numbers, kept by the shard.
mkdir k
for n in 0 1; do
	quern shard -q --tokenizer tok.json --keep quality -o k/d$n d$n.jsonl
done
sed 's/ s / k /' quality.mix >kept.mix
check "numbers that shards keep" quern mix index kept.mix
equal "... give the same order" "$(read_ids quality.mix)" "$(read_ids kept.mix)"
equal "a shard without --keep is as ever" 0 \
	"$(zstdcat s/d0.docs 2>/dev/null | grep -c numbers)"

recipe long 'source a s len>=40 len<=70' 'phase p 3K seq=32 a'
quern mix check -o long.txt long.mix
equal "bounds" "$(awk '$2 >= 40 && $2 <= 70 { n++; t += $2 } END { print n, t }' facts.tsv)" \
	"$(awk '$1 == "a" { print $3, $4; exit }' long.txt)"
recipe nothing 'source a s len>=4000' 'phase p 3K seq=32 a'
exits 3 "bounds that leave nothing" quern mix check nothing.mix

recipe parts 'source all s len>=20' 'source low all[quality:0..1/2]' \
	'source high all[quality:0.5..1] order=quality:desc' \
	'batch 64' 'phase p 4K seq=32 high' 'phase q 1K seq=32 low'
quern mix check -o parts.txt parts.mix
equal "two halves are the whole" \
	"$(awk '$1 == "all" { print $3, $4; exit }' parts.txt)" \
	"$(awk '($1 == "low" || $1 == "high") && NF == 8 && !seen[$1]++ { d += $3; t += $4 } END { print d, t }' parts.txt)"
equal "the better half begins with the best" \
	"$(sort -t $'\t' -s -k 3,3nr facts.tsv | awk '$2 >= 20 { print $1 }' | head -n 20)" \
	"$(read_ids parts.mix | head -n 20)"
equal "a document is seen where it is read" \
	"$(read_ids parts.mix | head -n 1) 0" \
	"$(quern mix seen parts.mix "$(read_ids parts.mix | head -n 1)" |
		awk -F '\t' 'NR == 2 { print $10, $1 }')"

recipe zip 'source a s order=compression' 'phase p 3K seq=32 a'
exits 2 "compression is of text" quern mix index zip.mix
check "... which the tokenizer gives back" \
	quern mix index --tokenizer tok.json zip.mix
quern tokenizer train -q --vocab 258 -o other.json docs.jsonl
rm s/d?.order
exits 3 "another tokenizer is refused" quern mix index --tokenizer other.json zip.mix

# Competence: the shortest tenth first, more and more of them.
recipe pace 'source a s order=len' 'batch 64' 'phase p 8K seq=16 a pace=sqrt:0.1'
quern mix index -q pace.mix >/dev/null
check "paced" quern mix check -o pace.txt pace.mix
quern mix stream --format jsonl -o pace.jsonl pace.mix
equal "... parts open one after the other" "$(seq -s ' ' 1 10)" \
	"$(jq -r .source pace.jsonl | awk -F '[./]' '!seen[$2]++ { print $2 }' | xargs)"
equal "... and are each read as evenly as the open ones" true \
	"$(jq -s 'group_by(.step)[-1] | map(.source) | unique | length > 2' pace.jsonl)"

# Its digest is part of the plan.
digest() { quern mix plan --format json "$1" | jq -r .digest; }
was=$(digest kept.mix)
jq -c '.metadata.quality |= . * 2' docs.jsonl >twice.jsonl
rm k/d?.order
quern mix index -q --scores twice.jsonl kept.mix >/dev/null
check "other numbers are another plan" test "$was" != "$(digest kept.mix)"

# Damage: any byte of the file, its end, another shard's.
rm s/d?.order
quern mix index -q len.mix >/dev/null
cp s/d0.order good
size=$(stat -c %s good)
missed=0
for at in 9 40 120 200 $((size / 2)) $((size - 5)); do
	cp good s/d0.order
	printf '\377' | dd of=s/d0.order bs=1 seek="$at" conv=notrunc 2>/dev/null
	quern mix check len.mix >/dev/null 2>&1
	[ $? = 3 ] || missed=$((missed + 1))
done
equal "a flipped byte is refused" 0 $missed
check "... and index makes it anew" quern mix index len.mix
check "... as it was" quern mix check len.mix
quern mix index -q --scores docs.jsonl quality.mix >/dev/null
size=$(stat -c %s s/d0.order)
printf '\377' | dd of=s/d0.order bs=1 seek=$((size - 120 * 8 - 9)) conv=notrunc 2>/dev/null
check "a damaged array doesn't matter to who doesn't ask" quern mix check len.mix
exits 3 "... and is refused to who does" quern mix check quality.mix
check "... until it is made anew" quern mix index --scores docs.jsonl quality.mix
check "... which keeps the other" quern mix check len.mix
truncate -s -8 s/d0.order
exits 3 "a file cut off" quern mix check len.mix
cp s/d1.order s/d0.order
golden mix-order-other quern mix check -o /dev/null len.mix
recipe plain 'source a s' 'phase p 3K seq=32 a'
golden mix-order-nothing quern mix index plain.mix
exits 1 "scores that are no JSON" quern mix index --scores s/d0.bin quality.mix
exits 1 "scores that aren't there" quern mix index --scores no quality.mix
exits 2 "no recipe" quern mix index
finish
