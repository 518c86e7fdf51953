/* What a reader wants first: the state of the run, its best epoch, its results. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/format.h"
#include "base/memory.h"
#include "report/curves.h"
#include "report/section.h"

/* ---- the run ---- */

static double summary_last(const nn_report_run *run, const char *name)
{
    const nn_history *history = nn_histories_find(&run->histories, name);
    return history && history->count > 0 ? history->values[history->count - 1] : (double)NAN;
}

static void summary_append_best(const nn_report_run *run, nn_html *page)
{
    double value;
    int64_t best = nn_marks_best(run, &value);
    if (best == 0) return;
    nn_html_fact_begin(page, "Best epoch");
    nn_html_append_text(page, "%lld, validation %s ", (long long)best, run->look.best);
    nn_html_append_number(page, value);
    nn_html_fact_end(page);
}

/* The epochs that have ended, of how many. */
static void summary_append_epochs(const nn_report_run *run, nn_html *page)
{
    const nn_history *seconds = nn_histories_find(&run->histories, "time/seconds");
    double per_epoch = run->histories.steps_per_epoch;
    if (!seconds || seconds->count == 0 || per_epoch == 0) {
        nn_html_fact(page, "Epochs", "none has ended yet");
        return;
    }
    double step = seconds->steps[seconds->count - 1];
    nn_html_fact_begin(page, "Epochs");
    nn_html_append_text(page, "%.0f", floor(step / per_epoch + 0.5));
    if (run->look.epochs > 0) nn_html_append_text(page, " of %lld", (long long)run->look.epochs);
    nn_html_append_text(page, ", %.0f steps", step);
    if (strcmp(run->progress.ended, "early stopping") == 0) nn_html_append_text(page, ", stopped early");
    nn_html_fact_end(page);
}

/* The time that the epochs took which count, and what trained. */
static void summary_append_time(const nn_report_run *run, nn_html *page)
{
    const nn_history *seconds = nn_histories_find(&run->histories, "time/seconds");
    const nn_history *rate = nn_histories_find(&run->histories, "time/samples_per_second");
    char words[NN_FORMAT_SIZE];
    nn_marks marks;
    double all = 0;
    for (size_t i = 0; seconds && i < seconds->count; i++) all += seconds->values[i];
    if (!seconds) return;
    nn_marks_find(run, true, &marks);
    nn_html_fact_begin(page, "Time");
    nn_html_append_text(page, "%s of training", nn_format_seconds(words, all));
    if (marks.restarts > 0) nn_html_append_text(page, ", started %zu times", marks.restarts + 1);
    nn_html_fact_end(page);
    double ranks = summary_last(run, "time/ranks"), threads = summary_last(run, "time/threads"),
           nodes = summary_last(run, "time/nodes");
    if (isfinite(ranks) && isfinite(threads) && isfinite(nodes))
        nn_html_fact(page, "Ranks", "%.0f rank%s with %.0f thread%s each, on %.0f node%s", ranks,
                     ranks == 1 ? "" : "s", threads, threads == 1 ? "" : "s", nodes, nodes == 1 ? "" : "s");
    if (rate && rate->count > 0)
        nn_html_fact(page, "Speed", "%.0f samples/s in the last epoch", rate->values[rate->count - 1]);
}

static void summary_append_facts(const nn_report_run *run, nn_html *page)
{
    nn_text state = {0};
    const char *word = nn_report_state(run);
    nn_report_append_state(run, &state);
    const char *rest = state.bytes ? state.bytes : "";
    if (strncmp(rest, word, strlen(word)) == 0) rest += strlen(word); /* it is in front already */
    nn_html_append(page, "<p class=\"state %s\"><strong>", word);
    nn_html_append_text(page, "%s", word);
    nn_html_append(page, "</strong>");
    nn_html_append_text(page, "%s", rest);
    nn_html_append(page, "</p>\n");
    page->text.failed |= state.failed;
    nn_text_free(&state);
    nn_html_facts_begin(page);
    summary_append_best(run, page);
    summary_append_epochs(run, page);
    summary_append_time(run, page);
    nn_html_fact_begin(page, "Run directory");
    nn_html_append_name(page, run->directory);
    nn_html_fact_end(page);
    if (run->best[0]) nn_html_fact(page, "Fingerprint of the best weights", "%s", run->best);
    if (run->newest.file)
        nn_html_fact(page, "Fingerprint of the last weights", "%s", run->progress.fingerprint);
    nn_html_facts_end(page);
}

