/* Comparing machines: ranks with each other, and with the machine that wrote a checkpoint. */
#include "step/machine.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

/* ---- between ranks ---- */

/* What a rank reports when machines differ. */
typedef struct machine_rank {
    int32_t rank;
    char host[128], text[NN_MACHINE_TEXT];
} machine_rank;

static bool machine_same(const uint64_t *hashes, int count, int one, int other)
{
    return memcmp(hashes + (size_t)one * (size_t)count, hashes + (size_t)other * (size_t)count,
                  (size_t)count * sizeof *hashes) == 0;
}

/* The lowest rank of the largest group that computes the same, and the lowest rank outside of it. */
static void machine_find_odd(const uint64_t *hashes, int count, int size, int *usual, int *odd, int *group)
{
    *group = 0;
    for (int r = 0; r < size && *group <= size / 2; r++) {
        int same = 0;
        for (int other = 0; other < size; other++) same += machine_same(hashes, count, r, other);
        if (same <= *group) continue;
        *group = same;
        *usual = r;
    }
    *odd = 0;
    while (*odd < size - 1 && machine_same(hashes, count, *usual, *odd)) ++*odd;
}

static nn_status machine_ask(nn_comm *comm, const nn_machine *machine, int rank, machine_rank *about)
{
    *about = (machine_rank){.rank = nn_comm_rank(comm)};
    snprintf(about->host, sizeof about->host, "%s", nn_comm_host(comm));
    snprintf(about->text, sizeof about->text, "%s", machine->text);
    return nn_comm_broadcast(comm, about, sizeof *about, rank);
}

/* " and N more" */
static void machine_describe_difference(const nn_machine_part *parts, int first, int differing, nn_text *text)
{
    nn_text_append(text, "%s", parts[first].name);
    if (differing > 1) nn_text_append(text, " and %d more", differing - 1);
}

static bool machine_is_plugin(const nn_machine_part *part)
{
    return strncmp(part->name, NN_MACHINE_PLUGIN, strlen(NN_MACHINE_PLUGIN)) == 0;
}

/* What differs between two ranks, and how to get the same functions and kernels everywhere. */
static void machine_tell_difference(const nn_machine *machine, const uint64_t *one, const uint64_t *other,
                                    nn_text *text)
{
    int first = -1, differing = 0;
    bool layers = false;
    for (int p = 0; p < machine->count; p++) {
        if (one[p] == other[p]) continue;
        if (first < 0) first = p;
        differing++;
        layers |= strncmp(machine->parts[p].name, "layer", 5) == 0;
    }
    machine_describe_difference(machine->parts, first < 0 ? 0 : first, differing, text);
    if (machine_is_plugin(&machine->parts[first < 0 ? 0 : first])) {
        nn_text_append(text, "; put the same file on all nodes");
        return;
    }
    nn_text_append(text, "; the result would depend on which rank computes what: request nodes of one kind");
    if (layers)
        nn_text_append(text,
                       ", or set OPENBLAS_CORETYPE to one kernel set, such as Haswell, for all (mpirun -x "
                       "OPENBLAS_CORETYPE), or train with training.kernels: portable, whose bits do not "
                       "depend on the CPU");
    else
        nn_text_append(text, ", and run the same build on all");
}

static nn_status machine_refuse(nn_comm *comm, const nn_machine *machine, const uint64_t *hashes)
{
    int usual = 0, odd = 0, group, size = nn_comm_size(comm);
    machine_rank one, other;
    nn_text what = {0};
    machine_find_odd(hashes, machine->count, size, &usual, &odd, &group);
    NN_TRY(machine_ask(comm, machine, usual, &one));
    NN_TRY(machine_ask(comm, machine, odd, &other));
    machine_tell_difference(machine, hashes + (size_t)usual * (size_t)machine->count,
                            hashes + (size_t)odd * (size_t)machine->count, &what);
    nn_status status = nn_fail(NN_ERROR_COMM,
                               "rank %d on %s computes different bits from rank %d on %s, with which %d of "
                               "%d ranks agree; the difference: %s\n"
                               "  rank %d: %s\n"
                               "  rank %d: %s",
                               other.rank, other.host, one.rank, one.host, group, size,
                               what.bytes ? what.bytes : "", other.rank, other.text, one.rank, one.text);
    nn_text_free(&what);
    return status;
}

