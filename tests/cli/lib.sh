# SPDX-License-Identifier: MIT
# shellcheck shell=bash disable=SC2034
# Sourced by tests/cli/*.t: TAP for the command line.
#
#	golden NAME COMMAND...     stdout, stderr and exit status are those in
#	                           tests/golden/NAME.{out,err,exit}
#	                           (UPDATE=1 rewrites them)
#	threads NAME COMMAND...    the same stdout for --threads 1, 2 and 7
#	check NAME COMMAND...      COMMAND succeeds
#	exits N NAME COMMAND...    COMMAND exits with N
#	equal NAME WANT GOT        two strings are the same
#	needs PATH                 skip the rest of the file, by name, if absent
#	few_words N                N documents in a language of few words, so
#	                           that a tiny model learns something
#	finish                     print the plan; the file's last line
#
# Each test has a fresh folder $tmp; the repository is $top; data that is not
# part of the repository is looked for in $shared.
set -u
top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
shared=${QUERN_SHARED:-$top/../shared}
tmp=$(mktemp -d "${TMPDIR:-/tmp}/quern-test-XXXXXX")
trap 'rm -rf "$tmp"' EXIT
export LC_ALL=C
t_n=0
t_bad=0

few_words() {
	awk -v docs="$1" 'BEGIN {
	n = split("mill wheel grain water stone miller bread river", noun, " ")
	m = split("turns grinds carries warms f\303\274llt", verb, " ")
	for (i = 0; i < docs; i++) {
		printf "{\"id\":\"%d\",\"text\":\"", i
		for (j = 0; j < 12; j++) {
			a = (i * 7 + j * 5) % n + 1
			printf "The %s %s the %s. ", noun[a],
			    verb[(a + j) % m + 1], noun[(a * 3 + j) % n + 1]
		}
		print "\"}"
	}
}'
}

result() { # result STATUS NAME
	t_n=$((t_n + 1))
	if [ "$1" -eq 0 ]; then
		echo "ok $t_n - $2"
	else
		t_bad=$((t_bad + 1))
		echo "not ok $t_n - $2"
	fi
}

show() { # show FILE...: as TAP comments
	sed 's/^/# /' "$@" | head -n 40
}

same_file() { # same_file GOLDEN GOT: prints the difference
	diff -u "$1" "$2" >"$tmp/diff" 2>&1 || { show "$tmp/diff"; return 1; }
}

# What the address sanitizer says of the emulated card's fibers is no finding.
unnoted() { sed -i "/ASan doesn't fully support makecontext/d" "$1"; }

golden() {
	local name=$1 at=$top/tests/golden/$1 rc=0 part
	shift
	"$@" >"$tmp/got.out" 2>"$tmp/got.err"
	echo $? >"$tmp/got.exit"
	# The folder of the test differs from run to run.
	sed -i "s#$tmp#TMP#g" "$tmp/got.out" "$tmp/got.err"
	unnoted "$tmp/got.err"
	if [ -n "${UPDATE:-}" ]; then
		mkdir -p "$top/tests/golden"
		for part in out err exit; do cp "$tmp/got.$part" "$at.$part"; done
	fi
	for part in out err exit; do
		same_file "$at.$part" "$tmp/got.$part" || rc=1
	done
	result $rc "$name"
}

threads() {
	local name=$1 n rc=0
	shift
	"$@" --threads 1 >"$tmp/threads.1" 2>"$tmp/threads.err" || rc=1
	for n in 2 7; do
		"$@" --threads $n >"$tmp/threads.n" 2>>"$tmp/threads.err" || rc=1
		cmp "$tmp/threads.1" "$tmp/threads.n" >>"$tmp/threads.err" 2>&1 ||
			rc=1
	done
	[ $rc -eq 0 ] || show "$tmp/threads.err"
	result $rc "$name: same bytes for 1, 2 and 7 threads"
}

check() {
	local name=$1 rc=0
	shift
	"$@" >"$tmp/check.log" 2>&1 || rc=$?
	unnoted "$tmp/check.log"
	[ $rc -eq 0 ] || show "$tmp/check.log"
	result $rc "$name"
}

exits() {
	local want=$1 name=$2 rc=0
	shift 2
	"$@" >"$tmp/check.log" 2>&1 || rc=$?
	unnoted "$tmp/check.log"
	[ $rc -eq "$want" ] || { echo "# exit $rc, not $want"; show "$tmp/check.log"; }
	result $((rc != want)) "$name"
}

equal() {
	[ "$2" = "$3" ] && { result 0 "$1"; return; }
	printf 'want: %s\ngot:  %s\n' "$2" "$3" >"$tmp/equal"
	show "$tmp/equal"
	result 1 "$1"
}

needs() {
	[ -e "$1" ] && return
	[ $t_n -gt 0 ] || { echo "1..0 # SKIP needs ${1##*/}"; exit 0; }
	result 0 "the rest # SKIP needs ${1##*/}"
	finish
}

finish() {
	echo "1..$t_n"
	exit $((t_bad > 0))
}
