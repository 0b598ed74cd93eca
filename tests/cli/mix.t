#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# quern mix: recipes checked, planned, streamed, traced.
# shellcheck disable=SC2317 # functions are handed to check
# shellcheck source=SCRIPTDIR/lib.sh
. "$(dirname "$0")/lib.sh"
cd "$tmp" || exit 1

make_docs() { # make_docs NAME FROM TO
	for i in $(seq "$2" "$3"); do
		printf '{"id":"%s-%d","text":"%s %d, sack %d of the mill.","metadata":{"url":"https://%s.example/%d"}}\n' \
			"$1" "$i" "$1" "$i" $((i * 7)) "$1" "$i"
	done
}
mkdir -p shards/web
make_docs web 1 300 >web0.jsonl
make_docs web 301 500 >web1.jsonl
make_docs code 1 200 >code.jsonl
# Bytes only, so that tokens don't depend on what training does.
quern tokenizer train -q --vocab 257 -o tok.json code.jsonl
for s in 0 1; do
	quern shard -q --tokenizer tok.json -o shards/web/w$s web$s.jsonl
done
quern shard -q --tokenizer tok.json -o code code.jsonl
cat >run.mix <<'END'
%mix 1
seed 11
source web  shards/web/**.bin  epochs<=2   # two shards
source code code               epochs<=2
group all web:75 code:rest
batch 1K
phase base 16K seq=64 all
phase long 4K seq=128 code:60.5 web:rest
assert repeats(code)<=2
END
# The tokenizer's digest is not ours to fix.
hide() {
	local rc=0
	"$@" >hide.out || rc=$?
	sed -E 's/[0-9a-f]{64}/DIGEST/g' hide.out
	return "$rc"
}

golden mix-check hide quern mix check run.mix
golden mix-plan hide quern mix plan run.mix
golden mix-json hide quern mix plan --format json run.mix
golden mix-at quern mix at run.mix 17:3
golden mix-at-token quern mix at run.mix 2:5:40
golden mix-seen quern mix seen run.mix https://code.example/17
threads "the stream" quern mix stream run.mix
threads "check" quern mix check run.mix

steps=$(quern mix plan --format json run.mix | jq .steps)
quern mix stream --format jsonl -o all.jsonl run.mix
quern mix stream -o all.bin run.mix
equal "raw and jsonl are the same tokens" \
	"$(jq -r '.tokens[]' all.jsonl | sha256sum)" \
	"$(od -An -v -t u4 -w4 all.bin | tr -d ' ' | sha256sum)"
equal "a row is seq + 1 tokens" "129
65" "$(jq '.tokens | length' all.jsonl | sort -u)"

# Ranks of any layout, put in order, are the stream.
for layout in "2 1" "3 2" "5 4" "16 1" "2 100"; do
	read -r world micro <<<"$layout"
	for rank in $(seq 0 $((world - 1))); do
		quern mix stream --format jsonl --world "$world" --rank "$rank" \
			--micro-batch "$micro" run.mix
	done | jq -s -c 'sort_by(.step, .row)[]' >ranks.jsonl
	check "world $world, micro-batch $micro: every row once" \
		cmp all.jsonl ranks.jsonl
done
quern mix stream --to 9 -o a.bin run.mix
quern mix stream --from 9 -o b.bin run.mix
check "stopped and gone on with" sh -c 'cat a.bin b.bin | cmp - all.bin'

equal "shares are what the plan says" \
	"$(quern mix plan --format json run.mix | jq '[.phases[].shares[].rows] | add')" \
	"$(wc -l <all.jsonl)"
equal "steps count from 0" $((steps - 1)) "$(jq .step all.jsonl | tail -1)"

# What at says stands in a row does.
row=$(sed -n 21p all.jsonl)
spot=$(jq -r '"\(.step):\(.row)"' <<<"$row")
text=$(quern mix at run.mix "$spot" | awk -F '\t' 'NR > 1 { print $6, $7, $8, $3 }' |
	while read -r shard doc token n; do
		quern shard cat --from "$doc" --to $((doc + 1)) "$shard" |
			tr ' ' '\n' | tail -n +$((token + 1)) | head -n "$n"
	done)
equal "at names the documents of a row" "$(jq -r '.tokens[]' <<<"$row")" "$text"

equal "... and with the tokenizer what they say" true \
	"$(quern mix at -t tok.json run.mix "$spot" | tail -n +2 | cut -f 9,11 |
		jq -R -s --slurpfile d <(cat web?.jsonl code.jsonl) '[split("\n")[] |
			select(. != "") | split("\t") | . as [$id, $text] |
			($text | fromjson | sub("<\\|endoftext\\|>$"; "")) as $t |
			any($d[]; .id == $id and (.text | contains($t)))] | all')"
quern tokenizer train -q --vocab 258 -o t2.json web0.jsonl
exits 3 "... not with another one" quern mix at -t t2.json run.mix "$spot"

# A moved recipe, other words: the same digest; another seed is another run.
mkdir moved && cp -r shards code.* moved
sed 's/#.*//; s/phase base/phase first/' run.mix >moved/run.mix
digest() { quern mix plan --format json "$1" | jq -r .digest; }
equal "the digest is of what matters" "$(digest run.mix)" "$(digest moved/run.mix)"
sed 's/seed 11/seed 12/' run.mix >seed.mix
check "another seed, another digest" test "$(digest run.mix)" != "$(digest seed.mix)"

