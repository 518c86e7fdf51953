#include "host/limit.h"

#include <ctype.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define LIMIT_PARTS 3
#define LIMIT_DIGITS 15

static const struct {
    const char *word;
    double seconds;
} limit_units[] = {
    {"s", 1},        {"sec", 1},     {"second", 1},   {"seconds", 1},  {"m", 60},
    {"min", 60},     {"minute", 60}, {"minutes", 60}, {"h", 3600},     {"hour", 3600},
    {"hours", 3600}, {"d", 86400},   {"day", 86400},  {"days", 86400},
};

static nn_status limit_fail(const char *text)
{
    NN_FAIL(NN_ERROR_USAGE, "a time limit is written " NN_TIME_LIMIT_FORMS ", not '%s'", text);
}

/* A number without sign or exponent; *end points after it. */
static double limit_number(const char *text, const char **end)
{
    char digits[LIMIT_DIGITS + 1];
    size_t length = strspn(text, "0123456789.");
    *end = text + length;
    if (length == 0 || length > LIMIT_DIGITS || !isdigit((unsigned char)*text)) return NAN;
    memcpy(digits, text, length);
    digits[length] = '\0';
    char *stop;
    double number = strtod(digits, &stop);
    return *stop ? NAN : number;
}

/* The numbers separated by colons, at most LIMIT_PARTS; returns 0 for anything else. */
static int limit_split(const char *text, double parts[LIMIT_PARTS])
{
    for (int count = 0; count < LIMIT_PARTS; count++) {
        parts[count] = limit_number(text, &text);
        if (isnan(parts[count])) return 0;
        if (*text == '\0') return count + 1;
        if (*text++ != ':') return 0;
    }
    return 0;
}

/* Without days, one number is minutes, and two are minutes:seconds; with days they begin with hours. */
static double limit_clock(const char *text, bool after_days)
{
    double parts[LIMIT_PARTS] = {0};
    int count = limit_split(text, parts);
    if (count == 0) return NAN;
    if (after_days || count == 3) return 3600 * parts[0] + 60 * parts[1] + parts[2];
    return 60 * parts[0] + parts[1];
}

static double limit_with_unit(double number, const char *word)
{
    for (size_t i = 0; i < sizeof limit_units / sizeof *limit_units; i++)
        if (strcmp(limit_units[i].word, word) == 0) return number * limit_units[i].seconds;
    return NAN;
}

nn_status nn_time_limit_parse(const char *text, double *seconds)
{
    const char *rest;
    double number = limit_number(text, &rest);
    if (isnan(number)) return limit_fail(text);
    if (*rest == '-')
        *seconds = 86400 * number + limit_clock(rest + 1, true);
    else if (*rest == '\0' || *rest == ':')
        *seconds = limit_clock(text, false);
    else
        *seconds = limit_with_unit(number, rest + strspn(rest, " "));
    if (isfinite(*seconds) && *seconds > 0) return NN_OK;
    return limit_fail(text);
}

nn_status nn_time_limit_of_job(double now, double *end)
{
    const char *given = getenv("SLURM_JOB_END_TIME"), *rest;
    *end = 0;
    if (!given || !*given) return NN_OK;
    double at = limit_number(given, &rest);
    if (!isfinite(at) || *rest)
        NN_FAIL(NN_ERROR_USAGE, "SLURM_JOB_END_TIME is \"%s\", not a number of seconds; ignored", given);
    if (at <= now)
        NN_FAIL(NN_ERROR_USAGE,
                "SLURM_JOB_END_TIME is %.0f s in the past, so it belongs to another job; ignored", now - at);
    *end = at;
    return NN_OK;
}
