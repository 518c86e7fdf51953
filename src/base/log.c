#include "base/log.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "nntrain/nntrain.h"

static atomic_bool log_is_enabled = true;

void nn_log_enable(bool enabled)
{
    atomic_store(&log_is_enabled, enabled);
}

bool nn_log_enabled(void)
{
    return atomic_load(&log_is_enabled);
}

static atomic_int log_ranks = NN_LOG_FIRST_RANK;

void nn_set_log_ranks(nn_log_ranks ranks)
{
    atomic_store(&log_ranks, (int)ranks);
}

bool nn_log_chosen(int rank)
{
    int ranks = atomic_load(&log_ranks);
    return ranks == NN_LOG_ALL_RANKS || (ranks == NN_LOG_FIRST_RANK && rank == 0);
}

#define LOG_LINE_SIZE 4096

/* A line stays intact when several threads write, and appears at once, because batch jobs are watched through
 * their files. A single write, because mpirun may insert the output of other ranks between several. */
static void log_write(FILE *stream, const char *prefix, const char *format, va_list arguments)
{
    char line[LOG_LINE_SIZE];
    va_list again;
    va_copy(again, arguments);
    int length = vsnprintf(line, sizeof line, format, arguments);
    flockfile(stream);
    if (length >= 0 && (size_t)length < sizeof line) {
        (void)fprintf(stream, "%s%s\n", prefix, line);
    } else {
        (void)fputs(prefix, stream);
        (void)vfprintf(stream, format, again);
        (void)fputc('\n', stream);
    }
    va_end(again);
    (void)fflush(stream);
    funlockfile(stream);
}

void nn_log_line(const char *format, ...)
{
    if (!nn_log_enabled()) return;
    va_list arguments;
    va_start(arguments, format);
    log_write(stdout, "", format, arguments);
    va_end(arguments);
}

static nn_text *log_collected;

void nn_log_collect(nn_text *warnings)
{
    log_collected = warnings;
}

/* Whether the lines of `text` occur in the collected warnings. */
static bool log_is_known(const char *warnings, const char *text)
{
    size_t length = strlen(text);
    for (const char *at = warnings; at && (at = strstr(at, text)) != NULL; at += length)
        if ((at == warnings || at[-1] == '\n') && (at[length] == '\n' || at[length] == '\0')) return true;
    return false;
}

static void log_collect(const char *format, va_list arguments)
{
    char line[LOG_LINE_SIZE];
    nn_text warning = {0};
    if (vsnprintf(line, sizeof line, format, arguments) < 0) return;
    for (const char *at = line; *at; at++) nn_text_append(&warning, *at == '\n' ? "\n  " : "%c", *at);
    if (line[0] && warning.bytes && !log_is_known(log_collected->bytes, warning.bytes))
        nn_text_append(log_collected, "%s%s", log_collected->length > 0 ? "\n" : "", warning.bytes);
    nn_text_free(&warning);
}

void nn_log_warning(const char *format, ...)
{
    if (!nn_log_enabled()) return;
    va_list arguments;
    va_start(arguments, format);
    if (log_collected) {
        log_collect(format, arguments);
        va_end(arguments);
        return;
    }
    log_write(stderr, "warning: ", format, arguments);
    va_end(arguments);
}
