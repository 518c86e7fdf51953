/* HDF5 files for the tests of this folder, and data sets made of them. */
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

/* Starts a file; a test that cannot write its files cannot go on. */
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

/* Numbers that look random and are the same everywhere: in [0, 1). */
static inline double files_number(uint64_t i)
{
    i = (i + 1) * UINT64_C(0x9E3779B97F4A7C15);
    i = (i ^ i >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    return (double)((i ^ i >> 27) >> 11) * 0x1p-53;
}

/* The options that most tests begin with: everything automatic, train from x and y of "d.h5". */
static inline nn_data_options files_options(void)
{
    static char file[] = "d.h5", x[] = "x", y[] = "y";
    nn_data_options options = {.file = file, .split = {.seed = -1}};
    options.parts[NN_TRAIN] = (nn_part_options){.x = x, .y = y};
    return options;
}

#endif
