/* Figures of a part of the data: the leaves are shared out, and summed in the canonical tree. */
#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "base/pulse.h"
#include "train/findings.h"
#include "train/run.h"

nn_status nn_evaluate_check(const nn_model *model, nn_part part, const nn_figures *figures)
{
    static const char *const names[NN_PARTS] = {"training", "validation", "test"};
    nn_nonfinite found = figures->nonfinite;
    if (found.position < 0) return NN_OK;
    bool in_layer = found.layer < model->network->layer_count;
    NN_FAIL(NN_ERROR_NONFINITE, "%s%s is NaN or Inf for sample %lld of the %s part",
            in_layer ? "the output of layer " : "the loss",
            in_layer ? model->network->layers[found.layer].name : "", (long long)found.position, names[part]);
}

/* Of all ranks' finds the first. Collective. */
static nn_status evaluate_agree(nn_comm *comm, const nn_model *model, nn_nonfinite *found)
{
    int64_t layers = model->network->layer_count + 1, order = -1;
    if (found->position >= 0) order = INT64_MAX - (found->position * layers + found->layer);
    NN_TRY(nn_comm_maximum(comm, &order, 1));
    *found = (nn_nonfinite){.position = -1};
    if (order < 0) return NN_OK;
    order = INT64_MAX - order;
    *found = (nn_nonfinite){order / layers, (int)(order % layers)};
    return NN_OK;
}

static nn_status evaluate_gather(nn_comm *comm, int64_t leaves, int width, const double *own, double *all)
{
    size_t *sizes = NULL;
    NN_TRY(nn_comm_agree(comm, NN_ALLOCATE(&sizes, nn_comm_size(comm), "an evaluation")));
    for (int r = 0; r < nn_comm_size(comm); r++) {
        nn_tree_node share = nn_tree_share(leaves, r, nn_comm_size(comm));
        sizes[r] = (size_t)(share.end - share.begin) * (size_t)width * sizeof *own;
    }
    nn_status status = nn_comm_gather_all(comm, own, sizes, all);
    nn_free(sizes);
    return status;
}

/* The leaves of this rank, one after the other. */
typedef struct evaluate_leaves {
    int64_t samples, leaves;
    nn_tree_node share;
} evaluate_leaves;

static bool evaluate_schedule(const void *context, int64_t index, nn_data_span *span)
{
    const evaluate_leaves *of = context;
    if (of->share.begin + index >= of->share.end) return false;
    nn_tree_node range = nn_tree_leaf_samples(of->samples, of->leaves, of->share.begin + index);
    *span = (nn_data_span){.epoch = NN_DATA_IN_ORDER, .first = range.begin, .count = range.end - range.begin};
    return true;
}

static nn_status evaluate_share(nn_comm *comm, nn_workers *workers, const nn_model *model, nn_dataset *data,
                                nn_part part, const evaluate_leaves *of, const nn_real *weights,
                                const nn_real *constant, double *figures, const nn_findings *findings,
                                nn_nonfinite *found)
{
    int64_t depth = nn_workers_threads(workers) + 1;
    nn_status status = nn_dataset_follow(data, part, evaluate_schedule, of, 0, depth, constant == NULL);
    NN_TRY(nn_comm_agree(comm, status));
    nn_workers_evaluate(workers, part, of->leaves, of->share, weights, constant, figures, findings, found);
    status = nn_dataset_status(data, part);
    nn_dataset_unfollow(data, part);
    NN_TRY(nn_comm_agree(comm, status));
    return evaluate_agree(comm, model, found);
}

