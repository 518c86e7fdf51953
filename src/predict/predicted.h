/*
 * Predictions as a table: the columns that a model and its data give, and blocks of rows. In a block the
 * columns follow one another, each with the cells of all rows; so a block can be sent, and a column of it
 * written, as it is.
 */
#ifndef NN_PREDICT_PREDICTED_H
#define NN_PREDICT_PREDICTED_H

#include "predict/predict.h"
#include "predict/predicted_ids.h"
#include "step/loaded.h"

typedef enum nn_predicted_kind {
    /* Where a row is from. Integers but for NN_PREDICTED_TIME and NN_PREDICTED_ID: integer, double, or text
     * padded with NUL. */
    NN_PREDICTED_PART,   /* nn_part */
    NN_PREDICTED_FILE,   /* number in nn_predicted.files */
    NN_PREDICTED_ROW,    /* in the file; of a window: the last row seen */
    NN_PREDICTED_TARGET, /* of a window: the row whose value is predicted, which may not be there yet */
    NN_PREDICTED_TIME,   /* of a window: the value of a dataset at that row */
    NN_PREDICTED_ID,     /* the value of a dataset at NN_PREDICTED_ROW */
    /* Of a head. Labels and classes are integers from 0, -1: none; the others doubles, NaN: none. */
    NN_PREDICTED_LABEL,       /* the target's label, one per row of the head */
    NN_PREDICTED_CLASS,       /* the predicted one */
    NN_PREDICTED_PROBABILITY, /* of all classes, row after row of the head; or, as many as the head has rows:
                                 of the predicted class, for yes and no of yes */
    NN_PREDICTED_TRUTH,       /* the target's values, in their own units */
    NN_PREDICTED_VALUE,       /* the predicted ones; probabilities for targets that are not values */
    NN_PREDICTED_KINDS
} nn_predicted_kind;

typedef struct nn_predicted_column {
    nn_predicted_kind kind;
    int head;      /* -1: none */
    int64_t width; /* cells per row */
    size_t cell;   /* bytes per cell: 8, unless it is a text */
    size_t before; /* bytes per row of the columns before it */
} nn_predicted_column;

/* A column as a file has it: all cells of a column of the table (cell: -1), or one. */
typedef struct nn_predicted_field {
    char *name; /* owned */
    int column;
    int64_t cell;
    bool chosen; /* while fields are being chosen */
} nn_predicted_field;

#define NN_PREDICTED_COLUMNS (NN_PREDICTED_LABEL + NN_MODEL_HEADS * 3)

/* What one thread computes with. */
typedef struct nn_predicted_thread {
    nn_loaded leaf;
    nn_real *scratch;
    double *values;    /* of one sample */
    bool *bad;         /* of a microbatch: samples without a prediction */
    int64_t bad_count; /* of the part, so far */
    int64_t first_bad; /* -1: none */
} nn_predicted_thread;

nn_status nn_predicted_thread_create(const nn_trained *trained, nn_predicted_thread *thread);
void nn_predicted_thread_release(nn_predicted_thread *thread);

typedef struct nn_predicted {
    const nn_trained *trained;
    bool lenient;         /* a row of a file may hold anything */
    bool parts[NN_PARTS]; /* which are predicted */
    nn_predicted_id id, time;
    nn_predicted_ids ids, times;
    int column_count;
    nn_predicted_column columns[NN_PREDICTED_COLUMNS];
    size_t row_size; /* bytes of all columns per row */
    size_t field_count;
    nn_predicted_field *fields;  /* prediction_fields.h, which releases them */
    nn_text_list files;          /* of all predicted parts; owned */
    int *file_numbers[NN_PARTS]; /* of a part's files in that list; owned */
    int threads;
    nn_predicted_thread *each;         /* owned */
    nn_packed packed;                  /* the weights */
    const volatile sig_atomic_t *stop; /* non-zero: asks for a stop; NULL: none */
    int64_t bad_count;                 /* rows without a prediction, and the first of them; on this rank */
    nn_part bad_part;
    int64_t first_bad;
} nn_predicted;

/* What is wanted of the table. */
typedef struct nn_predicted_wants {
    bool lenient;
    bool parts[NN_PARTS];
    nn_predicted_id id, time;
    nn_probabilities probabilities;
    int threads;
} nn_predicted_wants;

/* Makes the columns, and what each thread computes with. Release in any case. */
nn_status nn_predicted_create(const nn_trained *trained, const nn_predicted_wants *wants,
                              nn_predicted *predicted);
void nn_predicted_release(nn_predicted *predicted);

/* The dataset whose values a column of kind NN_PREDICTED_TIME or NN_PREDICTED_ID has. Borrowed. */
const nn_predicted_id *nn_predicted_id_of(const nn_predicted *predicted, nn_predicted_kind kind);

/* The column of a kind, of a head or, for where rows are from, -1; NULL: there is none. Borrowed. */
const nn_predicted_column *nn_predicted_find(const nn_predicted *predicted, nn_predicted_kind kind, int head);

/* Whether a column of probabilities has only one for each row of the head. */
bool nn_predicted_is_single(const nn_predicted *predicted, const nn_predicted_column *column);

/* Rows of all predicted parts. */
int64_t nn_predicted_rows(const nn_predicted *predicted);

/* The shape of a column's cells for one row: that of the target; dimensions 0: one cell. */
nn_shape nn_predicted_shape(const nn_predicted *predicted, const nn_predicted_column *column);

/* The cells of a column, from row `row` of a block of `rows` rows on. */
static inline void *nn_predicted_cells(const nn_predicted_column *column, void *block, int64_t rows,
                                       int64_t row)
{
    return (char *)block + (size_t)rows * column->before + (size_t)(row * column->width) * column->cell;
}

/* Which microbatches of a part a block has: [first, end), of samples [sample, sample + rows). */
typedef struct nn_predicted_span {
    nn_part part;
    int64_t first, end;
    int64_t released; /* number of the first in what the data set follows */
    int64_t sample, rows;
} nn_predicted_span;

/* The span of microbatches [first, end), cut to those that the part has. */
nn_predicted_span nn_predicted_span_of(const nn_predicted *predicted, nn_part part, int64_t first,
                                       int64_t end);

/* Whether the flag asks for a stop; it then always does. */
bool nn_predicted_is_stopped(const nn_predicted *predicted);

/* Computes the rows of a span, on all threads. Fails if ids cannot be read. Incomplete where it is
 * stopped. */
nn_status nn_predicted_fill(nn_predicted *predicted, const nn_predicted_span *span, void *block);

#endif
