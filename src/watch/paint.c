#include "watch/paint.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "base/terminal.h"

/* Another screen, no cursor; and back. */
#define ENTER "\033[?1049h\033[?25l\033[H\033[2J"
#define LEAVE "\033[?25h\033[?1049l"

static struct {
    struct termios before;
    bool has_keys;  /* standard input is a terminal, whose settings are in `before` */
    nn_text screen; /* what is painted */
    int columns, lines;
} painter;

static volatile sig_atomic_t painter_ends, painter_resized, painter_suspends;

static void painter_on_signal(int number)
{
    if (number == SIGWINCH)
        painter_resized = 1;
    else if (number == SIGTSTP)
        painter_suspends = 1;
    else
        painter_ends = 1;
}

static void painter_write(const char *bytes, size_t length)
{
    while (length > 0) {
        ssize_t written = write(STDOUT_FILENO, bytes, length);
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) {
            painter_ends = 1; /* the terminal is gone */
            return;
        }
        bytes += written;
        length -= (size_t)written;
    }
}

static void painter_take(void)
{
    struct termios keys;
    painter.has_keys = tcgetattr(STDIN_FILENO, &painter.before) == 0;
    if (painter.has_keys) {
        keys = painter.before;
        keys.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
        keys.c_cc[VMIN] = 1;
        keys.c_cc[VTIME] = 0;
        tcsetattr(STDIN_FILENO, TCSANOW, &keys);
    }
    painter_write(ENTER, sizeof ENTER - 1);
    nn_text_free(&painter.screen);
}

static void painter_give_back(void)
{
    painter_write(LEAVE, sizeof LEAVE - 1);
    if (painter.has_keys) tcsetattr(STDIN_FILENO, TCSANOW, &painter.before);
}

void nn_painter_begin(void)
{
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP, SIGWINCH};
    struct sigaction action = {.sa_handler = painter_on_signal};
    sigemptyset(&action.sa_mask);
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) sigaction(signals[i], &action, NULL);
    signal(SIGPIPE, SIG_IGN);
    painter_take();
}

void nn_painter_end(void)
{
    painter_give_back();
    nn_text_free(&painter.screen);
}

/* ---- painting ---- */

/* The line that begins at `text`, cut to `columns`: its bytes. *next: where the following one begins. */
static size_t line_length(const char *text, int columns, const char **next)
{
    size_t length = 0;
    int width = 0, character;
    while (text[length] && text[length] != '\n') {
        size_t bytes = (size_t)nn_display_character(text + length, &character);
        if (width + character > columns) break;
        width += character;
        length += bytes;
    }
    *next = text + strcspn(text, "\n");
    *next += **next == '\n';
    return length;
}

/* Bytes that two lines begin with in common, in whole characters; *width: their columns. */
static size_t line_common(const char *a, size_t a_length, const char *b, size_t b_length, int *width)
{
    size_t common = 0;
    *width = 0;
    while (common < a_length && common < b_length) {
        int character;
        size_t bytes = (size_t)nn_display_character(a + common, &character);
        if (common + bytes > a_length || common + bytes > b_length ||
            memcmp(a + common, b + common, bytes) != 0)
            break;
        common += bytes;
        *width += character;
    }
    return common;
}

void nn_painter_differ(const char *before, const char *after, int columns, int lines, nn_text *bytes)
{
    for (int row = 1; row <= lines && (*before || *after); row++) {
        const char *old = before, *new = after;
        int width;
        size_t old_length = line_length(old, columns, &before),
               new_length = line_length(new, columns, &after);
        size_t common = line_common(old, old_length, new, new_length, &width);
        if (common == old_length && common == new_length) continue;
        nn_text_append(bytes, "\033[%d;%dH%.*s", row, width + 1, (int)(new_length - common), new + common);
        /* A full line ends beyond the last column, where clearing would take its last character. */
        int full = 0, character;
        for (size_t i = 0; i < new_length; full += character)
            i += (size_t)nn_display_character(new + i, &character);
        if (full < columns) nn_text_append(bytes, "\033[K");
    }
}

void nn_painter_show(const char *scene)
{
    nn_text bytes = {0}, printable = {0};
    nn_text_append_printable(&printable, scene);
    const char *text = printable.bytes ? printable.bytes : "";
    int columns = nn_terminal_columns(STDOUT_FILENO), lines = nn_terminal_lines(STDOUT_FILENO);
    if (columns != painter.columns || lines != painter.lines) {
        nn_text_append(&bytes, "\033[2J");
        nn_text_free(&painter.screen);
    }
    painter.columns = columns;
    painter.lines = lines;
    nn_painter_differ(painter.screen.bytes ? painter.screen.bytes : "", text, columns, lines, &bytes);
    if (bytes.bytes && !bytes.failed) painter_write(bytes.bytes, bytes.length);
    nn_text_free(&bytes);
    nn_text_free(&painter.screen);
    painter.screen = printable;
}

/* ---- waiting ---- */

static void painter_suspend(void)
{
    painter_suspends = 0;
    painter_give_back();
    raise(SIGSTOP);
    painter_take();
}

nn_painter_event nn_painter_wait(double seconds, char *key)
{
    struct pollfd keys = {.fd = painter.has_keys ? STDIN_FILENO : -1, .events = POLLIN};
    int ready =
        painter_ends || painter_resized || painter_suspends ? 0 : poll(&keys, 1, (int)(1e3 * seconds));
    if (painter_ends) return NN_PAINTER_QUIT;
    if (painter_suspends) {
        painter_suspend();
        return NN_PAINTER_RESIZED;
    }
    if (painter_resized) {
        painter_resized = 0;
        return NN_PAINTER_RESIZED;
    }
    if (ready <= 0) return NN_PAINTER_TIME;
    ssize_t got = read(STDIN_FILENO, key, 1);
    if (got < 0 && errno == EINTR) return NN_PAINTER_TIME;
    if (got <= 0 || *key == 'q' || *key == 'Q') return NN_PAINTER_QUIT;
    return NN_PAINTER_KEY;
}
