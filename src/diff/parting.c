#include "diff/parting.h"

#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "boards/scalars.h"
#include "diff/fingerprints.h"
#include "diff/tensors.h"

/* Notes a difference at a step, if it is the first; of several at one step, that of weights by layer says
 * most. */
static void parting_note(nn_parting *parting, int64_t step, bool weights, const nn_text_list *layers,
                         const char *how)
{
    bool earlier = parting->first == 0 || step < parting->first;
    bool more = step == parting->first && weights && (!parting->weights || parting->layers.count == 0);
    if (!earlier && !more) return;
    parting->first = step;
    parting->weights = weights;
    nn_text_free(&parting->how);
    nn_list_release(&parting->layers);
    nn_text_append(&parting->how, "%s", how);
    if (layers && nn_list_copy(layers, &parting->layers) != NN_OK) parting->how.failed = true;
}

/* "the weights of dense1, dense2". */
static void parting_note_layers(nn_parting *parting, int64_t step, const nn_text_list *layers)
{
    nn_text how = {0};
    if (layers->count > 0) {
        nn_text_append(&how, "the weights of ");
        nn_list_append(layers, &how);
    } else {
        nn_text_append(&how, "the weights");
    }
    parting_note(parting, step, true, layers, how.bytes ? how.bytes : "the weights");
    nn_text_free(&how);
}

/* ---- lines of metrics.jsonl ---- */

/* A walk through the lines of a run, in order. */
typedef struct parting_walk {
    const char *at;
    nn_scalars scalars;
    nn_fingerprints prints; /* of a line that has them */
    size_t unreadable;
    bool ended;
} parting_walk;

/* The next line that can be read. */
static nn_status walk_next(parting_walk *walk)
{
    const char *end;
    while (walk->at && (end = strchr(walk->at, '\n')) != NULL) {
        const char *line = walk->at;
        walk->at = end + 1;
        nn_status status = nn_scalars_read(line, (size_t)(end - line), &walk->scalars);
        if (status == NN_OK && strcmp(walk->scalars.line, NN_FINGERPRINTS_LINE) == 0)
            status = nn_fingerprints_read(line, (size_t)(end - line), &walk->prints);
        if (status == NN_OK || status == NN_ERROR_MEMORY) return status;
        nn_error_clear();
        walk->unreadable++;
    }
    walk->ended = true;
    return NN_OK;
}

static void walk_release(parting_walk *walk)
{
    nn_scalars_release(&walk->scalars);
    nn_fingerprints_release(&walk->prints);
}

static const nn_scalars_item *parting_item(const nn_scalars *scalars, const char *name)
{
    for (size_t s = 0; s < scalars->count; s++)
        if (strcmp(scalars->items[s].name, name) == 0) return &scalars->items[s];
    return NULL;
}

/* Compares the results of a line that both runs have. */
static void parting_compare_results(nn_parting *parting, const nn_scalars *a, const nn_scalars *b)
{
    for (size_t s = 0; s < a->count; s++) {
        const nn_scalars_item *item = &a->items[s], *other = parting_item(b, item->name);
        if (strncmp(item->name, "time/", 5) == 0 || !other || strcmp(item->text, other->text) == 0) continue;
        nn_text how = {0};
        nn_text_append(&how, "%s is %s in A and %s in B", item->name,
                       item->text[0] ? item->text : "undefined", other->text[0] ? other->text : "undefined");
        for (char *at = how.bytes; at && at < how.bytes + strlen(item->name); at++)
            if (*at == '/') *at = '.';
        parting_note(parting, a->step, false, NULL, how.bytes ? how.bytes : item->name);
        nn_text_free(&how);
        return;
    }
    if (parting->first == 0) parting->agreed_until = a->step;
}

static nn_status parting_compare_prints(nn_parting *parting, int64_t step, const nn_fingerprints *a,
                                        const nn_fingerprints *b)
{
    nn_text_list layers = {0};
    bool same;
    parting->fingerprints++;
    nn_status status = nn_fingerprints_compare(a, b, &same, &layers);
    if (status == NN_OK && !same) parting_note_layers(parting, step, &layers);
    if (status == NN_OK && same && (parting->first == 0 || step < parting->first)) parting->same_until = step;
    nn_list_release(&layers);
    return status;
}

