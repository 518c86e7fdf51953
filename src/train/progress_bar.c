#include "train/progress_bar.h"

#include <stdio.h>

#include "base/format.h"
#include "base/log.h"
#include "host/clock.h"
#include "step/results.h"

#define BAR_WIDTH 24
#define SHOW_EVERY 0.2 /* seconds */

void nn_progress_step(nn_progress *progress, const nn_stepper *stepper, int64_t steps, nn_batch batch,
                      const nn_step_result *result)
{
    const nn_plan *plan = &stepper->plan;
    double now = nn_seconds();
    progress->epoch_samples += batch.samples;
    if (!progress->terminal || !nn_log_enabled() || now - progress->shown < SHOW_EVERY) return;
    progress->shown = now;
    int64_t of_epoch = plan->length.steps_per_epoch;
    int64_t step = (steps - 1) % of_epoch + 1;
    char bar[BAR_WIDTH + 1], left[NN_FORMAT_SIZE];
    for (int i = 0; i < BAR_WIDTH; i++) bar[i] = i * of_epoch < step * BAR_WIDTH ? '#' : '.';
    bar[BAR_WIDTH] = '\0';
    double rate = (double)progress->epoch_samples / (now - progress->epoch_began);
    double samples_left = (double)(plan->length.steps - steps) * (double)plan->batch_size;
    nn_text loss = {0};
    nn_results_number(nn_results_loss(stepper->model, result->results), 5, &loss);
    printf("\repoch %lld/%lld [%s] loss %s  %.0f samples/s  %s left \033[K", (long long)batch.epoch + 1,
           (long long)plan->epochs, bar, loss.bytes ? loss.bytes : "", rate,
           nn_format_seconds(left, samples_left / rate));
    nn_text_free(&loss);
    fflush(stdout);
}
