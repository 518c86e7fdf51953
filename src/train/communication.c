#include "train/communication.h"

#include <math.h>
#include <stdio.h>

#include "base/format.h"
#include "base/log.h"

static int communication_nodes(const nn_stepper *stepper)
{
    nn_ranks ranks = nn_comm_ranks(stepper->comm);
    int nodes = 0;
    for (int rank = 0; rank < ranks.size; rank++) nodes += ranks.leaders[rank] == rank;
    return nodes;
}

/* MPI's own sums send what they like. */
static bool communication_counts_bytes(const nn_stepper *stepper)
{
    return stepper->settings->training.allreduce == NN_REDUCE_EXACT;
}

nn_status nn_communication_read(const nn_stepper *stepper, nn_communication *total)
{
    nn_reduction_clock clock = nn_reduction_read_clock(stepper->reduction);
    /* As integers, whose sum has no order. */
    uint64_t sums[3] = {(uint64_t)(clock.passing * 1e9), (uint64_t)(clock.waiting * 1e9), clock.sent};
    double size = nn_comm_size(stepper->comm);
    *total = (nn_communication){0};
    if (size < 2) return NN_OK;
    NN_TRY(nn_comm_sum_integers(stepper->comm, sums, 3));
    *total = (nn_communication){.passing = (double)sums[0] / 1e9 / size,
                                .waiting = (double)sums[1] / 1e9 / size,
                                .sent = (double)sums[2] / communication_nodes(stepper)};
    return NN_OK;
}

nn_communication nn_communication_between(nn_communication before, nn_communication after)
{
    return (nn_communication){.passing = after.passing - before.passing,
                              .waiting = after.waiting - before.waiting,
                              .sent = after.sent - before.sent};
}

double nn_communication_hidden(nn_communication of)
{
    return of.passing > 0 ? fmax(0, 1 - of.waiting / of.passing) : NAN;
}

void nn_communication_json(const nn_stepper *stepper, nn_communication of, nn_text *text)
{
    if (nn_comm_size(stepper->comm) < 2) return;
    nn_text_append(text, ",\"communication_seconds\":%.3f,\"communication_waited\":%.3f", of.passing,
                   of.waiting);
    if (communication_counts_bytes(stepper))
        nn_text_append(text, ",\"communication_sent_by_node\":%.0f", of.sent);
}

/* What each node sends per step; empty if that is unknown. */
static void communication_volume(const nn_stepper *stepper, int nodes, double each, char *text, size_t size)
{
    char bytes[NN_FORMAT_SIZE];
    double vector = (double)stepper->model->network->value_count * (double)nn_scalar_size(stepper->scalar);
    text[0] = '\0';
    if (communication_counts_bytes(stepper))
        snprintf(text, size,
                 "; each of %d nodes sent %s per step, %.2f times 2 (1 - 1/%d) of the weights' size", nodes,
                 nn_format_bytes(bytes, each), each / (2 * (1 - 1.0 / nodes) * vector), nodes);
}

void nn_communication_show(const nn_stepper *stepper, nn_communication of, int64_t steps, double seconds)
{
    int nodes = communication_nodes(stepper);
    double hidden = nn_communication_hidden(of);
    char volume[160];
    if (nodes < 2 || steps == 0 || isnan(hidden)) return;
    communication_volume(stepper, nodes, of.sent / (double)steps, volume, sizeof volume);
    nn_log_line(
        "communication: in progress for %.0f %% of the time, %.0f %% of that hidden behind computation%s",
        100 * of.passing / seconds, 100 * hidden, volume);
}
