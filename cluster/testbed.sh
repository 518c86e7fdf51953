#!/usr/bin/env bash
# A SLURM cluster of several nodes on one machine, to try batch scripts before the real queue, and for the tests. The
# nodes are emulated: each is a slurmd that claims 8 cores, all on the loopback interface. `testbed.sh hosts` is something
# else, hosts with a network between them but without a queue: hosts.sh.
set -euo pipefail
shopt -s nullglob

usage() {
    cat <<'END'
usage: testbed.sh [--dir DIR] [--nodes N] up             starts N nodes n1, n2, ... (default: 3)
       testbed.sh [--dir DIR] run COMMAND [ARGUMENT...]   runs a command on it: run sbatch cluster/train.sbatch
       testbed.sh [--dir DIR] status                      shows nodes and queue; exit 1 if it is not up
       testbed.sh [--dir DIR] down                        ends its jobs and daemons, and nothing else
       testbed.sh hosts --help                            hosts with a network of a given rate, without SLURM
All files are in DIR (default: ${TMPDIR:-/tmp}/nntrain-testbed-UID). Testbeds with different folders are independent.
Needs root, SLURM and munge; `scripts/setup.sh testbed` installs them on Debian and Ubuntu.
END
}

say() { echo "testbed: $*"; }

refuse() {
    echo "testbed: $*" >&2
    exit 1
}

# ---- started processes: one line "PID START NAME" each; the start time detects a reused PID ----

start_of() { cut -d ' ' -f 22 "/proc/$1/stat" 2>/dev/null; }

# alive PID START; a zombie is not alive.
alive() {
    local fields
    { read -r -a fields <"/proc/$1/stat"; } 2>/dev/null || return 1
    [ "${fields[21]}" = "$2" ] && [ "${fields[2]}" != Z ]
}

# launch NAME COMMAND...: starts it in the background in a new session, and records it.
launch() {
    local name=$1 pid
    shift
    setsid "$@" </dev/null >>"$dir/log/$name.out" 2>&1 9>&- &
    pid=$!
    echo "$pid $(start_of $pid) $name" >>"$dir/started"
}

# all_alive: whether something was started and all of it is still running.
all_alive() {
    local pid start name
    [ -s "$dir/started" ] || return 1
    while read -r pid start name; do
        alive "$pid" "$start" || return 1
    done <"$dir/started"
}

# Prints the processes of this testbed's jobs: those with its configuration and a job id in their environment, and the
# step daemons.
job_processes() {
    local folder
    for folder in /proc/[0-9]*; do
        grep -zsqxF "SLURM_CONF=$dir/slurm.conf" "$folder/environ" || continue
        if grep -zsq '^SLURM_JOB_ID=' "$folder/environ" || grep -sqx slurmstepd "$folder/comm"; then
            echo "${folder#/proc/}"
        fi
    done
}

# wait_until SECONDS COMMAND...: whether the command succeeds within that time.
wait_until() {
    local end=$((SECONDS + $1))
    shift
    until "$@"; do
        [ "$SECONDS" -lt "$end" ] || return 1
        sleep 0.1
    done
}

# ---- the configuration ----

port_is_free() { ! grep -qi "^ *[0-9]*: [0-9A-F]*:$(printf '%04X' "$1") " /proc/net/tcp /proc/net/tcp6 2>/dev/null; }

# Sets `port` to the first of nodes + 1 consecutive free ports, below the system's ephemeral ports.
choose_ports() {
    local tries i
    for ((tries = 0; tries < 100; tries++)); do
        port=$((20000 + (RANDOM * 32768 + RANDOM) % 12000))
        for ((i = 0; i <= nodes; i++)); do port_is_free $((port + i)) || continue 2; done
        return 0
    done
    refuse "no $((nodes + 1)) free ports in a row between 20000 and 32000"
}

