#include "base/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/terminal.h"
#include "base/wrap.h"
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

/* ---- the progress line ---- */

/* To the end of the screen: where the window was narrowed, the line may take several rows by now. */
#define LOG_CLEAR "\r\033[J"

/* Indexed by descriptor: 1 and 2. */
static atomic_bool log_clears[3];
static atomic_int log_draws_on; /* descriptor; 0: there is no line */

void nn_log_progress_begin(int descriptor)
{
    for (int d = STDOUT_FILENO; d <= STDERR_FILENO; d++)
        atomic_store(&log_clears[d], nn_terminal_is_addressable(d));
    atomic_store(&log_draws_on, atomic_load(&log_clears[descriptor]) ? descriptor : 0);
}

const char *nn_log_clearing(int descriptor)
{
    return atomic_load(&log_clears[descriptor]) ? LOG_CLEAR : "";
}

bool nn_log_draws(void)
{
    return nn_log_enabled() && atomic_load(&log_draws_on) > 0;
}

/* The cursor waits at the beginning of the line: what others print, such as the launcher, begins there, and
 * where the terminal folds the line again, it stays in the first row of it. */
void nn_log_progress(const char *line)
{
    if (!nn_log_draws()) return;
    FILE *stream = atomic_load(&log_draws_on) == STDERR_FILENO ? stderr : stdout;
    nn_text printable = {0};
    if (!nn_text_is_printable(line)) {
        nn_text_append_printable(&printable, line);
        line = printable.bytes && !printable.failed ? printable.bytes : "";
    }
    flockfile(stream);
    (void)fprintf(stream, LOG_CLEAR "%s\r", line);
    (void)fflush(stream);
    funlockfile(stream);
    nn_text_free(&printable);
}

void nn_log_progress_end(void)
{
    nn_log_progress("");
    atomic_store(&log_draws_on, 0);
    for (int d = STDOUT_FILENO; d <= STDERR_FILENO; d++) atomic_store(&log_clears[d], false);
}

void nn_log_progress_abandon(void)
{
    if (nn_log_draws()) (void)!write(atomic_load(&log_draws_on), LOG_CLEAR, sizeof LOG_CLEAR - 1);
    atomic_store(&log_draws_on, 0);
}

/* ---- lines ---- */

/* Columns by which the rest of a line that the window folds is indented. */
#define LOG_HANGING 2

#define LOG_LINE_SIZE 4096

static atomic_int log_errno;

int nn_log_error(void)
{
    return atomic_load(&log_errno);
}

static void log_flush(FILE *stream)
{
    if (fflush(stream) != 0 && stream == stdout) atomic_store(&log_errno, errno);
}

/* Prints the text, which may have names from files in it, so that a terminal obeys nothing in it; folded if
 * it appears in one. */
static void log_put(FILE *stream, const char *prefix, const char *text, const char *end)
{
    nn_text line = {0}, wrapped = {0}, printable = {0};
    if (!nn_text_is_printable(text)) {
        nn_text_append_printable(&printable, text);
        text = printable.bytes && !printable.failed ? printable.bytes : "(out of memory)";
    }
    int descriptor = stream == stderr ? STDERR_FILENO : STDOUT_FILENO;
    int columns = nn_terminal_columns(descriptor);
    if (columns > 0) {
        nn_text_append(&line, "%s%s%s", prefix, text, end);
        if (line.bytes) nn_wrap(&wrapped, line.bytes, columns, LOG_HANGING);
    }
    (void)fputs(nn_log_clearing(descriptor), stream);
    if (wrapped.bytes && !wrapped.failed)
        (void)fputs(wrapped.bytes, stream);
    else
        (void)fprintf(stream, "%s%s%s", prefix, text, end);
    nn_text_free(&line);
    nn_text_free(&wrapped);
    nn_text_free(&printable);
}

/* A line stays intact when several threads write, and appears at once, because batch jobs are watched through
 * their files. A single write, because mpirun may insert the output of other ranks between several. */
static void log_write(FILE *stream, const char *prefix, const char *format, va_list arguments)
{
    char line[LOG_LINE_SIZE];
    va_list again;
    va_copy(again, arguments);
    int length = vsnprintf(line, sizeof line, format, arguments);
    flockfile(stream);
    nn_text whole = {0};
    if (length < 0 || (size_t)length >= sizeof line) nn_text_append_list(&whole, format, again);
    log_put(stream, prefix, whole.bytes && !whole.failed ? whole.bytes : line, "\n");
    nn_text_free(&whole);
    va_end(again);
    log_flush(stream);
    funlockfile(stream);
}

static atomic_bool log_leaves_output;

void nn_log_to_standard_error(void)
{
    atomic_store(&log_leaves_output, true);
}

void nn_log_text(const char *text)
{
    flockfile(stdout);
    log_put(stdout, "", text, "");
    log_flush(stdout);
    funlockfile(stdout);
}

void nn_log_failure(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    log_write(stderr, "nntrain: ", format, arguments);
    va_end(arguments);
}

void nn_log_line(const char *format, ...)
{
    if (!nn_log_enabled()) return;
    va_list arguments;
    va_start(arguments, format);
    log_write(atomic_load(&log_leaves_output) ? stderr : stdout, "", format, arguments);
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
