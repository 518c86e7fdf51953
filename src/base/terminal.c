#include "base/terminal.h"

#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#define LINK_SIZE 256
#define ANCESTORS 16 /* shells and wrappers between the launcher and this process, at most */

/* ---- whose terminal ---- */

static bool terminal_link(long process, int descriptor, char target[LINK_SIZE])
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%ld/fd/%d", process, descriptor);
    ssize_t length = readlink(path, target, LINK_SIZE - 1);
    if (length < 0) return false;
    target[length] = '\0';
    return true;
}

static long terminal_parent(long process)
{
    char path[64], line[512];
    long parent = 0;
    snprintf(path, sizeof path, "/proc/%ld/stat", process);
    FILE *file = fopen(path, "r");
    if (!file) return 0;
    /* The name, in parentheses, may contain anything. */
    const char *end = fgets(line, sizeof line, file) ? strrchr(line, ')') : NULL;
    if (end && sscanf(end + 1, " %*c %ld", &parent) != 1) parent = 0;
    fclose(file);
    return parent;
}

/* A descriptor of the launcher's terminal: it is the first ancestor whose output is another one than ours.
 * -1: it has none, or runs elsewhere. */
static int terminal_of_launcher(int descriptor)
{
    char own[LINK_SIZE], target[LINK_SIZE], path[64];
    struct stat status;
    if (fstat(descriptor, &status) != 0 || !(isatty(descriptor) || S_ISFIFO(status.st_mode))) return -1;
    if (!terminal_link((long)getpid(), descriptor, own)) return -1;
    long process = (long)getppid();
    for (int i = 0; i < ANCESTORS && process > 1; i++, process = terminal_parent(process)) {
        if (!terminal_link(process, descriptor, target)) return -1;
        if (strcmp(target, own) == 0) continue;
        if (strncmp(target, "/dev/pts/", 9) != 0 && strncmp(target, "/dev/tty", 8) != 0) return -1;
        snprintf(path, sizeof path, "/proc/%ld/fd/%d", process, descriptor);
        return open(path, O_WRONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    }
    return -1;
}

/* The descriptor to ask; -1: no terminal. The launcher's is opened once. */
static int terminal_find(int descriptor)
{
    static struct {
        bool known;
        int descriptor;
    } launcher[STDERR_FILENO + 1];
    if (descriptor < 0 || descriptor > STDERR_FILENO) return -1;
    if (!getenv("OMPI_COMM_WORLD_SIZE")) return isatty(descriptor) ? descriptor : -1;
    if (!launcher[descriptor].known) launcher[descriptor].descriptor = terminal_of_launcher(descriptor);
    launcher[descriptor].known = true;
    return launcher[descriptor].descriptor;
}

/* ---- its size ---- */

static int terminal_extent(int descriptor, bool lines, const char *variable, int otherwise)
{
    struct winsize window = {0};
    int terminal = terminal_find(descriptor);
    if (terminal < 0) return 0;
    if (ioctl(terminal, TIOCGWINSZ, &window) == 0) {
        int extent = lines ? window.ws_row : window.ws_col;
        if (extent > 0) return extent;
    }
    const char *stated = getenv(variable);
    int extent = stated ? atoi(stated) : 0;
    return extent > 0 ? extent : otherwise;
}

int nn_terminal_columns(int descriptor)
{
    return terminal_extent(descriptor, false, "COLUMNS", 80);
}

int nn_terminal_lines(int descriptor)
{
    return terminal_extent(descriptor, true, "LINES", 24);
}

bool nn_terminal_is_addressable(int descriptor)
{
    const char *type = getenv("TERM");
    /* mpirun would put its tags into what moves the cursor. */
    if (getenv("OMPI_MCA_orte_tag_output") || getenv("OMPI_MCA_orte_timestamp_output")) return false;
    return terminal_find(descriptor) >= 0 && type && type[0] && strcmp(type, "dumb") != 0;
}

/* ---- the width of characters ---- */

typedef struct character_range {
    uint32_t first, last;
} character_range;

static bool range_has(const character_range *ranges, size_t count, uint32_t code)
{
    for (size_t i = 0; i < count; i++)
        if (code >= ranges[i].first && code <= ranges[i].last) return true;
    return false;
}

/* Accents that combine with the character before; and the scripts whose characters take two columns. */
static int terminal_code_columns(uint32_t code)
{
    static const character_range none[] = {
        {0x300, 0x36f}, {0x200b, 0x200f}, {0x20d0, 0x20ff}, {0xfe00, 0xfe0f}};
    static const character_range two[] = {{0x1100, 0x115f},   {0x2e80, 0x303e},  {0x3041, 0xa4cf},
                                          {0xac00, 0xd7a3},   {0xf900, 0xfaff},  {0xfe30, 0xfe6f},
                                          {0xff00, 0xff60},   {0xffe0, 0xffe6},  {0x1f300, 0x1f64f},
                                          {0x1f900, 0x1f9ff}, {0x20000, 0x3fffd}};
    if (range_has(none, sizeof none / sizeof *none, code)) return 0;
    return range_has(two, sizeof two / sizeof *two, code) ? 2 : 1;
}

int nn_display_character(const char *at, int *columns)
{
    const unsigned char *byte = (const unsigned char *)at;
    int length = byte[0] >= 0xf0 ? 4 : byte[0] >= 0xe0 ? 3 : byte[0] >= 0xc0 ? 2 : 1;
    uint32_t code = length == 1 ? byte[0] : byte[0] & (0x7fU >> length);
    for (int i = 1; i < length; i++) {
        if ((byte[i] & 0xc0) != 0x80) { /* not UTF-8 */
            *columns = 1;
            return 1;
        }
        code = code << 6 | (byte[i] & 0x3f);
    }
    *columns = terminal_code_columns(code);
    return length;
}

int nn_display_width(const char *text)
{
    int width = 0, columns;
    while (*text) {
        text += nn_display_character(text, &columns);
        width += columns;
    }
    return width;
}
