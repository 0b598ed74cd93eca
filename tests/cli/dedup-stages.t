#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# dedup minhash in stages and against earlier dumps: any shards, any order,
# killed at any moment, the same documents stay; damaged files are refused.
# QUERN_KILLS: how many runs are killed (8).
# shellcheck disable=SC2317 # functions are handed to check
# shellcheck source=SCRIPTDIR/lib.sh
. "$(dirname "$0")/lib.sh"
cd "$tmp" || exit 1

# Pages of which many are alike; empty ones, short ones, identical ids.
awk 'BEGIN {
	srand(11)
	for (i = 0; i < 6000; i++) {
		n = 20 + int(rand() * 120)
		p = int(rand() * 300)
		if (i % 3 == 0 || !(p in last)) {
			for (k = 0; k < n; k++) page[p, k] = int(rand() * 4000)
			last[p] = n
		} else if (rand() < .7)
			page[p, int(rand() * last[p])] = int(rand() * 4000)
		n = last[p]
		printf "{\"id\":\"%d\",\"text\":\"", int(rand() * 5000)
		for (k = 0; k < n && i % 500; k++) printf "w%d%s", page[p, k], k % 9 ? " " : ", "
		print (i % 700 ? "" : "one two") "\"}"
	}
}' >all.jsonl
split -n l/5 -d --additional-suffix=.jsonl all.jsonl in-
files=(in-00.jsonl in-01.jsonl in-02.jsonl in-03.jsonl in-04.jsonl)
cat "${files[@]}" >whole.jsonl
digest() { sort "$@" | sha256sum; }
reasons() { jq -c '[.id, .metadata.reject.value, .metadata.reject.detail]' "$@" | sort | sha256sum; }

quern dedup minhash --prefer longest --pairs want.tsv --rejects want.rej "${files[@]}" -o want.jsonl
want=$(digest want.jsonl)
check "much is dropped" test "$(wc -l <want.rej)" -gt 1000
equal "one file or five: the same stay" "$want" "$(quern dedup minhash --prefer longest whole.jsonl | digest)"
for t in 1 2 7; do
	shuf -e --random-source=<(yes $t) "${files[@]}" >order
	equal "$t threads, files in another order: the same stay" "$want" \
		"$(xargs quern dedup minhash --prefer longest --threads $t <order | digest)"
done