# Everything that a phase can have.
cat >rich.mix <<'END'
%mix 1
seed 3
source w0   shards/web/w0
source w1   shards/web/w1
source code code   epochs<=3
group web proportional=6K w0,w1
batch 0:512 ~8K:1K
phase base 8K seq=32 web:80 code:20
phase all  8K seq=64 code:epochs=1 web:rest
phase grow 8K seq=32->128 temperature=2 w0 w1 code
phase end  8K seq=128 web -> code:60,w1:40 lr=linear:0
assert replay(web)>=0.2 tokens(code)>=9K repeats(code)<=3
END
golden mix-rich hide quern mix check rich.mix
golden mix-rich-plan hide quern mix plan rich.mix
threads "shares that change" quern mix stream rich.mix
quern mix stream --format jsonl -o rich.jsonl rich.mix
equal "of a phase with -> the second half has more of what grows" true \
	"$(quern mix plan --format json rich.mix | jq '.phases[-1].first_step' |
		jq --slurpfile r rich.jsonl '. as $s | [$r[] | select(.step >= $s) |
			.source == "code"] | (length / 2 | floor) as $h |
			([.[:$h][] | select(.)] | length) < ([.[$h:][] | select(.)] | length)')"

check "a picture" quern mix plan -o /dev/null --svg rich.svg rich.mix
golden mix-svg cat rich.svg
exits 1 "a picture nowhere" quern mix plan --svg no/rich.svg rich.mix

# diff: the first step that is another.
golden mix-diff quern mix diff run.mix rich.mix
sed 's/^phase long.*/phase long 4K seq=128 code:61 web:rest/' run.mix >later.mix
exits 3 "recipes that differ later" quern mix diff run.mix later.mix
quern mix diff -o later.txt run.mix later.mix 2>/dev/null
quern mix stream --format jsonl -o later.jsonl later.mix
first=$(paste -d '\n' all.jsonl later.jsonl |
	jq -s '[range(0; length; 2) as $i | select(.[$i] != .[$i + 1]) | .[$i].step][0]')
equal "... from where the streams do" "the same until step $first" \
	"$(head -1 later.txt | cut -d ';' -f 1)"
exits 0 "a recipe in other words" quern mix diff run.mix moved/run.mix

# audit: tokens seen are those of the stream's rows.
mkdir ckpt && cp tok.json ckpt/tokenizer.json
state() { printf '{"step":%d,"tokens":1,"options":{"recipe":"%s"}}\n' "$1" "$2"; }
state 18 "$(digest rich.mix | cut -c 8-)" >ckpt/state.json
golden mix-audit quern mix audit ckpt rich.mix
equal "... as many as the stream has" "$(jq -s '[.[] | select(.step < 18) |
	select(.source == "code") | (.tokens | length) - 1] | add' rich.jsonl)" \
	"$(quern mix audit ckpt rich.mix | awk '$1 == "code" { print $2 }')"
exits 3 "audit: another recipe" quern mix audit ckpt run.mix
exits 1 "audit: no checkpoint" quern mix audit shards rich.mix

bad() { # bad NAME LINE...: a recipe of these lines
	printf '%s\n' '%mix 1' "${@:2}" >"$1.mix"
}
bad cap 'source web shards/web/w0 epochs<=0.5' 'phase p 30K seq=64 web'
golden mix-cap quern mix check -q -o /dev/null cap.mix
exits 3 "stream refuses it too" quern mix stream cap.mix
bad none 'source web shards/web' 'source code code' 'batch 64' \
	'phase p 1K seq=64 web:99.9 code:rest'
