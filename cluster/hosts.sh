#!/usr/bin/env bash
# Several hosts on one machine, with a real network between them: testbed.sh hosts. A host is a set of namespaces
# (network, host name, mounts) with a /dev/shm of its own; a cable (veth) leads to a switch (a bridge), and `tc` limits
# its rate in both directions.
#
# Everything lives in a process namespace, whose processes the kernel ends when this script ends, for whatever reason;
# the namespaces, links and mounts vanish with their last process. No file is created outside of them.
set -euo pipefail
self=$(realpath "${BASH_SOURCE[0]}")
export PATH=$PATH:/usr/sbin:/sbin
subnet=10.99.0 # nobody else sees it
# Bytes of a frame: jumbo frames, as in networks of clusters. With 1500 the kernel drops frames where messages cross, and
# both directions together carry no more than one.
frame=9000

usage() {
    cat <<'END'
usage: testbed.sh hosts N [RATE] [--slots LIST] [--map-by slot|node] -- COMMAND [ARGUMENT...]
           makes N hosts h1, h2, ..., runs the command on h1, where mpirun starts ranks on all hosts, and removes the
           hosts when it ends; the exit code is the command's, or 77 where hosts cannot be made
       testbed.sh hosts link I up|down     in a command: plugs in or pulls the cable of host I
       testbed.sh hosts lose I             in a command: host I loses its power
RATE: of each cable and direction, as tc writes it: 100mbit, 1gbit, none (default).
LIST: slots (ranks) per host, one number or one for each: 3,1 (default: 1). mpirun without -n starts a rank in each.
    cluster/testbed.sh hosts 2 1gbit --slots 2 -- mpirun build/release/nntrain train CONFIG.yaml
END
}

say() { echo "testbed: $*" >&2; }

refuse() {
    say "$*"
    exit 2
}

# cannot WHAT: the machine lacks something.
cannot() {
    say "$*"
    exit 77
}

# ---- in the namespaces ----

# on HOST COMMAND...: runs a command on a host, in the present folder. NNTRAIN_TESTBED_HOSTS: a process of each host.
on() {
    local processes host=$1
    shift
    read -r -a processes <<<"$NNTRAIN_TESTBED_HOSTS"
    nsenter -t "${processes[$((host - 1))]}" --net --uts --mount env -C "$PWD" "$@"
}

# The switch is the network namespace of process 1.
switch() { nsenter -t 1 --net "$@"; }

limit() {
    [ "$rate" = none ] || "$@" root tbf rate "$rate" burst 64kb limit 1mb
}

# make_host I: leaves a process in the new host, and appends it to NNTRAIN_TESTBED_HOSTS. A message to a host that cannot
# be reached fails after four attempts, within seconds; Linux tries 15 times, for a quarter of an hour.
make_host() {
    local i=$1 ready process
    exec {ready}< <(
        exec unshare --net --uts --mount bash -c 'hostname "$1" && ip link set lo up &&
            echo 4 >/proc/sys/net/ipv4/tcp_retries2 && mount -t tmpfs tmpfs /dev/shm &&
            mount --bind /run/hosts /etc/hosts && echo ready && exec sleep infinity' bash "h$i"
    )
    process=$!
    read -r -u "$ready" _ || cannot "cannot make a host: see above"
    exec {ready}<&-
    ip link add name "p$i" mtu $frame type veth peer name eth0 mtu $frame netns "$process"
    ip link set "p$i" master switch up
    nsenter -t "$process" --net ip address add "$subnet.$i/24" dev eth0
    nsenter -t "$process" --net ip link set eth0 up
    limit nsenter -t "$process" --net tc qdisc add dev eth0 && limit tc qdisc add dev "p$i" ||
        cannot "tc cannot limit the rate to $rate: check the number; the kernel needs tbf (sch_tbf)"
    NNTRAIN_TESTBED_HOSTS+="$process "
}

# Open MPI's settings: ranks and daemons of other hosts are started by this script. Hosts share the machine's cores, so
# that ranks must not be bound to them, and yield them while they wait.
export_environment() {
    export NNTRAIN_TESTBED_HOSTS
    export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
    export OMPI_MCA_plm=rsh OMPI_MCA_plm_rsh_agent="$self agent" OMPI_MCA_orte_default_hostfile=/dev/shm/hostfile
    export OMPI_MCA_orte_tmpdir_base=/dev/shm OMPI_MCA_oob_tcp_if_include=$subnet.0/24
    export OMPI_MCA_btl=${OMPI_MCA_btl:-self,vader,tcp} OMPI_MCA_btl_tcp_if_include=$subnet.0/24
    export OMPI_MCA_rmaps_base_mapping_policy=$map_by OMPI_MCA_hwloc_base_binding_policy=none
    export OMPI_MCA_mpi_yield_when_idle=1 OMP_WAIT_POLICY=passive
}

