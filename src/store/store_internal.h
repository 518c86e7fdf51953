/* Shared by the files of this folder. Every function closes the HDF5 handles that it opened, even when it
 * fails. */
#ifndef NN_STORE_STORE_INTERNAL_H
#define NN_STORE_STORE_INTERNAL_H

#include <hdf5.h>

#include "store/driver.h"
#include "store/errors.h"
#include "store/store.h"

/*
 * ---- the lock ----
 * HDF5 is not thread-safe. Every public function holds the lock around its HDF5 calls, and after a failure
 * until HDF5's error text has been recorded; the functions of this header must be called with the lock held,
 * unless stated otherwise. The lock is recursive.
 */
void nn_store_lock(void);
void nn_store_lock_only(void); /* leaves HDF5's printing unchanged */
void nn_store_unlock(void);
nn_status nn_store_unlocked(nn_status status); /* releases the lock; returns `status` */
/* Notes the result of a call that closes something. After a failed one, HDF5 is not asked to close what
 * remains at the end of the process, which it might not survive. With the lock held. */
void nn_store_note_close(herr_t outcome);
/* Wraps a call in the lock: return NN_STORE_LOCKED(call); */
#define NN_STORE_LOCKED(call) (nn_store_lock(), nn_store_unlocked(call))

struct nn_store_file {
    hid_t id;
    char *path;        /* for messages */
    const void *image; /* borrowed; NULL for a file on disk */
    size_t image_size;
};

typedef struct nn_store_layout nn_store_layout; /* layout.h */

struct nn_store_array {
    hid_t id, space; /* of a plain dataset; otherwise negative */
    nn_store_info info;
    const nn_store_file *file; /* borrowed */
    char *name;
    const nn_store_layout *layout;
    void *state;             /* of the layout; owned */
    nn_store_facts facts;    /* owned */
    nn_store_source *source; /* if the file stores the values as in memory; otherwise NULL */
    int64_t offset;          /* of the first value in that file */
};

/* As nn_store_open, for a file that this process has itself locked. */
nn_status nn_store_open_own(const char *path, nn_store_file **file);

/* The name of a file in memory: unique while open, and certain not to exist on disk, as HDF5 requires. */
#define NN_STORE_IMAGE_NAME 64
void nn_store_image_name(char *buffer, const void *owner);

#define NN_STORE_HASH_ATTRIBUTE "xxh64"
/* HDF5 drops longer attributes, of 64 KiB or more. */
#define NN_STORE_LONGEST_ATTRIBUTE ((size_t)60000)

/* H5Pset_file_locking exists since 1.10.7, 1.12.1 and 1.14.0. */
#if H5_VERSION_GE(1, 12, 1) || (H5_VERSION_GE(1, 10, 7) && !H5_VERSION_GE(1, 12, 0))
#define NN_STORE_CAN_SKIP_LOCKING 1
#else
#define NN_STORE_CAN_SKIP_LOCKING 0
#endif

/* ---- element types ---- */
/* The HDF5 type of a numeric element in memory; borrowed. */
hid_t nn_store_memory_type(nn_store_type type);
bool nn_store_type_is_numeric(nn_store_type type);
/* A type that holds the values of both numeric ones, 64-bit integers perhaps rounded. */
nn_store_type nn_store_type_common(nn_store_type a, nn_store_type b);
/* Fills in the type, its name and its other properties. */
void nn_store_describe_type(hid_t type, nn_store_info *info);

/* matlab.c: what MATLAB's attributes say that a dataset is. */
nn_store_matlab nn_store_find_matlab(hid_t dataset);
/* IEEE's 16-bit float, little-endian; owned, negative on failure. */
hid_t nn_store_half_type(void);
/* A string type of `size` bytes, including the final NUL; owned, negative on failure. */
hid_t nn_store_text_type(size_t size);

