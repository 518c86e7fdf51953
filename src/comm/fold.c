/*
 * Finishing the canonical tree.
 *
 * The ranks hold the sums of some nodes; what remains is the top of the tree above them, and it must be
 * summed as the tree says: left half plus right half, at every node. The bits of a sum depend on which values
 * are added to which, that is on the shape of the tree, but not on the order of the two operands: IEEE
 * addition commutes, though it does not associate. This freedom is used in two ways. The half that contains
 * this rank's own node goes first, so that the sum grows in the memory of that node and one copy is saved.
 * And of two other halves, the one with several nodes goes first, since a single node can then be added from
 * where it lies.
 *
 * The shape is walked once, at the start of the run (nn_fold_create), and written down as a list of steps on
 * a few slots: slot 0 is the sum, and one more slot is needed only for each level at which both halves have
 * several nodes, log2(nodes) at most. nn_fold_run then executes the list for one block of values after the
 * other, small enough that all slots of a block stay in cache: each value is read from memory once, however
 * deep the tree is. Elements are independent of each other, so blocks affect no bit.
 */
#include "comm/fold.h"

#include <string.h>

#include "base/memory.h"

/* The nodes [first, last) of those being summed. */
typedef struct fold_range {
    int first, last;
} fold_range;

typedef struct fold_writer {
    const nn_tree_node *sources;
    int own;
    int64_t wire_leaves;
    nn_fold *fold;
} fold_writer;

static void fold_write(const fold_writer *writer, int source, int slot, bool copies, bool rounds)
{
    nn_fold *fold = writer->fold;

    if (slot >= fold->slot_count) fold->slot_count = slot + 1;
    if (copies && source == writer->own) return;
    fold->steps[fold->step_count++] = (nn_fold_step){source, slot, copies, rounds};
}

static bool fold_holds(fold_range range, int source)
{
    return range.first <= source && source < range.last;
}

static bool fold_is_single(fold_range range)
{
    return range.last - range.first == 1;
}

/* Whether the sum over [begin, end) is rounded: it is long enough, and no node is missing. */
static bool fold_rounds(const fold_writer *writer, fold_range range, int64_t begin, int64_t end)
{
    int64_t leaves = 0;

    for (int i = range.first; i < range.last; i++)
        leaves += writer->sources[i].end - writer->sources[i].begin;
    return writer->wire_leaves > 0 && leaves >= writer->wire_leaves && leaves == end - begin;
}

/*
 * Sums the nodes of [begin, end) into a slot. The half with the own source goes first, so that the sum starts
 * in its memory; else a half of several nodes goes first, so that a single node can be added without a copy.
 */
static void fold_visit(const fold_writer *writer, fold_range range, int64_t begin, int64_t end, int slot)
{
    int64_t split;
    fold_range left = range, right = range;
    bool right_first, rounds = fold_rounds(writer, range, begin, end);

    if (fold_is_single(range)) {
        fold_write(writer, range.first, slot, true, false);
        return;
    }
    split = nn_tree_split(begin, end);
    while (left.last > range.first && writer->sources[left.last - 1].begin >= split) left.last--;
    right.first = left.last;
    if (left.first == left.last || right.first == right.last) {
        bool is_left = right.first == right.last;
        fold_visit(writer, range, is_left ? begin : split, is_left ? split : end, slot);
        return;
    }
    right_first = fold_holds(right, writer->own) || (fold_is_single(left) && !fold_holds(left, writer->own));
    if (right_first) {
        fold_visit(writer, right, split, end, slot);
    } else {
        fold_visit(writer, left, begin, split, slot);
    }
    range = right_first ? left : right;
    if (fold_is_single(range)) {
        fold_write(writer, range.first, slot, false, rounds);
        return;
    }
    fold_visit(writer, range, right_first ? begin : split, right_first ? split : end, slot + 1);
    fold_write(writer, NN_FOLD_NEXT, slot, false, rounds);
}

nn_status nn_fold_create(int64_t leaf_count, const nn_tree_node *sources, int source_count, int own,
                         int64_t wire_leaves, nn_fold *fold)
{
    fold_writer writer = {.sources = sources, .own = own, .wire_leaves = wire_leaves, .fold = fold};

    NN_TRY(NN_ALLOCATE(&fold->steps, 2 * (int64_t)source_count, "the order of sums"));
    if (source_count > 0) fold_visit(&writer, (fold_range){0, source_count}, 0, leaf_count, 0);
    return NN_OK;
}

void nn_fold_release(nn_fold *fold)
{
    nn_free(fold->steps);
    fold->steps = NULL;
}

size_t nn_fold_scratch(const nn_fold *fold, unsigned width)
{
    return fold->slot_count < 2 ? 0 : (size_t)(fold->slot_count - 1) * (size_t)NN_FOLD_BLOCK * width;
}

void nn_fold_run(const nn_fold *fold, const nn_reduction_arithmetic *arithmetic, unsigned width,
                 int64_t begin, int64_t end, const char *const *sources, char *sum, char *scratch)
{
    const size_t slot_size = (size_t)NN_FOLD_BLOCK * width;

    for (int64_t first = begin; first < end; first += NN_FOLD_BLOCK) {
        int64_t block = end - first < NN_FOLD_BLOCK ? end - first : NN_FOLD_BLOCK;
        size_t offset = (size_t)first * width;

        for (const nn_fold_step *step = fold->steps; step < fold->steps + fold->step_count; step++) {
            char *slot = step->slot == 0 ? sum + offset : scratch + (size_t)(step->slot - 1) * slot_size;
            const char *values = step->source == NN_FOLD_NEXT ? scratch + (size_t)step->slot * slot_size
                                                              : sources[step->source] + offset;
            if (step->copies) {
                memcpy(slot, values, (size_t)block * width);
            } else {
                arithmetic->add(block, values, slot);
            }
            if (step->rounds) arithmetic->round(block, slot);
        }
    }
}
