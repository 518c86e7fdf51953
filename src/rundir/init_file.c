#include "rundir/init_file.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/memory.h"
#include "model/flat_order.h"
#include "model/foreign.h"
#include "model/foreign_match.h"

enum { INIT_LISTED = 12 };

/* Names of one kind, of which the first are listed. */
typedef struct init_list {
    nn_text text;
    int64_t count;
} init_list;

/* Taking tensors out of a file. Everything but the lists is borrowed. */
typedef struct init_taking {
    const nn_init_options *options;
    const nn_foreign *foreign;
    const nn_model *model;
    nn_real *weights;
    int64_t tensors;
    init_list taken, excluded, missing, misfits, differing;
} init_taking;

static void init_list_begin(init_list *list)
{
    list->count++;
    nn_text_append(&list->text, "%s", list->count > 1 ? ", " : "");
}

/* Whether another entry is listed. */
static bool init_list_next(init_list *list)
{
    if (list->count >= INIT_LISTED) list->count++;
    if (list->count > INIT_LISTED) return false;
    init_list_begin(list);
    return true;
}

static void init_list_end(init_list *list)
{
    if (list->count > INIT_LISTED)
        nn_text_append(&list->text, " and %" PRId64 " more", list->count - INIT_LISTED);
}

/* ---- one tensor ---- */

static void init_note_missing(const nn_layer *layer, const nn_parameter *parameter,
                              const nn_foreign_match *match, init_list *list)
{
    if (!init_list_next(list)) return;
    nn_text_append(&list->text, "%s.%s (", layer->name, parameter->name);
    bool any = false;
    for (int term = 0; term < NN_RECIPE_TERMS; term++) {
        if (!match->wanted[term].bytes || match->tensors[term] >= 0) continue;
        nn_text_append(&list->text, "%s%s", any ? ", " : "there: ", match->wanted[term].bytes);
        any = true;
    }
    nn_text_append(&list->text, "%s)", any ? "" : "name the tensor itself in the map");
}

static void init_note_misfit(const init_taking *taking, const nn_foreign_match *match, int term,
                             const nn_layer *layer, const nn_parameter *parameter, init_list *list)
{
    const nn_foreign_tensor *tensor = &taking->foreign->tensors[match->tensors[term]];
    char ours[NN_SHAPE_TEXT], theirs[NN_SHAPE_TEXT], needed[NN_SHAPE_TEXT];
    if (!init_list_next(list)) return;
    nn_text_append(&list->text, "%s is %s, and %s.%s of %s needs %s there", tensor->name,
                   nn_shape_text(theirs, tensor->shape), layer->name, parameter->name,
                   nn_shape_text(ours, parameter->shape),
                   nn_shape_text(needed, nn_recipe_expect(&match->recipe, term, parameter->shape)));
}

/* Whether the tensor has a row for each value that the layer reads flattened: `inputs` of a dense layer. */
static bool init_reads_flat(const nn_layer *layer, const nn_parameter *parameter)
{
    if (layer->windows.dimensions > 0 || layer->input_count == 0) return false;
    return parameter->shape.extents[0] == nn_shape_count(layer->input_shapes[0]) &&
           (parameter->shape.dimensions == 2 || layer->input_shapes[0].dimensions == 1);
}

/* The order of the rows of a tensor, where the layer reads what was an image. */
static nn_status init_find_rows(const init_taking *taking, int l, const nn_parameter *parameter,
                                nn_recipe_rows *rows)
{
    const nn_layer *layer = &taking->model->network->layers[l];
    nn_shape image = {0};
    *rows = (nn_recipe_rows){0};
    if (!init_reads_flat(layer, parameter)) return NN_OK;
    nn_flat_order order = nn_flat_order_find(taking->model->network, l, &image);
    bool given = taking->options->order != NN_INIT_AUTO;
    if (order == NN_FLAT_SAME || taking->options->order == NN_INIT_CHANNELS_LAST) return NN_OK;
    if (!given && taking->foreign->format == NN_FOREIGN_KERAS) return NN_OK;
    if (order == NN_FLAT_UNKNOWN && !given)
        NN_FAIL(NN_ERROR_USAGE,
                "layer %s reads values that were flattened, and the file does not say in which order: set "
                "init_from.order: channels_first if the other program has the channels before the other "
                "axes (images of PyTorch), otherwise channels_last",
                layer->name);
    if (parameter->shape.dimensions < 2 || image.dimensions < 2)
        NN_FAIL(NN_ERROR_USAGE,
                "layer %s.%s has a value for each place of a flattened image, in another order there: "
                "convert it there, or exclude the layer",
                layer->name, parameter->name);
    rows->channels = image.extents[image.dimensions - 1];
    rows->positions = nn_shape_count(image) / rows->channels;
    return NN_OK;
}

