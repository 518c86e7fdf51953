#!/usr/bin/env bash
# The house plan: which folder may include which, where libraries may be called, where files may lie, and that
# comments name files that exist.
# test_structure.sh PROJECT_FOLDER: one line for each breach; non-zero when there is one.
set -euo pipefail
shopt -s nullglob
cd "$1"

# A folder may use these, and whatever these may use.
declare -A arrows=(
    [base]=""
    [host]="base"
    [config]="host base"
    [tensor]="host base"
    [comm]="host base"
    [store]="host base"
    [draw]="base"
    [boards]="config store"
    [nn]="tensor base"
    [loss]="tensor base"
    [optim]="tensor base"
    [model]="nn loss config store"
    [data]="store comm tensor base"
    [import]="store base"
    [export]="model"
    [plugin]="model data"
    [settings]="plugin optim"
    [step]="settings comm"
    [guard]="step"
    [rundir]="step boards"
    [judge]="rundir"
    [train]="guard judge"
    [check]="train"
    [predict]="train"
    [watch]="guard draw"
    [search]="check"
    [plot]="draw rundir"
    [diff]="rundir"
    [report]="judge plot watch"
    [cli]="search predict check train diff report import export"
)

# header or pragma | the only files where it may stand
guarded=(
    "#include <mpi\.h>|^(src/comm/|include/nntrain/nntrain_mpi\.h$)"
    "#include <hdf5|^src/store/"
    "#include <cblas|^src/tensor/"
    "#include <xxhash|^src/base/"
    "#include <yaml|^src/config/"
    "#include <(png|jpeglib|zip)|^src/import/"
    "#include <zlib|^src/(import/|draw/png\.c)"
    "#include <(protobuf|onnx)|^src/export/"
    "#include <events|^src/boards/"
    "#pragma omp|^src/step/"
)

# folder | prefix of the plug-ins' files and list | macro of the list
plugins=(
    "nn|layer|NN_LAYER"
    "loss|loss|NN_LOSS"
    "loss|metric|NN_METRIC"
    "nn|initializer|NN_INITIALIZER"
    "model|composite|NN_COMPOSITE"
    "optim|optimizer|NN_OPTIMIZER"
    "optim|schedule|NN_SCHEDULE"
    "data|transform|NN_TRANSFORM"
    "import|importer|NN_IMPORTER"
    "export|exporter|NN_EXPORTER"
    "report|section|NN_SECTION"
    "cli|command|NN_COMMAND"
)

top_level=" src include scripts tests cluster CMakeLists.txt CMakePresets.json README.md build runs "

breaches=0
breach() {
    echo "$*"
    breaches=$((breaches + 1))
}

# reachable FOLDER: the folder and all that its arrows lead to.
reachable() {
    local next
    echo "$1"
    for next in ${arrows[$1]}; do reachable "$next"; done
}

check_places() {
    local path
    for path in *; do
        [[ $top_level == *" $path "* ]] || breach "$path: does not belong at the top level"
    done
    while read -r path; do
        breach "$path: sources lie at src/FOLDER/FILE, no deeper and no higher"
    done < <(find src -mindepth 1 -maxdepth 1 ! -type d; find src -mindepth 2 -type d)
    for path in src/*/; do
        path=${path#src/}
        [[ -v arrows[${path%/}] ]] || breach "src/$path: has no row in the arrows of $0"
    done
}

# check_include FOLDER FILE:LINE HEADER
check_include() {
    local folder=$1 place=$2 header=$3 owner=${3%%/*}
    if [[ $header == build.h || $header == report_assets.h || $header == plugin/interface.h ]]; then return; fi # generated
    if [[ $header != */* ]]; then
        breach "$place: \"$header\" is included without its folder"
    elif [[ $owner != nntrain && " ${allowed[$folder]} " != *" $owner "* ]]; then
        breach "$place: src/$folder may not use src/$owner (\"$header\")"
    fi
}

