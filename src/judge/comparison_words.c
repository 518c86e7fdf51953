/* A comparison as a table, in words, and as JSON. */
#include <math.h>
#include <string.h>

#include "base/log.h"
#include "judge/comparison.h"

#define NAME_WIDTH 22
#define CELL_WIDTH 13

static void words_number(bool percent, double value, nn_text *text)
{
    if (percent && isfinite(value))
        nn_text_append(text, "%.2f %%", 100 * value);
    else
        nn_results_number(value, 5, text);
}

static void words_cell(bool percent, double value, nn_text *line)
{
    nn_text cell = {0};
    words_number(percent, value, &cell);
    nn_text_append(line, " %*s", CELL_WIDTH, cell.bytes ? cell.bytes : "");
    nn_text_free(&cell);
}

static void words_log(nn_text *line)
{
    nn_log_line("%s", line->bytes ? line->bytes : "");
    nn_text_free(line);
}

static void words_row(const nn_compared *result)
{
    nn_text line = {0};
    nn_text_append(&line, "  %-*s", NAME_WIDTH, result->name);
    words_cell(result->percent, result->values[0], &line);
    words_cell(result->percent, result->values[1], &line);
    words_cell(result->percent, result->values[1] - result->values[0], &line);
    words_cell(result->percent, result->low, &line);
    words_cell(result->percent, result->high, &line);
    words_log(&line);
}

static void words_test(const nn_mcnemar *test)
{
    if (!test->possible) {
        nn_log_line(
            "McNemar's test of %s: not computed, since a sample has several rows, which depend on each "
            "other",
            test->name);
        return;
    }
    nn_log_line("McNemar's test of %s: only A is correct for %lld samples, only B for %lld: p = %.4g (%s)",
                test->name, (long long)test->only_a, (long long)test->only_b, test->p,
                test->exact ? "exact binomial test, below 25 such samples"
                            : "chi-squared with continuity correction");
}

/* The results of one verdict: "B is better: accuracy by 1.20 % (0.40 % to 2.10 %), ...". */
static void words_verdict(const nn_comparison *comparison, const char *verdict, const char *words)
{
    nn_text line = {0};
    int count = 0;
    for (int r = 0; r < comparison->count; r++) {
        const nn_compared *result = &comparison->results[r];
        if (strcmp(nn_compared_verdict(result), verdict) != 0) continue;
        nn_text_append(&line, "%s%s", count++ == 0 ? words : ", ", result->name);
        if (isnan(result->low)) continue;
        nn_text_append(&line, " (B - A: ");
        words_number(result->percent, result->low, &line);
        nn_text_append(&line, " to ");
        words_number(result->percent, result->high, &line);
        nn_text_append(&line, ")");
    }
    if (count > 0)
        words_log(&line);
    else
        nn_text_free(&line);
}

void nn_comparison_show(const nn_comparison *comparison)
{
    nn_text head = {0};
    nn_text_append(&head, "  %-*s %*s %*s %*s %*s %*s", NAME_WIDTH, "result", CELL_WIDTH, "A", CELL_WIDTH,
                   "B", CELL_WIDTH, "B - A", CELL_WIDTH, "from", CELL_WIDTH, "to");
    words_log(&head);
    for (int r = 0; r < comparison->count; r++) words_row(&comparison->results[r]);
    nn_log_line(
        "from, to: 95 %% percentile interval of B - A, paired bootstrap of %lld replicates, seed %llu",
        (long long)comparison->replicates, (unsigned long long)comparison->seed);
    for (int r = 0; r < comparison->count; r++)
        if (comparison->results[r].undefined > 0)
            nn_log_line(
                "note: %s is undefined in %lld of %lld replicates, which are left out of its interval",
                comparison->results[r].name, (long long)comparison->results[r].undefined,
                (long long)comparison->replicates);
    for (int t = 0; t < comparison->tests; t++) words_test(&comparison->mcnemar[t]);
    words_verdict(comparison, "b", "B is better: ");
    words_verdict(comparison, "a", "A is better: ");
    words_verdict(comparison, "none", "no difference can be shown: ");
    words_verdict(comparison, "undefined", "undefined: ");
    if (comparison->count > 1)
        nn_log_line("note: each interval is of one result; of many results, one in 20 differs by chance");
}

/* ---- JSON ---- */

static void json_number(const char *key, double value, nn_text *text)
{
    nn_text_append(text, ",\"%s\":", key);
    nn_results_json_number(value, text);
}

static void json_pair(const char *key, double low, double high, nn_text *text)
{
    nn_text_append(text, ",\"%s\":[", key);
    nn_results_json_number(low, text);
    nn_text_append(text, ",");
    nn_results_json_number(high, text);
    nn_text_append(text, "]");
}

void nn_comparison_append_json(const nn_comparison *comparison, nn_text *text)
{
    nn_text_append(text,
                   "\"samples\":%lld,\"replicates\":%lld,\"seed\":%llu,\"level\":%g,"
                   "\"interval\":\"percentile\",\"results\":{",
                   (long long)comparison->samples, (long long)comparison->replicates,
                   (unsigned long long)comparison->seed, NN_COMPARISON_LEVEL);
    for (int r = 0; r < comparison->count; r++) {
        const nn_compared *result = &comparison->results[r];
        nn_text_append(text, r > 0 ? "," : "");
        nn_text_append_json(text, result->name);
        nn_text_append(text, ":{\"better\":\"%s\"", nn_compared_verdict(result));
        json_number("a", result->values[0], text);
        json_number("b", result->values[1], text);
        json_number("difference", result->values[1] - result->values[0], text);
        json_pair("percentile", result->low, result->high, text);
        json_pair("basic", result->basic_low, result->basic_high, text);
        json_number("b_better", result->better, text);
        nn_text_append(text, ",\"undefined\":%lld}", (long long)result->undefined);
    }
    nn_text_append(text, "},\"mcnemar\":{");
    for (int t = 0; t < comparison->tests; t++) {
        const nn_mcnemar *test = &comparison->mcnemar[t];
        nn_text_append(text, t > 0 ? "," : "");
        nn_text_append_json(text, test->name);
        nn_text_append(text, ":");
        if (!test->possible) {
            nn_text_append(text, "null");
            continue;
        }
        nn_text_append(text, "{\"only_a\":%lld,\"only_b\":%lld,\"test\":\"%s\"", (long long)test->only_a,
                       (long long)test->only_b, test->exact ? "exact" : "chi-squared");
        json_number("statistic", test->statistic, text);
        json_number("p", test->p, text);
        nn_text_append(text, "}");
    }
    nn_text_append(text, "}");
}
