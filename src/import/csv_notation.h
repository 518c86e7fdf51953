/* How the fields of a table write numbers, dates and times. Private to import. */
#ifndef NN_IMPORT_CSV_NOTATION_H
#define NN_IMPORT_CSV_NOTATION_H

#include <stdbool.h>
#include <stddef.h>

#include "base/options.h"
#include "base/text.h"

/* ---- csv_number.c ---- */

typedef struct nn_csv_notation {
    char decimal;   /* '.' or ',' */
    char thousands; /* between groups of three digits; ' ': any blank; '\0': none */
    const nn_text_list
        *marks; /* borrowed: removed before and after a number, such as "%"; "()" makes a number in
                   parentheses negative, "-" one followed by a minus sign; NULL: none */
} nn_csv_notation;

/* Reads a decimal number with nothing but blanks around it. Not numbers: hexadecimal digits, "nan", "inf",
 * and values outside the range of a double. */
bool nn_csv_number(const nn_csv_notation *notation, const char *text, double *number);

/* ---- csv_date.c ---- */

/* The parts of a date, each of which can become a column. */
enum {
    NN_CSV_YEAR,
    NN_CSV_MONTH,
    NN_CSV_DAY,
    NN_CSV_WEEKDAY,
    NN_CSV_HOUR,
    NN_CSV_MINUTE,
    NN_CSV_SECOND,
    NN_CSV_DATE_PARTS
};
extern const char *const nn_csv_date_parts[];

/* Converts a text in a format of strptime() to seconds since 1970-01-01 00:00 UTC; the seconds may have
 * decimals. A text without a date counts from midnight; one without %z is UTC. parts: NN_CSV_DATE_PARTS
 * values, or NULL (weekday: 0 is Monday). False: the text does not have this format, or there is no such
 * day. */
bool nn_csv_date(const char *format, const char *text, double *seconds, double *parts);

/* Whether the format contains a part. */
bool nn_csv_date_has(const char *format, int part);

/* ---- csv_diagnose.c ---- */

/* Looks for the notation shared by most of the words (different ones; only the first few thousand are used).
 * True if at least half of them are numbers or dates in it: `what` then describes them, with an example, and
 * `remedy` is the option to add to the import, or the words to count as missing; it is empty if that would
 * contradict an option in use. Release the diagnosis in either case. */
typedef struct nn_csv_diagnosis {
    nn_text what, remedy;
    bool decimal; /* the remedy changes the decimal mark */
} nn_csv_diagnosis;
bool nn_csv_diagnose(const nn_csv_notation *current, char *const *words, size_t count, const char *column,
                     nn_csv_diagnosis *diagnosis);
void nn_csv_diagnosis_release(nn_csv_diagnosis *diagnosis);

#endif
