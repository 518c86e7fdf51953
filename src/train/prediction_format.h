/* A format of predictions: one file prediction_NAME.c with one exported object, and one line in
 * prediction_formats.c. */
#ifndef NN_TRAIN_PREDICTION_FORMAT_H
#define NN_TRAIN_PREDICTION_FORMAT_H

#include "train/predicted.h"

typedef struct nn_prediction_format {
    const char *ending; /* of file names: ".csv" */
    /* Fails where the format cannot hold this table. NULL: it can hold any. */
    nn_status (*check)(const nn_predicted *predicted, const char *path);
    /* Turns a block into the bytes that `write` takes, on any rank. NULL: it takes the block. */
    nn_status (*encode)(const nn_predicted *predicted, const nn_predicted_span *span, void *block,
                        nn_text *text);
    /* The file, on rank 0: creates it under a temporary name (*sink is the caller's), appends blocks in the
     * order of rows, and makes it complete. Until then nothing is left by `destroy`, which accepts NULL. */
    nn_status (*create)(const nn_predicted *predicted, const char *path, void **sink);
    nn_status (*write)(void *sink, int64_t rows, void *bytes, size_t size);
    nn_status (*commit)(void *sink);
    void (*destroy)(void *sink);
} nn_prediction_format;

/* The format that a file name ends in; NULL, and a failure, if there is none. */
nn_status nn_prediction_format_find(const char *path, const nn_prediction_format **format);

/* Appends the name of a class of a target, or its number. */
void nn_prediction_append_class(const nn_field *target, int64_t class, nn_text *text);

/* Appends what distinguishes value `value` of `values` of a head: its name in the data, or its number;
 * nothing for the only one. */
void nn_prediction_append_value(const nn_model *model, int head, int64_t value, nn_text *text);

/* The name of a column that says where a row is from. Borrowed. */
const char *nn_prediction_origin(const nn_predicted *predicted, nn_predicted_kind kind);

/* Fails: two columns of the table would have this name. */
nn_status nn_prediction_name_taken(const nn_predicted *predicted, const char *name);

/* Logs the first rows of a block in words. */
void nn_prediction_explain(const nn_predicted *predicted, const nn_predicted_span *span, void *block,
                           int64_t count);

/* "train", "validation", "test". Borrowed. */
const char *nn_prediction_part(int64_t part);

#endif
