/* Restoring a run from a checkpoint. */
#include "rundir/checkpoint.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/least.h"
#include "base/log.h"
#include "base/memory.h"
#include "rundir/compare.h"
#include "settings/settings.h"
#include "step/carried.h"

#define CHUNK_VALUES ((int64_t)1 << 20)

/* Whether steps are left; a run that has ended may be opened on any machine. */
static bool checkpoint_has_steps_left(const nn_checkpoint_parts *parts)
{
    const nn_stepper *stepper = parts->stepper;
    return parts->state->step < stepper->plan.length.steps &&
           !nn_early_ends(&stepper->settings->training.early_stopping, &parts->state->watch.early);
}

/* Another machine, if it computes different bits: refused, or recorded permanently. */
static nn_status checkpoint_compare_machine(nn_store_file *file, const nn_checkpoint_parts *parts)
{
    nn_run_state *state = parts->state;
    nn_text what = {0};
    bool differs = false;
    if (!parts->machine || !checkpoint_has_steps_left(parts)) return NN_OK;
    nn_status status = nn_machine_compare(parts->machine, file, &differs, &what);
    const char *text = what.bytes ? what.bytes : "";
    int first = (int)strcspn(text, ";\n");
    bool plugin = strncmp(text, NN_MACHINE_PLUGIN, strlen(NN_MACHINE_PLUGIN)) == 0;
    const char *who = plugin ? "another plug-in may compute" : "this machine computes";
    if (status == NN_OK && differs && parts->stepper->settings->training.machine == NN_MACHINE_SAME)
        status =
            nn_fail(NN_ERROR_COMM,
                    "%s: %s different bits from the one it was saved %s, so the run would "
                    "not end as it would have there; the difference: %s\n%s, or accept "
                    "different bits with --set training.machine=any",
                    nn_store_path(file), who, plugin ? "with" : "on", text,
                    plugin ? "resume with the file that the run was started with"
                           : "resume on a node of that kind (with its libraries, and OPENBLAS_CORETYPE as it "
                             "was)");
    else if (status == NN_OK && differs) {
        nn_log_warning("%s different bits from the one that %s was saved %s; the difference: %s\n"
                       "  from here on the bits may differ from those of an uninterrupted run",
                       who, nn_store_path(file), plugin ? "with" : "on", text);
        nn_text_append(&state->changes, "%safter step %lld (%.*s): arithmetic %016" PRIx64 ", %s",
                       state->changes.length > 0 ? "\n" : "", (long long)state->step, first, text,
                       parts->machine->hash, parts->machine->text);
        if (state->changes.failed)
            status = nn_fail(NN_ERROR_MEMORY, "out of memory for a checkpoint's texts");
    }
    nn_text_free(&what);
    return status;
}

/* What earlier jobs recorded. */
static nn_status checkpoint_get_changes(nn_store_file *file, nn_text *changes)
{
    char *lines = NULL;
    if (!nn_store_has(file, NN_MACHINE_CHANGES)) return NN_OK;
    NN_TRY(nn_store_read_text(file, NN_MACHINE_CHANGES, &lines));
    nn_text_append(changes, "%s", lines);
    nn_free(lines);
    return changes->failed ? nn_fail(NN_ERROR_MEMORY, "out of memory for a checkpoint's texts") : NN_OK;
}

/* A run that began with the normalisation of another run keeps it, even if the other run has changed. */
static nn_status checkpoint_compare_scalings(nn_store_file *file, const nn_checkpoint_parts *parts)
{
    const nn_config_value *values;
    size_t count = nn_config_values(parts->config, &values);
    bool same = true, begins = false;
    for (size_t i = 0; i < count; i++)
        begins |= strcmp(values[i].path, "init_from.run") == 0 && values[i].value[0] != '\0';
    if (begins) NN_TRY(nn_model_compare_scalings(parts->stepper->model, file, &same));
    if (same) return NN_OK;
    NN_FAIL(NN_ERROR_USAGE,
            "%s has a different normalisation from the one that init_from now gives: the other run has "
            "changed; restore it, choose another --run-dir, or start over with --fresh",
            nn_store_path(file));
}

