/* A text as one series of characters or bytes. */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "base/list.h"
#include "base/memory.h"
#include "import/importer.h"
#include "import/like.h"
#include "import/sources.h"

#define TEXT_BYTES ((size_t)262144)
#define TEXT_CODES 0x110000
#define TEXT_MARK 0xfeff /* byte order mark at the start of a file: not part of the text */

enum { UNIT_CHARACTERS, UNIT_BYTES };
static const char *const text_units[] = {"characters", "bytes", NULL};

typedef struct text_options {
    int unit;
    char *vocabulary;
} text_options;

static const nn_option text_option_table[] = {
    {"unit", NN_OPTION_CHOICE, offsetof(text_options, unit), "characters", 0, 0, text_units, NN_EFFECT_RESULT,
     "characters: UTF-8, numbered in order of their code points; bytes: 0 to 255, unchanged"},
    {"vocabulary", NN_OPTION_TEXT, offsetof(text_options, vocabulary), "", 0, 0, NULL, NN_EFFECT_RESULT,
     "file of an earlier import whose text_classes number the characters; other characters are errors"},
    {.name = NULL}};

typedef struct text_state {
    const nn_import *import; /* borrowed */
    bool bytes;              /* the unit */
    gzFile file;             /* NULL: open the next source */
    size_t source;           /* that of `file`, or the next one */
    unsigned char *buffer;
    size_t at, count;
    int64_t offset;  /* of buffer[at] in the file */
    int64_t units;   /* of the text */
    uint32_t *codes; /* for each code point: 0 if absent, otherwise 1 + its number */
    nn_store_type type;
} text_state;

#define TEXT_END (-1)

/* ---- bytes ---- */

static const char *text_path(const text_state *state)
{
    return state->import->sources[state->source];
}

static nn_status text_open_file(text_state *state)
{
    struct stat about;
    if (stat(text_path(state), &about) != 0)
        NN_FAIL(NN_ERROR_IO, "%s: cannot be read: %s", text_path(state), strerror(errno));
    if (S_ISDIR(about.st_mode))
        NN_FAIL(NN_ERROR_USAGE, "%s is a folder: give the files in it", text_path(state));
    int descriptor;
    NN_TRY(nn_import_source_open(text_path(state), &descriptor));
    state->file = gzdopen(descriptor, "rb");
    if (!state->file) {
        close(descriptor);
        NN_FAIL(NN_ERROR_MEMORY, "out of memory for reading %s", text_path(state));
    }
    state->at = state->count = 0;
    state->offset = 0;
    return NN_OK;
}

/* Refills the buffer from the open file; count 0 at its end. */
static nn_status text_fill(text_state *state)
{
    int error = Z_OK;
    int got = gzread(state->file, state->buffer, (unsigned)TEXT_BYTES);
    const char *reason = gzerror(state->file, &error);
    state->at = 0;
    state->count = got > 0 ? (size_t)got : 0;
    if (error == Z_BUF_ERROR && got < (int)TEXT_BYTES)
        NN_FAIL(NN_ERROR_IO, "%s: the compressed file is cut short", text_path(state));
    if (got < 0)
        NN_FAIL(NN_ERROR_IO, "%s: cannot be read: %s", text_path(state),
                error == Z_ERRNO ? strerror(errno) : reason);
    return NN_OK;
}

/* The next byte of the open file, TEXT_END at its end. */
static nn_status text_byte(text_state *state, int *byte)
{
    *byte = TEXT_END;
    if (state->at == state->count) {
        NN_TRY(text_fill(state));
        if (state->count == 0) return NN_OK;
    }
    *byte = state->buffer[state->at++];
    state->offset++;
    return NN_OK;
}

/* ---- characters ---- */

static nn_status text_not_utf8(const text_state *state, int64_t offset)
{
    NN_FAIL(NN_ERROR_DATA,
            "%s: byte %lld (from 0) is not UTF-8: convert the file, for example with iconv -f latin1 -t "
            "UTF-8, or "
            "use --unit bytes",
            text_path(state), (long long)offset);
}

/* The continuation bytes of a character (RFC 3629: no overlong forms, no surrogates). */
static nn_status text_follow(text_state *state, int first, int32_t *code)
{
    static const int32_t least[] = {0, 0x80, 0x800, 0x10000};
    int64_t offset = state->offset - 1;
    if (first < 0xc2 || first > 0xf4) return text_not_utf8(state, offset);
    int follow = first >= 0xf0 ? 3 : first >= 0xe0 ? 2 : 1;
    *code = first & (0x3f >> follow);
    for (int i = 0; i < follow; i++) {
        int byte;
        NN_TRY(text_byte(state, &byte));
        if (byte == TEXT_END || (byte & 0xc0) != 0x80) return text_not_utf8(state, offset);
        *code = *code << 6 | (byte & 0x3f);
    }
    bool surrogate = *code >= 0xd800 && *code < 0xe000;
    if (*code < least[follow] || *code >= TEXT_CODES || surrogate) return text_not_utf8(state, offset);
    return NN_OK;
}

