/*
 * Diagnoses numbers and dates that are not written as the import expects: which notation most of the words
 * share, and the option that reads it. Tries each candidate of a fixed list on a sample of the words, and
 * chooses the first of those that fit the most words.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "import/csv_notation.h"

#define DIAGNOSE_WORDS 2000
#define DIAGNOSE_SHOWN 40
#define DIAGNOSE_MARKS 4
#define DIAGNOSE_MARK_BYTES 8

/* ---- signs and units around a number ---- */

static const char *const diagnose_symbols[] = {"%",
                                               "\xe2\x80\xb0",
                                               "$",
                                               "\xe2\x82\xac",
                                               "\xc2\xa3",
                                               "\xc2\xa5",
                                               "\xe2\x82\xb9",
                                               "USD",
                                               "EUR",
                                               "GBP",
                                               "CHF",
                                               "JPY",
                                               "CNY",
                                               "INR",
                                               "\xc2\xb0"
                                               "C",
                                               "\xc2\xb0"
                                               "F",
                                               "\xc2\xb0",
                                               NULL};

typedef struct diagnose_marks {
    char items[DIAGNOSE_MARKS][DIAGNOSE_MARK_BYTES + 1];
    char *list[DIAGNOSE_MARKS]; /* the items as a list of texts */
    nn_text_list texts;
} diagnose_marks;

static bool diagnose_is_symbol(const char *mark)
{
    for (const char *const *symbol = diagnose_symbols; *symbol; symbol++)
        if (strcmp(*symbol, mark) == 0) return true;
    return false;
}

static void diagnose_keep_mark(diagnose_marks *marks, const char *mark)
{
    for (size_t i = 0; i < marks->texts.count; i++)
        if (strcmp(marks->items[i], mark) == 0) return;
    if (marks->texts.count == DIAGNOSE_MARKS) return;
    strcpy(marks->items[marks->texts.count], mark);
    marks->list[marks->texts.count] = marks->items[marks->texts.count];
    marks->texts.items = marks->list;
    marks->texts.count++;
}

/* The bytes before the first digit (except sign and point), or after the last one, without blanks. */
static void diagnose_mark(const char *from, size_t length, char *mark)
{
    size_t kept = 0;
    for (size_t i = 0; i < length; i++) {
        if (from[i] == ' ' || (i + 1 < length && memcmp(from + i, "\xc2\xa0", 2) == 0 && ++i)) continue;
        if (kept < DIAGNOSE_MARK_BYTES) mark[kept] = from[i];
        kept++;
    }
    mark[kept <= DIAGNOSE_MARK_BYTES ? kept : 0] = '\0';
}

/* Notes the marks of a word: known symbols on either side; and letters after the number as a unit, which
 * counts only if all words share it (in "A1", "B7" the letters are part of a name). */
static void diagnose_meet_marks(const char *word, diagnose_marks *marks, char *unit)
{
    static const char digits[] = "0123456789";
    char mark[DIAGNOSE_MARK_BYTES + 1];
    size_t length = strlen(word), first = strcspn(word, digits), last = length;
    if (first == length) return;
    while (!strchr(digits, word[last - 1])) last--;
    size_t before = first;
    while (before > 0 && strchr("+-.,", word[before - 1])) before--;
    diagnose_mark(word, before, mark);
    if (mark[0] == '-' || mark[0] == '+') memmove(mark, mark + 1, strlen(mark));
    if (strcmp(mark, "(") == 0 || diagnose_is_symbol(mark))
        diagnose_keep_mark(marks, mark[0] == '(' ? "()" : mark);
    diagnose_mark(word + last, length - last, mark);
    if (diagnose_is_symbol(mark) || strcmp(mark, "-") == 0) diagnose_keep_mark(marks, mark);
    bool letters = mark[0] && strcspn(mark, "()+-.,;:/") == strlen(mark) && !diagnose_is_symbol(mark);
    if (letters && unit[0] == '\0') strcpy(unit, mark);
    if (letters && strcmp(unit, mark) != 0) strcpy(unit, "?");
}