static nn_status checkpoint_get(nn_store_file *file, const nn_checkpoint_parts *parts)
{
    NN_TRY(nn_checkpoint_compare(parts, file));
    NN_TRY(checkpoint_compare_scalings(file, parts));
    NN_TRY(nn_checkpoint_get_state(file, parts->stepper->width, parts->bests->count, parts->state));
    NN_TRY(checkpoint_get_changes(file, &parts->state->changes));
    return checkpoint_compare_machine(file, parts);
}

static nn_status checkpoint_share_state(const nn_checkpoint_parts *parts)
{
    nn_comm *comm = parts->stepper->comm;
    nn_run_state *state = parts->state;
    NN_TRY(nn_comm_broadcast(comm, &state->step, sizeof state->step, 0));
    NN_TRY(nn_comm_broadcast(comm, state->best, sizeof state->best, 0));
    NN_TRY(nn_comm_broadcast(comm, &state->watch, sizeof state->watch, 0));
    NN_TRY(nn_comm_broadcast(comm, &state->skipped, sizeof state->skipped, 0));
    NN_TRY(nn_comm_broadcast(comm, &state->logged, sizeof state->logged, 0));
    return nn_comm_broadcast(comm, state->epoch_figures, sizeof state->epoch_figures, 0);
}

/* Values [first, first + count) of a state vector to wherever this rank keeps them. */
static void checkpoint_take(nn_stepper *stepper, int state, int64_t first, int64_t count,
                            const nn_real *values)
{
    nn_update *update = stepper->update;
    nn_scalar scalar = stepper->scalar;
    for (int64_t i = 0; i < update->block_count; i++) {
        const nn_owned_block *block = &update->blocks[i];
        int64_t begin = block->begin > first ? block->begin : first;
        int64_t end = block->end < first + count ? block->end : first + count;
        if (begin < end)
            memcpy(nn_scalar_at(scalar, update->states[state], (size_t)(block->state + begin - block->begin)),
                   nn_scalar_at(scalar, values, (size_t)(begin - first)),
                   (size_t)(end - begin) * nn_scalar_size(scalar));
    }
}

/* What rank 0 reads from: a file with all, or the shards one after another. */
typedef struct checkpoint_source {
    nn_store_file *file;
    nn_sharded *sharded; /* NULL: none */
    nn_model_tensors tensors;
    int range_count; /* of the flat vector, that are read at once */
} checkpoint_source;

static nn_status checkpoint_open_source(const nn_model *model, nn_store_file *file, checkpoint_source *source)
{
    source->file = file;
    source->range_count = 1;
    if (!nn_sharded_is(file)) return NN_OK;
    NN_TRY(nn_sharded_open(file, &source->sharded));
    source->range_count = nn_sharded_content_of(source->sharded)->shard_count;
    NN_TRY(nn_model_list_tensors(model, &source->tensors));
    return nn_model_expect_shards(&source->tensors, source->sharded, nn_store_path(file));
}

static void checkpoint_close_source(checkpoint_source *source)
{
    nn_model_release_tensors(&source->tensors);
    nn_sharded_close(source->sharded);
}

static void checkpoint_range(const checkpoint_source *source, int64_t total, int range, int64_t limits[2])
{
    limits[0] = 0;
    limits[1] = total;
    if (!source->sharded) return;
    limits[0] = nn_sharded_content_of(source->sharded)->shards[range].begin;
    limits[1] = nn_sharded_content_of(source->sharded)->shards[range].end;
}

static nn_status checkpoint_read(const nn_model *model, checkpoint_source *source, const char *group,
                                 const int64_t limits[2], nn_real *values)
{
    if (!source->sharded) return nn_model_get_values(model, source->file, group, values);
    return nn_model_get_shard(model, &source->tensors, source->sharded, group, limits[0], limits[1], values);
}

/* A range of a vector of state: from rank 0, which has room for it, to its owners. */
static nn_status checkpoint_hand_out(nn_stepper *stepper, int state, const int64_t limits[2], nn_real *values)
{
    bool reads = nn_comm_rank(stepper->comm) == 0;
    for (int64_t first = limits[0]; first < limits[1]; first += CHUNK_VALUES) {
        int64_t count = nn_smaller(limits[1] - first, CHUNK_VALUES);
        nn_real *chunk = reads ? nn_scalar_at(stepper->scalar, values, (size_t)(first - limits[0])) : values;
        NN_TRY(nn_comm_broadcast(stepper->comm, chunk, (size_t)count * nn_scalar_size(stepper->scalar), 0));
        checkpoint_take(stepper, state, first, count, chunk);
    }
    return NN_OK;
}

