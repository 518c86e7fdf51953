/* Building a checkpoint, and restoring a run from one. */
#include "rundir/checkpoint.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/memory.h"
#include "build.h"
#include "config/identity.h"
#include "rundir/checkpoint_state.h"
#include "rundir/compare.h"
#include "settings/settings.h"
#include "step/carried.h"
#include "tensor/matrix.h"

#define CHUNK_VALUES ((int64_t)1 << 20)

size_t nn_checkpoint_memory(const nn_model *model, int states)
{
    size_t vector = (size_t)model->network->value_count * nn_scalar_size(model->scalar);
    return 2 * (size_t)(1 + states) * vector + (states ? 2 * vector : 0);
}

/* Room for values of a vector of state. */
static nn_status checkpoint_allocate(const nn_checkpoint_parts *parts, int64_t count, nn_real **values)
{
    return NN_ALLOCATE_VALUES(parts->stepper->scalar, values, count, "the optimizer's state");
}

/* ---- building ---- */

/* A state vector from its owners to rank 0, in the order of the flat vector. */
static nn_status checkpoint_gather(nn_stepper *stepper, const nn_real *owned, nn_real *by_rank,
                                   nn_real *values)
{
    const nn_update *update = stepper->update;
    if (stepper->settings->training.allreduce == NN_REDUCE_MPI) {
        if (values) memcpy(values, owned, (size_t)update->owned_values * nn_scalar_size(stepper->scalar));
        return NN_OK;
    }
    const nn_network *network = stepper->model->network;
    const int64_t *block = stepper->block_of_owned;
    size_t width = nn_scalar_size(stepper->scalar);
    for (int r = 0; r < nn_comm_size(stepper->comm); r++) {
        stepper->sizes[r] = 0;
        for (int64_t b = 0; b < stepper->blocks_of_rank[r]; b++, block++)
            stepper->sizes[r] +=
                (size_t)(network->block_begin[*block + 1] - network->block_begin[*block]) * width;
    }
    NN_TRY(nn_comm_gather(stepper->comm, owned, stepper->sizes, by_rank));
    for (int64_t i = 0; values && i < network->block_count; i++) {
        int64_t b = stepper->block_of_owned[i], count = network->block_begin[b + 1] - network->block_begin[b];
        memcpy(nn_scalar_at(stepper->scalar, values, (size_t)network->block_begin[b]), by_rank,
               (size_t)count * width);
        by_rank = nn_scalar_at(stepper->scalar, by_rank, (size_t)count);
    }
    return NN_OK;
}

nn_status nn_checkpoint_put_config(nn_store_image *image, const nn_config *config)
{
    nn_text text = {0}, lines = {0};
    nn_config_emit(config, &text);
    nn_config_append_values(config, &lines);
    nn_status status = text.failed || lines.failed
                           ? nn_fail(NN_ERROR_MEMORY, "out of memory for a checkpoint's texts")
                           : NN_OK;
    if (status == NN_OK) status = nn_store_image_put_text(image, "config", text.bytes ? text.bytes : "");
    if (status == NN_OK)
        status = nn_store_image_put_text(image, "config_values", lines.bytes ? lines.bytes : "");
    nn_text_free(&text);
    nn_text_free(&lines);
    return status;
}

/* Whether the run is over with this checkpoint, and by what. */
static const char *checkpoint_ending(const nn_checkpoint_parts *parts)
{
    const nn_stepper *stepper = parts->stepper;
    if (parts->state->step >= stepper->plan.length.steps) return "all epochs";
    return nn_early_ends(&stepper->settings->training.early_stopping, &parts->state->watch.early)
               ? "early stopping"
               : "no";
}

