/* One line a loss. Included by registry.c with NN_LOSS defined. */
NN_LOSS(cross_entropy)
NN_LOSS(mse)
