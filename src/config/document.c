/* From libyaml's document to the tree. Aliases are expanded, so that an override changes one place only. */
#include <assert.h>
#include <string.h>
#include <yaml.h>

#include "config/config_internal.h"

typedef struct document_builder {
    nn_config *config;
    const nn_config_source *source;
    yaml_document_t *document;
} document_builder;

typedef nn_status document_converter(document_builder *builder, const yaml_node_t *from, size_t depth,
                                     nn_config_node *node);

static nn_config_position document_position(const nn_config_source *source, size_t line, size_t column)
{
    if (!source->has_lines) return (nn_config_position){.source = source};
    return (nn_config_position){.source = source, .line = line, .column = column};
}

static nn_config_position document_mark(const nn_config_source *source, yaml_mark_t mark)
{
    return document_position(source, mark.line + 1, mark.column + 1);
}

/* Collects a problem at a position that has no node yet. */
static nn_status document_wrong(nn_config *config, nn_config_position position, const char *text)
{
    nn_config_error(config, &(nn_config_node){.config = config, .position = position}, "%s", text);
    return NN_ERROR_USAGE;
}

static nn_status document_too_many(nn_config *config, nn_config_position position, const char *what, int most)
{
    nn_config_node place = {.config = config, .position = position};
    nn_config_error(config, &place, "too many %s: at most %d", what, most);
    return NN_ERROR_USAGE;
}

/* ---- errors from libyaml ---- */

/* The line (numbered from 0) and everything after it. */
static const char *document_line(const char *bytes, size_t length, size_t line)
{
    const char *at = bytes, *end = bytes + length;
    for (; line > 0 && at < end; at++)
        if (*at == '\n') line--;
    return at;
}

static bool document_line_has_variable(const char *bytes, size_t length, size_t line)
{
    const char *at = document_line(bytes, length, line);
    for (; at + 1 < bytes + length && *at != '\n'; at++)
        if (at[0] == '$' && at[1] == '{') return true;
    return false;
}

/* The usual cause of this libyaml error. */
static const char *document_hint(const yaml_parser_t *parser, const char *bytes, size_t length)
{
    static const struct {
        const char *fragment, *hint;
    } hints[] = {
        {"found undefined alias", "; a text that begins with * must be quoted"},
        {"while scanning an alias", "; a text that begins with * must be quoted"},
        {"while scanning an anchor", "; a text that begins with & must be quoted"},
        {"mapping values are not allowed", "; check the indentation, and quote a text that contains ': '"},
        {"cannot start any token", "; a text that begins with this character must be quoted"},
        {"could not find expected ':'", "; each line of a mapping is 'key: value'"},
    };
    const char *problem = parser->problem == NULL ? "" : parser->problem;
    const char *context = parser->context == NULL ? "" : parser->context;
    if (strstr(context, "flow") != NULL &&
        document_line_has_variable(bytes, length, parser->problem_mark.line))
        return "; a text with ${...} inside [ ] or { } must be quoted";
    for (size_t i = 0; i < sizeof hints / sizeof hints[0]; i++)
        if (strstr(problem, hints[i].fragment) != NULL || strstr(context, hints[i].fragment) != NULL)
            return hints[i].hint;
    return "";
}

/* Whether the line (numbered from 0) is indented with a tab. */
static bool document_tab_indents(const char *bytes, size_t length, size_t line)
{
    const char *at = document_line(bytes, length, line), *end = bytes + length;
    for (; at < end && (*at == ' ' || *at == '\t'); at++)
        if (*at == '\t') return true;
    return false;
}

/* libyaml gives only an offset for bytes that are not text. */
static nn_status document_not_text(nn_config *config, const nn_config_source *source, const char *bytes,
                                   size_t length, const yaml_parser_t *parser)
{
    size_t line = 1, column = 1, end = parser->problem_offset < length ? parser->problem_offset : length;
    for (size_t i = 0; i < end; i++) {
        bool follows = ((unsigned char)bytes[i] & 0xc0) == 0x80;
        column = bytes[i] == '\n' ? 1 : column + !follows;
        line += bytes[i] == '\n';
    }
    nn_config_node place = {.config = config, .position = document_position(source, line, column)};
    nn_config_error(config, &place, "this is not UTF-8 text (%s: 0x%02x); is it a YAML file?",
                    parser->problem, (unsigned)parser->problem_value);
    return NN_ERROR_USAGE;
}

