/* The random choices of dropout. */
#include "nn/dropout.h"

/* Value i of the stream is word i % 4 of Philox block i / 4. */
void nn_dropout_draw(nn_random stream, double rate, uint64_t begin, uint64_t end, nn_real *factors)
{
    uint32_t threshold = (uint32_t)(rate * 0x1p32);
    nn_real kept = (nn_real)(1.0 / (1.0 - rate));
    uint64_t i = begin;
    while (i < end) {
        uint32_t words[4];
        nn_random_words(stream, i / 4, words);
        uint64_t stop = (i / 4 + 1) * 4 < end ? (i / 4 + 1) * 4 : end;
        for (; i < stop; i++) factors[i - begin] = words[i % 4] < threshold ? 0 : kept;
    }
}
