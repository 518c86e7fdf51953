/*
 * Several arrays of the same samples as one, "[a, b]": columns next to each other (N, or N x columns), or
 * maps on top of each other as channels (N x H x W, N x D x H x W). Attributes are applied, and what they
 * call missing, or was never written, is NaN: each array may have its own.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/list.h"
#include "base/memory.h"
#include "store/gaps.h"
#include "store/layout.h"
#include "store/packing.h"
#include "store/scales.h"

typedef struct joined_member {
    nn_store_array *array;
    nn_store_packing packing;
    nn_store_gaps *gaps;  /* NULL: all was written */
    int64_t first, width; /* its indices of the last dimension */
    bool plain;           /* values are used as they are */
} joined_member;

typedef struct joined {
    int count, dimensions; /* of each member, but for single columns */
    joined_member *members;
} joined;

static bool joined_recognise(nn_store_file *file, const nn_store_spec *spec)
{
    (void)file;
    size_t length = strlen(spec->dataset);
    return length > 2 && spec->dataset[0] == '[' && spec->dataset[length - 1] == ']';
}

/* ---- opening ---- */

static nn_status joined_names(const char *name, nn_text_list *names)
{
    const char *at = name + 1, *end = name + strlen(name) - 1;
    nn_status status = NN_OK;
    while (at < end && status == NN_OK) {
        const char *comma = strstr(at, ", ");
        nn_text word = {0};
        if (!comma || comma > end) comma = end;
        nn_text_append(&word, "%.*s", (int)(comma - at), at);
        status = word.failed ? nn_fail(NN_ERROR_MEMORY, "out of memory for a name")
                             : nn_list_add(names, word.bytes);
        nn_text_free(&word);
        at = comma + 2;
    }
    return status;
}

static bool joined_exists(nn_store_file *file, const nn_store_spec *spec)
{
    nn_text_list names = {0};
    bool all = joined_names(spec->dataset, &names) == NN_OK;
    for (size_t i = 0; i < names.count && all; i++) all = nn_store_has_array(file, names.items[i]);
    nn_list_release(&names);
    return all;
}

/* Whether an array can be read next to the first one. */
static bool joined_fits(const joined *self, const nn_store_info *info)
{
    const nn_store_info *first = nn_store_array_info(self->members[0].array);
    bool columns = self->dimensions <= 2 && info->dimensions <= 2;
    bool fits = info->dimensions >= 1 && info->extents[0] == first->extents[0];
    if (columns) return fits;
    fits = fits && info->dimensions == first->dimensions;
    for (int d = 1; fits && d < info->dimensions; d++) fits = info->extents[d] == first->extents[d];
    return fits;
}

static void joined_append_extents(const nn_store_info *info, nn_text *text)
{
    for (int d = 0; d < info->dimensions; d++)
        nn_text_append(text, "%s%lld", d > 0 ? " x " : "", (long long)info->extents[d]);
}

static nn_status joined_refuse(const nn_store_array *array, const joined *self, int number)
{
    const nn_store_array *first = self->members[0].array, *other = self->members[number].array;
    nn_text a = {0}, b = {0};
    joined_append_extents(&first->info, &a);
    joined_append_extents(&other->info, &b);
    nn_status status =
        nn_fail(NN_ERROR_DATA,
                "datasets \"%s\" (%s) and \"%s\" (%s) of %s cannot be joined: they need the same "
                "extents, or be columns (N, N x columns); inputs of different shapes have names: "
                "{NAME: DATASET, NAME: DATASET}",
                first->name, a.bytes ? a.bytes : "", other->name, b.bytes ? b.bytes : "", array->file->path);
    nn_text_free(&a);
    nn_text_free(&b);
    return status;
}

static void joined_append_names(const nn_store_axes *axes, nn_text *text)
{
    for (int d = 0; d < axes->count; d++) nn_text_append(text, "%s%s", d > 0 ? ", " : "", axes->axes[d].name);
}

/* Whether two datasets have the same named axes in another order. */
static bool joined_turned(const nn_store_axes *first, const nn_store_axes *other)
{
    bool same = true;
    if (first->count != other->count) return false;
    for (int d = 0; d < first->count; d++)
        if (!first->axes[d].name || !other->axes[d].name) return false;
    for (int d = 0; d < first->count; d++) {
        bool found = false;
        for (int e = 0; e < other->count; e++) found |= strcmp(first->axes[d].name, other->axes[e].name) == 0;
        if (!found) return false;
        same &= strcmp(first->axes[d].name, other->axes[d].name) == 0;
    }
    return !same;
}

