#include "import/csv_reader.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "base/memory.h"
#include "host/files.h"
#include "host/system.h"

#define READER_BYTES ((size_t)262144)
#define READER_RECORD_MAX ((size_t)1 << 26)
#define READER_SAMPLE_LINES 20

#define READER_END (-1)

struct nn_csv_reader {
    char *path;
    gzFile file;
    char delimiter;
    unsigned char *bytes; /* buffered from the file */
    size_t at, count;
    bool ended;       /* of the file */
    nn_status status; /* of the last reading */
    int64_t line;     /* of the next byte */
    char *text;       /* of the record, one field after another */
    size_t length, capacity;
    nn_csv_field *fields;
    size_t *begins; /* offsets of the fields in text, which moves as it grows */
    size_t field_count, field_capacity;
};

/* ---- bytes ---- */

static nn_status reader_fill(nn_csv_reader *reader)
{
    int error = Z_OK;
    if (reader->ended) return NN_OK;
    int got = gzread(reader->file, reader->bytes, (unsigned)READER_BYTES);
    const char *reason = gzerror(reader->file, &error);
    reader->at = 0;
    reader->count = got > 0 ? (size_t)got : 0;
    reader->ended = got < (int)READER_BYTES;
    if (error == Z_BUF_ERROR && reader->ended)
        NN_FAIL(NN_ERROR_IO, "%s: the compressed file is cut short", reader->path);
    if (got < 0)
        NN_FAIL(NN_ERROR_IO, "%s: cannot be read: %s", reader->path,
                error == Z_ERRNO ? strerror(errno) : reason);
    return NN_OK;
}

/* The next byte; READER_END after the last one and after a failure, which is kept in `status`. */
static inline int reader_peek(nn_csv_reader *reader)
{
    if (reader->at == reader->count) {
        if (reader->ended || reader->status != NN_OK) return READER_END;
        reader->status = reader_fill(reader);
        if (reader->status != NN_OK || reader->count == 0) return READER_END;
    }
    return reader->bytes[reader->at];
}

static inline bool reader_is_line_end(int byte)
{
    return byte == '\n' || byte == '\r';
}

/* Consumes a line end:
 * , \r
 *  or \r. */
static void reader_take_line_end(nn_csv_reader *reader)
{
    int byte = reader_peek(reader);
    reader->at++;
    if (byte == '\r' && reader_peek(reader) == '\n') reader->at++;
    reader->line++;
}

static inline bool reader_is_blank(const nn_csv_reader *reader, int byte)
{
    return byte == ' ' || (byte == '\t' && reader->delimiter != '\t');
}

static void reader_skip_blanks(nn_csv_reader *reader)
{
    while (reader_is_blank(reader, reader_peek(reader))) reader->at++;
}

/* ---- the record ---- */

static nn_status reader_grow(nn_csv_reader *reader)
{
    size_t larger = reader->capacity ? 2 * reader->capacity : 4096;
    if (larger > READER_RECORD_MAX)
        NN_FAIL(NN_ERROR_DATA,
                "%s:%lld: the row is longer than %zu MiB: is a quote left open above this line?",
                reader->path, (long long)reader->line, READER_RECORD_MAX >> 20);
    NN_TRY(nn_reallocate((void **)&reader->text, reader->capacity, larger, 1, "a row"));
    reader->capacity = larger;
    return NN_OK;
}

static inline nn_status reader_put(nn_csv_reader *reader, int byte)
{
    if (reader->length == reader->capacity) NN_TRY(reader_grow(reader));
    reader->text[reader->length++] = (char)byte;
    return NN_OK;
}

static nn_status reader_begin_field(nn_csv_reader *reader)
{
    if (reader->field_count == reader->field_capacity) {
        size_t larger = reader->field_capacity ? 2 * reader->field_capacity : 64;
        NN_TRY(nn_reallocate((void **)&reader->fields, reader->field_capacity, larger, sizeof *reader->fields,
                             "a row's fields"));
        NN_TRY(nn_reallocate((void **)&reader->begins, reader->field_capacity, larger, sizeof *reader->begins,
                             "a row's fields"));
        reader->field_capacity = larger;
    }
    reader->begins[reader->field_count] = reader->length;
    reader->fields[reader->field_count++] = (nn_csv_field){.quoted = false};
    return NN_OK;
}

/* ---- fields ---- */

