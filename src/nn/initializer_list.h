/* One line per initialiser. Included by registry.c with NN_INITIALIZER defined. */
NN_INITIALIZER(he)
NN_INITIALIZER(xavier)
NN_INITIALIZER(orthogonal)
NN_INITIALIZER(zeros)
NN_INITIALIZER(ones)
NN_INITIALIZER(normal)
NN_INITIALIZER(uniform)
