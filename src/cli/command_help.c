/* nntrain help [TOPIC] */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/terminal.h"
#include "base/wrap.h"
#include "cli/command.h"
#include "cli/help.h"

#define HELP_CONFIG "config"

/* ---- commands ---- */

static void help_append_command(nn_text *text, const nn_command *command)
{
    nn_text_append(text, "nntrain %s%s%s%s\n    %s\n", command->name,
                   command->options->name ? " [OPTIONS]" : "", command->operands[0] ? " " : "",
                   command->operands, command->summary);
    for (const nn_command_option *option = command->options; option->name; option++)
        nn_text_append(text, "    %s%s%s\n        %s\n", option->name, option->value ? " " : "",
                       option->value ? option->value : "", option->help);
}

static void help_append_overview(nn_text *text)
{
    nn_text_append(text, "nntrain trains neural networks on HDF5 data, over MPI: the same bits on any number "
                         "of ranks.\n\n  nntrain [CONFIG.yaml]            mpirun -n 4 nntrain CONFIG.yaml\n\n"
                         "commands:\n\n");
    for (const nn_command *const *command = nn_commands(); *command; command++)
        help_append_command(text, *command);
    nn_text_append(text,
                   "nntrain COMMAND ... --plugin FILE\n    loads a plug-in for any command (nntrain help "
                   "plugins)\n");
    nn_text_append(text, "\ntopics, for nntrain help TOPIC:\n\n  %-18s %s\n", HELP_CONFIG,
                   "the sections of a configuration, with an example");
    for (const nn_help_page *page = nn_help_pages; page->topic; page++)
        nn_text_append(text, "  %-18s %s\n", page->topic, page->summary);
    for (const nn_help_family *family = nn_help_families; family->topic; family++)
        nn_text_append(text, "  %-18s %s\n", family->topic, family->use);
    nn_text_append(text,
                   "\nEach command, and each entry of these lists, is a topic too: nntrain help dense\n");
}

/* ---- topics ---- */

/* The plug-in at `index` of all kinds together; takes what it passes over off *index when there is none. */
static const nn_help_family *help_find_item(size_t *index, nn_help_item *item)
{
    for (const nn_help_family *family = nn_help_families; family->topic; family++)
        for (size_t i = 0; family->item(i, item); i++)
            if ((*index)-- == 0) return family;
    return NULL;
}

const char *nn_help_topic(size_t index)
{
    nn_help_item item;
    if (index-- == 0) return HELP_CONFIG;
    for (const nn_help_page *page = nn_help_pages; page->topic; page++)
        if (index-- == 0) return page->topic;
    for (const nn_help_family *family = nn_help_families; family->topic; family++)
        if (index-- == 0) return family->topic;
    for (const nn_command *const *command = nn_commands(); *command; command++)
        if (index-- == 0) return (*command)->name;
    return help_find_item(&index, &item) ? item.name : NULL;
}

/* The topic that describes a key of the configuration; NULL: there is no such key. */
static const char *help_topic_of_key(const char *key)
{
    nn_help_item item;
    const char *page = nn_help_page_of_key(key);
    if (page) return page;
    for (const nn_help_family *family = nn_help_families; family->topic; family++)
        for (size_t i = 0; family->item(i, &item); i++)
            for (const nn_option *option = item.options; option && option->name; option++)
                if (strcmp(option->name, key) == 0) return item.name;
    return NULL;
}

static nn_status help_unknown(const char *topic)
{
    const char **names, *near = help_topic_of_key(topic);
    size_t count = 0;
    if (near)
        NN_FAIL(NN_ERROR_USAGE, "help: '%s' is not a topic but a key, described by `nntrain help %s`", topic,
                near);
    while (nn_help_topic(count)) count++;
    NN_TRY(NN_ALLOCATE(&names, count, "the topics of help"));
    for (size_t i = 0; i < count; i++) names[i] = nn_help_topic(i);
    near = nn_nearest(topic, names, count);
    nn_free(names);
    if (near)
        NN_FAIL(NN_ERROR_USAGE, "help: there is no topic '%s'; did you mean `nntrain help %s`?", topic, near);
    NN_FAIL(NN_ERROR_USAGE, "help: there is no topic '%s'; `nntrain help` lists them", topic);
}

/* Parts of one topic are set apart by an empty line. */
static bool help_is(nn_text *text, const char *name, const char *topic)
{
    if (strcmp(name, topic) != 0) return false;
    if (text->length > 0) nn_text_append(text, "\n");
    return true;
}

static void help_append_topic(nn_text *text, const char *topic)
{
    nn_help_item item;
    if (help_is(text, HELP_CONFIG, topic)) nn_help_append_config(text);
    for (const nn_help_page *page = nn_help_pages; page->topic; page++)
        if (help_is(text, page->topic, topic)) nn_help_append_page(text, page);
    for (const nn_command *const *command = nn_commands(); *command; command++)
        if (help_is(text, (*command)->name, topic)) {
            help_append_command(text, *command);
            if ((*command)->about) nn_text_append(text, "\n%s\n", (*command)->about);
        }
    for (const nn_help_family *family = nn_help_families; family->topic; family++) {
        if (help_is(text, family->topic, topic)) nn_help_append_family(text, family);
        for (size_t i = 0; family->item(i, &item); i++)
            if (help_is(text, item.name, topic)) nn_help_append_item(text, family, &item);
    }
}

nn_status nn_help_append(nn_text *text, const char *topic)
{
    size_t before = text->length;
    if (!topic)
        help_append_overview(text);
    else
        help_append_topic(text, topic);
    if (text->failed) return NN_ERROR_MEMORY;
    return text->length > before ? NN_OK : help_unknown(topic);
}

nn_status nn_help_append_folded(nn_text *text, const char *topic, int columns)
{
    nn_text raw = {0};
    nn_status status = nn_help_append(&raw, topic);
    if (status == NN_OK) nn_wrap(text, raw.bytes, columns, 0);
    if (text->failed) status = NN_ERROR_MEMORY;
    nn_text_free(&raw);
    return status;
}

static const nn_command_option help_options[] = {{NULL, NULL, NULL}};

static nn_status help_run(const nn_arguments *arguments)
{
    if (arguments->operand_count > 1)
        NN_FAIL(NN_ERROR_USAGE, "help: one topic at a time: nntrain help TOPIC");
    nn_text text = {0};
    int columns = nn_terminal_columns(STDOUT_FILENO);
    if (columns == 0 || columns > NN_HELP_COLUMNS) columns = NN_HELP_COLUMNS;
    nn_status status = nn_help_append_folded(&text, arguments->operands[0], columns);
    if (status == NN_OK) fputs(text.bytes, stdout);
    nn_text_free(&text);
    return status;
}

const nn_command nn_command_help = {
    .name = "help",
    .operands = "[TOPIC]",
    .summary = "describes commands, keys of the configuration, and every plug-in",
    .options = help_options,
    .run = help_run,
};
