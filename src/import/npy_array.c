/* Opens and reads arrays: from files by position, from archives while decompressing. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"
#include "host/system.h"
#include "import/npy.h"
#include "import/sources.h"

bool nn_npy_is_wanted(const nn_text_list *wanted, const char *name)
{
    for (size_t i = 0; i < wanted->count; i++)
        if (strcmp(wanted->items[i], name) == 0) return true;
    return wanted->count == 0;
}

nn_status nn_npy_add(nn_npy_arrays *arrays, const char *place, const char *name, nn_npy_array **array)
{
    if (arrays->count == arrays->capacity) {
        size_t capacity = 2 * arrays->capacity + 8;
        NN_TRY(nn_reallocate((void **)&arrays->items, arrays->capacity, capacity, sizeof(*arrays->items),
                             "the list of arrays"));
        arrays->capacity = capacity;
    }
    *array = &arrays->items[arrays->count++];
    (*array)->file = -1;
    NN_TRY(nn_copy_text(place, &(*array)->place));
    return nn_copy_text(name, &(*array)->name);
}

/* Reads `size` bytes at position `at` of a file, or the next ones of a member. */
static nn_status array_read_bytes(nn_npy_array *array, int64_t at, void *bytes, int64_t size, int64_t *got)
{
    if (array->file < 0) return nn_npz_read(array, bytes, size, got);
    for (*got = 0; *got < size;) {
        size_t wanted = (size_t)(size - *got < 1 << 30 ? size - *got : 1 << 30);
        ssize_t count = pread(array->file, (char *)bytes + *got, wanted, (off_t)(at + *got));
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) NN_FAIL(NN_ERROR_IO, "%s cannot be read: %s", array->place, strerror(errno));
        if (count == 0) break;
        *got += count;
    }
    return NN_OK;
}

static nn_status array_check_length(const nn_npy_array *array)
{
    const nn_npy_header *header = &array->header;
    int64_t expected = header->begin + header->values * (int64_t)header->element;
    if (array->size == expected) return NN_OK;
    NN_FAIL(NN_ERROR_DATA, "%s has %" PRId64 " bytes, but %" PRId64 " according to its header: it is %s",
            array->place, array->size, expected,
            array->size < expected ? "cut short: download it again"
                                   : "too long: save one array per file, or several with np.savez");
}

nn_status nn_npy_begin(nn_npy_array *array)
{
    unsigned char first[NN_NPY_FIRST] = {0}, *bytes;
    int64_t got;
    NN_TRY(array_read_bytes(array, 0, first, NN_NPY_FIRST, &got));
    int64_t size = nn_npy_header_bytes(first);
    if (size < NN_NPY_FIRST || got < NN_NPY_FIRST)
        NN_FAIL(NN_ERROR_DATA, "%s is not a NumPy array (.npy of version 1 to 3), or is cut short",
                array->place);
    NN_TRY(NN_ALLOCATE(&bytes, size, "the header of an array"));
    memcpy(bytes, first, NN_NPY_FIRST);
    nn_status status = array_read_bytes(array, NN_NPY_FIRST, bytes + NN_NPY_FIRST, size - NN_NPY_FIRST, &got);
    if (status == NN_OK && got < size - NN_NPY_FIRST)
        status = nn_fail(NN_ERROR_DATA, "%s is cut short in its header: download it again", array->place);
    if (status == NN_OK) status = nn_npy_parse(array->place, bytes, size, &array->header);
    nn_free(bytes);
    return status == NN_OK ? array_check_length(array) : status;
}

static nn_status array_open_file(nn_npy_arrays *arrays, const char *path, const nn_text_list *wanted)
{
    char *name;
    nn_npy_array *array;
    struct stat status;
    NN_TRY(nn_copy_text(nn_import_source_base(path), &name));
    if (nn_import_source_ends(name, ".npy")) name[strlen(name) - 4] = '\0';
    nn_status added = nn_npy_is_wanted(wanted, name) ? nn_npy_add(arrays, path, name, &array) : NN_STOPPED;
    nn_free(name);
    if (added == NN_STOPPED) return NN_OK; /* not wanted */
    NN_TRY(added);
    NN_TRY(nn_import_source_open(path, &array->file));
    if (fstat(array->file, &status) != 0)
        return nn_system_fail(NN_ERROR_IO, errno, "'%s' cannot be opened", path);
    array->size = status.st_size;
    return nn_npy_begin(array);
}

