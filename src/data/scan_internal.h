/* A scan in progress, for the files that share its work. Private to data. */
#ifndef NN_DATA_SCAN_INTERNAL_H
#define NN_DATA_SCAN_INTERNAL_H

#include "base/tree.h"
#include "data/blocks.h"
#include "data/column_moments.h"
#include "data/scan.h"

/* One view being scanned. */
typedef struct nn_scan_view {
    const nn_view *view;
    const nn_array *array;
    bool left_out;                      /* not scanned */
    bool finite;                        /* values can be NaN or Inf, so they are checked */
    bool known_only;                    /* values may be missing, or beyond the end of a sequence */
    bool refuses_missing, refuses_rest; /* what is bad: missing values; Inf and invalid labels or indices */
    double indices;                     /* number of indices, for an input of indices */
    int64_t columns;                    /* for statistics; 0: none */
    int64_t figures;                    /* where the view's statistics begin in a node */
    unsigned char *raw;
    nn_places places;                       /* sums over a chunk */
    int64_t bad_row, bad_value;             /* the first bad value, by row; INT64_MAX: none */
    bool rounds;                            /* values may be integers that double cannot hold */
    int64_t rounded_row;                    /* the row of the first; INT64_MAX: none */
    double largest;                         /* largest label or index */
    bool bounds;                            /* the range of values is wanted */
    nn_range range;                         /* that range */
    nn_range *files;                        /* by file; NULL: a single file, or too many; owned */
    bool hashes;                            /* row hashes are summed */
    uint64_t content;                       /* that sum */
    int64_t content_rows;                   /* number of rows in it */
    int64_t seen, missing, missing_samples; /* values; samples with a missing value */
} nn_scan_view;

typedef struct nn_scan_work {
    const nn_samples *samples;
    nn_blocks *blocks;
    nn_blocks *length_blocks; /* NULL: samples have no lengths */
    bool reads_all;           /* also arrays that cannot hold a bad value: they may be damaged */
    bool hashes;              /* for the identity of the data: each sample is scanned once */
    bool windows;
    nn_dataset *dataset;
    const nn_piece *piece; /* the file of the last sample; NULL: none yet */
    int view_count;
    nn_scan_view views[NN_DATA_FIELDS];
    int64_t width;          /* statistics per node */
    double *stack;          /* `width` per level of the tree */
    nn_tree_node *nodes;    /* of all workers, left to right */
    double *sums;           /* statistics of the nodes */
    size_t *sizes;          /* bytes of the nodes' statistics, by rank */
    int64_t own, own_count; /* range of this rank's nodes */
    int64_t taken;          /* nodes consumed while the tree is finished */
    nn_status status;
} nn_scan_work;

/* Prepares a scan; `work` is zero except for what selects the values to scan. Release it also after a
 * failure. */
nn_status nn_scan_create(nn_comm *comm, nn_dataset *dataset, const nn_samples *samples,
                         const nn_statistics *statistics, nn_scan_work *work);
void nn_scan_release(nn_scan_work *work);

/* Whether a scan needs the values of a view. */
bool nn_scan_looks_at(const nn_scan_view *view);

/* Scans one sample: counts missing values and records the first bad one. */
nn_status nn_scan_sample(nn_scan_work *work, int64_t sample);

/* Reports the first bad value of the part over all ranks, the same on each, and counts missing values.
 * Collective. */
nn_status nn_scan_report(nn_comm *comm, nn_scan_work *work, nn_scan_view *view, nn_problems *problems);

/* Rounding (scan_digits.c). may: whether an array of values has 64-bit integers in some file. find: records
 * the first one that double cannot hold, among the first `end` values of the sample at `row`. warn: warns
 * about the first one of the part, INT64_MAX: none. */
bool nn_scan_may_round(const nn_source *source, int which);
void nn_scan_find_rounded(nn_scan_view *view, const unsigned char *raw, int64_t row, int64_t end);
void nn_scan_warn_of_rounded(nn_dataset *dataset, const nn_scan_view *view, int64_t row);

/* Ranges by file (scan_files.c). prepare: if the part has several files that can be compared. find: that of
 * the file that a row is in; NULL: it is not wanted. compare: warns of files in different units. Collective.
 */
nn_status nn_scan_prepare_files(const nn_source *source, nn_scan_view *view);
nn_range *nn_scan_find_file(nn_scan_work *work, const nn_scan_view *view, int64_t row);
nn_status nn_scan_compare_files(nn_comm *comm, const nn_source *source, const nn_scan_view *view);

#endif
