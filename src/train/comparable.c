/* Targets and rows of two networks. */
#include "train/comparable.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/list.h"
#include "base/memory.h"
#include "judge/judgement.h"
#include "rundir/checkpoint_state.h"

/* ---- targets ---- */

static int comparable_head(const nn_model *model, const char *name)
{
    for (int h = 0; h < model->head_count; h++)
        if (strcmp(model->heads[h].name, name) == 0) return h;
    return -1;
}

/* The class of B with the name of a class of A; -1: none. */
static int64_t comparable_class(const nn_model *b, int head, const char *name)
{
    int64_t classes = nn_field_classes(&b->heads[head].target), found = -1;
    for (int64_t c = 0; c < classes && found < 0; c++) {
        nn_text other = {0};
        nn_judge_append_class(b, head, c, &other);
        if (other.bytes && strcmp(other.bytes, name) == 0) found = c;
        nn_text_free(&other);
    }
    return found;
}

static nn_status comparable_classes(const nn_trained *a, const nn_trained *b, int of_a, int of_b)
{
    const nn_field *target = &a->model->heads[of_a].target;
    int64_t classes = nn_field_classes(target), others = nn_field_classes(&b->model->heads[of_b].target);
    if (classes != others)
        NN_FAIL(NN_ERROR_USAGE,
                "compare: target '%s' has %lld classes in %s and %lld in %s: they predict "
                "different things; compare networks of one target",
                target->name, (long long)classes, a->path, (long long)others, b->path);
    for (int64_t c = 0; c < classes; c++) {
        nn_text name = {0};
        nn_judge_append_class(a->model, of_a, c, &name);
        nn_status status = NN_OK;
        if (!name.bytes)
            status = nn_fail(NN_ERROR_MEMORY, "out of memory for the names of classes");
        else if (comparable_class(b->model, of_b, name.bytes) < 0)
            status = nn_fail(NN_ERROR_USAGE,
                             "compare: class '%s' of target '%s' is known to %s, not to %s; compare "
                             "networks of the same classes",
                             name.bytes, target->name, a->path, b->path);
        nn_text_free(&name);
        NN_TRY(status);
    }
    return NN_OK;
}

static nn_status comparable_outputs(const nn_trained *a, const nn_trained *b, int of_a, int of_b)
{
    const nn_head *head = &a->model->heads[of_a];
    int64_t outputs = nn_head_is_values(head) ? head->outputs : head->columns;
    for (int64_t o = 0; o < outputs; o++) {
        nn_text left = {0}, right = {0};
        nn_judge_append_output(a->model, of_a, o, &left);
        nn_judge_append_output(b->model, of_b, o, &right);
        bool known = left.bytes && right.bytes, same = known && strcmp(left.bytes, right.bytes) == 0;
        const char *one = nn_judge_unit(a->model, of_a, o), *other = nn_judge_unit(b->model, of_b, o);
        nn_status status = NN_OK;
        if (!known)
            status = nn_fail(NN_ERROR_MEMORY, "out of memory for the names of outputs");
        else if (!same)
            status = nn_fail(NN_ERROR_USAGE,
                             "compare: output %lld of target '%s' is '%s' in %s and '%s' in %s; compare "
                             "networks of the same outputs in the same order",
                             (long long)o, head->name, left.bytes, a->path, right.bytes, b->path);
        else if (strcmp(one ? one : "", other ? other : "") != 0)
            status = nn_fail(NN_ERROR_USAGE,
                             "compare: output '%s' of target '%s' is in %s in %s and in %s in %s; compare "
                             "networks of one unit",
                             left.bytes, head->name, one ? one : "no known unit", a->path,
                             other ? other : "no known unit", b->path);
        nn_text_free(&left);
        nn_text_free(&right);
        NN_TRY(status);
    }
    return NN_OK;
}

