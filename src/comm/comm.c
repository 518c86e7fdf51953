/* Creating and destroying communicators. */
#include "comm/comm.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fault.h"
#include "base/log.h"
#include "base/memory.h"
#include "comm/comm_internal.h"
#include "comm/testing.h"

/* Only one thread per rank calls MPI. A simulated MPI may call that MPI_THREAD_SINGLE (preset smpi). */
#ifndef NN_THREADS_OF_MPI
#define NN_THREADS_OF_MPI MPI_THREAD_FUNNELED
#endif

static int comm_test_node_size = 0, comm_test_domain_size = 0;
static bool comm_test_in_turn = false;

void nn_comm_set_test_node_size(int ranks_per_node)
{
    comm_test_node_size = ranks_per_node;
}

void nn_comm_set_test_in_turn(bool in_turn)
{
    comm_test_in_turn = in_turn;
}

void nn_comm_set_test_domain_size(int ranks_per_domain)
{
    comm_test_domain_size = ranks_per_domain;
}

nn_status nn_mpi_check(int code, const char *doing)
{
    char text[MPI_MAX_ERROR_STRING] = "";
    int length = 0;

    if (code == MPI_SUCCESS) return NN_OK;
    MPI_Error_string(code, text, &length);
    NN_FAIL(NN_ERROR_COMM, "MPI failed while %s: %s", doing, text);
}

nn_status nn_mpi_waited(int code, const char *doing)
{
    nn_pulse_go_on();
    return nn_mpi_check(code, doing);
}

/* ---- the nodes of the job, and the order of its ranks ---- */

/* The ranks of `base` on this rank's node; tests divide a node further, in blocks or in turn. */
static nn_status comm_find_node(MPI_Comm base, MPI_Comm *node)
{
    MPI_Comm machine;
    int rank, size, color;

    comm_test_node_size += (int)nn_fault_value("comm.node_size");
    NN_TRY(nn_mpi_check(MPI_Comm_split_type(base, MPI_COMM_TYPE_SHARED, 0, MPI_INFO_NULL, node),
                        "finding the ranks of each node"));
    if (comm_test_node_size <= 0) return NN_OK;
    machine = *node;
    MPI_Comm_rank(machine, &rank);
    MPI_Comm_size(machine, &size);
    color = comm_test_in_turn ? rank % ((size - 1) / comm_test_node_size + 1) : rank / comm_test_node_size;
    NN_TRY(nn_mpi_check(MPI_Comm_split(machine, color, 0, node), "dividing a node"));
    return nn_mpi_check(MPI_Comm_free(&machine), "dividing a node");
}

/* The number of this rank's NUMA domain on its node. */
static int comm_own_domain(int node_rank)
{
    int assumed = (int)nn_fault_value("comm.domain");
    nn_cpus cpus;

    if (comm_test_domain_size > 0) return node_rank / comm_test_domain_size;
    if (assumed > 0) return assumed;
    nn_cpus_of_thread(&cpus);
    return nn_cpus_find_domain(&cpus, NULL);
}

/* The lowest rank in `base` of this rank's node, and in its NUMA domain there. */
static nn_status comm_find_first(int rank, MPI_Comm node, int *first_of_node, int *first_of_domain)
{
    MPI_Comm domain;
    int node_rank;

    MPI_Comm_rank(node, &node_rank);
    *first_of_node = *first_of_domain = rank;
    NN_TRY(nn_mpi_check(MPI_Bcast(first_of_node, 1, MPI_INT, 0, node), "finding the ranks of each node"));
    NN_TRY(nn_mpi_check(MPI_Comm_split(node, comm_own_domain(node_rank), 0, &domain),
                        "finding the NUMA domains of ranks"));
    NN_TRY(
        nn_mpi_check(MPI_Bcast(first_of_domain, 1, MPI_INT, 0, domain), "finding the NUMA domains of ranks"));
    return nn_mpi_check(MPI_Comm_free(&domain), "finding the NUMA domains of ranks");
}

static nn_status comm_allocate_tables(nn_comm *comm)
{
    NN_TRY(NN_ALLOCATE(&comm->leaders, comm->size, "the table of ranks"));
    NN_TRY(NN_ALLOCATE(&comm->domains, comm->size, "the table of ranks"));
    NN_TRY(NN_ALLOCATE(&comm->counts, comm->size, "the table of ranks"));
    NN_TRY(NN_ALLOCATE(&comm->offsets, comm->size, "the table of ranks"));
    return NN_OK;
}

/* Where this rank comes if ranks are sorted by node, then NUMA domain, then their number in `base`, nodes and
 * domains by their lowest rank. */
