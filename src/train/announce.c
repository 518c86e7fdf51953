#include "train/announce.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/format.h"
#include "base/log.h"
#include "base/memory.h"
#include "tensor/matrix.h"
#include "train/over_samples.h"

/* Bytes of the line that names the classes. */
#define ANNOUNCE_NAMES 120

/* The names, as many as fit on one line. */
static void announce_show_classes(const char *names, int64_t classes)
{
    char line[ANNOUNCE_NAMES];
    snprintf(line, sizeof line, "%s", names);
    for (char *at = line; *at; at++)
        if (*at == '\n') *at = ',';
    nn_log_line("%lld classes: %s%s", (long long)classes, line, strlen(names) >= sizeof line ? " ..." : "");
}

static void announce_show_folds(const nn_dataset *data)
{
    nn_text text = {0};
    nn_dataset_show_folds(data, &text);
    if (text.bytes) nn_log_line("%s", text.bytes);
    nn_text_free(&text);
}

void nn_announce(const nn_run *run, size_t before)
{
    nn_text text = {0};
    char announced[NN_FORMAT_SIZE], shared[NN_FORMAT_SIZE], saving[NN_FORMAT_SIZE];
    nn_model_summary(run->model, &text);
    nn_log_line("%s", text.bytes ? text.bytes : "");
    nn_text_free(&text);
    const nn_plan *plan = &run->plan;
    nn_log_line("%d rank%s x %d thread%s on %d node%s, %s, %s", nn_comm_size(run->comm),
                nn_comm_size(run->comm) > 1 ? "s" : "", run->threads, run->threads > 1 ? "s" : "",
                nn_comm_node_count(run->comm), nn_comm_node_count(run->comm) > 1 ? "s" : "",
                nn_model_precision(run->model), nn_model_kernels(run->model));
    nn_log_line("arithmetic %016" PRIx64 ": %s", run->machine.hash, run->machine.text);
    if (plan->in_place)
        nn_log_line("samples come from the program, up to %lld in a batch, in microbatches of %lld",
                    (long long)plan->batch_size, (long long)plan->microbatch_size);
    else
        nn_log_line("%lld training, %lld validation, %lld test samples; batch %lld in microbatches of %lld; "
                    "%lld steps per epoch, %lld epochs",
                    (long long)nn_dataset_count(run->data, NN_TRAIN),
                    (long long)nn_dataset_count(run->data, NN_VALIDATION),
                    (long long)nn_dataset_count(run->data, NN_TEST), (long long)plan->batch_size,
                    (long long)plan->microbatch_size, (long long)plan->length.steps_per_epoch,
                    (long long)plan->epochs);
    announce_show_folds(run->data);
    for (int h = 0; h < run->model->head_count; h++)
        if (run->model->heads[h].target.class_names)
            announce_show_classes(run->model->heads[h].target.class_names,
                                  run->model->heads[h].target.classes);
    size_t own = nn_memory_in_use() - before + run->stepper->uncounted_bytes;
    if (nn_dataset_streams(run->data))
        nn_log_line("the data is streamed, using up to %.0f MiB per rank", run->settings.data.memory);
    int shards = nn_rundir_shards(&run->directory);
    nn_format_bytes(saving,
                    (double)nn_checkpoint_memory(run->model, run->stepper->update->state_count, shards));
    nn_log_line("memory: %s per rank, %s of data per node; %s needs %s more while saving",
                nn_format_bytes(announced, (double)own),
                nn_format_bytes(shared, (double)nn_dataset_memory(run->data)),
                shards > 0 ? "one rank per node" : "rank 0", saving);
    if (shards > 0)
        nn_log_line("checkpoints: a part per node, %d files next to the one that lists them", shards);
    double together = nn_over_samples_memory(run, nn_comm_size(run->comm));
    if (together > 0)
        nn_log_line("statistics are taken over the batch: all microbatches of a rank are in memory at the "
                    "same time, %s",
                    nn_format_bytes(announced, together));
    if (plan->wire_leaves > 0)
        nn_log_line("wire: bf16: sums of gradients over %lld microbatch%s or more are rounded to bfloat16",
                    (long long)plan->wire_leaves, plan->wire_leaves > 1 ? "es" : "");
    if (run->settings.training.allreduce == NN_REDUCE_MPI)
        nn_log_line("allreduce: mpi is not bit-reproducible: results depend on the number of ranks and on "
                    "MPI's algorithms");
}
