/* Data sets of one rank for unit tests. Include after cmocka.h. */
#ifndef NN_TESTS_DATA_OPENED_H
#define NN_TESTS_DATA_OPENED_H

#include "files.h"

static nn_comm *comm;

static inline void expect_message(const char *part)
{
    if (!strstr(nn_error_text(), part)) fail_msg("the message lacks \"%s\": %s", part, nn_error_text());
}

static inline nn_dataset *open_ok(const nn_data_options *options, bool for_class_loss)
{
    nn_dataset *dataset = NULL;
    if (nn_dataset_open(comm, options, files_directory, 7, for_class_loss, NULL, &dataset) != NN_OK)
        fail_msg("%s", nn_error_text());
    return dataset;
}

static inline void expect_refused(const nn_data_options *options, bool for_class_loss, const char *part)
{
    nn_dataset *dataset = NULL;
    assert_int_equal(nn_dataset_open(comm, options, files_directory, 7, for_class_loss, NULL, &dataset),
                     NN_ERROR_DATA);
    assert_null(dataset);
    expect_message(part);
}

enum { SPLIT_ROWS = 1000 };

/* Sample i has x = i; its label is 0 for 600 samples, 1 for 300, 2 for 97, 3 for 3. */
static inline int64_t split_label(int64_t i)
{
    int64_t place = i * 7 % SPLIT_ROWS;
    return place < 600 ? 0 : place < 900 ? 1 : place < 997 ? 2 : 3;
}

static inline void write_split_file(void)
{
    double x[SPLIT_ROWS], y[SPLIT_ROWS];
    for (int64_t i = 0; i < SPLIT_ROWS; i++) {
        x[i] = (double)i;
        y[i] = (double)split_label(i);
    }
    hid_t file = files_create("d.h5");
    files_add_column(file, "x", H5T_STD_U16LE, SPLIT_ROWS, x);
    files_add_column(file, "y", H5T_STD_U8LE, SPLIT_ROWS, y);
    H5Fclose(file);
}

/* Runs the tests between the start and the end of MPI, with a directory for files. */
#define RUN_TESTS(argc, argv, tests, failures)                                                               \
    do {                                                                                                     \
        if (nn_comm_start(&(argc), &(argv), &comm) != NN_OK || !files_make_directory()) return 1;            \
        (failures) = cmocka_run_group_tests(tests, NULL, NULL);                                              \
        files_remove_directory();                                                                            \
        nn_comm_destroy(comm);                                                                               \
    } while (0)

#endif
