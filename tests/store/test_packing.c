/* Attributes of the NetCDF conventions: which values mean no value, and how the others are unpacked. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <hdf5.h>

#include "scratch.h"
#include "store/packing.h"

/* An attribute in a test case: values of a type, or a text. */
typedef struct attribute {
    const char *name;
    int type; /* 'b' 8, 'h' 16, 'i' 32 bits, 'f' float, 'd' double, 't' text, 'v' text of variable length */
    int count;
    double values[4];
    const char *text;
} attribute;

static hid_t native(int type)
{
    return type == 'b'   ? H5T_STD_I8LE
           : type == 'B' ? H5T_STD_U8LE
           : type == 'h' ? H5T_STD_I16LE
           : type == 'i' ? H5T_STD_I32LE
           : type == 'f' ? H5T_IEEE_F32LE
                         : H5T_IEEE_F64LE;
}

static void put_text(hid_t dataset, const attribute *of)
{
    hid_t type = H5Tcopy(H5T_C_S1), space = H5Screate(H5S_SCALAR);
    H5Tset_size(type, of->type == 'v' ? H5T_VARIABLE : strlen(of->text));
    hid_t made = H5Acreate2(dataset, of->name, type, space, H5P_DEFAULT, H5P_DEFAULT);
    assert_true(H5Awrite(made, type, of->type == 'v' ? (const void *)&of->text : of->text) >= 0);
    H5Aclose(made);
    H5Sclose(space);
    H5Tclose(type);
}

static void put_attribute(hid_t dataset, const attribute *of)
{
    if (of->text) {
        put_text(dataset, of);
        return;
    }
    hsize_t count = (hsize_t)of->count;
    hid_t space = count > 0 ? H5Screate_simple(1, &count, NULL) : H5Screate(H5S_SCALAR);
    hid_t made = H5Acreate2(dataset, of->name, native(of->type), space, H5P_DEFAULT, H5P_DEFAULT);
    assert_true(H5Awrite(made, H5T_NATIVE_DOUBLE, of->values) >= 0);
    H5Aclose(made);
    H5Sclose(space);
}

/* Stored values, and the expected ones; NAN for no value. */
typedef struct packing_case {
    const char *what;
    int type;
    attribute attributes[5];
    double fill; /* of HDF5; 0: not set */
    int count;
    double stored[8], expected[8];
} packing_case;

