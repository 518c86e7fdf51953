/* Decimal numbers. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "import/csv_reader.h"

#define NUMBER_DIGITS 15 /* a whole number of so many is exact in a double */
#define NUMBER_PLACES 22 /* and so is this power of ten */

/* Digits and perhaps a point: both parts of the quotient are exact, so that it is rounded once, as strtod
 * does it. False: not of this form. */
static bool number_short(const char *text, double *number)
{
    static const double powers[NUMBER_PLACES + 1] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                                     1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                                     1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
    bool negative = *text == '-';
    int digits = 0, places = 0;
    int64_t value = 0;
    bool point = false;
    for (text += negative; *text; text++) {
        if (*text == '.' && !point) {
            point = true;
            continue;
        }
        if (*text < '0' || *text > '9' || ++digits > NUMBER_DIGITS) return false;
        value = 10 * value + (*text - '0');
        places += point;
    }
    *number = (double)value / powers[places];
    if (negative) *number = -*number;
    return digits > 0;
}

bool nn_csv_number(const nn_csv_field *field, double *number)
{
    if (number_short(field->text, number)) return true;
    if (field->length == 0 || strspn(field->text, "0123456789+-.eE") != field->length) return false;
    char *end;
    *number = strtod(field->text, &end);
    return *end == '\0' && isfinite(*number);
}
