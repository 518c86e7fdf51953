#include "import/csv_table.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/memory.h"

#define TABLE_LOOK_AHEAD 200
#define TABLE_ROWS_LEAST 3 /* needed to say that a word does not occur again */

const char *const nn_csv_header_choices[] = {"auto", "yes", "no", NULL};
const char *const nn_csv_dates_choices[] = {"seconds", "parts", NULL};
const char *const nn_csv_missing_choices[] = {"error", "drop", "mean", NULL};

/* ---- the columns ---- */

static nn_status table_delimiter(const nn_csv_options *options, char *delimiter)
{
    static const struct {
        const char *word;
        char delimiter;
    } words[] = {{"auto", '\0'}, {"comma", ','}, {"semicolon", ';'}, {"tab", '\t'},
                 {"\\t", '\t'},  {"pipe", '|'},  {"space", ' '}};
    const char *word = options->delimiter ? options->delimiter : "auto";
    *delimiter = word[0];
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (strcmp(word, words[i].word) != 0) continue;
        *delimiter = words[i].delimiter;
        return NN_OK;
    }
    if (strlen(word) != 1 || strchr("\"\r\n0123456789.+-", word[0]) || (unsigned char)word[0] > 0x7e)
        NN_FAIL(NN_ERROR_USAGE,
                "--delimiter '%s': expected one character, or comma, semicolon, tab, pipe or space", word);
    return NN_OK;
}

/* A mark in numbers: one character that does not otherwise occur in them. */
static nn_status table_mark(const char *option, const char *word, char *mark)
{
    static const struct {
        const char *word;
        char mark;
    } words[] = {{"none", '\0'}, {"space", ' '}, {"comma", ','}, {"point", '.'}, {"apostrophe", '\''}};
    *mark = word[0];
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (strcmp(word, words[i].word) != 0) continue;
        *mark = words[i].mark;
        return NN_OK;
    }
    if (strlen(word) != 1 || strchr("\"\r\n0123456789+-eE", word[0]) || (unsigned char)word[0] > 0x7e)
        NN_FAIL(NN_ERROR_USAGE, "--%s '%s': expected one character, such as . , ' or _, or the word space",
                option, word);
    return NN_OK;
}

static nn_status table_notation(const nn_csv_options *options, nn_csv_notation *notation)
{
    *notation = (nn_csv_notation){.decimal = '.', .marks = &options->strip};
    if (options->decimal) NN_TRY(table_mark("decimal", options->decimal, &notation->decimal));
    if (options->thousands) NN_TRY(table_mark("thousands", options->thousands, &notation->thousands));
    if (notation->decimal != '.' && notation->decimal != ',')
        NN_FAIL(NN_ERROR_USAGE, "--decimal '%s': expected . or ,", options->decimal);
    if (notation->thousands == notation->decimal)
        NN_FAIL(NN_ERROR_USAGE, "--decimal and --thousands are both '%c': they must differ%s",
                notation->decimal,
                options->decimal ? "" : "; use --decimal , if the comma is the decimal mark");
    return NN_OK;
}

/* Uses the fields of the first row as titles, or makes titles up. */
static nn_status table_name_columns(nn_csv_table *table, const nn_csv_record *first)
{
    NN_TRY(NN_ALLOCATE(&table->columns, first->count, "the columns"));
    table->column_count = first->count;
    for (size_t i = 0; i < first->count; i++) {
        nn_text title = {0};
        if (table->header && first->fields[i].length > 0)
            nn_text_append(&title, "%s", first->fields[i].text);
        else
            nn_text_append(&title, "column%zu", i + 1);
        nn_status status = title.failed ? nn_fail(NN_ERROR_MEMORY, "out of memory for the names of columns")
                                        : nn_copy_text(title.bytes, &table->columns[i].title);
        nn_text_free(&title);
        NN_TRY(status);
    }
    return NN_OK;
}

