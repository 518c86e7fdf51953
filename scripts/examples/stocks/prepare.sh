#!/bin/sh
# Makes stocks.h5 from the series next to this script.
set -eu
cd "$(dirname "$0")"
nntrain import series EuStockMarkets.csv --time time --overwrite -o stocks.h5
