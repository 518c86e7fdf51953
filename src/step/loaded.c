/* Making and filling a loaded microbatch. */
#include "step/loaded.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "data/in_place.h"
#include "step/arithmetic.h"

/* ---- memory ---- */

/* Values, or labels, per sample, of all targets together. */
static int64_t loaded_target_count(const nn_model *model, bool classes)
{
    int64_t count = 0;
    for (int h = 0; h < model->head_count; h++)
        if (model->heads[h].target.is_class == classes) count += nn_shape_count(model->heads[h].target.shape);
    return count;
}

static bool loaded_has_weights(const nn_dataset *data)
{
    bool has = false;
    for (int p = 0; p < NN_PARTS; p++) has |= nn_dataset_has_weights(data, (nn_part)p);
    return has;
}

nn_loaded_needs nn_loaded_needs_of(const nn_model *model, const nn_dataset *data)
{
    return (nn_loaded_needs){.soft = nn_dataset_mixes(data) && model->heads[0].target.is_class,
                             .weights = loaded_has_weights(data),
                             .scratch = nn_dataset_scratch(data)};
}

/* Soft targets take the place of targets that are values. */
static int64_t loaded_value_count(const nn_model *model, const nn_loaded_needs *needs)
{
    return needs->soft ? nn_head_output(model, 0) : loaded_target_count(model, false);
}

/* Values that are compared in their own units; 0 where no metric does. */
static int64_t loaded_observed_count(const nn_model *model)
{
    bool any = false;
    for (int h = 0; h < model->head_count; h++) any |= nn_head_is_values(&model->heads[h]);
    return any ? loaded_target_count(model, false) : 0;
}

/* Whether row weights are not those of the samples. */
static bool loaded_spreads_weights(const nn_model *model, int h, bool has_weights)
{
    return model->heads[h].rows > 1 && has_weights;
}

size_t nn_loaded_memory(const nn_model *model, const nn_dataset *data, int64_t capacity)
{
    nn_loaded_needs needs = nn_loaded_needs_of(model, data);
    int64_t reals = loaded_value_count(model, &needs) + needs.scratch + needs.weights;
    int64_t integers = 1 + loaded_target_count(model, true), doubles = loaded_observed_count(model);
    for (int h = 0; h < model->head_count; h++) {
        const nn_head *head = &model->heads[h];
        int64_t count = nn_shape_count(head->target.shape);
        if (model->head_count > 1 && head->target.is_class) integers += count;
        if (head->target.shares) integers += head->rows;
        if (model->head_count > 1 && !head->target.is_class) reals += count;
        if (loaded_spreads_weights(model, h, needs.weights)) reals += head->rows;
        if (nn_head_is_values(head)) doubles += 2 * nn_head_output(model, h);
    }
    return nn_microbatch_memory(model->network, capacity, true) +
           (size_t)(capacity * integers) * sizeof(int64_t) + (size_t)(capacity * doubles) * sizeof(double) +
           (size_t)(capacity * reals) * nn_scalar_size(model->network->scalar);
}

/* A single head uses the gathered arrays themselves; each of several has arrays of its own. */
static nn_status loaded_create_head(const nn_model *model, const nn_loaded_needs *needs, int64_t capacity,
                                    int h, nn_loaded *loaded)
{
    const nn_head *head = &model->heads[h];
    nn_scalar scalar = model->network->scalar;
    nn_loaded_head *made = &loaded->heads[h];
    int64_t count = capacity * nn_shape_count(head->target.shape);
    if (model->head_count == 1) {
        made->labels = head->target.is_class ? loaded->labels : NULL;
        made->targets = loaded->targets;
    } else if (head->target.is_class) {
        NN_TRY(NN_ALLOCATE(&made->labels, count, "the labels of a microbatch"));
    } else {
        NN_TRY(NN_ALLOCATE_VALUES(scalar, &made->targets, count, "the targets of a microbatch"));
    }
    if (head->target.shares)
        NN_TRY(NN_ALLOCATE(&made->labels, capacity * head->rows, "the labels of a microbatch"));
    made->weights = loaded->weights;
    if (loaded_spreads_weights(model, h, needs->weights))
        NN_TRY(
            NN_ALLOCATE_VALUES(scalar, &made->weights, capacity * head->rows, "the weights of a microbatch"));
    if (!nn_head_is_values(head)) return NN_OK;
    int64_t outputs = capacity * nn_head_output(model, h);
    NN_TRY(NN_ALLOCATE(&made->predicted, outputs, "the output of a microbatch"));
    return NN_ALLOCATE(&made->observed, outputs, "the targets of a microbatch");
}

