/*
 * A model: a network with its heads (an output, a loss, a target) and metrics, and with the fields and the
 * normalisation of its data. It is read from a configuration, written into a checkpoint, and made again from
 * a checkpoint alone.
 */
#ifndef NN_MODEL_MODEL_H
#define NN_MODEL_MODEL_H

#include "base/names.h"
#include "base/shape.h"
#include "config/config.h"
#include "loss/metric.h"
#include "nn/network.h"
#include "store/store.h"

#define NN_MODEL_HEADS 8
#define NN_MODEL_METRICS 32

/* A loss as the user wrote it. */
typedef struct nn_head_spec {
    char *
        name; /* owned: of the target and of the output layer; NULL: all targets joined, and the last layer */
    const nn_loss_type *loss;
    void *options; /* owned */
    double weight; /* factor on the loss */
} nn_head_spec;

/* A metric of a head. */
typedef struct nn_metric {
    const nn_metric_type *type;
    void *options; /* owned */
    int head;
    char *name; /* owned: "accuracy", or "label.accuracy" where there are several heads */
    bool extra; /* not asked for: shown at the end of a run and by eval, next to those that are */
} nn_metric;

/* What the sections network, loss (or losses) and metrics say, before the data is known. Zero-initialise. */
typedef struct nn_model_spec {
    nn_network_spec network;
    int head_count;
    nn_head_spec heads[NN_MODEL_HEADS];
    int metric_count;
    nn_metric metrics[NN_MODEL_METRICS];
} nn_model_spec;

/* What is known of the target of a head; borrowed. */
typedef struct nn_target_facts {
    const nn_field *field;
    const nn_scaling *scaling;
    const double
        *shares; /* of the classes in the training part, or the mean of each value; NULL: not known */
    const double *class_weights; /* those that an earlier run made of its shares; NULL: to be made */
} nn_target_facts;

/* An output of the network with its target and loss. */
typedef struct nn_head {
    char *name;  /* owned: of its target */
    char *given; /* owned: the name in the section losses; NULL: the only head, of the section loss */
    int layer;   /* whose output it is */
    const nn_loss_type *loss;
    void *loss_options;    /* owned */
    double weight;         /* factor on the loss */
    double *class_weights; /* owned, one a class; NULL: none */
    nn_field target;
    nn_scaling scaling;
    int64_t rows, columns; /* of a sample, for the loss: rows > 1 where there is a class at every step */
    int64_t outputs;       /* of a target of values, judged one by one; else 1 */
} nn_head;

typedef struct nn_model {
    nn_network *network;
    bool has_lengths; /* samples are sequences with lengths of their own */
    int head_count;
    nn_head heads[NN_MODEL_HEADS];
    int metric_count;
    nn_metric metrics[NN_MODEL_METRICS];
    nn_field input;
    nn_scaling input_scaling;
    nn_names_set
        names; /* of the data: of all inputs, then of all targets; owned; set by who makes it from data */
} nn_model;

/* Reads the sections; problems are collected in the configuration. Release it in any case. */
void nn_model_spec_read(nn_config *config, nn_model_spec *spec);
void nn_model_spec_release(nn_model_spec *spec);

/* The sections loss, losses and metrics; the outputs of the network follow. And what they own. */
void nn_model_spec_read_heads(nn_config *config, nn_model_spec *spec);
void nn_model_spec_release_heads(nn_model_spec *spec);
void nn_metric_release(nn_metric *metric);

/* The keys that every loss has beside its own: weight. For help. */
const nn_option *nn_loss_common_options(void);

/* Builds the model for the given fields (names and scalings are copied; targets: one a head) and a microbatch
 * of that many samples. Takes what is in the spec, also on failure. "classes" in the options of layers
 * becomes the target's. */
nn_status nn_model_create(nn_model_spec *spec, const nn_field *input, const nn_scaling *input_scaling,
                          const nn_target_facts *targets, bool has_lengths, int64_t microbatch_size,
                          nn_model **model);
void nn_model_destroy(nn_model *model); /* accepts NULL */

/* Steps of a sequence that is whole: of several inputs, those of the first, which lengths count. */
int64_t nn_model_steps(const nn_model *model);

/* The table of layers: output shapes, parameters, MFLOP per sample, and how weights begin. */
void nn_model_summary(const nn_model *model, nn_text *text);

/* Fails unless the outputs are what losses and metrics need. */
nn_status nn_model_check(const nn_model *model);

/* Values of a sample of a head's output, and of all heads together. */
int64_t nn_head_output(const nn_model *model, int head);
int64_t nn_model_output_count(const nn_model *model);

/* Index of the metric that a user calls so, or -1: where there is one head, its name may be in front
 * ("y.rmse"). */
int nn_metric_index(const nn_metric *metrics, int count, int head_count, const char *head, const char *name);

/* Whether the target is in other units than what the network computes. */
bool nn_head_has_units(const nn_head *head);

/* How many weights of classes a head has, where it has any. */
int64_t nn_head_class_weights(const nn_loss_type *loss, const nn_field *target);

/* Whether output and target are values in units that metrics can compare, not logits of classes. */
bool nn_head_is_values(const nn_head *head);

/* Undoes the target's normalisation and logarithm: values (whole samples) in the target's own units. A
 * difference stays one. */
void nn_model_undo(const nn_head *head, int64_t count, const nn_real *values, double *units);
double nn_model_undo_value(const nn_head *head, int64_t i, double value); /* value `i` of a sample */

/*
 * From a microbatch whose forward pass is done to what a user calls a prediction: class probabilities, or
 * values in the target's own units; in place in the output layer of each head. inputs: samples x input
 * values, as they were before normalisation: what a difference is added to.
 */
void nn_model_predict(const nn_model *model, nn_microbatch *microbatch, const float *inputs);

/* Writes fields, normalisation, weights of classes and names to an image. */
nn_status nn_model_put(const nn_model *model, nn_store_image *image);

/* Whether a checkpoint's normalisation is the model's, to the bit. */
nn_status nn_model_compare_scalings(const nn_model *model, nn_store_file *file, bool *same);

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
