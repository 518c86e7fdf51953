/*
 * The dimensions of a dataset, as the dimension scales of HDF5 name them: NetCDF-4 attaches one to each
 * dimension of every variable, h5netcdf and h5py's make_scale do, too. A scale is a dataset of its own: the
 * coordinates along the dimension, or (bare) nothing but its name and length.
 */
#ifndef NN_STORE_SCALES_H
#define NN_STORE_SCALES_H

#include "store/store.h"

/* The name of a scale without coordinates begins so, as NetCDF-4 writes it. */
#define NN_STORE_BARE_SCALE "This is a netCDF dimension but not a netCDF variable"

typedef struct nn_store_axis {
    char *name;     /* the path of the scale, without leading '/'; NULL: the dimension has none */
    bool bare;      /* the scale has no coordinates */
    bool unlimited; /* the dataset can grow along it */
    bool time;      /* its coordinates are times, by their attributes */
    char *units;    /* of its coordinates: "hours since 2001-01-01"; NULL: not given */
    char *bounds;   /* the name of the dataset with the bounds of its cells; NULL: not given */
} nn_store_axis;    /* all texts are owned */

typedef struct nn_store_axes {
    int count;           /* dimensions of the dataset; 0 if none of them has a scale */
    nn_store_axis *axes; /* owned */
    bool scale, bare;    /* the dataset is a dimension scale itself; one without coordinates */
} nn_store_axes;

/* Reads them from the attributes of a dataset; one without scales is not an error. Release in any case. */
nn_status nn_store_axes_read(nn_store_file *file, const char *dataset, nn_store_axes *axes);
void nn_store_axes_release(nn_store_axes *axes);

#endif