static nn_status reader_quoted(nn_csv_reader *reader)
{
    int64_t opened = reader->line;
    reader->at++;
    for (;;) {
        int byte = reader_peek(reader);
        if (byte == READER_END) {
            NN_TRY(reader->status);
            NN_FAIL(NN_ERROR_DATA, "%s:%lld: the opening quote of field %zu is never closed", reader->path,
                    (long long)opened, reader->field_count);
        }
        if (reader_is_line_end(byte)) {
            reader_take_line_end(reader);
            NN_TRY(reader_put(reader, '\n'));
            continue;
        }
        reader->at++;
        if (byte == '"' && reader_peek(reader) != '"') return reader->status;
        if (byte == '"') reader->at++;
        NN_TRY(reader_put(reader, byte));
    }
}

/* A closing quote must be followed by the end of the field. */
static nn_status reader_check_closed(nn_csv_reader *reader)
{
    reader_skip_blanks(reader);
    int byte = reader_peek(reader);
    bool done = byte == READER_END || byte == reader->delimiter || reader_is_line_end(byte) ||
                reader->delimiter == ' ';
    if (done) return reader->status;
    NN_FAIL(NN_ERROR_DATA,
            "%s:%lld: text after the closing quote of field %zu; write a quote within quotes twice",
            reader->path, (long long)reader->line, reader->field_count);
}

static nn_status reader_plain(nn_csv_reader *reader)
{
    size_t begin = reader->length;
    for (int byte = reader_peek(reader); byte != READER_END && !reader_is_line_end(byte);
         byte = reader_peek(reader)) {
        if (byte == reader->delimiter || (reader->delimiter == ' ' && byte == '\t')) break;
        reader->at++;
        NN_TRY(reader_put(reader, byte));
    }
    while (reader->length > begin && reader_is_blank(reader, reader->text[reader->length - 1]))
        reader->length--;
    return reader->status;
}

static nn_status reader_check_field(const nn_csv_reader *reader, int64_t line)
{
    size_t begin = reader->begins[reader->field_count - 1], length = reader->length - begin;
    if (length > 0 && memchr(reader->text + begin, '\0', length))
        NN_FAIL(NN_ERROR_DATA, "%s:%lld: the text contains a zero byte: is this a CSV file in UTF-8?",
                reader->path, (long long)line);
    return NN_OK;
}

/* One field, and what ends it; *more is whether another one follows. */
static nn_status reader_field(nn_csv_reader *reader, bool *more)
{
    NN_TRY(reader_begin_field(reader));
    reader_skip_blanks(reader);
    bool quoted = reader_peek(reader) == '"';
    if (quoted) {
        reader->fields[reader->field_count - 1].quoted = true;
        NN_TRY(reader_quoted(reader));
        NN_TRY(reader_check_closed(reader));
    } else {
        NN_TRY(reader_plain(reader));
    }
    NN_TRY(reader_check_field(reader, reader->line));
    reader->fields[reader->field_count - 1].length = reader->length - reader->begins[reader->field_count - 1];
    NN_TRY(reader_put(reader, '\0'));
    if (reader->delimiter == ' ') reader_skip_blanks(reader);
    int byte = reader_peek(reader);
    bool blanks = reader->delimiter == ' ';
    *more = blanks ? byte != READER_END && !reader_is_line_end(byte) : byte == reader->delimiter;
    if (*more && !blanks) reader->at++;
    return reader->status;
}

nn_status nn_csv_next(nn_csv_reader *reader, nn_csv_record *record)
{
    *record = (nn_csv_record){.count = 0};
    for (;;) {
        bool more = true;
        while (reader_is_line_end(reader_peek(reader))) reader_take_line_end(reader);
        if (reader_peek(reader) == READER_END) return reader->status;
        reader->length = reader->field_count = 0;
        record->line = reader->line;
        while (more) NN_TRY(reader_field(reader, &more));
        if (reader_peek(reader) != READER_END) reader_take_line_end(reader);
        NN_TRY(reader->status);
        /* A line of blanks counts as empty. */
        if (reader->field_count > 1 || reader->fields[0].length > 0 || reader->fields[0].quoted) break;
    }
    for (size_t i = 0; i < reader->field_count; i++)
        reader->fields[i].text = reader->text + reader->begins[i];
    record->count = reader->field_count;
    record->fields = reader->fields;
    return NN_OK;
}

/* ---- opening ---- */

