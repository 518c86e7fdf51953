/* `nntrain replay`: a microbatch that gave NaN or Inf, computed again layer by layer. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/memory.h"
#include "model/checkpoint_names.h"
#include "store/kept.h"
#include "tensor/matrix.h"
#include "train/nonfinite_file.h"
#include "train/train.h"

typedef struct replay {
    nn_scalar scalar;
    nn_store_file *file;
    nn_model *model;
    nn_loaded leaf;
    nn_real *weights;
    nn_inspection inspection;
    nn_nonfinite_parts parts;
    bool marked; /* the first place is shown already */
} replay;

/* ---- reading ---- */

static nn_status replay_check_format(const replay *of)
{
    char *format = NULL;
    nn_status status = nn_store_read_text(of->file, "@format", &format);
    bool fits = status == NN_OK && strcmp(format, NN_NONFINITE_FORMAT) == 0;
    nn_free(format);
    if (fits) return NN_OK;
    NN_FAIL(NN_ERROR_USAGE,
            "%s: is not a file of a step with NaN or Inf; give one: nntrain replay RUN_DIR/nonfinite-STEP.h5",
            nn_store_path(of->file));
}

static void replay_compare_kernels(const replay *of)
{
    char *kernels = NULL;
    if (nn_store_read_text(of->file, "@kernels", &kernels) == NN_OK &&
        strcmp(kernels, nn_model_kernels(of->model)) != 0)
        nn_log_warning(
            "the step was computed with %s, this machine uses %s: values may differ in their last bits",
            kernels, nn_model_kernels(of->model));
    nn_free(kernels);
}

static nn_status replay_read(replay *of)
{
    int64_t microbatch_size = 0;
    NN_TRY(replay_check_format(of));
    NN_TRY(nn_model_expect_plugins(of->file));
    NN_TRY(nn_matrix_setup());
    NN_TRY(nn_model_get(of->file, of->scalar, &of->model));
    NN_TRY(nn_store_read_verified(of->file, "microbatch_size", NN_STORE_I64, 1, &microbatch_size));
    nn_loaded_needs needs = nn_nonfinite_needs(of->file);
    NN_TRY(nn_loaded_create(of->model, &needs, microbatch_size, &of->leaf));
    NN_TRY(nn_inspection_create(of->model, microbatch_size, &of->inspection));
    NN_TRY(NN_ALLOCATE_VALUES(of->scalar, &of->weights, of->model->network->value_count, "the weights"));
    NN_TRY(nn_model_get_values(of->model, of->file, "weights", of->weights));
    of->parts.model = of->model;
    return nn_nonfinite_get(of->file, &of->leaf, of->inspection.carried, of->inspection.statistics,
                            &of->parts);
}

/* ---- showing ---- */

static nn_status replay_show_head(const replay *of)
{
    char *message = NULL;
    nn_text samples = {0};
    for (int64_t i = 0; i < of->leaf.microbatch->samples; i++)
        nn_text_append(&samples, " %lld", (long long)of->leaf.samples[i]);
    nn_log_line("%s: step %lld, epoch %lld, %s; samples of the training part:%s", nn_store_path(of->file),
                (long long)of->parts.step, (long long)of->parts.epoch, nn_scalar_name(of->scalar),
                samples.bytes ? samples.bytes : "");
    nn_text_free(&samples);
    NN_TRY(nn_store_read_text(of->file, "@message", &message));
    nn_log_line("in training: %s", message);
    nn_free(message);
    return NN_OK;
}

/* Whether this is where it begins, the first time that it is asked. */
static bool replay_marks(replay *of, nn_found_kind kind, int index)
{
    nn_found found = of->inspection.found;
    if (of->marked || found.kind != kind || found.index != index) return false;
    of->marked = true;
    return true;
}

/* The sum takes the sign from a zero. */
static const char *replay_number(double value, bool none, char text[32])
{
    snprintf(text, 32, "%.7g", value + 0.0);
    return none ? "-" : isnan(value) ? "NaN" : text;
}

