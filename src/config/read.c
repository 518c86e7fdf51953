/* Reads sections (mappings, or their short forms) into structs through their option tables. */
#include <string.h>

#include "config/config_internal.h"

/* A section being read into a struct. */
typedef struct read_section {
    nn_config *config;
    nn_config_node *node; /* NULL: not given */
    const char *path;
    const nn_option *table;
    const nn_symbol *symbols;
    void *options;
    bool is_wrong; /* collected: options missing from it are not reported as well */
} read_section;

/* ---- what was read ---- */

static nn_status read_record(nn_config *config, const char *path, const char *value, nn_option_effect effect)
{
    char *path_copy, *value_copy;
    NN_TRY(nn_config_copy(config, path, strlen(path), &path_copy));
    NN_TRY(nn_config_copy(config, value, strlen(value), &value_copy));
    NN_TRY(nn_config_grow(config, &config->values, config->value_count, &config->value_capacity,
                          sizeof *config->values));
    config->values[config->value_count++] =
        (nn_config_value){.path = path_copy, .value = value_copy, .effect = effect};
    return NN_OK;
}

void nn_config_record(nn_config *config, const char *path, const char *value, nn_option_effect effect)
{
    nn_status status = read_record(config, path, value, effect);
    if (status != NN_OK) nn_config_keep_failure(config, status);
}

void nn_config_resolve(nn_config *config, const char *path, const char *value)
{
    for (size_t i = 0; i < config->value_count; i++) {
        char *copy;
        if (strcmp(config->values[i].path, path) != 0) continue;
        nn_status status = nn_config_copy(config, value, strlen(value), &copy);
        if (status == NN_OK)
            config->values[i].value = copy;
        else
            nn_config_keep_failure(config, status);
    }
}

size_t nn_config_values(const nn_config *config, const nn_config_value **values)
{
    *values = config->values;
    return config->value_count;
}

/* ---- options ---- */

/* The node that messages about the entire section point to. */
static const nn_config_node *read_place(const read_section *section)
{
    if (section->node == section->config->root) return NULL;
    return section->node != NULL ? section->node : nn_config_locate(section->config, section->path);
}

/* The node of an option, NULL when not given. The first option may also come in a short form: the section is
 * a scalar, or a list if the option is one, or an override has turned it into a mapping and kept it under the
 * empty key. */
static nn_config_node *read_find(const read_section *section, const nn_option *option)
{
    nn_config_node *node = section->node;
    if (node == NULL) return NULL;
    nn_config_node *given = nn_config_get(node, option->name);
    if (given != NULL || option != section->table) return given;
    if (node->kind != NN_CONFIG_MAPPING) return nn_config_is_null(node) ? NULL : node;
    if (strcmp(option->name, "name") == 0) return NULL; /* a layer's short form never gives its name */
    nn_config_entry *opened = nn_config_find(node, "");
    return opened == NULL ? NULL : opened->value;
}

/* Defaults of lists are written in YAML. */
static nn_status read_parse_default(const nn_config_reading *reading, nn_config_node **node)
{
    nn_config *config = reading->config;
    const char *text = reading->option->default_value;
    nn_option_kind kind = reading->option->kind;
    if (kind == NN_OPTION_TEXT_LIST || kind == NN_OPTION_INTEGER_LIST)
        return nn_config_parse_own(config, config->main_source, text, node);
    return nn_config_new_scalar(config, (nn_config_position){.source = config->main_source}, text, true,
                                node);
}

static void read_default(nn_config_reading *reading, void *options)
{
    const char *text = reading->option->default_value;
    if (text == NULL || text[0] == '\0') return;
    nn_config_node *node;
    reading->is_default = true;
    nn_status status = read_parse_default(reading, &node);
    if (status == NN_OK)
        (void)nn_config_read_value(reading, node, options);
    else
        nn_config_keep_failure(reading->config, status);
}

