/* An HDF5 file of data: each of its datasets. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/format.h"
#include "base/list.h"
#include "base/memory.h"
#include "cli/info.h"
#include "data/dataset.h"
#include "data/value_statistics.h"

/* Shown to people; programs get all. */
#define DATA_CLASSES_SHOWN 20
#define DATA_NAMES_SHOWN 20

/* If an epoch reads a dataset more often than this, it is reported. */
#define DATA_READS 4.0

typedef struct data_visit {
    nn_facts *facts;
    nn_store_file *file;
    nn_layouts layouts; /* what the datasets are parts of */
    size_t visited;
    nn_value_statistics *statistics;
    nn_status status; /* of the first dataset that cannot be read */
    size_t unreadable;
} data_visit;

/* What is reported about a dataset. */
typedef struct data_set {
    const char *name;
    const nn_store_info *info;
    const nn_value_statistics *statistics;
    char **names; /* a list of names; otherwise NULL */
    size_t name_count;
    nn_text_list fields;    /* of records; owned */
    nn_store_axes axes;     /* owned */
    char *units, *calendar; /* owned: attributes; NULL: none */
    bool characters;        /* an array of characters: texts along its last dimension */
    const char *problem;    /* why it cannot be read; otherwise NULL */
} data_set;

/* The position of an element, by dimension. */
static void data_append_place(nn_facts *facts, const nn_store_info *info, int64_t element)
{
    int64_t index[NN_STORE_MAX_DIMENSIONS];
    for (int d = info->dimensions - 1; d >= 0; d--) {
        index[d] = element % info->extents[d];
        element /= info->extents[d];
    }
    nn_text_append(&facts->text, "[");
    for (int d = 0; d < info->dimensions; d++)
        nn_text_append(&facts->text, "%s%" PRId64, d == 0 ? "" : facts->json ? "," : ", ", index[d]);
    nn_text_append(&facts->text, "]");
}

static int data_digits(const nn_facts *facts, const data_set *set)
{
    const nn_store_info *info = set->info;
    bool unpacked = set->statistics->packed && nn_store_packing_scales(&set->statistics->packing);
    if (unpacked) return facts->json ? 17 : 6;
    if (nn_store_type_is_integer(info->type)) return 17;
    return !facts->json ? 6 : info->type == NN_STORE_F32 ? 9 : 17;
}

/* ---- for programs ---- */

static void data_append_classes_json(nn_facts *facts, const nn_value_statistics *statistics)
{
    nn_facts_key(facts, "classes");
    nn_text_append(&facts->text, "[");
    for (size_t i = 0; i < statistics->class_count; i++) {
        nn_facts_entry(facts);
        nn_text_append(&facts->text, "{");
        nn_facts_number(facts, "label", statistics->classes[i].label, 17);
        nn_facts_integer(facts, "count", statistics->classes[i].count);
        nn_text_append(&facts->text, "}");
    }
    nn_text_append(&facts->text, "]");
}

static void data_append_flag(nn_facts *facts, const char *key, bool value)
{
    nn_facts_key(facts, key);
    nn_text_append(&facts->text, value ? "true" : "false");
}

static void data_append_attributes_json(nn_facts *facts, const nn_value_statistics *statistics)
{
    nn_text text = {0};
    if (statistics->packed) nn_store_packing_describe(&statistics->packing, &text);
    nn_facts_word(facts, "attributes", text.bytes);
    facts->text.failed |= text.failed;
    nn_text_free(&text);
}

