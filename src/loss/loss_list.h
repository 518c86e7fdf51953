/* One line per loss. Included by arithmetic.c with NN_LOSS defined. */
NN_LOSS(cross_entropy)
NN_LOSS(binary_cross_entropy)
NN_LOSS(mse)
NN_LOSS(mae)
NN_LOSS(huber)
NN_LOSS(quantile)