golden mix-none quern mix check -o /dev/null none.mix
bad tiny 'source web shards/web' 'source code code' 'phase p 30K web:1e-12 code:rest'
exits 3 "a share without a slot in the whole phase" quern mix check -o /dev/null tiny.mix
quern mix check -q -o /dev/null tiny.mix 2>tiny.err
check "... is named with its line" grep -q \
	'^quern mix check: tiny.mix:4: phase p: source web gets none of its' tiny.err
bad twice 'source web shards/web' 'phase p 10K web' 'phase p 20K web'
exits 1 "two phases of a name" quern mix check twice.mix
# Each file of a shard, cut off.
for part in bin idx docs; do
	mkdir -p cut && cp code.bin code.idx code.docs cut/
	truncate -s -9 cut/code.$part
	bad cut 'source web shards/web' 'source code cut/code' 'phase p 4K web:50 code:50'
	quern mix stream -o /dev/null cut.mix 2>cut.err
	check "a .$part cut off is refused, with the recipe's line" \
		grep -q '^quern mix stream: cut.mix:3: source code: cut/code' cut.err
done
bad word 'source web shards/web' 'phase p 10K wob'
golden mix-word quern mix check word.mix
bad later 'source web shards/web' 'phase p 10K web -> wob'
golden mix-later quern mix check later.mix
bad gone 'source web shards/nothing*' 'phase p 10K web'
golden mix-gone quern mix check gone.mix
quern tokenizer train -q --vocab 258 -o other.json web0.jsonl
quern shard -q --tokenizer other.json -o foreign web0.jsonl
bad foreign 'source web shards/web' 'source f foreign' 'phase p 10K web:50 f:50'
exits 3 "a foreign shard" quern mix check foreign.mix
quern mix check foreign.mix 2>foreign.err
check "... is named with the recipe's line" \
	grep -q 'foreign.mix:3: source f: its shards were made by tokenizer' foreign.err
# Shards of another program: without .docs, and the recipe says what they are.
mkdir other && cp code.bin code.idx other/
printf '%s\n' '%mix 1' 'seed 4' 'source code code' 'batch 1K' 'phase p 8K seq=64 code' >ours.mix
printf '%s\n' '%mix 1' 'seed 4' "tokenizer sha256:$(sha256sum <tok.json | cut -c 1-64)" \
	'source code other/code foreign=257' 'batch 1K' 'phase p 8K seq=64 code' >theirs.mix
quern mix stream -o ours.bin ours.mix
check "foreign shards" quern mix stream -o theirs.bin theirs.mix
check "... give the same rows" cmp ours.bin theirs.bin
golden mix-at-foreign quern mix at theirs.mix 2:5:40
equal "... and are found by name" "$(quern mix seen ours.mix code-18 | cut -f 1-7)" \
	"$(quern mix seen theirs.mix code:17 | sed 's,other/,,' | cut -f 1-7)"
sed 's/ foreign=257//' theirs.mix >unsaid.mix
exits 1 "without saying so they are refused" quern mix check unsaid.mix
sed 's/=257/=64/' theirs.mix >narrow.mix
exits 1 "tokens beyond the vocabulary" quern mix stream narrow.mix
truncate -s -2 other/code.bin
exits 3 "a foreign shard that shrank" quern mix check theirs.mix
# A bit that is another one: by its digest, with the recipe's line.
cp moved/code.bin code.was
printf '\101' | dd of=moved/code.bin bs=1 seek=100 conv=notrunc 2>/dev/null
exits 3 "a flipped bit" quern mix check --verify moved/run.mix
quern mix check --verify moved/run.mix 2>flip.err
check "... is named with the recipe's line" \
	grep -q 'moved/run.mix:4: source code: .*code.bin: digest' flip.err
exits 3 "... before training, too" quern train -q --config gpt2-124m \
	--recipe moved/run.mix --out never
check "... which doesn't begin" test ! -e never
mv code.was moved/code.bin
check "all shards hold" quern mix check --verify moved/run.mix
truncate -s -2 moved/code.bin
exits 3 "a shard that shrank" quern mix stream moved/run.mix

exits 2 "no recipe" quern mix check
exits 1 "no such recipe" quern mix check nothing.mix
exits 2 "a rank beyond the world" quern mix stream --world 2 --rank 2 run.mix
exits 2 "a step beyond the run" quern mix stream --to 1000000 run.mix
exits 2 "at a step beyond the run" quern mix at run.mix 1000000
exits 2 "at nonsense" quern mix at run.mix 1:2:3:4
exits 1 "seen: no such document" quern mix seen run.mix nobody
exits 2 "no such subcommand" quern mix stir run.mix
finish
