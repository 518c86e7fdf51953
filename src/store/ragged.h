/*
 * Sequences of different lengths, as a dense array: rows x steps x values per step, where shorter sequences
 * end in zeros. Shared by the layouts that store such sequences. Their lengths are the facts of the array:
 * found once, by one reader; 4 bytes per sequence.
 */
#ifndef NN_STORE_RAGGED_H
#define NN_STORE_RAGGED_H

#include "store/layout.h"

typedef struct nn_ragged_facts { /* followed by the length of each sequence: int32_t; then by `extra` bytes */
    int64_t rows, first, shortest, longest, extra;
    uint64_t hash; /* of the lengths */
} nn_ragged_facts;

typedef struct nn_ragged {
    int64_t features; /* values per step */
    int longer;       /* nn_store_longer */
    hid_t dataset;    /* of sequences of variable length */
    int64_t *starts;  /* of each sequence in `values`; owned */
    nn_store_array *values;
} nn_ragged;

/* Fails if longer sequences are to be cut into windows, for a layout that reads them one by one. */
nn_status nn_ragged_refuse_windows(const nn_store_array *array, const nn_store_spec *spec);
/* Makes array->state; nn_ragged_close frees it, and what it holds. */
nn_status nn_ragged_create(nn_store_array *array, nn_ragged **ragged);
void nn_ragged_close(nn_store_array *array);

/* Takes the facts of the specification as the array's own; *known: there are any. Fails if the file has
 * another number of sequences now. */
nn_status nn_ragged_take_facts(nn_store_array *array, const nn_store_spec *spec, int64_t rows, bool *known);
/* Makes room for the facts of `rows` sequences, of unknown lengths; concludes them once those are set. */
nn_status nn_ragged_make_facts(nn_store_array *array, int64_t rows);
nn_status nn_ragged_conclude_facts(nn_store_array *array);
/* Makes room for bytes that follow the lengths, which stay; their address, of any alignment. */
nn_status nn_ragged_extend_facts(nn_store_array *array, size_t extra);
char *nn_ragged_extra(const nn_store_array *array);
const nn_ragged_facts *nn_ragged_facts_of(const nn_store_array *array);
int32_t *nn_ragged_lengths(const nn_store_array *array);

/* Completes array->info, whose dimensions after the second are set, from facts and specification. Fails if a
 * sequence is longer than it may be. */
nn_status nn_ragged_shape(nn_store_array *array, const nn_store_spec *spec);

/* The first step of a sequence that is in the dense array, if it is cut. */
int64_t nn_ragged_skipped(const nn_store_array *array, int64_t length);

/* Writes row `row` of a block: `from` is the first step of the sequence. Returns the position after it. */
char *nn_ragged_fill(const nn_store_array *array, const int64_t *start, const int64_t *count, int64_t row,
                     size_t size, const char *from, char *to);

void nn_ragged_tell(const nn_store_array *array, nn_store_sequences *sequences);
void nn_ragged_describe(const nn_store_array *array, nn_text *text);

/* "VALUES by offsets OFFSETS", or lengths: its words; false if a name is not of this form. */
typedef struct nn_ragged_name {
    char *values, *bounds; /* owned: nn_ragged_name_free */
    bool lengths;          /* bounds are lengths, not offsets */
} nn_ragged_name;
bool nn_ragged_is_split(const char *name);
nn_status nn_ragged_split(const char *name, nn_ragged_name *words);
/* Whether the file has a dataset VALUES. */
bool nn_ragged_has_values(nn_store_file *file, const char *name);
void nn_ragged_name_free(nn_ragged_name *words);

#endif