nn_status nn_npy_open(nn_npy_arrays *arrays, const char *path, const nn_text_list *wanted)
{
    char first[4] = "";
    int file;
    NN_TRY(nn_import_source_open(path, &file));
    ssize_t got = read(file, first, sizeof(first));
    int failure = errno;
    close(file);
    if (got < 0) return nn_system_fail(NN_ERROR_IO, failure, "'%s' cannot be opened", path);
    bool archive = memcmp(first, "PK", 2) == 0;
    return archive ? nn_npz_open(arrays, path, wanted) : array_open_file(arrays, path, wanted);
}

void nn_npy_close(nn_npy_arrays *arrays)
{
    for (size_t i = 0; i < arrays->count; i++) {
        nn_npy_array *array = &arrays->items[i];
        if (array->file >= 0) close(array->file);
        nn_npz_close_member(array);
        nn_free(array->name);
        nn_free(array->place);
        nn_free(array->column);
    }
    for (size_t i = 0; i < arrays->archive_count; i++) nn_npz_close_archive(arrays->archives[i]);
    nn_free(arrays->items);
    nn_free(arrays->archives);
    *arrays = (nn_npy_arrays){0};
}

static nn_status array_read_whole(nn_npy_array *array, int64_t at, void *bytes, int64_t size)
{
    int64_t got;
    NN_TRY(array_read_bytes(array, at, bytes, size, &got));
    if (got < size) NN_FAIL(NN_ERROR_DATA, "%s is cut short: download it again", array->place);
    return NN_OK;
}

/* The position in C order of the value that follows `position` in Fortran order. */
static int64_t array_next(const nn_npy_header *header, int64_t *index)
{
    for (int d = 1; d < header->dimensions; d++) {
        if (++index[d] < header->extents[d]) break;
        index[d] = 0;
    }
    int64_t position = 0;
    for (int d = 1; d < header->dimensions; d++) position = position * header->extents[d] + index[d];
    return position;
}

/* Reads column by column, as stored in the file; `values` has room for the file's elements at its end. */
static nn_status array_read_fortran(nn_npy_array *array, int64_t first, int64_t rows, unsigned char *values)
{
    const nn_npy_header *header = &array->header;
    int64_t element = (int64_t)header->element, all = header->extents[0], width = header->values / all;
    int64_t index[NN_NPY_DIMENSIONS] = {0}, position = 0;
    if ((size_t)(rows * element) > array->column_capacity) {
        nn_free(array->column);
        array->column_capacity = 0;
        NN_TRY(NN_ALLOCATE(&array->column, rows * element, "a column of an array"));
        array->column_capacity = (size_t)(rows * element);
    }
    for (int64_t column = 0; column < width; column++) {
        int64_t at = header->begin + (column * all + first) * element;
        NN_TRY(array_read_whole(array, at, array->column, rows * element));
        for (int64_t row = 0; row < rows; row++)
            memcpy(values + (row * width + position) * element, array->column + row * element,
                   (size_t)element);
        position = array_next(header, index);
    }
    return NN_OK;
}

nn_status nn_npy_read(nn_npy_array *array, int64_t first, int64_t rows, void *values)
{
    const nn_npy_header *header = &array->header;
    int64_t all = header->extents[0], count = header->values / all * rows;
    int64_t row_bytes = header->values / all * (int64_t)header->element;
    unsigned char *bytes = (unsigned char *)values + (header->half ? 2 * count : 0);
    if (header->fortran)
        NN_TRY(array_read_fortran(array, first, rows, bytes));
    else
        NN_TRY(array_read_whole(array, header->begin + first * row_bytes, bytes, row_bytes * rows));
    char surplus;
    int64_t got = 0;
    if (array->member && first + rows == all) /* at the end of a member its checksum is verified */
        NN_TRY(nn_npz_read(array, &surplus, 1, &got));
    nn_npy_to_native(header, values, count);
    return NN_OK;
}
