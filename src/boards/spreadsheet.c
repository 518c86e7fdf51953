#include "boards/spreadsheet.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "host/files.h"
#include "host/system.h"
#include "store/store.h"

/* ---- columns and rows ---- */

static bool table_is_time(const char *name)
{
    return strncmp(name, "time/", 5) == 0;
}

/* Adds the columns that a line needs; *more: there were new ones. */
static nn_status table_add_columns(nn_spreadsheet *table, const nn_scalars *scalars, bool *more)
{
    for (size_t s = 0; s < scalars->count; s++) {
        const char *name = scalars->items[s].name;
        nn_text_list *columns = table_is_time(name) ? &table->times : &table->columns;
        if (nn_list_find(columns, name) >= 0) continue;
        NN_TRY(nn_list_add(columns, name));
        *more = true;
    }
    return NN_OK;
}

/* A name as a field: with dots, and in quotation marks if it has to be. */
static void table_append_name(nn_text *text, const char *name)
{
    bool quoted = strpbrk(name, ",\"\r\n") != NULL;
    nn_text_append(text, quoted ? ",\"" : ",");
    for (const char *at = name; *at; at++) {
        if (*at == '"') nn_text_append(text, "\"");
        nn_text_append(text, "%c", *at == '/' ? '.' : *at);
    }
    if (quoted) nn_text_append(text, "\"");
}

static void table_append_head(const nn_spreadsheet *table, nn_text *text)
{
    nn_text_append(text, "line,epoch,step");
    for (size_t c = 0; c < table->columns.count; c++) table_append_name(text, table->columns.items[c]);
    for (size_t c = 0; c < table->times.count; c++) table_append_name(text, table->times.items[c]);
    nn_text_append(text, "\n");
}

static void table_append_values(const nn_text_list *columns, const nn_scalars *scalars, nn_text *text)
{
    for (size_t c = 0, s = 0; c < columns->count; c++) {
        size_t tried = 0;
        /* Mostly the next column is that of the next number. */
        while (tried < scalars->count && strcmp(scalars->items[s].name, columns->items[c]) != 0) {
            s = (s + 1) % scalars->count;
            tried++;
        }
        nn_text_append(text, ",%s", tried < scalars->count ? scalars->items[s].text : "");
    }
}

static void table_append_row(const nn_spreadsheet *table, const nn_scalars *scalars, nn_text *text)
{
    nn_text_append(text, "%s,", scalars->line);
    if (scalars->epoch > 0) nn_text_append(text, "%lld", (long long)scalars->epoch);
    nn_text_append(text, ",%lld", (long long)scalars->step);
    table_append_values(&table->columns, scalars, text);
    table_append_values(&table->times, scalars, text);
    nn_text_append(text, "\n");
}

/* ---- lines ---- */

typedef nn_status table_visit(nn_spreadsheet *table, const nn_scalars *scalars, void *context);

static nn_status table_visit_lines(nn_spreadsheet *table, const char *lines, table_visit *visit,
                                   void *context)
{
    nn_scalars scalars = {0};
    nn_status status = NN_OK;
    const char *end;
    for (; status == NN_OK && (end = strchr(lines, '\n')) != NULL; lines = end + 1) {
        status = nn_scalars_read(lines, (size_t)(end - lines), &scalars);
        if (status == NN_OK && scalars.count > 0) /* a line may have texts alone: fingerprints */
            status = visit(table, &scalars, context);
    }
    nn_scalars_release(&scalars);
    return status;
}

static nn_status table_visit_columns(nn_spreadsheet *table, const nn_scalars *scalars, void *more)
{
    return table_add_columns(table, scalars, more);
}

static nn_status table_visit_rows(nn_spreadsheet *table, const nn_scalars *scalars, void *text)
{
    table_append_row(table, scalars, text);
    return NN_OK;
}

/* ---- the file ---- */

/* Half of the rows are cut off again. */
static nn_status table_append(const char *path, const nn_text *rows)
{
    struct stat before;
    int descriptor = nn_file_open(path, O_WRONLY | O_APPEND);
    int error = descriptor < 0 || fstat(descriptor, &before) != 0 ? errno : 0;
    const char *at = rows->bytes;
    for (size_t left = rows->length; error == 0 && left > 0;) {
        ssize_t written = write(descriptor, at, left);
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) {
            error = written < 0 ? errno : ENOSPC;
            if (ftruncate(descriptor, before.st_size) != 0) error = errno;
            break;
        }
        at += written;
        left -= (size_t)written;
    }
    if (descriptor >= 0 && close(descriptor) != 0 && errno != EINTR && error == 0) error = errno;
    return error == 0 ? NN_OK : nn_system_fail(NN_ERROR_IO, error, "cannot write %s", path);
}

nn_status nn_spreadsheet_follow(nn_spreadsheet *table, const char *run_directory, const char *history,
                                size_t length)
{
    nn_text path = {0}, text = {0};
    bool more = !table->begun;
    size_t from = table->begun ? table->written : 0;
    table->begun = false; /* until it is written */
    nn_text_append(&path, "%s/metrics.csv", run_directory);
    nn_status status = table_visit_lines(table, history + from, table_visit_columns, &more);
    if (more) {
        from = 0;
        table_append_head(table, &text);
    }
    if (status == NN_OK) status = table_visit_lines(table, history + from, table_visit_rows, &text);
    if (status == NN_OK && (path.failed || text.failed))
        status = nn_fail(NN_ERROR_MEMORY, "out of memory for metrics.csv");
    if (status == NN_OK && more) status = nn_store_commit(path.bytes, text.bytes, text.length);
    if (status == NN_OK && !more && text.length > 0) status = table_append(path.bytes, &text);
    if (status == NN_OK) {
        table->written = length;
        table->begun = true;
    }
    nn_text_free(&path);
    nn_text_free(&text);
    return status;
}

void nn_spreadsheet_release(nn_spreadsheet *table)
{
    nn_list_release(&table->columns);
    nn_list_release(&table->times);
    *table = (nn_spreadsheet){0};
}
