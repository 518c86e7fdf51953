#include "judge/gathering.h"

#include <math.h>
#include <string.h>

#include "base/least.h"
#include "base/maths.h"
#include "base/memory.h"
#include "model/arithmetic.h"
#include "tensor/arithmetic.h"

/* What may be kept altogether; fewer samples are where a record is large. */
#define GATHERING_BYTES ((int64_t)16 << 20)
#define GATHERING_INPUTS ((int64_t)1 << 17) /* values of an input that are kept */
#define GATHERING_SERIES 2000

struct gathering_thread {
    nn_real *predictions; /* of a microbatch's largest head, in the model's precision */
    double *record;       /* with the input */
};

/* ---- create ---- */

static nn_status gathering_head(nn_gathering *gathering, int h)
{
    const nn_head *head = &gathering->model->heads[h];
    nn_gathered_head *own = &gathering->heads[h];
    int64_t classes = nn_metric_classes(head->columns);
    if (nn_head_is_values(head)) return NN_OK;
    own->classes = classes <= NN_GATHERING_CLASSES ? classes : 0;
    NN_TRY(NN_ALLOCATE(&own->scores,
                       nn_larger(own->classes, 1) * 2 * NN_GATHERING_SCORES * gathering->threads,
                       "the histograms of an evaluation"));
    return NN_ALLOCATE(&own->calibration, (int64_t)3 * NN_GATHERING_BINS * gathering->threads,
                       "the histograms of an evaluation");
}

static nn_status gathering_thread_create(const nn_gathering *gathering, int64_t capacity, int64_t width,
                                         struct gathering_thread *thread)
{
    int64_t most = 1;
    for (int h = 0; h < gathering->model->head_count; h++)
        most = nn_larger(most, gathering->layout.predicted_count[h]);
    NN_TRY(NN_ALLOCATE_VALUES(gathering->model->scalar, &thread->predictions, most * capacity,
                              "the predictions of an evaluation"));
    return NN_ALLOCATE(&thread->record, width, "a sample of an evaluation");
}

static void gathering_observe(void *context, const nn_loaded *loaded, int thread, int64_t first);

nn_status nn_gathering_create(nn_comm *comm, const nn_model *model, const nn_dataset *data, nn_part part,
                              int threads, uint64_t seed, const nn_data_window_options *window,
                              const nn_evaluation_options *wants, nn_gathering *gathering)
{
    int64_t samples = nn_dataset_count(data, part);
    *gathering = (nn_gathering){.comm = comm,
                                .model = model,
                                .data = data,
                                .window = window,
                                .part = part,
                                .threads = threads,
                                .layout = nn_record_layout_of(model)};
    gathering->observer = (nn_evaluate_observer){gathering_observe, gathering};
    const nn_record_layout *layout = &gathering->layout;
    int64_t inputs = layout->inputs <= GATHERING_INPUTS ? layout->inputs : 0, width = layout->width + inputs;
    int64_t size = (int64_t)sizeof(double), most = nn_larger(GATHERING_BYTES / (layout->width * size), 1);
    int64_t worst = nn_smaller(nn_smaller(wants->worst, samples), GATHERING_BYTES / (2 * width * size));
    NN_TRY(
        nn_chosen_random(samples, nn_smaller(wants->sample, most), seed, layout->width, &gathering->sample));
    NN_TRY(nn_chosen_first(window->length > 0 ? samples : 0, nn_smaller(GATHERING_SERIES, most),
                           layout->width, &gathering->series));
    if (wants->text > 0) NN_TRY(nn_continued_create(model, window, &gathering->continued));
    NN_TRY(NN_ALLOCATE(&gathering->worst, threads, "the threads of an evaluation"));
    NN_TRY(NN_ALLOCATE(&gathering->each, threads, "the threads of an evaluation"));
    for (int t = 0; t < threads; t++) {
        NN_TRY(nn_worst_create(worst, width, &gathering->worst[t]));
        NN_TRY(gathering_thread_create(gathering, 1, width, &gathering->each[t]));
    }
    for (int h = 0; h < model->head_count; h++) NN_TRY(gathering_head(gathering, h));
    return NN_OK;
}

