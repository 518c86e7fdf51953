/* Words in options that stand for numbers of the data. They are read before the data is opened, as a mark,
 * and replaced when it is known. */
#ifndef NN_MODEL_SYMBOLS_H
#define NN_MODEL_SYMBOLS_H

#include "base/options.h"
#include "base/real.h"
#include "base/status.h"
#include "nn/network.h"

#define nn_unknown_symbols NN_REAL_SYMBOL(nn_unknown_symbols)
#define nn_symbols_resolve NN_REAL_SYMBOL(nn_symbols_resolve)
#define nn_layer_common_options NN_REAL_SYMBOL(nn_layer_common_options)
#define nn_repeat_options NN_REAL_SYMBOL(nn_repeat_options)

/* "classes" and "same", with marks for values. */
extern const nn_symbol nn_unknown_symbols[];

/* Puts the target's number of classes where "classes" was written; fails, naming the layer, where the target
 * has none. */
nn_status nn_symbols_resolve(nn_network_spec *spec, const nn_field *target);

/* The keys that every layer has beside its own, such as name and inputs; and those of `repeat`. For help. */
const nn_option *nn_layer_common_options(void);
const nn_option *nn_repeat_options(void);

#endif
