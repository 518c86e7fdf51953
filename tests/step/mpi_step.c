/* Whole steps on any number of ranks: against one rank that does everything itself, with the same
 * microbatches and the same tree; clipping, requests, NaN, and the seams. */
#include <mpi.h>

#include "comm/testing.h"
#include "step/results.h"
#include "stepper.h"
#include "tensor/kernels.h"

/* The gradient of node over microbatches that are computed one at a time, added in the tree's order. */
static void gradient_by_hand(const bench *b, nn_workers *workers, int64_t step, const nn_real *weights,
                             nn_tree_node node, double *results, nn_real *sum)
{
    int64_t count = b->model->network->value_count;
    nn_batch batch = nn_plan_batch(&b->plan, step);
    int width = nn_results_width(b->model, true);
    if (node.end - node.begin > 1) {
        nn_real *right = NULL;
        int64_t middle = nn_tree_split(node.begin, node.end);
        CHECK_OK(NN_ALLOCATE(&right, count, "a gradient"));
        gradient_by_hand(b, workers, step, weights, (nn_tree_node){node.begin, middle}, results, sum);
        gradient_by_hand(b, workers, step, weights, (nn_tree_node){middle, node.end}, results, right);
        nn_add(count, right, sum);
        nn_free(right);
        return;
    }
    nn_gradient_call call = {.batch = batch,
                             .step = step,
                             .share = node,
                             .nodes = &node,
                             .node_count = 1,
                             .weights = weights,
                             .denominators = (const double[]){(double)batch.samples},
                             .partials = &sum,
                             .results = results + node.begin * width};
    CHECK_OK(nn_workers_gradient(workers, &call));
}

/* Plain gradient descent: w - rate * scale * g, by the optimizer itself on the whole vector. */
static void descend(const bench *b, int64_t step, double scale, nn_real *gradient, nn_real *weights)
{
    const nn_optimizer_type *sgd = b->settings.optimizer;
    nn_real *slots[NN_OPTIMIZER_SLOTS] = {NULL};
    nn_optimizer_step at = {.step = step + 1, .learning_rate = 0.5, .gradient_scale = scale};
    sgd->prepare(b->settings.optimizer_options, &at);
    sgd->apply(b->settings.optimizer_options, &at, b->model->network->value_count, gradient, slots, weights);
}

/* The sum of squares of all blocks, in the tree over the blocks. */
static double norm_by_hand(const bench *b, const nn_real *gradient)
{
    const nn_network *network = b->model->network;
    double squares[64], sum;
    CHECK(network->block_count <= 64, "%lld blocks", (long long)network->block_count);
    for (int64_t i = 0; i < network->block_count; i++)
        squares[i] = nn_sum_squares(network->block_begin[i + 1] - network->block_begin[i],
                                    gradient + network->block_begin[i]);
    nn_tree_sum(network->block_count, 1, squares, &sum);
    return sqrt(sum);
}

/* Fails when a rank's share, the reduction, the clipping, the sharded update or the way back of the weights
 * changes a bit of what one rank computes alone, in full batches and in the short last one. */
static void steps_are_those_of_one_rank(nn_comm *comm, const char *training, double clip)
{
    bench b;
    bench_open(comm, "{sgd: {learning_rate: 0.5, momentum: 0}}", training, &b);
    int64_t count = b.model->network->value_count;
    size_t bytes = (size_t)count * sizeof(nn_real);
    nn_workers *alone;
    nn_real *weights = NULL, *gradient = NULL, *own = nn_reduction_weights(b.stepper->reduction);
    double results[16 * NN_RESULTS_MAX], sums[NN_RESULTS_MAX];
    nn_workers_request request = {.threads = 1, .share_max = 1, .microbatch_size = 4, .memory = 1, .seed = 7};
    CHECK_OK(nn_workers_create(b.model, b.data, &request, &alone));
    CHECK_OK(NN_ALLOCATE(&weights, count, "weights"));
    CHECK_OK(NN_ALLOCATE(&gradient, count, "a gradient"));
    memcpy(weights, own, bytes);
    CHECK_OK(nn_stepper_begin(b.stepper, 0));
    for (int64_t step = 0; step < BENCH_STEPS; step++) {
        nn_step_result result;
        int64_t microbatches = nn_plan_batch(&b.plan, step).microbatches;
        gradient_by_hand(&b, alone, step, weights, (nn_tree_node){0, microbatches}, results, gradient);
        double norm = norm_by_hand(&b, gradient);
        descend(&b, step, clip > 0 && norm > clip ? clip / norm : 1, gradient, weights);
        CHECK_OK(nn_stepper_run(b.stepper, step, 0, &result));
        CHECK_OK(nn_stepper_settle(b.stepper));
        CHECK(memcmp(own, weights, bytes) == 0, "step %lld: other weights than by hand", (long long)step);
        nn_results_sum(b.model, true, microbatches, results, sums);
        CHECK(memcmp(result.results, sums, (size_t)nn_results_width(b.model, true) * sizeof *sums) == 0,
              "step %lld: other results than by hand", (long long)step);
        CHECK(result.gradient_norm == (clip > 0 ? norm : 0), "step %lld: norm %g, not %g", (long long)step,
              result.gradient_norm, norm);
        CHECK(!result.nonfinite && result.requests == 0, "step %lld: nonfinite or requests", (long long)step);
    }
    nn_free(weights);
    nn_free(gradient);
    nn_workers_destroy(alone);
    bench_close(&b);
}