/* How often a delimiter occurs outside quotes in each of the first lines. */
static size_t reader_sample(const nn_csv_reader *reader, char delimiter, size_t *counts)
{
    size_t lines = 0, count = 0;
    bool quoted = false, any = false;
    for (size_t i = reader->at; i < reader->count && lines < READER_SAMPLE_LINES; i++) {
        unsigned char byte = reader->bytes[i];
        if (byte == '"') quoted = !quoted;
        any |= !reader_is_line_end(byte);
        count += !quoted && byte == (unsigned char)delimiter;
        if (quoted || !reader_is_line_end(byte) || !any) continue;
        counts[lines++] = count;
        count = 0;
        any = false;
    }
    if (lines == 0 || (any && reader->ended && lines < READER_SAMPLE_LINES)) counts[lines++] = count;
    return lines;
}

/* The first candidate that occurs equally often in all lines; the comma comes last, because numbers may
 * contain commas, too. */
static char reader_detect(const nn_csv_reader *reader)
{
    static const char candidates[] = {'\t', ';', '|', ','};
    size_t counts[READER_SAMPLE_LINES + 1], most = 0;
    char best = ',';
    for (size_t c = 0; c < sizeof candidates; c++) {
        size_t lines = reader_sample(reader, candidates[c], counts), least = counts[0];
        bool same = true;
        for (size_t i = 1; i < lines; i++) {
            same &= counts[i] == counts[0];
            if (counts[i] < least) least = counts[i];
        }
        if (same && least > 0) return candidates[c];
        if (least > most) {
            most = least;
            best = candidates[c];
        }
    }
    return best;
}

static nn_status reader_begin(nn_csv_reader *reader, char delimiter)
{
    NN_TRY(reader_fill(reader));
    const unsigned char *bytes = reader->bytes;
    if (reader->count >= 3 && memcmp(bytes, "\xef\xbb\xbf", 3) == 0) reader->at = 3;
    if (reader->count >= 2 &&
        ((bytes[0] == 0xff && bytes[1] == 0xfe) || (bytes[0] == 0xfe && bytes[1] == 0xff)))
        NN_FAIL(NN_ERROR_DATA, "%s: the text is UTF-16: convert it with iconv -f UTF-16 -t UTF-8",
                reader->path);
    reader->delimiter = delimiter ? delimiter : reader_detect(reader);
    return NN_OK;
}

static nn_status reader_open_file(nn_csv_reader *reader)
{
    struct stat about;
    if (stat(reader->path, &about) != 0)
        NN_FAIL(NN_ERROR_IO, "%s: cannot be read: %s", reader->path, strerror(errno));
    if (S_ISDIR(about.st_mode)) NN_FAIL(NN_ERROR_USAGE, "%s is a folder: give the files in it", reader->path);
    int descriptor = nn_file_open(reader->path, O_RDONLY);
    if (descriptor < 0) return nn_system_fail(NN_ERROR_IO, errno, "%s: cannot be read", reader->path);
    reader->file = gzdopen(descriptor, "rb");
    if (!reader->file) {
        close(descriptor);
        NN_FAIL(NN_ERROR_MEMORY, "out of memory for reading %s", reader->path);
    }
    (void)gzbuffer(reader->file, (unsigned)READER_BYTES);
    return NN_ALLOCATE(&reader->bytes, READER_BYTES, "a file's text");
}

nn_status nn_csv_open(const char *path, char delimiter, nn_csv_reader **reader)
{
    *reader = NULL;
    nn_csv_reader *made;
    NN_TRY(NN_ALLOCATE(&made, 1, "a reader of text"));
    made->line = 1;
    nn_status status = nn_copy_text(path, &made->path);
    if (status == NN_OK) status = reader_open_file(made);
    if (status == NN_OK) status = reader_begin(made, delimiter);
    if (status == NN_OK)
        *reader = made;
    else
        nn_csv_close(made);
    return status;
}

void nn_csv_close(nn_csv_reader *reader)
{
    if (!reader) return;
    if (reader->file) (void)gzclose(reader->file);
    nn_free(reader->path);
    nn_free(reader->bytes);
    nn_free(reader->text);
    nn_free(reader->fields);
    nn_free(reader->begins);
    nn_free(reader);
}

char nn_csv_delimiter(const nn_csv_reader *reader)
{
    return reader->delimiter;
}

const char *nn_csv_path(const nn_csv_reader *reader)
{
    return reader->path;
}
