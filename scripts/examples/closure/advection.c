/*
 * Advection of waves around a ring, u_t + u_x = 0, on a fine grid; and a network that learns, while this is
 * computed, what a grid that is 8 times coarser misses of the flux through its faces.
 *
 *     advection CONFIG RUN_DIR [STEPS]    up to STEPS (all of the configuration); started again, it continues
 *
 * The ring is divided among the ranks. Each brings the faces of its part, so that a batch has the faces of
 * the ring in their order, on any number of ranks.
 */
#include <inttypes.h>
#include <math.h>
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <nntrain/nntrain_mpi.h>

/* COURANT: of both grids, as the coarse one takes longer steps. A wave is followed for WAVE steps. */
enum { CELLS = 128, FINER = 8, STEPS = 4000, WAVE = 200, LEARN_EVERY = 10, SAVE_EVERY = 1000, GHOSTS = 3 };
static const double courant = 0.5;

typedef struct solver {
    int rank, size;
    int begin, count;              /* coarse cells of this rank */
    double *fine, *flux, *through; /* fine cells with ghosts, their fluxes, and those through coarse faces */
    double *coarse;                /* means of the fine cells, with ghosts */
    double *slopes, *missing;      /* samples: of each face of the coarse grid */
    nn_trainer *trainer;
} solver;

static void must(nn_status status)
{
    if (status == NN_OK) return;
    fprintf(stderr, "advection: %s\n", nn_error_text());
    MPI_Abort(MPI_COMM_WORLD, (int)status);
}

/* ---- the grids ---- */

/* Wave number `number` at a place from 0 to 1: steps, tops and sines, as a function of the number alone. */
static double wave(int64_t number, double place)
{
    uint64_t bits = (uint64_t)(number + 1) * UINT64_C(0x9E3779B97F4A7C15);
    double value = 0;
    for (int part = 0; part < 4; part++) {
        bits = (bits ^ bits >> 27) * UINT64_C(0x94D049BB133111EB);
        double at = (double)(bits >> 40) * 0x1p-24, height = (double)(bits >> 20 & 1023) / 1024 - 0.5;
        double width = 0.05 + (double)(bits >> 8 & 1023) / 8192, from = place - at - floor(place - at);
        if (part == 0)
            value += height * sin(2 * 3.14159265358979323846 * (place - at) * (double)(1 + number % 3));
        if (part == 1 && from < width) value += height;
        if (part == 2 && from < width) value += height * (1 - fabs(2 * from / width - 1));
        if (part == 3 && from < width)
            value += height * (1 - cos(2 * 3.14159265358979323846 * from / width)) / 2;
    }
    return value;
}

