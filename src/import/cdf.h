/*
 * NetCDF's classic formats (CDF-1, CDF-2 and CDF-5), as the NetCDF User Guide specifies them: a header with
 * dimensions, attributes and variables, then the values of each variable, and at the end those with a
 * dimension that grows, record by record. All numbers are big-endian.
 */
#ifndef NN_IMPORT_CDF_H
#define NN_IMPORT_CDF_H

#include "import/importer.h"

enum { NN_CDF_DIMENSIONS = NN_MAX_DIMENSIONS + 1 };

typedef struct nn_cdf_dimension {
    char *name;     /* owned */
    int64_t length; /* of the one that grows: the number of records */
    bool record;
} nn_cdf_dimension;

typedef struct nn_cdf_variable {
    char *name;         /* owned */
    nn_store_type type; /* characters as U8 */
    bool characters;
    int dimensions;
    int places[NN_CDF_DIMENSIONS];   /* of its dimensions in the list */
    nn_import_attributes attributes; /* owned */
    bool record;                     /* its first dimension grows */
    int64_t row, rows; /* bytes per index of the first dimension; such indices: 1 if there is none */
    int64_t begin;     /* of its values in the file */
} nn_cdf_variable;

/* Zero-initialise. */
typedef struct nn_cdf {
    const char *path; /* borrowed */
    int descriptor;   /* of the open file; -1: none */
    int version;      /* 1, 2 or 5 */
    int64_t size;     /* of the file */
    int64_t record_bytes;
    size_t dimension_count, variable_count;
    nn_cdf_dimension *dimensions;    /* owned */
    nn_cdf_variable *variables;      /* owned */
    nn_import_attributes attributes; /* owned: of the file */
} nn_cdf;

/* Opens a file and reads its header. Fails for other formats, a damaged header, and a file that is shorter
 * than its header says: the library of NetCDF reads zeros there. Close it in any case. */
nn_status nn_cdf_open(const char *path, nn_cdf *file);
void nn_cdf_close(nn_cdf *file);

/* Reads indices [first, first + rows) of the first dimension of a variable, as native numbers. */
nn_status nn_cdf_read(const nn_cdf *file, const nn_cdf_variable *variable, int64_t first, int64_t rows,
                      void *values);

#endif