void nn_gathering_release(nn_gathering *gathering)
{
    for (int t = 0; t < gathering->threads; t++) {
        if (gathering->worst) nn_worst_release(&gathering->worst[t]);
        if (!gathering->each) continue;
        nn_free(gathering->each[t].predictions);
        nn_free(gathering->each[t].record);
    }
    nn_free(gathering->worst);
    nn_free(gathering->each);
    for (int h = 0; h < NN_MODEL_HEADS; h++) {
        nn_free(gathering->heads[h].scores);
        nn_free(gathering->heads[h].calibration);
        nn_free(gathering->labels[h]);
    }
    nn_chosen_release(&gathering->sample);
    nn_chosen_release(&gathering->series);
    nn_extremes_release(&gathering->extremes);
    nn_continued_release(&gathering->continued);
    *gathering = (nn_gathering){0};
}

/* ---- histograms ---- */

static void gathering_score(uint64_t *scores, double probability, bool yes)
{
    double logit = nn_maths_log(probability) - nn_maths_log(1 - probability);
    double place = (logit + NN_GATHERING_LOGITS) / (2 * NN_GATHERING_LOGITS) * NN_GATHERING_SCORES;
    int64_t bin = place >= NN_GATHERING_SCORES ? NN_GATHERING_SCORES - 1 : place > 0 ? (int64_t)place : 0;
    scores[yes * NN_GATHERING_SCORES + bin]++;
}

static void gathering_calibrate(uint64_t *calibration, double probability, bool hit)
{
    int64_t bin = (int64_t)ceil(probability * NN_GATHERING_BINS) - 1;
    bin = bin < 0 ? 0 : bin >= NN_GATHERING_BINS ? NN_GATHERING_BINS - 1 : bin;
    calibration[3 * bin]++;
    calibration[3 * bin + 1] += hit;
    calibration[3 * bin + 2] += (uint64_t)llrint(probability * NN_GATHERING_UNIT);
}

/* One question of yes or no: both classes have a probability, and one of them is predicted. */
static void gathering_question(const nn_gathered_head *own, uint64_t *scores, uint64_t *calibration,
                               int64_t c, double probability, double truth)
{
    if (isnan(truth) || truth < 0 || isnan(probability)) return;
    bool yes = truth > 0.5;
    if (own->classes > 0) gathering_score(scores + c * 2 * NN_GATHERING_SCORES, probability, yes);
    gathering_calibrate(calibration, probability > 0.5 ? probability : 1 - probability,
                        (probability > 0.5) == yes);
}

static void gathering_classes(const nn_gathered_head *own, uint64_t *scores, uint64_t *calibration,
                              int64_t columns, const double *probabilities, double label)
{
    int64_t best = 0;
    if (label < 0 || isnan(label)) return;
    for (int64_t c = 1; c < columns; c++)
        if (probabilities[c] > probabilities[best]) best = c;
    if (isnan(probabilities[best])) return;
    for (int64_t c = 0; c < own->classes; c++)
        gathering_score(scores + c * 2 * NN_GATHERING_SCORES, probabilities[c], (int64_t)label == c);
    gathering_calibrate(calibration, probabilities[best], best == (int64_t)label);
}