/* Fills the ghosts of an array of `count` cells with those of the neighbours on the ring. */
static void exchange(const solver *self, double *cells, int count)
{
    int left = (self->rank + self->size - 1) % self->size, right = (self->rank + 1) % self->size;
    MPI_Sendrecv(cells + count, GHOSTS, MPI_DOUBLE, right, 0, cells, GHOSTS, MPI_DOUBLE, left, 0,
                 MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    MPI_Sendrecv(cells + GHOSTS, GHOSTS, MPI_DOUBLE, left, 1, cells + GHOSTS + count, GHOSTS, MPI_DOUBLE,
                 right, 1, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
}

/* The flux from cell `u` to the next: second order, limited after van Leer (1974). */
static double limited_flux(const double *u)
{
    double before = u[0] - u[-1], after = u[1] - u[0];
    double slope = before * after > 0 ? 2 * before * after / (before + after) : 0;
    return u[0] + 0.5 * (1 - courant) * slope;
}

/* A step of the coarse grid's length; `through` receives the mean flux through the right face of each cell.
 */
static void advance_fine(solver *self)
{
    int count = FINER * self->count;
    double *u = self->fine + GHOSTS;
    memset(self->through, 0, (size_t)self->count * sizeof *self->through);
    for (int part = 0; part < FINER; part++) {
        exchange(self, self->fine, count);
        for (int i = -1; i < count; i++) self->flux[i + 1] = limited_flux(u + i);
        for (int i = 0; i < count; i++) u[i] -= courant * (self->flux[i + 1] - self->flux[i]);
        for (int i = 0; i < self->count; i++) self->through[i] += self->flux[FINER * (i + 1)] / FINER;
    }
}

static void average(solver *self)
{
    for (int i = 0; i < self->count; i++) {
        double sum = 0;
        for (int k = 0; k < FINER; k++) sum += self->fine[GHOSTS + FINER * i + k];
        self->coarse[GHOSTS + i] = sum / FINER;
    }
    exchange(self, self->coarse, self->count);
}

/* What the network sees of the right face of each cell. */
static void look(const solver *self, const double *cells, double *slopes)
{
    for (int i = 0; i < self->count; i++)
        for (int k = 0; k < 3; k++) slopes[3 * i + k] = cells[GHOSTS + i + k - 1] - cells[GHOSTS + i + k - 2];
}

static void begin_wave(solver *self, int64_t number)
{
    for (int i = 0; i < FINER * self->count; i++)
        self->fine[GHOSTS + i] = wave(number, (FINER * self->begin + i + 0.5) / (FINER * CELLS));
}

/* ---- learning ---- */

static void learn(solver *self, nn_trainer_result *result)
{
    size_t count = (size_t)self->count;
    average(self);
    look(self, self->coarse, self->slopes);
    double *upwind = self->coarse + GHOSTS;
    for (int i = 0; i < self->count; i++) self->missing[i] = -upwind[i];
    advance_fine(self);
    for (int i = 0; i < self->count; i++) self->missing[i] += self->through[i];
    nn_trainer_array slopes = {self->slopes, NN_TRAINER_DOUBLE, 2, {count, 3}};
    nn_trainer_array missing = {self->missing, NN_TRAINER_DOUBLE, 2, {count, 1}};
    must(nn_trainer_step(self->trainer, count, &slopes, &missing, NULL, result));
}

/* ---- the state of the solver, next to the checkpoint of the same step ---- */

static void open_state(const solver *self, const char *folder, int64_t step, int writes, MPI_File *file)
{
    char path[4096];
    snprintf(path, sizeof path, "%.4000s/ring-%" PRId64 ".bin", folder, step);
    int mode = writes ? MPI_MODE_CREATE | MPI_MODE_WRONLY : MPI_MODE_RDONLY;
    if (MPI_File_open(MPI_COMM_WORLD, path, mode, MPI_INFO_NULL, file) == MPI_SUCCESS) return;
    if (self->rank == 0) fprintf(stderr, "advection: %s: cannot be opened\n", path);
    MPI_Abort(MPI_COMM_WORLD, 6);
}

static void save(solver *self, const char *folder)
{
    MPI_File file;
    open_state(self, folder, nn_trainer_steps(self->trainer), 1, &file);
    MPI_File_write_at_all(file, (MPI_Offset)(FINER * self->begin * (int)sizeof(double)), self->fine + GHOSTS,
                          FINER * self->count, MPI_DOUBLE, MPI_STATUS_IGNORE);
    MPI_File_close(&file);
    must(nn_trainer_save(self->trainer));
}

static void load(solver *self, const char *folder)
{
    MPI_File file;
    open_state(self, folder, nn_trainer_steps(self->trainer), 0, &file);
    MPI_File_read_at_all(file, (MPI_Offset)(FINER * self->begin * (int)sizeof(double)), self->fine + GHOSTS,
                         FINER * self->count, MPI_DOUBLE, MPI_STATUS_IGNORE);
    MPI_File_close(&file);
}

/* ---- whether it has learned anything ---- */

enum { UPWIND, LIMITED, NETWORK, SCHEMES };

/* The error of the coarse grid alone after a wave that was not learned from, by a scheme for its fluxes. */
static double error_of(solver *self, int scheme, double *cells, double *fluxes)
{
    double sum = 0, all;
    begin_wave(self, 1000003);
    average(self);
    memcpy(cells, self->coarse, (size_t)(self->count + 2 * GHOSTS) * sizeof *cells);
    for (int step = 0; step < WAVE; step++) {
        exchange(self, cells, self->count);
        look(self, cells, self->slopes);
        if (scheme == NETWORK) /* not collective: each rank predicts its own faces */
            must(nn_trainer_predict_f64(self->trainer, (size_t)self->count, self->slopes, fluxes + 1));
        for (int i = 0; i < self->count; i++) {
            double own = cells[GHOSTS + i];
            fluxes[i + 1] = scheme == UPWIND    ? own
                            : scheme == LIMITED ? limited_flux(cells + GHOSTS + i)
                                                : own + fluxes[i + 1];
        }
        MPI_Sendrecv(fluxes + self->count, 1, MPI_DOUBLE, (self->rank + 1) % self->size, 2, fluxes, 1,
                     MPI_DOUBLE, (self->rank + self->size - 1) % self->size, 2, MPI_COMM_WORLD,
                     MPI_STATUS_IGNORE);
        for (int i = 0; i < self->count; i++) cells[GHOSTS + i] -= courant * (fluxes[i + 1] - fluxes[i]);
        advance_fine(self);
    }
    average(self);
    for (int i = 0; i < self->count; i++) sum += fabs(cells[GHOSTS + i] - self->coarse[GHOSTS + i]);
    MPI_Allreduce(&sum, &all, 1, MPI_DOUBLE, MPI_SUM, MPI_COMM_WORLD);
    return all / CELLS;
}

static void judge(solver *self)
{
    static const char *const names[SCHEMES] = {"first order", "van Leer", "first order and network"};
    double *cells = calloc((size_t)self->count + 2 * GHOSTS, sizeof *cells);
    double *fluxes = calloc((size_t)self->count + 1, sizeof *fluxes);
    for (int scheme = 0; cells && fluxes && scheme < SCHEMES; scheme++) {
        double error = error_of(self, scheme, cells, fluxes);
        if (self->rank == 0) printf("mean error of a new wave, %s: %.5f\n", names[scheme], error);
    }
    free(cells);
    free(fluxes);
}

/* ---- all of it ---- */

static void make(solver *self)
{
    self->begin = CELLS * self->rank / self->size;
    self->count = CELLS * (self->rank + 1) / self->size - self->begin;
    size_t count = (size_t)self->count;
    self->fine = calloc(FINER * count + 2 * GHOSTS, sizeof(double));
    self->flux = calloc(FINER * count + 1, sizeof(double));
    self->through = calloc(count, sizeof(double));
    self->coarse = calloc(count + 2 * GHOSTS, sizeof(double));
    self->slopes = calloc(3 * count, sizeof(double));
    self->missing = calloc(count, sizeof(double));
    if (!self->fine || !self->flux || !self->through || !self->coarse || !self->slopes || !self->missing)
        MPI_Abort(MPI_COMM_WORLD, 7);
}

static void run(solver *self, const char *folder, int64_t last)
{
    nn_trainer_result result;
    int64_t step = nn_trainer_steps(self->trainer);
    if (step > 0) load(self, folder);
    for (; step < last; step++) {
        if (step % (WAVE / LEARN_EVERY) == 0) begin_wave(self, step / (WAVE / LEARN_EVERY));
        learn(self, &result);
        for (int i = 1; i < LEARN_EVERY; i++) advance_fine(self);
        if (self->rank == 0 && (step + 1) % SAVE_EVERY == 0)
            printf("step %" PRId64 ": rmse %.5f\n", result.step, result.metrics[0]);
        if ((step + 1) % SAVE_EVERY == 0 || step + 1 == last) save(self, folder);
    }
    if (self->rank == 0) printf("fingerprint: %016" PRIx64 "\n", nn_trainer_fingerprint(self->trainer));
}

int main(int argc, char **argv)
{
    solver *self = calloc(1, sizeof *self);
    int provided;
    if (argc < 3 || !self) {
        fputs("advection CONFIG RUN_DIR [STEPS]\n", stderr);
        return 2;
    }
    MPI_Init_thread(&argc, &argv, MPI_THREAD_FUNNELED, &provided);
    MPI_Comm_rank(MPI_COMM_WORLD, &self->rank);
    MPI_Comm_size(MPI_COMM_WORLD, &self->size);
    make(self);
    nn_set_log_ranks(NN_LOG_NO_RANK);
    must(nn_trainer_create(MPI_COMM_WORLD, argv[1], argv[2], NULL, 0, &self->trainer));
    int64_t last = argc > 3 ? atoll(argv[3]) : STEPS;
    run(self, argv[2], last);
    if (last == STEPS) judge(self);
    must(nn_trainer_destroy(self->trainer));
    free(self->fine), free(self->flux), free(self->through);
    free(self->coarse), free(self->slopes), free(self->missing);
    free(self);
    MPI_Finalize();
    return 0;
}
