/* Reads the sections of a configuration through their option tables. */
#include "settings/best_rule.h"
#include "settings/settings.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/list.h"
#include "base/memory.h"
#include "build.h"
#include "comm/reduction_layout.h"
#include "plugin/plugin_load.h"
#include "settings/settings_data.h"
#include "settings/settings_in_place.h"

static const char *const allreduce_choices[] = {"exact", "mpi", NULL};
static const char *const wire_choices[] = {"float32", "bf16", NULL};
static const char *const precision_choices[] = {"float32", "float64", "mixed", NULL};
static const char *const kernels_choices[] = {"auto", "blas", "portable", NULL};
static const char *const on_nonfinite_choices[] = {"stop", "skip", NULL};
static const char *const machine_choices[] = {"same", "any", NULL};
static const char *const last_batch_choices[] = {"keep", "drop", NULL};

#define FIELD(member) offsetof(nn_training_options, member)
const nn_option nn_training_options_table[] = {
    {"epochs", NN_OPTION_INTEGER, FIELD(epochs), "30", 0, 1e9, NULL, NN_EFFECT_EXTENT,
     "passes over the training part; may be raised when a run is resumed; 0 keeps the initial weights"},
    {"batch_size", NN_OPTION_INTEGER, FIELD(batch_size), "0", 0, 1e9, NULL, NN_EFFECT_RESULT,
     "samples per step, over all ranks; 0: 32 below 10,000 training samples, 64 below 100,000, otherwise "
     "256"},
    {"microbatch_size", NN_OPTION_INTEGER, FIELD(microbatch_size), "0", 0, 1e9, NULL, NN_EFFECT_RESULT,
     "samples computed at once, at most batch_size; 0: batch_size / 16, but at least 4 and at most 64; a "
     "quarter of a batch below 16"},
    {"last_batch", NN_OPTION_CHOICE, FIELD(last_batch), "keep", 0, 0, last_batch_choices, NN_EFFECT_RESULT,
     "what to do with a short last batch of an epoch: keep or drop"},
    {"seed", NN_OPTION_INTEGER, FIELD(seed), "1", 0, 9e15, NULL, NN_EFFECT_RESULT,
     "seed for initial weights, sample order and dropout"},
    {"allreduce", NN_OPTION_CHOICE, FIELD(allreduce), "exact", 0, 0, allreduce_choices, NN_EFFECT_RESULT,
     "exact: the same bits on any number of ranks; mpi: MPI_Iallreduce, whose bits depend on the number of "
     "ranks"},
    {"wire", NN_OPTION_CHOICE, FIELD(wire), "float32", 0, 0, wire_choices, NN_EFFECT_RESULT,
     "how gradients travel between nodes; bf16: their sums over 16 samples or more are rounded to bfloat16, "
     "which halves the bytes; on one node too, so that the bits do not depend on the number of ranks"},
    {"precision", NN_OPTION_CHOICE, FIELD(precision), "float32", 0, 0, precision_choices, NN_EFFECT_RESULT,
     "float32, float64, or mixed: products of bfloat16 operands with sums in float32, and weights, optimizer "
     "and reduction in float32, by our own kernels (kernels: auto or portable)"},
    {"kernels", NN_OPTION_CHOICE, FIELD(kernels), "auto", 0, 0, kernels_choices, NN_EFFECT_RESULT,
     "blas: matrix products by the BLAS library; portable: by kernels whose bits do not depend on the CPU; "
     "auto: portable where precision is mixed, otherwise blas"},
    {"clip_value", NN_OPTION_REAL, FIELD(clip_value), "0", 0, 1e30, NULL, NN_EFFECT_RESULT,
     "limits each element of the gradient to this absolute value, before clip_norm; 0: no limit"},
    {"clip_norm", NN_OPTION_REAL, FIELD(clip_norm), "-1", -1, 1e30, NULL, NN_EFFECT_RESULT,
     "scales the gradient down to this global norm if it is larger; 0: no clipping; -1: 1 if the network has "
     "recurrent or attention layers, otherwise 0"},
    {"average", NN_OPTION_REAL, FIELD(average), "0", 0, 0.9999999, NULL, NN_EFFECT_RESULT,
     "decay of a running average of the weights per step, such as 0.999; metrics, best weights and "
     "predictions then use the average; 0: no average"},
    {"validate_every", NN_OPTION_DURATION, FIELD(validate_every), "1 epoch", 0, 0, nn_units_of_intervals,
     NN_EFFECT_RESULT,
     "how often the validation part is evaluated, which decides on best weights, early stopping and "
     "schedules "
     "that react to it: 500 steps, 2 epochs"},
    {"early_stopping", NN_OPTION_SECTION, 0, "", 0, 0, NULL, NN_EFFECT_EXTENT,
     "ends the run when the validation result has not improved for `patience` validations"},
    {"on_nonfinite", NN_OPTION_CHOICE, FIELD(on_nonfinite), "stop", 0, 0, on_nonfinite_choices,
     NN_EFFECT_EXTENT,
     "what to do with a step that has NaN or Inf in an output, a loss or a gradient: stop ends the run, skip "
     "continues without that step; may be changed when a run is resumed"},
    {"nonfinite_limit", NN_OPTION_INTEGER, FIELD(nonfinite_limit), "10", 1, 1e9, NULL, NN_EFFECT_EXTENT,
     "end the run after this many consecutive skipped steps"},
    {"limit_batches", NN_OPTION_INTEGER, FIELD(limit_batches), "0", 0, 1e15, NULL, NN_EFFECT_RESULT,
     "end each epoch after this many batches, for quick trials; with data.shuffle: none they are the same in "
     "every epoch; 0: no limit"},
    {"threads", NN_OPTION_INTEGER, FIELD(threads), "0", 0, 4096, NULL, NN_EFFECT_SPEED,
     "threads per rank; 0: OMP_NUM_THREADS, otherwise the cores available to the rank"},
    {"memory", NN_OPTION_REAL, FIELD(memory), "1024", 0.001, 1e9, NULL, NN_EFFECT_SPEED,
     "MiB per rank for microbatches in flight; less memory means more waves, never other bits; if a layer "
     "takes statistics over the batch, all microbatches of a rank are in flight regardless of this limit"},
    {"machine", NN_OPTION_CHOICE, FIELD(machine), "same", 0, 0, machine_choices, NN_EFFECT_EXTENT,
     "what to do when a resumed run would compute different bits because the CPU, the libraries or the build "
     "changed: same refuses, any continues and records it; may be changed when a run is resumed"},
    {"verify_every", NN_OPTION_INTEGER, FIELD(verify_every), "1000", 0, 1e15, NULL, NN_EFFECT_SPEED,
     "steps between checks for silent corruption, which compare weights, optimizer state and one microbatch "
     "that every core computes again; also done before each planned checkpoint; 1 detects every flipped bit "
     "of weights and state; 0, or allreduce: mpi: no checks"},
    {"peak_seconds", NN_OPTION_REAL, FIELD(peak_seconds), "0.04", 0, 60, NULL, NN_EFFECT_SPEED,
     "seconds spent on measuring the fastest matrix product, to which the utilisation refers; 0: it is not "
     "reported"},
    {"hang_timeout", NN_OPTION_REAL, FIELD(hang_timeout), "600", 0, 1e9, NULL, NN_EFFECT_SPEED,
     "seconds without progress after which the late ranks are named and the job ends with exit code 4; 0: "
     "never"},
    {NULL, 0, 0, NULL, 0, 0, NULL, 0, NULL}};
