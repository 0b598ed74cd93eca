#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# pipelines/curriculum-run.sh: check, plan, train, audit; and the learning rate
# that a recipe gives reaches training.
# shellcheck disable=SC2317 # functions are handed to check
# shellcheck source=SCRIPTDIR/lib.sh
. "$(dirname "$0")/lib.sh"
cd "$tmp" || exit 1
run() { "$top/pipelines/curriculum-run.sh" "$@"; }

for name in web good; do
	for i in $(seq 1 150); do
		printf '{"id":"%s-%d","text":"%s: sack %d of the mill, %d grains."}\n' \
			$name "$i" $name "$i" $((i * 37 % 1000))
	done >$name.jsonl
done
quern tokenizer train -q --vocab 257 -o tok.json web.jsonl
for name in web good; do
	quern shard -q --tokenizer tok.json -o $name $name.jsonl
done
cat >run.mix <<'END'
%mix 1
source web  web   epochs<=2
source good good  epochs<=2
batch 256
phase warm 2K seq=16->64 web
phase base 1K seq=64 web
phase end  2K seq=64 web -> good:80,web:rest lr=linear:0
assert replay(web)>=0.2
END
cat >model.json <<'END'
{"model_type": "llama", "vocab_size": 257, "hidden_size": 16,
 "intermediate_size": 32, "num_hidden_layers": 1, "num_attention_heads": 1,
 "max_position_embeddings": 64, "tie_word_embeddings": true}
END
opts=(-q --lr 1e-2 --schedule constant --warmup 0 --tokenizer tok.json)
check "the whole" run run.mix model.json out "${opts[@]}"
equal "what there is then" "audit.txt model plan.json plan.svg plan.txt" \
	"$(find out -mindepth 1 -maxdepth 1 -printf '%f\n' | sort | xargs)"
steps=$(jq .steps out/plan.json)
check "the audit is of the last step" \
	grep -qx "step       $steps of $steps" out/audit.txt
first=$(jq '.phases[-1].first_step' out/plan.json)
equal "the rate is whole until the last phase" 0.01 \
	"$(jq -s "[.[:$first + 1][].lr] | unique[]" out/model/log.jsonl)"
equal "... and falls to 0 by steps of the same size" true \
	"$(jq -s "[.[$first:][].lr] | length as \$n | [range(0; \$n) as \$i |
		(.[\$i] - 0.01 * (\$n - \$i) / \$n | fabs) < 1e-6] | all" out/model/log.jsonl)"
check "again: nothing is left to do" run run.mix model.json out "${opts[@]}"
sed 's/^batch/seed 9\nbatch/' run.mix >other.mix
exits 3 "another stream is not gone on with" run other.mix model.json out "${opts[@]}"
sed 's/0.2/0.3/' run.mix >bad.mix
exits 3 "a recipe that can't be run is not begun" run bad.mix model.json new "${opts[@]}"
equal "... and leaves nothing" "" "$(ls new)"
exits 2 "too few words" run run.mix
finish
