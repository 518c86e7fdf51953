/* Parts of a configuration that are written once and read several times, with `$name` where they differ. */
#include <string.h>

#include "config/config_internal.h"

/* Which names to replace, and where not to. */
typedef struct fill_task {
    nn_config *config;
    const nn_config_variable *variables;
    size_t count;
    const char *except; /* the value of this key is left unchanged; NULL: none */
} fill_task;

/* ---- `$name` ---- */

/* The length in bytes of the name at the start of the text. */
static size_t fill_name_length(const char *text)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_0123456789";
    return strchr("0123456789", text[0]) != NULL ? 0 : strspn(text, letters);
}

static const nn_config_variable *fill_find(const fill_task *task, const char *name, size_t length)
{
    for (size_t i = 0; i < task->count; i++)
        if (strncmp(task->variables[i].name, name, length) == 0 && task->variables[i].name[length] == '\0')
            return &task->variables[i];
    return NULL;
}

static nn_status fill_unknown(const fill_task *task, const nn_config_node *place, const char *name,
                              size_t length)
{
    void *names;
    char *copy;
    NN_TRY(nn_config_copy(task->config, name, length, &copy));
    NN_TRY(nn_config_allocate(task->config, (task->count + 1) * sizeof(char *), &names));
    for (size_t i = 0; i < task->count; i++) ((const char **)names)[i] = task->variables[i].name;
    if (task->count == 0)
        nn_config_error(task->config, place,
                        "'$%s' is not defined here: names come from the `with` of an enclosing repeat; "
                        "write $$ for a literal $",
                        copy);
    else
        nn_config_report_unknown(task->config, place, NULL, "name after $", copy, names, task->count);
    return NN_ERROR_USAGE;
}

static nn_status fill_no_text(const fill_task *task, const nn_config_node *place, const char *name,
                              size_t length)
{
    nn_config_error(task->config, place,
                    "'$%.*s' is a list or a mapping, which cannot be part of a longer text", (int)length,
                    name);
    return NN_ERROR_USAGE;
}

/* Appends the text with its names replaced. NN_ERROR_USAGE: collected. */
static nn_status fill_append(const fill_task *task, const nn_config_node *place, const char *at,
                             nn_text *text)
{
    nn_text_append(text, "%s", "");
    while (*at != '\0') {
        size_t plain = strcspn(at, "$"), length = at[plain] == '$' ? fill_name_length(at + plain + 1) : 0;
        const char *name = at + plain + 1;
        nn_text_append(text, "%.*s", (int)plain, at);
        at += plain;
        if (*at == '\0') break;
        if (length == 0) {
            nn_text_append(text, "$");
            at += at[1] == '$' ? 2 : 1;
            continue;
        }
        const nn_config_variable *variable = fill_find(task, name, length);
        if (variable == NULL) return fill_unknown(task, place, name, length);
        if (variable->value->kind != NN_CONFIG_SCALAR) return fill_no_text(task, place, name, length);
        nn_text_append(text, "%s", variable->value->text);
        at = name + length;
    }
    return NN_OK;
}

/* ---- copies ---- */

/* The variable if it is the entire text, otherwise NULL. */
static const nn_config_variable *fill_whole(const fill_task *task, const nn_config_node *from)
{
    if (from->text[0] != '$') return NULL;
    size_t length = fill_name_length(from->text + 1);
    return length > 0 && from->text[length + 1] == '\0' ? fill_find(task, from->text + 1, length) : NULL;
}

static nn_status fill_scalar(const fill_task *task, const nn_config_node *from, nn_config_node *copy)
{
    const nn_config_variable *whole = fill_whole(task, from);
    if (whole != NULL) {
        nn_config_position position = copy->position;
        *copy = *whole->value;
        copy->position = position;
        return NN_OK;
    }
    copy->text = from->text;
    if (from->broken || strchr(from->text, '$') == NULL) return NN_OK;
    nn_text text = {0};
    char *filled = NULL;
    nn_status status = fill_append(task, copy, from->text, &text);
    copy->broken = status == NN_ERROR_USAGE;
    if (copy->broken) status = NN_OK;
    if (text.failed)
        status = nn_fail(NN_ERROR_MEMORY, "out of memory for the text at %s", nn_config_place(from));
    if (status == NN_OK) status = nn_config_copy(task->config, text.bytes, text.length, &filled);
    if (status == NN_OK) nn_config_set_text(copy, filled);
    nn_text_free(&text);
    return status;
}

static nn_status fill_copy(const fill_task *task, const nn_config_node *from, nn_config_node **copy)
{
    NN_TRY(nn_config_new_node(task->config, from->position, from->kind, copy));
    (*copy)->quoted = from->quoted;
    (*copy)->broken = from->broken;
    if (from->kind == NN_CONFIG_SCALAR) return fill_scalar(task, from, *copy);
    for (size_t i = 0; i < from->count; i++) {
        nn_config_node *key = NULL, *value;
        if (from->entries[i].key != NULL) {
            NN_TRY(nn_config_new_node(task->config, from->position, NN_CONFIG_SCALAR, &key));
            *key = *from->entries[i].key;
        }
        if (key != NULL && task->except != NULL && strcmp(key->text, task->except) == 0)
            value = from->entries[i].value;
        else
            NN_TRY(fill_copy(task, from->entries[i].value, &value));
        NN_TRY(nn_config_add_entry(*copy, key, value));
    }
    return NN_OK;
}

nn_config_node *nn_config_fill(nn_config *config, const nn_config_node *node,
                               const nn_config_variable *variables, size_t count, const char *except)
{
    fill_task task = {.config = config, .variables = variables, .count = count, .except = except};
    nn_config_node *copy = NULL;
    nn_status status = fill_copy(&task, node, &copy);
    if (status == NN_OK) return copy;
    nn_config_keep_failure(config, status);
    return NULL;
}

/* ---- texts generated by the program ---- */

static void fill_place(nn_config_node *node, nn_config_position position)
{
    node->position = position;
    for (size_t i = 0; i < node->count; i++) {
        if (node->entries[i].key != NULL) node->entries[i].key->position = position;
        fill_place(node->entries[i].value, position);
    }
}

nn_config_node *nn_config_insert(nn_config *config, const nn_config_node *place, const char *text)
{
    nn_config_position position = place == NULL ? config->root->position : place->position;
    nn_config_node *node = NULL;
    nn_status status = nn_config_parse_own(config, position.source, text, &node);
    if (status == NN_OK)
        fill_place(node, position);
    else if (status != NN_ERROR_USAGE)
        nn_config_keep_failure(config, status);
    return status == NN_OK ? node : NULL;
}
