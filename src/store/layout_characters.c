/*
 * Texts as sequences: of characters (UTF-8), numbered among those that occur in the dataset, in the order of
 * their code points, from 1; or of bytes, whose numbers are their values, plus 1. Number 0 is not that of
 * any: it follows the end of a text, and it is what a character that is not known becomes. Which characters
 * occur, and how often, are facts of the array, after the lengths.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/characters.h"
#include "base/least.h"
#include "base/list.h"
#include "base/memory.h"
#include "host/pulse.h"
#include "store/ragged.h"
#include "store/texts_walk.h"

#define CHARACTERS_BYTES 256
#define CHARACTERS_ASCII 128
/* Texts between two signs of life. */
#define CHARACTERS_PULSE 4096

typedef struct characters_entry { /* in the facts */
    int64_t count;
    int32_t code, unused;
} characters_entry;

typedef struct characters {
    nn_ragged ragged; /* first: the state of sequences */
    nn_store_field field;
    int unit;
    int64_t known; /* entries */
    characters_entry *entries;
    int64_t ascii[CHARACTERS_ASCII]; /* their numbers; 0: they do not occur */
} characters;

static bool characters_recognise(nn_store_file *file, const nn_store_spec *spec)
{
    const char *name = nn_store_bare_name(spec->dataset);
    nn_store_field field;
    if (spec->unit == NN_STORE_UNIT_NONE || spec->lengths) return false;
    if (nn_store_class_of(file, name) != H5T_NO_CLASS) return true;
    if (!strpbrk(name, "./")) return false;
    bool is = nn_store_field_open(file, name, &field) == NN_OK;
    nn_store_field_close(&field);
    nn_error_clear();
    return is;
}

/* ---- units of a text ---- */

/* The next unit of a text, and its bytes; 0: it is not UTF-8. */
static int characters_next(int unit, const char *at, int32_t *code)
{
    int length = unit == NN_STORE_UNIT_BYTES ? 1 : nn_character_length(at);
    if (unit == NN_STORE_UNIT_BYTES)
        *code = (unsigned char)*at;
    else if (length > 0)
        *code = nn_character_code(at, length);
    return length;
}

/* ---- which there are ---- */

typedef struct characters_count {
    const nn_store_array *array;
    int unit;
    int64_t text;   /* the number of the next one */
    int64_t *found; /* of each code */
    int32_t *lengths;
} characters_count;

static nn_status characters_count_one(void *context, const char *word)
{
    characters_count *count = context;
    int64_t units = 0;
    if (count->text % CHARACTERS_PULSE == 0) nn_pulse();
    for (const char *at = word; *at; units++) {
        int32_t code = 0;
        int length = characters_next(count->unit, at, &code);
        if (length == 0)
            NN_FAIL(NN_ERROR_DATA,
                    "text %" PRId64 " of dataset \"%s\" of %s is not UTF-8 at its byte %td: set vocabulary: "
                    "bytes for the field, or store UTF-8",
                    count->text, count->array->name, count->array->file->path, at - word);
        count->found[code]++;
        at += length;
    }
    if (units > INT32_MAX)
        NN_FAIL(NN_ERROR_DATA, "text %" PRId64 " of dataset \"%s\" of %s is too long", count->text,
                count->array->name, count->array->file->path);
    count->lengths[count->text++] = (int32_t)units;
    return NN_OK;
}

/* Keeps the codes that occur after the lengths. */
static nn_status characters_keep(nn_store_array *array, const int64_t *found)
{
    size_t count = 0;
    for (int32_t code = 0; code < NN_CHARACTERS; code++) count += found[code] > 0;
    NN_TRY(nn_ragged_extend_facts(array, count * sizeof(characters_entry)));
    char *to = nn_ragged_extra(array);
    for (int32_t code = 0; code < NN_CHARACTERS; code++) {
        const characters_entry entry = {.count = found[code], .code = code};
        if (found[code] == 0) continue;
        memcpy(to, &entry, sizeof entry);
        to += sizeof entry;
    }
    return NN_OK;
}

