#include "judge/tested.h"

#include <string.h>

#include "base/log.h"
#include "judge/stored.h"
#include "store/kept.h"

nn_status nn_tested_read(nn_sweep *all)
{
    for (size_t i = 0; i < all->run_count; i++) {
        nn_sweep_run *run = &all->runs[i];
        const nn_stored_expected expected = {.run = nn_stored_run(run->directory),
                                             .best_epoch = run->progress.best_epoch,
                                             .last = run->progress.fingerprint};
        nn_stored_results stored;
        NN_TRY(nn_stored_read(run->directory, &expected, &stored));
        if (stored.state == NN_STORED_INTACT && strcmp(nn_stored_part(&stored), "test") == 0)
            run->test = nn_stored_metric(&stored, run->metric);
        else if (stored.state == NN_STORED_DAMAGED || stored.state == NN_STORED_OTHER_RUN)
            nn_log_warning("%s/" NN_KEPT_RESULTS " is %s", run->directory, stored.words);
        nn_stored_release(&stored);
    }
    nn_sweep_measure_test(all);
    return NN_OK;
}
