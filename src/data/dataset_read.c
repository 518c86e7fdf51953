/* Opens a data set step by step; all ranks agree after each step. */
#include <string.h>

#include "base/format.h"
#include "base/log.h"
#include "data/dataset_internal.h"
#include "data/encodings.h"
#include "data/naming.h"
#include "data/request.h"
#include "data/stretches.h"

/* Makes room for a sample of any part: element types may differ. */
static void dataset_widen_view(const nn_dataset *dataset, nn_view *view)
{
    for (int p = 0; p < NN_PARTS; p++) {
        const nn_array *array = &dataset->sources[p].arrays[view->array];
        size_t size = dataset->sources[p].given && array->sound ? (size_t)view->rows * array->row_size : 0;
        if (size > view->raw_size) view->raw_size = size;
    }
}

static void dataset_find_first(nn_dataset *dataset)
{
    nn_source *first = dataset->sources;
    while (first < dataset->sources + NN_PARTS && !first->given) first++;
    if (first < dataset->sources + NN_PARTS) dataset->first = first;
}

/* Makes the views of all fields, each from the first part in which the field can be read. */
static void dataset_make_views(nn_dataset *dataset, nn_problems *problems)
{
    const nn_source *first = dataset->first;
    if (!first) return;
    dataset->view_count = first->fields;
    for (int v = 0; v < dataset->view_count; v++) {
        /* Even a field that cannot be read is an input or a target. */
        dataset->views[v] = (nn_view){.array = v, .input = v < first->inputs};
        for (int p = 0; p < NN_PARTS; p++) {
            nn_source *source = &dataset->sources[p];
            if (!source->given || source->fields != first->fields || !source->arrays[v].sound) continue;
            nn_problems_collect(problems, nn_view_create(source, v, dataset->options, &dataset->views[v]));
            break;
        }
        dataset_widen_view(dataset, &dataset->views[v]);
    }
}

/* Sequence lengths apply to inputs and targets with as many steps as the first input, unless their layout
 * makes these values features. */
static void dataset_find_steps(nn_dataset *dataset)
{
    bool given = false;
    for (int p = 0; p < NN_PARTS; p++) given |= dataset->sources[p].arrays[NN_DATA_LENGTH].given;
    int64_t steps = given && dataset->view_count > 0 ? dataset->views[0].shape.extents[0] : 0;
    for (int v = 0; v < dataset->view_count && steps > 0; v++) {
        nn_view *view = &dataset->views[v];
        const char *layout = nn_source_field_options(dataset->options, dataset->first, v)->layout;
        bool features = layout && strchr(layout, 'F') && !strchr(layout, 'T');
        if (view->shape.extents[0] == steps && !features) view->steps = steps;
    }
}

/* Assigns views to targets, and positions to their values. */
static void dataset_place_views(nn_dataset *dataset, const nn_data_request *request)
{
    dataset->target_count = request->target_count;
    dataset_find_steps(dataset);
    for (int v = 0; v < dataset->view_count; v++) {
        nn_view *view = &dataset->views[v];
        int in_targets = v - dataset->first->inputs;
        view->target = view->input ? -1 : request->target_count == 1 ? 0 : in_targets;
        nn_data_target *target = view->input ? NULL : &dataset->targets[view->target];
        int64_t *values = view->input                     ? &dataset->input_values
                          : request->labels[view->target] ? &dataset->label_values
                                                          : &dataset->target_values;
        view->begin = *values;
        *values += view->values;
        if (target && target->view_count++ == 0) {
            target->first_view = v;
            target->field.begin = view->begin;
        }
        if (target) target->values += view->values;
        dataset->raw_offsets[v] = dataset->raw_size;
        dataset->raw_size += (view->raw_size + 7) / 8 * 8;
    }
}

/* Sets the values that losses accept, for targets whose normalisation is not measured. */
static void dataset_make_ranges(nn_dataset *dataset, const nn_data_request *request)
{
    for (int v = dataset->first ? dataset->first->inputs : 0; v < dataset->view_count; v++) {
        nn_view *view = &dataset->views[v];
        const nn_target_wanted *wanted = &request->wanted[view->target];
        const nn_data_field_options *field = nn_source_field_options(dataset->options, dataset->first, v);
        const nn_known_target *known = request->known ? request->known->targets : NULL;
        bool bounded = wanted->domain && wanted->domain->bounded;
        double scale = field->scale == 0 ? 1 : field->scale;
        if (request->labels[view->target] || view->values == 0) continue;
        if (!bounded && (known || field->normalize != NN_NORMALIZE_NONE)) continue;
        view->taken = nn_taken_make(dataset->scalar, wanted->domain, wanted->loss, scale, field->offset,
                                    dataset->targets[view->target].view_count > 1
                                        ? 0
                                        : view->shape.extents[view->shape.dimensions - 1]);
    }
}

