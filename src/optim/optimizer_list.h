/* One line an optimizer. Included by registry.c with NN_OPTIMIZER defined. */
NN_OPTIMIZER(sgd)
NN_OPTIMIZER(adam)
NN_OPTIMIZER(adamw)
