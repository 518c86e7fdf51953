/* Unique names for layers in blocks that are repeated. */
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "model/spec.h"

const char *nn_spec_last(const nn_spec_reader *reader)
{
    const nn_network_spec *network = reader->network;
    return network->count > 0 ? network->layers[network->count - 1].name : "input";
}

nn_status nn_spec_make_name(const nn_spec_reader *reader, const char *written, bool numbered,
                            const char *type, size_t number, char **name)
{
    const nn_spec_block *block = reader->block;
    nn_text text = {0};
    if (block->closes)
        nn_text_append(&text, "%s", block->name);
    else if (written)
        nn_text_append(&text, "%s%s%s", block->prefix, written, numbered ? "" : block->suffix);
    else
        nn_text_append(&text, "%s%zu", type, number);
    nn_status status = text.failed ? nn_fail(NN_ERROR_MEMORY, "out of memory for the name of a layer")
                                   : nn_copy_text(text.bytes, name);
    nn_text_free(&text);
    return status;
}

nn_status nn_spec_note_name(nn_spec_reader *reader, const char *written, const char *unique)
{
    void *grown = reader->names;
    nn_spec_name name = {0};
    NN_TRY(nn_reallocate(&grown, reader->name_count, reader->name_count + 1, sizeof name, "names of layers"));
    reader->names = grown;
    NN_TRY(nn_copy_text(written, &name.written));
    nn_status status = nn_copy_text(unique, &name.unique);
    if (status == NN_OK)
        reader->names[reader->name_count++] = name;
    else
        nn_free(name.written);
    return status;
}

void nn_spec_forget_names(nn_spec_reader *reader, size_t count)
{
    while (reader->name_count > count) {
        nn_spec_name *name = &reader->names[--reader->name_count];
        nn_free(name->written);
        nn_free(name->unique);
    }
}

/* The unique name of a written one; NULL if no layer in the blocks being read has it. */
static const char *names_find(const nn_spec_reader *reader, const char *written)
{
    const char *found = NULL;
    for (size_t i = 0; i < reader->name_count; i++)
        if (strcmp(reader->names[i].written, written) == 0) found = reader->names[i].unique;
    return found;
}

static void names_replace(nn_spec_reader *reader, const char *with, char **name)
{
    char *copy = NULL;
    if (nn_copy_text(with, &copy) != NN_OK) {
        nn_config_error(reader->config, NULL, "%s", nn_error_text());
        return;
    }
    nn_free(*name);
    *name = copy;
}

void nn_spec_resolve(nn_spec_reader *reader, const nn_config_node *node, char **name)
{
    const char *unique = names_find(reader, *name);
    if (strcmp(*name, "previous") == 0)
        names_replace(reader, reader->block->previous, name);
    else if (strcmp(*name, "block_input") == 0 && reader->block->input)
        names_replace(reader, reader->block->input, name);
    else if (strcmp(*name, "block_input") == 0)
        nn_config_error(
            reader->config, node,
            "block_input is the layer that a repeat reads, but this is not inside a repeat; name the layer");
    else if (unique)
        names_replace(reader, unique, name);
}

void nn_spec_resolve_inputs(nn_spec_reader *reader, const nn_config_node *node, nn_text_list *inputs)
{
    for (size_t i = 0; i < inputs->count; i++) nn_spec_resolve(reader, node, &inputs->items[i]);
    const char *previous = reader->block->previous;
    if (inputs->count > 0 || strcmp(previous, nn_spec_last(reader)) == 0) return;
    nn_status status = NN_ALLOCATE(&inputs->items, 1, "the inputs of a layer");
    if (status == NN_OK) status = nn_copy_text(previous, &inputs->items[0]);
    if (status == NN_OK)
        inputs->count = 1;
    else
        nn_config_error(reader->config, node, "%s", nn_error_text());
}