nn_status nn_machine_agree(nn_comm *comm, const nn_machine *machine)
{
    int size = nn_comm_size(comm);
    bool same = true;
    uint64_t *own = NULL, *all = NULL;
    nn_status status;
    NN_TRY(nn_comm_same(comm, machine->hash, &same));
    if (same) return NN_OK;
    status = NN_ALLOCATE(&own, machine->count, "comparing machines");
    if (status == NN_OK) status = NN_ALLOCATE(&all, size * machine->count, "comparing machines");
    NN_TRY_TO(done, status, nn_comm_agree(comm, status));
    for (int p = 0; p < machine->count; p++) own[p] = machine->parts[p].hash;
    NN_TRY_TO(done, status, nn_comm_gather_equal(comm, own, (size_t)machine->count * sizeof *own, all));
    status = nn_comm_agree(comm, machine_refuse(comm, machine, all));
done:
    nn_free(own);
    nn_free(all);
    return status;
}

/* ---- with a checkpoint ---- */

nn_status nn_machine_put(const nn_machine *machine, nn_store_image *image)
{
    char hash[32];
    nn_text lines = {0};
    snprintf(hash, sizeof hash, "%016" PRIx64, machine->hash);
    for (int p = 0; p < machine->count; p++)
        nn_text_append(&lines, "%016" PRIx64 " %s\n", machine->parts[p].hash, machine->parts[p].name);
    nn_status status =
        lines.failed ? nn_fail(NN_ERROR_MEMORY, "out of memory for the texts of a checkpoint") : NN_OK;
    if (status == NN_OK) status = nn_store_image_put_attribute(image, NN_MACHINE_HASH, hash);
    if (status == NN_OK) status = nn_store_image_put_attribute(image, NN_MACHINE_ABOUT, machine->text);
    if (status == NN_OK)
        status = nn_store_image_put_text(image, NN_MACHINE_PARTS, lines.bytes ? lines.bytes : "");
    nn_text_free(&lines);
    return status;
}

/* Whether `lines` have the part with another hash. */
static bool machine_differs(const char *lines, const nn_machine_part *part)
{
    for (const char *line = lines; *line;) {
        char *end;
        uint64_t hash = strtoull(line, &end, 16);
        size_t length = strcspn(end, "\n");
        if (*end == ' ' && length - 1 == strlen(part->name) && strncmp(end + 1, part->name, length - 1) == 0)
            return hash != part->hash;
        line = end + length + (end[length] == '\n');
    }
    return false;
}

nn_status nn_machine_compare(const nn_machine *machine, nn_store_file *file, bool *differs, nn_text *what)
{
    char *lines = NULL, *about = NULL;
    int first = -1, differing = 0;
    nn_status status;
    *differs = false;
    if (!nn_store_has(file, NN_MACHINE_PARTS)) return NN_OK;
    NN_TRY_TO(done, status, nn_store_read_text(file, NN_MACHINE_PARTS, &lines));
    NN_TRY_TO(done, status, nn_store_read_text(file, "@" NN_MACHINE_ABOUT, &about));
    for (int p = machine->count - 1; p >= 0; p--) {
        if (!machine_differs(lines, &machine->parts[p])) continue;
        first = p;
        differing++;
    }
    *differs = differing > 0;
    if (*differs) machine_describe_difference(machine->parts, first, differing, what);
    if (*differs) nn_text_append(what, ";\n  it was saved with %s\n  this is %s", about, machine->text);
done:
    nn_free(lines);
    nn_free(about);
    return status;
}
