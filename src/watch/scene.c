#include "watch/scene.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/format.h"
#include "base/memory.h"
#include "base/wrap.h"
#include "draw/terminal_plot.h"

#define CURVES_MOST 64
#define PLOT_LEAST_LINES 7
#define TWO_PLOTS 22 /* lines that two plots need */
#define BAR_WIDTH 12
#define SILENT 120 /* seconds without any sign of life that are worth mentioning */

/* ---- how it is ---- */

static const char *scene_age(time_t now, time_t then, char buffer[NN_FORMAT_SIZE])
{
    double seconds = difftime(now, then);
    if (seconds < 60)
        snprintf(buffer, NN_FORMAT_SIZE, "%.0f s", seconds > 0 ? seconds : 0);
    else if (seconds >= 600 && seconds < 3600) /* what changes every second is sent every second */
        snprintf(buffer, NN_FORMAT_SIZE, "%.0f min", floor(seconds / 60));
    else
        nn_format_seconds(buffer, seconds);
    return buffer;
}

void nn_scene_append_phase(const nn_scene *scene, nn_text *text)
{
    const nn_look *look = scene->look;
    char age[NN_FORMAT_SIZE], code[16] = "";
    nn_text_append(text, "%s: ", scene->directory);
    if (look->phase != NN_RUN_ABSENT) scene_age(scene->now, look->since, age);
    switch (look->phase) {
    case NN_RUN_ABSENT:
        nn_text_append(text, "does not exist yet: waiting for the job to begin");
        return;
    case NN_RUN_WAITING:
        nn_text_append(text, "no run has begun here yet: waiting");
        return;
    case NN_RUN_RUNNING:
        nn_text_append(text, "running for %s on %s, %s", age, look->host, look->text);
        return;
    case NN_RUN_LOST:
        nn_text_append(text,
                       "killed: it began %s ago on %s, and its process %ld is gone; the same command resumes",
                       age, look->host, look->process);
        return;
    case NN_RUN_STOPPED:
        snprintf(code, sizeof code, "stopped");
        break;
    case NN_RUN_ENDED:
        snprintf(code, sizeof code, "ended");
        break;
    case NN_RUN_FAILED:
        snprintf(code, sizeof code, "FAILED");
        break;
    }
    nn_text_append(text, "%s %s ago on %s", code, age, look->host);
    if (look->code != 0) nn_text_append(text, " with exit code %d", look->code);
    nn_text_append(text, ": %s", look->text);
}

/* When the run last gave a sign of life. */
static time_t scene_last_sign(const nn_scene *scene)
{
    time_t last = scene->look->since;
    const time_t signs[] = {scene->records->changed, scene->look->saved_at, scene->look->beat_at};
    for (size_t i = 0; i < sizeof signs / sizeof *signs; i++)
        if (signs[i] > last) last = signs[i];
    return last;
}

void nn_scene_append_health(const nn_scene *scene, nn_text *text)
{
    const nn_look *look = scene->look;
    char age[NN_FORMAT_SIZE];
    size_t before = text->length;
    if (scene->problem) nn_text_append(text, "; %s", scene->problem);
    if (look->phase == NN_RUN_RUNNING && look->late_rank >= 0)
        nn_text_append(text, "; rank %d has made no progress for %s", look->late_rank,
                       nn_format_seconds(age, look->late_for));
    time_t sign = scene_last_sign(scene);
    if (look->phase == NN_RUN_RUNNING &&
        difftime(scene->now, sign) > SILENT + 3 * scene->records->epochs_seconds)
        nn_text_append(text, "; no sign of life for %s", scene_age(scene->now, sign, age));
    if (scene->records->skipped > 0)
        nn_text_append(text, "; %" PRId64 " steps skipped because of NaN or Inf", scene->records->skipped);
    if (look->nonfinite > 0)
        nn_text_append(text, "; %zu file%s of steps with NaN or Inf (nntrain replay %s/nonfinite-...)",
                       look->nonfinite, look->nonfinite == 1 ? "" : "s", scene->directory);
    if (scene->records->damaged > 0)
        nn_text_append(text, "; %zu line%s of metrics.jsonl cannot be read", scene->records->damaged,
                       scene->records->damaged == 1 ? "" : "s");
    if (text->length == before || text->failed) return;
    memmove(text->bytes + before, text->bytes + before + 2, text->length - before - 1); /* the first "; " */
    text->length -= 2;
}

/* ---- how far it is ---- */

/* Seconds until the last epoch ends, from the last few; -1: unknown. */
static double scene_left(const nn_scene *scene)
{
    const nn_record_epoch *epoch = &scene->records->epoch;
    if (scene->look->phase != NN_RUN_RUNNING || scene->look->epochs <= 0 || epoch->epoch == 0) return -1;
    double left = (double)(scene->look->epochs - epoch->epoch) * scene->records->epochs_seconds -
                  difftime(scene->now, scene->records->changed);
    return left > 0 ? left : 0;
}

