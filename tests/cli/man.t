#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Man pages: every command has one, it names the options that -h names, it is
# clean mdoc, and its examples run.
# shellcheck disable=SC2317 # functions are handed to check
# shellcheck source=SCRIPTDIR/lib.sh
. "$(dirname "$0")/lib.sh"
cd "$top" || exit 1

# Options in a part of the help: "own" or "common", one a line, with dashes.
help_options() { # help_options PART COMMAND [SUBCOMMAND]
	local part=$1
	shift
	quern "$@" -h | awk -v part="$part" '
		/^options:$/ { in_part = part == "own" }
		/^options of every command:$/ { in_part = part == "common" }
		/^[a-z]/ && !/^options/ { in_part = 0 }
		in_part && /^  (-[a-zA-Z0-9], |    )--/ {
			for (i = 1; i <= 2; i++)
				if ($i ~ /^-/) {
					sub(/,$/, "", $i)
					print $i
				}
		}' | sort -u
}

# Options that a page describes: .It Fl -name, .It Fl o , Fl -output ...
man_options() { # man_options PAGE
	awk '/^\.It / { for (i = 2; i < NF; i++) if ($i == "Fl") print "-" $(i + 1) }' \
		"$1" | sort -u
}

subcommands() { # subcommands COMMAND
	quern "$1" -h | awk -v name="$1" '/^usage:.* SUBCOMMAND / { subs = 1 }
		subs && /^  [a-z]/ { print $1 }
		sub(/^subcommands: /, "") {
			gsub(name " |,", "")
			gsub(" ", "\n")
			print
		}'
}

stages() { # stages COMMAND SUBCOMMAND: those that a subcommand has in turn
	quern "$1" "$2" -h | sed -n 's/^stages: //p' | tr -d ,
}

without() { # without A B: lines of A that are not in B
	comm -23 <(sort -u <<<"$1") <(sort -u <<<"$2") | tr '\n' ' ' | sed 's/ $//'
}

# What the examples of a page tell the reader to type.
examples() { # examples PAGE
	mandoc -T ascii -O width=1000 "$1" | sed 's/.\x08//g' | awk '
		/^[A-Z]/ { in_examples = /^EXAMPLES/ }
		in_examples && /^ *\$ / { sub(/^ *\$ /, ""); print }'
}

# Every command of a pipe has to succeed; one whose reader stops early, as head
# does, dies of SIGPIPE (141), and that is fine.
run_example() { # run_example LINE
	bash -c "cd '$tmp/run' || exit 1
$1
"'all=("${PIPESTATUS[@]}")
		for s in "${all[@]}"; do
			[ "$s" -eq 0 ] || [ "$s" -eq 141 ] || exit "$s"
		done' </dev/null
}

commands=$(quern help | awk '/^  [a-z]/ && $1 != "quern" { print $1 }')
common=$(help_options common lang)

equal "every command has a man page" "" "$(for c in $commands; do
	[ -e "man/quern-$c.1" ] || echo "$c"
done)"
equal "every man page of a command has its command" "" "$(
	for page in man/quern-*.1; do
		c=${page#man/quern-}
		grep -qx "${c%.1}" <<<"$commands" || echo "$page"
	done)"
equal "pages of ours that are referred to exist" "" "$(
	sed -n 's/^\.Xr \(quern[a-z-]*\) \([157]\).*/\1.\2/p' man/*.[157] | sort -u |
		while read -r page; do [ -e "man/$page" ] || echo "$page"; done)"

for page in man/*.[157]; do
	check "${page#man/}: clean mdoc" mandoc -T lint -W warning "$page"
done

equal "quern.1 has the common options" "" \
	"$(without "$common" "$(man_options man/quern.1)")"
for c in $commands; do
	page=man/quern-$c.1
	[ -e "$page" ] || continue
	own=$(for s in $(subcommands "$c"); do
		help_options own "$c" "$s"
		for t in $(stages "$c" "$s"); do help_options own "$c" "$s" "$t"; done
	done
		help_options own "$c")
	told=$(man_options "$page")
	equal "quern-$c.1 has every option of quern $c" "" "$(without "$own" "$told")"
	equal "quern-$c.1 has no other option" "" \
		"$(without "$(grep -v '^--no-' <<<"$told")" "$own
$common
-h
--help
--version")"
	for s in $(subcommands "$c"); do
		check "quern-$c.1 tells of $s" grep -qw -- "$s" "$page"
	done
done

# The examples, each page in a fresh copy of the folder.
mkdir "$tmp/files"
check "the files for the examples" tests/man-setup.sh "$tmp/files"
for page in man/*.1; do
	name=$(basename "$page")
	rm -rf "$tmp/run"
	cp -r "$tmp/files" "$tmp/run"
	while read -r line; do
		check "$name: $line" run_example "$line"
	done < <(examples "$page")
done
finish
