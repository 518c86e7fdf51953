/* The samples of a part: those of its own files, or a share of the train part's. Private to data. */
#ifndef NN_DATA_SPLIT_PARTS_H
#define NN_DATA_SPLIT_PARTS_H

#include "base/philox.h"
#include "data/node_memory.h"
#include "data/source.h"

/* Consecutive rows, in which a unit starts at every stride-th row. */
typedef struct nn_segment {
    int64_t row, unit; /* the first row and the first unit */
} nn_segment;

/* Samples cut into runs of almost equal length: `full` runs of `each` samples, or one more for `longer` of
 * every `of` consecutive ones, evenly spread; then one run of `last` samples. */
typedef struct nn_split_runs {
    int64_t full, each, longer, of, last;
} nn_split_runs;

/* Samples before run `run`, up to the last. */
static inline int64_t nn_split_runs_begin(const nn_split_runs *runs, int64_t run)
{
    return run * runs->each + (runs->longer > 0 ? run * runs->longer / runs->of : 0);
}

/* Random shares of the units, without a table: each part gets its share of every group of consecutive units,
 * chosen at random. Samples stay nearly in file order, and the training samples of a group form a run. */
typedef struct nn_split_shares {
    int64_t group;            /* units per group; 0: no shares */
    int64_t validation, test; /* samples in total */
    nn_random stream;
} nn_split_shares;

/* One of `folds` folds of `of` samples: those whose number, divided by `folds`, leaves the remainder `fold`.
 * The numbering is random or by class, so the folds are too; their sizes differ by one at most. */
typedef struct nn_split_fold {
    int64_t folds, fold; /* fold: from 0; folds 0: there are none */
    int64_t of;
} nn_split_fold;

/* The samples of every fold, for people. */
typedef struct nn_split_folds {
    int64_t count, fold; /* fold: from 0 */
    int64_t *samples;    /* for validation, by fold; owned */
} nn_split_folds;

/* The samples of a part, numbered from 0. A sample is a unit of the source: a row that is not left out, or a
 * window, which starts at a row. */
typedef struct nn_samples {
    nn_source *source;
    int part;
    int64_t count; /* 0: no such part */
    int64_t units; /* of all segments */
    int segment_count;
    nn_segment *segments; /* owned; NULL: one, from row 0 on */
    int64_t stride;
    int64_t bad_count;      /* units of the segments that are left out; not counted in `units` */
    int64_t *bad;           /* those units, ascending, in the numbering that includes them; owned */
    const int64_t *table;   /* sample i is unit table[i], */
    nn_split_shares shares; /* or chosen by shares if their group > 0, */
    nn_split_runs runs;     /* of training samples, one per group of the shares */
    int64_t first;          /* or otherwise unit first + i */
    nn_split_fold fold;     /* with shares: the part is a fold of the samples that shares give, or the rest */
} nn_samples;

/* Units per block: as configured, otherwise as many as have 2^18 values together; a multiple of the groups of
 * shares. Independent of how rows are stored. */
int64_t nn_samples_block_units(const nn_samples *samples);

/* The samples of a part, cut into blocks. */
nn_split_runs nn_samples_runs(const nn_samples *samples);

/* The first row of a sample. */
int64_t nn_samples_row(const nn_samples *samples, int64_t sample);
void nn_samples_release(nn_samples *samples);

/* A share of `count`, rounded to nearest; whether anything is split off; whether in file order. */
int64_t nn_split_share(double share, int64_t count);
bool nn_split_is_given(const nn_split_options *split);
bool nn_split_is_chronological(const nn_data_options *options);

/* Checks data.split and data.window against the opened sources; collects problems. */
void nn_split_check(const nn_data_options *options, const nn_source *sources, nn_problems *problems);

/* The samples of every given part, unsplit. */
nn_status nn_split_whole(const nn_data_options *options, nn_source *sources, nn_samples *parts);

/* The samples of all parts. A share of n samples is share x n, rounded to nearest. Stratified: each class is
 * divided in this proportion, by largest remainder. by: group or file: whole groups in random order until
 * there are enough samples. Stratified splits and groups write a table. *folds: of data.split.folds, to be
 * released with nn_free(folds->samples) in any case. Collective. */
nn_status nn_split_parts(nn_comm *comm, const nn_data_options *options, nn_source *sources,
                         nn_node_memory *table, nn_samples *parts, nn_split_folds *folds);

/* Reads the label (or group) of every unit of `samples`; without a dataset of groups, the series of windows
 * are the groups. Returns *keys owned: nn_free. */
nn_status nn_samples_keys(const nn_samples *samples, int array, int32_t **keys);

/* Set part_of[unit], for stratified shares and for whole groups; keys are those of nn_samples_keys.
 * fold_samples: counts the samples of each fold. */
nn_status nn_split_stratify(const nn_split_options *split, nn_random stream, const int32_t *keys,
                            int64_t units, uint8_t *part_of);
nn_status nn_split_group(const nn_split_options *split, nn_random stream, const int32_t *keys, int64_t units,
                         uint8_t *part_of, int64_t *fold_samples);

/* What must go into one part undivided: a group or a file. */
typedef struct nn_split_unit {
    int64_t id, size;
    uint64_t place; /* in the random order */
    int64_t fold;   /* of the training units; -1: not chosen */
    uint8_t part;
} nn_split_unit;

/* Sets `part` of each unit; sorts the units. */
nn_status nn_split_assign(const nn_split_options *split, nn_random stream, int64_t count,
                          nn_split_unit *units);

/* Folds of whole units: makes validation units of one fold of the training units, which are [first, count).
 * The largest come first, each in the fold that has the fewest samples so far (Graham: Bounds on
 * multiprocessing timing anomalies; SIAM J. Appl. Math. 17, 1969), so that the folds are of almost the same
 * size. Sorts these units. */
nn_status nn_split_assign_folds(const nn_split_options *split, int64_t first, int64_t count,
                                nn_split_unit *units);

/* Samples of fold `fold`, from 0, and the number of a sample of the part among all that have folds. */
int64_t nn_split_fold_count(nn_split_fold fold);
int64_t nn_split_fold_sample(nn_split_fold fold, bool validation, int64_t sample);

/* Folds in time: fold k, from 0, of `folds` trains on the blocks up to k and validates on block k + 1 of
 * folds + 1 equal blocks. The fraction of the samples where block `block` begins. */
double nn_split_fold_edge(int64_t folds, int64_t block);

#endif
