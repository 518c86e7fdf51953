/* Writes the tree as YAML, in block style, in the order it was read. */
#include <assert.h>
#include <string.h>

#include "config/config_internal.h"

/* ---- scalars ---- */

/* Left unquoted only if no YAML reader can take it for anything else. */
static bool emit_is_plain(const char *text)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_/";
    static const char more[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_/0123456789.+-%";
    size_t length = strspn(text, more);
    if (length == 0 || text[length] != '\0') return false;
    bool is_number =
        strchr("+-.", text[0]) != NULL && text[1] != '\0' && strchr("0123456789", text[1]) != NULL;
    return is_number || strchr(letters, text[0]) != NULL || strchr("0123456789", text[0]) != NULL;
}

/* Durations and the like: words separated by single blanks. */
static bool emit_is_plain_words(const char *text)
{
    char word[NN_CONFIG_SHOWN_SIZE];
    for (;;) {
        size_t length = strcspn(text, " ");
        if (length == 0 || length >= sizeof word) return false;
        memcpy(word, text, length);
        word[length] = '\0';
        if (!emit_is_plain(word)) return false;
        if (text[length] == '\0') return true;
        text += length + 1;
    }
}

/* What YAML takes literally between double quotes, except line breaks and the byte order mark. */
static bool emit_is_printable(unsigned long code)
{
    if (code < 0x7f) return code >= 0x20;
    if (code == 0x2028 || code == 0x2029 || code == 0xfeff) return false;
    return code >= 0xa0 && code != 0xfffe && code != 0xffff;
}

/* Keys are read literally; in a value ${ is doubled to stay ${. */
static void emit_quoted(nn_text *out, const char *text, bool is_key)
{
    nn_text_append(out, "\"");
    while (*text != '\0') {
        unsigned long code;
        size_t size = nn_config_decode(text, &code);
        assert(size > 0); /* everything in the tree is UTF-8 */
        if (code == '"' || code == '\\')
            nn_text_append(out, "\\%c", (char)code);
        else if (!is_key && strncmp(text, "${", 2) == 0)
            nn_text_append(out, "$$");
        else if (emit_is_printable(code))
            nn_text_append(out, "%.*s", (int)size, text);
        else
            nn_text_append(out, code > 0xffff ? "\\U%08lx" : "\\u%04lx", code);
        text += size;
    }
    nn_text_append(out, "\"");
}

/* ---- nodes ---- */

static void emit_block(nn_text *out, const nn_config_node *node, int indent, bool indent_first);

static void emit_scalar(nn_text *out, const nn_config_node *node, bool is_key)
{
    nn_config_node plain = *node; /* the text as it would be read without quotes */
    plain.quoted = false;
    nn_config_set_text(&plain, node->text);
    if (nn_config_is_null(node))
        nn_text_append(out, "null");
    else if (!node->quoted && plain.text[0] != '\0' && emit_is_plain_words(node->text))
        nn_text_append(out, "%s", node->text);
    else
        emit_quoted(out, node->text, is_key);
}

/* A value that fits on the line of its key or dash; false for those that begin a block. */
static bool emit_short(nn_text *out, const nn_config_node *node)
{
    if (node->kind != NN_CONFIG_SCALAR && node->count > 0) return false;
    nn_text_append(out, " ");
    if (node->kind == NN_CONFIG_SCALAR)
        emit_scalar(out, node, false);
    else
        nn_text_append(out, node->kind == NN_CONFIG_LIST ? "[]" : "{}");
    nn_text_append(out, "\n");
    return true;
}

static void emit_list_entry(nn_text *out, const nn_config_entry *entry, int indent)
{
    nn_text_append(out, "-");
    if (emit_short(out, entry->value)) return;
    nn_text_append(out, " ");
    emit_block(out, entry->value, indent + 2, false);
}

static void emit_mapping_entry(nn_text *out, const nn_config_entry *entry, int indent)
{
    emit_scalar(out, entry->key, true);
    nn_text_append(out, ":");
    if (emit_short(out, entry->value)) return;
    nn_text_append(out, "\n");
    emit_block(out, entry->value, indent + 2, true);
}

/* indent_first: false for a block that begins on the line of its dash. */
static void emit_block(nn_text *out, const nn_config_node *node, int indent, bool indent_first)
{
    for (size_t i = 0; i < node->count; i++) {
        nn_text_append(out, "%*s", i > 0 || indent_first ? indent : 0, "");
        if (node->kind == NN_CONFIG_LIST)
            emit_list_entry(out, &node->entries[i], indent);
        else
            emit_mapping_entry(out, &node->entries[i], indent);
    }
}

void nn_config_emit(const nn_config *config, nn_text *text)
{
    if (config->root->count == 0) nn_text_append(text, "{}\n");
    emit_block(text, config->root, 0, true);
}

void nn_config_emit_flow(const nn_config_node *node, nn_text *text)
{
    bool list = node->kind == NN_CONFIG_LIST;
    if (node->kind == NN_CONFIG_SCALAR) {
        emit_scalar(text, node, false);
        return;
    }
    nn_text_append(text, list ? "[" : "{");
    for (size_t i = 0; i < node->count; i++) {
        if (i > 0) nn_text_append(text, ", ");
        if (!list) {
            emit_scalar(text, node->entries[i].key, true);
            nn_text_append(text, ": ");
        }
        nn_config_emit_flow(node->entries[i].value, text);
    }
    nn_text_append(text, list ? "]" : "}");
}
