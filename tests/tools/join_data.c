/* join_data FILE RESULT NAME PART...: concatenates the parts, byte datasets of FILE, to dataset NAME of
 * RESULT. */
#include <hdf5.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

typedef struct joined {
    int dimensions;
    hsize_t extents[H5S_MAX_RANK]; /* of all parts together */
    uint8_t *bytes;
    size_t size;
} joined;

/* Appends one part; all extents but the first must match those of the earlier parts. */
static bool join_append(joined *all, hid_t file, const char *name)
{
    hsize_t extents[H5S_MAX_RANK];
    hid_t dataset = H5Dopen2(file, name, H5P_DEFAULT);
    hid_t space = dataset < 0 ? H5I_INVALID_HID : H5Dget_space(dataset);
    if (space < 0) return false;
    int dimensions = H5Sget_simple_extent_dims(space, extents, NULL);
    bool fits = all->bytes ? dimensions == all->dimensions : dimensions > 0;
    for (int d = 1; d < dimensions && fits; d++) fits = !all->bytes || extents[d] == all->extents[d];
    size_t more = (size_t)H5Sget_simple_extent_npoints(space);
    uint8_t *bytes = fits ? realloc(all->bytes, all->size + more) : NULL;
    if (!bytes) return false;
    extents[0] += all->bytes ? all->extents[0] : 0;
    for (int d = 0; d < dimensions; d++) all->extents[d] = extents[d];
    all->dimensions = dimensions;
    all->bytes = bytes;
    herr_t status = H5Dread(dataset, H5T_NATIVE_UINT8, H5S_ALL, H5S_ALL, H5P_DEFAULT, bytes + all->size);
    all->size += more;
    H5Sclose(space);
    H5Dclose(dataset);
    return status >= 0;
}

static bool join_write(const joined *all, const char *path, const char *name)
{
    hid_t space = H5Screate_simple(all->dimensions, all->extents, NULL);
    FILE *there = fopen(path, "rb");
    hid_t file = there ? H5Fopen(path, H5F_ACC_RDWR, H5P_DEFAULT)
                       : H5Fcreate(path, H5F_ACC_EXCL, H5P_DEFAULT, H5P_DEFAULT);
    if (there) fclose(there);
    hid_t dataset = H5Dcreate2(file, name, H5T_NATIVE_UINT8, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    herr_t status = H5Dwrite(dataset, H5T_NATIVE_UINT8, H5S_ALL, H5S_ALL, H5P_DEFAULT, all->bytes);
    H5Dclose(dataset);
    H5Sclose(space);
    return H5Fclose(file) >= 0 && status >= 0;
}

int main(int argc, char **argv)
{
    joined all = {0};
    if (argc < 5) {
        fprintf(stderr, "join_data FILE RESULT NAME PART...\n");
        return 2;
    }
    hid_t file = H5Fopen(argv[1], H5F_ACC_RDONLY, H5P_DEFAULT);
    bool done = file >= 0;
    for (int i = 4; i < argc && done; i++) done = join_append(&all, file, argv[i]);
    done = done && join_write(&all, argv[2], argv[3]);
    if (!done) fprintf(stderr, "join_data: cannot make %s from %s\n", argv[2], argv[1]);
    free(all.bytes);
    return !done;
}
