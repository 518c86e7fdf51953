/* Dates and times, through the C library's strptime(). */
#define _DEFAULT_SOURCE /* timegm, tm_gmtoff */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "import/csv_notation.h"

#define DATE_BYTES 128

const char *const nn_csv_date_parts[] = {"year", "month", "day", "weekday", "hour", "minute", "second", NULL};

/* Copies the text without the decimals of its seconds, that is, the digits after a point that follows
 * "HH:MM:SS". */
static bool date_cut_decimals(const char *text, char *copy, double *decimals)
{
    size_t length = strlen(text);
    const char *colon = strrchr(text, ':');
    *decimals = 0;
    if (length >= DATE_BYTES) return false;
    memcpy(copy, text, length + 1);
    /* A zone such as +01:00 also contains a colon. */
    const char *point = strpbrk(text, ":") ? strrchr(text, '.') : NULL;
    if (!point || !colon || point < strchr(text, ':') || point[1] < '0' || point[1] > '9') return true;
    size_t digits = strspn(point + 1, "0123456789");
    char number[DATE_BYTES] = "0.";
    memcpy(number + 2, point + 1, digits);
    *decimals = strtod(number, NULL);
    memmove(copy + (point - text), point + 1 + digits, strlen(point + 1 + digits) + 1);
    return true;
}

bool nn_csv_date_has(const char *format, int part)
{
    static const char *const letters[NN_CSV_DATE_PARTS] = {"YyFDsC",   "mbBhFDs", "deFDs", "",
                                                           "HIkTRrsl", "MTRrs",   "STrs"};
    if (part == NN_CSV_WEEKDAY)
        return nn_csv_date_has(format, NN_CSV_YEAR) && nn_csv_date_has(format, NN_CSV_MONTH) &&
               nn_csv_date_has(format, NN_CSV_DAY);
    for (const char *at = strchr(format, '%'); at && at[1]; at = strchr(at + 2, '%'))
        if (strchr(letters[part], at[1])) return true;
    return false;
}

bool nn_csv_date(const char *format, const char *text, double *seconds, double *parts)
{
    char copy[DATE_BYTES];
    double decimals;
    struct tm date = {.tm_year = 70, .tm_mday = 1};
    if (!date_cut_decimals(text, copy, &decimals)) return false;
    const char *rest = strptime(copy, format, &date);
    if (!rest || *rest) return false;
    if (decimals > 0 && !nn_csv_date_has(format, NN_CSV_SECOND)) return false;
    /* timegm() turns the 30th of February into a day in March, and ignores the zone. */
    struct tm normal = date;
    time_t time = timegm(&normal);
    if (normal.tm_mday != date.tm_mday || normal.tm_mon != date.tm_mon) return false;
    /* "%Y" also accepts a year of two digits. */
    if (nn_csv_date_has(format, NN_CSV_YEAR) && date.tm_year + 1900 < 1000) return false;
    *seconds = (double)(time - (time_t)date.tm_gmtoff) + decimals;
    if (!parts) return true;
    const double values[NN_CSV_DATE_PARTS] = {date.tm_year + 1900.0,    date.tm_mon + 1.0, date.tm_mday,
                                              (normal.tm_wday + 6) % 7, date.tm_hour,      date.tm_min,
                                              date.tm_sec + decimals};
    memcpy(parts, values, sizeof values);
    return true;
}
