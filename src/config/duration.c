/* Durations: "3 epochs", "100 steps", "10 minutes", "5%". */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "config/config_internal.h"

static const struct {
    const char *word;
    nn_duration_unit unit;
    double factor;
} duration_units[] = {
    {"epochs", NN_DURATION_EPOCHS, 1},
    {"epoch", NN_DURATION_EPOCHS, 1},
    {"steps", NN_DURATION_STEPS, 1},
    {"step", NN_DURATION_STEPS, 1},
    {"validations", NN_DURATION_VALIDATIONS, 1},
    {"validation", NN_DURATION_VALIDATIONS, 1},
    {"s", NN_DURATION_SECONDS, 1},
    {"seconds", NN_DURATION_SECONDS, 1},
    {"second", NN_DURATION_SECONDS, 1},
    {"minutes", NN_DURATION_SECONDS, 60},
    {"minute", NN_DURATION_SECONDS, 60},
    {"min", NN_DURATION_SECONDS, 60},
    {"hours", NN_DURATION_SECONDS, 3600},
    {"hour", NN_DURATION_SECONDS, 3600},
    {"h", NN_DURATION_SECONDS, 3600},
    {"days", NN_DURATION_SECONDS, 86400},
    {"day", NN_DURATION_SECONDS, 86400},
    {"%", NN_DURATION_FRACTION, 1},
};

enum { DURATION_UNITS = sizeof duration_units / sizeof duration_units[0], DURATION_NUMBER_MAX = 40 };

/* A unit that only options which name it have. */
#define DURATION_OF_FEW "validations"

/* The units that messages offer, with an example of each. */
static const struct {
    const char *word, *example;
} duration_forms[] = {
    {DURATION_OF_FEW, "10 validations"}, {"epochs", "3 epochs"}, {"steps", "100 steps"}, {"s", "30 s"},
    {"minutes", "10 minutes"},           {"hours", "2 hours"},   {"days", "1 day"},      {"%", "5%"}};

enum { DURATION_FORMS = sizeof duration_forms / sizeof duration_forms[0] };

static bool duration_is_offered(const nn_option *option, const char *word)
{
    if (!option->choices) return strcmp(word, DURATION_OF_FEW) != 0;
    for (size_t i = 0; option->choices[i]; i++)
        if (strcmp(option->choices[i], word) == 0) return true;
    return false;
}

/* "'3 epochs', '100 steps' or '5%'": the examples, or the given number in each unit; percent only up to
 * 100. */
static void duration_append_forms(const nn_option *option, const double *number, nn_text *text)
{
    size_t offered[DURATION_FORMS], count = 0;
    for (size_t i = 0; i < DURATION_FORMS; i++) {
        bool suits = !number || *number <= 100 || strcmp(duration_forms[i].word, "%") != 0;
        if (suits && duration_is_offered(option, duration_forms[i].word)) offered[count++] = i;
    }
    for (size_t i = 0; i < count; i++) {
        const char *word = duration_forms[offered[i]].word;
        nn_text_append(text, "%s'", i == 0 ? "" : i + 1 < count ? ", " : " or ");
        if (number)
            nn_text_append(text, "%.15g%s%s'", *number, strcmp(word, "%") == 0 ? "" : " ", word);
        else
            nn_text_append(text, "%s'", duration_forms[offered[i]].example);
    }
}

/* Splits "10 minutes" into the number and the word after it; NULL when it does not begin with a number. */
static const char *duration_split(const char *text, double *number)
{
    char digits[DURATION_NUMBER_MAX + 1];
    size_t length = strspn(text, "0123456789.");
    size_t exponent = length > 0 && (text[length] == 'e' || text[length] == 'E')
                          ? strspn(text + length + 1, "+0123456789")
                          : 0; /* "1e3 steps", but not "1 epoch" */
    if (exponent > 0) length += exponent + 1;
    if (length == 0 || length > DURATION_NUMBER_MAX) return NULL;
    memcpy(digits, text, length);
    digits[length] = '\0';
    if (!nn_config_parse_number(digits, number)) return NULL;
    return text + length + strspn(text + length, " ");
}

