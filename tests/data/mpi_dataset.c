/* A data set on any number of ranks and nodes: the bits that one plain computation here gives, and the same
 * failure on all ranks. */
#include <math.h>
#include <mpi.h>

#include "../comm/check.h"
#include "base/hash.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/philox.h"
#include "base/tree.h"
#include "comm/testing.h"
#include "files.h"

enum { ROWS = 20011, COLUMNS = 6, CHUNK = 1024, CLASSES = 5, SEED = 11 };

/* As the file holds them. */
static float given_x[ROWS * COLUMNS];
static unsigned char given_y[ROWS];

static void make_given(void)
{
    for (uint64_t i = 0; i < ROWS * COLUMNS; i++)
        given_x[i] = (float)((files_number(i) - 0.3) * pow(10, (double)(i % COLUMNS) - 2) + 100);
    for (uint64_t i = 0; i < ROWS; i++) given_y[i] = (unsigned char)(files_number(i + 7) * CLASSES);
}

static void write_files(void)
{
    const hsize_t extents[2] = {ROWS, COLUMNS};
    hid_t file = files_create("d.h5");
    files_add(file, "x", H5T_IEEE_F32LE, H5T_NATIVE_FLOAT, 2, extents, 999, given_x);
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

/* ---- the reference: one pass after the other over all train samples, in this process ---- */

typedef struct reference {
    int64_t count;
    int64_t rows[ROWS]; /* of the train samples */
    double scale[COLUMNS], offset[COLUMNS], prior[CLASSES];
} reference;

static double reference_chunks[ROWS / CHUNK + 1][COLUMNS];

/* Sums over the train samples of (x - center) to the power 1 or 2: chunks, then the tree. */
static void reference_sum(const reference *known, const double *center, bool square, double *sums)
{
    int64_t chunks = (known->count + CHUNK - 1) / CHUNK;
    memset(reference_chunks, 0, (size_t)chunks * sizeof *reference_chunks);
    for (int64_t i = 0; i < known->count; i++)
        for (int c = 0; c < COLUMNS; c++) {
            double difference = (double)given_x[known->rows[i] * COLUMNS + c] - center[c];
            reference_chunks[i / CHUNK][c] += square ? difference * difference : difference;
        }
    nn_tree_sum(chunks, COLUMNS, reference_chunks[0], sums);
}

static void reference_measure(reference *known)
{
    double first[COLUMNS], mean[COLUMNS], squares[COLUMNS];
    for (int c = 0; c < COLUMNS; c++) first[c] = (double)given_x[known->rows[0] * COLUMNS + c];
    reference_sum(known, first, false, mean);
    for (int c = 0; c < COLUMNS; c++) mean[c] = mean[c] / (double)known->count + first[c];
    reference_sum(known, mean, true, squares);
    for (int c = 0; c < COLUMNS; c++) {
        known->scale[c] = 1 / sqrt(squares[c] / (double)known->count);
        known->offset[c] = -mean[c] * known->scale[c];
    }
    memset(known->prior, 0, sizeof known->prior);
    for (int64_t i = 0; i < known->count; i++) known->prior[given_y[known->rows[i]]]++;
    for (int c = 0; c < CLASSES; c++) known->prior[c] /= (double)known->count;
}

static void reference_split(reference *known, int64_t held_out)
{
    const nn_random stream = {.seed = SEED, .purpose = NN_RANDOM_SPLIT};
    known->count = ROWS - held_out;
    for (int64_t i = 0; i < known->count; i++)
        known->rows[i] = held_out ? (int64_t)nn_random_permute(stream, ROWS, (uint64_t)(held_out + i)) : i;
}

/* ---- the checks ---- */

static uint64_t hash_of_gathered(const nn_dataset *dataset, const reference *known)
{
    uint64_t hash = 0;
    for (int64_t i = 0; i < known->count; i += 37) {
        nn_real inputs[COLUMNS];
        int64_t label, sample = nn_dataset_order(dataset, NN_TRAIN, 3, i), row = known->rows[sample];
        nn_dataset_gather(dataset, NN_TRAIN, 1, &sample, inputs, NULL, &label);
        CHECK(label == given_y[row], "sample %lld has the label of another", (long long)sample);
        for (int c = 0; c < COLUMNS; c++) {
            nn_real expected =
                (nn_real)((double)given_x[row * COLUMNS + c] * known->scale[c] + known->offset[c]);
            CHECK(inputs[c] == expected, "sample %lld, column %d is %.17g, not %.17g", (long long)sample, c,
                  (double)inputs[c], (double)expected);
        }
        hash = nn_hash(inputs, sizeof inputs, hash);
    }
    return hash;
}

static void check_dataset(const nn_dataset *dataset, const reference *known)
{
    const nn_scaling *scaling = nn_dataset_input_scaling(dataset);
    double prior[CLASSES];
    CHECK(nn_dataset_count(dataset, NN_TRAIN) == known->count, "%lld train samples",
          (long long)nn_dataset_count(dataset, NN_TRAIN));
    CHECK(scaling->columns == COLUMNS, "%lld columns", (long long)scaling->columns);
    CHECK(memcmp(scaling->scale, known->scale, sizeof known->scale) == 0, "scales have other bits");
    CHECK(memcmp(scaling->offset, known->offset, sizeof known->offset) == 0, "offsets have other bits");
    nn_dataset_prior(dataset, prior);
    CHECK(memcmp(prior, known->prior, sizeof prior) == 0, "the shares of the classes have other bits");
}

static void check_bits(nn_comm *comm, double validation, bool stratified, reference *known)
{
    nn_dataset *dataset = NULL;
    nn_data_options options = files_options();
    options.split = (nn_split_options){.validation = validation, .stratified = stratified, .seed = -1};
    CHECK_OK(nn_dataset_open(comm, &options, files_directory, SEED, true, NULL, &dataset));
    if (!dataset) return;
    uint64_t hashes[2] = {nn_dataset_identity(dataset), 0};
    if (!stratified) {
        check_dataset(dataset, known);
        hashes[1] = hash_of_gathered(dataset, known);
    } else {
        hashes[1] = nn_hash(nn_dataset_input_scaling(dataset)->scale, sizeof known->scale, 0);
    }
    bool same = false;
    CHECK_OK(nn_comm_same(comm, nn_hash(hashes, sizeof hashes, 0), &same));
    CHECK(same, "the ranks have other data");
    if (nn_comm_rank(comm) == 0)
        printf("%d ranks, %d nodes, %s: identity %016llx, gathered %016llx\n", nn_comm_size(comm),
               nn_comm_node_count(comm),
               stratified       ? "stratified"
               : validation > 0 ? "split"
                                : "whole",
               (unsigned long long)hashes[0], (unsigned long long)hashes[1]);
    nn_dataset_close(dataset);
}

/* The first NaN is told although the ranks look at a share of the samples each. */
static void check_nan(nn_comm *comm)
{
    static char file[] = "nan.h5";
    nn_dataset *dataset = NULL;
    nn_data_options options = files_options();
    options.file = file;
    nn_status status = nn_dataset_open(comm, &options, files_directory, SEED, true, NULL, &dataset);
    CHECK(status == NN_ERROR_DATA && !dataset, "status %d", (int)status);
    CHECK(strstr(nn_error_text(), "sample 15000, column 2 is NaN"), "%s", nn_error_text());
    CHECK(strncmp(nn_error_text(), "data.train.x: ", 14) == 0, "one mistake is told as one of several: %s",
          nn_error_text());
}

/* A rank that sees another file must not train on it, nor let the others wait. */
static void check_other_file(nn_comm *comm)
{
    static char other[] = "absent.h5";
    int last = nn_comm_size(comm) - 1;
    nn_dataset *dataset = NULL;
    nn_data_options options = files_options();
    if (nn_comm_rank(comm) == last) options.file = other;
    nn_status status = nn_dataset_open(comm, &options, files_directory, SEED, true, NULL, &dataset);
    CHECK(status == NN_ERROR_DATA && !dataset, "status %d", (int)status);
    CHECK(strstr(nn_error_text(), "absent.h5"), "%s", nn_error_text());
}

/* Whichever allocation of one rank fails, all ranks end alike; without room to share, each rank of the node
 * keeps a copy, with the same bits. */
static void check_no_room(nn_comm *comm)
{
    bool separate = false;
    nn_data_options options = files_options();
    double expected[COLUMNS];
    options.split = (nn_split_options){.validation = 0.2, .stratified = true, .seed = -1};
    size_t before = nn_memory_in_use(), size = 0;
    int64_t done = 0;
    for (int64_t n = 0; !done && n < 200; n++) {
        nn_dataset *dataset = NULL;
        nn_memory_fail_at(nn_comm_rank(comm) == 0 ? n : 0);
        nn_status status = nn_dataset_open(comm, &options, files_directory, SEED, true, NULL, &dataset);
        int64_t most = status;
        nn_memory_fail_at(0);
        CHECK_OK(nn_comm_maximum(comm, &most, 1));
        CHECK(most == (int64_t)status, "rank %d: status %d, but %d elsewhere", nn_comm_rank(comm),
              (int)status, (int)most);
        CHECK(status == NN_OK || status == NN_ERROR_MEMORY, "status %d", (int)status);
        if (dataset && n == 0) {
            size = nn_dataset_memory(dataset);
            memcpy(expected, nn_dataset_input_scaling(dataset)->scale, sizeof expected);
        }
        bool copies = dataset && nn_dataset_memory(dataset) > size;
        CHECK(!copies || memcmp(expected, nn_dataset_input_scaling(dataset)->scale, sizeof expected) == 0,
              "copies give other bits");
        separate = separate || copies;
        done = n > 0 && dataset && !copies;
        CHECK_OK(nn_comm_maximum(comm, &done, 1));
        nn_dataset_close(dataset);
        CHECK(nn_memory_in_use() == before, "allocation %lld: memory is lost", (long long)n);
    }
    CHECK(done, "no allocation is the last");
    CHECK(separate || nn_comm_rank(comm) != 0 || nn_comm_node_size(comm) == 1,
          "a node without room was never tried");
}

static void check_all(nn_comm *comm, reference *known)
{
    reference_split(known, 0);
    reference_measure(known);
    check_bits(comm, 0, false, known);
    check_bits(comm, 0.2, true, known);
    reference_split(known, 4002);
    reference_measure(known);
    check_bits(comm, 0.2, false, known);
    check_nan(comm);
    check_other_file(comm);
    check_no_room(comm);
}

int main(int argc, char **argv)
{
    static reference known;
    nn_comm *comm = NULL, *pairs = NULL;
    if (nn_comm_start(&argc, &argv, &comm) != NN_OK) return 1;
    nn_log_enable(nn_comm_rank(comm) == 0);
    make_given();
    if (nn_comm_rank(comm) == 0) {
        CHECK(files_make_directory(), "no directory for the files");
        write_files();
    }
    CHECK_OK(nn_comm_broadcast(comm, files_directory, sizeof files_directory, 0));
    check_all(comm, &known);
    nn_comm_set_test_node_size(2);
    CHECK_OK(nn_comm_create_from_handle((int)MPI_Comm_c2f(MPI_COMM_WORLD), &pairs));
    if (pairs) check_all(pairs, &known);
    nn_comm_destroy(pairs);
    CHECK_OK(nn_comm_barrier(comm));
    if (nn_comm_rank(comm) == 0) files_remove_directory();
    return check_end(comm);
}
