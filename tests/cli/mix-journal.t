#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Journals: shares that follow losses, shares changed by hand, and their replay.
# shellcheck disable=SC2317 # functions are handed to check
# shellcheck source=SCRIPTDIR/lib.sh
. "$(dirname "$0")/lib.sh"
cd "$tmp" || exit 1

for name in web code; do
	for i in $(seq 1 300); do
		printf '{"id":"%s-%d","text":"%s: sack %d of the mill, %d grains."}\n' \
			$name "$i" $name "$i" $((i * 37 % 1000))
	done >$name.jsonl
done
quern tokenizer train -q --vocab 257 -o tok.json web.jsonl
for name in web code; do
	quern shard -q --tokenizer tok.json -o $name $name.jsonl
done
cat >model.json <<'END'
{"model_type": "llama", "vocab_size": 257, "hidden_size": 16,
 "intermediate_size": 32, "num_hidden_layers": 1, "num_attention_heads": 1,
 "max_position_embeddings": 64, "tie_word_embeddings": true}
END
recipe() { # recipe NAME LINE...
	printf '%s\n' '%mix 1' 'source web web' 'source code code' 'batch 512' \
		"${@:2}" >"$1.mix"
}
train() { # train RECIPE DIR [option...]
	quern train -q --config model.json --recipe "$1" --out "$2" --lr 1e-2 \
		--keep 0 --save-every 5 "${@:3}"
}
echo '{"web":5.2,"code":5.1}' >ref.json
echo '{"web":{"web":1,"code":0.2},"code":{"code":1}}' >helps.json
phases=('phase a 8K seq=16->32 web:50 code:50' 'phase b 12K seq=64 web:70 code:30')
recipe odm 'adapt odm every=3 smooth=0.5 rate=4' "${phases[@]}"
recipe doremi 'adapt doremi every=5 rate=2 reference=ref.json' "${phases[@]}"
recipe skill-it 'adapt skill-it every=4 matrix=helps.json' "${phases[@]}"

for way in odm doremi skill-it; do
	check "$way: trains" train $way.mix $way
	check "$way: its shares change" test "$(jq -c .shares $way/journal.jsonl |
		grep -v null | sort -u | wc -l)" -gt 4
	# What the journal says was read is what it makes of the stream.
	quern mix stream --journal $way/journal.jsonl --format jsonl $way.mix |
		jq -s -c 'group_by(.step)[] | [.[0].step + 1,
			(group_by(.source)[] | [.[0].source, (map((.tokens | length) - 1) | add)])]' >read.txt
	jq -c 'select(.loss) | [.step, (.loss | to_entries | sort_by(.key)[] |
		[.key, .value[1]])]' $way/journal.jsonl >told.txt
	check "$way: the journal replays what was trained on" cmp told.txt read.txt
	check "$way: audit" quern mix audit $way/last $way.mix
done
golden mix-journal-check quern mix check -o /dev/null --journal odm/journal.jsonl odm.mix

# Without the cap the rule would take more of code than the recipe does.
recipe cap 'adapt odm every=2 smooth=0.5 rate=4' 'phase a 10K seq=32 web:50 code:50' 'phase b 10K seq=32 web:90 code:10'
sed -i 's/^source code code/& epochs<=0.56/' cap.mix
check "a cap that binds: trains" train cap.mix cap
check "... and holds" quern mix check -o cap.txt --journal cap/journal.jsonl cap.mix
check "... but for a little it is used" \
	awk '$1 == "code" { exit !($6 > 0.52 && $6 <= 0.56) }' cap.txt

# As if killed after step 30, with a checkpoint of step 20.
steps=$(jq .steps <<<"$(quern mix plan --format json odm.mix)")
mkdir killed
cp -r odm/step-00000020 killed/
ln -s step-00000020 killed/last
head -n 30 odm/log.jsonl >killed/log.jsonl
awk '/"step":31,/ { exit } { print }' odm/journal.jsonl >killed/journal.jsonl
printf '{"step":31,"lo' >>killed/journal.jsonl
check "killed: resumed" train odm.mix killed --resume
check "... the same weights" cmp odm/last/model.safetensors killed/last/model.safetensors
check "... the same journal" cmp odm/journal.jsonl killed/journal.jsonl
check "... the same log" cmp <(jq -c 'del(.tokens_per_s, .mfu)' odm/log.jsonl) \
	<(jq -c 'del(.tokens_per_s, .mfu)' killed/log.jsonl)
# Killed in earnest, wherever that is.
quern train -q --config model.json --recipe odm.mix --out shot --lr 1e-2 \
	--keep 0 --save-every 5 &
pid=$!
for _ in $(seq 200); do
	[ "$(sed -n '$=' shot/log.jsonl 2>/dev/null || echo 0)0" -ge 120 ] && break
	sleep 0.02
done
kill -9 $pid 2>/dev/null
wait $pid 2>/dev/null
check "shot: resumed" train odm.mix shot --resume
check "... the same weights" cmp odm/last/model.safetensors shot/last/model.safetensors
check "... the same journal" cmp odm/journal.jsonl shot/journal.jsonl
train odm.mix threads --threads 2
check "the same journal with more threads" cmp odm/journal.jsonl threads/journal.jsonl

# Places are those of the changed stream.
spot=$((steps - 2)):1
id=$(quern mix at --journal odm/journal.jsonl odm.mix $spot | awk -F '\t' 'NR == 3 { print $9 }')
check "seen agrees with at" test "$(quern mix seen --journal odm/journal.jsonl odm.mix "$id" |
	awk -F '\t' -v s=$((steps - 2)) '$1 == s && $2 == 1' | wc -l)" = 1

