/* make_layouts FOLDER: the same few labelled images in common layouts, one HDF5 file each; a table and a
 * series. tests/system/layouts.sh describes the files. */
#include <hdf5.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "folder.h"

enum { SAMPLES = 120, HEIGHT = 7, WIDTH = 6, CHANNELS = 3, CLASSES = 4, TESTED = 30, PARTS = 4, ROWS = 150 };

/* Writes float values as a dataset of element type `type`. chunk: samples per chunk along the first
 * dimension; chunks are deflated. */
static void put(hid_t file, const char *name, hid_t type, int dimensions, const hsize_t *extents,
                hsize_t chunk, const float *values)
{
    hsize_t chunks[4];
    hid_t properties = H5Pcreate(H5P_DATASET_CREATE), links = H5Pcreate(H5P_LINK_CREATE);
    hid_t space = H5Screate_simple(dimensions, extents, NULL);
    for (int d = 0; d < dimensions; d++) chunks[d] = d == 0 ? chunk : extents[d];
    if (chunk > 0)
        check(H5Pset_chunk(properties, dimensions, chunks) >= 0 && H5Pset_deflate(properties, 4) >= 0, name);
    H5Pset_create_intermediate_group(links, 1);
    hid_t dataset = H5Dcreate2(file, name, type, space, links, properties, H5P_DEFAULT);
    check(dataset >= 0 && H5Dwrite(dataset, H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT, values) >= 0,
          name);
    H5Dclose(dataset);
    H5Sclose(space);
    H5Pclose(links);
    H5Pclose(properties);
}

/* ---- the images ---- */

static int label_of(int64_t sample)
{
    return (int)(sample * 2654435761 % 1000003 % CLASSES);
}

/* A class is a pattern plus noise. */
static float image_value(int64_t sample, int64_t h, int64_t w, int64_t c)
{
    int64_t place = (h * WIDTH + w) * CHANNELS + c;
    int64_t noise = (sample * 7919 + place * 104729) % 65537 * 31 % 40;
    return (float)(label_of(sample) * 20 * (place % 3) / 2 + noise);
}

static hsize_t extent_of(char letter, int64_t samples)
{
    return (hsize_t)(letter == 'N' ? samples : letter == 'H' ? HEIGHT : letter == 'W' ? WIDTH : CHANNELS);
}

/* Images [first, first + samples), with dimensions in the order of the letters. */
static void put_images(hid_t file, const char *name, hid_t type, const char *letters, int64_t first,
                       int64_t samples, hsize_t chunk)
{
    static float values[SAMPLES * HEIGHT * WIDTH * CHANNELS];
    int dimensions = (int)strlen(letters);
    hsize_t extents[4], count = 1;
    int64_t index[128] = {0};
    for (int d = 0; d < dimensions; d++) count *= extents[d] = extent_of(letters[d], samples);
    for (hsize_t i = 0; i < count; i++) {
        values[i] = image_value(first + index['N'], index['H'], index['W'], index['C']);
        for (int d = dimensions - 1; d >= 0; d--) {
            if (++index[(int)letters[d]] < (int64_t)extents[d]) break;
            index[(int)letters[d]] = 0;
        }
    }
    put(file, name, type, dimensions, extents, chunk, values);
}

static void put_labels(hid_t file, const char *name, hid_t type, int64_t first, int64_t samples, int lowest,
                       hsize_t chunk)
{
    float values[SAMPLES];
    const hsize_t extent = (hsize_t)samples;
    for (int64_t i = 0; i < samples; i++) values[i] = (float)(label_of(first + i) + lowest);
    put(file, name, type, 1, &extent, chunk, values);
}

static void put_one_hot(hid_t file)
{
    float values[SAMPLES * CLASSES] = {0};
    const hsize_t extents[2] = {SAMPLES, CLASSES};
    for (int64_t i = 0; i < SAMPLES; i++) values[i * CLASSES + label_of(i)] = 1;
    put(file, "y", H5T_STD_U8LE, 2, extents, 0, values);
}

