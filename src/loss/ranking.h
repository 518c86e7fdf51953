/* How sure a network is of each class: private to metrics that compare the scores of all rows. */
#ifndef NN_LOSS_RANKING_H
#define NN_LOSS_RANKING_H

#include "loss/metric.h"

typedef struct nn_ranking_options {
    double memory;
    double specificity; /* of sensitivity alone */
} nn_ranking_options;

/* The row of `memory` in option tables. */
#define NN_RANKING_MEMORY                                                                                    \
    {                                                                                                        \
        "memory", NN_OPTION_REAL, offsetof(nn_ranking_options, memory), "1024", 1e-6, 1e9, NULL,             \
            NN_EFFECT_OUTPUT,                                                                                \
            "limit in MiB for the scores of one evaluation, on the first rank; a run that needs more is "    \
            "refused"                                                                                        \
    }
extern const nn_option nn_ranking_table[]; /* memory */

double nn_ranking_memory(const void *options);
int64_t nn_ranking_width(const void *options, int64_t columns);

/* Per row and column: the score, and 1 for yes, 0 for no, -1 for a row that does not count. One column of
 * labels, and each column of values, is a question of yes or no with its output as score; of two classes, the
 * second against the first; of more, each is compared with the rest by its log-probability. */
void nn_ranking_collect(const void *options, const nn_loss_call *call, nn_real *values);

/* A result of one column from its ties, in descending order of their score; not finite if undefined. */
typedef double nn_ranking_result(const void *options, int64_t count, const nn_ranking_tie *ties);

/* The mean of the result over the columns for which it is defined. by_class: of each class, NaN where it is
 * not defined; of two classes, the second has the result; may be NULL. */
nn_status nn_ranking_mean(const void *options, int64_t rows, int64_t width, const nn_real *values,
                          nn_ranking_result *result, double *mean, double *by_class);

#endif