/* The order of lines: by step, then as one step writes them. */
static int parting_order(const nn_scalars *a, const nn_scalars *b)
{
    static const char *const kinds[] = {"step", NN_FINGERPRINTS_LINE, "validation", "epoch"};
    int rank[2] = {0, 0};
    if (a->step != b->step) return a->step < b->step ? -1 : 1;
    for (int k = 0; k < (int)(sizeof kinds / sizeof *kinds); k++) {
        if (strcmp(a->line, kinds[k]) == 0) rank[0] = k;
        if (strcmp(b->line, kinds[k]) == 0) rank[1] = k;
    }
    return (rank[0] > rank[1]) - (rank[0] < rank[1]);
}

/* Goes through both files together; lines that only one has are passed over. */
static nn_status parting_compare_lines(const nn_account *a, const nn_account *b, nn_parting *parting)
{
    parting_walk walks[2] = {{.at = a->lines}, {.at = b->lines}};
    nn_status status = walk_next(&walks[0]);
    if (status == NN_OK) status = walk_next(&walks[1]);
    while (status == NN_OK && !(walks[0].ended && walks[1].ended)) {
        int order = walks[0].ended   ? 1
                    : walks[1].ended ? -1
                                     : parting_order(&walks[0].scalars, &walks[1].scalars);
        if (order == 0) {
            parting->lines++;
            if (strcmp(walks[0].scalars.line, NN_FINGERPRINTS_LINE) == 0)
                status = parting_compare_prints(parting, walks[0].scalars.step, &walks[0].prints,
                                                &walks[1].prints);
            else
                parting_compare_results(parting, &walks[0].scalars, &walks[1].scalars);
        }
        for (int w = 0; w < 2 && status == NN_OK; w++) {
            if (w == 0 ? order > 0 : order < 0) continue;
            if (walks[w].scalars.step > parting->steps[w]) parting->steps[w] = walks[w].scalars.step;
            status = walk_next(&walks[w]);
        }
    }
    for (int w = 0; w < 2; w++) {
        parting->unreadable[w] = walks[w].unreadable;
        walk_release(&walks[w]);
    }
    return status;
}

/* ---- checkpoints ---- */

static bool parting_has_step(const nn_account *account, int64_t step)
{
    for (size_t s = 0; s < account->step_count; s++)
        if (account->steps[s] == step) return true;
    return false;
}

/* Damaged checkpoints are passed over; `nntrain verify` reports them. */
static nn_status parting_compare_checkpoint(const nn_account *a, const nn_account *b, int64_t step,
                                            nn_parting *parting)
{
    nn_text_list layers = {0};
    bool same;
    nn_status status = nn_tensors_compare(a->directory, b->directory, step, &same, &layers);
    if (status == NN_ERROR_CHECKPOINT) {
        nn_error_clear();
        status = NN_OK;
    } else if (status == NN_OK) {
        parting->checkpoints++;
        if (!same) parting_note_layers(parting, step, &layers);
        if (same && (parting->first == 0 || step < parting->first) && step > parting->same_until)
            parting->same_until = step;
    }
    nn_list_release(&layers);
    return status;
}

/* From the oldest to the newest, up to one that differs: the lists are newest first. */
static nn_status parting_compare_checkpoints(const nn_account *a, const nn_account *b, nn_parting *parting)
{
    for (size_t s = a->step_count; s-- > 0;) {
        int64_t step = a->steps[s];
        if (parting->first > 0 && step > parting->first) break;
        if (parting_has_step(b, step)) NN_TRY(parting_compare_checkpoint(a, b, step, parting));
    }
    return NN_OK;
}

nn_status nn_parting_find(const nn_account *a, const nn_account *b, nn_parting *parting)
{
    *parting = (nn_parting){0};
    if (a->lines && b->lines) NN_TRY(parting_compare_lines(a, b, parting));
    NN_TRY(parting_compare_checkpoints(a, b, parting));
    const nn_account *both[2] = {a, b};
    for (int w = 0; w < 2; w++)
        if (both[w]->step_count > 0 && both[w]->steps[0] > parting->steps[w])
            parting->steps[w] = both[w]->steps[0];
    /* What was the same after the first difference is no more than a coincidence. */
    if (parting->first > 0 && parting->agreed_until >= parting->first)
        parting->agreed_until = parting->first - 1;
    return parting->how.failed ? nn_fail(NN_ERROR_MEMORY, "out of memory for a comparison") : NN_OK;
}

void nn_parting_release(nn_parting *parting)
{
    nn_text_free(&parting->how);
    nn_list_release(&parting->layers);
}
