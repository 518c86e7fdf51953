/* Shared by the files that find gaps. Everything here is called with the lock held. */
#ifndef NN_STORE_GAPS_INTERNAL_H
#define NN_STORE_GAPS_INTERNAL_H

#include "base/text.h"
#include "store/gaps.h"
#include "store/store_internal.h"

struct nn_store_gaps {
    nn_store_info info;
    unsigned char *chunks; /* for a chunked dataset, by chunk in row-major order: 1 if the chunk is missing */
    /* For others, the boxes of missing elements: the first and the last index of each, by dimension. */
    int64_t boxes;
    hsize_t *corners;
    int64_t count;
    char *cause;
};

/* The chunks along a dimension, and of a dataset; where chunk `number` begins, how much of it is inside the
 * dataset, by dimension and in elements. */
int64_t nn_gaps_chunks(const nn_store_info *info, int dimension);
int64_t nn_gaps_chunk_count(const nn_store_info *info);
int64_t nn_gaps_chunk_box(const nn_store_info *info, int64_t number, int64_t *start, int64_t *count);

/* A dataset that is searched for gaps. */
typedef struct nn_gaps_search {
    hid_t dataset;
    const nn_store_info *info;
    const nn_store_file *file; /* for messages */
    const char *name;
    int depth;      /* number of virtual datasets that led to it */
    nn_text *cause; /* of the first gap; empty: none so far */
    /* Called for each existing source of a virtual dataset; may be NULL. */
    nn_status (*visit)(void *context, nn_store_array *source);
    void *context;
} nn_gaps_search;

/* *missing: a dataspace whose selection is the missing elements, owned by the caller; negative if there are
 * none. */
nn_status nn_gaps_select(const nn_gaps_search *search, hid_t *missing);
nn_status nn_gaps_select_virtual(const nn_gaps_search *search, hid_t *missing);

/* Records the failure of an HDF5 call on selections. */
nn_status nn_gaps_fail(const nn_gaps_search *search);
/* A dataspace of these extents, with everything (as a hyperslab) or nothing selected. */
hid_t nn_gaps_space(int dimensions, const int64_t *extents, bool all);

#endif
