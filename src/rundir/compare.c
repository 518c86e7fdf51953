/* Whether a checkpoint can continue as this run: the same settings and data, and all of its parts. */
#include "rundir/compare.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/list.h"
#include "base/memory.h"
#include "config/identity.h"
#include "model/checkpoint_names.h"
#include "model/checkpoint_shards.h"
#include "settings/settings.h"
#include "step/carried.h"

/* ---- settings and data ---- */

/* The value of `path` now, or NULL. */
static const char *compare_value(const nn_config *config, const char *path)
{
    const nn_config_value *values;
    size_t count = nn_config_values(config, &values);
    for (size_t i = 0; i < count; i++)
        if (strcmp(values[i].path, path) == 0) return values[i].value;
    return NULL;
}

/* A value as shown in a message; it may be empty. */
static const char *compare_shown(const char *value)
{
    return value[0] ? value : "not set";
}

/* Appends the values that exist now and did not before. */
static void compare_added(const nn_config *config, const char *lines, nn_text *differences)
{
    const nn_config_value *values;
    size_t count = nn_config_values(config, &values);
    for (size_t i = 0; i < count; i++) {
        nn_text wanted = {0};
        nn_text_append(&wanted, "\t%s\t", values[i].path);
        if (values[i].effect == NN_EFFECT_RESULT && wanted.bytes && !strstr(lines, wanted.bytes))
            nn_text_append(differences, "\n  %s: was absent, is now %s", values[i].path,
                           compare_shown(values[i].value));
        nn_text_free(&wanted);
    }
}

/* Appends the saved values that differ now, and those that are new. `lines` is cut to pieces. */
static void compare_differences(const nn_config *config, char *lines, nn_text *differences)
{
    compare_added(config, lines, differences);
    for (char *line = lines, *next; *line; line = next) {
        next = line + strcspn(line, "\n");
        if (*next) *next++ = '\0';
        char *path = strchr(line, '\t'), *value = path ? strchr(path + 1, '\t') : NULL;
        if (!value || atoi(line) != NN_EFFECT_RESULT) continue;
        *value++ = '\0';
        const char *now = compare_value(config, path + 1);
        if (!now || strcmp(now, value) != 0)
            nn_text_append(differences, "\n  %s: was %s, is now %s", path + 1, compare_shown(value),
                           now ? compare_shown(now) : "absent");
    }
}

nn_status nn_checkpoint_run(const nn_checkpoint_parts *parts, uint64_t *run)
{
    nn_text lines = {0};
    nn_config_append_values(parts->config, &lines);
    nn_status status =
        lines.failed ? nn_fail(NN_ERROR_MEMORY, "out of memory for the identity of a run") : NN_OK;
    *run = nn_config_identity(lines.bytes ? lines.bytes : "", parts->data_identity);
    nn_text_free(&lines);
    return status;
}

/* Appends a list that differs now. */
static void compare_list(const char *key, const char *what, const nn_text_list *was, const nn_text_list *is,
                         nn_text *differences)
{
    if (nn_list_equal(was, is)) return;
    nn_text_append(differences, "\n  the %s of %s: were ", what, key);
    nn_list_append(was, differences);
    nn_text_append(differences, "%s, are now ", was->count > 0 ? "" : "without names");
    nn_list_append(is, differences);
    if (is->count == 0) nn_text_append(differences, "without names");
}

/* Compares what the numbers in the data mean: classes, columns, categories. */
static nn_status compare_names(const nn_names_set *names, nn_store_file *file, nn_text *differences)
{
    nn_names_set saved = {0};
    nn_status status = nn_model_get_names(file, &saved);
    for (int i = 0; status == NN_OK && i < names->count; i++) {
        const nn_names *is = &names->items[i], *was = nn_names_set_find(&saved, is->key);
        if (!was) continue;
        compare_list(is->key, "classes", &was->classes, &is->classes, differences);
        compare_list(is->key, "columns", &was->columns, &is->columns, differences);
        for (size_t c = 0; nn_list_equal(&was->columns, &is->columns) && c < is->columns.count; c++) {
            nn_text what = {0};
            nn_text_append(&what, "categories of column '%s'", is->columns.items[c]);
            compare_list(is->key, what.bytes ? what.bytes : "categories",
                         nn_names_categories(was, (int64_t)c), nn_names_categories(is, (int64_t)c),
                         differences);
            nn_text_free(&what);
        }
    }
    nn_names_set_release(&saved);
    return status;
}

/* Appends what has changed in the data. If only the identity differs, and nothing else explains it, the
 * content has changed. */
static nn_status compare_data(const nn_checkpoint_parts *parts, nn_store_file *file, uint64_t identity,
                              nn_text *differences)
{
    char *lines = NULL;
    if (!parts->data_lines) return NN_OK;
    NN_TRY(nn_store_read_text(file, NN_CHECKPOINT_DATA, &lines));
    nn_data_identity_compare(lines, parts->data_lines, differences);
    nn_free(lines);
    if (identity != parts->data_identity && differences->length == 0)
        nn_text_append(differences, "\n  the content of the data");
    return NN_OK;
}

