/*
 * Deep Q-learning (Mnih et al.: Human-level control through deep reinforcement learning; Nature 518, 2015) of
 * the game CartPole-v0 (Barto, Sutton, Anderson, 1983): a cart is pushed left or right, 50 times a second, so
 * that the pole on it does not fall. Each push without a fall is worth 1, an episode has at most 200, and the
 * game is solved when 100 episodes have 195 on average.
 *
 *     cartpole CONFIG SEED [SECONDS]    learns until it is solved, or SECONDS have passed (60)
 *     cartpole dynamics < ACTIONS       prints the state after each action, from the state on the first line
 *
 * Every rank plays games of its own, and the ranks train one network on the experience of all.
 */
#include <math.h>
#include <mpi.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <nntrain/nntrain_mpi.h>

/* ---- the game, as in Gymnasium 1.0 (kinematics_integrator: euler) ---- */

enum { STATE = 4, ACTIONS = 2, LONGEST = 200 };

static int has_fallen(const double *state)
{
    return fabs(state[0]) > 2.4 || fabs(state[2]) > 12 * 2 * 3.14159265358979323846 / 360;
}

static void push(double *state, int right)
{
    const double gravity = 9.8, mass_pole = 0.1, mass = 1.1, length = 0.5, moment = 0.05, tau = 0.02;
    double force = right ? 10 : -10, cosine = cos(state[2]), sine = sin(state[2]);
    double along = (force + moment * (state[3] * state[3]) * sine) / mass;
    double turning =
        (gravity * sine - cosine * along) / (length * (4.0 / 3.0 - mass_pole * (cosine * cosine) / mass));
    double speeding = along - moment * turning * cosine / mass;
    state[0] += tau * state[1];
    state[1] += tau * speeding;
    state[2] += tau * state[3];
    state[3] += tau * turning;
}

static int show_dynamics(void)
{
    double state[STATE];
    int action;
    if (scanf("%lf %lf %lf %lf", &state[0], &state[1], &state[2], &state[3]) != STATE) return 1;
    while (scanf("%d", &action) == 1) {
        push(state, action);
        printf("%.17g %.17g %.17g %.17g\n", state[0], state[1], state[2], state[3]);
    }
    return 0;
}

/* ---- what a player remembers ---- */

enum { MEMORY = 50000, BATCH = 64, BEGIN = 1000, COPY_EVERY = 250, EXPLORE = 5000 };
static const double discount = 0.99, explore_last = 0.02;

typedef struct experience {
    double before[STATE], after[STATE];
    int action, fell;
} experience;

typedef struct player {
    nn_trainer *trainer, *target; /* the network, and an older copy that says what states are worth */
    experience *memory;
    int64_t steps; /* pushes so far, of which the last MEMORY are remembered */
    uint64_t random;
    int rank, share; /* of a batch */
    double before[STATE * BATCH], after[STATE * BATCH], values[ACTIONS * BATCH], next[ACTIONS * BATCH],
        target_next[ACTIONS * BATCH];
} player;

