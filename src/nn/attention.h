/*
 * Scaled dot-product attention (Vaswani, Shazeer, Parmar, Uszkoreit, Jones, Gomez, Kaiser, Polosukhin:
 * Attention is all you need; NIPS 2017) of one head in one sample:
 *
 *     O = softmax(Q K^T / sqrt(size)) V
 *
 * Queries are taken in blocks, so that only a tile of the weights exists at a time, and causal attention
 * skips most of what it does not see; backward computes the weights once more instead of keeping them, as in
 * Dao, Fu, Ermon, Rudra, Re: FlashAttention (NeurIPS 2022).
 */
#ifndef NN_NN_ATTENTION_H
#define NN_NN_ATTENTION_H

#include "nn/layer.h"

/* What all heads and samples have in common. */
typedef struct nn_attention {
    int64_t query_steps, key_steps;                  /* of a whole sample */
    int64_t size;                                    /* values of one query, key or value */
    int64_t query_stride, key_stride, output_stride; /* from step to step; keys and values have the same */
    bool causal;    /* a query sees no key behind its own step; query_steps = key_steps */
    double dropout; /* rate at which weights are dropped in training */
} nn_attention;

/* One head of one sample. */
typedef struct nn_attention_head {
    int64_t queries, keys; /* steps that the sample has */
    nn_real *query, *key, *value;
    nn_real *output;
    nn_real *shifts, *sums; /* query_steps each: what backward needs of the softmax */
    nn_random random;       /* for dropout */
    uint64_t random_begin;  /* of this head's query_steps x key_steps numbers */
    bool drops;             /* in training, with a dropout above 0 */
} nn_attention_head;

/* Queries that are taken together. */
int64_t nn_attention_block(const nn_attention *attention);

/* Values of scratch that the two functions below need. */
int64_t nn_attention_forward_scratch(const nn_attention *attention);
int64_t nn_attention_backward_scratch(const nn_attention *attention);

/* Writes all query_steps of the output: 0 behind the last query, and where there is no key. */
void nn_attention_forward(const nn_attention *attention, const nn_attention_head *head, nn_real *scratch);

/* From the gradient of the output (its stride is the output's), those of queries, keys and values, which they
 * replace, for all steps: 0 behind the sample's last. */
void nn_attention_backward(const nn_attention *attention, const nn_attention_head *head,
                           const nn_real *output_gradient, nn_real *scratch);

#endif
