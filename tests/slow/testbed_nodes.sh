#!/usr/bin/env bash
# A real SLURM of three nodes: a node of a running job is set to down, once the one with the batch script and once
# another. The job continues on the remaining nodes and ends with the fingerprint of the undisturbed run.
source "$(dirname "$0")/testbed_common.bash"
start_testbed
long_run

is_restarted() { [ "$(job_field Restarts)" = 1 ]; }

# lose_node WHICH RUN_DIR: sets WHICH (first or last) of the job's two nodes to down
lose_node() {
    local node list
    submit train.sbatch "$2" --nodes=2 --ntasks-per-node=1
    wait_for_step "$2" 40
    list=$(slurm scontrol show hostnames "$(job_field NodeList)")
    if [ "$1" = first ]; then node=${list%%$'\n'*}; else node=${list##*$'\n'}; fi
    echo "$2: $node of ${list//$'\n'/ } is set down"
    slurm scontrol update NodeName="$node" State=DOWN Reason=test
    wait_for 60 is_restarted || fail "$2: the job is not requeued: $(job_field JobState)"
    # A node that responds comes back on its own; it must not get the job again.
    slurm scontrol update NodeName="$node" State=DRAIN Reason=test
    expect_no_ranks "$2"
    wait_for_end
    [[ " $(slurm scontrol show hostnames "$(job_field NodeList)" | tr '\n' ' ') " != *" $node "* ]] ||
        fail "$2: the job had $node again"
    slurm scontrol update NodeName="$node" State=RESUME
    expect_restarts "$2" 1
    expect_log "$2" 'restart 1: 2 ranks .*from step [1-9]'
    expect_log "$2" 'resuming from'
    expect_reference "$2"
}

lose_node first first_node
lose_node last last_node
finish
