/* A table of images and what is known of them: paths in one column, classes or values in others, perhaps the
 * part in one more. Paths and targets are kept; an image is decoded when its row is requested, so that ranks
 * can share the work. */
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "base/list.h"
#include "base/log.h"
#include "base/memory.h"
#include "host/files.h"
#include "import/csv_targets.h"
#include "import/image_form.h"
#include "import/sources.h"
#include "import/split.h"

#define MANIFEST_LOOK_ROWS 50 /* that are searched for the column of paths */

typedef struct manifest_options {
    char *image, *images, *ending, *part;
    nn_image_options form;
    nn_csv_target_options targets;
    nn_csv_options csv;
} manifest_options;

static const nn_option manifest_table[] = {
    {"image", NN_OPTION_TEXT, offsetof(manifest_options, image), "", 0, 0, NULL, NN_EFFECT_RESULT,
     "column of the paths of the images, by name or number from 1 (default: the first one that names "
     "existing "
     "files)"},
    {"images", NN_OPTION_TEXT, offsetof(manifest_options, images), "", 0, 0, NULL, NN_EFFECT_OUTPUT,
     "folder that the paths are relative to (default: that of the table)"},
    {"ending", NN_OPTION_TEXT, offsetof(manifest_options, ending), "", 0, 0, NULL, NN_EFFECT_RESULT,
     "to append to each path, such as .jpg, where the table has names without it"},
    {"part", NN_OPTION_TEXT, offsetof(manifest_options, part), "", 0, 0, NULL, NN_EFFECT_RESULT,
     "column that says train, validation (val, valid) or test (default: one named part, split, set, subset "
     "or partition); none: no such column"},
    NN_IMAGE_OPTION_ROWS(offsetof(manifest_options, form)),
    NN_CSV_TARGET_OPTION_ROWS(offsetof(manifest_options, targets)),
    NN_CSV_OPTION_ROWS(offsetof(manifest_options, csv)),
    {.name = NULL}};

/* The rows of a part. */
typedef struct manifest_part {
    nn_text_list paths;
    char *targets; /* target_bytes per row */
    size_t capacity;
} manifest_part;

typedef struct manifest_state {
    nn_csv_table table;
    nn_csv_targets targets;
    nn_image_form form;
    char *folder;        /* of the images; owned */
    size_t image, part;  /* columns; part: column_count if there is none */
    size_t target_bytes; /* per row */
    manifest_part parts[NN_IMPORT_PARTS];
    int of_table[NN_IMPORT_TABLES]; /* the part of each table of the import */
} manifest_state;

/* ---- paths ---- */

static nn_status manifest_folder(const nn_import *import, manifest_state *state)
{
    const manifest_options *options = import->options;
    if (options->images) return nn_copy_text(options->images, &state->folder);
    NN_TRY(nn_copy_text(import->sources[0], &state->folder));
    char *slash = strrchr(state->folder, '/');
    if (slash)
        slash[slash == state->folder] = '\0';
    else
        strcpy(state->folder, ".");
    return NN_OK;
}

/* The path of an image, with another ending if that is not NULL. The caller owns *path. */
static nn_status manifest_path(const nn_import *import, const char *name, const char *ending, char **path)
{
    const manifest_state *state = import->state;
    const manifest_options *options = import->options;
    nn_text text = {0};
    bool here = name[0] == '/' || (!options->images && strcmp(state->folder, ".") == 0);
    if (!ending) ending = options->ending ? options->ending : "";
    nn_text_append(&text, "%s%s%s%s", here ? "" : state->folder,
                   here || state->folder[strlen(state->folder) - 1] == '/' ? "" : "/", name, ending);
    nn_status status = text.failed ? nn_fail(NN_ERROR_MEMORY, "out of memory for the path of an image")
                                   : nn_copy_text(text.bytes, path);
    nn_text_free(&text);
    return status;
}

static nn_status manifest_exists(const nn_import *import, const char *name, const char *ending, bool *exists)
{
    struct stat facts;
    char *path = NULL;
    NN_TRY(manifest_path(import, name, ending, &path));
    nn_status status = nn_file_look(path, &facts, exists);
    if (status == NN_OK) *exists = *exists && S_ISREG(facts.st_mode);
    nn_free(path);
    return status;
}

/* An ending that would make the name that of a file; NULL: none. */
static const char *manifest_ending(const nn_import *import, const char *name)
{
    static const char *const endings[] = {".jpg", ".png", ".jpeg", ".JPG", ".PNG"};
    bool exists = false;
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++)
        if (manifest_exists(import, name, endings[i], &exists) == NN_OK && exists) return endings[i];
    nn_error_clear();
    return NULL;
}

