/* The columns of a file of predictions. */
#include "predict/prediction_fields.h"

#include <string.h>

#include "base/list.h"
#include "base/memory.h"
#include "predict/prediction_names.h"

/* Words that name all columns of one or two kinds. */
typedef struct fields_word {
    const char *word;
    nn_predicted_kind kinds[2];
} fields_word;

static const fields_word fields_words[] = {
    {"id", {NN_PREDICTED_ID, NN_PREDICTED_ID}},
    {"time", {NN_PREDICTED_TIME, NN_PREDICTED_TIME}},
    {"target", {NN_PREDICTED_LABEL, NN_PREDICTED_TRUTH}},
    {"label", {NN_PREDICTED_LABEL, NN_PREDICTED_LABEL}},
    {"predicted", {NN_PREDICTED_CLASS, NN_PREDICTED_VALUE}},
    {"class", {NN_PREDICTED_CLASS, NN_PREDICTED_CLASS}},
    {"value", {NN_PREDICTED_VALUE, NN_PREDICTED_VALUE}},
    {"probability", {NN_PREDICTED_PROBABILITY, NN_PREDICTED_PROBABILITY}}};

#define FIELDS_WORDS (sizeof fields_words / sizeof *fields_words)

/* ---- adding ---- */

static nn_status fields_make_room(nn_predicted *predicted)
{
    size_t count = predicted->field_count;
    if ((count & (count - 1)) != 0) return NN_OK; /* full at every power of two */
    return nn_reallocate((void **)&predicted->fields, count, count ? 2 * count : 1, sizeof *predicted->fields,
                         "the columns of a file");
}

nn_status nn_prediction_fields_add(nn_predicted *predicted, const char *name, int column, int64_t cell)
{
    nn_predicted_field field = {.column = column, .cell = cell};
    NN_TRY(fields_make_room(predicted));
    NN_TRY(nn_copy_text(name, &field.name));
    predicted->fields[predicted->field_count++] = field;
    return NN_OK;
}

nn_status nn_prediction_fields_add_all(nn_predicted *predicted)
{
    for (int c = 0; c < predicted->column_count; c++) {
        nn_text name = {0};
        nn_prediction_append_column(predicted, &predicted->columns[c], &name);
        nn_status status = name.failed ? nn_fail(NN_ERROR_MEMORY, "out of memory for the names of columns")
                                       : nn_prediction_fields_add(predicted, name.bytes, c, -1);
        nn_text_free(&name);
        NN_TRY(status);
    }
    return NN_OK;
}

void nn_prediction_fields_release(nn_predicted *predicted)
{
    for (size_t f = 0; f < predicted->field_count; f++) nn_free(predicted->fields[f].name);
    nn_free(predicted->fields);
    predicted->fields = NULL;
    predicted->field_count = 0;
}

/* ---- choosing ---- */

/* The fields that are chosen so far, in order; their names are still those of the table's list. */
typedef struct fields_choice {
    nn_predicted *predicted;
    size_t count;
    nn_predicted_field *fields;
} fields_choice;

static bool fields_has_column_name(const nn_predicted *predicted, const nn_predicted_field *field,
                                   const char *name)
{
    nn_text own = {0};
    nn_prediction_append_column(predicted, &predicted->columns[field->column], &own);
    bool same = own.bytes && strcmp(own.bytes, name) == 0;
    nn_text_free(&own);
    return same;
}

static bool fields_is_of_kind(const nn_predicted *predicted, const nn_predicted_field *field,
                              const char *word)
{
    nn_predicted_kind kind = predicted->columns[field->column].kind;
    for (size_t w = 0; w < FIELDS_WORDS; w++)
        if (strcmp(fields_words[w].word, word) == 0)
            return kind == fields_words[w].kinds[0] || kind == fields_words[w].kinds[1];
    return false;
}

/* How a name can match a field, in the order in which it is tried. */
enum { FIELDS_BY_NAME, FIELDS_BY_COLUMN, FIELDS_BY_KIND, FIELDS_WAYS };

static bool fields_match(const nn_predicted *predicted, const nn_predicted_field *field, const char *name,
                         int way)
{
    if (way == FIELDS_BY_NAME) return strcmp(field->name, name) == 0;
    if (way == FIELDS_BY_COLUMN) return fields_has_column_name(predicted, field, name);
    return fields_is_of_kind(predicted, field, name);
}

