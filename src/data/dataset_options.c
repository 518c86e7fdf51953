/* The option tables of the data; releasing the options, and setting their files. */
#include "data/dataset_options.h"

#include <stddef.h>

#include "base/list.h"
#include "base/memory.h"

#define SECTION(name, effect, help)                                                                          \
    {                                                                                                        \
        (name), NN_OPTION_SECTION, 0, "", 0, 0, NULL, (effect), (help)                                       \
    }

static const char *const cache_choices[] = {"auto", "memory", "stream", NULL};
static const char *const shuffle_choices[] = {"auto", "full", "block", "none", "stateful", NULL};
static const char *const check_choices[] = {"all", "none", NULL};
static const char *const bad_choices[] = {"stop", "skip", NULL};

/* The location of a file may change on a resume: nn_dataset_identity compares its contents. */
#define FIELD(member) offsetof(nn_data_options, member)
const nn_option nn_data_options_table[] = {
    {"file", NN_OPTION_TEXT_LIST, FIELD(file), "", 0, 0, NULL, NN_EFFECT_SPEED,
     "HDF5 file of every part that does not set its own; relative to the configuration's folder; a list or a "
     "pattern (part-*.h5) is read as one data set"},
    SECTION("train", NN_EFFECT_RESULT, "datasets to train on"),
    SECTION("validation", NN_EFFECT_RESULT, "datasets on which the best weights are chosen"),
    SECTION("test", NN_EFFECT_RESULT, "datasets for the final metrics only"),
    SECTION("split", NN_EFFECT_RESULT, "fractions of the train part to use for validation and test"),
    SECTION("window", NN_EFFECT_RESULT, "samples are windows over the rows of a series"),
    SECTION("fields", NN_EFFECT_RESULT,
            "how the inputs x and targets y, or those with other names, are read"),
    {"cache", NN_OPTION_CHOICE, FIELD(cache), "auto", 0, 0, cache_choices, NN_EFFECT_SPEED,
     "memory: one copy per node; stream: read ahead block by block; auto: memory if it fits. Never changes a "
     "bit of the results"},
    {"memory", NN_OPTION_REAL, FIELD(memory), "256", 1, 1e9, NULL, NN_EFFECT_SPEED,
     "MiB per rank for streamed data"},
    {"shuffle", NN_OPTION_CHOICE, FIELD(shuffle), "auto", 0, 0, shuffle_choices, NN_EFFECT_RESULT,
     "full: all samples; block: blocks of consecutive samples, then samples within a window; none: "
     "unshuffled; stateful: sample i of a batch continues where sample i of the previous batch ended; auto: "
     "full up to 2^28 training values (1 GiB at 4 bytes each), block above"},
    {"shuffle_window", NN_OPTION_REAL, FIELD(shuffle_window), "64", 0.001, 1e9, NULL, NN_EFFECT_RESULT,
     "with shuffle: block, MiB of samples that are mixed with each other, at 4 bytes per value however they "
     "are stored"},
    {"shuffle_block", NN_OPTION_INTEGER, FIELD(shuffle_block), "0", 0, 1e12, NULL, NN_EFFECT_RESULT,
     "with shuffle: block, samples per block, ideally a multiple of the rows per chunk of the file; 0: as "
     "many as have 2^18 values (1 MiB at 4 bytes each)"},
    {"balanced", NN_OPTION_BOOLEAN, FIELD(balanced), "false", 0, 0, NULL, NN_EFFECT_RESULT,
     "draw every class equally often in training"},
    {"bucket_by_length", NN_OPTION_BOOLEAN, FIELD(bucket_by_length), "false", 0, 0, NULL, NN_EFFECT_RESULT,
     "form batches of sequences of similar lengths, within windows of 64 shuffled batches; needs lengths"},
    {"check", NN_OPTION_CHOICE, FIELD(check), "all", 0, 0, check_choices, NN_EFFECT_RESULT,
     "all: check every value before the first step; none: start at once, for streams too long to read twice: "
     "only labels and what is normalised or counted are read first (normalize: none and fields.NAME.classes "
     "avoid that; missing: drop still reads everything)"},
    {"on_bad_sample", NN_OPTION_CHOICE, FIELD(on_bad_sample), "stop", 0, 0, bad_choices, NN_EFFECT_RESULT,
     "what to do with a sample that contains Inf, has no valid class, cannot be read or has missing values: "
     "stop, or skip and count it; for missing values see also fields.NAME.missing"},
    {"stage", NN_OPTION_TEXT, FIELD(stage), "", 0, 0, NULL, NN_EFFECT_SPEED,
     "folder on a node-local disk: files are copied there first, once per node"},
    {.name = NULL}};
