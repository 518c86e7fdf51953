/* How the attributes of the NetCDF conventions affect values. */
#include "store/packing.h"

#include <math.h>
#include <string.h>

#include "store/store_internal.h"

nn_store_packing nn_store_packing_none(nn_store_type type)
{
    nn_store_packing packing;
    memset(&packing, 0, sizeof packing);
    packing.least = packing.unpacked_least = -INFINITY;
    packing.most = packing.unpacked_most = INFINITY;
    packing.scale = 1;
    packing.type = type;
    return packing;
}

/* Converts an attribute's value if bits are read with another sign than they are stored with: the attribute
 * may use either. False if the dataset cannot contain the value. */
bool nn_packing_turn_sign(const nn_store_packing *packing, double *value)
{
    double bits = ldexp(1, (int)(8 * nn_store_type_size(packing->type)));
    bool is_signed = packing->type == NN_STORE_I8 || packing->type == NN_STORE_I16 ||
                     packing->type == NN_STORE_I32 || packing->type == NN_STORE_I64;
    double least = is_signed ? -bits / 2 : 0, end = is_signed ? bits / 2 : bits;
    if (*value < least) *value += bits;
    if (*value >= end) *value -= bits;
    return *value == floor(*value) && *value >= least && *value < end;
}

/* ---- using it ---- */

bool nn_store_packing_equal(const nn_store_packing *a, const nn_store_packing *b)
{
    return memcmp(a, b, sizeof *a) == 0;
}

bool nn_store_packing_is_none(const nn_store_packing *packing, nn_store_type type)
{
    nn_store_packing none = nn_store_packing_none(type);
    return nn_store_packing_equal(packing, &none);
}

double nn_store_turn_sign(const nn_store_packing *packing, double stored)
{
    if (nn_store_type_is_integer(packing->type)) nn_packing_turn_sign(packing, &stored);
    return stored;
}

bool nn_store_packing_scales(const nn_store_packing *packing)
{
    return packing->scale != 1 || packing->offset != 0;
}

static bool packing_limits(const nn_store_packing *packing)
{
    return packing->least > -INFINITY || packing->most < INFINITY || packing->unpacked_least > -INFINITY ||
           packing->unpacked_most < INFINITY;
}

void nn_store_unpack(const nn_store_packing *packing, int64_t count, double *values)
{
    for (int f = 0; f < packing->fill_count; f++)
        for (int64_t i = 0; i < count; i++) values[i] = values[i] == packing->fills[f] ? NAN : values[i];
    if (packing->least > -INFINITY || packing->most < INFINITY)
        for (int64_t i = 0; i < count; i++)
            values[i] = values[i] < packing->least || values[i] > packing->most ? NAN : values[i];
    if (nn_store_packing_scales(packing))
        for (int64_t i = 0; i < count; i++) values[i] = values[i] * packing->scale + packing->offset;
    if (packing->unpacked_least > -INFINITY || packing->unpacked_most < INFINITY)
        for (int64_t i = 0; i < count; i++)
            values[i] =
                values[i] < packing->unpacked_least || values[i] > packing->unpacked_most ? NAN : values[i];
}

/* ---- descriptions ---- */

static void packing_describe_limits(double least, double most, const char *of, nn_text *text)
{
    if (least == -INFINITY && most == INFINITY) return;
    nn_text_append(text, "%s%svalid", text->length > 0 ? ", " : "", of);
    if (least > -INFINITY) nn_text_append(text, " from %.9g", least);
    if (most < INFINITY) nn_text_append(text, " to %.9g", most);
}

void nn_store_packing_describe(const nn_store_packing *packing, nn_text *text)
{
    nn_text own = {0};
    for (int i = 0; i < packing->fill_count; i++)
        nn_text_append(&own, "%s%.9g", i == 0 ? "" : " or ", packing->fills[i]);
    if (packing->fill_count > 0) nn_text_append(&own, " means no value");
    packing_describe_limits(packing->least, packing->most, "", &own);
    packing_describe_limits(packing->unpacked_least, packing->unpacked_most, "unpacked ", &own);
    if (nn_store_packing_scales(packing))
        nn_text_append(&own, "%sunpacked by x %.9g %c %.9g", own.length > 0 ? ", " : "", packing->scale,
                       packing->offset < 0 ? '-' : '+', fabs(packing->offset));
    nn_text_append(text, "%s", own.bytes ? own.bytes : "");
    text->failed |= own.failed;
    nn_text_free(&own);
}

void nn_store_packing_explain(const nn_store_packing *packing, double stored, nn_text *text)
{
    double value = stored;
    if (isnan(stored)) {
        nn_text_append(text, "NaN");
        return;
    }
    for (int i = 0; i < packing->fill_count; i++)
        if (stored == packing->fills[i]) {
            nn_text_append(text, "%.9g, which means no value", stored);
            return;
        }
    nn_store_unpack(packing, 1, &value);
    if (isnan(value) && packing_limits(packing)) {
        nn_text unit = {0};
        packing_describe_limits(packing->least, packing->most, "", &unit);
        packing_describe_limits(packing->unpacked_least, packing->unpacked_most, "unpacked ", &unit);
        nn_text_append(text, "%.9g, outside the valid range in its attributes (%s)", stored,
                       unit.bytes ? unit.bytes : "");
        nn_text_free(&unit);
    }
}
