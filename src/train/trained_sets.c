#include "train/trained_sets.h"

#include <string.h>

#include "base/memory.h"
#include "rundir/checkpoint_state.h"

/* Whether the key of KEY=VALUE ends with one of the words. */
static bool sets_ends(const char *set, const char *const *words)
{
    size_t length = strcspn(set, "=");
    for (; *words; words++) {
        size_t tail = strlen(*words);
        if (length > tail && strncmp(set + length - tail, *words, tail) == 0) return true;
    }
    return false;
}

/* Whether the key is one of the sections, or in it. */
static bool sets_is_in(const char *set, const char *const *sections)
{
    for (; *sections; sections++) {
        size_t length = strlen(*sections);
        if (strncmp(set, *sections, length) == 0 && (set[length] == '.' || set[length] == '=')) return true;
    }
    return false;
}

/* What is fixed by training and cannot differ in another file. */
static const char *const sets_trained[] = {".normalize", ".scale", ".offset", ".transform", NULL};
static const char *const sets_location[] = {".file", NULL};
static const char *const sets_split[] = {"data.split", NULL};
static const char *const sets_parts[] = {"data.split", "data.train", "data.validation", "data.test", NULL};
/* What decides which samples there are before they are split. */
static const char *const sets_samples[] = {"data.fields", "data.window", "data.on_bad_sample", "data.check",
                                           NULL};

static nn_status sets_check(const char *set, bool files)
{
    if (strncmp(set, "data.", strlen("data.")) != 0)
        NN_FAIL(NN_ERROR_USAGE,
                "--set %s: only keys of data can be set here, such as data.fields.x.missing=drop; the "
                "rest stays as in the run",
                set);
    if (sets_ends(set, sets_trained))
        NN_FAIL(NN_ERROR_USAGE, "--set %s: values are normalised and transformed as in training; remove this",
                set);
    if (files && sets_is_in(set, sets_split))
        NN_FAIL(NN_ERROR_USAGE,
                "--set %s: every row of the named files is taken, so nothing is split; remove this", set);
    if (files || !sets_is_in(set, sets_parts) || sets_ends(set, sets_location)) return NN_OK;
    NN_FAIL(NN_ERROR_USAGE,
            "--set %s: the parts of the data stay as in the run, or rows that it was trained on could be "
            "reported "
            "as its test part; remove this, or name the files whose rows you mean with --data FILE",
            set);
}

nn_status nn_trained_check_sets(const nn_text_list *sets, bool files)
{
    for (size_t i = 0; sets && i < sets->count; i++) NN_TRY(sets_check(sets->items[i], files));
    return NN_OK;
}

nn_status nn_trained_check_split_sets(const nn_text_list *sets)
{
    for (size_t i = 0; sets && i < sets->count; i++)
        if (sets_is_in(sets->items[i], sets_samples))
            NN_FAIL(
                NN_ERROR_USAGE,
                "--set %s: may change which samples there are, and so how data.split divides them: rows that "
                "the run was trained on could be reported as its test part; remove this, or name the files "
                "whose rows you mean with --data FILE",
                sets->items[i]);
    return NN_OK;
}

nn_status nn_trained_check_rows(const char *path, nn_store_file *checkpoint, const nn_dataset *data)
{
    char *lines;
    nn_text differences = {0};
    if (!nn_store_has(checkpoint, NN_CHECKPOINT_DATA)) return NN_OK;
    NN_TRY(nn_store_read_text(checkpoint, NN_CHECKPOINT_DATA, &lines));
    nn_data_identity_compare(lines, nn_dataset_identity_lines(data), &differences);
    nn_free(lines);
    nn_status status = NN_OK;
    if (differences.failed)
        status = nn_fail(NN_ERROR_MEMORY, "out of memory for comparing the data with that of %s", path);
    else if (differences.length > 0)
        status = nn_fail(NN_ERROR_DATA,
                         "%s was trained on other data than this, so data.split would put rows that it was "
                         "trained on into other parts:%s\nrestore the data, or name the files whose rows you "
                         "mean with --data FILE",
                         path, differences.bytes);
    nn_text_free(&differences);
    return status;
}