/* What identifies a header: words above numbers, or words that do not occur again. */
typedef struct table_look {
    bool *word;                /* the first row has a word here */
    bool again;                /* ... which a row below repeats */
    bool *year;                /* the first row has a number here that may be a year */
    int64_t rows;              /* rows below the first */
    int64_t *numbers, *others; /* counts of the rows below, per column */
    int64_t *years;            /* ... of the numbers that may be years */
    size_t count;
} table_look;

/* A number or a date in any notation: begins or ends with a digit, and has no more letters than a month or a
 * unit. */
static bool table_is_number_like(const nn_csv_table *table, const nn_csv_field *field)
{
    double number;
    char *words[] = {(char *)field->text};
    nn_csv_diagnosis diagnosis = {0};
    if (nn_csv_number(&table->notation, field->text, &number)) return true;
    if (!strpbrk(field->text, "0123456789")) return false;
    bool like = nn_csv_diagnose(&table->notation, words, 1, "", &diagnosis);
    nn_csv_diagnosis_release(&diagnosis);
    return like;
}

static bool table_is_year(const char *text)
{
    return strlen(text) == 4 && strspn(text, "0123456789") == 4 && (text[0] == '1' || text[0] == '2');
}

static nn_status table_look_below(nn_csv_table *table, nn_csv_reader *reader, table_look *look)
{
    nn_csv_record record;
    for (int row = 0; row < TABLE_LOOK_AHEAD; row++) {
        NN_TRY(nn_csv_next(reader, &record));
        if (record.count == 0) break;
        look->rows++;
        for (size_t i = 0; i < record.count && i < look->count; i++) {
            if (nn_csv_missing(table->options, &record.fields[i])) continue;
            look->again |= strcmp(record.fields[i].text, table->columns[i].title) == 0;
            look->years[i] += table_is_year(record.fields[i].text);
            if (table_is_number_like(table, &record.fields[i]))
                look->numbers[i]++;
            else
                look->others[i]++;
        }
    }
    return NN_OK;
}

static nn_status table_look_first(nn_csv_table *table, const nn_csv_record *first, table_look *look)
{
    look->count = first->count;
    NN_TRY(NN_ALLOCATE(&look->word, first->count, "the columns"));
    NN_TRY(NN_ALLOCATE(&look->numbers, first->count, "the columns"));
    NN_TRY(NN_ALLOCATE(&look->others, first->count, "the columns"));
    NN_TRY(NN_ALLOCATE(&look->year, first->count, "the columns"));
    NN_TRY(NN_ALLOCATE(&look->years, first->count, "the columns"));
    for (size_t i = 0; i < first->count; i++) look->year[i] = table_is_year(first->fields[i].text);
    for (size_t i = 0; i < first->count; i++)
        look->word[i] = !nn_csv_missing(table->options, &first->fields[i]) &&
                        !table_is_number_like(table, &first->fields[i]);
    return NN_OK;
}

/* A table of words only: samples repeat the words of others, but names of columns do not occur again. */
static bool table_has_new_words(const table_look *look)
{
    bool words = !look->again && look->rows >= TABLE_ROWS_LEAST;
    for (size_t i = 0; i < look->count; i++) words &= look->word[i] && look->numbers[i] == 0;
    return words;
}

static void table_warn_of_words(const nn_csv_table *table)
{
    nn_log_warning(
        "the first row of %s ('%.40s', ...) is used as the names of the columns, because none of its "
        "words occurs again below: add --header no if it is a sample",
        table->paths[0], table->columns[0].title);
}

/* Consecutive years above numbers that are not years are probably the names of columns. */
static void table_warn_of_years(const nn_csv_table *table, const table_look *look)
{
    for (size_t i = 1; i < look->count; i++) {
        const char *left = table->columns[i - 1].title, *right = table->columns[i].title;
        bool years =
            look->year[i - 1] && look->year[i] && labs(strtol(right, NULL, 10) - strtol(left, NULL, 10)) == 1;
        if (!years || look->years[i - 1] + look->years[i] > 0 || look->rows == 0) continue;
        nn_log_warning(
            "the first row of %s is read as a sample, but its columns %zu and %zu are the years "
            "%s and %s, and no other row has years there: if the row names the columns, add --header yes",
            table->paths[0], i, i + 1, left, right);
        return;
    }
}

