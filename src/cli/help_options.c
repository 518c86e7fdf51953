/* An option table, for people. */
#include <math.h>

#include "cli/help.h"

/* Limits beyond these only keep arithmetic from overflowing. */
#define OPTIONS_UNLIMITED 1e15

static const char *const options_kinds[] = {
    [NN_OPTION_INTEGER] = "integer",
    [NN_OPTION_REAL] = "number",
    [NN_OPTION_BOOLEAN] = "true or false",
    [NN_OPTION_CHOICE] = "one of",
    [NN_OPTION_TEXT] = "text",
    [NN_OPTION_TEXT_LIST] = "text or list of texts",
    [NN_OPTION_INTEGER_LIST] = "integer or list of integers",
    [NN_OPTION_DURATION] = "duration (3 epochs, 100 steps, 10 minutes, 5%)",
    [NN_OPTION_SECTION] = "section",
};

/* Nothing for the majority: nn_help_append_resume_note explains both. */
static const char *const options_on_resume[] = {
    [NN_EFFECT_RESULT] = "",
    [NN_EFFECT_EXTENT] = "; may change on resume",
    [NN_EFFECT_SPEED] = "; speed only",
    [NN_EFFECT_OUTPUT] = "; output only",
};

static void options_append_choices(nn_text *text, const char *const *choices)
{
    for (size_t i = 0; choices && choices[i]; i++)
        nn_text_append(text, "%s%s", i > 0 ? ", " : " ", choices[i]);
}

static void options_append_limits(nn_text *text, const nn_option *option)
{
    bool low = fabs(option->minimum) < OPTIONS_UNLIMITED;
    bool high = fabs(option->maximum) < OPTIONS_UNLIMITED;
    if (option->minimum == 0 && option->maximum == 0) return;
    if (low && high)
        nn_text_append(text, ", %.15g to %.15g", option->minimum, option->maximum);
    else if (low)
        nn_text_append(text, ", at least %.15g", option->minimum);
    else if (high)
        nn_text_append(text, ", at most %.15g", option->maximum);
}

static void options_append_default(nn_text *text, const nn_option *option)
{
    if (!option->default_value)
        nn_text_append(text, "; required");
    else if (option->default_value[0])
        nn_text_append(text, "; default %s", option->default_value);
    else
        nn_text_append(text, "; optional");
}

static const char *options_kind(const nn_option *option)
{
    if (option->choices == nn_units_of_validations) return "validations (10 validations, or 10)";
    if (option->choices == nn_units_of_intervals) return "steps or epochs (500 steps, 2 epochs)";
    if (option->choices == nn_units_of_steps) return "duration (3 epochs, 100 steps, 5%)";
    return options_kinds[option->kind];
}

static void options_append_row(nn_text *text, const nn_option *option, bool flag)
{
    nn_text_append(text, "  %s%s: %s", flag ? "--" : "", option->name, options_kind(option));
    if (option->kind == NN_OPTION_CHOICE) options_append_choices(text, option->choices);
    options_append_limits(text, option);
    if (option->kind == NN_OPTION_INTEGER_LIST && option->choices) {
        nn_text_append(text, ", or one of");
        options_append_choices(text, option->choices);
    }
    if (option->kind != NN_OPTION_SECTION) {
        options_append_default(text, option);
        if (!flag) nn_text_append(text, "%s", options_on_resume[option->effect]);
    }
    nn_text_append(text, "\n      %s\n", option->help);
}

static void options_append(nn_text *text, const nn_option *table, bool flags)
{
    if (!table || !table->name) nn_text_append(text, "  (no options)\n");
    for (const nn_option *option = table; option && option->name; option++)
        options_append_row(text, option, flags);
}

void nn_help_append_options(nn_text *text, const nn_option *table)
{
    options_append(text, table, false);
}

void nn_help_append_resume_note(nn_text *text)
{
    nn_text_append(text, "\nA resumed run must keep the values of these options, except those marked\n"
                         "`may change on resume`, `speed only` or `output only`.\n");
}

void nn_help_append_flags(nn_text *text, const nn_option *table)
{
    options_append(text, table, true);
}
