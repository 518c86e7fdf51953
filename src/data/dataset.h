/*
 * The data of a run: parts (train, validation, test) of HDF5 files, their order and their normalisation. Raw
 * values stay in the type of the file, either in memory, one copy per node, or streamed, a few blocks per
 * rank; they are converted for the network when a microbatch is gathered. Where they are kept never changes a
 * bit.
 */
#ifndef NN_DATA_DATASET_H
#define NN_DATA_DATASET_H

#include <stdbool.h>
#include <stdint.h>

#include "base/names.h"
#include "base/real.h"
#include "base/shape.h"
#include "base/text.h"
#include "comm/comm.h"
#include "data/dataset_options.h"
#include "data/dataset_setup.h"

typedef struct nn_dataset nn_dataset;

/*
 * Opens all given parts, splits and checks them (lengths, types, shapes, missing values and Inf with the
 * first sample, labels that are negative or not integers, values that the loss does not accept, empty parts:
 * all problems in one message), and measures the normalisation: per column for one-dimensional samples and
 * windows, per feature for sequences (those with lengths, or with T in their layout), per channel (last
 * dimension) where samples have 3 dimensions, otherwise one for all values; variance 0 divides by 1. Reads
 * everything once: into memory or, for a stream, block by block. Several inputs are concatenated. Names of
 * columns, classes or categories in the files (base/names.h) are mapped by name: to the known ones, otherwise
 * to those of the first part's files. `setup->wanted` lists the targets in order: one without a name joins
 * all datasets of data.train.y; otherwise each is the dataset of that name in data.train.y, and every dataset
 * there must be wanted. Windows without data.train.y predict their inputs, as a target named y or unnamed.
 * The options are borrowed until the data set is closed. Returns owned: nn_dataset_close. Collective; all
 * ranks get the same status.
 */
nn_status nn_dataset_open(nn_comm *comm, const nn_data_options *options, const nn_dataset_setup *setup,
                          nn_dataset **dataset);

/*
 * As nn_dataset_open, to see what a run would do without reading inputs. What is read: the description of
 * every dataset, labels (and indices) where the number of classes depends on them, and what a split by class
 * or group, lengths and weights need. Nothing is normalised, and gathered samples are made up. Problems fail
 * in one message as above, but *dataset is still returned if what is known suffices to describe a network.
 */
nn_status nn_dataset_describe(nn_comm *comm, const nn_data_options *options, const nn_dataset_setup *setup,
                              nn_dataset **dataset);
void nn_dataset_close(nn_dataset *dataset); /* collective over the ranks of a node; accepts NULL */

/* The input (several are joined) and the targets, 0 to target_count - 1, with the scaling that normalises
 * them; the scaling of a class target has 0 columns. Borrowed. */
const nn_field *nn_dataset_input(const nn_dataset *dataset);
const nn_scaling *nn_dataset_input_scaling(const nn_dataset *dataset);
int nn_dataset_target_count(const nn_dataset *dataset);
const nn_field *nn_dataset_target(const nn_dataset *dataset, int target);
const nn_scaling *nn_dataset_target_scaling(const nn_dataset *dataset, int target);

/* Samples of a part; 0: no such part. */
int64_t nn_dataset_count(const nn_dataset *dataset, nn_part part);

/* Appends which fold the validation part is, and how many samples each has; nothing where there are none. */
void nn_dataset_show_folds(const nn_dataset *dataset, nn_text *text);

/* The names to which the numbers of every file are mapped: of all inputs, then of all targets. Borrowed. */
const nn_names_set *nn_dataset_names(const nn_dataset *dataset);

/* ---- the order ---- */

/* Sets how the train part is cut into batches, before anything below is called. Shuffled by blocks, a batch
 * has up to `lanes` lanes, and each lane draws from its own blocks: a rank computes the same share of every
 * batch, so it reads few blocks that others read too. */
nn_status nn_dataset_arrange(nn_dataset *dataset, int64_t batch_size, int64_t lanes);

/* The sample at `position` of epoch `epoch`. The train part is shuffled: a function of (seed, epoch,
 * position) and the options alone, without a table. The other parts, and epoch NN_DATA_IN_ORDER, are in the
 * order of the part. */
#define NN_DATA_IN_ORDER (-1)
int64_t nn_dataset_order(const nn_dataset *dataset, nn_part part, int64_t epoch, int64_t position);

