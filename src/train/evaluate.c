/* Figures of a part of the data: the leaves are shared out, and summed in the canonical tree. */
#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "train/run.h"

static nn_status evaluate_fail(const nn_model *model, nn_part part, nn_nonfinite found)
{
    static const char *const names[NN_PARTS] = {"training", "validation", "test"};
    const char *layer =
        found.layer < model->network->layer_count ? model->network->layers[found.layer].name : "loss";
    NN_FAIL(NN_ERROR_NONFINITE, "the output of %s is NaN or Inf for sample %lld of the %s part", layer,
            (long long)found.position, names[part]);
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
                                const nn_real *constant, double *figures)
{
    nn_nonfinite found;
    int64_t depth = nn_workers_threads(workers) + 1;
    nn_status status = nn_dataset_follow(data, part, evaluate_schedule, of, 0, depth, constant == NULL);
    NN_TRY(nn_comm_agree(comm, status));
    nn_workers_evaluate(workers, part, of->leaves, of->share, weights, constant, figures, &found);
    status = nn_dataset_status(data, part);
    if (status == NN_OK && found.position >= 0) status = evaluate_fail(model, part, found);
    nn_dataset_unfollow(data, part);
    return nn_comm_agree(comm, status);
}

static nn_status evaluate_run(nn_comm *comm, nn_workers *workers, const nn_model *model, nn_dataset *data,
                              nn_part part, int64_t microbatch_size, const nn_real *weights,
                              const nn_real *constant, nn_figures *figures)
{
    int64_t leaves = (nn_dataset_count(data, part) + microbatch_size - 1) / microbatch_size;
    int width = nn_figures_width(model);
    nn_tree_node share = nn_tree_share(leaves, nn_comm_rank(comm), nn_comm_size(comm));
    double *own = NULL, *all = NULL, sums[NN_FIGURE_METRICS + NN_MODEL_METRICS * NN_METRIC_SUMS];
    evaluate_leaves of = {nn_dataset_count(data, part), leaves, share};
    nn_status status = NN_ALLOCATE(&own, (share.end - share.begin) * width, "an evaluation");
    if (status == NN_OK) status = NN_ALLOCATE(&all, leaves * width, "an evaluation");
    NN_TRY_TO(done, status, nn_comm_agree(comm, status));
    NN_TRY_TO(done, status, evaluate_share(comm, workers, model, data, part, &of, weights, constant, own));
    NN_TRY_TO(done, status, evaluate_gather(comm, leaves, width, own, all));
    nn_tree_sum(leaves, (size_t)width, all, sums);
    nn_figures_finish(model, sums, figures);
done:
    nn_free(own);
    nn_free(all);
    return status;
}

nn_status nn_evaluate_part(nn_comm *comm, nn_workers *workers, const nn_model *model, nn_dataset *data,
                           nn_part part, int64_t microbatch_size, const nn_real *weights, nn_figures *figures)
{
    return evaluate_run(comm, workers, model, data, part, microbatch_size, weights, NULL, figures);
}

nn_status nn_evaluate_baseline(nn_comm *comm, nn_workers *workers, const nn_model *model, nn_dataset *data,
                               nn_part part, int64_t microbatch_size, nn_figures *figures)
{
    int64_t columns = nn_shape_count(model->network->layers[model->network->layer_count - 1].output_shape);
    int64_t known = model->target.is_class ? model->target.classes : nn_shape_count(model->target.shape);
    double *prior = NULL;
    nn_real *constant = NULL;
    nn_status status;
    NN_TRY_TO(done, status, nn_comm_agree(comm, NN_ALLOCATE(&prior, known, "the baseline")));
    NN_TRY_TO(done, status, nn_comm_agree(comm, NN_ALLOCATE(&constant, columns, "the baseline")));
    nn_dataset_prior(data, 0, prior);
    /* A class that never occurs gets the probability of less than one sample in 10^30. */
    for (int64_t c = 0; c < columns; c++) {
        double value = c < known ? prior[c] : 0;
        constant[c] = (nn_real)(model->target.is_class ? log(value + 1e-30) : value);
    }
    status = evaluate_run(comm, workers, model, data, part, microbatch_size, NULL, constant, figures);
done:
    nn_free(prior);
    nn_free(constant);
    return status;
}

void nn_figures_finish(const nn_model *model, const double *sums, nn_figures *figures)
{
    double denominator = sums[NN_FIGURE_DENOMINATOR];
    figures->loss = sums[NN_FIGURE_UNITS] / denominator;
    const double *of_metric = sums + NN_FIGURE_METRICS;
    for (int m = 0; m < model->metric_count; m++) {
        figures->metrics[m] = model->metrics[m]->finish(of_metric);
        of_metric += model->metrics[m]->sums;
    }
}

void nn_figures_text(const nn_model *model, const nn_figures *figures, nn_text *text)
{
    nn_text_append(text, "loss %.5g", figures->loss);
    for (int m = 0; m < model->metric_count; m++) {
        if (model->metrics[m]->percent)
            nn_text_append(text, ", %s %.2f %%", model->metrics[m]->name, 100 * figures->metrics[m]);
        else
            nn_text_append(text, ", %s %.6g", model->metrics[m]->name, figures->metrics[m]);
    }
}

void nn_figures_json(const nn_model *model, const nn_figures *figures, nn_text *text)
{
    nn_text_append(text, "{\"loss\":%.17g", figures->loss);
    for (int m = 0; m < model->metric_count; m++)
        nn_text_append(text, ",\"%s\":%.17g", model->metrics[m]->name, figures->metrics[m]);
    nn_text_append(text, "}");
}
