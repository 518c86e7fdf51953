/*
 * make_data FILE SAMPLES COLUMNS CLASSES: an HDF5 file with x (SAMPLES x COLUMNS, bytes) and y (labels), for
 * measurements. A class is a fixed pattern of bytes with noise on it, so that there is something to learn.
 */
#include <hdf5.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/* SplitMix64 (Steele, Lea, Flood 2014): a number for each index, without a state. */
static uint64_t make_number(uint64_t index)
{
    uint64_t z = (index + 1) * 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

static void make_samples(uint64_t samples, uint64_t columns, uint64_t classes, uint8_t *x, uint8_t *y)
{
    for (uint64_t s = 0; s < samples; s++) {
        y[s] = (uint8_t)(make_number(s) % classes);
        for (uint64_t c = 0; c < columns; c++) {
            uint64_t pattern = make_number((1u << 20) + y[s] * columns + c) % 64;
            uint64_t noise = make_number((UINT64_C(1) << 32) + s * columns + c) % 192;
            x[s * columns + c] = (uint8_t)(pattern + noise);
        }
    }
}

static int make_dataset(hid_t file, const char *name, int dimensions, const hsize_t *extents,
                        const uint8_t *values)
{
    hid_t space = H5Screate_simple(dimensions, extents, NULL);
    hid_t dataset = H5Dcreate2(file, name, H5T_NATIVE_UINT8, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    herr_t wrote = H5Dwrite(dataset, H5T_NATIVE_UINT8, H5S_ALL, H5S_ALL, H5P_DEFAULT, values);
    H5Dclose(dataset);
    H5Sclose(space);
    return wrote < 0;
}

int main(int argc, char **argv)
{
    uint64_t sizes[3] = {0};
    for (int i = 0; i < 3 && argc == 5; i++) sizes[i] = strtoull(argv[i + 2], NULL, 10);
    if (sizes[0] == 0 || sizes[1] == 0 || sizes[2] == 0 || sizes[2] > 256) {
        fprintf(stderr, "make_data FILE SAMPLES COLUMNS CLASSES (at most 256 classes)\n");
        return 2;
    }
    uint8_t *x = malloc(sizes[0] * sizes[1]), *y = malloc(sizes[0]);
    hid_t file = H5Fcreate(argv[1], H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    int failed = !x || !y || file < 0;
    if (!failed) {
        hsize_t extents[2] = {sizes[0], sizes[1]};
        make_samples(sizes[0], sizes[1], sizes[2], x, y);
        failed = make_dataset(file, "x", 2, extents, x) | make_dataset(file, "y", 1, extents, y);
    }
    if (file >= 0) failed |= H5Fclose(file) < 0;
    free(x);
    free(y);
    if (failed) fprintf(stderr, "make_data: %s could not be written\n", argv[1]);
    return failed;
}
