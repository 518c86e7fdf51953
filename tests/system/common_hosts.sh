# Shared by the tests on several hosts: they run themselves in a testbed of four hosts, h1 to h4.
if [ -z "${NNTRAIN_TESTBED_HOSTS:-}" ]; then
    exec "$(dirname "${BASH_SOURCE[0]}")/../../cluster/testbed.sh" hosts 4 "${rate:-none}" --slots 4 -- "$0" "$@"
fi
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
testbed() { "$source_folder/cluster/testbed.sh" hosts "$@"; }

# train_on HOSTS RANKS MAPPING ARGUMENT...: as train. HOSTS: the slots of h1, h2, ...: 3+1; MAPPING: slot or node.
train_on() {
    local list='' host=0 slots
    for slots in ${1//+/ }; do list+=${list:+,}h$((++host)):$slots; done
    OMP_NUM_THREADS=1 mpirun --host "$list" -n "$2" --map-by "$3" "$program" train "${@:4}" >train.log 2>&1
}

# same HOSTS RANKS MAPPING NODES: the fingerprint is $reference, with the ranks on that many nodes.
same() {
    train_on "$1" "$2" "$3" classifier.yaml --run-dir run --fresh || { fail "$*: exit $?"; cat train.log; }
    [ "$(fingerprint)" = "$reference" ] || fail "$2 ranks on hosts $1 by $3: fingerprint $(fingerprint), not $reference"
    grep -q "^$2 ranks\? x 1 thread" train.log || { fail "$*: not $2 ranks"; head train.log; }
    [ "$4" = 1 ] || grep -q "^$2 ranks x 1 thread on $4 nodes" train.log || { fail "$*: not on $4 nodes"; head train.log; }
}

# The fingerprint of one rank on one host.
find_reference() {
    classifier
    train_on 1 1 slot classifier.yaml --run-dir run || { cat train.log; fail "one rank"; }
    reference=$(fingerprint)
    [ -n "$reference" ] || fail "one rank has no fingerprint"
}