static void data_append_statistics_json(nn_facts *facts, const data_set *set)
{
    const nn_value_statistics *statistics = set->statistics;
    nn_facts_integer(facts, "rows_read", statistics->rows_read);
    nn_facts_number(facts, "minimum", statistics->minimum, data_digits(facts, set));
    nn_facts_number(facts, "maximum", statistics->maximum, data_digits(facts, set));
    nn_facts_integer(facts, "nan", statistics->nans);
    nn_facts_integer(facts, "infinite", statistics->infinities);
    nn_facts_integer(facts, "missing", statistics->missing + statistics->nans);
    nn_facts_integer(facts, "unwritten", statistics->unwritten);
    data_append_attributes_json(facts, statistics);
    if (statistics->first_bad >= 0) {
        nn_facts_key(facts, "first_nan_or_infinite");
        data_append_place(facts, set->info, statistics->first_bad);
    }
    nn_facts_integer(facts, "constant", statistics->constants);
    if (statistics->class_count > 0) data_append_classes_json(facts, statistics);
}

static void data_append_names_json(nn_facts *facts, const char *key, char *const *names, size_t count)
{
    nn_facts_key(facts, key);
    nn_text_append(&facts->text, "[");
    for (size_t i = 0; i < count; i++) {
        nn_facts_entry(facts);
        nn_text_append_json(&facts->text, names[i]);
    }
    nn_text_append(&facts->text, "]");
}

static void data_append_axes(nn_facts *facts, const data_set *set)
{
    nn_info_append_axes(facts, &set->axes, set->units, set->calendar, set->statistics->minimum,
                        set->statistics->maximum);
}

static void data_append_json(nn_facts *facts, const data_set *set)
{
    const nn_store_info *info = set->info;
    nn_facts_entry(facts);
    nn_text_append(&facts->text, "{");
    nn_facts_word(facts, "name", set->name);
    nn_facts_key(facts, "shape");
    nn_facts_append_extents(facts, info->dimensions, info->extents);
    nn_facts_word(facts, "type", info->type_name);
    nn_facts_key(facts, "chunks");
    if (info->chunked)
        nn_facts_append_extents(facts, info->dimensions, info->chunk);
    else
        nn_text_append(&facts->text, "null");
    nn_facts_word(facts, "filters", info->filters);
    nn_facts_bytes(facts, "storage_bytes", info->storage_bytes);
    data_append_flag(facts, "written", info->written);
    data_append_flag(facts, "external", info->external);
    data_append_flag(facts, "virtual", info->is_virtual);
    if (set->axes.count > 0) data_append_flag(facts, "scale", set->axes.scale);
    nn_facts_word(facts, "problem", set->problem);
    if (set->statistics->measured) data_append_statistics_json(facts, set);
    if (set->names) data_append_names_json(facts, "names", set->names, set->name_count);
    data_append_axes(facts, set);
    if (set->fields.count > 0) data_append_names_json(facts, "fields", set->fields.items, set->fields.count);
    nn_text_append(&facts->text, "}");
}

/* ---- for people ---- */

static void data_append_classes(nn_text *text, const nn_value_statistics *statistics)
{
    size_t count = statistics->class_count, shown = count < DATA_CLASSES_SHOWN ? count : DATA_CLASSES_SHOWN;
    nn_text_append(text, "    %zu distinct values:", count);
    for (size_t i = 0; i < shown; i++)
        nn_text_append(text, "%s %.17g (%lld)", i > 0 ? "," : "", statistics->classes[i].label,
                       (long long)statistics->classes[i].count);
    if (shown < count) nn_text_append(text, " and %zu more", count - shown);
    nn_text_append(text, "\n");
}

/* The fraction of missing values among those read; values never written are counted in the whole dataset. */
static void data_append_missing(nn_text *text, const nn_value_statistics *statistics)
{
    int64_t read = statistics->rows_read * statistics->row, missing = statistics->missing + statistics->nans;
    if (statistics->packed) {
        nn_text_append(text, "    attributes: ");
        nn_store_packing_describe(&statistics->packing, text);
        nn_text_append(text, "\n");
    }
    if (missing > 0)
        nn_text_append(text, "    missing: %" PRId64 " of %" PRId64 " values (%.3g %%)\n", missing, read,
                       100 * (double)missing / (double)read);
    if (statistics->unwritten > 0)
        nn_text_append(text, "    %" PRId64 " of %" PRId64 " values were never written: %s\n",
                       statistics->unwritten, statistics->count, statistics->cause);
}