#undef FIELD

#define FIELD(member) offsetof(nn_checkpoint_options, member)
const nn_option nn_checkpoint_options_table[] = {
    {"every", NN_OPTION_DURATION, FIELD(every), "1 epoch", 0, 0, NULL, NN_EFFECT_OUTPUT,
     "how often to save: 1 epoch, 500 steps, 10 minutes"},
    {"keep_last", NN_OPTION_INTEGER, FIELD(keep_last), "3", 1, 1e6, NULL, NN_EFFECT_OUTPUT,
     "number of checkpoints to keep, in addition to the best weights"},
    {"shard_size", NN_OPTION_REAL, FIELD(shard_size), "1024", 0.001, 1e12, NULL, NN_EFFECT_OUTPUT,
     "MiB of weights and optimizer state above which each node writes a part of a checkpoint, a file "
     "step-N.shard-K-of-M.h5; the checkpoint itself lists these files and is of no use without them, nor is "
     "best.h5 without those of its step"},
    {"verify", NN_OPTION_BOOLEAN, FIELD(verify), "false", 0, 0, NULL, NN_EFFECT_OUTPUT,
     "read each checkpoint back after writing, bypassing the system's cache, and compare it"},
    {"best", NN_OPTION_TEXT_LIST, FIELD(best), "loss", 0, 0, NULL, NN_EFFECT_RESULT,
     "what decides on the best weights, on the validation part: loss, or a metric; ties go to the lower "
     "loss, then to the later validation; of several, such as [accuracy, loss], the first decides on "
     "best.h5, "
     "early stopping and the final results, the others on files of their own: best-loss.h5"},
    {NULL, 0, 0, NULL, 0, 0, NULL, 0, NULL}};