#undef FIELD

const nn_option nn_part_options_table[] = {
    SECTION("x", NN_EFFECT_RESULT,
            "dataset of inputs, one sample per row; or several: {NAME: DATASET, ...}; or one in a separate "
            "file: {file: FILE, path: DATASET}"),
    SECTION("y", NN_EFFECT_RESULT,
            "dataset of targets, class labels or values; or several, by the names used in losses; or {file: "
            "FILE, path: DATASET}"),
    {"lengths", NN_OPTION_TEXT, offsetof(nn_part_options, lengths), "", 0, 0, NULL, NN_EFFECT_RESULT,
     "dataset of sequence lengths in steps; values beyond them are ignored as padding"},
    {"weights", NN_OPTION_TEXT, offsetof(nn_part_options, weights), "", 0, 0, NULL, NN_EFFECT_RESULT,
     "dataset of sample weights in the loss: one number per sample, at least 0; metrics and the constant "
     "baselines count every sample once, even those of weight 0"},
    {"file", NN_OPTION_TEXT_LIST, offsetof(nn_part_options, file), "", 0, 0, NULL, NN_EFFECT_SPEED,
     "HDF5 file, list of files or pattern for this part (default: data.file)"},
    {.name = NULL}};

static const char *const order_choices[] = {"random", "chronological", "auto", NULL};
static const char *const by_choices[] = {"sample", "file", "group", NULL};

const nn_option nn_split_options_table[] = {
    {"validation", NN_OPTION_REAL, offsetof(nn_split_options, validation), "0", 0, 1, NULL, NN_EFFECT_RESULT,
     "fraction of the train part to use for validation, such as 0.1; 0: none"},
    {"test", NN_OPTION_REAL, offsetof(nn_split_options, test), "0", 0, 1, NULL, NN_EFFECT_RESULT,
     "fraction of the train part to use for test; 0: none"},
    {"stratified", NN_OPTION_BOOLEAN, offsetof(nn_split_options, stratified), "false", 0, 0, NULL,
     NN_EFFECT_RESULT, "keep the class proportions"},
    {"order", NN_OPTION_CHOICE, offsetof(nn_split_options, order), "auto", 0, 0, order_choices,
     NN_EFFECT_RESULT,
     "random; chronological: the last rows, validation before test; auto: chronological for windows, "
     "otherwise random"},
    {"by", NN_OPTION_CHOICE, offsetof(nn_split_options, by), "sample", 0, 0, by_choices, NN_EFFECT_RESULT,
     "what is never divided between parts: a sample, a file, or the samples of one group"},
    {"group", NN_OPTION_TEXT, offsetof(nn_split_options, group), "", 0, 0, NULL, NN_EFFECT_RESULT,
     "dataset of group numbers, one per sample, for by: group"},
    {"seed", NN_OPTION_INTEGER, offsetof(nn_split_options, seed), "1", 0, 9e15, NULL, NN_EFFECT_RESULT,
     "seed for choosing the samples; independent of training.seed"},
    {.name = NULL}};

static const char *const target_choices[] = {"last", "every_step", NULL};

