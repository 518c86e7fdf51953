#include "train/trained_data.h"

#include <string.h>

#include "base/list.h"
#include "base/log.h"
#include "base/memory.h"
#include "settings/job.h"
#include "train/trained_sets.h"

/* The names of the parts' datasets as they are, and without the part's name. */
#define TRAINED_WAYS (2 * NN_PARTS)

/* What is found in the files, by rank 0. */
typedef struct trained_found {
    int way; /* -1: none has the inputs */
    int has_target[NN_DATA_FIELDS];
    int has_weights;
} trained_found;

const char *nn_trained_part_name(nn_part part)
{
    static const char *const names[NN_PARTS] = {"training", "validation", "test"};
    return names[part];
}

/* ---- names of datasets ---- */

/* The name without the part that it is of: x_test becomes x. */
static nn_status data_copy_name(const char *name, bool bare, char **copy)
{
    static const char *const endings[] = {"_train", "_validation", "_valid", "_val", "_test"};
    if (!name) return NN_OK;
    NN_TRY(nn_copy_text(name, copy));
    for (size_t i = 0; bare && i < sizeof endings / sizeof *endings; i++) {
        size_t length = strlen(*copy), tail = strlen(endings[i]);
        if (length <= tail || strcmp(*copy + length - tail, endings[i]) != 0) continue;
        (*copy)[length - tail] = '\0';
        break;
    }
    return NN_OK;
}

static nn_status data_copy_names(const nn_data_names *from, bool bare, nn_data_names *to)
{
    for (int i = 0; i < from->count; i++) {
        to->count = i + 1;
        NN_TRY(nn_copy_text(from->names[i], &to->names[i]));
        NN_TRY(data_copy_name(from->datasets[i], bare, &to->datasets[i]));
    }
    return NN_OK;
}

/* The datasets of way number `way`; none where the configuration has no such part. */
static nn_status data_way(const nn_trained *trained, nn_part wanted, int way, nn_part_options *part)
{
    static const nn_part order[] = {NN_TEST, NN_VALIDATION, NN_TRAIN};
    nn_part of = order[way % NN_PARTS];
    const nn_part_options *from = &trained->settings.data.parts[of];
    bool bare = way >= NN_PARTS;
    *part = (nn_part_options){0};
    if (wanted != NN_PARTS && of != wanted) return NN_OK;
    NN_TRY(data_copy_names(&from->x, bare, &part->x));
    NN_TRY(data_copy_names(&from->y, bare, &part->y));
    NN_TRY(data_copy_name(from->lengths, bare, &part->lengths));
    return data_copy_name(from->weights, bare, &part->weights);
}

/* ---- looking at the files ---- */

static int data_has_all(nn_store_file *file, const nn_data_names *names)
{
    for (int i = 0; i < names->count; i++)
        if (!nn_store_has_array(file, names->datasets[i])) return false;
    return names->count > 0;
}

/* Adds what a file lacks. */
static nn_status data_look_at(const char *path, const nn_part_options *part, bool first, bool *inputs,
                              trained_found *found)
{
    nn_store_file *file;
    NN_TRY(nn_store_open(path, &file));
    if (first) *inputs = data_has_all(file, &part->x);
    for (int t = 0; t < part->y.count; t++)
        found->has_target[t] =
            (first || found->has_target[t]) && nn_store_has_array(file, part->y.datasets[t]);
    found->has_weights =
        (first || found->has_weights) && part->weights && nn_store_has_array(file, part->weights);
    nn_store_close(file);
    return NN_OK;
}

static nn_status data_try(const nn_trained *trained, nn_part wanted, int way, const nn_text_list *files,
                          bool *inputs, trained_found *found)
{
    nn_part_options part;
    nn_status status = data_way(trained, wanted, way, &part);
    *inputs = false;
    for (size_t i = 0; i < files->count && status == NN_OK && part.x.count > 0 && (i == 0 || *inputs); i++)
        status = data_look_at(files->items[i], &part, i == 0, inputs, found);
    nn_part_options_release(&part);
    return status;
}

/* The first way with inputs and targets; otherwise the first with inputs. */
static nn_status data_find_way(const nn_trained *trained, nn_part wanted, const nn_text_list *files,
                               trained_found *found)
{
    found->way = -1;
    for (int way = 0; way < TRAINED_WAYS; way++) {
        trained_found here = {.way = way};
        bool inputs, targets = true;
        NN_TRY(data_try(trained, wanted, way, files, &inputs, &here));
        for (int t = 0; t < trained->settings.data.parts[NN_TRAIN].y.count; t++)
            targets &= here.has_target[t];
        if (inputs && (found->way < 0 || targets)) *found = here;
        if (inputs && targets) return NN_OK;
    }
    return NN_OK;
}

