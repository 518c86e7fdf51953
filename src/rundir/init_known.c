#include "rundir/init_known.h"

#include <stdio.h>
#include <string.h>

#include "base/list.h"
#include "base/log.h"
#include "base/memory.h"
#include "rundir/init_from.h"
#include "store/kept.h"

/* ---- the file ---- */

/* The newest checkpoint of this very run: its damage, if any, is reported when the run is resumed. */
static void known_find_own(const nn_job *job, char path[NN_PATH_SIZE], void **bytes, size_t *size)
{
    bool spoke = nn_log_enabled();
    if (job->fresh) return;
    nn_log_enable(false);
    if (nn_kept_newest(job->run_directory, path, bytes, size) != NN_OK) {
        nn_error_clear();
        nn_free(*bytes);
        *bytes = NULL;
    }
    nn_log_enable(spoke);
}

/* Rank 0 finds it, and all get its bytes. own: it is this run's. */
static nn_status known_read_bytes(nn_comm *comm, const nn_settings *settings, const char *folder,
                                  const nn_job *job, nn_init_known *known, int *own, void **bytes,
                                  size_t *size)
{
    char name[2 * NN_PATH_SIZE];
    nn_status status = NN_OK;
    *own = 0;
    if (nn_comm_rank(comm) == 0) {
        known_find_own(job, known->path, bytes, size);
        *own = *bytes != NULL;
        nn_init_name(&settings->init_from, folder, name);
        if (!*own) status = nn_kept_find(name, known->path, bytes, size);
        if (status != NN_OK) nn_fail_context(status, "init_from");
    }
    NN_TRY(nn_comm_agree(comm, status));
    NN_TRY(nn_comm_broadcast(comm, own, sizeof *own, 0));
    NN_TRY(nn_comm_broadcast(comm, size, sizeof *size, 0));
    NN_TRY(nn_comm_broadcast(comm, known->path, sizeof known->path, 0));
    if (nn_comm_rank(comm) != 0) status = nn_allocate(bytes, *size, 1, "a checkpoint");
    NN_TRY(nn_comm_agree(comm, status));
    return nn_comm_broadcast(comm, *bytes, *size, 0);
}

/* ---- what is kept ---- */

/* Values [begin, begin + count) of a scaling of all inputs. */
static nn_status known_cut(const nn_scaling *joined, int64_t begin, int64_t count, nn_scaling *scaling)
{
    if (joined->columns == 0) return NN_OK;
    const nn_scaling cut = {count, joined->scale + begin, joined->offset + begin};
    return nn_scaling_copy(&cut, scaling);
}

static nn_status known_add_inputs(nn_init_known *known)
{
    const nn_model *model = known->model;
    const nn_field *input = &model->input;
    for (int p = 0; p < input->part_count; p++) {
        nn_known_field *field = &known->fields[known->known.field_count++];
        *field = (nn_known_field){.key = input->parts[p].name, .input = true, .shape = input->parts[p].shape};
        NN_TRY(known_cut(&model->input_scaling, input->parts[p].begin, nn_shape_count(field->shape),
                         &field->scaling));
    }
    if (input->part_count > 0 || model->names.count == 0) return NN_OK;
    nn_known_field *field = &known->fields[known->known.field_count++];
    *field = (nn_known_field){.key = model->names.items[0].key, .input = true, .shape = input->shape};
    return nn_scaling_copy(&model->input_scaling, &field->scaling);
}

/* Whether the layer whose output is that of a head is newly initialised. */
static bool known_is_excluded(const nn_settings *settings, const nn_head *head)
{
    const nn_network_spec *network = &settings->model.network;
    const char *last = network->count > 0 ? network->layers[network->count - 1].name : NULL;
    const char *layer = head->given ? head->given : last;
    return layer && nn_list_find(&settings->init_from.exclude, layer) >= 0;
}

static nn_status known_add_targets(const nn_settings *settings, nn_init_known *known)
{
    const nn_model *model = known->model;
    int inputs = model->input.part_count > 0 ? model->input.part_count : 1;
    for (int h = 0; h < model->head_count && inputs + h < model->names.count; h++) {
        const nn_head *head = &model->heads[h];
        if (head->target.is_class || known_is_excluded(settings, head)) continue;
        nn_known_field *field = &known->fields[known->known.field_count++];
        *field = (nn_known_field){.key = model->names.items[inputs + h].key, .shape = head->target.shape};
        NN_TRY(nn_scaling_copy(&head->scaling, &field->scaling));
    }
    return NN_OK;
}

nn_status nn_init_known_read(nn_comm *comm, const nn_settings *settings, const char *folder,
                             const nn_job *job, nn_init_known *known)
{
    void *bytes = NULL;
    size_t size = 0;
    int own = 0;
    nn_store_file *file = NULL;
    nn_status status;
    *known = (nn_init_known){0};
    if (!settings->init_from.run) return NN_OK;
    NN_TRY_TO(done, status, known_read_bytes(comm, settings, folder, job, known, &own, &bytes, &size));
    status = nn_store_open_image(bytes, size, known->path, &file);
    if (status == NN_OK) status = nn_model_get(file, settings->model.network.scalar, &known->model);
    bool keeps = settings->init_from.normalization == NN_INIT_KEEP;
    if (status == NN_OK && keeps) status = known_add_inputs(known);
    if (status == NN_OK && keeps) status = known_add_targets(settings, known);
    if (status != NN_OK) nn_fail_context(status, "init_from");
    status = nn_comm_agree(comm, status);
    if (status != NN_OK) goto done;
    known->given = true;
    known->known.fields = known->fields;
    known->known.names = &known->model->names;
    known->known.names_from = known->path;
    known->known.use = NN_DATA_NAMES_BEGIN;
    known->known.narrow = settings->init_from.exclude.count > 0;
    known->known.silent = own;
done:
    nn_store_close(file);
    nn_free(bytes);
    return status;
}

void nn_init_known_release(nn_init_known *known)
{
    for (int f = 0; f < NN_DATA_FIELDS; f++) nn_scaling_release(&known->fields[f].scaling);
    nn_model_destroy(known->model);
    *known = (nn_init_known){0};
}
