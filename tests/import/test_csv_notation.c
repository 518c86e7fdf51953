/* Notations of numbers and dates: what is read, what is refused, and what is recognised for the message. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "import/csv_notation.h"

#define LIST(...)                                                                                            \
    (nn_text_list)                                                                                           \
    {                                                                                                        \
        (char *[]){__VA_ARGS__}, sizeof((char *[]){__VA_ARGS__}) / sizeof(char *)                            \
    }

/* Would be wrong: a number with another value, or something else read as a number. NAN: refused. */
static void test_numbers(void **state)
{
    (void)state;
    const nn_text_list none = {0}, marks = LIST("$", "%", "kg", "()"), after = LIST("-");
    const struct {
        char decimal, thousands;
        const nn_text_list *marks;
        const char *text;
        double value;
        bool refused;
    } rows[] = {
        {'.', 0, &none, " 5 ", 5, false},
        {'.', 0, &none,
         "\xc2\xa0"
         "5\xe2\x80\xaf",
         5, false},
        {'.', 0, &none,
         "\xe2\x88\x92"
         "5.5",
         -5.5, false},
        {'.', 0, &none, "1.5D+03", 1500, false},
        {'.', 0, &none, "+1e2", 100, false},
        {'.', 0, &none, "1,5", 0, true},
        {'.', 0, &none, "1,000", 0, true},
        {'.', 0, &none, "- 5", 0, true},
        {'.', 0, &none, "5 kg", 0, true},
        {'.', 0, &none, "(5)", 0, true},
        {'.', 0, &none, "0x10", 0, true},
        {'.', 0, &none, "1e400", 0, true},
        {',', 0, &none, "10,01", 10.01, false},
        {',', 0, &none, ",5", 0.5, false},
        {',', 0, &none, "-1,5e2", -150, false},
        {',', 0, &none, "3", 3, false},
        {',', 0, &none, "3.5", 0, true},
        {',', 0, &none, "1,2,3", 0, true},
        {'.', ',', &none, "1,000", 1000, false},
        {'.', ',', &none, "12,345,678.25", 12345678.25, false},
        {'.', ',', &none, "999", 999, false},
        {'.', ',', &none, "10000.5", 10000.5, false},
        {'.', ',', &none, "1,00", 0, true},
        {'.', ',', &none, "1000,000", 0, true},
        {'.', ',', &none, ",500", 0, true},
        {'.', ',', &none, "1,000,", 0, true},
        {'.', ',', &none, "1.000,5", 0, true},
        {',', '.', &none, "1.234,5", 1234.5, false},
        {',', '.', &none, "1.5", 0, true},
        {',', ' ', &none, "1 234,5", 1234.5, false},
        {',', ' ', &none,
         "1\xc2\xa0"
         "234\xe2\x80\xaf"
         "567",
         1234567, false},
        {'.', '\'', &none, "1'000.5", 1000.5, false},
        {'.', ',', &marks, "$1,200.50", 1200.5, false},
        {'.', ',', &marks, "-$30", -30, false},
        {'.', ',', &marks, "$ -30", -30, false},
        {'.', ',', &marks, "12 %", 12, false},
        {'.', ',', &marks, "5kg", 5, false},
        {'.', ',', &marks, "(1,500)", -1500, false},
        {'.', ',', &marks, "($5)", -5, false},
        {'.', ',', &marks, "5 lb", 0, true},
        {'.', ',', &marks, "$", 0, true},
        {'.', ',', &marks, "--5", 0, true},
        {'.', ',', &marks, "-(5)", 0, true},
        {'.', ',', &none, "12,34,567.5", 1234567.5, false},
        {'.', ',', &none, "1,00,000", 100000, false},
        {'.', ',', &none, "123,45,678", 0, true},
        {'.', ',', &none, "1,00,00", 0, true},
        {'.', ',', &none, "1,000,00,000", 0, true},
        {'.', ',', &none, "1,00,000,000", 0, true},
        {'.', ',', &none, "1,0000", 0, true},
        {'.', 0, &none, "5-", 0, true},
        {'.', 0, &after, "5.5-", -5.5, false},
        {'.', 0, &after, "-5.5", -5.5, false},
        {'.', 0, &after, "-5-", 0, true},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        double number = 0;
        const nn_csv_notation notation = {rows[i].decimal, rows[i].thousands, rows[i].marks};
        bool read = nn_csv_number(&notation, rows[i].text, &number);
        if (read == rows[i].refused || (read && number != rows[i].value))
            fail_msg("'%s' with '%c': %s %.17g", rows[i].text, rows[i].decimal, read ? "is" : "refused",
                     number);
    }
}

/* Would be wrong: a day that does not exist, an ignored zone, lost decimals. The seconds were computed by GNU
 * date. */
