#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The other families and options on the CUDA twin against the processor: what is
# between two of its operations, rather than the operations (tests/unit).
# shellcheck disable=SC2317 # functions are handed to check
# shellcheck source=SCRIPTDIR/lib.sh
. "$(dirname "$0")/lib.sh"
cd "$tmp" || exit 1
steps=${CARD_STEPS:-2}
CARD_STEPS=$steps
# shellcheck source=SCRIPTDIR/../card.sh
. "$top/tests/card.sh"

model() { # model NAME MEMBERS [OPTIONS]
	local name=$1
	config "$name" "$2"
	shift 2
	both "$name" "$name" "$@"
}
# Heads of 6 channels: no multiple of anything.
ours='"model_type":"quern","num_hidden_layers":1,"hidden_size":24'
model bloom '"model_type":"bloom","n_embed":24,"n_layer":2,"seq_length":64,
	"hidden_size":null,"intermediate_size":null,"num_hidden_layers":null,
	"num_key_value_heads":null,"max_position_embeddings":null'
model gpt_neox '"model_type":"gpt_neox","hidden_size":32,
	"num_key_value_heads":null'
model mistral '"model_type":"mistral","num_hidden_layers":1,"sliding_window":5'
model t5 "$ours"',"position_embedding_type":"t5",
	"relative_attention_num_buckets":8,"relative_attention_max_distance":20'
model xpos "$ours"',"position_embedding_type":"xpos","qk_norm":true,
	"norm_placement":"sandwich","sliding_window":9'
model learned "$ours"',"position_embedding_type":"learned","hidden_act":"relu2",
	"gated_mlp":false,"norm_placement":"deepnorm","scale_embedding":true' \
	--document-mask
model yarn "$ours"',"normalization":"layernorm","norm_placement":"post",
	"hidden_act":"gelu","attention_bias":true,"mlp_bias":true,
	"rope_scaling":{"rope_type":"yarn","factor":4,
	"original_max_position_embeddings":16}' --document-mask

# Prefixes that are read both ways.
recipe "$steps" objective=prefix >prefix.mix
mix=prefix.mix
both prefix t5 --document-mask
unset mix

# What is dropped, and what is made again on the way back.
drop="--dropout .2 --embedding-dropout .1 --attention-dropout .2"
# shellcheck disable=SC2086 # options
both dropout t5 $drop
# shellcheck disable=SC2086
check "recompute" run cuda again t5 $drop --recompute layer
check "recompute: the same bits" same_weights again dropout-cuda
check "another micro-batch" run cuda one t5 --micro-batch 1
check "another micro-batch: one curve" agree one/log.jsonl t5-cpu/log.jsonl

# Optimisers on matrices of odd sides, accumulated over micro-batches.
for how in muon lion; do
	both "neox-$how" gpt_neox --optimizer $how
done
both qk-muon xpos --optimizer muon --dtype bf16

# A validation's rows are longer than those of a step: more memory is asked for
# in the middle of the run.
printf '%%mix 1\nseed 2\nsource text text.bin\nbatch 64\nphase only 128 %s\n' \
	"seq=64 text:100" >valid.mix
both validated bloom --valid valid.mix --valid-every 1 --micro-batch 1
equal "validated: one loss" true "$(jq -s --slurpfile b validated-cpu/log.jsonl '
	[.[].valid_loss] as $a | [$b[].valid_loss] as $b | ($a | length) > 0 and
	all(range($a | length); ($a[.] - $b[.] | fabs) < 1e-3 * $b[.])' \
	validated-cuda/log.jsonl)"
finish
