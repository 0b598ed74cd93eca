#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# make gpu-check: is the CUDA twin right on this machine's card?
#
# Every operation and option against the fp64 reference, training against the
# processor, killed and continued, and a small run under compute-sanitizer.
# Prints one table and writes it to FILE as JSON; exits 1 if anything failed or
# there is no card.
#
#	check.sh BUILD FILE
#
# GPU_TESTS: a folder instead of tests/cli.
set -u
build=$(cd "$1" && pwd)
file=$2
top=$(cd "$(dirname "$0")/../.." && pwd)
tests=${GPU_TESTS:-$top/tests/cli}
tmp=$(mktemp -d "${TMPDIR:-/tmp}/quern-gpu-XXXXXX")
trap 'rm -rf "$tmp"' EXIT
export QUERN_PLUGIN_DIR=$build/bin PATH=$build/bin:$PATH
failed=0
rows=

row() { # row NAME STATUS WHAT
	printf '%-34s %-6s %s\n' "$1" "$([ "$2" -eq 0 ] && echo ok || echo FAILED)" "$3"
	rows+="${rows:+,}{\"check\":\"$1\",\"ok\":$([ "$2" -eq 0 ] && echo true || echo false),\"what\":\"$3\"}"
	[ "$2" -eq 0 ] || failed=1
}

count() { # count LOG: its comparisons on the card, and how many failed
	echo "$(grep -c "^ok" "$1") passed, $(grep -c "^not ok" "$1") failed"
}

card=$(nvidia-smi --query-gpu=name,driver_version,clocks.sm,clocks.mem \
	--format=csv,noheader 2>/dev/null | head -n 1)
[ -n "$card" ] || { echo "gpu-check: no card answers (nvidia-smi)" >&2; exit 1; }
echo "$card"
start=$SECONDS
rc=0
for test in train_ops train_types train_attention; do
	timeout 200 "$build/tests/unit/$test.t" >>"$tmp/ops" || rc=1
done
grep -q 'cuda: ' "$tmp/ops" || rc=1
grep 'cuda: \|SKIP' "$tmp/ops" >"$tmp/card"
row "operations against fp64" $rc "$(count "$tmp/card")"
grep '^not ok' "$tmp/ops"

part() { # part NAME TEST LIMIT: a test of tests/cli, none of it skipped
	local rc=0
	timeout "$3" bash "$tests/$2.t" >"$tmp/part" || rc=1
	grep -q SKIP "$tmp/part" && rc=1
	row "$1" $rc "$(count "$tmp/part")"
	grep '^not ok\|^#' "$tmp/part"
}
export CARD_STEPS=100
part "100 steps, kill, resume, text" train-cuda 200
CARD_STEPS=10
part "every family and option" train-cuda-models 150
if command -v compute-sanitizer >/dev/null; then
	CARD_STEPS=1
	export CARD_SANITIZER="compute-sanitizer --error-exitcode 9" CARD_FEW=yes
	part "under compute-sanitizer" train-cuda 150
else
	row "under compute-sanitizer" 1 "it is not installed"
fi
printf '{"card":"%s","date":"%s","seconds":%d,"checks":[%s]}\n' "$card" \
	"$(date -u +%F)" $((SECONDS - start)) "$rows" >"$file"
exit $failed
