/* The hashes by which C libraries are compared. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/libm.h"

static const char *own_path;

/* Fails when two functions, or two calls, are confused. */
static void test_hashes(void **state)
{
    (void)state;
    for (int f = 0; f < NN_LIBM_FUNCTIONS; f++) {
        assert_true(nn_libm_hash(f) == nn_libm_hash(f));
        for (int g = 0; g < f; g++) {
            assert_true(nn_libm_hash(f) != nn_libm_hash(g));
            assert_string_not_equal(nn_libm_name(f), nn_libm_name(g));
        }
    }
    assert_string_equal(nn_libm_name(0), "exp");
    assert_int_equal(1 << 3, NN_LIBM_COS);
    assert_string_equal(nn_libm_name(3), "cos");
}

/* Whether glibc has versions with and without fused multiply-add, and uses the former on this CPU. */
static int has_copies(void)
{
#if defined(__GLIBC__) && defined(__x86_64__) && defined(__GNUC__)
    return __builtin_cpu_supports("fma") && __builtin_cpu_supports("avx2") && !getenv("GLIBC_TUNABLES");
#else
    return 0;
#endif
}

/* Fails when the version without fused multiply-add has the same hash for some function: then the arguments
 * are too few, or not where the versions differ. */
static void test_copies(void **state)
{
    (void)state;
    char command[4096];
    if (!has_copies() || !own_path || strchr(own_path, '\'')) skip();
    snprintf(command, sizeof command, "GLIBC_TUNABLES=glibc.cpu.hwcaps=-AVX2,-FMA,-FMA4 '%s' hashes",
             own_path);
    FILE *other = popen(command, "r");
    assert_non_null(other);
    for (int f = 0; f < NN_LIBM_FUNCTIONS; f++) {
        unsigned long long hash = 0;
        assert_int_equal(fscanf(other, "%llx", &hash), 1);
        if (hash == nn_libm_hash(f)) fail_msg("%s: both copies have the same hash", nn_libm_name(f));
    }
    pclose(other);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_hashes), cmocka_unit_test(test_copies)};
    own_path = argv[0];
    if (argc == 2) {
        for (int f = 0; f < NN_LIBM_FUNCTIONS; f++) printf("%llx\n", (unsigned long long)nn_libm_hash(f));
        return 0;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
