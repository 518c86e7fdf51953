/* JSON that a program wrote, as a tree: JSON is YAML, so libyaml reads it. */
#include "config/config_internal.h"

/* libyaml refuses keys above 1024 bytes. */
enum { JSON_KEY_MAX = 1000 };

nn_status nn_config_parse_json(const char *text, size_t length, const char *name, nn_config **config)
{
    nn_config *made;
    const nn_config_source *source;
    *config = NULL;
    NN_TRY(nn_config_create(&made));
    made->nodes_max = SIZE_MAX;
    made->key_max = JSON_KEY_MAX;
    nn_status status = nn_config_add_source(made, name, true, &source);
    if (status == NN_OK) {
        made->main_source = source;
        status = nn_config_parse_document(made, source, text, length, &made->root);
    }
    if (status != NN_ERROR_MEMORY && (status != NN_OK || nn_config_problem_count(made) > 0))
        status = nn_config_report(made, NN_ERROR_USAGE);
    if (status == NN_OK)
        *config = made;
    else
        nn_config_destroy(made);
    return status;
}