/* Square maps, one of which is turned, have the same extents. */
static nn_status joined_check_axes(const nn_store_array *array, nn_store_file *file, const joined *self,
                                   int number)
{
    const char *first = self->members[0].array->name, *other = self->members[number].array->name;
    nn_store_axes axes = {0}, turned = {0};
    nn_text a = {0}, b = {0};
    nn_status status = nn_store_axes_read(file, first, &axes);
    if (status == NN_OK) status = nn_store_axes_read(file, other, &turned);
    if (status == NN_OK && joined_turned(&axes, &turned)) {
        joined_append_names(&axes, &a);
        joined_append_names(&turned, &b);
        status = nn_fail(NN_ERROR_DATA,
                         "datasets \"%s\" (%s) and \"%s\" (%s) of %s cannot be joined: their axes are in "
                         "different orders: transpose one, as xarray's transpose and NCO's ncpdq -a do",
                         first, a.bytes ? a.bytes : "", other, b.bytes ? b.bytes : "", array->file->path);
    }
    nn_store_axes_release(&axes);
    nn_store_axes_release(&turned);
    nn_text_free(&a);
    nn_text_free(&b);
    return status;
}

static nn_status joined_open_member(nn_store_array *array, nn_store_file *file, const nn_store_spec *spec,
                                    const char *name, int number)
{
    joined *self = array->state;
    joined_member *member = &self->members[number];
    const nn_store_spec of = {.dataset = name, .incomplete = spec->incomplete};
    NN_TRY(nn_store_array_open_as(file, &of, &member->array));
    self->count = number + 1;
    const nn_store_info *info = nn_store_array_info(member->array);
    NN_TRY(nn_store_array_expect_numeric(member->array, NN_STORE_F64));
    if (info->dimensions > self->dimensions && number == 0) self->dimensions = info->dimensions;
    if (info->dimensions == 2 && self->dimensions == 1) self->dimensions = 2;
    if (!joined_fits(self, info)) return joined_refuse(array, self, number);
    if (number > 0) NN_TRY(joined_check_axes(array, file, self, number));
    member->packing = nn_store_packing_none(info->type);
    if (!spec->stored) NN_TRY(nn_store_packing_read(member->array, false, &member->packing));
    if (!spec->fills) NN_TRY(nn_store_gaps_find(member->array, &member->gaps));
    member->plain = !member->gaps && nn_store_packing_is_none(&member->packing, info->type);
    return NN_OK;
}

/* A type that holds the values of both: as for the files of a data set. */
static nn_store_type joined_type(nn_store_type a, nn_store_type b)
{
    bool whole = nn_store_type_is_integer(a) && nn_store_type_is_integer(b);
    if (a == b) return a;
    return whole && a != NN_STORE_U64 && b != NN_STORE_U64 ? NN_STORE_I64 : NN_STORE_F64;
}

static void joined_describe(nn_store_array *array)
{
    joined *self = array->state;
    nn_store_info *info = &array->info;
    int64_t width = 0;
    *info = *nn_store_array_info(self->members[0].array);
    for (int i = 0; i < self->count; i++) {
        joined_member *member = &self->members[i];
        const nn_store_info *of = nn_store_array_info(member->array);
        member->first = width;
        member->width = self->dimensions == 2 && of->dimensions == 2 ? of->extents[1] : 1;
        width += member->width;
        if (i > 0) info->storage_bytes += of->storage_bytes;
        if (i > 0) info->external |= of->external;
        if (i > 0) info->is_virtual |= of->is_virtual;
        if (i > 0) info->written |= of->written;
        nn_store_type type = member->plain ? of->type : NN_STORE_F64;
        info->type = i == 0 ? type : joined_type(info->type, type);
    }
    info->dimensions = self->dimensions <= 2 ? 2 : self->dimensions + 1;
    info->extents[info->dimensions - 1] = info->chunk[info->dimensions - 1] = width;
}

static nn_status joined_open(nn_store_array *array, nn_store_file *file, const nn_store_spec *spec)
{
    joined *self;
    nn_text_list names = {0};
    NN_TRY(NN_ALLOCATE(&self, 1, "joined datasets"));
    array->state = self;
    nn_status status = joined_names(array->name, &names);
    if (status == NN_OK) status = NN_ALLOCATE(&self->members, names.count, "joined datasets");
    for (size_t i = 0; i < names.count && status == NN_OK; i++)
        status = joined_open_member(array, file, spec, names.items[i], (int)i);
    nn_list_release(&names);
    NN_TRY(status);
    if (self->dimensions > 4)
        NN_FAIL(
            NN_ERROR_DATA,
            "datasets of %d dimensions cannot be joined: give each a name, {NAME: DATASET, NAME: DATASET}",
            self->dimensions);
    joined_describe(array);
    return NN_OK;
}

static void joined_close(nn_store_array *array)
{
    joined *self = array->state;
    for (int i = 0; self && i < self->count; i++) {
        nn_store_gaps_destroy(self->members[i].gaps);
        nn_store_array_close(self->members[i].array);
    }
    if (self) nn_free(self->members);
    nn_free(self);
}

/* ---- reading ---- */

