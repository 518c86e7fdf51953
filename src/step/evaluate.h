/* Loss and metrics of a part of the data, and of the best constant guess. */
#ifndef NN_STEP_EVALUATE_H
#define NN_STEP_EVALUATE_H

#include "step/replaced.h"
#include "step/results.h"
#include "step/workers.h"

/* Which part of which data, and who evaluates it. */
typedef struct nn_evaluate_request {
    nn_comm *comm;
    nn_workers *workers;
    const nn_model *model;
    nn_dataset *data;
    nn_part part;
    int64_t microbatch_size;
    const nn_replaced *replaced;          /* an input that comes from other samples; NULL: none */
    const nn_evaluate_observer *observer; /* of weights, not of the baseline; NULL: none */
} nn_evaluate_request;

/* The results of a part with the given weights; the same bits on any number of ranks. Release them.
 * Collective. */
nn_status nn_evaluate_part(const nn_evaluate_request *request, const nn_real *weights, nn_results *results);

/* Fails where an output was not finite, and names the first. */
nn_status nn_evaluate_check(const nn_model *model, nn_part part, const nn_results *results);

/* Metrics of a constant guess: the shares of the classes (as class weights have them); the mean of the
 * training part whatever the loss (the geometric mean of a target learned as its logarithm); or the last
 * known value, for a target that is a difference. Sample weights do not change the guess. Release the
 * results. Collective. */
nn_status nn_evaluate_baseline(const nn_evaluate_request *request, nn_results *results);

/* Whether the constant guess of a head is the last known value; whether it is known, since otherwise the
 * results of that head mean nothing; and what it is, in words. */
bool nn_baseline_is_last(const nn_head *head);
bool nn_baseline_is_known(const nn_head *head);
const char *nn_baseline_name(const nn_head *head);

#endif
