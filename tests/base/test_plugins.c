/* The list of loaded plug-ins, and the lines by which a checkpoint names them; and lists of types that grow.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"
#include "base/plugins.h"
#include "base/type_list.h"

static const nn_plugin_record ramp = {(char *)(uintptr_t) "ramp.so", (char *)(uintptr_t) "/a/ramp.so", 0xabc,
                                      (char *)(uintptr_t) "layer ramp", true};
static const nn_plugin_record other = {(char *)(uintptr_t) "other.so", (char *)(uintptr_t) "./other.so", 7,
                                       (char *)(uintptr_t) "metric bias, loss far", false};

static void expect_refused(const char *lines, const char *text)
{
    assert_int_not_equal(nn_plugins_expect(lines, "run.h5"), NN_OK);
    if (!strstr(nn_error_text(), text)) fail_msg("'%s' is not in: %s", text, nn_error_text());
    assert_ptr_equal(strstr(nn_error_text(), "run.h5"), nn_error_text());
}

static void test_plugins(void **state)
{
    (void)state;
    char *items[] = {ramp.file, other.file};
    nn_text_list files = {items, 2};
    nn_text lines = {0};
    assert_null(nn_plugins_at(0));
    assert_true(nn_plugins_lack("ramp.so\t0000000000000abc\tlayer ramp\n"));
    expect_refused("ramp.so\t0000000000000abc\tlayer ramp\n", "ramp.so (hash 0000000000000abc; layer ramp)");
    assert_int_equal(nn_plugins_note(&ramp), NN_OK);
    nn_memory_fail_at(3);
    assert_int_equal(nn_plugins_note(&other), NN_ERROR_MEMORY);
    nn_memory_fail_at(0);
    assert_null(nn_plugins_at(1));
    assert_int_equal(nn_plugins_note(&other), NN_OK);
    assert_string_equal(nn_plugins_find("other.so")->path, "./other.so");
    assert_true(nn_plugins_at(0)->given && !nn_plugins_at(1)->given);
    assert_null(nn_plugins_find("amp.so"));

    nn_plugins_append_lines(&files, &lines);
    assert_string_equal(lines.bytes, "ramp.so\t0000000000000abc\tlayer ramp\n"
                                     "other.so\t0000000000000007\tmetric bias, loss far\n");
    assert_false(nn_plugins_lack(lines.bytes));
    assert_int_equal(nn_plugins_expect(lines.bytes, "run.h5"), NN_OK);
    nn_text_free(&lines);
    assert_int_equal(nn_plugins_expect("", "run.h5"), NN_OK);
    assert_true(nn_plugins_lack("ramp\t1\tlayer ramp\n"));
    assert_false(nn_plugins_lack("ramp.so\t1\tlayer ramp\n"));
    expect_refused("ramp.so\t1\tlayer ramp\n", "/a/ramp.so has the hash 0000000000000abc");
    expect_refused("other.so\t0000000000000007\tx\nnone.so\t1\tloss none\n", "none.so (hash 1; loss none)");
    expect_refused("ramp.so\n", "damaged");
    assert_string_equal(nn_plugins_file("/a/b/c.so"), "c.so");
    assert_string_equal(nn_plugins_file("c.so"), "c.so");
}

/* The first member of a type is its name. */
typedef struct named {
    const char *name;
} named;

static void test_type_list(void **state)
{
    (void)state;
    static const named one = {"one"}, two = {"two"}, three = {"three"};
    static const void *const built_in[] = {&one, NULL};
    nn_type_list list = {0};
    assert_ptr_equal(nn_type_list_of(&list, built_in), built_in);
    assert_int_equal(nn_type_list_add(&list, built_in, &two), NN_OK);
    nn_memory_fail_at(1);
    assert_int_equal(nn_type_list_add(&list, built_in, &three), NN_ERROR_MEMORY);
    nn_memory_fail_at(0);
    assert_int_equal(nn_type_list_add(&list, built_in, &three), NN_OK);
    const void *const *all = nn_type_list_of(&list, built_in);
    assert_ptr_equal(all[0], &one);
    assert_ptr_equal(all[1], &two);
    assert_ptr_equal(all[2], &three);
    assert_null(all[3]);
    assert_ptr_equal(nn_type_list_find(all, "two"), &two);
    assert_null(nn_type_list_find(all, "four"));
    nn_free(list.all);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_plugins), cmocka_unit_test(test_type_list)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
