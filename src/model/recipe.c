#include "model/recipe.h"

#include <assert.h>
#include <stdlib.h>

/* ---- the text ---- */

/* "[0 1 of 3]" */
static const char *recipe_parse_parts(const char *at, nn_recipe_term *term)
{
    char *end = NULL;
    for (at++; *at != 'o'; at = end + 1) term->parts[term->part_count++] = (int)strtol(at, &end, 10);
    term->of = (int)strtol(at + sizeof "of", &end, 10);
    return end + 1;
}

void nn_recipe_parse(const char *text, nn_recipe *recipe)
{
    *recipe = (nn_recipe){0};
    while (*text) {
        nn_recipe_term *term = &recipe->terms[recipe->count++];
        size_t length = strcspn(text, "'[ ");
        assert(recipe->count <= NN_RECIPE_TERMS && length < sizeof term->name);
        memcpy(term->name, text, length);
        text += length;
        term->turned = *text == '\'';
        text += term->turned;
        if (*text == '[') text = recipe_parse_parts(text, term);
        if (*text == ' ') {
            recipe->joined = text[1] == '|';
            text += 3;
        }
    }
}

/* ---- shapes ---- */

static int64_t recipe_last(nn_shape shape)
{
    return shape.dimensions > 0 ? shape.extents[shape.dimensions - 1] : 1;
}

/* Columns of one part of a term; of all of it if it has no parts. */
static int64_t recipe_part(const nn_recipe *recipe, int term, nn_shape ours)
{
    const nn_recipe_term *found = &recipe->terms[term], *first = &recipe->terms[0];
    int64_t columns = recipe_last(ours);
    if (found->part_count == 0) return recipe->joined ? columns / recipe->count : columns;
    return first->part_count > 0 ? columns / first->part_count : columns / found->of;
}

/* Their shape with its axes in our order. */
static nn_shape recipe_turned(const nn_recipe *recipe, int term, nn_shape ours)
{
    const nn_recipe_term *found = &recipe->terms[term];
    nn_shape shape = ours;
    if (shape.dimensions > 0)
        shape.extents[shape.dimensions - 1] =
            recipe_part(recipe, term, ours) * (found->part_count > 0 ? found->of : 1);
    return shape;
}

nn_shape nn_recipe_expect(const nn_recipe *recipe, int term, nn_shape ours)
{
    nn_shape turned = recipe_turned(recipe, term, ours), shape = turned;
    int last = turned.dimensions - 1;
    if (!recipe->terms[term].turned || last < 1) return shape;
    shape.extents[0] = turned.extents[last];
    shape.extents[1] = turned.extents[last - 1];
    for (int d = 2; d <= last; d++) shape.extents[d] = turned.extents[d - 2];
    return shape;
}

/* Whether extents of `finer` multiply to those of `coarser`, in order. */
static bool recipe_refines(nn_shape finer, nn_shape coarser)
{
    int f = 0;
    for (int c = 0; c < coarser.dimensions; c++) {
        int64_t product = 1;
        while (product < coarser.extents[c] && f < finer.dimensions && finer.extents[f] > 0 &&
               product <= coarser.extents[c] / finer.extents[f])
            product *= finer.extents[f++];
        if (product != coarser.extents[c]) return false;
    }
    while (f < finer.dimensions && finer.extents[f] == 1) f++;
    return f == finer.dimensions;
}

bool nn_recipe_fits(const nn_recipe *recipe, int term, nn_shape ours, nn_shape theirs)
{
    nn_shape expected = nn_recipe_expect(recipe, term, ours);
    if (nn_shape_equal(theirs, expected)) return true;
    if (recipe->terms[term].turned && theirs.dimensions < 2) return false;
    nn_shape turned = theirs;
    if (recipe->terms[term].turned) {
        for (int d = 2; d < theirs.dimensions; d++) turned.extents[d - 2] = theirs.extents[d];
        turned.extents[theirs.dimensions - 2] = theirs.extents[1];
        turned.extents[theirs.dimensions - 1] = theirs.extents[0];
    }
    return recipe_refines(turned, recipe_turned(recipe, term, ours));
}

/* ---- values ---- */

/* The index in theirs of element `index` of the tensor with its axes in our order. */
static int64_t recipe_index(const nn_recipe_term *term, nn_shape theirs, int64_t index)
{
    if (!term->turned || theirs.dimensions < 2) return index;
    int64_t outputs = theirs.extents[0], inputs = theirs.extents[1];
    int64_t kernel = nn_shape_count(theirs) / (outputs * inputs);
    return (index % outputs * inputs + index / outputs % inputs) * kernel + index / (outputs * inputs);
}

void nn_recipe_apply(const nn_recipe *recipe, int term, nn_recipe_rows rows, nn_shape ours, nn_shape theirs,
                     const double *values, nn_scalar scalar, nn_real *to)
{
    const nn_recipe_term *found = &recipe->terms[term];
    int64_t columns = recipe_last(ours), part = recipe_part(recipe, term, ours);
    int64_t all = recipe_last(recipe_turned(recipe, term, ours));
    int parts = found->part_count > 0 ? found->part_count : 1;
    int64_t begin = recipe->joined ? term * part * parts : 0;
    if (columns == 0) return;
    for (int64_t row = 0; row < nn_shape_count(ours) / columns; row++) {
        int64_t from = rows.channels == 0 ? row : row % rows.channels * rows.positions + row / rows.channels;
        for (int64_t column = 0; column < part * parts; column++) {
            int64_t place =
                found->part_count > 0 ? found->parts[column / part] * part + column % part : column;
            double value = values[recipe_index(found, theirs, from * all + place)];
            size_t target = (size_t)(row * columns + begin + column);
            if (term > 0 && !recipe->joined) value += nn_scalar_get(scalar, to, target);
            nn_scalar_put(scalar, to, target, value);
        }
    }
}
