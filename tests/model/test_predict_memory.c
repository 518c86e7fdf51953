/* A predictor allocates everything when it is opened: the allocators of the C library are counted here. */
#include <stdbool.h>

#include "nntrain/nntrain.h"
#include "saved.h"

#if defined(__GLIBC__) && defined(__linux__) && !defined(NN_SANITIZED)

#include <errno.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/syscall.h>

static atomic_bool watching;
static atomic_int allocations;

static void allocation_note(void)
{
    if (atomic_load(&watching)) atomic_fetch_add(&allocations, 1);
}

/* ---- what precedes the functions of the C library, for every library of the process ---- */

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *block, size_t size);
void *__libc_memalign(size_t alignment, size_t size);
long syscall(long number, ...);
void *aligned_alloc(size_t alignment, size_t size);
int posix_memalign(void **block, size_t alignment, size_t size);

void *malloc(size_t size)
{
    allocation_note();
    return __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
    allocation_note();
    return __libc_calloc(count, size);
}

void *realloc(void *block, size_t size)
{
    allocation_note();
    return __libc_realloc(block, size);
}

void *aligned_alloc(size_t alignment, size_t size)
{
    allocation_note();
    return __libc_memalign(alignment, size);
}

int posix_memalign(void **block, size_t alignment, size_t size)
{
    allocation_note();
    *block = __libc_memalign(alignment, size);
    return *block ? 0 : ENOMEM;
}

void *mmap(void *address, size_t length, int protection, int flags, int file, off_t begin)
{
    allocation_note();
    return (void *)syscall(SYS_mmap, address, length, protection, flags, file, begin);
}

/* ---- the test ---- */

enum { MOST_SAMPLES = 40, MOST_VALUES = 16 };

static void expect_no_allocation(const saved_kind *kind)
{
    const size_t counts[] = {1, SAMPLES, SAMPLES + 1, 3, MOST_SAMPLES, 1};
    static float inputs[MOST_SAMPLES * MOST_VALUES], outputs[MOST_SAMPLES * MOST_VALUES];
    static float gradients[MOST_SAMPLES * MOST_VALUES], tangents[MOST_SAMPLES * MOST_VALUES];
    static double wide_inputs[MOST_SAMPLES * MOST_VALUES], wide_outputs[MOST_SAMPLES * MOST_VALUES];
    trial t;
    nn_predictor *opened, *shared;
    saved_write(kind, &t);
    trial_destroy(&t);
    if (nn_predictor_open(saved_path, &opened) != NN_OK) fail_msg("%s", nn_error_text());
    expect_ok(nn_predictor_share(opened, &shared));
    expect_ok(nn_predictor_prepare_derivatives(opened));
    atomic_store(&allocations, 0);
    atomic_store(&watching, true);
    nn_status status = NN_OK;
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        status = status == NN_OK ? nn_predictor_run(opened, counts[i], inputs, outputs) : status;
        status =
            status == NN_OK ? nn_predictor_run_f64(shared, counts[i], wide_inputs, wide_outputs) : status;
        if (status == NN_OK) status = nn_predictor_vjp(opened, counts[i], inputs, outputs, gradients);
        if (status == NN_OK)
            status = nn_predictor_jvp(opened, counts[i], inputs, gradients, outputs, tangents);
    }
    atomic_store(&watching, false);
    expect_ok(status);
    if (atomic_load(&allocations) > 0) fail_msg("%d allocations", atomic_load(&allocations));
    nn_predictor_close(opened);
    nn_predictor_close(shared);
}

/* Wrong: a run allocates, in this library or in BLAS. */
static void test_allocations(void **state)
{
    (void)state;
    for (nn_engine engine = 0; engine < NN_ENGINES; engine++) {
        saved_kind kinds[] = {saved_pairs(), saved_sequences()};
        if (engine == NN_ENGINE_MIXED && sizeof(nn_real) == sizeof(double)) continue;
        for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
            kinds[k].engine = engine;
            expect_no_allocation(&kinds[k]);
        }
    }
    void *block = NULL;
    atomic_store(&watching, true);
    block = malloc(100);
    atomic_store(&watching, false);
    assert_int_equal(atomic_load(&allocations), 1); /* this test sees allocations */
    free(block);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_allocations)};
    return cmocka_run_group_tests(tests, saved_make_folder, saved_remove_folder);
}

#else

int main(void)
{
    puts("skipped: needs the allocators of glibc, without a sanitizer");
    return 77;
}

#endif
