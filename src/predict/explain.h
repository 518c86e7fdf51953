/* What an explanation is made of: private to the files explain_*.c. */
#ifndef NN_PREDICT_EXPLAIN_H
#define NN_PREDICT_EXPLAIN_H

#include "predict/predict.h"
#include "train/trained.h"

/* A network with the data that explains it. */
typedef struct nn_explain {
    nn_comm *comm;
    const nn_explanation *request;
    nn_trained trained;
} nn_explain;

/* The number of inputs, and input `index`, of the model. */
int nn_explain_inputs(const nn_model *model);
const nn_field *nn_explain_input(const nn_model *model, int index);

/* Appends the name of a column, an index along the last extent, of an input: that of the data, or "x_3"; "x"
 * where it is the only one. */
void nn_explain_append_column(const nn_model *model, int input, int64_t column, nn_text *text);

/* The units of a column of an input, "m s-1"; NULL: unknown. Borrowed. */
const char *nn_explain_units(const nn_model *model, int input, int64_t column);

/* Columns of an input: its last extent, or 1. */
int64_t nn_explain_columns(const nn_field *field);

/* Fails where the file to write must not be replaced. On rank 0 only. */
nn_status nn_explain_check_output(const nn_explain *explain);

/* Writes the derivatives of one output for one sample. On rank 0 only. */
nn_status nn_explain_gradient(nn_explain *explain);

/* How much worse the metric becomes when columns are permuted. Collective. */
nn_status nn_explain_permutation(nn_explain *explain);

#endif
