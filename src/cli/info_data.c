/* An HDF5 file of data: each of its datasets. */

#include "base/memory.h"
#include "cli/info.h"

/* Shown to people; programs get all. */
#define DATA_CLASSES_SHOWN 20

typedef struct data_visit {
    nn_facts *facts;
    nn_store_file *file;
    nn_info_statistics *statistics;
    nn_status status; /* of the first dataset that cannot be read */
    size_t unreadable;
} data_visit;

static int data_digits(const nn_facts *facts, const nn_store_info *info)
{
    if (nn_store_type_is_integer(info->type)) return 17;
    return !facts->json ? 6 : info->type == NN_STORE_F32 ? 9 : 17;
}

/* ---- for programs ---- */

static void data_append_classes_json(nn_facts *facts, const nn_info_statistics *statistics)
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

static void data_append_json(nn_facts *facts, const char *name, const nn_store_info *info,
                             const nn_info_statistics *statistics, const char *problem)
{
    nn_facts_entry(facts);
    nn_text_append(&facts->text, "{");
    nn_facts_word(facts, "name", name);
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
    nn_facts_word(facts, "problem", problem);
    if (statistics->measured) {
        nn_facts_number(facts, "minimum", statistics->minimum, data_digits(facts, info));
        nn_facts_number(facts, "maximum", statistics->maximum, data_digits(facts, info));
        nn_facts_integer(facts, "nan", statistics->nans);
        nn_facts_integer(facts, "infinite", statistics->infinities);
        if (statistics->class_count > 0) data_append_classes_json(facts, statistics);
    }
    nn_text_append(&facts->text, "}");
}

/* ---- for people ---- */

static void data_append_classes(nn_text *text, const nn_info_statistics *statistics)
{
    size_t count = statistics->class_count, shown = count < DATA_CLASSES_SHOWN ? count : DATA_CLASSES_SHOWN;
    nn_text_append(text, "    %zu distinct values:", count);
    for (size_t i = 0; i < shown; i++)
        nn_text_append(text, "%s %.17g (%lld)", i > 0 ? "," : "", statistics->classes[i].label,
                       (long long)statistics->classes[i].count);
    if (shown < count) nn_text_append(text, " and %zu more", count - shown);
    nn_text_append(text, "\n");
}

static void data_append_values(nn_facts *facts, const nn_store_info *info,
                               const nn_info_statistics *statistics)
{
    nn_text *text = &facts->text;
    int digits = data_digits(facts, info);
    if (!statistics->measured && statistics->count > 0 && nn_store_type_size(info->type) > 0)
        nn_text_append(text, "    too many values to read them all here\n");
    if (!statistics->measured) return;
    if (statistics->minimum <= statistics->maximum)
        nn_text_append(text, "    %.*g to %.*g", digits, statistics->minimum, digits, statistics->maximum);
    else
        nn_text_append(text, "    no finite value");
    if (statistics->nans + statistics->infinities > 0)
        nn_text_append(text, ", %lld NaN, %lld Inf", (long long)statistics->nans,
                       (long long)statistics->infinities);
    else if (!nn_store_type_is_integer(info->type))
        nn_text_append(text, ", no NaN or Inf");
    nn_text_append(text, "\n");
    if (statistics->class_count > 0) data_append_classes(text, statistics);
}

static void data_append_lines(nn_facts *facts, const char *name, const nn_store_info *info,
                              const nn_info_statistics *statistics, const char *problem)
{
    char bytes[NN_FORMAT_SIZE];
    nn_text *text = &facts->text;
    nn_text_append(text, "\n%s: ", name);
    nn_facts_append_extents(facts, info->dimensions, info->extents);
    nn_text_append(text, " %s", info->type_name);
    if (info->chunked) {
        nn_text_append(text, ", chunks ");
        nn_facts_append_extents(facts, info->dimensions, info->chunk);
    }
    nn_text_append(text, "%s%s, %s\n", info->filters[0] ? ", " : "", info->filters,
                   nn_format_bytes(bytes, (double)info->storage_bytes));
    if (problem)
        nn_text_append(text, "    cannot be read: %s\n", problem);
    else
        data_append_values(facts, info, statistics);
}

/* ---- the file ---- */

/* One that cannot be read does not hide the others. */
static nn_status data_visit_one(void *context, const char *name, const nn_store_info *info)
{
    data_visit *visit = context;
    nn_status status = nn_info_measure(visit->file, name, visit->statistics);
    if (status == NN_ERROR_MEMORY) return status;
    if (status != NN_OK && visit->unreadable++ == 0) visit->status = status;
    const char *problem = status == NN_OK ? NULL : nn_error_text();
    if (visit->facts->json)
        data_append_json(visit->facts, name, info, visit->statistics, problem);
    else
        data_append_lines(visit->facts, name, info, visit->statistics, problem);
    return NN_OK;
}

nn_status nn_info_append_data(nn_facts *facts, nn_store_file *file)
{
    data_visit visit = {.facts = facts, .file = file};
    NN_TRY(NN_ALLOCATE(&visit.statistics, 1, "the figures of a dataset"));
    nn_facts_word(facts, "kind", "data");
    nn_facts_bytes(facts, "bytes", nn_info_file_bytes(nn_store_path(file)));
    if (facts->json) {
        nn_facts_key(facts, "datasets");
        nn_text_append(&facts->text, "[");
    }
    nn_status status = nn_store_visit(file, data_visit_one, &visit);
    if (facts->json) nn_text_append(&facts->text, "]");
    nn_free(visit.statistics);
    if (status != NN_OK) nn_text_free(&facts->text);
    NN_TRY(status);
    if (visit.unreadable == 0) return NN_OK;
    NN_FAIL(visit.status, "%zu of the datasets of %s cannot be read; the reason stands beside each",
            visit.unreadable, nn_store_path(file));
}
