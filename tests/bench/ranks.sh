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
# shellcheck source=tests/bench/few_shards.sh
. "$(dirname "$0")/few_shards.sh"
config=${1:-llama-15m} rows=${2:-16} micros=${3:-8} steps=${4:-6}
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
tmp=$(mktemp -d "${TMPDIR:-/tmp}/quern-ranks-bench-XXXXXX")
trap 'rm -rf "$tmp"' EXIT
cd "$tmp"
few_shards 400 2048
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