static nn_status characters_measure(nn_store_array *array, int64_t rows)
{
    const characters *self = array->state;
    const int64_t start[NN_STORE_MAX_DIMENSIONS] = {0};
    characters_count count = {.array = array, .unit = self->unit};
    bool read = true;
    NN_TRY(nn_ragged_make_facts(array, rows));
    NN_TRY(NN_ALLOCATE(&count.found, NN_CHARACTERS, "the characters of texts"));
    count.lengths = nn_ragged_lengths(array);
    nn_status status =
        nn_texts_walk(&self->field, 0, start, array->info.extents, characters_count_one, &count, &read);
    if (status == NN_OK && !read)
        status = nn_store_fail_hdf5(NN_ERROR_IO, "cannot read the texts in dataset \"%s\" of %s", array->name,
                                    array->file->path);
    if (status == NN_OK) status = nn_ragged_conclude_facts(array);
    if (status == NN_OK) status = characters_keep(array, count.found);
    nn_free(count.found);
    return status;
}

/* ---- opening ---- */

static nn_status characters_check(const nn_store_array *array, const characters *self)
{
    if (self->field.kind != NN_FIELD_TEXT)
        NN_FAIL(NN_ERROR_DATA,
                "dataset \"%s\" of %s holds %s, not texts: set kind: index for the field if these are the "
                "numbers of characters",
                array->name, array->file->path, array->info.type_name);
    if (array->info.dimensions == 1 && self->field.values == 1) return NN_OK;
    NN_FAIL(NN_ERROR_DATA,
            "dataset \"%s\" of %s has %d dimensions of texts: with kind: text there is one text per sample, "
            "in a dataset of one dimension",
            array->name, array->file->path, array->info.dimensions + self->field.inner);
}

/* What is kept of the facts, where it can be found. */
static nn_status characters_take(nn_store_array *array, characters *self)
{
    size_t bytes = (size_t)nn_ragged_facts_of(array)->extra;
    self->known = (int64_t)(bytes / sizeof *self->entries);
    NN_TRY(NN_ALLOCATE(&self->entries, self->known, "the characters of texts"));
    memcpy(self->entries, nn_ragged_extra(array), bytes);
    for (int64_t i = 0; i < self->known; i++)
        if (self->entries[i].code < CHARACTERS_ASCII) self->ascii[self->entries[i].code] = i + 1;
    return NN_OK;
}

static nn_status characters_open(nn_store_array *array, nn_store_file *file, const nn_store_spec *spec)
{
    characters *self;
    nn_store_info *info = &array->info;
    bool known;
    NN_TRY(nn_ragged_refuse_windows(array, spec));
    NN_TRY(NN_ALLOCATE(&self, 1, "texts"));
    array->state = self;
    self->ragged.dataset = H5I_INVALID_HID;
    self->unit = spec->unit;
    NN_TRY(nn_store_field_open(file, array->name, &self->field));
    NN_TRY(nn_store_describe(file, self->field.dataset, self->field.name, info));
    NN_TRY(characters_check(array, self));
    array->id = self->field.dataset;
    nn_status status = nn_store_check_filters(array);
    if (status == NN_OK) status = nn_store_check_sources(array, spec->incomplete);
    array->id = H5I_INVALID_HID;
    NN_TRY(status);
    int64_t rows = info->extents[0];
    NN_TRY(nn_ragged_take_facts(array, spec, rows, &known));
    if (!known) NN_TRY(characters_measure(array, rows));
    NN_TRY(characters_take(array, self));
    info->type = NN_STORE_I32;
    info->chunked = false;
    NN_TRY(nn_ragged_shape(array, spec));
    info->dimensions = 2;
    return NN_OK;
}

static void characters_close(nn_store_array *array)
{
    characters *self = array->state;
    if (!self) return;
    nn_store_field_close(&self->field);
    nn_free(self->entries);
    nn_ragged_close(array);
}

/* ---- reading ---- */

static int characters_compare(const void *key, const void *entry)
{
    int32_t code = *(const int32_t *)key, other = ((const characters_entry *)entry)->code;
    return (code > other) - (code < other);
}

/* 0: it does not occur. */
static int64_t characters_number(const characters *self, int32_t code)
{
    if (self->unit == NN_STORE_UNIT_BYTES) return code + 1;
    if (code < CHARACTERS_ASCII) return self->ascii[code];
    const characters_entry *found = self->known > 0 ? bsearch(&code, self->entries, (size_t)self->known,
                                                              sizeof *self->entries, characters_compare)
                                                    : NULL;
    return found ? found - self->entries + 1 : 0;
}