static nn_status data_find(nn_comm *comm, const nn_trained_request *request, const nn_trained *trained,
                           trained_found *found)
{
    nn_text_list files = {0};
    nn_status status = NN_OK;
    if (nn_comm_rank(comm) == 0) {
        status = nn_job_files_listed(request->files, &files);
        if (status == NN_OK) status = data_find_way(trained, request->part, &files, found);
        nn_list_release(&files);
    }
    NN_TRY(nn_comm_agree(comm, status));
    return nn_comm_broadcast(comm, found, sizeof *found, 0);
}

/* ---- the options ---- */

/* Without datasets of its own the part is left as the configuration names it: what is wrong is reported when
 * it is opened. */
static nn_status data_set(const nn_trained_request *request, const trained_found *found, nn_trained *trained)
{
    nn_data_options *options = &trained->settings.data;
    nn_part_options part;
    int way = found->way;
    for (int w = 0; way < 0; w++) { /* the first that is configured */
        NN_TRY(data_way(trained, request->part, w, &part));
        if (part.x.count > 0 || w == NN_PARTS - 1) way = w;
        nn_part_options_release(&part);
    }
    NN_TRY(data_way(trained, request->part, way, &part));
    if (part.x.count == 0) {
        nn_part_options_release(&part);
        NN_FAIL(NN_ERROR_USAGE, "%s: the run has no %s part; choose another one", trained->path,
                nn_trained_part_name(request->part));
    }
    if (part.weights && (request->predicts || (found->way >= 0 && !found->has_weights))) {
        if (!request->predicts)
            nn_log_line("%s: no dataset \"%s\": all samples have weight 1", request->files->items[0],
                        part.weights);
        nn_free(part.weights);
        part.weights = NULL;
    }
    for (int p = 0; p < NN_PARTS; p++) nn_part_options_release(&options->parts[p]);
    options->parts[NN_TEST] = part;
    return nn_data_options_set_files(options, request->files);
}

/* Settings that concern training only. */
static void data_forget_training(nn_data_options *options)
{
    nn_data_window_options *window = &options->window;
    /* The groups of a split that windows do not cross (data/stretches.h) are the same without it. */
    if (options->split.by == NN_SPLIT_BY_GROUP && window->length > 0 && !window->by) {
        window->by = options->split.group;
        options->split.group = NULL;
    }
    options->balanced = options->bucket_by_length = false;
    options->split.validation = options->split.test = 0;
    options->split.folds = options->split.fold = 0;
    options->split.stratified = false;
    options->split.by = NN_SPLIT_BY_SAMPLE;
}

/* ---- targets ---- */

/* Which heads have their target in the files; joined targets are there together or not at all. */
static void data_find_targets(const trained_found *found, nn_trained *trained)
{
    nn_data_names *y = &trained->settings.data.parts[NN_TEST].y;
    bool joined = trained->model->head_count == 1 && !trained->model->heads[0].given;
    for (int h = 0; h < trained->model->head_count; h++) {
        trained->has_target[h] = true;
        for (int t = 0; t < y->count; t++)
            if ((joined || strcmp(y->names[t], trained->model->heads[h].name) == 0) && !found->has_target[t])
                trained->has_target[h] = false;
    }
    /* One made-up target represents all that are joined. */
    for (; joined && !trained->has_target[0] && y->count > 1; y->count--) {
        nn_free(y->names[y->count - 1]);
        nn_free(y->datasets[y->count - 1]);
        y->names[y->count - 1] = y->datasets[y->count - 1] = NULL;
    }
}

static nn_status data_check_targets(const nn_trained_request *request, const nn_trained *trained)
{
    const nn_data_names *y = &trained->settings.data.parts[NN_TEST].y;
    for (int h = 0; h < trained->model->head_count; h++) {
        bool differs = trained->model->heads[h].target.transform == NN_TRANSFORM_DIFFERENCE;
        if (trained->has_target[h] || (request->predicts && !differs)) continue;
        const char *name = trained->model->heads[h].name, *dataset = y->datasets[0];
        for (int t = 0; t < y->count; t++)
            if (strcmp(y->names[t], name) == 0) dataset = y->datasets[t];
        if (differs)
            NN_FAIL(NN_ERROR_DATA,
                    "%s: has no dataset \"%s\", but the target '%s' is a difference to its last row seen: "
                    "add it",
                    request->files->items[0], dataset, name);
        NN_FAIL(NN_ERROR_DATA,
                "%s%s: has no dataset \"%s\" with the target '%s', against which predictions are evaluated; "
                "add it, or use `nntrain predict`, which needs no targets",
                request->files->items[0], request->files->count > 1 ? ", or another file" : "", dataset,
                name);
    }
    return NN_OK;
}

