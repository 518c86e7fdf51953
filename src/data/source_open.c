/* Opens the parts, and checks what is known before they are read. */
#include <string.h>

#include "base/list.h"
#include "base/memory.h"
#include "base/text.h"
#include "data/naming.h"
#include "data/refuse.h"
#include "data/value_map.h"

const char *const nn_part_names[NN_PARTS] = {"train", "validation", "test"};

/* ---- arrays ---- */

static void source_name_array(nn_array *array, int part, const char *key, const char *dataset)
{
    while (*dataset == '/') dataset++;
    *array = (nn_array){.given = true, .key = key, .part = nn_part_names[part], .dataset = dataset};
    array->spec = (nn_store_spec){.dataset = dataset, .incomplete = true};
}

static int source_find_name(const nn_data_names *names, const char *name)
{
    for (int i = 0; i < names->count; i++)
        if (strcmp(names->names[i], name) == 0) return i;
    return -1;
}

/* Every wanted target must be there, and every target there must be wanted. */
static nn_status source_match_targets(const nn_data_names *y, int part, const nn_target_wanted *wanted,
                                      int wanted_count)
{
    for (int t = 0; t < wanted_count; t++) {
        if (source_find_name(y, wanted[t].name) >= 0) continue;
        const char *near = nn_nearest(wanted[t].name, (const char *const *)y->names, (size_t)y->count);
        NN_FAIL(NN_ERROR_USAGE,
                "data.%s.y: there is no target '%s', which a loss needs%s%s%s; add it: y: {%s: DATASET, ...}",
                nn_part_names[part], wanted[t].name, near ? "; did you mean '" : "", near ? near : "",
                near ? "'?" : "", wanted[t].name);
    }
    for (int i = 0; i < y->count; i++) {
        bool asked = false;
        for (int t = 0; t < wanted_count; t++) asked |= strcmp(y->names[i], wanted[t].name) == 0;
        if (!asked)
            NN_FAIL(NN_ERROR_USAGE,
                    "data.%s.y.%s: this target has no loss: add one under losses, or remove the target",
                    nn_part_names[part], y->names[i]);
    }
    return NN_OK;
}

/* What the options of a field say about opening it. */
static void source_choose_reading(const nn_data_options *options, nn_source *source, int which)
{
    nn_array *array = &source->arrays[which];
    const nn_data_field_options *field = nn_source_field_options(options, source, which);
    array->index = which < source->inputs && nn_data_is_index(field);
    if (field->kind == NN_KIND_TEXT)
        array->spec.unit =
            field->vocabulary == NN_VOCABULARY_BYTES ? NN_STORE_UNIT_BYTES : NN_STORE_UNIT_CHARACTERS;
    array->spec.stored = field->attributes == NN_ATTRIBUTES_IGNORE;
    array->spec.fills = field->unwritten == NN_UNWRITTEN_FILL;
}

/* The sequences of the first input are cut into windows: so are all others, and what there is once per
 * sequence is repeated. Without another group, a sequence is one. */
static void source_cut_windows(const nn_data_options *options, nn_source *source)
{
    int64_t steps = nn_source_field_options(options, source, 0)->steps;
    nn_store_spec *group = &source->arrays[NN_DATA_GROUP].spec;
    for (int a = 0; a < NN_DATA_ARRAYS; a++) {
        nn_store_spec *spec = &source->arrays[a].spec;
        spec->steps = steps;
        if (a < source->fields) spec->longer = NN_STORE_LONGER_WINDOW;
        if (a > 0 && a != NN_DATA_LENGTH) spec->repeated = NN_STORE_REPEATED_ROWS;
    }
    if (source->arrays[NN_DATA_GROUP].given && !options->split.group)
        group->repeated = NN_STORE_REPEATED_NUMBERS;
}

