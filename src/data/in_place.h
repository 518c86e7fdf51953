/*
 * A data set without files: samples that a program hands over, batch by batch. It is the train part; sample i
 * of a batch is sample i of the part, in this order. A sample is a record of raw values, as long for every
 * sample, which ranks can exchange as bytes. Values are kept in double precision whatever they were given as,
 * and converted when a microbatch is gathered, as those of a file are.
 */
#ifndef NN_DATA_IN_PLACE_H
#define NN_DATA_IN_PLACE_H

#include "data/dataset.h"
#include "store/store.h"

/* Opens the data set that options->in_place describes, for batches of up to `most` samples; what will be
 * measured is not normalised yet. Returns owned: nn_dataset_close. All problems are in one message.
 * Collective; all ranks get the same status. */
nn_status nn_in_place_open(nn_comm *comm, const nn_data_options *options, const nn_dataset_setup *setup,
                           int64_t most, nn_dataset **dataset);

/* An input or target, by its place in the configuration: its name, borrowed, its shape there, and whether it
 * has class labels. */
typedef struct nn_in_place_field {
    const char *name;
    const nn_shape *shape;
    bool label;
} nn_in_place_field;

int nn_in_place_count(const nn_dataset *dataset, bool inputs);
nn_in_place_field nn_in_place_find(const nn_dataset *dataset, bool input, int index);

/* With data.in_place.local samples have weights in any case, and a step may have copies of samples, after
 * those of each rank. Their weight is a negative zero: they add nothing to the loss, and metrics leave them
 * out. */
#define NN_IN_PLACE_COPY (-0.0)
bool nn_in_place_has_copies(const nn_dataset *dataset);

/* Bytes of a record. */
size_t nn_in_place_record(const nn_dataset *dataset);

/* Values of `samples` samples, one sample after another. */
typedef struct nn_in_place_values {
    const void *values;
    nn_store_type type;
} nn_in_place_values;

/* Writes the records of `samples` samples: one list per input, and per target, by their places in the
 * configuration; weights: NULL unless samples have them (with data.in_place.local each then has weight 1).
 * Fails at the first value that cannot be trained on, and names it. Not collective. */
nn_status nn_in_place_pack(const nn_dataset *dataset, int64_t samples, const nn_in_place_values *inputs,
                           const nn_in_place_values *targets, const nn_in_place_values *weights,
                           unsigned char *records);

/* From now on the part has `samples` samples, of which samples [first, first + count) can be gathered: their
 * records, which are borrowed. Not collective. */
nn_status nn_in_place_set(nn_dataset *dataset, int64_t samples, int64_t first, int64_t count,
                          unsigned char *records);

/* Whether normalisation is to be measured. */
bool nn_in_place_measures(const nn_dataset *dataset);

/* Measures the normalisation on all samples that are set, the same on all ranks: the scalings that
 * nn_dataset_input_scaling and nn_dataset_target_scaling return have other values afterwards. Collective. */
nn_status nn_in_place_measure(nn_comm *comm, nn_dataset *dataset);

/* Takes the normalisation from elsewhere: of the input, and one scaling per target. Not collective. */
nn_status nn_in_place_know(nn_dataset *dataset, const nn_scaling *input, const nn_scaling *const *targets);

#endif
