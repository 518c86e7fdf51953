#!/bin/sh
# Makes weather.h5 from the series next to this script.
set -eu
cd "$(dirname "$0")"
nntrain import series seattle-weather.csv --time date --columns precipitation,temp_max,temp_min,wind \
    --overwrite -o weather.h5
