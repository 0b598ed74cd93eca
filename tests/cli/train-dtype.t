#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# quern train --dtype: what is rounded, what checkpoints say, what is refused.
# shellcheck disable=SC2317 # functions are handed to check
# shellcheck source=SCRIPTDIR/lib.sh
. "$(dirname "$0")/lib.sh"
cd "$tmp" || exit 1

awk 'BEGIN {
	for (i = 0; i < 80; i++) {
		printf "{\"id\":\"%d\",\"text\":\"", i
		for (j = 0; j < 12; j++)
			printf "The mill turns %d and %d. ", i % 5, (i + 1) % 5
		print "\"}"
	}
}' >docs.jsonl
quern tokenizer train --vocab 270 -o tokenizer.json docs.jsonl || exit 1
quern shard -q --tokenizer tokenizer.json -o text docs.jsonl || exit 1
printf '%%mix 1\nseed 1\nsource text text.bin\nbatch 256\n%s\n' \
	'phase only 3072 seq=32 text:100' >run.mix
cat >model.json <<'EOT'
{"architectures":["LlamaForCausalLM"],"model_type":"llama","vocab_size":270,
"hidden_size":32,"intermediate_size":64,"num_hidden_layers":2,
"num_attention_heads":4,"num_key_value_heads":2,"rms_norm_eps":1e-5,
"max_position_embeddings":64,"tie_word_embeddings":true}
EOT
train() { # train DIR [OPTIONS]
	local dir=$1
	shift
	quern train -q --config model.json --recipe run.mix --out "$dir" \
		--lr 1e-2 --tokenizer tokenizer.json "$@"
}

for type in f32 bf16 fp16; do
	check "a run in $type" train $type --dtype $type --threads 2
	equal "state.json says $type" $type \
		"$(jq -r '.options.dtype' $type/last/state.json)"
	check "its loss falls" jq -se '.[-1].loss < .8 * .[0].loss' \
		$type/log.jsonl
	check "text from it" quern generate --model $type/last --prompt The \
		--max-tokens 4
done
differ() {
	! cmp -s f32/last/model.safetensors "$1/last/model.safetensors"
}
check "bf16 is not f32" differ bf16
check "fp16 is not f32" differ fp16
equal "only fp16 scales its loss" "null null 65536" \
	"$(for t in f32 bf16 fp16; do jq -r .loss_scale $t/log.jsonl | head -n 1; done | xargs)"
equal "the scale is in the checkpoint" "65536 12 0" \
	"$(jq -r '.loss_scale | "\(.by) \(.good) \(.skipped)"' fp16/last/state.json)"

train alone --dtype bf16 --threads 1
check "the same weights from one thread" cmp alone/last/model.safetensors \
	bf16/last/model.safetensors

# The library can be told to know nothing beyond AVX2.
DNNL_MAX_CPU_ISA=AVX2 quern train --config model.json --recipe run.mix \
	--out emulated --lr 1e-2 --dtype bf16 2>emulated.err
check "without bf16 products it says so" grep -q "no products of bf16" emulated.err
# The same factors; only the order of sums differs.
losses=$(tail -qn 1 {emulated,bf16}/log.jsonl | jq .loss | xargs)
check "and rounds the same: losses within bf16's eps" awk -v l="$losses" \
	'BEGIN { split(l, x); d = x[1] / x[2] - 1; exit !(d * d < 2 ^ -14) }'

exits 2 "another type can't go on" train bf16 --resume --dtype fp16
cp check.log why
check "and says why" grep -q 'dtype is "fp16", .* begun with "bf16"' why
exits 2 "an unknown type" train x --dtype int8
cp check.log why
check "and names those there are" grep -q "f32,bf16,fp16\|f32.*bf16.*fp16" why
sed -i 's/"by": 65536/"by": 0/' fp16/last/state.json
exits 1 "a broken scale" train fp16 --resume --dtype fp16
finish