static void diagnose_find_marks(char *const *words, size_t count, diagnose_marks *marks)
{
    char unit[DIAGNOSE_MARK_BYTES + 1] = "";
    for (size_t i = 0; i < count; i++) diagnose_meet_marks(words[i], marks, unit);
    if (unit[0] && unit[0] != '?') diagnose_keep_mark(marks, unit);
}

/* ---- numbers ---- */

typedef struct diagnose_candidate {
    char decimal, thousands;
    bool marked;
    const char *what, *options;
} diagnose_candidate;

static const diagnose_candidate diagnose_candidates[] = {
    {'.', '\0', false, "numbers with a decimal point", "--decimal ."},
    {',', '\0', false, "numbers with a decimal comma", "--decimal ','"},
    {'.', ',', false, "numbers with commas between thousands", "--thousands ','"},
    {',', '.', false, "numbers with a decimal comma and dots between thousands",
     "--decimal ',' --thousands ."},
    {'.', ' ', false, "numbers with blanks between thousands", "--thousands space"},
    {',', ' ', false, "numbers with a decimal comma and blanks between thousands",
     "--decimal ',' --thousands space"},
    {'.', '\'', false, "numbers with apostrophes between thousands", "--thousands \"'\""},
    {'.', '_', false, "numbers with underscores between thousands", "--thousands _"},
};
enum { DIAGNOSE_CANDIDATES = sizeof diagnose_candidates / sizeof *diagnose_candidates };

/* Infinity and NaN, as C, Python, R and MATLAB write them. */
static bool diagnose_is_nonfinite(const char *word)
{
    static const char *const forms[] = {"inf", "infinity", "nan", "1.#inf", "1.#qnan", "1.#ind", NULL};
    word += *word == '-' || *word == '+';
    for (const char *const *form = forms; *form; form++)
        if (strcasecmp(*form, word) == 0) return true;
    return strncasecmp(word, "nan(", 4) == 0;
}

/* How many of the words are numbers in this notation, finite or not; *example becomes one of them that the
 * notation in use does not read. */
static size_t diagnose_numbers(const nn_csv_notation *notation, const nn_csv_notation *current,
                               char *const *words, size_t count, const char **example)
{
    size_t fits = 0, others = 0;
    double number;
    for (size_t i = 0; i < count; i++) {
        others += diagnose_is_nonfinite(words[i]);
        if (!nn_csv_number(notation, words[i], &number)) continue;
        if (!*example && !nn_csv_number(current, words[i], &number)) *example = words[i];
        fits++;
    }
    return fits > 0 ? fits + others : 0;
}

typedef struct diagnose_best {
    size_t fits;
    const diagnose_candidate *candidate; /* NULL: the notation in use */
    bool marked, contradicts;
    const char *example;
} diagnose_best;

/* Whether the candidate conflicts with a decimal comma or separator of thousands that the user has chosen for
 * other columns. */
static bool diagnose_contradicts(const nn_csv_notation *current, const diagnose_candidate *candidate)
{
    return (current->decimal == ',' && candidate->decimal == '.') || candidate->decimal == current->thousands;
}

static void diagnose_find_among(const nn_csv_notation *current, const diagnose_marks *marks, bool contradicts,
                                char *const *words, size_t count, diagnose_best *best)
{
    for (int marked = 0; marked < (marks->texts.count > 0 ? 2 : 1); marked++)
        for (int c = 0; c < DIAGNOSE_CANDIDATES; c++) {
            const diagnose_candidate *candidate = &diagnose_candidates[c];
            if (diagnose_contradicts(current, candidate) != contradicts) continue;
            const nn_csv_notation notation = {.decimal = candidate->decimal,
                                              .thousands = candidate->thousands,
                                              .marks = marked ? &marks->texts : current->marks};
            const char *example = NULL;
            size_t fits = diagnose_numbers(&notation, current, words, count, &example);
            if (fits <= best->fits) continue;
            *best = (diagnose_best){fits, candidate, marked, contradicts, example};
        }
}

static void diagnose_find_numbers(const nn_csv_notation *current, const diagnose_marks *marks,
                                  char *const *words, size_t count, diagnose_best *best)
{
    best->fits = diagnose_numbers(current, current, words, count, &best->example);
    diagnose_find_among(current, marks, false, words, count, best);
    diagnose_find_among(current, marks, true, words, count, best);
}

