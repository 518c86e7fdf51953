/* The sections of the configuration that describe the data. */
#include <stddef.h>

#include "data/dataset.h"

#define SECTION(name, effect, help)                                                                          \
    {                                                                                                        \
        (name), NN_OPTION_SECTION, 0, "", 0, 0, NULL, (effect), (help)                                       \
    }

/* Where a file lies may change on a resume: what it holds is compared by nn_dataset_identity. */
const nn_option nn_data_options_table[] = {
    {"file", NN_OPTION_TEXT, offsetof(nn_data_options, file), "", 0, 0, NULL, NN_EFFECT_SPEED,
     "HDF5 file of every part that names none of its own; relative to the configuration's folder"},
    SECTION("train", NN_EFFECT_RESULT, "datasets to train on"),
    SECTION("validation", NN_EFFECT_RESULT, "datasets on which the best weights are chosen"),
    SECTION("test", NN_EFFECT_RESULT, "datasets for the final figures only"),
    SECTION("split", NN_EFFECT_RESULT, "shares of the train part to take for validation and test"),
    SECTION("fields", NN_EFFECT_RESULT, "how the inputs x and the targets y are read"),
    {.name = NULL}};

const nn_option nn_part_options_table[] = {
    {"x", NN_OPTION_TEXT, offsetof(nn_part_options, x), NULL, 0, 0, NULL, NN_EFFECT_RESULT,
     "path of the dataset of inputs, one sample a row"},
    {"y", NN_OPTION_TEXT, offsetof(nn_part_options, y), NULL, 0, 0, NULL, NN_EFFECT_RESULT,
     "path of the dataset of targets: class labels or values, one sample a row"},
    {"file", NN_OPTION_TEXT, offsetof(nn_part_options, file), "", 0, 0, NULL, NN_EFFECT_SPEED,
     "HDF5 file of this part (default: data.file)"},
    {.name = NULL}};

const nn_option nn_split_options_table[] = {
    {"validation", NN_OPTION_REAL, offsetof(nn_split_options, validation), "0", 0, 1, NULL, NN_EFFECT_RESULT,
     "share of the train part to validate on, such as 0.1; 0: none"},
    {"test", NN_OPTION_REAL, offsetof(nn_split_options, test), "0", 0, 1, NULL, NN_EFFECT_RESULT,
     "share of the train part to test on; 0: none"},
    {"stratified", NN_OPTION_BOOLEAN, offsetof(nn_split_options, stratified), "false", 0, 0, NULL,
     NN_EFFECT_RESULT, "keep the shares of the classes"},
    {"seed", NN_OPTION_INTEGER, offsetof(nn_split_options, seed), "-1", -1, 9e15, NULL, NN_EFFECT_RESULT,
     "of the choice of samples; -1: training.seed"},
    {.name = NULL}};

static const char *const normalize_choices[] = {"auto", "none", "unit_range", "standardize", NULL};
static const char *const kind_choices[] = {"auto", "class", "value", NULL};

const nn_option nn_field_options_table[] = {
    {"normalize", NN_OPTION_CHOICE, offsetof(nn_field_options, normalize), "auto", 0, 0, normalize_choices,
     NN_EFFECT_RESULT,
     "standardize: mean 0 and deviation 1; unit_range: 0 to 1; none; auto: standardize all but labels"},
    {"kind", NN_OPTION_CHOICE, offsetof(nn_field_options, kind), "auto", 0, 0, kind_choices, NN_EFFECT_RESULT,
     "of a target: class labels or values; auto: what the loss needs"},
    {.name = NULL}};
