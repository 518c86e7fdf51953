/*
 * Texts as numbers: of each text, its place among the different texts of the dataset, in the order of their
 * bytes. An empty text is a missing value. NetCDF's arrays of characters, single bytes with dimension scales,
 * are texts along their last dimension, without the blanks at their end.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/list.h"
#include "base/memory.h"
#include "store/field.h"
#include "store/layout.h"
#include "store/texts_walk.h"

/* The different texts: with NUL after each, as they are in the facts, after a byte that says whether some are
 * empty. */
typedef struct text {
    nn_store_field field;
    int own;       /* dimensions of the dataset that are those of texts */
    int64_t width; /* characters of each text, along the dimension after these; 0: an element is a text */
    const char **sorted; /* owned; they point into the facts */
    int64_t count;
} text;

static bool text_recognise(nn_store_file *file, const nn_store_spec *spec)
{
    nn_store_field field;
    const char *name = nn_store_bare_name(spec->dataset);
    H5T_class_t class = spec->codes ? nn_store_class_of(file, name) : H5T_INTEGER;
    if (class != H5T_NO_CLASS && class != H5T_ARRAY) return class == H5T_STRING;
    if (class == H5T_NO_CLASS && !strpbrk(name, "./")) return false;
    nn_status status = nn_store_field_open(file, name, &field);
    bool is = status == NN_ERROR_MEMORY || (status == NN_OK && field.kind == NN_FIELD_TEXT);
    nn_store_field_close(&field);
    nn_error_clear();
    return is;
}

/* ---- the different texts ---- */

typedef struct text_set {
    nn_text_list list;
    int64_t *slots; /* numbers in the list, plus 1; 0: free */
    size_t room;    /* a power of 2 */
    bool empty;
} text_set;

static nn_status text_grow(text_set *set)
{
    int64_t *slots;
    size_t room = set->room > 0 ? 2 * set->room : 1024;
    NN_TRY(NN_ALLOCATE(&slots, room, "different texts"));
    for (size_t i = 0; i < set->list.count; i++) {
        const char *word = set->list.items[i];
        size_t at = (size_t)nn_hash(word, strlen(word), 0) & (room - 1);
        while (slots[at]) at = (at + 1) & (room - 1);
        slots[at] = (int64_t)i + 1;
    }
    nn_free(set->slots);
    set->slots = slots;
    set->room = room;
    return NN_OK;
}

static nn_status text_note(const nn_store_array *array, const char *word, text_set *set)
{
    if (!*word) {
        set->empty = true;
        return NN_OK;
    }
    if (2 * set->list.count >= set->room) NN_TRY(text_grow(set));
    size_t at = (size_t)nn_hash(word, strlen(word), 0) & (set->room - 1);
    while (set->slots[at] && strcmp(set->list.items[set->slots[at] - 1], word) != 0)
        at = (at + 1) & (set->room - 1);
    if (set->slots[at]) return NN_OK;
    if (set->list.count == NN_STORE_MOST_NAMES)
        NN_FAIL(NN_ERROR_DATA,
                "dataset \"%s\" of %s has more than %d different texts, which are too many for classes or an "
                "index: are they free text, or numbers of samples?",
                array->name, array->file->path, NN_STORE_MOST_NAMES);
    if (strchr(word, '\n'))
        NN_FAIL(
            NN_ERROR_DATA,
            "dataset \"%s\" of %s has a text of several lines, which cannot be the name of a class: store "
            "shorter names",
            array->name, array->file->path);
    set->slots[at] = (int64_t)set->list.count + 1;
    return nn_list_add(&set->list, word);
}

