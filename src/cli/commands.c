/* The subcommands, and their command lines. */
#include <string.h>

#include "base/text.h"
#include "cli/command.h"

#define NN_COMMAND(name) extern const nn_command nn_command_##name;
#include "cli/command_list.h"
#undef NN_COMMAND

static const nn_command *const commands[] = {
#define NN_COMMAND(name) &nn_command_##name,
#include "cli/command_list.h"
#undef NN_COMMAND
    NULL};

const nn_command *const *nn_commands(void)
{
    return commands;
}

const nn_command *nn_command_find(const char *name)
{
    for (size_t i = 0; commands[i]; i++)
        if (strcmp(commands[i]->name, name) == 0) return commands[i];
    return NULL;
}

const char *nn_command_nearest(const char *word)
{
    const char *names[sizeof commands / sizeof *commands];
    size_t count = 0;
    for (; commands[count]; count++) names[count] = commands[count]->name;
    return nn_nearest(word, names, count);
}

static nn_status commands_unknown_option(const nn_command *command, const char *word)
{
    const char *names[NN_COMMAND_OPTIONS];
    size_t count = 0;
    for (; command->options[count].name; count++) names[count] = command->options[count].name;
    const char *near = nn_nearest(word, names, count);
    if (near) NN_FAIL(NN_ERROR_USAGE, "%s: unknown option %s; did you mean %s?", command->name, word, near);
    NN_FAIL(NN_ERROR_USAGE, "%s: unknown option %s; see `nntrain help %s`", command->name, word,
            command->name);
}

/* The options that add to what they were given before; of any other, two values contradict each other. */
static bool commands_repeats(const char *name)
{
    static const char *const repeated[] = {"--columns", "--data", "--log", "--name", "--set", NULL};
    for (size_t i = 0; repeated[i]; i++)
        if (strcmp(repeated[i], name) == 0) return true;
    return false;
}

/* One option, as `--name VALUE` or `--name=VALUE`; *used becomes the number of words it took. */
static nn_status commands_parse_option(const nn_command *command, int argc, char **argv, int *used,
                                       nn_arguments *arguments)
{
    size_t length = strcspn(argv[0], "=");
    size_t row = 0;
    const nn_command_option *option = command->options;
    while (option[row].name && (strncmp(option[row].name, argv[0], length) != 0 || option[row].name[length]))
        row++;
    if (!option[row].name) return commands_unknown_option(command, argv[0]);
    const char *value = argv[0][length] ? argv[0] + length + 1 : NULL;
    *used = 1;
    if (!option[row].value && value)
        NN_FAIL(NN_ERROR_USAGE, "%s: %s takes no value", command->name, option[row].name);
    if (option[row].value && !value) {
        if (argc < 2)
            NN_FAIL(NN_ERROR_USAGE, "%s: %s needs a value: %s %s", command->name, option[row].name,
                    option[row].name, option[row].value);
        value = argv[1];
        *used = 2;
    }
    if (option[row].value && arguments->value_counts[row] > 0 && !commands_repeats(option[row].name))
        NN_FAIL(NN_ERROR_USAGE, "%s: %s is given twice, as '%s' and as '%s': remove one of them",
                command->name, option[row].name, arguments->values[row][0], value);
    if (arguments->value_counts[row] == NN_COMMAND_VALUES)
        NN_FAIL(NN_ERROR_USAGE, "%s: more than %d times %s", command->name, NN_COMMAND_VALUES,
                option[row].name);
    arguments->values[row][arguments->value_counts[row]++] = value;
    return NN_OK;
}

nn_status nn_arguments_parse(const nn_command *command, int argc, char **argv, nn_arguments *arguments)
{
    *arguments = (nn_arguments){0};
    for (int i = 0, used = 1; i < argc; i += used) {
        used = 1;
        if (argv[i][0] == '-' && argv[i][1]) {
            NN_TRY(commands_parse_option(command, argc - i, argv + i, &used, arguments));
            continue;
        }
        if (arguments->operand_count == NN_COMMAND_VALUES)
            NN_FAIL(NN_ERROR_USAGE, "%s: too many arguments", command->name);
        arguments->operands[arguments->operand_count++] = argv[i];
    }
    return NN_OK;
}
