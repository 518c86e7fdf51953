/* Two nodes that tell each other by files; and a watchdog that takes silence for a hang only when it is one.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "guard/heartbeats.h"
#include "guard/watchdog.h"
#include "host/clock.h"

#define RANKS 3
#define TIMEOUT 20.0

static const int leaders[RANKS] = {0, 0, 2};

static void expect_ok(nn_status status)
{
    if (status != NN_OK) fail_msg("%s", nn_error_text());
}

static void pause_briefly(void)
{
    nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
}

static int make_folder(void **state)
{
    static char folder[64];
    snprintf(folder, sizeof folder, "/tmp/nn-heartbeats-XXXXXX");
    *state = mkdtemp(folder);
    return *state == NULL;
}

static int remove_folder(void **state)
{
    nn_heartbeats_clear(*state);
    return rmdir(*state);
}

/* Lets a node look until it sees what is expected, in turns of its clock. */
static bool sees(nn_heartbeats *node, nn_rank_state *states, int rank, bool known, double *now)
{
    for (int i = 0; i < 500; i++) {
        nn_heartbeats_read(node, true, states, *now);
        if (states[rank].known == known) return true;
        pause_briefly();
        *now += 0.001;
    }
    return false;
}

static void test_two_nodes(void **state)
{
    nn_heartbeats *first, *second;
    nn_rank_state of_first[RANKS], of_second[RANKS];
    double now = 500, there = 7; /* each node has a clock of its own */
    for (int r = 0; r < RANKS; r++)
        of_first[r] = of_second[r] = (nn_rank_state){.known = leaders[r] == 0, .moved = now, .ticked = now};
    of_second[2] = (nn_rank_state){.known = true,
                                   .waits = false,
                                   .phase = NN_PHASE_EVALUATE,
                                   .step = 12345678901,
                                   .moved = there - 3,
                                   .ticked = there - 1};
    expect_ok(nn_heartbeats_start(*state, leaders, RANKS, 0, 0.02, TIMEOUT, &first));
    expect_ok(nn_heartbeats_start(*state, leaders, RANKS, 2, 0.02, TIMEOUT, &second));
    nn_heartbeats_publish(second, of_second, false, there);
    nn_heartbeats_publish(first, of_first, false, now);

    nn_heartbeats_read(first, false, of_first, now);
    assert_false(of_first[2].known); /* nobody has asked */
    assert_true(sees(first, of_first, 2, true, &now));
    for (int i = 0; i < 500 && of_first[2].step == 0; i++) { /* until the file has what was reported */
        pause_briefly();
        nn_heartbeats_read(first, true, of_first, now);
    }
    assert_int_equal(of_first[2].step, 12345678901);
    assert_int_equal(of_first[2].phase, NN_PHASE_EVALUATE);
    assert_true(now - of_first[2].moved > 2.9 && now - of_first[2].moved < 3.2);
    assert_true(now - of_first[2].ticked > 0.9 && now - of_first[2].ticked < 1.2);

    /* Who asks no longer forgets: old news would look like silence. */
    nn_heartbeats_read(first, false, of_first, now);
    assert_false(of_first[2].known);
    assert_true(sees(first, of_first, 2, true, &now));

    /* A node that has ended is not late. */
    nn_heartbeats_stop(second);
    assert_true(sees(first, of_first, 2, false, &now));
    nn_heartbeats_stop(first);
}

/* The node that has stopped: its file does not change any more. */
static void test_silent_node(void **state)
{
    nn_heartbeats *first, *second;
    nn_rank_state of_first[RANKS];
    double now = 500;
    for (int r = 0; r < RANKS; r++)
        of_first[r] = (nn_rank_state){.known = leaders[r] == 0, .waits = true, .moved = now, .ticked = now};
    expect_ok(nn_heartbeats_start(*state, leaders, RANKS, 0, 0.02, TIMEOUT, &first));
    expect_ok(nn_heartbeats_start(*state, leaders, RANKS, 2, 1e6, TIMEOUT, &second)); /* writes once */
    assert_true(sees(first, of_first, 2, true, &now));
    bool found = false;
    for (int i = 0; i < 1500 && !found; i++) {
        now += 0.2; /* the files are read between two such ticks, or are too old to tell */
        pause_briefly();
        of_first[0].ticked = of_first[1].ticked = now;
        nn_heartbeats_read(first, true, of_first, now);
        found = nn_hang_judge(of_first, RANKS, now, TIMEOUT).found;
    }
    assert_true(found);
    assert_true(nn_rank_is_late(&of_first[2], now, TIMEOUT));
    assert_false(nn_rank_is_late(&of_first[0], now, TIMEOUT));
    nn_heartbeats_stop(second);
    nn_heartbeats_stop(first);
}

/* ---- many nodes ---- */

#define NODES 8
#define MANY_TIMEOUT 4.0