static int text_compare(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

typedef struct text_noting {
    const nn_store_array *array;
    text_set *set;
} text_noting;

static nn_status text_note_one(void *context, const char *word)
{
    const text_noting *noting = context;
    return text_note(noting->array, word, noting->set);
}

static nn_status text_keep(nn_store_array *array, text_set *set)
{
    size_t size = 1, at = 1;
    if (set->list.count > 0) qsort(set->list.items, set->list.count, sizeof *set->list.items, text_compare);
    for (size_t i = 0; i < set->list.count; i++) size += strlen(set->list.items[i]) + 1;
    NN_TRY(nn_allocate(&array->facts.bytes, size, 1, "different texts"));
    array->facts.size = size;
    char *bytes = array->facts.bytes;
    bytes[0] = (char)set->empty;
    for (size_t i = 0; i < set->list.count; i++) {
        size_t length = strlen(set->list.items[i]) + 1;
        memcpy(bytes + at, set->list.items[i], length);
        at += length;
    }
    return NN_OK;
}

/* Reads all texts, to find out which there are. */
static nn_status text_find(nn_store_array *array)
{
    const int64_t start[NN_STORE_MAX_DIMENSIONS] = {0};
    const text *self = array->state;
    text_set set = {0};
    text_noting noting = {array, &set};
    bool read;
    nn_status status =
        nn_texts_walk(&self->field, self->width, start, array->info.extents, text_note_one, &noting, &read);
    if (status == NN_OK && !read)
        status = nn_store_fail_hdf5(NN_ERROR_IO, "cannot read the texts in dataset \"%s\" of %s", array->name,
                                    array->file->path);
    if (status == NN_OK) status = text_keep(array, &set);
    nn_list_release(&set.list);
    nn_free(set.slots);
    return status;
}

static nn_status text_point(const nn_store_array *array, text *self)
{
    const char *bytes = array->facts.bytes, *end = bytes + array->facts.size;
    for (const char *at = bytes + 1; at < end; at += strlen(at) + 1) self->count++;
    NN_TRY(NN_ALLOCATE(&self->sorted, self->count, "different texts"));
    int64_t i = 0;
    for (const char *at = bytes + 1; at < end; at += strlen(at) + 1) self->sorted[i++] = at;
    return NN_OK;
}

/* ---- the array ---- */

static nn_status text_open(nn_store_array *array, nn_store_file *file, const nn_store_spec *spec)
{
    text *self;
    nn_store_info *info = &array->info;
    NN_TRY(NN_ALLOCATE(&self, 1, "texts"));
    array->state = self;
    NN_TRY(nn_store_field_open(file, array->name, &self->field));
    NN_TRY(nn_store_field_expect(&self->field, self->field.kind == NN_FIELD_TEXT));
    NN_TRY(nn_store_describe(file, self->field.dataset, self->field.name, info));
    array->id = self->field.dataset;
    nn_status status = nn_store_check_filters(array);
    if (status == NN_OK) status = nn_store_check_sources(array, spec->incomplete);
    array->id = H5I_INVALID_HID;
    NN_TRY(status);
    self->width = nn_texts_width(&self->field, info);
    if (self->width > 0) info->dimensions--;
    self->own = info->dimensions;
    if (spec->facts.size > 0) {
        NN_TRY(nn_allocate(&array->facts.bytes, spec->facts.size, 1, "different texts"));
        memcpy(array->facts.bytes, spec->facts.bytes, spec->facts.size);
        array->facts.size = spec->facts.size;
    } else {
        NN_TRY(text_find(array));
    }
    NN_TRY(nn_store_field_extend(&self->field, info));
    info->type = ((const char *)array->facts.bytes)[0] ? NN_STORE_F64 : NN_STORE_I32;
    return text_point(array, self);
}

static void text_close(nn_store_array *array)
{
    text *self = array->state;
    if (!self) return;
    nn_store_field_close(&self->field);
    nn_free(self->sorted);
    nn_free(self);
}

typedef struct text_numbering {
    const text *self;
    int64_t *numbers, at;
} text_numbering;

/* -1: empty. A text that was not there when the dataset was described is not known: the file has changed. */
static nn_status text_number_one(void *context, const char *word)
{
    text_numbering *numbering = context;
    const text *self = numbering->self;
    const char **found =
        self->count > 0 ? bsearch(&word, self->sorted, (size_t)self->count, sizeof word, text_compare) : NULL;
    if (!found && *word) NN_FAIL(NN_ERROR_IO, "\"%s\" is new: the file has changed", word);
    numbering->numbers[numbering->at++] = found ? found - self->sorted : -1;
    return NN_OK;
}

/* An empty text is NaN. */
static void text_put(nn_store_type type, int64_t count, const int64_t *numbers, void *values)
{
    nn_store_put_integers(type, count, numbers, values);
    for (int64_t i = 0; i < count; i++) {
        if (numbers[i] >= 0) continue;
        if (type == NN_STORE_F32) ((float *)values)[i] = (float)NAN;
        if (type == NN_STORE_F64) ((double *)values)[i] = (double)NAN;
    }
}

static bool text_read(nn_store_array *array, const int64_t *start, const int64_t *count, nn_store_type type,
                      void *values, char *reason)
{
    const text *self = array->state;
    int64_t elements = self->field.values, wanted = 1;
    bool read;
    for (int d = 0; d < array->info.dimensions; d++) {
        wanted *= count[d];
        if (d < self->own) elements *= count[d];
    }
    text_numbering numbering = {.self = self};
    int64_t *picked = NULL;
    nn_status status = NN_ALLOCATE(&numbering.numbers, elements, "texts");
    if (status == NN_OK) status = NN_ALLOCATE(&picked, wanted, "texts");
    if (status == NN_OK)
        status = nn_texts_walk(&self->field, self->width, start, count, text_number_one, &numbering, &read);
    if (status != NN_OK)
        snprintf(reason, NN_STORE_REASON, "%s", nn_error_text());
    else if (!read)
        nn_store_hdf5_reason(reason);
    if (status == NN_OK && read) {
        if (self->width == 0)
            nn_store_field_pick(&self->field, &array->info, start, count, sizeof *picked, numbering.numbers,
                                picked);
        text_put(type, wanted, self->width > 0 ? numbering.numbers : picked, values);
    }
    nn_free(numbering.numbers);
    nn_free(picked);
    return status == NN_OK && read;
}

static void text_tell(const nn_store_array *array, nn_text *out)
{
    const text *self = array->state;
    nn_text_append(out, "%lld different texts%s", (long long)self->count,
                   ((const char *)array->facts.bytes)[0] ? ", and empty ones" : "");
}

static nn_status text_classes(const nn_store_array *array, nn_text_list *names)
{
    const text *self = array->state;
    for (int64_t i = 0; i < self->count; i++) NN_TRY(nn_list_add(names, self->sorted[i]));
    return NN_OK;
}

const nn_store_layout nn_layout_text = {
    .name = "text",
    .recognise = text_recognise,
    .exists = text_recognise, /* as for records */
    .open = text_open,
    .close = text_close,
    .read = text_read,
    .describe = text_tell,
    .classes = text_classes,
};