#undef FIELD

#define FIELD(member) offsetof(nn_evaluation_options, member)
const nn_option nn_evaluation_options_table[] = {
    {"store", NN_OPTION_BOOLEAN, FIELD(store), "true", 0, 0, NULL, NN_EFFECT_OUTPUT,
     "write RUN_DIR/evaluation.h5 at the end of the run: predictions next to truths (nntrain help results)"},
    {"sample", NN_OPTION_INTEGER, FIELD(sample), "1000", 0, 1e7, NULL, NN_EFFECT_OUTPUT,
     "number of samples in it, chosen at random; fewer where they would take more than 16 MiB"},
    {"worst", NN_OPTION_INTEGER, FIELD(worst), "32", 0, 1e4, NULL, NN_EFFECT_OUTPUT,
     "number of samples in it with the largest losses, and their inputs; fewer where they would take more "
     "than 8 "
     "MiB"},
    {"text", NN_OPTION_INTEGER, FIELD(text), "200", 0, 1e5, NULL, NN_EFFECT_OUTPUT,
     "number of symbols in it that a network which predicts the next symbol of a text writes: it continues "
     "the first ones of the evaluated part; fewer where they would take more than 1.5e11 operations"},
    {NULL, 0, 0, NULL, 0, 0, NULL, 0, NULL}};
#undef FIELD

#define FIELD(member) offsetof(nn_logging_options, member)
const nn_option nn_logging_options_table[] = {
    {"every", NN_OPTION_DURATION, FIELD(every), "", 0, 0, nn_units_of_intervals, NN_EFFECT_OUTPUT,
     "how often metrics.jsonl gets a line of its own within an epoch, with loss, learning rate, norm of the "
     "gradient and samples/s: 50 steps"},
    {"norms", NN_OPTION_BOOLEAN, FIELD(norms), "false", 0, 0, NULL, NN_EFFECT_OUTPUT,
     "in these lines, for each trained layer, the norms of its gradient, of its weights and of their update"},
    {"tensorboard", NN_OPTION_BOOLEAN, FIELD(tensorboard), "false", 0, 0, NULL, NN_EFFECT_OUTPUT,
     "write what metrics.jsonl has, and histograms of the weights, for TensorBoard: tensorboard --logdir "
     "RUN_DIR"},
    {"csv", NN_OPTION_BOOLEAN, FIELD(csv), "false", 0, 0, NULL, NN_EFFECT_OUTPUT,
     "write what metrics.jsonl has as a table too: RUN_DIR/metrics.csv"},
    {"fingerprints", NN_OPTION_DURATION, FIELD(fingerprints), "", 0, 0, nn_units_of_intervals,
     NN_EFFECT_OUTPUT,
     "how often metrics.jsonl gets a line with the fingerprints of the weights by layer, which nntrain diff "
     "compares: 100 steps"},
    {NULL, 0, 0, NULL, 0, 0, NULL, 0, NULL}};
#undef FIELD

/* An optimizer or schedule, for reading its options. */
typedef struct choice {
    const char *section, *what;
    const char *name;
    const nn_option *table;
    size_t size;
    nn_status (*check)(const void *options);
} choice;

static void settings_read_chosen(nn_config *config, nn_config_node *node, nn_config_node *options_node,
                                 const choice *chosen, void **options)
{
    char path[96];
    snprintf(path, sizeof path, "%s.%s", chosen->section, chosen->name);
    nn_config_record(config, chosen->section, chosen->name, NN_EFFECT_RESULT);
    if (!nn_config_check(config, node, nn_allocate(options, chosen->size, 1, chosen->what))) return;
    nn_config_read(config, options_node, path, chosen->table, NULL, NULL, *options);
    if (chosen->check) nn_config_check(config, node, chosen->check(*options));
}

