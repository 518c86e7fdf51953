/* The list of runs of a search, and the names of their run directories. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "search/search.h"

static char path[64];

/* Reads a search of these lines. */
static nn_status read_lines(const char *lines, nn_search *search)
{
    snprintf(path, sizeof path, "/tmp/nn-search-XXXXXX");
    int descriptor = mkstemp(path);
    assert_true(descriptor >= 0);
    assert_int_equal(write(descriptor, lines, strlen(lines)), strlen(lines));
    close(descriptor);
    nn_status status = nn_search_read(path, search);
    unlink(path);
    return status;
}

/* If it fails: a grid lacks runs, or a longer list of seeds changes the names of runs that exist. */
static void a_grid_has_every_combination(void **state)
{
    (void)state;
    nn_search search;
    assert_int_equal(read_lines("config: c.yaml\n"
                                "settings:\n"
                                "  a.b: {log: [0.01, 1], points: 3}\n"
                                "  d: [x, {y: [1, 2]}]\n"
                                "folds: 2\n"
                                "seeds: [7, 9]\n",
                                &search),
                     NN_OK);
    assert_int_equal(search.run_count, 24);
    assert_string_equal(search.runs[0].line,
                        "a.b=0.01; d=x; data.split.folds=2; data.split.fold=1; training.seed=7");
    assert_string_equal(search.runs[1].line,
                        "a.b=0.01; d=x; data.split.folds=2; data.split.fold=1; training.seed=9");
    assert_string_equal(search.runs[2].name, "a.b=0.01,d=x,folds=2,fold=2,seed=7");
    assert_string_equal(search.runs[15].line,
                        "a.b=0.1; d={y: [1, 2]}; data.split.folds=2; data.split.fold=2; training.seed=9");
    assert_string_equal(search.runs[23].sets.items[0], "a.b=1");
    assert_non_null(strstr(search.runs[0].places[1], ":4:7"));
    assert_string_equal(search.path, "/tmp/c.yaml");
    nn_search_release(&search);
}

/* If it fails: values are outside their ranges or uneven, or more runs change those that there were. */
static void draws_depend_on_the_file_alone(void **state)
{
    (void)state;
    nn_search search, other;
    assert_int_equal(read_lines("config: c.yaml\nsearch: {random: {runs: 50}}\nsettings: {a: {uniform: [2, "
                                "3]}, b: {int: [1, 4]}}\n",
                                &search),
                     NN_OK);
    assert_int_equal(read_lines("config: c.yaml\nsearch: {random: {runs: 20}}\nsettings: {a: {uniform: [2, "
                                "3]}, b: {int: [1, 4]}}\n",
                                &other),
                     NN_OK);
    int counts[5] = {0};
    for (size_t r = 0; r < 50; r++) {
        double value = atof(search.runs[r].sets.items[0] + 2);
        assert_true(value >= 2 && value <= 3);
        counts[atoi(search.runs[r].sets.items[1] + 2)]++;
        if (r < 20) assert_string_equal(search.runs[r].line, other.runs[r].line);
    }
    for (int i = 1; i <= 4; i++) assert_true(counts[i] >= 4);
    nn_search_release(&search);
    nn_search_release(&other);
}

/* If it fails: a Latin hypercube has two runs in one stratum of a setting. */
static void strata_have_one_run_each(void **state)
{
    (void)state;
    enum { RUNS = 40 };
    bool seen[2][RUNS] = {{false}};
    int same = 0;
    nn_search search;
    assert_int_equal(read_lines("config: c.yaml\nsearch: {latin_hypercube: {runs: 40}}\nseed: 3\n"
                                "settings: {a: {uniform: [0, 40]}, b: {uniform: [0, 40]}}\n",
                                &search),
                     NN_OK);
    for (size_t r = 0; r < RUNS; r++) {
        int strata[2];
        for (int s = 0; s < 2; s++) {
            strata[s] = (int)atof(search.runs[r].sets.items[s] + 2);
            assert_false(seen[s][strata[s]]);
            seen[s][strata[s]] = true;
        }
        same += strata[0] == strata[1];
    }
    assert_true(same < 8);
    nn_search_release(&search);
}

/* If it fails: two runs share a directory, or its name is too long for a file system. */
static void names_are_bounded_and_different(void **state)
{
    (void)state;
    char one[NN_SEARCH_NAME], other[NN_SEARCH_NAME], longer[500];
    nn_search_name("a=[1, 2]; training.seed=3", one);
    nn_search_name("a={1: 2}; training.seed=3", other);
    assert_string_not_equal(one, other);
    assert_int_equal(strspn(one, "abcdefghijklmnopqrstuvwxyz0123456789=.,_+-"), strlen(one));
    memset(longer, 'a', sizeof longer - 1);
    longer[sizeof longer - 1] = '\0';
    nn_search_name(longer, one);
    longer[sizeof longer - 2] = 'b';
    nn_search_name(longer, other);
    assert_int_equal(strlen(one), NN_SEARCH_NAME - 1);
    assert_string_not_equal(one, other);
    longer[NN_SEARCH_NAME - 1] = '\0';
    nn_search_name(longer, one);
    assert_string_equal(one, longer);
    nn_search_name("training.seed=1", one);
    assert_string_equal(one, "seed=1");
}

/* If it fails: a mistake in the file makes a list of other runs. */
static void mistakes_are_listed(void **state)
{
    (void)state;
    static const struct {
        const char *lines, *message;
    } cases[] = {
        {"config: c\nsettings: {a: {log: [1, 2]}}\n", "a: a grid needs the number of values"},
        {"config: c\nsettings: {a: {log: [2, 1], points: 3}}\n",
         "a: expected two numbers, the smaller first"},
        {"config: c\nsettings: {a: {int: [1, 2.5], points: 3}}\n", "a: int needs two integers"},
        {"config: c\nsettings: {a: {int: [1, 2], points: 1}}\n", "a.points: expected an integer from 2"},
        {"config: c\nsettings: {a: []}\n", "a: the list has no values"},
        {"config: c\nsettings: {a: \"x; y\"}\n", "a value cannot contain \"; \""},
        {"config: c\nsettings: {a: 1}\nsearch: random\n", "search: say how many runs: {random: {runs: 20}}"},
        {"config: c\nsettings: {training.seed: 1}\nseeds: 2\n", "training.seed: seeds says it too"},
        {"config: c\nsettings: {data.split.fold: 1}\nfolds: 2\n", "data.split.fold: folds says it too"},
        {"config: c\nseeds: [1, 1]\n", "seeds: 1 occurs twice"},
        {"config: c\nfolds: 1\n", "folds: one fold leaves nothing"},
        {"settings: {a: 1}\n", "config is missing"},
        {"config: c\nsettings: {a: {int: [1, 2000], points: 2000}, b: {int: [1, 2000], points: 2000}}\n",
         "more than 10000 runs"},
    };
    for (size_t n = 0; n < sizeof cases / sizeof *cases; n++) {
        nn_search search;
        nn_status status = read_lines(cases[n].lines, &search);
        nn_search_release(&search);
        assert_int_equal(status, NN_ERROR_USAGE);
        if (!strstr(nn_error_text(), cases[n].message))
            fail_msg("%s: the message lacks \"%s\": %s", cases[n].lines, cases[n].message, nn_error_text());
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_grid_has_every_combination), cmocka_unit_test(draws_depend_on_the_file_alone),
        cmocka_unit_test(strata_have_one_run_each),     cmocka_unit_test(names_are_bounded_and_different),
        cmocka_unit_test(mistakes_are_listed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