static nn_status read_case(const packing_case *of, bool bytes, nn_store_packing *packing, nn_store_type *type,
                           double *values)
{
    hsize_t count = (hsize_t)of->count;
    nn_store_file *file;
    nn_store_array *array;
    hid_t made = H5Fcreate(scratch_path("p.h5"), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    hid_t space = H5Screate_simple(1, &count, NULL), creation = H5Pcreate(H5P_DATASET_CREATE);
    if (of->fill != 0) H5Pset_fill_value(creation, H5T_NATIVE_DOUBLE, &of->fill);
    hid_t dataset = H5Dcreate2(made, "x", native(of->type), space, H5P_DEFAULT, creation, H5P_DEFAULT);
    assert_true(H5Dwrite(dataset, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, of->stored) >= 0);
    for (int i = 0; i < 5 && of->attributes[i].name; i++) put_attribute(dataset, &of->attributes[i]);
    H5Dclose(dataset);
    H5Pclose(creation);
    H5Sclose(space);
    H5Fclose(made);
    assert_int_equal(nn_store_open(scratch_path("p.h5"), &file), NN_OK);
    assert_int_equal(nn_store_array_open(file, "x", &array), NN_OK);
    nn_status status = nn_store_packing_read(array, bytes, packing);
    *type = nn_store_array_info(array)->type;
    assert_int_equal(nn_store_read_rows(array, 0, of->count, NN_STORE_F64, values), NN_OK);
    nn_store_array_close(array);
    nn_store_close(file);
    return status;
}

static const packing_case cases[] = {
    {"no attributes", 'f', {{.name = NULL}}, 0, 3, {1, -9999, 9.96921e36}, {1, -9999, 0x1.ep122}},
    {"_FillValue", 'f', {{"_FillValue", 'f', 1, {-9999}, NULL}}, 0, 3, {1, -9999, 2}, {1, NAN, 2}},
    {"a scalar of another type",
     'f',
     {{"missing_value", 'i', 0, {-9999}, NULL}},
     0,
     3,
     {1, -9999, 2},
     {1, NAN, 2}},
    {"rounded as the data are",
     'f',
     {{"missing_value", 'd', 1, {-9999.9}, NULL}},
     0,
     2,
     {-9999.9, 2},
     {NAN, 2}},
    {"several",
     'h',
     {{"missing_value", 'h', 3, {-1, -2, 7}, NULL}, {"_FillValue", 'h', 1, {9}, NULL}},
     0,
     6,
     {-1, -2, 7, 9, 8, 0},
     {NAN, NAN, NAN, NAN, 8, 0}},
    {"what the type cannot hold",
     'h',
     {{"missing_value", 'd', 1, {1e20}, NULL}},
     0,
     2,
     {32767, 1},
     {32767, 1}},
    {"a text", 'f', {{"missing_value", 't', 1, {0}, "-99.5"}}, 0, 2, {-99.5, 1}, {NAN, 1}},
    {"scale and offset",
     'h',
     {{"scale_factor", 'd', 1, {0.5}, NULL},
      {"add_offset", 'd', 1, {100}, NULL},
      {"_FillValue", 'h', 1, {-3}, NULL}},
     0,
     3,
     {-3, 0, 10},
     {NAN, 100, 105}},
    {"fill before unpacking",
     'h',
     {{"scale_factor", 'f', 1, {2}, NULL}, {"_FillValue", 'h', 1, {4}, NULL}},
     0,
     3,
     {2, 4, 8},
     {4, NAN, 16}},
    {"valid_range of packed values",
     'h',
     {{"scale_factor", 'd', 1, {2}, NULL}, {"valid_range", 'h', 2, {0, 10}, NULL}},
     0,
     4,
     {-1, 0, 10, 11},
     {NAN, 0, 20, NAN}},
    {"valid_range of unpacked values",
     'h',
     {{"scale_factor", 'd', 1, {0.01}, NULL}, {"valid_range", 'f', 2, {0, 10}, NULL}},
     0,
     4,
     {-1, 0, 1000, 1001},
     {NAN, 0, 10, NAN}},
    {"valid_min and valid_max",
     'f',
     {{"valid_min", 'f', 1, {0.1}, NULL}, {"valid_max", 'd', 1, {0.3}, NULL}},
     0,
     4,
     {0.0999, 0.1, 0.3, 0.3001},
     {NAN, 0x1.99999ap-4, 0x1.333334p-2, NAN}},
    {"limits of whole numbers",
     'i',
     {{"valid_max", 'd', 1, {99.5}, NULL}, {"valid_min", 'd', 1, {0.5}, NULL}},
     0,
     4,
     {0, 1, 99, 100},
     {NAN, 1, 99, NAN}},
    {"_Unsigned",
     'b',
     {{"_Unsigned", 't', 1, {0}, "true"},
      {"_FillValue", 'b', 1, {-1}, NULL},
      {"scale_factor", 'd', 1, {2}, NULL}},
     0,
     4,
     {-1, -2, 0, 127},
     {NAN, 508, 0, 254}},
    {"_Unsigned, of variable length",
     'b',
     {{"_Unsigned", 'v', 1, {0}, "true"}, {"valid_range", 'b', 2, {0, -6}, NULL}},
     0,
     3,
     {-7, -6, -5},
     {249, 250, NAN}},
    {"signed again", 'B', {{"_Unsigned", 't', 1, {0}, "false"}}, 0, 2, {255, 127}, {-1, 127}},
    {"the fill value of HDF5", 'f', {{.name = NULL}}, -9999, 2, {-9999, 1}, {NAN, 1}},
    {"an attribute in its place",
     'f',
     {{"_FillValue", 'f', 1, {-1}, NULL}},
     -9999,
     3,
     {-9999, -1, 1},
     {-9999, NAN, 1}},
    {"the fill value of bytes", 'B', {{.name = NULL}}, 255, 2, {255, 1}, {255, 1}},
    {"NaN", 'd', {{"_FillValue", 'd', 1, {NAN}, NULL}}, 0, 2, {NAN, 1}, {NAN, 1}},
};

/* If it fails: a value that means no value is taken as a number, or one is unpacked wrongly. */
static void values(void **state)
{
    (void)state;
    for (size_t n = 0; n < sizeof cases / sizeof *cases; n++) {
        const packing_case *of = &cases[n];
        nn_store_packing packing;
        nn_store_type type;
        double found[8];
        if (read_case(of, false, &packing, &type, found) != NN_OK)
            fail_msg("%s: %s", of->what, nn_error_text());
        for (int i = 0; i < of->count && packing.type != type; i++)
            found[i] = nn_store_turn_sign(&packing, found[i]);
        nn_store_unpack(&packing, of->count, found);
        for (int i = 0; i < of->count; i++) {
            double wanted = of->type == 'f' ? (double)(float)of->expected[i] : of->expected[i];
            bool same = isnan(wanted) ? isnan(found[i]) : found[i] == wanted;
            if (n == 0 && i == 2) same = found[i] == (double)(float)9.96921e36;
            if (!same) fail_msg("%s: value %d is %.17g, not %.17g", of->what, i, found[i], wanted);
        }
        assert_int_equal(nn_store_packing_is_none(&packing, type), n == 0 || strstr(of->what, "bytes") ||
                                                                       strstr(of->what, "cannot") ||
                                                                       strcmp(of->what, "NaN") == 0);
    }
}

/* If it fails: labels with a fill value set by their author have one class too many. */
static void fill_values_of_bytes(void **state)
{
    (void)state;
    const packing_case of = {"labels", 'B', {{.name = NULL}}, 255, 2, {255, 1}, {NAN, 1}};
    nn_store_packing packing;
    nn_store_type type;
    double found[8];
    assert_int_equal(read_case(&of, true, &packing, &type, found), NN_OK);
    nn_store_unpack(&packing, 2, found);
    assert_true(isnan(found[0]) && found[1] == 1);
}

/* If it fails: an invalid attribute is silently ignored. */
static void attributes_that_are_none(void **state)
{
    (void)state;
    static const struct {
        attribute attribute;
        const char *message;
    } wrong[] = {{{"scale_factor", 'd', 1, {0}, NULL}, "attribute scale_factor of dataset \"x\""},
                 {{"scale_factor", 'd', 2, {1, 2}, NULL}, "has several values"},
                 {{"valid_range", 'd', 1, {1}, NULL}, "needs two values"},
                 {{"add_offset", 'd', 1, {NAN}, NULL}, "is not finite"},
                 {{"_FillValue", 't', 1, {0}, "none"}, "is not a number"}};
    for (size_t n = 0; n < sizeof wrong / sizeof *wrong; n++) {
        packing_case of = {"wrong", 'f', {wrong[n].attribute}, 0, 1, {1}, {1}};
        nn_store_packing packing;
        nn_store_type type;
        double found[8];
        assert_int_equal(read_case(&of, false, &packing, &type, found), NN_ERROR_DATA);
        if (!strstr(nn_error_text(), wrong[n].message)) fail_msg("%s", nn_error_text());
        assert_non_null(strstr(nn_error_text(), "attributes: ignore"));
    }
}

static void put_mark(hid_t object, const char *name)
{
    hid_t space = H5Screate(H5S_SCALAR);
    hid_t mark = H5Acreate2(object, name, H5T_NATIVE_INT, space, H5P_DEFAULT, H5P_DEFAULT);
    H5Aclose(mark);
    H5Sclose(space);
}

/* The fill values of a dataset without attributes for them, in a file of NetCDF-4 or not. */
static int default_fills(hid_t type, bool netcdf, bool dimensions, double *fill)
{
    const char *path = scratch_path("default.nc");
    nn_store_packing packing;
    nn_store_file *opened;
    nn_store_array *array;
    hid_t file = H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    hid_t space = H5Screate_simple(1, (hsize_t[]){2}, NULL);
    hid_t dataset = H5Dcreate2(file, "x", type, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    if (netcdf) put_mark(file, "_NCProperties");
    if (dimensions) put_mark(dataset, "_Netcdf4Dimid");
    H5Dclose(dataset);
    H5Sclose(space);
    H5Fclose(file);
    expect_ok(nn_store_open(path, &opened));
    expect_ok(nn_store_array_open(opened, "x", &array));
    expect_ok(nn_store_packing_read(array, true, &packing));
    nn_store_array_close(array);
    nn_store_close(opened);
    *fill = packing.fills[0];
    return packing.fill_count;
}

/* If it fails: what the NetCDF library fills is trained on, or values of other programs' files are lost. */
static void fill_values_of_netcdf(void **state)
{
    (void)state;
    const struct {
        hid_t type;
        double fill;
    } known[] = {{H5T_STD_I16LE, -32767},
                 {H5T_STD_U16LE, 65535},
                 {H5T_STD_I32BE, -2147483647.0},
                 {H5T_IEEE_F32LE, 9.9692099683868690e+36},
                 {H5T_IEEE_F64BE, 9.9692099683868690e+36},
                 {H5T_STD_U64LE, 18446744073709551614.0},
                 {H5T_STD_I64LE, -9223372036854775806.0}};
    double fill;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        assert_int_equal(default_fills(known[i].type, true, true, &fill), 1);
        assert_true(fill == known[i].fill);
        assert_int_equal(default_fills(known[i].type, false, true, &fill), 0);
        assert_int_equal(default_fills(known[i].type, true, false, &fill), 0);
    }
    assert_int_equal(default_fills(H5T_STD_U8LE, true, true, &fill), 0);
    assert_int_equal(default_fills(H5T_STD_I8LE, true, true, &fill), 0);
}

/* If it fails: negative numbers of datasets that are read together become large ones. */
static void signs_of_floats_stay(void **state)
{
    (void)state;
    nn_store_packing packing = nn_store_packing_none(NN_STORE_F32);
    assert_true(nn_store_turn_sign(&packing, -1.5) == -1.5);
    packing = nn_store_packing_none(NN_STORE_F64);
    assert_true(nn_store_turn_sign(&packing, -1e30) == -1e30);
    packing = nn_store_packing_none(NN_STORE_U8);
    assert_true(nn_store_turn_sign(&packing, -1) == 255);
}

/* A virtual dataset of 8 values over two files of 4, whose sources have these scales and fill values. */
static nn_status read_virtual(const double *scales, const double *fills, nn_store_packing *packing)
{
    const hsize_t whole = 8, part = 4;
    hid_t creation = H5Pcreate(H5P_DATASET_CREATE), space = H5Screate_simple(1, &whole, NULL);
    nn_store_file *file;
    nn_store_array *array;
    for (hsize_t k = 0; k < 2; k++) {
        const attribute scale = {"scale_factor", 'd', 1, {scales[k]}, NULL},
                        fill = {"_FillValue", 'h', 1, {fills[k]}, NULL};
        const short values[4] = {1, 2, 3, 4};
        const char *name = k == 0 ? "a.h5" : "b.h5";
        const hsize_t start = 4 * k;
        hid_t made = H5Fcreate(scratch_path(name), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
        hid_t source = H5Screate_simple(1, &part, NULL);
        hid_t dataset = H5Dcreate2(made, "t", H5T_STD_I16LE, source, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
        H5Dwrite(dataset, H5T_NATIVE_SHORT, H5S_ALL, H5S_ALL, H5P_DEFAULT, values);
        put_attribute(dataset, &scale);
        put_attribute(dataset, &fill);
        H5Dclose(dataset);
        H5Fclose(made);
        H5Sselect_hyperslab(space, H5S_SELECT_SET, &start, NULL, &part, NULL);
        assert_true(H5Pset_virtual(creation, space, name, "t", source) >= 0);
        H5Sclose(source);
    }
    H5Sselect_all(space);
    hid_t made = H5Fcreate(scratch_path("v.h5"), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    H5Dclose(H5Dcreate2(made, "x", H5T_STD_I16LE, space, H5P_DEFAULT, creation, H5P_DEFAULT));
    H5Fclose(made);
    H5Pclose(creation);
    H5Sclose(space);
    assert_int_equal(nn_store_open(scratch_path("v.h5"), &file), NN_OK);
    assert_int_equal(nn_store_array_open(file, "x", &array), NN_OK);
    nn_status status = nn_store_packing_read(array, false, packing);
    nn_store_array_close(array);
    nn_store_close(file);
    return status;
}

/* If it fails: packed values under a virtual dataset are not unpacked. */
static void sources_of_virtual_datasets(void **state)
{
    (void)state;
    nn_store_packing packing;
    double values[2] = {-1, 3};
    if (read_virtual((double[]){2, 2}, (double[]){-1, -1}, &packing) != NN_OK)
        fail_msg("%s", nn_error_text());
    nn_store_unpack(&packing, 2, values);
    assert_true(isnan(values[0]) && values[1] == 6);
    assert_int_equal(read_virtual((double[]){2, 3}, (double[]){-1, -1}, &packing), NN_ERROR_DATA);
    assert_non_null(strstr(nn_error_text(), "differ in their attributes"));
    assert_int_equal(read_virtual((double[]){2, 2}, (double[]){-1, 4}, &packing), NN_ERROR_DATA);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(values),
                                       cmocka_unit_test(fill_values_of_bytes),
                                       cmocka_unit_test(fill_values_of_netcdf),
                                       cmocka_unit_test(signs_of_floats_stay),
                                       cmocka_unit_test(attributes_that_are_none),
                                       cmocka_unit_test(sources_of_virtual_datasets)};
    return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
