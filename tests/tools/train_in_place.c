/*
 * A program that trains in place, on samples of a formula: train_in_place CONFIG RUN_DIR|- COMMAND...
 * [KEY=VALUE
 * ...]. Commands, one after another:
 *
 *     write:N:FILE    N samples as a table, x0 to x3, y0, y1 and label, instead of all others
 *     steps:K:N       K steps on N samples each, from sample N x (steps done) on
 *     step:FIRST:N    one step, on samples FIRST, FIRST + 1, ...
 *     evaluate:N      on the first N samples
 *     predict:N       of the first N samples, on every rank alone: prints their sum
 *     save load:STEP copy:FRACTION (to a second trainer, whose fingerprint is printed)
 *     sleep:SECONDS   between calls
 *     stop            the last rank stops for good
 *     mistake:WHAT    a call that is wrong on the last rank; WHAT as below
 *
 * SPREAD: how a batch is divided: even, first (rank 0 has all), last, ragged. TYPE: float or double. TARGET:
 * y (two values) or label. WEIGHTS: samples have some.
 */
#define _POSIX_C_SOURCE 200809L
#include <inttypes.h>
#include <math.h>
#include <mpi.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "nntrain/nntrain_mpi.h"

#define MOST 4096

typedef struct host {
    int rank, size;
    nn_trainer *trainer, *other;
    const char *config, *directory;
    const char *const *overrides;
    size_t override_count;
    double *x, *y, *weights;
    float *single_x, *single_y;
    int64_t *labels;
} host;

static const char *setting(const char *name, const char *otherwise)
{
    const char *value = getenv(name);
    return value ? value : otherwise;
}

static int is_set(const char *name, const char *value)
{
    return strcmp(setting(name, ""), value) == 0;
}

/* Numbers that single precision holds exactly. */
static double number(int64_t sample, int column)
{
    uint64_t bits = (uint64_t)(sample * 7 + column + 1) * UINT64_C(0x9E3779B97F4A7C15);
    bits ^= bits >> 29;
    bits *= UINT64_C(0xBF58476D1CE4E5B9);
    return (double)(int64_t)(bits >> 44) / 524288.0 - 1; /* 20 bits */
}

static double target(int64_t sample, int column)
{
    double value = column == 0 ? number(sample, 0) * number(sample, 1)
                               : number(sample, 2) + 0.5 * number(sample, 3) * number(sample, 0);
    return (double)(float)(10 * value + 3);
}

static int64_t label(int64_t sample)
{
    return (number(sample, 0) > 0) + (number(sample, 1) > 0.25);
}

/* The samples of a batch of n that this rank brings. */
static void share(const host *self, int64_t n, int64_t *begin, int64_t *end)
{
    int64_t rank = self->rank, size = self->size;
    *begin = n * rank / size;
    *end = n * (rank + 1) / size;
    if (is_set("SPREAD", "first")) *begin = rank == 0 ? 0 : n, *end = n;
    if (is_set("SPREAD", "last")) *begin = 0, *end = rank == size - 1 ? n : 0;
    if (!is_set("SPREAD", "ragged")) return;
    /* Even ranks have nothing, odd ones more and more; the last one has the rest. */
    int64_t sum = size * size / 4 + 1, before = rank / 2 * (rank / 2);
    *begin = rank == 0 ? 0 : n * before / sum;
    *end = rank == size - 1 ? n : n * ((rank + 1) / 2 * ((rank + 1) / 2)) / sum;
}

static void make(host *self, int64_t first, int64_t count)
{
    for (int64_t s = 0; s < count; s++) {
        for (int c = 0; c < 4; c++) {
            self->x[4 * s + c] = number(first + s, c);
            self->single_x[4 * s + c] = (float)self->x[4 * s + c];
        }
        for (int c = 0; c < 2; c++) {
            self->y[2 * s + c] = target(first + s, c);
            self->single_y[2 * s + c] = (float)self->y[2 * s + c];
        }
        self->labels[s] = label(first + s);
        self->weights[s] = 0.5 + (double)((first + s) % 3);
    }
}

static void say(const host *self, const char *what, nn_status status, const nn_trainer_result *result)
{
    if (status != NN_OK)
        printf("rank %d: %s: status %d: %s\n", self->rank, what, (int)status, nn_error_text());
    else if (self->rank == 0 && result) {
        printf("%s: step %" PRId64 " samples %" PRId64 " trained %d loss %.17g", what, result->step,
               result->samples, result->trained, result->loss);
        for (size_t m = 0; m < result->metric_count; m++)
            printf(" %s %.17g", nn_trainer_metric_name(self->trainer, m), result->metrics[m]);
        printf("\n");
    } else if (self->rank == 0)
        printf("%s: ok, step %" PRId64 "\n", what, nn_trainer_steps(self->trainer));
    fflush(stdout);
}

