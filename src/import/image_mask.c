#include "import/image_mask.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

void nn_mask_release(nn_mask *mask)
{
    nn_free(mask->values);
    *mask = (nn_mask){0};
}

const char *nn_mask_value_text(char text[NN_MASK_VALUE_TEXT], nn_mask_kind kind, uint32_t value)
{
    snprintf(text, NN_MASK_VALUE_TEXT, kind == NN_MASK_COLOUR ? "#%06x" : "%u", (unsigned)value);
    return text;
}

bool nn_mask_value_parse(const char *text, nn_mask_kind kind, uint32_t *value)
{
    bool colour = kind == NN_MASK_COLOUR;
    if (colour && *text != '#') return false;
    const char *digits = text + colour;
    size_t length = strspn(digits, colour ? "0123456789abcdefABCDEF" : "0123456789");
    bool fits = colour ? length == 6 : length >= 1 && length <= 5;
    if (!fits || digits[length]) return false;
    *value = (uint32_t)strtoul(digits, NULL, colour ? 16 : 10);
    return true;
}

/* ---- the different values ---- */

/* Place of a value, or of the first larger one. */
static size_t values_place(const nn_mask_values *values, uint32_t value)
{
    size_t low = 0, high = values->count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (values->values[middle] < value)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

int nn_mask_values_find(const nn_mask_values *values, uint32_t value)
{
    size_t place = values_place(values, value);
    return place < values->count && values->values[place] == value ? (int)place : -1;
}

static nn_status values_insert(nn_mask_values *values, uint32_t value)
{
    size_t place = values_place(values, value), after = values->count - place;
    if (values->count == NN_MASK_VALUES)
        NN_FAIL(NN_ERROR_DATA,
                "with it, the masks have more than %d different values: is it a photo (are the two folders "
                "swapped?), or was it a JPEG or resized with smoothing? Masks must hold one number or colour "
                "per class",
                NN_MASK_VALUES);
    memmove(values->values + place + 1, values->values + place, after * sizeof *values->values);
    memmove(values->colours + place + 1, values->colours + place, after * sizeof *values->colours);
    memmove(values->pixels + place + 1, values->pixels + place, after * sizeof *values->pixels);
    memmove(values->images + place + 1, values->images + place, after * sizeof *values->images);
    values->values[place] = value;
    values->colours[place] = UINT32_MAX; /* not yet known */
    values->pixels[place] = values->images[place] = 0;
    values->count++;
    return NN_OK;
}

static nn_status values_count(nn_mask_values *values, const nn_mask *mask, int64_t *counts)
{
    int last = -1;
    for (int64_t i = 0; i < mask->height * mask->width; i++) {
        uint32_t value = mask->values[i];
        if (last < 0 || values->values[last] != value) {
            last = nn_mask_values_find(values, value);
            if (last < 0) {
                NN_TRY(values_insert(values, value));
                last = nn_mask_values_find(values, value);
                memmove(counts + last + 1, counts + last,
                        (values->count - 1 - (size_t)last) * sizeof *counts);
                counts[last] = 0;
            }
        }
        counts[last]++;
    }
    return NN_OK;
}

static const char *values_kind_text(nn_mask_kind kind)
{
    return kind == NN_MASK_GREY ? "grey values" : kind == NN_MASK_INDEX ? "a palette" : "colours";
}

static nn_status values_check_kind(nn_mask_values *values, const nn_mask *mask)
{
    if (!values->any) values->kind = mask->kind;
    values->any = true;
    if (values->kind == mask->kind) return NN_OK;
    NN_FAIL(NN_ERROR_DATA,
            "it has %s, but the masks before it have %s: the same number would not be the same class; take "
            "the colours of all of them with --palette colour, or save them in one way",
            values_kind_text(mask->kind), values_kind_text(values->kind));
}

/* Programs that make files smaller reorder palettes. */
static nn_status values_check_colour(nn_mask_values *values, const nn_mask *mask, size_t place)
{
    uint32_t value = values->values[place], colour = mask->palette[value];
    if (values->colours[place] == UINT32_MAX) values->colours[place] = colour;
    if (values->colours[place] == colour) return NN_OK;
    NN_FAIL(
        NN_ERROR_DATA,
        "number %u of its palette is the colour #%06x, but #%06x in the masks before it: take the colours "
        "instead of the numbers, with --palette colour",
        (unsigned)value, (unsigned)colour, (unsigned)values->colours[place]);
}

nn_status nn_mask_values_meet(nn_mask_values *values, const nn_mask *mask)
{
    int64_t counts[NN_MASK_VALUES] = {0};
    NN_TRY(values_check_kind(values, mask));
    NN_TRY(values_count(values, mask, counts));
    for (size_t i = 0; i < values->count; i++) {
        if (counts[i] == 0) continue;
        if (mask->kind == NN_MASK_INDEX) NN_TRY(values_check_colour(values, mask, i));
        values->pixels[i] += counts[i];
        values->images[i]++;
    }
    return NN_OK;
}
