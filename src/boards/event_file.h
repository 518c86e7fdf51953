/*
 * An event file of TensorBoard: RUN_DIR/tensorboard/events.out.tfevents.TIME.HOST. TensorBoard reads all of a
 * folder, in the order of their names, as one run. Each start of the job writes a file of its own, which
 * begins with its version and with a session start at the first step that it may contain: readers then drop
 * what earlier files have of this and later steps, which was lost with a job that was killed. A record is its
 * length, the masked CRC-32C of that, an Event in protobuf, and the masked CRC-32C of that.
 *
 * Where protobuf-c was missing when nntrain was built there are no event files.
 */
#ifndef NN_BOARDS_EVENT_FILE_H
#define NN_BOARDS_EVENT_FILE_H

#include <stdbool.h>

#include "base/real.h"
#include "boards/scalars.h"

#define NN_EVENT_FOLDER "tensorboard"
#define NN_EVENT_PREFIX "events.out.tfevents."

typedef struct nn_event_file nn_event_file;

/* Whether a run directory has event files. NN_ERROR_IO if the folder cannot be listed. */
nn_status nn_event_file_exists(const char *run_directory, bool *there);

/* Begins a new file, after all existing ones in the order of names. host: for its name. The caller owns
 * *file. */
nn_status nn_event_file_create(const char *run_directory, const char *host, int64_t first_step,
                               nn_event_file **file);
void nn_event_file_destroy(nn_event_file *file); /* accepts NULL */

/* A value of the configuration; the text decides whether it is a number, true or false, or a word. */
typedef struct nn_event_setting {
    const char *path, *value;
} nn_event_setting;

/* What the dashboard of hyper-parameters shows of the run, and the configuration as a text. */
nn_status nn_event_file_append_settings(nn_event_file *file, const nn_event_setting *settings, size_t count,
                                        const char *configuration);

/* The numbers of a line, at its step. Names of lines by step begin with "step/". */
nn_status nn_event_file_append_scalars(nn_event_file *file, const nn_scalars *scalars);

/* A histogram of `count` values, at a step. Not finite ones are left out. */
nn_status nn_event_file_append_histogram(nn_event_file *file, int64_t step, const char *name,
                                         nn_scalar scalar, const nn_real *values, size_t count);

#endif
