/* The settings of an import, and everything that follows from them and the tables. */
#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"
#include "host/files.h"
#include "import/import_internal.h"

#define PLAN_BLOCK_BYTES 4194304
#define PLAN_BLOCK_ROWS 65536
#define PLAN_SPARSE_BYTES 32 /* of a value: read, gathered and converted */

static const char *const plan_dtypes[] = {"as_is",   "uint8",   "int16",   "int32", "int64",
                                          "float16", "float32", "float64", NULL};
static const struct {
    nn_store_type type;
    bool half;
} plan_types[] = {{NN_STORE_UNSUPPORTED, false}, {NN_STORE_U8, false},  {NN_STORE_I16, false},
                  {NN_STORE_I32, false},         {NN_STORE_I64, false}, {NN_STORE_F32, true},
                  {NN_STORE_F32, false},         {NN_STORE_F64, false}};

const nn_option nn_import_settings_table[] = {
    {"output", NN_OPTION_TEXT, offsetof(nn_import_settings, output), NULL, 0, 0, NULL, NN_EFFECT_OUTPUT,
     "HDF5 file to write; short form: -o"},
    {"like", NN_OPTION_TEXT, offsetof(nn_import_settings, like), "", 0, 0, NULL, NN_EFFECT_RESULT,
     "file of an earlier import: use its columns, and its numbering of classes, categories and "
     "characters"},
    {"validation", NN_OPTION_REAL, offsetof(nn_import_settings, validation), "0", 0, 1, NULL,
     NN_EFFECT_RESULT, "fraction of the rows to set apart as x_validation, ..., such as 0.1"},
    {"test", NN_OPTION_REAL, offsetof(nn_import_settings, test), "0", 0, 1, NULL, NN_EFFECT_RESULT,
     "fraction of the rows to set apart as x_test, ..., such as 0.1"},
    {"seed", NN_OPTION_INTEGER, offsetof(nn_import_settings, seed), "0", 0, 9e15, NULL, NN_EFFECT_RESULT,
     "seed for choosing those rows"},
    {"stratified", NN_OPTION_BOOLEAN, offsetof(nn_import_settings, stratified), "false", 0, 0, NULL,
     NN_EFFECT_RESULT, "choose them so that the classes keep their proportions"},
    {"chronological", NN_OPTION_BOOLEAN, offsetof(nn_import_settings, chronological), "false", 0, 0, NULL,
     NN_EFFECT_RESULT, "set apart the last rows instead: first train, then validation, then test"},
    {"compression", NN_OPTION_INTEGER, offsetof(nn_import_settings, compression), "0", 0, 9, NULL,
     NN_EFFECT_OUTPUT, "deflate level; 0: none, fastest to read"},
    {"chunk", NN_OPTION_INTEGER, offsetof(nn_import_settings, chunk), "0", 0, 1e9, NULL, NN_EFFECT_OUTPUT,
     "rows per chunk; 0: about 256 KiB per chunk where chunks are needed"},
    {"dtype", NN_OPTION_CHOICE, offsetof(nn_import_settings, dtype), "as_is", 0, 0, plan_dtypes,
     NN_EFFECT_RESULT, "type of the values in the file; class labels are unaffected"},
    {"overwrite", NN_OPTION_BOOLEAN, offsetof(nn_import_settings, overwrite), "false", 0, 0, NULL,
     NN_EFFECT_OUTPUT, "replace an existing output"},
    {.name = NULL}};

/* ---- settings ---- */

static nn_status plan_check_folder(const char *path)
{
    char folder[4096];
    const char *slash = strrchr(path, '/');
    size_t length = slash ? (size_t)(slash - path) + 1 : 0;
    if (length >= sizeof folder) NN_FAIL(NN_ERROR_USAGE, "%s: the path is too long", path);
    memcpy(folder, path, length);
    folder[length] = '\0';
    if (length == 0) strcpy(folder, ".");
    if (access(folder, W_OK | X_OK) == 0) return NN_OK;
    if (errno == ENOENT)
        NN_FAIL(NN_ERROR_IO, "%s: there is no folder %s: create it first (mkdir -p)", path, folder);
    NN_FAIL(NN_ERROR_IO, "%s: cannot write to the folder %s: %s", path, folder, strerror(errno));
}