nn_status nn_checkpoint_compare(const nn_checkpoint_parts *parts, nn_store_file *file)
{
    char *lines = NULL;
    int64_t state[NN_KEPT_STATE];
    nn_text differences = {0};
    NN_TRY(nn_store_read_verified(file, NN_KEPT_STATE_NAME, NN_STORE_I64, NN_KEPT_STATE, state));
    NN_TRY(nn_store_read_text(file, "config_values", &lines));
    compare_differences(parts->config, lines, &differences);
    nn_status status = parts->names ? compare_names(parts->names, file, &differences) : NN_OK;
    if (status == NN_OK) status = compare_data(parts, file, (uint64_t)state[2], &differences);
    if (status == NN_OK && differences.failed)
        status = nn_fail(NN_ERROR_MEMORY,
                         "out of memory for comparing the configuration with that of a checkpoint");
    else if (status == NN_OK && differences.length > 0)
        status = nn_fail(NN_ERROR_USAGE,
                         "%s was made with different settings or data, which change the result:%s\nundo the "
                         "change, choose another --run-dir, or start over with --fresh",
                         nn_store_path(file), differences.bytes ? differences.bytes : "");
    nn_text_free(&differences);
    nn_free(lines);
    return status;
}

/* ---- parts ---- */

static nn_status compare_state(const nn_checkpoint_parts *parts, nn_store_file *file)
{
    nn_run_state state = {0};
    char *kernels = NULL;
    nn_status status = nn_checkpoint_get_state(file, parts->stepper->width, parts->bests->count, &state);
    nn_text_free(&state.history);
    if (status == NN_OK) status = nn_store_read_text(file, "@kernels", &kernels);
    nn_free(kernels);
    return status;
}

nn_status nn_checkpoint_compare_fingerprint(const nn_network *network, nn_store_file *file,
                                            const nn_real *weights)
{
    char *noted, found[32];
    NN_TRY(nn_store_read_text(file, "@fingerprint", &noted));
    snprintf(found, sizeof found, "%016" PRIx64, nn_network_fingerprint(network, weights));
    nn_status status = NN_OK;
    if (strcmp(found, noted) != 0)
        status = nn_fail(
            NN_ERROR_CHECKPOINT,
            "%s contains weights with the fingerprint %s, not %s as recorded in it; use another checkpoint",
            nn_store_path(file), found, noted);
    nn_free(noted);
    return status;
}

/* The vectors of state that a shard has, one after another. */
static nn_status compare_states(const nn_stepper *stepper, const nn_model_tensors *tensors,
                                nn_sharded *sharded, const nn_shard *shard, nn_real *values)
{
    for (int s = 0; s < stepper->update->state_count; s++)
        NN_TRY(nn_model_get_shard(stepper->model, tensors, sharded, stepper->update->state_groups[s],
                                  shard->begin, shard->end, values));
    return NN_OK;
}

/* Each shard is read once, and no vector is in memory as a whole but the weights, in their own place. */
static nn_status compare_shards(const nn_checkpoint_parts *parts, const nn_model_tensors *tensors,
                                nn_sharded *sharded)
{
    const nn_stepper *stepper = parts->stepper;
    const nn_sharded_content *content = nn_sharded_content_of(sharded);
    nn_real *weights = nn_checkpoint_weights(parts), *values;
    nn_status status = NN_OK;
    for (int k = 0; status == NN_OK && k < content->shard_count; k++) {
        const nn_shard *shard = &content->shards[k];
        NN_TRY(NN_ALLOCATE_VALUES(stepper->scalar, &values, shard->end - shard->begin,
                                  "verifying a checkpoint"));
        status = nn_model_get_shard(stepper->model, tensors, sharded, "weights", shard->begin, shard->end,
                                    nn_scalar_at(stepper->scalar, weights, (size_t)shard->begin));
        if (status == NN_OK) status = compare_states(stepper, tensors, sharded, shard, values);
        nn_free(values);
    }
    return status;
}

static nn_status compare_sharded(const nn_checkpoint_parts *parts, nn_store_file *file)
{
    const nn_stepper *stepper = parts->stepper;
    nn_model_tensors tensors = {0};
    nn_sharded *sharded = NULL;
    nn_status status;
    NN_TRY_TO(done, status, nn_sharded_open(file, &sharded));
    NN_TRY_TO(done, status, nn_model_list_tensors(stepper->model, &tensors));
    NN_TRY_TO(done, status, nn_model_expect_shards(&tensors, sharded, nn_store_path(file)));
    NN_TRY_TO(done, status, compare_shards(parts, &tensors, sharded));
    status = nn_checkpoint_compare_fingerprint(stepper->model->network, file, nn_checkpoint_weights(parts));
done:
    nn_model_release_tensors(&tensors);
    nn_sharded_close(sharded);
    return status;
}

static nn_status compare_values(const nn_checkpoint_parts *parts, nn_store_file *file)
{
    const nn_stepper *stepper = parts->stepper;
    if (nn_sharded_is(file)) return compare_sharded(parts, file);
    nn_real *values;
    NN_TRY(NN_ALLOCATE_VALUES(stepper->scalar, &values, stepper->model->network->value_count,
                              "verifying a checkpoint"));
    nn_status status = nn_model_get_values(stepper->model, file, "weights", values);
    if (status == NN_OK) status = nn_checkpoint_compare_fingerprint(stepper->model->network, file, values);
    for (int s = 0; status == NN_OK && s < stepper->update->state_count; s++)
        status = nn_model_get_values(stepper->model, file, stepper->update->state_groups[s], values);
    nn_free(values);
    return status;
}

nn_status nn_checkpoint_complete(const nn_checkpoint_parts *parts, nn_store_file *file)
{
    if (!parts->stepper) return NN_OK;
    NN_TRY(compare_state(parts, file));
    NN_TRY(compare_values(parts, file));
    return nn_carried_complete(parts->stepper, file);
}
