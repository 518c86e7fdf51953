/* HDF5 files for the tests of this folder, and options for data sets made of them. */
#ifndef NN_TESTS_DATA_FILES_H
#define NN_TESTS_DATA_FILES_H

#include <dirent.h>
#include <hdf5.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "data/dataset.h"

static char files_directory[256];

static inline bool files_make_directory(void)
{
    const char *parent = getenv("TMPDIR");
    snprintf(files_directory, sizeof files_directory, "%s/nn-data-XXXXXX", parent ? parent : "/tmp");
    return mkdtemp(files_directory) != NULL;
}

/* The text is overwritten by the next call. */
static inline const char *files_path(const char *name)
{
    static char path[512];
    snprintf(path, sizeof path, "%s/%s", files_directory, name);
    return path;
}

static inline void files_remove_directory(void)
{
    DIR *directory = opendir(files_directory);
    for (struct dirent *entry = directory ? readdir(directory) : NULL; entry; entry = readdir(directory))
        if (entry->d_name[0] != '.') remove(files_path(entry->d_name));
    if (directory) closedir(directory);
    rmdir(files_directory);
}

/* Creates a file; without it a test cannot continue. */
static inline hid_t files_create(const char *name)
{
    hid_t file = H5Fcreate(files_path(name), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    if (file < 0) abort();
    return file;
}

/* Adds a dataset of element type `stored` from values of type `given`; chunked when chunk > 0 rows. */
static inline void files_add(hid_t file, const char *name, hid_t stored, hid_t given, int dimensions,
                             const hsize_t *extents, hsize_t chunk, const void *values)
{
    hsize_t chunks[8];
    hid_t space = H5Screate_simple(dimensions, extents, NULL), properties = H5Pcreate(H5P_DATASET_CREATE);
    for (int d = 0; d < dimensions; d++) chunks[d] = d == 0 ? chunk : extents[d];
    if (chunk > 0 && (H5Pset_chunk(properties, dimensions, chunks) < 0 || H5Pset_deflate(properties, 1) < 0))
        abort();
    hid_t dataset = H5Dcreate2(file, name, stored, space, H5P_DEFAULT, properties, H5P_DEFAULT);
    if (dataset < 0) abort();
    if (values && H5Dwrite(dataset, given, H5S_ALL, H5S_ALL, H5P_DEFAULT, values) < 0) abort();
    H5Dclose(dataset);
    H5Pclose(properties);
    H5Sclose(space);
}

static inline void files_add_rows(hid_t file, const char *name, hid_t stored, hsize_t rows, hsize_t columns,
                                  const double *values)
{
    const hsize_t extents[2] = {rows, columns};
    files_add(file, name, stored, H5T_NATIVE_DOUBLE, 2, extents, 0, values);
}

static inline void files_add_column(hid_t file, const char *name, hid_t stored, hsize_t rows,
                                    const double *values)
{
    files_add(file, name, stored, H5T_NATIVE_DOUBLE, 1, &rows, 0, values);
}

/* Pseudo-random numbers in [0, 1), the same everywhere. */
static inline double files_number(uint64_t i)
{
    i = (i + 1) * UINT64_C(0x9E3779B97F4A7C15);
    i = (i ^ i >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    return (double)((i ^ i >> 27) >> 11) * 0x1p-53;
}

/* A list of borrowed texts: options made of them are not released. */
static inline nn_text_list files_list(char **items, size_t count)
{
    return (nn_text_list){.items = items, .count = count};
}

/* A list of one text, in one of several static buffers that later calls reuse. */
static inline nn_text_list files_text(const char *text)
{
    static char *items[64];
    static size_t next = 0;
    char **item = &items[next++ % 64];
    *item = (char *)text;
    return files_list(item, 1);
}

static inline nn_data_names files_name(const char *name, const char *dataset)
{
    return (nn_data_names){.count = 1, .names = {(char *)name}, .datasets = {(char *)dataset}};
}

static inline void files_add_name(nn_data_names *names, const char *name, const char *dataset)
{
    names->names[names->count] = (char *)name;
    names->datasets[names->count++] = (char *)dataset;
}

/* A part whose "x" and "y" are the datasets `x` and `y` of the file. */
static inline nn_part_options files_part(const char *x, const char *y)
{
    return (nn_part_options){.x = files_name("x", x), .y = files_name("y", y)};
}

/* The options of a field; adds the field if needed. */
static inline nn_data_field_options *files_field(nn_data_options *options, const char *name)
{
    nn_data_fields_options *fields = &options->fields;
    for (int f = 0; f < fields->count; f++)
        if (strcmp(fields->names[f], name) == 0) return &fields->fields[f];
    fields->names[fields->count] = (char *)name;
    return &fields->fields[fields->count++];
}

/* The options that most tests start with: x and y of "d.h5", in memory, in file order. */
static inline nn_data_options files_options(void)
{
    nn_data_options options = {.file = files_text("d.h5"),
                               .cache = NN_CACHE_MEMORY,
                               .shuffle = NN_SHUFFLE_NONE,
                               .memory = 16,
                               .split = {.seed = 1, .order = NN_SPLIT_AUTO},
                               .window = {.horizon = 1, .stride = 1}};
    options.parts[NN_TRAIN] = files_part("x", "y");
    return options;
}

/* ---- gathering, from memory or a stream ---- */

static inline bool files_one_span(const void *context, int64_t index, nn_data_span *span)
{
    *span = *(const nn_data_span *)context;
    return index == 0;
}

/* Opens a data set of these files, with values of the precision of the test. */
static inline nn_status files_open(nn_comm *comm, const nn_data_options *options, uint64_t seed,
                                   const nn_target_wanted *wanted, int count, const nn_data_known *known,
                                   nn_dataset **dataset)
{
    const nn_dataset_setup setup = {.scalar = NN_SCALAR_REAL,
                                    .directory = files_directory,
                                    .seed = seed,
                                    .wanted = wanted,
                                    .wanted_count = count,
                                    .known = known};
    return nn_dataset_open(comm, options, &setup, dataset);
}

/* Samples at positions [first, first + count), not augmented. */
static inline nn_status files_gather(nn_dataset *dataset, nn_part part, int64_t first, int64_t count,
                                     nn_real *inputs, nn_real *targets, int64_t *labels)
{
    const nn_data_span span = {.epoch = 0, .first = first, .count = count};
    const nn_gathered gathered = {.inputs = inputs, .targets = targets, .labels = labels};
    nn_status status = nn_dataset_follow(dataset, part, files_one_span, &span, 0, 1, true);
    if (status != NN_OK) return status;
    nn_dataset_gather(dataset, part, span, false, &gathered);
    status = nn_dataset_status(dataset, part);
    nn_dataset_release(dataset, part, 0);
    nn_dataset_unfollow(dataset, part);
    return status;
}

#endif