/*
 * With data.shuffle: stateful: whether the sample at `position` of the train part continues the sample at the
 * same place of the previous batch, so that recurrent state is carried over. The part is cut into as many
 * stretches as a batch has samples, and sample i of every batch comes from stretch i. State is therefore
 * carried over except at the start of an epoch, where a stretch enters another file, and in the short last
 * batch, which holds what the stretches left over. Depends on the data and the options alone.
 */
bool nn_dataset_continues(const nn_dataset *dataset, int64_t epoch, int64_t position);

/* Rows that are in no part, because of missing: drop or on_bad_sample: skip. */
int64_t nn_dataset_left_out(const nn_dataset *dataset);

/* The row of the part's arrays that holds a sample or, for windows, its first row. */
int64_t nn_dataset_row(const nn_dataset *dataset, nn_part part, int64_t sample);

/* The file that holds this row, and the row's number within it, for messages. *path is borrowed. */
void nn_dataset_locate(const nn_dataset *dataset, nn_part part, int64_t sample, const char **path,
                       int64_t *row);

/* The files of a part, by number: the path of each (borrowed) and its rows; and the one that holds the first
 * row of a sample, whose number within the file is *row. */
int nn_dataset_file_count(const nn_dataset *dataset, nn_part part);
const char *nn_dataset_file(const nn_dataset *dataset, nn_part part, int file);
int64_t nn_dataset_file_rows(const nn_dataset *dataset, nn_part part, int file);
int nn_dataset_file_of(const nn_dataset *dataset, nn_part part, int64_t sample, int64_t *row);

/* For a lenient data set: whether rows of a sample could not be read when it was gathered, and whether a
 * target of its window lies beyond the end of the series. */
bool nn_dataset_is_unreadable(const nn_dataset *dataset, nn_part part, int64_t sample);
bool nn_dataset_is_beyond(const nn_dataset *dataset, nn_part part, int64_t sample, int target);

/* Whether value `at` of the joined input of a sample is padding, after the end of its sequence. */
bool nn_dataset_is_padding(const nn_dataset *dataset, nn_part part, int64_t sample, int64_t at);

/* ---- gathering ---- */

/* Successive positions in the order of an epoch, or of the part for NN_DATA_IN_ORDER. */
typedef struct nn_data_span {
    int64_t epoch, first, count;
} nn_data_span;

typedef struct nn_gathered {
    nn_real *inputs;  /* count x values per sample; NULL: not wanted */
    double *given;    /* count x values per sample: the inputs in their own units, before missing ones are
                       * replaced (NaN); may be NULL */
    nn_real *targets; /* count x values of all value targets; NaN: missing, with missing: mask; may be NULL */
    double *observed; /* the same in their own units, with the file's accuracy; may be NULL */
    double *bases;    /* with observed: the base of each value under transform: difference, where observed
                       * values are then not differences; may be NULL */
    int64_t *labels;  /* count x labels of all class targets; -1: ignored; may be NULL */
    nn_real *soft;    /* count x classes: soft targets, if nn_dataset_mixes classes; may be NULL */
    nn_real *weights; /* count: sample weights in the loss, if nn_dataset_has_weights; may be NULL */
    int64_t *lengths; /* count: steps of each sequence, if nn_dataset_has_lengths; may be NULL */
    int64_t *samples; /* count: sample numbers in the part; may be NULL unless nn_dataset_mixes */
    nn_real *scratch; /* room for count x nn_dataset_scratch values, if training is augmented */
} nn_gathered;

/* Gathers samples: normalised, and augmented when training. Re-entrant. Cannot fail: if a stream fails,
 * values are 0 and nn_dataset_status reports the failure. */
void nn_dataset_gather(const nn_dataset *dataset, nn_part part, nn_data_span span, bool training,
                       const nn_gathered *gathered);

/* Values of scratch that gathering needs per sample. */
int64_t nn_dataset_scratch(const nn_dataset *dataset);

/* Whether training mixes the samples of a microbatch with each other, so that targets are soft. */
bool nn_dataset_mixes(const nn_dataset *dataset);

/* Whether samples are sequences with lengths of their own. */
bool nn_dataset_has_lengths(const nn_dataset *dataset, nn_part part);

/* Whether samples have weights in the loss. */
bool nn_dataset_has_weights(const nn_dataset *dataset, nn_part part);

/* ---- a stream ---- */

/* Whether samples are streamed: a part can then be gathered only while it is followed. */
bool nn_dataset_streams(const nn_dataset *dataset);

/* Sets *span to number `index` (from 0) of the spans that this rank will gather; false after the last. Called
 * by another thread. */