/* The next unit of all sources, TEXT_END after the last one. */
static nn_status text_next(text_state *state, int32_t *code)
{
    for (;;) {
        int byte;
        *code = TEXT_END;
        if (!state->file && state->source == state->import->source_count) return NN_OK;
        if (!state->file) NN_TRY(text_open_file(state));
        NN_TRY(text_byte(state, &byte));
        if (byte == TEXT_END) {
            (void)gzclose(state->file);
            state->file = NULL;
            state->source++;
            continue;
        }
        *code = byte;
        if (state->bytes || (byte > 0 && byte < 0x80)) return NN_OK;
        if (byte == 0)
            NN_FAIL(NN_ERROR_DATA, "%s: byte %lld (from 0) is zero: this is not text; use --unit bytes",
                    text_path(state), (long long)state->offset - 1);
        NN_TRY(text_follow(state, byte, code));
        if (*code != TEXT_MARK || state->offset > 3) return NN_OK;
    }
}

/* ---- vocabulary ---- */

static void text_encode(int32_t code, char *name)
{
    if (code < 0x80) {
        *name++ = (char)code;
    } else if (code < 0x800) {
        *name++ = (char)(0xc0 | code >> 6);
        *name++ = (char)(0x80 | (code & 0x3f));
    } else {
        if (code < 0x10000) *name++ = (char)(0xe0 | code >> 12);
        if (code >= 0x10000) {
            *name++ = (char)(0xf0 | code >> 18);
            *name++ = (char)(0x80 | (code >> 12 & 0x3f));
        }
        *name++ = (char)(0x80 | (code >> 6 & 0x3f));
        *name++ = (char)(0x80 | (code & 0x3f));
    }
    *name = '\0';
}

/* The code point of a name in an earlier import; TEXT_END when it is not a single character. */
static int32_t text_decode(const char *name)
{
    char again[8];
    const unsigned char *bytes = (const unsigned char *)name;
    int follow = bytes[0] >= 0xf0 ? 3 : bytes[0] >= 0xe0 ? 2 : bytes[0] >= 0xc0 ? 1 : 0;
    int32_t code = follow == 0 ? bytes[0] : bytes[0] & (0x3f >> follow);
    for (int i = 1; i <= follow && bytes[i - 1]; i++) code = code << 6 | (bytes[i] & 0x3f);
    if (code <= 0 || code >= TEXT_CODES) return TEXT_END;
    text_encode(code, again);
    return strcmp(again, name) == 0 ? code : TEXT_END;
}

static nn_status text_take_names(text_state *state, const char *path, char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        int32_t code = text_decode(names[i]);
        if (code == TEXT_END || state->codes[code] > 0)
            NN_FAIL(NN_ERROR_DATA, "%s: text_classes: entry %zu ('%s') is not a unique single character",
                    path, i, names[i]);
        state->codes[code] = (uint32_t)i + 1;
    }
    return NN_OK;
}

/* Numbers the characters as an earlier import did, if it did. */
static nn_status text_take_like(text_state *state, const nn_import_like *like, bool *known)
{
    nn_text_list names = {0};
    nn_status status = nn_import_like_names(like, "text_classes", &names);
    *known = names.count > 0;
    if (status == NN_OK && *known)
        status = text_take_names(state, nn_import_like_path(like), names.items, names.count);
    nn_list_release(&names);
    return status;
}

/* Bytes have other numbers than an earlier import's characters. */
static nn_status text_check_bytes(const nn_import *import)
{
    nn_text_list names = {0};
    NN_TRY(nn_import_like_names(import->like, "text_classes", &names));
    size_t count = names.count;
    nn_list_release(&names);
    if (count == 0) return NN_OK;
    NN_FAIL(NN_ERROR_USAGE, "--unit bytes: %s holds the numbers of %zu characters: remove --unit or --like",
            nn_import_like_path(import->like), count);
}

static nn_status text_take_vocabulary(text_state *state, const char *path)
{
    nn_import_like *like;
    bool known;
    NN_TRY(nn_import_like_open(path, &like));
    nn_status status = text_take_like(state, like, &known);
    nn_import_like_close(like);
    if (status == NN_OK && !known)
        NN_FAIL(
            NN_ERROR_DATA,
            "--vocabulary: %s has no dataset \"text_classes\": give a file written by nntrain import text",
            path);
    return status;
}

