/* The names that files of predictions, and words about them, show. */
#ifndef NN_PREDICT_PREDICTION_NAMES_H
#define NN_PREDICT_PREDICTION_NAMES_H

#include "predict/predicted.h"

/* Appends the name of a class of a target, or its number. */
void nn_prediction_append_class(const nn_field *target, int64_t class, nn_text *text);

/* Appends what distinguishes value `value` of `values` of a head: its name in the data, or its number;
 * nothing for the only one. */
void nn_prediction_append_value(const nn_model *model, int head, int64_t value, nn_text *text);

/* Appends the name of a column: "row", "y", "y_predicted". */
void nn_prediction_append_column(const nn_predicted *predicted, const nn_predicted_column *column,
                                 nn_text *text);

/* The name of a column that says where a row is from. Borrowed. */
const char *nn_prediction_origin(const nn_predicted *predicted, nn_predicted_kind kind);

/* Fails: two columns of the table would have this name. */
nn_status nn_prediction_name_taken(const nn_predicted *predicted, const char *name);

/* The units of a value of a head, "m s-1"; NULL: unknown. Borrowed. */
const char *nn_prediction_units(const nn_model *model, int head, int64_t value);

/* "train", "validation", "test". Borrowed. */
const char *nn_prediction_part(int64_t part);

#endif
