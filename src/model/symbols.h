/* Words in options that stand for numbers of the data. They are read before the data is opened, as a mark,
 * and replaced when it is known. */
#ifndef NN_MODEL_SYMBOLS_H
#define NN_MODEL_SYMBOLS_H

#include "base/options.h"
#include "base/real.h"
#include "base/status.h"
#include "model/model.h"

/* "classes" and "same", with marks for values. */
extern const nn_symbol nn_unknown_symbols[];

/* Puts a target's number of classes where "classes" was written: in an output layer that of its own target,
 * elsewhere that of the only one that has classes. Fails, naming the layer, where there is none. */
nn_status nn_symbols_resolve(nn_network_spec *spec, const nn_head *heads, int head_count);

/* The keys that every layer has beside its own, such as name and inputs; those that every composite has; and
 * those of `repeat`. For help. */
const nn_option *nn_layer_common_options(void);
const nn_option *nn_composite_common_options(void);
const nn_option *nn_repeat_options(void);

#endif
