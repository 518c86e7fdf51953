/* One line per initializer. Included with NN_INITIALIZER defined: by arithmetic.c for the objects, and where
 * options list the names. */
NN_INITIALIZER(he)
NN_INITIALIZER(xavier)
NN_INITIALIZER(orthogonal)
NN_INITIALIZER(zeros)
NN_INITIALIZER(ones)
NN_INITIALIZER(normal)
NN_INITIALIZER(uniform)
