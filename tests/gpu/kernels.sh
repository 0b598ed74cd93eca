#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# What the compiler says of every kernel of the CUDA twin: registers, spilled
# bytes, shared memory of fixed size, and what instructions it is made of.
# Needs no card, but nvcc; cuobjdump for the instructions (else "-").
#
#	kernels.sh [ARCH [FILE.cu ...]]	sm_90a and all files unless given
#
# wgmma, mma: products by groups of warps, or warps; 16 B: loads and stores of
# so many bytes in device memory, of all of them; local: instructions that touch
# spilled numbers.  A kernel of several types and sizes has a line for each.
set -u
top=$(cd "$(dirname "$0")/../.." && pwd)
arch=${1:-sm_90a}
[ $# -eq 0 ] || shift
tmp=$(mktemp -d "${TMPDIR:-/tmp}/quern-kernels-XXXXXX")
trap 'rm -rf "$tmp"' EXIT
cd "$top" || exit 2
dump=$(command -v cuobjdump)

instructions() { # instructions OBJECT: per kernel, mangled
	"$dump" -sass "$1" 2>/dev/null | awk '
	function tell() {
		if (name) printf "%s %d %d %d/%d %d\n", name, wgmma, mma, wide, all, local
	}
	/Function :/ { tell(); name = $3; wgmma = mma = wide = all = local = 0 }
	/HGMMA/ { wgmma++ }
	/ HMMA/ { mma++ }
	/ (LDG|STG)\./ { all++; if (/\.128/) wide++ }
	/ (LDL|STL)/ { local++ }
	END { tell() }'
}

[ $# -gt 0 ] || set -- lib/train/cuda/*.cu
for f; do
	o=$tmp/$(basename "$f").o
	nvcc -std=c++17 -O2 -gencode "arch=compute_${arch#sm_},code=$arch" \
		-Xptxas -v -Ilib -c -o "$o" "$f" 2>"$tmp/log" || { cat "$tmp/log" >&2; exit 1; }
	sed -n 's/^ptxas info *: //p; s/^ *\([0-9]* bytes stack\)/\1/p' "$tmp/log" | awk '
	/Compiling entry function/ { name = $4; gsub(/\047/, "", name) }
	/bytes stack frame/ { spilled = $5 }
	/^Used/ {
		shared = 0
		for (i = 1; i < NF; i++) if ($(i + 2) ~ /^smem/) shared = $i
		print name, $2, spilled, shared
	}' | sort >"$tmp/used"
	if [ -n "$dump" ]; then instructions "$o"; fi | sort >"$tmp/made"
	join -a 1 -e - -o 0,1.2,1.3,1.4,2.2,2.3,2.4,2.5 "$tmp/used" "$tmp/made" |
		c++filt | sed 's/^void //; s/([^)]*)//; s/(bool)1/true/g; s/(bool)0/false/g'
done | sort -u | awk '
BEGIN { printf "%-44s %9s %7s %6s %6s %5s %9s %6s\n", "kernel", "registers",
	"spilled", "shared", "wgmma", "mma", "16 B", "local" }
{
	n = NF - 7
	name = $1
	for (i = 2; i <= n; i++) name = name " " $i
	printf "%-44s %9s %7s %6s %6s %5s %9s %6s\n", name, $(n + 1), $(n + 2),
		$(n + 3), $(n + 4), $(n + 5), $(n + 6), $(n + 7)
}'
