/* Arrays in NumPy's formats: .npy files and the members of .npz archives. */
#ifndef NN_IMPORT_NPY_H
#define NN_IMPORT_NPY_H

#include "import/importer.h"

enum { NN_NPY_DIMENSIONS = NN_MAX_DIMENSIONS + 1 };

/* The contents of an array's header. */
typedef struct nn_npy_header {
    nn_store_type type; /* as delivered; bool becomes U8, float16 becomes F32 */
    size_t element;     /* bytes per value in the file */
    bool half;          /* float16 */
    bool swapped;       /* its byte order is not that of this machine */
    bool fortran;       /* the first index varies fastest */
    int dimensions;
    int64_t extents[NN_NPY_DIMENSIONS];
    int64_t values; /* in total */
    int64_t begin;  /* offset of the values in the file */
} nn_npy_header;

/* Reads versions 1 to 3. The first bytes give the length of the header (0: not an array); then all of it is
 * parsed. Failures begin with `place`. */
enum { NN_NPY_FIRST = 12 };
int64_t nn_npy_header_bytes(const unsigned char first[NN_NPY_FIRST]);
nn_status nn_npy_parse(const char *place, const unsigned char *bytes, int64_t size, nn_npy_header *header);

/* Converts `count` values from the form of the file to header->type, in place: those of float16 occupy the
 * second half of the memory. */
void nn_npy_to_native(const nn_npy_header *header, void *values, int64_t count);

/* An open array. */
typedef struct nn_npy_array {
    char *name;  /* owned: that of the member or file, without ".npy" */
    char *place; /* owned: "digits.npz: x", for messages */
    nn_npy_header header;
    int file;                /* descriptor; -1: none */
    struct zip_file *member; /* of an archive, read from beginning to end */
    int64_t size;            /* bytes in the file or member */
    unsigned char *column;   /* buffer from which rows are gathered */
    size_t column_capacity;
    int table, field; /* for the importer: destination of its values */
} nn_npy_array;

typedef struct nn_npy_arrays {
    nn_npy_array *items;
    size_t count, capacity;
    struct zip **archives;
    size_t archive_count;
} nn_npy_arrays;

/* Opens a .npy or .npz file and appends its arrays; only those in `wanted`, unless that list is empty. */
nn_status nn_npy_open(nn_npy_arrays *arrays, const char *path, const nn_text_list *wanted);
void nn_npy_close(nn_npy_arrays *arrays);

/* Delivers rows in C order. Rows of archive members must be read in order and once. */
nn_status nn_npy_read(nn_npy_array *array, int64_t first, int64_t rows, void *values);

/* ---- between npy_array.c and npz.c ---- */

/* Whether the list is empty or contains the name. */
bool nn_npy_is_wanted(const nn_text_list *wanted, const char *name);
/* Appends an array that is not yet open. */
nn_status nn_npy_add(nn_npy_arrays *arrays, const char *place, const char *name, nn_npy_array **array);
/* Reads the header of an array whose file or member has just been opened, and checks its length. */
nn_status nn_npy_begin(nn_npy_array *array);

/* Appends the arrays of an archive. */
nn_status nn_npz_open(nn_npy_arrays *arrays, const char *path, const nn_text_list *wanted);
/* Reads the next `size` bytes; *got is smaller at the end of the member. */
nn_status nn_npz_read(nn_npy_array *array, void *bytes, int64_t size, int64_t *got);
void nn_npz_close_member(nn_npy_array *array);
void nn_npz_close_archive(struct zip *archive);

#endif
