#!/usr/bin/env bash
# `nntrain import masks`: the class of each pixel from PNG masks with grey values, palettes and colours, one message with
# a remedy that works for each mistake, the same file from any number of ranks, and a network that learns from it.
source "$(dirname "$0")/common.sh"
find_python
[ -n "$python" ] || { echo "skipped: python3 has no h5py"; exit 77; }

# Photos of two kinds of boxes; masks of the same boxes in each way to store them.
"$python" - <<'PY' || exit 1
import numpy as np, os, struct, zlib
def png(path, a, kind, palette=None, depth=8):
    h, w = a.shape[:2]
    def chunk(n, d): return struct.pack('>I', len(d)) + n + d + struct.pack('>I', zlib.crc32(n + d))
    rows = a.astype('>u2' if depth == 16 else 'u1')
    if depth < 8: rows = np.packbits(np.unpackbits(rows[..., None], axis=-1)[..., -depth:].reshape(h, -1), axis=1)
    out = b'\x89PNG\r\n\x1a\n' + chunk(b'IHDR', struct.pack('>IIBBBBB', w, h, depth, {'grey': 0, 'rgb': 2, 'palette': 3, 'rgba': 6}[kind], 0, 0, 0))
    if palette is not None: out += chunk(b'PLTE', np.asarray(palette, 'u1').tobytes())
    os.makedirs(os.path.dirname(path), exist_ok=True)
    open(path, 'wb').write(out + chunk(b'IDAT', zlib.compress(b''.join(b'\0' + r.tobytes() for r in rows))) + chunk(b'IEND', b''))
r = np.random.default_rng(3)
colours = np.array([[0, 0, 0], [255, 0, 0], [0, 255, 0]])
codes = []
for i in range(24):
    c = np.zeros((12, 16), int); y, x = r.integers(0, 8), r.integers(0, 10)
    c[y:y+4, x:x+5] = 1 + i % 2
    codes.append(c)
    v = 60 * (c == 1)[..., None] + r.integers(0, 30, c.shape + (3,)) + [0, 200, 0] * (c == 2)[..., None]
    name = f's{i:02}'
    png(f'photos/{name}.png', v, 'rgb')
    png(f'parts/{("train", "val", "test")[i % 3]}/{name}.png', v, 'rgb')
    png(f'part_masks/{("train", "val", "test")[i % 3]}/{name}.png', c, 'grey')
    png(f'grey/{name}.png', np.array([0, 7, 255])[c], 'grey')
    png(f'deep/{name}.PNG', np.array([0, 700, 65535])[c], 'grey', depth=16)
    png(f'palette/{name}_mask.png', c, 'palette', colours, 2)
    order = [0, 1, 2] if i % 4 else [2, 0, 1] # as programs that make files smaller reorder it
    png(f'reordered/{name}.png', np.argsort(order)[c], 'palette', colours[order])
    png(f'colour/{name}.png', colours[c], 'rgb')
    png(f'opaque/{name}.png', np.concatenate([colours[c], np.full(c.shape + (1,), 255)], 2), 'rgba')
    png(f'clear/{name}.png', np.concatenate([colours[c], 255 - 100 * (c[..., None] == 1)], 2), 'rgba')
    png(f'turned/{name}.png', c.T, 'grey')
    png(f'one/{name}.png', 0 * c, 'grey')
    png(f'mixed/{name}.png', c if i else colours[c], 'grey' if i else 'rgb')
np.save('codes.npy', np.stack(codes))
PY

imported() {
    local output=$1
    shift
    "$program" import masks "$@" -o "$output" --overwrite >import.log 2>&1 || { fail "exit $?: import masks $*"; cat import.log; }
}
printed() { grep -q -E -e "$1" import.log || { fail "not printed: $1"; cat import.log; }; }
holds() {
    "$python" -c "import h5py, numpy as np; f = h5py.File('$1', 'r'); c = np.load('codes.npy'); assert $2, list(f.items())" 2>python.log ||
        { fail "$1: not so: $2"; cat python.log; }
}
refused() { # CODE PATTERN ARGUMENT...
    local code=$1 pattern=$2
    shift 2
    "$program" import masks "$@" -o refused.h5 >import.log 2>&1
    local found=$?
    [ $found = "$code" ] || { fail "exit $found, not $code: import masks $*"; cat import.log; }
    [ "$(grep -c -E -e "$pattern" import.log)" = 1 ] || { fail "not '$pattern' once: import masks $*"; cat import.log; }
    [ -z "$(ls -d refused.h5* 2>/dev/null)" ] || { fail "files left: $(ls -d refused.h5*)"; rm -rf refused.h5*; }
}

# ---- what the pixels are ----
imported grey.h5 photos grey
printed '^7 +1 +7 +5.21 % +12'
holds grey.h5 "f['x'].shape == (24, 12, 16, 3) and f['y'].dtype == 'u1' and (f['y'][:] == c).all() and list(f['y_classes']) == [b'0', b'7', b'255']"
for kind in deep colour opaque; do
    imported $kind.h5 photos $kind
    case $kind in deep) sorted=c ;; *) sorted='np.array([0, 2, 1])[c]' ;; esac
    holds $kind.h5 "(f['y'][:] == $sorted).all()"
