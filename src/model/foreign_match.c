#include "model/foreign_match.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

static const char match_reverse[] = "_reverse";

/* ---- what the layer's table says ---- */

static bool match_is_reverse(const char *tensor)
{
    size_t length = strlen(tensor), ending = sizeof match_reverse - 1;
    return length > ending && strcmp(tensor + length - ending, match_reverse) == 0;
}

static const char *match_recipe(nn_foreign_format format, const nn_layer *layer, const char *tensor)
{
    size_t length = strlen(tensor) - (match_is_reverse(tensor) ? sizeof match_reverse - 1 : 0);
    for (const nn_tensor_axes *axes = layer->type->axes; axes && axes->name; axes++)
        if (strlen(axes->name) == length && strncmp(axes->name, tensor, length) == 0)
            return format == NN_FOREIGN_KERAS ? axes->keras : axes->pytorch;
    return NULL;
}

/* Where the number of a variable of Keras begins in a name such as "cell/vars/2"; NULL: nowhere. */
static char *match_number(char *name)
{
    char *vars = strstr(name, "vars/");
    return vars ? vars + sizeof "vars/" - 1 : NULL;
}

/* Keras numbers the variables that a layer has: without a scale, the shift is number 0. */
static void match_renumber(const nn_layer *layer, nn_recipe_term *term)
{
    char *at = match_number(term->name);
    unsigned seen = 0;
    if (!at) return;
    int number = atoi(at), before = 0;
    for (int p = 0; p < layer->parameter_count; p++) {
        const char *text = match_recipe(NN_FOREIGN_KERAS, layer, layer->parameters[p].name);
        nn_recipe other;
        if (!text) continue;
        nn_recipe_parse(text, &other);
        char *place = match_number(other.terms[0].name);
        if (place && atoi(place) < number) seen |= 1U << atoi(place);
    }
    for (; seen; seen &= seen - 1) before++;
    at[0] = (char)('0' + before);
}

static bool match_has_directions(const nn_layer *layer)
{
    for (int p = 0; p < layer->parameter_count; p++)
        if (match_is_reverse(layer->parameters[p].name)) return true;
    return false;
}

/* ---- names ---- */

/* Whether names are the same but for what separates their parts. */
static bool match_is_like(const char *a, const char *b)
{
    static const char separators[] = "._-/";
    for (; *a && *b; a++, b++)
        if (*a != *b && (!strchr(separators, *a) || !strchr(separators, *b))) return false;
    return !*a && !*b;
}

/* A tensor by a name that need not have its separators, if one alone has it; -1: none. */
static int64_t match_find_like(const nn_foreign *foreign, const char *name)
{
    int64_t found = nn_foreign_find(foreign, name);
    if (found >= 0) return found;
    for (int64_t t = 0; t < foreign->count; t++) {
        if (!match_is_like(foreign->tensors[t].name, name)) continue;
        if (found >= 0) return -1;
        found = t;
    }
    return found;
}

/* "MODULE_l1": the number of the layer of a module; -1: no such ending. */
static int match_level(const char *module, int *length)
{
    const char *at = strrchr(module, '_');
    if (!at || at[1] != 'l' || !at[2] || strspn(at + 2, "0123456789") != strlen(at + 2)) return -1;
    *length = (int)(at - module);
    return atoi(at + 2);
}

/* The name of a term's tensor: in layer `level` of a module of the name's first `length` bytes. */
static void match_name_pytorch(const char *module, int length, int level, bool reverse, const char *term,
                               nn_text *name)
{
    const char *layer = strstr(term, "_l0");
    nn_text_free(name);
    if (layer)
        nn_text_append(name, "%.*s.%.*s_l%d%s%s", length, module, (int)(layer - term), term, level, layer + 3,
                       reverse ? match_reverse : "");
    else
        nn_text_append(name, "%.*s.%s", length, module, term);
}

static int64_t match_find_pytorch(const nn_foreign *foreign, const nn_foreign_match *match, bool mapped,
                                  bool reverse, int term, nn_text *name)
{
    const char *module = match->module.bytes, *tensor = match->recipe.terms[term].name;
    int length = (int)strlen(module);
    match_name_pytorch(module, length, 0, reverse, tensor, name);
    if (name->failed) return -1;
    int64_t found = mapped ? nn_foreign_find(foreign, name->bytes) : match_find_like(foreign, name->bytes);
    int level = found < 0 && strstr(tensor, "_l0") ? match_level(module, &length) : -1;
    if (level < 0) return found;
    match_name_pytorch(module, length, level, reverse, tensor, name);
    if (name->failed) return -1;
    return mapped ? nn_foreign_find(foreign, name->bytes) : match_find_like(foreign, name->bytes);
}

static int64_t match_find_keras(const nn_foreign *foreign, const nn_foreign_match *match,
                                const nn_layer *layer, bool reverse, int term, nn_text *name)
{
    nn_recipe_term renumbered = match->recipe.terms[term];
    const char *direction = !match_has_directions(layer) ? ""
                            : reverse                    ? "backward_layer/"
                                                         : "forward_layer/";
    match_renumber(layer, &renumbered);
    nn_text_free(name);
    nn_text_append(name, "%s/%s%s", match->module.bytes, direction, renumbered.name);
    return name->failed ? -1 : match_find_like(foreign, name->bytes);
}

