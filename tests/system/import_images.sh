#!/usr/bin/env bash
# `nntrain import` of images, IDX files, NumPy arrays and CIFAR as a user runs it: the same file from any number of
# ranks, the right content, and no file left by unusable sources.
source "$(dirname "$0")/common.sh"
samples=$source_folder/tests/data/import
fashion=/usr/share/datasets/fashion-mnist
find_python
skipped=0

skip() {
    echo "skipped: $*"
    skipped=$((skipped + 1))
}

# imported OUTPUT ARGUMENT...
imported() {
    local output=$1
    shift
    "$program" import "$@" -o "$output" >import.log 2>&1 || { fail "exit $?: import $*"; cat import.log; }
}

# holds FILE PYTHON: an expression of the open file f that must be true
holds() {
    [ -n "$python" ] || return 0
    "$python" -c "import h5py, numpy as np; f = h5py.File('$1', 'r'); assert $2, list(f.items())" 2>python.log ||
        { fail "$1: not so: $2"; cat python.log; }
}

# refused CODE PATTERN ARGUMENT...: ends with CODE, prints PATTERN in a single line, leaves no file
refused() {
    local code=$1 pattern=$2 found
    shift 2
    "$program" import "$@" -o refused.h5 >import.log 2>&1
    found=$?
    [ $found = "$code" ] || { fail "exit $found, not $code: import $*"; cat import.log; }
    [ "$(wc -l <import.log)" = 1 ] && grep -q -E "$pattern" import.log || { fail "not '$pattern' alone: import $*"; cat import.log; }
    [ -z "$(ls -d refused.h5* 2>/dev/null)" ] || { fail "files left: $(ls -d refused.h5*)"; rm -rf refused.h5*; }
}

[ -n "$python" ] || skip "content of the files: python3 has no h5py"

# ---- images ----
number=0
for copy in 1 2 3 4; do
    for file in rgb.png palette.png rgba.png interlaced.png grey16.png full.jpg halved.jpg progressive.jpg orientation_6.jpg; do
        folder=pictures/class_$((number % 3))
        mkdir -p $folder
        number=$((number + 1))
        [[ $file == *.jpg ]] && name=$copy$file || name=${file%.png}_$copy.png
        cp "$samples/$file" "$folder/$name"
    done
done
imported one.h5 images pictures --size 12x10 --colour rgb --validation 0.25 --seed 3
for ranks in 2 3; do
    mpirun -n $ranks --bind-to none "$program" import images pictures --size 12x10 --colour rgb --validation 0.25 --seed 3 \
        -o many.h5 --overwrite >import.log 2>&1 || { fail "import under mpirun -n $ranks"; cat import.log; }
    cmp one.h5 many.h5 || fail "$ranks ranks write a different file from one process"
done
holds one.h5 "f['x_train'].shape == (27, 12, 10, 3) and f['x_train'].dtype == np.uint8"
holds one.h5 "f['x_validation'].shape == (9, 12, 10, 3) and np.bincount(np.r_[f['y_train'], f['y_validation']]).tolist() == [12, 12, 12]"
imported all.h5 images pictures --size 17x23 --fit pad --colour grey
holds all.h5 "f['x'].shape == (36, 17, 23, 1) and [n.decode() for n in f['y_classes']] == ['class_0', 'class_1', 'class_2']"

# --like an earlier import: its class numbers and size; colours are dropped only on request.
mkdir -p some/class_2 some/class_0 other/class_3
cp "$samples/rgb.png" some/class_2
cp "$samples/full.jpg" some/class_0
cp "$samples/rgb.png" other/class_3
refused 5 'it is in colour, but the images in all.h5 are grey: add --colour grey' images some --like all.h5
imported some.h5 images some --like all.h5 --colour grey
holds some.h5 "f['x'].shape == (2, 17, 23, 1) and sorted(f['y'][:]) == [0, 2] and len(f['y_classes']) == 3"
refused 5 "all.h5 has no class 'class_3'" images other --like all.h5
refused 5 'x has rows of shape 8 x 8 x 1 here, but 17 x 23 x 1 in all.h5' images some --like all.h5 --colour grey --size 8x8

refused 5 'pictures/class_0/.*: it has .* pixels' images pictures --colour rgb
cp -r pictures damaged
cp "$samples/really_gif.png" damaged/class_1/x.png
refused 5 'damaged/class_1/x.png.*GIF' images damaged --size 8x8 --colour rgb
head -c 700 "$samples/full.jpg" >damaged/class_1/x.png
refused 5 'damaged/class_1/x.png.*cut short' images damaged --size 8x8 --colour rgb
mpirun -n 3 --bind-to none "$program" import images damaged --size 8x8 --colour rgb -o refused.h5 >import.log 2>&1 &&
    fail "a damaged image under mpirun"
