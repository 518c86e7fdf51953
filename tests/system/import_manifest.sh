#!/usr/bin/env bash
# `nntrain import manifest`: images whose classes or values are in a table, with parts, missing files named by the line of
# the table, and several columns of targets, there and in `import csv`.
source "$(dirname "$0")/common.sh"
find_python
[ -n "$python" ] || { echo "skipped: python3 has no h5py"; exit 77; }
samples=$source_folder/tests/data/import

imported() { # FORMAT OUTPUT ARGUMENT...
    local format=$1 output=$2
    shift 2
    "$program" import "$format" "$@" -o "$output" --overwrite >import.log 2>&1 || { fail "exit $?: import $format $*"; cat import.log; }
}
printed() { grep -q -E -e "$1" import.log || { fail "not printed: $1"; cat import.log; }; }
holds() {
    "$python" -c "import h5py, numpy as np; f = h5py.File('$1', 'r'); assert $2, list(f.items())" 2>python.log ||
        { fail "$1: not so: $2"; cat python.log; }
}
refused() { # CODE PATTERN FORMAT ARGUMENT...
    local code=$1 pattern=$2 found
    shift 2
    "$program" import "$@" -o refused.h5 >import.log 2>&1
    found=$?
    [ $found = "$code" ] || { fail "exit $found, not $code: import $*"; cat import.log; }
    [ "$(grep -c -E -e "$pattern" import.log)" = 1 ] || { fail "not '$pattern' once: import $*"; cat import.log; }
    [ -z "$(ls -d refused.h5* 2>/dev/null)" ] || { fail "files left: $(ls -d refused.h5*)"; rm -rf refused.h5*; }
}

mkdir -p photos/more lists
number=0
echo 'id,file,east,north,kind,split' >lists/all.csv
for copy in 1 2 3 4; do
    for file in rgb.png palette.png full.jpg halved.jpg progressive.jpg; do
        cp "$samples/$file" "photos/more/${copy}_$file"
        part=(train val train test train)
        echo "$number,more/${copy}_$file,$((number % 7)).5,-$number,$([ $((number % 3)) = 0 ] && echo oak || echo elm),${part[number % 5]}" >>lists/all.csv
        number=$((number + 1))
    done
done
size="--size 8x6 --colour rgb"

# ---- classes, the part from a column ----
imported manifest kinds.h5 lists/all.csv --images photos --y kind $size
printed '3 columns are neither images nor targets, and are left out: id, east, north'
printed 'validation: \{x: x_validation, y: y_validation\}'
holds kinds.h5 "f['x_train'].shape == (12, 8, 6, 3) and f['x_validation'].shape == (4, 8, 6, 3) and f['x_test'].shape == (4, 8, 6, 3)"
holds kinds.h5 "list(f['y_classes']) == [b'elm', b'oak'] and f['y_train'][:].tolist() == [int(i % 3 == 0) for i in range(20) if i % 5 in (0, 2, 4)]"
holds kinds.h5 "f['y_test'][:].tolist() == [int(i % 3 == 0) for i in range(20) if i % 5 == 3]"
mpirun -n 3 --bind-to none "$program" import manifest lists/all.csv --images photos --y kind $size -o ranks.h5 >import.log 2>&1 || { fail "3 ranks"; cat import.log; }
cmp kinds.h5 ranks.h5 || fail "3 ranks write another file"

# The pixels are those of `import images`.
mkdir -p folder/elm folder/oak
cp photos/more/1_rgb.png folder/oak/1.png && cp photos/more/1_palette.png folder/elm/1.png
imported images folder.h5 folder $size
"$python" -c "
import h5py; a, b = h5py.File('kinds.h5'), h5py.File('folder.h5')
assert (a['x_train'][0] == b['x'][1]).all() and (a['x_validation'][0] == b['x'][0]).all()" || fail "the pixels differ from those of import images"

