/*
 * A model: a network with its heads (output, loss, target) and metrics, and the fields and normalisation of
 * its data. It is read from a configuration, saved in a checkpoint, and restored from a checkpoint alone.
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
#define NN_MODEL_ASKED 32                                      /* metrics of a configuration */
#define NN_MODEL_METRICS (NN_MODEL_ASKED + 3 * NN_MODEL_HEADS) /* and those that are added */

/* A loss, as given by the user. */
typedef struct nn_head_spec {
    char *name; /* owned: name of the target and of the output layer; NULL: all targets joined, and the last
                   layer */
    const nn_loss_type *loss;
    void *options; /* owned */
    double weight; /* factor on the loss */
} nn_head_spec;

enum { NN_METRIC_SHOWN = 1, NN_METRIC_TABLED };

/* A metric of a head. */
typedef struct nn_model_metric {
    const nn_metric_type *type;
    void *options; /* owned */
    int head;
    char *name; /* owned: "accuracy", or "label.accuracy" if there are several heads */
    int extra;  /* not requested; shown at the end of a run and by eval: NN_METRIC_SHOWN, or in tables alone:
                   NN_METRIC_TABLED; 0: requested */
} nn_model_metric;

/* The sections network, loss (or losses) and metrics, before the data is known. Zero-initialise. */
typedef struct nn_model_spec {
    nn_network_spec network;
    int head_count;
    nn_head_spec heads[NN_MODEL_HEADS];
    int metric_count;
    nn_model_metric metrics[NN_MODEL_ASKED];
    bool losses_are_sound; /* no problems were found in loss or losses */
} nn_model_spec;

/* Properties of the target of a head; all borrowed. */
typedef struct nn_model_target {
    const nn_field *field;
    const nn_scaling *scaling;
    const double *shares; /* of the classes in the training part, or the mean of each value; NULL: unknown */
    const double *class_weights; /* computed by an earlier run; NULL: to be computed */
} nn_model_target;

/* An output of the network with its target and loss. */
typedef struct nn_head {
    char *name;  /* owned: name of its target */
    char *given; /* owned: name in the section losses; NULL: the only head, from the section loss */
    int layer;   /* index of the output layer */
    const nn_loss_type *loss;
    void *loss_options;    /* owned */
    double weight;         /* factor on the loss */
    double *class_weights; /* owned, one per class; NULL: none */
    double *prior; /* owned: the shares of the classes in the training part, or the mean of each value,
                      normalised; NULL: unknown */
    int64_t prior_count;
    nn_field target;
    nn_scaling scaling;
    int64_t rows, columns; /* per sample, for the loss: rows > 1 if every step has a class */
    int64_t outputs;       /* of a target of values, evaluated separately by metrics; otherwise 1 */
} nn_head;

typedef struct nn_model {
    nn_scalar scalar; /* of weights and values */
    nn_network *network;
    bool has_lengths; /* samples are sequences of different length */
    int head_count;
    nn_head heads[NN_MODEL_HEADS];
    int metric_count;
    nn_model_metric metrics[NN_MODEL_METRICS];
    nn_field input;
    nn_scaling input_scaling;
    nn_names_set names; /* of the data: all inputs, then all targets; owned; set by the caller that builds the
                           model from data */
} nn_model;

/* Reads the sections; problems are collected in the configuration. Release the spec in any case. */
void nn_model_spec_read(nn_config *config, nn_scalar scalar, nn_model_spec *spec);
void nn_model_spec_release(nn_model_spec *spec);

/* Reads the sections loss, losses and metrics, and sets the network's outputs; and releases what they own. */
void nn_model_spec_read_heads(nn_config *config, nn_model_spec *spec);
void nn_model_spec_release_heads(nn_model_spec *spec);
void nn_model_metric_release(nn_model_metric *metric);

/* The keys common to all losses: weight. For help. */
const nn_option *nn_model_loss_options(void);

/* Builds the model for the given fields (names and scalings are copied; targets: one per head) and microbatch
 * size in samples. Takes the contents of the spec, also on failure. "classes" in the options of layers is
 * replaced by the target's number of classes. Returns an owned model. */