/* training.precision: it decides which layers, losses and optimizers the other sections name. A mistake in it
 * is reported when its section is read. */
static nn_scalar settings_scalar(nn_config_node *root)
{
    nn_config_node *node = nn_config_get(nn_config_get(root, "training"), "precision");
    const char *word = node ? nn_config_text(node) : NULL;
    return word ? nn_scalar_named(word) : NN_SCALAR_F32;
}

static bool settings_says(nn_config_node *training, const char *key, const char *value)
{
    nn_config_node *node = nn_config_get(training, key);
    const char *word = node ? nn_config_text(node) : NULL;
    return word && strcmp(word, value) == 0;
}

/* training.precision and training.kernels together. */
static nn_engine settings_engine(nn_config_node *root)
{
    nn_config_node *training = nn_config_get(root, "training");
    if (settings_says(training, "precision", "mixed")) return NN_ENGINE_MIXED;
    return settings_says(training, "kernels", "portable") ? NN_ENGINE_PORTABLE : NN_ENGINE_BLAS;
}

static void settings_read_optimizer(nn_config *config, nn_config_node *root, nn_scalar scalar,
                                    nn_settings *settings)
{
    nn_config_node *node = nn_config_get(root, "optimizer"), *options_node = NULL;
    const char *word = node ? nn_config_read_choice(config, node, &options_node) : "adam";
    if (!word) return;
    const nn_optimizer_type *type = nn_optimizer_find(scalar, word);
    if (!type) {
        nn_config_unknown_type(config, node, "optimizer", word,
                               (const void *const *)nn_optimizer_types(scalar));
        return;
    }
    settings->optimizer = type;
    choice chosen = {"optimizer",        "the options of the optimizer",
                     type->name,         type->options,
                     type->options_size, type->check};
    settings_read_chosen(config, node, options_node, &chosen, &settings->optimizer_options);
}

static void settings_read_schedule(nn_config *config, nn_config_node *root, nn_settings *settings)
{
    nn_config_node *node = nn_config_get(root, "lr_schedule"), *options_node = NULL;
    const char *word = node ? nn_config_read_choice(config, node, &options_node)
                            : nn_settings_default_schedule(&settings->data);
    if (!word) return;
    const nn_schedule_type *type = nn_schedule_find(word);
    if (!type) {
        nn_config_unknown_type(config, node, "learning-rate schedule", word,
                               (const void *const *)nn_schedule_types());
        return;
    }
    settings->schedule = type;
    choice chosen = {"lr_schedule",      "the options of the schedule",
                     type->name,         type->options,
                     type->options_size, type->check};
    settings_read_chosen(config, node, options_node, &chosen, &settings->schedule_options);
}

/* Every target has a loss, and every loss a target. */
static void settings_check_targets(nn_config *config, nn_config_node *root, const nn_settings *settings)
{
    const nn_model_spec *model = &settings->model;
    const nn_data_names *targets = &settings->data.parts[NN_TRAIN].y;
    nn_config_node *losses = nn_config_get(root, "losses");
    if (!losses || targets->count == 0 || model->head_count == 0) return;
    const char *known[NN_DATA_FIELDS + 1] = {NULL};
    bool has_loss[NN_DATA_FIELDS] = {false};
    for (int t = 0; t < targets->count; t++) known[t] = targets->names[t];
    for (int h = 0; h < model->head_count; h++) {
        int t = 0;
        while (t < targets->count && strcmp(known[t], model->heads[h].name) != 0) t++;
        if (t < targets->count)
            has_loss[t] = true;
        else
            nn_config_unknown(config, losses, "target (of data.train.y) under losses", model->heads[h].name,
                              known);
    }
    for (int t = 0; t < targets->count; t++)
        if (!has_loss[t])
            nn_config_error(
                config, losses,
                "losses: the target '%s' has no loss; add one, or remove the target from data.train.y",
                known[t]);
}

/* What training.wire: bf16 cannot be used with. */
static void settings_check_wire(nn_config *config, nn_config_node *node, const nn_training_options *training)
{
    if (training->wire != NN_WIRE_BF16) return;
    if (training->precision == NN_PRECISION_FLOAT64)
        nn_config_error(config, node,
                        "training.wire: bf16 cannot be used with precision: float64, whose digits it would "
                        "discard; remove `wire`, or choose precision: float32 or mixed");
    if (training->allreduce == NN_REDUCE_MPI)
        nn_config_error(config, node,
                        "training.wire: bf16 cannot be used with allreduce: mpi, which sums in the precision "
                        "of the messages; remove `wire`, or choose allreduce: exact");
}

