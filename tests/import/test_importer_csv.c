/* Tables of text: what the columns become, and what is refused with file, line and column. */
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

/* Opens one file; the table, and its values in values. */
static nn_import_table *read_table(plugin *p, const char *options, const char *text, void **values)
{
    expect_ok(plugin_open(p, "csv", options, SOURCES(write_text("t.csv", text))));
    nn_import_table *table = plugin_table(p, NULL);
    expect_ok(plugin_read(p, table, 2, values));
    return table;
}

static void done(plugin *p, nn_import_table *table, void **values)
{
    plugin_free(table, values);
    plugin_close(p);
}

static void expect_names(const nn_text_list *names, const char *expected)
{
    nn_text text = {0};
    nn_text_append(&text, "%s", "");
    for (size_t i = 0; i < names->count; i++)
        nn_text_append(&text, "%s%s", i > 0 ? " " : "", names->items[i]);
    assert_string_equal(text.bytes, expected);
    nn_text_free(&text);
}

/* Would be wrong: a column in the wrong place, or classes out of order. */
static void test_classes(void **state)
{
    (void)state;
    plugin p;
    void *values[NN_IMPORT_FIELDS];
    nn_import_table *table =
        read_table(&p, "", "a,colour,b,kind\n1,red,0.5,dog\n2,blue,-3,cat\n3,red,1e2,dog\n", values);
    static const double x[] = {1, 1, 0.5, 2, 0, -3, 3, 1, 100};
    static const uint8_t y[] = {1, 0, 1};
    assert_int_equal(table->rows, 3);
    assert_int_equal(table->field_count, 2);
    assert_memory_equal(values[0], x, sizeof x);
    assert_memory_equal(values[1], y, sizeof y);
    assert_true(table->fields[0].narrow && !table->fields[0].label);
    assert_int_equal(table->fields[0].shape.extents[0], 3);
    expect_names(&table->fields[0].columns, "a colour b");
    assert_true(table->fields[1].label);
    assert_int_equal(table->fields[1].type, NN_STORE_U8);
    assert_int_equal(table->fields[1].shape.dimensions, 0);
    expect_names(&table->fields[1].classes, "cat dog");
    assert_int_equal(p.import.names_count, 1);
    assert_string_equal(p.import.names[0].dataset, "x_categories/colour");
    expect_names(&p.import.names[0].names, "blue red");
    done(&p, table, values);
}

