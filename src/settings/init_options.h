/* Section init_from of the configuration: the run whose weights a new run begins with. */
#ifndef NN_SETTINGS_INIT_OPTIONS_H
#define NN_SETTINGS_INIT_OPTIONS_H

#include "base/list.h"
#include "base/options.h"
#include "base/real.h"

typedef struct nn_init_options { /* section init_from */
    char *run;                   /* NULL: none */
    nn_text_list exclude;
    int normalization; /* NN_INIT_KEEP, NN_INIT_NEW */
} nn_init_options;

enum { NN_INIT_KEEP, NN_INIT_NEW };

extern const nn_option nn_init_options_table[];

#endif