nn_status nn_comparable_targets(const nn_trained *a, const nn_trained *b)
{
    if (a->model->head_count != b->model->head_count)
        NN_FAIL(NN_ERROR_USAGE,
                "compare: %s predicts %d target%s, %s %d; compare networks of the same targets", a->path,
                a->model->head_count, a->model->head_count > 1 ? "s" : "", b->path, b->model->head_count);
    for (int h = 0; h < a->model->head_count; h++) {
        const nn_head *head = &a->model->heads[h];
        int other = comparable_head(b->model, head->name);
        if (other < 0)
            NN_FAIL(NN_ERROR_USAGE,
                    "compare: target '%s' of %s is not predicted by %s; compare networks of the same "
                    "targets",
                    head->name, a->path, b->path);
        const nn_head *same = &b->model->heads[other];
        if (nn_head_is_values(head) != nn_head_is_values(same) ||
            head->target.is_class != same->target.is_class || head->target.shares != same->target.shares)
            NN_FAIL(NN_ERROR_USAGE,
                    "compare: target '%s' is a class for one of %s and %s, and values for the other; "
                    "compare networks of one kind",
                    head->name, a->path, b->path);
        if (!nn_shape_equal(head->target.shape, same->target.shape) || head->rows != same->rows)
            NN_FAIL(NN_ERROR_USAGE,
                    "compare: target '%s' has another shape in %s than in %s; compare networks of the "
                    "same targets",
                    head->name, a->path, b->path);
        if (nn_field_classes(&head->target) > 0)
            NN_TRY(comparable_classes(a, b, h, other));
        else
            NN_TRY(comparable_outputs(a, b, h, other));
    }
    return NN_OK;
}

/* ---- rows of the training part ---- */

