/* Finds elements that were never written. */
#include "store/gaps.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "base/memory.h"
#include "host/files.h"
#include "store/gaps_internal.h"
#include "store/layout.h"

#define GAPS_NAME 4096

nn_status nn_gaps_fail(const nn_gaps_search *search)
{
    return nn_store_fail_hdf5(NN_ERROR_IO,
                              "cannot determine which parts of dataset \"%s\" of %s were written",
                              search->name, search->file->path);
}

/* ---- selections ---- */

/* As one block: a box of elements would be listed element by element. */
static void gaps_select_box(hid_t space, int dimensions, const int64_t *start, const int64_t *count)
{
    hsize_t from[NN_STORE_MAX_DIMENSIONS], extents[NN_STORE_MAX_DIMENSIONS], once[NN_STORE_MAX_DIMENSIONS];
    for (int d = 0; d < dimensions; d++) {
        if (count[d] == 0) return;
        from[d] = (hsize_t)start[d];
        extents[d] = (hsize_t)count[d];
        once[d] = 1;
    }
    H5Sselect_hyperslab(space, H5S_SELECT_OR, from, NULL, once, extents);
}

hid_t nn_gaps_space(int dimensions, const int64_t *extents, bool all)
{
    const int64_t begin[NN_STORE_MAX_DIMENSIONS] = {0};
    hsize_t sizes[NN_STORE_MAX_DIMENSIONS];
    for (int d = 0; d < dimensions; d++) sizes[d] = (hsize_t)extents[d];
    hid_t space = H5Screate_simple(dimensions, sizes, NULL);
    if (space < 0) return space;
    H5Sselect_none(space);
    if (all) gaps_select_box(space, dimensions, begin, extents);
    return space;
}

/* Selects elements [from, to) in row-major order, as the largest possible boxes. */
static void gaps_select_range(hid_t space, const nn_store_info *info, int64_t from, int64_t to)
{
    while (from < to) {
        int64_t start[NN_STORE_MAX_DIMENSIONS] = {0}, count[NN_STORE_MAX_DIMENSIONS] = {0};
        int64_t stride = 1, at = from;
        int along = info->dimensions - 1;
        for (int d = info->dimensions - 1; d >= 0; d--) {
            start[d] = at % info->extents[d];
            at /= info->extents[d];
        }
        while (along > 0 && start[along] == 0 && from + stride * info->extents[along] <= to)
            stride *= info->extents[along--];
        for (int d = 0; d < info->dimensions; d++) count[d] = d > along ? info->extents[d] : 1;
        count[along] = (to - from) / stride;
        if (count[along] > info->extents[along] - start[along])
            count[along] = info->extents[along] - start[along];
        gaps_select_box(space, info->dimensions, start, count);
        from += count[along] * stride;
    }
}

/* ---- chunks ---- */

int64_t nn_gaps_chunks(const nn_store_info *info, int dimension)
{
    return (info->extents[dimension] - 1) / info->chunk[dimension] + 1;
}

int64_t nn_gaps_chunk_count(const nn_store_info *info)
{
    int64_t count = 1;
    for (int d = 0; d < info->dimensions; d++) count *= nn_gaps_chunks(info, d);
    return count;
}

int64_t nn_gaps_chunk_box(const nn_store_info *info, int64_t number, int64_t *start, int64_t *count)
{
    int64_t elements = 1;
    for (int d = info->dimensions - 1; d >= 0; d--) {
        start[d] = number % nn_gaps_chunks(info, d) * info->chunk[d];
        number /= nn_gaps_chunks(info, d);
        count[d] =
            info->extents[d] - start[d] < info->chunk[d] ? info->extents[d] - start[d] : info->chunk[d];
        elements *= count[d];
    }
    return elements;
}

