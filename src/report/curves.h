/* Curves of what metrics.jsonl has, for charts. */
#ifndef NN_REPORT_CURVES_H
#define NN_REPORT_CURVES_H

#include "draw/chart.h"
#include "report/report.h"

/* Zero-initialise; release with nn_curves_release. */
typedef struct nn_curves {
    nn_curve *items;  /* owned */
    double **numbers; /* that they point to, owned */
    size_t count;
} nn_curves;

/* Adds a series under that name (borrowed), by epoch or by step, its values times `factor`. history NULL:
 * adds nothing. Its colour is its number. */
nn_status nn_curves_add(nn_curves *curves, const nn_histories *histories, const nn_history *history,
                        const char *name, bool by_step, double factor);
void nn_curves_release(nn_curves *curves);

/* The best epoch of a run, and where it was started again, or on another number of ranks. */
#define NN_MARKS_MOST 24
typedef struct nn_marks {
    nn_chart_mark items[NN_MARKS_MOST];
    char names[NN_MARKS_MOST][48]; /* that they point to */
    size_t count;
    size_t restarts; /* all of them */
} nn_marks;

void nn_marks_find(const nn_report_run *run, bool by_step, nn_marks *marks);

/* The epoch of the best weights: of the newest checkpoint, otherwise of metrics.jsonl; 0: none. *value: the
 * validation result that chose it. */
int64_t nn_marks_best(const nn_report_run *run, double *value);

/* "loss", "label.accuracy": how a series of metrics.jsonl is named for people, without its part. */
void nn_curves_name(const nn_history *history, char name[NN_HISTORY_NAME]);

#endif