static bool duration_unknown_unit(const nn_config_reading *reading, const nn_config_node *node,
                                  const char *word)
{
    static const char *const names[] = {"epochs", "steps", "s", "minutes",
                                        "hours",  "days",  "%", DURATION_OF_FEW};
    size_t count = sizeof names / sizeof names[0] - !duration_is_offered(reading->option, DURATION_OF_FEW);
    nn_config_report_unknown(reading->config, node, reading->path, "unit", word, names, count);
    return false;
}

static bool duration_wrong(const nn_config_reading *reading, const nn_config_node *node, double number,
                           const char *rest)
{
    char shown[NN_CONFIG_SHOWN_SIZE];
    nn_text forms = {0};
    nn_config_show_node(shown, node);
    duration_append_forms(reading->option, rest ? &number : NULL, &forms);
    if (forms.failed)
        nn_config_keep_failure(reading->config, NN_ERROR_MEMORY);
    else if (rest == NULL)
        nn_config_error(reading->config, node, "%s: expected a duration such as %s, not %s", reading->path,
                        forms.bytes, shown);
    else
        nn_config_error(reading->config, node, "%s: a number alone is not a duration; write %s",
                        reading->path, forms.bytes);
    nn_text_free(&forms);
    return false;
}

static bool duration_check(const nn_config_reading *reading, const nn_config_node *node, nn_duration duration)
{
    const char *wrong = NULL;
    if (duration.unit == NN_DURATION_FRACTION && duration.amount > 1) wrong = "must be at most 100%";
    if (duration.unit == NN_DURATION_STEPS && duration.amount != floor(duration.amount))
        wrong = "must be a whole number of steps";
    if (wrong == NULL) return nn_config_check_limits(reading, node, duration.amount);
    char shown[NN_CONFIG_SHOWN_SIZE];
    nn_config_error(reading->config, node, "%s: %s, not %s", reading->path, wrong,
                    nn_config_show_node(shown, node));
    return false;
}

/* The unit of a bare number where only one is possible: the option counts validations, or the number is 0 and
 * so the same in all units. "" where several are. */
static const char *duration_implied_unit(const nn_option *option, double number)
{
    const char *by_default = option->default_value ? option->default_value : "";
    if (option->choices == nn_units_of_validations) return "validations";
    return number == 0 && strchr(by_default, '%') ? "%" : "";
}

bool nn_config_read_duration(const nn_config_reading *reading, const nn_config_node *node, void *field)
{
    double number = 0;
    const char *rest = node->kind == NN_CONFIG_SCALAR ? duration_split(node->text, &number) : NULL;
    if (rest != NULL && *rest == '\0') rest = duration_implied_unit(reading->option, number);
    if (rest == NULL || *rest == '\0') return duration_wrong(reading, node, number, rest);
    for (size_t i = 0; i < DURATION_UNITS; i++) {
        if (strcmp(duration_units[i].word, rest) != 0) continue;
        if (duration_units[i].unit == NN_DURATION_VALIDATIONS &&
            !duration_is_offered(reading->option, DURATION_OF_FEW))
            break;
        nn_duration duration = {.amount = number * duration_units[i].factor, .unit = duration_units[i].unit};
        if (duration.unit == NN_DURATION_FRACTION)
            duration.amount = number / 100; /* a factor of 0.01 would not make 7% the double 0.07 */
        if (!duration_check(reading, node, duration)) return false;
        *(nn_duration *)field = duration;
        return true;
    }
    return duration_unknown_unit(reading, node, rest);
}

void nn_config_show_duration(const nn_option *option, const void *field, nn_text *text)
{
    static const char *const words[] = {[NN_DURATION_EPOCHS] = " epoch",
                                        [NN_DURATION_STEPS] = " step",
                                        [NN_DURATION_SECONDS] = " s",
                                        [NN_DURATION_VALIDATIONS] = " validation"};
    (void)option;
    const nn_duration *duration = field;
    if (duration->unit == NN_DURATION_NONE) return;
    if (duration->unit == NN_DURATION_FRACTION) {
        nn_text_append(text, "%.12g%%", duration->amount * 100);
        return;
    }
    nn_config_show_number(duration->amount, text);
    bool is_plural = duration->unit != NN_DURATION_SECONDS && duration->amount != 1;
    nn_text_append(text, "%s%s", words[duration->unit], is_plural ? "s" : "");
}
