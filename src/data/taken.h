/* Checks that the values of a target are those that its loss accepts. Private to data. */
#ifndef NN_DATA_TAKEN_H
#define NN_DATA_TAKEN_H

#include "base/real.h"
#include "base/shape.h"
#include "base/status.h"

typedef struct nn_taken {
    bool checked;         /* there is something to check */
    nn_domain domain;     /* of value x scale + offset */
    double scale, offset; /* as configured */
    int64_t classes;      /* this many values must sum to 1; 0: no such rule */
    const char *loss;     /* its name; borrowed */
    nn_scalar scalar;     /* type of the values in the network */
} nn_taken;

/* Makes the check for values that become value x scale + offset, of type `scalar`. */
nn_taken nn_taken_make(nn_scalar scalar, const nn_domain *domain, const char *loss, double scale,
                       double offset, int64_t classes);

/* The first of values [at, at + count) of a sample that the loss does not accept, or the last of proportions
 * that do not sum to 1; -1: none. NaN is left to the caller. *sum: of the proportions so far, carried from
 * block to block. */
int64_t nn_taken_find(const nn_taken *taken, int64_t at, int64_t count, const double *values, double *sum);

/* Fails with what is wrong with a value, or with the sum of proportions. sample, column and the field's key
 * are for the message. */
nn_status nn_taken_fail(const nn_taken *taken, const char *key, int64_t sample, int64_t column, double value,
                        double sum);

#endif
