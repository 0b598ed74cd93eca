#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The README's chain, as it stands there, on the sample crawl: shorter training.
# shellcheck source=SCRIPTDIR/lib.sh
. "$(dirname "$0")/lib.sh"
cd "$tmp" || exit 1

mkdir crawl
"$top/pipelines/sample/make-sample" -o crawl/sample.warc.gz
sed -n '/^## The chain/,/^Documents are/ s/^    //p' "$top/README.md" |
	sed '/^export PATH/d; s/ 1M seq/ 4K seq/' >chain.sh
equal "the chain has all commands" \
	"dedup extract filter generate lang mix pii shard tokenizer train" \
	"$(grep -o '^quern [a-z]*' chain.sh | cut -d ' ' -f 2 | sort -u |
		paste -sd ' ')"
check "it runs" bash -e -o pipefail chain.sh
bash -e chain.sh >again.out 2>&1
equal "twice into one folder is refused" 2 $?
equal "what the model writes begins with the prompt" "The river" \
	"$(quern generate --model run/last --prompt 'The river' --max-tokens 9 |
		head -c 9)"
finish
