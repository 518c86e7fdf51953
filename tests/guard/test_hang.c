/* Who hangs: a table of cases, and what is said of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "guard/hang.h"

#define NOW 1000.0
#define TIMEOUT 100.0
#define RANKS 4

/* How a rank looks at NOW. */
typedef enum look {
    WORKS,      /* has just moved */
    WAITS,      /* for others, since before the time-out */
    WAITS_LESS, /* for others, for half of it */
    STUCK,      /* in its own work, and its watchdog ticks */
    STOPPED,    /* the process is suspended, in its own work */
    STOPPED_WAITING,
    STOPPED_LATELY, /* for less than the time-out, after a long wait */
    OVER,
    CUT_OFF, /* waits like the others, but its node has no network */
    CUT_OFF_LESS,
    UNKNOWN
} look;

static nn_rank_state rank_that(look looks)
{
    nn_rank_state rank = {.host = "n1", .known = true, .moved = NOW, .ticked = NOW, .step = 41};
    rank.waits = looks == WAITS || looks == WAITS_LESS || looks == STOPPED_WAITING ||
                 looks == STOPPED_LATELY || looks == CUT_OFF || looks == CUT_OFF_LESS;
    rank.cut_off = looks == CUT_OFF || looks == CUT_OFF_LESS;
    if (looks == WAITS || looks == STUCK || looks == STOPPED || looks == STOPPED_WAITING || looks == CUT_OFF)
        rank.moved = NOW - TIMEOUT - 5;
    if (looks == WAITS_LESS || looks == CUT_OFF_LESS) rank.moved = NOW - TIMEOUT / 2;
    if (looks == STOPPED || looks == STOPPED_WAITING) rank.ticked = NOW - TIMEOUT - 1;
    if (looks == STOPPED_LATELY) {
        rank.moved = NOW - 2 * TIMEOUT;
        rank.ticked = NOW - 0.7 * TIMEOUT;
    }
    if (looks == OVER) {
        rank.over = true;
        rank.moved = rank.ticked = 0;
    }
    if (looks == UNKNOWN) rank = (nn_rank_state){.known = false};
    return rank;
}

typedef struct hang_case {
    const char *name;
    look looks[RANKS];
    bool found, all_wait;
    unsigned late; /* bit r: rank r */
    int speaker;
} hang_case;

static const hang_case cases[] = {
    {"all work", {WORKS, WORKS, WORKS, WORKS}, false, false, 0, 0},
    {"all wait, not long", {WAITS_LESS, WAITS_LESS, WAITS_LESS, WAITS_LESS}, false, false, 0, 0},
    {"long waits for one that works", {WAITS, WORKS, WAITS, WAITS}, false, false, 0, 0},
    {"one is stuck", {WAITS, STUCK, WAITS, WAITS}, true, false, 2, 0},
    {"the first is stuck", {STUCK, WAITS, WAITS, WAITS}, true, false, 1, 1},
    {"one is stuck, another still works", {WORKS, WAITS, STUCK, WAITS}, true, false, 4, 0},
    {"one is stopped in its work", {WAITS, WAITS, WAITS, STOPPED}, true, false, 8, 0},
    {"one is stopped while it waits", {STOPPED_WAITING, WAITS, WAITS, WAITS}, true, false, 1, 1},
    {"two are stopped", {STOPPED, STOPPED_WAITING, WAITS, WAITS}, true, false, 3, 2},
    {"all wait for one another", {WAITS, WAITS, WAITS, WAITS}, true, true, 0, 0},
    {"all wait, and one has not ticked for a while: it may be that one",
     {WAITS, STOPPED_LATELY, WAITS, WAITS},
     false,
     false,
     0,
     0},
    {"all are stuck", {STUCK, STUCK, STUCK, STUCK}, true, false, 15, 0},
    {"all are stuck, the first is stopped", {STOPPED, STUCK, STUCK, STUCK}, true, false, 15, 1},
    {"one waits for those that have left", {OVER, OVER, OVER, WAITS}, true, true, 0, 3},
    {"one works, the others have left", {OVER, OVER, WORKS, OVER}, false, false, 0, 2},
    {"those that have left are not late", {OVER, WAITS_LESS, OVER, OVER}, false, false, 0, 1},
    {"all wait, and a node has lost its link", {WAITS, WAITS, CUT_OFF, CUT_OFF}, true, false, 12, 0},
    {"the first node has lost its link", {CUT_OFF, CUT_OFF, WAITS, WAITS}, true, false, 3, 2},
    {"a lost link of which nobody has heard for long",
     {WAITS, WAITS, CUT_OFF_LESS, WAITS},
     false,
     false,
     0,
     0},
    {"a node without a link knows nothing of the others",
     {CUT_OFF, CUT_OFF, UNKNOWN, UNKNOWN},
     true,
     false,
     3,
     2},
    {"nothing is known of the other node", {WAITS, WAITS, UNKNOWN, UNKNOWN}, false, false, 0, 0},
    {"one of this node is stuck", {UNKNOWN, UNKNOWN, STUCK, WAITS}, true, false, 4, 0},
};