/* ---- opening ---- */

/* The steps of the first input, which sequences have that are stored with lengths of their own. */
static int64_t trained_steps(const nn_field *input)
{
    return input->part_count > 0 ? input->parts[0].shape.extents[0] : input->shape.extents[0];
}

static nn_status data_open(nn_comm *comm, const nn_trained_request *request, nn_trained *trained)
{
    const nn_model *model = trained->model;
    nn_known_target known[NN_MODEL_HEADS];
    nn_target_wanted wanted[NN_MODEL_HEADS];
    for (int h = 0; h < model->head_count; h++) {
        const nn_head *head = &model->heads[h];
        known[h] = (nn_known_target){&head->scaling, head->target.classes,
                                     trained->has_target[h] ? NULL : &head->target.shape};
        wanted[h] = (nn_target_wanted){.name = head->given,
                                       .classes = head->target.is_class,
                                       .exclusive = head->loss->domain.shares,
                                       .loss = head->loss->name,
                                       .domain = head->target.is_class ? NULL : &head->loss->domain};
    }
    int64_t indices[NN_DATA_FIELDS] = {model->input.classes};
    const nn_encoding *encodings[NN_DATA_FIELDS] = {&model->input.encoding};
    for (int p = 0; p < model->input.part_count && p < NN_DATA_FIELDS; p++)
        indices[p] = model->input.parts[p].classes;
    for (int p = 0; p < model->input.part_count && p < NN_DATA_FIELDS; p++)
        encodings[p] = &model->input.parts[p].encoding;
    bool lenient = request->files && request->predicts;
    const nn_data_known knowledge = {.input = &model->input_scaling,
                                     .targets = known,
                                     .steps = trained_steps(&model->input),
                                     .indices = indices,
                                     .encodings = encodings,
                                     .names = &model->names,
                                     .names_from = trained->path,
                                     .use = lenient ? NN_DATA_NAMES_OPEN : NN_DATA_NAMES_FIXED,
                                     .lenient = lenient};
    const nn_dataset_setup setup = {.scalar = trained->model->scalar,
                                    .directory = request->files ? "" : trained->folder,
                                    .seed = (uint64_t)trained->settings.training.seed,
                                    .wanted = wanted,
                                    .wanted_count = model->head_count,
                                    .known = &knowledge};
    return nn_dataset_open(comm, &trained->settings.data, &setup, &trained->data);
}

/* If only the test part is needed and has its own datasets, only it is opened; a split needs all data. */
static void data_take_test(nn_trained *trained)
{
    nn_data_options *options = &trained->settings.data;
    if (options->parts[NN_TEST].x.count == 0) return;
    nn_part_options_release(&options->parts[NN_TRAIN]);
    nn_part_options_release(&options->parts[NN_VALIDATION]);
    data_forget_training(options);
}

nn_status nn_trained_open_data(nn_comm *comm, const nn_trained_request *request, nn_trained *trained)
{
    trained_found found = {.way = -1};
    for (int h = 0; h < NN_MODEL_HEADS; h++) trained->has_target[h] = true;
    if (!request->files) {
        if (!request->every_part && (request->part == NN_TEST || request->part == NN_PARTS))
            data_take_test(trained);
        const nn_split_options *split = &trained->settings.data.split;
        bool splits = split->validation > 0 || split->test > 0 || split->folds > 0;
        if (splits) NN_TRY(nn_comm_agree(comm, nn_trained_check_split_sets(request->sets)));
        NN_TRY(data_open(comm, request, trained));
        return splits
                   ? nn_comm_agree(comm, nn_trained_check_rows(trained->path, trained->file, trained->data))
                   : NN_OK;
    }
    NN_TRY(data_find(comm, request, trained, &found));
    NN_TRY(nn_comm_agree(comm, data_set(request, &found, trained)));
    data_forget_training(&trained->settings.data);
    if (found.way >= 0) {
        data_find_targets(&found, trained);
        NN_TRY(nn_comm_agree(comm, data_check_targets(request, trained)));
    }
    return data_open(comm, request, trained);
}