stages() { # stages SHARDS PARTS: all jobs; leaves got.jsonl, got.tsv, got.rej
	local i
	rm -f ./*.sig ./*.buckets verdicts got.*
	for ((i = $1 - 1; i >= 0; i--)); do
		quern dedup minhash signatures --prefer longest --shard "$i/$1" "${files[@]}" -o "$i.sig" || return
	done
	for ((i = 0; i < $2; i++)); do
		quern dedup minhash buckets --part "$i/$2" ./*.sig -o "$i.buckets" || return
	done
	quern dedup minhash clusters --memory 24M --threads 1 --pairs got.tsv \
		./*.buckets ./*.sig -o verdicts || return
	for i in 0 1 2 3 4; do
		quern dedup minhash apply --verdicts verdicts --shard "$i/5" --rejects "$i.rej" "${files[@]}" || return
	done >got.jsonl
	cat [0-4].rej >got.rej
}
while read -r shards parts; do
	check "stages, $shards shards, $parts parts" stages "$shards" "$parts"
	check "the bytes of one run" cmp want.jsonl got.jsonl
	check "its pairs" cmp want.tsv got.tsv
	equal "its reasons" "$(reasons want.rej)" "$(reasons got.rej)"
done <<'END'
1 1
2 3
5 2
END
quern dedup minhash apply --verdicts verdicts "${files[@]}" -o got.jsonl
check "apply without shards: the same" cmp want.jsonl got.jsonl

# Files that don't belong together, or aren't what was written.
refused() { # refused NAME WORDS COMMAND...: exit 1 or 2, these words, no output
	local name=$1 words=$2 rc=0
	shift 2
	rm -f none
	"$@" 2>err || rc=$?
	if [ $rc -eq 0 ] || [ $rc -gt 2 ] || ! grep -q -- "$words" err || [ -e none ]; then
		echo "# exit $rc: $(cat err)"
		result 1 "$name"
	else
		result 0 "$name"
	fi
}
clusters() { quern dedup minhash clusters "$@" -o none; }
sigs=(0.sig 1.sig 2.sig 3.sig 4.sig)
refused "a shard is missing" "shard 2 of 5 is missing" \
	clusters 0.sig 1.sig 3.sig 4.sig ./*.buckets
refused "a shard is there twice" "both of shard 1 of 5" \
	clusters "${sigs[@]}" 1.sig ./*.buckets
refused "a part is missing" "each is needed once" clusters "${sigs[@]}" 0.buckets
refused "a part is there twice" "each is needed once" \
	clusters "${sigs[@]}" 0.buckets 0.buckets
quern dedup minhash signatures --prefer longest in-00.jsonl -o other.sig
quern dedup minhash buckets other.sig -o other.buckets
refused "buckets of other signatures" "not the buckets of the signatures" \
	clusters "${sigs[@]}" other.buckets
quern dedup minhash signatures --ngram 4 --shard 0/5 "${files[@]}" -o four.sig
refused "other options" "other options" clusters four.sig "${sigs[@]:1}" ./[0-9].buckets
refused "documents instead" "no file of quern" clusters in-00.jsonl
refused "no signatures" "no file of signatures" clusters ./[0-9].buckets
size=$(stat -c %s 0.sig)
for n in 0 7 30 5000 $((size - 1)); do
	head -c "$n" 0.sig >cut.sig
	refused "cut off at $n" "cut.sig: cut off" clusters cut.sig "${sigs[@]:1}" ./[0-9].buckets
done
for at in 3 9 40 100 $((size / 2)) $((size - 3)); do
	cp 0.sig bad.sig
	byte=$(od -An -tu1 -j "$at" -N 1 bad.sig)
	# shellcheck disable=SC2059 # the format is an octal escape
	printf "\\$(printf %o $((byte ^ 255)))" | dd of=bad.sig bs=1 seek="$at" conv=notrunc status=none
	refused "a byte is wrong at $at" "bad.sig" clusters bad.sig "${sigs[@]:1}" ./[0-9].buckets
done
# Byte 2 of the first block's head, behind header, options and check: its tag.
at=$((20 + $(od -An -tu4 -j 16 -N 4 0.sig) + 8 + 2))
cp 0.sig bad.sig
printf '\002' | dd of=bad.sig bs=1 seek="$at" conv=notrunc status=none
fails_at_last() {
	quern dedup minhash buckets bad.sig "${sigs[@]:1}" -o bad.buckets &&
		quern dedup minhash clusters bad.sig "${sigs[@]:1}" bad.buckets -o none
}
exits 1 "a block under another tag" fails_at_last
quern dedup minhash --index ix in-00.jsonl -o /dev/null
at=$((20 + $(od -An -tu4 -j 16 -N 4 ix/00000001.seg) + 8 + 2))
printf '\002' | dd of=ix/00000001.seg bs=1 seek="$at" conv=notrunc status=none
refused "... of an index" "is damaged" \
	quern dedup minhash --index ix in-01.jsonl -o none
refused "other documents under the same names" "are not the documents" \
	quern dedup minhash apply --verdicts verdicts in-01.jsonl in-00.jsonl -o none
exits 2 "a stage without -o" quern dedup minhash signatures in-00.jsonl
exits 2 "a compressed name" quern dedup minhash signatures in-00.jsonl -o x.sig.zst
exits 2 "the profile datatrove has no stages" \
	quern dedup minhash signatures --profile datatrove in-00.jsonl -o none
exits 2 "apply without verdicts" quern dedup minhash apply in-00.jsonl -o none
exits 1 "a full disk" quern dedup minhash signatures in-00.jsonl -o /dev/full
(
	trap '' XFSZ
	ulimit -f 60
	quern dedup minhash --memory 16M --threads 1 whole.jsonl -o none
) 2>err
equal "no disk for sorted runs: exit 1" 1 $?
check "it is said" grep -q 'TMPDIR' err
check "and no output" test ! -e none

# Earlier dumps.
cat "${files[@]:0:2}" >old.jsonl
cat "${files[@]:2}" >new.jsonl
quern dedup minhash old.jsonl -o old.kept
quern dedup minhash --index dumps old.jsonl -o got.jsonl
check "the first dump: as without" cmp old.kept got.jsonl
cp -r dumps dumps.1
quern dedup minhash --index dumps --pairs p.tsv --rejects new.rej new.jsonl -o new.kept
check "two dumps are remembered" test -e dumps/00000002.seg
# What is new is what one run that prefers the old ones keeps of the new ones.
jq -c '.metadata = {age: 0}' old.kept >both.jsonl
jq -c '.metadata = {age: 1}' new.jsonl >>both.jsonl
equal "as a run that prefers the earlier ones" \
	"$(quern dedup minhash --prefer metadata.age:asc both.jsonl | jq -c 'select(.metadata.age == 1) | [.id, .text]' | sort)" \
	"$(jq -c '[.id, .text]' new.kept | sort)"
jq -r .id old.kept >old.ids
check "pairs name documents of the first dump" \
	test "$(cut -f 1,2 p.tsv | tr '\t' '\n' | sort -u | grep -cxF -f old.ids)" -gt 10
check "so do reasons" test "$(jq -r .metadata.reject.detail.of new.rej | sort -u | grep -cxF -f old.ids)" -gt 10
for size in 16M 20M; do
	rm -rf dumps.m
	cp -r dumps.1 dumps.m
	quern dedup minhash --index dumps.m --threads 1 --memory $size --pairs p2.tsv new.jsonl -o got.jsonl
	check "with $size: the same" cmp new.kept got.jsonl
	check "with $size: the same pairs" cmp p.tsv p2.tsv
	check "with $size: the same index" cmp dumps/00000002.seg dumps.m/00000002.seg
done
quern dedup minhash --index dumps new.jsonl -o got.jsonl
equal "the same dump again: only what has no words" "" "$(jq -r .text got.jsonl | tr -d '\n')"
refused "an index of other options" "other options" \
	quern dedup minhash --index dumps --ngram 4 new.jsonl -o none
for n in 0 100 40000; do
	rm -rf dumps.bad
	cp -r dumps.1 dumps.bad
	head -c "$n" dumps.1/00000001.seg >dumps.bad/00000001.seg
	refused "a file of the index cut off at $n" "00000001.seg: cut off" \
		quern dedup minhash --index dumps.bad new.jsonl -o none
done
cp -r dumps.1 dumps.tmp
head -c 40000 dumps.1/00000001.seg >dumps.tmp/00000002.seg.77.tmp
quern dedup minhash --index dumps.tmp new.jsonl -o got.jsonl
check "what a dead run left there is no dump" cmp new.kept got.jsonl
cp -r dumps dumps.gap
rm dumps.gap/00000001.seg
refused "a file of the index is missing" "00000001.seg is missing" \
	quern dedup minhash --index dumps.gap new.jsonl -o none
exec 9<dumps
flock -n 9
refused "two runs at a time" "another run" quern dedup minhash --index dumps new.jsonl -o none
exec 9<&-
exits 2 "the profile datatrove has no index" \
	quern dedup minhash --profile datatrove --index dumps new.jsonl -o none

# kill -9 at any moment, then again: each step is run until it ends well.
steps=(
	"minhash signatures --prefer longest --shard 0/2 ${files[*]} -o k0.sig"
	"minhash signatures --prefer longest --shard 1/2 ${files[*]} -o k1.sig"
	"minhash buckets --part 0/2 k0.sig k1.sig -o k0.buckets"
	"minhash buckets --part 1/2 k0.sig k1.sig -o k1.buckets"
	"minhash clusters k0.sig k1.sig k0.buckets k1.buckets --memory 24M --threads 1 --pairs k.tsv -o k.verdicts"
	"minhash apply --verdicts k.verdicts ${files[*]} -o k.jsonl"
	"minhash --index k.dumps old.jsonl -o k.old"
	"minhash --index k.dumps new.jsonl --pairs k.p.tsv -o k.new"
)
kills=${QUERN_KILLS:-8}
RANDOM=7
killed=0
for ((i = 0; i < ${#steps[@]}; i++)); do
	for ((k = i; k < kills; k += ${#steps[@]})); do
		# shellcheck disable=SC2086 # words are wanted
		quern dedup ${steps[i]} 2>/dev/null &
		sleep "0.0$((RANDOM % 10))$((RANDOM % 10))"
		kill -9 $! 2>/dev/null
		wait $! 2>/dev/null
		[ $? -eq 137 ] && killed=$((killed + 1))
		# One that ended well before has added its dump: take it back.
		case $i in
		6) rm -f k.dumps/00000001.seg ;;
		7) rm -f k.dumps/00000002.seg ;;
		esac
	done
	# shellcheck disable=SC2086 # words are wanted
	quern dedup ${steps[i]} || break
done
echo "# $killed of $kills runs were killed before their end"
check "some were killed" test "$killed" -gt 0
check "killed and run again: the bytes of one run" cmp want.jsonl k.jsonl
check "its pairs" cmp want.tsv k.tsv
check "killed with an index: the first dump" cmp old.kept k.old
check "killed with an index: the second" cmp new.kept k.new
check "killed with an index: its pairs" cmp p.tsv k.p.tsv
check "the index is the same" cmp dumps/00000002.seg k.dumps/00000002.seg
equal "nothing is left behind" "" "$(find . -name '*.tmp' -path './k*')"
finish