/* *chunks stays NULL if all are written. */
static nn_status gaps_find_chunks(const nn_gaps_search *search, unsigned char **chunks, int64_t *elements)
{
    const nn_store_info *info = search->info;
    int64_t count = nn_gaps_chunk_count(info), start[NN_STORE_MAX_DIMENSIONS], size[NN_STORE_MAX_DIMENSIONS];
    hsize_t written = 0, bytes = 0;
    hid_t space = H5Dget_space(search->dataset);
    bool counted = space >= 0 && H5Dget_num_chunks(search->dataset, space, &written) >= 0;
    if (space >= 0) H5Sclose(space);
    if (!counted) return nn_gaps_fail(search);
    if (written >= (hsize_t)count) return NN_OK;
    NN_TRY(NN_ALLOCATE(chunks, count, "the chunks of a dataset"));
    for (int64_t c = 0; c < count; c++) {
        hsize_t at[NN_STORE_MAX_DIMENSIONS];
        int64_t within = nn_gaps_chunk_box(info, c, start, size);
        for (int d = 0; d < info->dimensions; d++) at[d] = (hsize_t)start[d];
        bytes = 0;
        if (H5Dget_chunk_storage_size(search->dataset, at, &bytes) >= 0 && bytes > 0) continue;
        (*chunks)[c] = 1;
        *elements += within;
    }
    if (*elements > 0 && search->cause->length == 0)
        nn_text_append(search->cause, "a chunk of dataset \"%s\" of %s was never written", search->name,
                       search->file->path);
    return NN_OK;
}

/* Selects runs of missing chunks at once: HDF5 is slow with many single ones. */
static nn_status gaps_select_chunks(const nn_gaps_search *search, hid_t *missing)
{
    const nn_store_info *info = search->info;
    unsigned char *chunks = NULL;
    int64_t elements = 0, count = nn_gaps_chunk_count(info),
            last = nn_gaps_chunks(info, info->dimensions - 1);
    int64_t start[NN_STORE_MAX_DIMENSIONS], size[NN_STORE_MAX_DIMENSIONS], end[NN_STORE_MAX_DIMENSIONS],
        rest[NN_STORE_MAX_DIMENSIONS];
    NN_TRY(gaps_find_chunks(search, &chunks, &elements));
    if (elements > 0) *missing = nn_gaps_space(info->dimensions, info->extents, false);
    for (int64_t c = 0; c < count && elements > 0; c++) {
        if (!chunks[c]) continue;
        int64_t run = c;
        while ((run + 1) % last != 0 && chunks[run + 1]) run++;
        nn_gaps_chunk_box(info, c, start, size);
        nn_gaps_chunk_box(info, run, end, rest);
        int d = info->dimensions - 1;
        size[d] = end[d] + rest[d] - start[d];
        gaps_select_box(*missing, info->dimensions, start, size);
        c = run;
    }
    nn_free(chunks);
    return NN_OK;
}

/* ---- raw files that are too short ---- */

/* If a file does not exist at all, opening the dataset has already failed. */
static nn_status gaps_external_size(const nn_gaps_search *search, const char *name, int64_t *size)
{
    struct stat facts;
    char path[2 * GAPS_NAME];
    *size = INT64_MAX;
    if (!nn_store_find_file(search->dataset, name, "HDF5_EXTFILE_PREFIX", false, path, sizeof path))
        return NN_OK;
    bool there;
    NN_TRY(nn_file_look(path, &facts, &there));
    if (!there)
        return nn_system_fail(NN_ERROR_IO, errno,
                              "dataset \"%s\" of %s keeps its values in %s, which cannot be inspected",
                              search->name, search->file->path, path);
    *size = (int64_t)facts.st_size;
    return NN_OK;
}

static nn_status gaps_select_external(const nn_gaps_search *search, hid_t creation, hid_t *missing)
{
    int64_t total = nn_store_count(search->info), bytes = 0, at = 0, size;
    hid_t type = H5Dget_type(search->dataset);
    int64_t element = type >= 0 ? (int64_t)H5Tget_size(type) : 0;
    if (type >= 0) nn_store_note_close(H5Tclose(type));
    if (element == 0) return NN_OK;
    for (int i = 0; i < H5Pget_external_count(creation) && at < total * element; i++, at += bytes) {
        char name[GAPS_NAME] = "";
        off_t offset;
        hsize_t reserved;
        if (H5Pget_external(creation, (unsigned)i, sizeof name - 1, name, &offset, &reserved) < 0) continue;
        bytes = total * element - at;
        if (reserved != H5F_UNLIMITED && (int64_t)reserved < bytes) bytes = (int64_t)reserved;
        NN_TRY(gaps_external_size(search, name, &size));
        int64_t there = size > (int64_t)offset ? size - (int64_t)offset : 0;
        if (there >= bytes) continue;
        if (*missing < 0) *missing = nn_gaps_space(search->info->dimensions, search->info->extents, false);
        gaps_select_range(*missing, search->info, (at + there) / element, (at + bytes - 1) / element + 1);
        if (search->cause->length == 0)
            nn_text_append(search->cause, "the file %s, with values of dataset \"%s\" of %s, is too short",
                           name, search->name, search->file->path);
    }
    return NN_OK;
}

