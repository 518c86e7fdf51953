/* What the sections about results share: results.json and evaluation.h5, next to each other. */
#ifndef NN_REPORT_JUDGED_H
#define NN_REPORT_JUDGED_H

#include "judge/evaluation_read.h"
#include "report/html.h"
#include "report/report.h"

/* Where evaluation.h5 cannot be shown, says why and how to get it, and returns false; where it is outdated,
 * says so. */
bool nn_judged_say(const nn_report_run *run, nn_html *page);

/* Appends "test part, best weights of epoch 13": what evaluation.h5 is of; and a paragraph that begins with
 * it.
 */
void nn_judged_append_origin(const nn_report_run *run, nn_text *text);
void nn_judged_origin(const nn_report_run *run, nn_html *page, const char *more);

/* Whether results.json is there and of the same weights and part as evaluation.h5; otherwise says why it is
 * not shown. */
bool nn_judged_has_results(const nn_report_run *run, nn_html *page);

/* The object of a target in results.json, by its name in evaluation.h5; NULL: there is none. Borrowed. */
nn_config_node *nn_judged_target(const nn_report_run *run, const nn_evaluation_target *target);

/* Whether the values of a target are changes from the last value that is seen (transform: difference). */
bool nn_judged_is_change(const nn_report_run *run, const nn_evaluation_target *target);

/* A number of an object; NaN: none, or null. */
double nn_judged_number(nn_config_node *object, const char *key);

/* A metric of a target, such as "auc", that was requested; NaN otherwise. */
double nn_judged_metric(const nn_report_run *run, const nn_evaluation_target *target, const char *metric);

/* A heading with the name of the target, where there are several. */
void nn_judged_heading(const nn_report_run *run, const nn_evaluation_target *target, nn_html *page);

/* "class 3", or its name: of a class or an output; "(no name)" for an empty one. */
const char *nn_judged_name(const nn_evaluation_target *target, int64_t i);

/* A name of at most this many letters; a longer one is cut and ends with "...". */
#define NN_JUDGED_SHORT 160
void nn_judged_short(const char *name, size_t letters, char shortened[NN_JUDGED_SHORT]);

/* Whether the target is a class, or a value, for each pixel of an image: its extents, and channels or
 * classes. */
bool nn_judged_is_map(const nn_stored_evaluation *evaluation, const nn_evaluation_target *target,
                      int64_t *height, int64_t *width, int64_t *channels);

#endif