static nn_status comm_find_place(nn_comm *comm, MPI_Comm base, int rank, const int first[2], int *place)
{
    *place = 0;
    NN_TRY(nn_mpi_check(MPI_Allgather(&first[0], 1, MPI_INT, comm->leaders, 1, MPI_INT, base),
                        "finding the ranks of each node"));
    NN_TRY(nn_mpi_check(MPI_Allgather(&first[1], 1, MPI_INT, comm->domains, 1, MPI_INT, base),
                        "finding the NUMA domains of ranks"));
    for (int other = 0; other < comm->size; other++) {
        int node = comm->leaders[other] - first[0], domain = comm->domains[other] - first[1];
        *place += node < 0 || (node == 0 && (domain < 0 || (domain == 0 && other < rank)));
    }
    return NN_OK;
}

/* The tables of nodes and domains, in the final numbers; the ranks of each are consecutive. */
static nn_status comm_fill_tables(nn_comm *comm, const int first[2])
{
    int *node = comm->counts, *domain = comm->offsets;

    NN_TRY(nn_mpi_check(MPI_Allgather(&first[0], 1, MPI_INT, node, 1, MPI_INT, comm->job),
                        "finding the ranks of each node"));
    NN_TRY(nn_mpi_check(MPI_Allgather(&first[1], 1, MPI_INT, domain, 1, MPI_INT, comm->job),
                        "finding the NUMA domains of ranks"));
    for (int rank = 0; rank < comm->size; rank++) {
        bool new_node = rank == 0 || node[rank] != node[rank - 1];
        bool new_domain = rank == 0 || domain[rank] != domain[rank - 1];
        comm->leaders[rank] = new_node ? rank : comm->leaders[rank - 1];
        comm->domains[rank] = new_domain ? rank : comm->domains[rank - 1];
        comm->node_count += new_node;
    }
    return NN_OK;
}

/* Numbers the ranks of `base` by node: the ranks of a node are consecutive, whatever the launcher did, so a
 * contiguous range of the batch stays on one node as far as possible. */
static nn_status comm_number(nn_comm *comm, MPI_Comm base, MPI_Comm node)
{
    int rank, place, first[2];

    MPI_Comm_rank(base, &rank);
    NN_TRY(comm_find_first(rank, node, &first[0], &first[1]));
    NN_TRY(comm_find_place(comm, base, rank, first, &place));
    NN_TRY(nn_mpi_check(MPI_Comm_split(base, 0, place, &comm->job), "numbering the ranks"));
    MPI_Comm_set_errhandler(comm->job, MPI_ERRORS_RETURN);
    MPI_Comm_rank(comm->job, &comm->rank);
    NN_TRY(nn_mpi_check(MPI_Comm_split(node, 0, place, &comm->node), "numbering the ranks"));
    MPI_Comm_rank(comm->node, &comm->node_rank);
    MPI_Comm_size(comm->node, &comm->node_size);
    return comm_fill_tables(comm, first);
}

static nn_status comm_fill(nn_comm *comm, MPI_Comm parent)
{
    MPI_Comm base = MPI_COMM_NULL, node = MPI_COMM_NULL;
    nn_status status;
    int length = 0;

    MPI_Get_processor_name(comm->host, &length);
    NN_TRY(nn_mpi_check(MPI_Comm_dup(parent, &base), "duplicating a communicator"));
    MPI_Comm_set_errhandler(base, MPI_ERRORS_RETURN);
    MPI_Comm_size(base, &comm->size);
    MPI_Comm_rank(base, &comm->rank);
    comm->given_rank = comm->rank;
    comm->job = base; /* for the agreement only */
    status = nn_comm_agree(comm, comm_allocate_tables(comm));
    comm->job = MPI_COMM_NULL;
    if (status != NN_OK) goto done;
    NN_TRY_TO(done, status, comm_find_node(base, &node));
    status = comm_number(comm, base, node);

done:
    if (node != MPI_COMM_NULL) MPI_Comm_free(&node);
    if (base != MPI_COMM_NULL) MPI_Comm_free(&base);
    return status;
}

static nn_status comm_make(MPI_Comm parent, bool ends_mpi, nn_comm **comm)
{
    nn_comm *made = NULL;
    nn_status status;
    bool all = false;

    *comm = NULL;
    if (NN_ALLOCATE(&made, 1, "a communicator") == NN_OK) made->job = made->node = MPI_COMM_NULL;
    NN_TRY_TO(failed, status, nn_comm_all(parent, made != NULL, &all));
    if (made == NULL || !all) {
        status = nn_fail(NN_ERROR_MEMORY, "out of memory for a communicator on some rank");
        goto failed;
    }
    NN_TRY_TO(failed, status, comm_fill(made, parent));
    made->ends_mpi = ends_mpi;
    *comm = made;
    return NN_OK;

failed:
    nn_comm_destroy(made);
    return status;
}