/* Fails when a request of one rank does not reach all, or a step with NaN changes the weights, or the ranks
 * name different samples. */
static void requests_and_nonfinite_reach_all(nn_comm *comm)
{
    bench b;
    bench_open(comm, "{sgd: {learning_rate: 0.5}}", "clip_norm: 0", &b);
    int rank = nn_comm_rank(comm), size = nn_comm_size(comm);
    size_t bytes = (size_t)b.model->network->value_count * sizeof(nn_real);
    nn_real *own = nn_reduction_weights(b.stepper->reduction), *before = NULL;
    nn_step_result result;
    CHECK_OK(nn_stepper_begin(b.stepper, 0));
    CHECK_OK(nn_stepper_run(b.stepper, 0, rank == size - 1 ? NN_REQUEST_SAVE : 0, &result));
    CHECK(result.requests == NN_REQUEST_SAVE, "requests %u", result.requests);
    CHECK_OK(nn_stepper_settle(b.stepper));
    /* In the last layer: an output of every sample becomes NaN. */
    own[b.model->network->layers[b.model->network->layer_count - 1].offset] = (nn_real)NAN;
    CHECK_OK(nn_comm_barrier(comm));
    CHECK_OK(nn_allocate((void **)&before, bytes, 1, "weights"));
    memcpy(before, own, bytes);
    CHECK_OK(nn_stepper_run(b.stepper, 1, 0, &result));
    CHECK(result.nonfinite, "NaN is not met");
    CHECK(result.bad_position == 64, "first at %lld, not at 64", (long long)result.bad_position);
    CHECK(memcmp(own, before, bytes) == 0, "a step with NaN has changed the weights");
    nn_free(before);
    bench_close(&b);
}

/* ---- the seams ---- */

typedef struct visits {
    nn_seam seams[32];
    int count;
    bool refuses;
    unsigned requests;
} visits;

static nn_status note(void *context, nn_seam seam)
{
    visits *seen = context;
    if (seen->count < 32) seen->seams[seen->count++] = seam;
    return NN_OK;
}

#define AT(name, seam)                                                                                       \
    static nn_status name(void *context, const nn_step_progress *progress)                                   \
    {                                                                                                        \
        (void)progress;                                                                                      \
        return note(context, seam);                                                                          \
    }
AT(at_start, NN_SEAM_START)
AT(at_begin, NN_SEAM_BEGIN)
AT(at_computed, NN_SEAM_COMPUTED)
AT(at_updated, NN_SEAM_UPDATED)
AT(at_sent, NN_SEAM_SENT)

static nn_status at_reduced(void *context, const nn_step_progress *progress)
{
    visits *seen = context;
    CHECK(progress->has_data, "the data of the step is lost");
    note(context, NN_SEAM_REDUCED);
    return seen->refuses ? nn_fail(NN_ERROR_CORRUPT, "refused") : NN_OK;
}

static nn_status at_agreed(void *context, const nn_step_progress *progress)
{
    visits *seen = context;
    seen->requests = progress->requests;
    return note(context, NN_SEAM_AGREED);
}

/* Fails when an observer is not called at each seam, in order, or its failure does not end the step before
 * the weights change. */
static void observers_see_every_seam(nn_comm *comm)
{
    static const nn_seam expected[] = {NN_SEAM_START,    NN_SEAM_BEGIN,   NN_SEAM_COMPUTED, NN_SEAM_REDUCED,
                                       NN_SEAM_AGREED,   NN_SEAM_UPDATED, NN_SEAM_SENT,     NN_SEAM_BEGIN,
                                       NN_SEAM_COMPUTED, NN_SEAM_REDUCED};
    bench b;
    visits seen = {0};
    nn_step_result result;
    bench_open(comm, "{sgd: {learning_rate: 0.5}}", "clip_norm: 0", &b);
    nn_stepper_observe(b.stepper, (nn_step_observer){.context = &seen,
                                                     .at = {[NN_SEAM_START] = at_start,
                                                            [NN_SEAM_BEGIN] = at_begin,
                                                            [NN_SEAM_COMPUTED] = at_computed,
                                                            [NN_SEAM_REDUCED] = at_reduced,
                                                            [NN_SEAM_AGREED] = at_agreed,
                                                            [NN_SEAM_UPDATED] = at_updated,
                                                            [NN_SEAM_SENT] = at_sent}});
    size_t bytes = (size_t)b.model->network->value_count * sizeof(nn_real);
    nn_real *own = nn_reduction_weights(b.stepper->reduction), *before = NULL;
    CHECK_OK(nn_allocate((void **)&before, bytes, 1, "weights"));
    CHECK_OK(nn_stepper_begin(b.stepper, 0));
    CHECK_OK(nn_stepper_run(b.stepper, 0, nn_comm_rank(comm) == 0 ? NN_REQUEST_STOP : 0, &result));
    CHECK(seen.requests == NN_REQUEST_STOP, "an observer sees requests %u", seen.requests);
    CHECK_OK(nn_stepper_settle(b.stepper));
    memcpy(before, own, bytes);
    seen.refuses = true;
    nn_status status = nn_stepper_run(b.stepper, 1, 0, &result);
    CHECK(status == NN_ERROR_CORRUPT, "status %d of a step that an observer refuses", (int)status);
    CHECK(memcmp(own, before, bytes) == 0, "a step that an observer refuses has changed the weights");
    CHECK(seen.count == (int)(sizeof expected / sizeof *expected), "%d visits", seen.count);
    for (int i = 0; i < seen.count; i++)
        CHECK(seen.seams[i] == expected[i], "visit %d is at seam %d, not %d", i, (int)seen.seams[i],
              (int)expected[i]);
    nn_free(before);
    bench_close(&b);
}

