/* A data set on any number of ranks and nodes: the bits of a plain reference computation, and the same
 * failure on all ranks. */
#include <math.h>
#include <mpi.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../comm/check.h"
#include "base/hash.h"
#include "base/log.h"
#include "base/memory.h"
#include "comm/testing.h"
#include "files.h"

enum { ROWS = 20011, COLUMNS = 6, CLASSES = 5, SEED = 11 };

/* As stored in the file. */
static float given_x[ROWS * COLUMNS];
static unsigned char given_y[ROWS];
static float given_level[ROWS]; /* every third value is missing */

static void make_given(void)
{
    for (uint64_t i = 0; i < ROWS * COLUMNS; i++)
        given_x[i] = (float)((files_number(i) - 0.3) * pow(10, (double)(i % COLUMNS) - 2) + 100);
    for (uint64_t i = 0; i < ROWS; i++) given_level[i] = i % 3 == 1 ? NAN : (float)files_number(i + 99);
    for (uint64_t i = 0; i < ROWS; i++) given_y[i] = (unsigned char)(files_number(i + 7) * CLASSES);
}

static void write_files(void)
{
    const hsize_t extents[2] = {ROWS, COLUMNS};
    hid_t file = files_create("targets.h5");
    files_add(file, "x", H5T_IEEE_F32LE, H5T_NATIVE_FLOAT, 2, extents, 999, given_x);
    files_add(file, "kind", H5T_STD_U8LE, H5T_NATIVE_UCHAR, 1, extents, 0, given_y);
    files_add(file, "level", H5T_IEEE_F32LE, H5T_NATIVE_FLOAT, 1, extents, 0, given_level);
    H5Fclose(file);
    file = files_create("d.h5");
    files_add(file, "x", H5T_IEEE_F32LE, H5T_NATIVE_FLOAT, 2, extents, 999, given_x);
    files_add(file, "y", H5T_STD_U8LE, H5T_NATIVE_UCHAR, 1, extents, 0, given_y);
    H5Fclose(file);
    CHECK(mkdir(files_path("absent"), 0777) == 0, "cannot make a folder");
    CHECK(mkdir(files_path("other"), 0777) == 0, "cannot make a folder");
    file = files_create("other/d.h5");
    files_add(file, "x", H5T_IEEE_F64LE, H5T_NATIVE_FLOAT, 2, extents, 999, given_x);
    files_add(file, "y", H5T_STD_U8LE, H5T_NATIVE_UCHAR, 1, extents, 0, given_y);
    H5Fclose(file);
    file = files_create("nan.h5");
    given_x[15000 * COLUMNS + 2] = NAN;
    given_x[19000 * COLUMNS] = INFINITY;
    files_add(file, "x", H5T_IEEE_F32LE, H5T_NATIVE_FLOAT, 2, extents, 0, given_x);
    files_add(file, "y", H5T_STD_U8LE, H5T_NATIVE_UCHAR, 1, extents, 0, given_y);
    H5Fclose(file);
    make_given();
}

/* ---- the reference: two plain passes over all train samples, in this process ---- */

typedef struct reference {
    int64_t count;
    int64_t rows[ROWS]; /* of the train samples */
    double scale[COLUMNS], offset[COLUMNS], prior[CLASSES];
} reference;

static void reference_measure(const nn_dataset *dataset, reference *known)
{
    known->count = nn_dataset_count(dataset, NN_TRAIN);
    for (int64_t i = 0; i < known->count; i++) known->rows[i] = nn_dataset_row(dataset, NN_TRAIN, i);
    for (int c = 0; c < COLUMNS; c++) {
        long double sum = 0, squares = 0, count = (long double)known->count;
        for (int64_t i = 0; i < known->count; i++) sum += (long double)given_x[known->rows[i] * COLUMNS + c];
        for (int64_t i = 0; i < known->count; i++) {
            long double difference = (long double)given_x[known->rows[i] * COLUMNS + c] - sum / count;
            squares += difference * difference;
        }
        known->scale[c] = 1 / sqrt((double)(squares / count));
        known->offset[c] = -(double)(sum / count) * known->scale[c];
    }
    memset(known->prior, 0, sizeof known->prior);
    for (int64_t i = 0; i < known->count; i++) known->prior[given_y[known->rows[i]]]++;
    for (int c = 0; c < CLASSES; c++) known->prior[c] /= (double)known->count;
}

/* ---- the checks ---- */

