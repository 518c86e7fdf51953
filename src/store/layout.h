/*
 * Layouts: the ways in which files store an array. Everything above this folder sees a dense array of
 * numbers, whatever the layout: rows along one dimension, all of the same shape. The identity of the data and
 * every bit of a result depend on those numbers alone.
 *
 * To write one: layout_NAME.c with all functions static and one object, nn_layout_NAME, and a line in
 * layout_list.h. The first layout of the list that recognises a specification opens it; if none does,
 * nn_layout_plain opens it, and explains what is wrong. A layout
 *   - adds what the user can configure to nn_store_spec (store.h), 0 or NULL where nothing is asked;
 *   - fills in array->info in `open`: type, dimensions and extents of the dense array; type_name; `written`;
 *     storage_bytes; and, if rows are best read in groups, `chunked` and `chunk`, in all dimensions;
 *   - keeps what else it needs in array->state, which `close` frees (also after a failed `open`);
 *   - may build on other arrays, opened with nn_store_array_open_as and read with nn_store_read_block;
 *   - if it must read much to know the extents, keeps the result as array->facts (nn_allocate): these bytes
 *     are sent to the other ranks, which open the array with them and must then not repeat the reading;
 *   - reports a failure of `open` with NN_FAIL, naming file and dataset; one of `read`, in `reason`, where
 *     the caller finds out which rows are concerned by trying others.
 * Attributes and gaps (packing.h, gaps.h) are those of `packing` and `gaps`; a layout without these functions
 * delivers final values, and NaN for missing ones.
 * All functions are called with the lock held.
 */
#ifndef NN_STORE_LAYOUT_H
#define NN_STORE_LAYOUT_H

#include "store/store_internal.h"

struct nn_store_gaps;
struct nn_store_packing;

struct nn_store_layout {
    const char *name; /* as shown: "ragged" */
    bool transparent; /* the array is shown as that which it is made of */
    /* Whether a file stores what the specification names in this layout. Must be cheap, and must not fail. */
    bool (*recognise)(nn_store_file *file, const nn_store_spec *spec);
    /* Whether what it names is there, if `recognise` has not found that out; NULL: it has. */
    bool (*exists)(nn_store_file *file, const nn_store_spec *spec);
    /* Opens array->name of array->file, and fills in array->info. */
    nn_status (*open)(nn_store_array *array, nn_store_file *file, const nn_store_spec *spec);
    void (*close)(nn_store_array *array);
    /* Reads a block of the dense array, which is within the extents, as `type`, a numeric one. On failure
     * writes the reason (NN_STORE_REASON bytes). */
    bool (*read)(nn_store_array *array, const int64_t *start, const int64_t *count, nn_store_type type,
                 void *values, char *reason);
    /* See nn_store_packing_read and nn_store_gaps_find; `gaps` is zero, and its count stays 0 if there are
     * none. May be NULL. */
    nn_status (*packing)(nn_store_array *array, bool bytes, struct nn_store_packing *packing);
    nn_status (*gaps)(nn_store_array *array, struct nn_store_gaps *gaps);
    /* See nn_store_array_sequences; may be NULL. */
    void (*sequences)(const nn_store_array *array, nn_store_sequences *sequences);
    /* See nn_store_array_members; may be NULL. */
    void (*members)(const nn_store_array *array, nn_store_members *found);
    /* See nn_store_array_describe; may be NULL. */
    void (*describe)(const nn_store_array *array, nn_text *text);
    /* See nn_store_array_classes; may be NULL. */
    nn_status (*classes)(const nn_store_array *array, nn_text_list *names);
    /* See nn_store_array_occurrences; may be NULL. */
    int64_t (*occurrences)(const nn_store_array *array, int64_t number);
    /* See nn_store_array_columns; may be NULL. */
    nn_status (*columns)(const nn_store_array *array, nn_text_list *names);
};

#define NN_LAYOUT(name) extern const nn_store_layout nn_layout_##name;
#include "store/layout_list.h"
#undef NN_LAYOUT

/* For an array of which a layout without packing and gaps is made: fails if some of its values were never
 * written, or if its attributes change or mark them, all of which would be lost. */
nn_status nn_layout_check_part(nn_store_array *part);

nn_status nn_packing_read_dataset(nn_store_array *array, bool bytes, struct nn_store_packing *packing);
nn_status nn_gaps_find_dataset(nn_store_array *array, struct nn_store_gaps *gaps);

#endif