static void data_append_range(nn_facts *facts, const data_set *set)
{
    const nn_value_statistics *statistics = set->statistics;
    nn_text *text = &facts->text;
    int digits = data_digits(facts, set);
    if (statistics->minimum <= statistics->maximum)
        nn_text_append(text, "    %.*g to %.*g", digits, statistics->minimum, digits, statistics->maximum);
    else
        nn_text_append(text, "    no finite value");
    if (nn_store_packing_scales(&statistics->packing)) nn_text_append(text, ", unpacked");
    if (statistics->first_bad >= 0) {
        if (statistics->nans + statistics->infinities > 0)
            nn_text_append(text, ", %" PRId64 " NaN, %" PRId64 " Inf", statistics->nans,
                           statistics->infinities);
        nn_text_append(text, "%s, the first at ", statistics->missing > 0 ? ", some missing" : "");
        data_append_place(facts, set->info, statistics->first_bad);
    } else if (!nn_store_type_is_integer(set->info->type)) {
        nn_text_append(text, ", no NaN or Inf");
    }
    nn_text_append(text, "\n");
}

static void data_append_values(nn_facts *facts, const data_set *set)
{
    const nn_value_statistics *statistics = set->statistics;
    nn_text *text = &facts->text;
    if (!statistics->measured && statistics->count > 0 && nn_store_type_size(set->info->type) > 0)
        nn_text_append(text, "    rows too long to read here\n");
    if (!statistics->measured) return;
    data_append_range(facts, set);
    data_append_missing(text, statistics);
    if (statistics->constants > 0)
        nn_text_append(text,
                       "    %" PRId64 " of the %" PRId64
                       " values of a row are the same in all rows; the first is number %" PRId64 "\n",
                       statistics->constants, statistics->row, statistics->first_constant);
    if (statistics->class_count > 0) data_append_classes(text, statistics);
    if (statistics->sampled)
        nn_text_append(text, "    these values are from %" PRId64 " rows spread evenly (--full reads all)\n",
                       statistics->rows_read);
}

