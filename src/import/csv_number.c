/* Decimal numbers. */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "import/csv_notation.h"

#define NUMBER_DIGITS 15 /* a whole number with this many is exact in a double */
#define NUMBER_PLACES 22 /* and so is this power of ten */
#define NUMBER_BYTES 512 /* the length of the longest number accepted */

/* Reads digits with at most one point: both parts of the quotient are exact, so that it is rounded only once,
 * as by strtod. False: not of this form. */
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

/* The part of a text that remains as its surroundings are removed. */
typedef struct number_text {
    const char *at, *end;
} number_text;

static bool number_begins(const number_text *text, const char *mark)
{
    size_t length = strlen(mark);
    return length > 0 && (size_t)(text->end - text->at) >= length && memcmp(text->at, mark, length) == 0;
}

static bool number_ends(const number_text *text, const char *mark)
{
    size_t length = strlen(mark);
    return length > 0 && (size_t)(text->end - text->at) >= length &&
           memcmp(text->end - length, mark, length) == 0;
}

/* Blanks found in texts: space, tab, no-break space, narrow no-break space. */
static const char *const number_blanks[] = {" ", "\t", "\xc2\xa0", "\xe2\x80\xaf", NULL};

static bool number_trim_one(number_text *text, const char *mark)
{
    if (number_begins(text, mark))
        text->at += strlen(mark);
    else if (number_ends(text, mark))
        text->end -= strlen(mark);
    else
        return false;
    return true;
}

static void number_trim(number_text *text)
{
    for (bool again = true; again;) {
        again = false;
        for (const char *const *blank = number_blanks; *blank; blank++)
            again |= number_trim_one(text, *blank);
    }
}

/* Removes a sign; a minus may be U+2212. */
static bool number_sign(number_text *text, bool *negative)
{
    static const char *const signs[] = {"+", "-", "\xe2\x88\x92"};
    for (int i = 0; i < 3; i++) {
        if (!number_begins(text, signs[i])) continue;
        text->at += strlen(signs[i]);
        *negative = i > 0;
        return true;
    }
    return false;
}

/* Removes the sign and the marks, in any order: "-$5", "$ -5", "($5)", "5 %". */
static void number_strip(const nn_csv_notation *notation, number_text *text, bool *negative)
{
    bool sign = number_sign(text, negative);
    size_t count = notation->marks ? notation->marks->count : 0;
    for (size_t i = 0; i < 2 * count; i++) { /* twice: a mark may be inside another */
        const char *mark = notation->marks->items[i % count];
        if (strcmp(mark, "()") == 0) {
            if (sign || !number_begins(text, "(") || !number_ends(text, ")")) continue;
            text->at++;
            text->end--;
            *negative = sign = true;
        } else if (strcmp(mark, "-") == 0) { /* "5-" is -5 */
            if (sign || !number_ends(text, mark)) continue;
            text->end--;
            *negative = sign = true;
        } else if (!number_trim_one(text, mark)) {
            continue;
        }
        number_trim(text);
        if (!sign) sign = number_sign(text, negative);
    }
}

/* Bytes of the separator of thousands at this place; 0: none. */
static size_t number_separator(const nn_csv_notation *notation, const number_text *text)
{
    if (notation->thousands == '\0') return 0;
    if (notation->thousands != ' ') return *text->at == notation->thousands;
    for (const char *const *blank = number_blanks; *blank; blank++)
        if (number_begins(text, *blank)) return strlen(*blank);
    return 0;
}

static size_t number_digits(number_text *text, char *plain, size_t *length)
{
    size_t count = 0;
    for (; text->at < text->end && *text->at >= '0' && *text->at <= '9'; count++)
        plain[(*length)++] = *text->at++;
    return count;
}

/* The digits before the point: in groups of three if there are separators, or as in India: 12,34,567. */
static bool number_whole(const nn_csv_notation *notation, number_text *text, char *plain, size_t *length,
                         size_t *count)
{
    *count = number_digits(text, plain, length);
    size_t first = *count, group = 0, pairs = 0, threes = 0;
    while (text->at < text->end) {
        size_t separator = number_separator(notation, text);
        if (separator == 0) break;
        if (first == 0 || first > 3) return false;
        text->at += separator;
        group = number_digits(text, plain, length);
        if ((group != 2 && group != 3) || (threes > 0 && (pairs > 0 || group == 2))) return false;
        pairs += group == 2;
        threes += group == 3;
        *count += group;
    }
    return group == 0 || (group == 3 && (pairs == 0 || first < 3));
}

static bool number_exponent(number_text *text, char *plain, size_t *length)
{
    if (text->at == text->end) return true;
    if (!strchr("eEdD", *text->at)) return false; /* D as in Fortran */
    text->at++;
    plain[(*length)++] = 'e';
    if (text->at < text->end && (*text->at == '+' || *text->at == '-')) plain[(*length)++] = *text->at++;
    return number_digits(text, plain, length) > 0 && text->at == text->end;
}

bool nn_csv_number(const nn_csv_notation *notation, const char *field, double *number)
{
    char plain[NUMBER_BYTES + 2];
    size_t length = 0, whole, places = 0;
    bool negative = false;
    if (notation->decimal == '.' && number_short(field, number)) return true;
    number_text text = {.at = field, .end = field + strlen(field)};
    number_trim(&text);
    number_strip(notation, &text, &negative);
    if (text.at >= text.end || text.end - text.at > NUMBER_BYTES) return false;
    if (!number_whole(notation, &text, plain, &length, &whole)) return false;
    if (text.at < text.end && *text.at == notation->decimal) {
        text.at++;
        plain[length++] = '.';
        places = number_digits(&text, plain, &length);
    }
    if (whole + places == 0 || !number_exponent(&text, plain, &length)) return false;
    plain[length] = '\0';
    *number = strtod(plain, NULL);
    if (negative) *number = -*number;
    return isfinite(*number);
}
