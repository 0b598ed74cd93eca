#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# lang.sh [DATA [EVAL]]: how well and how fast languages are told.
#
# Trains the built-in model's twin without fold 6 of the sentences, on which it
# is then measured, and on the command pages of tldr, of which it has seen no
# text.  Then speed, by CPU time, of one thread: the model on whole texts of
# different lengths, and CLD2 on the same ones if libcld2-dev is there.  DATA
# has the sets (see pipelines/lang-model.sh), EVAL score_lang.py.  After make
# all build/bench/lang.
set -eu -o pipefail
top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
data=$(realpath "${1:-$top/../shared/data/langid}")
score=$(realpath "${2:-$top/../shared/eval}")/score_lang.py
tmp=$(mktemp -d)
bin=$tmp/bin
export PATH=$bin:$PATH
trap 'rm -rf "$tmp"' EXIT
cd "$tmp"

# Copies: the tree may be built anew meanwhile.
mkdir bin
cp "$top"/build/bin/{quern,quern-lang,quern-classify} bin/
cp "$top/build/bench/lang" bin/bench-lang
"$top/pipelines/lang-model.sh" "$data" held-out.qlm 6 2>/dev/null
echo "model: $(wc -c <held-out.qlm) bytes"
zstd -dcq "$data/lingua_testdata.jsonl.zst" | jq -c 'select(.fold == 6)' >lingua.jsonl
zstd -dcq "$data/tldr_pages.jsonl.zst" >tldr.jsonl
for set in lingua tldr; do
	quern lang -q --model held-out.qlm "$set.jsonl" -o "$set.out.jsonl"
	echo "$set: $(python3 "$score" "$set.jsonl" "$set.out.jsonl")"
done

# By language: right of all, sentences then word pairs.
jq -r '[.id, .lang, .kind] | @tsv' lingua.jsonl >gold
jq -r '.metadata.language' lingua.out.jsonl | paste gold - | awk -F '\t' '
	{ want = $2 == "nb" || $2 == "nn" ? "no" : $2; got = $4 == "nn" ? "no" : $4
	  n[$2, $3]++; ok[$2, $3] += want == got; lang[$2] }
	END { for (l in lang) printf "%s %.3f %.3f\n", l,
		ok[l, "sentences"] / n[l, "sentences"],
		ok[l, "word-pairs"] / n[l, "word-pairs"] }' | sort -k3n |
	column -c 80

jq -r 'select(.kind == "sentences").text' lingua.jsonl >sentences.txt
jq -j '.text' tldr.jsonl >tldr.txt
"$bin/bench-lang" sentences.txt 0 tldr.txt 600 tldr.txt 4000 tldr.txt 20000

if [ -e /usr/include/cld2/public/compact_lang_det.h ]; then
	cat >cld2.cpp <<'END'
#include <cstdio>
#include <cld2/public/compact_lang_det.h>
#include <ctime>
#include <fstream>
#include <string>
int main(int, char **argv)
{
	std::ifstream f(argv[1]);
	std::string s;
	bool sure;
	double n = 0;
	clock_t t = clock();
	while (std::getline(f, s)) {
		CLD2::DetectLanguage(s.data(), int(s.size()), true, &sure);
		n += double(s.size());
	}
	printf("CLD2, the same, lines: %.0f MB/s\n",
	    n / 1e6 * CLOCKS_PER_SEC / double(clock() - t));
}
END
	c++ -O2 -o cld2 cld2.cpp -lcld2
	./cld2 sentences.txt
fi
