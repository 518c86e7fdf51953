/* nntrain diff RUN_A RUN_B */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli/command.h"
#include "diff/parting.h"
#include "diff/reasons.h"

/* The exit code where the runs differ: not a failure, and without a message. */
#define DIFF_DIFFERENT ((nn_status)1)

enum { OPTION_JSON };

static const nn_command_option diff_options[] = {{"--json", NULL, "print one JSON object"},
                                                 {NULL, NULL, NULL}};

typedef struct diff_pair {
    nn_account runs[2];
    nn_parting parting;
    nn_reasons reasons;
} diff_pair;

/* Whether anything was compared that says more than that both are runs. */
static bool diff_compared(const diff_pair *pair)
{
    const nn_parting *parting = &pair->parting;
    return parting->fingerprints + parting->checkpoints + parting->lines > 0;
}

/* The last step up to which all that was compared is the same. */
static int64_t diff_same_until(const diff_pair *pair)
{
    const nn_parting *parting = &pair->parting;
    return parting->same_until > parting->agreed_until ? parting->same_until : parting->agreed_until;
}

/* ---- in words ---- */

static void diff_print_verdict(const diff_pair *pair)
{
    const nn_parting *parting = &pair->parting;
    int64_t same = diff_same_until(pair);
    if (parting->first > 0)
        printf("different: after step %" PRId64 ", %s%s\n", parting->first, parting->how.bytes,
               parting->weights ? " differ" : "");
    else
        printf("the same, as far as both go: step %" PRId64 "\n", same);
    if (parting->first > 0 && same > 0)
        printf("the same up to step %" PRId64 " (%s); what is between is not recorded\n", same,
               parting->same_until == same ? "the weights" : "the results in metrics.jsonl");
    if (parting->first > 0 && same == 0) printf("nothing earlier was compared\n");
    printf("compared: %zu lines of metrics.jsonl, %zu of them with fingerprints, and %zu checkpoint%s\n",
           parting->lines, parting->fingerprints, parting->checkpoints, parting->checkpoints == 1 ? "" : "s");
    for (int r = 0; r < 2; r++)
        printf("%c: %s, up to step %" PRId64 "\n", 'A' + r, pair->runs[r].directory, parting->steps[r]);
    for (int r = 0; r < 2; r++)
        if (parting->unreadable[r] > 0)
            printf("%c: %zu line%s of metrics.jsonl cannot be read: it was changed or damaged\n", 'A' + r,
                   parting->unreadable[r], parting->unreadable[r] == 1 ? "" : "s");
}

static void diff_print_reasons(const nn_reasons *reasons, nn_reason_weight weight, const char *title)
{
    if (nn_reasons_count(reasons, weight) == 0) return;
    printf("\n%s\n", title);
    for (size_t r = 0; r < reasons->count; r++) {
        const nn_reason *reason = &reasons->items[r];
        if (reason->weight != weight) continue;
        printf("  %s: %s", reason->kind, reason->what);
        if (reason->a) printf(": A %s, B %s", reason->a, reason->b);
        printf("\n");
    }
}

/* Whether either run gave up the promise across numbers of ranks. */
static bool diff_sums_by_ranks(const diff_pair *pair)
{
    for (int r = 0; r < 2; r++)
        if (pair->runs[r].settings && strstr(pair->runs[r].settings, "\ttraining.allreduce\tmpi\n"))
            return true;
    return false;
}

static bool diff_begins_elsewhere(const diff_pair *pair)
{
    for (int r = 0; r < 2; r++)
        if (pair->runs[r].settings && strstr(pair->runs[r].settings, "\tinit_from.")) return true;
    return false;
}

static const char *diff_unexplained(const diff_pair *pair)
{
    if (!pair->reasons.compared)
        return "why is not known: what could differ is recorded in checkpoints, and a run has none";
    if (diff_sums_by_ranks(pair))
        return "nothing that is recorded differs. With training.allreduce: mpi the bits depend on the number "
               "of ranks and on MPI; the default, exact, does not";
    if (diff_begins_elsewhere(pair))
        return "nothing that is recorded differs. The initial weights are from elsewhere (init_from): "
               "another "
               "file or run may have been there under the same name";
    return "nothing that is recorded differs, so that the bits should be the same: a fault of memory or of a "
           "CPU is likely (compare with a third run; training.verify_every), or a file of the run was "
           "changed "
           "(nntrain verify)";
}

static void diff_print(const diff_pair *pair)
{
    const nn_reasons *reasons = &pair->reasons;
    bool parts = pair->parting.first > 0;
    diff_print_verdict(pair);
    for (int r = 0; r < 2; r++)
        for (const char *line = pair->runs[r].missing.bytes; line && *line; line += strcspn(line, "\n") + 1)
            printf("%c lacks %.*s\n", 'A' + r, (int)strcspn(line, "\n"), line);
    diff_print_reasons(reasons, NN_REASON_CAUSE,
                       parts ? "why: this differs, and changes the result"
                             : "this differs, and can change the result");
    diff_print_reasons(reasons, NN_REASON_EXTENT,
                       "this differs in how far a run goes, on which a learning-rate schedule can depend");
    diff_print_reasons(reasons, NN_REASON_HARMLESS, "this differs, and does not change the result");
    if (parts && nn_reasons_count(reasons, NN_REASON_HARMLESS) == reasons->count)
        printf("\nwhy: %s\n", diff_unexplained(pair));
    else if (reasons->count == 0 && reasons->compared)
        printf("\nconfiguration, data, arithmetic and versions are the same\n");
}

/* ---- as JSON ---- */

static void diff_append_word(nn_text *json, const char *key, const char *value)
{
    nn_text_append(json, ",\"%s\":", key);
    if (value)
        nn_text_append_json(json, value);
    else
        nn_text_append(json, "null");
}

