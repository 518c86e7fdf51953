/* Which samples a part has: those of its own files, or a share of the train part's. Private to data. */
#ifndef NN_DATA_SPLIT_PARTS_H
#define NN_DATA_SPLIT_PARTS_H

#include "base/philox.h"
#include "data/node_memory.h"
#include "data/source.h"

/* Rows that follow each other, in which units begin at every stride-th row. */
typedef struct nn_segment {
    int64_t row, unit; /* the first of each */
} nn_segment;

/* Samples cut into runs of nearly one length: `full` runs of `each` or one more, of which there are `longer`
 * in any `of` successive ones, spread evenly; then a last one of another length. */
typedef struct nn_runs {
    int64_t full, each, longer, of, last;
} nn_runs;

/* Samples before run `run`, up to the short one. */
static inline int64_t nn_runs_begin(const nn_runs *runs, int64_t run)
{
    return run * runs->each + (runs->longer > 0 ? run * runs->longer / runs->of : 0);
}

/* Random shares of the units, without a table: in every group of successive units each part has its share,
 * chosen at random. Samples thus stand nearly in the order of the files, and the training samples of a group
 * are a run. */
typedef struct nn_shares {
    int64_t group;            /* units; 0: no shares */
    int64_t validation, test; /* samples in all */
    nn_random stream;
} nn_shares;

/*
 * The samples of a part, numbered from 0. A sample is a unit of the source, and a unit begins at a row: units
 * are all rows that are not left out, or all windows.
 */
typedef struct nn_samples {
    nn_source *source;
    int part;
    int64_t count; /* 0: no such part */
    int64_t units; /* of all segments */
    int segment_count;
    nn_segment *segments; /* owned; NULL: one, from row 0 on */
    int64_t stride;
    int64_t bad_count;    /* units of the segments that are left out, and do not count among `units`, ... */
    int64_t *bad;         /* ... ascending, numbered with the others; owned */
    const int64_t *table; /* sample i is unit table[i], ... */
    nn_shares shares;     /* ... or so chosen, ... */
    nn_runs runs;         /* of training samples, one a group of the shares */
    int64_t first;        /* ... or unit first + i */
} nn_samples;

/* Units of a block: as configured, else as many as have 2^18 values together; whole groups of shares. It does
 * not depend on how the rows are stored. */
int64_t nn_samples_block_units(const nn_samples *samples);

/* The samples of a part cut into blocks. */
nn_runs nn_samples_runs(const nn_samples *samples);

/* The row at which a sample begins. */
int64_t nn_samples_row(const nn_samples *samples, int64_t sample);
void nn_samples_release(nn_samples *samples);

/* Collects what is wrong with data.split and data.window, as far as the opened sources tell. */
void nn_split_check(const nn_data_options *options, const nn_source *sources, nn_problems *problems);

/* Every part that is given as a whole, unsplit. */
nn_status nn_split_whole(const nn_data_options *options, nn_source *sources, nn_samples *parts);

/*
 * The samples of all parts. A share of n samples is the nearest whole number to share x n. Stratified, each
 * class is divided so, by largest remainder; by: group or file, whole groups in a random order until there
 * are enough. Both write a table. Collective.
 */
nn_status nn_split_parts(nn_comm *comm, const nn_data_options *options, nn_source *sources,
                         nn_node_memory *table, nn_samples *parts);

/* The label (or group) at every unit of `samples`. *keys is the caller's. */
nn_status nn_samples_keys(const nn_samples *samples, int array, int32_t **keys);

/* part_of[unit] for stratified shares, and for whole groups; keys as nn_samples_keys gives them. */
nn_status nn_split_stratify(const nn_split_options *split, nn_random stream, const int32_t *keys,
                            int64_t units, uint8_t *part_of);
nn_status nn_split_group(const nn_split_options *split, nn_random stream, const int32_t *keys, int64_t units,
                         uint8_t *part_of);

/* What goes into one part as a whole. */
typedef struct nn_split_unit {
    int64_t id, size;
    uint64_t place; /* in a random order */
    uint8_t part;
} nn_split_unit;

/* Sets `part` of each; sorts them. */
void nn_split_assign(const nn_split_options *split, nn_random stream, int64_t count, nn_split_unit *units);

#endif
