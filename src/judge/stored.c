#include "judge/stored.h"

#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/hash.h"
#include "base/memory.h"
#include "host/files.h"
#include "nntrain/nntrain.h"
#include "rundir/manifest.h"

/* What precedes and follows the checksum, which is of all bytes before this. */
#define FILE_SEAL ",\"checksum\":\""
#define FILE_END "\"}}\n"
#define FILE_DIGITS 16
#define FILE_LARGEST ((size_t)1 << 30)

/* ---- writing ---- */

void nn_judge_begin(const nn_judge_origin *origin, nn_text *text)
{
    nn_text_append(text, "{\"format\":\"" NN_JUDGE_FORMAT "\",\n\"version\":");
    nn_text_append_json(text, nn_version());
    if (origin->run != 0) nn_text_append(text, ",\n\"run\":\"%016" PRIx64 "\"", origin->run);
    nn_text_append(text, ",\n\"fingerprint\":\"%s\",\n\"weights\":", origin->fingerprint);
    nn_text_append_json(text, origin->weights);
    for (size_t i = 0; origin->files && i < origin->files->count; i++) {
        nn_text_append(text, i == 0 ? ",\n\"files\":[" : ",");
        nn_text_append_json(text, origin->files->items[i]);
        if (i + 1 == origin->files->count) nn_text_append(text, "]");
    }
    if (origin->epoch >= 0) nn_text_append(text, ",\n\"epoch\":%" PRId64, origin->epoch);
    nn_text_append(text, ",\n\"step\":%" PRId64 ",\n\"data\":\"%016" PRIx64 "\"", origin->step, origin->data);
}

void nn_judge_append_part(const nn_judgement *judgement, bool first, nn_text *text)
{
    if (first) {
        nn_text_append(text, ",\n\"part\":");
        nn_text_append_json(text, judgement->part);
        nn_text_append(text, ",\n\"parts\":{");
    } else {
        nn_text_append(text, ",");
    }
    nn_text_append(text, "\n");
    nn_text_append_json(text, judgement->part);
    nn_text_append(text, ":");
    nn_judge_append_json(judgement, text);
}

void nn_judge_end(const char *validation, const nn_judge_time *facts, nn_text *text)
{
    char when[32] = "";
    time_t now = time(NULL);
    struct tm utc;
    if (gmtime_r(&now, &utc)) strftime(when, sizeof when, "%Y-%m-%dT%H:%M:%SZ", &utc);
    nn_text_append(text, "}");
    if (validation) nn_text_append(text, ",\n\"validation\":%s", validation);
    nn_text_append(text, ",\n\"time\":{\"written\":\"%s\",\"seconds\":%.3f,\"ranks\":%d,\"threads\":%d", when,
                   facts->seconds, facts->ranks, facts->threads);
    uint64_t hash = text->bytes ? nn_hash(text->bytes, text->length, 0) : 0;
    nn_text_append(text, FILE_SEAL "%016" PRIx64 FILE_END, hash);
}

static void file_path(const char *run_directory, char path[NN_PATH_SIZE])
{
    snprintf(path, NN_PATH_SIZE, "%.4000s/" NN_KEPT_RESULTS, run_directory);
}

nn_status nn_stored_write(const char *run_directory, const nn_text *document)
{
    char path[NN_PATH_SIZE];
    if (document->failed) NN_FAIL(NN_ERROR_MEMORY, "out of memory for the results");
    file_path(run_directory, path);
    return nn_store_commit(path, document->bytes, document->length);
}

/* ---- reading ---- */

/* Whether the file ends as it was written, and the checksum is that of what precedes it. */
static bool file_is_whole(const char *text, size_t size)
{
    static const size_t seal = sizeof FILE_SEAL - 1, end = sizeof FILE_END - 1;
    char digits[FILE_DIGITS + 1];
    if (size < seal + FILE_DIGITS + end) return false;
    size_t sealed = size - end - FILE_DIGITS - seal;
    snprintf(digits, sizeof digits, "%016" PRIx64, nn_hash(text, sealed, 0));
    return memcmp(text + sealed, FILE_SEAL, seal) == 0 &&
           memcmp(text + sealed + seal, digits, FILE_DIGITS) == 0 &&
           memcmp(text + size - end, FILE_END, end) == 0;
}

