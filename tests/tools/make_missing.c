/* make_missing FOLDER: the same samples with the same missing values, marked in every way that files have;
 * see tests/system/missing.sh. x has 240 x 5 values, y one per sample, c a class. Samples 32 to 47 and 100 to
 * 115 of x are missing, and those of y and c whose number ends in 7. */
#include <hdf5.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "folder.h"

enum { SAMPLES = 240, COLUMNS = 5, CHUNK = 16, SOURCE = 80 };

static double x[SAMPLES * COLUMNS], y[SAMPLES], c[SAMPLES];

/* ---- the values ---- */

static bool x_is_missing(int sample)
{
    return (sample >= 32 && sample < 48) || (sample >= 100 && sample < 116);
}

static bool y_is_missing(int sample)
{
    return sample % 10 == 7;
}

/* Multiples of 1/4, so that packed values unpack to the same bits. */
static void fill(void)
{
    uint32_t state = 12345;
    for (int i = 0; i < SAMPLES; i++) {
        double sum = 0;
        for (int k = 0; k < COLUMNS; k++) {
            state = state * 1664525u + 1013904223u;
            x[i * COLUMNS + k] = (double)(state >> 24) * 0.25 - 3;
            sum += x[i * COLUMNS + k] * (k + 1);
        }
        y[i] = floor(sum);
        c[i] = sum > 500 ? 2 : sum > 380 ? 1 : 0;
    }
}

/* ---- datasets ---- */

static hid_t make(hid_t file, const char *name, hid_t type, hsize_t rows, hsize_t columns, hid_t creation)
{
    const hsize_t extents[2] = {rows, columns};
    hid_t space = H5Screate_simple(columns > 0 ? 2 : 1, extents, NULL);
    hid_t dataset = H5Dcreate2(file, name, type, space, H5P_DEFAULT, creation, H5P_DEFAULT);
    check(dataset >= 0, name);
    H5Sclose(space);
    return dataset;
}

static void put_number(hid_t dataset, const char *name, hid_t type, double value)
{
    hid_t space = H5Screate(H5S_SCALAR);
    hid_t attribute = H5Acreate2(dataset, name, type, space, H5P_DEFAULT, H5P_DEFAULT);
    check(H5Awrite(attribute, H5T_NATIVE_DOUBLE, &value) >= 0, name);
    H5Aclose(attribute);
    H5Sclose(space);
}

/* Missing values are `fill`. */
static hid_t put_y(hid_t file, const char *name, hid_t type, const double *values, double instead)
{
    double written[SAMPLES];
    for (int i = 0; i < SAMPLES; i++) written[i] = y_is_missing(i) ? instead : values[i];
    hid_t dataset = make(file, name, type, SAMPLES, 0, H5P_DEFAULT);
    check(H5Dwrite(dataset, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, written) >= 0, name);
    return dataset;
}

/* Targets without missing values, and with NaN. */
static void put_targets(hid_t file)
{
    hid_t whole = make(file, "whole", H5T_IEEE_F64LE, SAMPLES, 0, H5P_DEFAULT);
    check(H5Dwrite(whole, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, y) >= 0, "whole");
    H5Dclose(whole);
    H5Dclose(put_y(file, "y", H5T_IEEE_F64LE, y, NAN));
    H5Dclose(put_y(file, "c", H5T_IEEE_F32LE, c, NAN));
}

static void write_rows(hid_t dataset, hsize_t first, hsize_t rows, const double *values)
{
    const hsize_t start[2] = {first, 0}, count[2] = {rows, COLUMNS};
    hid_t space = H5Dget_space(dataset), memory = H5Screate_simple(2, count, NULL);
    H5Sselect_hyperslab(space, H5S_SELECT_SET, start, NULL, count, NULL);
    check(H5Dwrite(dataset, H5T_NATIVE_DOUBLE, memory, space, H5P_DEFAULT, values) >= 0, "x");
    H5Sclose(memory);
    H5Sclose(space);
}

/* ---- the files ---- */

static void put_nan(void)
{
    double written[SAMPLES * COLUMNS];
    for (int i = 0; i < SAMPLES * COLUMNS; i++) written[i] = x_is_missing(i / COLUMNS) ? NAN : x[i];
    hid_t file = open_file("nan.h5"),
          dataset = make(file, "x", H5T_IEEE_F64LE, SAMPLES, COLUMNS, H5P_DEFAULT);
    write_rows(dataset, 0, SAMPLES, written);
    H5Dclose(dataset);
    put_targets(file);
    H5Fclose(file);
}

/* Chunks of 4 samples, so that entire chunks are missing. */
static void put_chunks(void)
{
    const hsize_t chunk[2] = {4, COLUMNS};
    hid_t file = open_file("chunks.h5"), creation = H5Pcreate(H5P_DATASET_CREATE);
    H5Pset_chunk(creation, 2, chunk);
    hid_t dataset = make(file, "x", H5T_IEEE_F64LE, SAMPLES, COLUMNS, creation);
    write_rows(dataset, 0, 32, x);
    write_rows(dataset, 48, 52, x + 48 * COLUMNS);
    write_rows(dataset, 116, SAMPLES - 116, x + 116 * COLUMNS);
    H5Dclose(dataset);
    H5Pclose(creation);
    put_targets(file);
    H5Fclose(file);
}

