#!/bin/sh
# SPDX-License-Identifier: MIT
#
# peers.sh VENV PAGES GOLD SCORER [EVERY]
#
# quern extract against trafilatura, resiliparse, readability-lxml and jusText,
# and quern warc against FastWARC: the same pages, the same run, one core, CPU
# seconds.  VENV: a folder for their packages, made if it isn't there.  PAGES: a
# folder of HTML files; GOLD: NAME.gold.jsonl for them; SCORER: the folder of
# score_extract.py.  EVERY n-th page is taken (1).
set -eu
[ $# -ge 4 ] || {
	sed -n '4,11s/^# \{0,1\}//p' "$0" >&2
	exit 2
}
venv=$1
top=$(cd "$(dirname "$0")/../.." && pwd)
[ -x "$venv/bin/python" ] || python3 -m venv "$venv"
# (pip 23 stumbles over the two spellings of lxml[html_clean].)
"$venv/bin/python" -c 'import trafilatura, resiliparse, fastwarc, readability, justext' \
	2>/dev/null ||
	{ "$venv/bin/pip" install -q -U pip &&
		"$venv/bin/pip" install -q trafilatura resiliparse fastwarc \
			readability-lxml justext; }
exec "$venv/bin/python" "$top/tests/bench/peers.py" \
	"${QUERN_BIN:-$top/build/bin}" "$2" "$3" "$4" "${5:-1}"
