/* The lines of RUN_DIR/metrics.jsonl, as they are written: read on from where they ended the last time, and
 * from the start where the file has been replaced or cut. Only complete lines count. */
#ifndef NN_WATCH_RECORDS_H
#define NN_WATCH_RECORDS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/status.h"
#include "base/text.h"

#define NN_RECORD_NAME 96

/* One number by step: "train.loss", "validation.accuracy", "step.gradient_norm". */
typedef struct nn_record_series {
    char name[NN_RECORD_NAME];
    double *steps, *values; /* owned */
    size_t count, capacity;
} nn_record_series;

/* What the last line of an epoch says. */
typedef struct nn_record_epoch {
    int64_t epoch, step;
    double seconds, rate; /* of the epoch; samples/s */
} nn_record_epoch;

typedef struct nn_records nn_records;

/* What a new line is: to be shown in words. borrowed: line has no newline. */
typedef struct nn_record_listener {
    void *context;
    void (*line)(void *context, const nn_records *records, const char *line);
    void (*again)(void *context); /* the file begins again */
} nn_record_listener;

/* Zero-initialise; release with nn_records_release. */
struct nn_records {
    nn_record_series *series; /* owned */
    size_t series_count, series_capacity;
    nn_record_epoch epoch; /* epoch 0: none yet */
    double epochs_seconds; /* of the last few epochs, in the mean */
    int64_t step;          /* of the last line that could be read */
    char kind[32];         /* of the last line: "epoch", "step", "validation"; "": it could not be read */
    int64_t skipped;       /* steps, because of NaN or Inf */
    size_t lines, damaged; /* complete ones, and those that are not JSON */
    bool there, partial;   /* the file exists; its last line is incomplete */
    time_t changed;        /* when it was last written */
    /* private */
    dev_t device;
    ino_t file;
    off_t read;
    nn_text rest; /* of an incomplete line */
};

/* Reads what is new. A missing file is not a failure. listener may be NULL. */
nn_status nn_records_read(nn_records *records, const char *run_directory, const nn_record_listener *listener);

const nn_record_series *nn_records_find(const nn_records *records, const char *name); /* NULL: none */

void nn_records_release(nn_records *records);

#endif
