/* What the files of the writer share. All of it is called with the lock held. */
#ifndef NN_STORE_WRITER_PARTS_H
#define NN_STORE_WRITER_PARTS_H

#include "store/internal.h"
#include "store/writer.h"

struct nn_store_output {
    nn_store_writer *writer; /* borrowed */
    char *name;
    hid_t id; /* negative once closed */
    nn_store_layout layout;
    nn_store_info info; /* as planned: extents[0] is 0 where rows are not known */
    int64_t written;    /* rows */
    bool grows;
};

struct nn_store_writer {
    char *path, *temporary;
    int directory, descriptor; /* the temporary file, locked */
    hid_t file, links;         /* links: link creation, missing groups are made */
    nn_store_output **outputs; /* owned */
    size_t output_count, output_capacity;
    bool failed;    /* nothing more can be written */
    bool committed; /* the temporary name is gone */
};

/* Makes PATH.tmp and locks it against other processes: NN_ERROR_BUSY when one is writing it. */
nn_status nn_store_writer_claim(nn_store_writer *writer);
/* Drops the HDF5 file, whatever state it is in, without writing more of it, and removes it. */
void nn_store_writer_abandon(nn_store_writer *writer);
/* That the file on disk holds what was written. */
nn_status nn_store_writer_verify(const nn_store_writer *writer);

/* The failure of an HDF5 call that writes; the writer has then failed. `name` may be NULL. */
nn_status nn_store_writer_fail(nn_store_writer *writer, const char *doing, const char *name);

/* Values in one row; bytes of a row in the file. */
int64_t nn_store_output_row(const nn_store_output *output);
int64_t nn_store_output_row_bytes(const nn_store_output *output);
/* Chooses the chunks and checks the layout; fills output->info. */
nn_status nn_store_output_plan(nn_store_output *output);
/* Makes the dataset as planned. */
nn_status nn_store_output_make(nn_store_output *output);

#endif