nn_status nn_model_create(nn_model_spec *spec, const nn_field *input, const nn_scaling *input_scaling,
                          const nn_model_target *targets, bool has_lengths, int64_t microbatch_size,
                          nn_model **model);
void nn_model_destroy(nn_model *model); /* accepts NULL */

/* Number of steps of a full-length sequence; with several inputs, of the first. */
int64_t nn_model_steps(const nn_model *model);

/* Appends the table of layers: output shape, parameters, MFLOP per sample, initializers. */
void nn_model_summary(const nn_model *model, nn_text *text);

/* Appends the network as it is computed, as a JSON object (nntrain help checkpoint-format): its inputs with
 * their normalisation, primitive layers after composites and repeats, with every option, and outputs. */
void nn_model_graph(const nn_model *model, nn_text *text);
#define NN_MODEL_GRAPH "graph" /* the dataset of a checkpoint that has it */

/* Fails unless the outputs fit the losses and metrics. */
nn_status nn_model_check(const nn_model *model);

/* Values per sample: of one head's output, and of all heads together. */
int64_t nn_head_output(const nn_model *model, int head);
int64_t nn_model_output_count(const nn_model *model);

/* Index of the metric with the given name, or -1. If there is one head, its name may precede the metric
 * ("y.rmse"). */
int nn_model_metric_index(const nn_model_metric *metrics, int count, int head_count, const char *head,
                          const char *name);

/* Whether the network's output must be converted to the target's own units. */
bool nn_head_has_units(const nn_head *head);

/* Number of class weights of a head that has them. */
int64_t nn_head_class_weights(const nn_loss_type *loss, const nn_field *target);

/* Whether output and target are values that metrics can compare, not logits of classes. */
bool nn_head_is_values(const nn_head *head);

/* Undoes the target's normalisation and logarithm for value `i` of a sample. A difference stays a difference.
 */
double nn_model_undo_value(const nn_head *head, int64_t i, double value);

/* The derivative of nn_model_undo_value with respect to the value. */
double nn_model_undo_slope(const nn_head *head, int64_t i, double value);

/* Writes fields, normalisation, class weights and names to an image. */
nn_status nn_model_put(const nn_model *model, nn_store_image *image);

/* Whether a checkpoint has the model's normalisation, bit for bit. */
nn_status nn_model_compare_scalings(const nn_model *model, nn_store_file *file, bool *same);

/* Builds the model that a checkpoint describes (configuration, fields, normalisation); owned by the caller.
 */
nn_status nn_model_get(nn_store_file *file, nn_scalar scalar, nn_model **model);

/* The same with other metrics: a YAML list; NULL: those of the run. */
nn_status nn_model_get_judged(nn_store_file *file, nn_scalar scalar, const char *metrics, nn_model **model);

/* The same, to predict with microbatches of *microbatch samples; 0: becomes the size of the run's. Products
 * are our own whatever computed the run's, so that the bits of a prediction depend on the inputs of its
 * sample and the weights alone: neither on its place, nor on other samples, nor on the CPU. */
nn_status nn_model_get_to_predict(nn_store_file *file, nn_scalar scalar, int64_t *microbatch,
                                  nn_model **model);

/* Writes a flat vector (weights, or a state vector of the optimizer) tensor by tensor as
 * GROUP/layer/parameter; and reads one back, verifying checksums. */
nn_status nn_model_put_values(const nn_model *model, nn_store_image *image, const char *group,
                              const nn_real *values);
nn_status nn_model_get_values(const nn_model *model, nn_store_file *file, const char *group, nn_real *values);

/* A checkpoint with averaged weights stores them in the group AVERAGE next to "weights" and has an attribute
 * of that name: predictions and results then use the average. Returns the group to use; and reads its
 * values. */
#define NN_MODEL_AVERAGE "average"
const char *nn_model_weights_group(nn_store_file *file);
nn_status nn_model_get_weights(const nn_model *model, nn_store_file *file, nn_real *weights);

/* Attribute of a checkpoint: the engine of its products, by nn_engine_name. */
#define NN_MODEL_ENGINE "engine"

/* What computes a model, for people: "mixed" or the name of its scalar; "portable" or the BLAS library and
 * its kernel set. Static or borrowed texts. */
const char *nn_model_precision(const nn_model *model);
const char *nn_model_kernels(const nn_model *model);

#endif
