/*
 * What is inside the elements of a dataset: a field of records (a compound type), the real and imaginary part
 * of a complex number, the values of an array in each element, a text. A name of a field is the dataset's,
 * then '.' or '/', then the field's; records in records have more of these.
 *
 * pandas keeps columns of one type together, in fields values_block_0, ..., and their names in attributes:
 * such a column is found by its own name. All functions are called with the lock held.
 */
#ifndef NN_STORE_FIELD_H
#define NN_STORE_FIELD_H

#include "base/options.h"
#include "store/store_internal.h"

typedef enum nn_field_kind {
    NN_FIELD_OTHER, /* cannot be read */
    NN_FIELD_NUMBER,
    NN_FIELD_COMPLEX, /* two numbers */
    NN_FIELD_BITS,    /* a bit field of 8 bits: PyTables' booleans */
    NN_FIELD_TEXT
} nn_field_kind;

#define NN_FIELD_DEPTH 4

/* Zero-initialise. */
typedef struct nn_store_field {
    hid_t dataset, space;
    hid_t type;                  /* of the elements in the file, without the array around it */
    bool failed;                 /* memory ran out */
    char *name;                  /* of the dataset; owned */
    const char *path;            /* of the file, for messages; borrowed */
    int depth;                   /* the number of names */
    char *names[NN_FIELD_DEPTH]; /* of the fields, outermost first; owned */
    nn_field_kind kind;
    bool variable;      /* texts of variable length */
    int inner;          /* dimensions of the array in each element */
    hsize_t extents[8]; /* of that array */
    int64_t column;     /* the one column of it that is meant; -1: all */
    int64_t values;     /* of that array, over all dimensions */
} nn_store_field;

/* The class of the elements of the dataset with exactly this name; H5T_NO_CLASS if there is none. */
H5T_class_t nn_store_class_of(nn_store_file *file, const char *name);
/* Opens a dataset, or a field of it: NN_ERROR_DATA if there is none whose elements can be read. Close it in
 * any case. */
nn_status nn_store_field_open(nn_store_file *file, const char *name, nn_store_field *field);
void nn_store_field_close(nn_store_field *field);
/* Fails if it is not what a layout recognised, which can have been mistaken for lack of memory alone. */
nn_status nn_store_field_expect(const nn_store_field *field, bool expected);

/* Adds the dimensions of the array in each element to those of the dataset. */
nn_status nn_store_field_extend(const nn_store_field *field, nn_store_info *info);

/* Reads elements of the dataset, with the whole array of each: `count` by dimension, from `start`. `unit` is
 * the type in memory of one element without the array: a number, two numbers (real, imaginary), a text. */
bool nn_store_field_read(const nn_store_field *field, const int64_t *start, const int64_t *count, hid_t unit,
                         void *values);

/* Copies a block of the dense array `info`, whose last dimensions are those inside the elements, from whole
 * elements; `size`: bytes of a value. */
void nn_store_field_pick(const nn_store_field *field, const nn_store_info *info, const int64_t *start,
                         const int64_t *count, size_t size, const void *elements, void *values);

/* Writes integers as a numeric type. */
void nn_store_put_integers(nn_store_type type, int64_t count, const int64_t *from, void *to);

/* Adds the names of the fields of a dataset of records, those of pandas' columns in
 * place of its blocks; nothing if it has no records. */
nn_status nn_store_field_list(nn_store_file *file, const char *name, nn_text_list *names);

/* ---- tables of pandas ---- */

/* Enters the block that has a column, if the records have one of this name. */
bool nn_store_pandas_find(nn_store_field *field, const char *column);
/* Adds the names of the columns of a block; *block: whether the member is one. */
nn_status nn_store_pandas_list(const nn_store_field *field, const char *member, nn_text_list *names,
                               bool *block);

#endif
