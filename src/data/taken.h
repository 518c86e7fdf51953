/* The values of a target that its loss takes. Private to data. */
#ifndef NN_DATA_TAKEN_H
#define NN_DATA_TAKEN_H

#include "base/real.h"
#include "base/shape.h"
#include "base/status.h"

typedef struct nn_taken {
    bool checked;         /* there is something to check */
    nn_domain domain;     /* of value x scale + offset */
    double scale, offset; /* as the configuration has them */
    int64_t classes;      /* values whose sum is 1; 0: none */
    const char *loss;     /* its name; borrowed */
} nn_taken;

/* What is to be checked of values that become value x scale + offset. */
nn_taken nn_taken_make(const nn_domain *domain, const char *loss, double scale, double offset,
                       int64_t classes);

/* The first of values [at, at + count) of a sample that the loss does not take, or the last one of shares
 * with another sum than 1; -1: there is none. NaN is left to the caller. *sum: of the shares so far, kept
 * from block to block. */
int64_t nn_taken_find(const nn_taken *taken, int64_t at, int64_t count, const double *values, double *sum);

/* Says what is wrong with a value, or with a sum (of shares). sample, column: for the message. key: of the
 * field. */
nn_status nn_taken_fail(const nn_taken *taken, const char *key, int64_t sample, int64_t column, double value,
                        double sum);

#endif