/* ---- columns ---- */

static nn_status manifest_no_image(const nn_import *import, const nn_csv_record *record)
{
    const manifest_state *state = import->state;
    nn_text text = {0};
    nn_text_append(&text, "%s", "");
    for (size_t i = 0; i < record->count && i < state->table.column_count; i++) {
        const char *ending =
            record->fields[i].length > 0 ? manifest_ending(import, record->fields[i].text) : NULL;
        if (ending && text.length == 0)
            nn_text_append(&text, " ('%s%s' exists: add --ending %s)", record->fields[i].text, ending,
                           ending);
    }
    nn_status status =
        nn_fail(NN_ERROR_DATA,
                "%s: no column names existing files in '%s'%s: give their folder with --images, or "
                "the column with --image",
                import->sources[0], state->folder, text.failed ? "" : text.bytes);
    nn_text_free(&text);
    return status;
}

/* The first column whose values are names of files in some of the first rows. */
static nn_status manifest_find_image(const nn_import *import, nn_csv_reader *reader, size_t *column)
{
    const manifest_state *state = import->state;
    nn_csv_record record;
    if (state->table.header) NN_TRY(nn_csv_next(reader, &record));
    for (int row = 0; row < MANIFEST_LOOK_ROWS; row++) {
        NN_TRY(nn_csv_next(reader, &record));
        if (record.count == 0) break;
        for (*column = 0; *column < record.count && *column < state->table.column_count; ++*column) {
            bool exists = false;
            if (record.fields[*column].length > 0 && !state->table.columns[*column].dropped)
                NN_TRY(manifest_exists(import, record.fields[*column].text, NULL, &exists));
            if (exists) return NN_OK;
        }
    }
    nn_csv_reader *again;
    NN_TRY(nn_csv_open(import->sources[0], state->table.delimiter, &again));
    nn_status status = nn_csv_next(again, &record);
    if (status == NN_OK && state->table.header) status = nn_csv_next(again, &record);
    if (status == NN_OK) status = manifest_no_image(import, &record);
    nn_csv_close(again);
    return status;
}

static nn_status manifest_choose_image(const nn_import *import, manifest_state *state)
{
    const manifest_options *options = import->options;
    nn_csv_reader *reader;
    if (options->image) return nn_csv_table_find(&state->table, "image", options->image, &state->image);
    NN_TRY(nn_csv_open(import->sources[0], state->table.delimiter, &reader));
    nn_status status = manifest_find_image(import, reader, &state->image);
    nn_csv_close(reader);
    return status;
}

static nn_status manifest_choose_part(const nn_import *import, manifest_state *state)
{
    static const char *const titles[] = {"part", "split", "set", "subset", "partition"};
    const manifest_options *options = import->options;
    nn_csv_table *table = &state->table;
    state->part = table->column_count;
    if (options->part && strcmp(options->part, "none") == 0) return NN_OK;
    if (options->part) NN_TRY(nn_csv_table_find(table, "part", options->part, &state->part));
    for (size_t i = 0; i < table->column_count && !options->part; i++)
        for (size_t t = 0; t < sizeof titles / sizeof *titles; t++)
            if (strcasecmp(table->columns[i].title, titles[t]) == 0 && state->part == table->column_count &&
                !table->columns[i].dropped)
                state->part = i;
    if (state->part == table->column_count) return NN_OK;
    table->columns[state->part].used = table->columns[state->part].named = true;
    table->columns[state->part].kind = NN_CSV_NAMES;
    return NN_OK;
}

static nn_status manifest_choose_y(const nn_import *import, manifest_state *state)
{
    const manifest_options *options = import->options;
    nn_csv_table *table = &state->table;
    size_t usual = table->column_count;
    for (size_t i = 0; i < table->column_count; i++)
        if (i != state->image && i != state->part && !table->columns[i].dropped) usual = i;
    NN_TRY(nn_csv_targets_choose(import, &options->targets, table, usual, &state->targets));
    const nn_csv_outputs *outputs = &state->targets.outputs;
    for (size_t i = 0; i < outputs->count; i++)
        if (outputs->items[i].column == state->image || outputs->items[i].column == state->part)
            NN_FAIL(NN_ERROR_USAGE, "column '%s' is that of the %s, and cannot be in --y, too",
                    table->columns[outputs->items[i].column].title,
                    outputs->items[i].column == state->image ? "images" : "part (see --part)");
    return NN_OK;
}

