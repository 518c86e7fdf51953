/* Times of NetCDF: units, calendars, zones; what cannot be shown is not. */
#include "base/calendar.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void expect(const char *units, const char *calendar, double value, const char *shown)
{
    nn_calendar_units read;
    nn_text text = {0};
    if (!nn_calendar_read(units, calendar, &read)) fail_msg("not read: %s", units);
    if (!nn_calendar_append(&read, value, &text)) fail_msg("%s: %g is not shown", units, value);
    assert_string_equal(text.bytes, shown);
    nn_text_free(&text);
}

static void refuse(const char *units, const char *calendar)
{
    nn_calendar_units read;
    if (nn_calendar_read(units, calendar, &read)) fail_msg("read: %s", units);
}

static void refuse_value(const char *units, const char *calendar, double value)
{
    nn_calendar_units read;
    nn_text text = {0};
    if (!nn_calendar_read(units, calendar, &read)) fail_msg("not read: %s", units);
    if (nn_calendar_append(&read, value, &text)) fail_msg("%s: %g is shown as %s", units, value, text.bytes);
    assert_int_equal(text.length, 0);
}

/* Wrong: leap years, months or the sign of days before the origin. */
static void dates(void **state)
{
    (void)state;
    expect("hours since 1900-01-01 00:00:00.0", NULL, 1051896, "2020-01-01 00:00:00");
    expect("days since 2000-02-28", "standard", 1, "2000-02-29 00:00:00");
    expect("days since 1900-02-28", "gregorian", 1, "1900-03-01 00:00:00");
    expect("days since 1970-1-1", "proleptic_gregorian", -719528, "0000-01-01 00:00:00");
    expect("seconds since 1970-01-01", NULL, 1e9, "2001-09-09 01:46:40");
    expect("minutes since 1999-12-31 23:59", NULL, 1, "2000-01-01 00:00:00");
    expect("days since 2001-03-01", NULL, -0.5, "2001-02-28 12:00:00");
    expect("d since 1582-10-15", NULL, 0, "1582-10-15 00:00:00");
    expect("Hours since 2001-1-1T06:30Z", NULL, 0.25, "2001-01-01 06:45:00");
}

static void zones(void **state)
{
    (void)state;
    expect("hours since 2001-01-01 06:00 -6:00", NULL, 0, "2001-01-01 12:00:00");
    expect("hours since 2001-01-01T00:00:00+02", NULL, 0, "2000-12-31 22:00:00");
    expect("hours since 2001-01-01 00:00:00 UTC", NULL, 1, "2001-01-01 01:00:00");
}

static void calendars(void **state)
{
    (void)state;
    expect("days since 2000-02-28", "noleap", 1, "2000-03-01 00:00:00");
    expect("days since 2001-02-28", "all_leap", 1, "2001-02-29 00:00:00");
    expect("days since 2000-02-30", "360_day", 1, "2000-03-01 00:00:00");
    expect("days since 0001-01-01", "360_day", 360 * 2000, "2001-01-01 00:00:00");
    expect("days since 1900-02-28", "julian", 1, "1900-02-29 00:00:00");
    expect("days since 0001-01-01", "365_day", 365 * 2000, "2001-01-01 00:00:00");
}

static void refused(void **state)
{
    (void)state;
    refuse("months since 2001-01-01", NULL);
    refuse("years since 2001-01-01", NULL);
    refuse("metres", NULL);
    refuse("days since yesterday", NULL);
    refuse("days since 2001-13-01", NULL);
    refuse("days since 2001-02-29", NULL);
    refuse("days since 2001-01-01 later", NULL);
    refuse("days since 2001-01-01", "lunar");
    refuse("days since 0001-01-01", "standard"); /* Julian at that time */
    refuse_value("days since 1582-10-15", "standard", -1);
    refuse_value("days since 2001-01-01", NULL, NAN);
    refuse_value("days since 2001-01-01", NULL, 9.97e36);
    refuse_value("days since 2001-01-01", NULL, 3e6);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(dates), cmocka_unit_test(zones),
                                       cmocka_unit_test(calendars), cmocka_unit_test(refused)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
