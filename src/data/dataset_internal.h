/* The inside of a data set. Private to data. */
#ifndef NN_DATA_DATASET_INTERNAL_H
#define NN_DATA_DATASET_INTERNAL_H

#include "data/dataset.h"
#include "data/node_memory.h"
#include "data/order.h"
#include "data/problems.h"
#include "data/ranges.h"
#include "data/split_parts.h"
#include "data/view.h"

typedef struct nn_data_arithmetic nn_data_arithmetic;
typedef struct nn_feed nn_feed;

/* A target: one array, or all of them joined. */
typedef struct nn_data_target {
    nn_field field;
    nn_scaling scaling; /* of its values; 0 columns: not normalised */
    bool as_it_is;      /* bounded, so that normalize: auto means none */
    bool counts;        /* the loss needs the class proportions */
    int first_view, view_count;
    int64_t values; /* values or labels per sample */
    int64_t prior_count;
    bool prior_known;
    double *prior;  /* one per class, or one per value */
    bool *weighted; /* per class: whether a training sample of positive weight has it; owned */
} nn_data_target;

struct nn_dataset {
    const nn_data_options *options;       /* borrowed */
    nn_scalar scalar;                     /* type of the values in the network, ... */
    const nn_data_arithmetic *arithmetic; /* ... and the functions that compute on them */
    nn_open_files open_files;
    nn_source sources[NN_PARTS];
    nn_source *first;   /* the first part given: it describes the fields */
    nn_names_set names; /* of the fields */
    bool streams;
    bool looks;                                /* checks all values before the first step */
    bool describes;                            /* does not read inputs: nn_dataset_describe */
    nn_range ranges[NN_PARTS][NN_DATA_FIELDS]; /* by view */
    unsigned reported_missing;                 /* one bit per field: missing values were reported */
    unsigned reported_rounded;                 /* the same: rounding was reported */
    bool lenient;                              /* every row is a sample: nn_data_known */
    unsigned reported_bad[NN_PARTS]; /* by part, as reported_missing: other bad values were reported */
    nn_node_memory memory, split_table, balance_table;
    nn_split_folds folds;
    nn_node_memory lengths[NN_PARTS]; /* of sequences, by sample: int32_t */
    nn_node_memory weights[NN_PARTS]; /* of samples: nn_real */
    nn_samples parts[NN_PARTS];
    nn_order order; /* of the train part */
    int view_count;
    nn_view views[NN_DATA_FIELDS];
    size_t raw_offsets[NN_DATA_FIELDS]; /* of each view in the raw bytes of a streamed sample */
    size_t raw_size;                    /* bytes of such a sample */
    int64_t input_values, target_values, label_values; /* per sample */
    nn_field input;                                    /* all inputs, joined */
    nn_scaling input_scaling;
    char *index_names[NN_DATA_FIELDS]; /* by input: the names of its indices, one per line; NULL: not known */
    int target_count;
    nn_data_target targets[NN_DATA_FIELDS];
    uint64_t seed, identity;
    nn_text identity_lines;
    nn_feed *feeds[NN_PARTS];
};

/* The number of columns that are normalised separately: features of rows and steps, channels of images. */
int64_t nn_fields_columns(const nn_dataset *dataset, const nn_view *view);

/* Fills in the order of the train part; nn_dataset_arrange completes it. */
void nn_dataset_make_order(nn_dataset *dataset);

/* For a data set that is only described: finds the largest label or index of every view that holds any, over
 * all parts, and reports the first bad one of each as a problem. Collective. */
nn_status nn_describe_labels(nn_comm *comm, nn_dataset *dataset, int64_t *largest, nn_problems *problems);

/* Reports the first unwritten value of each input and value target as a problem, unless options allow it.
 * Collective. */
nn_status nn_describe_gaps(nn_comm *comm, nn_dataset *dataset, nn_problems *problems);

/* As nn_split_parts, but a split by class does not read many labels: the parts have the right sizes and
 * memory, not the right samples. Collective. */
nn_status nn_describe_split(nn_comm *comm, nn_dataset *dataset);
/* Whether the training labels are few enough to be split and counted as training does it. */
bool nn_describe_counts_labels(const nn_dataset *dataset);

/* Whether, in spite of any problems, enough is known to describe a network for the data. */
bool nn_describe_suffices(const nn_dataset *dataset);

/* Sets equal class proportions where they were not counted. */
void nn_describe_prior(nn_dataset *dataset);

/* See nn_data_arithmetic.gather. */
void nn_gather_values(const nn_dataset *dataset, nn_part part, nn_data_span span, bool training,
                      const nn_gathered *gathered);

/* The transforms of an input. Borrowed. */
const nn_augment *nn_dataset_augment(const nn_dataset *dataset, const nn_view *view);

/* The classes of the only target that mixed samples have; 0: it has values. */
int64_t nn_dataset_mixed_classes(const nn_dataset *dataset);

/* Makes up samples of a described data set. */
void nn_describe_gather(const nn_dataset *dataset, nn_data_span span, const nn_gathered *gathered);

/* Fills in `prior` of the class targets; zeros without a train part, or where problems report bad labels.
 * Warns about classes without a sample. Collective; a described data set has one rank. */
nn_status nn_prior_measure(nn_comm *comm, nn_dataset *dataset, const nn_problems *problems);

/* Computes the identity of all given parts and stores it in the data set. Collective. */
nn_status nn_identity_hash(nn_comm *comm, nn_dataset *dataset);

/* The hash of one row of an array, the same for every element type; and whether a scan sums these hashes on
 * the way, the rows being too many to be read for this alone. */
uint64_t nn_identity_row(const nn_array *array, const unsigned char *raw, int64_t row);
bool nn_identity_is_scanned(const nn_array *array);

/* Hashes identity lines into a number, from the words that are known however the data is read. */
uint64_t nn_identity_number(const char *lines);

/* In a line, in place of a hash: not all rows were seen. And the room for a word, in bytes. */
#define NN_IDENTITY_UNKNOWN "-"
#define NN_IDENTITY_WORD 24

/* Creates the list of samples by class for balanced sampling. Collective. */
nn_status nn_balance_create(nn_comm *comm, nn_dataset *dataset);

/* Loads sequence lengths and sample weights of all parts that have them. Collective. */
nn_status nn_per_sample_load(nn_comm *comm, nn_dataset *dataset);

/* The length of a sample in steps; INT64_MAX if samples have no lengths. */
int64_t nn_dataset_length(const nn_dataset *dataset, nn_part part, int64_t sample);

/* ---- a thread that reads ahead ---- */

/* See nn_dataset_follow, nn_dataset_release and nn_dataset_status. */
nn_status nn_feed_create(nn_dataset *dataset, nn_part part, nn_data_schedule schedule, const void *context,
                         int64_t first, int64_t depth, bool inputs, nn_feed **feed);
void nn_feed_destroy(nn_feed *feed); /* accepts NULL */

/* Waits for a span and returns the raw bytes of its samples, raw_size each; borrowed until released. NULL if
 * the stream failed or ended. */
const unsigned char *nn_feed_find(nn_feed *feed, nn_data_span span);
void nn_feed_release(nn_feed *feed, int64_t index);
nn_status nn_feed_status(nn_feed *feed);
double nn_feed_waited(nn_feed *feed);

#endif
