/* One line per composite. Included by composites.c with NN_COMPOSITE defined. */
NN_COMPOSITE(glu)
NN_COMPOSITE(transformer_block)
NN_COMPOSITE(residual_block)
