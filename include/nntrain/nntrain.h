/*
 * nntrain: the public C interface without MPI. Load what a run has trained, predict, inspect.
 *
 * Every function returns a status; the text of the last failure in this thread is nn_error_text().
 * Functions on different predictors may run at the same time; one predictor serves one thread.
 *
 * The library is a guest: every function computes with the default floating-point environment and locale, and
 * leaves those of the calling thread, with the flags of exceptions, as they were; it starts no threads,
 * handles no signals, and calls no BLAS and no MPI. Only opening a run or checkpoint calls HDF5, under a lock
 * of this library, and restores HDF5's printing of errors and its error stack afterwards. If the program has
 * not used HDF5 before, an exit handler replaces HDF5's own (H5dont_atexit): it also closes what is left
 * open, except after a file that could not be closed.
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

/* ---- opening ---- */

/* A trained network together with the normalisation of its data, and the buffers of one thread. */
typedef struct nn_predictor nn_predictor;

/* Loads a file of `nntrain export RUN_DIR model.nn`, the best weights of a run directory, or a checkpoint.
 * *predictor is owned by the caller, and NULL on failure. Everything is allocated here: running a
 * predictor allocates nothing. A model.nn is mapped: its weights are in memory once for all processes of a
 * machine; replace it by another file rather than writing into it. libnntrain_model, without HDF5, reads
 * nothing else.
 */
nn_status nn_predictor_open(const char *path, nn_predictor **predictor);

/* The same, computing up to `microbatch` samples per call of the matrix library, instead of a microbatch of
 * the run (0: that one): larger ones are faster for many samples, and need more memory. */
nn_status nn_predictor_open_sized(const char *path, size_t microbatch, nn_predictor **predictor);

/* Makes another predictor with the weights of this one, for another thread: it adds the buffers of a
 * microbatch alone. Several threads may share and close predictors of the same weights at the same time; the
 * weights remain until the last is closed. *other is owned by the caller, and NULL on failure. */
nn_status nn_predictor_share(const nn_predictor *predictor, nn_predictor **other);

/* Accepts NULL. */
void nn_predictor_close(nn_predictor *predictor);

/* ---- what it reads and predicts ---- */

#define NN_PREDICTOR_DIMENSIONS 8

typedef enum nn_predictor_kind {
    NN_PREDICTOR_VALUES,       /* in the units of the data file */
    NN_PREDICTOR_INDICES,      /* an input: integers from 0 to classes - 1, such as words */
    NN_PREDICTOR_PROBABILITIES /* an output: of each class, or of yes (the loss is binary_cross_entropy) */
} nn_predictor_kind;

/* An input or an output. Texts are borrowed from the predictor. */
typedef struct nn_predictor_field {
    const char *name; /* as in the configuration: "x", "label" */
    nn_predictor_kind kind;
    size_t dimensions;                       /* of one sample; 0: a single value */
    size_t extents[NN_PREDICTOR_DIMENSIONS]; /* row-major, the last varies fastest */
    size_t count;                            /* values per sample: the product of the extents */
    size_t begin;            /* its first value among those of all inputs, or outputs, of a sample */
    size_t classes;          /* 0: values */
    const char *class_names; /* one per line, \n in a name is a line break and \\ a backslash; NULL: none */
} nn_predictor_field;

/* Number of inputs and of outputs, and the properties of each, counted from 0. NN_ERROR_USAGE if there is no
 * such one. */
size_t nn_predictor_input_number(const nn_predictor *predictor);
size_t nn_predictor_output_number(const nn_predictor *predictor);
nn_status nn_predictor_input(const nn_predictor *predictor, size_t index, nn_predictor_field *field);
nn_status nn_predictor_output(const nn_predictor *predictor, size_t index, nn_predictor_field *field);

/* The index of the input or output of that name; NN_ERROR_USAGE, with the names there are, if there is none.
 */
nn_status nn_predictor_find_input(const nn_predictor *predictor, const char *name, size_t *index);
nn_status nn_predictor_find_output(const nn_predictor *predictor, const char *name, size_t *index);

/* Steps of a sequence of full length, if the samples in training had lengths; otherwise 0. */
size_t nn_predictor_steps(const nn_predictor *predictor);

/* Number of values of one sample's inputs, and of one sample's outputs: those of all inputs, and of all
 * outputs in the order of `losses`, one after another. */
size_t nn_predictor_input_count(const nn_predictor *predictor);
size_t nn_predictor_output_count(const nn_predictor *predictor);

/* Number of classes of the first output, 0 if it predicts values; and their names, as in nn_predictor_field.
 */
size_t nn_predictor_class_count(const nn_predictor *predictor);
const char *nn_predictor_class_names(const nn_predictor *predictor);

/* 64-bit fingerprint of the weights: the number that the run printed, if these are its last weights. */
uint64_t nn_predictor_fingerprint(const nn_predictor *predictor);

/* The network in JSON, as `nntrain info --graph` prints it: shapes and names of its inputs and outputs,
 * layers
 * (`nntrain help checkpoint-format`). Borrowed. */
const char *nn_predictor_graph(const nn_predictor *predictor);

