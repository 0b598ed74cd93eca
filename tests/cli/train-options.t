#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# quern train: positions, norms, dropout and what is recomputed.
# shellcheck disable=SC2317 # functions are handed to check
# shellcheck source=SCRIPTDIR/lib.sh
. "$(dirname "$0")/lib.sh"
cd "$tmp" || exit 1

few_words 60 >docs.jsonl
quern tokenizer train --vocab 270 -o tokenizer.json docs.jsonl || exit 1
quern shard -q --tokenizer tokenizer.json -o text docs.jsonl || exit 1
printf '%%mix 1\nseed 1\nsource text text.bin\nbatch 128\nphase only 1536 seq=32 text:100\n' \
	>run.mix

ours() { # ours [MEMBERS]: a config of our own family
	cat <<EOT
{"model_type":"quern","vocab_size":270,"hidden_size":24,"intermediate_size":40,
"num_hidden_layers":2,"num_attention_heads":4,"num_key_value_heads":2,
"max_position_embeddings":64$1}
EOT
}
train() { # train DIR CONFIG [OPTIONS]
	local dir=$1 config=$2
	shift 2
	quern train --config "$config" --recipe run.mix --out "$dir" --lr 1e-2 \
		--micro-batch 4 --tokenizer tokenizer.json "$@"
}
model() { # model NAME JSON: trains, its config comes back, it generates
	echo "$2" >"$1.json"
	check "$1 trains" train "$1" "$1.json" -q --threads 1
	check "its loss falls" jq -se '.[-1].loss < .[0].loss - .7' "$1/log.jsonl"
	check "its config describes it" train "$1" "$1/last/config.json" -q --resume
	check "it generates" quern generate --model "$1/last" --prompt The \
		--max-tokens 4 -o /dev/null
}

for p in xpos learned sinusoidal alibi t5 none; do
	model $p "$(ours ',"position_embedding_type":"'$p'","scale_embedding":true')"
done
model post "$(ours ',"norm_placement":"post","normalization":"layernorm"')"
model sandwich "$(ours ',"norm_placement":"sandwich","qk_norm":true')"
model deepnorm "$(ours ',"norm_placement":"deepnorm","gated_mlp":false')"
model llama3 "$(ours ',"partial_rotary_factor":0.67,"parallel_residual":true,
"rope_scaling":{"rope_type":"llama3","factor":8,"low_freq_factor":1,
"high_freq_factor":4,"original_max_position_embeddings":16}')"
model bloom '{"model_type":"bloom","vocab_size":270,"n_embed":24,"n_layer":2,
"num_attention_heads":6,"seq_length":64}'
model gpt_neox '{"model_type":"gpt_neox","vocab_size":270,"hidden_size":32,
"num_hidden_layers":2,"num_attention_heads":4,"intermediate_size":40,
"max_position_embeddings":64}'

# Dropout and recomputing: the same weights whatever the layout.
same() { cmp "$1/last/model.safetensors" "$2/last/model.safetensors"; }
dropped() { # dropped DIR [OPTIONS]
	local dir=$1
	shift
	train "$dir" t5.json -q --dropout .2 --embedding-dropout .1 \
		--attention-dropout .2 --keep 0 "$@"
}
check "dropout" dropped drop --threads 1
check "it changes the weights" test "$(cksum <t5/last/model.safetensors)" != \
	"$(cksum <drop/last/model.safetensors)"
equal "its rates are kept" "0.2 0.1 0.2" "$(jq -r '.options |
	"\(.dropout) \(."embedding-dropout") \(."attention-dropout")"' \
	drop/last/state.json)"
for n in 2 7; do
	dropped drop$n --threads $n
	check "the same weights with $n threads" same drop drop$n
done
check "nothing kept of layers" dropped spare --threads 2 --recompute layer
check "the same weights" same drop spare
check "norms and activations" dropped spare2 --recompute norm,act
check "the same weights" same drop spare2
train said t5.json --recompute layer 2>said.txt
check "it says what that spares" grep -q 'less by --recompute' said.txt
dropped cut --save-every 3 --threads 1
rm -rf cut/last cut/step-0000001* cut/step-0000000[7-9]
ln -s step-00000006 cut/last
check "going on from a checkpoint" dropped cut --save-every 3 --resume
check "the same weights" same drop cut
exits 2 "another rate in a resume" dropped cut --save-every 3 --resume \
	--dropout .3

# What is refused.
refuse() { # refuse NAME MEMBERS
	ours "$2" >bad.json
	golden "train-bad-$1" train nowhere bad.json
}
refuse scaling ',"rope_scaling":{"rope_type":"dynamic","factor":2}'
refuse scaling-key ',"rope_scaling":{"rope_type":"linear","factor":2,"long_factor":[1]}'
refuse factor ',"rope_scaling":{"rope_type":"linear","factor":0.5}'
refuse position ',"position_embedding_type":"relative_key"'
refuse parallel ',"parallel_residual":true,"norm_placement":"post"'
refuse xpos ',"position_embedding_type":"xpos","xpos_scale_base":0.4'
refuse buckets ',"position_embedding_type":"t5","relative_attention_num_buckets":300'
refuse rotary ',"partial_rotary_factor":0.5'
refuse alibi-scaling ',"position_embedding_type":"alibi","rope_scaling":{"type":"linear","factor":2}'
refuse odd-head ',"position_embedding_type":"alibi","head_dim":7'
golden train-bad-recompute train nowhere t5.json --recompute norm,mlp
golden train-bad-dropout train nowhere t5.json --dropout 1
check "no folder was made" test ! -e nowhere
finish