nn_status nn_loaded_create(const nn_model *model, const nn_loaded_needs *needs, int64_t capacity,
                           nn_loaded *loaded)
{
    nn_scalar scalar = model->network->scalar;
    NN_TRY(nn_microbatch_create(model->network, capacity, true, &loaded->microbatch));
    NN_TRY(NN_ALLOCATE(&loaded->samples, capacity, "a microbatch"));
    NN_TRY(NN_ALLOCATE(&loaded->labels, capacity * loaded_target_count(model, true), "a microbatch"));
    NN_TRY(NN_ALLOCATE_VALUES(scalar, &loaded->targets, capacity * loaded_value_count(model, needs),
                              "a microbatch"));
    int64_t observed = needs->bases ? loaded_target_count(model, false) : loaded_observed_count(model);
    if (observed > 0) NN_TRY(NN_ALLOCATE(&loaded->observed, capacity * observed, "a microbatch"));
    if (observed > 0 && needs->bases)
        NN_TRY(NN_ALLOCATE(&loaded->bases, capacity * observed, "a microbatch"));
    NN_TRY(NN_ALLOCATE_VALUES(scalar, &loaded->data_scratch, capacity * needs->scratch,
                              "the transforms of the data"));
    if (needs->weights) NN_TRY(NN_ALLOCATE_VALUES(scalar, &loaded->weights, capacity, "a microbatch"));
    loaded->head_count = model->head_count;
    for (int h = 0; h < model->head_count; h++) NN_TRY(loaded_create_head(model, needs, capacity, h, loaded));
    return NN_OK;
}

void nn_loaded_destroy(nn_loaded *loaded)
{
    for (int h = 0; h < loaded->head_count; h++) {
        nn_loaded_head *head = &loaded->heads[h];
        if (head->labels != loaded->labels) nn_free(head->labels);
        if (head->targets != loaded->targets) nn_free(head->targets);
        if (head->weights != loaded->weights) nn_free(head->weights);
        nn_free(head->predicted);
        nn_free(head->observed);
    }
    nn_microbatch_destroy(loaded->microbatch);
    nn_free(loaded->samples);
    nn_free(loaded->labels);
    nn_free(loaded->targets);
    nn_free(loaded->observed);
    nn_free(loaded->bases);
    nn_free(loaded->weights);
    nn_free(loaded->data_scratch);
}

/* ---- loading ---- */

/* The targets of a head in its own units. */
static void loaded_observe(nn_loaded *loaded, const nn_model *model, const nn_dataset *data, int h)
{
    const nn_head *head = &model->heads[h];
    double *observed = loaded->heads[h].observed;
    int64_t values = loaded_target_count(model, false), count = head->columns;
    for (int64_t i = 0; observed && i < loaded->microbatch->samples; i++)
        memcpy(observed + i * count, loaded->observed + i * values + nn_dataset_target(data, h)->begin,
               (size_t)count * sizeof *observed);
}

void nn_loaded_find_dominant(nn_loaded *loaded, const nn_model *model)
{
    nn_step_arithmetic_of(model->network->scalar)->find_dominant(loaded, model);
}

/* Distributes what was gathered to the heads. */
static void loaded_share_out(nn_loaded *loaded, const nn_model *model, const nn_dataset *data)
{
    nn_scalar scalar = model->network->scalar;
    int64_t labels = loaded_target_count(model, true), values = loaded_target_count(model, false);
    for (int h = 0; model->head_count > 1 && h < model->head_count; h++) {
        const nn_field *field = nn_dataset_target(data, h);
        int64_t count = nn_shape_count(field->shape);
        for (int64_t i = 0; i < loaded->microbatch->samples; i++)
            if (field->is_class)
                memcpy(loaded->heads[h].labels + i * count, loaded->labels + i * labels + field->begin,
                       (size_t)count * sizeof *loaded->labels);
            else
                memcpy(nn_scalar_at(scalar, loaded->heads[h].targets, (size_t)(i * count)),
                       nn_scalar_at(scalar, loaded->targets, (size_t)(i * values + field->begin)),
                       (size_t)count * nn_scalar_size(scalar));
    }
    nn_loaded_find_dominant(loaded, model);
    for (int h = 0; h < model->head_count; h++) loaded_observe(loaded, model, data, h);
    for (int h = 0; loaded->weighted && h < model->head_count; h++)
        for (int64_t r = 0; loaded_spreads_weights(model, h, loaded->weighted) &&
                            r < loaded->microbatch->samples * model->heads[h].rows;
             r++)
            memcpy(nn_scalar_at(scalar, loaded->heads[h].weights, (size_t)r),
                   nn_scalar_at(scalar, loaded->weights, (size_t)(r / model->heads[h].rows)),
                   nn_scalar_size(scalar));
}

static void loaded_whole_lengths(nn_loaded *loaded, const nn_model *model)
{
    for (int64_t i = 0; i < loaded->microbatch->samples; i++)
        loaded->microbatch->lengths[0][i] = nn_model_steps(model);
}

/* Sets what depends on the place alone. */
static void loaded_settle(nn_loaded *loaded, const nn_model *model, const nn_dataset *data,
                          const nn_loaded_place *place, bool inputs)
{
    nn_microbatch *microbatch = loaded->microbatch;
    microbatch->samples = place->range.end - place->range.begin;
    microbatch->first_sample = place->range.begin;
    microbatch->batch_samples = place->batch_samples;
    microbatch->seed = place->seed;
    microbatch->step = place->step;
    microbatch->statistics = place->statistics;
    microbatch->training = place->training;
    loaded->first_position = place->batch_first + place->range.begin;
    loaded->soft = place->training && inputs && nn_dataset_mixes(data) && model->heads[0].target.is_class;
    loaded->weighted = nn_dataset_has_weights(data, place->part);
}

