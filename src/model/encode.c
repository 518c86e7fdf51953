#include "model/encode.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/list.h"
#include "base/memory.h"
#include "config/config.h"

/* Embeddings that are joined at once: with what was joined before, as many inputs as a layer may have. */
#define ENCODE_JOINED 15

/* The most values of all inputs together that a layer reads where some are encoded. */
#define ENCODE_PLACES 65536

/* The layers of one input, being made. */
typedef struct encode {
    nn_network_spec *made;       /* layers are appended to it */
    const nn_encoding *encoding; /* of the input */
    nn_shape shape;
    char last[256]; /* name of the layer that has everything so far */
    const char *name;
} encode;

bool nn_encode_takes(const nn_encoding *encoding, int64_t i, double value)
{
    if (encoding->places == 0) return !isnan(value);
    int64_t p = i % encoding->places;
    if (isnan(value)) return encoding->fills != NULL;
    if (!encoding->categories || encoding->categories[p] == 0) return true;
    double least = encoding->units[p] > 0 ? 0 : -1;
    return value >= least && value < (double)encoding->categories[p] && value == floor(value);
}

/* ---- one layer ---- */

/* Appends a layer of these options (YAML), which reads `inputs`. */
static nn_status encode_add(encode *of, const char *type, const char *options, const char *name,
                            const nn_text_list *inputs)
{
    nn_config *config = NULL;
    nn_layer_spec layer = {.type = nn_layer_find(of->made->scalar, type)};
    nn_status status = nn_config_parse(options, "the columns of the input", NULL, 0, &config);
    if (status == NN_OK)
        status = nn_allocate(&layer.options, layer.type->options_size, 1, "the options of a layer");
    if (status == NN_OK) {
        nn_config_read(config, nn_config_root(config), type, layer.type->options, NULL, NULL, layer.options);
        status = nn_config_finish(config);
    }
    if (status == NN_OK) status = nn_copy_text(name, &layer.name);
    if (status == NN_OK) status = nn_list_copy(inputs, &layer.inputs);
    nn_config_destroy(config);
    if (status == NN_OK) return nn_network_spec_add(of->made, layer);
    nn_network_spec_drop(&layer);
    return status;
}

/* The same for a layer that reads the layer `from` alone. */
static nn_status encode_add_after(encode *of, const char *from, const char *type, nn_text *options,
                                  const char *name)
{
    nn_text_list inputs = {0};
    nn_status status =
        options->failed ? nn_fail(NN_ERROR_MEMORY, "out of memory for the layers of an input") : NN_OK;
    if (status == NN_OK) status = nn_list_add(&inputs, from);
    if (status == NN_OK) status = encode_add(of, type, options->bytes, name, &inputs);
    nn_list_release(&inputs);
    nn_text_free(options);
    return status;
}

static void encode_name(const encode *of, const char *what, int64_t number, char name[256])
{
    if (number < 0)
        snprintf(name, 256, "%.200s_%s", of->name, what);
    else
        snprintf(name, 256, "%.200s_%s%lld", of->name, what, (long long)number);
}

/* ---- missing values ---- */

static nn_status encode_fill(encode *of)
{
    const nn_encoding *encoding = of->encoding;
    nn_text options = {0};
    char name[256];
    if (!encoding->fills) return NN_OK;
    nn_text_append(&options, "values: [");
    for (int64_t p = 0; p < encoding->places; p++)
        nn_text_append(&options, "%s%.17g", p > 0 ? ", " : "", encoding->fills[p]);
    nn_text_append(&options, "]\nindicator: %s\n", encoding->indicates ? "true" : "false");
    encode_name(of, "filled", -1, name);
    NN_TRY(encode_add_after(of, of->last, "fill_missing", &options, name));
    memcpy(of->last, name, sizeof name);
    return NN_OK;
}

/* ---- categories ---- */

static bool encode_is_embedded(const nn_encoding *encoding, int64_t p)
{
    return encoding->categories && encoding->categories[p] > 0 && encoding->units[p] > 0;
}

/* The columns but those with an embedding, and the indicators. */
static nn_status encode_one_hot(encode *of, bool *rest)
{
    const nn_encoding *encoding = of->encoding;
    bool indicates = encoding->fills && encoding->indicates;
    nn_text options = {0};
    char name[256];
    *rest = indicates;
    nn_text_append(&options, "categories: [");
    for (int64_t p = 0; p < encoding->places; p++) {
        bool embedded = encode_is_embedded(encoding, p);
        *rest |= !embedded;
        nn_text_append(&options, "%s%lld", p > 0 ? ", " : "",
                       embedded ? -1LL : (long long)encoding->categories[p]);
    }
    for (int64_t p = 0; indicates && p < encoding->places; p++) nn_text_append(&options, ", 0");
    nn_text_append(&options, "]\n");
    if (!*rest) {
        nn_text_free(&options);
        return NN_OK;
    }
    encode_name(of, "categories", -1, name);
    NN_TRY(encode_add_after(of, of->last, "one_hot", &options, name));
    memcpy(of->last, name, sizeof name);
    return NN_OK;
}

