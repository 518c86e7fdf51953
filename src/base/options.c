#include "base/options.h"

#include "base/memory.h"

const char *const nn_units_of_validations[] = {"validations", "epochs", NULL};
const char *const nn_units_of_intervals[] = {"steps", "epochs", NULL};
const char *const nn_units_of_steps[] = {"epochs", "steps", "%", NULL};

static void options_release_text(char **text)
{
    nn_free(*text);
    *text = NULL;
}

static void options_release_list(nn_text_list *list)
{
    for (size_t i = 0; i < list->count; i++) nn_free(list->items[i]);
    nn_free(list->items);
    *list = (nn_text_list){.items = NULL, .count = 0};
}

void nn_options_release(const nn_option *table, void *options)
{
    for (const nn_option *option = table; option->name; option++) {
        void *field = (char *)options + option->offset;
        if (option->kind == NN_OPTION_TEXT) options_release_text(field);
        if (option->kind == NN_OPTION_TEXT_LIST) options_release_list(field);
    }
}
