#!/usr/bin/env bash
# The word list: translated English that must not come back into comments, messages, help and documents.
# test_words.sh PROJECT_FOLDER: one line for each place, with the better wording; non-zero when there is one.
set -euo pipefail
cd "$1"

# Perl expression | what to write. An expression must have hardly any false positive: "a rank" alone can be right
# ("the nodes that a rank sums"), "MiB a rank" cannot.
per='(rank|node|core|thread|sample|batch|microbatch|step|epoch|second|class|channel|layer|row|line|file|format|run|value)'
words=(
    '(?<!there )(?<!will )\b(is|are|was|were|be) no (?!longer|more|less|such|matter)[a-z]+|is not a ..., or does not ...'
    '(?<![%$])\b[KMGT]i?B an? '"$per"'\b|... per ...'
    '\b(bytes|ms|samples|microbatches|threads|cores|ranks|nodes|steps|values|files|seconds) an? '"$per"'([;,.:)"%]|$| \()|... per ...'
    '%(s|d|lld|zu) an? (rank|node|core|epoch|step|microbatch|update|sample)\b|... per ...'
    '\b(one|two|some|each) (?!of )[a-z]+ an? '"$per"'([;,.:)"]|$)|... per ...'
    '\bone an? (line|row|node|rank|class|format)\b|one per ...'
    '\ba (file|folder|line|row|field|thread|name|value) an? '"$per"'\b|one ... per ...'
    '\bstands? (for(?! itself)|here|there|behind|beside|in|at|on|alone|twice|under|as)\b|is, means, is listed, appears'
    '\bstands? (before|after|next to)\b|precedes, follows, is next to'
    '\b(text|what|that|which) stands?\b|the text ..., which appears ...'
    '\bwhere .{1,40} stands\b|where ... is, the position of ...'
    '\ball the same\b|anyway, nevertheless'
    '\bunder way\b|in progress, current, during the run'
    '\bso many\b|this many'
    '\bbehind (the|an?|it|its|that|them|their|this|which|each|one|two)\b|after, following, beyond'
    '\banew\b|again, afresh, from scratch'
    '\bonce more\b|again'
    '\bit is (they|he|she) that\b|(name the subject first)'
    '\b(by|to|left to) who\b|by the caller that, by whoever'
    '\bone (behind|after) the other\b|one after another'
    '\bmend(s|ed|ing)?\b|fix, repair'
    '\bbeside\b|next to, in addition to, except'
    '\b(go|goes|going|went|gone) on\b|continue'
    '\b(becomes?|became) of\b|happens to'
    '\bshall\b|must, will, is to'
    '\bat hand\b|available, current'
    '\bno memory (for|is left)\b|out of memory for'
    '\b(has|have|had) not (the|got)\b|does not have'
    '\b(is|are|was|be|been) told\b(?! from| apart)|is reported, is given'
    '\btells (that|the|of|about|whether|it|nothing|more|every|each|what|how|which|us)\b|reports, describes, shows'
    '\b(validation|better|best|same|these|all|the|an?|no|its|of which) figures?\b(?! of (the paper|Py))|metric, result, value'
    '\b(is|are|was|be|stays?|remains?|newest|that is) whole\b(?! numbers?)|intact, complete'
    '\bwhole (again|one|checkpoints?)\b|intact, complete'
    '\bclassified right\b|classified correctly'
    '\bzeros else\b|zeros elsewhere'
    '\bgot better\b|improved'
    '\bis that meant\b|is this intended'
    '\bc(o|a)mes? about\b|is made, is trained'
    '\btry(ing)? things out\b|try, quick trials'
    '\b(can|could|may) be had\b|is available'
    '\bthat (is|are) (already )?there\b|existing, that exists'
)

# Data and the tests of the structure, which name the words, are left out.
list_lines() {
    grep -rnIP --exclude-dir=structure --exclude-dir=data --exclude-dir=corpus --exclude='*.txt' -- "$1" \
        src include scripts cluster README.md tests || true
    grep -rnIP -- "$1" src/data tests/data/*.[ch] || true
}

breaches=0
for row in "${words[@]}"; do
    pattern=${row%|*}
    while IFS=: read -r file line text; do
        found=$(grep -oP -m1 -- "$pattern" <<<"$text" | head -1)
        echo "$file:$line: \"$found\": write \"${row##*|}\""
        breaches=$((breaches + 1))
    done < <(list_lines "$pattern")
done
if [ "$breaches" -gt 0 ]; then
    echo "$breaches places to reword"
    exit 1
fi
echo "the words are plain"