/* ---- finding ---- */

/* The map names the tensor itself: it takes the place of the first one of the recipe. */
static void match_find_tensor(const nn_foreign *foreign, const char *recipe, nn_foreign_match *match)
{
    nn_recipe_parse(recipe ? recipe : "tensor", &match->recipe);
    match->recipe.count = 1;
    match->recipe.joined = false;
    match->tensors[0] = nn_foreign_find(foreign, match->wanted[0].bytes);
    match->complete = match->tensors[0] >= 0;
}

static void match_find_module(const nn_foreign *foreign, const nn_layer *layer, const char *tensor,
                              bool mapped, nn_foreign_match *match)
{
    bool reverse = match_is_reverse(tensor);
    for (int term = 0; term < match->recipe.count; term++) {
        nn_text *name = &match->wanted[term];
        match->tensors[term] = foreign->format == NN_FOREIGN_KERAS
                                   ? match_find_keras(foreign, match, layer, reverse, term, name)
                                   : match_find_pytorch(foreign, match, mapped, reverse, term, name);
        match->complete &= match->tensors[term] >= 0;
    }
}

nn_status nn_foreign_match_find(const nn_foreign *foreign, const nn_name_map *map, const nn_layer *layer,
                                const nn_parameter *parameter, nn_foreign_match *match)
{
    const char *recipe = match_recipe(foreign->format, layer, parameter->name);
    nn_text ours = {0}, theirs = {0};
    *match = (nn_foreign_match){.tensors = {-1, -1, -1}};
    nn_text_append(&ours, "%s.%s", layer->name, parameter->name);
    if (ours.failed) NN_FAIL(NN_ERROR_MEMORY, "out of memory for the names of tensors");
    nn_name_entry entry = nn_name_map_find(map, layer->name, ours.bytes, &theirs);
    if (entry == NN_NAME_TENSOR) {
        match->wanted[0] = theirs;
        match_find_tensor(foreign, recipe, match);
    } else {
        bool mapped = entry == NN_NAME_LAYER;
        match->module = theirs;
        if (!mapped) nn_text_append(&match->module, "%s", layer->name);
        match->complete = recipe != NULL && !match->module.failed;
        if (recipe) nn_recipe_parse(recipe, &match->recipe);
        if (match->complete) match_find_module(foreign, layer, parameter->name, mapped, match);
    }
    nn_text_free(&ours);
    bool failed = match->module.failed;
    for (int term = 0; term < NN_RECIPE_TERMS; term++) failed |= match->wanted[term].failed;
    return failed ? nn_fail(NN_ERROR_MEMORY, "out of memory for the names of tensors") : NN_OK;
}

void nn_foreign_match_release(nn_foreign_match *match)
{
    nn_text_free(&match->module);
    for (int term = 0; term < NN_RECIPE_TERMS; term++) nn_text_free(&match->wanted[term]);
}

/* ---- taking ---- */

int nn_foreign_match_misfit(const nn_foreign *foreign, const nn_foreign_match *match, nn_shape ours)
{
    for (int term = 0; term < match->recipe.count; term++) {
        const nn_foreign_tensor *tensor = &foreign->tensors[match->tensors[term]];
        if (tensor->readable && !nn_recipe_fits(&match->recipe, term, ours, tensor->shape)) return term;
    }
    return -1;
}

static nn_status match_check_range(const nn_foreign *foreign, const nn_foreign_tensor *tensor, nn_shape ours,
                                   nn_scalar scalar, const nn_real *to)
{
    for (int64_t i = 0; i < nn_shape_count(ours); i++)
        if (!isfinite(nn_scalar_get(scalar, to, (size_t)i)))
            NN_FAIL(NN_ERROR_DATA,
                    "tensor %s of %s has values beyond the range of %s; set training.precision: float64, or "
                    "exclude the layer",
                    tensor->name, foreign->path, nn_scalar_name(scalar));
    return NN_OK;
}

nn_status nn_foreign_match_take(const nn_foreign *foreign, const nn_foreign_match *match, nn_recipe_rows rows,
                                nn_shape ours, nn_scalar scalar, nn_real *to)
{
    for (int term = 0; term < match->recipe.count; term++) {
        nn_foreign_tensor *tensor = &foreign->tensors[match->tensors[term]];
        double *values;
        NN_TRY(NN_ALLOCATE(&values, nn_shape_count(tensor->shape), "the values of a tensor"));
        nn_status status = nn_foreign_read(foreign, match->tensors[term], values);
        if (status == NN_OK) {
            nn_recipe_apply(&match->recipe, term, rows, ours, tensor->shape, values, scalar, to);
            tensor->used = true;
            status = match_check_range(foreign, tensor, ours, scalar, to);
        }
        nn_free(values);
        NN_TRY(status);
    }
    return NN_OK;
}
