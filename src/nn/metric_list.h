/* One line a metric. Included by registry.c with NN_METRIC defined. */
NN_METRIC(accuracy)
NN_METRIC(mae)
NN_METRIC(rmse)
