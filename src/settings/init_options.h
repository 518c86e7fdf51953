/* Section init_from of the configuration: the weights that a new run begins with, those of another run or of
 * another program. */
#ifndef NN_SETTINGS_INIT_OPTIONS_H
#define NN_SETTINGS_INIT_OPTIONS_H

#include "base/list.h"
#include "base/options.h"
#include "base/real.h"
#include "config/config.h"
#include "model/name_map.h"

typedef struct nn_init_options { /* section init_from */
    char *run;                   /* NULL: none */
    char *file;                  /* of another program (model/foreign.h); NULL: none */
    nn_name_map map;             /* from our names to those in the file */
    nn_text_list exclude;        /* names or patterns of layers or tensors */
    int order;                   /* NN_INIT_AUTO, ... */
    int normalization;           /* NN_INIT_KEEP, NN_INIT_NEW */
} nn_init_options;

enum { NN_INIT_KEEP, NN_INIT_NEW };
enum { NN_INIT_AUTO, NN_INIT_CHANNELS_FIRST, NN_INIT_CHANNELS_LAST };

extern const nn_option nn_init_options_table[];

/* Reads the section; problems are collected. Release the options in any case. */
void nn_settings_init_read(nn_config *config, nn_init_options *options);
void nn_settings_init_release(nn_init_options *options);

/* Whether a new run begins with weights from elsewhere. */
bool nn_settings_init_given(const nn_init_options *options);

/* Whether the section asks for initial values of this tensor of a layer. */
bool nn_settings_init_excludes(const nn_init_options *options, const char *layer, const char *tensor);

#endif