/* Copies of samples that fill up a microbatch are at its end. */
static int64_t loaded_count_copies(const nn_loaded *loaded, const nn_model *model)
{
    int64_t samples = loaded->microbatch->samples, copies = 0;
    for (; copies < samples; copies++) {
        double weight = nn_scalar_get(model->scalar, loaded->weights, (size_t)(samples - 1 - copies));
        if (weight != 0 || !signbit(weight)) break;
    }
    return copies;
}

static void loaded_gather(nn_loaded *loaded, const nn_model *model, const nn_dataset *data,
                          const nn_loaded_place *place, nn_real *inputs)
{
    nn_microbatch *microbatch = loaded->microbatch;
    loaded_settle(loaded, model, data, place, inputs != NULL);
    bool has_lengths = nn_dataset_has_lengths(data, place->part);
    nn_gathered gathered = {.inputs = inputs,
                            .targets = loaded_target_count(model, false) > 0 ? loaded->targets : NULL,
                            .soft = loaded->soft ? loaded->targets : NULL,
                            .observed = loaded->observed,
                            .bases = loaded->bases,
                            .labels = loaded_target_count(model, true) > 0 ? loaded->labels : NULL,
                            .weights = loaded->weighted ? loaded->weights : NULL,
                            .lengths = has_lengths ? microbatch->lengths[0] : NULL,
                            .samples = loaded->samples,
                            .scratch = loaded->data_scratch};
    nn_data_span span = {place->epoch, loaded->first_position, microbatch->samples};
    nn_dataset_gather(data, place->part, span, place->training, &gathered);
    loaded->copies = nn_in_place_has_copies(data) && place->training ? loaded_count_copies(loaded, model) : 0;
    if (microbatch->lengths[0] && !has_lengths) loaded_whole_lengths(loaded, model);
    loaded_share_out(loaded, model, data);
}

void nn_loaded_fill(nn_loaded *loaded, const nn_model *model, const nn_dataset *data,
                    const nn_loaded_place *place, bool inputs)
{
    loaded_gather(loaded, model, data, place, inputs ? loaded->microbatch->outputs[0] : NULL);
}

/* ---- as bytes ---- */

typedef struct loaded_piece {
    void *bytes;
    size_t size;
} loaded_piece;

enum { LOADED_PIECES = 6 };

/* The arrays that filling writes. */
static void loaded_list_pieces(const nn_loaded *loaded, const nn_model *model, const nn_dataset *data,
                               loaded_piece pieces[LOADED_PIECES])
{
    const nn_microbatch *microbatch = loaded->microbatch;
    size_t capacity = (size_t)microbatch->capacity, value = nn_scalar_size(model->network->scalar),
           integer = sizeof(int64_t);
    size_t inputs = (size_t)nn_shape_count(model->network->layers[0].output_shape);
    nn_loaded_needs needs = nn_loaded_needs_of(model, data);
    pieces[0] = (loaded_piece){microbatch->outputs[0], capacity * inputs * value};
    pieces[1] = (loaded_piece){loaded->labels, capacity * (size_t)loaded_target_count(model, true) * integer};
    pieces[2] = (loaded_piece){loaded->targets, capacity * (size_t)loaded_value_count(model, &needs) * value};
    pieces[3] = (loaded_piece){loaded->weights, loaded->weights ? capacity * value : 0};
    pieces[4] = (loaded_piece){microbatch->lengths[0], microbatch->lengths[0] ? capacity * integer : 0};
    pieces[5] = (loaded_piece){loaded->observed,
                               capacity * (size_t)loaded_observed_count(model) * sizeof *loaded->observed};
}

size_t nn_loaded_packed_size(const nn_loaded *loaded, const nn_model *model, const nn_dataset *data)
{
    loaded_piece pieces[LOADED_PIECES];
    size_t size = 0;
    loaded_list_pieces(loaded, model, data, pieces);
    for (int i = 0; i < LOADED_PIECES; i++) size += pieces[i].size;
    return size;
}

void nn_loaded_pack(const nn_loaded *loaded, const nn_model *model, const nn_dataset *data, char *bytes)
{
    loaded_piece pieces[LOADED_PIECES];
    loaded_list_pieces(loaded, model, data, pieces);
    for (int i = 0; i < LOADED_PIECES; bytes += pieces[i++].size)
        if (pieces[i].size > 0) memcpy(bytes, pieces[i].bytes, pieces[i].size);
}

void nn_loaded_unpack(nn_loaded *loaded, const nn_model *model, const nn_dataset *data,
                      const nn_loaded_place *place, const char *bytes)
{
    loaded_piece pieces[LOADED_PIECES];
    loaded_settle(loaded, model, data, place, true);
    loaded_list_pieces(loaded, model, data, pieces);
    for (int i = 0; i < LOADED_PIECES; bytes += pieces[i++].size)
        if (pieces[i].size > 0) memcpy(pieces[i].bytes, bytes, pieces[i].size);
    loaded_share_out(loaded, model, data);
}
