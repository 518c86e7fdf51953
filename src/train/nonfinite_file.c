/* A microbatch to a file and back. */
#include "train/nonfinite_file.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/memory.h"
#include "build.h"
#include "rundir/checkpoint.h"
#include "tensor/matrix.h"

#define PATH_SIZE 512
#define TARGETS "microbatch/targets"

/* The values of a model. */
static nn_store_type file_type(const nn_model *model)
{
    return model->scalar == NN_SCALAR_F64 ? NN_STORE_F64 : NN_STORE_F32;
}

/* Integers in a file, one dataset each. */
typedef struct file_number {
    const char *name;
    int64_t value;
} file_number;

enum {
    NUMBER_STEP,
    NUMBER_EPOCH,
    NUMBER_SAMPLES,
    NUMBER_FIRST_SAMPLE,
    NUMBER_BATCH_SAMPLES,
    NUMBER_BATCH_STEP,
    NUMBER_SEED,
    NUMBER_SOFT,
    NUMBER_WEIGHTED,
    NUMBER_KIND,
    NUMBER_INDEX,
    NUMBER_SAMPLE,
    NUMBERS
};

static void file_name_numbers(file_number numbers[NUMBERS])
{
    static const char *const names[NUMBERS] = {"step",
                                               "epoch",
                                               "microbatch/sample_count",
                                               "microbatch/place_in_batch",
                                               "microbatch/batch_samples",
                                               "microbatch/random_step",
                                               "microbatch/seed",
                                               "microbatch/has_soft_targets",
                                               "microbatch/has_weights",
                                               "found/kind",
                                               "found/layer_or_head",
                                               "found/sample_of_microbatch"};
    for (int i = 0; i < NUMBERS; i++) numbers[i] = (file_number){names[i], 0};
}

/* ---- writing ---- */

static nn_status file_put_numbers(nn_store_image *image, const nn_nonfinite_parts *parts,
                                  const nn_loaded *leaf)
{
    const nn_microbatch *microbatch = leaf->microbatch;
    file_number numbers[NUMBERS];
    int64_t one = 1, heads = parts->model->head_count;
    file_name_numbers(numbers);
    numbers[NUMBER_STEP].value = parts->step;
    numbers[NUMBER_EPOCH].value = parts->epoch;
    numbers[NUMBER_SAMPLES].value = microbatch->samples;
    numbers[NUMBER_FIRST_SAMPLE].value = microbatch->first_sample;
    numbers[NUMBER_BATCH_SAMPLES].value = microbatch->batch_samples;
    numbers[NUMBER_BATCH_STEP].value = microbatch->step;
    numbers[NUMBER_SEED].value = (int64_t)microbatch->seed;
    numbers[NUMBER_SOFT].value = leaf->soft;
    numbers[NUMBER_WEIGHTED].value = leaf->weighted;
    numbers[NUMBER_KIND].value = parts->found.kind;
    numbers[NUMBER_INDEX].value = parts->found.index;
    numbers[NUMBER_SAMPLE].value = parts->found.sample;
    for (int i = 0; i < NUMBERS; i++)
        NN_TRY(nn_store_image_put(image, numbers[i].name, NN_STORE_I64, 1, &one, &numbers[i].value));
    NN_TRY(nn_store_image_put(image, "microbatch_size", NN_STORE_I64, 1, &one, &parts->microbatch_size));
    return nn_store_image_put(image, "microbatch/denominators", NN_STORE_F64, 1, &heads, parts->denominators);
}

static nn_status file_put_facts(nn_store_image *image, const nn_nonfinite_parts *parts)
{
    char text[64];
    snprintf(text, sizeof text, "%016" PRIx64, nn_network_fingerprint(parts->model->network, parts->weights));
    NN_TRY(nn_store_image_put_attribute(image, "fingerprint", text));
    NN_TRY(nn_store_image_put_attribute(image, "format", NN_NONFINITE_FORMAT));
    NN_TRY(nn_store_image_put_attribute(image, "version", NN_VERSION));
    NN_TRY(nn_store_image_put_attribute(image, "precision", nn_model_precision(parts->model)));
    NN_TRY(nn_store_image_put_attribute(image, "kernels", nn_model_kernels(parts->model)));
    NN_TRY(
        nn_store_image_put_attribute(image, NN_MODEL_ENGINE, nn_engine_name(parts->model->network->engine)));
    return nn_store_image_put_attribute(image, "message", parts->message);
}

/* Values of a sample of a head's target: soft targets are as many as outputs. */
static int64_t file_target_count(const nn_model *model, int head, bool soft)
{
    return soft ? nn_head_output(model, head) : nn_shape_count(model->heads[head].target.shape);
}