/* Windows without y predict their inputs. */
nn_status nn_source_name_arrays(const nn_data_options *options, int part, const nn_target_wanted *wanted,
                                int wanted_count, nn_source *source)
{
    const nn_part_options *own = &options->parts[part];
    const nn_data_names *y = own->y.count == 0 && options->window.length > 0 ? &own->x : &own->y;
    bool own_input = y == &own->x && wanted_count == 1 && (!wanted->name || strcmp(wanted->name, "y") == 0);
    bool joined = !wanted->name || own_input;
    if (y == &own->x && !own_input) y = &own->y;
    if (own->x.count == 0 || y->count == 0)
        NN_FAIL(NN_ERROR_USAGE, "data.%s.%s: is missing; give a dataset of the file", nn_part_names[part],
                own->x.count == 0 ? "x" : "y");
    if (own->x.count + y->count > NN_DATA_FIELDS)
        NN_FAIL(NN_ERROR_USAGE, "data.%s: there are more than %d inputs and targets", nn_part_names[part],
                NN_DATA_FIELDS);
    if (!joined) NN_TRY(source_match_targets(y, part, wanted, wanted_count));
    source->inputs = own->x.count;
    source->fields = own->x.count + y->count;
    for (int i = 0; i < own->x.count; i++)
        source_name_array(&source->arrays[i], part, own->x.names[i], own->x.datasets[i]);
    for (int i = 0; i < y->count; i++) {
        int at = joined ? i : source_find_name(y, wanted[i].name);
        nn_array *array = &source->arrays[own->x.count + i];
        source_name_array(array, part, own_input ? "y" : y->names[at], y->datasets[at]);
        array->label = nn_source_is_label(options, array->key, wanted[joined ? 0 : i].classes);
    }
    for (int a = 0; a < source->fields; a++) source_choose_reading(options, source, a);
    const char *group = options->split.group;
    if (!group && options->window.length > 0) group = options->window.by;
    if (!group && nn_source_cuts_windows(options, source)) group = own->x.datasets[0];
    if (part == NN_TRAIN && options->split.by == NN_SPLIT_BY_GROUP && group) {
        source_name_array(&source->arrays[NN_DATA_GROUP], part, "group", group);
        source->arrays[NN_DATA_GROUP].label = source->arrays[NN_DATA_GROUP].group = true;
        source->arrays[NN_DATA_GROUP].spec.hashed = true;
    }
    /* Sequences may also be stored with their lengths: see nn_sources_pad. */
    nn_array *lengths = &source->arrays[NN_DATA_LENGTH];
    source_name_array(lengths, part, "lengths", own->lengths ? own->lengths : own->x.datasets[0]);
    lengths->label = true;
    lengths->given = own->lengths != NULL;
    lengths->spec.lengths = !own->lengths;
    for (int a = 0; a < source->fields; a++) {
        const nn_data_field_options *field = nn_source_field_options(options, source, a);
        const char *samples = field->layout ? strchr(field->layout, 'N') : NULL;
        source->arrays[a].spec.longer = field->longer;
        source->arrays[a].spec.axis = samples ? (int)(samples - field->layout) : 0;
        source->arrays[a].spec.memory = (int64_t)(options->memory * (1 << 20));
    }
    if (own->weights) source_name_array(&source->arrays[NN_DATA_WEIGHT], part, "weights", own->weights);
    if (source->arrays[0].spec.longer == NN_STORE_LONGER_WINDOW) source_cut_windows(options, source);
    return NN_OK;
}

const nn_data_field_options *nn_source_field_of(const nn_data_options *options, const char *key, bool input)
{
    static const nn_data_field_options none = {.normalize = NN_NORMALIZE_AUTO};
    const nn_data_field_options *found = &none;
    for (int f = 0; f < options->fields.count; f++) {
        if (strcmp(options->fields.names[f], key) == 0) return &options->fields.fields[f];
        if (strcmp(options->fields.names[f], input ? "x" : "y") == 0) found = &options->fields.fields[f];
    }
    return found;
}

const nn_data_field_options *nn_source_field_options(const nn_data_options *options, const nn_source *source,
                                                     int array)
{
    static const nn_data_field_options none = {.normalize = NN_NORMALIZE_AUTO};
    if (array >= NN_DATA_FIELDS) return &none;
    return nn_source_field_of(options, source->arrays[array].key, array < source->inputs);
}

bool nn_source_cuts_windows(const nn_data_options *options, const nn_source *source)
{
    return source->inputs > 0 &&
           nn_source_field_options(options, source, 0)->longer == NN_STORE_LONGER_WINDOW;
}

bool nn_source_is_label(const nn_data_options *options, const char *key, bool wanted)
{
    int kind = nn_source_field_of(options, key, false)->kind;
    return kind == NN_KIND_CLASS || kind == NN_KIND_ONE_HOT || kind == NN_KIND_TEXT ||
           (kind == NN_KIND_AUTO && wanted);
}