/* Uniform in [0, 1): splitmix64. */
static double uniform(player *self)
{
    uint64_t bits = self->random += UINT64_C(0x9E3779B97F4A7C15);
    bits = (bits ^ bits >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    bits = (bits ^ bits >> 27) * UINT64_C(0x94D049BB133111EB);
    return (double)((bits ^ bits >> 31) >> 11) * 0x1p-53;
}

static void begin_episode(player *self, double *state)
{
    for (int i = 0; i < STATE; i++) state[i] = 0.1 * uniform(self) - 0.05;
}

static void must(nn_status status)
{
    if (status == NN_OK) return;
    fprintf(stderr, "cartpole: %s\n", nn_error_text());
    MPI_Abort(MPI_COMM_WORLD, (int)status);
}

static int better(const double *values)
{
    return values[1] > values[0];
}

static int best_action(player *self, const double *state)
{
    double values[ACTIONS];
    must(nn_trainer_predict_f64(self->trainer, 1, state, values));
    return better(values);
}

/* ---- learning ---- */

/* One step on random memories of each rank. What the network should say of the action taken is 1, and unless
 * the pole fell, what the older copy says of the best action afterwards (double Q-learning: van Hasselt,
 * Guez, Silver, 2016). Of the other action nothing is known: NaN, which data.fields.value.missing masks. */
static void learn(player *self)
{
    const experience *chosen[BATCH];
    int64_t known = self->steps < MEMORY ? self->steps : MEMORY;
    size_t count = (size_t)self->share;
    for (size_t i = 0; i < count; i++) {
        chosen[i] = &self->memory[(int64_t)(uniform(self) * (double)known)];
        memcpy(self->before + STATE * i, chosen[i]->before, sizeof chosen[i]->before);
        memcpy(self->after + STATE * i, chosen[i]->after, sizeof chosen[i]->after);
    }
    must(nn_trainer_predict_f64(self->trainer, count, self->after, self->next));
    must(nn_trainer_predict_f64(self->target, count, self->after, self->target_next));
    for (size_t i = 0; i < count; i++) {
        int best = better(self->next + ACTIONS * i);
        double later = chosen[i]->fell ? 0 : discount * self->target_next[ACTIONS * i + (size_t)best];
        for (int a = 0; a < ACTIONS; a++)
            self->values[ACTIONS * i + (size_t)a] = a == chosen[i]->action ? 1 + later : (double)NAN;
    }
    nn_trainer_array states = {self->before, NN_TRAINER_DOUBLE, 2, {count, STATE}};
    nn_trainer_array values = {self->values, NN_TRAINER_DOUBLE, 2, {count, ACTIONS}};
    must(nn_trainer_step(self->trainer, count, &states, &values, NULL, NULL));
    if (nn_trainer_steps(self->trainer) % COPY_EVERY == 0)
        must(nn_trainer_copy(self->trainer, self->target, 1));
}

/* The ranks push in step, since learning is collective: a rank whose episode is over begins another one. */
static void play(player *self, double *state, int *length)
{
    experience *now = &self->memory[self->steps++ % MEMORY];
    double explore = 1 - (double)self->steps / EXPLORE;
    if (explore < explore_last) explore = explore_last;
    memcpy(now->before, state, sizeof now->before);
    int random = uniform(self) < explore;
    now->action = random ? uniform(self) < 0.5 : best_action(self, state);
    push(state, now->action);
    memcpy(now->after, state, sizeof now->after);
    now->fell = has_fallen(state);
    if (now->fell || ++*length == LONGEST) {
        begin_episode(self, state);
        *length = 0;
    }
    if (self->steps >= BEGIN) learn(self);
}

/* ---- whether it is solved ---- */

static double mean_of_100(player *self)
{
    double state[STATE];
    int total = 0;
    for (int episode = 0; episode < 100; episode++) {
        begin_episode(self, state);
        for (int length = 0; length < LONGEST; length++) {
            push(state, best_action(self, state));
            total++;
            if (has_fallen(state)) break;
        }
    }
    return total / 100.0;
}

static int learn_game(player *self, double seconds)
{
    double state[STATE], began = MPI_Wtime(), mean = 0;
    int length = 0, more = 1;
    begin_episode(self, state);
    while (more) {
        for (int i = 0; i < 1000; i++) play(self, state, &length);
        if (self->rank == 0) {
            mean = mean_of_100(self);
            more = mean < 195 && MPI_Wtime() - began < seconds;
            printf("%lld pushes, %.1f s: 100 episodes have %.2f on average\n", (long long)self->steps,
                   MPI_Wtime() - began, mean);
            fflush(stdout);
        }
        MPI_Bcast(&more, 1, MPI_INT, 0, MPI_COMM_WORLD);
    }
    if (self->rank == 0) puts(mean >= 195 ? "solved" : "not solved");
    return mean >= 195 || self->rank > 0 ? 0 : 1;
}

int main(int argc, char **argv)
{
    player *self = calloc(1, sizeof *self);
    int provided, ranks, result;
    char seed[64];
    if (argc > 1 && strcmp(argv[1], "dynamics") == 0) return show_dynamics();
    if (argc < 3) {
        fputs("cartpole CONFIG SEED [SECONDS]\n", stderr);
        return 2;
    }
    if (!self || !(self->memory = calloc(MEMORY, sizeof *self->memory))) return 7;
    MPI_Init_thread(&argc, &argv, MPI_THREAD_FUNNELED, &provided);
    MPI_Comm_rank(MPI_COMM_WORLD, &self->rank);
    MPI_Comm_size(MPI_COMM_WORLD, &ranks);
    self->share = BATCH / ranks + (self->rank < BATCH % ranks);
    self->random = (uint64_t)atoll(argv[2]) * 1000003 + (uint64_t)self->rank;
    snprintf(seed, sizeof seed, "training.seed=%.32s", argv[2]);
    const char *overrides[] = {seed};
    must(nn_trainer_create(MPI_COMM_WORLD, argv[1], NULL, overrides, 1, &self->trainer));
    must(nn_trainer_create(MPI_COMM_WORLD, argv[1], NULL, overrides, 1, &self->target));
    must(nn_trainer_copy(self->trainer, self->target, 1));
    result = learn_game(self, argc > 3 ? atof(argv[3]) : 60);
    must(nn_trainer_destroy(self->target));
    must(nn_trainer_destroy(self->trainer));
    free(self->memory);
    free(self);
    MPI_Finalize();
    return result;
}
