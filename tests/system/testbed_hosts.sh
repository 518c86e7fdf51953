#!/usr/bin/env bash
# testbed.sh hosts: each host has its own name, address and /dev/shm, and the limit of the rate in both directions; the
# exit code is the command's. However it ends, no process of it remains.
source "$(dirname "$0")/common.sh"
testbed=$source_folder/cluster/testbed.sh
"$testbed" hosts 1 -- true || exit $?

# remains: whether a process has the mark of this test in its environment. What ends takes a moment.
mark=NNTRAIN_TEST_MARK=$$-$RANDOM
remains() {
    local tries
    for ((tries = 0; tries < 100; tries++)); do
        grep -zsqxF "$mark" /proc/[0-9]*/environ || return 1
        sleep 0.05
    done
}

cat >look.sh <<'END'
touch /dev/shm/of-$(hostname)
echo "$(hostname) $(ls /dev/shm | grep '^of-' | tr '\n' ' ')$(ip -o -4 address show dev eth0 | awk '{print $4}')" \
    "$(tc qdisc show dev eth0 | grep -c 'tbf.* rate 50Mbit')"
END
"$testbed" hosts 3 50mbit --slots 2,1,1 -- mpirun bash look.sh 2>errors | sort -u >log
cat >expected <<'END'
h1 of-h1 10.99.0.1/24 1
h2 of-h2 10.99.0.2/24 1
h3 of-h3 10.99.0.3/24 1
END
diff log expected || { fail "the hosts are not what they should be"; cat errors; }
[ "$("$testbed" hosts 3 --slots 2,1,1 -- mpirun hostname 2>errors | sort | tr '\n' ' ')" = "h1 h1 h2 h3 " ] || fail "slots 2,1,1"
[ "$("$testbed" hosts 2 --slots 2 --map-by node -- mpirun -n 2 hostname 2>errors | sort | tr '\n' ' ')" = "h1 h2 " ] ||
    fail "--map-by node"
[ "$("$testbed" hosts 2 50mbit -- nsenter -t 1 --net tc qdisc show | grep -c 'dev p[12] .* rate 50Mbit')" = 2 ] ||
    fail "the rate is not limited in both directions"
env "$mark" "$testbed" hosts 2 -- bash -c 'sleep 300 & exit 7' 2>log
[ $? = 7 ] || { fail "the command's exit code is lost"; cat log; }
remains && fail "a command that fails leaves processes"
"$testbed" hosts 0 -- true 2>/dev/null
[ $? = 2 ] || fail "0 hosts are not refused"
"$testbed" hosts 2 fast -- true 2>/dev/null
[ $? = 2 ] || fail "a wrong rate is not refused"

# With job control each command has a process group of its own and does not ignore INT, which goes to the group, as
# Ctrl-C does.
set -m
echo "mpirun bash -c 'touch started; sleep 300'" >command.sh
for signal in TERM KILL INT; do
    rm -f started
    env "$mark" "$testbed" hosts 2 -- bash command.sh >log 2>&1 &
    script=$!
    for ((tries = 0; tries < 200; tries++)); do
        [ -e started ] && break
        sleep 0.05
    done
    [ -e started ] || { fail "$signal: nothing has started"; cat log; }
    grep -zsqxF "$mark" /proc/[0-9]*/environ || fail "$signal: the processes do not have the mark"
    if [ $signal = INT ]; then kill -INT -- -$script; else kill -$signal $script; fi
    remains && fail "$signal leaves processes"
    wait $script 2>/dev/null && fail "$signal: exit 0"
done
finish
