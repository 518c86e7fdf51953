/* The rows of LIBSVM and SVMlight files: LABEL[,LABEL...] [qid:N] INDEX:VALUE ... [# comment]. Private to
 * import. */
#ifndef NN_IMPORT_LIBSVM_ROW_H
#define NN_IMPORT_LIBSVM_ROW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

/* Zero-initialise; parsing another row reuses the memory. */
typedef struct nn_libsvm_row {
    double *labels; /* none: an empty set of labels */
    size_t label_count, label_capacity;
    bool comma; /* the labels are a list: there may be several */
    bool has_query;
    int64_t query;
    int64_t *indices; /* as in the file, ascending */
    double *values;
    size_t count, capacity;
} nn_libsvm_row;

void nn_libsvm_row_release(nn_libsvm_row *row);

/* Takes a line apart, which is changed; *any: whether it has a row, and is not empty or a comment. A failure
 * says what is wrong, but not in which line. */
nn_status nn_libsvm_row_parse(nn_libsvm_row *row, char *line, bool *any);

#endif