const nn_option nn_data_window_options_table[] = {
    {"length", NN_OPTION_INTEGER, offsetof(nn_data_window_options, length), "0", 0, 1e9, NULL,
     NN_EFFECT_RESULT, "rows per window; 0: samples are rows, not windows"},
    {"horizon", NN_OPTION_INTEGER, offsetof(nn_data_window_options, horizon), "1", 0, 1e9, NULL,
     NN_EFFECT_RESULT, "rows from the last row seen to the target; 1: the next row"},
    {"stride", NN_OPTION_INTEGER, offsetof(nn_data_window_options, stride), "1", 1, 1e9, NULL,
     NN_EFFECT_RESULT, "rows between the starts of windows"},
    {"targets", NN_OPTION_TEXT_LIST, offsetof(nn_data_window_options, targets), "", 0, 0, NULL,
     NN_EFFECT_RESULT, "columns to predict, by name or number from 0 (default: all)"},
    {"target", NN_OPTION_CHOICE, offsetof(nn_data_window_options, target), "last", 0, 0, target_choices,
     NN_EFFECT_RESULT, "last: the row at the horizon; every_step: one target per row of the window"},
    {.name = NULL}};

static const char *const normalize_choices[] = {"auto", "none", "unit_range", "standardize", NULL};
static const char *const kind_choices[] = {"auto", "class", "value", "index", NULL};
static const char *const missing_choices[] = {"error", "mean", "mask", "drop", NULL};
static const char *const attributes_choices[] = {"read", "ignore", NULL};
static const char *const unwritten_choices[] = {"missing", "fill_value", NULL};
static const char *const transform_choices[] = {"none", "log", "difference", NULL};

#define FIELD(member) offsetof(nn_data_field_options, member)
const nn_option nn_data_field_options_table[] = {
    {"normalize", NN_OPTION_CHOICE, FIELD(normalize), "auto", 0, 0, normalize_choices, NN_EFFECT_RESULT,
     "standardize: mean 0 and deviation 1; unit_range: 0 to 1; none; auto: standardize all but labels"},
    {"kind", NN_OPTION_CHOICE, FIELD(kind), "auto", 0, 0, kind_choices, NN_EFFECT_RESULT,
     "for targets: class labels or values; auto: what the loss needs. For inputs, index: integers from 0 "
     "that an embedding looks up, not normalised"},
    {"layout", NN_OPTION_TEXT, FIELD(layout), "", 0, 0, NULL, NN_EFFECT_RESULT,
     "the dataset's dimensions in order: N samples, C channels, D depth, H height, W width, T time, F "
     "features; NHW adds a channel, NCHW and HWN are transposed to N x H x W x C (default: samples first, "
     "the rest as stored)"},
    {"first_label", NN_OPTION_INTEGER, FIELD(first_label), "0", -1e9, 1e9, NULL, NN_EFFECT_RESULT,
     "label of the first class in the file"},
    {"labels", NN_OPTION_TEXT_LIST, FIELD(labels), "", 0, 0, NULL, NN_EFFECT_RESULT,
     "labels in the file, in class order, if they have gaps: [-1, 1] or [10, 20, 30]"},
    {"classes", NN_OPTION_INTEGER, FIELD(classes), "0", 0, 2147483647, NULL, NN_EFFECT_RESULT,
     "number of classes or indices, if some may not occur; 0: the largest + 1, or the width of one-hot "
     "labels"},
    {"ignored_label", NN_OPTION_TEXT, FIELD(ignored_label), "", 0, 0, NULL, NN_EFFECT_RESULT,
     "label in the file that means no class, such as 255: it is ignored (default: none)"},
    {"missing", NN_OPTION_CHOICE, FIELD(missing), "error", 0, 0, missing_choices, NN_EFFECT_RESULT,
     "what to do with missing values (NaN, missing according to attributes, or never written): error: stop; "
     "mean: use the mean of the column in training (needs normalize: standardize); mask: ignore targets, set "
     "inputs to 0 after normalisation; drop: remove the sample"},
    {"attributes", NN_OPTION_CHOICE, FIELD(attributes), "read", 0, 0, attributes_choices, NN_EFFECT_RESULT,
     "read: _FillValue, missing_value, valid_min, valid_max and valid_range of the dataset, or the fill "
     "value set in HDF5, mark missing values, and scale_factor, add_offset and _Unsigned unpack the others; "
     "ignore: values are used as stored"},
    {"unwritten", NN_OPTION_CHOICE, FIELD(unwritten), "missing", 0, 0, unwritten_choices, NN_EFFECT_RESULT,
     "how to read unwritten chunks and gaps of a virtual dataset: as missing, or as the fill value, such as "
     "zeros left out on purpose"},
    {"class_names", NN_OPTION_TEXT, FIELD(class_names), "", 0, 0, NULL, NN_EFFECT_RESULT,
     "dataset of class names (default: NAME_classes, if the file has it)"},
    {"scale", NN_OPTION_REAL, FIELD(scale), "1", -1e300, 1e300, NULL, NN_EFFECT_RESULT,
     "with normalize: none, factor applied to every value, such as 0.00392156862745098 for bytes"},
    {"offset", NN_OPTION_REAL, FIELD(offset), "0", -1e300, 1e300, NULL, NN_EFFECT_RESULT,
     "with normalize: none, added to every value after the factor"},
    {"transform", NN_OPTION_CHOICE, FIELD(transform), "none", 0, 0, transform_choices, NN_EFFECT_RESULT,
     "for targets, before normalisation: log, or difference to the last row seen; undone in all metrics"},
    {"columns", NN_OPTION_TEXT_LIST, FIELD(columns), "", 0, 0, NULL, NN_EFFECT_RESULT,
     "columns to use, by name or number from 0 (default: all)"},
    SECTION("augment", NN_EFFECT_RESULT, "transforms of inputs, in training only: [flip, {shift: 2}]"),
    {.name = NULL}};
