#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# pipelines/: deps.sh, the sample crawl, crawl-to-model.sh from end to end.
# shellcheck disable=SC2317 # functions are handed to check
# shellcheck source=SCRIPTDIR/lib.sh
. "$(dirname "$0")/lib.sh"

# ---- deps.sh, with a package manager that only pretends ----------------------

fake=$tmp/fake
mkdir -p "$fake/bin" "$fake/installed"
cat >"$fake/bin/dpkg-query" <<'END'
#!/bin/sh
for last in "$@"; do :; done
[ -e "${0%/bin/*}/installed/$last" ] && printf 'install ok installed'
END
cat >"$fake/bin/apt-get" <<'END'
#!/bin/sh
fake=${0%/bin/*}
echo "$*" >>"$fake/log"
case "$*" in
*update*) touch "$fake/lists" ;;
*install*)
	[ -e "$fake/lists" ] || exit 100
	for p in "$@"; do touch "$fake/installed/${p##*/}"; done
	;;
esac
END
printf '#!/bin/sh\nexec "$@"\n' >"$fake/bin/sudo"
chmod +x "$fake/bin/"*

deps() { PATH=$fake/bin:$PATH "$top/pipelines/deps.sh" "$@"; }

all=$(deps --list)
check "deps.sh --list names what a bare machine lacks" \
	grep -qx libsimdjson-dev <<<"$all"
equal "deps.sh --list installs nothing" "" "$(ls "$fake/installed")"
exits 2 "deps.sh refuses other options" deps --help-me
for p in $all; do touch "$fake/installed/$p"; done
rm "$fake/installed/jq" "$fake/installed/libdnnl-dev"
equal "deps.sh --list: only what is missing" "libdnnl-dev jq" \
	"$(deps --list | tr '\n' ' ' | sed 's/ $//')"
check "deps.sh fetches the lists where it has to, then installs" deps
check "only the missing packages are asked for" \
	grep -qE 'install .*recommends libdnnl-dev jq$' "$fake/log"
rm "$fake/log"
check "deps.sh again" deps
check "which does nothing" test ! -e "$fake/log"
rm "$fake/installed/jq" "$fake/lists"
printf '#!/bin/sh\nexit 100\n' >"$fake/bin/apt-get"
exits 100 "deps.sh fails where the package manager fails" deps

# ---- the sample crawl --------------------------------------------------------

in_folder() { # in_folder DIR COMMAND...
	(cd "$1" && shift && "$@")
}

make_sample=$top/pipelines/sample/make-sample
check "make-sample" "$make_sample" -o "$tmp/one.warc.gz"
check "make-sample in another folder and locale" \
	in_folder "$tmp" env LC_ALL=C.UTF-8 "$make_sample" -o two.warc.gz
check "it makes the same bytes" cmp "$tmp/one.warc.gz" "$tmp/two.warc.gz"
"$make_sample" -l >"$tmp/list"
n=$(wc -l <"$tmp/list")
check "some 300 responses ($n)" test "$n" -ge 290 -a "$n" -le 310
equal "of every kind" "charset damaged exact junk near odd page truncated" \
	"$(cut -f 1 "$tmp/list" | sort -u | tr '\n' ' ' | sed 's/ $//')"
# gzip stops at the damaged member.
before=$(gzip -dc "$tmp/one.warc.gz" 2>/dev/null |
	grep -ac '^WARC-Type: response')
check "the damaged record is in the middle ($before before it)" \
	test "$before" -gt 100 -a "$before" -lt 200
exits 255 "make-sample refuses nonsense" "$make_sample" --bad

# ---- from crawl to model -----------------------------------------------------

run=$top/pipelines/crawl-to-model.sh
exits 2 "an unknown option" "$run" --what
exits 2 "an option without its value" "$run" --steps
exits 2 "a number that is none" "$run" --steps 10x
exits 2 "a model that is none" "$run" --model huge
exits 1 "an archive that is not there" "$run" -w "$tmp/none" "$tmp/none.warc.gz"
check "leaves no folder behind" test ! -e "$tmp/none"

