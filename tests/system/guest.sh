#!/usr/bin/env bash
# A program that calls the library keeps all that it has set in its process, and what it has set changes no result: rounding,
# traps, denormals, the decimal point, signals, OpenMP, HDF5's errors, BLAS.
build=$(realpath "$2")
source "$(dirname "$0")/common_guest.sh"

# A locale with a decimal comma, if there are tools to make one.
export LOCPATH=$work/locales
mkdir -p "$LOCPATH"
if command -v localedef >/dev/null && localedef -i de_DE -f UTF-8 "$LOCPATH/de_DE.utf8" >log 2>&1; then
    export GUEST_LOCALE=de_DE.utf8
else
    echo "not tested: another decimal point (no localedef, or no sources of locales)"
fi

train 2 1 "$config" --run-dir by-program --set training.epochs=2
grep -q "fingerprint $(fingerprint)" <<<"$expected" || fail "the program trains other weights: $(fingerprint)"
for ranks in 1 2; do
    found=$(results odd guest $ranks)
    [ "$found" = "$expected" ] || { fail "odd, $ranks ranks: $found instead of $expected"; }
done
finish