typedef nn_status call(nn_trainer *, size_t, const nn_trainer_array *, const nn_trainer_array *,
                       const nn_trainer_array *, nn_trainer_result *);

static nn_status bring(host *self, call *function, int64_t first, int64_t n, nn_trainer_result *result)
{
    int64_t begin, end;
    int single = is_set("TYPE", "float"), labels = is_set("TARGET", "label");
    share(self, n, &begin, &end);
    size_t count = (size_t)(end - begin);
    make(self, first + begin, end - begin);
    const nn_trainer_array x = {single ? (const void *)self->single_x : (const void *)self->x,
                                single ? NN_TRAINER_FLOAT : NN_TRAINER_DOUBLE,
                                2,
                                {count, 4}};
    nn_trainer_array y = {single ? (const void *)self->single_y : (const void *)self->y,
                          single ? NN_TRAINER_FLOAT : NN_TRAINER_DOUBLE,
                          2,
                          {count, 2}};
    if (labels) y = (nn_trainer_array){self->labels, NN_TRAINER_INT64, 1, {count}};
    const nn_trainer_array weights = {self->weights, NN_TRAINER_DOUBLE, 1, {count}};
    return function(self->trainer, count, count ? &x : NULL, count ? &y : NULL,
                    count && getenv("WEIGHTS") ? &weights : NULL, result);
}

static void predict(host *self, int64_t n)
{
    static double outputs[3 * MOST];
    static float single[3 * MOST];
    double sum = 0;
    make(self, 0, n);
    int width = is_set("TARGET", "label") ? 3 : 2;
    nn_status status = is_set("TYPE", "float")
                           ? nn_trainer_predict(self->trainer, (size_t)n, self->single_x, single)
                           : nn_trainer_predict_f64(self->trainer, (size_t)n, self->x, outputs);
    for (int64_t i = 0; i < width * n; i++) sum += is_set("TYPE", "float") ? (double)single[i] : outputs[i];
    if (status == NN_OK)
        printf("predict: rank %d first %.9g sum %.12g\n", self->rank,
               is_set("TYPE", "float") ? (double)single[0] : outputs[0], sum);
    say(self, "predict", status, NULL);
}

static void copy(host *self, double fraction)
{
    nn_status status = NN_OK;
    if (!self->other)
        status = nn_trainer_create(MPI_COMM_WORLD, self->config, NULL, self->overrides, self->override_count,
                                   &self->other);
    if (status == NN_OK) status = nn_trainer_copy(self->trainer, self->other, fraction);
    say(self, "copy", status, NULL);
    if (status == NN_OK && self->rank == 0)
        printf("copied: %016" PRIx64 "\n", nn_trainer_fingerprint(self->other));
}

/* The last rank makes a mistake; what all ranks then say is printed, and training continues. */
static void mistake(host *self, const char *what)
{
    int wrong = self->rank == self->size - 1;
    nn_trainer_result result;
    make(self, 0, 4);
    nn_trainer_array x = {self->x, NN_TRAINER_DOUBLE, 2, {4, 4}}, y = {self->y, NN_TRAINER_DOUBLE, 2, {4, 2}};
    nn_trainer_array weights = {self->weights, NN_TRAINER_DOUBLE, 1, {4}}, *weighs = NULL;
    if (wrong && strcmp(what, "rank") == 0) x.dimensions = 3, x.extents[2] = 1;
    if (wrong && strcmp(what, "shape") == 0) x.extents[1] = 5;
    if (wrong && strcmp(what, "samples") == 0) y.extents[0] = 3;
    if (wrong && strcmp(what, "null") == 0) y.values = NULL;
    if (wrong && strcmp(what, "type") == 0) x.type = (nn_trainer_type)9;
    if (wrong && strcmp(what, "nan") == 0) self->x[5] = (double)NAN;
    if (wrong && strcmp(what, "infinite") == 0) self->y[3] = (double)INFINITY;
    if (wrong && strcmp(what, "weights") == 0) weighs = &weights;
    if (wrong && strcmp(what, "order") == 0)
        say(self, what, nn_trainer_save(self->trainer), NULL);
    else if (strcmp(what, "destroy") == 0 && wrong)
        say(self, what, nn_trainer_destroy(self->trainer), NULL);
    else if (strcmp(what, "configuration") == 0) {
        const char *seed = wrong ? "training.seed=77" : "training.seed=78";
        nn_trainer *made = NULL;
        say(self, what, nn_trainer_create(MPI_COMM_WORLD, self->config, NULL, &seed, 1, &made), NULL);
    } else if (strcmp(what, "huge") == 0) {
        for (int s = 0; s < 4; s++) self->y[2 * s] = 1e300;
        say(self, what, nn_trainer_step(self->trainer, 4, &x, &y, weighs, &result), NULL);
    } else
        say(self, what,
            nn_trainer_step(self->trainer, wrong && strcmp(what, "inputs") == 0 ? 4 : 4,
                            wrong && strcmp(what, "inputs") == 0 ? NULL : &x, &y, weighs, &result),
            NULL);
}

