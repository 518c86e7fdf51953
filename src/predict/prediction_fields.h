/*
 * The columns of a file of predictions, as the file has them: with a name each, in order, some or all of
 * those of the table.
 */
#ifndef NN_PREDICT_PREDICTION_FIELDS_H
#define NN_PREDICT_PREDICTION_FIELDS_H

#include "predict/predicted.h"

/* Adds a field that has cell `cell` of a column of the table, or all its cells (-1). */
nn_status nn_prediction_fields_add(nn_predicted *predicted, const char *name, int column, int64_t cell);

/* Adds a field for every column of the table, with the column's own name. */
nn_status nn_prediction_fields_add_all(nn_predicted *predicted);

/*
 * Keeps the fields that a list names, in its order; without a list, all. A text names a field, or all fields
 * of a column, or those of a kind ("row", "target", "class", ...); or several of these, separated by commas.
 * Fails for a name that is neither, and suggests another; and where two fields that are kept have the same
 * name, and one of them is where rows are from.
 */
nn_status nn_prediction_fields_choose(nn_predicted *predicted, const nn_text_list *names);

void nn_prediction_fields_release(nn_predicted *predicted);

#endif
