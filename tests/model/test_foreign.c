/* Files of weights of another program, and maps of names. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/memory.h"
#include "model/foreign.h"
#include "model/name_map.h"

static char file_path[300];

static void write_file(uint64_t length, const char *header, size_t bytes)
{
    static const float values[2] = {1, 2};
    const char *parent = getenv("TMPDIR");
    snprintf(file_path, sizeof file_path, "%s/nn-foreign-%ld.safetensors", parent ? parent : "/tmp",
             (long)getpid());
    FILE *file = fopen(file_path, "wb");
    assert_non_null(file);
    for (int i = 0; i < 8; i++) fputc((int)(length >> 8 * i & 255), file);
    fprintf(file, "%-*s", (int)bytes, header);
    fwrite(values, sizeof values, 1, file);
    assert_int_equal(fclose(file), 0);
}

/* Wrong: the length of a header, which begins with 0x80 or "PK", is taken for another kind of file. */
static void test_lengths(void **state)
{
    static const char header[] = "{\"a\": {\"dtype\": \"F32\", \"shape\": [2], \"data_offsets\": [0, 8]}}";
    static const uint64_t lengths[] = {0x80, 0x180, 0x4b50};
    (void)state;
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        nn_foreign *foreign;
        double values[2] = {0};
        write_file(lengths[i], header, (size_t)lengths[i]);
        if (nn_foreign_open(file_path, &foreign) != NN_OK) fail_msg("%s", nn_error_text());
        assert_int_equal(nn_foreign_find(foreign, "a"), 0);
        assert_int_equal(nn_foreign_read(foreign, 0, values), NN_OK);
        assert_true(values[0] == 1 && values[1] == 2);
        nn_foreign_close(foreign);
    }
    unlink(file_path);
}

/* Wrong: a pickle or a zip archive is called a damaged safetensors file. */
static void test_other_kinds(void **state)
{
    static const struct {
        uint64_t first;
        const char *then, *message;
    } kinds[] = {{0x8a0a6c80, "\xfc", "Python's pickle"},
                 {0x180, "(", "Python's pickle"},
                 {0x0000080804034b50, "{", "a zip archive"}};
    (void)state;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        nn_foreign *foreign;
        write_file(kinds[i].first, kinds[i].then, 1000);
        assert_int_equal(nn_foreign_open(file_path, &foreign), NN_ERROR_DATA);
        assert_null(foreign);
        assert_non_null(strstr(nn_error_text(), kinds[i].message));
    }
    unlink(file_path);
}

static void expect_found(const nn_name_map *map, const char *layer, const char *tensor, nn_name_entry entry,
                         const char *theirs)
{
    nn_text found = {0};
    assert_int_equal(nn_name_map_find(map, layer, tensor, &found), entry);
    if (entry != NN_NAME_NONE) assert_string_equal(found.bytes, theirs);
    nn_text_free(&found);
}

/* Wrong: a pattern of layers takes the name of a tensor with it, or a pattern comes before a literal entry.
 */
static void test_map(void **state)
{
    static const char *const entries[][2] = {{"block*", "enc.*"},          {"gate*.weight", "gates.*.w"},
                                             {"gate*", "gates.*"},         {"block1", "special"},
                                             {"block2.bias", "two.shift"}, {"gate7", "seven"}};
    nn_name_map map = {0};
    (void)state;
    for (size_t i = 0; i < sizeof entries / sizeof *entries; i++)
        assert_int_equal(nn_name_map_add(&map, entries[i][0], entries[i][1]), NN_OK);
    expect_found(&map, "block0", "block0.input_weight", NN_NAME_LAYER, "enc.0");
    expect_found(&map, "block1", "block1.input_weight", NN_NAME_LAYER, "special");
    expect_found(&map, "block2", "block2.bias", NN_NAME_TENSOR, "two.shift");
    expect_found(&map, "block2", "block2.input_weight", NN_NAME_LAYER, "enc.2");
    expect_found(&map, "gate3", "gate3.weight", NN_NAME_TENSOR, "gates.3.w");
    expect_found(&map, "gate3", "gate3.bias", NN_NAME_LAYER, "gates.3");
    expect_found(&map, "gate7", "gate7.weight", NN_NAME_LAYER, "seven");
    expect_found(&map, "other", "other.bias", NN_NAME_NONE, NULL);
    nn_name_map_release(&map);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_lengths), cmocka_unit_test(test_other_kinds),
                                       cmocka_unit_test(test_map)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
