#!/bin/sh
# Makes cats-dogs.h5 from photographs: ./prepare.sh FOLDER, where FOLDER/cats and FOLDER/dogs contain JPEG or PNG files;
# a tenth of each is held out for test. Or ./prepare.sh FILE.h5, with x_train, y_train, x_test and y_test in the file.
set -eu
folder=$(dirname "$0")
if [ $# -ne 1 ] || [ ! -e "$1" ]; then
    echo "usage: prepare.sh FOLDER (which contains the folders cats and dogs) or prepare.sh FILE.h5" >&2
    exit 2
fi
if [ -d "$1" ]; then
    nntrain import images "$1" --size 32x32 --colour rgb --on_bad_image skip --stratified --test 0.1 --overwrite \
        -o "$folder/cats-dogs.h5"
else
    cp "$1" "$folder/cats-dogs.h5"
fi