/* Columns that are neither images nor targets are left out, which the user may not expect. */
static void manifest_warn_of_unused(const manifest_state *state)
{
    nn_text text = {0};
    size_t count = 0;
    for (size_t i = 0; i < state->table.column_count; i++) {
        const nn_csv_column *column = &state->table.columns[i];
        if (i == state->image || column->used || column->dropped) continue;
        if (count++ < 8) nn_text_append(&text, "%s%s", count > 1 ? ", " : "", column->title);
    }
    if (count > 0 && !text.failed)
        nn_log_warning("%zu columns are neither images nor targets, and are left out: %s%s", count,
                       text.bytes, count > 8 ? ", ..." : "");
    nn_text_free(&text);
}

/* ---- rows ---- */

static int manifest_word_part(const char *word)
{
    static const struct {
        const char *word;
        int part;
    } words[] = {
        {"train", NN_IMPORT_TRAIN},      {"training", NN_IMPORT_TRAIN},        {"val", NN_IMPORT_VALIDATION},
        {"valid", NN_IMPORT_VALIDATION}, {"validation", NN_IMPORT_VALIDATION}, {"dev", NN_IMPORT_VALIDATION},
        {"test", NN_IMPORT_TEST},        {"testing", NN_IMPORT_TEST}};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcasecmp(word, words[i].word) == 0) return words[i].part;
    return -1;
}

static nn_status manifest_find_part(const manifest_state *state, const nn_csv_record *record, int *part)
{
    const nn_csv_table *table = &state->table;
    *part = NN_IMPORT_TRAIN;
    if (state->part == table->column_count) return NN_OK;
    *part = manifest_word_part(record->fields[state->part].text);
    if (*part >= 0) return NN_OK;
    NN_FAIL(NN_ERROR_DATA,
            "%s:%lld: column '%s': '%.40s' is not train, validation or test: change it, or add --part none "
            "if the "
            "column does not say which part a row belongs to",
            table->paths[table->path], (long long)record->line, table->columns[state->part].title,
            record->fields[state->part].text);
}

static nn_status manifest_check_image(const nn_import *import, const nn_csv_record *record)
{
    const manifest_state *state = import->state;
    const nn_csv_table *table = &state->table;
    const nn_csv_field *field = &record->fields[state->image];
    const char *title = table->columns[state->image].title, *file = table->paths[table->path];
    bool exists = false;
    if (field->length == 0)
        NN_FAIL(NN_ERROR_DATA, "%s:%lld: column '%s' has no path: add it, or remove the row", file,
                (long long)record->line, title);
    NN_TRY(manifest_exists(import, field->text, NULL, &exists));
    if (exists) return NN_OK;
    const char *ending = manifest_ending(import, field->text);
    NN_FAIL(NN_ERROR_DATA,
            "%s:%lld: column '%s': there is no file '%.200s' in '%s': correct the path, remove the row%s%s",
            file, (long long)record->line, title, field->text, state->folder,
            ending ? ", or add --ending " : ", or give the folder of the images with --images",
            ending ? ending : "");
}

static nn_status manifest_keep(const nn_import *import, manifest_state *state, const nn_csv_record *record)
{
    int part = 0;
    char *path = NULL;
    NN_TRY(manifest_check_image(import, record));
    NN_TRY(manifest_find_part(state, record, &part));
    manifest_part *to = &state->parts[part];
    size_t row = to->paths.count, needed = (row + 1) * state->target_bytes;
    if (needed > to->capacity) {
        NN_TRY(nn_reallocate((void **)&to->targets, to->capacity, 2 * needed + 1024, 1, "the targets"));
        to->capacity = 2 * needed + 1024;
    }
    NN_TRY(nn_csv_targets_read(&state->table, &state->targets, record, (int64_t)row, to->targets));
    NN_TRY(manifest_path(import, record->fields[state->image].text, NULL, &path));
    nn_status status = nn_list_add(&to->paths, path);
    nn_free(path);
    return status;
}

/* The tables, one for each part that has rows. */
static nn_status manifest_add_tables(nn_import *import, manifest_state *state)
{
    bool parts = state->part < state->table.column_count;
    for (int part = 0; part < NN_IMPORT_PARTS; part++) {
        nn_import_table *table;
        int64_t rows = (int64_t)state->parts[part].paths.count;
        if (rows == 0) continue;
        state->of_table[import->table_count] = part;
        NN_TRY(nn_import_add_table(import, parts ? nn_import_part_names[part] : NULL, rows, &table));
        NN_TRY(nn_import_add_field(table, "x", NN_STORE_U8, nn_image_form_shape(&state->form), NULL));
        NN_TRY(nn_csv_targets_add(import, &state->table, &state->targets, table));
    }
    return NN_OK;
}