/* A key without a value: for an option that may be left out, this is the same as leaving it out. */
static bool read_is_absent(const nn_option *option, const nn_config_node *node)
{
    bool may_be = option->default_value != NULL && option->default_value[0] == '\0';
    return node == NULL || (may_be && nn_config_is_null(node));
}

/* False when the value cannot be used (collected). */
static bool read_given(nn_config_reading *reading, const nn_config_node *node, void *options)
{
    const nn_option *option = reading->option;
    if (node->broken) return false;
    if (!nn_config_is_null(node)) return nn_config_read_value(reading, node, options);
    if (option->default_value == NULL)
        nn_config_error(reading->config, node, "%s has no value: %s", reading->path, option->help);
    else
        nn_config_error(reading->config, node, "%s has no value; remove the key to get %s", reading->path,
                        option->default_value);
    return false;
}

static void read_record_option(const nn_config_reading *reading, bool is_given, const void *options)
{
    const nn_option *option = reading->option;
    bool not_given = !is_given && (option->default_value == NULL || option->default_value[0] == '\0');
    nn_text value = {0};
    nn_text_append(&value, "%s", "");
    if (!not_given) nn_config_show_value(option, options, &value);
    if (value.failed)
        nn_config_keep_failure(reading->config, NN_ERROR_MEMORY);
    else
        nn_config_record(reading->config, reading->path, value.bytes, option->effect);
    nn_text_free(&value);
}

static void read_option(const read_section *section, const nn_option *option, const char *path)
{
    const nn_config_node *node = read_find(section, option);
    if (option->kind == NN_OPTION_SECTION) return;
    nn_config_reading reading = {
        .config = section->config, .option = option, .symbols = section->symbols, .path = path};
    bool is_given = !read_is_absent(option, node);
    if (!is_given && option->default_value == NULL && !section->is_wrong)
        nn_config_error(section->config, read_place(section), "%s is missing: %s", path, option->help);
    nn_config_clear_value(option, section->options);
    if (!is_given || !read_given(&reading, node, section->options)) {
        nn_options_release((const nn_option[]){*option, {.name = NULL}}, section->options);
        read_default(&reading, section->options);
    }
    read_record_option(&reading, is_given, section->options);
}

static void read_options(const read_section *section)
{
    for (const nn_option *option = section->table; option->name != NULL; option++) {
        nn_text path = {0};
        nn_text_append(&path, "%s%s%s", section->path, section->path[0] == '\0' ? "" : ".", option->name);
        if (path.failed)
            nn_config_keep_failure(section->config, NN_ERROR_MEMORY);
        else
            read_option(section, option, path.bytes);
        nn_text_free(&path);
    }
}

/* ---- keys ---- */

static size_t read_count(const char *const *words)
{
    size_t count = 0;
    while (words != NULL && words[count] != NULL) count++;
    return count;
}

/* path: of a section read through a table; otherwise NULL. */
static void read_check_keys(nn_config *config, nn_config_node *node, const char *path, const char *what,
                            const char *const *names, size_t count)
{
    for (size_t i = 0; node != NULL && node->kind == NN_CONFIG_MAPPING && i < node->count; i++) {
        nn_config_node *key = node->entries[i].key;
        node->entries[i].known = true;
        if (key->broken) continue;                            /* reported by the reader of another table */
        bool is_known = path != NULL && key->text[0] == '\0'; /* the empty key of read_find */
        for (size_t j = 0; j < count && !is_known; j++) is_known = strcmp(names[j], key->text) == 0;
        if (!is_known) nn_config_report_unknown(config, key, path, what, key->text, names, count);
        key->broken = !is_known;
    }
}

void nn_config_check_keys(nn_config *config, nn_config_node *node, const char *const *known)
{
    read_check_keys(config, node, NULL, "key", known, read_count(known));
}

