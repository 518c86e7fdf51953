#include "train/room.h"

#include <stdio.h>

#include "base/format.h"
#include "base/log.h"
#include "base/memory_limits.h"
#include "train/over_samples.h"

/* What a node lacks, as its lowest rank reports. */
typedef struct room_lack {
    double needed;
    int ranks;
    char host[NN_HOST_SIZE], limits[NN_LIMITS_TEXT];
} room_lack;

static int64_t room_measure(const nn_run *run, size_t untouched, room_lack *lack)
{
    nn_memory_limits limits = nn_memory_limits_read("");
    int states = run->stepper->update->state_count;
    if (nn_comm_node_rank(run->comm) != 0) return 0;
    lack->ranks = nn_comm_node_size(run->comm);
    lack->needed = (double)lack->ranks * (double)untouched;
    int shards = nn_rundir_shards(&run->directory);
    if (shards > 0 ? run->directory.shards->own >= 0 : nn_comm_rank(run->comm) == 0)
        lack->needed += (double)nn_checkpoint_memory(run->model, states, shards);
    snprintf(lack->host, sizeof lack->host, "%s", nn_comm_host(run->comm));
    nn_memory_limits_text(lack->limits, &limits);
    double missing = lack->needed - nn_memory_limits_spare(&limits);
    return missing < 0 ? 0 : missing < 9e18 ? (int64_t)missing : INT64_MAX;
}

nn_status nn_room_warn(const nn_run *run, size_t untouched)
{
    room_lack lack = {0};
    char needed[NN_FORMAT_SIZE];
    int64_t own = room_measure(run, untouched, &lack), most = own;
    NN_TRY(nn_comm_maximum(run->comm, &most, 1));
    if (most == 0) return NN_OK;
    int64_t speaker = own == most ? nn_comm_rank(run->comm) : -1;
    NN_TRY(nn_comm_maximum(run->comm, &speaker, 1));
    NN_TRY(nn_comm_broadcast(run->comm, &lack, sizeof lack, (int)speaker));
    nn_log_warning("%s may run out of memory and its ranks may be killed: %d rank%s there will need %s more, "
                   "but %s; request more memory, use fewer ranks per node, %s, or set data.cache: stream",
                   lack.host, lack.ranks, lack.ranks == 1 ? "" : "s", nn_format_bytes(needed, lack.needed),
                   lack.limits, nn_over_samples_remedy(run));
    return NN_OK;
}