/* Looks one column up, and leaves its units along the last axis; its name is added to the list. */
static nn_status encode_embed(encode *of, const char *from, int64_t p, nn_text_list *joined)
{
    char column[256], embedded[256], name[256];
    nn_text options = {0};
    encode_name(of, "column", p, column);
    encode_name(of, "embedding", p, embedded);
    encode_name(of, "embedded", p, name);
    nn_text_append(&options, "axis: -1\nplaces: %lld\n", (long long)p);
    NN_TRY(encode_add_after(of, from, "slice", &options, column));
    nn_text_append(&options, "symbols: %lld\nunits: %lld\n", (long long)of->encoding->categories[p],
                   (long long)of->encoding->units[p]);
    NN_TRY(encode_add_after(of, column, "embedding", &options, embedded));
    nn_text_append(&options, "shape: [");
    for (int d = 0; d + 1 < of->shape.dimensions; d++)
        nn_text_append(&options, "%lld, ", (long long)of->shape.extents[d]);
    nn_text_append(&options, "%lld]\n", (long long)of->encoding->units[p]);
    NN_TRY(encode_add_after(of, embedded, "reshape", &options, name));
    return nn_list_add(joined, name);
}

/* Joins what is listed, if it is more than one, and lists the result in its place. */
static nn_status encode_join(encode *of, int64_t number, nn_text_list *joined)
{
    char name[256];
    if (joined->count < 2) return NN_OK;
    encode_name(of, "joined", number, name);
    NN_TRY(encode_add(of, "concat", "axis: -1", name, joined));
    nn_list_release(joined);
    return nn_list_add(joined, name);
}

/* from: the layer with the numbers of categories. */
static nn_status encode_embeddings(encode *of, const char *from, bool rest, nn_text_list *joined)
{
    const nn_encoding *encoding = of->encoding;
    if (rest) NN_TRY(nn_list_add(joined, of->last));
    for (int64_t p = 0; p < encoding->places; p++) {
        if (!encode_is_embedded(encoding, p)) continue;
        NN_TRY(encode_embed(of, from, p, joined));
        if (joined->count > ENCODE_JOINED) NN_TRY(encode_join(of, p, joined));
    }
    NN_TRY(encode_join(of, -1, joined));
    snprintf(of->last, sizeof of->last, "%.250s", joined->items[0]);
    return NN_OK;
}

static nn_status encode_categories(encode *of)
{
    const nn_encoding *encoding = of->encoding;
    bool rest, any = false;
    char from[256];
    if (!encoding->categories) return NN_OK;
    memcpy(from, of->last, sizeof from);
    NN_TRY(encode_one_hot(of, &rest));
    for (int64_t p = 0; p < encoding->places; p++) any |= encode_is_embedded(encoding, p);
    if (!any) return NN_OK;
    nn_text_list joined = {0};
    nn_status status = encode_embeddings(of, from, rest, &joined);
    nn_list_release(&joined);
    return status;
}

/* ---- one input ---- */

/* Makes the layers of an input or a part, and gives the name of the last one. */
static nn_status encode_input(nn_network_spec *made, const nn_field *field, const nn_encoding *encoding,
                              const char *name, char last[256])
{
    encode of = {.made = made, .encoding = encoding, .shape = field->shape, .name = name};
    snprintf(of.last, sizeof of.last, "%.250s", name);
    if (of.shape.dimensions == 0) of.shape = (nn_shape){1, {1}};
    NN_TRY(encode_fill(&of));
    NN_TRY(encode_categories(&of));
    memcpy(last, of.last, sizeof of.last);
    return NN_OK;
}

/* Writes the encoding of a part to its values among those of all inputs. */
static void encode_spread(const nn_field *part, int64_t begin, nn_encoding *joined)
{
    const nn_encoding *own = &part->encoding;
    for (int64_t i = 0; own->places > 0 && i < nn_shape_count(part->shape); i++) {
        int64_t p = i % own->places;
        if (own->categories) joined->categories[begin + i] = own->categories[p];
        if (own->units) joined->units[begin + i] = own->units[p];
        if (own->fills) joined->fills[begin + i] = own->fills[p];
    }
}

