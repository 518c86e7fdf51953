/* The arrays that a rank brings to a call: checked, and packed into records. */
#include <inttypes.h>
#include <stdio.h>

#include "base/memory.h"
#include "train/trainer.h"

static const nn_store_type arrays_types[] = {[NN_TRAINER_FLOAT] = NN_STORE_F32,
                                             [NN_TRAINER_DOUBLE] = NN_STORE_F64,
                                             [NN_TRAINER_INT32] = NN_STORE_I32,
                                             [NN_TRAINER_INT64] = NN_STORE_I64};
#define ARRAYS_TYPES (sizeof arrays_types / sizeof *arrays_types)

/* "32 x 4", of an array. */
static void arrays_show(const nn_trainer_array *array, nn_text *text)
{
    for (size_t d = 0; d < array->dimensions && d < NN_TRAINER_DIMENSIONS; d++)
        nn_text_append(text, "%s%zu", d > 0 ? " x " : "", array->extents[d]);
    if (array->dimensions == 0) nn_text_append(text, "a single number");
}

/* One number per sample may have an extent of 1 or none. */
static bool arrays_fits(const nn_trainer_array *array, size_t samples, const nn_shape *shape)
{
    int wanted = shape->dimensions;
    size_t given = array->dimensions;
    while (wanted > 0 && nn_shape_count(*shape) == 1) wanted--;
    if (given == 0 || array->extents[0] != samples) return false;
    if (nn_shape_count(*shape) == 1) {
        for (size_t d = 1; d < given; d++)
            if (array->extents[d] != 1) return false;
        return true;
    }
    if (given != (size_t)wanted + 1) return false;
    for (int d = 0; d < wanted; d++)
        if (array->extents[d + 1] != (size_t)shape->extents[d]) return false;
    return true;
}

static nn_status arrays_check(const char *kind, const char *name, const nn_trainer_array *array,
                              size_t samples, const nn_shape *shape)
{
    nn_text wanted = {0}, given = {0};
    if ((size_t)array->type >= ARRAYS_TYPES)
        NN_FAIL(NN_ERROR_USAGE,
                "%s %s: %d is not a type of arrays; pass NN_TRAINER_FLOAT, _DOUBLE, _INT32 or _INT64", kind,
                name, (int)array->type);
    if (array->dimensions > NN_TRAINER_DIMENSIONS)
        NN_FAIL(NN_ERROR_USAGE, "%s %s: the array has %zu dimensions; there are at most %d", kind, name,
                array->dimensions, NN_TRAINER_DIMENSIONS);
    if (arrays_fits(array, samples, shape)) {
        if (!array->values) NN_FAIL(NN_ERROR_USAGE, "%s %s: the values are NULL", kind, name);
        return NN_OK;
    }
    nn_text_append(&wanted, "%zu", samples);
    for (int d = 0; d < shape->dimensions; d++) nn_text_append(&wanted, " x %" PRId64, shape->extents[d]);
    arrays_show(array, &given);
    nn_status status =
        nn_fail(NN_ERROR_USAGE, "%s %s: the array is %s, but %zu samples of the configuration's shape are %s",
                kind, name, given.bytes ? given.bytes : "", samples, wanted.bytes ? wanted.bytes : "");
    nn_text_free(&wanted);
    nn_text_free(&given);
    return status;
}

/* Checks the arrays of all inputs, or targets. */
static nn_status arrays_take(const nn_trainer *trainer, bool input, size_t samples,
                             const nn_trainer_array *arrays, nn_in_place_values *values)
{
    const nn_dataset *data = trainer->run.data;
    const char *kind = input ? "input" : "target";
    int count = nn_in_place_count(data, input);
    if (!arrays) NN_FAIL(NN_ERROR_USAGE, "there are no %ss: pass an array for each of %d", kind, count);
    for (int i = 0; i < count; i++) {
        nn_in_place_field field = nn_in_place_find(data, input, i);
        NN_TRY(arrays_check(kind, field.name, &arrays[i], samples, field.shape));
        values[i] = (nn_in_place_values){arrays[i].values, arrays_types[arrays[i].type]};
    }
    return NN_OK;
}

static nn_status arrays_take_weights(const nn_trainer *trainer, size_t samples,
                                     const nn_trainer_array *weights, nn_in_place_values *values)
{
    const nn_shape number = {0};
    bool wanted = trainer->run.settings.data.in_place.weights;
    if (!weights && wanted)
        NN_FAIL(NN_ERROR_USAGE, "there are no weights: data.in_place.weights says that samples have them");
    if (weights && !wanted)
        NN_FAIL(
            NN_ERROR_USAGE,
            "weights were given: set data.in_place.weights: true for samples that have them, or pass NULL");
    if (!weights) return NN_OK;
    NN_TRY(arrays_check("the array of", "weights", weights, samples, &number));
    *values = (nn_in_place_values){weights->values, arrays_types[weights->type]};
    return NN_OK;
}

nn_status nn_trainer_pack(nn_trainer *trainer, size_t samples, const nn_trainer_array *inputs,
                          const nn_trainer_array *targets, const nn_trainer_array *weights)
{
    nn_in_place_values input[NN_DATA_FIELDS], target[NN_DATA_FIELDS], weight;
    const nn_dataset *data = trainer->run.data;
    nn_free(trainer->packed);
    trainer->packed = NULL;
    if (samples == 0) return NN_OK;
    NN_TRY(arrays_take(trainer, true, samples, inputs, input));
    NN_TRY(arrays_take(trainer, false, samples, targets, target));
    NN_TRY(arrays_take_weights(trainer, samples, weights, &weight));
    if (samples > INT64_MAX / nn_in_place_record(data))
        NN_FAIL(NN_ERROR_USAGE, "%zu samples do not fit into any memory; pass fewer", samples);
    NN_TRY(
        nn_allocate((void **)&trainer->packed, samples, nn_in_place_record(data), "samples of the program"));
    return nn_in_place_pack(data, (int64_t)samples, input, target, weights ? &weight : NULL, trainer->packed);
}