static void scene_append_progress(const nn_scene *scene, nn_text *text)
{
    const nn_record_epoch *epoch = &scene->records->epoch;
    char seconds[NN_FORMAT_SIZE];
    if (!scene->records->there || scene->records->lines == 0) {
        nn_text_append(text, "no epoch has ended yet\n");
        return;
    }
    nn_text_append(text, "epoch %" PRId64, epoch->epoch);
    if (scene->look->epochs > 0) {
        double share = (double)epoch->epoch / (double)scene->look->epochs;
        nn_text_append(text, "/%" PRId64 " [", scene->look->epochs);
        for (int i = 0; i < BAR_WIDTH; i++) nn_text_append(text, "%c", i < share * BAR_WIDTH ? '#' : '.');
        nn_text_append(text, "]");
    }
    nn_text_append(text, " step %" PRId64, scene->records->step);
    if (epoch->epoch > 0) nn_text_append(text, ", %.0f samples/s", epoch->rate);
    double left = scene_left(scene);
    if (left >= 0) nn_text_append(text, ", about %s left", nn_format_seconds(seconds, floor(left)));
    nn_text_append(text, "\n");
}

/* ---- results ---- */

static const char *scene_after(const char *name, const char *prefix)
{
    size_t length = strlen(prefix);
    return strncmp(name, prefix, length) == 0 ? name + length : NULL;
}

/* The last results of a part: "validation loss 0.5, accuracy 0.9". fresh: only those of the last line. */
static void scene_append_part(const nn_scene *scene, const char *part, bool fresh, nn_text *text)
{
    const nn_records *records = scene->records;
    char prefix[32];
    const char *name, *between = text->length > 0 && text->bytes[text->length - 1] != '\n' ? "; " : "";
    snprintf(prefix, sizeof prefix, "%s.", part);
    size_t shown = 0;
    for (size_t s = 0; s < records->series_count; s++) {
        const nn_record_series *series = &records->series[s];
        if (series->count == 0 || (name = scene_after(series->name, prefix)) == NULL) continue;
        if (fresh && (int64_t)series->steps[series->count - 1] != records->step) continue;
        double value = series->values[series->count - 1];
        if (shown++ == 0)
            nn_text_append(text, "%s%s ", between, part);
        else
            nn_text_append(text, ", ");
        nn_text_append(text, isfinite(value) ? "%s %.5g" : "%s undefined", name, value);
    }
}

/* The step, and the value, of the best validation result. */
static bool scene_best(const nn_scene *scene, double *step, double *best)
{
    char name[NN_RECORD_NAME + 16];
    snprintf(name, sizeof name, "validation.%s", scene->look->best);
    const nn_record_series *series = nn_records_find(scene->records, name);
    bool found = false;
    for (size_t i = 0; series && i < series->count; i++) {
        double value = series->values[i];
        if (!isfinite(value) || (found && (scene->look->best_is_higher ? value < *best : value > *best)))
            continue;
        found = true;
        *best = value;
        *step = series->steps[i];
    }
    return found;
}

/* By epoch, if it was at the end of one. */
static void scene_append_best(const nn_scene *scene, double step, double best, nn_text *text)
{
    const nn_record_epoch *epoch = &scene->records->epoch;
    nn_text_append(text, "; best %s %.5g ", scene->look->best, best);
    double of_epoch = epoch->epoch > 0 ? (double)epoch->step / (double)epoch->epoch : 0;
    if (of_epoch > 0 && fmod(step, of_epoch) == 0)
        nn_text_append(text, "at epoch %.0f", step / of_epoch);
    else
        nn_text_append(text, "at step %.0f", step);
}

static void scene_append_results(const nn_scene *scene, nn_text *text)
{
    double step = 0, best = 0;
    size_t before = text->length;
    scene_append_part(scene, "train", false, text);
    scene_append_part(scene, "validation", false, text);
    if (scene_best(scene, &step, &best)) scene_append_best(scene, step, best, text);
    if (text->length > before) nn_text_append(text, "\n");
}

static void scene_append_saved(const nn_scene *scene, nn_text *text)
{
    const nn_look *look = scene->look;
    char age[NN_FORMAT_SIZE];
    if (look->saved_step < 0)
        nn_text_append(text, "no checkpoint yet");
    else
        nn_text_append(text, "checkpoint of step %" PRId64 ", %s ago", look->saved_step,
                       scene_age(scene->now, look->saved_at, age));
    if (look->best_at > 0)
        nn_text_append(text, "; best weights %s ago", scene_age(scene->now, look->best_at, age));
    if (look->nodes > 0 && look->phase == NN_RUN_RUNNING)
        nn_text_append(text, "; %d ranks on %d nodes, heartbeat %s ago", look->ranks, look->nodes,
                       scene_age(scene->now, look->beat_at, age));
    nn_text_append(text, "\n");
}

