/* What a run leaves of the settings of the program around it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/log.h"
#include "nntrain/nntrain.h"
#include "tensor/matrix.h"
#include "train/host.h"

/* Fails when BLAS keeps the one thread of a run, or the log stays as the run had it. */
static void test_restored(void **state)
{
    (void)state;
    nn_comm *comm;
    nn_host host;
    assert_int_equal(nn_comm_create_alone(&comm), NN_OK);
    nn_matrix_set_threads(2);
    int threads = nn_matrix_threads();
    nn_log_enable(true);
    nn_set_log_ranks(NN_LOG_NO_RANK);
    nn_host_enter(comm, &host);
    assert_false(nn_log_enabled());
    assert_int_equal(nn_matrix_setup(), NN_OK);
    nn_host_leave(&host);
    assert_int_equal(nn_matrix_threads(), threads);
    assert_true(nn_log_enabled());
    nn_comm_destroy(comm);
}

/* Fails when another rank than chosen would speak. */
static void test_ranks(void **state)
{
    (void)state;
    nn_set_log_ranks(NN_LOG_FIRST_RANK);
    assert_true(nn_log_chosen(0) && !nn_log_chosen(1));
    nn_set_log_ranks(NN_LOG_ALL_RANKS);
    assert_true(nn_log_chosen(0) && nn_log_chosen(1));
    nn_set_log_ranks(NN_LOG_NO_RANK);
    assert_true(!nn_log_chosen(0) && !nn_log_chosen(1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_restored), cmocka_unit_test(test_ranks)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