typedef bool (*nn_data_schedule)(const void *context, int64_t index, nn_data_span *span);

/* Starts a thread that reads the part's spans ahead, in order from number `first`, as far as memory allows
 * but at least `depth` of them. A span is kept until nn_dataset_release, in any order; nn_dataset_unfollow
 * ends the thread. Each part has its own thread. inputs: whether inputs are read too, not only targets. The
 * context is borrowed until then. Does nothing if the data is not streamed. */
nn_status nn_dataset_follow(nn_dataset *dataset, nn_part part, nn_data_schedule schedule, const void *context,
                            int64_t first, int64_t depth, bool inputs);
void nn_dataset_release(nn_dataset *dataset, nn_part part, int64_t index);
void nn_dataset_unfollow(nn_dataset *dataset, nn_part part);

/* The failure of a part's stream, with its recorded text; NN_OK if there was none. */
nn_status nn_dataset_status(nn_dataset *dataset, nn_part part);

/* Seconds for which gathering has waited for a part's stream since it was followed. */
double nn_dataset_waited(const nn_dataset *dataset, nn_part part);

/* ---- what else is known ---- */

/* The constant prediction of the baselines, from the train part: class proportions (one per class), or the
 * mean of the normalised target (one per value). Sample weights do not count. */
void nn_dataset_prior(const nn_dataset *dataset, int target, double *values);

/* Whether the files of a part store the values of a target in single precision. */
bool nn_dataset_is_single(const nn_dataset *dataset, nn_part part, int target);

/* Whether the prediction was measured: with data.check: none, only from up to 2^24 values unless a loss needs
 * it. */
bool nn_dataset_knows_prior(const nn_dataset *dataset, int target);

/* Whether the labels of a part are few enough to be counted at any time; and counts them: one number for each
 * class, labels that are ignored in none. Collective. */
bool nn_dataset_counts_classes(const nn_dataset *dataset, nn_part part, int target);
nn_status nn_dataset_count_classes(nn_comm *comm, const nn_dataset *dataset, nn_part part, int target,
                                   int64_t *counts);

/* Whether any training sample counts in a classification loss with these class weights (NULL: all 1), that
 * is, has a positive weight of its own and of its class. True if not known. */
bool nn_dataset_counts(const nn_dataset *dataset, int target, const double *class_weights);

/* Identifies the data of all parts by a hash of extents and values (for a large dataset, of rows sampled all
 * over it). It does not depend on paths, element types, chunks or, unless samples do, on how rows are divided
 * into files. */
uint64_t nn_dataset_identity(const nn_dataset *dataset);

/* The same as text, to be kept with a checkpoint: one line per dataset that affects results, with the hash of
 * all its values if all were seen. Borrowed. */
const char *nn_dataset_identity_lines(const nn_dataset *dataset);

/* Appends the lines in the form kept in a checkpoint: without file paths, which may change. */
void nn_data_identity_keep(const char *lines, nn_text *kept);

/* Computes both for a described data set, which does not have them yet. Collective. */
nn_status nn_dataset_identify(nn_comm *comm, nn_dataset *dataset);

/* compare appends one line per dataset that differs between two such texts; unseen appends the names,
 * separated by commas, of the datasets whose values were not all seen. */
void nn_data_identity_compare(const char *was, const char *is, nn_text *differences);
void nn_data_identity_unseen(const char *lines, nn_text *names);

/* Bytes of the raw arrays of all parts; and bytes held on this node, for all of its ranks together. */
size_t nn_dataset_stored(const nn_dataset *dataset);
size_t nn_dataset_memory(const nn_dataset *dataset);

/* ---- how much is read ---- */

/* Appends advice if an epoch of a stream on `ranks` ranks reads more than 4 times the data; otherwise
 * nothing. To be called after nn_dataset_arrange. */
void nn_dataset_advise(const nn_dataset *dataset, int ranks, nn_text *advice);

/* How many times over an epoch of a stream reads a dataset of `rows` rows of `values` values in chunks of
 * `chunk` rows, shuffled by blocks of the default size, which is returned in *block. */
double nn_dataset_reads(int64_t rows, int64_t values, int64_t chunk, size_t row_bytes, int64_t *block);

/* Appends the h5repack command, without file arguments, that stores a dataset in chunks of `rows` rows. */
void nn_dataset_append_repack(nn_text *text, const char *dataset, int dimensions, const int64_t *chunk,
                              int axis, int64_t rows);

#endif
