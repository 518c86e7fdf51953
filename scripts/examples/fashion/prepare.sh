#!/bin/sh
# Makes fashion.h5 of Fashion-MNIST: ./prepare.sh [FOLDER] with its four files. Without a folder, that of Debian's
# package dataset-fashion-mnist.
set -eu
folder=${1:-/usr/share/datasets/fashion-mnist}
if [ ! -d "$folder" ]; then
    echo "$folder is not there: apt-get install dataset-fashion-mnist, or name a folder that has the four files" >&2
    exit 2
fi
nntrain import idx "$folder" --overwrite -o "$(dirname "$0")/fashion.h5" \
    --classes t-shirt,trouser,pullover,dress,coat,sandal,shirt,sneaker,bag,boot
