/* The attributes by which MATLAB (files of version 7.3) knows what a dataset is. */
#include <string.h>

#include "store/store_internal.h"

#define MATLAB_CLASS_BYTES 32

/* The class, such as "double"; "" if the dataset is not MATLAB's. */
static void matlab_read_class(hid_t dataset, char class[MATLAB_CLASS_BYTES])
{
    memset(class, 0, MATLAB_CLASS_BYTES);
    if (H5Aexists(dataset, "MATLAB_class") <= 0) return;
    hid_t attribute = H5Aopen(dataset, "MATLAB_class", H5P_DEFAULT);
    hid_t type = attribute >= 0 ? H5Aget_type(attribute) : H5I_INVALID_HID;
    hid_t space = attribute >= 0 ? H5Aget_space(attribute) : H5I_INVALID_HID;
    bool fits = type >= 0 && space >= 0 && H5Tget_class(type) == H5T_STRING &&
                H5Tis_variable_str(type) == 0 && H5Tget_size(type) < MATLAB_CLASS_BYTES &&
                H5Sget_simple_extent_npoints(space) == 1;
    if (!fits || H5Aread(attribute, type, class) < 0) class[0] = '\0';
    if (space >= 0) H5Sclose(space);
    if (type >= 0) nn_store_note_close(H5Tclose(type));
    if (attribute >= 0) nn_store_note_close(H5Aclose(attribute));
}

static bool matlab_is_empty(hid_t dataset)
{
    int64_t empty = 0;
    if (H5Aexists(dataset, "MATLAB_empty") <= 0) return false;
    hid_t attribute = H5Aopen(dataset, "MATLAB_empty", H5P_DEFAULT);
    hid_t space = attribute >= 0 ? H5Aget_space(attribute) : H5I_INVALID_HID;
    if (space >= 0 && H5Sget_simple_extent_npoints(space) == 1 &&
        H5Aread(attribute, H5T_NATIVE_INT64, &empty) < 0)
        empty = 0;
    if (space >= 0) H5Sclose(space);
    if (attribute >= 0) nn_store_note_close(H5Aclose(attribute));
    return empty != 0;
}

nn_store_matlab nn_store_find_matlab(hid_t dataset)
{
    char class[MATLAB_CLASS_BYTES];
    matlab_read_class(dataset, class);
    if (class[0] && matlab_is_empty(dataset)) return NN_STORE_MATLAB_EMPTY;
    if (strcmp(class, "char") == 0) return NN_STORE_MATLAB_TEXT;
    return strcmp(class, "cell") == 0 ? NN_STORE_MATLAB_CELL : NN_STORE_MATLAB_NONE;
}