static bool comparable_same_file(const char *one, const char *other)
{
    struct stat a, b;
    if (strcmp(one, other) == 0) return true;
    return stat(one, &a) == 0 && stat(other, &b) == 0 && a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

/* Whether they share a dataset: then rows of the one are rows of the other. */
static bool comparable_shares(const nn_data_names *one, const nn_data_names *other)
{
    for (int i = 0; i < one->count; i++)
        for (int j = 0; j < other->count; j++)
            if (strcmp(one->datasets[i], other->datasets[j]) == 0) return true;
    return false;
}

static nn_status comparable_look(const nn_trained *trained, const nn_text_list *files)
{
    for (int f = 0; f < nn_dataset_file_count(trained->data, trained->part); f++) {
        const char *path = nn_dataset_file(trained->data, trained->part, f);
        for (size_t i = 0; i < files->count; i++)
            if (comparable_same_file(path, files->items[i]))
                NN_FAIL(
                    NN_ERROR_USAGE,
                    "compare: %s has rows that %s was trained on, whose results say nothing about new data; "
                    "leave out --data to compare on the test part of the runs, or name other files",
                    path, trained->path);
    }
    return NN_OK;
}

/* The length of the words of an identity line that say what values a dataset has: rows, values, hash. */
static size_t comparable_words(const char *words)
{
    size_t length = 0;
    for (int w = 0; w < 3; w++) length += strcspn(words + length, "\t\n") + 1;
    return length;
}

/* Whether lines have the same input of the training part as a line of the evaluated part. */
static bool comparable_has_input(const char *lines, const char *name, size_t length, const char *words)
{
    static const char training[] = "data.train.";
    for (const char *at = lines; at && *at; at = strchr(at, '\n'), at += at != NULL) {
        if (strncmp(at, training, strlen(training)) != 0) continue;
        const char *other = at + strlen(training);
        if (strncmp(other, name, length) == 0 && other[length] == '\t' &&
            strncmp(other + length + 1, words, comparable_words(words)) == 0)
            return true;
    }
    return false;
}

/* Fails if all inputs are those of the training part: a copy of its files. */
static nn_status comparable_look_at_values(const nn_trained *trained)
{
    static const char evaluated[] = "data.test.";
    char *lines = NULL;
    bool inputs = false, same = true;
    if (!nn_store_has(trained->file, NN_CHECKPOINT_DATA)) return NN_OK;
    NN_TRY(nn_store_read_text(trained->file, NN_CHECKPOINT_DATA, &lines));
    for (const char *at = nn_dataset_identity_lines(trained->data); at && *at;
         at = strchr(at, '\n'), at += at != NULL) {
        const char *name = at + strlen(evaluated);
        if (strncmp(at, evaluated, strlen(evaluated)) != 0 || name[0] != 'x') continue;
        size_t length = strcspn(name, "\t\n");
        inputs = true;
        same = same && comparable_has_input(lines, name, length, name + length + 1);
    }
    nn_free(lines);
    if (inputs && same)
        NN_FAIL(NN_ERROR_USAGE,
                "compare: the named files have the inputs that %s was trained on, whose results say nothing "
                "about new data; name other files",
                trained->path);
    return NN_OK;
}

nn_status nn_comparable_unseen(const nn_trained *trained, bool files)
{
    nn_settings settings = {0};
    nn_text_list trained_on = {0};
    nn_status status = nn_settings_read(trained->config, &settings);
    if (status == NN_OK) {
        const nn_part_options *evaluated = &trained->settings.data.parts[trained->part];
        const nn_part_options *training = &settings.data.parts[NN_TRAIN];
        bool splits = evaluated->x.count == 0 || (!files && settings.data.parts[trained->part].x.count == 0);
        bool shares =
            comparable_shares(&evaluated->x, &training->x) || comparable_shares(&evaluated->y, &training->y);
        nn_part_options_release(&settings.data.parts[NN_VALIDATION]);
        nn_part_options_release(&settings.data.parts[NN_TEST]);
        if (shares && !splits) status = nn_data_files(&settings.data, trained->folder, &trained_on);
        if (status == NN_OK) status = comparable_look(trained, &trained_on);
        if (status == NN_OK && files) status = comparable_look_at_values(trained);
    }
    nn_list_release(&trained_on);
    nn_settings_release(&settings);
    return status;
}

/* ---- the same rows ---- */

nn_status nn_comparable_rows(const nn_trained *a, const nn_trained *b, const nn_states *of_a,
                             const nn_states *of_b)
{
    const char *last_a = "", *last_b = "";
    int64_t samples = nn_dataset_count(a->data, a->part), others = nn_dataset_count(b->data, b->part);
    if (samples != others)
        NN_FAIL(NN_ERROR_USAGE,
                "compare: %s has %lld samples in this data and %s has %lld, so they cannot be paired; "
                "compare runs "
                "with the same rows (same split, windows, and handling of missing values), or name files "
                "with --data",
                a->path, (long long)samples, b->path, (long long)others);
    for (int64_t i = 0; i < samples; i++) {
        const char *path_a, *path_b;
        int64_t row_a, row_b;
        nn_dataset_locate(a->data, a->part, i, &path_a, &row_a);
        nn_dataset_locate(b->data, b->part, i, &path_b, &row_b);
        bool seen = path_a == last_a && path_b == last_b;
        if (row_a != row_b || (!seen && !comparable_same_file(path_a, path_b)))
            NN_FAIL(
                NN_ERROR_USAGE,
                "compare: sample %lld is row %lld of %s for %s, and row %lld of %s for %s, so they cannot be "
                "paired; compare runs with the same rows (same split and windows), or name files that "
                "neither "
                "was trained on with --data",
                (long long)i, (long long)row_a, path_a, a->path, (long long)row_b, path_b, b->path);
        if (of_a->truths[i] != of_b->truths[i])
            NN_FAIL(
                NN_ERROR_USAGE,
                "compare: the target of sample %lld (row %lld of %s) is not the same for %s and %s; compare "
                "networks of one target, read in the same way",
                (long long)i, (long long)row_a, path_a, a->path, b->path);
        last_a = path_a;
        last_b = path_b;
    }
    return NN_OK;
}
