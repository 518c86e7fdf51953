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
    SECTION("split", NN_EFFECT_RESULT,
            "fractions of the train part to use for validation and test, or folds of it"),
    SECTION("window", NN_EFFECT_RESULT, "samples are windows over the rows of a series"),
    SECTION("fields", NN_EFFECT_RESULT,
            "how the inputs x and targets y, or those with other names, are read"),
    SECTION(
        "in_place", NN_EFFECT_RESULT,
        "samples come from the program that trains, through nn_trainer_step: in place of all of the above "
        "but fields (nntrain help in-place)"),
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
            "dataset of inputs, one sample per row; or several: {NAME: DATASET, ...}; or a list, joined as "
            "columns or channels: [a, b]; or one in separate files: {file: FILE, path: DATASET}"),
    SECTION("y", NN_EFFECT_RESULT,
            "dataset of targets, class labels or values; or several, by the names used in losses; or {file: "
            "FILE, path: DATASET}"),
    SECTION("lengths", NN_EFFECT_RESULT,
            "dataset of sequence lengths in steps, or {file: FILE, path: DATASET}; values beyond them are "
            "ignored as padding"),
    SECTION(
        "weights", NN_EFFECT_RESULT,
        "dataset of sample weights in the loss, or {file: FILE, path: DATASET}: one number per sample, at "
        "least 0; metrics and the constant baselines count every sample once, even those of weight 0"),
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
    {"folds", NN_OPTION_INTEGER, offsetof(nn_split_options, folds), "0", 0, NN_SPLIT_FOLDS, NULL,
     NN_EFFECT_RESULT,
     "cross-validation: what the test part leaves is cut into this many folds of equal size, one of which is "
     "the validation part; stratified, by and order apply to them; 0: no folds"},
    {"fold", NN_OPTION_INTEGER, offsetof(nn_split_options, fold), "0", 0, NN_SPLIT_FOLDS, NULL,
     NN_EFFECT_RESULT,
     "the fold to validate on, from 1 to folds. order: chronological trains on what comes before it alone"},
    {"stratified", NN_OPTION_BOOLEAN, offsetof(nn_split_options, stratified), "false", 0, 0, NULL,
     NN_EFFECT_RESULT, "keep the class proportions"},
    {"order", NN_OPTION_CHOICE, offsetof(nn_split_options, order), "auto", 0, 0, order_choices,
     NN_EFFECT_RESULT,
     "random; chronological: the last rows, validation before test; auto: chronological for windows, "
     "otherwise random"},
    {"by", NN_OPTION_CHOICE, offsetof(nn_split_options, by), "sample", 0, 0, by_choices, NN_EFFECT_RESULT,
     "what is never divided between parts: a sample, a file, or the samples of one group"},
    SECTION(
        "group", NN_EFFECT_RESULT,
        "dataset of group numbers or texts, one per sample, for by: group; or {file: FILE, path: DATASET}"),
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
    {"by", NN_OPTION_TEXT, offsetof(nn_data_window_options, by), "", 0, 0, NULL, NN_EFFECT_RESULT,
     "dataset of one number per row, such as that of an episode or a patient: where it changes, a series "
     "ends, "
     "and no window has rows of two; a part's own is NAME_train, NAME_validation or NAME_test, if it exists"},
    {"starts", NN_OPTION_TEXT, offsetof(nn_data_window_options, starts), "", 0, 0, NULL, NN_EFFECT_RESULT,
     "dataset of the rows at which series begin, ascending, counted from 0 in each file: no window has rows "
     "of two series"},
    {"by_time", NN_OPTION_TEXT, offsetof(nn_data_window_options, by_time), "", 0, 0, NULL, NN_EFFECT_RESULT,
     "dataset of one time per row, a number: a series ends, as with `by`, where the next row is more than "
     "`gap` "
     "later, or earlier"},
    {"gap", NN_OPTION_REAL, offsetof(nn_data_window_options, gap), "0", 0, 1e300, NULL, NN_EFFECT_RESULT,
     "with by_time: the longest time between two rows of a series, in the units of that dataset"},
    {.name = NULL}};