static nn_status plan_check_output(const nn_import *import, const nn_import_settings *settings)
{
    struct stat output, source;
    const char *path = settings->output;
    NN_TRY(plan_check_folder(path));
    if (path[strlen(path) - 1] == '/') NN_FAIL(NN_ERROR_USAGE, "%s: give a file, not a folder", path);
    bool there;
    NN_TRY(nn_file_look(path, &output, &there));
    if (!there) return NN_OK;
    if (S_ISDIR(output.st_mode)) NN_FAIL(NN_ERROR_USAGE, "%s: this is a folder: give a file in it", path);
    for (size_t i = 0; i < import->source_count; i++)
        if (stat(import->sources[i], &source) == 0 && source.st_dev == output.st_dev &&
            source.st_ino == output.st_ino)
            NN_FAIL(NN_ERROR_USAGE, "%s is a source of the import: choose another output", path);
    if (!settings->overwrite)
        NN_FAIL(NN_ERROR_USAGE, "%s exists: choose another output, or replace it with --overwrite", path);
    return NN_OK;
}

nn_status nn_import_check_settings(const nn_import *import, const nn_import_settings *settings)
{
    bool split = settings->validation > 0 || settings->test > 0;
    if (!(settings->validation + settings->test < 1))
        NN_FAIL(NN_ERROR_USAGE, "--validation %g and --test %g leave nothing to train on: make them smaller",
                settings->validation, settings->test);
    if (settings->stratified && settings->chronological)
        NN_FAIL(NN_ERROR_USAGE, "--stratified and --chronological exclude each other: remove one of them");
    if (!split && (settings->stratified || settings->chronological))
        NN_FAIL(NN_ERROR_USAGE, "%s chooses how rows are set apart: add --validation or --test",
                settings->stratified ? "--stratified" : "--chronological");
    return plan_check_output(import, settings);
}

/* ---- split ---- */

bool nn_import_has_part(const nn_import_stream *stream, int part)
{
    const nn_import_split *split = &stream->split;
    return part == NN_IMPORT_TRAIN || (part == NN_IMPORT_VALIDATION && split->validation > 0) ||
           (part == NN_IMPORT_TEST && split->test > 0);
}

/* The sources may already contain a part that the user asks to set apart. */
static nn_status plan_check_given(const nn_import_job *job)
{
    const double shares[NN_IMPORT_PARTS] = {0, job->settings->validation, job->settings->test};
    for (int t = 0; t < job->import->table_count; t++) {
        const char *given = job->import->tables[t].part;
        for (int part = 0; given && part < NN_IMPORT_PARTS; part++)
            if (shares[part] > 0 && strcmp(given, nn_import_part_names[part]) == 0)
                NN_FAIL(NN_ERROR_USAGE, "the sources already have a %s part: remove --%s", given, given);
    }
    return NN_OK;
}

static nn_status plan_check_shares(const nn_import_stream *stream)
{
    for (int part = 0; part < NN_IMPORT_PARTS; part++)
        if (nn_import_has_part(stream, part) && nn_import_split_rows(&stream->split, part) == 0)
            NN_FAIL(NN_ERROR_USAGE, "with %lld rows, these fractions leave none for the %s part: change them",
                    (long long)stream->table->rows, nn_import_part_names[part]);
    return NN_OK;
}

static nn_status plan_find_label(nn_import_stream *stream)
{
    for (int f = 0; f < stream->table->field_count && stream->label < 0; f++)
        if (stream->table->fields[f].label && stream->table->fields[f].shape.dimensions == 0)
            stream->label = f;
    if (stream->label < 0)
        NN_FAIL(NN_ERROR_USAGE, "--stratified: the sources have no class labels, one per row: remove it");
    return NN_OK;
}

static nn_status plan_split(const nn_import_job *job, nn_import_stream *stream)
{
    const nn_import_settings *settings = job->settings;
    const nn_import_table *table = stream->table;
    bool whole = table->part && strcmp(table->part, nn_import_part_names[NN_IMPORT_TRAIN]) != 0;
    stream->label = -1;
    stream->split = (nn_import_split){.seed = (uint64_t)settings->seed, .rows = table->rows};
    if (whole || !(settings->validation > 0 || settings->test > 0)) return NN_OK;
    stream->split.validation = settings->validation;
    stream->split.test = settings->test;
    if (table->ordered && !settings->chronological)
        NN_FAIL(NN_ERROR_USAGE, "the rows are in order of time: add --chronological, which sets the last "
                                "ones apart");
    stream->split.way = settings->chronological ? NN_IMPORT_CHRONOLOGICAL
                        : settings->stratified  ? NN_IMPORT_STRATIFIED
                                                : NN_IMPORT_RANDOM;
    if (settings->stratified) NN_TRY(plan_find_label(stream));
    return plan_check_shares(stream);
}