/* The encoding of all inputs as one list of values: for layers that read them together. */
static nn_status encode_join_parts(const nn_field *input, nn_encoding *joined)
{
    bool categories = false, fills = false;
    int64_t begin = 0;
    joined->places = nn_shape_count(input->shape);
    if (joined->places > ENCODE_PLACES)
        NN_FAIL(NN_ERROR_USAGE,
                "network: a layer reads all inputs as one list of %lld values, some of which are categories "
                "or may be missing; let it read each input by name, with `inputs`",
                (long long)joined->places);
    for (int p = 0; p < input->part_count; p++) {
        categories |= input->parts[p].encoding.categories != NULL;
        fills |= input->parts[p].encoding.fills != NULL;
        joined->indicates |= input->parts[p].encoding.indicates;
    }
    if (categories) NN_TRY(NN_ALLOCATE(&joined->categories, joined->places, "how columns are read"));
    if (categories) NN_TRY(NN_ALLOCATE(&joined->units, joined->places, "how columns are read"));
    if (fills) NN_TRY(NN_ALLOCATE(&joined->fills, joined->places, "how columns are read"));
    for (int p = 0; p < input->part_count; p++) {
        encode_spread(&input->parts[p], begin, joined);
        begin += nn_shape_count(input->parts[p].shape);
    }
    return NN_OK;
}

/* ---- all inputs ---- */

/* What the user's layers read in place of an input. */
typedef struct encode_change {
    const char *from;
    char to[256];
} encode_change;

/* Whether a layer of the user reads the input of this name. A first layer without inputs reads all of them.
 */
static bool encode_is_read(const nn_network_spec *spec, const char *name)
{
    bool read = strcmp(name, "input") == 0 && spec->count > 0 && spec->layers[0].inputs.count == 0;
    for (size_t l = 0; l < spec->count; l++) read |= nn_list_find(&spec->layers[l].inputs, name) >= 0;
    return read;
}

static nn_status encode_redirect(nn_network_spec *spec, const encode_change *changes, int count)
{
    for (size_t l = 0; l < spec->count; l++) {
        nn_text_list *inputs = &spec->layers[l].inputs;
        if (l == 0 && inputs->count == 0) NN_TRY(nn_list_add(inputs, "input"));
        for (size_t i = 0; i < inputs->count; i++)
            for (int c = 0; c < count; c++) {
                char *copy = NULL;
                if (strcmp(inputs->items[i], changes[c].from) != 0) continue;
                NN_TRY(nn_copy_text(changes[c].to, &copy));
                nn_free(inputs->items[i]);
                inputs->items[i] = copy;
                break;
            }
    }
    return NN_OK;
}

/* Makes the layers of the inputs that are read; changes has room for all parts and the whole. */
static nn_status encode_make(const nn_network_spec *spec, const nn_encoding *joined, nn_network_spec *made,
                             encode_change *changes, int *count)
{
    const nn_field *input = &spec->input;
    for (int p = -1; p < input->part_count; p++) {
        const nn_field *field = p < 0 ? input : &input->parts[p];
        const nn_encoding *encoding = p < 0 && input->part_count > 0 ? joined : &field->encoding;
        const char *name = p < 0 ? "input" : field->name;
        if (encoding->places == 0 || !encode_is_read(spec, name)) continue;
        changes[*count].from = name;
        NN_TRY(encode_input(made, field, encoding, name, changes[(*count)++].to));
    }
    return NN_OK;
}

/* Moves the user's layers after those made. */
static nn_status encode_append(nn_network_spec *made, nn_network_spec *spec)
{
    nn_status status = NN_OK;
    for (size_t l = 0; l < spec->count; l++) {
        nn_layer_spec layer = spec->layers[l];
        spec->layers[l] = (nn_layer_spec){.type = layer.type};
        if (status == NN_OK)
            status = nn_network_spec_add(made, layer);
        else
            nn_network_spec_drop(&layer);
    }
    nn_free(spec->layers);
    spec->layers = made->layers;
    spec->count = made->count;
    *made = (nn_network_spec){0};
    return status;
}

nn_status nn_encode_inputs(nn_network_spec *spec)
{
    const nn_field *input = &spec->input;
    bool any = input->encoding.places > 0;
    int count = 0;
    nn_network_spec made = {.scalar = spec->scalar};
    encode_change *changes = NULL;
    nn_encoding joined = {0};
    for (int p = 0; p < input->part_count; p++) any |= input->parts[p].encoding.places > 0;
    if (!any) return NN_OK;
    nn_status status = NN_ALLOCATE(&changes, input->part_count + 1, "the layers of an input");
    if (status == NN_OK && input->part_count > 0) status = encode_join_parts(input, &joined);
    if (status == NN_OK) status = encode_make(spec, &joined, &made, changes, &count);
    if (status == NN_OK) status = encode_redirect(spec, changes, count);
    if (status == NN_OK) status = encode_append(&made, spec);
    nn_network_spec_release(&made);
    nn_encoding_release(&joined);
    nn_free(changes);
    return status;
}
