/* Silent corruption on any number of ranks: nothing is reported where nothing happened; one flipped bit in
 * the weights, in the optimizer's state or in a core's arithmetic ends the step on all ranks, which name the
 * rank, or with one copy of the weights all ranks that have it. */
#include <mpi.h>

#include "../step/stepper.h"
#include "comm/testing.h"
#include "guard/integrity.h"

#define VERIFY "clip_norm: 0, verify_every: 1"
#define MOMENTUM "{sgd: {learning_rate: 0.1, momentum: 0.9}}"

static void open_verified(nn_comm *comm, const char *training, bench *b, nn_integrity **integrity)
{
    bench_open(comm, MOMENTUM, training, b);
    CHECK_OK(nn_integrity_create(b->stepper, integrity));
    CHECK_OK(nn_stepper_begin(b->stepper, 0));
}

static void close_verified(bench *b, nn_integrity *integrity)
{
    nn_integrity_destroy(integrity);
    bench_close(b);
}

/* A rank may still be copying the weights of others when these have finished their step: a bit that is
 * flipped then is received by it, too. */
static void wait_for_all(nn_comm *comm)
{
    CHECK_OK(nn_comm_agree(comm, NN_OK));
}

static void flip(void *bytes, int bit)
{
    ((unsigned char *)bytes)[bit / 8] ^= (unsigned char)(1U << bit % 8);
}

/* The last rank is always the faulty one. */
static bool is_faulty(nn_comm *comm)
{
    return nn_comm_rank(comm) == nn_comm_size(comm) - 1;
}

/* Checks that a run ended with NN_ERROR_CORRUPT and a text that names the faulty rank and no other. */
static void check_named(int faulty, nn_status status, const char *what, const char *fault)
{
    char name[32], text[1024];
    snprintf(text, sizeof text, "%s", nn_error_text());
    snprintf(name, sizeof name, "rank %d on", faulty);
    CHECK(status == NN_ERROR_CORRUPT, "%s: status %d", fault, (int)status);
    CHECK(strstr(text, name), "%s: %s is not named: %s", fault, name, text);
    CHECK(strstr(text, what), "%s: the text does not say '%s': %s", fault, what, text);
    const char *first = strstr(text, "rank ");
    CHECK(first && !strstr(first + 1, "rank "), "%s: several ranks are named: %s", fault, text);
}

/* Fails when verifying reports a difference that is none, or changes a bit of the result. */
static void nothing_is_reported(nn_comm *comm)
{
    bench plain, verified;
    nn_integrity *none, *integrity;
    nn_step_result result;
    open_verified(comm, "clip_norm: 0, verify_every: 0", &plain, &none);
    CHECK(none == NULL, "verify_every: 0 verifies");
    CHECK_OK(nn_integrity_check(none, 0));
    open_verified(comm, VERIFY, &verified, &integrity);
    CHECK(integrity != NULL, "verify_every: 1 does not verify");
    for (int64_t step = 0; step < BENCH_STEPS; step++) {
        CHECK_OK(nn_stepper_run(plain.stepper, step, 0, &result));
        CHECK_OK(nn_stepper_run(verified.stepper, step, 0, &result));
        CHECK_OK(nn_integrity_check(integrity, step + 1));
    }
    CHECK_OK(nn_stepper_settle(plain.stepper));
    CHECK(memcmp(nn_reduction_weights(plain.stepper->reduction),
                 nn_reduction_weights(verified.stepper->reduction),
                 (size_t)plain.model->network->value_count * sizeof(nn_real)) == 0,
          "verifying has changed the weights");
    close_verified(&plain, none);
    close_verified(&verified, integrity);
}

/* Fails when a bit that flips in the weights between two steps gets into the second one, or into a
 * checkpoint. */
static void weights_are_watched(nn_comm *comm, bool checkpoint)
{
    bench b;
    nn_integrity *integrity;
    nn_step_result result;
    open_verified(comm, VERIFY, &b, &integrity);
    CHECK_OK(nn_stepper_run(b.stepper, 0, 0, &result));
    CHECK_OK(nn_stepper_settle(b.stepper));
    wait_for_all(comm);
    if (is_faulty(comm)) flip(nn_reduction_weights(b.stepper->reduction), 5);
    nn_status status =
        checkpoint ? nn_integrity_check(integrity, 1) : nn_stepper_run(b.stepper, 1, 0, &result);
    check_named(nn_comm_size(comm) - 1, status, "the weights have changed in memory",
                checkpoint ? "checkpoint" : "weights");
    close_verified(&b, integrity);
}

/* Fails when a bit that flips in a copy of the weights that all ranks have is not found, or when a single
 * rank is accused. */
