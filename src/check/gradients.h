/*
 * The gradients of a network against finite differences, layer by layer, in float64.
 *
 * A layer is taken by itself: for the outputs y that it computes in training from inputs x and parameters p,
 * and random numbers c, its backward pass gives the derivatives of the sum of c y. Some of these, chosen at
 * random, are compared with central differences of step h and h / 2, extrapolated (Richardson 1911). Where
 * the two differences, or those to the left and to the right, do not approach each other as those of a smooth
 * function do, there is a kink, such as that of relu at 0, and nothing is said. Losses likewise, as functions
 * of the output of the network.
 */
#ifndef NN_CHECK_GRADIENTS_H
#define NN_CHECK_GRADIENTS_H

#include "model/model.h"

/* Largest relative error of a right derivative. */
#define NN_GRADIENTS_TOLERANCE 1e-5

/* The tensors of a layer whose derivatives are taken: its parameters, and its inputs. */
typedef struct nn_gradients_row {
    const char *name, *type; /* of the layer; borrowed from the model. Of a loss: its target, and the loss */
    int64_t parameters;      /* derivatives with respect to parameters that were compared, */
    int64_t inputs;          /* and to inputs */
    int64_t skipped;         /* at kinks */
    int64_t wrong;
    double size;  /* of the largest derivative that was compared */
    double error; /* the largest, relative to the larger of the two; of a small one, to those of its tensor */
    nn_text failed; /* which one had that error, and by how much, where it is wrong */
} nn_gradients_row;

typedef struct nn_gradients {
    int count;
    nn_gradients_row *rows; /* by layer, then losses; owned */
    nn_model *model;        /* owned; its names are in the rows */
} nn_gradients;

/* Compares; model: of float64, unfused and with input_gradient (nn/network.h), for microbatches of
 * NN_GRADIENTS_SAMPLES. Values of inputs and targets are random, weights initial ones, disturbed; all
 * from the seed. Release the result in any case. Fails only where nothing can be said. */
#define NN_GRADIENTS_SAMPLES 4
nn_status nn_gradients_compare(nn_model *model, uint64_t seed, nn_gradients *gradients);
void nn_gradients_release(nn_gradients *gradients);

/* ---- private to the check: gradients_quotient.c, gradients_loss.c ---- */

/* A function that depends on a value in place. */
typedef struct nn_gradients_function {
    /* The function at the present value minus the function where the value was when it was last `kept`; adds
     * what rounding may have done to *noise. */
    double (*change)(void *context, double *noise);
    void *context;
} nn_gradients_function;

/* Compares the derivative `claimed` of the function by *value, which is restored. scale: the size of the
 * derivatives of the tensor. tensor and at: for messages. Counts in *compared, and in the row. */
typedef struct nn_gradients_entry {
    double *value;
    double claimed, scale;
    const char *tensor;
    int64_t at;
    int64_t *compared;
} nn_gradients_entry;
void nn_gradients_try(const nn_gradients_function *function, const nn_gradients_entry *entry,
                      nn_gradients_row *row);

/* At most `most` different numbers below count, in a random order; returns how many. */
#define NN_GRADIENTS_ENTRIES 16
int nn_gradients_choose(uint64_t seed, uint32_t step, int64_t count, int most, int64_t *chosen);

/* A loss as a function of the output of its head: rows of the microbatch. outputs: samples x values. */
nn_status nn_gradients_compare_loss(const nn_model *model, int head, uint64_t seed, double *outputs,
                                    nn_gradients_row *row);

#endif
