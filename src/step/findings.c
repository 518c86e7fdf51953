/* Counts and collected values of an evaluation. */
#include "step/findings.h"

#include <math.h>

#include "base/memory.h"
#include "base/tree.h"

/* Samples of a rank's share of a part. */
static int64_t findings_share(const nn_findings_request *request, int rank)
{
    nn_tree_node share = nn_shares_of(request->shares, rank);
    int64_t leaves = request->shares->leaves;
    if (share.begin == share.end) return 0;
    return nn_tree_leaf_samples(request->samples, leaves, share.end - 1).end -
           nn_tree_leaf_samples(request->samples, leaves, share.begin).begin;
}

/* Values that a metric collects per sample. */
static int64_t findings_per_sample(const nn_model *model, int m)
{
    return model->heads[model->metrics[m].head].rows * nn_results_metric_width(model, m);
}

nn_status nn_findings_check(const nn_model *model, int64_t samples)
{
    for (int m = 0; m < model->metric_count; m++) {
        const nn_model_metric *metric = &model->metrics[m];
        if (metric->type->state != NN_METRIC_COLLECTED) continue;
        double needed = (double)samples * (double)findings_per_sample(model, m) *
                        nn_scalar_size(model->network->scalar) / 1048576;
        double allowed = metric->type->memory(metric->options);
        if (needed > allowed)
            NN_FAIL(NN_ERROR_USAGE,
                    "metrics: %s: the outputs of %lld samples take %.3g MiB, and its limit is %.6g: raise it "
                    "with its option memory (MiB), or remove the metric",
                    metric->name, (long long)samples, needed, allowed);
    }
    return NN_OK;
}

nn_status nn_findings_create(const nn_findings_request *request, nn_findings *findings)
{
    const nn_model *model = request->model;
    int64_t own = findings_share(request, nn_comm_rank(request->comm));
    int threads = nn_workers_threads(request->workers);
    *findings = (nn_findings){{0}, {0}};
    NN_TRY(nn_findings_check(model, request->samples));
    for (int m = 0; m < model->metric_count; m++) {
        if (model->metrics[m].type->state == NN_METRIC_COUNTS)
            NN_TRY(NN_ALLOCATE(&findings->counts[m], threads * nn_results_metric_width(model, m),
                               "the counts of a metric"));
        if (model->metrics[m].type->state == NN_METRIC_COLLECTED)
            NN_TRY(NN_ALLOCATE_VALUES(model->network->scalar, &findings->collected[m],
                                      own * findings_per_sample(model, m),
                                      "the values that a metric collects"));
    }
    return NN_OK;
}

void nn_findings_release(nn_findings *findings)
{
    for (int m = 0; m < NN_MODEL_METRICS; m++) {
        nn_free(findings->counts[m]);
        nn_free(findings->collected[m]);
    }
}

/* The result of each class, if the metric has such results. */
static nn_status findings_of_classes(const nn_model *model, int m, const double *counts, nn_results *results)
{
    const nn_model_metric *metric = &model->metrics[m];
    int64_t classes = nn_metric_classes(model->heads[metric->head].columns);
    if (!metric->type->of_class) return NN_OK;
    NN_TRY(NN_ALLOCATE(&results->classes[m], classes, "the results by class"));
    for (int64_t c = 0; c < classes; c++)
        results->classes[m][c] = nn_metric_of_class(metric->type, counts, c);
    return NN_OK;
}

/* Adds the counts of all threads and ranks. The results take the array where it is shown itself,
 * or by class. */
static nn_status findings_add_counts(const nn_findings_request *request, int m, const double *counts,
                                     nn_results *results)
{
    nn_comm *comm = request->comm;
    const nn_model *model = request->model;
    const nn_model_metric *metric = &model->metrics[m];
    int64_t width = nn_results_metric_width(model, m);
    int threads = nn_workers_threads(request->workers);
    uint64_t *sums = NULL;
    double *all = NULL;
    nn_status status = NN_ALLOCATE(&sums, width, "the counts of a metric");
    if (status == NN_OK) status = NN_ALLOCATE(&all, width, "the counts of a metric");
    NN_TRY_TO(done, status, nn_comm_agree(comm, status));
    for (int64_t i = 0; i < threads * width; i++) sums[i % width] += (uint64_t)counts[i];
    NN_TRY_TO(done, status, nn_comm_sum_integers(comm, sums, (size_t)width));
    for (int64_t i = 0; i < width; i++) all[i] = (double)sums[i];
    results->known[m] = true;
    if (metric->type->matrix) {
        results->matrices[m] = all;
        all = NULL;
    } else {
        status = findings_of_classes(model, m, all, results);
        nn_metric_result result = nn_metric_finish(metric->type, metric->options, width, 1, all, NULL);
        results->metrics[m] = result.figure;
        results->choices[m] = result.choice;
    }
    if (metric->type->of_class) {
        results->counts[m] = all;
        all = NULL;
    }
    status = nn_comm_agree(comm, status);
done:
    nn_free(sums);
    nn_free(all);
    return status;
}

/* Rank 0 evaluates what all ranks have collected. */
static nn_status findings_judge(const nn_findings_request *request, int m, const nn_real *collected,
                                nn_results *results)
{
    nn_comm *comm = request->comm;
    const nn_model *model = request->model;
    const nn_model_metric *metric = &model->metrics[m];
    int64_t per_sample = findings_per_sample(model, m);
    int64_t classes = nn_metric_classes(model->heads[metric->head].columns);
    int size = nn_comm_size(comm);
    bool first = nn_comm_rank(comm) == 0;
    nn_scalar scalar = model->network->scalar;
    nn_real *all = NULL;
    size_t *sizes = NULL;
    nn_status status =
        first ? NN_ALLOCATE_VALUES(scalar, &all, request->samples * per_sample, "what a metric collects")
              : NN_OK;
    if (status == NN_OK) status = NN_ALLOCATE(&sizes, size, "what a metric collects");
    if (status == NN_OK) status = NN_ALLOCATE(&results->classes[m], classes, "the results by class");
    NN_TRY_TO(done, status, nn_comm_agree(comm, status));
    for (int r = 0; sizes && r < size; r++)
        sizes[r] = (size_t)(findings_share(request, r) * per_sample) * nn_scalar_size(scalar);
    NN_TRY_TO(done, status, nn_comm_gather(comm, collected, sizes, all));
    if (first)
        status = metric->type->finish_collected(
            metric->options, request->samples * model->heads[metric->head].rows,
            nn_results_metric_width(model, m), all, &results->metrics[m], results->classes[m]);
    NN_TRY_TO(done, status, nn_comm_agree(comm, status));
    if (!isfinite(results->metrics[m])) results->metrics[m] = NAN;
    NN_TRY_TO(done, status, nn_comm_broadcast(comm, &results->metrics[m], sizeof results->metrics[m], 0));
    status = nn_comm_broadcast(comm, results->classes[m], (size_t)classes * sizeof(double), 0);
    results->choices[m] = results->metrics[m];
    results->known[m] = true;
done:
    nn_free(all);
    nn_free(sizes);
    return status;
}

nn_status nn_findings_finish(const nn_findings_request *request, const nn_findings *findings,
                             nn_results *results)
{
    for (int m = 0; m < request->model->metric_count; m++) {
        if (findings->counts[m]) NN_TRY(findings_add_counts(request, m, findings->counts[m], results));
        if (findings->collected[m]) NN_TRY(findings_judge(request, m, findings->collected[m], results));
    }
    return NN_OK;
}
