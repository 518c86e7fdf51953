#include "watch/records.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"
#include "config/json_reader.h"
#include "host/files.h"
#include "host/system.h"

#define SERIES_MOST 256
#define READ_BLOCK 65536
#define PLACE_SIZE (NN_RECORD_NAME - 8) /* room for "step." before it */
#define DEPTH 6                         /* of nested names */

/* ---- series ---- */

static nn_record_series *records_series(nn_records *records, const char *name)
{
    for (size_t s = 0; s < records->series_count; s++)
        if (strcmp(records->series[s].name, name) == 0) return &records->series[s];
    if (records->series_count == SERIES_MOST) return NULL;
    if (records->series_count == records->series_capacity) {
        size_t capacity = 2 * records->series_capacity + 8;
        if (nn_reallocate((void **)&records->series, records->series_capacity, capacity,
                          sizeof *records->series, "curves") != NN_OK)
            return NULL;
        records->series_capacity = capacity;
    }
    nn_record_series *series = &records->series[records->series_count++];
    *series = (nn_record_series){0};
    snprintf(series->name, sizeof series->name, "%s", name);
    return series;
}

static nn_status series_add(nn_record_series *series, double step, double value)
{
    if (series->count == series->capacity) {
        size_t capacity = 2 * series->capacity + 64;
        NN_TRY(nn_reallocate((void **)&series->steps, series->capacity, capacity, sizeof(double), "curves"));
        NN_TRY(nn_reallocate((void **)&series->values, series->capacity, capacity, sizeof(double), "curves"));
        series->capacity = capacity;
    }
    series->steps[series->count] = step;
    series->values[series->count++] = value;
    return NN_OK;
}

const nn_record_series *nn_records_find(const nn_records *records, const char *name)
{
    for (size_t s = 0; s < records->series_count; s++)
        if (strcmp(records->series[s].name, name) == 0) return &records->series[s];
    return NULL;
}

/* ---- one line ---- */

/* The numbers of a line, by their place in it: "train.loss". */
typedef struct record_line {
    char kind[32]; /* "epoch", "step", "validation" */
    double epoch, step, skipped, seconds, rate;
    struct {
        char name[PLACE_SIZE];
        double value;
    } numbers[SERIES_MOST];
    size_t count;
} record_line;

static void line_add(record_line *line, const char *place, double number)
{
    snprintf(line->numbers[line->count].name, PLACE_SIZE, "%s", place);
    line->numbers[line->count++].value = number;
}

static void line_take(record_line *line, const char *place, const nn_json_value *value)
{
    char *end;
    double number = strtod(value->text, &end);
    if (strcmp(place, "line") == 0) snprintf(line->kind, sizeof line->kind, "%s", value->text);
    if (strcmp(value->text, "null") == 0) number = (double)NAN;
    if (value->quoted || (*end && strcmp(value->text, "null") != 0)) return;
    if (strcmp(place, "epoch") == 0)
        line->epoch = number;
    else if (strcmp(place, "step") == 0)
        line->step = number;
    else if (strcmp(place, "skipped") == 0)
        line->skipped = number;
    else if (strcmp(place, "time.seconds") == 0)
        line->seconds = number;
    else if (strcmp(place, "time.samples_per_second") == 0)
        line->rate = number;
    else if (strcmp(place, "steps") != 0 && strncmp(place, "time.", 5) != 0 &&
             strncmp(place, "norms.", 6) != 0 && line->count < SERIES_MOST)
        line_add(line, place, number);
}

/* A mapping that has begun, at `place`: its numbers, and those of the mappings in it. */
static nn_status line_walk(nn_json *json, const char *place, int depth, record_line *line)
{
    nn_json_value value;
    char inner[PLACE_SIZE];
    for (;;) {
        NN_TRY(nn_json_next(json, &value));
        if (value.kind == NN_JSON_END) return NN_OK;
        int needed = snprintf(inner, sizeof inner, "%s%s%s", place, place[0] ? "." : "", value.text);
        NN_TRY(nn_json_next(json, &value));
        if (needed >= (int)sizeof inner) /* no name of ours */
            NN_TRY(nn_json_skip(json, &value));
        else if (value.kind == NN_JSON_SCALAR)
            line_take(line, inner, &value);
        else if (value.kind == NN_JSON_MAPPING && depth < DEPTH)
            NN_TRY(line_walk(json, inner, depth + 1, line));
        else
            NN_TRY(nn_json_skip(json, &value));
    }
}

static nn_status line_parse(const char *text, record_line *line)
{
    nn_json *json;
    nn_json_value value;
    *line = (record_line){.kind = "epoch"};
    NN_TRY(nn_json_open(text, strlen(text), &json));
    nn_status status = nn_json_expect(json, NN_JSON_MAPPING, "an object", &value);
    if (status == NN_OK) status = line_walk(json, "", 0, line);
    nn_json_close(json);
    if (status == NN_OK && !(line->step > 0)) status = nn_fail(NN_ERROR_DATA, "a line without a step");
    return status;
}