static void test_judgement(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        nn_rank_state ranks[RANKS];
        unsigned late = 0;
        for (int r = 0; r < RANKS; r++) {
            ranks[r] = rank_that(cases[i].looks[r]);
            late |= (unsigned)nn_rank_is_late(&ranks[r], NOW, TIMEOUT) << r;
        }
        nn_hang hang = nn_hang_judge(ranks, RANKS, NOW, TIMEOUT);
        if (hang.found != cases[i].found || hang.all_wait != cases[i].all_wait || late != cases[i].late ||
            hang.speaker != cases[i].speaker)
            fail_msg("%s: found %d, all wait %d, late %x, speaker %d", cases[i].name, hang.found,
                     hang.all_wait, late, hang.speaker);
    }
}

static void expect_text(const look *looks, const char *const *parts, const char *absent)
{
    nn_rank_state ranks[RANKS];
    char text[2048];
    for (int r = 0; r < RANKS; r++) ranks[r] = rank_that(looks[r]);
    ranks[1].phase = NN_PHASE_SAVE;
    nn_hang hang = nn_hang_judge(ranks, RANKS, NOW, TIMEOUT);
    nn_hang_describe(ranks, RANKS, NOW, TIMEOUT, hang, text, sizeof text);
    for (; *parts; parts++)
        if (!strstr(text, *parts)) fail_msg("no \"%s\" in:\n%s", *parts, text);
    if (strstr(text, absent)) fail_msg("\"%s\" in:\n%s", absent, text);
}

static void test_description(void **state)
{
    (void)state;
    const look stuck[RANKS] = {WAITS, STUCK, WAITS, OVER};
    const look stopped[RANKS] = {WAITS, STOPPED_WAITING, WAITS, WAITS};
    const look waiting[RANKS] = {WAITS, WAITS, WAITS, WAITS};
    expect_text(stuck,
                (const char *const[]){"no progress for 100 s",
                                      "rank 1 on n1: saving a checkpoint, step 42, no progress for 105 s\n",
                                      "2 other ranks wait", NULL},
                "is not running");
    expect_text(stopped, (const char *const[]){"rank 1 on n1", "is not running", "3 other ranks wait", NULL},
                "rank 0 on");
    expect_text(waiting,
                (const char *const[]){"all ranks wait for one another", "rank 0 on n1", "rank 3 on n1", NULL},
                "other rank");
}

/* A text of any number of ranks fits. */
static void test_cut(void **state)
{
    (void)state;
    static nn_rank_state ranks[1000];
    char text[300];
    for (int r = 0; r < 1000; r++) ranks[r] = rank_that(STUCK);
    nn_hang hang = nn_hang_judge(ranks, 1000, NOW, TIMEOUT);
    memset(text, 'x', sizeof text);
    nn_hang_describe(ranks, 1000, NOW, TIMEOUT, hang, text, sizeof text);
    assert_int_equal(strlen(text), sizeof text - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_judgement),
        cmocka_unit_test(test_description),
        cmocka_unit_test(test_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
