/* What the files of this folder share. Every function closes the HDF5 handles that it opened, always. */
#ifndef NN_STORE_INTERNAL_H
#define NN_STORE_INTERNAL_H

#include <hdf5.h>

#include "store/driver.h"
#include "store/errors.h"
#include "store/store.h"

/*
 * ---- the lock ----
 * HDF5 is not thread-safe. Every public function holds the lock around its calls of HDF5, a failing call
 * until the text of HDF5's error has been recorded; the functions of this header are called with it held,
 * unless they say otherwise. It is recursive.
 */
void nn_store_lock(void);
void nn_store_lock_only(void); /* leaves HDF5's printing as it is */
void nn_store_unlock(void);
nn_status nn_store_unlocked(nn_status status); /* unlocks; returns `status` */
/* What a call that closes something has returned. After one that failed HDF5 is not asked at the end of the
 * process to close what is left, which it might not survive. With the lock held. */
void nn_store_note_close(herr_t outcome);
/* A call with the lock held: return NN_STORE_LOCKED(call); */
#define NN_STORE_LOCKED(call) (nn_store_lock(), nn_store_unlocked(call))

struct nn_store_file {
    hid_t id;
    char *path;        /* for messages */
    const void *image; /* borrowed; NULL for a file on disk */
    size_t image_size;
};

struct nn_store_array {
    hid_t id, space;
    nn_store_info info;
    const nn_store_file *file; /* borrowed */
    char *name;
    nn_store_source *source; /* where the values stand in a file just as they are in memory; else NULL */
    int64_t offset;          /* of the first one there */
};

/* As nn_store_open, for a file that this process has locked itself. */
nn_status nn_store_open_own(const char *path, nn_store_file **file);

/* The name of a file in memory: unique while open and sure not to exist on disk, as HDF5 insists. */
#define NN_STORE_IMAGE_NAME 64
void nn_store_image_name(char *buffer, const void *owner);

#define NN_STORE_HASH_ATTRIBUTE "xxh64"
/* HDF5 drops longer ones, of 64 KiB and more. */
#define NN_STORE_LONGEST_ATTRIBUTE ((size_t)60000)

/* H5Pset_file_locking came with 1.10.7, 1.12.1 and 1.14.0. */
#if H5_VERSION_GE(1, 12, 1) || (H5_VERSION_GE(1, 10, 7) && !H5_VERSION_GE(1, 12, 0))
#define NN_STORE_CAN_SKIP_LOCKING 1
#else
#define NN_STORE_CAN_SKIP_LOCKING 0
#endif

/* ---- element types ---- */
/* The HDF5 type of a numeric element in memory; borrowed. */
hid_t nn_store_memory_type(nn_store_type type);
bool nn_store_type_is_numeric(nn_store_type type);
/* Fills the type, its name and what else is known of it. */
void nn_store_describe_type(hid_t type, nn_store_info *info);
/* IEEE's 16-bit float, little-endian; owned, negative on failure. */
hid_t nn_store_half_type(void);
/* A string type of `size` bytes, its final NUL among them; owned, negative on failure. */
hid_t nn_store_text_type(size_t size);

/* ---- datasets ---- */
/* Fills `info` of an open dataset; `name` and `file` are for the message. */
nn_status nn_store_describe(const nn_store_file *file, hid_t dataset, const char *name, nn_store_info *info);
/* Number of elements, or -1 when it exceeds int64_t. */
int64_t nn_store_count(const nn_store_info *info);
/* Without a leading '/'. */
const char *nn_store_bare_name(const char *dataset);
/* The failure for a name that opens as no dataset: missing, a group, a broken link. */
nn_status nn_store_fail_not_dataset(nn_store_file *file, const char *name);
/* Opens a dataset by its bare name; the failure says what there is instead. */
nn_status nn_store_dataset_open(nn_store_file *file, const char *name, hid_t *dataset);
/* A chunk cache that holds what a reader or writer needs who goes on row by row; false when HDF5 refuses. */
bool nn_store_set_cache(hid_t access, const nn_store_info *info);

/* ---- filters ---- */
/* Appends the names of the filters to info->filters. */
void nn_store_describe_filters(hid_t creation, nn_store_info *info);
/* That this HDF5 has them all; the failure says where to get the one that is missing. */
nn_status nn_store_check_filters(const nn_store_array *array);

/* ---- other files ---- */
/* The failure for a name on whose way stands a link to another file that cannot be followed; NN_OK where
 * there is none. */
nn_status nn_store_check_links(const nn_store_file *file, const char *name);
/* That the files are there in which the dataset keeps its values: HDF5 reads some of those missing as zeros.
 * sparse: those of a virtual dataset may be missing. */
nn_status nn_store_check_sources(const nn_store_array *array, bool sparse);
/* Where HDF5 finds a file that the file of `object` names: in the folders that an environment variable lists,
 * beside the file, or as it is named; false where it does not exist. */
bool nn_store_find_file(hid_t object, const char *name, const char *variable, bool beside, char *path,
                        size_t size);

/* ---- reading ---- */
/* As nn_store_read, of an open array. */
nn_status nn_store_array_read(nn_store_array *array, nn_store_type type, size_t count, void *values);
nn_status nn_store_array_expect_numeric(const nn_store_array *array, nn_store_type type);
/* That the array is numeric and has exactly `count` elements. */
nn_status nn_store_array_expect(const nn_store_array *array, nn_store_type type, size_t count);
/* Reads a block of the array; the text of a failure goes to `reason` (NN_STORE_REASON bytes). Takes the lock
 * itself. */
bool nn_store_read_block(nn_store_array *array, const int64_t *start, const int64_t *count,
                         nn_store_type type, void *values, char *reason);
/* The failure to read indices [first, first + count) of dimension `axis`: tells which of them are damaged.
 * Takes the lock itself. */
nn_status nn_store_fail_read(nn_store_array *array, int axis, int64_t first, int64_t count,
                             const char *reason);

/* ---- reading past HDF5 ---- */
/* Finds out where the values of an array stand as they are, if they do. */
void nn_store_raw_find(nn_store_array *array);
/* Whether it can serve a read as `type`. Needs no lock. */
bool nn_store_raw_serves(const nn_store_array *array, nn_store_type type);
/* Reads `count` values from value `first` on; as nn_store_read_block otherwise. Needs no lock. */
bool nn_store_raw_read(const nn_store_array *array, int64_t first, int64_t count, void *values, char *reason);
/* The same of a block. */
bool nn_store_raw_serves_block(const nn_store_array *array, const int64_t *count, nn_store_type type);
bool nn_store_raw_read_block(const nn_store_array *array, const int64_t *start, const int64_t *count,
                             void *values, char *reason);

#endif