/* ---- any dataset ---- */

nn_status nn_gaps_select(const nn_gaps_search *search, hid_t *missing)
{
    const nn_store_info *info = search->info;
    *missing = H5I_INVALID_HID;
    if (info->dimensions == 0 || nn_store_count(info) == 0) return NN_OK;
    if (!info->written) {
        if (search->cause->length == 0)
            nn_text_append(search->cause, "dataset \"%s\" of %s was never written", search->name,
                           search->file->path);
        *missing = nn_gaps_space(info->dimensions, info->extents, true);
        return *missing >= 0 ? NN_OK : nn_gaps_fail(search);
    }
    if (info->is_virtual) return nn_gaps_select_virtual(search, missing);
    if (info->chunked) return gaps_select_chunks(search, missing);
    if (!info->external) return NN_OK;
    hid_t creation = H5Dget_create_plist(search->dataset);
    nn_status status = creation >= 0 ? gaps_select_external(search, creation, missing) : nn_gaps_fail(search);
    if (creation >= 0) H5Pclose(creation);
    return status;
}

/* Takes the boxes of a selection. */
static nn_status gaps_list_boxes(const nn_gaps_search *search, hid_t space, nn_store_gaps *gaps)
{
    gaps->count = (int64_t)H5Sget_select_npoints(space);
    hssize_t boxes = gaps->count > 0 ? H5Sget_select_hyper_nblocks(space) : 0;
    if (boxes < 0) return nn_gaps_fail(search);
    if (boxes == 0) return NN_OK;
    NN_TRY(NN_ALLOCATE(&gaps->corners, (int64_t)boxes * 2 * gaps->info.dimensions, "the gaps of a dataset"));
    gaps->boxes = (int64_t)boxes;
    if (H5Sget_select_hyper_blocklist(space, 0, (hsize_t)boxes, gaps->corners) >= 0) return NN_OK;
    return nn_gaps_fail(search);
}

nn_status nn_gaps_find_dataset(nn_store_array *array, nn_store_gaps *gaps)
{
    nn_text cause = {0};
    const nn_gaps_search search = {.dataset = array->id,
                                   .info = &array->info,
                                   .file = array->file,
                                   .name = array->name,
                                   .cause = &cause};
    const nn_store_info *info = &array->info;
    gaps->info = *info;
    nn_status status;
    if (info->chunked && info->written && info->dimensions > 0 && nn_store_count(info) > 0) {
        status = gaps_find_chunks(&search, &gaps->chunks, &gaps->count);
    } else {
        hid_t space;
        status = nn_gaps_select(&search, &space);
        if (status == NN_OK && space >= 0) status = gaps_list_boxes(&search, space, gaps);
        if (space >= 0) H5Sclose(space);
    }
    if (status == NN_OK && cause.failed) status = nn_fail(NN_ERROR_MEMORY, "out of memory for a message");
    gaps->cause = cause.bytes;
    return status;
}

nn_status nn_store_gaps_find(nn_store_array *array, nn_store_gaps **gaps)
{
    *gaps = NULL;
    if (!nn_store_type_is_numeric(array->info.type) || !array->layout->gaps) return NN_OK;
    nn_store_gaps *made;
    NN_TRY(NN_ALLOCATE(&made, 1, "the gaps of a dataset"));
    nn_store_lock();
    nn_status status = array->layout->gaps(array, made);
    nn_store_unlock();
    if (status != NN_OK || made->count == 0) {
        nn_store_gaps_destroy(made);
        return status;
    }
    *gaps = made;
    return NN_OK;
}
