#include "settings/init_options.h"

#include <stddef.h>

static const char *const init_normalization[] = {"keep", "new", NULL};

#define FIELD(member) offsetof(nn_init_options, member)
const nn_option nn_init_options_table[] = {
    {"run", NN_OPTION_TEXT, FIELD(run), NULL, 0, 0, NULL, NN_EFFECT_RESULT,
     "run directory or checkpoint whose weights a new run begins with, where names and shapes agree"},
    {"exclude", NN_OPTION_TEXT_LIST, FIELD(exclude), "", 0, 0, NULL, NN_EFFECT_RESULT,
     "names of layers that begin anew all the same"},
    {"normalization", NN_OPTION_CHOICE, FIELD(normalization), "keep", 0, 0, init_normalization,
     NN_EFFECT_RESULT,
     "keep: inputs and targets are normalised as in that run, each where its shape and the names of its "
     "columns "
     "agree and its output layer is not excluded, whatever part of the weights is taken; new: by this data"},
    {.name = NULL}};
#undef FIELD