/* All rows of a head of a sample. */
static void gathering_count(const nn_gathering *gathering, int thread, int h, const double *record)
{
    const nn_head *head = &gathering->model->heads[h];
    const nn_gathered_head *own = &gathering->heads[h];
    if (!own->calibration) return;
    uint64_t *scores = own->scores + thread * nn_larger(own->classes, 1) * 2 * NN_GATHERING_SCORES;
    uint64_t *calibration = own->calibration + (int64_t)thread * 3 * NN_GATHERING_BINS;
    const double *predicted = record + gathering->layout.predicted[h],
                 *truth = record + gathering->layout.truth[h];
    bool labels = gathering->layout.truth_count[h] == head->rows;
    for (int64_t r = 0; r < head->rows; r++) {
        const double *row = predicted + r * head->columns;
        if (labels && head->columns > 1)
            gathering_classes(own, scores, calibration, head->columns, row, truth[r]);
        else if (head->columns == 1) /* its class is yes, the second of two */
            gathering_question(own, scores, calibration, 1, row[0], truth[r]);
        for (int64_t c = 0; !labels && head->columns > 1 && c < head->columns; c++)
            gathering_question(own, scores, calibration, c, row[c], truth[r * head->columns + c]);
    }
}

/* ---- records ---- */

static void gathering_predictions(const nn_gathering *gathering, const nn_loaded *loaded,
                                  struct gathering_thread *thread, int h, int64_t i)
{
    const nn_model *model = gathering->model;
    const nn_head *head = &model->heads[h];
    const nn_loaded_head *own = &loaded->heads[h];
    int64_t count = gathering->layout.predicted_count[h];
    double *predicted = thread->record + gathering->layout.predicted[h];
    if (own->predicted) {
        memcpy(predicted, own->predicted + i * count, (size_t)count * sizeof *predicted);
        return;
    }
    memcpy(thread->predictions,
           nn_scalar_at(model->scalar, loaded->microbatch->outputs[head->layer], (size_t)(i * count)),
           (size_t)count * nn_scalar_size(model->scalar));
    if (head->loss->predict)
        head->loss->predict(head->loss_options, head->rows, head->columns, thread->predictions);
    nn_tensor_arithmetic_of(model->scalar)->to_doubles(count, thread->predictions, predicted);
}

static void gathering_truths(const nn_gathering *gathering, const nn_loaded *loaded,
                             struct gathering_thread *thread, int h, int64_t i)
{
    const nn_model *model = gathering->model;
    const nn_loaded_head *own = &loaded->heads[h];
    int64_t count = gathering->layout.truth_count[h];
    double *truth = thread->record + gathering->layout.truth[h];
    if (model->heads[h].target.is_class || model->heads[h].target.shares)
        for (int64_t r = 0; r < count; r++) truth[r] = (double)own->labels[i * count + r];
    else if (own->predicted)
        memcpy(truth, own->observed + i * count, (size_t)count * sizeof *truth);
    else
        nn_tensor_arithmetic_of(model->scalar)
            ->to_doubles(count, nn_scalar_at(model->scalar, own->targets, (size_t)(i * count)), truth);
}

/* The input in the units of the data. */
static void gathering_inputs(const nn_gathering *gathering, const nn_loaded *loaded, double *record,
                             int64_t i)
{
    const nn_scaling *scaling = &gathering->model->input_scaling;
    int64_t count = gathering->layout.inputs;
    double *inputs = record + gathering->layout.width;
    nn_tensor_arithmetic_of(gathering->model->scalar)
        ->to_doubles(
            count,
            nn_scalar_at(gathering->model->scalar, loaded->microbatch->outputs[0], (size_t)(i * count)),
            inputs);
    for (int64_t v = 0; scaling->columns > 0 && v < count; v++)
        inputs[v] =
            (inputs[v] - scaling->offset[v % scaling->columns]) / scaling->scale[v % scaling->columns];
}

static void gathering_keep(const nn_chosen_samples *kept, int64_t position, const double *record)
{
    double *own = nn_chosen_record(kept, position);
    if (own) memcpy(own, record, (size_t)kept->width * sizeof *record);
}

/* Called by several threads; each sample belongs to one microbatch, so that none writes where another does.
 */