int nn_source_class_array(const nn_source *source)
{
    int found = -1;
    for (int a = source->inputs; a < source->fields; a++) {
        if (!source->arrays[a].label) continue;
        if (found >= 0) return -1;
        found = a;
    }
    return found;
}

/* ---- looking at the files ---- */

/* Describes an array from one file; all files must agree with the first. */
static nn_status source_describe(nn_source *source, nn_piece *piece, int which,
                                 const nn_data_options *options)
{
    nn_array *array = &source->arrays[which], seen = *array;
    char text[NN_SHAPE_TEXT], expected[NN_SHAPE_TEXT];
    nn_store_array *stored;
    bool first = piece == source->pieces, windows = options->window.length > 0;
    seen.path = nn_source_path(piece, which);
    if (source->arrays[NN_DATA_LENGTH].given && source->arrays[0].sound)
        seen.steps = source->arrays[0].shape.extents[0];
    seen.places = seen.listed = NULL;
    nn_status status = nn_source_array(source, piece, which, &stored);
    if (status != NN_OK) status = nn_refuse_dataset(&seen, piece->file, source->piece_count, status);
    if (status != NN_OK) /* a failure of a file concerns all of its arrays */
        return piece->file ? nn_fail_context(status, "data.%s.%s", seen.part, seen.key) : status;
    status = nn_array_describe(&seen, nn_store_array_info(stored),
                               nn_source_field_options(options, source, which), windows);
    if (status == NN_OK && which >= NN_DATA_FIELDS && seen.values != 1)
        status =
            nn_fail(NN_ERROR_DATA, "has %lld values per sample, but must have one", (long long)seen.values);
    if (status != NN_OK) {
        nn_array_forget(&seen);
        return nn_array_context(&seen, status);
    }
    if (!first) nn_array_forget(&seen);
    /* Labels have the same shape as numbers and one-hot. */
    bool alike = nn_shape_equal(seen.shape, array->shape) && seen.stored_values == array->stored_values &&
                 seen.axis == array->axis;
    if (!first && !alike)
        return nn_array_context(&seen, nn_fail(NN_ERROR_DATA,
                                               "its samples are %s, but those of %s are %s: the files of one "
                                               "data set must have the same shapes",
                                               nn_shape_text(text, seen.shape), array->path,
                                               nn_shape_text(expected, array->shape)));
    bool fits = piece->rows < 0 || piece->rows == seen.rows;
    if (!fits && first) nn_array_forget(&seen);
    if (!fits) return nn_refuse_rows(&source->arrays[0], piece->rows, &seen, nn_store_array_info(stored));
    if (!first) nn_array_join(array, seen.stored_type);
    piece->rows = seen.rows;
    if (first) *array = seen;
    array->sound = true;
    NN_TRY(nn_piece_inspect(source, piece, which, nn_source_field_options(options, source, which)));
    return which < NN_DATA_FIELDS ? nn_piece_read_names(source, piece, which, options) : NN_OK;
}

void nn_source_describe_absent(nn_source *source, int which, const nn_shape *shape)
{
    nn_array *array = &source->arrays[which];
    array->absent = array->sound = true;
    array->type = array->stored_type = array->label ? NN_STORE_I32 : NN_STORE_F64;
    array->shape = *shape;
    if (array->shape.dimensions == 0) array->shape = (nn_shape){.dimensions = 1, .extents = {1}};
    array->values = array->stored_values = nn_shape_count(array->shape);
    array->chunk_rows = 1;
    array->row_size = (size_t)array->values * nn_store_type_size(array->type);
}

static void source_look(nn_source *source, const nn_data_options *options, nn_problems *problems)
{
    for (int i = 0; i < source->piece_count; i++) {
        nn_piece *piece = &source->pieces[i];
        piece->first = source->rows;
        for (int a = 0; a < NN_DATA_ARRAYS; a++) {
            nn_array *array = &source->arrays[a];
            if (!array->given || array->absent || (i > 0 && !array->sound)) continue;
            bool opened = piece->file != NULL;
            if (nn_problems_collect(problems, source_describe(source, piece, a, options))) continue;
            array->sound = false;
            if (!opened && !piece->file) break; /* the file itself failed: reported once */
        }
        if (piece->rows > 0) source->rows += piece->rows;
    }
    nn_source_settle(source);
    nn_source_tell_layouts(source);
    nn_source_warn_axes(source);
    size_t largest = 0;
    source->chunk_rows = 1;
    for (int a = 0; a < source->fields; a++) {
        nn_array *array = &source->arrays[a];
        array->rows = source->rows;
        source->values += array->values;
        if (array->chunk_rows > 0 && array->row_size >= largest) source->chunk_rows = array->chunk_rows;
        if (array->row_size > largest) largest = array->row_size;
    }
    for (int a = NN_DATA_FIELDS; a < NN_DATA_ARRAYS; a++) source->arrays[a].rows = source->rows;
}

