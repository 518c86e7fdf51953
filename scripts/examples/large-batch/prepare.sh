#!/bin/sh
# Makes fashion.h5 from the four files of Fashion-MNIST in FOLDER: ./prepare.sh [FOLDER]. Default: the folder of
# Debian's package dataset-fashion-mnist.
set -eu
folder=${1:-/usr/share/datasets/fashion-mnist}
if [ ! -d "$folder" ]; then
    echo "$folder does not exist: apt-get install dataset-fashion-mnist, or give a folder that has the four files" >&2
    exit 2
fi
nntrain import idx "$folder" --overwrite -o "$(dirname "$0")/fashion.h5" \
    --classes t-shirt,trouser,pullover,dress,coat,sandal,shirt,sneaker,bag,boot
