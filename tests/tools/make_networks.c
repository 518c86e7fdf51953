/* make_networks FOLDER: small data sets for different kinds of networks, from rules and noise.
 * tests/system/networks.sh describes the files. */
#include <hdf5.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "folder.h"

enum { SAMPLES = 150, STEPS = 9, FEATURES = 3, CLASSES = 4, ROWS = 1300, WIDTH = 5, SIDE = 4 };

static void put(hid_t file, const char *name, hid_t type, int dimensions, const hsize_t *extents,
                const float *values)
{
    hid_t space = H5Screate_simple(dimensions, extents, NULL);
    hid_t dataset = H5Dcreate2(file, name, type, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    check(dataset >= 0 && H5Dwrite(dataset, H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT, values) >= 0,
          name);
    H5Dclose(dataset);
    H5Sclose(space);
}

/* A number in [0, 1), from a hash of the position. */
static float noise(int64_t a, int64_t b)
{
    uint64_t mixed = ((uint64_t)a * 0x9e3779b97f4a7c15u) ^ (((uint64_t)b + 1) * 0xbf58476d1ce4e5b9u);
    mixed = (mixed ^ (mixed >> 29)) * 0x94d049bb133111ebu;
    return (float)(mixed >> 40) / (float)(1 << 24);
}

static int class_of(int64_t sample)
{
    return (int)(noise(sample, 1000) * CLASSES);
}

/* Sequences of 1 to STEPS steps, padded with NaN, which must be ignored; one class per sequence, and one per
 * step. */
static void make_sequences(void)
{
    static float x[SAMPLES * STEPS * FEATURES], steps[SAMPLES * STEPS], lengths[SAMPLES], y[SAMPLES];
    const hsize_t extents[3] = {SAMPLES, STEPS, FEATURES};
    for (int64_t i = 0; i < SAMPLES; i++) {
        int64_t length = 1 + (int64_t)(noise(i, 2000) * STEPS);
        lengths[i] = (float)length;
        y[i] = (float)class_of(i);
        for (int64_t t = 0; t < STEPS; t++) {
            steps[i * STEPS + t] = t < length ? (float)((class_of(i) + t) % CLASSES) : -1;
            for (int64_t f = 0; f < FEATURES; f++)
                x[(i * STEPS + t) * FEATURES + f] =
                    t < length ? sinf((float)(class_of(i) + 1) * (float)(t + f)) + noise(i, t * FEATURES + f)
                               : NAN;
        }
    }
    hid_t file = open_file("sequences.h5");
    put(file, "x", H5T_IEEE_F32LE, 3, extents, x);
    put(file, "lengths", H5T_STD_I32LE, 1, extents, lengths);
    put(file, "y", H5T_STD_I32LE, 1, extents, y);
    put(file, "steps", H5T_STD_I32LE, 2, extents, steps);
    H5Fclose(file);
}

/* A series of waves. */
static void make_waves(void)
{
    static float rows[ROWS * FEATURES];
    const hsize_t extents[2] = {ROWS, FEATURES};
    for (int64_t i = 0; i < ROWS; i++)
        for (int64_t f = 0; f < FEATURES; f++)
            rows[i * FEATURES + f] = sinf(0.1F * (float)(i * (f + 1))) + 0.3F * noise(i, f);
    hid_t file = open_file("waves.h5");
    put(file, "s", H5T_IEEE_F32LE, 2, extents, rows);
    H5Fclose(file);
}

/* A small image and a table row; a class, sometimes 255 (none), and two values, sometimes NaN; weights,
 * sometimes 0. */
static void make_pairs(void)
{
    static float image[SAMPLES * SIDE * SIDE], table[SAMPLES * WIDTH], label[SAMPLES], size[SAMPLES * 2],
        weights[SAMPLES];
    const hsize_t of_image[4] = {SAMPLES, SIDE, SIDE, 1}, of_table[2] = {SAMPLES, WIDTH},
                  of_size[2] = {SAMPLES, 2};
    for (int64_t i = 0; i < SAMPLES; i++) {
        for (int64_t k = 0; k < SIDE * SIDE; k++)
            image[i * SIDE * SIDE + k] = noise(i, k) + (k % CLASSES == class_of(i) ? 1 : 0);
        for (int64_t k = 0; k < WIDTH; k++) table[i * WIDTH + k] = noise(i, 100 + k) * (float)(k + 1);
        label[i] = noise(i, 3000) < 0.2F ? 255 : (float)class_of(i);
        for (int64_t k = 0; k < 2; k++)
            size[i * 2 + k] =
                noise(i, 4000 + k) < 0.3F ? NAN : table[i * WIDTH + k] + image[i * SIDE * SIDE + k];
        weights[i] = noise(i, 5000) < 0.1F ? 0 : noise(i, 5001) + 0.5F;
    }
    hid_t file = open_file("pairs.h5");
    put(file, "image", H5T_IEEE_F32LE, 4, of_image, image);
    put(file, "table", H5T_IEEE_F32LE, 2, of_table, table);
    put(file, "label", H5T_STD_I32LE, 1, of_table, label);
    put(file, "size", H5T_IEEE_F32LE, 2, of_size, size);
    put(file, "weights", H5T_IEEE_F32LE, 1, of_table, weights);
    H5Fclose(file);
}

int main(int argc, char **argv)
{
    if (!take_folder("make_networks", argc, argv)) return 2;
    make_sequences();
    make_waves();
    make_pairs();
    return failures > 0;
}
