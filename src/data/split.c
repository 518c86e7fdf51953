/* Shares of the train part for validation and test. */
#include "data/split.h"

#include <math.h>
#include <stdlib.h>

#include "base/memory.h"

static int64_t split_share(double share, int64_t count)
{
    return (int64_t)floor(share * (double)count + 0.5);
}

static bool split_is_given(const nn_split_options *split)
{
    return split->validation > 0 || split->test > 0;
}

static nn_status split_check_share(const nn_split_options *split, const nn_source *sources, int part)
{
    const char *name = nn_part_names[part];
    double share = part == NN_VALIDATION ? split->validation : split->test;
    const nn_array *x = &sources[NN_TRAIN].arrays[NN_X];
    if (share == 0) return NN_OK;
    if (sources[part].given)
        NN_FAIL(NN_ERROR_USAGE, "data.split.%s and data.%s are both given: leave one of them out", name,
                name);
    if (x->sound && split_share(share, x->rows) == 0)
        NN_FAIL(NN_ERROR_USAGE, "data.split.%s: a share of %g of %lld samples is none: make it larger", name,
                share, (long long)x->rows);
    return NN_OK;
}

static nn_status split_check_rest(const nn_split_options *split, const nn_source *sources)
{
    const nn_array *x = &sources[NN_TRAIN].arrays[NN_X];
    int64_t count = x->rows;
    bool none = x->sound && split_share(split->validation, count) + split_share(split->test, count) >= count;
    if (!(split->validation + split->test < 1) || none)
        NN_FAIL(NN_ERROR_USAGE,
                "data.split: shares of %g for validation and %g for test leave nothing to train on: make "
                "them smaller",
                split->validation, split->test);
    return NN_OK;
}

void nn_split_check(const nn_split_options *split, const nn_source *sources, bool labels,
                    nn_problems *problems)
{
    if (!split_is_given(split)) return;
    bool fits = nn_problems_collect(problems, split_check_share(split, sources, NN_VALIDATION));
    fits &= nn_problems_collect(problems, split_check_share(split, sources, NN_TEST));
    if (fits) nn_problems_collect(problems, split_check_rest(split, sources));
    if (split->stratified && !labels)
        nn_problems_collect(problems, nn_fail(NN_ERROR_USAGE,
                                              "data.split.stratified: the targets are values, not classes; "
                                              "leave it out"));
}

/* ---- stratified: the same for each class ---- */

typedef struct split_class {
    int64_t label;
    int64_t count;            /* samples */
    int64_t taken[NN_PARTS];  /* of them, by part: validation and test */
    int64_t passed[NN_PARTS]; /* so far, while rows are handed out */
    double remainder;
} split_class;

static int64_t split_label(const nn_source *train, int64_t row)
{
    double label;
    nn_array_convert(&train->arrays[NN_Y], row, 0, 1, &label);
    return (int64_t)label;
}

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

/* Each class gives its share rounded down; those with the largest remainders one more, until there are
 * enough. */
static void split_apportion(split_class *classes, int64_t class_count, int part, double share, int64_t total)
{
    for (int64_t c = 0; c < class_count; c++) {
        double exact = share * (double)classes[c].count;
        int64_t whole = nn_array_smaller((int64_t)exact, split_left(&classes[c]));
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

/* The part that gets the next sample of a class. */
static int split_next_part(split_class *class)
{
    for (int part = NN_VALIDATION; part <= NN_TEST; part++)
        if (class->passed[part] < class->taken[part]) {
            class->passed[part]++;
            return part;
        }
    return NN_TRAIN;
}

static nn_status split_fill_table(const nn_split_options *split, const nn_source *train, int64_t class_count,
                                  const nn_samples *parts, int64_t *table)
{
    split_class *classes = NULL;
    int64_t rows = train->arrays[NN_Y].rows, next[NN_PARTS];
    NN_TRY(NN_ALLOCATE(&classes, class_count, "the shares of the classes"));
    for (int64_t c = 0; c < class_count; c++) classes[c].label = c;
    for (int64_t row = 0; row < rows; row++) classes[split_label(train, row)].count++;
    split_apportion(classes, class_count, NN_VALIDATION, split->validation, parts[NN_VALIDATION].count);
    split_apportion(classes, class_count, NN_TEST, split->test, parts[NN_TEST].count);
    for (int p = 0; p < NN_PARTS; p++) next[p] = parts[p].first;
    for (int64_t i = 0; i < rows; i++) {
        int64_t row = (int64_t)nn_random_permute(parts[NN_TRAIN].stream, (uint64_t)rows, (uint64_t)i);
        table[next[split_next_part(&classes[split_label(train, row)])]++] = row;
    }
    nn_free(classes);
    return NN_OK;
}

/* ---- all parts ---- */

int64_t nn_split_table_rows(const nn_split_options *split, const nn_source *sources)
{
    const nn_array *y = &sources[NN_TRAIN].arrays[NN_Y];
    return split_is_given(split) && split->stratified && y->sound ? y->rows : 0;
}

static void split_cut(const nn_split_options *split, nn_random stream, const nn_source *train,
                      nn_samples *parts)
{
    int64_t rows = train->arrays[NN_X].rows, first = 0;
    const double shares[NN_PARTS] = {[NN_VALIDATION] = split->validation, [NN_TEST] = split->test};
    for (int p = NN_VALIDATION; p <= NN_TEST; p++) {
        if (shares[p] == 0) continue;
        int64_t count = split_share(shares[p], rows);
        parts[p] = (nn_samples){
            .arrays = train->arrays, .count = count, .first = first, .permuted = rows, .stream = stream};
        first += count;
    }
    parts[NN_TRAIN] = (nn_samples){
        .arrays = train->arrays, .count = rows - first, .first = first, .permuted = rows, .stream = stream};
}

nn_status nn_split_parts(nn_comm *comm, const nn_split_options *split, uint64_t seed,
                         const nn_source *sources, int64_t classes, nn_data_memory *memory, nn_samples *parts)
{
    nn_status status = NN_OK;
    for (int p = 0; p < NN_PARTS; p++) {
        const nn_array *arrays = sources[p].arrays;
        parts[p] = (nn_samples){.arrays = arrays, .count = sources[p].given ? arrays[NN_X].rows : 0};
    }
    if (!split_is_given(split)) return NN_OK;
    nn_random stream = {.seed = split->seed < 0 ? seed : (uint64_t)split->seed, .purpose = NN_RANDOM_SPLIT};
    split_cut(split, stream, &sources[NN_TRAIN], parts);
    if (!memory->table) return NN_OK;
    if (memory->writes) status = split_fill_table(split, &sources[NN_TRAIN], classes, parts, memory->table);
    NN_TRY(nn_comm_agree(comm, status));
    if (memory->shared) status = nn_shared_barrier(comm);
    for (int p = 0; p < NN_PARTS; p++) parts[p].table = parts[p].count > 0 ? memory->table : NULL;
    return nn_comm_agree(comm, status);
}
