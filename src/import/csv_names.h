/* The different values of a column, looked up by their text. Private to import. */
#ifndef NN_IMPORT_CSV_NAMES_H
#define NN_IMPORT_CSV_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

/* Zero-initialise; release with nn_csv_names_release. */
typedef struct nn_csv_names {
    char **items; /* in order of addition; once sorted, in order of their codes */
    size_t count, capacity;
    uint32_t *slots; /* hash table: 1 + index into items, 0: free */
    size_t slot_count;
} nn_csv_names;

/* Frees the names and leaves an empty table. */
void nn_csv_names_release(nn_csv_names *names);

/* Index of a name, -1 when it is absent; adding a name that is present does nothing. */
int64_t nn_csv_names_find(const nn_csv_names *names, const char *text, size_t length);
nn_status nn_csv_names_add(nn_csv_names *names, const char *text, size_t length);

/* Sorts by bytes, or by value if `numbers` (all are whole numbers): the index is then the code. */
void nn_csv_names_sort(nn_csv_names *names, bool numbers);

#endif