static void put_names(hid_t file, const char *name, hsize_t count, const char (*names)[8])
{
    hid_t type = H5Tcopy(H5T_C_S1), space = H5Screate_simple(1, &count, NULL);
    H5Tset_size(type, sizeof *names);
    hid_t dataset = H5Dcreate2(file, name, type, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    check(dataset >= 0 && H5Dwrite(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, names) >= 0, name);
    H5Dclose(dataset);
    H5Sclose(space);
    H5Tclose(type);
}

static hid_t half_float(void)
{
    hid_t half = H5Tcopy(H5T_IEEE_F32LE);
    H5Tset_fields(half, 15, 10, 5, 0, 10);
    H5Tset_size(half, 2);
    H5Tset_ebias(half, 15);
    return half;
}

/* ---- the files ---- */

static void make_plain(const char *name, const char *letters, hid_t images, hid_t labels, int lowest,
                       hsize_t chunk)
{
    hid_t file = open_file(name);
    put_images(file, "x", images, letters, 0, SAMPLES, chunk);
    put_labels(file, "y", labels, 0, SAMPLES, lowest, 0);
    H5Fclose(file);
}

static void make_grey(const char *name, bool channel)
{
    static float values[SAMPLES * HEIGHT * WIDTH];
    const hsize_t extents[4] = {SAMPLES, HEIGHT, WIDTH, 1};
    for (int64_t i = 0; i < SAMPLES * HEIGHT * WIDTH; i++)
        values[i] = image_value(i / (HEIGHT * WIDTH), i / WIDTH % HEIGHT, i % WIDTH, 0);
    hid_t file = open_file(name);
    put(file, "x", H5T_IEEE_F32LE, channel ? 4 : 3, extents, 0, values);
    put_labels(file, "y", H5T_STD_I32LE, 0, SAMPLES, 0, 0);
    H5Fclose(file);
}

static void make_groups(void)
{
    hid_t file = open_file("groups.h5");
    put_images(file, "train/data", H5T_IEEE_F32LE, "NHWC", 0, SAMPLES, 16);
    put_labels(file, "train/target", H5T_STD_I32LE, 0, SAMPLES, 0, 50);
    put_images(file, "test/data", H5T_IEEE_F32LE, "NHWC", 0, TESTED, 16);
    put_labels(file, "test/target", H5T_STD_I32LE, 0, TESTED, 0, 30);
    H5Fclose(file);
}

static void make_pair(const char *name, int64_t samples)
{
    static const char names[CLASSES][8] = {"cat", "dog", "horse", "lorry"};
    hid_t file = open_file(name);
    put_images(file, "images", H5T_STD_U8LE, "NHWC", 0, samples, 0);
    put_labels(file, "labels", H5T_STD_I64LE, 0, samples, 0, 0);
    put_names(file, "class_names", CLASSES, names);
    H5Fclose(file);
}

static void make_parts(void)
{
    int64_t first = 0;
    for (int i = 0; i < PARTS; i++) {
        char name[32];
        int64_t samples = i < PARTS - 1 ? 25 + i : SAMPLES - first;
        snprintf(name, sizeof name, "part-%d.h5", i);
        hid_t file = open_file(name);
        put_images(file, "x", H5T_STD_I16LE, "NHWC", first, samples, i == 2 ? 8 : 0);
        put_labels(file, "y", H5T_STD_I32LE, first, samples, 0, 0);
        H5Fclose(file);
        first += samples;
    }
}

/* A table as two datasets, and as one. */
static void make_table(void)
{
    float joined[SAMPLES * 7], rho[SAMPLES * 4], par[SAMPLES * 3];
    const hsize_t extents[3][2] = {{SAMPLES, 7}, {SAMPLES, 4}, {SAMPLES, 3}};
    for (int64_t i = 0; i < SAMPLES; i++)
        for (int64_t c = 0; c < 7; c++) {
            float value = image_value(i, c, 1, c % 3);
            joined[i * 7 + c] = value;
            if (c < 4) rho[i * 4 + c] = value;
            if (c >= 4) par[i * 3 + c - 4] = value;
        }
    hid_t file = open_file("table.h5");
    put(file, "x", H5T_IEEE_F32LE, 2, extents[0], 0, joined);
    put(file, "rho", H5T_STD_U16LE, 2, extents[1], 32, rho);
    put(file, "par", H5T_IEEE_F64LE, 2, extents[2], 0, par);
    put_labels(file, "y", H5T_STD_I32LE, 0, SAMPLES, 0, 0);
    H5Fclose(file);
}

/* By row and by column, to check one against the other. */
static void make_series(void)
{
    static const char names[3][8] = {"open", "volume", "close"};
    float by_row[ROWS * 3], by_column[3 * ROWS];
    const hsize_t extents[2] = {ROWS, 3}, turned[2] = {3, ROWS};
    for (int64_t i = 0; i < ROWS; i++)
        for (int64_t c = 0; c < 3; c++)
            by_column[c * ROWS + i] = by_row[i * 3 + c] = (float)(i * i * (c + 1) * 37 % 211) + (float)i;
    hid_t file = open_file("series.h5");
    put(file, "s", H5T_IEEE_F32LE, 2, extents, 20, by_row);
    put_names(file, "s_columns", 3, names);
    put(file, "turned", H5T_IEEE_F32LE, 2, turned, 0, by_column);
    H5Fclose(file);
}

int main(int argc, char **argv)
{
    if (!take_folder("make_layouts", argc, argv)) return 2;
    hid_t half = half_float();
    make_plain("plain.h5", "NHWC", H5T_IEEE_F32LE, H5T_STD_I32LE, 0, 0);
    make_plain("nchw.h5", "NCHW", H5T_IEEE_F32LE, H5T_STD_I32LE, 0, 10);
    make_plain("last.h5", "HWCN", H5T_IEEE_F32LE, H5T_STD_I32LE, 0, 0);
    make_plain("from_one.h5", "NHWC", H5T_IEEE_F32LE, H5T_STD_U8LE, 1, 0);
    make_plain("big_endian.h5", "NHWC", H5T_IEEE_F32BE, H5T_STD_I16BE, 0, 0);
    make_plain("half.h5", "NHWC", half, H5T_IEEE_F32LE, 0, 0);
    make_plain("int8.h5", "NHWC", H5T_STD_I8LE, H5T_STD_U64LE, 0, 9);
    make_plain("int64.h5", "NHWC", H5T_STD_I64LE, H5T_IEEE_F64LE, 0, 0);
    make_grey("grey.h5", false);
    make_grey("grey_channel.h5", true);
    make_groups();
    make_pair("train.h5", SAMPLES);
    make_pair("test.h5", TESTED);
    make_parts();
    make_table();
    make_series();
    hid_t file = open_file("one_hot.h5");
    put_images(file, "x", H5T_IEEE_F32LE, "NHWC", 0, SAMPLES, 0);
    put_one_hot(file);
    H5Fclose(file);
    H5Tclose(half);
    return failures > 0;
}