/* Fails when a rank with a copy of the weights of its own, because it could not share memory, reports less
 * memory than the allocator counts. */
static void memory_is_counted_without_sharing(nn_comm *comm)
{
    bench b;
    bench_open(comm, "{sgd: {learning_rate: 0.5}}", "clip_norm: 0", &b);
    nn_stepper_request request = {&b.settings, &b.memory, b.model, b.plan, b.workers, b.data, 1};
    int last = nn_comm_size(comm) - 1;
    bool separate = last == 0;
    for (int64_t allocation = 1; allocation < 100 && !separate; allocation++) {
        nn_stepper *stepper;
        if (nn_comm_rank(comm) == last) nn_memory_fail_at(allocation);
        nn_status status = nn_stepper_create(comm, &request, &stepper);
        nn_memory_fail_at(0);
        if (status != NN_OK) continue;
        separate = nn_reduction_copy_of(stepper->reduction, last) == last;
        CHECK(stepper->uncounted_bytes < (size_t)1 << 30, "%zu bytes are not counted",
              stepper->uncounted_bytes);
        nn_stepper_destroy(stepper);
    }
    CHECK(separate, "no failure leaves the ranks without shared memory");
    bench_close(&b);
}

/* The ranks after the first send their weights only once the first has ended its step. */
static nn_status wait_for_first(void *context, const nn_step_progress *progress)
{
    bench *b = context;
    char word = 0;
    if (nn_comm_rank(b->comm) == 0 || progress->step != 0) return NN_OK;
    return nn_comm_broadcast(b->comm, &word, sizeof word, 0);
}

/* Hangs when a step ends only once the new weights have arrived from other nodes: here each rank is one.
 * Fails when the next step computes with older ones. */
static void weights_arrive_in_the_next_step(void)
{
    bench b, usual;
    nn_comm *comm;
    nn_step_result result;
    char word = 0;
    nn_comm_set_test_node_size(1);
    CHECK_OK(nn_comm_create_from_handle((int)MPI_Comm_c2f(MPI_COMM_WORLD), &comm));
    nn_comm_set_test_node_size(0);
    bench_open(comm, "{sgd: {learning_rate: 0.5}}", "clip_norm: 0", &b);
    bench_open(comm, "{sgd: {learning_rate: 0.5}}", "clip_norm: 0", &usual);
    nn_stepper_observe(b.stepper,
                       (nn_step_observer){.context = &b, .at = {[NN_SEAM_UPDATED] = wait_for_first}});
    CHECK_OK(nn_stepper_begin(b.stepper, 0));
    CHECK_OK(nn_stepper_begin(usual.stepper, 0));
    for (int64_t step = 0; step < 2; step++) {
        CHECK_OK(nn_stepper_run(b.stepper, step, 0, &result));
        if (step == 0 && nn_comm_rank(comm) == 0) CHECK_OK(nn_comm_broadcast(comm, &word, sizeof word, 0));
        CHECK_OK(nn_stepper_run(usual.stepper, step, 0, &result));
        CHECK_OK(nn_stepper_settle(usual.stepper));
    }
    CHECK_OK(nn_stepper_settle(b.stepper));
    CHECK(memcmp(nn_reduction_weights(b.stepper->reduction), nn_reduction_weights(usual.stepper->reduction),
                 (size_t)b.model->network->value_count * sizeof(nn_real)) == 0,
          "weights that arrive late give other bits");
    bench_close(&usual);
    bench_close(&b);
    nn_comm_destroy(comm);
}

int main(int argc, char **argv)
{
    nn_comm *comm = NULL;
    if (nn_comm_start(&argc, &argv, &comm) != NN_OK) {
        fprintf(stderr, "%s\n", nn_error_text());
        return 1;
    }
    steps_are_those_of_one_rank(comm, "clip_norm: 0", 0);
    steps_are_those_of_one_rank(comm, "clip_norm: 0.01", 0.01);
    requests_and_nonfinite_reach_all(comm);
    observers_see_every_seam(comm);
    memory_is_counted_without_sharing(comm);
    weights_arrive_in_the_next_step();
    return check_end(comm);
}