/* Finds the header. The first row has already been used for titles, whether or not it is one. */
static nn_status table_find_header(nn_csv_table *table, const nn_csv_record *first, nn_csv_reader *reader)
{
    table_look look = {0};
    table->header = table->options->header == NN_CSV_HEADER_YES;
    if (table->options->header != NN_CSV_HEADER_AUTO) return table_name_columns(table, first);
    nn_status status = table_look_first(table, first, &look);
    /* Reading on invalidates `first`: its titles were taken as if there were a header. */
    table->header = true;
    if (status == NN_OK) status = table_name_columns(table, first);
    if (status == NN_OK) status = table_look_below(table, reader, &look);
    table->header = false;
    for (size_t i = 0; i < look.count && status == NN_OK; i++)
        table->header |= look.word[i] && look.numbers[i] > 0 && look.others[i] == 0;
    if (status == NN_OK && !table->header && table_has_new_words(&look)) {
        table->header = true;
        table_warn_of_words(table);
    }
    if (status == NN_OK && !table->header) table_warn_of_years(table, &look);
    nn_free(look.year);
    nn_free(look.years);
    nn_free(look.word);
    nn_free(look.numbers);
    nn_free(look.others);
    return status;
}

static nn_status table_retitle(nn_csv_table *table)
{
    for (size_t i = 0; i < table->column_count; i++) {
        nn_text title = {0};
        nn_text_append(&title, "column%zu", i + 1);
        nn_free(table->columns[i].title);
        table->columns[i].title = NULL;
        nn_status status = title.failed ? nn_fail(NN_ERROR_MEMORY, "out of memory for the names of columns")
                                        : nn_copy_text(title.bytes, &table->columns[i].title);
        nn_text_free(&title);
        NN_TRY(status);
    }
    return NN_OK;
}

/* "COLUMN=FORMAT": divided at the last '=' before the first '%'. */
static nn_status table_find_dates(nn_csv_table *table)
{
    for (size_t i = 0; i < table->options->date.count; i++) {
        char title[256];
        size_t index;
        const char *word = table->options->date.items[i], *percent = strchr(word, '%'), *format = percent;
        while (format && format > word && *format != '=') format--;
        if (!format || *format != '=' || format == word || (size_t)(format - word) >= sizeof title)
            NN_FAIL(NN_ERROR_USAGE, "--date '%s': expected COLUMN=FORMAT, such as 'day=%%Y-%%m-%%d'", word);
        memcpy(title, word, (size_t)(format - word));
        title[format - word] = '\0';
        NN_TRY(nn_csv_table_find(table, "date", title, &index));
        if (table->columns[index].named)
            NN_FAIL(NN_ERROR_USAGE, "column '%s' is in both --date and --categorical: remove one of them",
                    title);
        table->columns[index].kind = NN_CSV_DATES;
        table->columns[index].date = format + 1;
    }
    return NN_OK;
}

static nn_status table_settle_titles(nn_csv_table *table)
{
    size_t index;
    for (size_t i = 0; i < table->column_count; i++)
        if (!nn_csv_is_utf8(table->columns[i].title))
            NN_FAIL(NN_ERROR_DATA,
                    "%s:1: the name of column %zu is not UTF-8: convert the file, for example with iconv -f "
                    "latin1 -t UTF-8",
                    table->paths[0], i + 1);
    for (size_t i = 0; i < table->options->categorical.count; i++) {
        NN_TRY(nn_csv_table_find(table, "categorical", table->options->categorical.items[i], &index));
        table->columns[index].kind = NN_CSV_NAMES;
        table->columns[index].named = true;
    }
    for (size_t i = 0; i < table->options->drop.count; i++) {
        NN_TRY(nn_csv_table_find(table, "drop", table->options->drop.items[i], &index));
        table->columns[index].dropped = true;
    }
    return table_find_dates(table);
}

