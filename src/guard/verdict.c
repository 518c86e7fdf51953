/* From reports to the names of ranks. */
#include "guard/verdict.h"

#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "step/witness.h"

/* The most ranks that a message names, and bytes of a host name. */
enum { VERDICT_NAMED = 4, VERDICT_HOST = 128 };

/* The conclusion: which ranks are wrong, or at least differ, and in what. */
typedef struct verdict {
    bool *odd;      /* by rank */
    bool tied;      /* no majority: one of the odd ranks is wrong */
    bool of_copies; /* the votes were those of copies of the weights */
    char what[256];
} verdict;

/* ---- places ---- */

/* "layer dense_2, values 4096 to 8191 of 9000": where a block is. */
static const char *verdict_block(const nn_stepper *stepper, int64_t block, char place[160])
{
    const nn_network *network = stepper->model->network;
    int64_t begin = network->block_begin[block], end = network->block_begin[block + 1];
    int layer = 0;
    for (int l = 0; l < network->layer_count; l++)
        if (network->layers[l].value_count > 0 && network->layers[l].offset <= begin) layer = l;
    const nn_layer *found = &network->layers[layer];
    snprintf(place, 160, "layer %.80s, values %lld to %lld of %lld", found->name,
             (long long)(begin - found->offset), (long long)(end - found->offset - 1),
             (long long)found->value_count);
    return place;
}

/* What a hash of a microbatch is of. */
static const char *verdict_gradient(const nn_stepper *stepper, int64_t hash, char place[160])
{
    const nn_network *network = stepper->model->network;
    int layer = nn_witness_layer(stepper->workers, (int)hash);
    if (layer == network->layer_count)
        snprintf(place, 160, "the loss");
    else
        snprintf(place, 160, "the gradient of layer %.80s", network->layers[layer].name);
    return place;
}

/* ---- ranks ---- */

/* Whether a rank has a vote: every rank on the gradient that it computed, and one of those that have the same
 * copy on the weights. */
static bool verdict_votes(const nn_stepper *stepper, int rank, bool gradient)
{
    return gradient || nn_reduction_copy_of(stepper->reduction, rank) == rank;
}

/* A rank whose hash more than half of the votes share, or -1. */
static int verdict_majority(const nn_stepper *stepper, const nn_rank_report *reports, bool gradient)
{
    int size = nn_comm_size(stepper->comm);
    for (int r = 0; r < size; r++) {
        int same = 0, votes = 0;
        for (int other = 0; other < size; other++) {
            if (!verdict_votes(stepper, other, gradient)) continue;
            votes++;
            same += gradient ? reports[other].gradient == reports[r].gradient
                             : reports[other].weights == reports[r].weights;
        }
        if (2 * same > votes) return r;
    }
    return -1;
}

/* What is wrong with a copy of the weights is wrong on all ranks that have it. */
static void verdict_spread(const nn_stepper *stepper, bool *odd)
{
    int size = nn_comm_size(stepper->comm);
    for (int r = 0; r < size; r++)
        if (odd[r]) odd[nn_reduction_copy_of(stepper->reduction, r)] = true;
    for (int r = 0; r < size; r++) odd[r] = odd[nn_reduction_copy_of(stepper->reduction, r)];
}

static bool verdict_shares(const nn_stepper *stepper)
{
    bool shares = false;
    for (int r = 0; r < nn_comm_size(stepper->comm); r++)
        shares |= nn_reduction_copy_of(stepper->reduction, r) != r;
    return shares;
}

/* The first hash in which any odd rank differs from the reference: the same on all ranks. Collective. */
static nn_status verdict_locate(const nn_stepper *stepper, const nn_evidence *evidence,
                                const uint64_t *hashes, int64_t count, int reference, int64_t *first)
{
    bool is_reference = nn_comm_rank(stepper->comm) == reference;
    if (is_reference) memcpy(evidence->scratch, hashes, (size_t)count * sizeof *hashes);
    NN_TRY(nn_comm_broadcast(stepper->comm, evidence->scratch, (size_t)count * sizeof *hashes, reference));
    int64_t from_end = 0;
    while (from_end < count && hashes[from_end] == evidence->scratch[from_end]) from_end++;
    from_end = count - from_end;
    NN_TRY(nn_comm_maximum(stepper->comm, &from_end, 1));
    *first = from_end > 0 ? count - from_end : 0;
    return NN_OK;
}

/* Finds the ranks that differ from the majority in the weights, or in the gradient. Collective. */
static nn_status verdict_compare(const nn_stepper *stepper, const nn_evidence *evidence, bool gradient,
                                 verdict *found)
{
    int size = nn_comm_size(stepper->comm),
        reference = verdict_majority(stepper, evidence->reports, gradient);
    bool differs = false;
    found->tied = reference < 0;
    for (int r = 0; r < size; r++) {
        const nn_rank_report *of = &evidence->reports[r],
                             *other = &evidence->reports[found->tied ? 0 : reference];
        bool same = gradient ? of->gradient == other->gradient : of->weights == other->weights;
        found->odd[r] = !same || found->tied;
        differs |= !same;
    }
    if (!differs) return NN_OK;
    if (!gradient) verdict_spread(stepper, found->odd);
    found->of_copies = !gradient && verdict_shares(stepper);
    char place[160];
    int64_t first,
        count = gradient ? nn_witness_hash_count(stepper->workers) : stepper->model->network->block_count;
    NN_TRY(verdict_locate(stepper, evidence, gradient ? evidence->gradient : evidence->weights, count,
                          found->tied ? 0 : reference, &first));
    if (gradient)
        snprintf(found->what, sizeof found->what, "%s of the same microbatch has different bits",
                 verdict_gradient(stepper, first, place));
    else
        snprintf(found->what, sizeof found->what, "received other weights than the other ranks (%s)",
                 verdict_block(stepper, first, place));
    return NN_OK;
}