static void settings_check_training(nn_config *config, nn_config_node *node, const nn_settings *settings)
{
    const nn_training_options *training = &settings->training;
    if (training->batch_size > 0 && training->microbatch_size > training->batch_size)
        nn_config_error(
            config, node,
            "training.microbatch_size %lld is larger than batch_size %lld; choose at most the batch",
            (long long)training->microbatch_size, (long long)training->batch_size);
    if (training->precision == NN_PRECISION_MIXED && training->kernels == NN_KERNELS_BLAS)
        nn_config_error(
            config, node,
            "training.kernels: blas cannot be used with precision: mixed, as the BLAS library has "
            "no products of bfloat16 operands in a fixed order; remove `kernels`, or choose "
            "portable");
    settings_check_wire(config, node, training);
    if (training->clip_norm < 0 && training->clip_norm != -1)
        nn_config_error(
            config, node,
            "training.clip_norm: must be positive, 0 (no clipping) or -1 (depending on the network), not "
            "%.15g",
            training->clip_norm);
    if (training->clip_norm > 0 && settings->optimizer && settings->optimizer->no_clip_norm)
        nn_config_error(
            config, node,
            "training.clip_norm: cannot be used with %s, which already scales its steps by the size of "
            "the weights; set clip_norm: 0 (clip_value is possible)",
            settings->optimizer->name);
}

/* An interval at whose ends all ranks do something: the same steps on every machine. */
static void settings_check_interval(nn_config *config, nn_config_node *node, const char *name,
                                    nn_duration every)
{
    bool counts = every.unit == NN_DURATION_STEPS || every.unit == NN_DURATION_EPOCHS;
    if (every.unit == NN_DURATION_NONE) return; /* not given, or a mistake that is reported */
    if (counts && every.amount >= 1 && every.amount == floor(every.amount)) return;
    nn_config_error(config, node,
                    "%s: must be a whole number of steps or epochs, such as '500 steps' or "
                    "'2 epochs'",
                    name);
}

/* Where each epoch has one validation, epochs and validations are the same. */
static void settings_check_patience(nn_config *config, nn_config_node *node, const char *name,
                                    const nn_settings *settings, nn_duration patience)
{
    nn_duration every = settings->training.validate_every;
    if (patience.unit != NN_DURATION_EPOCHS || (every.unit == NN_DURATION_EPOCHS && every.amount == 1))
        return;
    nn_config_error(config, node,
                    "%s: counts validations, and training.validate_every is not one per epoch; "
                    "give it in validations, such as '%.15g validations'",
                    name, patience.amount);
}

/* The options of the schedule that count validations. */
static void settings_check_schedule(nn_config *config, nn_config_node *root, const nn_settings *settings)
{
    const nn_schedule_type *type = settings->schedule;
    for (const nn_option *option = type ? type->options : NULL; option && option->name; option++) {
        char name[96];
        if (option->choices != nn_units_of_validations || !settings->schedule_options) continue;
        snprintf(name, sizeof name, "lr_schedule.%s.%s", type->name, option->name);
        const void *field = (const char *)settings->schedule_options + option->offset;
        settings_check_patience(config, nn_config_get(root, "lr_schedule"), name, settings,
                                *(const nn_duration *)field);
    }
}

static void settings_read_training(nn_config *config, nn_config_node *root, nn_settings *settings)
{
    static const char *const sections[] = {"early_stopping", NULL};
    nn_training_options *training = &settings->training;
    nn_config_node *node = nn_config_get(root, "training");
    nn_config_read(config, node, "training", nn_training_options_table, NULL, sections, training);
    settings_check_training(config, node, settings);
    settings_check_interval(config, nn_config_get(node, "validate_every"), "training.validate_every",
                            training->validate_every);
    settings_check_schedule(config, root, settings);
    nn_config_node *early = nn_config_get(node, "early_stopping");
    if (!early) return;
    training->early_stopping.stops = true;
    nn_config_read(config, early, "training.early_stopping", nn_early_options_table, NULL, NULL,
                   &training->early_stopping);
    nn_config_check(config, early, nn_early_check(&training->early_stopping));
    settings_check_patience(config, early, "training.early_stopping.patience", settings,
                            training->early_stopping.patience);
}

