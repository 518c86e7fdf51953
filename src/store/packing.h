/*
 * How the values of a dataset are to be understood, as its attributes say by the NetCDF conventions: which of
 * them stand for no value (_FillValue, missing_value, valid_min, valid_max, valid_range), and how the others
 * are unpacked (scale_factor, add_offset, _Unsigned). Fill values are those of the file's type, compared
 * before values are unpacked. The fill value that the maker of an HDF5 dataset has set for it stands for no
 * value too, unless it is 0, or the values are bytes, which often are all used. A virtual dataset that says
 * nothing of it goes by what its sources say, which must then be the same.
 */
#ifndef NN_STORE_PACKING_H
#define NN_STORE_PACKING_H

#include "store/store.h"

#define NN_STORE_MOST_FILLS 32

typedef struct nn_store_packing {
    int fill_count;
    nn_store_type type; /* as which stored bits are read: signed or unsigned, of the same size */
    double fills[NN_STORE_MOST_FILLS]; /* as stored */
    double least, most;                /* of valid values, as stored; infinite: no limit */
    double unpacked_least, unpacked_most;
    double scale, offset; /* value = stored x scale + offset */
} nn_store_packing;       /* without padding: compared and hashed as bytes */

/* Reads the attributes of an open array. bytes: a fill value that was set for bytes stands for no value too.
 */
nn_status nn_store_packing_read(nn_store_array *array, bool bytes, nn_store_packing *packing);
/* One that changes nothing, of values of a type. */
nn_store_packing nn_store_packing_none(nn_store_type type);

bool nn_store_packing_equal(const nn_store_packing *a, const nn_store_packing *b);
bool nn_store_packing_is_none(const nn_store_packing *packing, nn_store_type type);
bool nn_store_packing_scales(const nn_store_packing *packing);

/* A value of either sign as one of packing->type, where that is not the file's; false where none can be it.
 */
bool nn_packing_turn_sign(const nn_store_packing *packing, double *value);
/* A number that was read with the sign of the file's type, as one of packing->type. */
double nn_store_turn_sign(const nn_store_packing *packing, double stored);

/* From stored values to unpacked ones, in place; NaN where there is none. Calls no HDF5. */
void nn_store_unpack(const nn_store_packing *packing, int64_t count, double *values);

/* Appends "-9999 is no value, valid from 0 to 100, x 0.01 + 273.15". */
void nn_store_packing_describe(const nn_store_packing *packing, nn_text *text);
/* Appends why a stored value is none: "NaN", "-9999, which stands for no value"; nothing where it is one. */
void nn_store_packing_explain(const nn_store_packing *packing, double stored, nn_text *text);

#endif