# Changes by hand.
recipe run 'group both web:50 code:rest' 'phase a 8K seq=32 both' 'phase b 8K seq=16->64 web:70 code:30'
quern mix stream -o plain.bin run.mix
check "amend" quern mix amend --journal j.jsonl run.mix 7 web:90 code:10
check "amend again" quern mix amend --journal j.jsonl run.mix 20 web:10 code:rest
quern mix stream --journal j.jsonl -o changed.bin run.mix
bytes=$((7 * 16 * 33 * 4))
check "rows before the step stay" cmp -n $bytes plain.bin changed.bin
check "rows behind it don't" test "$(cmp plain.bin changed.bin | awk '{ print $5 }' | tr -d ,)" -gt $bytes
head -n 2 j.jsonl >first.jsonl
quern mix stream --journal first.jsonl -o first.bin run.mix
check "a later change leaves what the first one made" \
	cmp -n $(((16 * 16 * 33 + 4 * 32 * 17) * 4)) first.bin changed.bin
golden mix-amend-plan quern mix plan --journal j.jsonl run.mix
golden mix-amend-early quern mix amend --journal j.jsonl run.mix 19 web:20 code:80
golden mix-amend-share quern mix amend --journal j.jsonl run.mix 22 web:20 code:70
golden mix-amend-name quern mix amend --journal j.jsonl run.mix 22 wob
check "groups have names here, too" quern mix amend --journal g.jsonl run.mix 3 both
exits 2 "beyond the run" quern mix amend --journal j.jsonl run.mix 1000 both
exits 2 "no journal" quern mix amend run.mix 3 both
exits 2 "a recipe that adapts" quern mix amend --journal k.jsonl odm.mix 3 web:50 code:50
recipe cap 'phase a 2K seq=32 web:50 code:50'
sed -i 's/source web web/source web web epochs<=0.1/' cap.mix
exits 3 "more of a source than it may be read" quern mix amend --journal k.jsonl cap.mix 0 web
check "... leaves no journal" test ! -e k.jsonl

# A run whose shares are changed on the way.
train run.mix hand --save-every 0
recipe half 'group both web:50 code:rest' 'phase a 8K seq=32 both' 'phase b 8K seq=16->64 web:70 code:30'
exits 2 "what is done can't be changed" quern mix amend --journal hand/journal.jsonl run.mix 7 both
mkdir by && cp j.jsonl by/journal.jsonl
check "a run with a journal" train run.mix by
check "audit finds the journal" quern mix audit -o audit.txt by/last run.mix
check "... and tells of it" grep -q '^journal    2 changes, the last from step 20 on$' audit.txt
mkdir lost && cp -r by/step-00000010 lost/ && ln -s step-00000010 lost/last
cp by/log.jsonl lost/
exits 2 "resuming without the journal" train run.mix lost --resume
exits 3 "audit without the journal" quern mix audit lost/last run.mix
cp j.jsonl lost/journal.jsonl
check "resuming with it" train run.mix lost --resume
check "... gives the same weights" cmp by/last/model.safetensors lost/last/model.safetensors

# A source that is another one when the run goes on: named with its line.
mkdir less && cp tok.json model.json less/ && cp web.* code.* less/
cp run.mix less/run.mix
check "a run" train less/run.mix shrinks --save-every 4
rm shrinks/last && ln -s step-00000004 shrinks/last
head -n 250 code.jsonl | quern shard -q --tokenizer tok.json -o less/code
exits 3 "goes on with less" train less/run.mix shrinks --resume
train less/run.mix shrinks --resume 2>less.err
check "... says which source, and its line" grep -q \
	'less/run.mix:3: source code: it shrank since the run began: 118[0-9]* tokens then, ' less.err

# Damage.
sed 's/"web":9/"web":8/' j.jsonl >bad.jsonl
golden mix-journal-changed quern mix plan --journal bad.jsonl run.mix
sed 2d j.jsonl >bad.jsonl
exits 3 "a lost line" quern mix plan --journal bad.jsonl run.mix
golden mix-journal-other quern mix plan --journal j.jsonl odm.mix
exits 1 "no journal there" quern mix plan --journal none.jsonl run.mix
exits 3 "something else" quern mix plan --journal web.jsonl run.mix
head -c -9 j.jsonl >torn.jsonl
equal "a torn last line is none" "$(quern mix plan --journal first.jsonl run.mix)" \
	"$(quern mix plan --journal torn.jsonl run.mix)"

# Recipes that can't adapt.
recipe bad 'adapt doremi' 'phase a 8K seq=32 web:50 code:50'
golden mix-adapt-file quern mix check bad.mix
recipe bad 'adapt doremi reference=no.json' 'phase a 8K seq=32 web:50 code:50'
exits 1 "a reference that isn't there" quern mix check bad.mix
echo '{"web":1}' >part.json
recipe bad 'adapt doremi reference=part.json' 'phase a 8K seq=32 web:50 code:50'
golden mix-adapt-source quern mix check bad.mix
recipe bad 'adapt bandit' 'phase a 8K seq=32 web:50 code:50'
golden mix-adapt-rule quern mix check bad.mix
recipe bad 'adapt odm every=0' 'phase a 8K seq=32 web:50 code:50'
golden mix-adapt-every quern mix check bad.mix
finish
