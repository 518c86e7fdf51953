/* A subcommand: one file command_NAME.c with one exported object nn_command_NAME, and one line in
 * command_list.h. */
#ifndef NN_CLI_COMMAND_H
#define NN_CLI_COMMAND_H

#include <stdbool.h>
#include <stddef.h>

#include "base/status.h"

/* An option of a subcommand, for parsing and for help. */
typedef struct nn_command_option {
    const char *name;  /* "--set"; NULL ends a table */
    const char *value; /* "KEY=VALUE"; NULL for a flag */
    const char *help;  /* one line */
} nn_command_option;

#define NN_COMMAND_OPTIONS 12  /* of a subcommand, at most */
#define NN_COMMAND_VALUES 1024 /* of an option, at most; and operands */

/* The command line, taken apart: values[i] are those of options[i], in order. */
typedef struct nn_arguments {
    const char *operands[NN_COMMAND_VALUES];
    size_t operand_count;
    const char *values[NN_COMMAND_OPTIONS][NN_COMMAND_VALUES]; /* NULL for a flag */
    size_t value_counts[NN_COMMAND_OPTIONS];
} nn_arguments;

typedef struct nn_command {
    const char *name;
    const char *operands; /* "[CONFIG.yaml]" */
    const char *summary;  /* one line */
    const nn_command_option *options;
    const char *about; /* more lines for `nntrain help NAME`; NULL: none */
    /* The number of operands is the command's to check. The status is the exit code; main prints the text of
     * a failure. */
    nn_status (*run)(const nn_arguments *arguments);
    /* In its place, for a command whose options are not in a table of its own: argv[0 .. argc) are the words
     * after the command's name. NULL: none. */
    nn_status (*run_words)(int argc, char **argv);
} nn_command;

const nn_command *const *nn_commands(void); /* NULL-terminated */
const nn_command *nn_command_find(const char *name);
/* The name that a word comes near; NULL: none. */
const char *nn_command_nearest(const char *word);

/* Takes a command line apart by the command's table; argv[0 .. argc) are the words after the command's name.
 */
nn_status nn_arguments_parse(const nn_command *command, int argc, char **argv, nn_arguments *arguments);

#endif