static nn_status init_take_match(init_taking *taking, int l, const nn_parameter *parameter,
                                 const nn_foreign_match *match)
{
    const nn_network *network = taking->model->network;
    const nn_layer *layer = &network->layers[l];
    nn_recipe_rows rows;
    if (!match->complete) {
        init_note_missing(layer, parameter, match, &taking->missing);
        return NN_OK;
    }
    int misfit = nn_foreign_match_misfit(taking->foreign, match, parameter->shape);
    if (misfit >= 0) {
        init_note_misfit(taking, match, misfit, layer, parameter, &taking->misfits);
        return NN_OK;
    }
    NN_TRY(init_find_rows(taking, l, parameter, &rows));
    nn_real *to = nn_scalar_at(network->scalar, taking->weights, (size_t)(layer->offset + parameter->offset));
    NN_TRY(nn_foreign_match_take(taking->foreign, match, rows, parameter->shape, network->scalar, to));
    init_list_begin(&taking->taken);
    nn_text_append(&taking->taken.text, "%s.%s", layer->name, parameter->name);
    return NN_OK;
}

/* ---- what a file may say about a layer, and what it cannot ---- */

static const double *init_find_epsilon(const nn_layer *layer)
{
    for (const nn_option *option = layer->type->options; option && option->name; option++)
        if (strcmp(option->name, "epsilon") == 0)
            return (const double *)(const void *)((const char *)layer->options + option->offset);
    return NULL;
}

/* epsilon is not among the weights: from_pytorch.py adds it to the metadata; otherwise it may be the other
 * program's default. */
static void init_compare_epsilon(init_taking *taking, const nn_layer *layer, const nn_text *module)
{
    const double *ours = init_find_epsilon(layer);
    double usual = taking->foreign->format == NN_FOREIGN_KERAS ? 1e-3 : 1e-5;
    nn_text key = {0};
    if (!ours || !module->bytes) return;
    nn_text_append(&key, "%s.eps", module->bytes);
    const char *note = key.failed ? NULL : nn_foreign_note(taking->foreign, key.bytes);
    double theirs = note ? strtod(note, NULL) : usual;
    nn_text_free(&key);
    if (fabs(theirs - *ours) <= 1e-6 * theirs || !init_list_next(&taking->differing)) return;
    nn_text_append(&taking->differing.text, "%s has epsilon: %g, and there it is %g%s", layer->name, *ours,
                   theirs, note ? "" : " by default");
}

/* PyTorch pads both ends of an axis equally. */
static void init_compare_padding(init_taking *taking, const nn_layer *layer)
{
    const nn_layer_windows *windows = &layer->windows;
    if (taking->foreign->format != NN_FOREIGN_PYTORCH) return;
    for (int d = 0; d < windows->dimensions; d++) {
        if (windows->before[d] == windows->after[d]) continue;
        if (init_list_next(&taking->differing))
            nn_text_append(&taking->differing.text,
                           "%s pads %lld positions before and %lld after, and PyTorch the same number "
                           "(padding: %lld)",
                           layer->name, (long long)windows->before[d], (long long)windows->after[d],
                           (long long)windows->after[d]);
        return;
    }
}

/* ---- all of them ---- */

static nn_status init_take_layer(init_taking *taking, int l)
{
    const nn_layer *layer = &taking->model->network->layers[l];
    init_compare_padding(taking, layer);
    for (int p = 0; p < layer->parameter_count; p++) {
        const nn_parameter *parameter = &layer->parameters[p];
        taking->tensors++;
        if (nn_settings_init_excludes(taking->options, layer->name, parameter->name)) {
            init_list_begin(&taking->excluded);
            nn_text_append(&taking->excluded.text, "%s.%s", layer->name, parameter->name);
            continue;
        }
        nn_foreign_match match;
        nn_status status =
            nn_foreign_match_find(taking->foreign, &taking->options->map, layer, parameter, &match);
        if (status == NN_OK) status = init_take_match(taking, l, parameter, &match);
        if (status == NN_OK && p == 0) init_compare_epsilon(taking, layer, &match.module);
        nn_foreign_match_release(&match);
        NN_TRY(status);
    }
    return NN_OK;
}

/* Entries of the map and of exclude that name nothing. In the map, what has no . is for layers alone. */
static nn_status init_check_names(const nn_text_list *names, const char *key, bool layers_alone,
                                  const nn_network *network)
{
    for (size_t i = 0; i < names->count; i++) {
        bool found = false, layer_found = false;
        bool for_layers = layers_alone && !strchr(names->items[i], '.');
        for (int l = 0; l < network->layer_count && !found; l++) {
            const nn_layer *layer = &network->layers[l];
            found = layer_found = nn_name_matches(names->items[i], layer->name);
            for (int p = 0; p < layer->parameter_count && !found; p++) {
                nn_init_options one = {.exclude = {.items = &names->items[i], .count = 1}};
                found = nn_settings_init_excludes(&one, layer->name, layer->parameters[p].name);
            }
        }
        if (found && for_layers && !layer_found)
            NN_FAIL(NN_ERROR_USAGE,
                    "%s: '%s' matches tensors alone, but an entry without a . is for layers: write "
                    "LAYER.TENSOR, as "
                    "in '*.weight'",
                    key, names->items[i]);
        if (!found)
            NN_FAIL(NN_ERROR_USAGE,
                    "%s: there is no layer or tensor '%s'; the summary of the network lists the names of "
                    "layers, `nntrain help checkpoint-format` explains those of tensors",
                    key, names->items[i]);
    }
    return NN_OK;
}

