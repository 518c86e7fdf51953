/*
 * A model: a network with its loss and metrics, and with the fields and the normalisation of its data. It is
 * read from a configuration, written into a checkpoint, and made again from a checkpoint alone.
 */
#ifndef NN_MODEL_MODEL_H
#define NN_MODEL_MODEL_H

#include "base/shape.h"
#include "config/config.h"
#include "nn/loss.h"
#include "nn/network.h"
#include "store/store.h"

#define nn_model_spec_read NN_REAL_SYMBOL(nn_model_spec_read)
#define nn_model_spec_release NN_REAL_SYMBOL(nn_model_spec_release)
#define nn_model_create NN_REAL_SYMBOL(nn_model_create)
#define nn_model_destroy NN_REAL_SYMBOL(nn_model_destroy)
#define nn_model_summary NN_REAL_SYMBOL(nn_model_summary)
#define nn_model_predict NN_REAL_SYMBOL(nn_model_predict)
#define nn_model_undo NN_REAL_SYMBOL(nn_model_undo)
#define nn_model_put NN_REAL_SYMBOL(nn_model_put)
#define nn_model_get NN_REAL_SYMBOL(nn_model_get)
#define nn_model_put_values NN_REAL_SYMBOL(nn_model_put_values)
#define nn_model_get_values NN_REAL_SYMBOL(nn_model_get_values)
#define nn_model_weights_group NN_REAL_SYMBOL(nn_model_weights_group)
#define nn_model_get_weights NN_REAL_SYMBOL(nn_model_get_weights)
#define nn_scaling_copy NN_REAL_SYMBOL(nn_scaling_copy)
#define nn_scaling_release NN_REAL_SYMBOL(nn_scaling_release)

#define NN_MODEL_METRICS 8

/* What the sections network, loss and metrics say, before the data is known. Zero-initialise. */
typedef struct nn_model_spec {
    nn_network_spec network;
    const nn_loss_type *loss;
    void *loss_options;
    int metric_count;
    const nn_metric_type *metrics[NN_MODEL_METRICS];
} nn_model_spec;

typedef struct nn_model {
    nn_network *network;
    const nn_loss_type *loss;
    void *loss_options;
    int metric_count;
    const nn_metric_type *metrics[NN_MODEL_METRICS];
    nn_field input, target;
    nn_scaling input_scaling, target_scaling;
} nn_model;

/* Reads the sections; problems are collected in the configuration. Release it in any case. */
void nn_model_spec_read(nn_config *config, nn_model_spec *spec);
void nn_model_spec_release(nn_model_spec *spec);

/* Builds the model for the given fields (names and scalings are copied) and a microbatch of that many
 * samples. Takes what is in the spec, also on failure. "classes" in the options of layers becomes the
 * target's. */
nn_status nn_model_create(nn_model_spec *spec, const nn_field *input, const nn_field *target,
                          const nn_scaling *input_scaling, const nn_scaling *target_scaling,
                          int64_t microbatch_size, nn_model **model);
void nn_model_destroy(nn_model *model); /* accepts NULL */

/* The table of layers, shapes, parameters and MFLOP per sample. */
void nn_model_summary(const nn_model *model, nn_text *text);

/* Undoes the target's normalisation and logarithm: values (whole samples) in the target's own units. A
 * difference stays one. In place where units is values. */
void nn_model_undo(const nn_model *model, int64_t count, const nn_real *values, nn_real *units);

/*
 * From a microbatch whose forward pass is done to what a user calls a prediction: class probabilities, or
 * values in the target's own units; in place in the last layer's output. inputs: samples x input values, as
 * they were before normalisation: what a difference is added to.
 */
void nn_model_predict(const nn_model *model, nn_microbatch *microbatch, const float *inputs);

/* Writes fields and normalisation to an image. */
nn_status nn_model_put(const nn_model *model, nn_store_image *image);

/* Makes the model that a checkpoint describes: its configuration, fields and normalisation. */
nn_status nn_model_get(nn_store_file *file, nn_model **model);

/* Writes a flat vector (weights, or one of the optimizer's state vectors) tensor by tensor as
 * GROUP/layer/parameter; and reads one back, verified. */
nn_status nn_model_put_values(const nn_model *model, nn_store_image *image, const char *group,
                              const nn_real *values);
nn_status nn_model_get_values(const nn_model *model, nn_store_file *file, const char *group, nn_real *values);

/* A checkpoint with an average of the weights has it as the group AVERAGE beside "weights", and says so in an
 * attribute of that name: predictions and figures are then of the average. The group that they are of; and
 * its values. */
#define NN_MODEL_AVERAGE "average"
const char *nn_model_weights_group(nn_store_file *file);
nn_status nn_model_get_weights(const nn_model *model, nn_store_file *file, nn_real *weights);

nn_status nn_scaling_copy(const nn_scaling *from, nn_scaling *to);
void nn_scaling_release(nn_scaling *scaling);

#endif
