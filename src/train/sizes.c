#include "train/sizes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/list.h"
#include "base/memory.h"
#include "model/archive.h"
#include "step/stepper.h"
#include "store/kept.h"

/* Steps of a run in place whose length is not known. */
#define SIZES_ENDLESS ((int64_t)1 << 50)

#define SIZES_BATCH "training.batch_size"
#define SIZES_MICROBATCH "training.microbatch_size"

/* The number after "\tpath\t" in a checkpoint's list of values; 0 where there is none. */
static int64_t sizes_find(const char *values, const char *path)
{
    char key[64];
    snprintf(key, sizeof key, "\t%s\t", path);
    const char *at = strstr(values, key);
    long long size = at ? strtoll(at + strlen(key), NULL, 10) : 0;
    return size > 0 ? size : 0;
}

static bool sizes_has_categories(nn_store_file *checkpoint)
{
    char path[64];
    bool has = nn_store_has(checkpoint, "input/" NN_ARCHIVE_CATEGORIES);
    for (int p = 0; p < NN_DATA_FIELDS && !has; p++) {
        snprintf(path, sizeof path, "input/parts/%d/" NN_ARCHIVE_CATEGORIES, p);
        has = nn_store_has(checkpoint, path);
    }
    return has;
}

static nn_status sizes_read(const char *path, int64_t step, nn_sizes *sizes)
{
    nn_kept_checkpoint opened = {0};
    char *values = NULL;
    nn_status status = nn_kept_open(path, step, &opened);
    if (status == NN_OK) status = nn_store_read_text(opened.file, "config_values", &values);
    if (status == NN_OK)
        *sizes = (nn_sizes){sizes_find(values, SIZES_BATCH), sizes_find(values, SIZES_MICROBATCH),
                            !sizes_has_categories(opened.file)};
    nn_free(values);
    nn_kept_close(&opened);
    return status;
}

void nn_sizes_saved(const nn_job *job, nn_sizes *saved)
{
    char path[NN_PATH_SIZE];
    int64_t *steps = NULL;
    size_t count = 0;
    *saved = (nn_sizes){0};
    if (job->fresh) return;
    nn_status status = nn_kept_list(job->run_directory, &steps, &count);
    bool found = false;
    for (size_t i = 0; status == NN_OK && i < count && !found; i++) {
        nn_kept_path(job->run_directory, steps[i], path);
        found = sizes_read(path, steps[i], saved) == NN_OK;
    }
    nn_text_list best = {0};
    if (!found && nn_kept_list_best(job->run_directory, &best) != NN_OK) best.count = 0;
    for (size_t i = 0; i < best.count && !found; i++) {
        snprintf(path, sizeof path, "%.3900s/%s", job->run_directory, best.items[i]);
        found = sizes_read(path, -1, saved) == NN_OK;
    }
    nn_list_release(&best);
    nn_free(steps);
    nn_error_clear();
}

static void sizes_note(nn_config *config, const char *path, int64_t size)
{
    char text[32];
    snprintf(text, sizeof text, "%lld", (long long)size);
    nn_config_resolve(config, path, text);
}

nn_plan nn_sizes_plan(nn_config *config, const nn_training_options *training, nn_sizes saved, int64_t samples)
{
    int64_t batch = training->batch_size > 0 ? training->batch_size : saved.batch;
    int64_t microbatch = training->microbatch_size > 0 ? training->microbatch_size : saved.microbatch;
    nn_plan plan = nn_plan_make(samples, batch, microbatch, training->epochs,
                                training->last_batch == NN_LAST_BATCH_DROP, training->limit_batches);
    plan.validate_every = nn_plan_interval(&plan, training->validate_every);
    plan.begun = saved.microbatch > 0;
    plan.wire_leaves = training->wire == NN_WIRE_BF16 ? nn_plan_wire_leaves(plan.microbatch_size) : 0;
    sizes_note(config, SIZES_BATCH, plan.batch_size);
    sizes_note(config, SIZES_MICROBATCH, plan.microbatch_size);
    return plan;
}

nn_status nn_sizes_plan_in_place(nn_config *config, const nn_settings *settings, nn_sizes saved,
                                 nn_plan *plan)
{
    const nn_training_options *training = &settings->training;
    int64_t steps = settings->data.in_place.steps;
    *plan = nn_sizes_plan(config, training, saved, training->batch_size);
    plan->in_place = true;
    plan->epochs = 1;
    plan->length.steps = plan->length.steps_per_epoch = steps > 0 ? steps : SIZES_ENDLESS;
    plan->validate_every = SIZES_ENDLESS;
    if (plan->microbatches <= NN_STEPPER_GIVEN) return NN_OK;
    NN_FAIL(NN_ERROR_USAGE,
            "training.batch_size: %lld samples in microbatches of %lld are more than %d microbatches; set "
            "training.microbatch_size to %lld or more",
            (long long)plan->batch_size, (long long)plan->microbatch_size, NN_STEPPER_GIVEN,
            (long long)((plan->batch_size - 1) / NN_STEPPER_GIVEN + 1));
}