/* Collects the keys that neither the table nor the caller has. */
static void read_check_options(const read_section *section, const char *const *extra)
{
    size_t count = 0, extra_count = read_count(extra);
    while (section->table[count].name != NULL) count++;
    void *block;
    nn_status status =
        nn_config_allocate(section->config, (count + extra_count + 1) * sizeof(char *), &block);
    if (status != NN_OK) {
        nn_config_keep_failure(section->config, status);
        return;
    }
    const char **names = block;
    for (size_t i = 0; i < count; i++) names[i] = section->table[i].name;
    for (size_t i = 0; i < extra_count; i++) names[count + i] = extra[i];
    read_check_keys(section->config, section->node, section->path, "option", names, count + extra_count);
}

/* ---- sections ---- */

/* Whether the node can be read as options; if not, collects the problem. */
static bool read_form_is_good(const read_section *section)
{
    const nn_config_node *node = section->node;
    if (node == NULL || node->kind == NN_CONFIG_MAPPING || node->broken || nn_config_is_null(node))
        return true;
    const nn_option *first = section->table;
    if (node->kind == NN_CONFIG_SCALAR && first->name != NULL && first->kind != NN_OPTION_SECTION)
        return true;
    if (node->kind == NN_CONFIG_LIST && first->name != NULL &&
        (first->kind == NN_OPTION_TEXT_LIST || first->kind == NN_OPTION_INTEGER_LIST))
        return true;
    char shown[NN_CONFIG_SHOWN_SIZE];
    const char *path = section->path;
    nn_config_show_node(shown, node);
    if (first->name == NULL)
        nn_config_error(section->config, node, "%s takes no options, but %s is given", path, shown);
    else
        nn_config_error(section->config, node, "%s: expected options (key: value), not %s", path, shown);
    return false;
}

void nn_config_read(nn_config *config, nn_config_node *node, const char *path, const nn_option *table,
                    const nn_symbol *symbols, const char *const *extra, void *options)
{
    read_section section = {.config = config,
                            .node = node,
                            .path = path == NULL ? "" : path,
                            .table = table,
                            .symbols = symbols,
                            .options = options};
    section.is_wrong = !read_form_is_good(&section) || (node != NULL && node->broken);
    if (section.is_wrong) section.node = NULL;
    read_options(&section);
    read_check_options(&section, extra);
}

/* ---- choices ---- */

/* "'adam' (train.yaml:5:12), 'sgd' (base.yaml:3:3)" */
static void read_too_many(nn_config *config, const nn_config_node *node)
{
    char shown[NN_CONFIG_SHOWN_SIZE];
    nn_text text = {0};
    nn_text_append(&text, "expected one name with its options, not %zu: ", node->count);
    for (size_t i = 0; i < node->count; i++) {
        const nn_config_node *key = node->entries[i].key;
        const nn_config_node *word = key->text[0] == '\0' ? node->entries[i].value : key;
        const char *name = word->kind == NN_CONFIG_SCALAR ? word->text : "";
        nn_text_append(&text, "%s'%s' (%s)", i == 0 ? "" : ", ", nn_config_show(shown, name),
                       nn_config_place(key));
    }
    if (text.failed)
        nn_config_keep_failure(config, NN_ERROR_MEMORY);
    else
        nn_config_error(config, node, "%s", text.bytes);
    nn_text_free(&text);
}

const char *nn_config_read_choice(nn_config *config, nn_config_node *node, nn_config_node **options)
{
    *options = NULL;
    if (node != NULL && node->broken) return NULL;
    if (node != NULL && node->kind == NN_CONFIG_SCALAR && node->text[0] != '\0') return node->text;
    if (node != NULL && node->kind == NN_CONFIG_MAPPING && node->count == 1) {
        nn_config_node *value = node->entries[0].value;
        if (!nn_config_is_null(value)) *options = value;
        return nn_config_key(node, 0);
    }
    if (node != NULL && node->kind == NN_CONFIG_MAPPING && node->count > 1) {
        read_too_many(config, node);
        return NULL;
    }
    char shown[NN_CONFIG_SHOWN_SIZE];
    nn_config_error(config, node, "expected a name, or one name with its options (name: {...}), not %s",
                    node == NULL ? "nothing" : nn_config_show_node(shown, node));
    return NULL;
}