static nn_status source_check_shape(const nn_array *array, const nn_array *first)
{
    char text[NN_SHAPE_TEXT], expected[NN_SHAPE_TEXT];
    if (!array->sound || !first->sound || nn_shape_equal(array->shape, first->shape)) return NN_OK;
    return nn_array_context(
        array,
        nn_fail(NN_ERROR_DATA,
                "its samples are %s, but those of data.%s.%s are %s: all parts must have the same shape",
                nn_shape_text(text, array->shape), first->part, first->key,
                nn_shape_text(expected, first->shape)));
}

static nn_status source_check_fields(const nn_source *source, const nn_source *first)
{
    if (source->fields == first->fields && source->inputs == first->inputs) return NN_OK;
    NN_FAIL(NN_ERROR_USAGE, "data.%s: all parts must have the same inputs and targets as data.%s: %d and %d",
            source->arrays[0].part, first->arrays[0].part, first->inputs, first->fields - first->inputs);
}

void nn_sources_list(const nn_data_options *options, const char *directory, const nn_target_wanted *wanted,
                     int wanted_count, nn_source *sources, nn_problems *problems)
{
    for (int p = 0; p < NN_PARTS; p++) {
        nn_source *source = &sources[p];
        const nn_part_options *own = &options->parts[p];
        source->given = own->x.count > 0 || own->y.count > 0;
        source->skips = options->on_bad_sample == NN_BAD_SKIP;
        source->stages = options->stage != NULL;
        source->block = options->shuffle_block;
        if (!source->given) continue;
        bool listed = nn_problems_collect(problems, nn_source_list_files(options, directory, p, source));
        bool named =
            nn_problems_collect(problems, nn_source_name_arrays(options, p, wanted, wanted_count, source));
        if (listed && named)
            listed = nn_problems_collect(problems, nn_source_list_own(options, directory, p, source));
        source->listed = listed && named;
    }
}

void nn_sources_look(const nn_data_options *options, nn_source *sources, nn_problems *problems)
{
    for (int p = 0; p < NN_PARTS; p++)
        if (sources[p].listed) {
            nn_source_tell_pairs(&sources[p]);
            source_look(&sources[p], options, problems);
        }
}

void nn_sources_compare(nn_source *sources, nn_problems *problems)
{
    const nn_source *first = NULL;
    for (int p = 0; p < NN_PARTS; p++) {
        nn_source *source = &sources[p];
        if (!source->listed) continue;
        if (!first) first = source;
        /* Arrays of another shape are not checked further: views are made for the first part's. */
        bool same = nn_problems_collect(problems, source_check_fields(source, first));
        for (int a = 0; a < source->fields; a++)
            if (!same ||
                !nn_problems_collect(problems, source_check_shape(&source->arrays[a], &first->arrays[a])))
                source->arrays[a].sound = false;
    }
}

static void source_destroy_piece(nn_piece *piece)
{
    nn_piece_forget(piece);
    nn_free(piece->path);
    nn_free(piece->staged);
    for (int a = 0; a < NN_DATA_ARRAYS; a++) nn_free(piece->own_path[a]);
    for (int a = 0; a < NN_DATA_FIELDS; a++) {
        if (piece->names[a]) nn_names_release(piece->names[a]);
        nn_free(piece->names[a]);
        nn_value_map_destroy(piece->maps[a]);
    }
}

void nn_sources_destroy(nn_source *sources)
{
    for (int p = 0; p < NN_PARTS; p++) {
        nn_source *source = &sources[p];
        nn_source_rest(source);
        for (int i = 0; i < source->piece_count; i++) source_destroy_piece(&source->pieces[i]);
        for (int a = 0; a < NN_DATA_ARRAYS; a++) nn_array_forget(&source->arrays[a]);
        nn_free(source->pieces);
        nn_free(source->bad);
        nn_free(source->breaks);
        nn_free(source->noted);
        *source = (nn_source){0};
    }
}
