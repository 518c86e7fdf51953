/* The page of the conventions of NetCDF-4 and MATLAB. */
#include "cli/help.h"

const char nn_help_formats[] =
    "NetCDF-4 files are HDF5; older ones are imported (`nntrain help netcdf`). Variables are datasets;\n"
    "packed and missing values are decoded by their attributes (`nntrain help data`), in double precision.\n"
    "Unlike xarray, values outside valid_range and NetCDF's default fill values count as missing.\n"
    "`nntrain info FILE` names axes, units and times, and proposes what lies along the same axes:\n"
    "\n"
    "  {file: [2001.nc, 2002.nc], train: {x: [u, v, t], y: rain}}  # over (time, lat, lon): maps with\n"
    "                                    # 3 channels; y over (time): a number or a text per sample\n"
    "\n"
    "Arrays of characters (time x strlen) are texts. Times are not decoded: their axis orders the samples,\n"
    "as split: {order: chronological} expects.\n"
    "\n"
    "MATLAB (save -v7.3) stores every array turned around: samples x features are\n"
    "read with fields.NAME.layout: FN, height x width x channels x samples with\n"
    "NCWH, a column of labels with FN. Its sparse matrices (data, ir, jc) are read\n"
    "as they are in MATLAB, rows x columns. Cell arrays and char are refused, with\n"
    "the line that numbers them there.\n";