static void gathering_observe(void *context, const nn_loaded *loaded, int thread, int64_t first)
{
    nn_gathering *gathering = context;
    struct gathering_thread *own = &gathering->each[thread];
    nn_worst *worst = &gathering->worst[thread];
    nn_continued_observe(gathering->model, loaded, first, &gathering->continued);
    for (int64_t i = 0; i < loaded->microbatch->samples; i++) {
        double loss = nn_loaded_sample_loss(loaded, gathering->model, i);
        own->record[NN_RECORD_POSITION] = (double)(first + i);
        own->record[NN_RECORD_LOSS] = loss;
        for (int h = 0; h < gathering->model->head_count; h++) {
            gathering_predictions(gathering, loaded, own, h, i);
            gathering_truths(gathering, loaded, own, h, i);
            gathering_count(gathering, thread, h, own->record);
        }
        gathering_keep(&gathering->sample, first + i, own->record);
        gathering_keep(&gathering->series, first + i, own->record);
        if (isnan(loss) || !nn_worst_wants(worst, loss, first + i)) continue;
        if (worst->width > gathering->layout.width) gathering_inputs(gathering, loaded, own->record, i);
        nn_worst_keep(worst, own->record);
    }
}

/* ---- threads and ranks ---- */

static nn_status gathering_add(nn_gathering *gathering, uint64_t *counts, int64_t width)
{
    for (int t = 1; t < gathering->threads; t++)
        for (int64_t i = 0; i < width; i++) counts[i] += counts[t * width + i];
    return nn_comm_sum_integers(gathering->comm, counts, (size_t)width);
}

/* The labels of all parts, not of the evaluated one alone. */
static nn_status gathering_count_labels(nn_gathering *gathering)
{
    for (int h = 0; h < gathering->model->head_count; h++) {
        const nn_head *head = &gathering->model->heads[h];
        int64_t classes = nn_field_classes(&head->target);
        if (!head->target.is_class || classes < 1 || classes > NN_GATHERING_CLASSES) continue;
        nn_status status =
            NN_ALLOCATE(&gathering->labels[h], NN_PARTS * classes, "the labels of an evaluation");
        NN_TRY(nn_comm_agree(gathering->comm, status));
        for (int p = 0; p < NN_PARTS; p++) {
            int64_t *own = gathering->labels[h] + p * classes;
            for (int64_t c = 0; c < classes; c++) own[c] = -1;
            if (nn_dataset_counts_classes(gathering->data, (nn_part)p, h))
                NN_TRY(nn_dataset_count_classes(gathering->comm, gathering->data, (nn_part)p, h, own));
        }
    }
    return NN_OK;
}

nn_status nn_gathering_join(nn_gathering *gathering)
{
    nn_worst *all = &gathering->worst[0];
    for (int t = 1; t < gathering->threads; t++)
        for (int64_t i = 0; i < gathering->worst[t].count; i++) {
            const double *record = gathering->worst[t].records + i * all->width;
            if (nn_worst_wants(all, record[NN_RECORD_LOSS], (int64_t)record[NN_RECORD_POSITION]))
                nn_worst_keep(all, record);
        }
    for (int h = 0; h < gathering->model->head_count; h++) {
        nn_gathered_head *own = &gathering->heads[h];
        if (!own->calibration) continue;
        NN_TRY(gathering_add(gathering, own->scores, own->classes * 2 * NN_GATHERING_SCORES));
        NN_TRY(gathering_add(gathering, own->calibration, (int64_t)3 * NN_GATHERING_BINS));
    }
    NN_TRY(nn_chosen_join(gathering->comm, &gathering->sample));
    NN_TRY(nn_chosen_join(gathering->comm, &gathering->series));
    NN_TRY(gathering_count_labels(gathering));
    NN_TRY(nn_continued_join(gathering->comm, &gathering->continued));
    NN_TRY(nn_extremes_measure(gathering->comm, gathering->data, &gathering->extremes));
    return nn_worst_join(gathering->comm, all);
}
