/* Small texts of the command line and the environment: time limits. */
#include "fuzz.h"

#include <math.h>

#include "host/limit.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const fuzz_piece piece = {.bytes = data, .size = size};
    char *text = fuzz_text(&piece);
    double seconds = -1, end = -1;
    nn_status status = nn_time_limit_parse(text, &seconds);
    if (status == NN_OK) fuzz_expect(isfinite(seconds) && seconds >= 0, "a limit that is none");
    fuzz_expect_told(status);
    setenv("SLURM_JOB_END_TIME", text, 1);
    status = nn_time_limit_of_job(1e9, &end);
    if (status == NN_OK) fuzz_expect(isfinite(end) && end >= 0, "an end that is none");
    fuzz_expect_told(status);
    nn_free(text);
    return 0;
}
