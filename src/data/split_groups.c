/* Splits by class or by group. */
#include <math.h>
#include <stdlib.h>

#include "base/least.h"
#include "base/memory.h"
#include "data/split_parts.h"

/* ---- whole groups ---- */

static int split_by_place(const void *a, const void *b)
{
    const nn_split_unit *one = a, *other = b;
    if (one->place != other->place) return one->place < other->place ? -1 : 1;
    return one->id < other->id ? -1 : one->id > other->id;
}

/* Takes the groups in random order: first as many for validation as come nearest to its share, then for test.
 */
nn_status nn_split_assign(const nn_split_options *split, nn_random stream, int64_t count,
                          nn_split_unit *units)
{
    int64_t next = 0, total = 0;
    for (int64_t i = 0; i < count; i++) {
        uint32_t words[4];
        nn_random_words(stream, (uint64_t)units[i].id, words);
        units[i].place = (uint64_t)words[1] << 32 | words[0];
        units[i].part = NN_TRAIN;
        units[i].fold = -1;
        total += units[i].size;
    }
    qsort(units, (size_t)count, sizeof *units, split_by_place);
    const double shares[NN_PARTS] = {0, split->validation, split->test};
    for (int p = NN_VALIDATION; p <= NN_TEST; p++) {
        double wanted = shares[p] * (double)total, taken = 0;
        while (next < count && wanted > 0 && (taken == 0 || taken + (double)units[next].size / 2 <= wanted)) {
            taken += (double)units[next].size;
            units[next++].part = (uint8_t)p;
        }
    }
    return split->folds > 0 ? nn_split_assign_folds(split, next, count, units) : NN_OK;
}

static int split_by_key(const void *a, const void *b)
{
    int32_t one = *(const int32_t *)a, other = *(const int32_t *)b;
    return one < other ? -1 : one > other;
}

static int split_by_id(const void *a, const void *b)
{
    const nn_split_unit *one = a, *other = b;
    return one->id < other->id ? -1 : one->id > other->id;
}

nn_status nn_split_group(const nn_split_options *split, nn_random stream, const int32_t *keys, int64_t units,
                         uint8_t *part_of, int64_t *fold_samples)
{
    int32_t *sorted = NULL;
    nn_split_unit *groups = NULL;
    int64_t count = 0;
    nn_status status;
    NN_TRY_TO(done, status, NN_ALLOCATE(&sorted, units, "the groups of a split"));
    for (int64_t i = 0; i < units; i++) sorted[i] = keys[i];
    qsort(sorted, (size_t)units, sizeof *sorted, split_by_key);
    for (int64_t i = 0; i < units; i++) count += i == 0 || sorted[i] != sorted[i - 1];
    NN_TRY_TO(done, status, NN_ALLOCATE(&groups, count, "the groups of a split"));
    count = 0;
    for (int64_t i = 0; i < units; i++) {
        if (i == 0 || sorted[i] != sorted[i - 1]) groups[count++] = (nn_split_unit){.id = sorted[i]};
        groups[count - 1].size++;
    }
    NN_TRY_TO(done, status, nn_split_assign(split, stream, count, groups));
    for (int64_t i = 0; i < count; i++)
        if (groups[i].fold >= 0) fold_samples[groups[i].fold] += groups[i].size;
    qsort(groups, (size_t)count, sizeof *groups, split_by_id);
    for (int64_t i = 0; i < units; i++) {
        nn_split_unit wanted = {.id = keys[i]};
        const nn_split_unit *found = bsearch(&wanted, groups, (size_t)count, sizeof *groups, split_by_id);
        part_of[i] = found->part;
    }
done:
    nn_free(sorted);
    nn_free(groups);
    return status;
}

/* ---- stratified ---- */

typedef struct split_class {
    int64_t label;
    int64_t count;            /* in samples */
    int64_t taken[NN_PARTS];  /* samples for validation and test, by part */
    int64_t passed[NN_PARTS]; /* the same, handed out so far */
    int64_t next;             /* the number of its next sample among those that have folds */
    double remainder;
} split_class;

static int split_by_remainder(const void *a, const void *b)
{
    const split_class *one = a, *other = b;
    if (one->remainder != other->remainder) return one->remainder > other->remainder ? -1 : 1;
    return one->label < other->label ? -1 : 1;
}

static int split_by_label(const void *a, const void *b)
{
    const split_class *one = a, *other = b;
    return one->label < other->label ? -1 : 1;
}

static int64_t split_left(const split_class *class)
{
    return class->count - class->taken[NN_VALIDATION] - class->taken[NN_TEST];
}

/* Each class gives its share rounded down; the classes with the largest remainders give one more until the
 * total is reached. */
static void split_apportion(split_class *classes, int64_t class_count, int part, double share, int64_t total)
{
    for (int64_t c = 0; c < class_count; c++) {
        double exact = share * (double)classes[c].count;
        int64_t whole = nn_smaller((int64_t)exact, split_left(&classes[c]));
        classes[c].taken[part] = whole;
        classes[c].remainder = exact - (double)whole;
        total -= whole;
    }
    qsort(classes, (size_t)class_count, sizeof *classes, split_by_remainder);
    while (total > 0)
        for (int64_t c = 0; c < class_count && total > 0; c++)
            if (split_left(&classes[c]) > 0) {
                classes[c].taken[part]++;
                total--;
            }
    qsort(classes, (size_t)class_count, sizeof *classes, split_by_label);
}

/* Chooses the part that gets the next sample of a class. The samples that have folds are numbered class by
 * class, and dealt out: the folds then have the same number of each class, up to one, and of all. */
static int split_next_part(split_class *class, nn_split_fold fold)
{
    for (int part = NN_VALIDATION; part <= NN_TEST; part++)
        if (class->passed[part] < class->taken[part]) {
            class->passed[part]++;
            return part;
        }
    if (fold.folds > 0) return class->next++ % fold.folds == fold.fold ? NN_VALIDATION : NN_TRAIN;
    return NN_TRAIN;
}

/* A bad label is reported later with all others; here it counts as class 0. */
static int64_t split_class_of(int32_t key)
{
    return key < 0 ? 0 : key;
}

nn_status nn_split_stratify(const nn_split_options *split, nn_random stream, const int32_t *keys,
                            int64_t units, uint8_t *part_of)
{
    split_class *classes = NULL;
    int64_t class_count = 1;
    for (int64_t i = 0; i < units; i++)
        if (split_class_of(keys[i]) >= class_count) class_count = split_class_of(keys[i]) + 1;
    NN_TRY(NN_ALLOCATE(&classes, class_count, "the class proportions"));
    for (int64_t c = 0; c < class_count; c++) classes[c].label = c;
    for (int64_t i = 0; i < units; i++) classes[split_class_of(keys[i])].count++;
    int64_t validation = (int64_t)floor(split->validation * (double)units + 0.5);
    int64_t test = (int64_t)floor(split->test * (double)units + 0.5);
    split_apportion(classes, class_count, NN_VALIDATION, split->validation, validation);
    split_apportion(classes, class_count, NN_TEST, split->test, test);
    nn_split_fold fold = {split->folds, split->fold - 1, units - test};
    for (int64_t c = 1; c < class_count; c++)
        classes[c].next = classes[c - 1].next + split_left(&classes[c - 1]);
    for (int64_t i = 0; i < units; i++) {
        int64_t unit = (int64_t)nn_random_permute(stream, (uint64_t)units, (uint64_t)i);
        part_of[unit] = (uint8_t)split_next_part(&classes[split_class_of(keys[unit])], fold);
    }
    nn_free(classes);
    return NN_OK;
}
