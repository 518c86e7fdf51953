/* Reads rows of a one-dimensional dataset of strings, of fixed or variable length. */
#include <inttypes.h>
#include <string.h>

#include "base/memory.h"
#include "store/store_internal.h"

/* Strings of variable length that are measured at a time. */
#define TEXT_ROWS ((int64_t)4096)

typedef struct text_rows {
    const nn_store_file *file;
    const char *name;
    hid_t dataset, type, space;
    int64_t rows;
    bool variable;
    size_t size; /* of a string of fixed length */
} text_rows;

static nn_status text_fail(const text_rows *of)
{
    return nn_store_fail_hdf5(NN_ERROR_IO,
                              "cannot read the texts in dataset \"%s\" of %s: the file is damaged", of->name,
                              of->file->path);
}

static void text_close(text_rows *of)
{
    if (of->space >= 0) H5Sclose(of->space);
    if (of->type >= 0) nn_store_note_close(H5Tclose(of->type));
    if (of->dataset >= 0) nn_store_note_close(H5Dclose(of->dataset));
}

/* Close it in any case. */
static nn_status text_open(nn_store_file *file, const char *name, text_rows *of)
{
    *of = (text_rows){.file = file,
                      .name = name,
                      .dataset = H5I_INVALID_HID,
                      .type = H5I_INVALID_HID,
                      .space = H5I_INVALID_HID};
    NN_TRY(nn_store_dataset_open(file, name, &of->dataset));
    of->type = H5Dget_type(of->dataset);
    of->space = H5Dget_space(of->dataset);
    if (of->type < 0 || of->space < 0) return text_fail(of);
    if (H5Tget_class(of->type) != H5T_STRING || H5Sget_simple_extent_ndims(of->space) != 1)
        NN_FAIL(NN_ERROR_DATA, "dataset \"%s\" of %s is not a one-dimensional array of strings", name,
                file->path);
    of->rows = H5Sget_simple_extent_npoints(of->space);
    of->variable = H5Tis_variable_str(of->type) > 0;
    of->size = H5Tget_size(of->type);
    return NN_OK;
}

/* Reads rows as they are: characters, or pointers. The caller closes *memory, which is their space. */
static nn_status text_read(text_rows *of, int64_t first, int64_t rows, void *values, hid_t *memory)
{
    hsize_t start = (hsize_t)first, count = (hsize_t)rows;
    *memory = H5I_INVALID_HID;
    if (first < 0 || rows < 0 || first > of->rows - rows)
        NN_FAIL(NN_ERROR_DATA, "dataset \"%s\" of %s has %" PRId64 " rows, but row %" PRId64 " is needed",
                of->name, of->file->path, of->rows, first + rows - 1);
    *memory = H5Screate_simple(1, &count, NULL);
    if (*memory >= 0 && H5Sselect_hyperslab(of->space, H5S_SELECT_SET, &start, NULL, &count, NULL) >= 0 &&
        H5Dread(of->dataset, of->type, *memory, of->space, H5P_DEFAULT, values) >= 0)
        return NN_OK;
    return text_fail(of);
}

/* The longest of rows of variable length, or (texts) copies of them, `size` bytes each. */
static nn_status text_take_variable(text_rows *of, int64_t first, int64_t rows, size_t size, char *texts,
                                    size_t *longest)
{
    hid_t memory;
    char **words; /* each allocated by HDF5 */
    NN_TRY(NN_ALLOCATE(&words, rows, "texts"));
    nn_status status = text_read(of, first, rows, words, &memory);
    for (int64_t i = 0; i < rows && status == NN_OK; i++) {
        size_t length = words[i] ? strlen(words[i]) : 0;
        if (longest && length > *longest) *longest = length;
        if (texts && length > 0) memcpy(texts + (size_t)i * size, words[i], length < size ? length : size);
    }
    if (memory >= 0) H5Dvlen_reclaim(of->type, memory, H5P_DEFAULT, words);
    if (memory >= 0) H5Sclose(memory);
    nn_free(words);
    return status;
}

static nn_status text_take_fixed(text_rows *of, int64_t first, int64_t rows, size_t size, char *texts)
{
    hid_t memory;
    char *words;
    bool blanks = H5Tget_strpad(of->type) == H5T_STR_SPACEPAD;
    NN_TRY(nn_allocate((void **)&words, (size_t)rows, of->size, "texts"));
    nn_status status = text_read(of, first, rows, words, &memory);
    for (int64_t i = 0; i < rows && status == NN_OK; i++) {
        const char *word = words + (size_t)i * of->size;
        size_t length = strnlen(word, of->size);
        while (blanks && length > 0 && word[length - 1] == ' ') length--;
        memcpy(texts + (size_t)i * size, word, length < size ? length : size);
    }
    if (memory >= 0) H5Sclose(memory);
    nn_free(words);
    return status;
}

static nn_status text_measure(nn_store_file *file, const char *name, int64_t *rows, size_t *longest)
{
    text_rows of;
    nn_status status = text_open(file, name, &of);
    *rows = of.rows;
    *longest = of.variable ? 0 : of.size;
    for (int64_t first = 0; status == NN_OK && of.variable && first < of.rows; first += TEXT_ROWS) {
        int64_t count = of.rows - first < TEXT_ROWS ? of.rows - first : TEXT_ROWS;
        status = text_take_variable(&of, first, count, 0, NULL, longest);
    }
    text_close(&of);
    return status;
}

nn_status nn_store_measure_texts(nn_store_file *file, const char *dataset, int64_t *rows, size_t *longest)
{
    return NN_STORE_LOCKED(text_measure(file, nn_store_bare_name(dataset), rows, longest));
}

static nn_status text_read_rows(nn_store_file *file, const char *name, int64_t first, int64_t rows,
                                size_t size, char *texts)
{
    text_rows of;
    memset(texts, 0, (size_t)rows * size);
    nn_status status = text_open(file, name, &of);
    if (status == NN_OK && rows > 0)
        status = of.variable ? text_take_variable(&of, first, rows, size, texts, NULL)
                             : text_take_fixed(&of, first, rows, size, texts);
    text_close(&of);
    return status;
}

nn_status nn_store_read_texts(nn_store_file *file, const char *dataset, int64_t first, int64_t rows,
                              size_t size, char *texts)
{
    return NN_STORE_LOCKED(text_read_rows(file, nn_store_bare_name(dataset), first, rows, size, texts));
}
