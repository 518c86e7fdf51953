/* Facts for people and for programs. */
#include <inttypes.h>
#include <math.h>

#include "base/format.h"
#include "cli/info.h"

void nn_facts_entry(nn_facts *facts)
{
    const nn_text *text = &facts->text;
    char last = text->length > 0 ? text->bytes[text->length - 1] : '{';
    if (facts->json && last != '{' && last != '[') nn_text_append(&facts->text, ",");
}

void nn_facts_key(nn_facts *facts, const char *key)
{
    nn_facts_entry(facts);
    nn_text_append(&facts->text, facts->json ? "\"%s\":" : "%s: ", key);
}

/* For people a fact is a line. */
static void facts_end(nn_facts *facts)
{
    if (!facts->json) nn_text_append(&facts->text, "\n");
}

void nn_facts_word(nn_facts *facts, const char *key, const char *value)
{
    if (!value && !facts->json) return;
    nn_facts_key(facts, key);
    if (!value)
        nn_text_append(&facts->text, "null");
    else if (facts->json)
        nn_text_append_json(&facts->text, value);
    else
        nn_text_append(&facts->text, "%s", value);
    facts_end(facts);
}

void nn_facts_integer(nn_facts *facts, const char *key, int64_t value)
{
    nn_facts_key(facts, key);
    nn_text_append(&facts->text, "%" PRId64, value);
    facts_end(facts);
}

void nn_facts_number(nn_facts *facts, const char *key, double value, int digits)
{
    nn_facts_key(facts, key);
    nn_facts_append_number(facts, value, digits);
    facts_end(facts);
}

void nn_facts_bytes(nn_facts *facts, const char *key, uint64_t bytes)
{
    char buffer[NN_FORMAT_SIZE];
    nn_facts_key(facts, key);
    if (facts->json)
        nn_text_append(&facts->text, "%" PRIu64, bytes);
    else
        nn_text_append(&facts->text, "%s", nn_format_bytes(buffer, (double)bytes));
    facts_end(facts);
}

void nn_facts_append_number(nn_facts *facts, double value, int digits)
{
    if (facts->json && !isfinite(value))
        nn_text_append(&facts->text, "null");
    else if (isnan(value))
        nn_text_append(&facts->text, "undefined");
    else
        nn_text_append(&facts->text, "%.*g", digits, value);
}

void nn_facts_append_extents(nn_facts *facts, int dimensions, const int64_t *extents)
{
    if (facts->json) nn_text_append(&facts->text, "[");
    if (!facts->json && dimensions == 0) nn_text_append(&facts->text, "scalar");
    for (int d = 0; d < dimensions; d++)
        nn_text_append(&facts->text, "%s%" PRId64, d == 0 ? "" : facts->json ? "," : " x ", extents[d]);
    if (facts->json) nn_text_append(&facts->text, "]");
}
