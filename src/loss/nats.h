/* Negative logarithms of the probabilities that correct classes are given, in nats: private to metrics. */
#ifndef NN_LOSS_NATS_H
#define NN_LOSS_NATS_H

#include "loss/metric.h"

/* Two sums: the nats, and the number of rows, or of answers to questions of yes or no, that count. */
int64_t nn_nats_width(const void *options, int64_t columns);
void nn_nats_accumulate(const void *options, const nn_loss_call *call, double *sums);

#endif