static uint64_t hash_of_gathered(nn_dataset *dataset, const reference *known)
{
    const nn_scaling *scaling = nn_dataset_input_scaling(dataset);
    uint64_t hash = 0;
    for (int64_t i = 0; i < known->count; i += 371) {
        nn_real inputs[COLUMNS];
        int64_t label, row = known->rows[nn_dataset_order(dataset, NN_TRAIN, 0, i)];
        CHECK_OK(files_gather(dataset, NN_TRAIN, i, 1, inputs, NULL, &label));
        CHECK(label == given_y[row], "row %lld has the label of another row", (long long)row);
        for (int c = 0; c < COLUMNS; c++) {
            double value = (double)given_x[row * COLUMNS + c];
            nn_real expected = (nn_real)(value * scaling->scale[c] + scaling->offset[c]);
            CHECK(inputs[c] == expected, "row %lld, column %d is %.17g, not %.17g", (long long)row, c,
                  (double)inputs[c], (double)expected);
        }
        hash = nn_hash(inputs, sizeof inputs, hash);
    }
    return hash;
}

static void check_figures(const nn_dataset *dataset, const reference *known)
{
    const nn_scaling *scaling = nn_dataset_input_scaling(dataset);
    double prior[CLASSES];
    CHECK(scaling->columns == COLUMNS, "%lld columns", (long long)scaling->columns);
    for (int c = 0; c < COLUMNS; c++) {
        CHECK(fabs(scaling->scale[c] / known->scale[c] - 1) < 1e-10, "column %d: scale %.17g, not %.17g", c,
              scaling->scale[c], known->scale[c]);
        CHECK(fabs(scaling->offset[c] / known->offset[c] - 1) < 1e-10, "column %d: offset %.17g, not %.17g",
              c, scaling->offset[c], known->offset[c]);
    }
    nn_dataset_prior(dataset, 0, prior);
    CHECK(memcmp(prior, known->prior, sizeof prior) == 0, "the class proportions have different bits");
}

/* Everything that a run takes from the data has the same bits on any number of ranks, in memory and streamed.
 */
static uint64_t hash_of_dataset(nn_comm *comm, const nn_data_options *options, reference *known)
{
    nn_dataset *dataset = NULL;
    uint64_t hashes[4];
    CHECK_OK(files_open(comm, options, SEED, &(nn_target_wanted){.classes = true}, 1, NULL, &dataset));
    if (!dataset) return 0;
    CHECK_OK(nn_dataset_arrange(dataset, 48, 8));
    reference_measure(dataset, known);
    check_figures(dataset, known);
    const nn_scaling *scaling = nn_dataset_input_scaling(dataset);
    hashes[0] = nn_dataset_identity(dataset);
    hashes[1] =
        nn_hash(scaling->scale, sizeof known->scale, nn_hash(scaling->offset, sizeof known->offset, 0));
    hashes[2] = hash_of_gathered(dataset, known);
    hashes[3] = nn_hash(known->rows, (size_t)known->count * sizeof *known->rows, 0);
    nn_dataset_close(dataset);
    return nn_hash(hashes, sizeof hashes, 0);
}

/* If it fails: a run on more ranks, or streamed, trains on different numbers. */
static void check_bits(nn_comm *comm, nn_comm *alone, nn_data_options options)
{
    static reference known;
    uint64_t expected = hash_of_dataset(alone, &options, &known);
    for (int cache = NN_CACHE_MEMORY; cache <= NN_CACHE_STREAM; cache++) {
        options.cache = cache;
        uint64_t found = hash_of_dataset(comm, &options, &known);
        CHECK(found == expected, "%d ranks, cache %d: the data differs from that of one rank",
              nn_comm_size(comm), cache);
    }
}

static void check_splits(nn_comm *comm, nn_comm *alone)
{
    nn_data_options options = files_options();
    check_bits(comm, alone, options);
    options.split.validation = 0.2;
    options.shuffle = NN_SHUFFLE_BLOCK;
    options.shuffle_window = 0.05;
    check_bits(comm, alone, options);
    options.split.stratified = true;
    options.shuffle = NN_SHUFFLE_FULL;
    check_bits(comm, alone, options);
    options.split = (nn_split_options){.test = 0.1, .order = NN_SPLIT_CHRONOLOGICAL, .seed = -1};
    options.balanced = true;
    check_bits(comm, alone, options);
    options = files_options();
    options.file = files_text("nan.h5");
    options.on_bad_sample = NN_BAD_SKIP;
    check_bits(comm, alone, options);
}