/* srun starts worlds of a single rank if the program's MPI does not support Slurm's launch protocol. mpirun
 * inside a job with several tasks is different: it gives each process the size of its world. */
static nn_status comm_check_launcher(bool launched)
{
    const char *tasks = getenv("SLURM_NTASKS");
    int size = 0;

    MPI_Comm_size(MPI_COMM_WORLD, &size);
    if (size > 1 || launched || tasks == NULL || strtol(tasks, NULL, 10) <= 1) return NN_OK;
    NN_FAIL(
        NN_ERROR_COMM,
        "SLURM_NTASKS is %s, but MPI sees a world of 1 rank: the launcher and this MPI do not work together "
        "(%s); start with `srun --mpi=pmix`, or with mpirun",
        tasks, nn_comm_library());
}

nn_status nn_comm_start(int *argc, char ***argv, nn_comm **comm)
{
    bool launched = getenv("OMPI_COMM_WORLD_SIZE") != NULL || getenv("PMI_SIZE") != NULL;
    int provided = MPI_THREAD_SINGLE;
    nn_status status;

    *comm = NULL;
    NN_TRY(nn_mpi_check(MPI_Init_thread(argc, argv, NN_THREADS_OF_MPI, &provided), "starting"));
    NN_TRY_TO(failed, status, comm_check_launcher(launched));
    if (provided < NN_THREADS_OF_MPI) {
        status =
            nn_fail(NN_ERROR_COMM, "this MPI (%s) does not support threads: use one with MPI_THREAD_FUNNELED",
                    nn_comm_library());
        goto failed;
    }
    NN_TRY_TO(failed, status, comm_make(MPI_COMM_WORLD, true, comm));
    return NN_OK;

failed:
    MPI_Finalize();
    return status;
}

nn_status nn_comm_create_from_handle(int handle, nn_comm **comm)
{
    return comm_make(MPI_Comm_f2c((MPI_Fint)handle), false, comm);
}

nn_status nn_comm_create_alone(nn_comm **comm)
{
    nn_comm *made = NULL;
    nn_status status;

    *comm = NULL;
    NN_TRY(NN_ALLOCATE(&made, 1, "a communicator"));
    made->job = made->node = MPI_COMM_NULL;
    made->size = made->node_size = made->node_count = 1;
    NN_TRY_TO(failed, status, comm_allocate_tables(made));
    if (gethostname(made->host, sizeof(made->host) - 1) != 0) snprintf(made->host, 10, "localhost");
    *comm = made;
    return NN_OK;

failed:
    nn_comm_destroy(made);
    return status;
}

void nn_comm_destroy(nn_comm *comm)
{
    bool ends_mpi;

    if (comm == NULL) return;
    ends_mpi = comm->ends_mpi;
    if (comm->node != MPI_COMM_NULL) MPI_Comm_free(&comm->node);
    if (comm->job != MPI_COMM_NULL) MPI_Comm_free(&comm->job);
    nn_free(comm->leaders);
    nn_free(comm->domains);
    nn_free(comm->counts);
    nn_free(comm->offsets);
    nn_free(comm);
    if (ends_mpi) MPI_Finalize();
}

nn_ranks nn_comm_ranks(const nn_comm *comm)
{
    return (nn_ranks){
        .rank = comm->rank, .size = comm->size, .leaders = comm->leaders, .domains = comm->domains};
}

int nn_comm_rank(const nn_comm *comm)
{
    return comm->rank;
}

int nn_comm_given_rank(const nn_comm *comm)
{
    return comm->given_rank;
}

int nn_comm_size(const nn_comm *comm)
{
    return comm->size;
}

int nn_comm_node_size(const nn_comm *comm)
{
    return comm->node_size;
}

int nn_comm_node_rank(const nn_comm *comm)
{
    return comm->node_rank;
}

int nn_comm_node_count(const nn_comm *comm)
{
    return comm->node_count;
}

int nn_comm_node_leader(const nn_comm *comm, int rank)
{
    return comm->leaders[rank];
}

const char *nn_comm_host(const nn_comm *comm)
{
    return comm->host;
}

const char *nn_comm_library(void)
{
    static char text[MPI_MAX_LIBRARY_VERSION_STRING];
    int length = 0;

    MPI_Get_library_version(text, &length);
    text[strcspn(text, "\r\n")] = '\0';
    return text;
}

void nn_comm_abort(nn_comm *comm, nn_status status)
{
    nn_log_failure("rank %d on %s: %s", comm->rank, comm->host, nn_error_text());
    fflush(NULL);
    MPI_Abort(comm->job, (int)status);
    _Exit((int)status);
}