static void test_dates(void **state)
{
    (void)state;
    static const struct {
        const char *format, *text;
        double seconds;
        bool refused;
    } rows[] = {
        {"%Y-%m-%d", "2024-02-29", 1709164800, false},
        {"%Y-%m-%d", "2023-02-29", 0, true},
        {"%Y-%m-%d", "2024-13-01", 0, true},
        {"%Y-%m-%d", "2024-01-01 ", 0, true},
        {"%Y-%m-%d", "24-01-01", 0, true},
        {"%d.%m.%Y %H:%M:%S", "01.02.2024 03:04:05.25", 1706756645.25, false},
        {"%Y-%m-%dT%H:%M:%S%z", "2024-02-01T03:04:05+0100", 1706753045, false},
        {"%Y-%m-%dT%H:%M:%S%z", "2024-02-01T03:04:05.5Z", 1706756645.5, false},
        {"%H:%M", "01:30", 5400, false},
        {"%H:%M", "25:00", 0, true},
        {"%b %d, %Y", "Jan 3, 1970", 172800, false},
        {"%Y-%m-%d", "1969-12-31", -86400, false},
        {"%Y-%m-%d", "2024.5-01-01", 0, true},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        double seconds = 0;
        bool read = nn_csv_date(rows[i].format, rows[i].text, &seconds, NULL);
        if (read == rows[i].refused || (read && seconds != rows[i].seconds))
            fail_msg("'%s' as %s: %s %.17g", rows[i].text, rows[i].format, read ? "is" : "refused", seconds);
    }
    double seconds, parts[NN_CSV_DATE_PARTS];
    static const double expected[] = {2024, 2, 29, 3, 13, 5, 7.5}; /* a Thursday */
    assert_true(nn_csv_date("%Y-%m-%d %H:%M:%S", "2024-02-29 13:05:07.5", &seconds, parts));
    assert_memory_equal(parts, expected, sizeof expected);
    assert_true(nn_csv_date_has("%d.%m.%y", NN_CSV_WEEKDAY) && !nn_csv_date_has("%H:%M", NN_CSV_DAY));
    assert_true(nn_csv_date_has("%T", NN_CSV_SECOND) && !nn_csv_date_has("%Y-%m", NN_CSV_DAY));
}

/* Would be wrong: numbers or dates silently taken as categories, or categories refused. "": they are
 * names. */
static void test_diagnoses(void **state)
{
    (void)state;
    const nn_text_list none = {0};
    const nn_csv_notation plain = {.decimal = '.', .marks = &none};
    const struct {
        nn_text_list words;
        const char *remedy;
    } rows[] = {
        {LIST("10,01", "3", "-0,5"), "--decimal ','"},
        {LIST("1,000", "12,500"), "--thousands ',' if it groups digits"},
        {LIST("1,000", "12,500.25"), "--thousands ','"},
        {LIST("1.000,5", "12"), "--decimal ',' --thousands ."},
        {LIST("1 000", "2 500,5"), "--decimal ',' --thousands space"},
        {LIST("1'000", "2'500"), "--thousands \"'\""},
        {LIST("12%", "13 %"), "--strip '%'"},
        {LIST("$5", "$1,000.50"), "--thousands ',' --strip '$'"},
        {LIST("5 \xe2\x82\xac", "7,50 \xe2\x82\xac"), "--decimal ',' --strip '\xe2\x82\xac'"},
        {LIST("5kg", "7 kg"), "--strip 'kg'"},
        {LIST("(5)", "7", "9"), "--strip '()'"},
        {LIST("-", "1", "2"), "--missing-values '-'"},
        {LIST("inf", "1", "2"), "--missing-values 'inf'"},
        {LIST("-Infinity", "NaN", "2"), "--missing-values '-Infinity,NaN'"},
        {LIST("inf", "sup"), ""},
        {LIST("1,00,000", "5,000"), "--thousands ','"},
        {LIST("1.5-", "7"), "--strip '-'"},
        {LIST("2024-01-02 10:00:00 UTC"), "--date 'c=%Y-%m-%d %H:%M:%S UTC'"},
        {LIST("2024-01-02", "2024-01-03"), "--date 'c=%Y-%m-%d'"},
        {LIST("2024-01-02T10:00:00Z", "2024-01-03T10:00:00.5Z"), "--date 'c=%Y-%m-%dT%H:%M:%S%z'"},
        {LIST("13.01.2024 10:00", "14.01.2024 10:00"), "--date 'c=%d.%m.%Y %H:%M'"},
        {LIST("03/04/2024", "04/03/2024"), "or --date 'c=%m/%d/%Y'"},
        {LIST("01/13/2024", "02/03/2024"), "--date 'c=%m/%d/%Y'"},
        {LIST("10:30", "23:59"), "--date 'c=%H:%M'"},
        {LIST("Jan 3, 2024", "Feb 4, 2024"), "--date 'c=%b %d\\, %Y'"},
        {LIST("A1", "B7", "C12"), ""},
        {LIST("red", "blue"), ""},
        {LIST("1st", "2nd", "3rd"), ""},
        {LIST("red", "blue", "7"), ""},
        {LIST("1.2.3", "1.2.4"), ""},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        nn_csv_diagnosis diagnosis = {0};
        bool found = nn_csv_diagnose(&plain, rows[i].words.items, rows[i].words.count, "c", &diagnosis);
        if (found != (rows[i].remedy[0] != '\0') ||
            (found && !strstr(diagnosis.remedy.bytes, rows[i].remedy)))
            fail_msg("'%s', ...: %s", rows[i].words.items[0], found ? diagnosis.remedy.bytes : "names");
        nn_csv_diagnosis_release(&diagnosis);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_numbers), cmocka_unit_test(test_dates),
                                       cmocka_unit_test(test_diagnoses)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
