#include "data/value_statistics.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "store/gaps.h"

/* Values read at a time: 16 MiB. A single row may need more, but not this much more. */
#define STATISTICS_PIECE ((int64_t)2 << 20)
#define STATISTICS_LONGEST_ROW ((int64_t)32 << 20)
/* More than this many (some GB) are sampled: this many pieces, spread evenly over the rows. */
#define STATISTICS_MOST_VALUES ((int64_t)250000000)
#define STATISTICS_PIECES 24

/* A measurement in progress. */
typedef struct statistics_run {
    nn_value_statistics *figures;
    nn_store_array *array;
    int64_t rows, at_once; /* of the dataset; of a piece */
    bool labels;           /* the values may still be classes */
    double *values;        /* a piece */
    nn_store_gaps *gaps;   /* owned; NULL: all was written */
    unsigned char *marks;  /* of the values of a piece that were not */
    double *first;         /* the first row, to compare with; NULL: nothing is compared */
    unsigned char *varies; /* by value of a row */
} statistics_run;

/* Index of the first class whose label is not below `label`. */
static size_t statistics_find(const nn_value_statistics *statistics, double label)
{
    size_t begin = 0, end = statistics->class_count;
    while (begin < end) {
        size_t middle = begin + (end - begin) / 2;
        if (statistics->classes[middle].label < label)
            begin = middle + 1;
        else
            end = middle;
    }
    return begin;
}

/* False when there are too many classes for them to be such. */
static bool statistics_count_label(nn_value_statistics *statistics, double label)
{
    size_t at = statistics_find(statistics, label), after = statistics->class_count - at;
    if (after == 0 || statistics->classes[at].label != label) {
        if (statistics->class_count == NN_VALUE_CLASSES) return false;
        memmove(statistics->classes + at + 1, statistics->classes + at, after * sizeof *statistics->classes);
        statistics->classes[at].label = label;
        statistics->classes[at].count = 0;
        statistics->class_count++;
    }
    statistics->classes[at].count++;
    return true;
}

static void statistics_take(nn_value_statistics *statistics, int64_t begin, int64_t count,
                            const double *values)
{
    for (int64_t i = 0; i < count; i++) {
        double value = values[i];
        if (isfinite(value)) {
            /* Written so that the first finite value replaces the NaN. */
            if (!(statistics->minimum <= value)) statistics->minimum = value;
            if (!(statistics->maximum >= value)) statistics->maximum = value;
            continue;
        }
        if (statistics->first_bad < 0) statistics->first_bad = begin + i;
        if (isinf(value)) statistics->infinities++;
    }
}

/* Two that are missing are alike. */
static bool statistics_differ(double a, double b)
{
    return a != b && !(isnan(a) && isnan(b));
}

static void statistics_compare(const statistics_run *run, int64_t rows)
{
    int64_t row = run->figures->row;
    for (int64_t r = 0; r < rows; r++)
        for (int64_t i = 0; i < row; i++)
            run->varies[i] |= statistics_differ(run->values[r * row + i], run->first[i]);
}

static int64_t statistics_count_nan(int64_t count, const double *values)
{
    int64_t nans = 0;
    for (int64_t i = 0; i < count; i++) nans += isnan(values[i]);
    return nans;
}

/* As attributes say that they are to be understood; NaN where a value is missing. */
static nn_status statistics_read_values(statistics_run *run, int64_t begin, int64_t rows)
{
    nn_value_statistics *figures = run->figures;
    const nn_store_packing *packing = &figures->packing;
    int64_t count = rows * figures->row, unwritten = 0;
    NN_TRY(nn_store_read_rows(run->array, begin, rows, NN_STORE_F64, run->values));
    if (run->gaps) {
        memset(run->marks, 0, (size_t)count);
        nn_store_gaps_mark(run->gaps, 0, begin, rows, run->marks);
    }
    for (int64_t i = 0; run->gaps && i < count; i++) {
        unwritten += run->marks[i];
        if (run->marks[i]) run->values[i] = NAN;
    }
    int64_t nans = statistics_count_nan(count, run->values) - unwritten;
    if (packing->type != nn_store_array_info(run->array)->type)
        for (int64_t i = 0; i < count; i++) run->values[i] = nn_store_turn_sign(packing, run->values[i]);
    nn_store_unpack(packing, count, run->values);
    figures->nans += nans;
    figures->missing += statistics_count_nan(count, run->values) - nans;
    return NN_OK;
}

static nn_status statistics_read_piece(statistics_run *run, int64_t begin, int64_t rows)
{
    nn_value_statistics *figures = run->figures;
    int64_t count = rows * figures->row;
    NN_TRY(statistics_read_values(run, begin, rows));
    statistics_take(figures, begin * figures->row, count, run->values);
    for (int64_t i = 0; i < count && run->labels; i++)
        if (!isnan(run->values[i])) run->labels = statistics_count_label(figures, run->values[i]);
    if (run->first && figures->rows_read == 0)
        memcpy(run->first, run->values, (size_t)figures->row * sizeof *run->first);
    if (run->first) statistics_compare(run, rows);
    figures->rows_read += rows;
    return NN_OK;
}

