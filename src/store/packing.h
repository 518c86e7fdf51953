/*
 * How the values of a dataset are to be interpreted, according to the NetCDF conventions for attributes:
 * which of them mean no value (_FillValue, missing_value, valid_min, valid_max, valid_range), and how the
 * others are unpacked (scale_factor, add_offset, _Unsigned). Fill values have the file's type, and are
 * compared before unpacking. The fill value set for an HDF5 dataset when it was created also means no value,
 * unless it is 0, or the values are bytes, all of which are often in use; without one, in files that NetCDF-4
 * wrote, the default fill value of the type does. A virtual dataset without such
 * attributes takes those of its sources, which must then agree.
 */
#ifndef NN_STORE_PACKING_H
#define NN_STORE_PACKING_H

#include "store/store.h"

#define NN_STORE_MOST_FILLS 32

typedef struct nn_store_packing {
    int fill_count;
    nn_store_type type; /* the type to read stored bits as: signed or unsigned, of the same size */
    double fills[NN_STORE_MOST_FILLS]; /* as stored */
    double least, most;                /* limits of valid values, as stored; infinite: no limit */
    double unpacked_least, unpacked_most;
    double scale, offset; /* value = stored x scale + offset */
} nn_store_packing;       /* no padding: compared and hashed as bytes */

/* Reads the attributes of an open array. bytes: a fill value set for bytes means no value, too. */
nn_status nn_store_packing_read(nn_store_array *array, bool bytes, nn_store_packing *packing);
/* The packing that leaves values of a type unchanged. */
nn_store_packing nn_store_packing_none(nn_store_type type);

/* Whether two packings are the same; whether one leaves values of `type` unchanged; whether one has a scale
 * or an offset. */
bool nn_store_packing_equal(const nn_store_packing *a, const nn_store_packing *b);
bool nn_store_packing_is_none(const nn_store_packing *packing, nn_store_type type);
bool nn_store_packing_scales(const nn_store_packing *packing);

/* Converts a value of either sign to packing->type, if that differs from the file's type; false if it cannot
 * be represented. */
bool nn_packing_turn_sign(const nn_store_packing *packing, double *value);
/* Converts a number read with the sign of the file's type to packing->type; one of a floating-point type
 * stays. */
double nn_store_turn_sign(const nn_store_packing *packing, double stored);

/* Converts stored values to unpacked ones, in place; NaN for no value. Makes no HDF5 calls. */
void nn_store_unpack(const nn_store_packing *packing, int64_t count, double *values);

/* Appends "-9999 means no value, valid from 0 to 100, unpacked by x 0.01 + 273.15". */
void nn_store_packing_describe(const nn_store_packing *packing, nn_text *text);
/* Appends why a stored value means no value: "NaN", "-9999, which means no value"; nothing if it is valid. */
void nn_store_packing_explain(const nn_store_packing *packing, double stored, nn_text *text);

#endif
