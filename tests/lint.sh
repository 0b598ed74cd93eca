#!/bin/sh
# SPDX-License-Identifier: MIT
# The laws of the house that a machine can check.  Prints what breaks them.
set -u
cd "$(dirname "$0")/.." || exit 2
bad=0
say() { echo "lint: $*"; bad=1; }

# cmd -> lib/X -> lib/io -> lib/base; sibling rooms never include each other.
for f in $(git ls-files 'lib/*.c' 'lib/*.h' 'lib/*.cpp' 'lib/*.hpp' 'lib/*.cu'); do
	room=${f#lib/}
	room=${room%%/*}
	# shellcheck disable=SC2013 # a line is a word here
	for inc in $(sed -n 's/^#include "\([a-z]*\)\/.*/\1/p' "$f" | sort -u); do
		case $room,$inc in
		*,base | "$room,$room") ;;
		base,*) say "$f: lib/base includes $inc/" ;;
		*,io) ;;
		*) say "$f: $room/ includes $inc/" ;;
		esac
	done
done

# die and printing belong to cmd/; base/progress owns the terminal line.
for f in $(git ls-files 'lib/*.c' 'lib/*.cpp' | grep -v '^lib/base/progress.c$'); do
	if grep -nE '(^|[^a-z_])(exit|abort|printf|puts|perror|die)\(|stderr' "$f" |
		grep -vE '^[0-9]+:[[:space:]]*(/?\*|//)' |
		grep -vE '_puts\(|_printf\(|/dev/stderr' | grep -q .; then
		say "$f: a library prints or exits"
	fi
done

# Conditional compilation stays out of cmd/.
for f in $(git ls-files 'cmd/*.c'); do
	grep -q '^#if' "$f" && say "$f: #if in cmd/"
done

for f in $(git ls-files 'cmd/*.[ch]' 'lib/*.[ch]' 'lib/*.cpp' 'lib/*.cu'); do
	head -1 "$f" | grep -q SPDX || say "$f: no SPDX line"
done
exit $bad