static nn_status checkpoint_put_facts(nn_store_image *image, const nn_checkpoint_parts *parts)
{
    char text[64];
    const nn_model *model = parts->stepper->model;
    snprintf(text, sizeof text, "%016" PRIx64,
             nn_network_fingerprint(model->network, nn_reduction_weights(parts->stepper->reduction)));
    NN_TRY(nn_store_image_put_attribute(image, "fingerprint", text));
    NN_TRY(nn_store_image_put_attribute(image, "format", "nntrain checkpoint 1"));
    NN_TRY(nn_store_image_put_attribute(image, "version", NN_VERSION));
    NN_TRY(nn_store_image_put_attribute(image, "precision", nn_model_precision(model)));
    NN_TRY(nn_store_image_put_attribute(image, NN_MODEL_ENGINE, nn_engine_name(model->network->engine)));
    NN_TRY(nn_store_image_put_attribute(image, "data_folder", parts->data_folder));
    NN_TRY(nn_store_image_put_attribute(image, "best_figure", parts->figure));
    NN_TRY(nn_store_image_put_attribute(image, "best_order", parts->figure_is_higher ? "higher" : "lower"));
    NN_TRY(nn_store_image_put_attribute(image, NN_CHECKPOINT_ENDED, checkpoint_ending(parts)));
    if (parts->stepper->update->average)
        NN_TRY(nn_store_image_put_attribute(image, NN_MODEL_AVERAGE, "predictions are of the group average"));
    return nn_store_image_put_attribute(image, "kernels", nn_model_kernels(model));
}

static nn_status checkpoint_put_all(nn_store_image *image, const nn_checkpoint_parts *parts)
{
    const nn_model *model = parts->stepper->model;
    NN_TRY(checkpoint_put_facts(image, parts));
    NN_TRY(nn_checkpoint_put_config(image, parts->config));
    if (parts->machine) NN_TRY(nn_machine_put(parts->machine, image));
    if (parts->state->changes.length > 0)
        NN_TRY(nn_store_image_put_text(image, NN_MACHINE_CHANGES, parts->state->changes.bytes));
    NN_TRY(nn_checkpoint_put_state(image, parts));
    NN_TRY(nn_model_put(model, image));
    return nn_model_put_values(model, image, "weights", nn_reduction_weights(parts->stepper->reduction));
}

/* Gathers and writes the vectors of state one by one; every rank takes part even when rank 0 has failed.
 */
static nn_status checkpoint_put_states(nn_store_image *image, const nn_checkpoint_parts *parts,
                                       nn_real *by_rank, nn_real *values)
{
    const nn_update *update = parts->stepper->update;
    for (int s = 0; s < update->state_count; s++) {
        const char *group = update->state_groups[s];
        NN_TRY(checkpoint_gather(parts->stepper, update->states[s], by_rank, values));
        nn_status status = image ? nn_model_put_values(parts->stepper->model, image, group, values) : NN_OK;
        NN_TRY(nn_comm_agree(parts->stepper->comm, status));
    }
    return NN_OK;
}

nn_status nn_checkpoint_build(const nn_checkpoint_parts *parts, void **bytes, size_t *size)
{
    nn_comm *comm = parts->stepper->comm;
    bool writes = nn_comm_rank(comm) == 0;
    int64_t count = parts->stepper->update->state_count ? parts->stepper->model->network->value_count : 0;
    nn_store_image *image = NULL;
    nn_real *by_rank = NULL, *values = NULL;
    nn_status status = NN_OK;
    *bytes = NULL;
    if (writes) status = nn_store_image_create(&image);
    if (writes && status == NN_OK) status = checkpoint_put_all(image, parts);
    if (writes && status == NN_OK) status = checkpoint_allocate(parts, count, &by_rank);
    if (writes && status == NN_OK) status = checkpoint_allocate(parts, count, &values);
    NN_TRY_TO(done, status, nn_comm_agree(comm, status));
    NN_TRY_TO(done, status, checkpoint_put_states(image, parts, by_rank, values));
    NN_TRY_TO(done, status, nn_carried_put(parts->stepper, image));
    if (writes) status = nn_store_image_seal(image, bytes, size);
    status = nn_comm_agree(comm, status);
done:
    nn_store_image_destroy(image);
    nn_free(by_rank);
    nn_free(values);
    return status;
}

