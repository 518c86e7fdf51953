/* The derivatives of one output for one sample: private to explain_gradient.c and explain_report.c. */
#ifndef NN_PREDICT_EXPLAIN_GRADIENT_H
#define NN_PREDICT_EXPLAIN_GRADIENT_H

#include "predict/explain.h"

/* By value of the sample's joined input. effect: derivative x (value - origin), where the origin is what
 * normalisation maps to 0. */
typedef struct nn_explained {
    int64_t count;
    double *values, *derivatives, *effects; /* owned */
    bool *padding;                          /* after the end of a sequence: not an input; owned */
    int head;
    int64_t output; /* number of the explained value among those of the head */
    double predicted;
} nn_explained;

/* Appends what is explained: "the probability of class cat of y", "mpg". */
void nn_explained_append_output(const nn_model *model, const nn_explained *explained, nn_text *text);

/* The input that value `i` of a joined sample belongs to; and appends its column and place: "open[3]". */
int nn_explained_input(const nn_model *model, int64_t i);
void nn_explained_append_input(const nn_model *model, int64_t i, nn_text *text);

/* Logs the largest effects. */
nn_status nn_explained_show(const nn_explain *explain, const nn_explained *explained);

/* Writes the file of the request, by the ending of its name. */
nn_status nn_explained_check_path(const char *path);
nn_status nn_explained_write(const nn_explain *explain, const nn_explained *explained);

#endif
