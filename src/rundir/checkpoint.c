/* Building a checkpoint. */
#include "rundir/checkpoint.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/memory.h"
#include "base/plugins.h"
#include "build.h"
#include "config/identity.h"
#include "rundir/checkpoint_state.h"
#include "rundir/compare.h"
#include "settings/settings.h"
#include "step/carried.h"
#include "tensor/matrix.h"

/* Of a checkpoint's size, for what is not in the vectors. */
#define CHECKPOINT_SLACK ((size_t)16 << 20)

size_t nn_checkpoint_memory(const nn_model *model, int states, int shards)
{
    int64_t values = shards > 0 ? nn_shards_largest(model, shards) : model->network->value_count;
    size_t vector = (size_t)values * nn_scalar_size(model->scalar);
    return (size_t)(1 + states) * vector + (states && shards == 0 ? 2 * vector : 0);
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

/* Which files compute what the configuration names. */
static nn_status checkpoint_put_plugins(nn_store_image *image, const nn_config *config)
{
    static const char prefix[] = NN_PLUGINS_NAME ".";
    const nn_config_value *values;
    nn_text_list files = {0};
    nn_text lines = {0};
    nn_status status = NN_OK;
    size_t count = nn_config_values(config, &values);
    for (size_t i = 0; i < count && status == NN_OK; i++)
        if (strncmp(values[i].path, prefix, strlen(prefix)) == 0)
            status = nn_list_add(&files, values[i].value);
    nn_plugins_append_lines(&files, &lines);
    if (status == NN_OK && files.count > 0) status = nn_store_image_take_text(image, NN_PLUGINS_NAME, &lines);
    nn_text_free(&lines);
    nn_list_release(&files);
    return status;
}

nn_status nn_checkpoint_put_config(nn_store_image *image, const nn_config *config)
{
    nn_text text = {0}, lines = {0};
    nn_config_emit(config, &text);
    NN_TRY(nn_store_image_take_text(image, "config", &text));
    nn_config_append_values(config, &lines);
    NN_TRY(nn_store_image_take_text(image, "config_values", &lines));
    return checkpoint_put_plugins(image, config);
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

static nn_status checkpoint_put_best_names(nn_store_image *image, const nn_best_rules *bests)
{
    nn_text names = {0};
    for (int i = 0; i < bests->count; i++)
        nn_text_append(&names, "%s%s", i > 0 ? "\n" : "", bests->items[i].name);
    nn_status status = names.failed
                           ? nn_fail(NN_ERROR_MEMORY, "out of memory for a checkpoint's texts")
                           : nn_store_image_put_attribute(image, NN_CHECKPOINT_BEST_NAMES, names.bytes);
    nn_text_free(&names);
    return status;
}

static nn_status checkpoint_put_facts(nn_store_image *image, const nn_checkpoint_parts *parts)
{
    char text[64];
    const nn_model *model = parts->stepper->model;
    snprintf(text, sizeof text, "%016" PRIx64,
             nn_network_fingerprint(model->network, nn_checkpoint_weights(parts)));
    NN_TRY(nn_store_image_put_attribute(image, "fingerprint", text));
    NN_TRY(nn_store_image_put_attribute(image, "format", "nntrain checkpoint 1"));
    NN_TRY(nn_store_image_put_attribute(image, "version", NN_VERSION));
    NN_TRY(nn_store_image_put_attribute(image, "precision", nn_model_precision(model)));
    NN_TRY(nn_store_image_put_attribute(image, NN_MODEL_ENGINE, nn_engine_name(model->network->engine)));
    NN_TRY(nn_store_image_put_attribute(image, "data_folder", parts->data_folder));
    const nn_best_rule *first = parts->bests->items;
    NN_TRY(nn_store_image_put_attribute(image, "best_figure", first->name));
    NN_TRY(nn_store_image_put_attribute(image, "best_order", first->higher_is_better ? "higher" : "lower"));
    NN_TRY(checkpoint_put_best_names(image, parts->bests));
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
    return nn_model_put(model, image);
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

/* Bytes of the file, and a little more than its other contents need as a rule. */
static size_t checkpoint_expected(const nn_stepper *stepper)
{
    size_t vector = (size_t)stepper->model->network->value_count * nn_scalar_size(stepper->scalar);
    return (size_t)(1 + stepper->update->state_count) * vector + CHECKPOINT_SLACK;
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
    if (writes && status == NN_OK) {
        nn_store_image_expect(image, checkpoint_expected(parts->stepper));
        status = checkpoint_put_all(image, parts);
    }
    if (writes && status == NN_OK)
        status = nn_model_put_values(parts->stepper->model, image, "weights", nn_checkpoint_weights(parts));
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

nn_status nn_checkpoint_build_main(const nn_checkpoint_parts *parts, const nn_shards *shards,
                                   const nn_shard *list, const char *folder, void **bytes, size_t *size)
{
    nn_comm *comm = parts->stepper->comm;
    bool writes = nn_comm_rank(comm) == 0;
    nn_store_image *image = NULL;
    nn_status status = NN_OK;
    *bytes = NULL;
    if (writes) status = nn_store_image_create(&image);
    if (writes && status == NN_OK) status = checkpoint_put_all(image, parts);
    if (writes && status == NN_OK) status = nn_shards_put(parts, shards, list, folder, image);
    NN_TRY_TO(done, status, nn_comm_agree(comm, status));
    NN_TRY_TO(done, status, nn_carried_put(parts->stepper, image));
    if (writes) status = nn_store_image_seal(image, bytes, size);
    status = nn_comm_agree(comm, status);
done:
    nn_store_image_destroy(image);
    return status;
}
