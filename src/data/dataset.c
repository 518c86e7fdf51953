/* Opening a data set, step by step; after each step all ranks agree. */
#include "data/dataset.h"

#include <string.h>

#include "base/hash.h"
#include "base/memory.h"
#include "data/check.h"
#include "data/internal.h"
#include "data/statistics.h"

enum { KIND_AUTO, KIND_CLASS, KIND_VALUE };

/* How a data set is opened. */
typedef struct dataset_request {
    const nn_data_options *options;
    const nn_data_known *known;
    bool labels;
} dataset_request;

/* What to do with the values of a field; none: nothing. */
static nn_normalize dataset_normalize(const dataset_request *request, int field)
{
    int chosen = field == NN_X ? request->options->input.normalize : request->options->target.normalize;
    if (field == NN_Y && request->labels) return NN_NORMALIZE_NONE;
    return chosen == NN_NORMALIZE_AUTO ? NN_NORMALIZE_STANDARDIZE : (nn_normalize)chosen;
}

static const nn_scaling *dataset_known_scaling(const dataset_request *request, int field)
{
    if (!request->known) return NULL;
    return field == NN_X ? request->known->input : request->known->target;
}

/* ---- what is wrong with the options ---- */

static nn_status dataset_check_train(const dataset_request *request)
{
    const nn_data_options *options = request->options;
    bool splits = options->split.validation > 0 || options->split.test > 0;
    bool measures =
        !request->known || !request->known->input || (!request->labels && !request->known->target);
    bool given = false;
    for (int p = 0; p < NN_PARTS; p++) given |= options->parts[p].x || options->parts[p].y;
    if (options->parts[NN_TRAIN].x || options->parts[NN_TRAIN].y || (!splits && !measures && given))
        return NN_OK;
    NN_FAIL(NN_ERROR_USAGE,
            "data.train: is missing; name its datasets, such as train: {x: x_train, y: y_train}");
}

static nn_status dataset_check_fields(const dataset_request *request)
{
    int normalize = request->options->target.normalize;
    if (request->options->input.kind != KIND_AUTO)
        NN_FAIL(NN_ERROR_USAGE, "data.fields.x.kind: only a target can be of a kind: leave it out");
    if (request->labels && normalize != NN_NORMALIZE_AUTO && normalize != NN_NORMALIZE_NONE)
        NN_FAIL(NN_ERROR_USAGE, "data.fields.y.normalize: class labels are not normalised: leave it out");
    return NN_OK;
}

/* ---- the steps ---- */

/* A file system may show one rank what another does not see yet. */
static nn_status dataset_check_same(nn_comm *comm, const nn_source *sources)
{
    int64_t seen[NN_PARTS][NN_ARRAYS][4];
    bool same = false;
    for (int p = 0; p < NN_PARTS; p++)
        for (int a = 0; a < NN_ARRAYS; a++) {
            const nn_array *array = &sources[p].arrays[a];
            const int64_t of_array[4] = {array->sound, array->rows, array->values, (int64_t)array->type};
            memcpy(seen[p][a], of_array, sizeof of_array);
        }
    NN_TRY(nn_comm_same(comm, nn_hash(seen, sizeof seen, 0), &same));
    if (!same)
        NN_FAIL(NN_ERROR_DATA,
                "the ranks see different data under the same path: put the file where all nodes "
                "see the same one, and do not write it meanwhile");
    return NN_OK;
}

/* All that is wrong is reported at once: what can be read is read and looked at, even if a part is lost. */
static nn_status dataset_read(nn_comm *comm, const dataset_request *request, const char *directory,
                              nn_dataset *dataset, int64_t *classes, nn_problems *problems)
{
    const nn_data_options *options = request->options;
    nn_source *sources = dataset->sources;
    nn_problems_collect(problems, dataset_check_train(request));
    nn_problems_collect(problems, dataset_check_fields(request));
    nn_sources_open(options, directory, request->labels, sources, problems);
    nn_split_check(&options->split, sources, request->labels, problems);
    nn_status same = dataset_check_same(comm, sources);
    if (same != NN_OK) {
        NN_TRY(nn_problems_report(comm, problems));
        return same;
    }
    NN_TRY(nn_memory_load(comm, sources, nn_split_table_rows(&options->split, sources), &dataset->memory));
    NN_TRY(nn_check_content(comm, sources, request->labels, classes, problems));
    return nn_problems_report(comm, problems);
}

static int64_t dataset_columns(nn_shape shape)
{
    bool has_columns = shape.dimensions == 1 || shape.dimensions == 3;
    return has_columns ? shape.extents[shape.dimensions - 1] : 1;
}

