/*
 * Whether two machines, or two builds, give a run the same bits: decided by what they compute, not by their
 * names. Each part is a hash over results on fixed numbers (or, of a plug-in, over its bytes): of the
 * elementary functions, of the vector kernels, of a layer forward or backward on microbatches of the sizes
 * that occur, of the optimizer. Parts are compared between ranks at the start, and with the checkpoint on
 * resume. Versions and names are kept with them for people.
 */
#ifndef NN_STEP_MACHINE_H
#define NN_STEP_MACHINE_H

#include "comm/comm.h"
#include "data/dataset.h"
#include "settings/settings.h"
#include "step/plan.h"

/* In a checkpoint: attributes, and the parts, one per line. */
#define NN_MACHINE_HASH "machine"
#define NN_MACHINE_ABOUT "machine_about"
#define NN_MACHINE_PARTS "machine/parts"
#define NN_MACHINE_CHANGES "machine/changes"

#define NN_MACHINE_NAME 96
#define NN_MACHINE_PLUGIN "plug-in " /* begins the name of a part that is the bytes of a plug-in */
#define NN_MACHINE_TEXT 512

typedef struct nn_machine_part {
    char name[NN_MACHINE_NAME]; /* "vector kernels", "layer dense2, backward" */
    uint64_t hash;
} nn_machine_part;

typedef struct nn_machine {
    int count, room;
    nn_machine_part *parts;
    uint64_t hash;              /* over all parts */
    char text[NN_MACHINE_TEXT]; /* libraries, build and CPU */
} nn_machine;

/* Computes the parts. Takes some milliseconds, and the work of one microbatch plus at most two hundred
 * million operations; allocates memory meanwhile. samples: in each part of the data, for the sizes of short
 * microbatches. */
nn_status nn_machine_try(const nn_settings *settings, const nn_model *model, const nn_plan *plan,
                         const int64_t samples[NN_PARTS], nn_machine *machine);
void nn_machine_release(nn_machine *machine);

/* Fails on all ranks where one computes other bits than the majority; names it, its host, and what differs.
 * Collective. */
nn_status nn_machine_agree(nn_comm *comm, const nn_machine *machine);

/* Writes the parts to a checkpoint; and compares with those of a checkpoint: *differs, and as text the first
 * part that does, the number of others, and the machine that wrote the checkpoint. Parts that only one of the
 * two has do not count. */
nn_status nn_machine_put(const nn_machine *machine, nn_store_image *image);
nn_status nn_machine_compare(const nn_machine *machine, nn_store_file *file, bool *differs, nn_text *what);

#endif
