/* The options of a command line whose tables belong to plug-ins: import and export. */
#ifndef NN_CLI_OPTION_WORDS_H
#define NN_CLI_OPTION_WORDS_H

#include "config/config.h"

/* Zero-initialise; release in any case. */
typedef struct nn_option_words {
    nn_config_word *items;
    size_t count;
} nn_option_words;

/* Adds the option that argv[0] begins, as `--some-key VALUE`, `--some-key=VALUE` or, if it is a boolean,
 * `--some-key`; -o means --output. tables: NULL-terminated, of the options known; a table may have no rows.
 * *used: the number of words it took. NN_ERROR_USAGE if its value is missing; whether the key is known is
 * left to nn_config_read. */
nn_status nn_option_words_add(nn_option_words *words, const char *command, const nn_option *const *tables,
                              int argc, char **argv, int *used);
void nn_option_words_release(nn_option_words *words);

#endif