static uint64_t hash_of_targets(nn_comm *comm, const nn_data_options *options)
{
    static const nn_target_wanted wanted[] = {
        {.name = "box"}, {.name = "kind", .classes = true}, {.name = "level"}};
    nn_dataset *dataset = NULL;
    uint64_t hash = 0;
    CHECK_OK(files_open(comm, options, SEED, wanted, 3, NULL, &dataset));
    if (!dataset) return 0;
    hash = nn_dataset_identity(dataset);
    for (int t = 0; t < 3; t++) {
        double prior[COLUMNS] = {0};
        const nn_scaling *scaling = nn_dataset_target_scaling(dataset, t);
        hash = nn_hash(scaling->scale, (size_t)scaling->columns * sizeof(double), hash);
        hash = nn_hash(scaling->offset, (size_t)scaling->columns * sizeof(double), hash);
        nn_dataset_prior(dataset, t, prior);
        hash = nn_hash(prior, sizeof prior, hash);
    }
    for (int64_t i = 0; i < 2000; i += 97) {
        nn_real targets[COLUMNS + 1], weight = 0;
        int64_t label, sample;
        CHECK_OK(files_gather(dataset, NN_TRAIN, i, 1, NULL, targets, &label));
        if (isnan((double)targets[COLUMNS])) targets[COLUMNS] = -99; /* the bits of a NaN do not matter */
        if (!nn_dataset_streams(dataset))
            nn_dataset_gather(dataset, NN_TRAIN, (nn_data_span){0, i, 1}, false,
                              &(nn_gathered){.weights = &weight, .samples = &sample});
        sample = nn_dataset_row(dataset, NN_TRAIN, nn_dataset_order(dataset, NN_TRAIN, 0, i));
        CHECK(nn_dataset_streams(dataset) || weight == (nn_real)given_y[sample],
              "sample %lld has the "
              "weight of another",
              (long long)sample);
        CHECK(label == given_y[sample], "row %lld has the label of another row", (long long)sample);
        CHECK((targets[COLUMNS] == -99) == (sample % 3 == 1), "row %lld: a different value is missing",
              (long long)sample);
        hash = nn_hash(targets, sizeof targets, hash);
    }
    nn_dataset_close(dataset);
    return hash;
}

/* If it fails: with several targets, some of them missing, a run on more ranks trains on different numbers.
 */
static void check_targets(nn_comm *comm, nn_comm *alone)
{
    nn_data_options options = files_options();
    nn_part_options *train = &options.parts[NN_TRAIN];
    options.file = files_text("targets.h5");
    *train = (nn_part_options){.x = files_name("x", "x"), .weights = (char *)"kind"};
    files_add_name(&train->y, "level", "level");
    files_add_name(&train->y, "kind", "kind");
    files_add_name(&train->y, "box", "x");
    files_field(&options, "level")->missing = NN_MISSING_MASK;
    options.split.validation = 0.1;
    uint64_t expected = hash_of_targets(alone, &options);
    for (int cache = NN_CACHE_MEMORY; cache <= NN_CACHE_STREAM; cache++) {
        options.cache = cache;
        CHECK(hash_of_targets(comm, &options) == expected, "%d ranks, cache %d: the targets differ",
              nn_comm_size(comm), cache);
    }
}

/* The first NaN is reported although each rank checks only its share of the samples. */
static void check_nan(nn_comm *comm)
{
    nn_dataset *dataset = NULL;
    nn_data_options options = files_options();
    options.file = files_text("nan.h5");
    nn_status status =
        files_open(comm, &options, SEED, &(nn_target_wanted){.classes = true}, 1, NULL, &dataset);
    CHECK(status == NN_ERROR_DATA && !dataset, "status %d", (int)status);
    CHECK(strstr(nn_error_text(), "sample 15000, column 2 is NaN"), "%s", nn_error_text());
    CHECK(strncmp(nn_error_text(), "data.train.x: ", 14) == 0,
          "one mistake is reported as one of several: %s", nn_error_text());
}

/* Another folder under the same path on the last rank: /proc/self/cwd. Rank 0 says what the data is, so a
 * rank that sees a different file must neither train on it nor leave the others waiting, and is named. */
static void check_other_file(nn_comm *comm, const char *there, nn_status wanted, const char *text)
{
    int last = nn_comm_size(comm) - 1;
    char named[32], own[512], before[512];
    nn_dataset *dataset = NULL;
    nn_data_options options = files_options();
    options.file = files_text("/proc/self/cwd/d.h5");
    options.cache = NN_CACHE_STREAM; /* every rank reads samples */
    CHECK(getcwd(before, sizeof before), "no working directory");
    snprintf(own, sizeof own, "%s%s%s", files_directory, nn_comm_rank(comm) == last ? "/" : "",
             nn_comm_rank(comm) == last ? there : "");
    CHECK(chdir(own) == 0, "cannot enter %s", own);
    nn_status status =
        files_open(comm, &options, SEED, &(nn_target_wanted){.classes = true}, 1, NULL, &dataset);
    CHECK(status == wanted, "status %d, not %d: %s", (int)status, (int)wanted, nn_error_text());
    CHECK(!dataset == (wanted != NN_OK), "a data set in spite of status %d", (int)status);
    CHECK(strstr(nn_error_text(), text), "\"%s\" is not in: %s", text, nn_error_text());
    snprintf(named, sizeof named, "rank %d on ", last);
    CHECK(wanted == NN_OK || strncmp(nn_error_text(), named, strlen(named)) == 0, "rank %d is not named: %s",
          last, nn_error_text());
    nn_dataset_close(dataset);
    CHECK(chdir(before) == 0, "cannot return to %s", before);
}

