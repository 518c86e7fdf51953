/* One line a layer. Included by registry.c with NN_LAYER defined. */
NN_LAYER(input)
NN_LAYER(dense)
NN_LAYER(activation)
NN_LAYER(dropout)
NN_LAYER(flatten)
NN_LAYER(embedding)
NN_LAYER(positional_encoding)