void nn_dataset_lay_out(nn_dataset *dataset, nn_data_request *request, nn_problems *problems)
{
    dataset_make_views(dataset, problems);
    dataset_place_views(dataset, request);
    dataset_make_ranges(dataset, request);
    for (int v = 0; v < dataset->view_count; v++)
        nn_problems_collect(problems, nn_classes_name(dataset, request, v));
    nn_problems_collect(problems, nn_encodings_make(dataset, request));
}

static nn_status dataset_choose_cache(nn_comm *comm, nn_dataset *dataset)
{
    bool fits = true;
    char bytes[NN_FORMAT_SIZE];
    size_t size = nn_node_memory_wanted(dataset->sources);
    int cache = dataset->options->cache;
    if (cache == NN_CACHE_AUTO) NN_TRY(nn_node_memory_fits(comm, size, &fits));
    dataset->streams = cache == NN_CACHE_STREAM || !fits || dataset->lenient;
    dataset->looks = (!dataset->streams || dataset->options->check == NN_CHECK_ALL) && !dataset->lenient;
    if (!fits && !dataset->lenient)
        nn_log_line("the data, %s, is streamed: it needs more than half of the memory available on a node",
                    nn_format_bytes(bytes, (double)size));
    return NN_OK;
}

static bool dataset_drops(const nn_dataset *dataset)
{
    bool drops = dataset->options->on_bad_sample == NN_BAD_SKIP;
    for (int v = 0; v < dataset->view_count; v++) drops |= dataset->views[v].missing == NN_MISSING_DROP;
    return drops;
}

static nn_status dataset_skip(nn_comm *comm, nn_dataset *dataset)
{
    for (int p = 0; p < NN_PARTS && dataset_drops(dataset); p++) {
        nn_source *source = &dataset->sources[p];
        if (!source->given) continue;
        NN_TRY(nn_scan_bad_rows(comm, dataset, (nn_part)p));
        if (source->bad_count == source->rows)
            NN_FAIL(NN_ERROR_DATA, "data.%s: all %lld samples are bad: repair the data", nn_part_names[p],
                    (long long)source->rows);
        if (source->bad_count > 0)
            nn_log_warning(
                "data.%s: %lld of %lld %s are skipped: %s; the first %s %lld", nn_part_names[p],
                (long long)source->bad_count, (long long)source->rows,
                source->bad_windows ? "window starts" : "samples",
                source->skips ? "they contain NaN or Inf, have no valid class, lack values, or cannot be read"
                              : "they have missing values",
                source->bad_windows ? "is row" : "is sample", (long long)source->bad[0]);
    }
    return NN_OK;
}

static int dataset_first_part(const nn_dataset *dataset)
{
    return (int)(dataset->first - dataset->sources);
}

static void dataset_compare_ranges(const nn_dataset *dataset)
{
    for (int p = NN_TRAIN + 1; p < NN_PARTS; p++)
        for (int v = 0; dataset->sources[p].given && v < dataset->view_count; v++)
            nn_range_warn(&dataset->sources[p].arrays[dataset->views[v].array], &dataset->ranges[NN_TRAIN][v],
                          &dataset->ranges[p][v]);
}

static nn_status dataset_scan(nn_comm *comm, nn_dataset *dataset, nn_data_request *request, bool measures,
                              nn_problems *problems)
{
    int views = dataset->view_count;
    int64_t all[NN_DATA_FIELDS];
    nn_data_leave_out(dataset, request);
    for (int v = 0; v < views; v++) all[v] = -1;
    if (dataset->describes) NN_TRY(nn_describe_labels(comm, dataset, all, problems));
    if (dataset->describes) NN_TRY(nn_describe_gaps(comm, dataset, problems));
    for (int p = 0; p < NN_PARTS && !dataset->describes; p++) {
        nn_statistics *statistics = p == NN_TRAIN && measures ? request->statistics : NULL;
        int64_t largest[NN_DATA_FIELDS];
        for (int v = 0; v < views; v++) largest[v] = -1;
        NN_TRY(nn_scan_part(comm, dataset, (nn_part)p, statistics, largest, problems));
        for (int v = 0; v < views; v++) {
            bool label = !dataset->views[v].input && dataset->first->arrays[v].label;
            if (label && dataset->parts[p].count > 0 && largest[v] > all[v])
                nn_problems_collect(problems, nn_classes_check(dataset, request, p, v, largest[v]));
            if (largest[v] > all[v]) all[v] = largest[v];
        }
    }
    dataset_compare_ranges(dataset);
    for (int v = 0; v < views; v++) {
        const nn_view *view = &dataset->views[v];
        bool label = !view->input && dataset->first->arrays[v].label;
        if (dataset->describes && label)
            nn_problems_collect(problems,
                                nn_classes_check(dataset, request, dataset_first_part(dataset), v, all[v]));
        if (view->index && request->indices[v] == 0) request->indices[v] = all[v] + 1;
        if (view->input || !request->labels[view->target]) continue;
        nn_problems_collect(problems, nn_classes_count(dataset, v, all[v], &request->classes[view->target]));
    }
    return NN_OK;
}

