/* Prediction without MPI: predict RUN_DIR|CHECKPOINT, where the network was trained on the digits example. */
#include <inttypes.h>
#include <stdio.h>

#include "nntrain/nntrain.h"

#define CLASSES 10

/* A zero in 8 x 8 pixels with values from 0 to 16. */
static const float zero[8][8] = {
    {0, 0, 5, 13, 9, 1, 0, 0},   {0, 0, 13, 15, 10, 15, 5, 0}, {0, 3, 15, 2, 0, 11, 8, 0},
    {0, 4, 12, 0, 0, 8, 8, 0},   {0, 5, 8, 0, 0, 9, 8, 0},     {0, 4, 11, 0, 1, 12, 7, 0},
    {0, 2, 14, 5, 10, 12, 0, 0}, {0, 0, 6, 13, 10, 0, 0, 0},
};

static nn_status predict_class(nn_predictor *predictor)
{
    float probabilities[CLASSES];
    if (nn_predictor_input_count(predictor) != sizeof zero / sizeof **zero ||
        nn_predictor_output_count(predictor) != CLASSES) {
        fprintf(stderr, "predict: this network does not take 8 x 8 digits\n");
        return NN_ERROR_USAGE;
    }
    nn_status status = nn_predictor_run(predictor, 1, *zero, probabilities);
    int class = 0;
    for (int c = 1; c < CLASSES; c++)
        if (probabilities[c] > probabilities[class]) class = c;
    if (status == NN_OK)
        printf("class %d (probability %.3f), fingerprint %016" PRIx64 "\n", class,
               (double)probabilities[class], nn_predictor_fingerprint(predictor));
    return status;
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        fprintf(stderr, "predict RUN_DIR|CHECKPOINT\n");
        return NN_ERROR_USAGE;
    }
    nn_predictor *predictor;
    nn_status status = nn_predictor_open(argv[1], &predictor);
    if (status == NN_OK) {
        status = predict_class(predictor);
        nn_predictor_close(predictor);
    }
    if (status != NN_OK && nn_error_text()[0]) fprintf(stderr, "predict: %s\n", nn_error_text());
    return (int)status;
}
