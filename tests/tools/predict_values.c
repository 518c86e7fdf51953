/*
 * predict_values CHECKPOINT INPUTS OUTPUTS: what the library predicts for the samples in INPUTS, a file of
 * floats; writes their outputs, floats too, to OUTPUTS.
 */
#include <stdio.h>
#include <stdlib.h>

#include "nntrain/nntrain.h"

static int failed(const char *what)
{
    fprintf(stderr, "predict_values: %s\n", what);
    return 1;
}

int main(int argc, char **argv)
{
    nn_predictor *predictor;
    if (argc != 4) return failed("CHECKPOINT INPUTS OUTPUTS");
    if (nn_predictor_open(argv[1], &predictor) != NN_OK) return failed(nn_error_text());
    size_t inputs = nn_predictor_input_count(predictor), outputs = nn_predictor_output_count(predictor);
    float *input = malloc(inputs * sizeof *input), *output = malloc(outputs * sizeof *output);
    FILE *from = fopen(argv[2], "rb"), *to = fopen(argv[3], "wb");
    if (!input || !output || !from || !to) return failed("cannot open a file");
    while (fread(input, sizeof *input, inputs, from) == inputs) {
        if (nn_predictor_run(predictor, 1, input, output) != NN_OK) return failed(nn_error_text());
        if (fwrite(output, sizeof *output, outputs, to) != outputs) return failed("cannot write");
    }
    free(input);
    free(output);
    fclose(from);
    nn_predictor_close(predictor);
    return fclose(to) == 0 ? 0 : failed("cannot write");
}