/* "1,000" may be a thousand or one: both readings are offered. */
static bool diagnose_is_ambiguous(const nn_csv_notation *current, const diagnose_best *best,
                                  const diagnose_marks *marks, char *const *words, size_t count)
{
    const char *example = NULL;
    if (!best->candidate || best->candidate->decimal != ',' || best->candidate->thousands) return false;
    if (current->decimal == ',') return false;
    const nn_csv_notation grouped = {
        .decimal = '.', .thousands = ',', .marks = best->marked ? &marks->texts : current->marks};
    return diagnose_numbers(&grouped, current, words, count, &example) >= best->fits;
}

static void diagnose_append_marks(const diagnose_marks *marks, nn_text *remedy)
{
    nn_text_append(remedy, "%s--strip '", remedy->length > 0 ? " " : "");
    for (size_t i = 0; i < marks->texts.count; i++)
        nn_text_append(remedy, "%s%s", i > 0 ? "," : "", marks->texts.items[i]);
    nn_text_append(remedy, "'");
}

/* The words that are not numbers, among numbers written as expected: they can be counted as missing. */
static void diagnose_append_strays(const nn_csv_notation *current, char *const *words, size_t count,
                                   nn_text *remedy)
{
    size_t shown = 0;
    double number;
    nn_text_append(remedy, "--missing-values '");
    for (size_t i = 0; i < count && shown < 5; i++) {
        if (nn_csv_number(current, words[i], &number)) continue;
        nn_text_append(remedy, "%s%.*s", shown++ > 0 ? "," : "", DIAGNOSE_SHOWN, words[i]);
    }
    nn_text_append(remedy, "' to count such words as missing");
}

static void diagnose_append_numbers(const nn_csv_notation *current, const diagnose_best *best,
                                    const diagnose_marks *marks, char *const *words, size_t count,
                                    nn_csv_diagnosis *diagnosis)
{
    if (!best->candidate) {
        nn_text_append(&diagnosis->what, "numbers");
        diagnose_append_strays(current, words, count, &diagnosis->remedy);
        return;
    }
    bool plain = best->candidate == diagnose_candidates && current->decimal == '.';
    bool ambiguous = diagnose_is_ambiguous(current, best, marks, words, count);
    nn_text_append(&diagnosis->what, "%s%s",
                   ambiguous ? "numbers with a comma"
                   : plain   ? "numbers"
                             : best->candidate->what,
                   !best->marked ? ""
                   : plain       ? " with signs or units"
                                 : " and signs or units");
    if (best->example) nn_text_append(&diagnosis->what, ", such as '%.*s'", DIAGNOSE_SHOWN, best->example);
    if (best->contradicts) return;
    diagnosis->decimal = best->candidate->decimal != current->decimal;
    nn_text_append(&diagnosis->remedy, "%s", plain ? "" : best->candidate->options);
    if (best->marked) diagnose_append_marks(marks, &diagnosis->remedy);
    if (ambiguous)
        nn_text_append(&diagnosis->remedy,
                       " if the comma is the decimal point, --thousands ',' if it groups digits");
}

/* ---- dates ---- */

static const char *const diagnose_days[] = {"%Y-%m-%d",  "%Y/%m/%d", "%Y.%m.%d", "%d.%m.%Y", "%d/%m/%Y",
                                            "%m/%d/%Y",  "%d-%m-%Y", "%d-%b-%Y", "%d %b %Y", "%b %d %Y",
                                            "%b %d, %Y", "%d.%m.%y", "%d/%m/%y", "%m/%d/%y", "%d-%b-%y",
                                            "%Y-%m",     NULL};
static const char *const diagnose_times[] = {
    "",          " %H:%M:%S",    " %H:%M",        "T%H:%M:%S", "T%H:%M", "T%H:%M:%S%z", " %H:%M:%S%z",
    " %I:%M %p", " %I:%M:%S %p", " %H:%M:%S UTC", NULL};
static const char *const diagnose_clocks[] = {"%H:%M:%S", "%H:%M", "%I:%M %p", NULL};

typedef struct diagnose_dates {
    size_t fits;
    const char *example;
    char format[32], also[32]; /* another one that fits as many: day and month swapped */
} diagnose_dates;

