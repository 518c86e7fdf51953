/*
 * damage_checkpoint FILE ACTION DATASET [DATASET]: damages a checkpoint as a disk or a person might.
 *
 *     where DATASET        prints the offset of its values in the file, and their size in bytes
 *     delete DATASET       removes it, and seals the file again
 *     swap DATASET OTHER   swaps the two, and seals the file again
 *     reshape DATASET      makes it one row, and seals the file again
 *     group DATASET        replaces it by a group, and seals the file again
 *     nan DATASET          makes its first value NaN, with the right checksum, and seals the file again
 *     flip DATASET         changes a byte of it but not its checksum, and seals the file again
 */
#include <hdf5.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/hash.h"
#include "store/seal.h"

static void check(bool done, const char *what)
{
    if (done) return;
    fprintf(stderr, "damage_checkpoint: %s failed\n", what);
    exit(1);
}

static unsigned char *read_all(const char *path, size_t *size)
{
    FILE *file = fopen(path, "rb");
    check(file && fseek(file, 0, SEEK_END) == 0, "opening the file");
    *size = (size_t)ftell(file);
    rewind(file);
    unsigned char *bytes = malloc(*size + NN_STORE_SEAL_SIZE);
    check(bytes && fread(bytes, 1, *size, file) == *size, "reading the file");
    fclose(file);
    return bytes;
}

static void seal_again(const char *path)
{
    size_t size;
    unsigned char *bytes = read_all(path, &size);
    nn_store_seal(bytes, size);
    FILE *file = fopen(path, "wb");
    check(file && fwrite(bytes, 1, size + NN_STORE_SEAL_SIZE, file) == size + NN_STORE_SEAL_SIZE &&
              fclose(file) == 0,
          "writing the file");
    free(bytes);
}

static void take_seal_off(const char *path)
{
    size_t size;
    free(read_all(path, &size));
    check(truncate(path, (off_t)(size - NN_STORE_SEAL_SIZE)) == 0, "taking the seal off");
}

static void show_place(const char *path, const char *name)
{
    hid_t file = H5Fopen(path, H5F_ACC_RDONLY, H5P_DEFAULT), dataset = H5Dopen2(file, name, H5P_DEFAULT);
    check(dataset >= 0, "opening the dataset");
    printf("%llu %llu\n", (unsigned long long)H5Dget_offset(dataset),
           (unsigned long long)H5Dget_storage_size(dataset));
    H5Dclose(dataset);
    H5Fclose(file);
}

static void put_hash(hid_t dataset, const void *values, size_t size)
{
    uint64_t hash = nn_hash(values, size, 0);
    hid_t attribute = H5Aopen(dataset, "xxh64", H5P_DEFAULT);
    check(H5Awrite(attribute, H5T_NATIVE_UINT64, &hash) >= 0, "writing the checksum");
    H5Aclose(attribute);
}

/* Makes the first value NaN, or changes its first byte. */
static void change_value(hid_t file, const char *name, bool nan)
{
    hid_t dataset = H5Dopen2(file, name, H5P_DEFAULT), type = H5Dget_type(dataset);
    size_t size = (size_t)H5Dget_storage_size(dataset);
    unsigned char *values = malloc(size);
    check(values && H5Dread(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, values) >= 0, "reading");
    float single = NAN;
    double wide = NAN;
    bool is_single = H5Tget_size(type) == sizeof single;
    if (nan)
        memcpy(values, is_single ? (void *)&single : (void *)&wide, is_single ? sizeof single : sizeof wide);
    else
        values[0] ^= 1;
    check(H5Dwrite(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, values) >= 0, "writing");
    if (nan) put_hash(dataset, values, size);
    free(values);
    H5Tclose(type);
    H5Dclose(dataset);
}

static void exchange(hid_t file, const char *one, const char *other)
{
    check(H5Lmove(file, one, H5L_SAME_LOC, "aside", H5P_DEFAULT, H5P_DEFAULT) >= 0 &&
              H5Lmove(file, other, H5L_SAME_LOC, one, H5P_DEFAULT, H5P_DEFAULT) >= 0 &&
              H5Lmove(file, "aside", H5L_SAME_LOC, other, H5P_DEFAULT, H5P_DEFAULT) >= 0,
          "exchanging");
}

static void put_group(hid_t file, const char *name)
{
    check(H5Ldelete(file, name, H5P_DEFAULT) >= 0, "removing");
    hid_t group = H5Gcreate2(file, name, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    check(group >= 0, "making a group");
    H5Gclose(group);
}

static void flatten(hid_t file, const char *name)
{
    hid_t dataset = H5Dopen2(file, name, H5P_DEFAULT), type = H5Dget_type(dataset);
    hsize_t size = H5Dget_storage_size(dataset), extents[3] = {1, 1, size / H5Tget_size(type)};
    void *values = malloc((size_t)size);
    check(values && H5Dread(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, values) >= 0, "reading");
    H5Dclose(dataset);
    check(H5Ldelete(file, name, H5P_DEFAULT) >= 0, "removing");
    hid_t space = H5Screate_simple(3, extents, NULL), one = H5Screate(H5S_SCALAR);
    dataset = H5Dcreate2(file, name, type, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    check(H5Dwrite(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, values) >= 0, "writing");
    H5Aclose(H5Acreate2(dataset, "xxh64", H5T_NATIVE_UINT64, one, H5P_DEFAULT, H5P_DEFAULT));
    put_hash(dataset, values, (size_t)size);
    H5Dclose(dataset);
    H5Sclose(one);
    H5Sclose(space);
    H5Tclose(type);
    free(values);
}

int main(int count, char **words)
{
    check(count >= 4, "reading the command line");
    const char *path = words[1], *action = words[2], *name = words[3];
    if (strcmp(action, "where") == 0) {
        show_place(path, name);
        return 0;
    }
    take_seal_off(path);
    hid_t file = H5Fopen(path, H5F_ACC_RDWR, H5P_DEFAULT);
    check(file >= 0, "opening with HDF5");
    if (strcmp(action, "delete") == 0)
        check(H5Ldelete(file, name, H5P_DEFAULT) >= 0, "removing");
    else if (strcmp(action, "swap") == 0)
        exchange(file, name, words[4]);
    else if (strcmp(action, "group") == 0)
        put_group(file, name);
    else if (strcmp(action, "reshape") == 0)
        flatten(file, name);
    else
        change_value(file, name, strcmp(action, "nan") == 0);
    H5Fclose(file);
    seal_again(path);
    return 0;
}
