/*
 * Whether two machines, or two builds, give one run the same bits: decided by what they compute, not by what
 * they are called. The parts are hashes over results on fixed numbers: of the C library's functions that this
 * run's plug-ins use, of the vector kernels, of each layer forward and backward on microbatches of the sizes
 * that occur, and of the optimizer. They are compared between ranks at the start, and with a checkpoint on
 * resume. Versions and names are kept with them for people.
 */
#ifndef NN_STEP_MACHINE_H
#define NN_STEP_MACHINE_H

#include "comm/comm.h"
#include "data/dataset.h"
#include "settings/settings.h"
#include "step/plan.h"

/* In a checkpoint: attributes, and the parts, one a line. */
#define NN_MACHINE_HASH "machine"
#define NN_MACHINE_ABOUT "machine_about"
#define NN_MACHINE_PARTS "machine/parts"
#define NN_MACHINE_CHANGES "machine/changes"

#define NN_MACHINE_NAME 96
#define NN_MACHINE_TEXT 512

typedef struct nn_machine_part {
    char name[NN_MACHINE_NAME]; /* "pow of the C library", "layer dense2, backward" */
    uint64_t hash;
} nn_machine_part;

typedef struct nn_machine {
    int count, room;
    nn_machine_part *parts;
    uint64_t hash;              /* over all parts */
    char text[NN_MACHINE_TEXT]; /* libraries, build and CPU */
} nn_machine;

/* Computes the parts; some milliseconds, and at most the work of a microbatch or two hundred million
 * operations more. Takes memory while it runs. samples: of each part of the data, for the sizes of short
 * microbatches. */
nn_status nn_machine_try(const nn_settings *settings, const nn_model *model, const nn_plan *plan,
                         const int64_t samples[NN_PARTS], nn_machine *machine);
void nn_machine_release(nn_machine *machine);

/* Fails on all ranks where one computes other bits than most: names it, its host, and what differs.
 * Collective. */
nn_status nn_machine_agree(nn_comm *comm, const nn_machine *machine);

/* Into a checkpoint; and against one: *differs, and the first part that does with how many more, as text, and
 * what the checkpoint says of its machine. Parts that only one of the two has do not count. */
nn_status nn_machine_put(const nn_machine *machine, nn_store_image *image);
nn_status nn_machine_compare(const nn_machine *machine, nn_store_file *file, bool *differs, nn_text *what);

#endif