static void replay_show_facts(replay *of, const char *name, const char *what, const nn_value_facts *facts,
                              nn_found_kind kind, int index)
{
    char first[64] = "";
    if (facts->count == 0) return;
    if (replay_marks(of, kind, index)) {
        snprintf(first, sizeof first, "  <- here first");
        if (of->inspection.found.sample >= 0)
            snprintf(first, sizeof first, "  <- here first, sample %lld",
                     (long long)of->leaf.samples[of->inspection.found.sample]);
    }
    char minimum[32], maximum[32];
    bool none = facts->nans + facts->infinities == facts->count;
    nn_log_line("%-24s %-10s %14s %14s %9lld %9lld%s", name, what,
                replay_number(facts->minimum, none, minimum), replay_number(facts->maximum, none, maximum),
                (long long)facts->nans, (long long)facts->infinities, first);
}

static void replay_show_title(const char *pass)
{
    nn_log_line("%-24s %-10s %14s %14s %9s %9s", pass, "", "minimum", "maximum", "NaN", "Inf");
}

static void replay_show(replay *of)
{
    const nn_network *network = of->model->network;
    const nn_inspection *inspection = &of->inspection;
    char loss[32];
    replay_show_title("forward");
    for (int l = 0; l < network->layer_count; l++)
        replay_show_facts(of, network->layers[l].name, "output", &inspection->layers[l].output,
                          NN_FOUND_OUTPUT, l);
    for (int h = 0; h < of->model->head_count; h++)
        nn_log_line("%-24s %-10s %14s%s", of->model->heads[h].name, "loss",
                    replay_number(inspection->losses[h], false, loss),
                    replay_marks(of, NN_FOUND_LOSS, h) ? "  <- here first" : "");
    replay_show_title("backward");
    for (int l = network->layer_count - 1; l > 0; l--) {
        replay_show_facts(of, network->layers[l].name, "d output", &inspection->layers[l].output_gradient,
                          NN_FOUND_OUTPUT_GRADIENT, l);
        replay_show_facts(of, network->layers[l].name, "d weights", &inspection->layers[l].gradient,
                          NN_FOUND_GRADIENT, l);
    }
}

/* ---- all of it ---- */

static nn_status replay_judge(const replay *of)
{
    const char *path = nn_store_path(of->file);
    nn_found found = of->inspection.found;
    if (found.kind == NN_FOUND_NOTHING) {
        nn_log_line("all values are finite here");
        return NN_OK;
    }
    if (found.kind == NN_FOUND_LOSS)
        NN_FAIL(NN_ERROR_NONFINITE, "%s: NaN or Inf begins in the loss of %s", path,
                of->model->heads[found.index].name);
    NN_FAIL(NN_ERROR_NONFINITE, "%s: NaN or Inf begins in the %s of layer %s", path,
            found.kind == NN_FOUND_OUTPUT ? "output" : "gradient",
            of->model->network->layers[found.index].name);
}

static nn_status replay_run(replay *of)
{
    NN_TRY(replay_read(of));
    NN_TRY(replay_show_head(of));
    replay_compare_kernels(of);
    nn_inspect(of->model, &of->leaf, of->weights, of->parts.denominators, &of->inspection);
    replay_show(of);
    return replay_judge(of);
}

/* As asked for, or as the file was written. */
static nn_status replay_choose_precision(replay *of, const char *asked)
{
    char *precision = NULL;
    if (asked) {
        of->scalar = nn_scalar_named(asked);
        if (strcmp(nn_scalar_name(of->scalar), asked) != 0)
            NN_FAIL(NN_ERROR_USAGE, "--precision: %s is neither float32 nor float64", asked);
        return NN_OK;
    }
    NN_TRY(nn_store_read_text(of->file, "@precision", &precision));
    of->scalar = nn_scalar_named(precision);
    nn_free(precision);
    return NN_OK;
}

nn_status nn_train_replay(const char *path, const char *precision)
{
    replay of = {0};
    char found[NN_PATH_SIZE];
    void *bytes = NULL;
    size_t size = 0;
    nn_status status = nn_kept_find(path, found, &bytes, &size);
    if (status == NN_OK) status = nn_store_open_image(bytes, size, found, &of.file);
    if (status == NN_OK) status = replay_choose_precision(&of, precision);
    if (status == NN_OK) status = replay_run(&of);
    nn_inspection_release(&of.inspection);
    nn_loaded_destroy(&of.leaf);
    nn_model_destroy(of.model);
    nn_free(of.weights);
    nn_store_close(of.file);
    nn_free(bytes);
    return status;
}