static void diff_append_reasons(const nn_reasons *reasons, nn_text *json)
{
    static const char *const weights[] = {"yes", "maybe", "no"};
    nn_text_append(json, ",\"differs\":[");
    for (size_t r = 0; r < reasons->count; r++) {
        const nn_reason *reason = &reasons->items[r];
        nn_text_append(json, "%s{\"changes_result\":\"%s\"", r > 0 ? "," : "", weights[reason->weight]);
        diff_append_word(json, "kind", reason->kind);
        diff_append_word(json, "what", reason->what);
        diff_append_word(json, "a", reason->a);
        diff_append_word(json, "b", reason->b);
        nn_text_append(json, "}");
    }
    nn_text_append(json, "]");
}

static nn_status diff_print_json(const diff_pair *pair)
{
    nn_text json = {0};
    const nn_parting *parting = &pair->parting;
    bool parts = parting->first > 0;
    nn_text_append(&json,
                   "{\"same\":%s,\"same_until\":%" PRId64 ",\"first_difference\":", parts ? "false" : "true",
                   diff_same_until(pair));
    if (parts) {
        nn_text_append(&json, "{\"step\":%" PRId64 ",\"weights\":%s", parting->first,
                       parting->weights ? "true" : "false");
        diff_append_word(&json, "what", parting->how.bytes);
        nn_text_append(&json, ",\"layers\":[");
        for (size_t l = 0; l < parting->layers.count; l++) {
            nn_text_append(&json, "%s", l > 0 ? "," : "");
            nn_text_append_json(&json, parting->layers.items[l]);
        }
        nn_text_append(&json, "]}");
    } else {
        nn_text_append(&json, "null");
    }
    nn_text_append(&json,
                   ",\"compared\":{\"lines\":%zu,\"fingerprints\":%zu,\"checkpoints\":%zu,\"reasons\":%s}",
                   parting->lines, parting->fingerprints, parting->checkpoints,
                   pair->reasons.compared ? "true" : "false");
    nn_text_append(&json, ",\"runs\":[");
    for (int r = 0; r < 2; r++) {
        nn_text_append(&json, "%s{\"last_step\":%" PRId64, r > 0 ? "," : "", parting->steps[r]);
        diff_append_word(&json, "directory", pair->runs[r].directory);
        diff_append_word(&json, "missing", pair->runs[r].missing.bytes);
        nn_text_append(&json, "}");
    }
    nn_text_append(&json, "]");
    diff_append_reasons(&pair->reasons, &json);
    if (parts && nn_reasons_count(&pair->reasons, NN_REASON_HARMLESS) == pair->reasons.count)
        diff_append_word(&json, "unexplained", diff_unexplained(pair));
    nn_text_append(&json, "}\n");
    nn_status status = json.failed ? nn_fail(NN_ERROR_MEMORY, "out of memory for a comparison") : NN_OK;
    if (status == NN_OK) fputs(json.bytes, stdout);
    nn_text_free(&json);
    return status;
}

/* ---- the command ---- */

static nn_status diff_compare(const nn_arguments *arguments, diff_pair *pair)
{
    for (int r = 0; r < 2; r++) NN_TRY(nn_account_read(arguments->operands[r], &pair->runs[r]));
    NN_TRY(nn_parting_find(&pair->runs[0], &pair->runs[1], &pair->parting));
    NN_TRY(nn_reasons_find(&pair->runs[0], &pair->runs[1], &pair->reasons));
    if (!diff_compared(pair))
        NN_FAIL(
            NN_ERROR_USAGE,
            "diff: %s and %s have no step in common of which results, fingerprints or checkpoints are there: "
            "nothing can be compared",
            pair->runs[0].directory, pair->runs[1].directory);
    if (arguments->value_counts[OPTION_JSON] > 0) return diff_print_json(pair);
    diff_print(pair);
    return NN_OK;
}

static nn_status diff_run(const nn_arguments *arguments)
{
    diff_pair pair = {0};
    if (arguments->operand_count != 2)
        NN_FAIL(NN_ERROR_USAGE, "diff: give two run directories: nntrain diff RUN_A RUN_B");
    nn_status status = diff_compare(arguments, &pair);
    if (status == NN_OK && pair.parting.first > 0) status = DIFF_DIFFERENT;
    nn_parting_release(&pair.parting);
    nn_reasons_release(&pair.reasons);
    nn_account_release(&pair.runs[0]);
    nn_account_release(&pair.runs[1]);
    return status;
}

static const char diff_about[] =
    "Are these the same run? A run is a function of configuration, data and seed, so that two runs of the\n"
    "same ones have the same bits, on any number of ranks and after any number of kills. Where they have\n"
    "not, this command says from which step on, in which layers, and what differs between the runs: the\n"
    "configuration, the data by part, seeds, kernels, precision, what the machines compute, versions.\n"
    "\n"
    "Compared are the results in metrics.jsonl (times aside), the weights in checkpoints of the same step,\n"
    "and fingerprints of the weights by layer, where they were recorded as the run went:\n"
    "\n"
    "  logging: {fingerprints: 100 steps}\n"
    "\n"
    "  nntrain diff runs/a runs/b\n"
    "  nntrain diff runs/a runs/b --json\n"
    "\n"
    "A run that goes further than the other is the same if it is so up to where the other ends. The exit\n"
    "code is 0 if nothing differs, 1 if something does, and 2 or more if that cannot be decided.\n";

const nn_command nn_command_diff = {
    .name = "diff",
    .operands = "RUN_A RUN_B",
    .summary = "whether two runs are the same, where they part, and why; exits with 1 if they are not",
    .options = diff_options,
    .about = diff_about,
    .run = diff_run,
};