/* The first pass: the length of the text, and which characters it contains. */
static nn_status text_scan(text_state *state, bool known)
{
    int32_t code;
    char name[8];
    for (;;) {
        NN_TRY(text_next(state, &code));
        if (code == TEXT_END) break;
        if (known && state->codes[code] == 0) {
            text_encode(code, name);
            NN_FAIL(NN_ERROR_DATA, "%s: the character '%s' that ends at byte %lld is not in the vocabulary",
                    text_path(state), name, (long long)state->offset);
        }
        if (!known) state->codes[code] = 1;
        state->units++;
    }
    state->source = 0;
    return NN_OK;
}

/* Lists the characters in order of their numbers: those of an earlier import, otherwise by code point. */
static nn_status text_number(text_state *state, bool known, nn_text_list *names, uint32_t *count)
{
    char name[8];
    *count = 0;
    int32_t *codes;
    for (int32_t code = 0; code < TEXT_CODES; code++) *count += state->codes[code] > 0;
    NN_TRY(NN_ALLOCATE(&codes, *count + 1, "the vocabulary"));
    uint32_t met = 0;
    for (int32_t code = 0; code < TEXT_CODES; code++) {
        if (!state->codes[code]) continue;
        if (!known) state->codes[code] = ++met;
        if (state->codes[code] <= *count) codes[state->codes[code] - 1] = code;
    }
    nn_status status = NN_OK;
    for (uint32_t i = 0; i < *count && status == NN_OK; i++) {
        text_encode(codes[i], name);
        status = nn_list_add(names, name);
    }
    nn_free(codes);
    return status;
}

/* ---- the importer ---- */

static const char *text_reads(const void *options)
{
    return ((const text_options *)options)->vocabulary;
}

static nn_status text_open(nn_import *import)
{
    const text_options *options = import->options;
    nn_import_table *rows;
    nn_import_field *field;
    text_state *state;
    uint32_t count = 256;
    bool known = options->vocabulary != NULL;
    NN_TRY(NN_ALLOCATE(&state, 1, "an import of text"));
    import->state = state;
    state->import = import;
    state->bytes = options->unit == UNIT_BYTES;
    NN_TRY(NN_ALLOCATE(&state->buffer, TEXT_BYTES, "a file's text"));
    NN_TRY(NN_ALLOCATE(&state->codes, TEXT_CODES, "the vocabulary"));
    if (known && state->bytes)
        NN_FAIL(NN_ERROR_USAGE, "--vocabulary: bytes need none: remove it, or remove --unit bytes");
    if (known) NN_TRY(text_take_vocabulary(state, options->vocabulary));
    if (state->bytes) NN_TRY(text_check_bytes(import));
    if (!known && !state->bytes) NN_TRY(text_take_like(state, import->like, &known));
    NN_TRY(text_scan(state, known));
    NN_TRY(nn_import_add_table(import, NULL, state->units, &rows));
    NN_TRY(nn_import_add_field(rows, "text", NN_STORE_U8, (nn_shape){0}, &field));
    rows->ordered = true;
    field->label = true;
    if (!state->bytes) NN_TRY(text_number(state, known, &field->classes, &count));
    field->type = count <= 256 ? NN_STORE_U8 : count <= 65536 ? NN_STORE_U16 : NN_STORE_U32;
    state->type = field->type;
    return NN_OK;
}

static nn_status text_read(nn_import *import, int table, int64_t first, int64_t rows, void *const *values)
{
    text_state *state = import->state;
    (void)table;
    (void)first;
    for (int64_t row = 0; row < rows; row++) {
        int32_t code;
        NN_TRY(text_next(state, &code));
        if (code == TEXT_END)
            NN_FAIL(NN_ERROR_IO, "%s: the file changed during the import: import it again",
                    import->sources[0]);
        uint32_t value = state->bytes ? (uint32_t)code : state->codes[code] - 1;
        if (state->type == NN_STORE_U8)
            ((uint8_t *)values[0])[row] = (uint8_t)value;
        else if (state->type == NN_STORE_U16)
            ((uint16_t *)values[0])[row] = (uint16_t)value;
        else
            ((uint32_t *)values[0])[row] = value;
    }
    return NN_OK;
}

static void text_close(nn_import *import)
{
    text_state *state = import->state;
    if (!state) return;
    if (state->file) (void)gzclose(state->file);
    nn_free(state->buffer);
    nn_free(state->codes);
    nn_free(state);
    import->state = NULL;
}

const nn_importer nn_importer_text = {
    .name = "text",
    .summary = "texts, one after another, as the numbers of their characters",
    .example = "nntrain import text book.txt --validation 0.05 --chronological -o book.h5",
    .writes =
        "text: one number per character, uint8 (uint16 or uint32 for more than 256 or 65,536 characters)\n"
        "  text_classes: the characters, in order of their numbers; absent with --unit bytes",
    .options = text_option_table,
    .options_size = sizeof(text_options),
    .reads = text_reads,
    .open = text_open,
    .read = text_read,
    .close = text_close,
};
