#include "watch/watch.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "base/memory.h"
#include "base/terminal.h"
#include "draw/terminal_plot.h"
#include "host/system.h"
#include "watch/paint.h"
#include "watch/scene.h"

typedef struct watching {
    const nn_watch_request *request;
    nn_look look;
    nn_records records;
    nn_text problem;
    int curve;
} watching;

static nn_scene watch_scene(const watching *of)
{
    return (nn_scene){.directory = of->request->directory,
                      .look = &of->look,
                      .records = &of->records,
                      .problem = of->problem.bytes,
                      .now = time(NULL),
                      .columns = nn_terminal_columns(STDOUT_FILENO),
                      .lines = nn_terminal_lines(STDOUT_FILENO),
                      .ascii = !nn_plot_has_unicode(),
                      .curve = of->curve};
}

/* A failure of the file system may pass: it is shown, and the next look may succeed. What is wrong with the
 * command ends it. */
static nn_status watch_look(watching *of, const nn_record_listener *listener)
{
    nn_text_free(&of->problem);
    nn_status status = nn_look_at(of->request->directory, &of->look);
    if (status == NN_OK) status = nn_records_read(&of->records, of->request->directory, listener);
    if (status == NN_ERROR_USAGE || status == NN_ERROR_MEMORY) return status;
    if (status != NN_OK) nn_text_append(&of->problem, "%s", nn_error_text());
    nn_error_clear();
    return NN_OK;
}

/* ---- in a terminal ---- */

static nn_status watch_screen(watching *of)
{
    nn_status status = watch_look(of, NULL);
    nn_painter_event event = NN_PAINTER_TIME;
    if (status != NN_OK) return status;
    nn_painter_begin();
    while (status == NN_OK && event != NN_PAINTER_QUIT) {
        char key = 0;
        nn_text frame = {0};
        nn_scene scene = watch_scene(of);
        nn_scene_append(&scene, &frame);
        if (frame.bytes) nn_painter_show(frame.bytes);
        nn_text_free(&frame);
        event = nn_painter_wait(of->request->seconds, &key);
        of->curve += event == NN_PAINTER_KEY && key == 'm';
        if (event == NN_PAINTER_TIME) status = watch_look(of, NULL);
    }
    nn_painter_end();
    /* The last state stays, below the command. */
    nn_text line = {0};
    nn_scene scene = watch_scene(of);
    nn_scene_append_phase(&scene, &line);
    if (status == NN_OK) nn_log_line("%s", line.bytes ? line.bytes : "");
    nn_text_free(&line);
    return status;
}

/* ---- in lines ---- */

static void watch_print_record(void *context, const nn_records *records, const char *line)
{
    const watching *of = context;
    nn_text text = {0};
    nn_scene scene = watch_scene(of);
    scene.records = records;
    if (records->kind[0])
        nn_scene_append_record(&scene, &text);
    else
        nn_text_append(&text, "a line of metrics.jsonl cannot be read: %.60s", line);
    if (text.length > 0) nn_log_line("%s", text.bytes);
    nn_text_free(&text);
}

static void watch_print_again(void *context)
{
    (void)context;
    nn_log_line("metrics.jsonl begins again: the run was resumed, or started over");
}

/* Prints what `append` says, if that is something new. */
static void watch_print_news(const watching *of, void (*append)(const nn_scene *, nn_text *), nn_text *last)
{
    nn_text text = {0};
    nn_scene scene = watch_scene(of);
    append(&scene, &text);
    const char *now = text.bytes ? text.bytes : "", *before = last->bytes ? last->bytes : "";
    if (strcmp(now, before) != 0 && now[0]) nn_log_line("%s", now);
    nn_text_free(last);
    *last = text;
}

static bool watch_is_over(const nn_look *look)
{
    return look->phase > NN_RUN_RUNNING;
}

static nn_status watch_outcome(const watching *of)
{
    const nn_look *look = &of->look;
    if (look->phase == NN_RUN_ENDED) return NN_OK;
    if (look->phase == NN_RUN_LOST)
        NN_FAIL(NN_ERROR_COMM, "%s was killed: the same command resumes it", of->request->directory);
    NN_FAIL((nn_status)look->code, "%s ended with exit code %d: %s", of->request->directory, look->code,
            look->text);
}

static nn_status watch_lines(watching *of)
{
    const nn_record_listener listener = {of, watch_print_record, watch_print_again};
    const struct timespec pause = {(time_t)floor(of->request->seconds),
                                   (long)(1e9 * (of->request->seconds - floor(of->request->seconds)))};
    nn_run_phase shown = NN_RUN_ABSENT;
    time_t since = 0;
    nn_text health = {0}, line = {0};
    nn_status status = NN_OK;
    for (bool first = true; status == NN_OK; first = false) {
        /* The state before the lines: what was written until the run ended is then read. */
        status = watch_look(of, &listener);
        if (status != NN_OK) break;
        if (first || of->look.phase != shown || of->look.since != since) {
            nn_scene scene = watch_scene(of);
            nn_scene_append_phase(&scene, &line);
            if (!watch_is_over(&of->look)) nn_log_line("%s", line.bytes ? line.bytes : "");
            nn_text_free(&line);
        }
        shown = of->look.phase;
        since = of->look.since;
        watch_print_news(of, nn_scene_append_health, &health);
        if (watch_is_over(&of->look)) break;
        nanosleep(&pause, NULL);
    }
    nn_scene scene = watch_scene(of);
    nn_scene_append_phase(&scene, &line);
    if (status == NN_OK && of->look.phase == NN_RUN_ENDED) nn_log_line("%s", line.bytes ? line.bytes : "");
    nn_text_free(&line);
    nn_text_free(&health);
    return status == NN_OK ? watch_outcome(of) : status;
}

nn_status nn_watch(const nn_watch_request *request)
{
    watching of = {.request = request};
    nn_patience_limit(request->seconds);
    bool lines = request->plain || !nn_terminal_is_addressable(STDOUT_FILENO);
    nn_status status = lines ? watch_lines(&of) : watch_screen(&of);
    nn_records_release(&of.records);
    nn_text_free(&of.problem);
    return status;
}
