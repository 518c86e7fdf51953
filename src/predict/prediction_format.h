/* A format of predictions: one file prediction_NAME.c with one exported object, and one line in
 * prediction_formats.c. */
#ifndef NN_PREDICT_PREDICTION_FORMAT_H
#define NN_PREDICT_PREDICTION_FORMAT_H

#include "predict/predicted.h"

typedef struct nn_prediction_format {
    const char *ending; /* of file names: ".csv" */
    /* Adds all columns that the file can have (prediction_fields.h); `named`: some of them will be chosen. */
    nn_status (*list)(nn_predicted *predicted, bool named);
    /* Fails where the format cannot hold what is chosen of them. NULL: it can hold any. */
    nn_status (*check)(const nn_predicted *predicted, const char *path);
    /* Turns a block into the bytes that `write` takes, on any rank. NULL: it takes the block.
     * Incomplete where nn_predicted_is_stopped. */
    nn_status (*encode)(const nn_predicted *predicted, const nn_predicted_span *span, void *block,
                        nn_text *text);
    /* Whether an existing file is one of predictions (nn_output_kind; the context is `predicted`). */
    bool (*is)(const void *predicted, const char *path, const char *begin, size_t length);
    /* The file, on rank 0: creates it under a temporary name (*sink is the caller's), appends blocks in the
     * order of rows, and makes it complete. Until then nothing is left by `destroy`, which accepts NULL. */
    nn_status (*create)(const nn_predicted *predicted, const char *path, void **sink);
    nn_status (*write)(void *sink, int64_t rows, void *bytes, size_t size);
    nn_status (*commit)(void *sink);
    void (*destroy)(void *sink);
} nn_prediction_format;

/* The format that a file name ends in; NULL, and a failure, if there is none. */
nn_status nn_prediction_format_find(const char *path, const nn_prediction_format **format);

/* Logs the first rows of a block in words. */
void nn_prediction_explain(const nn_predicted *predicted, const nn_predicted_span *span, void *block,
                           int64_t count);

#endif