# Job ids start at a multiple of the port: Open MPI names shared memory after them, and two testbeds may share a
# machine. A requeued job waits for cred_expire; a busy machine needs a few seconds before it uses a credential.
write_configuration() {
    local host i
    host=$(hostname -s)
    cat >"$dir/slurm.conf" <<END
ClusterName=testbed
SlurmctldHost=$host(127.0.0.1)
SlurmctldPort=$port
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
CredType=cred/munge
AuthInfo=socket=$dir/run/munge.sock,cred_expire=10
CommunicationParameters=NoInAddrAny,NoCtldInAddrAny
StateSaveLocation=$dir/state
SlurmdSpoolDir=$dir/spool/%n
SlurmctldPidFile=$dir/run/slurmctld.pid
SlurmdPidFile=$dir/run/slurmd-%n.pid
SlurmctldLogFile=$dir/log/slurmctld.log
SlurmdLogFile=$dir/log/slurmd-%n.log
TmpFS=$dir/tmp/%n
FirstJobId=$((port * 100))
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
JobCompType=jobcomp/none
SwitchType=switch/none
MpiDefault=pmix
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SchedulerType=sched/backfill
SchedulerParameters=sched_interval=2,bf_interval=2
ReturnToService=2
SlurmctldTimeout=30
SlurmdTimeout=300
KillWait=10
MinJobAge=3600
JobRequeue=1
SlurmdParameters=config_overrides
PartitionName=debug Nodes=ALL Default=YES MaxTime=INFINITE State=UP
END
    for ((i = 1; i <= nodes; i++)); do
        echo "NodeName=n$i NodeHostname=$host NodeAddr=127.0.0.1 Port=$((port + i)) CPUs=8 Boards=1 SocketsPerBoard=1" \
            "CoresPerSocket=8 ThreadsPerCore=1 RealMemory=4000 State=UNKNOWN" >>"$dir/slurm.conf"
        mkdir -p "$dir/spool/n$i" "$dir/tmp/n$i"
    done
}

# ---- up and down ----

# Takes ownership of the folder: leftovers from earlier may be removed.
take_folder() {
    if [ -d "$dir" ] && [ ! -e "$dir/testbed" ] && [ -n "$(ls -A "$dir")" ]; then
        refuse "$dir is not empty and not a testbed's folder: choose another one with --dir"
    fi
    [ ! -d "$dir" ] || [ -O "$dir" ] || refuse "$dir belongs to another user: choose another folder with --dir"
    mkdir -p "$dir"
    touch "$dir/testbed"
    exec 9>"$dir/lock"
    flock -w 120 9 || refuse "another testbed.sh has been working on $dir for two minutes"
}