/* Keeps what a name means; false: nothing. What is kept already stays in its place. */
static bool fields_take(fields_choice *choice, const char *name)
{
    bool found = false;
    for (int way = 0; way < FIELDS_WAYS && !found; way++)
        for (size_t f = 0; f < choice->predicted->field_count; f++) {
            nn_predicted_field *field = &choice->predicted->fields[f];
            if (!fields_match(choice->predicted, field, name, way)) continue;
            found = true;
            if (field->chosen) continue;
            field->chosen = true;
            choice->fields[choice->count++] = *field;
        }
    return found;
}

/* Every name that can be given, in the order of the table, a column's own before those of its cells. */
static nn_status fields_list_names(const nn_predicted *predicted, nn_text_list *names)
{
    nn_status status = NN_OK;
    for (int c = 0; c < predicted->column_count && status == NN_OK; c++) {
        nn_text name = {0};
        nn_prediction_append_column(predicted, &predicted->columns[c], &name);
        if (name.bytes) status = nn_list_add(names, name.bytes);
        nn_text_free(&name);
    }
    for (size_t w = 0; w < FIELDS_WORDS; w++)
        for (size_t f = 0; f < predicted->field_count && status == NN_OK; f++)
            if (fields_is_of_kind(predicted, &predicted->fields[f], fields_words[w].word)) {
                status = nn_list_add(names, fields_words[w].word);
                break;
            }
    for (size_t f = 0; f < predicted->field_count && status == NN_OK; f++)
        if (!fields_has_column_name(predicted, &predicted->fields[f], predicted->fields[f].name))
            status = nn_list_add(names, predicted->fields[f].name);
    return status;
}

static nn_status fields_fail_unknown(const nn_predicted *predicted, const char *name)
{
    nn_text_list names = {0};
    nn_text all = {0};
    nn_status status = fields_list_names(predicted, &names);
    const char *near = nn_nearest(name, (const char *const *)names.items, names.count);
    nn_list_append(&names, &all);
    if (status == NN_OK)
        status = nn_fail(NN_ERROR_USAGE, "predict: --columns: there is no column '%s'%s%s%s (known: %s)",
                         name, near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "",
                         all.bytes ? all.bytes : "");
    nn_text_free(&all);
    nn_list_release(&names);
    return status;
}

/* The names in a text, which is changed. */
static nn_status fields_take_list(fields_choice *choice, char *list)
{
    for (char *name = list, *end; name; name = end) {
        end = strchr(name, ',');
        if (end) *end++ = '\0';
        if (!fields_take(choice, name)) return fields_fail_unknown(choice->predicted, name);
    }
    return NN_OK;
}

/* A name may have a comma itself. */
static nn_status fields_take_text(fields_choice *choice, const char *text)
{
    char *list = NULL;
    if (fields_take(choice, text)) return NN_OK;
    NN_TRY(nn_copy_text(text, &list));
    nn_status status = fields_take_list(choice, list);
    nn_free(list);
    return status;
}

/* Of where rows are from only: the others can be as many as an image has values, and differ. */
static nn_status fields_check_names(const nn_predicted *predicted)
{
    for (size_t a = 0; a < predicted->field_count; a++)
        for (size_t b = 0;
             predicted->columns[predicted->fields[a].column].head < 0 && b < predicted->field_count; b++)
            if (a != b && strcmp(predicted->fields[a].name, predicted->fields[b].name) == 0)
                return nn_prediction_name_taken(predicted, predicted->fields[a].name);
    return NN_OK;
}

/* The fields of the choice become those of the file. */
static void fields_adopt(fields_choice *choice)
{
    nn_predicted *predicted = choice->predicted;
    for (size_t f = 0; f < predicted->field_count; f++)
        if (!predicted->fields[f].chosen) nn_free(predicted->fields[f].name);
    nn_free(predicted->fields);
    predicted->fields = choice->fields;
    predicted->field_count = choice->count;
}

nn_status nn_prediction_fields_choose(nn_predicted *predicted, const nn_text_list *names)
{
    fields_choice choice = {.predicted = predicted};
    nn_status status = NN_OK;
    if (!names || names->count == 0) return fields_check_names(predicted);
    NN_TRY(NN_ALLOCATE(&choice.fields, predicted->field_count, "the columns of a file"));
    for (size_t i = 0; i < names->count && status == NN_OK; i++)
        status = fields_take_text(&choice, names->items[i]);
    if (status == NN_OK)
        fields_adopt(&choice);
    else
        nn_free(choice.fields);
    return status == NN_OK ? fields_check_names(predicted) : status;
}
