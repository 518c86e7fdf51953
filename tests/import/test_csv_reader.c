/* The corner cases of text tables: quotes, line ends, delimiters, and broken files. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <zlib.h>

#include "import/csv_notation.h"
#include "import/csv_reader.h"
#include "plugin.h"

/* All rows as one text: fields in brackets, rows preceded by their line numbers. */
static nn_status read_all(const char *path, char delimiter, nn_text *text)
{
    nn_csv_reader *reader;
    nn_csv_record record;
    nn_status status = nn_csv_open(path, delimiter, &reader);
    while (status == NN_OK) {
        status = nn_csv_next(reader, &record);
        if (status != NN_OK || record.count == 0) break;
        nn_text_append(text, "%lld:", (long long)record.line);
        for (size_t i = 0; i < record.count; i++) {
            assert_int_equal(strlen(record.fields[i].text), record.fields[i].length);
            nn_text_append(text, record.fields[i].quoted ? "{%s}" : "[%s]", record.fields[i].text);
        }
    }
    nn_csv_close(reader);
    return status;
}

static void expect_rows(const char *bytes, char delimiter, const char *rows)
{
    nn_text text = {0};
    nn_text_append(&text, "%s", "");
    expect_ok(read_all(plugin_write("t.csv", bytes, strlen(bytes)), delimiter, &text));
    if (strcmp(text.bytes, rows) != 0) fail_msg("%s\n  gives %s\n  not   %s", bytes, text.bytes, rows);
    nn_text_free(&text);
}

static void expect_broken(const char *bytes, size_t size, const char *message)
{
    nn_text text = {0};
    size_t before = nn_memory_in_use();
    assert_int_equal(read_all(plugin_write("t.csv", bytes, size), '\0', &text), NN_ERROR_DATA);
    expect_message(message);
    nn_text_free(&text);
    assert_int_equal(nn_memory_in_use(), before);
}

/* Would be wrong: a field split or joined, or a wrong line number. */
static void test_rows(void **state)
{
    (void)state;
    expect_rows("a,b\n1,2\n", '\0', "1:[a][b]2:[1][2]");
    expect_rows("a,b\r\n1,2", '\0', "1:[a][b]2:[1][2]");
    expect_rows("a,b\r1,2\r", '\0', "1:[a][b]2:[1][2]");
    expect_rows("\xef\xbb\xbf"
                "a,b\n",
                '\0', "1:[a][b]");
    expect_rows("\n\r\n , \n  \na,b\n\n", '\0', "3:[][]5:[a][b]");
    expect_rows("a,,\n", '\0', "1:[a][][]");
    expect_rows(" a , b c \n", '\0', "1:[a][b c]");
    expect_rows("\"x,y\",\"say \"\"hi\"\"\"\n", '\0', "1:{x,y}{say \"hi\"}");
    expect_rows("\"one\r\ntwo\",2\n3,4\n", '\0', "1:{one\ntwo}[2]3:[3][4]");
    expect_rows(" \"a\" ,b\"c\n", '\0', "1:{a}[b\"c]");
    expect_rows("\"\"\n", '\0', "1:{}");
    expect_rows("", '\0', "");
}

/* Would be wrong: a single column where there are more. */
static void test_delimiters(void **state)
{
    (void)state;
    expect_rows("a;b\n1,5;2\n", '\0', "1:[a][b]2:[1,5][2]");
    expect_rows("1,5;2,5\n3,5;4,5\n", '\0', "1:[1,5][2,5]2:[3,5][4,5]");
    expect_rows("a\tb\n1\t \n", '\0', "1:[a][b]2:[1][]");
    expect_rows("a|b\n1|2\n", '\0', "1:[a][b]2:[1][2]");
    expect_rows("\"a;b\",c\n\"d\",e\n", '\0', "1:{a;b}[c]2:{d}[e]");
    expect_rows("  1  2\t3 \n4 5 6\n", ' ', "1:[1][2][3]2:[4][5][6]");
    expect_rows("\"a b\" c\n", ' ', "1:{a b}[c]");
    expect_rows("a:b\n", ':', "1:[a][b]");
}

static void test_broken(void **state)
{
    (void)state;
    expect_broken("a,b\n1,\"2\n3,4\n", 13, "t.csv:2: the opening quote of field 2 is never closed");
    expect_broken("a,b\n\"1\"x,2\n", 11, "t.csv:2: text after the closing quote of field 1");
    expect_broken("a,b\n1,\0002\n", 9, "t.csv:2: the text contains a zero byte");
    expect_broken("\xff\xfe"
                  "a\0",
                  4, "UTF-16");
}

static void test_files(void **state)
{
    (void)state;
    nn_text text = {0};
    nn_csv_reader *reader;
    const char *path = plugin_path("t.csv.gz");
    gzFile file = gzopen(path, "wb");
    for (int i = 0; i < 60000; i++) gzprintf(file, "%d,%d\n", i, i * 7919 % 10007);
    assert_int_equal(gzclose(file), Z_OK);
    expect_ok(read_all(path, '\0', &text));
    assert_non_null(strstr(text.bytes, "60000:[59999]["));
    size_t size;
    unsigned char *bytes = plugin_bytes(path, &size);
    path = plugin_write("short.csv.gz", bytes, size / 2);
    free(bytes);
    assert_int_equal(read_all(path, '\0', &text), NN_ERROR_IO);
    expect_message("cut short");
    nn_text_free(&text);
    assert_int_equal(nn_csv_open(plugin_path("nowhere.csv"), '\0', &reader), NN_ERROR_IO);
    assert_int_equal(nn_csv_open(plugin_scratch, '\0', &reader), NN_ERROR_USAGE);
    expect_message("is a folder");
}

/* Would be wrong: a number that strtod reads to other bits, or a word read as a number. */
static void test_numbers(void **state)
{
    (void)state;
    static const char *const good[] = {"0",
                                       "-0",
                                       "1",
                                       "-17",
                                       "+4",
                                       "3.25",
                                       ".5",
                                       "7.",
                                       "0.1",
                                       "-123.456",
                                       "1e5",
                                       "1E-3",
                                       "123456789012345",
                                       "0.12345678901234567",
                                       "1.00000000000000011",
                                       "9.00719925474099301",
                                       "1234567890123456789",
                                       "0.000000000000000000001",
                                       "99999.99999",
                                       "2.2250738585072014e-308"};
    static const char *const bad[] = {"",    "-",  ".",  "1,5", "nan",   "inf",   "0x10",
                                      "1 2", "1e", "e5", "--1", "1e999", "1.2.3", "12a"};
    const nn_csv_notation plain = {.decimal = '.'};
    double number;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        double expected = strtod(good[i], NULL);
        if (!nn_csv_number(&plain, good[i], &number) || memcmp(&number, &expected, sizeof number) != 0)
            fail_msg("%s is read as %.17g", good[i], number);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        if (nn_csv_number(&plain, bad[i], &number)) fail_msg("'%s' passes for a number", bad[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),  cmocka_unit_test(test_delimiters), cmocka_unit_test(test_broken),
        cmocka_unit_test(test_files), cmocka_unit_test(test_numbers),
    };
    return cmocka_run_group_tests(tests, plugin_make_scratch, plugin_remove_scratch);
}