/* weights, or constant, is NULL. */
static nn_status evaluate_run(nn_comm *comm, nn_workers *workers, const nn_model *model, nn_dataset *data,
                              nn_part part, int64_t microbatch_size, const nn_real *weights,
                              const nn_real *constant, nn_figures *figures)
{
    int64_t samples = nn_dataset_count(data, part);
    int64_t leaves = (samples + microbatch_size - 1) / microbatch_size;
    int width = nn_figures_width(model);
    nn_tree_node share = nn_tree_share(leaves, nn_comm_rank(comm), nn_comm_size(comm));
    double *own = NULL, *all = NULL, sums[NN_FIGURES_MAX];
    evaluate_leaves of = {samples, leaves, share};
    nn_findings findings = {{0}, {0}};
    nn_nonfinite found;
    *figures = (nn_figures){0};
    nn_phase before = nn_pulse_phase(NN_PHASE_EVALUATE);
    nn_status status = NN_ALLOCATE(&own, (share.end - share.begin) * width, "an evaluation");
    if (status == NN_OK) status = NN_ALLOCATE(&all, leaves * width, "an evaluation");
    if (status == NN_OK) status = nn_findings_create(comm, model, workers, samples, leaves, &findings);
    NN_TRY_TO(done, status, nn_comm_agree(comm, status));
    NN_TRY_TO(
        done, status,
        evaluate_share(comm, workers, model, data, part, &of, weights, constant, own, &findings, &found));
    NN_TRY_TO(done, status, evaluate_gather(comm, leaves, width, own, all));
    nn_tree_sum(leaves, (size_t)width, all, sums);
    nn_figures_finish(model, sums, figures);
    figures->nonfinite = found;
    status = nn_findings_finish(comm, model, workers, samples, leaves, &findings, figures);
done:
    nn_findings_release(&findings);
    nn_free(own);
    nn_free(all);
    if (status != NN_OK) nn_figures_release(figures);
    nn_pulse_phase(before);
    return status;
}

nn_status nn_evaluate_part(nn_comm *comm, nn_workers *workers, const nn_model *model, nn_dataset *data,
                           nn_part part, int64_t microbatch_size, const nn_real *weights, nn_figures *figures)
{
    return evaluate_run(comm, workers, model, data, part, microbatch_size, weights, NULL, figures);
}

/* ---- the baseline ---- */

bool nn_baseline_is_last(const nn_head *head)
{
    return head->target.transform == NN_TRANSFORM_DIFFERENCE;
}

/* The output that guesses one target. A difference of 0 in its own units is the value seen last. */
static void evaluate_constant(const nn_head *head, const double *prior, nn_real *constant)
{
    const nn_scaling *scaling = &head->scaling;
    for (int64_t i = 0; i < head->rows * head->columns; i++) {
        int64_t c = i % head->columns;
        double value = prior[head->target.is_class && head->columns == 1 ? 1 : c];
        if (nn_baseline_is_last(head))
            value = scaling->columns > 0 ? scaling->offset[c % scaling->columns] : 0;
        /* A class that never occurs gets the probability of less than one sample in 10^30. */
        if (head->loss->yes_no)
            value = log(value + 1e-30) - log(1 - value + 1e-30);
        else if (head->target.is_class)
            value = log(value + 1e-30);
        constant[i] = (nn_real)value;
    }
}

/* The guesses of all heads, one behind the other. */
static nn_status evaluate_constants(const nn_model *model, const nn_dataset *data, nn_real *constant)
{
    for (int h = 0; h < model->head_count; h++) {
        const nn_head *head = &model->heads[h];
        double *prior = NULL;
        int64_t known = head->target.is_class ? head->target.classes : nn_shape_count(head->target.shape);
        NN_TRY(NN_ALLOCATE(&prior, known < 2 ? 2 : known, "the baseline"));
        nn_dataset_prior(data, h, prior);
        evaluate_constant(head, prior, constant);
        constant += nn_head_output(model, h);
        nn_free(prior);
    }
    return NN_OK;
}

nn_status nn_evaluate_baseline(nn_comm *comm, nn_workers *workers, const nn_model *model, nn_dataset *data,
                               nn_part part, int64_t microbatch_size, nn_figures *figures)
{
    nn_real *constant = NULL;
    nn_status status = NN_ALLOCATE(&constant, nn_model_output_count(model), "the baseline");
    if (status == NN_OK) status = evaluate_constants(model, data, constant);
    status = nn_comm_agree(comm, status);
    if (status == NN_OK)
        status = evaluate_run(comm, workers, model, data, part, microbatch_size, NULL, constant, figures);
    nn_free(constant);
    return status;
}
