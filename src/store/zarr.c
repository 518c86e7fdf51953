#include "store/zarr.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "host/files.h"

#define ZARR_PATH 4096
#define ZARR_BYTES 65536

/* The beginning of a file in the folder; false: there is none. */
static bool zarr_read(const char *folder, const char *name, char text[ZARR_BYTES])
{
    char path[ZARR_PATH];
    int length = snprintf(path, sizeof path, "%s/%s", folder, name);
    text[0] = '\0';
    if (length < 0 || (size_t)length >= sizeof path) return false;
    int descriptor = nn_file_open(path, O_RDONLY);
    if (descriptor < 0) return false;
    ssize_t size = read(descriptor, text, ZARR_BYTES - 1);
    close(descriptor);
    text[size > 0 ? size : 0] = '\0';
    return size >= 0;
}

bool nn_store_is_zarr(const char *path)
{
    char text[ZARR_BYTES];
    return zarr_read(path, ".zgroup", text) || zarr_read(path, ".zarray", text) ||
           (zarr_read(path, "zarr.json", text) && strstr(text, "zarr_format"));
}

/* xarray names the dimensions of its arrays, and packs values as netCDF does. */
static bool zarr_is_xarray(const char *path)
{
    char text[ZARR_BYTES];
    return (zarr_read(path, ".zmetadata", text) && strstr(text, "_ARRAY_DIMENSIONS")) ||
           (zarr_read(path, "zarr.json", text) && strstr(text, "dimension_names"));
}

nn_status nn_store_fail_zarr(const char *path)
{
    char name[ZARR_PATH];
    snprintf(name, sizeof name, "%s", path);
    size_t length = strlen(name);
    while (length > 1 && name[length - 1] == '/') name[--length] = '\0';
    if (length > 5 && strcmp(name + length - 5, ".zarr") == 0) name[length - 5] = '\0';
    if (zarr_is_xarray(path))
        NN_FAIL(NN_ERROR_DATA,
                "%s is a Zarr store, which is not read here: convert it to HDF5, in Python with xarray and "
                "netCDF4: python3 -c \"import xarray; xarray.open_zarr('%s').to_netcdf('%s.h5')\"",
                path, path, name);
    NN_FAIL(
        NN_ERROR_DATA,
        "%s is a Zarr store, which is not read here: convert it to HDF5, in Python with zarr and h5py: "
        "python3 -c \"import zarr, h5py; f = h5py.File('%s.h5', 'w'); [f.create_dataset(n, data=a[...]) for "
        "n, a in zarr.open_group('%s', mode='r').arrays()]\"",
        path, name, path);
}