static void check_other_files(nn_comm *comm)
{
    check_other_file(comm, "", NN_OK, "");
    if (nn_comm_size(comm) == 1) return;
    check_other_file(comm, "absent", NN_ERROR_IO, "cannot open the file /proc/self/cwd/d.h5");
    check_other_file(comm, "other", NN_ERROR_DATA, "is not what was found there at first");
}

/* Whichever allocation fails on one rank, all ranks return the same status; without shared memory, each rank
 * of the node keeps a copy, with the same bits. */
static void check_no_room(nn_comm *comm)
{
    bool separate = false;
    nn_data_options options = files_options();
    double expected[COLUMNS];
    options.split = (nn_split_options){.validation = 0.2, .stratified = true, .seed = -1};
    size_t before = nn_memory_in_use(), size = 0;
    int64_t done = 0, quiet = 0;
    for (int64_t n = 0; !done && n < 400; n++) {
        nn_dataset *dataset = NULL;
        nn_memory_fail_at(nn_comm_rank(comm) == 0 ? n : 0);
        nn_status status =
            files_open(comm, &options, SEED, &(nn_target_wanted){.classes = true}, 1, NULL, &dataset);
        int64_t most = status;
        nn_memory_fail_at(0);
        CHECK_OK(nn_comm_maximum(comm, &most, 1));
        CHECK(most == (int64_t)status, "rank %d: status %d, but %d elsewhere", nn_comm_rank(comm),
              (int)status, (int)most);
        CHECK(status == NN_OK || status == NN_ERROR_MEMORY, "allocation %lld: status %d: %s", (long long)n,
              (int)status, nn_error_text());
        if (dataset && n == 0) {
            size = nn_dataset_memory(dataset);
            memcpy(expected, nn_dataset_input_scaling(dataset)->scale, sizeof expected);
        }
        bool copies = dataset && nn_dataset_memory(dataset) > size;
        CHECK(!dataset || memcmp(expected, nn_dataset_input_scaling(dataset)->scale, sizeof expected) == 0,
              "allocation %lld gives other bits", (long long)n);
        separate = separate || copies;
        /* An optional name is looked for again where there was no room to find out, which fails nothing. */
        quiet = dataset && !copies && n > 0 ? quiet + 1 : 0;
        done = quiet > 8;
        CHECK_OK(nn_comm_maximum(comm, &done, 1));
        nn_dataset_close(dataset);
        CHECK(nn_memory_in_use() == before, "allocation %lld: memory leaks", (long long)n);
    }
    CHECK(done, "allocations never end");
    CHECK(separate || nn_comm_rank(comm) != 0 || nn_comm_node_size(comm) == 1,
          "a node without room was never tried");
}

static void check_all(nn_comm *comm, nn_comm *alone)
{
    check_splits(comm, alone);
    check_targets(comm, alone);
    check_nan(comm);
    check_other_files(comm);
    check_no_room(comm);
}

int main(int argc, char **argv)
{
    nn_comm *comm = NULL, *alone = NULL, *pairs = NULL;
    if (nn_comm_start(&argc, &argv, &comm) != NN_OK) return 1;
    nn_log_enable(false);
    make_given();
    if (nn_comm_rank(comm) == 0) {
        CHECK(files_make_directory(), "cannot make a directory for the files");
        write_files();
    }
    CHECK_OK(nn_comm_broadcast(comm, files_directory, sizeof files_directory, 0));
    CHECK_OK(nn_comm_create_from_handle((int)MPI_Comm_c2f(MPI_COMM_SELF), &alone));
    check_all(comm, alone);
    nn_comm_set_test_node_size(2);
    CHECK_OK(nn_comm_create_from_handle((int)MPI_Comm_c2f(MPI_COMM_WORLD), &pairs));
    if (pairs) check_all(pairs, alone);
    nn_comm_destroy(pairs);
    nn_comm_destroy(alone);
    CHECK_OK(nn_comm_barrier(comm));
    if (nn_comm_rank(comm) == 0) {
        remove(files_path("other/d.h5"));
        files_remove_directory();
    }
    return check_end(comm);
}
