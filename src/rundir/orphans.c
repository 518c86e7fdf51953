#include "rundir/orphans.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/list.h"
#include "base/memory.h"
#include "host/files.h"
#include "rundir/manifest.h"
#include "store/sharded.h"

/* What decides; NULL: all go. */
typedef struct orphans_rule {
    nn_manifest manifest;
    int64_t last;
    const int64_t *best_steps;
    int64_t *steps; /* of the checkpoints that exist */
    size_t count;
} orphans_rule;

static bool orphans_is_one(const orphans_rule *rule, const nn_manifest_shard *shard)
{
    if (!rule) return true;
    if (shard->step > rule->last) return false;
    for (int i = 0; i < NN_KEPT_BESTS; i++)
        if (shard->step == rule->best_steps[i]) return false;
    for (size_t i = 0; i < rule->count; i++)
        if (rule->steps[i] == shard->step) return false;
    return !nn_manifest_find_shard(&rule->manifest, shard->step, shard->index, shard->count);
}

static nn_status orphans_remove(const char *run_directory, const orphans_rule *rule)
{
    char path[NN_PATH_SIZE];
    nn_text_list names;
    bool there;
    nn_status status = NN_OK;
    snprintf(path, sizeof path, "%.4000s/" NN_KEPT_FOLDER, run_directory);
    NN_TRY(nn_folder_list(path, &names, &there));
    for (size_t i = 0; i < names.count; i++) {
        nn_manifest_shard shard = {0};
        if (!nn_sharded_is_name(names.items[i], &shard.step, &shard.index, &shard.count)) continue;
        if (!orphans_is_one(rule, &shard)) continue;
        nn_manifest_shard_path(run_directory, &shard, path);
        if (unlink(path) != 0 && errno != ENOENT)
            status = nn_fail(NN_ERROR_IO, "%s: cannot be removed: %s", path, strerror(errno));
    }
    nn_list_release(&names);
    return status;
}

void nn_orphans_remove(const char *run_directory, int64_t last, const int64_t *best_steps)
{
    orphans_rule rule = {.last = last, .best_steps = best_steps};
    bool there;
    for (int i = 0; i < NN_KEPT_BESTS; i++)
        if (best_steps[i] == NN_ORPHANS_UNKNOWN) return;
    nn_status status = nn_manifest_read(run_directory, &rule.manifest, &there);
    if (status == NN_OK && there) status = nn_kept_list(run_directory, &rule.steps, &rule.count);
    if (status == NN_OK && there) status = orphans_remove(run_directory, &rule);
    if (status != NN_OK) nn_error_clear();
    nn_free(rule.steps);
    nn_manifest_release(&rule.manifest);
}

nn_status nn_orphans_remove_all(const char *run_directory)
{
    return orphans_remove(run_directory, NULL);
}
