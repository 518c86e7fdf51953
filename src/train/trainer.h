/*
 * The inside of nn_trainer (nntrain/nntrain_trainer.h): a run whose steps the caller takes. Every collective
 * call begins with nn_trainer_enter and nn_trainer_meet, where ranks find out whether all of them can do what
 * they all were asked for, and ends with nn_trainer_leave.
 */
#ifndef NN_TRAIN_TRAINER_H
#define NN_TRAIN_TRAINER_H

#include "config/loaded_files.h"
#include "data/in_place.h"
#include "nntrain/nntrain_trainer.h"
#include "train/host.h"
#include "train/run.h"

/* What a rank was called for. */
typedef enum nn_trainer_operation {
    NN_TRAINER_STEP,
    NN_TRAINER_EVALUATE,
    NN_TRAINER_SAVE,
    NN_TRAINER_LOAD,
    NN_TRAINER_COPY,
    NN_TRAINER_DESTROY
} nn_trainer_operation;

/* What each rank says of its call. */
typedef struct nn_trainer_header {
    int64_t operation;
    int64_t samples;    /* that it brings */
    int64_t argument;   /* the same on all ranks */
    int64_t given_rank; /* in the caller's communicator: batches are in this order */
} nn_trainer_header;

struct nn_trainer {
    nn_comm *comm;
    nn_job job;
    nn_config_files files;
    char *config_path, *run_directory; /* owned */
    nn_run run;
    bool opened;                /* the run needs to be closed */
    bool scaled;                /* the normalisation is known */
    bool begun;                 /* a step was taken since the weights came from elsewhere */
    bool rolled_back;           /* there may be checkpoints of later steps */
    nn_status failed;           /* of a call that has left the trainer unusable, ... */
    nn_text failure;            /* ... and its text */
    nn_host host;               /* during a call: what the process was like before */
    nn_trainer_header *headers; /* of all ranks */
    int64_t *first;             /* where the samples of each rank begin in the batch */
    int64_t total;              /* samples of the batch */
    unsigned char *packed;      /* this rank's samples, as records */
    unsigned char *records;     /* those that it computes on */
    unsigned char *kept;        /* the first samples, all on every rank, to measure normalisation on */
    int64_t kept_count;
    nn_predictor *predictor; /* NULL: not made yet */
};

/* The name of the function. */
const char *nn_trainer_operation_name(int64_t operation);

/* Begins a call: fails if the trainer is NULL, or has failed before. Leave follows if it succeeds. */
nn_status nn_trainer_enter(nn_trainer *trainer);

/* Ends a call with its status, which it returns. A failure that not all ranks know of ends the job, as the
 * others would wait forever. */
nn_status nn_trainer_leave(nn_trainer *trainer, nn_status status);

/* From here on the trainer cannot be used if the call fails. */
nn_status nn_trainer_spoil(nn_trainer *trainer, nn_status status);

/* Compares the calls of all ranks: `status` says whether this rank's arguments are right, `samples` how many
 * it has packed. Then trainer->first and total are known. Collective. */
nn_status nn_trainer_meet(nn_trainer *trainer, nn_trainer_operation operation, int64_t argument,
                          int64_t samples, nn_status status);

/* Checks the arrays of a call and makes this rank's records of them: trainer->packed. Not collective. */
nn_status nn_trainer_pack(nn_trainer *trainer, size_t samples, const nn_trainer_array *inputs,
                          const nn_trainer_array *targets, const nn_trainer_array *weights);

/* A range of the batch. */
typedef struct nn_trainer_range {
    int64_t begin, end;
} nn_trainer_range;

/* The range of the batch that a rank wants; the same answer on every rank. */
typedef nn_trainer_range nn_trainer_wish(const nn_trainer *trainer, const void *context, int rank);

/* Brings the records of the range that this rank wants to `to`. Collective. */
nn_status nn_trainer_move(nn_trainer *trainer, nn_trainer_wish *wish, const void *context, unsigned char *to);

/* With data.in_place.local: fills up what each rank brought to a step, so that no sample needs to move; total
 * and first are then those of all of it. There is a sample on some rank. Collective. */
nn_status nn_trainer_fill_up(nn_trainer *trainer);

/* Gives the data set this rank's share of the batch, where `shares` says who has which microbatches.
 * Collective. */
nn_status nn_trainer_deal(nn_trainer *trainer, const nn_shares *shares);

/* Forgets the predictor: what it was made of has changed. */
void nn_trainer_forget_predictor(nn_trainer *trainer);

#endif
