/*
 * nntrain: the public C interface without MPI. Load what a run has trained, predict, inspect.
 *
 * Every function returns a status; the text of the last failure in this thread is nn_error_text().
 * Functions on different predictors may run at the same time; one predictor serves one thread.
 *
 * Opening a predictor limits OpenBLAS to one thread for the rest of the process: the bits of predictions
 * depend on it. Only nn_predictor_open calls HDF5, under a lock of this library, and restores HDF5's printing
 * of errors afterwards. If the program has not used HDF5 before, an exit handler replaces HDF5's own
 * (H5dont_atexit): it also closes what is left open, except after a file that could not be closed.
 */
#ifndef NNTRAIN_NNTRAIN_H
#define NNTRAIN_NNTRAIN_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The outcome of a call. The values are also the exit codes of the program. */
typedef enum nn_status {
    NN_OK = 0,
    NN_ERROR_USAGE = 2,      /* the configuration, the command line or an argument is wrong */
    NN_ERROR_NONFINITE = 3,  /* NaN or Inf appeared while training */
    NN_ERROR_HANG = 4,       /* a rank stopped making progress */
    NN_ERROR_DATA = 5,       /* a data set cannot be used as configured */
    NN_ERROR_IO = 6,         /* a file could not be read or written */
    NN_ERROR_MEMORY = 7,     /* memory could not be allocated */
    NN_ERROR_COMM = 8,       /* MPI failed, the ranks differ, or the machine does not fit the run */
    NN_ERROR_CHECKPOINT = 9, /* a checkpoint is damaged, or does not fit the configuration */
    NN_ERROR_BUSY = 10,      /* another job holds the run directory */
    NN_ERROR_UNSAVED = 11,   /* training ended, and its last checkpoint could not be written */
    NN_ERROR_CORRUPT = 12,   /* memory or arithmetic of a node gave wrong bits */
    NN_STOPPED = 75          /* stopped on request after a checkpoint: run again to resume */
} nn_status;

/* Text of the last failure in this thread: what, where, what to do. Borrowed, never NULL. */
const char *nn_error_text(void);

/* Version of the library, such as "0.1.0". Borrowed. */
const char *nn_version(void);

/* A trained network together with the normalisation of its data. */
typedef struct nn_predictor nn_predictor;

/* Loads the best weights of a run directory, or a checkpoint file. *predictor is owned by the caller. */
nn_status nn_predictor_open(const char *run_directory_or_checkpoint, nn_predictor **predictor);

/* Accepts NULL. */
void nn_predictor_close(nn_predictor *predictor);

/* Number of values of one sample's input, and of one sample's output: those of all outputs of the network,
 * one after another in the order of `losses`. */
size_t nn_predictor_input_count(const nn_predictor *predictor);
size_t nn_predictor_output_count(const nn_predictor *predictor);

/* Number of classes of the first output, 0 if it predicts values; and their names, one per line, or NULL if
 * they have none (borrowed; in a name \n is a line break and \\ a backslash). */
size_t nn_predictor_class_count(const nn_predictor *predictor);
const char *nn_predictor_class_names(const nn_predictor *predictor);

/* 64-bit fingerprint of the weights: the number that the run printed, if these are its last weights. */
uint64_t nn_predictor_fingerprint(const nn_predictor *predictor);

/* The network in JSON, as `nntrain info --graph` prints it: shapes and names of its input and outputs, layers
 * (`nntrain help checkpoint-format`). Borrowed. */
const char *nn_predictor_graph(const nn_predictor *predictor);

/* Samples of a microbatch of the run. */
size_t nn_predictor_microbatch(const nn_predictor *predictor);

/*
 * Predicts `samples` samples. inputs holds samples x input_count raw values as they are in the data file
 * (unpacked, if its attributes give a scale and an offset; normalisation is applied here, but missing values
 * are not replaced: if data.fields.NAME.missing is mean, pass the mean of the column); outputs receives
 * samples x output_count values: class probabilities if the loss is cross_entropy, the probability of yes if
 * it is binary_cross_entropy, otherwise values in the units of the target. With several outputs, all outputs
 * of a sample follow one another. Sequences are assumed to have the full length to which they were padded in
 * training. The last bits may depend on how many samples are predicted together, and on a sample's place
 * among them: where `samples` is a multiple of nn_predictor_microbatch (add samples of zeros), they are those
 * of `nntrain predict` for the same rows in the same order.
 */
nn_status nn_predictor_run(nn_predictor *predictor, size_t samples, const float *inputs, float *outputs);

/* ---- training: see nntrain/nntrain_mpi.h ---- */

/* The outcome of a training run. */
typedef struct nn_train_result {
    uint64_t fingerprint; /* of the last weights */
    int64_t steps;        /* optimizer steps of the whole run, including those before a resume */
} nn_train_result;

/* Which ranks print the lines of a run (standard output) and its warnings (standard error). */
typedef enum nn_log_ranks {
    NN_LOG_FIRST_RANK, /* rank 0 of the run's communicator: the default */
    NN_LOG_ALL_RANKS,
    NN_LOG_NO_RANK
} nn_log_ranks;

/* For the runs of this process that begin after the call. */
void nn_set_log_ranks(nn_log_ranks ranks);

/* As nn_train of nntrain_mpi.h, with the communicator as a Fortran handle (MPI_Comm_c2f). */
nn_status nn_train_on_handle(int communicator, const char *config_path, const char *run_directory,
                             const char *const *overrides, size_t override_count, nn_train_result *result);

#ifdef __cplusplus
}
#endif

#endif
