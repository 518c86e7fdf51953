/* A data set: opening, closing, and what is known of it. */
#include "data/dataset.h"

#include "base/memory.h"
#include "data/arithmetic.h"
#include "data/dataset_internal.h"
#include "data/request.h"

/* ---- opening ---- */

/* Completes the data set once the contents of the files are known. */
static nn_status dataset_finish(nn_comm *comm, const nn_data_request *request, const nn_problems *problems,
                                nn_dataset *dataset)
{
    bool describes = dataset->describes;
    NN_TRY(nn_comm_agree(comm, nn_fields_describe(dataset, request)));
    NN_TRY(nn_comm_agree(comm, nn_data_check_augment(dataset)));
    if (!describes && !dataset->lenient) NN_TRY(nn_identity_hash(comm, dataset));
    NN_TRY(nn_per_sample_load(comm, dataset));
    bool counts = !describes || nn_describe_counts_labels(dataset);
    if (counts) NN_TRY(nn_prior_measure(comm, dataset, problems));
    if (describes) nn_describe_prior(dataset);
    nn_dataset_make_order(dataset);
    if (request->options->balanced && dataset->parts[NN_TRAIN].count > 0)
        NN_TRY(nn_balance_create(comm, dataset));
    return NN_OK;
}

/* *complete: whether the data set can be used; a described one may be usable in spite of problems. */
static nn_status dataset_fill(nn_comm *comm, nn_data_request *request, const char *directory,
                              nn_dataset *dataset, bool *complete)
{
    nn_problems problems = {0};
    nn_classes_know(request);
    nn_status status = nn_dataset_read(comm, request, directory, dataset, &problems);
    *complete = status == NN_OK || (dataset->describes && nn_describe_suffices(dataset));
    if (*complete) {
        nn_status rest = dataset_finish(comm, request, &problems, dataset);
        *complete = rest == NN_OK;
        if (dataset->describes) {
            nn_problems_collect(&problems, rest);
            rest = nn_problems_report(comm, &problems);
        }
        status = rest;
    }
    nn_problems_release(&problems);
    return status;
}

static nn_status dataset_make(nn_comm *comm, const nn_data_options *options, const nn_dataset_setup *setup,
                              bool describes, nn_dataset **dataset)
{
    nn_dataset *made;
    nn_data_request request = {.options = options,
                               .known = setup->known,
                               .wanted = setup->wanted,
                               .target_count = setup->wanted_count};
    bool complete = false;
    *dataset = NULL;
    if (request.target_count > NN_DATA_FIELDS)
        NN_FAIL(NN_ERROR_USAGE, "losses: there are more than %d targets", NN_DATA_FIELDS);
    nn_status status = nn_comm_agree(comm, NN_ALLOCATE(&made, 1, "a data set"));
    if (status == NN_OK) {
        made->scalar = setup->scalar;
        made->arithmetic = nn_data_arithmetic_of(setup->scalar);
        made->seed = setup->seed;
        made->options = options;
        made->describes = describes;
        made->lenient = setup->known && setup->known->lenient;
        for (int t = 0; t < request.target_count; t++) {
            made->targets[t].as_it_is = setup->wanted[t].domain && setup->wanted[t].domain->bounded;
            made->targets[t].counts = setup->wanted[t].counts;
        }
        status = dataset_fill(comm, &request, setup->directory, made, &complete);
        for (int p = 0; p < NN_PARTS; p++) nn_source_rest(&made->sources[p]);
        for (int v = 0; v < NN_DATA_FIELDS; v++) nn_statistics_release(&request.statistics[v]);
    }
    if (complete)
        *dataset = made;
    else
        nn_dataset_close(made);
    return status;
}

nn_status nn_dataset_open(nn_comm *comm, const nn_data_options *options, const nn_dataset_setup *setup,
                          nn_dataset **dataset)
{
    return dataset_make(comm, options, setup, false, dataset);
}

nn_status nn_dataset_describe(nn_comm *comm, const nn_data_options *options, const nn_dataset_setup *setup,
                              nn_dataset **dataset)
{
    return dataset_make(comm, options, setup, true, dataset);
}

