#include "base/wrap.h"

#include <string.h>

#include "base/terminal.h"

#define LEAST_ROOM 16 /* columns for text after an indentation */
#define WORDS_OF_PROSE 9
#define FULL 72 /* columns: authors break lines of prose when they are about that full */

/* What a line of the text looks like; borrowed. */
typedef struct wrap_line {
    const char *text; /* after the indentation */
    size_t length;    /* of text, in bytes */
    int indent;       /* columns */
    int gap;          /* columns from the beginning of the line to the second column of a row; 0: no row */
    bool bullet;
    const char *comment; /* "# ..." after a gap; NULL: none */
} wrap_line;

typedef struct wrapping {
    nn_text *out;
    int columns, hanging;
    int at;        /* column of the line that is being written */
    int indent;    /* of the lines that follow in its block */
    bool joins;    /* the block may continue on the next line of the text */
    bool comments; /* each line of it begins with # */
} wrapping;

static int wrap_width(const char *text, size_t length)
{
    int width = 0, columns;
    for (size_t i = 0; i < length; width += columns) i += (size_t)nn_display_character(text + i, &columns);
    return width;
}

static wrap_line wrap_look(const char *start, size_t length)
{
    wrap_line line = {.text = start, .length = length};
    while (line.length > 0 && *line.text == ' ') line.text++, line.length--, line.indent++;
    line.bullet = line.length > 2 && line.text[0] == '-' && line.text[1] == ' ';
    for (size_t i = 1; i + 2 < line.length && !line.comment; i++) {
        size_t spaces = 0;
        while (i + spaces < line.length && line.text[i + spaces] == ' ') spaces++;
        if (spaces == 0) continue;
        i += spaces;
        if (spaces >= 2 && line.gap == 0) line.gap = line.indent + wrap_width(line.text, i);
        if (spaces >= 2 && i + 1 < line.length && line.text[i] == '#' && line.text[i + 1] == ' ')
            line.comment = line.text + i;
    }
    return line;
}

/* Not YAML, not a row, not a command. begins: the line is the first of its paragraph, where a title
 * ("gradient: of one sample") is told from a key by what follows. */
static bool wrap_is_prose(const wrap_line *line, bool begins)
{
    size_t word = 0, words = 1;
    if (line->length == 0 || line->gap > 0 || line->bullet || strchr("$#", line->text[0])) return false;
    for (size_t i = 0; i < line->length; i++) words += line->text[i] == ' ';
    while (word < line->length && line->text[word] != ' ') word++;
    bool key = line->text[word - 1] == ':';
    return begins ? !memchr(line->text, '{', line->length) && (!key || words >= WORDS_OF_PROSE)
                  : !key && line->text[0] != '-';
}

static void wrap_indent(wrapping *of, int columns)
{
    nn_text_append(of->out, "%*s%s", columns, "", of->comments ? "# " : "");
    of->at = columns + (of->comments ? 2 : 0);
}

/* Writes words after what the line has already; joined: a space separates them from that. */
static void wrap_words(wrapping *of, const char *text, size_t length, bool joined)
{
    for (size_t i = 0; i < length;) {
        size_t spaces = 0, word = 0;
        while (i + spaces < length && text[i + spaces] == ' ') spaces++;
        while (i + spaces + word < length && text[i + spaces + word] != ' ') word++;
        if (word == 0) return;
        const char *at = text + i + spaces;
        i += spaces + word;
        spaces += joined;
        joined = false;
        int width = wrap_width(at, word);
        if (of->at > of->indent && of->at + (int)spaces + width > of->columns) {
            nn_text_append(of->out, "\n");
            wrap_indent(of, of->indent);
            spaces = 0;
        }
        nn_text_append(of->out, "%*s%.*s", (int)spaces, "", (int)word, at);
        of->at += (int)spaces + width;
    }
}

static bool wrap_is_heading(const wrap_line *line, const char *after)
{
    if (*after != '\n') return false;
    wrap_line next = wrap_look(after + 1, strcspn(after + 1, "\n"));
    return next.length > 0 && next.indent > line->indent;
}

/* Where the rest of a line begins. below: what follows is indented further, as below a heading. */
static int wrap_rest(const wrapping *of, const wrap_line *line, bool below)
{
    int rest = line->gap > 0           ? line->gap
               : line->bullet || below ? line->indent + 2
                                       : line->indent + of->hanging;
    if (rest > of->columns - LEAST_ROOM) rest = line->indent + 2;
    return rest > of->columns - LEAST_ROOM ? 0 : rest;
}

/* Whether the line continues the paragraph whose last line, of this width, was `full`. */
static bool wrap_continues(const wrapping *of, const wrap_line *line, int width_before)
{
    size_t word = 0;
    if (!of->joins || line->indent != of->indent || !wrap_is_prose(line, false)) return false;
    while (word < line->length && line->text[word] != ' ') word++;
    return width_before + 1 + wrap_width(line->text, word) > FULL;
}

/* Writes a line of YAML or of a program: its comment goes to a line before it, so that both can be copied. */
static void wrap_code(wrapping *of, const wrap_line *line)
{
    size_t code = (size_t)(line->comment - line->text);
    of->comments = true;
    of->indent = line->indent;
    wrap_indent(of, line->indent);
    wrap_words(of, line->comment + 2, line->length - code - 2, false);
    of->comments = false;
    of->indent = line->indent + 2;
    nn_text_append(of->out, "\n");
    wrap_indent(of, line->indent);
    wrap_words(of, line->text, code, false);
}

void nn_wrap(nn_text *wrapped, const char *text, int columns, int hanging)
{
    wrapping of = {.out = wrapped, .columns = columns, .hanging = hanging};
    int before = 0; /* width of the last line of the text */
    for (bool first = true; *text; first = false) {
        size_t length = strcspn(text, "\n");
        wrap_line line = wrap_look(text, length);
        int width = wrap_width(text, length);
        if (!first && wrap_continues(&of, &line, before)) {
            wrap_words(&of, line.text, line.length, true);
        } else {
            if (!first) nn_text_append(wrapped, "\n");
            of.joins = hanging == 0 && width > columns && !line.comment &&
                       (wrap_is_prose(&line, true) || line.gap > 0 || line.bullet);
            of.indent = wrap_rest(&of, &line, wrap_is_heading(&line, text + length));
            if (width <= columns) {
                nn_text_append(wrapped, "%.*s", (int)length, text);
            } else if (line.comment) {
                wrap_code(&of, &line);
            } else {
                wrap_indent(&of, line.indent);
                wrap_words(&of, line.text, line.length, false);
            }
        }
        before = width;
        text += length;
        if (*text == '\n' && text[1] == '\0') nn_text_append(wrapped, "\n");
        text += *text == '\n';
    }
}
