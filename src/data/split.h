/* Which samples a part has: those of its own datasets, or a share of the train part's. Private to data. */
#ifndef NN_DATA_SPLIT_H
#define NN_DATA_SPLIT_H

#include "base/philox.h"
#include "data/source.h"

#define nn_split_check NN_REAL_SYMBOL(nn_split_check)
#define nn_split_table_rows NN_REAL_SYMBOL(nn_split_table_rows)
#define nn_split_parts NN_REAL_SYMBOL(nn_split_parts)

/* The samples of a part, numbered from 0, and the rows of the arrays where they stand. */
typedef struct nn_samples {
    const nn_array *arrays; /* x and y; borrowed */
    int64_t count;          /* 0: no such part */
    int64_t first;          /* sample i is position first + i ... */
    const int64_t *table;   /* ... of this table of rows, if there is one, ... */
    int64_t permuted;       /* ... else of a permutation of that many rows, unless 0; else it is row i */
    nn_random stream;
} nn_samples;

static inline int64_t nn_samples_row(const nn_samples *samples, int64_t sample)
{
    int64_t position = samples->first + sample;
    if (samples->table) return samples->table[position];
    if (samples->permuted == 0) return position;
    return (int64_t)nn_random_permute(samples->stream, (uint64_t)samples->permuted, (uint64_t)position);
}

/* Collects what is wrong with data.split, as far as the opened sources tell. */
void nn_split_check(const nn_split_options *split, const nn_source *sources, bool labels,
                    nn_problems *problems);

/* Rows for which nn_split_parts needs room in memory->table. */
int64_t nn_split_table_rows(const nn_split_options *split, const nn_source *sources);

/*
 * The samples of all parts. A share of n samples is the nearest whole number to share x n; validation has the
 * first positions of a permutation of the train part's rows, test those behind, train the rest. When
 * stratified, each class is divided so, by largest remainder, and the rows are written to memory->table.
 * Collective.
 */
nn_status nn_split_parts(nn_comm *comm, const nn_split_options *split, uint64_t seed,
                         const nn_source *sources, int64_t classes, nn_data_memory *memory,
                         nn_samples *parts);

#endif
