/* The program: finds the subcommand, runs it, prints its failure once. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "cli/command.h"
#include "cli/session.h"
#include "plugin/plugin_load.h"

static nn_status main_unknown(const char *word)
{
    const char *near = nn_command_nearest(word);
    if (near)
        NN_FAIL(NN_ERROR_USAGE, "unknown command '%s'; did you mean `nntrain %s`? (see nntrain help)", word,
                near);
    NN_FAIL(NN_ERROR_USAGE, "'%s' is neither a command (see nntrain help) nor a configuration (NAME.yaml)",
            word);
}

static bool main_is_config(const char *word)
{
    const char *dot = strrchr(word, '.');
    return strchr(word, '/') || (dot && (strcmp(dot, ".yaml") == 0 || strcmp(dot, ".yml") == 0));
}

/* The command that the words begin with; without a name the first of the list. */
static nn_status main_find(int *argc, char ***argv, const nn_command **command)
{
    *command = nn_commands()[0];
    if (*argc == 0 || main_is_config((*argv)[0])) return NN_OK;
    const char *word = (*argv)[0];
    if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0)
        word = "help";
    else if (word[0] == '-')
        return NN_OK;
    *command = nn_command_find(word);
    if (!*command) return main_unknown(word);
    (*argc)--;
    (*argv)++;
    return NN_OK;
}

/* Whether the words ask what the command does: `nntrain train --help`. */
static bool main_asks(int argc, char **argv)
{
    for (int i = 0; i < argc; i++)
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) return true;
    return false;
}

/* Takes --plugin FILE, an option of every command, from the words, and loads the plug-ins. */
static nn_status main_take_plugins(int *argc, char **argv)
{
    static const char option[] = "--plugin", begins[] = "--plugin=";
    int kept = 0;
    for (int i = 0; i < *argc; i++) {
        const char *path = NULL;
        if (strncmp(argv[i], begins, strlen(begins)) == 0) {
            path = argv[i] + strlen(begins);
        } else if (strcmp(argv[i], option) == 0) {
            if (i + 1 == *argc)
                NN_FAIL(NN_ERROR_USAGE, "--plugin needs a value: --plugin FILE (nntrain help plugins)");
            path = argv[++i];
        }
        if (path)
            NN_TRY(nn_plugin_load(path, true));
        else
            argv[kept++] = argv[i];
    }
    *argc = kept;
    return NN_OK;
}

static nn_status main_run(int argc, char **argv)
{
    const nn_command *command;
    static nn_arguments arguments;
    NN_TRY(main_take_plugins(&argc, argv));
    NN_TRY(main_find(&argc, &argv, &command));
    if (command->run_words) return command->run_words(argc, argv);
    if (main_asks(argc, argv)) {
        arguments = (nn_arguments){.operands = {command->name}, .operand_count = 1};
        return nn_command_find("help")->run(&arguments);
    }
    NN_TRY(nn_arguments_parse(command, argc, argv, &arguments));
    return command->run(&arguments);
}

/* Whether the reader of standard output has gone: `nntrain info x | head`. */
static bool main_is_left_alone(void)
{
    struct pollfd output = {.fd = STDOUT_FILENO, .events = POLLOUT};
    return poll(&output, 1, 0) == 1 && (output.revents & POLLERR);
}

/* What was printed is part of the result. Without a reader it is not: the exit code is then that of a program
 * which the signal ends. */
static int main_finish_output(void)
{
    bool failed = fflush(stdout) != 0;
    int error = failed ? errno : nn_log_error();
    if (!failed && !ferror(stdout)) return NN_OK;
    if (main_is_left_alone()) return 128 + SIGPIPE;
    return (int)nn_session_fail(nn_fail(NN_ERROR_IO,
                                        "cannot write to standard output: %s; what was printed is incomplete",
                                        error ? strerror(error) : "it is full, or closed"));
}

int main(int argc, char **argv)
{
    /* A write beyond a file-size limit, or to a reader that has gone, must fail, not kill: a file that is
     * being written is then completed, or removed. */
    signal(SIGXFSZ, SIG_IGN);
    signal(SIGPIPE, SIG_IGN);
    if (argc == 2 && strcmp(argv[1], "--version") == 0) argv[1] = "version";
    nn_status status = main_run(argc - 1, argv + 1);
    /* The text of a failure that was printed already is empty. */
    if (status != NN_OK && nn_error_text()[0]) status = nn_session_fail(status);
    int output = main_finish_output();
    return status != NN_OK ? (int)status : output;
}
