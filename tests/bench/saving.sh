#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# saving.sh [CONFIG] [STEPS] [EVERY] [ROUNDS]
#
# What checkpoints cost a run of CONFIG (gpt2-124m) by the clock: none but the
# last, one every EVERY (4) of STEPS (12) steps written between steps, the same
# written while training goes on.  Seconds by the clock and of the processor,
# the medians of ROUNDS (3), and the SHA-256 of the weights; exit status 1 if
# those differ.  Wants an idle machine and a disk's worth of checkpoints.
set -eu
# shellcheck source=tests/bench/few_shards.sh
. "$(dirname "$0")/few_shards.sh"
config=${1:-gpt2-124m} steps=${2:-12} every=${3:-4} rounds=${4:-3}
tmp=$(mktemp -d "${TMPDIR:-/tmp}/quern-saving-XXXXXX")
trap 'rm -rf "$tmp"' EXIT
cd "$tmp"
few_shards 200 1024
printf '%%mix 1\nsource text text epochs<=999\nbatch 256\nphase only %d seq=64 text:100\n' \
	$((256 * steps)) >run.mix

one() { # one HOW OPTIONS...: a line of seconds
	local how=$1
	shift
	rm -rf out
	TIMEFORMAT='%R %U %S'
	{ time quern train -q --config "$config" --recipe run.mix --out out \
		--keep 1 --no-verify "$@"; } 2>>"$how.txt"
	sha256sum <out/last/model.safetensors >>sums.txt
}
for ((i = 0; i < rounds; i++)); do
	one none --save-every 0
	one between --save-every "$every" --no-async-save
	one beside --save-every "$every" --async-save
done
median() { sort -n | sed -n "$(((rounds + 1) / 2))p"; }
for how in none between beside; do
	echo "$config, $steps steps, checkpoints $how:" \
		"$(awk '{ print $1 }' $how.txt | median) s," \
		"$(awk '{ print $2 + $3 }' $how.txt | median) s of the processor"
done
[ "$(sort -u sums.txt | wc -l)" -eq 1 ]
