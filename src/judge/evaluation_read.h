/* RUN_DIR/evaluation.h5 as it is read: `nntrain help results` describes it, judge/evaluation_file.h writes
 * it. */
#ifndef NN_JUDGE_EVALUATION_READ_H
#define NN_JUDGE_EVALUATION_READ_H

#include "base/list.h"
#include "judge/evaluation_file.h"

#define NN_EVALUATION_NAME 200 /* bytes of the name of a target that are in the file */

/* A target of the network. Everything is owned. */
typedef struct nn_evaluation_target {
    char *name;
    bool values;     /* otherwise classes */
    int64_t count;   /* of its outputs, or classes */
    char **names;    /* of these */
    char **units;    /* of outputs; "": none */
    double *counts;  /* count x 3: hits, support, predicted; NULL: not there, as are the next */
    double *matrix;  /* count x count: the confusion matrix, correct classes in rows */
    int64_t *labels; /* NN_PARTS x count: labels of each class by part; -1: not counted */
    double *bins;    /* bin_count x 3: rows, the fraction that is correct, mean probability */
    double *roc;     /* count x roc_count x 2: false and true positive rate */
    int64_t bin_count, roc_count;
    nn_shape output; /* of a sample, as the network has it; no dimensions: a single value, or unknown */
} nn_evaluation_target;

/* The ranges of the values of a field. Everything is owned. */
typedef struct nn_evaluation_range {
    char *name;
    char **names;              /* of the columns; NULL: they have none */
    int64_t columns;           /* as data/extremes.h counts them */
    double *least, *most;      /* NN_PARTS x columns; NaN: no value */
    int64_t *values, *missing; /* likewise */
    int64_t samples[NN_PARTS]; /* looked at */
} nn_evaluation_range;

/* What the network said of some samples. Everything is owned. */
typedef struct nn_evaluation_samples {
    int64_t count;
    int64_t *position, *file, *row;
    int64_t *target_row; /* of windows: the row of the target; NULL: unknown */
    int64_t horizon;     /* rows from the last row seen to it; 0: unknown */
    double *loss;
    struct {
        int64_t predicted_count, truth_count; /* values per sample */
        double *predicted, *truth;            /* count x these */
    } targets[NN_MODEL_HEADS];
    nn_shape input; /* of a sample of `inputs` */
    float *inputs;  /* in the units of the data; NULL: not kept */
} nn_evaluation_samples;

typedef struct nn_stored_evaluation {
    nn_stored_state state; /* what follows is there for intact and outdated files */
    char words[NN_EVALUATION_WORDS];
    char *part;    /* owned, as is all below */
    char *weights; /* "best" or "last" */
    char *fingerprint;
    int64_t epoch;
    int64_t samples; /* of the part */
    char **files;
    size_t file_count;
    char **parts; /* names; NULL: a file of an earlier version */
    size_t part_count;
    int64_t part_samples[NN_PARTS];
    int range_count;
    nn_evaluation_range ranges[NN_DATA_FIELDS]; /* in the order of their names */
    char *prompt, *written;                     /* a text that the network continued; NULL: none */
    int target_count;
    nn_evaluation_target targets[NN_MODEL_HEADS]; /* in the order of their names */
    nn_evaluation_samples sample, series, worst;  /* count 0: none are kept */
} nn_stored_evaluation;

/* Reads the file. One that is missing, damaged or of another run is a state; NN_ERROR_IO where the system
 * cannot read it, which says nothing about the file. Release in any case. */
nn_status nn_evaluation_read(const char *run_directory, const nn_stored_expected *expected,
                             nn_stored_evaluation *evaluation);
void nn_evaluation_release(nn_stored_evaluation *evaluation);

/* The index of a target; -1: there is none of this name. */
int nn_evaluation_find(const nn_stored_evaluation *evaluation, const char *name);

#endif