static nn_status document_refused(nn_config *config, const nn_config_source *source, const char *bytes,
                                  size_t length, const yaml_parser_t *parser)
{
    if (parser->error == YAML_MEMORY_ERROR)
        NN_FAIL(NN_ERROR_MEMORY, "out of memory for parsing %s", source->name);
    if (parser->error == YAML_READER_ERROR) return document_not_text(config, source, bytes, length, parser);
    nn_config_position position = document_mark(source, parser->problem_mark);
    if (document_tab_indents(bytes, length, parser->problem_mark.line))
        return document_wrong(config, position, "this line is indented with a tab; use spaces");
    nn_config_node place = {.config = config, .position = position};
    const char *problem = parser->problem == NULL ? "unknown problem" : parser->problem;
    const char *hint = document_hint(parser, bytes, length);
    if (parser->context == NULL)
        nn_config_error(config, &place, "not valid YAML: %s%s", problem, hint);
    else
        nn_config_error(config, &place, "not valid YAML: %s (%s from line %zu)%s", problem, parser->context,
                        parser->context_mark.line + 1, hint);
    return NN_ERROR_USAGE;
}

/* ---- nodes ---- */

static document_converter document_scalar, document_list, document_mapping;

static nn_status document_convert(document_builder *builder, int index, size_t depth, nn_config_node **node)
{
    static const struct {
        nn_config_kind kind;
        document_converter *convert;
    } kinds[] = {
        /* in libyaml's order, from YAML_SCALAR_NODE */
        {NN_CONFIG_SCALAR, document_scalar},
        {NN_CONFIG_LIST, document_list},
        {NN_CONFIG_MAPPING, document_mapping},
    };
    nn_config *config = builder->config;
    const yaml_node_t *from = yaml_document_get_node(builder->document, index);
    nn_config_position position = document_mark(builder->source, from->start_mark);
    if (depth > NN_CONFIG_DEPTH_MAX)
        return document_too_many(config, position, "levels of nesting", NN_CONFIG_DEPTH_MAX);
    if (config->node_count >= config->nodes_max)
        return document_too_many(config, position, "values", NN_CONFIG_NODES_MAX);
    assert(from->type != YAML_NO_NODE);
    size_t kind = from->type - YAML_SCALAR_NODE;
    NN_TRY(nn_config_new_node(config, position, kinds[kind].kind, node));
    return kinds[kind].convert(builder, from, depth, *node);
}

static nn_status document_scalar(document_builder *builder, const yaml_node_t *from, size_t depth,
                                 nn_config_node *node)
{
    (void)depth;
    char *copy;
    const char *bytes = (const char *)from->data.scalar.value;
    NN_TRY(nn_config_copy(builder->config, bytes, from->data.scalar.length, &copy));
    node->quoted = from->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
    nn_config_set_text(node, copy);
    if (strlen(copy) != from->data.scalar.length) {
        nn_config_error(builder->config, node, "the text contains a NUL character; remove it");
        node->broken = true;
    }
    return NN_OK;
}

static nn_status document_list(document_builder *builder, const yaml_node_t *from, size_t depth,
                               nn_config_node *node)
{
    const yaml_node_item_t *item = from->data.sequence.items.start;
    for (; item < from->data.sequence.items.top; item++) {
        nn_config_node *value;
        NN_TRY(document_convert(builder, *item, depth + 1, &value));
        NN_TRY(nn_config_add_entry(node, NULL, value));
    }
    return NN_OK;
}

/* False when the entry cannot be kept; collected. */
static bool document_key_is_good(const nn_config_node *node, const nn_config_node *key)
{
    char shown[NN_CONFIG_SHOWN_SIZE];
    nn_config *config = node->config;
    if (key->kind != NN_CONFIG_SCALAR) {
        nn_config_error(config, key, "a key must be a word, not %s", nn_config_show_node(shown, key));
        return false;
    }
    if (key->broken) return false;
    if (nn_config_is_null(key)) {
        nn_config_error(config, key, "a value without a key; write 'key: value'");
        return false;
    }
    if (strlen(key->text) > config->key_max) {
        nn_config_error(config, key, "the key is longer than %zu bytes", config->key_max);
        return false;
    }
    const nn_config_entry *first = nn_config_find(node, key->text);
    if (first != NULL) {
        nn_config_error(config, key, "key '%s' is listed twice, first at %s; remove one of them",
                        nn_config_show(shown, key->text), nn_config_place(first->key));
        return false;
    }
    return true;
}

