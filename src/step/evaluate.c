/* The results of a part of the data: its microbatches are shared out, and summed in the canonical tree. */
#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "comm/combine.h"
#include "host/pulse.h"
#include "step/evaluate.h"
#include "step/findings.h"

nn_status nn_evaluate_check(const nn_model *model, nn_part part, const nn_results *results)
{
    static const char *const names[NN_PARTS] = {"training", "validation", "test"};
    nn_nonfinite found = results->nonfinite;
    if (found.position < 0) return NN_OK;
    bool in_layer = found.layer < model->network->layer_count;
    NN_FAIL(NN_ERROR_NONFINITE, "%s%s is NaN or Inf for sample %lld of the %s part",
            in_layer ? "the output of layer " : "the loss",
            in_layer ? model->network->layers[found.layer].name : "", (long long)found.position, names[part]);
}

/* The first of what the ranks have found. Collective. */
static nn_status evaluate_agree(nn_comm *comm, const nn_model *model, nn_nonfinite *found)
{
    int64_t layers = model->network->layer_count + 1, order = -1;
    if (found->position >= 0) order = INT64_MAX - (found->position * layers + found->layer);
    NN_TRY(nn_comm_maximum(comm, &order, 1));
    *found = (nn_nonfinite){.position = -1};
    if (order < 0) return NN_OK;
    order = INT64_MAX - order;
    *found = (nn_nonfinite){.position = order / layers, .layer = (int)(order % layers)};
    return NN_OK;
}

/* Microbatches whose results are in memory at the same time. */
#define EVALUATE_WAVE 512

/* An evaluation in progress. */
typedef struct evaluation {
    nn_evaluate_request request;
    int64_t samples, microbatches;
    nn_shares shares;
    nn_tree_node share;     /* of this rank */
    const nn_real *weights; /* one of the two is NULL */
    const double *constant;
    nn_results_sums kind; /* of what is summed */
    size_t width;         /* values per microbatch */
    double *wave;         /* of EVALUATE_WAVE microbatches */
    double *stack;        /* one more row for each level above a wave */
    nn_combine combine;   /* the sums of this rank's nodes, then those of all */
    nn_findings findings;
    nn_nonfinite found;
} evaluation;

/* The microbatches of this rank, one after another. */
static bool evaluate_schedule(const void *context, int64_t index, nn_data_span *span)
{
    const evaluation *of = context;
    if (of->share.begin + index >= of->share.end) return false;
    nn_tree_node range = nn_tree_leaf_samples(of->samples, of->microbatches, of->share.begin + index);
    *span = (nn_data_span){.epoch = NN_DATA_IN_ORDER, .first = range.begin, .count = range.end - range.begin};
    return true;
}

static nn_status evaluate_create(evaluation *of)
{
    nn_comm *comm = of->request.comm;
    int levels = 3;
    NN_TRY(nn_shares_create(of->microbatches, nn_comm_size(comm), nn_comm_ranks(comm).leaders, &of->shares));
    of->share = nn_shares_of(&of->shares, nn_comm_rank(comm));
    of->combine.comm = comm;
    NN_TRY(nn_combine_reserve(&of->combine, &of->shares, 2 + of->width, 1));
    for (int64_t count_above = of->microbatches; count_above > EVALUATE_WAVE; count_above /= 2) levels++;
    NN_TRY(NN_ALLOCATE(&of->stack, levels * (int64_t)of->width, "an evaluation"));
    int64_t wave = of->microbatches < EVALUATE_WAVE ? of->microbatches : EVALUATE_WAVE;
    NN_TRY(NN_ALLOCATE(&of->wave, wave * (int64_t)of->width, "an evaluation"));
    nn_findings_request findings = {comm, of->request.model, of->request.workers, of->samples, &of->shares};
    return nn_findings_create(&findings, &of->findings);
}

static void evaluate_release(evaluation *of)
{
    nn_findings_release(&of->findings);
    nn_shares_release(&of->shares);
    nn_combine_release(&of->combine);
    nn_free(of->stack);
    nn_free(of->wave);
}

/* The results of a node: wave after wave, joined in the order of the canonical tree. */
static void evaluate_node(evaluation *of, nn_tree_node node, double *sum, double *stack)
{
    int64_t count = node.end - node.begin;
    if (count <= EVALUATE_WAVE) {
        nn_evaluate_call call = {.part = of->request.part,
                                 .microbatches = of->microbatches,
                                 .share = of->share,
                                 .some = node,
                                 .weights = of->weights,
                                 .constant = of->constant,
                                 .replaced = of->request.replaced,
                                 .results = of->wave,
                                 .findings = &of->findings,
                                 .nonfinite = &of->found,
                                 .observer = of->constant ? NULL : of->request.observer};
        nn_workers_evaluate(of->request.workers, &call);
        nn_results_sum(of->request.model, false, count, of->wave, sum);
        return;
    }
    int64_t middle = nn_tree_split(node.begin, node.end);
    evaluate_node(of, (nn_tree_node){node.begin, middle}, sum, stack);
    evaluate_node(of, (nn_tree_node){middle, node.end}, stack, stack + of->width);
    nn_results_join(&of->kind, sum, stack);
}

/* The results of this rank's nodes; of->combine has room for them. */
static nn_status evaluate_nodes(evaluation *of, const nn_forest *forest)
{
    nn_tree_node nodes[NN_TREE_COVER_MAX];
    int count = nn_shares_nodes(&of->shares, nn_comm_rank(of->request.comm), nodes);
    NN_TRY(nn_partial_begin(forest, &of->combine.own));
    NN_TRY(nn_partial_next_tree(&of->combine.own));
    for (int n = 0; n < count; n++) {
        evaluate_node(of, nodes[n], of->stack, of->stack + of->width);
        NN_TRY(nn_partial_append(forest->trees, nodes[n], of->stack, &of->combine.own));
    }
    return NN_OK;
}