/* ---- layout ---- */

static void plan_cast(const nn_import_settings *settings, const nn_import_field *field, nn_import_cast *cast)
{
    *cast = (nn_import_cast){.from = field->type, .to = field->narrow ? NN_STORE_F32 : field->type};
    if (settings->dtype == 0 || field->label || field->fixed) return;
    cast->to = plan_types[settings->dtype].type;
    cast->half = plan_types[settings->dtype].half;
}

static nn_status plan_name(nn_import_job *job, nn_import_stream *stream, nn_import_column *column, int part)
{
    nn_text text = {0};
    bool bare = !stream->table->part && stream->split.way == NN_IMPORT_WHOLE;
    const char *name = stream->split.way == NN_IMPORT_WHOLE && stream->table->part
                           ? stream->table->part
                           : nn_import_part_names[part];
    nn_text_append(&text, "%s%s%s", column->field->name, bare ? "" : "_", bare ? "" : name);
    nn_status status = text.failed
                           ? nn_fail(NN_ERROR_MEMORY, "out of memory for planning %s", job->settings->output)
                           : nn_copy_text(text.bytes, &column->names[part]);
    nn_text_free(&text);
    return status;
}

static nn_status plan_columns(nn_import_job *job, nn_import_stream *stream)
{
    size_t row_bytes = 0, offset = 0;
    for (int f = 0; f < stream->table->field_count; f++) {
        nn_import_column *column = &stream->columns[f];
        column->field = &stream->table->fields[f];
        plan_cast(job->settings, column->field, &column->cast);
        size_t values = (size_t)nn_shape_count(column->field->shape);
        column->from_bytes = values * nn_store_type_size(column->cast.from);
        column->to_bytes = values * nn_store_type_size(column->cast.to);
        if (column->field->sparse) {
            column->from_bytes = column->to_bytes = sizeof(nn_import_sparse_row);
            row_bytes += (size_t)column->field->sparse_most * PLAN_SPARSE_BYTES;
        }
        row_bytes += column->from_bytes > column->to_bytes ? column->from_bytes : column->to_bytes;
        for (int part = 0; part < NN_IMPORT_PARTS; part++)
            if (nn_import_has_part(stream, part)) NN_TRY(plan_name(job, stream, column, part));
    }
    stream->block_rows = row_bytes == 0 ? 1 : (int64_t)(PLAN_BLOCK_BYTES / row_bytes);
    if (stream->block_rows > PLAN_BLOCK_ROWS) stream->block_rows = PLAN_BLOCK_ROWS;
    if (stream->block_rows < 1) stream->block_rows = 1;
    for (int f = 0; f < stream->table->field_count; f++) {
        stream->columns[f].offset = offset;
        offset += ((size_t)stream->block_rows * stream->columns[f].from_bytes + NN_ALIGNMENT - 1) /
                  NN_ALIGNMENT * NN_ALIGNMENT;
    }
    stream->block_bytes = offset;
    return NN_OK;
}

nn_status nn_import_plan(nn_import_job *job)
{
    if (job->import->table_count == 0) NN_FAIL(NN_ERROR_DATA, "the sources contain nothing to import");
    NN_TRY(plan_check_given(job));
    for (int t = 0; t < job->import->table_count; t++) {
        nn_import_stream *stream = &job->streams[t];
        stream->table = &job->import->tables[t];
        if (stream->table->rows <= 0)
            NN_FAIL(NN_ERROR_DATA, "the sources contain no rows%s%s",
                    stream->table->part ? " of the part " : "",
                    stream->table->part ? stream->table->part : "");
        NN_TRY(plan_split(job, stream));
        NN_TRY(plan_columns(job, stream));
        job->rows += stream->table->rows;
    }
    return NN_OK;
}
