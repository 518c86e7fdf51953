/* Words in options for numbers that depend on the data. They are read as markers before the data is opened,
 * and replaced when it is known. */
#ifndef NN_MODEL_SYMBOLS_H
#define NN_MODEL_SYMBOLS_H

#include "base/options.h"
#include "base/real.h"
#include "base/status.h"
#include "model/model.h"

/* "classes" and "same", with markers as values. */
extern const nn_symbol nn_unknown_symbols[];

/* Replaces "classes" by a number of classes: in an output layer that of its own target, elsewhere that of the
 * only target with classes. Fails, naming the layer, if there is none or several. */
nn_status nn_symbols_resolve(nn_network_spec *spec, const nn_head *heads, int head_count);

/* The keys common to all layers, such as name and inputs; those common to all composites; and those of
 * `repeat`. For help. */
const nn_option *nn_model_layer_options(void);
const nn_option *nn_model_composite_options(void);
const nn_option *nn_model_repeat_options(void);

#endif