check_includes() {
    local folder file line text
    declare -A allowed
    for folder in "${!arrows[@]}"; do allowed[$folder]=$(reachable "$folder" | sort -u | tr '\n' ' '); done
    while IFS=: read -r file line text; do
        folder=${file#src/}
        folder=${folder%%/*}
        [[ -v arrows[$folder] ]] || continue
        text=${text#*\"}
        check_include "$folder" "$file:$line" "${text%%\"*}"
    done < <(grep -rnE --include='*.[ch]' '^[[:space:]]*#[[:space:]]*include[[:space:]]*"' src)
}

check_guarded() {
    local row pattern places place
    for row in "${guarded[@]}"; do
        pattern=${row%%|^*} places=^${row#*|^}
        pattern=${pattern/#\#/'^[[:space:]]*#[[:space:]]*'}
        while read -r place; do
            breach "$place: belongs in ${places} only"
        done < <(grep -rnE --include='*.[ch]' "${pattern// /[[:space:]]*}" src include | grep -vE "${places/\$/:}" || true)
    done
}

check_plugins() {
    local row folder kind macro list files lines name
    for row in "${plugins[@]}"; do
        IFS='|' read -r folder kind macro <<<"$row"
        list=src/$folder/${kind}_list.h
        files=$(for name in "src/$folder/${kind}"_*.c; do
            name=${name##*/"${kind}"_}
            echo "${name%.c}"
        done | sort)
        lines=$(sed -n "s/^$macro(\(.*\))\$/\1/p" "$list" | sort)
        for name in $(comm -23 <(echo "$files") <(echo "$lines")); do
            breach "src/$folder/${kind}_$name.c: has no line $macro($name) in $list"
        done
        for name in $(comm -13 <(echo "$files") <(echo "$lines")); do
            breach "$list: $macro($name) has no file src/$folder/${kind}_$name.c of its own"
        done
    done
}

# Libraries return; only the program ends. comm may end the job once MPI_Abort has been asked to; the watchdog ends
# it where nothing else would; a probe ends its child.
check_endings() {
    local place
    while read -r place; do
        breach "$place: nothing below cli may end the process"
    done < <(grep -rnE --include='*.[ch]' '\b(_?exit|_Exit|quick_exit|abort|MPI_Abort)[[:space:]]*\(' src |
        grep -vE '^src/cli/|^src/comm/[a-z_]*\.c:[0-9]+:[[:space:]]*(MPI_Abort|_Exit)\(|^src/store/probe\.c:[0-9]+:[[:space:]]*_exit\(0\);|^src/guard/watchdog\.c:[0-9]+:[[:space:]]*_exit\(NN_ERROR_HANG\);')
}

# Functions of the C library whose last bit differs between versions and CPUs may serve only for what is shown: forecasts
# and digits of predictions. Whatever enters weights, losses or data uses base/maths.h.
libm_shown="src/train/prediction_csv.c src/check/check_needs.c"
check_libm() {
    local functions='(exp|exp2|expm1|log|log2|log10|log1p|pow|cbrt|hypot|sin|cos|tan|asin|acos|atan|atan2|sinh|cosh|tanh|erf|erfc|[lt]gamma)[fl]?'
    local file
    while read -r file; do
        [[ " $libm_shown " == *" $file "* ]] ||
            breach "$file: uses a function of the C library that differs between machines (base/maths.h has one that does not)"
    done < <(for file in src/{base,tensor,comm,nn,loss,optim,model,data,settings,step,guard,rundir,train,check,search}/*.[ch]; do
        # Without comments and texts.
        sed -E 's/"([^"\\]|\\.)*"//g; s,/\*.*\*/,,; s,//.*,,; /\/\*/,/\*\//d' "$file" |
            grep -qE "(^|[^A-Za-z0-9_.>])$functions\(" && echo "$file"
    done)
}

# A comment names a file of its own folder by its name, and one of another folder as folder/name.
check_mentions() {
    local place mention
    while IFS=' ' read -r place mention; do
        [[ -e ${place%/*}/$mention || -e src/$mention || -e include/$mention ]] ||
            breach "$place: the comment names $mention, which does not exist (folder/name for another folder)"
    done < <(grep -rnP --include='*.[ch]' '^\s*(/\*|\*)|/\*.*\*/' src |
        perl -ne 'next if /^[^:]*:\d+:\s*#\s*include/; my ($place) = /^([^:]*:\d+):/; s/^[^:]*:\d+://;
            print "$place $1\n" while m{(?<![\w./<-])((?:[a-z_0-9]+/)*[a-z_0-9]+\.[ch])\b}g' |
        grep -vE ' (mpi|hdf5)\.h$')
}

check_libm
check_mentions
check_places
check_includes
check_guarded
check_plugins
check_endings
if [ "$breaches" -gt 0 ]; then
    echo "$breaches breaches of the house plan"
    exit 1
fi
echo "the house stands as planned"