/* Applies what a lenient data set tolerates. */
static void dataset_apply_lenience(const nn_data_request *request, nn_source *sources)
{
    const nn_data_known *known = request->known;
    for (int p = 0; p < NN_PARTS && known; p++) {
        nn_source *source = &sources[p];
        if (!source->listed) continue;
        source->lenient = known->lenient;
        source->skips |= known->lenient;
        for (int t = 0; t < request->target_count && known->targets; t++)
            if (known->targets[t].absent)
                nn_source_describe_absent(source, source->inputs + t, known->targets[t].absent);
    }
}

/* What can be said of the files without reading samples. */
static void dataset_look(nn_data_request *request, const char *directory, nn_dataset *dataset,
                         nn_problems *problems)
{
    nn_source *sources = dataset->sources;
    nn_problems_collect(problems, nn_data_check_train(request));
    nn_sources_list(request->options, directory, request->wanted, request->target_count, sources, problems);
    dataset_apply_lenience(request, sources);
    nn_sources_find_members(request->options, sources, problems);
    nn_sources_pad(request->options, request->known ? request->known->steps : 0, sources, problems);
    nn_targets_recognise(request, sources);
    nn_sources_look(request->options, sources, problems);
    dataset_find_first(dataset);
    nn_naming_settle(dataset, request, problems);
    for (int p = 0; p < NN_PARTS; p++)
        if (sources[p].given)
            nn_problems_collect(problems, nn_stretches_find(request->options, &sources[p], p));
}

/* Rank 0 looks for all. From now on every rank has the same problems. */
static nn_status dataset_look_once(nn_comm *comm, nn_data_request *request, const char *directory,
                                   nn_dataset *dataset, nn_problems *problems)
{
    nn_problems_of_reader(comm, problems);
    if (nn_comm_rank(comm) == 0) dataset_look(request, directory, dataset, problems);
    NN_TRY(nn_problems_share(comm, problems));
    NN_TRY(nn_sources_share(comm, request, dataset));
    dataset_find_first(dataset);
    const char *stage = request->options->stage;
    if (!stage || dataset->describes || problems->status != NN_OK) return NN_OK;
    for (int p = 0; p < NN_PARTS; p++) nn_source_rest(&dataset->sources[p]);
    return nn_sources_stage(comm, stage, dataset->sources);
}

/* All problems are reported at once: whatever can be read is checked, even if a part is lost. */
nn_status nn_dataset_read(nn_comm *comm, nn_data_request *request, const char *directory, nn_dataset *dataset,
                          nn_problems *problems)
{
    const nn_data_options *options = request->options;
    nn_source *sources = dataset->sources;
    NN_TRY(dataset_look_once(comm, request, directory, dataset, problems));
    nn_sources_compare(sources, problems);
    for (int p = 0; p < NN_PARTS; p++) nn_source_tell_packing(&sources[p]);
    nn_data_check_fields(request, &sources[NN_TRAIN], problems);
    nn_split_check(options, sources, problems);
    nn_dataset_lay_out(dataset, request, problems);
    NN_TRY(dataset_choose_cache(comm, dataset));
    if (!dataset->streams && dataset->describes) dataset->memory.on_node = nn_node_memory_wanted(sources);
    if (!dataset->streams && !dataset->describes)
        NN_TRY(nn_node_memory_load(comm, sources, &dataset->memory));
    /* One rank alone may be out of memory, but what follows is collective. */
    int64_t lost = problems->status != NN_OK;
    NN_TRY(nn_comm_maximum(comm, &lost, 1));
    if (!lost) {
        if (!dataset->describes && !dataset->lenient) NN_TRY(dataset_skip(comm, dataset));
        NN_TRY(dataset->describes ? nn_describe_split(comm, dataset)
                                  : nn_split_parts(comm, options, sources, &dataset->split_table,
                                                   dataset->parts, &dataset->folds));
        for (int p = 0; p < NN_PARTS; p++) nn_stretches_tell(options, &sources[p], p);
        NN_TRY(nn_comm_agree(comm, nn_fields_statistics(dataset, request)));
    } else {
        nn_status whole = nn_split_whole(options, sources, dataset->parts);
        NN_TRY(nn_comm_agree(comm, whole == NN_ERROR_MEMORY ? whole : NN_OK));
        nn_problems_collect(problems, whole);
    }
    NN_TRY(dataset_scan(comm, dataset, request, !lost, problems));
    return nn_problems_report(comm, problems);
}
