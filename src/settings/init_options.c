#include "settings/init_options.h"

#include <stddef.h>

static const char *const init_normalization[] = {"keep", "new", NULL};

#define FIELD(member) offsetof(nn_init_options, member)
const nn_option nn_init_options_table[] = {
    {"run", NN_OPTION_TEXT, FIELD(run), NULL, 0, 0, NULL, NN_EFFECT_RESULT,
     "run directory or checkpoint whose weights a new run starts from, where names and shapes match"},
    {"exclude", NN_OPTION_TEXT_LIST, FIELD(exclude), "", 0, 0, NULL, NN_EFFECT_RESULT,
     "names of layers that are initialised anyway"},
    {"normalization", NN_OPTION_CHOICE, FIELD(normalization), "keep", 0, 0, init_normalization,
     NN_EFFECT_RESULT,
     "keep: normalise each input and target as in that run if its shape and column names match and its "
     "output layer is not excluded, regardless of which weights are taken; new: compute it from this data"},
    {.name = NULL}};
#undef FIELD
