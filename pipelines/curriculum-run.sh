#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Shards and a recipe in; checked, planned, trained and audited out.  See -h.
set -u -o pipefail
export LC_ALL=C

usage() {
	cat <<'EOT'
usage: curriculum-run.sh RECIPE MODEL.json DIR [option of quern train...]
Check a recipe and its shards, keep its plan, train, and tell what was seen.
A recipe that orders documents, or bounds them, needs quern mix index first.

DIR gets
  plan.txt    the recipe checked: sources, phases, shares
  plan.json   the same for programs
  plan.svg    a picture of it
  model/      checkpoints and log.jsonl of quern train
  audit.txt   what the last checkpoint has seen

A rerun goes on where training stopped, as long as the recipe's stream is the
same.  Rates that the recipe changes by lr= go with --schedule constant.

example:
  curriculum-run.sh run.mix model.json out --lr 1e-3 --schedule constant
EOT
}
say() { printf 'curriculum-run: %s\n' "$*" >&2; }

case ${1-} in
-h | --help) usage; exit 0 ;;
esac
[ $# -ge 3 ] || { usage >&2; exit 2; }
recipe=$1 model=$2 dir=$3
shift 3

# A file comes whole or not at all.
keep() { # keep FILE COMMAND...
	local file=$1 status
	shift
	"$@" >"$file.part" || { status=$?; rm -f "$file.part"; return $status; }
	mv "$file.part" "$file"
}

mkdir -p "$dir" || exit 1
say "checking $recipe"
keep "$dir/plan.txt" quern mix check --verify "$recipe" || exit $?
keep "$dir/plan.json" quern mix plan --format json --svg "$dir/plan.svg" \
	"$recipe" || exit $?

resume=()
if [ -e "$dir/model/last" ]; then
	say "the checkpoint in $dir/model"
	quern mix audit -o /dev/null "$dir/model/last" "$recipe" || exit $?
	resume=(--resume)
fi
say "training into $dir/model"
quern train --no-verify --config "$model" --recipe "$recipe" --out "$dir/model" \
	"${resume[@]}" "$@" || exit $?

keep "$dir/audit.txt" quern mix audit "$dir/model/last" "$recipe" || exit $?
cat "$dir/audit.txt"