static void records_note_epoch(nn_records *records, const record_line *line)
{
    /* The mean of about the last five epochs, which follows changes. */
    double mean = records->epochs_seconds;
    records->epochs_seconds = records->epoch.epoch == 0 ? line->seconds : mean + (line->seconds - mean) / 5;
    records->epoch = (nn_record_epoch){(int64_t)line->epoch, (int64_t)line->step, line->seconds, line->rate};
}

static nn_status records_take(nn_records *records, const char *text)
{
    record_line line;
    records->lines++;
    records->kind[0] = '\0';
    nn_status status = line_parse(text, &line);
    if (status == NN_ERROR_MEMORY) return status;
    if (status != NN_OK) {
        nn_error_clear();
        records->damaged++;
        return NN_OK;
    }
    records->step = (int64_t)line.step;
    snprintf(records->kind, sizeof records->kind, "%s", line.kind);
    bool epoch = strcmp(line.kind, "epoch") == 0, step = strcmp(line.kind, "step") == 0;
    if (epoch) {
        records_note_epoch(records, &line);
        records->skipped += (int64_t)line.skipped;
    }
    for (size_t i = 0; i < line.count; i++) {
        char name[NN_RECORD_NAME];
        snprintf(name, sizeof name, "%s%s", step ? "step." : "", line.numbers[i].name);
        nn_record_series *series = records_series(records, name);
        if (series) NN_TRY(series_add(series, line.step, line.numbers[i].value));
    }
    return NN_OK;
}

/* ---- the file ---- */

static void records_begin_again(nn_records *records)
{
    nn_records_release(records);
    records->there = true;
}

/* The complete lines of the rest; what follows them stays. */
static nn_status records_split(nn_records *records, const nn_record_listener *listener)
{
    char *line = records->rest.bytes, *end;
    while (line && (end = strchr(line, '\n')) != NULL) {
        *end = '\0';
        NN_TRY(records_take(records, line));
        if (listener) listener->line(listener->context, records, line);
        line = end + 1;
    }
    if (!line) return NN_OK;
    records->rest.length = strlen(line);
    memmove(records->rest.bytes, line, records->rest.length + 1);
    records->partial = records->rest.length > 0;
    return NN_OK;
}

static nn_status records_read_on(nn_records *records, int descriptor, const nn_record_listener *listener)
{
    char block[READ_BLOCK + 1];
    for (;;) {
        ssize_t got = pread(descriptor, block, READ_BLOCK, records->read);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return nn_system_fail(NN_ERROR_IO, errno, "cannot read metrics.jsonl");
        if (got == 0) return NN_OK;
        for (ssize_t i = 0; i < got; i++)
            if (block[i] == '\0') block[i] = '?'; /* after a crash a file may end in zeros */
        block[got] = '\0';
        records->read += got;
        nn_text_append(&records->rest, "%s", block);
        if (records->rest.failed) NN_FAIL(NN_ERROR_MEMORY, "out of memory for metrics.jsonl");
        NN_TRY(records_split(records, listener));
    }
}

nn_status nn_records_read(nn_records *records, const char *run_directory, const nn_record_listener *listener)
{
    nn_text path = {0};
    struct stat facts;
    nn_text_append(&path, "%s/metrics.jsonl", run_directory);
    if (path.failed) NN_FAIL(NN_ERROR_MEMORY, "out of memory for a path");
    /* Not nn_file_open, which waits for file systems that fail for a while: the next look is soon. */
    int descriptor = open(path.bytes, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    int error = errno;
    nn_text_free(&path);
    if (descriptor < 0 && (error == ENOENT || error == ENOTDIR)) {
        nn_records_release(records);
        return NN_OK;
    }
    if (descriptor < 0)
        return nn_system_fail(NN_ERROR_IO, error, "cannot read %s/metrics.jsonl", run_directory);
    nn_status status = NN_OK;
    if (fstat(descriptor, &facts) != 0 || !S_ISREG(facts.st_mode)) {
        status = nn_fail(NN_ERROR_IO, "%s/metrics.jsonl is not a file", run_directory);
    } else {
        bool other = records->there && (facts.st_ino != records->file || facts.st_dev != records->device ||
                                        facts.st_size < records->read);
        if (other && listener) listener->again(listener->context);
        if (other || !records->there) records_begin_again(records);
        records->file = facts.st_ino;
        records->device = facts.st_dev;
        records->changed = facts.st_mtime;
        status = records_read_on(records, descriptor, listener);
    }
    close(descriptor);
    return status;
}

void nn_records_release(nn_records *records)
{
    for (size_t s = 0; s < records->series_count; s++) {
        nn_free(records->series[s].steps);
        nn_free(records->series[s].values);
    }
    nn_free(records->series);
    nn_text_free(&records->rest);
    *records = (nn_records){0};
}
