#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# No two rooms define a function of one name: the linker would take either.
# shellcheck source=SCRIPTDIR/lib.sh
. "$(dirname "$0")/lib.sh"

lib=${QUERN_BIN:-$top/build/bin}/../libquern.a
needs "$lib"
# W and V are templates of the C++ libraries, alike wherever they are.
equal "each name is defined once" "" \
	"$(nm -g --defined-only "$lib" 2>/dev/null | awk '$2 ~ /[TDBR]/ { print $3 }' |
		sort | uniq -d)"
finish