static nn_status file_put_head(nn_store_image *image, const nn_model *model, const nn_loaded *leaf, int h)
{
    const nn_head *head = &model->heads[h];
    const nn_loaded_head *own = &leaf->heads[h];
    char path[PATH_SIZE];
    int64_t extents[2] = {leaf->microbatch->samples, nn_shape_count(head->target.shape)};
    snprintf(path, sizeof path, TARGETS "/%s/labels", head->name);
    if (head->target.is_class) NN_TRY(nn_store_image_put(image, path, NN_STORE_I64, 2, extents, own->labels));
    snprintf(path, sizeof path, TARGETS "/%s/values", head->name);
    extents[1] = file_target_count(model, h, leaf->soft);
    if (!head->target.is_class || leaf->soft)
        NN_TRY(nn_store_image_put(image, path, file_type(model), 2, extents, own->targets));
    if (!leaf->weighted) return NN_OK;
    snprintf(path, sizeof path, TARGETS "/%s/weights", head->name);
    extents[1] = head->rows;
    return nn_store_image_put(image, path, file_type(model), 2, extents, own->weights);
}

/* The numbers of the samples in the training part, and their rows there. */
static nn_status file_put_samples(nn_store_image *image, const nn_nonfinite_parts *parts,
                                  const nn_loaded *leaf)
{
    int64_t count = leaf->microbatch->samples, *rows = NULL;
    const char *path;
    NN_TRY(nn_store_image_put(image, "microbatch/samples", NN_STORE_I64, 1, &count, leaf->samples));
    NN_TRY(NN_ALLOCATE(&rows, count, "the rows of a microbatch"));
    for (int64_t i = 0; i < count; i++)
        nn_dataset_locate(parts->data, NN_TRAIN, leaf->samples[i], &path, &rows[i]);
    nn_status status = nn_store_image_put(image, "microbatch/rows", NN_STORE_I64, 1, &count, rows);
    nn_free(rows);
    return status;
}

static nn_status file_put_microbatch(nn_store_image *image, const nn_nonfinite_parts *parts,
                                     const nn_loaded *leaf)
{
    const nn_microbatch *microbatch = leaf->microbatch;
    nn_shape shape = parts->model->input.shape;
    int64_t extents[NN_MAX_DIMENSIONS + 1] = {microbatch->samples};
    int64_t carried = microbatch->capacity * parts->model->network->carried_values;
    for (int d = 0; d < shape.dimensions; d++) extents[d + 1] = shape.extents[d];
    NN_TRY(nn_store_image_put(image, "microbatch/inputs", file_type(parts->model), shape.dimensions + 1,
                              extents, microbatch->outputs[0]));
    NN_TRY(file_put_samples(image, parts, leaf));
    if (microbatch->lengths[0])
        NN_TRY(nn_store_image_put(image, "microbatch/lengths", NN_STORE_I64, 1, &microbatch->samples,
                                  microbatch->lengths[0]));
    if (microbatch->carried)
        NN_TRY(nn_store_image_put(image, "microbatch/carried", file_type(parts->model), 1, &carried,
                                  microbatch->carried));
    int64_t statistics = parts->model->network->statistics_values;
    if (statistics > 0)
        NN_TRY(nn_store_image_put(image, "microbatch/batch_statistics", NN_STORE_F64, 1, &statistics,
                                  microbatch->statistics));
    for (int h = 0; h < parts->model->head_count; h++) NN_TRY(file_put_head(image, parts->model, leaf, h));
    return NN_OK;
}

nn_status nn_nonfinite_build(const nn_nonfinite_parts *parts, const nn_loaded *leaf, void **bytes,
                             size_t *size)
{
    nn_store_image *image = NULL;
    nn_status status;
    *bytes = NULL;
    NN_TRY_TO(done, status, nn_store_image_create(&image));
    NN_TRY_TO(done, status, file_put_facts(image, parts));
    NN_TRY_TO(done, status, file_put_numbers(image, parts, leaf));
    NN_TRY_TO(done, status, file_put_microbatch(image, parts, leaf));
    NN_TRY_TO(done, status, nn_checkpoint_put_config(image, parts->config));
    NN_TRY_TO(done, status, nn_model_put(parts->model, image));
    NN_TRY_TO(done, status, nn_model_put_values(parts->model, image, "weights", parts->weights));
    status = nn_store_image_seal(image, bytes, size);
done:
    nn_store_image_destroy(image);
    return status;
}

/* ---- reading ---- */

static nn_status file_get_numbers(nn_store_file *file, file_number numbers[NUMBERS])
{
    file_name_numbers(numbers);
    for (int i = 0; i < NUMBERS; i++)
        NN_TRY(nn_store_read_verified(file, numbers[i].name, NN_STORE_I64, 1, &numbers[i].value));
    return NN_OK;
}

