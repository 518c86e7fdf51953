/*
 * Plug-ins: shared objects with layers, losses, metrics and transforms of a user's own, of the same types and
 * rules as those in nntrain: nn/layer.h, loss/loss.h, loss/metric.h, data/transform.h. A configuration names
 * them (`plugins: [FILE, ...]`).
 *
 * A source file of a plug-in is compiled twice, with NN_REAL_FLOAT and with NN_REAL_DOUBLE (base/real.h), and
 * both objects are linked into one shared object; nntrain_add_plugin of the CMake package does so. Everything
 * in it is static but what NN_PLUGIN defines: a name that several files share needs NN_REAL_SYMBOL. This is
 * the first header that it includes. It may call what the headers of this folder declare, and what they
 * declare per precision (tensor/kernels.h, tensor/matrix.h, nn/tangent.h) works as it does inside nntrain:
 * with the same bits on every machine. Functions of the C library such as exp do not (base/maths.h).
 *
 * nntrain calls all functions of a plug-in but build and check from several threads at once; they keep
 * nothing between calls and do not exit. Whether gradients are right: nntrain check --gradients CONFIG.
 */
#ifndef NN_PLUGIN_PLUGIN_H
#define NN_PLUGIN_PLUGIN_H

#include "plugin/exported.h"

#include "data/transform.h"
#include "loss/metric.h"
#include "nn/initializer.h"
#include "nn/layer.h"
#include "plugin/interface.h"

/* What a plug-in provides in one precision: NULL-terminated lists, with the same names in the same order in
 * both precisions. NULL: none. The first two members are what every version begins with. */
typedef struct nn_plugin {
    const char *interface; /* NN_PLUGIN_INTERFACE of the headers that it was compiled with */
    const char *version;   /* the version of nntrain that they are from */
    const nn_layer_type *const *layers;
    const nn_loss_type *const *losses;
    const nn_metric_type *const *metrics;
    const nn_transform_type *const *transforms;
} nn_plugin;

/* The names under which a shared object exports them. */
#define NN_PLUGIN_SYMBOL_F32 "nn_plugin_f32"
#define NN_PLUGIN_SYMBOL_F64 "nn_plugin_f64"

#if defined(__GNUC__)
#define NN_PLUGIN_EXPORT __attribute__((visibility("default")))
#else
#define NN_PLUGIN_EXPORT
#endif

/* Defines the plug-in, once: NN_PLUGIN(.layers = layers, .metrics = metrics) where
 * static const nn_layer_type *const layers[] = {&ramp, NULL}; */
#define NN_PLUGIN(...)                                                                                       \
    extern const nn_plugin NN_REAL_SYMBOL(nn_plugin);                                                        \
    NN_PLUGIN_EXPORT const nn_plugin NN_REAL_SYMBOL(nn_plugin) = {                                           \
        .interface = NN_PLUGIN_INTERFACE, .version = NN_PLUGIN_VERSION, __VA_ARGS__}

#endif