static nn_status init_fail_missing(init_taking *taking)
{
    init_list unused = {0};
    init_list_end(&taking->missing);
    for (int64_t t = 0; t < taking->foreign->count; t++)
        if (!taking->foreign->tensors[t].used && init_list_next(&unused))
            nn_text_append(&unused.text, "%s", taking->foreign->tensors[t].name);
    init_list_end(&unused);
    nn_status status = nn_fail(
        NN_ERROR_USAGE,
        "%s does not have %" PRId64 " of the %" PRId64 " tensors of this network: %s; not used of the file: "
        "%s; say what they are called there with init_from.map: {LAYER: NAME}, or leave them to be "
        "initialised with init_from.exclude: [LAYER]",
        taking->foreign->path, taking->missing.count, taking->tensors,
        taking->missing.text.bytes ? taking->missing.text.bytes : "",
        unused.count > 0 && unused.text.bytes ? unused.text.bytes : "nothing");
    nn_text_free(&unused.text);
    return status;
}

static nn_status init_judge(init_taking *taking)
{
    if (taking->misfits.count > 0) {
        init_list_end(&taking->misfits);
        NN_FAIL(NN_ERROR_USAGE,
                "shapes in %s do not fit: %s; change the layers, or leave them to be initialised with "
                "init_from.exclude: [LAYER]",
                taking->foreign->path, taking->misfits.text.bytes ? taking->misfits.text.bytes : "");
    }
    if (taking->missing.count > 0) return init_fail_missing(taking);
    if (taking->taken.count == 0)
        NN_FAIL(NN_ERROR_USAGE, "nothing is taken from %s: every layer is excluded", taking->foreign->path);
    return NN_OK;
}

/* ---- the report ---- */

/* Counters of steps and states of random numbers are not weights. */
static bool init_is_weight(const nn_foreign_tensor *tensor)
{
    return tensor->readable && !strstr(tensor->name, "seed_generator");
}

static void init_log_list(const char *label, const init_list *list)
{
    if (list->count > 0 && list->text.bytes) nn_log_line("  %s: %s", label, list->text.bytes);
}

static void init_report(init_taking *taking)
{
    init_list unused = {0};
    nn_log_line("init_from %s: %" PRId64 " of %" PRId64 " tensors are taken", taking->foreign->path,
                taking->taken.count, taking->tensors);
    init_log_list("taken", &taking->taken);
    init_log_list("newly initialised, excluded", &taking->excluded);
    for (int64_t t = 0; t < taking->foreign->count; t++) {
        if (taking->foreign->tensors[t].used || !init_is_weight(&taking->foreign->tensors[t])) continue;
        if (init_list_next(&unused)) nn_text_append(&unused.text, "%s", taking->foreign->tensors[t].name);
    }
    init_list_end(&unused);
    init_log_list("not used of the file", &unused);
    nn_text_free(&unused.text);
    init_list_end(&taking->differing);
    if (taking->differing.count > 0 && taking->differing.text.bytes)
        nn_log_warning("the network may compute something else than the one of %s: %s", taking->foreign->path,
                       taking->differing.text.bytes);
}

static nn_status init_take_all(init_taking *taking)
{
    const nn_network *network = taking->model->network;
    NN_TRY(init_check_names(&taking->options->exclude, "exclude", false, network));
    NN_TRY(init_check_names(&taking->options->map.ours, "map", true, network));
    for (int l = 1; l < network->layer_count; l++)
        if (!network->layers[l].shares) NN_TRY(init_take_layer(taking, l));
    NN_TRY(init_judge(taking));
    init_report(taking);
    return NN_OK;
}

nn_status nn_init_file_take(const nn_init_options *options, const char *path, const nn_model *model,
                            nn_real *weights)
{
    nn_foreign *foreign;
    NN_TRY(nn_foreign_open(path, &foreign));
    init_taking taking = {.options = options, .foreign = foreign, .model = model, .weights = weights};
    nn_status status = init_take_all(&taking);
    nn_text_free(&taking.taken.text);
    nn_text_free(&taking.excluded.text);
    nn_text_free(&taking.missing.text);
    nn_text_free(&taking.misfits.text);
    nn_text_free(&taking.differing.text);
    nn_foreign_close(foreign);
    return status;
}