static void shared_weights_are_watched(nn_comm *comm, bool checkpoint)
{
    bench b;
    nn_integrity *integrity;
    nn_step_result result;
    char name[32];
    open_verified(comm, VERIFY, &b, &integrity);
    CHECK(nn_reduction_copy_of(b.stepper->reduction, nn_comm_size(comm) - 1) == 0,
          "there are several copies");
    CHECK_OK(nn_stepper_run(b.stepper, 0, 0, &result));
    CHECK_OK(nn_stepper_settle(b.stepper));
    wait_for_all(comm);
    if (is_faulty(comm)) flip(nn_reduction_weights(b.stepper->reduction), 5);
    wait_for_all(comm);
    nn_status status =
        checkpoint ? nn_integrity_check(integrity, 1) : nn_stepper_run(b.stepper, 1, 0, &result);
    CHECK(status == NN_ERROR_CORRUPT, "a flipped bit in the shared weights: status %d", (int)status);
    for (int rank = 0; rank < nn_comm_size(comm) && rank < 4; rank++) {
        snprintf(name, sizeof name, "rank %d on", rank);
        CHECK(strstr(nn_error_text(), name), "%s is not named: %s", name, nn_error_text());
    }
    CHECK(nn_comm_size(comm) == 1 || strstr(nn_error_text(), "share one copy, have changed in memory"),
          "the text does not say that the copy is shared: %s", nn_error_text());
    close_verified(&b, integrity);
}

/* Fails when a bit that flips in a rank's slice of the momentum is not found. With more ranks than blocks the
 * last one may own nothing: then nothing can flip. */
static void state_is_watched(nn_comm *comm)
{
    bench b;
    nn_integrity *integrity;
    nn_step_result result;
    open_verified(comm, VERIFY, &b, &integrity);
    const nn_update *update = b.stepper->update;
    int64_t owned = update->owned_values;
    CHECK(update->state_count == 1, "%d vectors of state", update->state_count);
    CHECK_OK(nn_comm_broadcast(comm, &owned, sizeof owned, nn_comm_size(comm) - 1));
    CHECK_OK(nn_stepper_run(b.stepper, 0, 0, &result));
    CHECK_OK(nn_stepper_settle(b.stepper));
    if (owned > 0) {
        if (is_faulty(comm)) flip(update->states[0] + owned - 1, 3);
        check_named(nn_comm_size(comm) - 1, nn_stepper_run(b.stepper, 1, 0, &result),
                    "optimizer/momentum has changed in memory", "state");
    }
    close_verified(&b, integrity);
}

/* Flips a bit of the weights before the gradient, and back after it: like a core that computes wrong bits for
 * a while. */
static nn_status wrong_core(void *context, const nn_step_progress *progress)
{
    bench *b = context;
    if (progress->step == 1) flip(nn_reduction_weights(b->stepper->reduction), 20);
    return NN_OK;
}

/* Whether all ranks find that `faulty` has computed step 1 wrongly. */
static bool arithmetic_is_caught(nn_comm *comm, int faulty)
{
    bench b;
    nn_integrity *integrity;
    nn_step_result result;
    bench_open(comm, MOMENTUM, VERIFY, &b);
    nn_step_observer fault = {.context = &b,
                              .at = {[NN_SEAM_BEGIN] = wrong_core, [NN_SEAM_COMPUTED] = wrong_core}};
    if (faulty == nn_comm_rank(comm)) nn_stepper_observe(b.stepper, fault);
    CHECK_OK(nn_integrity_create(b.stepper, &integrity));
    CHECK_OK(nn_stepper_begin(b.stepper, 0));
    CHECK_OK(nn_stepper_run(b.stepper, 0, 0, &result));
    CHECK_OK(nn_stepper_settle(b.stepper));
    wait_for_all(comm);
    nn_status status = nn_stepper_run(b.stepper, 1, 0, &result);
    if (status != NN_OK) check_named(faulty, status, "when computed again", "arithmetic");
    close_verified(&b, integrity);
    return status != NN_OK;
}

/* Fails when a rank that has computed the watched microbatch from other weights is not found, though its
 * memory is in order again by then; each step watches one microbatch, so that of one rank. */
static void arithmetic_is_watched(nn_comm *comm)
{
    int caught = 0;
    for (int faulty = 0; faulty < nn_comm_size(comm); faulty++) caught += arithmetic_is_caught(comm, faulty);
    CHECK(caught == 1, "the wrong arithmetic of %d ranks was found", caught);
}

static void ranks_are_named(nn_comm *comm)
{
    nothing_is_reported(comm);
    weights_are_watched(comm, false);
    weights_are_watched(comm, true);
    state_is_watched(comm);
    arithmetic_is_watched(comm);
}

int main(int argc, char **argv)
{
    nn_comm *comm = NULL;
    if (nn_comm_start(&argc, &argv, &comm) != NN_OK) {
        fprintf(stderr, "%s\n", nn_error_text());
        return 1;
    }
    nothing_is_reported(comm);
    shared_weights_are_watched(comm, false);
    shared_weights_are_watched(comm, true);
    nn_comm *own = NULL; /* where every rank has its own copy of the weights */
    nn_comm_set_test_domain_size(1);
    CHECK_OK(nn_comm_create_from_handle((int)MPI_Comm_c2f(MPI_COMM_WORLD), &own));
    if (own) ranks_are_named(own);
    nn_comm_destroy(own);
    return check_end(comm);
}
