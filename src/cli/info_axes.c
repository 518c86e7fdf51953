/* What the dimension scales and attributes of NetCDF say about a dataset. */
#include "base/calendar.h"
#include "cli/info.h"

static void axes_append_json(nn_facts *facts, const nn_store_axes *axes)
{
    nn_facts_key(facts, "axes");
    nn_text_append(&facts->text, "[");
    for (int d = 0; d < axes->count; d++) {
        nn_facts_entry(facts);
        nn_text_append(&facts->text, "{");
        nn_facts_word(facts, "name", axes->axes[d].name);
        nn_facts_word(facts, "units", axes->axes[d].units);
        nn_facts_key(facts, "unlimited");
        nn_text_append(&facts->text, axes->axes[d].unlimited ? "true" : "false");
        nn_text_append(&facts->text, "}");
    }
    nn_text_append(&facts->text, "]");
}

static void axes_append_lines(nn_facts *facts, const nn_store_axes *axes)
{
    nn_text *text = &facts->text;
    if (axes->scale || axes->count == 0) return;
    nn_text_append(text, "    axes:");
    for (int d = 0; d < axes->count; d++) {
        const nn_store_axis *axis = &axes->axes[d];
        nn_text_append(text, "%s %s", d > 0 ? "," : "", axis->name ? axis->name : "(no name)");
        if (axis->units || axis->unlimited)
            nn_text_append(text, " (%s%s%s)", axis->units ? axis->units : "",
                           axis->units && axis->unlimited ? ", " : "", axis->unlimited ? "unlimited" : "");
    }
    nn_text_append(text, "\n");
}

/* The times of the first and the last value. */
static void axes_append_times(nn_text *text, const char *units, const char *calendar, double minimum,
                              double maximum)
{
    nn_calendar_units time;
    nn_text first = {0}, last = {0};
    if (nn_calendar_read(units, calendar, &time) && nn_calendar_append(&time, minimum, &first) &&
        nn_calendar_append(&time, maximum, &last) && !first.failed && !last.failed)
        nn_text_append(text, "    times: %s to %s%s%s\n", first.bytes, last.bytes,
                       calendar ? ", calendar " : "", calendar ? calendar : "");
    text->failed |= first.failed || last.failed;
    nn_text_free(&first);
    nn_text_free(&last);
}

void nn_info_append_axes(nn_facts *facts, const nn_store_axes *axes, const char *units, const char *calendar,
                         double minimum, double maximum)
{
    if (facts->json) {
        if (axes->count > 0) axes_append_json(facts, axes);
        if (units) nn_facts_word(facts, "units", units);
        return;
    }
    axes_append_lines(facts, axes);
    if (!units) return;
    nn_text_append(&facts->text, "    unit: ");
    nn_text_append_printable(&facts->text, units);
    nn_text_append(&facts->text, "\n");
    if (axes->scale && minimum <= maximum) axes_append_times(&facts->text, units, calendar, minimum, maximum);
}
