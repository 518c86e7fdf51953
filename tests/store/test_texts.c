/* Texts and lists of names, of fixed and variable length. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <hdf5.h>

#include "base/memory.h"
#include "scratch.h"
#include "store/store.h"

static hid_t file_make(const char *name)
{
    hid_t file = H5Fcreate(scratch_path(name), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    assert_true(file >= 0);
    return file;
}

static void numbers_make(hid_t file)
{
    hid_t space = H5Screate_simple(1, (hsize_t[]){3}, NULL);
    H5Dclose(H5Dcreate2(file, "numbers", H5T_STD_I32LE, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
    H5Sclose(space);
}

static void make_texts(const char *name)
{
    hid_t file = file_make(name), scalar = H5Screate(H5S_SCALAR);
    hid_t fixed = H5Tcopy(H5T_C_S1), padded = H5Tcopy(H5T_FORTRAN_S1), variable = H5Tcopy(H5T_C_S1);
    H5Tset_size(fixed, 5);
    H5Tset_strpad(fixed, H5T_STR_NULLPAD);
    H5Tset_size(padded, 8);
    H5Tset_size(variable, H5T_VARIABLE);
    H5Tset_cset(variable, H5T_CSET_UTF8);
    const struct {
        const char *name;
        hid_t type;
        const void *value;
    } texts[] = {{"fixed", fixed, "abcde"},
                 {"padded", padded, "abc     "},
                 {"variable", variable, &(char *){"größe"}}};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        hid_t dataset =
            H5Dcreate2(file, texts[i].name, texts[i].type, scalar, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
        assert_true(H5Dwrite(dataset, texts[i].type, H5S_ALL, H5S_ALL, H5P_DEFAULT, texts[i].value) >= 0);
        H5Dclose(dataset);
        hid_t attribute = H5Acreate2(file, texts[i].name, texts[i].type, scalar, H5P_DEFAULT, H5P_DEFAULT);
        assert_true(H5Awrite(attribute, texts[i].type, texts[i].value) >= 0);
        H5Aclose(attribute);
    }
    numbers_make(file);
    H5Tclose(variable);
    H5Tclose(padded);
    H5Tclose(fixed);
    H5Sclose(scalar);
    H5Fclose(file);
}

/* Wrong: a text includes its padding, is cut, or is read from numbers. */
static void test_texts(void **state)
{
    (void)state;
    static const char *const expected[][2] = {
        {"fixed", "abcde"},  {"padded", "abc"},  {"variable", "größe"},
        {"@fixed", "abcde"}, {"@padded", "abc"}, {"@variable", "größe"},
    };
    make_texts("texts.h5");
    nn_store_file *file;
    char *text;
    expect_ok(nn_store_open(scratch_path("texts.h5"), &file));
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++) {
        expect_ok(nn_store_read_text(file, expected[i][0], &text));
        assert_string_equal(text, expected[i][1]);
        assert_true(nn_store_has(file, expected[i][0]));
        nn_free(text);
    }
    assert_int_equal(nn_store_read_text(file, "numbers", &text), NN_ERROR_DATA);
    expect_message("is not a single text");
    assert_int_equal(nn_store_read_text(file, "@none", &text), NN_ERROR_DATA);
    expect_message("no attribute \"none\"");
    assert_false(nn_store_has(file, "@none"));
    nn_store_close(file);
}

static void make_lists(const char *name)
{
    hid_t file = file_make(name), four = H5Screate_simple(1, (hsize_t[]){4}, NULL);
    hid_t fixed = H5Tcopy(H5T_C_S1), padded = H5Tcopy(H5T_FORTRAN_S1), variable = H5Tcopy(H5T_C_S1);
    H5Tset_size(fixed, 4);
    H5Tset_strpad(fixed, H5T_STR_NULLPAD);
    H5Tset_size(padded, 4);
    H5Tset_size(variable, H5T_VARIABLE);
    H5Tset_cset(variable, H5T_CSET_UTF8);
    const struct {
        const char *name;
        hid_t type;
        const void *value;
    } lists[] = {{"fixed", fixed, "a\0\0\0bcde\0\0\0\0f\0\0\0"},
                 {"padded", padded, "a   bcde    f   "},
                 {"variable", variable, (char *[]){"a", "bcde", NULL, "f"}}};
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        hid_t dataset =
            H5Dcreate2(file, lists[i].name, lists[i].type, four, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
        assert_true(H5Dwrite(dataset, lists[i].type, H5S_ALL, H5S_ALL, H5P_DEFAULT, lists[i].value) >= 0);
        H5Dclose(dataset);
    }
    hsize_t many = 1000001;
    hid_t crowd = H5Screate_simple(1, &many, NULL);
    H5Dclose(H5Dcreate2(file, "crowd", fixed, crowd, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
    H5Sclose(crowd);
    numbers_make(file);
    H5Tclose(variable);
    H5Tclose(padded);
    H5Tclose(fixed);
    H5Sclose(four);
    H5Fclose(file);
}

/* Wrong: names include their padding, are cut, or are in another order; numbers or too many names are
 * read. */
static void test_name_lists(void **state)
{
    (void)state;
    static const char *const lists[] = {"fixed", "padded", "/variable"}, *const names[] = {"a", "bcde", "",
                                                                                           "f"};
    nn_store_file *file;
    char **read;
    size_t count, memory = nn_memory_in_use();
    make_lists("lists.h5");
    expect_ok(nn_store_open(scratch_path("lists.h5"), &file));
    for (int l = 0; l < 3; l++) {
        expect_ok(nn_store_read_names(file, lists[l], &read, &count));
        assert_int_equal(count, 4);
        for (size_t i = 0; i < 4; i++) assert_string_equal(read[i], names[i]);
        nn_store_free_names(read, count);
        expect_ok(nn_store_touch(file, lists[l]));
    }
    assert_int_equal(nn_store_read_names(file, "numbers", &read, &count), NN_ERROR_DATA);
    expect_message("\"numbers\" of ");
    expect_message("is not a list of names");
    assert_null(read);
    assert_int_equal(nn_store_read_names(file, "crowd", &read, &count), NN_ERROR_DATA);
    expect_message("has 1000001 names, but at most 1000000");
    assert_int_equal(nn_store_read_names(file, "fixd", &read, &count), NN_ERROR_DATA);
    expect_message("did you mean \"fixed\"");
    nn_store_close(file);
    assert_int_equal(nn_memory_in_use(), memory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_texts),
        cmocka_unit_test(test_name_lists),
    };
    return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