[ "$(grep -c 'x.png' import.log)" = 1 ] || { fail "not one message from 3 ranks"; cat import.log; }
[ -z "$(ls -d refused.h5* 2>/dev/null)" ] || fail "3 ranks leave $(ls -d refused.h5*) behind"
imported skipped.h5 images damaged --size 8x8 --colour rgb --on-bad-image skip
grep -q 'skipped: .*damaged/class_1/x.png' import.log || { fail "no message about the skipped image"; cat import.log; }
holds skipped.h5 "f['x'].shape == (36, 8, 8, 3)"
refused 6 'nowhere' images nowhere --size 8x8
refused 2 'HEIGHTxWIDTH' images pictures --size 8

# ---- IDX ----
if [ -d $fashion ]; then
    imported fashion.h5 idx $fashion
    holds fashion.h5 "f['x_train'].shape == (60000, 28, 28) and f['x_test'].shape == (10000, 28, 28)"
    holds fashion.h5 "f['x_train'].dtype == np.uint8 and f['y_train'].shape == (60000,) and f['y_train'].dtype == np.uint8"
    holds fashion.h5 "f['x_test'][:].sum(dtype='u8') == 573469082 and np.bincount(f['y_train'][:]).tolist() == 10 * [6000]"
    holds fashion.h5 "(f['x_train'][:].reshape(-1) == np.frombuffer(__import__('gzip').open('$fashion/train-images-idx3-ubyte.gz').read()[16:], 'u1')).all()"
    mkdir short
    cp $fashion/t10k-labels-idx1-ubyte.gz short
    head -c 2000000 $fashion/t10k-images-idx3-ubyte.gz >short/t10k-images-idx3-ubyte.gz
    refused 5 't10k-images-idx3-ubyte.gz.*cut short' idx short
else
    skip "Fashion-MNIST: the package dataset-fashion-mnist is not installed"
fi
refused 5 'images.txt.*not an IDX file' idx "$samples/images.txt"

# ---- NumPy ----
if imported deflated.h5 npy "$samples/deflated.npz"; then
    holds deflated.h5 "f['x_train'].shape == (7, 4, 3) and f['x_train'].dtype == np.float32 and f['x_train'][6, 3, 2] == 632"
    holds deflated.h5 "f['x_test'].dtype == np.int16 and f['y_test'][:].tolist() == [0, 1, 2, 0, 1]"
fi
imported fortran.h5 npy "$samples/float64_fortran.npy"
holds fortran.h5 "(f['float64_fortran'][:] == np.load('$samples/float64_fortran.npy')).all()"
head -c 180 "$samples/float32.npy" >short.npy
refused 5 'short.npy.*cut short' npy short.npy
refused 5 'object.npy.*Python objects' npy "$samples/object.npy"

# --like an earlier import: class names must be the same, and are taken over if there are none.
names=b,a,c,d,e,f,g,h,i,j
imported named.h5 npy "$samples/deflated.npz" --classes $names
imported again.h5 npy "$samples/deflated.npz" --classes $names --like named.h5
imported again.h5 npy "$samples/deflated.npz" --like named.h5 --overwrite
grep -q 'the sources have no names' import.log || { fail "names are taken without a word"; cat import.log; }
holds again.h5 "f['y_classes'][:].tolist()[:3] == [b'b', b'a', b'c']"
refused 5 'y_classes: the sources have a, b, .*; named.h5 has b, a, ' npy "$samples/deflated.npz" --classes a,b,c,d,e,f,g,h,i,j --like named.h5
mkdir values classes
cp "$samples/float16.npy" values/y.npy
cp "$samples/int8.npy" classes/y.npy
imported values.h5 npy values/y.npy
refused 5 'y holds classes here, but values in values.h5' npy classes/y.npy --like values.h5

# ---- CIFAR ----
head -c 9219 /dev/zero >data_batch_1.bin
imported cifar.h5 cifar data_batch_1.bin
holds cifar.h5 "f['x_train'].shape == (3, 32, 32, 3) and f['y_train'].shape == (3,)"
head -c 9218 /dev/zero >data_batch_1.bin
refused 5 'data_batch_1.bin.*9218 bytes' cifar data_batch_1.bin
[ $skipped = 0 ] || echo "$skipped skipped"
finish