const nn_option nn_in_place_options_table[] = {
    SECTION("x", NN_EFFECT_RESULT,
            "the shape of an input's samples, such as [4] or [28, 28, 1], [] for one number; or several "
            "inputs: {NAME: SHAPE, ...}"),
    SECTION("y", NN_EFFECT_RESULT,
            "the shape of a target's samples, or several targets, likewise; class labels need "
            "fields.NAME.classes"),
    {"from_first", NN_OPTION_INTEGER, offsetof(nn_in_place_options, from_first), "0", 0, 1e12, NULL,
     NN_EFFECT_RESULT,
     "samples on which normalisation is measured: until this many have come, steps only measure; 0: none, "
     "and "
     "every field says normalize: none"},
    {"steps", NN_OPTION_INTEGER, offsetof(nn_in_place_options, steps), "0", 0, 1e15, NULL, NN_EFFECT_EXTENT,
     "steps of the run, which learning-rate schedules refer to; 0: not known, and the schedule must not "
     "depend on it"},
    {"weights", NN_OPTION_BOOLEAN, offsetof(nn_in_place_options, weights), "false", 0, 0, NULL,
     NN_EFFECT_RESULT, "every sample comes with a weight in the loss"},
    {"local", NN_OPTION_BOOLEAN, offsetof(nn_in_place_options, local), "false", 0, 0, NULL, NN_EFFECT_RESULT,
     "no sample of a step moves to another rank: each computes on what it brings, and all on as many "
     "microbatches as "
     "the rank with the most samples; the bits are then the same only for the same samples on the same "
     "ranks"},
    {.name = NULL}};

static const char *const normalize_choices[] = {"auto", "none", "unit_range", "standardize", NULL};
static const char *const kind_choices[] = {"auto", "class", "value", "index", "one_hot", "text", NULL};
static const char *const vocabulary_choices[] = {"characters", "bytes", NULL};
static const char *const missing_choices[] = {"error", "mean", "mask", "drop", "impute", NULL};
static const char *const categorical_choices[] = {"auto", "one_hot", "embedding", "code", NULL};
static const char *const attributes_choices[] = {"read", "ignore", NULL};
static const char *const unwritten_choices[] = {"missing", "fill_value", NULL};
static const char *const members_choices[] = {"auto", "samples", "rows", NULL};
static const char *const longer_choices[] = {"error", "cut", "last", "window", NULL};
static const char *const transform_choices[] = {"none", "log", "difference", NULL};