/* A range of the weights, to those of rank 0, and of each vector of state, to its owners. */
static nn_status checkpoint_get_range(const nn_checkpoint_parts *parts, checkpoint_source *source, int range,
                                      nn_real *values)
{
    nn_stepper *stepper = parts->stepper;
    const nn_model *model = stepper->model;
    bool reads = nn_comm_rank(stepper->comm) == 0;
    int64_t limits[2] = {0, 0};
    nn_status status = NN_OK;
    if (reads) {
        checkpoint_range(source, model->network->value_count, range, limits);
        status =
            checkpoint_read(model, source, "weights", limits,
                            nn_scalar_at(stepper->scalar, nn_checkpoint_weights(parts), (size_t)limits[0]));
    }
    NN_TRY(nn_comm_agree(stepper->comm, status));
    NN_TRY(nn_comm_broadcast(stepper->comm, limits, sizeof limits, 0));
    for (int s = 0; s < stepper->update->state_count; s++) {
        if (reads) status = checkpoint_read(model, source, stepper->update->state_groups[s], limits, values);
        NN_TRY(nn_comm_agree(stepper->comm, status));
        NN_TRY(checkpoint_hand_out(stepper, s, limits, values));
    }
    return NN_OK;
}

/* Room for the longest range on rank 0, for a chunk elsewhere. */
static nn_status checkpoint_make_room(const nn_checkpoint_parts *parts, const checkpoint_source *source,
                                      bool reads, nn_real **values)
{
    int64_t total = parts->stepper->model->network->value_count, most = 0;
    for (int range = 0; reads && range < source->range_count; range++) {
        int64_t limits[2];
        checkpoint_range(source, total, range, limits);
        most = nn_larger(most, limits[1] - limits[0]);
    }
    if (!reads) most = nn_smaller(total, CHUNK_VALUES);
    return NN_ALLOCATE_VALUES(parts->stepper->scalar, values, most, "the optimizer's state");
}

static nn_status checkpoint_get_vectors(const nn_checkpoint_parts *parts, nn_store_file *file,
                                        checkpoint_source *source)
{
    nn_comm *comm = parts->stepper->comm;
    const nn_model *model = parts->stepper->model;
    bool reads = nn_comm_rank(comm) == 0;
    nn_real *values = NULL;
    nn_status status = reads ? checkpoint_open_source(model, file, source) : NN_OK;
    if (status == NN_OK) status = checkpoint_make_room(parts, source, reads, &values);
    NN_TRY_TO(done, status, nn_comm_agree(comm, status));
    NN_TRY_TO(done, status, nn_comm_broadcast(comm, &source->range_count, sizeof source->range_count, 0));
    for (int range = 0; range < source->range_count; range++)
        NN_TRY_TO(done, status, checkpoint_get_range(parts, source, range, values));
    /* Before, a file with all was compared as a whole. */
    if (source->sharded)
        status = nn_checkpoint_compare_fingerprint(model->network, file, nn_checkpoint_weights(parts));
    NN_TRY_TO(done, status, nn_comm_agree(comm, status));
    status = nn_reduction_spread(parts->stepper->reduction);
done:
    nn_free(values);
    return status;
}

nn_status nn_checkpoint_step(const char *path, int64_t *step)
{
    nn_kept_checkpoint opened;
    nn_status status = nn_kept_open(path, -1, &opened);
    *step = opened.step;
    nn_kept_close(&opened);
    return status;
}

nn_status nn_checkpoint_load(const nn_checkpoint_parts *parts, nn_store_file *file)
{
    nn_comm *comm = parts->stepper->comm;
    checkpoint_source source = {0};
    NN_TRY(nn_comm_agree(comm, nn_comm_rank(comm) == 0 ? checkpoint_get(file, parts) : NN_OK));
    NN_TRY(checkpoint_share_state(parts));
    nn_status status = checkpoint_get_vectors(parts, file, &source);
    checkpoint_close_source(&source);
    return status == NN_OK ? nn_carried_get(parts->stepper, file) : status;
}
