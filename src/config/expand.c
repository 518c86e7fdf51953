/* ${VAR} in scalars. */
#include <stdlib.h>
#include <string.h>

#include "config/config_internal.h"

static bool expand_is_name(const char *name, size_t length)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_0123456789";
    return length > 0 && strspn(name, letters) >= length && strchr("0123456789", name[0]) == NULL;
}

/* Appends the value of the variable whose ${ is at `at`; returns the byte after its }, NULL when wrong. */
static const char *expand_variable(nn_config_node *scalar, const char *at, nn_text *text)
{
    char shown[NN_CONFIG_SHOWN_SIZE];
    const char *name = at + 2, *end = strchr(name, '}');
    if (end == NULL) {
        nn_config_error(scalar->config, scalar, "'${' without '}'; write $${ for a literal ${");
        return NULL;
    }
    char *copy;
    nn_status status = nn_config_copy(scalar->config, name, (size_t)(end - name), &copy);
    if (status != NN_OK) {
        nn_config_keep_failure(scalar->config, status);
        return NULL;
    }
    const char *value = NULL;
    const char *wrong = NULL;
    if (!expand_is_name(copy, strlen(copy)))
        wrong = "is not a valid name of an environment variable";
    else if ((value = getenv(copy)) == NULL)
        wrong = "is not set in the environment";
    else if (!nn_config_is_utf8(value)) /* what is emitted must parse again */
        wrong = "has a value that is not UTF-8";
    if (wrong != NULL) {
        nn_config_error(scalar->config, scalar, "${%s} %s; write $${ for a literal ${",
                        nn_config_show(shown, copy), wrong);
        return NULL;
    }
    nn_text_append(text, "%s", value);
    return end + 1;
}

static nn_status expand_scalar(nn_config_node *scalar)
{
    if (scalar->broken || strstr(scalar->text, "${") == NULL) return NN_OK;
    nn_text text = {0};
    const char *at = scalar->text;
    nn_text_append(&text, "%s", "");
    while (at != NULL && *at != '\0') {
        if (strncmp(at, "$${", 3) == 0) {
            nn_text_append(&text, "${");
            at += 3;
        } else if (strncmp(at, "${", 2) == 0) {
            at = expand_variable(scalar, at, &text);
        } else {
            size_t plain = strcspn(at + 1, "$") + 1;
            nn_text_append(&text, "%.*s", (int)plain, at);
            at += plain;
        }
    }
    nn_status status = NN_OK;
    char *copy = NULL;
    scalar->broken = at == NULL;
    if (text.failed)
        status = nn_fail(NN_ERROR_MEMORY, "out of memory for the text at %s", nn_config_place(scalar));
    else if (!scalar->broken)
        status = nn_config_copy(scalar->config, text.bytes, text.length, &copy);
    if (copy != NULL) nn_config_set_text(scalar, copy);
    nn_text_free(&text);
    return status;
}

nn_status nn_config_expand(nn_config_node *node)
{
    if (node->kind == NN_CONFIG_SCALAR) return expand_scalar(node);
    for (size_t i = 0; i < node->count; i++) NN_TRY(nn_config_expand(node->entries[i].value));
    return NN_OK;
}
