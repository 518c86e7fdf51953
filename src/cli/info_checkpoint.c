/* A checkpoint: who wrote it, where the run was, and what it holds. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "base/plugins.h"
#include "cli/info.h"
#include "rundir/checkpoint_progress.h"
#include "store/sharded.h"

/* ---- where the run was ---- */

static nn_status checkpoint_append_progress(nn_facts *facts, nn_store_file *file)
{
    nn_checkpoint_progress progress;
    char identity[32];
    int64_t microbatch_size;
    NN_TRY(nn_checkpoint_get_progress(file, &progress));
    NN_TRY(nn_store_read_verified(file, "microbatch_size", NN_STORE_I64, 1, &microbatch_size));
    snprintf(identity, sizeof identity, "%016" PRIx64, progress.data_identity);
    nn_facts_word(facts, "fingerprint", progress.fingerprint);
    nn_facts_integer(facts, "step", progress.step);
    nn_facts_integer(facts, "epochs", progress.epochs);
    nn_facts_word(facts, "ended", progress.ended);
    if (progress.best_epoch > 0) {
        nn_facts_integer(facts, "best_epoch", progress.best_epoch);
        nn_facts_number(facts, "best_value", progress.best_value, facts->json ? 17 : 6);
    }
    nn_facts_integer(facts, "microbatch_size", microbatch_size);
    nn_facts_word(facts, "data_identity", identity);
    return NN_OK;
}

/* ---- what it holds ---- */

#define CHECKPOINT_WEIGHTS "weights/"
#define CHECKPOINT_OPTIMIZER "optimizer/"
#define CHECKPOINT_AVERAGE "average/"

typedef struct checkpoint_visit {
    nn_facts *facts;
    int64_t parameters;
    uint64_t optimizer_bytes, average_bytes;
} checkpoint_visit;

static nn_status checkpoint_visit_one(void *context, const char *name, const nn_store_info *info)
{
    checkpoint_visit *visit = context;
    nn_facts *facts = visit->facts;
    if (strncmp(name, CHECKPOINT_OPTIMIZER, strlen(CHECKPOINT_OPTIMIZER)) == 0)
        visit->optimizer_bytes += info->storage_bytes;
    if (strncmp(name, CHECKPOINT_AVERAGE, strlen(CHECKPOINT_AVERAGE)) == 0)
        visit->average_bytes += info->storage_bytes;
    if (strncmp(name, CHECKPOINT_WEIGHTS, strlen(CHECKPOINT_WEIGHTS)) != 0) return NN_OK;
    const char *tensor = name + strlen(CHECKPOINT_WEIGHTS);
    int64_t count = 1;
    for (int d = 0; d < info->dimensions; d++) count *= info->extents[d];
    visit->parameters += count;
    if (facts->json) {
        nn_facts_entry(facts);
        nn_text_append(&facts->text, "{");
        nn_facts_word(facts, "name", tensor);
        nn_facts_key(facts, "shape");
        nn_facts_append_extents(facts, info->dimensions, info->extents);
        nn_text_append(&facts->text, "}");
    } else {
        nn_text_append(&facts->text, "    %s: ", tensor);
        nn_facts_append_extents(facts, info->dimensions, info->extents);
        nn_text_append(&facts->text, "\n");
    }
    return NN_OK;
}

/* The vectors that are in other files, as the main file lists them. */
static nn_status checkpoint_visit_sharded(checkpoint_visit *visit, nn_store_file *file)
{
    nn_sharded *sharded;
    char *precision = NULL;
    NN_TRY(nn_store_read_text(file, "@precision", &precision));
    size_t width = strcmp(precision, "float64") == 0 ? sizeof(double) : sizeof(float);
    nn_free(precision);
    NN_TRY(nn_sharded_open(file, &sharded));
    const nn_sharded_content *content = nn_sharded_content_of(sharded);
    nn_status status = NN_OK;
    for (int64_t i = 0; status == NN_OK && i < content->group_count * content->tensor_count; i++) {
        const nn_shard_tensor *tensor = &content->tensors[i % content->tensor_count];
        nn_text name = {0};
        nn_store_info info = {.dimensions = tensor->shape.dimensions,
                              .storage_bytes = (uint64_t)nn_shape_count(tensor->shape) * width};
        for (int d = 0; d < info.dimensions; d++) info.extents[d] = tensor->shape.extents[d];
        nn_text_append(&name, "%s/%s", content->groups[i / content->tensor_count], tensor->name);
        status = name.failed ? nn_fail(NN_ERROR_MEMORY, "out of memory for the name of a tensor")
                             : checkpoint_visit_one(visit, name.bytes, &info);
        nn_text_free(&name);
    }
    nn_sharded_close(sharded);
    return status;
}

