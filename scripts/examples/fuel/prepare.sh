#!/bin/sh
# Makes fuel.h5 of the table beside this script.
set -eu
cd "$(dirname "$0")"
nntrain import csv cars.csv --x cylinders,displacement,horsepower,weight,acceleration,year,origin \
    --y miles_per_gallon --missing drop --overwrite -o fuel.h5
