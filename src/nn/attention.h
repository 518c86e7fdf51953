/*
 * Scaled dot-product attention (Vaswani, Shazeer, Parmar, Uszkoreit, Jones, Gomez, Kaiser, Polosukhin:
 * Attention is all you need; NIPS 2017) of one head in one sample:
 *
 *     O = softmax(Q K^T / sqrt(size)) V
 *
 * Queries are processed in blocks, so that only a tile of the weights exists at a time, and causal attention
 * skips most of the hidden keys; backward recomputes the weights instead of storing them, as in Dao, Fu,
 * Ermon, Rudra, Re: FlashAttention (NeurIPS 2022).
 */
#ifndef NN_NN_ATTENTION_H
#define NN_NN_ATTENTION_H

#include "nn/layer.h"

/* Parameters common to all heads and samples. */
typedef struct nn_attention {
    nn_engine engine;
    int64_t query_steps, key_steps; /* of a full-length sample */
    int64_t size;                   /* values of one query, key or value */
    int64_t query_stride, key_stride,
        output_stride; /* from step to step, in values; keys and values have the same */
    bool causal;       /* a query sees no key after its own step; query_steps = key_steps */
    double dropout;    /* rate at which weights are dropped in training */
} nn_attention;

/* One head of one sample. */
typedef struct nn_attention_head {
    int64_t queries, keys; /* actual number of steps of the sample */
    nn_real *query, *key, *value;
    nn_real *output;
    nn_real *shifts, *sums; /* query_steps each: what backward needs of the softmax */
    nn_random random;       /* for dropout */
    uint64_t random_begin;  /* of this head's query_steps x key_steps numbers */
    bool drops;             /* in training, with a dropout above 0 */
} nn_attention_head;

/* Number of queries per block. */
int64_t nn_attention_block(const nn_attention *attention);

/* Scratch needed by the two functions below, in values. */
int64_t nn_attention_forward_scratch(const nn_attention *attention);
int64_t nn_attention_backward_scratch(const nn_attention *attention);

/* Writes all query_steps of the output: 0 past the last query, and if there is no key. */
void nn_attention_forward(const nn_attention *attention, const nn_attention_head *head, nn_real *scratch);

/* Replaces queries, keys and values by their gradients, given that of the output (with the output's stride),
 * for all steps: 0 past the sample's last. */
void nn_attention_backward(const nn_attention *attention, const nn_attention_head *head,
                           const nn_real *output_gradient, nn_real *scratch);

/* After forward: writes tangent->output, the derivative of the output along those of queries, keys and
 * values, which lie in `tangent` as those of the head in `head`. Without dropout. scratch: that of backward
 * is a part of it. */
int64_t nn_attention_tangent_scratch(const nn_attention *attention);
void nn_attention_tangent(const nn_attention *attention, const nn_attention_head *head,
                          const nn_attention_head *tangent, nn_real *scratch);

#endif
