/* A configuration, as structs. */
#ifndef NN_SETTINGS_SETTINGS_H
#define NN_SETTINGS_SETTINGS_H

#include "config/config.h"
#include "data/dataset.h"
#include "model/model.h"
#include "optim/optimizer.h"
#include "optim/schedule.h"
#include "settings/early.h"
#include "settings/init_options.h"

enum { NN_LAST_BATCH_KEEP, NN_LAST_BATCH_DROP };
enum { NN_MACHINE_SAME, NN_MACHINE_ANY };
enum { NN_NONFINITE_STOP, NN_NONFINITE_SKIP };
enum { NN_PRECISION_FLOAT32, NN_PRECISION_FLOAT64, NN_PRECISION_MIXED };
enum { NN_WIRE_FLOAT32, NN_WIRE_BF16 };
enum { NN_KERNELS_AUTO, NN_KERNELS_BLAS, NN_KERNELS_PORTABLE };

typedef struct nn_training_options { /* section training */
    int64_t epochs;
    int64_t batch_size;      /* 0: depends on the number of samples */
    int64_t microbatch_size; /* 0: depends on the batch */
    int last_batch;          /* keep or drop */
    int64_t seed;
    int allreduce;     /* nn_reduction_mode */
    int wire;          /* float32 or bf16 */
    int precision;     /* float32, float64 or mixed; settings.model.network has its scalar and engine */
    int kernels;       /* auto, blas or portable; likewise */
    double clip_value; /* largest absolute value of an element of the gradient; 0: any */
    double clip_norm;  /* largest norm of the gradient; 0: any; -1: depends on network and optimizer */
    double average;    /* decay of the running average of the weights, per step; 0: no average */
    nn_duration validate_every; /* whole steps or epochs */
    nn_early_options early_stopping;
    int on_nonfinite; /* stop or skip */
    int64_t nonfinite_limit;
    int64_t limit_batches; /* per epoch; 0: all */
    int64_t threads;       /* per rank; 0: OMP_NUM_THREADS, otherwise the rank's share of the cores */
    double memory;         /* MiB for microbatches in flight, per rank */
    int machine;           /* what a resumed run accepts: same or any */
    int64_t verify_every;  /* steps between verifications; 0: none */
    double peak_seconds;   /* for measuring the machine's matrix rate at the start */
    double hang_timeout;   /* seconds without progress that end the job; 0: never */
} nn_training_options;

typedef struct nn_checkpoint_options { /* section checkpoint */
    nn_duration every;
    int64_t keep_last;
    double shard_size; /* MiB */
    bool verify;
    nn_text_list best; /* the first one ends a run early and gives the final results */
} nn_checkpoint_options;

typedef struct nn_logging_options { /* section logging */
    nn_duration every;              /* whole steps or epochs; no unit: nothing is logged by step */
    bool norms;
    bool tensorboard, csv;    /* boards/board.h */
    nn_duration fingerprints; /* as `every`: of the weights by layer */
} nn_logging_options;

extern const nn_option nn_logging_options_table[];
extern const nn_option nn_training_options_table[];
extern const nn_option nn_checkpoint_options_table[];

typedef struct nn_evaluation_options { /* section evaluation: RUN_DIR/evaluation.h5 */
    bool store;
    int64_t sample, worst, text;
} nn_evaluation_options;
extern const nn_option nn_evaluation_options_table[];

typedef struct nn_settings {
    nn_text_list plugins; /* names of the files, for base/plugins.h */
    nn_data_options data;
    nn_model_spec model;
    const nn_optimizer_type *optimizer;
    void *optimizer_options;
    const nn_schedule_type *schedule;
    void *schedule_options;
    nn_training_options training;
    nn_checkpoint_options checkpoint;
    nn_evaluation_options evaluation;
    nn_logging_options logging;
    nn_init_options init_from;
    bool data_is_sound, model_is_sound; /* no problems were found in these sections */
} nn_settings;

/* Reads all sections. On NN_ERROR_USAGE the error text lists every problem. Release the settings in any case.
 */
nn_status nn_settings_read(nn_config *config, nn_settings *settings);
void nn_settings_release(nn_settings *settings);

#endif