typedef struct many {
    nn_heartbeats *nodes[NODES];
    nn_rank_state states[NODES][NODES]; /* as each node sees all */
} many;

/* All wait; node `dead` writes its file once. */
static void many_start(many *of, const char *folder, int dead)
{
    int alone[NODES];
    double now = nn_seconds();
    for (int n = 0; n < NODES; n++) alone[n] = n;
    for (int n = 0; n < NODES; n++) {
        expect_ok(nn_heartbeats_start(folder, alone, NODES, n, n == dead ? 1e6 : 0.02, MANY_TIMEOUT,
                                      &of->nodes[n]));
        for (int r = 0; r < NODES; r++)
            of->states[n][r] = (nn_rank_state){.known = n == r, .waits = true, .moved = now, .ticked = now};
    }
}

static void many_tick(many *of, int dead)
{
    double now = nn_seconds();
    for (int n = 0; n < NODES; n++) {
        if (n == dead) continue;
        of->states[n][n].ticked = now;
        nn_heartbeats_publish(of->nodes[n], of->states[n], false, now);
        nn_heartbeats_read(of->nodes[n], true, of->states[n], now);
    }
}

static bool many_are_as(const many *of, int dead, int last_watched)
{
    bool as = true;
    for (int n = 0; n < NODES; n++)
        for (int r = 0; r < NODES && n != dead; r++)
            as = as && of->states[n][r].known == (n == r || n <= last_watched || r <= last_watched);
    return as;
}

/* Until the nodes up to `last_watched` are those that are read by all and, but for a dead one, read all. */
static void many_become(many *of, int dead, int last_watched)
{
    int calm = 0; /* looks in a row with this outcome */
    for (int i = 0; i < 1000 && calm < 10; i++) {
        pause_briefly();
        many_tick(of, dead);
        calm = many_are_as(of, dead, last_watched) ? calm + 1 : 0;
    }
    if (calm < 10) fail_msg("not the nodes up to %d are read by all and read all", last_watched);
}

static void many_stop(many *of)
{
    for (int n = 0; n < NODES; n++) nn_heartbeats_stop(of->nodes[n]);
}

/* If it fails: each of many nodes reads the files of all, or nobody watches all. */
static void test_watchers(void **state)
{
    many of = {0};
    many_start(&of, *state, -1);
    many_become(&of, -1, 2);
    many_stop(&of);
}

/* If it fails: nobody takes the place of a watcher that is dead, or its death is not noticed by all. */
static void test_dead_watcher(void **state)
{
    many of = {0};
    many_start(&of, *state, 1);
    many_become(&of, 1, 3);
    for (int n = 0; n < NODES; n++)
        if (n != 1) assert_true(nn_seconds() - of.states[n][1].ticked > MANY_TIMEOUT / 4);
    many_stop(&of);
}

/* A folder that cannot be made ends nothing. */
static void test_no_folder(void **state)
{
    nn_heartbeats *node;
    nn_rank_state states[RANKS] = {{.known = true}, {.known = true}, {.known = false}};
    (void)state;
    expect_ok(nn_heartbeats_start("/proc/nowhere", leaders, RANKS, 0, 0.02, TIMEOUT, &node));
    for (int i = 0; i < 5; i++) {
        nn_heartbeats_publish(node, states, false, i);
        nn_heartbeats_read(node, true, states, i);
        pause_briefly();
    }
    assert_false(states[2].known);
    nn_heartbeats_stop(node);
}

/* ---- the thread ---- */

static nn_comm *job;

static int start_job(void **state)
{
    (void)state;
    return (int)nn_comm_start(NULL, NULL, &job);
}

static int end_job(void **state)
{
    (void)state;
    nn_comm_destroy(job);
    return 0;
}

/* Marks are made while the watchdog looks, which reads them without a lock; it bites nobody who moves. */
static void test_moving(void **state)
{
    nn_watchdog *watchdog;
    expect_ok(nn_watchdog_start(job, 1, *state, &watchdog));
    for (int i = 0; i < 100; i++) {
        nn_pulse_phase(i % 2 ? NN_PHASE_COMPUTE : NN_PHASE_SAVE);
        nn_pulse_step(i);
        pause_briefly();
        nn_pulse_wait();
        nn_pulse_go_on();
    }
    nn_watchdog_stop(watchdog);
}

static void test_off(void **state)
{
    nn_watchdog *watchdog;
    expect_ok(nn_watchdog_start(job, 0, *state, &watchdog));
    assert_null(watchdog);
    nn_watchdog_stop(watchdog);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_two_nodes, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(test_silent_node, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(test_watchers, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(test_dead_watcher, make_folder, remove_folder),
        cmocka_unit_test(test_no_folder),
        cmocka_unit_test_setup_teardown(test_moving, make_folder, remove_folder),
        cmocka_unit_test(test_off),
    };
    return cmocka_run_group_tests(tests, start_job, end_job);
}