#undef FIELD

static void options_release_names(nn_data_names *names)
{
    for (int i = 0; i < names->count; i++) {
        nn_free(names->names[i]);
        nn_free(names->datasets[i]);
        nn_free(names->files[i]);
    }
    *names = (nn_data_names){0};
}

void nn_part_options_release(nn_part_options *part)
{
    nn_options_release(nn_part_options_table, part);
    options_release_names(&part->x);
    options_release_names(&part->y);
}

/* Forgets separate files: all datasets are then in the files of the part. */
static void options_forget_files(nn_data_names *names)
{
    for (int i = 0; i < names->count; i++) {
        nn_free(names->files[i]);
        names->files[i] = NULL;
    }
}

nn_status nn_data_options_set_files(nn_data_options *options, const nn_text_list *files)
{
    nn_text_list copy = {0};
    nn_status status = nn_list_copy(files, &copy);
    if (status != NN_OK) {
        nn_list_release(&copy);
        return status;
    }
    for (int p = 0; p < NN_PARTS; p++) {
        nn_list_release(&options->parts[p].file);
        options_forget_files(&options->parts[p].x);
        options_forget_files(&options->parts[p].y);
    }
    nn_list_release(&options->file);
    options->file = copy;
    return NN_OK;
}

void nn_data_options_release(nn_data_options *options)
{
    nn_options_release(nn_data_options_table, options);
    for (int p = 0; p < NN_PARTS; p++) nn_part_options_release(&options->parts[p]);
    nn_options_release(nn_split_options_table, &options->split);
    nn_options_release(nn_data_window_options_table, &options->window);
    for (int f = 0; f < options->fields.count; f++) {
        nn_options_release(nn_data_field_options_table, &options->fields.fields[f]);
        nn_augment_release(&options->fields.fields[f].augment);
        nn_free(options->fields.names[f]);
    }
    options->fields.count = 0;
}
