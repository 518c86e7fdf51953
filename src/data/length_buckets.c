/* Batches of similar sequence lengths. */
#include <pthread.h>
#include <stdlib.h>

#include "base/memory.h"
#include "data/order.h"

/* Batches per window. */
#define BUCKETS_BATCHES 64

/* Windows kept: the current one and those read ahead. */
#define BUCKETS_KEPT 8

typedef struct bucket_sample {
    int64_t sample;
    int32_t length;
    int32_t place; /* position in the shuffled order: breaks ties */
} bucket_sample;

typedef struct bucket_window {
    int64_t epoch, window, used;
    int64_t count; /* 0: empty */
    bucket_sample *samples;
} bucket_window;

struct nn_length_buckets {
    const int32_t *lengths;
    pthread_mutex_t mutex;
    int64_t clock;
    bucket_window windows[BUCKETS_KEPT];
};

nn_status nn_length_buckets_create(const int32_t *lengths, int64_t batch_size, nn_length_buckets **buckets)
{
    *buckets = NULL;
    nn_length_buckets *made;
    NN_TRY(NN_ALLOCATE(&made, 1, "batches by length"));
    made->lengths = lengths;
    pthread_mutex_init(&made->mutex, NULL);
    for (int i = 0; i < BUCKETS_KEPT; i++) {
        nn_status status =
            NN_ALLOCATE(&made->windows[i].samples, BUCKETS_BATCHES * batch_size, "batches by length");
        if (status == NN_OK) continue;
        nn_length_buckets_destroy(made);
        return status;
    }
    *buckets = made;
    return NN_OK;
}

void nn_length_buckets_destroy(nn_length_buckets *buckets)
{
    if (!buckets) return;
    for (int i = 0; i < BUCKETS_KEPT; i++) nn_free(buckets->windows[i].samples);
    pthread_mutex_destroy(&buckets->mutex);
    nn_free(buckets);
}

static int buckets_by_length(const void *a, const void *b)
{
    const bucket_sample *one = a, *other = b;
    if (one->length != other->length) return one->length < other->length ? -1 : 1;
    return one->place < other->place ? -1 : one->place > other->place;
}

static void buckets_fill(nn_length_buckets *buckets, const nn_order *shuffled, bucket_window *window)
{
    int64_t size = BUCKETS_BATCHES * shuffled->batch, begin = window->window * size;
    int64_t count = shuffled->count - begin < size ? shuffled->count - begin : size;
    for (int64_t i = 0; i < count; i++) {
        int64_t sample = nn_order_sample(shuffled, window->epoch, begin + i);
        window->samples[i] = (bucket_sample){sample, buckets->lengths[sample], (int32_t)i};
    }
    qsort(window->samples, (size_t)count, sizeof *window->samples, buckets_by_length);
    window->count = count;
}

static bucket_window *buckets_find(nn_length_buckets *buckets, const nn_order *shuffled, int64_t epoch,
                                   int64_t number)
{
    bucket_window *oldest = buckets->windows;
    for (int i = 0; i < BUCKETS_KEPT; i++) {
        bucket_window *window = &buckets->windows[i];
        if (window->count > 0 && window->epoch == epoch && window->window == number) return window;
        if (window->used < oldest->used) oldest = window;
    }
    oldest->epoch = epoch;
    oldest->window = number;
    oldest->count = 0;
    buckets_fill(buckets, shuffled, oldest);
    return oldest;
}

int64_t nn_length_buckets_sample(nn_length_buckets *buckets, const nn_order *shuffled, int64_t epoch,
                                 int64_t position)
{
    int64_t size = BUCKETS_BATCHES * shuffled->batch, number = position / size, place = position % size;
    nn_random stream = {.seed = shuffled->seed, .purpose = NN_RANDOM_BLOCKS, .step = (uint32_t)epoch};
    pthread_mutex_lock(&buckets->mutex);
    bucket_window *window = buckets_find(buckets, shuffled, epoch, number);
    window->used = ++buckets->clock;
    int64_t whole = window->count / shuffled->batch; /* a short last batch stays last */
    int64_t batch = place / shuffled->batch;
    uint32_t words[4];
    nn_random_words(stream, (uint64_t)number, words);
    stream.seed = (uint64_t)words[1] << 32 | words[0];
    if (batch < whole) batch = (int64_t)nn_random_permute(stream, (uint64_t)whole, (uint64_t)batch);
    int64_t sample = window->samples[batch * shuffled->batch + place % shuffled->batch].sample;
    pthread_mutex_unlock(&buckets->mutex);
    return sample;
}