static nn_status document_mapping(document_builder *builder, const yaml_node_t *from, size_t depth,
                                  nn_config_node *node)
{
    const yaml_node_pair_t *pair = from->data.mapping.pairs.start;
    for (; pair < from->data.mapping.pairs.top; pair++) {
        nn_config_node *key, *value;
        NN_TRY(document_convert(builder, pair->key, depth + 1, &key));
        NN_TRY(document_convert(builder, pair->value, depth + 1, &value));
        if (document_key_is_good(node, key)) NN_TRY(nn_config_add_entry(node, key, value));
    }
    return NN_OK;
}

/* ---- the document ---- */

static bool document_has_mark(const char *bytes, size_t length)
{
    static const char *const marks[] = {"\xef\xbb\xbf", "\xfe\xff", "\xff\xfe"};
    for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++) {
        size_t size = strlen(marks[i]);
        if (length >= size && memcmp(bytes, marks[i], size) == 0) return true;
    }
    return false;
}

/* One document, and nothing after it. */
static nn_status document_check_end(nn_config *config, const nn_config_source *source, const char *bytes,
                                    size_t length, yaml_parser_t *parser)
{
    yaml_document_t second;
    if (!yaml_parser_load(parser, &second)) return document_refused(config, source, bytes, length, parser);
    bool empty = yaml_document_get_root_node(&second) == NULL;
    nn_config_position position = document_mark(source, second.start_mark);
    yaml_document_delete(&second);
    if (empty) return NN_OK;
    return document_wrong(config, position,
                          "a second document begins here ('---'); keep one document per file");
}

/* libyaml takes quadratic time for brackets that stay open: refuse an unreasonable number of them
 * beforehand. */
static bool document_opens_too_many(const char *bytes, size_t length)
{
    size_t open = 0, most = 16 * NN_CONFIG_DEPTH_MAX; /* some may be in texts */
    for (size_t i = 0; i < length && open <= most; i++) {
        if (bytes[i] == '[' || bytes[i] == '{') open++;
        if ((bytes[i] == ']' || bytes[i] == '}') && open > 0) open--;
    }
    return open > most;
}

nn_status nn_config_parse_document(nn_config *config, const nn_config_source *source, const char *bytes,
                                   size_t length, nn_config_node **root)
{
    if (document_has_mark(bytes, length))
        return document_wrong(config, document_position(source, 1, 1),
                              "the text begins with a byte order mark (BOM); save it as UTF-8 without one");
    if (document_opens_too_many(bytes, length))
        return document_too_many(config, document_position(source, 1, 1), "open brackets",
                                 NN_CONFIG_DEPTH_MAX);
    yaml_parser_t parser;
    yaml_document_t document;
    if (!yaml_parser_initialize(&parser))
        NN_FAIL(NN_ERROR_MEMORY, "out of memory for parsing %s", source->name);
    yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&parser, (const unsigned char *)bytes, length);
    nn_status status;
    if (!yaml_parser_load(&parser, &document)) {
        status = document_refused(config, source, bytes, length, &parser);
    } else {
        document_builder builder = {.config = config, .source = source, .document = &document};
        status = yaml_document_get_root_node(&document) != NULL
                     ? document_convert(&builder, 1, 1, root)
                     : nn_config_new_scalar(config, document_position(source, 1, 1), "", false, root);
        yaml_document_delete(&document);
        if (status == NN_OK) status = document_check_end(config, source, bytes, length, &parser);
    }
    yaml_parser_delete(&parser);
    return status;
}

nn_status nn_config_parse_own(nn_config *config, const nn_config_source *source, const char *text,
                              nn_config_node **root)
{
    size_t nodes = config->node_count;
    config->node_count = 0;
    nn_status status = nn_config_parse_document(config, source, text, strlen(text), root);
    config->node_count = nodes;
    return status;
}