/* ---- restoring ---- */

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
    if (status == NN_OK && differs && parts->stepper->settings->training.machine == NN_MACHINE_SAME)
        status =
            nn_fail(NN_ERROR_COMM,
                    "%s: this machine computes different bits from the one it was saved on, so the run would "
                    "not end as it would have there; the difference: %s\nresume on a node of that kind (with "
                    "its libraries, and OPENBLAS_CORETYPE as it was), or accept "
                    "different bits with --set training.machine=any",
                    nn_store_path(file), text);
    else if (status == NN_OK && differs) {
        nn_log_warning(
            "this machine computes different bits from the one that %s was saved on; the difference: %s\n"
            "  from here on the bits may differ from those of an uninterrupted run",
            nn_store_path(file), text);
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
    for (size_t i = 0; i < count; i++) begins |= strcmp(values[i].path, "init_from.run") == 0;
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
    NN_TRY(nn_checkpoint_get_state(file, parts->stepper->width, parts->state));
    NN_TRY(checkpoint_get_changes(file, &parts->state->changes));
    NN_TRY(checkpoint_compare_machine(file, parts));
    return nn_model_get_values(parts->stepper->model, file, "weights",
                               nn_reduction_weights(parts->stepper->reduction));
}

static nn_status checkpoint_share_state(const nn_checkpoint_parts *parts)
{
    nn_comm *comm = parts->stepper->comm;
    nn_run_state *state = parts->state;
    NN_TRY(nn_comm_broadcast(comm, &state->step, sizeof state->step, 0));
    NN_TRY(nn_comm_broadcast(comm, &state->best_epoch, sizeof state->best_epoch, 0));
    NN_TRY(nn_comm_broadcast(comm, &state->best_value, sizeof state->best_value, 0));
    NN_TRY(nn_comm_broadcast(comm, &state->best_loss, sizeof state->best_loss, 0));
    NN_TRY(nn_comm_broadcast(comm, &state->watch, sizeof state->watch, 0));
    NN_TRY(nn_comm_broadcast(comm, &state->skipped, sizeof state->skipped, 0));
    NN_TRY(nn_comm_broadcast(comm, state->epoch_figures, sizeof state->epoch_figures, 0));
    return nn_reduction_spread(parts->stepper->reduction);
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

static nn_status checkpoint_get_state_vector(const nn_checkpoint_parts *parts, nn_store_file *file, int state,
                                             nn_real *values)
{
    nn_stepper *stepper = parts->stepper;
    const char *group = stepper->update->state_groups[state];
    bool reads = nn_comm_rank(stepper->comm) == 0;
    nn_status status = reads ? nn_model_get_values(stepper->model, file, group, values) : NN_OK;
    NN_TRY(nn_comm_agree(stepper->comm, status));
    int64_t total = stepper->model->network->value_count;
    for (int64_t first = 0; first < total; first += CHUNK_VALUES) {
        int64_t count = total - first < CHUNK_VALUES ? total - first : CHUNK_VALUES;
        nn_real *chunk = reads ? nn_scalar_at(stepper->scalar, values, (size_t)first) : values;
        NN_TRY(nn_comm_broadcast(stepper->comm, chunk, (size_t)count * nn_scalar_size(stepper->scalar), 0));
        checkpoint_take(stepper, state, first, count, chunk);
    }
    return NN_OK;
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
    bool reads = nn_comm_rank(comm) == 0;
    int64_t total = parts->stepper->model->network->value_count;
    NN_TRY(nn_comm_agree(comm, reads ? checkpoint_get(file, parts) : NN_OK));
    NN_TRY(checkpoint_share_state(parts));
    nn_real *values = NULL;
    nn_status status =
        checkpoint_allocate(parts, reads || total < CHUNK_VALUES ? total : CHUNK_VALUES, &values);
    status = nn_comm_agree(comm, status);
    for (int s = 0; status == NN_OK && s < parts->stepper->update->state_count; s++)
        status = checkpoint_get_state_vector(parts, file, s, values);
    nn_free(values);
    return status == NN_OK ? nn_carried_get(parts->stepper, file) : status;
}