nn_loaded_needs nn_nonfinite_needs(nn_store_file *file)
{
    file_number numbers[NUMBERS];
    if (file_get_numbers(file, numbers) != NN_OK)
        return (nn_loaded_needs){0}; /* reading the rest reports it */
    return (nn_loaded_needs){.soft = numbers[NUMBER_SOFT].value != 0,
                             .weights = numbers[NUMBER_WEIGHTED].value != 0};
}

static nn_status file_get_head(nn_store_file *file, const nn_model *model, int h, nn_loaded *leaf)
{
    const nn_head *head = &model->heads[h];
    const nn_loaded_head *own = &leaf->heads[h];
    char path[PATH_SIZE];
    size_t samples = (size_t)leaf->microbatch->samples;
    snprintf(path, sizeof path, TARGETS "/%s/labels", head->name);
    if (head->target.is_class)
        NN_TRY(nn_store_read_verified(file, path, NN_STORE_I64,
                                      samples * (size_t)nn_shape_count(head->target.shape), own->labels));
    snprintf(path, sizeof path, TARGETS "/%s/values", head->name);
    if (!head->target.is_class || leaf->soft)
        NN_TRY(nn_store_read_verified(file, path, file_type(model),
                                      samples * (size_t)file_target_count(model, h, leaf->soft),
                                      own->targets));
    if (!leaf->weighted) return NN_OK;
    snprintf(path, sizeof path, TARGETS "/%s/weights", head->name);
    return nn_store_read_verified(file, path, file_type(model), samples * (size_t)head->rows, own->weights);
}

static nn_status file_take_numbers(nn_store_file *file, nn_loaded *leaf, nn_nonfinite_parts *parts)
{
    nn_microbatch *microbatch = leaf->microbatch;
    file_number numbers[NUMBERS];
    NN_TRY(file_get_numbers(file, numbers));
    if (numbers[NUMBER_SAMPLES].value < 1 || numbers[NUMBER_SAMPLES].value > microbatch->capacity)
        NN_FAIL(
            NN_ERROR_CHECKPOINT, "%s: %lld samples do not fit into a microbatch of %lld; use another file",
            nn_store_path(file), (long long)numbers[NUMBER_SAMPLES].value, (long long)microbatch->capacity);
    parts->step = numbers[NUMBER_STEP].value;
    parts->epoch = numbers[NUMBER_EPOCH].value;
    parts->found = (nn_found){(nn_found_kind)numbers[NUMBER_KIND].value, (int)numbers[NUMBER_INDEX].value,
                              numbers[NUMBER_SAMPLE].value};
    microbatch->samples = numbers[NUMBER_SAMPLES].value;
    microbatch->first_sample = numbers[NUMBER_FIRST_SAMPLE].value;
    microbatch->batch_samples = numbers[NUMBER_BATCH_SAMPLES].value;
    microbatch->step = (uint32_t)numbers[NUMBER_BATCH_STEP].value;
    microbatch->seed = (uint64_t)numbers[NUMBER_SEED].value;
    microbatch->training = true;
    leaf->soft = numbers[NUMBER_SOFT].value != 0;
    leaf->weighted = numbers[NUMBER_WEIGHTED].value != 0;
    return nn_store_read_verified(file, "microbatch/denominators", NN_STORE_F64,
                                  (size_t)parts->model->head_count, parts->denominators);
}

nn_status nn_nonfinite_get(nn_store_file *file, nn_loaded *leaf, nn_real *carried, double *statistics,
                           nn_nonfinite_parts *parts)
{
    const nn_model *model = parts->model;
    nn_microbatch *microbatch = leaf->microbatch;
    NN_TRY(file_take_numbers(file, leaf, parts));
    size_t samples = (size_t)microbatch->samples;
    NN_TRY(nn_store_read_verified(file, "microbatch/inputs", file_type(model),
                                  samples * (size_t)nn_shape_count(model->input.shape),
                                  microbatch->outputs[0]));
    NN_TRY(nn_store_read_verified(file, "microbatch/samples", NN_STORE_I64, samples, leaf->samples));
    if (microbatch->lengths[0])
        NN_TRY(nn_store_read_verified(file, "microbatch/lengths", NN_STORE_I64, samples,
                                      microbatch->lengths[0]));
    microbatch->carried = carried;
    if (carried)
        NN_TRY(nn_store_read_verified(file, "microbatch/carried", file_type(model),
                                      (size_t)(microbatch->capacity * model->network->carried_values),
                                      carried));
    microbatch->statistics = statistics;
    if (statistics)
        NN_TRY(nn_store_read_verified(file, "microbatch/batch_statistics", NN_STORE_F64,
                                      (size_t)model->network->statistics_values, statistics));
    for (int h = 0; h < model->head_count; h++) NN_TRY(file_get_head(file, model, h, leaf));
    nn_loaded_find_dominant(leaf, model);
    return NN_OK;
}
