/* Opens and closes a data set. */
#include "base/memory.h"
#include "data/arithmetic.h"
#include "data/dataset_internal.h"
#include "data/request.h"

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
        for (int p = 0; p < NN_PARTS; p++) {
            made->sources[p].open_files = &made->open_files;
            made->sources[p].silent = setup->again;
        }
        made->lenient = setup->known && setup->known->lenient;
        for (int t = 0; t < request.target_count; t++) {
            made->targets[t].as_it_is = setup->wanted[t].domain && setup->wanted[t].domain->bounded;
            made->targets[t].counts = setup->wanted[t].counts;
        }
        status = dataset_fill(comm, &request, setup->directory, made, &complete);
        /* A stream keeps open what it will read again. */
        for (int p = 0; p < NN_PARTS && !(complete && made->streams && !describes); p++)
            nn_source_rest(&made->sources[p]);
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
    nn_open_files_release(&dataset->open_files);
    nn_names_set_release(&dataset->names);
    nn_node_memory_release(&dataset->memory);
    nn_node_memory_release(&dataset->split_table);
    nn_free(dataset->folds.samples);
    nn_node_memory_release(&dataset->balance_table);
    for (int p = 0; p < NN_PARTS; p++) {
        nn_node_memory_release(&dataset->lengths[p]);
        nn_node_memory_release(&dataset->weights[p]);
    }
    nn_length_buckets_destroy(dataset->order.buckets);
    nn_text_free(&dataset->identity_lines);
    nn_free(dataset);
}