/* ---- datasets ---- */
/* Fills in `info` of an open dataset; `name` and `file` are for the message. */
nn_status nn_store_describe(const nn_store_file *file, hid_t dataset, const char *name, nn_store_info *info);
/* Number of elements, or -1 when it exceeds int64_t. */
int64_t nn_store_count(const nn_store_info *info);
/* Without a leading '/'. */
const char *nn_store_bare_name(const char *dataset);
/* Fails for a name that does not open as a dataset: missing, a group, a broken link. */
nn_status nn_store_fail_not_dataset(nn_store_file *file, const char *name);
/* Opens a dataset by its bare name; the failure reports what exists instead. */
nn_status nn_store_dataset_open(nn_store_file *file, const char *name, hid_t *dataset);
/* Whether there is a dataset, or an attribute "@name". */
bool nn_store_has_dataset(nn_store_file *file, const char *dataset);
/* Whether the bare name is that of a dataset of numbers. */
bool nn_store_is_numeric_dataset(nn_store_file *file, const char *name);
/* Sets a chunk cache large enough for reading or writing row by row; false when HDF5 refuses. */
bool nn_store_set_cache(hid_t access, const nn_store_info *info);

/* ---- filters ---- */
/* Appends the names of the filters to info->filters. */
void nn_store_describe_filters(hid_t creation, nn_store_info *info);
/* Checks that this HDF5 has all filters of the array; the failure says where to get a missing one. */
nn_status nn_store_check_filters(const nn_store_array *array);

/* ---- other files ---- */
/* Fails if the path of a name contains a link to another file that cannot be followed; otherwise NN_OK. */
nn_status nn_store_check_links(const nn_store_file *file, const char *name);
/* Checks that the files exist in which the dataset keeps its values: HDF5 reads some missing ones as zeros.
 * incomplete: those of a virtual dataset may be missing. */
nn_status nn_store_check_sources(const nn_store_array *array, bool incomplete);
/* Where HDF5 finds a file named by the file of `object`: in the folders listed in an environment variable,
 * next to the file, or under the name itself; false if it does not exist. */
bool nn_store_find_file(hid_t object, const char *name, const char *variable, bool nearby, char *path,
                        size_t size);

/* ---- reading ---- */
/* As nn_store_read, for an open array. */
nn_status nn_store_array_read(nn_store_array *array, nn_store_type type, size_t count, void *values);
nn_status nn_store_array_expect_numeric(const nn_store_array *array, nn_store_type type);
/* Checks that the array is numeric and has exactly `count` elements. */
nn_status nn_store_array_expect(const nn_store_array *array, nn_store_type type, size_t count);
/* Reads a block of the array; the text of a failure is written to `reason` (NN_STORE_REASON bytes). Takes the
 * lock itself. */
bool nn_store_read_block(nn_store_array *array, const int64_t *start, const int64_t *count,
                         nn_store_type type, void *values, char *reason);
/* Fails for reading indices [first, first + count) of dimension `axis`, and reports which of them are
 * damaged. Takes the lock itself. */
nn_status nn_store_fail_read(nn_store_array *array, int axis, int64_t first, int64_t count,
                             const char *reason);

/* ---- reading past HDF5 ---- */
/* Finds out where the file stores the values of an array as in memory, if it does. */
void nn_store_raw_find(nn_store_array *array);
/* Whether such an array can be read directly as `type`. Needs no lock. */
bool nn_store_raw_serves(const nn_store_array *array, nn_store_type type);
/* Reads `count` values from value `first`; otherwise as nn_store_read_block. Needs no lock. */
bool nn_store_raw_read(const nn_store_array *array, int64_t first, int64_t count, void *values, char *reason);
/* The same for a block. */
bool nn_store_raw_serves_block(const nn_store_array *array, const int64_t *count, nn_store_type type);
bool nn_store_raw_read_block(const nn_store_array *array, const int64_t *start, const int64_t *count,
                             void *values, char *reason);

#endif
