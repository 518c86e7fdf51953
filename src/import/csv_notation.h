/* How the fields of a table write numbers, dates and times. Private to import. */
#ifndef NN_IMPORT_CSV_NOTATION_H
#define NN_IMPORT_CSV_NOTATION_H

#include <stdbool.h>
#include <stddef.h>

#include "base/options.h"
#include "base/text.h"

/* ---- csv_number.c ---- */

typedef struct nn_csv_notation {
    char decimal;              /* '.' or ',' */
    char thousands;            /* between groups of three digits; ' ': any blank; '\0': none */
    const nn_text_list *marks; /* borrowed: removed before and after a number, such as "%"; "()" makes a
                                  number in parentheses negative, "-" one that a minus follows; NULL: none */
} nn_csv_notation;

/* A decimal number and nothing else; blanks around it are passed over. Not numbers: hexadecimal digits,
 * "nan", "inf", and what a double cannot hold. */
bool nn_csv_number(const nn_csv_notation *notation, const char *text, double *number);

/* ---- csv_date.c ---- */

/* Parts of a date, as columns of their own. */
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

/* Seconds since 1970-01-01 00:00 UTC of a text in a format of strptime(), where the seconds may have
 * decimals; a text without a date counts from midnight, one without %z is UTC. parts: NN_CSV_DATE_PARTS
 * values, or NULL (weekday: 0 is Monday). False: the text is not of this format, or such a day does not
 * exist. */
bool nn_csv_date(const char *format, const char *text, double *seconds, double *parts);

/* Whether the format gives a part. */
bool nn_csv_date_has(const char *format, int part);

/* ---- csv_diagnose.c ---- */

/* Looks for the notation that most of the words (different ones; at most some thousands are looked at) share.
 * True where at least half of them are numbers or dates in it: `what` says what they are, with an example,
 * and `remedy` is the option to add to the import, or the words to count as missing; it is empty where that
 * would contradict an option in use. */
typedef struct nn_csv_diagnosis {
    nn_text what, remedy;
    bool decimal; /* the remedy changes the decimal mark */
} nn_csv_diagnosis;
bool nn_csv_diagnose(const nn_csv_notation *current, char *const *words, size_t count, const char *column,
                     nn_csv_diagnosis *diagnosis);
void nn_csv_diagnosis_release(nn_csv_diagnosis *diagnosis);

#endif