/* The type of the targets is only known with their field. */
static nn_status manifest_measure_targets(nn_import *import, manifest_state *state)
{
    nn_import_table scratch = {0};
    nn_status status = nn_csv_targets_add(import, &state->table, &state->targets, &scratch);
    state->target_bytes = state->targets.outputs.count * nn_store_type_size(state->targets.type);
    for (int f = 0; f < scratch.field_count; f++) {
        nn_free(scratch.fields[f].name);
        nn_list_release(&scratch.fields[f].classes);
        nn_list_release(&scratch.fields[f].columns);
    }
    return status;
}

static nn_status manifest_load(nn_import *import, manifest_state *state)
{
    const manifest_options *options = import->options;
    NN_TRY(nn_csv_table_scan(&state->table));
    nn_csv_warn_of_columns(&state->table);
    manifest_warn_of_unused(state);
    NN_TRY(nn_csv_targets_decide(&options->targets, &state->table, &state->targets));
    nn_csv_append_report(&state->table, &import->report);
    NN_TRY(manifest_measure_targets(import, state));
    for (int64_t row = 0; row < state->table.rows; row++) {
        nn_csv_record record;
        NN_TRY(nn_csv_table_next(&state->table, &record));
        NN_TRY(manifest_keep(import, state, &record));
    }
    return NN_OK;
}

/* ---- the importer ---- */

static nn_status manifest_open(nn_import *import)
{
    const manifest_options *options = import->options;
    manifest_state *state;
    NN_TRY(NN_ALLOCATE(&state, 1, "an import of images"));
    import->state = state;
    NN_TRY(manifest_folder(import, state));
    NN_TRY(nn_image_form_begin(&state->form, import, &options->form));
    NN_TRY(nn_csv_outputs_open(import, "y", &options->csv, &state->table));
    NN_TRY(manifest_choose_image(import, state));
    NN_TRY(manifest_choose_part(import, state));
    NN_TRY(manifest_choose_y(import, state));
    NN_TRY(manifest_load(import, state));
    int first = 0;
    while (first < NN_IMPORT_PARTS - 1 && state->parts[first].paths.count == 0) first++;
    if (state->parts[first].paths.count == 0)
        NN_FAIL(NN_ERROR_DATA, "%s: there are no rows", import->sources[0]);
    NN_TRY(nn_image_form_settle(&state->form, state->parts[first].paths.items[0]));
    return manifest_add_tables(import, state);
}

static nn_status manifest_read(nn_import *import, int table, int64_t first, int64_t rows, void *const *values)
{
    manifest_state *state = import->state;
    const manifest_part *part = &state->parts[state->of_table[table]];
    size_t size = (size_t)nn_shape_count(nn_image_form_shape(&state->form));
    for (int64_t i = 0; i < rows; i++)
        NN_TRY(nn_image_form_read(&state->form, part->paths.items[first + i],
                                  (unsigned char *)values[0] + (size_t)i * size));
    if (state->target_bytes > 0)
        memcpy(values[1], part->targets + (size_t)first * state->target_bytes,
               (size_t)rows * state->target_bytes);
    return NN_OK;
}

static void manifest_close(nn_import *import)
{
    manifest_state *state = import->state;
    if (!state) return;
    for (int part = 0; part < NN_IMPORT_PARTS; part++) {
        nn_list_release(&state->parts[part].paths);
        nn_free(state->parts[part].targets);
    }
    nn_csv_table_release(&state->table);
    nn_csv_outputs_release(&state->targets.outputs);
    nn_image_form_release(&state->form);
    nn_free(state->folder);
    nn_free(state);
    import->state = NULL;
}

const nn_importer nn_importer_manifest = {
    .name = "manifest",
    .summary = "a table of text (.csv, .tsv) with paths of PNG or JPEG images and their classes or values",
    .example = "nntrain import manifest labels.csv --images photos --size 64x64 --y species -o photos.h5",
    .writes =
        "x: uint8, samples x height x width x channels (1 or 3); y: class labels, with their names, or "
        "values (float32), one per column of --y; one dataset per part (x_train, x_test, ...) if a column "
        "says which part a row belongs to",
    .options = manifest_table,
    .options_size = sizeof(manifest_options),
    .parallel = true,
    .open = manifest_open,
    .read = manifest_read,
    .close = manifest_close,
};
