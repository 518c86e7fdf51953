#!/bin/sh
# Makes cats-dogs.h5 of photographs: ./prepare.sh FOLDER, with a folder cats and a folder dogs of JPEG or PNG files in
# it; a tenth of each is set apart for the test. Or ./prepare.sh FILE.h5, a file that has x_train, y_train, x_test and
# y_test already.
set -eu
folder=$(dirname "$0")
if [ $# -ne 1 ] || [ ! -e "$1" ]; then
    echo "usage: prepare.sh FOLDER (with the folders cats and dogs in it) or prepare.sh FILE.h5" >&2
    exit 2
fi
if [ -d "$1" ]; then
    nntrain import images "$1" --size 32x32 --colour rgb --on_bad_image skip --stratified --test 0.1 --overwrite \
        -o "$folder/cats-dogs.h5"
else
    cp "$1" "$folder/cats-dogs.h5"
fi