static nn_status dataset_create_scaling(int64_t columns, nn_scaling *scaling)
{
    scaling->columns = columns;
    NN_TRY(NN_ALLOCATE(&scaling->scale, columns, "the normalisation"));
    return NN_ALLOCATE(&scaling->offset, columns, "the normalisation");
}

static nn_status dataset_scale(nn_comm *comm, const dataset_request *request, int which, nn_dataset *dataset)
{
    nn_data_field *field = &dataset->fields[which];
    nn_scaling *scaling = &field->scaling;
    const nn_scaling *known = dataset_known_scaling(request, which);
    nn_normalize normalize = dataset_normalize(request, which);
    if (!known && normalize == NN_NORMALIZE_NONE) return NN_OK;
    int64_t columns = known ? known->columns : dataset_columns(field->field.shape);
    NN_TRY(nn_comm_agree(comm, dataset_create_scaling(columns, scaling)));
    if (known && columns > 0) {
        memcpy(scaling->scale, known->scale, (size_t)columns * sizeof *scaling->scale);
        memcpy(scaling->offset, known->offset, (size_t)columns * sizeof *scaling->offset);
    }
    if (!known) NN_TRY(nn_statistics_scaling(comm, &dataset->parts[NN_TRAIN], which, normalize, scaling));
    return nn_comm_agree(comm, nn_gather_prepare(field));
}

static void dataset_name_fields(const dataset_request *request, int64_t classes, nn_dataset *dataset)
{
    const nn_source *source = dataset->sources;
    while (!source->given) source++;
    dataset->fields[NN_X].field = (nn_field){.name = "x", .shape = source->arrays[NN_X].shape};
    dataset->fields[NN_Y].field = (nn_field){.name = "y", .shape = source->arrays[NN_Y].shape};
    if (request->labels)
        dataset->fields[NN_Y].field = (nn_field){.name = "y", .is_class = true, .classes = classes};
}

static nn_status dataset_fill(nn_comm *comm, const dataset_request *request, const char *directory,
                              nn_dataset *dataset)
{
    nn_problems problems = {0};
    int64_t classes = request->known ? request->known->classes : 0;
    nn_status status = dataset_read(comm, request, directory, dataset, &classes, &problems);
    nn_problems_release(&problems);
    NN_TRY(status);
    NN_TRY(nn_split_parts(comm, &request->options->split, dataset->seed, dataset->sources, classes,
                          &dataset->memory, dataset->parts));
    dataset_name_fields(request, classes, dataset);
    for (int f = 0; f < NN_ARRAYS; f++) NN_TRY(dataset_scale(comm, request, f, dataset));
    dataset->identity = nn_identity_hash(&dataset->sources[NN_TRAIN]);
    return nn_prior_measure(comm, dataset);
}

/* ---- the public functions ---- */

nn_status nn_dataset_open(nn_comm *comm, const nn_data_options *options, const char *directory, uint64_t seed,
                          bool for_class_loss, const nn_data_known *known, nn_dataset **dataset)
{
    nn_dataset *made;
    int kind = options->target.kind;
    dataset_request request = {.options = options, .known = known};
    request.labels = kind == KIND_CLASS || (kind == KIND_AUTO && for_class_loss);
    *dataset = NULL;
    nn_status status = nn_comm_agree(comm, NN_ALLOCATE(&made, 1, "a data set"));
    if (status == NN_OK) {
        made->seed = seed;
        status = dataset_fill(comm, &request, directory, made);
        nn_sources_close(made->sources);
    }
    if (status == NN_OK)
        *dataset = made;
    else
        nn_dataset_close(made);
    return status;
}

void nn_dataset_close(nn_dataset *dataset)
{
    if (!dataset) return;
    for (int f = 0; f < NN_ARRAYS; f++) {
        nn_free(dataset->fields[f].scaling.scale);
        nn_free(dataset->fields[f].scaling.offset);
        nn_gather_release(&dataset->fields[f]);
    }
    nn_memory_release(&dataset->memory);
    nn_free(dataset->prior);
    nn_free(dataset);
}

const nn_field *nn_dataset_input(const nn_dataset *dataset)
{
    return &dataset->fields[NN_X].field;
}

const nn_field *nn_dataset_target(const nn_dataset *dataset)
{
    return &dataset->fields[NN_Y].field;
}

const nn_scaling *nn_dataset_input_scaling(const nn_dataset *dataset)
{
    return &dataset->fields[NN_X].scaling;
}

const nn_scaling *nn_dataset_target_scaling(const nn_dataset *dataset)
{
    return &dataset->fields[NN_Y].scaling;
}

int64_t nn_dataset_count(const nn_dataset *dataset, nn_part part)
{
    return dataset->parts[part].count;
}

size_t nn_dataset_memory(const nn_dataset *dataset)
{
    return dataset->memory.on_node;
}
