#include "comm/positions.h"

#include <string.h>

#include "base/memory.h"

typedef struct position_writer {
    const nn_shares *shares;
    const int *leaders;
    int *scratch;
} position_writer;

/* Merges the orders of two halves, so that the members of each stay evenly spread: element i of m has its
 * middle at (i + 1/2) / m of the whole. */
static int positions_merge(int *left, int left_count, int right_count, int *scratch)
{
    int i = 0, j = 0, count = 0, all = left_count + right_count;

    memcpy(scratch, left, (size_t)all * sizeof *left);
    while (count < all) {
        bool from_left = j == right_count || (i < left_count && (2 * (int64_t)i + 1) * right_count <=
                                                                    (2 * (int64_t)j + 1) * left_count);
        left[count++] = from_left ? scratch[i++] : scratch[left_count + j++];
    }
    return count;
}

/* Writes the ranks from `from` on below the node [begin, end) in order; returns their number. The ranks of a
 * node of the cluster that has leaves in both halves are placed with the left one. */
static int positions_write(const position_writer *writer, int64_t begin, int64_t end, int from, int *order)
{
    const int *leaders = writer->leaders;
    int size = writer->shares->size, count = 0;
    int first = leaders[nn_shares_owner(writer->shares, begin)];
    int last = nn_shares_owner(writer->shares, end - 1);

    if (leaders[last] == first) {
        for (int r = first; r < size && leaders[r] == first; r++)
            if (r >= from) order[count++] = r;
        return count;
    }
    int64_t middle = nn_tree_split(begin, end);
    int next = nn_shares_owner(writer->shares, middle - 1) + 1;
    while (next < size && leaders[next] == leaders[next - 1]) next++;
    int left = positions_write(writer, begin, middle, from, order);
    int right = positions_write(writer, middle, end, next > from ? next : from, order + left);
    return positions_merge(order, left, right, writer->scratch);
}

/* Ranks of nodes without a leaf come last. */
static void positions_invert(nn_positions *positions, int count)
{
    int size = positions->size;

    for (int r = 0; r < size; r++) positions->position[r] = -1;
    for (int p = 0; p < count; p++) positions->position[positions->rank_at[p]] = p;
    for (int r = 0; r < size; r++) {
        if (positions->position[r] >= 0) continue;
        positions->rank_at[count] = r;
        positions->position[r] = count++;
    }
}

nn_status nn_positions_create(const nn_shares *shares, const int *leaders, nn_positions *positions)
{
    position_writer writer = {shares, leaders, NULL};
    int64_t size = shares->size;
    nn_status status;

    *positions = (nn_positions){.size = shares->size};
    NN_TRY_TO(done, status, NN_ALLOCATE(&writer.scratch, size, "the positions of ranks"));
    NN_TRY_TO(done, status, NN_ALLOCATE(&positions->rank_at, size, "the positions of ranks"));
    NN_TRY_TO(done, status, NN_ALLOCATE(&positions->position, size, "the positions of ranks"));
    positions_invert(positions, positions_write(&writer, 0, shares->leaves, 0, positions->rank_at));

done:
    nn_free(writer.scratch);
    return status;
}

void nn_positions_release(nn_positions *positions)
{
    nn_free(positions->rank_at);
    nn_free(positions->position);
    *positions = (nn_positions){0};
}

void nn_positions_count(const nn_positions *positions, int begin, int end, int *index)
{
    int count = 0;

    for (int p = 0; p < positions->size; p++) {
        int rank = positions->rank_at[p];
        if (begin <= rank && rank < end) index[rank] = count++;
    }
}

bool nn_holders_has(const nn_holders *set, int rank)
{
    if (set->begin <= rank && rank < set->end) return true;
    return set->step > 0 && set->all_begin <= rank && rank < set->all_end &&
           set->index[rank] % set->step == 0;
}

nn_cell nn_holders_cell(const nn_holders *set, const nn_positions *positions, int rank)
{
    nn_cell cell = {positions->position[rank], 1};

    while (cell.count < positions->size &&
           !nn_holders_has(set, positions->rank_at[(cell.first + cell.count) % positions->size]))
        cell.count++;
    return cell;
}

int nn_holders_holder(const nn_holders *set, const nn_positions *positions, int position)
{
    while (!nn_holders_has(set, positions->rank_at[position]))
        position = (position + positions->size - 1) % positions->size;
    return positions->rank_at[position];
}