/* ---- results ---- */

static void summary_append_cell(nn_html *page, nn_config_node *object, const char *key)
{
    nn_config_node *node = nn_config_get(object, key);
    if (node)
        nn_html_cell_number(page, nn_config_number(node));
    else
        nn_html_cell(page, "%s", "");
}

/* The results of the part that they are of, next to validation and baseline. */
static void summary_append_results(const nn_report_run *run, nn_html *page)
{
    const nn_stored_results *stored = &run->results;
    nn_config_node *root = nn_config_root(stored->document);
    const char *of = nn_stored_part(stored);
    nn_config_node *part = nn_config_get(nn_config_get(root, "parts"), of);
    nn_config_node *metrics = nn_config_get(part, "metrics"), *baseline = nn_config_get(part, "baseline");
    nn_config_node *validation = nn_config_get(root, "validation");
    const char *samples = nn_config_text(nn_config_get(part, "samples"));
    const char *weights = nn_config_text(nn_config_get(root, "weights"));
    const char *epoch = nn_config_text(nn_config_get(root, "epoch"));
    bool both = validation && strcmp(of, "validation") != 0;
    nn_html_column columns[4] = {{"metric", false}, {of, true}};
    size_t count = 2;
    if (both) columns[count++] = (nn_html_column){"validation", true};
    columns[count++] = (nn_html_column){"baseline", true};
    nn_text caption = {0};
    nn_text_append(&caption, "Results on the %s part, %s samples, of the %s weights, of epoch %s", of,
                   samples ? samples : "?", weights ? weights : "?", epoch ? epoch : "?");
    nn_html_table_begin(page, caption.bytes ? caption.bytes : "", false, count, columns);
    nn_text_free(&caption);
    for (size_t i = 0; i < nn_config_count(metrics); i++) {
        const char *key = nn_config_key(metrics, i);
        nn_html_row_begin(page, false);
        nn_html_row_name(page, key ? key : "");
        summary_append_cell(page, metrics, key);
        if (both) summary_append_cell(page, validation, key);
        summary_append_cell(page, baseline, key);
        nn_html_row_end(page);
    }
    nn_html_table_end(page);
    nn_config_node *targets = nn_config_get(part, "targets");
    for (size_t t = 0; t < nn_config_count(targets); t++) {
        nn_config_node *target = nn_config_item(targets, t);
        const char *name = nn_config_text(nn_config_get(target, "name"));
        const char *guess = nn_config_text(nn_config_get(target, "baseline"));
        if (name && guess)
            nn_html_hint(page, "The baseline of %s is %s (nntrain help results).", name, guess);
    }
}

static nn_status summary_append(const nn_report *report, nn_html *page)
{
    const nn_report_run *run = &report->runs[0];
    summary_append_facts(run, page);
    nn_html_heading(page, "Results");
    if (run->results.state == NN_STORED_OUTDATED || run->results.state == NN_STORED_INTACT) {
        if (run->results.state == NN_STORED_OUTDATED)
            nn_html_missing(page, "These results are %s.", run->results.words);
        summary_append_results(run, page);
    } else {
        nn_html_missing(page, "results.json is %s.",
                        run->results.words[0] ? run->results.words : "not readable at present");
    }
    if (run->problems.count == 0) return NN_OK;
    nn_html_heading(page, "What could not be read");
    nn_html_append(page, "<ul class=\"problems\">\n");
    for (size_t i = 0; i < run->problems.count; i++) {
        nn_html_append(page, "<li>");
        nn_html_append_text(page, "%s", run->problems.items[i]);
        nn_html_append(page, "</li>\n");
    }
    nn_html_append(page, "</ul>\n");
    return NN_OK;
}

const nn_section nn_section_summary = {
    .id = "summary", .title = "Summary", .scope = NN_SECTION_ONE, .append = summary_append};
