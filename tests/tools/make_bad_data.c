/* make_bad_data FOLDER: HDF5 files with one fault each; see tests/system/bad_data.sh. */
#include <hdf5.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "folder.h"

enum { SAMPLES = 64, COLUMNS = 3, CLASSES = 4, CHUNK = 8 };

/* values NULL: not written. properties: H5P_DEFAULT, or those of the dataset. */
static void put(hid_t file, const char *name, hid_t type, hid_t given, hsize_t rows, hsize_t columns,
                hid_t properties, const void *values)
{
    const hsize_t extents[2] = {rows, columns};
    hid_t space = H5Screate_simple(columns > 0 ? 2 : 1, extents, NULL);
    hid_t dataset = H5Dcreate2(file, name, type, space, H5P_DEFAULT, properties, H5P_DEFAULT);
    check(dataset >= 0, name);
    if (values) check(H5Dwrite(dataset, given, H5S_ALL, H5S_ALL, H5P_DEFAULT, values) >= 0, name);
    H5Dclose(dataset);
    H5Sclose(space);
}

static void fill(double *x, double *y, double first)
{
    for (int i = 0; i < SAMPLES * COLUMNS; i++) x[i] = first + i * 37 % 101;
    for (int i = 0; i < SAMPLES; i++) y[i] = i * 7 % CLASSES;
}

static void put_x(hid_t file, const char *name, hsize_t rows, const double *x)
{
    put(file, name, H5T_IEEE_F32LE, H5T_NATIVE_DOUBLE, rows, COLUMNS, H5P_DEFAULT, x);
}

static void put_y(hid_t file, const char *name, hsize_t rows, const double *y)
{
    put(file, name, H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE, rows, 0, H5P_DEFAULT, y);
}

/* Good data, and the same with one changed value. */
static void make_good(const char *name, double first)
{
    static const char names[COLUMNS][8] = {"open", "high", "close"};
    double x[SAMPLES * COLUMNS], y[SAMPLES];
    fill(x, y, first);
    hid_t file = open_file(name), text = H5Tcopy(H5T_C_S1);
    H5Tset_size(text, sizeof *names);
    put_x(file, "x_train", SAMPLES, x);
    put_y(file, "y_train", SAMPLES, y);
    put(file, "x_train_columns", text, text, COLUMNS, 0, H5P_DEFAULT, names);
    H5Tclose(text);
    H5Fclose(file);
}

static void make_wrong(void)
{
    double x[SAMPLES * COLUMNS], y[SAMPLES], other[SAMPLES];
    fill(x, y, 0);
    hid_t file = open_file("wrong.h5"), pair = H5Tcreate(H5T_COMPOUND, 16),
          lists = H5Tvlen_create(H5T_NATIVE_FLOAT);
    H5Tinsert(pair, "a", 0, H5T_NATIVE_DOUBLE);
    H5Tinsert(pair, "b", 8, H5T_NATIVE_DOUBLE);
    put_x(file, "x", SAMPLES, x);
    put_y(file, "y", SAMPLES, y);
    put_y(file, "short", SAMPLES - 1, y);
    put_x(file, "empty", 0, NULL);
    put_x(file, "unwritten", SAMPLES, NULL);
    put(file, "compound", pair, pair, SAMPLES, 0, H5P_DEFAULT, NULL);
    put(file, "lists", lists, lists, SAMPLES, 0, H5P_DEFAULT, NULL);
    for (int i = 0; i < SAMPLES; i++) other[i] = y[i] + 1;
    put_y(file, "from_one", SAMPLES, other);
    for (int i = 0; i < SAMPLES; i++) other[i] = y[i] + 0.5;
    put_y(file, "half", SAMPLES, other);
    for (int i = 0; i < SAMPLES; i++) other[i] = 1;
    put_y(file, "all_one", SAMPLES, other);
    memcpy(other, y, sizeof y);
    other[9] = 1e12;
    put_y(file, "large", SAMPLES, other);
    other[9] = -2;
    put_y(file, "negative", SAMPLES, other);
    other[9] = 1.5;
    put_y(file, "fraction", SAMPLES, other);
    x[7 * COLUMNS + 2] = NAN;
    x[12 * COLUMNS] = INFINITY;
    put_x(file, "nan", SAMPLES, x);
    x[7 * COLUMNS + 2] = 0;
    put_x(file, "inf", SAMPLES, x);
    H5Tclose(pair);
    H5Tclose(lists);
    H5Fclose(file);
}

/* The offset of the third chunk of x in the file. */
static void write_checksummed(haddr_t *address, hsize_t *size)
{
    double x[SAMPLES * COLUMNS], y[SAMPLES];
    const hsize_t chunk[2] = {CHUNK, COLUMNS};
    hsize_t offset[2];
    unsigned mask;
    fill(x, y, 0);
    hid_t file = open_file("damaged.h5"), properties = H5Pcreate(H5P_DATASET_CREATE);
    H5Pset_chunk(properties, 2, chunk);
    H5Pset_fletcher32(properties);
    put(file, "x", H5T_IEEE_F32LE, H5T_NATIVE_DOUBLE, SAMPLES, COLUMNS, properties, x);
    put_y(file, "y", SAMPLES, y);
    H5Fflush(file, H5F_SCOPE_GLOBAL);
    hid_t dataset = H5Dopen2(file, "x", H5P_DEFAULT), space = H5Dget_space(dataset);
    check(H5Dget_chunk_info(dataset, space, 2, offset, &mask, address, size) >= 0, "damaged.h5");
    H5Sclose(space);
    H5Dclose(dataset);
    H5Pclose(properties);
    H5Fclose(file);
}

static void make_damaged(void)
{
    haddr_t address = 0;
    hsize_t size = 0;
    write_checksummed(&address, &size);
    FILE *file = fopen(path_of("damaged.h5"), "r+b");
    check(file && fseek(file, (long)(address + size / 2), SEEK_SET) == 0 && fputs("damage", file) >= 0,
          "damaged.h5");
    if (file) check(fclose(file) == 0, "damaged.h5");
}

int main(int argc, char **argv)
{
    if (!take_folder("make_bad_data", argc, argv)) return 2;
    make_good("good.h5", 0);
    make_good("other.h5", 1);
    make_wrong();
    make_damaged();
    return failures > 0;
}