# inside COMMAND...: process 1 of the namespace.
inside() {
    local i names=""
    mount -t tmpfs tmpfs /run
    cp /etc/hosts /run/hosts
    for ((i = 1; i <= hosts; i++)); do
        echo "$subnet.$i h$i" >>/run/hosts
        names+="h$i slots=${slots[$((i - 1))]:-${slots[0]}}"$'\n'
    done
    ip link set lo up
    ip link add name switch type bridge || cannot "the kernel has no bridge"
    ip link set switch up
    NNTRAIN_TESTBED_HOSTS=""
    for ((i = 1; i <= hosts; i++)); do make_host "$i"; done
    export_environment
    # The hosts do not depend on this file: only mpirun reads it.
    on 1 tee /dev/shm/hostfile <<<"$names" >/dev/null
    on 1 "$@"
}

# ---- commands ----

check_machine() {
    local program
    for program in ip tc unshare nsenter setpriv mpirun; do
        command -v "$program" >/dev/null || cannot "$program not found: scripts/setup.sh testbed installs what is needed"
    done
    mpirun --version 2>/dev/null | grep -q 'Open MPI\|OpenRTE' || cannot "mpirun is not Open MPI's"
    [[ $self != *[[:space:]]* ]] || cannot "Open MPI cannot start a program whose path has a space: $self"
    unshare --mount --net --uts --pid --fork true 2>/dev/null ||
        cannot "cannot make namespaces: this needs root, and in a container CAP_SYS_ADMIN and CAP_NET_ADMIN"
}

# The options of `hosts N`, and the rest in `command`.
read_arguments() {
    hosts=$1 rate=none slots=(1) map_by=slot
    shift
    if [ $# -gt 0 ] && [[ $1 != -* ]]; then rate=$1 && shift; fi
    while [ $# -gt 0 ]; do
        case $1 in
        --slots) IFS=, read -r -a slots <<<"${2:?"--slots needs numbers"}" && shift 2 ;;
        --map-by) map_by=${2:?"--map-by needs slot or node"} && shift 2 ;;
        --) shift && break ;;
        *) refuse "unknown argument $1; see testbed.sh --help" ;;
        esac
    done
    command=("$@")
    [[ $hosts =~ ^[1-9][0-9]?$ ]] || refuse "hosts must be 1 to 99, not $hosts"
    [[ $rate =~ ^(none|[0-9.]+[kmg]bit)$ ]] || refuse "a rate is a number with kbit, mbit or gbit, or none, not $rate"
    [[ ${slots[*]} =~ ^[1-9][0-9]*(\ [1-9][0-9]*)*$ ]] || refuse "--slots must be numbers from 1 on, not ${slots[*]}"
    [ ${#slots[@]} = 1 ] || [ ${#slots[@]} = "$hosts" ] || refuse "--slots has ${#slots[@]} numbers for $hosts hosts"
    [[ $map_by =~ ^(slot|node)$ ]] || refuse "--map-by must be slot or node, not $map_by"
    [ ${#command[@]} -gt 0 ] || refuse "which command? See testbed.sh --help"
}

need_hosts() { [ -n "${NNTRAIN_TESTBED_HOSTS:-}" ] || refuse "$1 works in a command of testbed.sh hosts only"; }

case ${1:-} in
agent) # as ssh: [-OPTION...] HOST COMMAND
    while [[ $2 == -* ]]; do shift; done
    host=$2
    shift 2
    code=0
    on "${host#h}" bash -c "$*" || code=$?
    # Like ssh, it does not hear of the end of a process on a host that cannot be reached.
    until switch ip link show "p${host#h}" | grep -q LOWER_UP; do sleep 1; done
    exit $code
    ;;
link)
    need_hosts link
    switch ip link set "p$2" "$3"
    ;;
lose) # Without its cable nobody hears that its processes end.
    need_hosts lose
    switch ip link set "p$2" down
    read -r -a processes <<<"$NNTRAIN_TESTBED_HOSTS"
    namespace=$(readlink "/proc/${processes[$(($2 - 1))]}/ns/net")
    for process in /proc/[0-9]*; do
        [ "$(readlink "$process/ns/net")" != "$namespace" ] || kill -KILL "${process#/proc/}"
    done
    ;;
inside)
    shift
    read_arguments "$@"
    inside "${command[@]}"
    ;;
[0-9]*)
    read_arguments "$@"
    check_machine
    setpriv --pdeathsig KILL unshare --fork --pid --kill-child --mount-proc --net --uts "$BASH" "$self" inside "$@"
    ;;
-h | --help) usage ;;
*)
    usage >&2
    exit 2
    ;;
esac