check_machine() {
    local program missing=()
    [ "$(id -u)" = 0 ] || refuse "needs root: the daemons of SLURM start jobs as the users who submit them"
    for program in slurmctld slurmd sbatch munged; do
        command -v "$program" >/dev/null || missing+=("$program")
    done
    [ ${#missing[@]} = 0 ] || refuse "${missing[*]} not found: run \`scripts/setup.sh testbed\` to install what is needed"
}

nodes_are_idle() { [ "$(sinfo -h -t idle -o %D 2>/dev/null || true)" = "$nodes" ]; }

start_daemons() {
    local i
    rm -rf "$dir"/{run,state,spool,tmp,log,started}
    mkdir -p "$dir"/{run,state,spool,tmp,log}
    chmod 755 "$dir" "$dir/run"
    choose_ports
    write_configuration
    (umask 077 && head -c 1024 /dev/urandom >"$dir/run/munge.key")
    launch munged munged --foreground --force --socket="$dir/run/munge.sock" --key-file="$dir/run/munge.key" \
        --pid-file="$dir/run/munged.pid" --log-file="$dir/log/munged.log" --seed-file="$dir/run/munged.seed"
    wait_until 20 [ -S "$dir/run/munge.sock" ] || return 1
    launch slurmctld slurmctld -D -f "$dir/slurm.conf"
    for ((i = 1; i <= nodes; i++)); do launch "slurmd-n$i" slurmd -D -N "n$i" -f "$dir/slurm.conf"; done
    wait_until 60 nodes_are_idle && all_alive
}

up() {
    local tries
    check_machine
    take_folder
    if all_alive && scontrol ping >/dev/null 2>&1; then
        [ "$(cat "$dir/nodes")" = "$nodes" ] || refuse "is up with $(cat "$dir/nodes") nodes, not $nodes: run down first"
        say "is already up: $dir"
        return 0
    fi
    stop_everything
    echo "$nodes" >"$dir/nodes"
    # Another program may have taken a port since the check.
    for ((tries = 0; tries < 3; tries++)); do
        if start_daemons; then
            say "$nodes nodes are up: $dir"
            return 0
        fi
        stop_everything
    done
    tail -n 5 "$dir"/log/* >&2
    refuse "did not start within a minute; the logs are in $dir/log"
}

queue_is_empty() { [ -z "$(squeue -h 2>/dev/null || true)" ]; }

stop_jobs() {
    local jobs
    if all_alive && ! queue_is_empty; then
        scancel --user=root --quiet || true
        mapfile -t jobs < <(squeue -h -o %A)
        [ ${#jobs[@]} = 0 ] || scancel --quiet "${jobs[@]}" || true
        wait_until 30 queue_is_empty || true
    fi
}

# signal_started SIGNAL: sends it to every recorded process that is still running.
signal_started() {
    local pid start name
    [ -s "$dir/started" ] || return 0
    while read -r pid start name; do
        if alive "$pid" "$start"; then kill "-$1" "$pid" 2>/dev/null || true; fi
    done <"$dir/started"
}

none_alive() {
    local pid start name
    [ -s "$dir/started" ] || return 0
    while read -r pid start name; do
        if alive "$pid" "$start"; then return 1; fi
    done <"$dir/started"
}

stop_everything() {
    local left
    stop_jobs
    signal_started TERM
    wait_until 10 none_alive || signal_started KILL
    mapfile -t left < <(job_processes)
    if [ ${#left[@]} -gt 0 ]; then
        say "killed ${#left[@]} remaining processes of jobs"
        kill -KILL "${left[@]}" 2>/dev/null || true
    fi
    wait_until 10 none_alive || refuse "some daemons listed in $dir/started do not end"
    rm -f "$dir/started"
}

down() {
    [ -e "$dir/testbed" ] || {
        say "is not up: $dir"
        return 0
    }
    check_machine
    take_folder
    stop_everything
    say "is down; the logs are in $dir/log"
}

status() {
    if ! all_alive; then
        say "is not up: $dir"
        return 1
    fi
    say "is up: $dir"
    sinfo
    squeue
}

run() {
    [ $# -gt 0 ] || { usage >&2; exit 2; }
    all_alive || refuse "is not up: run testbed.sh up"
    exec "$@"
}

# The environment of commands and jobs. The nodes claim more cores than the machine has, so Open MPI must neither bind
# ranks to cores nor count them, and waiting ranks must yield their core. The nodes share one /dev/shm, where Open MPI's
# shared-memory transport names files by host and local rank, so two nodes would write to the same files: use TCP.
export_environment() {
    export SLURM_CONF=$dir/slurm.conf PATH=$PATH:/usr/sbin:/sbin
    export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
    export OMPI_MCA_rmaps_base_oversubscribe=1 OMPI_MCA_hwloc_base_binding_policy=none
    export OMPI_MCA_mpi_yield_when_idle=1 OMP_WAIT_POLICY=passive
    export OMPI_MCA_btl=self,tcp OMPI_MCA_btl_tcp_if_include=lo OMPI_MCA_oob_tcp_if_include=lo
}

if [ "${1:-}" = hosts ]; then exec "$(dirname "${BASH_SOURCE[0]}")/hosts.sh" "${@:2}"; fi
dir=${TMPDIR:-/tmp}/nntrain-testbed-$(id -u) nodes=3
while [ $# -gt 0 ]; do
    case $1 in
    --dir) dir=${2:?"--dir needs a folder"} && shift 2 ;;
    --nodes) nodes=${2:?"--nodes needs a number"} && shift 2 ;;
    *) break ;;
    esac
done
[[ $nodes =~ ^[1-9][0-9]?$ ]] || refuse "--nodes must be 1 to 99, not $nodes"
dir=$(realpath -m "$dir")
export_environment
case ${1:-} in
up | down | status | run) "$@" ;;
-h | --help) usage ;;
*)
    usage >&2
    exit 2
    ;;
esac
