#!/bin/sh
# Makes fuel.h5 from the table next to this script.
set -eu
cd "$(dirname "$0")"
nntrain import csv cars.csv --x cylinders,displacement,horsepower,weight,acceleration,year,origin \
    --y miles_per_gallon --missing drop --overwrite -o fuel.h5
