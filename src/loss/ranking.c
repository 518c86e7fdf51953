/* How sure a network is of each class. */
#include "loss/ranking.h"

#include <math.h>
#include <stdlib.h>

#include "base/maths.h"
#include "base/memory.h"
#include "tensor/kernels.h"

const nn_option nn_ranking_table[] = {NN_RANKING_MEMORY, {NULL, 0, 0, NULL, 0, 0, NULL, 0, NULL}};

typedef struct ranking_pair {
    nn_real score, answer;
} ranking_pair;

double nn_ranking_memory(const void *options)
{
    return ((const nn_ranking_options *)options)->memory;
}

int64_t nn_ranking_width(const void *options, int64_t columns)
{
    (void)options;
    return 2 * columns;
}

/* ---- collecting ---- */

/* The difference of two outputs is in the order of the probabilities; the first class then has no pairs. */
static void ranking_of_two(const nn_real *row, int64_t label, ranking_pair *pairs)
{
    pairs[0] = (ranking_pair){0, -1};
    pairs[1] = (ranking_pair){row[1] - row[0], label < 0 ? -1 : (nn_real)(label == 1)};
}

static void ranking_of_labels(const nn_loss_call *call, int64_t r, ranking_pair *pairs)
{
    const nn_real *row = call->output + r * call->columns;
    int64_t label = call->labels[r];
    nn_real maximum = 0;
    double sum = 1;
    if (call->columns == 1) {
        pairs[0] = (ranking_pair){row[0], label < 0 ? -1 : (nn_real)(label == 1)};
        return;
    }
    if (call->columns == 2) {
        ranking_of_two(row, label, pairs);
        return;
    }
    nn_exp_rows(1, call->columns, row, NULL, &maximum, &sum);
    for (int64_t c = 0; c < call->columns; c++) {
        nn_real score = (nn_real)((double)row[c] - (double)maximum - nn_maths_log(sum));
        pairs[c] = (ranking_pair){score, label < 0 ? -1 : (nn_real)(label == c)};
    }
}

static void ranking_of_values(const nn_loss_call *call, int64_t r, ranking_pair *pairs)
{
    for (int64_t c = 0; c < call->columns; c++) {
        nn_real target = call->targets[r * call->columns + c];
        nn_real answer = isnan(target) ? -1 : (nn_real)(target > (nn_real)0.5);
        pairs[c] = (ranking_pair){call->output[r * call->columns + c], answer};
    }
}

void nn_ranking_collect(const void *options, const nn_loss_call *call, nn_real *values)
{
    (void)options;
    for (int64_t r = 0; r < call->rows; r++) {
        ranking_pair *pairs = (ranking_pair *)(void *)(values + r * 2 * call->columns);
        if (call->labels)
            ranking_of_labels(call, r, pairs);
        else
            ranking_of_values(call, r, pairs);
    }
}

/* ---- comparing ---- */

static int ranking_descend(const void *a, const void *b)
{
    nn_real left = ((const ranking_pair *)a)->score, right = ((const ranking_pair *)b)->score;
    return (left < right) - (left > right);
}

/* The pairs of a column that count, sorted. */
static int64_t ranking_take(int64_t rows, int64_t columns, const ranking_pair *column, ranking_pair *pairs)
{
    int64_t count = 0;
    for (int64_t r = 0; r < rows; r++) {
        ranking_pair pair = column[r * columns];
        if (pair.answer >= 0 && !isnan(pair.score)) pairs[count++] = pair;
    }
    qsort(pairs, (size_t)count, sizeof *pairs, ranking_descend);
    return count;
}

static int64_t ranking_tie(int64_t count, const ranking_pair *pairs, nn_ranking_tie *ties)
{
    int64_t number = 0;
    for (int64_t i = 0; i < count; number++) {
        nn_ranking_tie tie = {0, 0};
        nn_real score = pairs[i].score;
        for (; i < count && pairs[i].score == score; i++)
            if (pairs[i].answer > 0)
                tie.yes++;
            else
                tie.no++;
        ties[number] = tie;
    }
    return number;
}

nn_status nn_ranking_mean(const void *options, int64_t rows, int64_t width, const nn_real *values,
                          nn_ranking_result *result, double *mean, double *by_class)
{
    ranking_pair *pairs = NULL;
    nn_ranking_tie *ties = NULL;
    nn_status status;
    int64_t columns = width / 2, classes = nn_metric_classes(columns);
    double sum = 0, defined = 0;
    if (by_class) by_class[0] = NAN;
    NN_TRY_TO(done, status, NN_ALLOCATE(&pairs, rows, "the scores of an evaluation"));
    NN_TRY_TO(done, status, NN_ALLOCATE(&ties, rows, "the scores of an evaluation"));
    for (int64_t c = 0; c < columns; c++) {
        int64_t count = ranking_take(rows, columns, (const ranking_pair *)(const void *)values + c, pairs);
        double of_column = result(options, ranking_tie(count, pairs, ties), ties);
        if (by_class) by_class[classes - columns + c] = isfinite(of_column) ? of_column : (double)NAN;
        if (!isfinite(of_column)) continue;
        sum += of_column;
        defined++;
    }
    *mean = sum / defined;
done:
    nn_free(pairs);
    nn_free(ties);
    return status;
}
