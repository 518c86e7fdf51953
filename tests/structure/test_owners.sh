#!/usr/bin/env bash
# One noun, one owner: no circles of files inside a folder, no type defined twice, no prefix of functions or base name of
# a file used by two folders. test_owners.sh PROJECT_FOLDER: one line for each breach; non-zero when there is one.
set -euo pipefail
shopt -s nullglob
cd "$1"

# A table of functions for each precision: every folder that computes on values has one under this name on purpose.
same_names=" arithmetic.c arithmetic.h "

# folder:file file ... | files of a folder that may include one another, with the reason in the first of them
circles=()

# prefix: folders whose functions may share it, as they are about the same thing
declare -A shared_prefixes=(
)

breaches=0
breach() {
    echo "$*"
    breaches=$((breaches + 1))
}

# The file without comments and texts.
code_of() { sed -E 's/"([^"\\]|\\.)*"//g; s,/\*[^*]*\*/,,g; s,//.*,,; /\/\*/,/\*\//d' "$1"; }

# A .c, a .h and a private X_internal.h of one name are one file here.
check_circles() {
    local folder loop
    for folder in src/*/; do
        folder=${folder#src/}
        folder=${folder%/}
        loop=$(for file in "src/$folder"/*.[ch]; do
            name=${file##*/}
            name=${name%.*}
            name=${name%_internal}
            sed -nE "s,^#include \"$folder/([a-z0-9_]+)\.h\".*,\1,p" "$file" | while read -r other; do
                other=${other%_internal}
                # A folder's table (arithmetic) names functions of its files, which call one another through it.
                [[ $other == "$name" || $other == arithmetic || $name == arithmetic ]] || echo "$name $other"
            done
        done | sort -u | { tsort 2>&1 >/dev/null || true; } | sed -n 's/^tsort: \([a-z0-9_]*\)$/\1/p' | sort -u | tr '\n' ' ')
        [[ -z $loop || " ${circles[*]-} " == *" $folder:$loop"* ]] ||
            breach "src/$folder: these files include one another: $loop"
    done
}

check_types() {
    local name files
    while read -r name files; do
        breach "$name: is defined in more than one header:$files"
    done < <(for file in src/*/*.h include/nntrain/*.h; do
        # A forward declaration repeats the name of the struct; a definition gives it a body.
        code_of "$file" | sed -nE "s,^\} (nn_[a-z0-9_]+);.*,\1 $file,p"
    done | sort | awk '{ n[$1]++; where[$1] = where[$1] " " $2 } END { for (name in n) if (n[name] > 1) print name where[name] }')
}

check_prefixes() {
    local prefix folders
    while read -r prefix folders; do
        [ "${shared_prefixes[$prefix]-}" = "$folders" ] ||
            breach "nn_${prefix}_...: functions of several folders begin with it: $folders"
    done < <(for file in src/*/*.h; do
        folder=${file#src/}
        code_of "$file" | grep -oE '^[a-z][a-zA-Z0-9_ \*]*[ \*]nn_[a-z0-9_]+\(' | grep -v '^typedef' |
            sed -nE "s,.*nn_([a-z0-9]+)_[a-z0-9_]+\($,\1 ${folder%%/*},p" || true
    done | sort -u | awk '{ n[$1]++; where[$1] = where[$1] (n[$1] > 1 ? " " : "") $2 } END { for (p in n) if (n[p] > 1) print p, where[p] }' | sort)
}

check_file_names() {
    local name
    while read -r name; do
        [[ $same_names == *" $name "* ]] || breach "$name: is the name of several files: $(echo src/*/"$name")"
    done < <(for file in src/*/*.[ch]; do echo "${file##*/}"; done | sort | uniq -d)
}

check_circles
check_types
check_prefixes
check_file_names
if [ "$breaches" -gt 0 ]; then
    echo "$breaches breaches"
    exit 1
fi
echo "each name has one owner"