/* On return, of->stack begins with the results of all microbatches. */
static nn_status evaluate_share(evaluation *of)
{
    const nn_forest_tree tree = {of->microbatches, of->width, nn_results_join, &of->kind};
    const nn_forest forest = {.tree_count = 1, .trees = &tree};
    int64_t depth = nn_workers_threads(of->request.workers) + 1;
    nn_status status = nn_dataset_follow(of->request.data, of->request.part, evaluate_schedule, of, 0, depth,
                                         of->constant == NULL);
    NN_TRY(nn_comm_agree(of->request.comm, status));
    status = evaluate_nodes(of, &forest);
    if (status == NN_OK) status = nn_dataset_status(of->request.data, of->request.part);
    nn_dataset_unfollow(of->request.data, of->request.part);
    NN_TRY(nn_comm_agree(of->request.comm, status));
    NN_TRY(evaluate_agree(of->request.comm, of->request.model, &of->found));
    NN_TRY(nn_combine_run(&of->combine, &forest, nn_combine_by_rank(of->request.comm)));
    nn_partial_sums(&forest, &of->combine.own, of->stack);
    return NN_OK;
}

/* One of weights and constant is NULL. */
static nn_status evaluate_run(const nn_evaluate_request *request, const nn_real *weights,
                              const double *constant, nn_results *results)
{
    const nn_model *model = request->model;
    int64_t samples = nn_dataset_count(request->data, request->part);
    evaluation of = {.request = *request,
                     .samples = samples,
                     .microbatches = (samples + request->microbatch_size - 1) / request->microbatch_size,
                     .weights = weights,
                     .constant = constant,
                     .kind = {model, false},
                     .width = (size_t)nn_results_width(model, false),
                     .found = {.position = -1}};
    *results = (nn_results){0};
    nn_phase before = nn_pulse_phase(NN_PHASE_EVALUATE);
    nn_status status;
    NN_TRY_TO(done, status, nn_comm_agree(request->comm, evaluate_create(&of)));
    NN_TRY_TO(done, status, evaluate_share(&of));
    NN_TRY_TO(done, status, nn_comm_agree(request->comm, nn_results_finish(model, false, of.stack, results)));
    results->nonfinite = of.found;
    nn_findings_request findings = {request->comm, model, request->workers, samples, &of.shares};
    status = nn_findings_finish(&findings, &of.findings, results);
done:
    evaluate_release(&of);
    if (status != NN_OK) nn_results_release(results);
    nn_pulse_phase(before);
    return status;
}

nn_status nn_evaluate_part(const nn_evaluate_request *request, const nn_real *weights, nn_results *results)
{
    return evaluate_run(request, weights, NULL, results);
}

/* ---- the baseline ---- */

bool nn_baseline_is_known(const nn_head *head)
{
    return head->prior != NULL || nn_baseline_is_last(head);
}

const char *nn_baseline_name(const nn_head *head)
{
    if (nn_baseline_is_last(head)) return "the last value seen";
    if (head->class_weights) return "the class proportions, weighted";
    if (!nn_head_is_values(head)) return "the class proportions";
    return head->target.transform == NN_TRANSFORM_LOG ? "the geometric mean of the training part"
                                                      : "the mean of the training part";
}

bool nn_baseline_is_last(const nn_head *head)
{
    return head->target.transform == NN_TRANSFORM_DIFFERENCE;
}

/* The output that guesses one target. A difference of 0 in its own units is the last known value. */
static void evaluate_constant(const nn_head *head, const double *prior, double *constant)
{
    const nn_scaling *scaling = &head->scaling;
    bool labels = head->target.is_class, last = nn_baseline_is_last(head);
    for (int64_t r = 0; head->loss->best_constant && r < head->rows; r++)
        head->loss->best_constant(head->loss_options, head->columns, head->class_weights, labels,
                                  labels ? prior : prior + r * head->columns, constant + r * head->columns);
    for (int64_t i = 0; !head->loss->best_constant && i < head->rows * head->columns; i++) {
        constant[i] = prior[i];
        if (last) constant[i] = scaling->columns > 0 ? scaling->offset[i % scaling->columns] : 0;
    }
}

/* The guesses of all heads, one after another. */
static nn_status evaluate_constants(const nn_model *model, double *constant)
{
    for (int h = 0; h < model->head_count; h++) {
        const nn_head *head = &model->heads[h];
        double *prior = NULL;
        int64_t values = head->target.is_class ? head->target.classes : nn_shape_count(head->target.shape);
        NN_TRY(NN_ALLOCATE(&prior, values < 2 ? 2 : values, "the baseline"));
        if (head->prior) memcpy(prior, head->prior, (size_t)head->prior_count * sizeof *prior);
        evaluate_constant(head, prior, constant);
        constant += nn_head_output(model, h);
        nn_free(prior);
    }
    return NN_OK;
}

nn_status nn_evaluate_baseline(const nn_evaluate_request *request, nn_results *results)
{
    double *constant = NULL;
    nn_status status = NN_ALLOCATE(&constant, nn_model_output_count(request->model), "the baseline");
    if (status == NN_OK) status = evaluate_constants(request->model, constant);
    status = nn_comm_agree(request->comm, status);
    if (status == NN_OK) status = evaluate_run(request, NULL, constant, results);
    nn_free(constant);
    return status;
}
