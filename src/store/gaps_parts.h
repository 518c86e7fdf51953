/* How the files that find gaps share their work. All of it is called with the lock held. */
#ifndef NN_STORE_GAPS_PARTS_H
#define NN_STORE_GAPS_PARTS_H

#include "base/text.h"
#include "store/gaps.h"
#include "store/internal.h"

/* A dataset whose gaps are looked for. */
typedef struct nn_gaps_search {
    hid_t dataset;
    const nn_store_info *info;
    const nn_store_file *file; /* for messages */
    const char *name;
    int depth;      /* virtual datasets on the way to it */
    nn_text *cause; /* of the first gap; empty: none yet */
    /* Called for each source of a virtual dataset that is there; NULL: not at all. */
    nn_status (*visit)(void *context, nn_store_array *source);
    void *context;
} nn_gaps_search;

/* *missing: a dataspace whose selection is what is missing, owned by the caller; negative where nothing is.
 */
nn_status nn_gaps_select(const nn_gaps_search *search, hid_t *missing);
nn_status nn_gaps_select_virtual(const nn_gaps_search *search, hid_t *missing);

/* The failure of an HDF5 call on selections. */
nn_status nn_gaps_fail(const nn_gaps_search *search);
/* A dataspace of these extents, in which everything is selected, as a hyperslab, or nothing. */
hid_t nn_gaps_space(int dimensions, const int64_t *extents, bool all);

#endif