# ---- values, several of them; paths relative to the table; the split of nntrain ----
sed 's,more/,../photos/more/,' lists/all.csv >lists/relative.csv
imported manifest places.h5 lists/relative.csv --y east,north --part none --test 0.2 $size
holds places.h5 "f['y_train'].shape == (16, 2) and f['y_train'].dtype == 'f4' and list(f['y_columns']) == [b'east', b'north'] and len(f['y_test']) == 4"
holds places.h5 "set(map(tuple, np.r_[f['y_train'], f['y_test']])) == {(i % 7 + .5, -i) for i in range(20)}"
imported manifest one.h5 lists/relative.csv --y north --target value --part none --image 2 $size
holds one.h5 "f['y'].shape == (20,) and (f['y'][:] == -np.arange(20)).all() and f['x'].dtype == 'u1'"
imported manifest alone.h5 lists/relative.csv --y none --part none $size
holds alone.h5 "list(f) == ['x'] and f['x'].shape == (20, 8, 6, 3)"
imported manifest like.h5 lists/all.csv --images photos --y kind --like kinds.h5 --colour rgb
holds like.h5 "(f['x_train'][:] == h5py.File('kinds.h5')['x_train'][:]).all()"
sed -n '/^data:/,$p' <("$program" import manifest lists/all.csv --images photos --y kind $size -o train.h5 2>&1) >trees.yaml
cat >>trees.yaml <<'YAML'
network: [flatten, dense: {units: classes}]
loss: cross_entropy
training: {epochs: 2, batch_size: 4}
YAML
train 1 1 trees.yaml --run-dir trees || { fail "the imported file cannot be trained on"; cat trees.yaml train.log; }

# ---- names without an ending ----
sed 's/\.\(png\|jpg\)//' lists/relative.csv | grep -v -e _rgb -e _palette >lists/names.csv
refused 5 "no column names existing files in 'lists' \('.*_full.jpg' exists: add --ending .jpg\)" manifest lists/names.csv --y kind $size
imported manifest names.h5 lists/names.csv --y kind --ending .jpg $size
holds names.h5 "len(f['x_train']) + len(f['x_test']) == 12"

# ---- what is wrong, and where ----
sed '9s,more/,mare/,' lists/all.csv >lists/wrong.csv
refused 5 "lists/wrong.csv:9: column 'file': there is no file 'mare/2_full.jpg' in 'photos'" manifest lists/wrong.csv --images photos --y kind $size
sed '9s,val,vault,; 9s/test/vault/; 9s/train/vault/' lists/all.csv >lists/wrong.csv
refused 5 "lists/wrong.csv:9: column 'split': 'vault' is not train, validation or test.*--part none" manifest lists/wrong.csv --images photos --y kind $size
refused 5 "no column names existing files in 'lists'.*--images" manifest lists/all.csv --y kind $size
refused 2 "column 'file' is that of the images" manifest lists/all.csv --images photos --y file $size
refused 2 "no column 'kint'.*did you mean 'kind'" manifest lists/all.csv --images photos --y kint $size
refused 2 'already have a test part: remove --test' manifest lists/all.csv --images photos --y kind --test 0.1 $size
head -c 700 "$samples/full.jpg" >photos/more/2_full.jpg
refused 5 "'photos/more/2_full.jpg'.*cut short" manifest lists/all.csv --images photos --y kind $size
refused 5 'for images in a table, `nntrain import manifest`' images photos/more

# ---- several columns of targets in a table without images ----
cut -d, -f1,3,4 lists/all.csv >table.csv
imported csv table.h5 table.csv --y east,north
holds table.h5 "f['x'].shape == (20, 1) and f['y'].shape == (20, 2) and list(f['y_columns']) == [b'east', b'north'] and (f['y'][:, 1] == -np.arange(20)).all()"
cut -d, -f1,3,5 lists/all.csv >table.csv
refused 5 "column 'kind' holds names \('elm'\): classes must be the only column of --y" csv table.csv --y east,kind
finish