static void diagnose_try_date(const char *day, const char *time, char *const *words, size_t count,
                              diagnose_dates *best)
{
    char format[32] = "";
    const char *example = NULL;
    size_t fits = 0;
    double seconds;
    strcat(strcat(format, day), time);
    for (size_t i = 0; i < count; i++) {
        /* "1.2.3" is more likely a version than a date. */
        bool fit = strlen(words[i]) >= (strchr(format, 'y') ? 6 : 4) &&
                   nn_csv_date(format, words[i], &seconds, NULL);
        if (fit && !example) example = words[i];
        fits += fit;
        if (i == 20 && fits == 0) return; /* none of this format */
    }
    if (fits > best->fits) {
        best->fits = fits;
        best->example = example;
        strcpy(best->format, format);
        best->also[0] = '\0';
    } else if (fits > 0 && fits == best->fits && best->also[0] == '\0' &&
               strncmp(best->format, "%d/", 3) == 0) {
        strcpy(best->also, format);
    }
}

static void diagnose_find_dates(char *const *words, size_t count, diagnose_dates *best)
{
    for (const char *const *day = diagnose_days; *day; day++)
        for (const char *const *time = diagnose_times; *time; time++)
            diagnose_try_date(*day, *time, words, count, best);
    for (const char *const *clock = diagnose_clocks; *clock; clock++)
        diagnose_try_date(*clock, "", words, count, best);
}

/* In a list, a comma is written "\,". */
static void diagnose_append_format(const char *column, const char *format, nn_text *remedy)
{
    nn_text_append(remedy, "--date '");
    for (const char *at = column; *at; at++) nn_text_append(remedy, "%s%c", *at == ',' ? "\\" : "", *at);
    nn_text_append(remedy, "=");
    for (const char *at = format; *at; at++) nn_text_append(remedy, "%s%c", *at == ',' ? "\\" : "", *at);
    nn_text_append(remedy, "'");
}

static void diagnose_append_dates(const diagnose_dates *dates, const char *column,
                                  nn_csv_diagnosis *diagnosis)
{
    nn_text_append(&diagnosis->what, "dates or times, such as '%.*s'", DIAGNOSE_SHOWN, dates->example);
    diagnose_append_format(column, dates->format, &diagnosis->remedy);
    if (dates->also[0]) {
        nn_text_append(&diagnosis->remedy, " or ");
        diagnose_append_format(column, dates->also, &diagnosis->remedy);
        nn_text_append(&diagnosis->remedy, ", whichever is right,");
    }
    nn_text_append(&diagnosis->remedy,
                   " to read them (as seconds, or with --dates parts as numbers of year, month, ...)");
}

/* ---- the result ---- */

bool nn_csv_diagnose(const nn_csv_notation *current, char *const *words, size_t count, const char *column,
                     nn_csv_diagnosis *diagnosis)
{
    diagnose_marks marks = {.texts = {0}};
    diagnose_best numbers = {0};
    diagnose_dates dates = {0};
    if (count > DIAGNOSE_WORDS) count = DIAGNOSE_WORDS;
    diagnose_find_marks(words, count, &marks);
    diagnose_find_numbers(current, &marks, words, count, &numbers);
    diagnose_find_dates(words, count, &dates);
    size_t fits = dates.fits > numbers.fits ? dates.fits : numbers.fits;
    if (fits == 0 || fits * 2 < count) return false;
    if (fits == count)
        nn_text_append(&diagnosis->what, "all of its %s%zu different values are ",
                       count == DIAGNOSE_WORDS ? "first " : "", count);
    else
        nn_text_append(&diagnosis->what, "%zu of its %s%zu different values are ", fits,
                       count == DIAGNOSE_WORDS ? "first " : "", count);
    if (dates.fits > numbers.fits)
        diagnose_append_dates(&dates, column, diagnosis);
    else
        diagnose_append_numbers(current, &numbers, &marks, words, count, diagnosis);
    return !diagnosis->what.failed && !diagnosis->remedy.failed;
}

void nn_csv_diagnosis_release(nn_csv_diagnosis *diagnosis)
{
    nn_text_free(&diagnosis->what);
    nn_text_free(&diagnosis->remedy);
}