static nn_status checkpoint_append_shards(nn_facts *facts, nn_store_file *file)
{
    nn_sharded *sharded;
    uint64_t bytes = 0;
    if (!nn_sharded_is(file)) return NN_OK;
    NN_TRY(nn_sharded_open(file, &sharded));
    const nn_sharded_content *content = nn_sharded_content_of(sharded);
    for (int i = 0; i < content->shard_count; i++) bytes += content->shards[i].size;
    nn_facts_integer(facts, "shards", content->shard_count);
    nn_facts_bytes(facts, "shard_bytes", bytes);
    nn_sharded_close(sharded);
    return NN_OK;
}

static nn_status checkpoint_append_weights(nn_facts *facts, nn_store_file *file)
{
    checkpoint_visit visit = {.facts = facts};
    nn_facts_key(facts, "weights");
    nn_text_append(&facts->text, facts->json ? "[" : "\n");
    NN_TRY(nn_store_visit(file, checkpoint_visit_one, &visit));
    if (nn_sharded_is(file)) NN_TRY(checkpoint_visit_sharded(&visit, file));
    if (facts->json) nn_text_append(&facts->text, "]");
    nn_facts_integer(facts, "parameters", visit.parameters);
    nn_facts_bytes(facts, "optimizer_bytes", visit.optimizer_bytes);
    if (visit.average_bytes > 0) nn_facts_bytes(facts, "average_bytes", visit.average_bytes);
    return NN_OK;
}

/* ---- the file ---- */

static nn_status checkpoint_append_text(nn_facts *facts, nn_store_file *file, const char *key,
                                        const char *source)
{
    char *text;
    NN_TRY(nn_store_read_text(file, source, &text));
    if (!facts->json && strchr(text, '\n'))
        nn_text_append(&facts->text, "\n%s:\n%s", key, text);
    else
        nn_facts_word(facts, key, text);
    nn_free(text);
    return NN_OK;
}

/* What computed, and what of that changed during the run. Checkpoints of older versions do not say. */
static nn_status checkpoint_append_machine(nn_facts *facts, nn_store_file *file)
{
    static const char *const texts[][2] = {{"arithmetic", "@machine"},
                                           {"machine", "@machine_about"},
                                           {"machine_changes", "machine/changes"},
                                           {NN_PLUGINS_NAME, NN_PLUGINS_NAME}};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (nn_store_has(file, texts[i][1]))
            NN_TRY(checkpoint_append_text(facts, file, texts[i][0], texts[i][1]));
    return NN_OK;
}

static nn_status checkpoint_append_all(nn_facts *facts, nn_store_file *file, size_t size)
{
    static const char *const attributes[][2] = {{"format", "@format"},
                                                {"version", "@version"},
                                                {"precision", "@precision"},
                                                {"kernels", "@kernels"},
                                                {"data_folder", "@data_folder"}};
    nn_facts_word(facts, "kind", "checkpoint");
    nn_facts_bytes(facts, "bytes", size);
    NN_TRY(checkpoint_append_shards(facts, file));
    for (size_t i = 0; i < sizeof attributes / sizeof *attributes; i++)
        NN_TRY(checkpoint_append_text(facts, file, attributes[i][0], attributes[i][1]));
    NN_TRY(checkpoint_append_machine(facts, file));
    NN_TRY(checkpoint_append_progress(facts, file));
    NN_TRY(checkpoint_append_weights(facts, file));
    return checkpoint_append_text(facts, file, "config", "config");
}

/* What training keeps of a step with NaN or Inf. */
static nn_status checkpoint_append_nonfinite(nn_facts *facts, nn_store_file *file, size_t size)
{
    static const char *const attributes[][2] = {{"format", "@format"},       {"version", "@version"},
                                                {"precision", "@precision"}, {"kernels", "@kernels"},
                                                {"message", "@message"},     {"fingerprint", "@fingerprint"}};
    nn_facts_word(facts, "kind", "nonfinite");
    nn_facts_bytes(facts, "bytes", size);
    for (size_t i = 0; i < sizeof attributes / sizeof *attributes; i++)
        NN_TRY(checkpoint_append_text(facts, file, attributes[i][0], attributes[i][1]));
    NN_TRY(checkpoint_append_weights(facts, file));
    return checkpoint_append_text(facts, file, "config", "config");
}

nn_status nn_info_append_checkpoint(nn_facts *facts, const char *path)
{
    void *bytes = NULL;
    size_t size;
    nn_store_file *file = NULL;
    nn_status status;
    NN_TRY_TO(done, status, nn_store_read_sealed(path, &bytes, &size));
    NN_TRY_TO(done, status, nn_store_open_image(bytes, size, path, &file));
    status = nn_store_has(file, "@message") ? checkpoint_append_nonfinite(facts, file, size)
                                            : checkpoint_append_all(facts, file, size);
done:
    nn_store_close(file);
    nn_free(bytes);
    if (status != NN_OK) nn_text_free(&facts->text);
    return status;
}