#define FIELD(member) offsetof(nn_data_field_options, member)
const nn_option nn_data_field_options_table[] = {
    {"normalize", NN_OPTION_CHOICE, FIELD(normalize), "auto", 0, 0, normalize_choices, NN_EFFECT_RESULT,
     "standardize: mean 0 and deviation 1; unit_range: 0 to 1; none; auto: standardize all but labels"},
    {"kind", NN_OPTION_CHOICE, FIELD(kind), "auto", 0, 0, kind_choices, NN_EFFECT_RESULT,
     "for targets: class labels or values; auto: what the loss needs; one_hot: class labels, 0 and 1 along "
     "the last dimension (auto recognises them, at every pixel or step too; class does not there). For "
     "inputs, index: integers from 0 that an embedding looks up, not normalised. For both, text: a text per "
     "sample, read as a sequence of numbers (nntrain help layouts)"},
    {"vocabulary", NN_OPTION_CHOICE, FIELD(vocabulary), "characters", 0, 0, vocabulary_choices,
     NN_EFFECT_RESULT,
     "with kind: text, what is numbered: the characters (UTF-8) that occur in the train part's files, from "
     "1; "
     "or bytes, their values plus 1. 0 is padding, and a character of an input that training does not have"},
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
     "inputs to 0 after normalisation; drop: remove the sample; impute: use the number in `impute`"},
    {"impute", NN_OPTION_REAL, FIELD(impute), "0", -1e300, 1e300, NULL, NN_EFFECT_RESULT,
     "with missing: impute, what missing values of an input become, in its own units"},
    {"missing_indicator", NN_OPTION_BOOLEAN, FIELD(missing_indicator), "false", 0, 0, NULL, NN_EFFECT_RESULT,
     "with missing: mean, mask or impute, an input also has for each column (or channel) one that is 1 where "
     "the value was missing and 0 elsewhere"},
    {"categorical", NN_OPTION_CHOICE, FIELD(categorical), "auto", 0, 0, categorical_choices, NN_EFFECT_RESULT,
     "how columns of an input with names for their numbers (NAME_categories/COLUMN) are read: one_hot; "
     "embedding: a trained table; code: as values; auto: one_hot up to 20 categories, embedding above"},
    {"embedding_units", NN_OPTION_INTEGER, FIELD(embedding_units), "0", 0, 1e6, NULL, NN_EFFECT_RESULT,
     "values per category of an embedding of a column; 0: half as many as categories, 50 at most"},
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
    {"members", NN_OPTION_CHOICE, FIELD(members), "auto", 0, 0, members_choices, NN_EFFECT_RESULT,
     "for a pattern over groups (sample_*/image): samples: each member is one sample; rows: its rows are; "
     "auto: "
     "rows if their number differs, samples if some field has one number for each. samples also reads files "
     "that hold one sample each, without a dimension of samples"},
    {"steps", NN_OPTION_INTEGER, FIELD(steps), "0", 0, 1e9, NULL, NN_EFFECT_RESULT,
     "for sequences stored with their own lengths: steps per sample, to which shorter ones are padded with "
     "zeros; 0: those of the longest sequence of all parts"},
    {"longer", NN_OPTION_CHOICE, FIELD(longer), "error", 0, 0, longer_choices, NN_EFFECT_RESULT,
     "what to do with a sequence that has more than `steps`: error: stop; cut: keep its first steps; last: "
     "keep its last steps; window: cut it into samples of `steps` steps, for values with offsets or lengths: "
     "what there is once per sequence is repeated, and data.split needs by: group or by: file"},
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
        nn_list_release(&names->files[i]);
    }
    *names = (nn_data_names){0};
}

void nn_part_options_release(nn_part_options *part)
{
    nn_options_release(nn_part_options_table, part);
    options_release_names(&part->x);
    options_release_names(&part->y);
    nn_free(part->lengths);
    nn_free(part->weights);
    part->lengths = part->weights = NULL;
    nn_list_release(&part->lengths_files);
    nn_list_release(&part->weights_files);
}

/* Forgets separate files: all datasets are then in the files of the part. */
static void options_forget_files(nn_data_names *names)
{
    for (int i = 0; i < names->count; i++) nn_list_release(&names->files[i]);
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
        nn_list_release(&options->parts[p].lengths_files);
        nn_list_release(&options->parts[p].weights_files);
    }
    nn_list_release(&options->split.group_files);
    nn_list_release(&options->file);
    options->file = copy;
    return NN_OK;
}

void nn_data_options_release(nn_data_options *options)
{
    nn_options_release(nn_data_options_table, options);
    for (int p = 0; p < NN_PARTS; p++) nn_part_options_release(&options->parts[p]);
    nn_options_release(nn_split_options_table, &options->split);
    nn_free(options->split.group);
    options->split.group = NULL;
    nn_list_release(&options->split.group_files);
    nn_options_release(nn_data_window_options_table, &options->window);
    for (int f = 0; f < options->fields.count; f++) {
        nn_options_release(nn_data_field_options_table, &options->fields.fields[f]);
        nn_augment_release(&options->fields.fields[f].augment);
        nn_free(options->fields.names[f]);
    }
    options->fields.count = 0;
}
