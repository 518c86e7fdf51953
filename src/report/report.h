/*
 * What the sections of a report share, read once from run directories and nothing else. A file that is
 * missing, damaged or cannot be read now leaves its part empty and a sentence in `problems`.
 */
#ifndef NN_REPORT_REPORT_H
#define NN_REPORT_REPORT_H

#include "base/options.h"
#include "boards/histories.h"
#include "judge/evaluation_read.h"
#include "rundir/sweep.h"
#include "watch/look.h"

/* In the head of the page: by it an older report is recognised. */
#define NN_REPORT_FORMAT "nntrain report 1"

typedef struct nn_report_run {
    const char *directory;  /* borrowed */
    char *word;             /* owned: the directory as a shell reads it, for commands */
    char *name;             /* owned: the end of its path by which it differs from the others */
    nn_look look;           /* its state, as nntrain watch shows it */
    nn_histories histories; /* of metrics.jsonl */
    /* Of one run only: the newest intact checkpoint, open; newest.file is NULL where there is none. Several
     * runs leave it closed. */
    nn_kept_checkpoint newest;
    char newest_path[NN_PATH_SIZE];
    nn_checkpoint_progress progress; /* of the newest intact checkpoint; step 0: there is none */
    char best[32];                   /* fingerprint of the best weights; "": none, or unknown */
    nn_stored_expected expected;     /* what results.json and evaluation.h5 must be of */
    nn_stored_results results;       /* results.json, of one run only; look at its state first */
    nn_stored_evaluation evaluation; /* evaluation.h5 of one run; look at its state first */
    nn_text_list problems;           /* sentences */
} nn_report_run;

typedef struct nn_report {
    nn_report_run *runs; /* owned */
    size_t count;
    bool several; /* runs were asked for */
    nn_sweep
        *sweeps; /* of several runs, those that can be compared (rundir/sweep.h), with their test results */
    size_t sweep_count;   /* 0: none has an intact checkpoint */
    nn_text_list omitted; /* of several directories: those that are not of a run, in sentences */
    time_t now;           /* when they were read */
} nn_report;

/* Reads the runs. Of several directories those that are not of a run are omitted with a warning;
 * NN_ERROR_USAGE where none is left. Release in any case. */
nn_status nn_report_read(const char *const *directories, size_t count, nn_report *report);
void nn_report_release(nn_report *report);

/* "ended", "running", "failed", ...: the state of a run in a word, and in a sentence. */
const char *nn_report_state(const nn_report_run *run);
void nn_report_append_state(const nn_report_run *run, nn_text *text);

/* "2026-11-30 14:59 UTC". */
#define NN_REPORT_TIME 32
const char *nn_report_time(time_t when, char text[NN_REPORT_TIME]);

/* Appends the page: all sections that its number of runs asks for. */
struct nn_html;
nn_status nn_report_append_page(const nn_report *report, struct nn_html *page);

#endif
