/* One line per learning-rate schedule. Included by schedules.c with NN_SCHEDULE defined. */
NN_SCHEDULE(constant)
NN_SCHEDULE(step)
NN_SCHEDULE(cosine)
NN_SCHEDULE(exponential)
NN_SCHEDULE(polynomial)
NN_SCHEDULE(one_cycle)
NN_SCHEDULE(reduce_on_plateau)
