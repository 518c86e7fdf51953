/* The final results of a run: RUN_DIR/results.json, next to the results of the validation part. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "cli/info.h"
#include "judge/evaluation_file.h"

static const char *const info_states[] = {[NN_STORED_MISSING] = "missing",
                                          [NN_STORED_DAMAGED] = "damaged",
                                          [NN_STORED_OTHER_RUN] = "other run",
                                          [NN_STORED_OUTDATED] = "outdated",
                                          [NN_STORED_INTACT] = "intact"};

/* A number of an object, in a column; nothing where it is not there. */
static void info_append_cell(nn_facts *facts, nn_config_node *object, const char *key)
{
    nn_config_node *node = nn_config_get(object, key);
    double number = nn_config_number(node);
    char cell[32] = "";
    if (node && isnan(number))
        snprintf(cell, sizeof cell, "undefined");
    else if (node)
        snprintf(cell, sizeof cell, "%.6g", number);
    nn_text_append(&facts->text, " %12s", cell);
}

static void info_append_table(nn_facts *facts, const nn_stored_results *stored)
{
    nn_config_node *root = nn_config_root(stored->document);
    nn_config_node *part = nn_config_get(nn_config_get(root, "parts"), nn_stored_part(stored));
    nn_config_node *metrics = nn_config_get(part, "metrics"), *baseline = nn_config_get(part, "baseline");
    nn_config_node *validation = nn_config_get(root, "validation");
    bool both = validation && strcmp(nn_stored_part(stored), "validation") != 0;
    nn_text_append(&facts->text, "    %-24s %12s", "", nn_stored_part(stored));
    if (both) nn_text_append(&facts->text, " %12s", "validation");
    nn_text_append(&facts->text, " %12s\n", "baseline");
    for (size_t i = 0; i < nn_config_count(metrics); i++) {
        const char *key = nn_config_key(metrics, i);
        nn_text_append(&facts->text, "    %-24s", key);
        info_append_cell(facts, metrics, key);
        if (both) info_append_cell(facts, validation, key);
        info_append_cell(facts, baseline, key);
        nn_text_append(&facts->text, "\n");
    }
}

nn_status nn_info_append_results(nn_facts *facts, const char *directory, const nn_stored_expected *expected)
{
    nn_stored_results stored;
    nn_status status = nn_stored_read(directory, expected, &stored);
    if (status == NN_OK) {
        bool readable = stored.state == NN_STORED_INTACT || stored.state == NN_STORED_OUTDATED;
        if (facts->json) {
            nn_facts_word(facts, "results_state", info_states[stored.state]);
            nn_facts_word(facts, "results_problem", stored.state == NN_STORED_INTACT ? NULL : stored.words);
            nn_facts_key(facts, "results");
            nn_text_append(&facts->text, "%.*s", readable ? (int)strlen(stored.text) - 1 : 4,
                           readable ? stored.text : "null");
        } else {
            nn_facts_word(facts, "results", stored.words);
            if (readable) info_append_table(facts, &stored);
        }
    }
    nn_stored_release(&stored);
    NN_TRY(status);
    nn_stored_state state;
    char words[NN_EVALUATION_WORDS];
    NN_TRY(nn_evaluation_file_look(directory, expected, &state, words));
    nn_facts_word(facts, "evaluation", facts->json ? info_states[state] : words);
    return NN_OK;
}