done
holds colour.h5 "list(f['y_classes']) == [b'#000000', b'#00ff00', b'#ff0000']"
imported palette.h5 photos palette --mask-suffix _mask --classes background,box,disc
holds palette.h5 "(f['y'][:] == c).all() and list(f['y_classes']) == [b'background', b'box', b'disc']"
refused 5 "number [0-2] of its palette is the colour .*, but #.* in the masks before it: .*--palette colour" photos reordered
imported reordered.h5 photos reordered --palette colour --classes '#000000=background,#ff0000=box,#00ff00=disc'
holds reordered.h5 "(f['y'][:] == c).all()"
refused 5 "the mask 'mixed/s01.png': it has grey values, but the masks before it have colours.*--palette colour" photos mixed
refused 5 "clear/s01.png': it has transparent pixels|clear/s00.png': it has transparent pixels" photos clear

# ---- classes ----
imported ignored.h5 photos grey --ignore 255 --classes background,box
printed 'fields: \{y: \{ignored_label: 255\}\}'
holds ignored.h5 "(f['y'][:] == np.array([0, 1, 255])[c]).all() and len(f['y_classes']) == 2"
imported merged.h5 photos grey --classes 0=background,7=thing,255=thing
holds merged.h5 "(f['y'][:] == (c > 0)).all()"
imported more.h5 photos palette --mask-suffix _mask --classes a,b,c,d # a class that does not occur
holds more.h5 "(f['y'][:] == c).all() and len(f['y_classes']) == 4"
refused 2 'has 2 names, but the masks have 3 values \(0, 7, 255\)' photos grey --classes a,b
refused 5 'the value 255 occurs in 12 of the masks.*--ignore .255' photos grey --classes 0=a,7=b
refused 2 "'road' is not a value of the masks, which hold numbers" photos grey --classes road=1
refused 5 "a single class \('0'\)" photos one
imported again.h5 photos grey --like grey.h5
cmp <("$program" info again.h5 | grep -c 24) <("$program" info grey.h5 | grep -c 24) || fail "--like changes the file"
holds again.h5 "(f['y'][:] == c).all()"
refused 5 'the value 1 occurs in' photos palette --mask-suffix _mask --like grey.h5

# ---- files ----
refused 5 "'photos/s00.png' has no mask: there is no 'palette/s00.png'.*--mask-suffix _mask" photos palette
refused 5 "s00.png' has 16 x 12 pixels, but its image has 12 x 16" photos turned
refused 5 'more than 256 different values.*swapped' grey photos
refused 2 'two sources' photos
cp photos/s00.png photos/s99.png
refused 5 "'photos/s99.png' has no mask: there is no 'grey/s99.png'" photos grey
rm photos/s99.png
head -c 60 grey/s03.png >cut.png && mkdir cut && cp grey/*.png cut && cp cut.png cut/s03.png
refused 5 "the mask 'cut/s03.png': it is a damaged PNG image, or cut short" photos cut
cp "$source_folder/tests/data/import/grey.jpg" cut/s03.png
refused 5 "the mask 'cut/s03.png': it is a JPEG.*changes the numbers" photos cut
cp grey/s03.png cut/s03.png && cp grey/s03.png cut/more.png
imported extra.h5 photos cut
printed "'cut': 1 of 25 files are not the mask of an image"

# ---- size: masks keep their codes ----
for fit in crop stretch pad; do
    imported $fit.h5 photos palette --mask-suffix _mask --size 6x16 --fit $fit
    holds $fit.h5 "f['x'].shape == (24, 6, 16, 3) and f['y'].shape == (24, 6, 16) and set(np.unique(f['y'])) == {0, 1, 2}"
done
holds stretch.h5 "(f['y'][:] == c[:, 1::2]).all()"
holds crop.h5 "(f['y'][:] == c[:, 3:9]).all()"
holds pad.h5 "(f['y'][:, :, :4] == 0).all() and (f['y'][:, :, 12:] == 0).all() and (f['y'][:, :, 4:12] == c[:, 1::2, 1::2]).all()"
imported border.h5 photos grey --size 6x16 --fit pad --ignore 255
holds border.h5 "(f['y'][:, :, :4] == 255).all()"

# ---- parts, ranks, training ----
imported parts.h5 parts part_masks
holds parts.h5 "all(f['y_' + p].shape == (8, 12, 16) and (f['y_' + p][:] == c[i::3]).all() for i, p in enumerate(('train', 'validation', 'test')))"
mpirun -n 3 --bind-to none "$program" import masks parts part_masks -o ranks.h5 >import.log 2>&1 || { fail "3 ranks"; cat import.log; }
cmp parts.h5 ranks.h5 || fail "3 ranks write another file"
imported train.h5 photos grey --ignore 7 --classes background,disc --validation 0.25
sed -n '/^data:/,$p' import.log >seg.yaml
cat >>seg.yaml <<'YAML'
network: [conv2d: {filters: 8, kernel: 3, padding: same, activation: relu}, conv2d: {filters: classes, kernel: 1}]
loss: cross_entropy
metrics: [accuracy, dice]
optimizer: {adam: {learning_rate: 0.02}}
training: {epochs: 20, batch_size: 4}
YAML
train 1 1 seg.yaml --run-dir seg || { fail "the imported file cannot be trained on"; cat seg.yaml train.log; }
dice=$(sed -n 's/^  disc .* \([0-9]*\)\.[0-9]* %$/\1/p' train.log)
[ "${dice:-0}" -ge 80 ] || { fail "the discs are not found"; cat train.log; }
finish
