/* Times as the CF conventions for climate and forecast metadata count them: "hours since 2001-01-01 06:00",
 * in one of several calendars. */
#ifndef NN_BASE_CALENDAR_H
#define NN_BASE_CALENDAR_H

#include "base/text.h"

typedef enum nn_calendar {
    NN_CALENDAR_GREGORIAN, /* also before 1582, unless `mixed` */
    NN_CALENDAR_NO_LEAP,
    NN_CALENDAR_ALL_LEAP,
    NN_CALENDAR_360_DAYS,
    NN_CALENDAR_JULIAN
} nn_calendar;

typedef struct nn_calendar_units {
    nn_calendar calendar;
    bool mixed;            /* Julian before 1582-10-15: such dates are not converted */
    double seconds;        /* of a unit */
    int64_t origin_days;   /* of the origin, from 0000-01-01 of the calendar ... */
    double origin_seconds; /* ... and since its midnight, UTC */
} nn_calendar_units;

/* Reads units and a calendar (NULL: the standard one). False if they are not times in units of fixed length:
 * months and years are not. */
bool nn_calendar_read(const char *units, const char *calendar, nn_calendar_units *read);
/* Appends the date and time of a value, "2001-01-01 06:00:00", in UTC to the nearest second; false, and
 * nothing is appended, if it cannot be shown: not finite, before the year 0 or after 9999, or, of a mixed
 * calendar, before 1582-10-15. */
bool nn_calendar_append(const nn_calendar_units *units, double value, nn_text *text);

#endif