typedef struct characters_block {
    const nn_store_array *array;
    const int64_t *start, *count;
    nn_store_type type;
    int64_t row;
    int64_t *numbers; /* of a text */
    char *values, *to;
} characters_block;

static nn_status characters_take_one(void *context, const char *word)
{
    characters_block *block = context;
    const characters *self = block->array->state;
    int64_t length = nn_ragged_lengths(block->array)[block->row], units = 0;
    bool known = true;
    for (const char *at = word; *at && known; units++) {
        int32_t code = 0;
        int bytes = characters_next(self->unit, at, &code);
        known = bytes > 0 && units < length;
        if (!known) break;
        block->numbers[units] = characters_number(self, code);
        known = block->numbers[units] > 0;
        at += bytes;
    }
    if (!known || units != length) NN_FAIL(NN_ERROR_IO, "the file was changed since it was opened");
    nn_store_put_integers(block->type, length, block->numbers, block->values);
    block->to = nn_ragged_fill(block->array, block->start, block->count, block->row++,
                               nn_store_type_size(block->type), block->values, block->to);
    return NN_OK;
}

static bool characters_read(nn_store_array *array, const int64_t *start, const int64_t *count,
                            nn_store_type type, void *values, char *reason)
{
    const characters *self = array->state;
    characters_block block = {
        .array = array, .start = start, .count = count, .type = type, .row = start[0], .to = values};
    int64_t longest = nn_larger(nn_ragged_facts_of(array)->longest, 1);
    bool read = true;
    nn_status status = NN_ALLOCATE(&block.numbers, longest, "the characters of a text");
    if (status == NN_OK)
        status = nn_allocate((void **)&block.values, (size_t)longest, nn_store_type_size(type),
                             "the characters of a text");
    if (status == NN_OK)
        status = nn_texts_walk(&self->field, 0, start, count, characters_take_one, &block, &read);
    nn_free(block.numbers);
    nn_free(block.values);
    if (status != NN_OK)
        snprintf(reason, NN_STORE_REASON, "%s", nn_error_text());
    else if (!read)
        nn_store_hdf5_reason(reason);
    return status == NN_OK && read;
}

/* ---- names ---- */

static nn_status characters_add_byte(int byte, nn_text_list *names)
{
    char name[8];
    bool plain = byte > 0x20 && byte < 0x7F;
    snprintf(name, sizeof name, plain ? "%c" : "0x%02x", byte);
    return nn_list_add(names, name);
}

static nn_status characters_classes(const nn_store_array *array, nn_text_list *names)
{
    const characters *self = array->state;
    NN_TRY(nn_list_add(names, NN_STORE_NO_CHARACTER));
    for (int byte = 0; byte < CHARACTERS_BYTES && self->unit == NN_STORE_UNIT_BYTES; byte++)
        NN_TRY(characters_add_byte(byte, names));
    for (int64_t i = 0; i < self->known && self->unit == NN_STORE_UNIT_CHARACTERS; i++) {
        char name[NN_CHARACTER_SIZE];
        nn_character_write(self->entries[i].code, name);
        NN_TRY(nn_list_add(names, name));
    }
    return NN_OK;
}

static int64_t characters_occurrences(const nn_store_array *array, int64_t number)
{
    const characters *self = array->state;
    bool counted = self->unit == NN_STORE_UNIT_CHARACTERS && number > 0 && number <= self->known;
    return counted ? self->entries[number - 1].count : 0;
}

static void characters_describe(const nn_store_array *array, nn_text *text)
{
    const characters *self = array->state;
    nn_text_append(text, "texts of %" PRId64 " different %s: ", self->known,
                   self->unit == NN_STORE_UNIT_BYTES ? "bytes" : "characters");
    nn_ragged_describe(array, text);
}

const nn_store_layout nn_layout_characters = {
    .name = "characters",
    .recognise = characters_recognise,
    .open = characters_open,
    .close = characters_close,
    .read = characters_read,
    .sequences = nn_ragged_tell,
    .describe = characters_describe,
    .classes = characters_classes,
    .occurrences = characters_occurrences,
};