void nn_scene_append_record(const nn_scene *scene, nn_text *text)
{
    const nn_records *records = scene->records;
    if (strcmp(records->kind, "epoch") == 0) {
        nn_text_append(text, "epoch %" PRId64, records->epoch.epoch);
        if (scene->look->epochs > 0) nn_text_append(text, "/%" PRId64, scene->look->epochs);
        nn_text results = {0};
        scene_append_part(scene, "train", true, &results);
        scene_append_part(scene, "validation", true, &results);
        nn_text_append(text, ": %s; %.0f samples/s", results.bytes ? results.bytes : "", records->epoch.rate);
        nn_text_free(&results);
    } else if (strcmp(records->kind, "validation") == 0) {
        nn_text results = {0};
        scene_append_part(scene, "validation", true, &results);
        nn_text_append(text, "step %" PRId64 ": %s", records->step, results.bytes ? results.bytes : "");
        nn_text_free(&results);
    }
}

/* ---- curves ---- */

/* The name of a curve that a series belongs to: "accuracy" of "train.accuracy". */
static const char *scene_curve_of(const nn_record_series *series)
{
    static const char *const parts[] = {"train.", "validation.", "step."};
    for (size_t p = 0; p < sizeof parts / sizeof *parts; p++) {
        const char *name = scene_after(series->name, parts[p]);
        if (name) return name;
    }
    return series->name;
}

static size_t scene_curves(const nn_records *records, const char *names[CURVES_MOST])
{
    size_t count = 0;
    for (size_t s = 0; s < records->series_count && count < CURVES_MOST; s++) {
        const char *name = scene_curve_of(&records->series[s]);
        size_t i = 0;
        while (i < count && strcmp(names[i], name) != 0) i++;
        if (i == count) names[count++] = name;
        if (i == count - 1 && strcmp(name, "loss") == 0) { /* the loss comes first */
            names[i] = names[0];
            names[0] = name;
        }
    }
    return count;
}

/* Steps become epochs where it is known how many an epoch has. Owned; NULL: no memory. */
static double *scene_abscissa(const nn_records *records, const nn_record_series *series)
{
    double *x,
        scale = records->epoch.step > 0 ? (double)records->epoch.epoch / (double)records->epoch.step : 1;
    if (NN_ALLOCATE(&x, series->count, "a curve") != NN_OK) return NULL;
    for (size_t i = 0; i < series->count; i++) x[i] = series->steps[i] * scale;
    return x;
}

static void scene_append_plot(const nn_scene *scene, const char *curve, int lines, nn_text *text)
{
    static const char *const parts[] = {"train", "validation", "step", ""};
    const nn_records *records = scene->records;
    nn_plot_series series[4];
    double *owned[4];
    size_t count = 0;
    for (size_t p = 0; p < sizeof parts / sizeof *parts; p++) {
        char name[NN_RECORD_NAME + 16];
        snprintf(name, sizeof name, "%s%s%s", parts[p], parts[p][0] ? "." : "", curve);
        const nn_record_series *found = nn_records_find(records, name);
        if (!found || (owned[count] = scene_abscissa(records, found)) == NULL) continue;
        series[count] =
            (nn_plot_series){parts[p][0] ? parts[p] : "epochs", found->count, owned[count], found->values};
        count++;
    }
    char title[NN_RECORD_NAME + 32];
    snprintf(title, sizeof title, "%s by %s", curve, records->epoch.step > 0 ? "epoch" : "step");
    nn_plot plot = {.width = scene->columns,
                    .height = lines,
                    .ascii = scene->ascii,
                    .y_name = title,
                    .y_top = (double)NAN,
                    .mark = (double)NAN};
    nn_plot_append(&plot, series, count, text);
    for (size_t s = 0; s < count; s++) nn_free(owned[s]);
}

static int scene_count_lines(const nn_text *text)
{
    int lines = 0;
    for (const char *at = text->bytes; at && *at; at++) lines += *at == '\n';
    return lines;
}

void nn_scene_append(const nn_scene *scene, nn_text *text)
{
    static const char keys[] = "q leaves, m shows the next curve\n";
    const char *names[CURVES_MOST];
    nn_text words = {0}, health = {0};
    nn_scene_append_phase(scene, &words);
    nn_text_append(&words, "\n");
    if (scene->look->phase > NN_RUN_WAITING) {
        scene_append_progress(scene, &words);
        scene_append_results(scene, &words);
        scene_append_saved(scene, &words);
    }
    nn_scene_append_health(scene, &health);
    if (health.length > 0) nn_text_append(&words, "health: %s\n", health.bytes);
    if (words.bytes) nn_wrap(text, words.bytes, scene->columns, 2);
    nn_text_free(&words);
    nn_text_free(&health);
    size_t curves = scene_curves(scene->records, names);
    int left = scene->lines - scene_count_lines(text) - 1, plots = left >= TWO_PLOTS && curves > 1 ? 2 : 1;
    for (int p = 0; p < plots && curves > 0 && left / plots >= PLOT_LEAST_LINES; p++)
        scene_append_plot(scene, names[((size_t)scene->curve + (size_t)p) % curves], left / plots, text);
    nn_text_append(text, "%.*s", scene->columns < (int)sizeof keys ? scene->columns : (int)sizeof keys, keys);
}
