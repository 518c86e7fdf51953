/* The parts as they stand in files: x and y of each. Private to data. */
#ifndef NN_DATA_SOURCE_H
#define NN_DATA_SOURCE_H

#include "comm/comm.h"
#include "data/array.h"
#include "data/dataset.h"
#include "data/problems.h"

#define nn_sources_open NN_REAL_SYMBOL(nn_sources_open)
#define nn_sources_close NN_REAL_SYMBOL(nn_sources_close)
#define nn_memory_load NN_REAL_SYMBOL(nn_memory_load)
#define nn_memory_release NN_REAL_SYMBOL(nn_memory_release)
#define nn_part_names NN_REAL_SYMBOL(nn_part_names)

extern const char *const nn_part_names[NN_PARTS];

enum { NN_X, NN_Y, NN_ARRAYS };

typedef struct nn_source {
    bool given;
    nn_store_file *file; /* of this part or, when not owned, of an earlier one; NULL: cannot be opened */
    bool owns_file;
    char *path;
    nn_array arrays[NN_ARRAYS];
} nn_source;

/* Opens and describes all given parts. What is wrong with them is collected; `sound` says which arrays can be
 * read. labels: the targets are class labels. Not collective. */
void nn_sources_open(const nn_data_options *options, const char *directory, bool labels, nn_source *sources,
                     nn_problems *problems);

/* Closes the files; what was read stays. */
void nn_sources_close(nn_source *sources);

/* The data in memory: one copy a node, or one a rank where a node has no room to share. */
typedef struct nn_data_memory {
    nn_shared *shared; /* either of these two holds it */
    void *separate;
    size_t on_node; /* bytes, over all copies on the node */
    bool writes;    /* this rank writes what one rank of a copy writes */
    int64_t *table; /* room for the rows of the split; NULL when none was asked for */
} nn_data_memory;

/* Reads every sound array, the ranks of a node together. table_rows: room for that many row numbers beside
 * them. Collective. */
nn_status nn_memory_load(nn_comm *comm, nn_source *sources, int64_t table_rows, nn_data_memory *memory);
void nn_memory_release(nn_data_memory *memory); /* collective over a node */

#endif
