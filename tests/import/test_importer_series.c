/* Series and texts: values in order, and what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "plugin.h"

static const char *write_text(const char *name, const char *text)
{
    return plugin_write(name, text, strlen(text));
}

/* Would be wrong: the time among the values, or columns in another order than requested. */
static void test_series(void **state)
{
    (void)state;
    plugin p;
    void *values[NN_IMPORT_FIELDS];
    static const double all[] = {1, 2, 3, 4, 5, 6}, turned[] = {2, 1, 4, 3, 6, 5};
    const char *path =
        write_text("s.csv", "day,open,close\n2024-01-30,1,2\n2024-01-31,3,4\n2024-02-01,5,6\n");
    expect_ok(plugin_open(&p, "series", "time: day", SOURCES(path)));
    nn_import_table *table = plugin_table(&p, NULL);
    assert_true(table->ordered && table->fields[0].narrow);
    assert_string_equal(table->fields[0].name, "series");
    assert_int_equal(table->fields[0].shape.extents[0], 2);
    assert_string_equal(table->fields[0].columns.items[1], "close");
    expect_ok(plugin_read(&p, table, 2, values));
    assert_memory_equal(values[0], all, sizeof all);
    plugin_free(table, values);
    plugin_close(&p);
    expect_ok(plugin_open(&p, "series", "columns: [close, 2]", SOURCES(path)));
    table = plugin_table(&p, NULL);
    expect_ok(plugin_read(&p, table, 2, values));
    assert_memory_equal(values[0], turned, sizeof turned);
    plugin_free(table, values);
    plugin_close(&p);
}

static void test_series_refused(void **state)
{
    (void)state;
    const char *path = write_text("s.csv", "day,open\n2024-01-31,1\n2024-01-30,3\n");
    expect_refused("series", "", SOURCES(path),
                   "--date 'day=%Y-%m-%d' to read them (as seconds, or with --dates parts as numbers of "
                   "year, month, ...), --time 'day'");
    expect_refused("series", "time: day", SOURCES(path),
                   "s.csv:3: column 'day' goes back from '2024-01-31' to '2024-01-30'");
    expect_refused("series", "{time: day, columns: day}", SOURCES(path), "is in both");
    expect_refused("series", "time: date", SOURCES(path), "--time: ");
    path = write_text("n.csv", "t,v\n9,1\n10,2\n9.5,3\n");
    expect_refused("series", "time: t", SOURCES(path), "n.csv:4: column 't' goes back from '10' to '9.5'");
}

/* Would be wrong: characters not numbered by their code points, or split at the end of a file. */
static void test_text(void **state)
{
    (void)state;
    plugin p;
    void *values[NN_IMPORT_FIELDS];
    const char *a = write_text("a.txt", "\xef\xbb\xbf"
                                        "b\xc3\xa4\n"),
               *b = write_text("b.txt", "\xe2\x86\x92\xf0\x9f\x90\xb1"
                                        "a");
    static const uint8_t characters[] = {2, 3, 0, 4, 5, 1},
                         bytes[] = {0xe2, 0x86, 0x92, 0xf0, 0x9f, 0x90, 0xb1, 'a'};
    static const char *const names[] = {"\n", "a", "b", "\xc3\xa4", "\xe2\x86\x92", "\xf0\x9f\x90\xb1"};
    expect_ok(plugin_open(&p, "text", "", SOURCES(a, b)));
    nn_import_table *table = plugin_table(&p, NULL);
    assert_int_equal(table->rows, 6);
    assert_true(table->ordered);
    assert_int_equal(table->fields[0].type, NN_STORE_U8);
    assert_int_equal(table->fields[0].classes.count, 6);
    for (int i = 0; i < 6; i++) assert_string_equal(table->fields[0].classes.items[i], names[i]);
    expect_ok(plugin_read(&p, table, 4, values));
    assert_memory_equal(values[0], characters, sizeof characters);
    plugin_free(table, values);
    plugin_close(&p);
    expect_ok(plugin_open(&p, "text", "unit: bytes", SOURCES(b)));
    table = plugin_table(&p, NULL);
    assert_int_equal(table->rows, 8);
    assert_int_equal(table->fields[0].classes.count, 0);
    expect_ok(plugin_read(&p, table, 4, values));
    assert_memory_equal(values[0], bytes, sizeof bytes);
    plugin_free(table, values);
    plugin_close(&p);
}

/* Would be wrong: numbers above 255 truncated to a byte. */
static void test_large_vocabulary(void **state)
{
    (void)state;
    plugin p;
    void *values[NN_IMPORT_FIELDS];
    char text[900];
    for (int i = 0; i < 300; i++) {
        text[3 * i] = (char)0xe4;
        text[3 * i + 1] = (char)(0x80 | i / 64);
        text[3 * i + 2] = (char)(0x80 | i % 64);
    }
    expect_ok(plugin_open(&p, "text", "", SOURCES(plugin_write("c.txt", text, sizeof text))));
    nn_import_table *table = plugin_table(&p, NULL);
    assert_int_equal(table->fields[0].type, NN_STORE_U16);
    assert_int_equal(table->fields[0].classes.count, 300);
    expect_ok(plugin_read(&p, table, 7, values));
    for (int i = 0; i < 300; i++) assert_int_equal(((uint16_t *)values[0])[i], i);
    plugin_free(table, values);
    plugin_close(&p);
}

static void test_text_refused(void **state)
{
    (void)state;
    static const struct {
        const char *text, *message;
    } rows[] = {
        {"abc\xe9t\xe9", "w.txt: byte 3 (from 0) is not UTF-8"},
        {"a\xc0\x80", "byte 1 (from 0) is not UTF-8"},
        {"a\xed\xa0\x80", "byte 1 (from 0) is not UTF-8"},
        {"ab\xe2\x86", "byte 2 (from 0) is not UTF-8"},
        {"\xf5\x80\x80\x80", "byte 0 (from 0) is not UTF-8"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        expect_refused("text", "", SOURCES(write_text("w.txt", rows[i].text)), rows[i].message);
    expect_refused("text", "", SOURCES(plugin_write("z.txt", "a\0b", 3)), "byte 1 (from 0) is zero");
    expect_refused("text", "", SOURCES(plugin_path("nowhere.txt")), "nowhere.txt: cannot be read");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_series),       cmocka_unit_test(test_series_refused),
        cmocka_unit_test(test_text),         cmocka_unit_test(test_large_vocabulary),
        cmocka_unit_test(test_text_refused),
    };
    return cmocka_run_group_tests(tests, plugin_make_scratch, plugin_remove_scratch);
}