static void map(hid_t creation, hsize_t first, hsize_t rows, const char *file, const char *dataset)
{
    const hsize_t extents[2] = {SAMPLES, COLUMNS}, start[2] = {first, 0}, count[2] = {rows, COLUMNS};
    hid_t target = H5Screate_simple(2, extents, NULL), source = H5Screate_simple(2, extents, NULL);
    H5Sselect_hyperslab(target, H5S_SELECT_SET, start, NULL, count, NULL);
    H5Sselect_hyperslab(source, H5S_SELECT_SET, start, NULL, count, NULL);
    check(H5Pset_virtual(creation, target, file, dataset, source) >= 0, dataset);
    H5Sclose(source);
    H5Sclose(target);
}

/* A gap, and a file that does not exist. */
static void put_virtual(void)
{
    hid_t file = open_file("source.h5"),
          dataset = make(file, "v", H5T_IEEE_F64LE, SAMPLES, COLUMNS, H5P_DEFAULT);
    write_rows(dataset, 0, SAMPLES, x);
    H5Dclose(dataset);
    H5Fclose(file);
    file = open_file("virtual.h5");
    hid_t creation = H5Pcreate(H5P_DATASET_CREATE);
    map(creation, 0, 32, "source.h5", "v");
    map(creation, 48, 52, "source.h5", "v");
    map(creation, 100, 16, "absent.h5", "v");
    map(creation, 116, SAMPLES - 116, "source.h5", "v");
    H5Dclose(make(file, "x", H5T_IEEE_F64LE, SAMPLES, COLUMNS, creation));
    H5Pclose(creation);
    put_targets(file);
    H5Fclose(file);
}

/* Samples [first, first + rows), packed into 16 bits as in NetCDF files, and their targets. */
static void put_packed(const char *name, int first, int rows, double scale, double offset, double said)
{
    double written[SAMPLES * COLUMNS];
    for (int i = 0; i < rows * COLUMNS; i++) {
        int at = i + first * COLUMNS;
        written[i] = x_is_missing(at / COLUMNS) ? -32768 : (x[at] - offset) / scale;
    }
    hid_t file = open_file(name);
    hid_t dataset = make(file, "x", H5T_STD_I16LE, (hsize_t)rows, COLUMNS, H5P_DEFAULT);
    write_rows(dataset, 0, (hsize_t)rows, written);
    put_number(dataset, "_FillValue", H5T_STD_I16LE, -32768);
    put_number(dataset, "scale_factor", H5T_IEEE_F64LE, scale);
    put_number(dataset, "add_offset", H5T_IEEE_F64LE, said);
    H5Dclose(dataset);
    if (rows == SAMPLES) {
        dataset = put_y(file, "whole", H5T_IEEE_F64LE, y, 0);
        check(H5Dwrite(dataset, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, y) >= 0, "whole");
        H5Dclose(dataset);
        dataset = put_y(file, "y", H5T_IEEE_F64LE, y, -9999);
        put_number(dataset, "missing_value", H5T_STD_I32LE, -9999);
        H5Dclose(dataset);
        dataset = put_y(file, "c", H5T_STD_U8LE, c, 255);
        put_number(dataset, "_FillValue", H5T_STD_U8LE, 255);
        H5Dclose(dataset);
    } else {
        dataset = make(file, "whole", H5T_IEEE_F64LE, (hsize_t)rows, 0, H5P_DEFAULT);
        check(H5Dwrite(dataset, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, y + first) >= 0, "whole");
        H5Dclose(dataset);
    }
    H5Fclose(file);
}

/* A series of one column in which rows 50 and 51 are missing. */
static void put_series(void)
{
    double written[SAMPLES];
    for (int i = 0; i < SAMPLES; i++) written[i] = i == 50 || i == 51 ? 9.96921e36 : sin(i * 0.1) + 0.01 * i;
    hid_t file = open_file("series.h5"), dataset = make(file, "s", H5T_IEEE_F32LE, SAMPLES, 1, H5P_DEFAULT);
    check(H5Dwrite(dataset, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, written) >= 0, "s");
    put_number(dataset, "_FillValue", H5T_IEEE_F32LE, 9.96921e36);
    H5Dclose(dataset);
    H5Fclose(file);
}

int main(int argc, char **argv)
{
    if (!take_folder("make_missing", argc, argv)) return 2;
    fill();
    put_nan();
    put_chunks();
    put_virtual();
    put_packed("packed.h5", 0, SAMPLES, 0.25, -3, -3);
    put_packed("changed.h5", 0, SAMPLES, 0.25, -3, -2);
    /* Each file has its own scale, as from models that write one file per month. */
    put_packed("month-1.h5", 0, SOURCE, 0.25, -3, -3);
    put_packed("month-2.h5", SOURCE, SOURCE, 0.125, -8, -8);
    put_packed("month-3.h5", 2 * SOURCE, SAMPLES - 2 * SOURCE, 0.25, 0, 0);
    put_series();
    return failures == 0 ? 0 : 1;
}