/* Either every piece, or some of them: the first, the last and those between at equal distances. */
static nn_status statistics_read_pieces(statistics_run *run)
{
    int64_t pieces = (run->rows - 1) / run->at_once + 1;
    int64_t taken = run->figures->sampled && pieces > STATISTICS_PIECES ? STATISTICS_PIECES : pieces;
    for (int64_t i = 0; i < taken; i++) {
        int64_t piece = taken > 1 ? (int64_t)((double)i * (double)(pieces - 1) / (double)(taken - 1)) : 0;
        int64_t begin = piece * run->at_once, left = run->rows - begin;
        NN_TRY(statistics_read_piece(run, begin, left < run->at_once ? left : run->at_once));
    }
    run->figures->sampled = taken < pieces;
    return NN_OK;
}

static void statistics_conclude(const statistics_run *run)
{
    nn_value_statistics *figures = run->figures;
    /* Where each value comes if they are not classes but quantities. */
    if (!run->labels || (int64_t)figures->class_count == figures->rows_read) figures->class_count = 0;
    for (int64_t i = 0; run->first && i < figures->row; i++) {
        if (run->varies[i]) continue;
        if (figures->constants++ == 0) figures->first_constant = i;
    }
}

static nn_status statistics_allocate(statistics_run *run)
{
    int64_t row = run->figures->row, at_once = run->rows < run->at_once ? run->rows : run->at_once;
    NN_TRY(NN_ALLOCATE(&run->values, at_once * row, "values of a dataset"));
    NN_TRY(nn_store_gaps_find(run->array, &run->gaps));
    if (run->gaps) NN_TRY(NN_ALLOCATE(&run->marks, at_once * row, "values of a dataset"));
    run->figures->unwritten = nn_store_gaps_count(run->gaps);
    if (run->gaps)
        snprintf(run->figures->cause, sizeof run->figures->cause, "%s", nn_store_gaps_cause(run->gaps));
    NN_TRY(nn_store_packing_read(run->array, false, &run->figures->packing));
    run->figures->packed =
        !nn_store_packing_is_none(&run->figures->packing, nn_store_array_info(run->array)->type);
    if (run->rows < 2 || nn_store_array_info(run->array)->dimensions < 2) return NN_OK;
    NN_TRY(NN_ALLOCATE(&run->varies, row, "values of a dataset"));
    return NN_ALLOCATE(&run->first, row, "values of a dataset");
}

static nn_status statistics_read(nn_store_array *array, bool full, nn_value_statistics *figures)
{
    const nn_store_info *info = nn_store_array_info(array);
    statistics_run run = {.figures = figures, .array = array, .at_once = 1};
    run.rows = info->dimensions > 0 ? info->extents[0] : 1;
    run.labels = info->dimensions == 1 && nn_store_type_is_integer(info->type);
    if (figures->row < STATISTICS_PIECE) run.at_once = STATISTICS_PIECE / figures->row;
    /* Whole chunks, so that none is unpacked for a part of it. */
    if (info->chunked && run.at_once > info->chunk[0]) run.at_once -= run.at_once % info->chunk[0];
    figures->sampled = !full && figures->count > STATISTICS_MOST_VALUES;
    nn_status status = statistics_allocate(&run);
    if (status == NN_OK) status = statistics_read_pieces(&run);
    if (status == NN_OK) statistics_conclude(&run);
    nn_free(run.first);
    nn_free(run.varies);
    nn_free(run.values);
    nn_free(run.marks);
    nn_store_gaps_destroy(run.gaps);
    figures->measured = status == NN_OK;
    return status;
}

/* The store has made sure that the product does not overflow. */
static int64_t statistics_product(const nn_store_info *info, int first)
{
    int64_t product = 1;
    for (int d = first; d < info->dimensions; d++) product *= info->extents[d];
    return product;
}

nn_status nn_value_statistics_read(nn_store_file *file, const char *dataset, bool full,
                                   nn_value_statistics *statistics)
{
    nn_store_array *array;
    memset(statistics, 0, sizeof *statistics);
    statistics->minimum = statistics->maximum = NAN;
    statistics->first_bad = -1;
    NN_TRY(nn_store_array_open_as(file, &(nn_store_spec){.dataset = dataset, .incomplete = true}, &array));
    const nn_store_info *info = nn_store_array_info(array);
    nn_status status = NN_OK;
    statistics->count = statistics_product(info, 0);
    statistics->row = statistics->count > 0 ? statistics_product(info, 1) : 0;
    if (nn_store_type_size(info->type) > 0 && statistics->count > 0 &&
        statistics->row <= STATISTICS_LONGEST_ROW)
        status = statistics_read(array, full, statistics);
    nn_store_array_close(array);
    return status;
}
