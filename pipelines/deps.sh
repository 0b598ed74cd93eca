#!/bin/sh
# SPDX-License-Identifier: MIT
#
# deps.sh          install the Debian 12 packages that building, checking and
#                  the pipelines need and that are missing (sudo if not root)
# deps.sh --list   only print what is missing, one package a line
#
# Packages that only developers need (shellcheck, clang-format) are not here.
# shellcheck disable=SC2086 # the lists are split into words on purpose
set -eu

build='make gcc g++ libc6-dev pkg-config'
libraries='libzstd-dev libpcre2-dev libxml2-dev libxxhash-dev
	libisal-dev libdeflate-dev libbrotli-dev libarchive-dev libsimdjson-dev
	libutf8proc-dev libuchardet-dev libdnnl-dev nettle-dev libdivsufsort-dev
	libopenmpi-dev openmpi-bin'
# What the tests and pipelines run beside quern itself: perl has prove,
# util-linux flock; jq reads --stats.
tools='bash perl gzip zstd jq mandoc coreutils sed mawk util-linux libc-bin git
	diffutils procps tar zip'

installed() { # installed PACKAGE
	case $(dpkg-query -W -f '${Status}' "$1" 2>/dev/null) in
	*' installed') return 0 ;;
	esac
	return 1
}

missing() {
	for p in $build $libraries $tools; do
		installed "$p" || echo "$p"
	done
}

as_root() {
	if [ "$(id -u)" -eq 0 ]; then
		"$@"
	elif command -v sudo >/dev/null; then
		sudo "$@"
	else
		echo "deps: not root and no sudo; as root, run: $*" >&2
		return 1
	fi
}

apt() {
	as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y \
		-o Dpkg::Use-Pty=0 -o DPkg::Lock::Timeout=120 "$@"
}

# Without package lists, or with lists so old that a version is gone from the
# mirror, the first try fails; then the lists are fetched.
install() {
	apt install --no-install-recommends "$@" 2>/dev/null && return
	apt update && apt install --no-install-recommends "$@"
}

usage() {
	echo "usage: deps.sh [--list]" >&2
	exit 2
}

case $#,${1:-} in
0, | 1,--list) ;;
*) usage ;;
esac
command -v dpkg-query >/dev/null || {
	echo "deps: this is no Debian; quern needs:" $build $libraries $tools >&2
	exit 1
}
need=$(missing)
if [ "${1:-}" = --list ]; then
	[ -z "$need" ] || printf '%s\n' "$need"
	exit 0
fi
[ -n "$need" ] || exit 0
echo "deps: installing" $need >&2
install $need
need=$(missing)
[ -z "$need" ] || {
	echo "deps: still missing:" $need >&2
	exit 1
}