static bool table_is_known(const nn_csv_record *first, const nn_text_list *known)
{
    for (size_t i = 0; i < first->count; i++)
        for (size_t k = 0; k < known->count; k++)
            if (strcmp(first->fields[i].text, known->items[k]) == 0) return true;
    return false;
}

static nn_status table_begin(nn_csv_table *table, const nn_text_list *known, nn_csv_reader *reader)
{
    nn_csv_record first;
    table->delimiter = nn_csv_delimiter(reader);
    NN_TRY(nn_csv_next(reader, &first));
    if (first.count == 0) NN_FAIL(NN_ERROR_DATA, "%s: there are no rows", table->paths[0]);
    bool named = table->options->header == NN_CSV_HEADER_AUTO && table_is_known(&first, known);
    NN_TRY(table_find_header(table, &first, reader));
    table->header |= named;
    if (!table->header && table->options->header == NN_CSV_HEADER_AUTO) NN_TRY(table_retitle(table));
    return table_settle_titles(table);
}

nn_status nn_csv_table_open(const char *const *paths, size_t count, const nn_csv_options *options,
                            const nn_text_list *known, nn_csv_table *table)
{
    char delimiter;
    nn_csv_reader *reader;
    *table = (nn_csv_table){.paths = paths, .path_count = count, .options = options};
    NN_TRY(table_delimiter(options, &delimiter));
    NN_TRY(table_notation(options, &table->notation));
    NN_TRY(nn_csv_open(paths[0], delimiter, &reader));
    nn_status status = table_begin(table, known, reader);
    nn_csv_close(reader);
    return status;
}

void nn_csv_table_release(nn_csv_table *table)
{
    nn_csv_close(table->reader);
    for (size_t i = 0; i < table->column_count; i++) {
        nn_free(table->columns[i].title);
        nn_csv_names_release(&table->columns[i].names);
    }
    nn_free(table->columns);
    nn_free(table->last_time);
    *table = (nn_csv_table){.paths = NULL};
}

static nn_status table_no_column(const nn_csv_table *table, const char *option, const char *word)
{
    const char **titles;
    nn_text list = {0};
    NN_TRY(NN_ALLOCATE(&titles, table->column_count, "names of columns"));
    for (size_t i = 0; i < table->column_count; i++) titles[i] = table->columns[i].title;
    const char *near = nn_nearest(word, titles, table->column_count);
    for (size_t i = 0; i < table->column_count && i < 20; i++)
        nn_text_append(&list, "%s%s", i > 0 ? ", " : "", titles[i]);
    if (table->column_count > 20) nn_text_append(&list, ", ...");
    nn_status status =
        nn_fail(NN_ERROR_USAGE, "--%s: %s has no column '%s'%s%s%s; its %zu columns: %s", option,
                table->paths[0], word, near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "",
                table->column_count, list.failed ? "" : list.bytes);
    nn_text_free(&list);
    nn_free(titles);
    return status;
}

nn_status nn_csv_table_find(const nn_csv_table *table, const char *option, const char *word, size_t *index)
{
    size_t found = 0;
    for (size_t i = 0; i < table->column_count; i++)
        if (strcmp(table->columns[i].title, word) == 0) {
            *index = i;
            found++;
        }
    if (found == 1) return NN_OK;
    if (found > 1)
        NN_FAIL(NN_ERROR_USAGE, "--%s: %s has %zu columns '%s': give one by its number, from 1", option,
                table->paths[0], found, word);
    char *end;
    unsigned long number = strtoul(word, &end, 10);
    if (word[0] < '0' || word[0] > '9' || *end || number < 1 || number > table->column_count)
        return table_no_column(table, option, word);
    *index = number - 1;
    return NN_OK;
}
