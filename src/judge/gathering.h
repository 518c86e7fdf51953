/*
 * What is kept of an evaluation besides its results, in bounded memory, the same on any number of ranks and
 * threads: a sample of the part that the counter-based generator chooses, the samples with the largest
 * losses, of windows the first ones in their order, and histograms of the probabilities of classes.
 *
 * The choice depends on seed and number of samples alone; of equal losses the earlier sample counts as
 * larger; histograms are sums of integers. So nothing depends on who evaluated what.
 */
#ifndef NN_JUDGE_GATHERING_H
#define NN_JUDGE_GATHERING_H

#include "data/extremes.h"
#include "judge/chosen.h"
#include "judge/continued.h"
#include "settings/settings.h"
#include "step/evaluate.h"

/* Bins of the logit of a class's probability, -16 to 16, with the ends open: a threshold between two bins
 * gives a point of the ROC curve. */
#define NN_GATHERING_SCORES 256
#define NN_GATHERING_LOGITS 16.0
/* Bins of the probability of the predicted class, as calibration_error has them. */
#define NN_GATHERING_BINS 20
#define NN_GATHERING_CLASSES 100 /* with more there are no histograms of scores */

/* Sums of probabilities are kept as integers of this unit. */
#define NN_GATHERING_UNIT 4294967296.0

/* The histograms of a head of classes: [class][no, yes][bin]; and [bin][rows, hits, sum of probabilities]. */
typedef struct nn_gathered_head {
    int64_t classes; /* 0: no histograms of scores */
    uint64_t *scores,
        *calibration; /* owned; NULL: the head is of values. While gathering, one copy per thread */
} nn_gathered_head;

typedef struct nn_gathering {
    nn_comm *comm; /* borrowed, as are the next */
    const nn_model *model;
    const nn_dataset *data;
    const nn_data_window_options *window;
    nn_part part;
    int threads;
    nn_record_layout layout;
    nn_chosen_samples sample, series; /* chosen by position */
    nn_worst *worst;                  /* one per thread; the first has those of all ranks in the end */
    nn_gathered_head heads[NN_MODEL_HEADS];
    int64_t *labels[NN_MODEL_HEADS]; /* owned; by part and class: labels; NULL: not counted */
    nn_extremes extremes;            /* of all parts */
    nn_continued continued;          /* its text is written after the join */
    struct gathering_thread *each;   /* scratch of the threads */
    nn_evaluate_observer observer;   /* for nn_evaluate_request */
} nn_gathering;

/* For a part with samples; window: borrowed, length 0 where they are not windows of a series. Release in any
 * case. */
nn_status nn_gathering_create(nn_comm *comm, const nn_model *model, const nn_dataset *data, nn_part part,
                              int threads, uint64_t seed, const nn_data_window_options *window,
                              const nn_evaluation_options *wants, nn_gathering *gathering);
void nn_gathering_release(nn_gathering *gathering);

/* After the evaluation: rank 0 gets what all ranks have kept. Collective. */
nn_status nn_gathering_join(nn_gathering *gathering);

#endif
