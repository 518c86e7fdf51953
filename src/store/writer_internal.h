/* Shared by the files of the writer. Everything here is called with the lock held. */
#ifndef NN_STORE_WRITER_INTERNAL_H
#define NN_STORE_WRITER_INTERNAL_H

#include "store/store_internal.h"
#include "store/writer.h"

struct nn_store_output {
    nn_store_writer *writer; /* borrowed */
    char *name;
    hid_t id; /* negative once closed */
    nn_store_layout layout;
    nn_store_info info; /* as planned: extents[0] is 0 if the number of rows is not known */
    int64_t written;    /* rows */
    bool grows;
};

struct nn_store_writer {
    char *path, *temporary;
    int directory, descriptor; /* the temporary file, locked */
    hid_t file, links;         /* links: link creation properties, missing groups are created */
    nn_store_output **outputs; /* owned */
    size_t output_count, output_capacity;
    bool failed;    /* nothing more can be written */
    bool committed; /* the temporary name no longer exists */
};

/* Creates PATH with NN_STORE_TEMPORARY after it, and locks it against other processes: NN_ERROR_BUSY if one
 * is writing it. */
nn_status nn_store_writer_claim(nn_store_writer *writer);
/* Drops the HDF5 file, whatever its state, without writing more of it, and removes it. */
void nn_store_writer_abandon(nn_store_writer *writer);
/* Verifies that the file on disk holds what was written. */
nn_status nn_store_writer_verify(const nn_store_writer *writer);

/* Reports a failed HDF5 call that writes, and marks the writer as failed. `name` may be NULL. */
nn_status nn_store_writer_fail(nn_store_writer *writer, const char *doing, const char *name);

/* Values per row; bytes per row in the file. */
int64_t nn_store_output_row(const nn_store_output *output);
int64_t nn_store_output_row_bytes(const nn_store_output *output);
/* Chooses the chunks and checks the layout; fills in output->info. */
nn_status nn_store_output_plan(nn_store_output *output);
/* Creates the dataset as planned. */
nn_status nn_store_output_make(nn_store_output *output);

#endif