static void run(host *self, const char *command)
{
    long long a = 0, b = 0;
    nn_trainer_result result;
    if (sscanf(command, "steps:%lld:%lld", &a, &b) == 2) {
        for (long long k = 0; k < a; k++)
            say(self, "step", bring(self, nn_trainer_step, nn_trainer_steps(self->trainer) * b, b, &result),
                &result);
    } else if (sscanf(command, "step:%lld:%lld", &a, &b) == 2) {
        say(self, "step", bring(self, nn_trainer_step, a, b, &result), &result);
    } else if (sscanf(command, "evaluate:%lld", &a) == 1)
        say(self, "evaluate", bring(self, nn_trainer_evaluate, 0, a, &result), &result);
    else if (sscanf(command, "predict:%lld", &a) == 1)
        predict(self, a);
    else if (sscanf(command, "sleep:%lld", &a) == 1)
        sleep((unsigned)a);
    else if (strcmp(command, "stop") == 0) {
        if (self->rank == self->size - 1) raise(SIGSTOP);
    } else if (strcmp(command, "save") == 0)
        say(self, "save", nn_trainer_save(self->trainer), NULL);
    else if (sscanf(command, "load:%lld", &a) == 1)
        say(self, "load", nn_trainer_load(self->trainer, a), NULL);
    else if (strncmp(command, "copy:", 5) == 0)
        copy(self, atof(command + 5));
    else if (strncmp(command, "mistake:", 8) == 0)
        mistake(self, command + 8);
}

static void write_table(int64_t n, const char *path)
{
    FILE *file = fopen(path, "w");
    if (!file) return;
    fprintf(file, "x0,x1,x2,x3,y0,y1,label,weight\n");
    for (int64_t s = 0; s < n; s++)
        fprintf(file, "%.17g,%.17g,%.17g,%.17g,%.17g,%.17g,%d,%.17g\n", number(s, 0), number(s, 1),
                number(s, 2), number(s, 3), target(s, 0), target(s, 1), (int)label(s), 0.5 + (double)(s % 3));
    fclose(file);
}

int main(int argc, char **argv)
{
    host self = {0};
    int provided, first = argc;
    MPI_Init_thread(&argc, &argv, MPI_THREAD_FUNNELED, &provided);
    MPI_Comm_rank(MPI_COMM_WORLD, &self.rank);
    MPI_Comm_size(MPI_COMM_WORLD, &self.size);
    long long n;
    char path[512];
    if (argc > 1 && sscanf(argv[1], "write:%lld:%500s", &n, path) == 2) {
        if (self.rank == 0) write_table(n, path);
        return MPI_Finalize();
    }
    for (int i = argc - 1; i > 2 && strchr(argv[i], '='); i--) first = i;
    self.x = calloc(4 * MOST, sizeof *self.x);
    self.y = calloc(2 * MOST, sizeof *self.y);
    self.weights = calloc(MOST, sizeof *self.weights);
    self.single_x = calloc(4 * MOST, sizeof *self.single_x);
    self.single_y = calloc(2 * MOST, sizeof *self.single_y);
    self.labels = calloc(MOST, sizeof *self.labels);
    if (!self.x || !self.y || !self.weights || !self.single_x || !self.single_y || !self.labels) return 7;
    self.config = argv[1];
    self.directory = strcmp(argv[2], "-") == 0 ? NULL : argv[2];
    self.overrides = (const char *const *)argv + first;
    self.override_count = (size_t)(argc - first);
    nn_set_log_ranks(NN_LOG_NO_RANK);
    nn_status status = nn_trainer_create(MPI_COMM_WORLD, self.config, self.directory, self.overrides,
                                         self.override_count, &self.trainer);
    say(&self, "create", status, NULL);
    for (int i = 3; status == NN_OK && i < first; i++) run(&self, argv[i]);
    if (status == NN_OK && self.rank == 0)
        printf("fingerprint: %016" PRIx64 "\n", nn_trainer_fingerprint(self.trainer));
    nn_trainer_destroy(self.other);
    nn_trainer_destroy(self.trainer);
    free(self.x), free(self.y), free(self.weights), free(self.single_x), free(self.single_y),
        free(self.labels);
    MPI_Finalize();
    return (int)status;
}