void nn_dataset_close(nn_dataset *dataset)
{
    if (!dataset) return;
    for (int p = 0; p < NN_PARTS; p++) {
        nn_feed_destroy(dataset->feeds[p]);
        nn_samples_release(&dataset->parts[p]);
    }
    for (int v = 0; v < NN_DATA_FIELDS; v++) {
        nn_view_release(&dataset->views[v]);
        nn_free(dataset->index_names[v]);
    }
    nn_free(dataset->input_scaling.scale);
    nn_free(dataset->input_scaling.offset);
    nn_free(dataset->input.parts);
    for (int t = 0; t < NN_DATA_FIELDS; t++) {
        nn_data_target *target = &dataset->targets[t];
        nn_free(target->scaling.scale);
        nn_free(target->scaling.offset);
        nn_free(target->field.seen);
        nn_free(target->field.class_names);
        nn_free(target->prior);
        nn_free(target->weighted);
    }
    nn_sources_destroy(dataset->sources);
    nn_names_set_release(&dataset->names);
    nn_node_memory_release(&dataset->memory);
    nn_node_memory_release(&dataset->split_table);
    nn_node_memory_release(&dataset->balance_table);
    for (int p = 0; p < NN_PARTS; p++) {
        nn_node_memory_release(&dataset->lengths[p]);
        nn_node_memory_release(&dataset->weights[p]);
    }
    nn_length_buckets_destroy(dataset->order.buckets);
    nn_text_free(&dataset->identity_lines);
    nn_free(dataset);
}

const nn_field *nn_dataset_input(const nn_dataset *dataset)
{
    return &dataset->input;
}

int nn_dataset_target_count(const nn_dataset *dataset)
{
    return dataset->target_count;
}

const nn_field *nn_dataset_target(const nn_dataset *dataset, int target)
{
    return &dataset->targets[target].field;
}

const nn_scaling *nn_dataset_input_scaling(const nn_dataset *dataset)
{
    return &dataset->input_scaling;
}

const nn_scaling *nn_dataset_target_scaling(const nn_dataset *dataset, int target)
{
    return &dataset->targets[target].scaling;
}

const nn_names_set *nn_dataset_names(const nn_dataset *dataset)
{
    return &dataset->names;
}

int64_t nn_dataset_count(const nn_dataset *dataset, nn_part part)
{
    return dataset->parts[part].count;
}

size_t nn_dataset_stored(const nn_dataset *dataset)
{
    return nn_node_memory_wanted(dataset->sources);
}

size_t nn_dataset_memory(const nn_dataset *dataset)
{
    size_t bytes = dataset->memory.on_node + dataset->split_table.on_node + dataset->balance_table.on_node;
    for (int p = 0; p < NN_PARTS; p++) bytes += dataset->lengths[p].on_node + dataset->weights[p].on_node;
    return bytes;
}

/* ---- streams ---- */

bool nn_dataset_streams(const nn_dataset *dataset)
{
    return dataset->streams;
}

nn_status nn_dataset_follow(nn_dataset *dataset, nn_part part, nn_data_schedule schedule, const void *context,
                            int64_t first, int64_t depth, bool inputs)
{
    if (!dataset->streams || dataset->describes) return NN_OK;
    nn_dataset_unfollow(dataset, part);
    return nn_feed_create(dataset, part, schedule, context, first, depth, inputs, &dataset->feeds[part]);
}

void nn_dataset_release(nn_dataset *dataset, nn_part part, int64_t index)
{
    if (dataset->feeds[part]) nn_feed_release(dataset->feeds[part], index);
}

void nn_dataset_unfollow(nn_dataset *dataset, nn_part part)
{
    nn_feed_destroy(dataset->feeds[part]);
    dataset->feeds[part] = NULL;
}

nn_status nn_dataset_status(nn_dataset *dataset, nn_part part)
{
    return dataset->feeds[part] ? nn_feed_status(dataset->feeds[part]) : NN_OK;
}

double nn_dataset_waited(const nn_dataset *dataset, nn_part part)
{
    return dataset->feeds[part] ? nn_feed_waited(dataset->feeds[part]) : 0;
}
