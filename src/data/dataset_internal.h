/* What the files of this folder know of a data set. */
#ifndef NN_DATA_DATASET_INTERNAL_H
#define NN_DATA_DATASET_INTERNAL_H

#include "data/node_memory.h"
#include "data/order.h"
#include "data/problems.h"
#include "data/ranges.h"
#include "data/split_parts.h"
#include "data/view.h"

typedef struct nn_feed nn_feed;

/* A target: one array or, joined, all of them. */
typedef struct nn_data_target {
    nn_field field;
    nn_scaling scaling; /* of its values; 0 columns: as they are */
    bool as_it_is;      /* bounded: normalize: auto means none */
    bool counts;        /* the loss needs the shares of the classes */
    int first_view, view_count;
    int64_t values; /* of a sample, or labels */
    int64_t prior_count;
    bool prior_known;
    double *prior;  /* one a class, or one a value */
    bool *weighted; /* of classes: whether a sample to train on that has a weight is of it; owned */
} nn_data_target;

struct nn_dataset {
    const nn_data_options *options; /* borrowed */
    nn_source sources[NN_PARTS];
    nn_source *first;   /* the first given one: what describes the fields */
    nn_names_set names; /* of its fields */
    bool streams;
    bool looks;                                /* at all values before the first step */
    bool describes;                            /* reads no inputs: nn_dataset_describe */
    nn_range ranges[NN_PARTS][NN_DATA_FIELDS]; /* by view */
    unsigned told_missing;       /* fields of which it was said that values are missing, by bit */
    unsigned told_rounded;       /* as told_missing, that they are rounded */
    bool lenient;                /* takes every row for a sample: nn_data_known */
    unsigned told_bad[NN_PARTS]; /* as told_missing, of anything else that is wrong with values, by source */
    nn_node_memory memory, split_table, balance_table;
    nn_node_memory lengths[NN_PARTS]; /* of sequences, by sample: int32_t */
    nn_node_memory weights[NN_PARTS]; /* of samples: nn_real */
    nn_samples parts[NN_PARTS];
    nn_order order; /* of the train part */
    int view_count;
    nn_view views[NN_DATA_FIELDS];
    size_t raw_offsets[NN_DATA_FIELDS]; /* of each view in the raw bytes of one sample, where they stream */
    size_t raw_size;                    /* of one sample */
    int64_t input_values, target_values, label_values; /* of a sample */
    nn_field input;                                    /* of all inputs, joined */
    nn_scaling input_scaling;
    char *index_names[NN_DATA_FIELDS]; /* by input: what its indices stand for, one a line; NULL: not known */
    int target_count;
    nn_data_target targets[NN_DATA_FIELDS];
    uint64_t seed, identity;
    nn_text identity_lines;
    nn_feed *feeds[NN_PARTS];
};

/* The order of the train part, to be arranged. */
void nn_dataset_make_order(nn_dataset *dataset);

/* Of a data set that is only described: the largest label, or index, of every view that holds some, over all
 * parts, and a bad one of each as a problem. Collective. */
nn_status nn_describe_labels(nn_comm *comm, nn_dataset *dataset, int64_t *largest, nn_problems *problems);

/* The first value of each input, or target of values, that was never written, as a problem, where it is one.
 * Collective. */
nn_status nn_describe_gaps(nn_comm *comm, nn_dataset *dataset, nn_problems *problems);

/* nn_split_parts, but by class without looking at the classes: as many samples, and as much memory, but not
 * the same samples. Collective. */
nn_status nn_describe_split(nn_comm *comm, nn_dataset *dataset);
/* Whether the labels for training are few enough to be split and counted as training does. */
bool nn_describe_counts_labels(const nn_dataset *dataset);

/* Whether it is known what a network for it looks like, whatever is wrong. */
bool nn_describe_suffices(const nn_dataset *dataset);

/* Equal shares of the classes, in place of counted ones. */
void nn_describe_prior(nn_dataset *dataset);

/* Makes up samples of a described data set. */
void nn_describe_gather(const nn_dataset *dataset, nn_data_span span, const nn_gathered *gathered);

/* Fills `prior` of the targets of classes; zeros without a train part, and where the problems have labels
 * that are none. Warns of classes that have no sample. Collective: of a data set that describes, on one rank.
 */
nn_status nn_prior_measure(nn_comm *comm, nn_dataset *dataset, const nn_problems *problems);

/* The identity of all given parts, into the data set. Collective. */
nn_status nn_identity_hash(nn_comm *comm, nn_dataset *dataset);

/* Of one row of an array, whatever its element type; and whether a scan adds those of all rows up, since they
 * are too many to be read for this alone. */
uint64_t nn_identity_row(const nn_array *array, const unsigned char *raw, int64_t row);
bool nn_identity_is_scanned(const nn_array *array);

/* From lines to a number: what is known however the data is read. */
uint64_t nn_identity_number(const char *lines);

/* In a line: a hash of rows that have not all been seen. And room for a word. */
#define NN_IDENTITY_UNKNOWN "-"
#define NN_IDENTITY_WORD 24

/* The list of samples by class, for balanced sampling. Collective. */
nn_status nn_balance_create(nn_comm *comm, nn_dataset *dataset);

/* The lengths of sequences, and the weights of samples, of all parts that have them. Collective. */
nn_status nn_per_sample_load(nn_comm *comm, nn_dataset *dataset);

/* The steps of a sample; INT64_MAX where samples are no sequences of lengths of their own. */
int64_t nn_dataset_length(const nn_dataset *dataset, nn_part part, int64_t sample);

/* ---- a thread that reads ahead ---- */

nn_status nn_feed_create(nn_dataset *dataset, nn_part part, nn_data_schedule schedule, const void *context,
                         int64_t first, int64_t depth, bool inputs, nn_feed **feed);
void nn_feed_destroy(nn_feed *feed); /* accepts NULL */

/* The raw bytes of the span's samples, raw_size each; waits for them. NULL where the stream failed or ended.
 */
const unsigned char *nn_feed_find(nn_feed *feed, nn_data_span span);
void nn_feed_release(nn_feed *feed, int64_t index);
nn_status nn_feed_status(nn_feed *feed);
double nn_feed_waited(nn_feed *feed);

#endif