/* ---- what a rank knows about itself ---- */

enum { OWN_STATE, OWN_WEIGHTS, OWN_GRADIENT, OWN_KINDS };

static int64_t verdict_own_place(const nn_rank_report *report, int kind)
{
    return kind == OWN_STATE     ? report->state_block
           : kind == OWN_WEIGHTS ? report->weights_block
                                 : report->contradiction;
}

static void verdict_describe_own(const nn_stepper *stepper, const nn_rank_report *report, int kind,
                                 verdict *found)
{
    char place[160];
    int64_t at = verdict_own_place(report, kind);
    if (kind == OWN_STATE)
        snprintf(found->what, sizeof found->what, "%s has changed in memory since it was written (%s)",
                 stepper->update->state_groups[report->state], verdict_block(stepper, at, place));
    else if (kind == OWN_WEIGHTS)
        snprintf(found->what, sizeof found->what,
                 "the weights%s have changed in memory since they were written (%s)",
                 verdict_shares(stepper) ? ", of which the ranks of a NUMA domain share one copy," : "",
                 verdict_block(stepper, at, place));
    else
        snprintf(found->what, sizeof found->what, "%s of a microbatch has different bits when computed again",
                 verdict_gradient(stepper, at, place));
}

/* Whether any rank's own hashes differ; reports the first kind that does. */
static bool verdict_own(const nn_stepper *stepper, const nn_rank_report *reports, verdict *found)
{
    for (int kind = 0; kind < OWN_KINDS; kind++) {
        int first = -1;
        for (int r = nn_comm_size(stepper->comm) - 1; r >= 0; r--) {
            found->odd[r] = verdict_own_place(&reports[r], kind) >= 0;
            if (found->odd[r]) first = r;
        }
        if (first < 0) continue;
        if (kind == OWN_WEIGHTS) verdict_spread(stepper, found->odd);
        verdict_describe_own(stepper, &reports[first], kind, found);
        return true;
    }
    return false;
}

/* ---- the message ---- */

/* "rank 1 on node07, rank 3 on node08": the odd ones. Collective. */
static nn_status verdict_names(const nn_stepper *stepper, const verdict *found, nn_text *names)
{
    int size = nn_comm_size(stepper->comm), named = 0, odd = 0;
    for (int r = 0; r < size; r++) {
        if (!found->odd[r] || ++odd > VERDICT_NAMED) continue;
        char host[VERDICT_HOST];
        snprintf(host, sizeof host, "%s", nn_comm_host(stepper->comm));
        NN_TRY(nn_comm_broadcast(stepper->comm, host, sizeof host, r));
        nn_text_append(names, "%srank %d on %s", named++ > 0 ? ", " : "", r, host);
    }
    if (odd > named) nn_text_append(names, " and %d others", odd - named);
    return NN_OK;
}

static nn_status verdict_fail(const nn_stepper *stepper, const nn_evidence *evidence, const verdict *found)
{
    nn_text names = {0};
    nn_status status = verdict_names(stepper, found, &names);
    if (status == NN_OK)
        status = nn_fail(
            NN_ERROR_CORRUPT,
            "step %lld: silent corruption of memory or arithmetic: %s: %s%s. Last verified step: "
            "%lld. Remove checkpoints of later steps, if there are any, and run the same command "
            "on other nodes",
            (long long)evidence->step, names.bytes ? names.bytes : "", found->what,
            !found->tied       ? ""
            : found->of_copies ? ", and with so few copies of the weights it is not known which is right"
                               : ", and with so few ranks it is not known which of them is right",
            (long long)evidence->verified_step);
    nn_text_free(&names);
    return nn_comm_agree(stepper->comm, status);
}

nn_status nn_verdict_reach(const nn_stepper *stepper, const nn_evidence *evidence)
{
    verdict found = {0};
    int size = nn_comm_size(stepper->comm);
    for (int r = 0; r < size; r++)
        if (!evidence->reports[r].usable) return NN_OK;
    nn_status status = NN_ALLOCATE(&found.odd, size, "a verdict on ranks");
    NN_TRY_TO(done, status, nn_comm_agree(stepper->comm, status));
    if (!verdict_own(stepper, evidence->reports, &found))
        status = verdict_compare(stepper, evidence, false, &found);
    if (status == NN_OK && !found.what[0] && evidence->gradient)
        status = verdict_compare(stepper, evidence, true, &found);
    if (status == NN_OK && found.what[0]) status = verdict_fail(stepper, evidence, &found);
done:
    nn_free(found.odd);
    return status;
}