static int data_compare_names(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Texts that repeat are labels: in the order of classes, with their counts. */
static void data_append_names(nn_text *text, const data_set *set)
{
    size_t count = set->name_count, different = 1, shown = 0;
    nn_text lines = {0};
    char **sorted = NULL;
    if (NN_ALLOCATE(&sorted, count, "the names of a dataset") != NN_OK) return;
    memcpy(sorted, set->names, count * sizeof *sorted);
    qsort(sorted, count, sizeof *sorted, data_compare_names);
    for (size_t i = 1; i < count; i++) different += strcmp(sorted[i - 1], sorted[i]) != 0;
    if (different == count) memcpy(sorted, set->names, count * sizeof *sorted);
    for (size_t i = 0; i < count && shown < DATA_NAMES_SHOWN; shown++) {
        size_t end = i + 1;
        while (different < count && end < count && strcmp(sorted[i], sorted[end]) == 0) end++;
        nn_text_append(&lines, i > 0 ? ", " : " ");
        nn_text_append_json(&lines, sorted[i]);
        if (different < count) nn_text_append(&lines, " (%zu)", end - i);
        i = end;
    }
    if (shown < different) nn_text_append(&lines, " and %zu more", different - shown);
    if (different < count)
        nn_text_append(text, "    %zu different texts:%s\n", different, lines.bytes ? lines.bytes : "");
    else
        nn_text_append(text, "   %s\n", lines.bytes ? lines.bytes : "");
    text->failed |= lines.failed;
    nn_text_free(&lines);
    nn_free(sorted);
}

/* Chunks that the blocks of a stream would cut. */
static void data_append_reads(nn_text *text, const data_set *set)
{
    const nn_store_info *info = set->info;
    int64_t values = 1, block;
    if (!info->chunked || info->dimensions == 0 || nn_store_type_size(info->type) == 0) return;
    for (int d = 1; d < info->dimensions; d++) values *= info->extents[d];
    if (values == 0 || info->extents[0] == 0) return;
    size_t bytes = (size_t)values * nn_store_type_size(info->type);
    double times = nn_dataset_reads(info->extents[0], values, info->chunk[0], bytes, &block);
    if (times <= DATA_READS) return;
    nn_text_append(text,
                   "    a stream shuffled in blocks of %" PRId64
                   " rows reads this about %.0f times per epoch: set data.shuffle_block: %" PRId64 ", or ",
                   block, times, info->chunk[0]);
    nn_dataset_append_repack(text, set->name, info->dimensions, info->chunk, 0, block);
    nn_text_append(text, " FILE NEW_FILE\n");
}

static void data_append_lines(nn_facts *facts, const data_set *set)
{
    char bytes[NN_FORMAT_SIZE];
    const nn_store_info *info = set->info;
    nn_text *text = &facts->text;
    nn_text_append(text, "\n%s: ", set->name);
    nn_facts_append_extents(facts, info->dimensions, info->extents);
    nn_text_append(text, " %s", info->type_name);
    if (info->chunked) {
        nn_text_append(text, ", chunks ");
        nn_facts_append_extents(facts, info->dimensions, info->chunk);
    }
    nn_text_append(text, "%s%s, %s%s%s\n", info->filters[0] ? ", " : "", info->filters,
                   nn_format_bytes(bytes, (double)info->storage_bytes),
                   info->external ? ", in another file" : "", info->is_virtual ? ", virtual" : "");
    data_append_axes(facts, set);
    data_append_reads(text, set);
    if (set->axes.bare) {
        nn_text_append(text, "    a dimension without coordinates\n");
        return;
    }
    if (!info->written) nn_text_append(text, "    never written: all values are the fill value\n");
    if (set->problem)
        nn_text_append(text, "    cannot be read: %s\n", set->problem);
    else
        data_append_values(facts, set);
    if (set->names && set->name_count > 0) data_append_names(text, set);
    if (set->fields.count == 0) return;
    nn_text_append(text, "    fields: ");
    nn_list_append(&set->fields, text);
    nn_text_append(text, " (each is read as %s.FIELD)\n", set->name);
}

/* ---- the file ---- */

/* The different texts of an array of characters. */
static nn_status data_read_characters(data_visit *visit, data_set *set)
{
    const nn_store_spec spec = {.dataset = set->name, .codes = true};
    nn_text_list texts = {0};
    nn_store_array *array;
    NN_TRY(nn_store_array_open_as(visit->file, &spec, &array));
    set->characters = nn_store_array_info(array)->dimensions < set->info->dimensions;
    nn_status status = set->characters ? nn_store_array_classes(array, &texts) : NN_OK;
    set->names = texts.items;
    set->name_count = texts.count;
    nn_store_array_close(array);
    return status;
}

static nn_status data_read(data_visit *visit, data_set *set)
{
    const nn_store_info *info = set->info;
    memset(visit->statistics, 0, sizeof *visit->statistics);
    NN_TRY(nn_store_axes_read(visit->file, set->name, &set->axes));
    NN_TRY(nn_store_find_attribute(visit->file, set->name, "units", &set->units));
    NN_TRY(nn_store_find_attribute(visit->file, set->name, "calendar", &set->calendar));
    if (set->axes.bare) return NN_OK;
    NN_TRY(nn_value_statistics_read(visit->file, set->name, visit->facts->full, visit->statistics));
    if (info->type == NN_STORE_UNSUPPORTED) return nn_store_list_fields(visit->file, set->name, &set->fields);
    if (info->type == NN_STORE_TEXT && info->dimensions > 1 && set->axes.count > 0)
        return data_read_characters(visit, set);
    if (info->type != NN_STORE_TEXT || info->dimensions != 1 || info->extents[0] > NN_STORE_MOST_NAMES)
        return NN_OK;
    return nn_store_read_names(visit->file, set->name, &set->names, &set->name_count);
}

/* A field of a dataset of records, which is proposed as DATASET.FIELD. */
static nn_status data_propose_field(data_visit *visit, const data_set *set, const char *field)
{
    nn_value_statistics *statistics = visit->statistics;
    nn_store_array *array;
    nn_text name = {0};
    nn_text_append(&name, "%s.%s", set->name, field);
    if (name.failed) NN_FAIL(NN_ERROR_MEMORY, "out of memory for a name");
    const nn_store_spec spec = {.dataset = name.bytes, .incomplete = true, .codes = true};
    nn_status status = nn_store_array_open_as(visit->file, &spec, &array);
    if (status == NN_OK) {
        nn_store_info info = *nn_store_array_info(array);
        bool texts = strcmp(info.layout, "text") == 0;
        if (!texts) status = nn_value_statistics_read(visit->file, name.bytes, false, statistics);
        if (texts) info.type = NN_STORE_TEXT;
        if (status == NN_OK)
            status = nn_proposal_add(visit->facts->proposal, nn_store_path(visit->file), name.bytes, &info,
                                     texts ? NULL : statistics, set->name, NULL, NULL);
        nn_store_array_close(array);
    }
    nn_text_free(&name);
    return status == NN_ERROR_MEMORY ? status : NN_OK;
}

static nn_status data_propose(data_visit *visit, const data_set *set)
{
    nn_status status = NN_OK;
    nn_store_info info = *set->info;
    if (set->characters) info.dimensions--;
    /* Texts that are all different are names, not labels. */
    if (set->characters && set->name_count > 1 && (int64_t)set->name_count == info.extents[0]) return NN_OK;
    if (set->fields.count == 0)
        return nn_proposal_add(visit->facts->proposal, nn_store_path(visit->file), set->name, &info,
                               set->statistics, NULL, NULL, &set->axes);
    for (size_t i = 0; i < set->fields.count && status == NN_OK; i++)
        status = data_propose_field(visit, set, set->fields.items[i]);
    return status;
}

/* Datasets are visited in the order in which they were listed. */
static const nn_layouts_dataset *data_found(data_visit *visit, const char *name)
{
    const nn_layouts *layouts = &visit->layouts;
    const nn_layouts_dataset *next = &layouts->datasets[visit->visited];
    if (visit->visited == layouts->count || strcmp(next->name, name) != 0) return NULL;
    visit->visited++;
    return next;
}

/* One that cannot be read does not hide the others. People are shown the first of many members. */
static nn_status data_visit_one(void *context, const char *name, const nn_store_info *info)
{
    data_visit *visit = context;
    const nn_layouts_dataset *found = data_found(visit, name);
    if (found && found->member && !visit->facts->json) return NN_OK;
    data_set set = {.name = name, .info = info, .statistics = visit->statistics};
    nn_status status = data_read(visit, &set);
    if (status == NN_ERROR_MEMORY) return status;
    if (status != NN_OK && visit->unreadable++ == 0) visit->status = status;
    if (status != NN_OK) set.problem = nn_error_text();
    if (visit->facts->json)
        data_append_json(visit->facts, &set);
    else
        data_append_lines(visit->facts, &set);
    bool field = visit->facts->proposal && !(found && found->part);
    if (field && !set.problem) status = data_propose(visit, &set);
    nn_store_free_names(set.names, set.name_count);
    nn_list_release(&set.fields);
    nn_store_axes_release(&set.axes);
    nn_free(set.units);
    nn_free(set.calendar);
    return set.problem ? NN_OK : status;
}

/* ---- what layouts make of the datasets ---- */

static void data_append_layout(nn_facts *facts, const char *name, const nn_store_array *array)
{
    const nn_store_info *info = nn_store_array_info(array);
    nn_text text = {0};
    nn_store_array_describe(array, &text);
    if (facts->json) {
        nn_facts_entry(facts);
        nn_text_append(&facts->text, "{");
        nn_facts_word(facts, "name", name);
        nn_facts_key(facts, "shape");
        nn_facts_append_extents(facts, info->dimensions, info->extents);
        nn_facts_word(facts, "type", info->type_name);
        nn_facts_word(facts, "layout", info->layout);
        nn_facts_word(facts, "description", text.bytes);
        nn_text_append(&facts->text, "}");
    } else {
        nn_text_append(&facts->text, "\n%s: ", name);
        nn_facts_append_extents(facts, info->dimensions, info->extents);
        nn_text_append(&facts->text, " %s, read as one array (%s)\n", info->type_name, info->layout);
        if (text.length > 0) nn_text_append(&facts->text, "    %s\n", text.bytes);
    }
    facts->text.failed |= text.failed;
    nn_text_free(&text);
}

static nn_status data_add_layout(data_visit *visit, const nn_layouts_array *found)
{
    const nn_store_spec spec = {.dataset = found->name, .members = found->members};
    nn_value_statistics *statistics = NULL;
    nn_store_array *array;
    NN_TRY(nn_store_array_open_as(visit->file, &spec, &array));
    nn_store_info info = *nn_store_array_info(array);
    data_append_layout(visit->facts, found->name, array);
    nn_store_array_close(array);
    if (!visit->facts->proposal) return NN_OK;
    if (info.dimensions == 1 && !found->texts) { /* labels, perhaps */
        nn_status status = nn_value_statistics_read(visit->file, found->name, false, visit->statistics);
        if (status == NN_ERROR_MEMORY) return status;
        if (status == NN_OK) statistics = visit->statistics;
        nn_error_clear();
    }
    if (found->texts) info.type = NN_STORE_TEXT;
    return nn_proposal_add(visit->facts->proposal, nn_store_path(visit->file), found->name, &info, statistics,
                           NULL, found->option, NULL);
}

static nn_status data_add_layouts(data_visit *visit)
{
    nn_facts *facts = visit->facts;
    nn_status status = NN_OK;
    if (facts->json) nn_facts_key(facts, "layouts");
    if (facts->json) nn_text_append(&facts->text, "[");
    for (size_t i = 0; i < visit->layouts.found && status == NN_OK; i++)
        status = data_add_layout(visit, &visit->layouts.arrays[i]);
    if (facts->json) nn_text_append(&facts->text, "]");
    if (status == NN_OK && facts->proposal) status = nn_proposal_add_series(facts->proposal, &visit->layouts);
    return status;
}

nn_status nn_info_append_data(nn_facts *facts, nn_store_file *file)
{
    data_visit visit = {.facts = facts, .file = file};
    NN_TRY(NN_ALLOCATE(&visit.statistics, 1, "the statistics of a dataset"));
    nn_facts_word(facts, "kind", "data");
    nn_facts_bytes(facts, "bytes", nn_info_file_bytes(nn_store_path(file)));
    if (facts->json) {
        nn_facts_key(facts, "datasets");
        nn_text_append(&facts->text, "[");
    }
    nn_status status = nn_layouts_find(file, &visit.layouts);
    if (status == NN_OK) status = nn_store_visit(file, data_visit_one, &visit);
    if (facts->json) nn_text_append(&facts->text, "]");
    if (status == NN_OK) status = data_add_layouts(&visit);
    nn_layouts_release(&visit.layouts);
    nn_free(visit.statistics);
    if (status != NN_OK) nn_text_free(&facts->text);
    NN_TRY(status);
    if (visit.unreadable == 0) return NN_OK;
    NN_FAIL(visit.status, "%zu of the datasets of %s cannot be read; the reason is next to each",
            visit.unreadable, nn_store_path(file));
}

void nn_info_append_section(nn_facts *facts)
{
    nn_text section = {0};
    bool found = nn_proposal_append(facts->proposal, &section);
    if (facts->json)
        nn_facts_word(facts, "section", found ? section.bytes : NULL);
    else if (section.length > 0)
        nn_text_append(&facts->text, "\n%s%s",
                       found ? "as a section of a configuration in this folder:\n\n" : "", section.bytes);
    facts->text.failed |= section.failed;
    nn_text_free(&section);
}