/* Samples that are computed at a time: a microbatch of the run, unless the predictor was opened with another.
 */
size_t nn_predictor_microbatch(const nn_predictor *predictor);

/* ---- predicting ---- */

/*
 * Predicts `samples` samples. inputs holds samples x input_count raw values as they are in the data file
 * (unpacked, if its attributes give a scale and an offset; normalisation is applied here, and numbers of
 * categories are looked up, but missing values (NaN) are replaced only where the network does it, which
 * `takes_missing` in its graph says: elsewhere, if data.fields.NAME.missing is mean, pass the mean of the
 * column); outputs receives
 * samples x output_count values: class probabilities if the loss is cross_entropy, the probability of yes if
 * it is binary_cross_entropy, otherwise values in the units of the target. With several inputs or outputs,
 * those of a sample follow one another. Sequences have their full length.
 *
 * Input that cannot be computed with - NaN, infinite, beyond the range of the network's precision, not one of
 * the indices or categories - makes all outputs of its own sample NaN, and changes no other sample.
 *
 * The bits of a sample's outputs depend on its inputs and the weights alone: not on how many samples are
 * predicted together, on its place among them, on the predictor's microbatch or on the CPU. They are those of
 * `nntrain predict`.
 */
nn_status nn_predictor_run(nn_predictor *predictor, size_t samples, const float *inputs, float *outputs);

/* The same for arrays of double, whatever the precision of the network, which it computes in. Normalisation
 * and the conversion to the target's units are computed in double in any case. */
nn_status nn_predictor_run_f64(nn_predictor *predictor, size_t samples, const double *inputs,
                               double *outputs);

typedef enum nn_predictor_type { NN_PREDICTOR_FLOAT, NN_PREDICTOR_DOUBLE } nn_predictor_type;

/* The arrays of a call. Zero-initialise. Everything is borrowed. */
typedef struct nn_predictor_arrays {
    size_t samples;
    nn_predictor_type type; /* of the inputs and outputs */
    /* One array per input, in their order: samples x count of that input. */
    const void *const *inputs;
    /* One array per output, in their order: samples x count of that output; NULL: it is not needed. */
    void *const *outputs;
    /* Steps of each sample, from 1 to nn_predictor_steps; NULL: all of them. What inputs hold after the last
     * step of a sample is not read; outputs of later steps are NaN. */
    const int64_t *lengths;
} nn_predictor_arrays;

/* As nn_predictor_run, for an array per input and output. */
nn_status nn_predictor_run_arrays(nn_predictor *predictor, const nn_predictor_arrays *arrays);

/* ---- derivatives with respect to inputs ---- */

/* Allocates what the following functions need: they then allocate nothing. Without it the first of them does.
 */
nn_status nn_predictor_prepare_derivatives(nn_predictor *predictor);

/*
 * With J the Jacobian of what nn_predictor_run computes for a sample - outputs in the units of the target, or
 * probabilities, by inputs in the units of the data file -, for each of `samples` samples:
 *
 * vjp (reverse mode): input_gradients = J^T output_cotangents. With a 1 for one output and zeros elsewhere,
 * the derivatives of that output with respect to all inputs.
 *
 * jvp (forward mode): output_tangents = J input_tangents, the derivatives along a direction; and the outputs.
 *
 * The arrays are laid out as those of nn_predictor_run. Dropout has no effect, and batch_norm uses its
 * running statistics. Inputs that are indices have the derivative 0, and their tangents are not read. A
 * sample whose outputs nn_predictor_run makes NaN has NaN here. Computed in the precision of the network:
 * with `precision: mixed` products have the accuracy of bfloat16, about two digits.
 */
nn_status nn_predictor_vjp(nn_predictor *predictor, size_t samples, const float *inputs,
                           const float *output_cotangents, float *input_gradients);
nn_status nn_predictor_jvp(nn_predictor *predictor, size_t samples, const float *inputs,
                           const float *input_tangents, float *outputs, float *output_tangents);

/* The same for arrays of double. */
nn_status nn_predictor_vjp_f64(nn_predictor *predictor, size_t samples, const double *inputs,
                               const double *output_cotangents, double *input_gradients);
nn_status nn_predictor_jvp_f64(nn_predictor *predictor, size_t samples, const double *inputs,
                               const double *input_tangents, double *outputs, double *output_tangents);

/* The same for an array per input and output, and for samples with lengths: `arrays` is as for
 * nn_predictor_run_arrays, without outputs for vjp. Cotangents and gradients, tangents of inputs and of
 * outputs are lists of arrays like its inputs or outputs; one of an output may be NULL: a cotangent of 0, or
 * a tangent that is not needed. Cotangents and tangents after the last step of a sample are not read; the
 * gradients of its inputs are 0 there, the tangents of its outputs NaN. */
nn_status nn_predictor_vjp_arrays(nn_predictor *predictor, const nn_predictor_arrays *arrays,
                                  const void *const *output_cotangents, void *const *input_gradients);
nn_status nn_predictor_jvp_arrays(nn_predictor *predictor, const nn_predictor_arrays *arrays,
                                  const void *const *input_tangents, void *const *output_tangents);

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