/* Values that were never written are NaN. */
static bool joined_mark(const joined_member *member, const int64_t *start, const int64_t *count,
                        double *values)
{
    const nn_store_info *info = nn_store_array_info(member->array);
    int64_t row = 1, wanted = 1, index[NN_STORE_MAX_DIMENSIONS] = {0};
    unsigned char *marks;
    for (int d = 1; d < info->dimensions; d++) row *= info->extents[d];
    for (int d = 0; d < info->dimensions; d++) wanted *= count[d];
    if (nn_allocate((void **)&marks, (size_t)count[0], (size_t)row, "the gaps of a dataset") != NN_OK)
        return false;
    nn_store_gaps_mark(member->gaps, 0, start[0], count[0], marks);
    for (int64_t i = 0; i < wanted; i++) {
        int64_t at = index[0];
        for (int d = 1; d < info->dimensions; d++) at = at * info->extents[d] + start[d] + index[d];
        if (marks[at]) values[i] = (double)NAN;
        for (int d = info->dimensions - 1; d >= 0; d--) {
            if (++index[d] < count[d]) break;
            index[d] = 0;
        }
    }
    nn_free(marks);
    return true;
}

static void joined_convert(nn_store_type type, int64_t count, const double *from, void *to)
{
    if (type == NN_STORE_F64) memcpy(to, from, (size_t)count * sizeof *from);
    for (int64_t i = 0; type == NN_STORE_F32 && i < count; i++) ((float *)to)[i] = (float)from[i];
    for (int64_t i = 0; nn_store_type_is_integer(type) && i < count; i++) {
        const int64_t whole = isnan(from[i]) ? 0 : (int64_t)from[i];
        memcpy((char *)to + (size_t)i * nn_store_type_size(type), &whole, nn_store_type_size(type));
    }
}

/* The values of a member as `type`. One with attributes or gaps makes the whole array floating-point. */
static bool joined_read_member(const joined_member *member, const int64_t *start, const int64_t *count,
                               int64_t wanted, nn_store_type type, void *values, char *reason)
{
    double *unpacked;
    if (member->plain) return nn_store_read_block(member->array, start, count, type, values, reason);
    if (NN_ALLOCATE(&unpacked, wanted, "joined datasets") != NN_OK) return false;
    bool read = nn_store_read_block(member->array, start, count, NN_STORE_F64, unpacked, reason);
    for (int64_t i = 0; i < wanted && read; i++)
        unpacked[i] = nn_store_turn_sign(&member->packing, unpacked[i]);
    if (read) nn_store_unpack(&member->packing, wanted, unpacked);
    if (read && member->gaps) read = joined_mark(member, start, count, unpacked);
    if (read) joined_convert(type, wanted, unpacked, values);
    nn_free(unpacked);
    return read;
}

static bool joined_read(nn_store_array *array, const int64_t *start, const int64_t *count, nn_store_type type,
                        void *values, char *reason)
{
    const joined *self = array->state;
    int last = array->info.dimensions - 1;
    size_t size = nn_store_type_size(type);
    int64_t rows = 1, end = start[last] + count[last];
    for (int d = 0; d < last; d++) rows *= count[d];
    for (int i = 0; i < self->count; i++) {
        const joined_member *member = &self->members[i];
        int64_t from = member->first > start[last] ? member->first : start[last];
        int64_t to = member->first + member->width < end ? member->first + member->width : end;
        int64_t of_start[NN_STORE_MAX_DIMENSIONS], of_count[NN_STORE_MAX_DIMENSIONS], width = to - from;
        char *piece;
        if (width <= 0) continue;
        memcpy(of_start, start, (size_t)last * sizeof *start);
        memcpy(of_count, count, (size_t)last * sizeof *count);
        of_start[last] = from - member->first;
        of_count[last] = width;
        if (nn_allocate((void **)&piece, (size_t)(rows * width), size, "joined datasets") != NN_OK)
            return false;
        bool read = joined_read_member(member, of_start, of_count, rows * width, type, piece, reason);
        for (int64_t r = 0; r < rows && read; r++)
            memcpy((char *)values + (size_t)(r * count[last] + from - start[last]) * size,
                   piece + (size_t)(r * width) * size, (size_t)width * size);
        nn_free(piece);
        if (!read) return false;
    }
    return true;
}

static nn_status joined_columns(const nn_store_array *array, nn_text_list *names)
{
    const joined *self = array->state;
    nn_status status = NN_OK;
    for (int i = 0; i < self->count && status == NN_OK; i++) {
        const joined_member *member = &self->members[i];
        const char *name = member->array->name, *dot = strrchr(name, '.'), *slash = strrchr(name, '/');
        const char *tail = dot && (!slash || dot > slash) ? dot + 1 : slash ? slash + 1 : name;
        for (int64_t c = 0; c < member->width && status == NN_OK; c++) {
            nn_text text = {0};
            nn_text_append(&text, "%s", tail);
            if (member->width > 1) nn_text_append(&text, "_%lld", (long long)c);
            status = text.failed ? nn_fail(NN_ERROR_MEMORY, "out of memory for a name")
                                 : nn_list_add(names, text.bytes);
            nn_text_free(&text);
        }
    }
    return status;
}

const nn_store_layout nn_layout_joined = {
    .name = "joined",
    .recognise = joined_recognise,
    .exists = joined_exists,
    .open = joined_open,
    .close = joined_close,
    .read = joined_read,
    .columns = joined_columns,
};