for c in extract lang filter pii dedup tokenizer shard mix train generate; do
	needs "${QUERN_BIN:-$top/build/bin}/quern-$c"
done
"$make_sample" -n 40 -o "$tmp/small.warc.gz"
small() { # small WORK [OPTION...]
	local work=$1
	shift
	"$run" -w "$work" --model nano --vocab 400 --steps 20 --prompt 'The river' \
		"$@" "$tmp/small.warc.gz"
}
# What was made, without what tells the time.
made() { # made WORK
	(cd "$1" && find . -type f ! -name '*.done' ! -name 'log.jsonl' \
		! -name '.lock' |
		sort | xargs sha256sum)
}
same_made() { diff <(made "$1") <(made "$2"); }

check "the small crawl becomes a model" small "$tmp/a"
small "$tmp/a" >"$tmp/again.out" 2>"$tmp/again.err"
equal "a second run does nothing" "" \
	"$(grep -v ': done before$' "$tmp/again.err")"
for c in extract lang filter pii exact minhash tokenizer 'shard train'; do
	check "the summary has a line for $c" grep -q "^$c  *[0-9]" "$tmp/again.out"
done
for what in 'dropped, by reason' 'training loss' 'validation' 'generated text'; do
	check "the summary has: $what" grep -q "$what" "$tmp/again.out"
done
check "the damaged and the truncated record are counted" \
	jq -e '.records.damaged >= 2' "$tmp/a/1-extract.stats"

check "the same with one thread" small "$tmp/b" --threads 1
check "makes the same files" same_made "$tmp/a" "$tmp/b"

exits 1 "two runs at once in a folder" flock "$tmp/a/.lock" "$run" -w "$tmp/a" \
	"$tmp/small.warc.gz"

# Crawls of no good page, and of one.
page=$top/pipelines/sample/pages/de-bakery.html
"$run" -w "$tmp/e" "$page" >"$tmp/e.out" 2>"$tmp/e.err"
equal "a crawl of which nothing is left fails" 1 $?
check "with the reason" grep -q '^  filter  *1  stop_words' "$tmp/e.err"
check "a single page, unfiltered" "$run" -w "$tmp/e" --profile none --model nano \
	--vocab 300 --steps 2 "$page"
exits 2 "a profile that is none" "$run" -w "$tmp/e" --profile none-such "$page"

# Killed in the middle: early, later, and once there is a checkpoint.
killed() { # killed COMMAND...: with all of its children, as soon as it holds
	local pid
	setsid "$run" -w "$tmp/c" --model nano --vocab 400 --steps 20 \
		--prompt 'The river' "$tmp/small.warc.gz" &
	pid=$!
	for _ in {1..600}; do
		"$@" && break
		sleep 0.05
	done
	kill -KILL -- "-$pid"
	wait "$pid"
}
{
	killed test -e "$tmp/c/.part/1-extract.rejects.jsonl.zst"
	killed test -e "$tmp/c/documents.jsonl.zst"
	killed test -e "$tmp/c/tokenizer.done"
	killed test -e "$tmp/c/model/last"
} >/dev/null 2>&1
check "a killed run left a checkpoint" test -e "$tmp/c/model/last"
check "a run after being killed" small "$tmp/c"
check "makes the same files as one that was not" same_made "$tmp/a" "$tmp/c"

# A command that fails takes the pipe with it.
mkdir "$tmp/bad"
cp -s "${QUERN_BIN:-$top/build/bin}"/quern* "$tmp/bad/"
rm "$tmp/bad/quern" "$tmp/bad/quern-pii"
cp "${QUERN_BIN:-$top/build/bin}/quern" "$tmp/bad/"
printf '#!/bin/sh\nhead -c 100000\nexit 1\n' >"$tmp/bad/quern-pii"
chmod +x "$tmp/bad/quern-pii"
PATH=$tmp/bad:$PATH small "$tmp/d" >"$tmp/d.out" 2>"$tmp/d.err"
equal "a pipe whose middle fails fails" 1 $?
check "and is blamed" grep -q 'quern pii failed (exit 1)' "$tmp/d.err"
check "and leaves no documents" test ! -e "$tmp/d/documents.jsonl.zst"
finish
