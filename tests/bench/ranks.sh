#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# ranks.sh [CONFIG] [MICRO-BATCH ROWS] [MICRO-BATCHES] [STEPS]
#
# Training by 1, 2 and 4 ranks under mpirun, each on its share of the
# processors: tokens a second (median over the steps but the first), processor
# seconds of all ranks together, and the SHA-256 of weights and moments, in f32
# and bf16, with dropout and without.  Exit status 1 if the SHA-256 differ.
set -eu
config=${1:-llama-15m} rows=${2:-16} micros=${3:-8} steps=${4:-6}
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
tmp=$(mktemp -d "${TMPDIR:-/tmp}/quern-ranks-bench-XXXXXX")
trap 'rm -rf "$tmp"' EXIT
cd "$tmp"
for i in $(seq 400); do
	printf '{"id":"%d","text":"' "$i"
	for j in $(seq 60); do printf 'w%d ' $(((i * 37 + j * j) % 997)); done
	printf '"}\n'
done >docs.jsonl
quern tokenizer train -q --vocab 2048 -o tokenizer.json docs.jsonl
quern shard -q --tokenizer tokenizer.json -o text docs.jsonl
batch=$((rows * micros * 128))
printf '%%mix 1\nsource text text epochs<=999\nbatch %d\nphase only %d seq=128 text:100\n' \
	$batch $((batch * steps)) >run.mix
bad=0
for more in '--dtype f32' '--dtype f32 --dropout .1' '--dtype bf16 --dropout .1'; do
	first=
	for n in 1 2 4; do
		threads=$(($(nproc) / n))
		rm -rf out
		# shellcheck disable=SC2086 # options are split on purpose
		/usr/bin/env TIMEFORMAT='%U %S' bash -c 'time "$@"' - \
			mpirun -n $n --oversubscribe --bind-to none quern train \
			--config "$config" --recipe run.mix --out out -q \
			--micro-batch "$rows" --threads $((threads ? threads : 1)) \
			$more 2>spent.txt
		sum=$(cat out/last/model.safetensors out/last/optimizer.safetensors |
			sha256sum | cut -c 1-16)
		[ "${first:=$sum}" = "$sum" ] || bad=1
		echo "$config, $micros x $rows x 128 tokens, $more, $n ranks:" \
			"$(jq -s 'map(.tokens_per_s)[1:] | sort | .[length / 2 | floor]' out/log.jsonl)" \
			"tokens/s, $(tail -n 1 spent.txt | awk '{ print $1 + $2 }') s, $sum"
	done
done
exit $bad
