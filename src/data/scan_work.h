/* A scan under way, for the files that share its work. Private to data. */
#ifndef NN_DATA_SCAN_WORK_H
#define NN_DATA_SCAN_WORK_H

#include "base/tree.h"
#include "data/blocks.h"
#include "data/column_moments.h"
#include "data/scan.h"

/* One view under way. */
typedef struct nn_scan_view {
    const nn_view *view;
    const nn_array *array;
    bool left_out;                      /* not looked at */
    bool finite;                        /* values may be NaN or Inf */
    bool known_only;                    /* values may be missing, or behind the end of a sequence */
    bool refuses_missing, refuses_rest; /* what is bad: a missing value; Inf, and what is no label or index */
    double indices;                     /* of an input of indices: how many there are */
    int64_t columns;                    /* of statistics; 0: none */
    int64_t figures;                    /* where the view's figures begin in a node */
    unsigned char *raw;
    nn_places places;                       /* over a chunk */
    int64_t bad_row, bad_value;             /* the first, by row; INT64_MAX: none */
    bool rounds;                            /* values may be whole numbers that double does not hold ... */
    int64_t rounded_row;                    /* ... the first in this row; INT64_MAX: none */
    double largest;                         /* label, or index */
    bool bounds;                            /* looks at the range of values ... */
    nn_range range;                         /* ... which is this */
    bool hashes;                            /* adds up what the rows are, ... */
    uint64_t content;                       /* ... here, ... */
    int64_t content_rows;                   /* ... for so many */
    int64_t seen, missing, missing_samples; /* values, and samples with some that are missing */
} nn_scan_view;

typedef struct nn_scan_work {
    const nn_samples *samples;
    nn_blocks *blocks;
    nn_blocks *length_blocks; /* NULL: samples are not sequences of lengths of their own */
    bool reads_all;           /* also what can hold no bad value: it may be damaged */
    bool hashes;              /* for the identity of the data: all samples are looked at, each once */
    bool windows;
    nn_dataset *dataset;
    int view_count;
    nn_scan_view views[NN_DATA_FIELDS];
    int64_t width;          /* figures of a node */
    double *stack;          /* `width` a level of the tree */
    nn_tree_node *nodes;    /* of all workers, from left to right */
    double *sums;           /* of the nodes */
    size_t *sizes;          /* bytes of the nodes' figures, by rank */
    int64_t own, own_count; /* the nodes of this rank */
    int64_t taken;          /* nodes that the end of the tree has used */
    nn_status status;
} nn_scan_work;

/* Makes room; `work`, zero but for what is to be looked at, is to be released also after a failure. */
nn_status nn_scan_create(nn_comm *comm, nn_dataset *dataset, const nn_samples *samples,
                         const nn_statistics *statistics, nn_scan_work *work);
void nn_scan_release(nn_scan_work *work);

/* Whether a scan needs the values of a view. */
bool nn_scan_looks_at(const nn_scan_view *view);

/* Looks at one sample: counts what is missing, notes the first that is bad. */
nn_status nn_scan_sample(nn_scan_work *work, int64_t sample);

/* The first bad value of the whole part, over all ranks, is explained by all of them, and those that are
 * missing are counted. Collective. */
nn_status nn_scan_report(nn_comm *comm, nn_scan_work *work, nn_scan_view *view, nn_problems *problems);

/* scan_digits.c: whether an array of values has whole numbers of 64 bits in some file; notes the first that
 * double does not hold among the first `end` values of a sample; warns of the first in the whole part. */
bool nn_scan_may_round(const nn_source *source, int which);
void nn_scan_find_rounded(nn_scan_view *view, const unsigned char *raw, int64_t row, int64_t end);
void nn_scan_warn_of_rounded(nn_dataset *dataset, const nn_scan_view *view, int64_t row);

#endif
