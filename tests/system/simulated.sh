#!/usr/bin/env bash
# The program built with SimGrid's SMPI (preset smpi) trains on simulated hosts, with the bits of real ones. Skipped
# unless SimGrid is installed and the preset has been built next to this build folder.
source "$(dirname "$0")/common.sh"
simulated=$(dirname "$(realpath "$2")")/smpi/nntrain
command -v smpirun >/dev/null && [ -x "$simulated" ] || exit 77
cp "$digits"/digits.* .
cat >hosts.xml <<'END'
<?xml version='1.0'?>
<!DOCTYPE platform SYSTEM "https://simgrid.org/simgrid.dtd">
<platform version="4.1">
  <cluster id="c" prefix="n" suffix="" radical="0-6" speed="100Gf" bw="1GBps" lat="1us"/>
</platform>
END
printf 'n%d\n' 0 1 2 3 4 5 6 >hosts
train 2 1 digits.yaml --run-dir real --set training.epochs=2
reference=$(fingerprint)
for ranks in 1 2 4 7; do
    OMP_NUM_THREADS=1 smpirun -np $ranks -platform hosts.xml -hostfile hosts --cfg=smpi/simulate-computation:no \
        "$simulated" train digits.yaml --run-dir "run-$ranks" --set training.epochs=2 >train.log 2>&1 ||
        { fail "$ranks simulated ranks ended with $?"; cat train.log; }
    [ -n "$reference" ] && [ "$(fingerprint)" = "$reference" ] || fail "$ranks simulated ranks: $(fingerprint), not $reference"
done
finish