static const char *file_word(const nn_stored_results *results, const char *key)
{
    const char *word = nn_config_text(nn_config_get(nn_config_root(results->document), key));
    return word ? word : "";
}

static void file_set(nn_stored_results *results, nn_stored_state state, const char *format, ...)
    NN_PRINTF(3, 4);
static void file_set(nn_stored_results *results, nn_stored_state state, const char *format, ...)
{
    va_list arguments;
    results->state = state;
    va_start(arguments, format);
    vsnprintf(results->words, sizeof results->words, format, arguments);
    va_end(arguments);
}

/* Compares an intact file with what it must be of. */
static void file_compare(const nn_stored_expected *expected, nn_stored_results *results)
{
    char run[FILE_DIGITS + 1];
    const char *fingerprint = file_word(results, "fingerprint");
    bool best = strcmp(file_word(results, "weights"), "best") == 0;
    const char *now = best ? expected->best : expected->last;
    long long epoch = atoll(file_word(results, "epoch"));
    snprintf(run, sizeof run, "%016" PRIx64, expected->run);
    if (expected->run != 0 && strcmp(file_word(results, "run"), run) != 0)
        file_set(results, NN_STORED_OTHER_RUN,
                 "of another run, whose configuration, seed or data differ: run the same command again, or "
                 "evaluate with nntrain eval");
    else if (best && expected->best_epoch >= 0 && epoch != expected->best_epoch)
        file_set(
            results, NN_STORED_OUTDATED,
            "outdated: of epoch %lld, but the best weights are now of epoch %lld; it is written again at the "
            "end of the run",
            epoch, (long long)expected->best_epoch);
    else if (now && strcmp(fingerprint, now) != 0)
        file_set(
            results, NN_STORED_OUTDATED,
            "outdated: of weights %.40s, but those of the run are now %s; it is written again at the end of "
            "the run",
            fingerprint, now);
    else
        file_set(results, NN_STORED_INTACT, "intact");
}

nn_status nn_stored_read(const char *run_directory, const nn_stored_expected *expected,
                         nn_stored_results *results)
{
    char path[NN_PATH_SIZE];
    bool there;
    void *bytes = NULL;
    size_t size = 0;
    *results = (nn_stored_results){0};
    file_path(run_directory, path);
    NN_TRY(nn_file_exists(path, &there));
    if (!there) {
        file_set(results, NN_STORED_MISSING, "missing: %s",
                 expected->in_place     ? "the program that trains in place evaluates, too"
                 : expected->ended > 0  ? "the run has ended, but is of an earlier version, or the file was "
                                          "removed; run the same command again to write it"
                 : expected->ended == 0 ? "the run has not been trained to its end, where it is written"
                                        : "the run has not been trained to its end, where it is written, or "
                                          "is of an earlier version");
        return NN_OK;
    }
    NN_TRY(nn_file_load(path, FILE_LARGEST, "results", &bytes, &size));
    file_set(results, NN_STORED_DAMAGED,
             "damaged: wrong checksum; run the same command again, or evaluate with nntrain eval");
    nn_status status = NN_OK;
    if (file_is_whole(bytes, size)) status = nn_config_parse_json(bytes, size, path, &results->document);
    if (status == NN_OK && results->document) {
        results->text = bytes;
        bytes = NULL;
        file_compare(expected, results);
    }
    nn_free(bytes);
    return status;
}

void nn_stored_release(nn_stored_results *results)
{
    nn_config_destroy(results->document);
    nn_free(results->text);
    *results = (nn_stored_results){0};
}

const char *nn_stored_part(const nn_stored_results *results)
{
    return results->document ? file_word(results, "part") : "";
}

double nn_stored_metric(const nn_stored_results *results, const char *name)
{
    if (!results->document) return NAN;
    nn_config_node *parts = nn_config_get(nn_config_root(results->document), "parts");
    nn_config_node *part = nn_config_get(parts, nn_stored_part(results));
    return nn_config_number(nn_config_get(nn_config_get(part, "metrics"), name));
}

uint64_t nn_stored_run(const char *run_directory)
{
    nn_manifest manifest = {0};
    bool there = false;
    uint64_t run = 0;
    if (nn_manifest_read(run_directory, &manifest, &there) != NN_OK)
        nn_error_clear();
    else if (there)
        run = manifest.run;
    nn_manifest_release(&manifest);
    return run;
}
