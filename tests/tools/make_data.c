/*
 * make_data FILE SAMPLES COLUMNS CLASSES [CHUNK [DEFLATE [WRITTEN [SORTED [TYPE [FIRST]]]]]]: an HDF5 file of
 * any size with x (SAMPLES x COLUMNS, bytes) and y (labels), for measurements. A class is a fixed pattern of
 * bytes plus noise, so that there is something to learn. CHUNK: rows per chunk of x, 0: contiguous; DEFLATE:
 * compression level; WRITTEN: number of samples written, the chunks of the others take no room; SORTED: 1
 * sorts samples by class; TYPE: 4 or 8 stores x as floats of this many bytes; FIRST: number of the first
 * sample, for a data set of several files.
 */
#include <hdf5.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK_BYTES ((uint64_t)4 << 20)

typedef struct request {
    uint64_t samples, columns, classes, chunk, deflate, written, sorted, type, first;
} request;

/* SplitMix64 (Steele, Lea, Flood 2014): a number for each index, without state. */
static uint64_t make_number(uint64_t index)
{
    uint64_t z = (index + 1) * 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

/* Eight bytes of noise per number; the least compressible bits are left out. */
static void make_sample(const request *wanted, uint64_t sample, const uint8_t *patterns, uint8_t *x,
                        uint8_t *y)
{
    *y = (uint8_t)(wanted->sorted ? sample * wanted->classes / wanted->samples
                                  : make_number(sample) % wanted->classes);
    const uint8_t *pattern = patterns + *y * wanted->columns;
    for (uint64_t c = 0; c < wanted->columns; c++) {
        static uint64_t noise;
        if (c % 8 == 0)
            noise = make_number((UINT64_C(1) << 40) + sample * wanted->columns + c) & 0x7f7f7f7f7f7f7f7fu;
        x[c] = (uint8_t)(pattern[c] + (uint8_t)(noise >> (c % 8 * 8)));
    }
}

static hid_t make_dataset(hid_t file, const char *name, hid_t type, int dimensions, const hsize_t *extents,
                          hsize_t chunk, unsigned deflate)
{
    hid_t space = H5Screate_simple(dimensions, extents, NULL), properties = H5Pcreate(H5P_DATASET_CREATE);
    hsize_t chunks[2] = {chunk, dimensions > 1 ? extents[1] : 0};
    if (chunk > 0) H5Pset_chunk(properties, dimensions, chunks);
    if (chunk > 0 && deflate > 0) H5Pset_deflate(properties, deflate);
    hid_t dataset = H5Dcreate2(file, name, type, space, H5P_DEFAULT, properties, H5P_DEFAULT);
    H5Pclose(properties);
    H5Sclose(space);
    return dataset;
}

static int write_rows(hid_t dataset, int dimensions, hsize_t first, hsize_t rows, hsize_t columns,
                      const uint8_t *values)
{
    hsize_t start[2] = {first, 0}, count[2] = {rows, columns};
    hid_t space = H5Dget_space(dataset), memory = H5Screate_simple(dimensions, count, NULL);
    herr_t wrote = H5Sselect_hyperslab(space, H5S_SELECT_SET, start, NULL, count, NULL);
    if (wrote >= 0) wrote = H5Dwrite(dataset, H5T_NATIVE_UINT8, memory, space, H5P_DEFAULT, values);
    H5Sclose(memory);
    H5Sclose(space);
    return wrote < 0;
}

static int make_file(const char *path, const request *wanted)
{
    uint64_t rows = BLOCK_BYTES / wanted->columns > 0 ? BLOCK_BYTES / wanted->columns : 1;
    uint8_t *patterns = malloc(wanted->classes * wanted->columns), *x = malloc(rows * wanted->columns),
            *y = malloc(rows);
    hsize_t extents[2] = {wanted->samples, wanted->columns};
    hid_t file = H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    if (!patterns || !x || !y || file < 0) return 1;
    for (uint64_t i = 0; i < wanted->classes * wanted->columns; i++)
        patterns[i] = (uint8_t)(make_number((1u << 20) + i) % 64);
    hid_t type = wanted->type == 4 ? H5T_IEEE_F32LE : wanted->type == 8 ? H5T_IEEE_F64LE : H5T_STD_U8LE;
    hid_t of_x = make_dataset(file, "x", type, 2, extents, wanted->chunk, (unsigned)wanted->deflate);
    hid_t of_y = make_dataset(file, "y", H5T_STD_U8LE, 1, extents,
                              wanted->written < wanted->samples ? wanted->chunk : 0, 0);
    int failed = of_x < 0 || of_y < 0;
    for (uint64_t first = 0; first < wanted->written && !failed; first += rows) {
        uint64_t count = wanted->written - first < rows ? wanted->written - first : rows;
        for (uint64_t s = 0; s < count; s++)
            make_sample(wanted, wanted->first + first + s, patterns, x + s * wanted->columns, y + s);
        failed =
            write_rows(of_x, 2, first, count, wanted->columns, x) | write_rows(of_y, 1, first, count, 0, y);
    }
    failed |= H5Dclose(of_x) < 0 || H5Dclose(of_y) < 0 || H5Fclose(file) < 0;
    free(patterns);
    free(x);
    free(y);
    return failed;
}

int main(int argc, char **argv)
{
    uint64_t numbers[9] = {0};
    for (int i = 0; i < 9 && i + 2 < argc; i++) numbers[i] = strtoull(argv[i + 2], NULL, 10);
    request wanted = {numbers[0], numbers[1], numbers[2], numbers[3], numbers[4],
                      numbers[5], numbers[6], numbers[7], numbers[8]};
    if (wanted.written == 0) wanted.written = wanted.samples;
    if (wanted.samples == 0 || wanted.columns == 0 || wanted.classes == 0 || wanted.classes > 256) {
        fprintf(stderr, "make_data FILE SAMPLES COLUMNS CLASSES [CHUNK [DEFLATE [WRITTEN [SORTED [TYPE "
                        "[FIRST]]]]]] (at most 256 classes)\n");
        return 2;
    }
    int failed = make_file(argv[1], &wanted);
    if (failed) fprintf(stderr, "make_data: cannot write %s\n", argv[1]);
    return failed;
}