/* Would be wrong: a regression taken for classes, or vice versa. */
static void test_targets(void **state)
{
    (void)state;
    static const struct {
        const char *options, *text, *classes;
        bool label;
    } rows[] = {
        {"", "1,0\n2,1\n3,0\n4,1\n", "", true},        /* their own codes: no names */
        {"", "1,3\n2,10\n3,3\n4,10\n", "3 10", true},  /* ordered by value, not by bytes */
        {"", "1,1.0\n2,2\n3,1\n4,2.0\n", "1 2", true}, /* one number, two spellings */
        {"", "1,5\n2,6\n3,7\n4,8\n", "", false},       /* no value twice */
        {"", "1,0.5\n2,0.5\n3,1\n4,1\n", "", false},   /* not whole */
        {"target: value", "1,0\n2,1\n3,0\n4,1\n", "", false},
        {"target: class", "1,5\n2,6\n3,7\n4,8\n", "5 6 7 8", true},
        {"{y: 1, categorical: 1}", "10,5\n9,6\n9,7\n10,8\n", "10 9", true},
        {"{y: [1, 2]}", "1,0,5\n2,1,5\n3,0,5\n4,1,5\n", "", false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        plugin p;
        void *values[NN_IMPORT_FIELDS];
        nn_import_table *table = read_table(&p, rows[i].options, rows[i].text, values);
        if (table->fields[1].label != rows[i].label) fail_msg("label of %s", rows[i].text);
        expect_names(&table->fields[1].classes, rows[i].classes);
        done(&p, table, values);
    }
}

/* Would be wrong: data taken for a header, or a header for data. */
static void test_header(void **state)
{
    (void)state;
    static const struct {
        const char *options, *text, *columns;
        int64_t rows;
    } rows[] = {{"", "a,b\n1,2\n", "a", 1},
                {"", "1,2\n3,4\n", "column1", 2},
                {"", "1,x\n2,y\n", "column1", 2},
                {"", "a,x\n2,y\n", "a", 1},
                {"header: yes", "1,2\n3,4\n", "1", 1},
                {"header: no", "p,q\nr,s\n", "column1", 2},
                {"", "NA,2\n1,3\n", "column1", 1},
                {"", "p,q\nr,s\n", "column1", 2}, /* too few rows to tell */
                {"", "p,q\nr,s\nt,s\nr,s\n", "p", 3},
                {"", "p,q\nr,s\nt,s\nr,q\n", "column1", 4}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        plugin p;
        void *values[NN_IMPORT_FIELDS];
        char options[128];
        snprintf(options, sizeof options, "{missing: drop%s%s}", rows[i].options[0] ? ", " : "",
                 rows[i].options);
        nn_import_table *table = read_table(&p, options, rows[i].text, values);
        if (table->rows != rows[i].rows) fail_msg("rows of %s", rows[i].text);
        expect_names(&table->fields[0].columns, rows[i].columns);
        done(&p, table, values);
    }
}

static void test_missing(void **state)
{
    (void)state;
    static const char text[] = "a,b,y\n1,10,0.5\n,20,0.25\n3,?,1.5\n";
    static const double dropped[] = {1, 10}, mean[] = {1, 10, 2, 20, 3, 15};
    plugin p;
    void *values[NN_IMPORT_FIELDS];
    nn_import_table *table = read_table(&p, "missing: drop", text, values);
    assert_int_equal(table->rows, 1);
    assert_memory_equal(values[0], dropped, sizeof dropped);
    done(&p, table, values);
    table = read_table(&p, "missing: mean", text, values);
    assert_int_equal(table->rows, 3);
    assert_memory_equal(values[0], mean, sizeof mean);
    done(&p, table, values);
    /* Columns that are not used may have missing values. */
    table = read_table(&p, "x: y\ny: none", "y,a\n1,\n2,3\n", values);
    assert_int_equal(table->field_count, 1);
    assert_int_equal(table->rows, 2);
    done(&p, table, values);
    table =
        read_table(&p, "missing_values: [none, -1]\nmissing: drop\n", "a,y\n-1,2\nnone,3\n5,0.5\n", values);
    assert_int_equal(table->rows, 1);
    done(&p, table, values);
}

/* Would be wrong: the second file's header among the data, or its rows lost. */
static void test_files(void **state)
{
    (void)state;
    plugin p;
    void *values[NN_IMPORT_FIELDS];
    const char *a = write_text("a.csv", "u;v\n1;no\n2;yes\n"), *b = write_text("b.csv", "u;v\n3;maybe");
    static const double x[] = {1, 2, 3};
    static const uint8_t y[] = {1, 2, 0};
    expect_ok(plugin_open(&p, "csv", "", SOURCES(a, b)));
    nn_import_table *table = plugin_table(&p, NULL);
    assert_int_equal(table->rows, 3);
    expect_ok(plugin_read(&p, table, 10, values));
    assert_memory_equal(values[0], x, sizeof x);
    assert_memory_equal(values[1], y, sizeof y);
    done(&p, table, values);
    expect_refused("csv", "", SOURCES(a, write_text("c.csv", "u;w\n3;4\n")),
                   "c.csv:1: column 2 is named 'w', but 'v' in");
    expect_refused("csv", "", SOURCES(a, plugin_path("nowhere.csv")), "nowhere.csv: cannot be read");
}

static void test_refused(void **state)
{
    (void)state;
    static const struct {
        const char *options, *text, *message;
    } rows[] = {
        {"", "a,b\n1,2\n3\n", "t.csv:3: 1 fields in a table of 2 columns"},
        {"", "a,b\n1,2\n3,4,5\n", "t.csv:3: 3 fields in a table of 2 columns"},
        {"", "a,b\n1,2\nx,4\n", "t.csv:3: column 'a': 'x' is not a number"},
        {"", "a,b\n1,2\n,4\n", "t.csv:3: column 'a' has no value: --missing drop"},
        {"", "a,b\n1,2\nNaN,4\n", "t.csv:3: column 'a' has no value ('NaN')"},
        {"missing: mean", "a,b\n1,2\n3,\n", "t.csv:3: column 'b' has no value, and its mean"},
        {"missing: mean", "a,b\n,2\nx,3\n", "column 'a' has no value in line 2, and names have no mean"},
        {"{missing: mean, header: yes}", "a,b\n,2\n,3\n", "column 'a' has no value in any row"},
        {"", "a,b\n1,\"2\n", "t.csv:2: the opening quote of field 2 is never closed"},
        {"", "", "there are no rows"},
        {"", "1\n2\n", "no column is left for x"},
        {"x: coler", "color,b\n1,2\n", "--x: "},
        {"x: coler", "color,b\n1,2\n", "did you mean 'color'?"},
        {"y: 3", "a,b\n1,2\n", "has no column '3'"},
        {"{x: b, y: b}", "a,b\n1,2\n", "column 'b' is in both"},
        {"x: a", "a,a,b\n1,2,3\n", "2 columns 'a'"},
        {"target: value", "a,b\n1,x\n", "--target value: column 'b' holds names ('x')"},
        {"target: class", "a,b\n1,0.5\n", "--target class: column 'b' holds numbers that are not whole"},
        {"{target: class, y: [1, 2]}", "1,2,3\n", "--target class: y has 2 columns"},
        {"{y: [1, 2]}", "1,x,3\n", "column 'column2' holds names ('x')"},
        {"delimiter: ab", "a,b\n1,2\n", "--delimiter 'ab'"},
        {"", "a,b\n1,\xe9\n2,\xe8\n", "t.csv:2: column 'b': a name is not UTF-8"},
        {"", "\xe9,b\n1,2\n", "the name of column 1 is not UTF-8"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        expect_refused("csv", rows[i].options, SOURCES(write_text("t.csv", rows[i].text)), rows[i].message);
}

/* Would be wrong: memory left behind by a failure, wherever it happens. */
static void test_memory(void **state)
{
    (void)state;
    const char *path = write_text("t.csv", "a,colour,b,kind\n1,red,0.5,dog\n2,blue,-3,cat\n");
    size_t before = nn_memory_in_use();
    for (int n = 1;; n++) {
        plugin p = {.importer = nn_importer_find("csv"), .sources = {path}};
        expect_ok(nn_allocate(&p.options, 1, p.importer->options_size, "options"));
        p.import.options = p.options;
        p.import.sources = p.sources;
        p.import.source_count = 1;
        nn_memory_fail_at(n);
        nn_status status = p.importer->open(&p.import);
        nn_memory_fail_at(0);
        nn_import_release(p.importer, &p.import);
        nn_free(p.options);
        assert_int_equal(nn_memory_in_use(), before);
        if (status == NN_OK) break;
        assert_int_equal(status, NN_ERROR_MEMORY);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_classes), cmocka_unit_test(test_targets), cmocka_unit_test(test_header),
        cmocka_unit_test(test_missing), cmocka_unit_test(test_files),   cmocka_unit_test(test_refused),
        cmocka_unit_test(test_memory),
    };
    return cmocka_run_group_tests(tests, plugin_make_scratch, plugin_remove_scratch);
}