static void settings_read_logging(nn_config *config, nn_config_node *root, nn_logging_options *logging)
{
    nn_config_node *node = nn_config_get(root, "logging");
    nn_config_read(config, node, "logging", nn_logging_options_table, NULL, NULL, logging);
    settings_check_interval(config, node, "logging.every", logging->every);
    settings_check_interval(config, node, "logging.fingerprints", logging->fingerprints);
    if (logging->tensorboard && !NN_HAVE_PROTOBUF)
        nn_config_error(
            config, node,
            "logging.tensorboard: this nntrain was built without protobuf-c; install it and build "
            "again, or set logging.csv");
    if (logging->norms && logging->every.unit == NN_DURATION_NONE)
        nn_config_error(config, node,
                        "logging.norms: the norms are in the lines by step; set logging.every too, "
                        "such as '50 steps'");
}

/* A sweep names the configuration of its runs, which has none of these. */
static nn_status settings_expect_no_sweep(nn_config_node *root)
{
    static const char *const only[] = {"settings", "search", "seeds", "folds", "run_dirs"};
    if (!nn_config_get(root, "config")) return NN_OK;
    for (size_t i = 0; i < sizeof only / sizeof *only; i++)
        if (nn_config_get(root, only[i]))
            NN_FAIL(
                NN_ERROR_USAGE,
                "%s: this is a sweep, not a configuration: nntrain sweep trains it, or give the file that "
                "its config names",
                nn_config_place(root));
    return NN_OK;
}

/* Without its plug-ins, what a configuration names would be unknown: that does not add a problem. */
static nn_status settings_end_early(nn_config *config, nn_config_node *root)
{
    for (size_t i = 0; i < nn_config_count(root); i++) nn_config_item(root, i); /* known, though not read */
    return nn_config_finish(config);
}

nn_status nn_settings_read(nn_config *config, nn_settings *settings)
{
    *settings = (nn_settings){0};
    nn_config_node *root = nn_config_root(config);
    NN_TRY(settings_expect_no_sweep(root));
    nn_scalar scalar = settings_scalar(root);
    size_t problems = nn_config_problem_count(config);
    nn_plugin_read_all(config, &settings->plugins);
    if (nn_config_problem_count(config) > problems) return settings_end_early(config, root);
    problems = nn_config_problem_count(config);
    nn_settings_read_data(config, root, &settings->data);
    settings->data_is_sound = nn_config_problem_count(config) == problems;
    problems = nn_config_problem_count(config);
    nn_model_spec_read(config, scalar, &settings->model);
    settings->model.network.engine = settings_engine(root);
    settings->model_is_sound = nn_config_problem_count(config) == problems;
    settings_read_optimizer(config, root, scalar, settings);
    settings_read_schedule(config, root, settings);
    settings_read_training(config, root, settings);
    nn_config_resolve(config, "training.kernels",
                      settings->model.network.engine == NN_ENGINE_BLAS ? "blas" : "portable");
    nn_config_node *checkpoint = nn_config_get(root, "checkpoint");
    nn_config_read(config, checkpoint, "checkpoint", nn_checkpoint_options_table, NULL, NULL,
                   &settings->checkpoint);
    nn_settings_check_best(config, checkpoint, settings);
    nn_config_read(config, nn_config_get(root, "evaluation"), "evaluation", nn_evaluation_options_table, NULL,
                   NULL, &settings->evaluation);
    settings_read_logging(config, root, &settings->logging);
    settings_check_targets(config, root, settings);
    nn_settings_check_in_place(config, root, settings);
    nn_settings_init_read(config, &settings->init_from);
    return nn_config_finish(config);
}

void nn_settings_release(nn_settings *settings)
{
    nn_list_release(&settings->plugins);
    nn_data_options_release(&settings->data);
    nn_model_spec_release(&settings->model);
    if (settings->optimizer_options)
        nn_options_release(settings->optimizer->options, settings->optimizer_options);
    nn_free(settings->optimizer_options);
    if (settings->schedule_options)
        nn_options_release(settings->schedule->options, settings->schedule_options);
    nn_free(settings->schedule_options);
    nn_options_release(nn_checkpoint_options_table, &settings->checkpoint);
    nn_settings_init_release(&settings->init_from);
    *settings = (nn_settings){0};
}
