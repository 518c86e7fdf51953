/* Times by units and calendar. */
#include "base/calendar.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define CALENDAR_DAY 86400.0
#define CALENDAR_WORD 16

/* ---- days and dates ---- */

static bool calendar_is_leap(nn_calendar calendar, int64_t year)
{
    if (calendar == NN_CALENDAR_ALL_LEAP) return true;
    if (calendar == NN_CALENDAR_JULIAN) return year % 4 == 0;
    return calendar == NN_CALENDAR_GREGORIAN && year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

static int calendar_month_days(nn_calendar calendar, int64_t year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    if (calendar == NN_CALENDAR_360_DAYS) return 30;
    return days[month - 1] + (month == 2 && calendar_is_leap(calendar, year) ? 1 : 0);
}

/* Days from the beginning of the year 0 to that of a later year. */
static int64_t calendar_year_begin(nn_calendar calendar, int64_t year)
{
    int64_t before = year - 1; /* leap years from 1 to this one; the year 0 is one, too */
    if (calendar == NN_CALENDAR_360_DAYS) return 360 * year;
    if (calendar == NN_CALENDAR_NO_LEAP) return 365 * year;
    if (calendar == NN_CALENDAR_ALL_LEAP) return 366 * year;
    if (year <= 0) return 0;
    int64_t leaps = 1 + before / 4;
    return 365 * year + (calendar == NN_CALENDAR_JULIAN ? leaps : leaps - before / 100 + before / 400);
}

static int64_t calendar_days(nn_calendar calendar, int64_t year, int month, int day)
{
    int64_t days = calendar_year_begin(calendar, year) + day - 1;
    for (int m = 1; m < month; m++) days += calendar_month_days(calendar, year, m);
    return days;
}

/* ---- units ---- */

static bool calendar_read_unit(const char *word, double *seconds)
{
    static const struct {
        const char *name;
        double seconds;
    } known[] = {
        {"second", 1},         {"sec", 1},     {"s", 1},     {"minute", 60},        {"min", 60},
        {"hour", 3600},        {"hr", 3600},   {"h", 3600},  {"day", CALENDAR_DAY}, {"d", CALENDAR_DAY},
        {"millisecond", 1e-3}, {"msec", 1e-3}, {"ms", 1e-3}, {"microsecond", 1e-6}};
    char name[CALENDAR_WORD];
    size_t length = strlen(word);
    snprintf(name, sizeof name, "%s", word);
    for (int plural = 0; plural < 2; plural++) {
        for (size_t i = 0; i < sizeof known / sizeof *known; i++)
            if (strcasecmp(name, known[i].name) == 0) {
                *seconds = known[i].seconds;
                return true;
            }
        if (length < 3 || length >= sizeof name || (name[length - 1] != 's' && name[length - 1] != 'S'))
            return false;
        name[length - 1] = '\0';
    }
    return false;
}

static bool calendar_read_name(const char *name, nn_calendar_units *read)
{
    static const struct {
        const char *name;
        nn_calendar calendar;
        bool mixed;
    } known[] = {{"standard", NN_CALENDAR_GREGORIAN, true},
                 {"gregorian", NN_CALENDAR_GREGORIAN, true},
                 {"proleptic_gregorian", NN_CALENDAR_GREGORIAN, false},
                 {"noleap", NN_CALENDAR_NO_LEAP, false},
                 {"365_day", NN_CALENDAR_NO_LEAP, false},
                 {"all_leap", NN_CALENDAR_ALL_LEAP, false},
                 {"366_day", NN_CALENDAR_ALL_LEAP, false},
                 {"360_day", NN_CALENDAR_360_DAYS, false},
                 {"julian", NN_CALENDAR_JULIAN, false}};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (strcasecmp(name, known[i].name) == 0) {
            read->calendar = known[i].calendar;
            read->mixed = known[i].mixed;
            return true;
        }
    return false;
}

/* What follows the date: nothing, a time of day, and a zone: "06:30:15.5", "T06:30Z", "6:00:00 -6:00". */
static bool calendar_read_clock(const char *text, double *seconds)
{
    int hour = 0, minute = 0, used = 0, zone_hour = 0, zone_minute = 0;
    double second = 0;
    char sign;
    text += strspn(text, " T");
    if (sscanf(text, "%2d:%2d:%lf%n", &hour, &minute, &second, &used) < 3) {
        used = 0;
        if (sscanf(text, "%2d:%2d%n", &hour, &minute, &used) < 2) used = 0;
        if (used == 0) hour = minute = 0;
        second = 0;
    }
    text += used;
    text += strspn(text, " ");
    if (hour < 0 || hour > 24 || minute < 0 || minute > 59 || !(second >= 0 && second < 61)) return false;
    *seconds = 3600.0 * hour + 60.0 * minute + second;
    if (!*text || strcasecmp(text, "Z") == 0 || strcasecmp(text, "UTC") == 0 || strcasecmp(text, "GMT") == 0)
        return true;
    used = 0;
    if (sscanf(text, "%c%2d:%2d%n", &sign, &zone_hour, &zone_minute, &used) < 3 || text[used]) {
        used = zone_minute = 0;
        if (sscanf(text, "%c%2d%n", &sign, &zone_hour, &used) < 2 || text[used]) return false;
    }
    if ((sign != '+' && sign != '-') || zone_hour < 0 || zone_minute < 0) return false;
    *seconds -= (sign == '-' ? -1 : 1) * (3600.0 * zone_hour + 60.0 * zone_minute);
    return true;
}

bool nn_calendar_read(const char *units, const char *calendar, nn_calendar_units *read)
{
    char word[CALENDAR_WORD];
    int used = 0, year, month, day;
    *read = (nn_calendar_units){0};
    if (!calendar_read_name(calendar && *calendar ? calendar : "standard", read)) return false;
    if (sscanf(units, " %15[a-zA-Z] since %n", word, &used) < 1 || used == 0) return false;
    if (!calendar_read_unit(word, &read->seconds)) return false;
    units += used;
    used = 0;
    if (sscanf(units, "%4d-%2d-%2d%n", &year, &month, &day, &used) < 3 || used == 0) return false;
    if (year < 0 || month < 1 || month > 12 || day < 1) return false;
    if (day > calendar_month_days(read->calendar, year, month)) return false;
    if (read->mixed &&
        calendar_days(read->calendar, year, month, day) < calendar_days(read->calendar, 1582, 10, 15))
        return false;
    read->origin_days = calendar_days(read->calendar, year, month, day);
    return calendar_read_clock(units + used, &read->origin_seconds);
}

/* ---- values ---- */

bool nn_calendar_append(const nn_calendar_units *units, double value, nn_text *text)
{
    nn_calendar calendar = units->calendar;
    double seconds = floor(value * units->seconds + units->origin_seconds + 0.5);
    double days = floor(seconds / CALENDAR_DAY);
    if (!isfinite(days) || fabs(days) > 1e9) return false;
    int64_t at = units->origin_days + (int64_t)days, least = 0;
    int clock = (int)(seconds - days * CALENDAR_DAY), month = 1;
    if (units->mixed) least = calendar_days(calendar, 1582, 10, 15);
    if (at < least || at >= calendar_year_begin(calendar, 10000)) return false;
    int64_t year = at / 366;
    while (calendar_year_begin(calendar, year + 1) <= at) year++;
    at -= calendar_year_begin(calendar, year);
    for (int length; at >= (length = calendar_month_days(calendar, year, month)); month++) at -= length;
    nn_text_append(text, "%04d-%02d-%02d %02d:%02d:%02d", (int)year, month, (int)at + 1, clock / 3600,
                   clock / 60 % 60, clock % 60);
    return true;
}
