/* One line a composite. Included by composites.c with NN_COMPOSITE defined. */
NN_COMPOSITE(glu)
