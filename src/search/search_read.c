/* Reads the file of a search, and makes its list of runs. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/list.h"
#include "base/memory.h"
#include "base/philox.h"
#include "data/dataset_options.h"
#include "search/search_setting.h"

#define READ_SETTINGS 64 /* at most */
#define READ_SEEDS 1000

typedef enum read_method { READ_GRID, READ_RANDOM, READ_STRATIFIED } read_method;

typedef struct read_options {
    char *config, *run_directories;
    int64_t seed, folds;
} read_options;

#define FIELD(member) offsetof(read_options, member)
static const nn_option read_table[] = {
    {"config", NN_OPTION_TEXT, FIELD(config), NULL, 0, 0, NULL, NN_EFFECT_RESULT,
     "the configuration of all runs, relative to the folder of this file"},
    {"run_dirs", NN_OPTION_TEXT, FIELD(run_directories), "", 0, 0, NULL, NN_EFFECT_OUTPUT,
     "the folder of their run directories (default: runs/NAME, from the name of this file)"},
    {"seed", NN_OPTION_INTEGER, FIELD(seed), "1", 0, 9e15, NULL, NN_EFFECT_RESULT,
     "chooses the values of random and latin_hypercube"},
    {"folds", NN_OPTION_INTEGER, FIELD(folds), "0", 0, NN_SPLIT_FOLDS, NULL, NN_EFFECT_RESULT,
     "each run once for each of this many folds"},
    {.name = NULL}};
#undef FIELD

typedef struct read_draws {
    int64_t runs;
} read_draws;

static const nn_option read_draws_table[] = {{"runs", NN_OPTION_INTEGER, offsetof(read_draws, runs), NULL, 1,
                                              NN_SEARCH_RUNS, NULL, NN_EFFECT_RESULT,
                                              "how many runs, such as 20"},
                                             {.name = NULL}};

/* The file, as read. */
typedef struct read_plan {
    read_method method;
    int64_t draws; /* of random and stratified ones */
    read_options options;
    nn_config_node *folds; /* NULL: none */
    nn_search_setting settings[READ_SETTINGS];
    int setting_count;
    int64_t seeds[READ_SEEDS];
    const char *seed_places[READ_SEEDS];
    int64_t seed_count;
} read_plan;

/* ---- reading ---- */

static void read_choose_method(nn_config *config, nn_config_node *node, read_plan *plan)
{
    static const char *const names[] = {"grid", "random", "latin_hypercube", NULL};
    nn_config_node *options = NULL;
    const char *word = node ? nn_config_read_choice(config, node, &options) : names[READ_GRID];
    if (!word) return;
    int found = 0;
    while (names[found] && strcmp(names[found], word) != 0) found++;
    if (!names[found]) {
        nn_config_unknown(config, node, "search", word, names);
        return;
    }
    plan->method = (read_method)found;
    if (found == READ_GRID) {
        nn_config_read(config, options, "search.grid", read_draws_table + 1, NULL, NULL, &(read_draws){0});
        return;
    }
    char path[64];
    read_draws draws = {0};
    snprintf(path, sizeof path, "search.%s", word);
    if (!options)
        nn_config_error(config, node, "search: say how many runs: {%s: {runs: 20}}", word);
    else
        nn_config_read(config, options, path, read_draws_table, NULL, NULL, &draws);
    plan->draws = draws.runs;
}

/* Settings that the file has words of its own for. */
static void read_check_key(nn_config *config, nn_config_node *node, const char *key, const read_plan *plan)
{
    if (strchr(key, '=') || strstr(key, "; "))
        nn_config_error(config, node, "'%s' is not the key of a setting, such as training.batch_size", key);
    if (plan->seed_count > 0 && strcmp(key, "training.seed") == 0)
        nn_config_error(config, node, "training.seed: seeds says it too; remove one of them");
    if (plan->options.folds > 0 &&
        (strcmp(key, "data.split.folds") == 0 || strcmp(key, "data.split.fold") == 0))
        nn_config_error(config, node, "%s: folds says it too; remove one of them", key);
}

static void read_settings(nn_config *config, nn_config_node *node, read_plan *plan)
{
    if (!node) return;
    if (nn_config_kind_of(node) != NN_CONFIG_MAPPING) {
        nn_config_error(config, node,
                        "settings: expected KEY: VALUES, such as training.batch_size: [32, 64]");
        return;
    }
    for (size_t i = 0; i < nn_config_count(node); i++) {
        const char *key = nn_config_key(node, i);
        nn_config_node *item = nn_config_item(node, i);
        if (plan->setting_count == READ_SETTINGS) {
            nn_config_error(config, item, "more than %d settings", READ_SETTINGS);
            return;
        }
        read_check_key(config, item, key, plan);
        nn_setting_read(config, item, key, plan->method == READ_GRID, &plan->settings[plan->setting_count++]);
    }
}

static bool read_whole(nn_config_node *node, int64_t *number)
{
    const char *text = nn_config_text(node);
    char *end;
    if (!text || !*text || strspn(text, "0123456789") != strlen(text) || strlen(text) > 15) return false;
    *number = strtoll(text, &end, 10);
    return *end == '\0';
}

/* A list of seeds; or their number, and they are 1, 2, ... */
static void read_seeds(nn_config *config, nn_config_node *node, read_plan *plan)
{
    int64_t count = 0;
    if (!node) return;
    bool list = nn_config_kind_of(node) == NN_CONFIG_LIST;
    bool good = list ? nn_config_count(node) > 0 : read_whole(node, &count) && count > 0;
    if (list) count = (int64_t)nn_config_count(node);
    if (!good || count > READ_SEEDS) {
        nn_config_error(config, node, "seeds: expected a list such as [1, 2, 3], or how many, 1 to %d",
                        READ_SEEDS);
        return;
    }
    plan->seed_count = count;
    for (int64_t i = 0; i < count; i++) {
        nn_config_node *item = list ? nn_config_item(node, (size_t)i) : node;
        plan->seeds[i] = i + 1;
        plan->seed_places[i] = nn_config_place(item);
        if (list && !read_whole(item, &plan->seeds[i]))
            nn_config_error(config, item, "seeds: expected an integer of at least 0");
        for (int64_t j = 0; list && j < i; j++)
            if (plan->seeds[j] == plan->seeds[i])
                nn_config_error(config, item, "seeds: %lld occurs twice", (long long)plan->seeds[i]);
    }
}

static void read_file(nn_config *config, read_plan *plan)
{
    static const char *const sections[] = {"search", "settings", "seeds", NULL};
    nn_config_node *root = nn_config_root(config);
    nn_config_read(config, root, "", read_table, NULL, sections, &plan->options);
    plan->folds = nn_config_get(root, "folds");
    if (plan->options.folds == 1)
        nn_config_error(config, plan->folds, "folds: one fold leaves nothing to train on: use 2 or more");
    read_choose_method(config, nn_config_get(root, "search"), plan);
    read_seeds(config, nn_config_get(root, "seeds"), plan);
    read_settings(config, nn_config_get(root, "settings"), plan);
    if (plan->setting_count == 0 && plan->seed_count == 0 && plan->options.folds == 0)
        nn_config_error(config, root, "nothing differs between runs: give settings, seeds or folds");
    if (plan->setting_count == 0 && plan->method != READ_GRID)
        nn_config_error(config, nn_config_get(root, "search"),
                        "search: there are no settings to draw values for");
}

/* ---- runs ---- */

/* The combinations of settings; -1: too many. */
static int64_t read_points(const read_plan *plan)
{
    if (plan->method != READ_GRID) return plan->draws;
    double all = 1;
    for (int s = 0; s < plan->setting_count; s++) all *= (double)nn_setting_count(&plan->settings[s]);
    return all > NN_SEARCH_RUNS ? -1 : (int64_t)all;
}

static nn_status run_add(nn_search_run *run, nn_text *set, const char *place)
{
    size_t count = run->sets.count;
    nn_status status = set->failed ? nn_fail(NN_ERROR_MEMORY, "out of memory for the list of runs")
                                   : nn_list_add(&run->sets, set->bytes);
    nn_text_free(set);
    NN_TRY(status);
    NN_TRY(nn_reallocate((void **)&run->places, count, count + 1, sizeof *run->places, "the list of runs"));
    run->places[count] = place;
    return NN_OK;
}

static nn_status run_add_number(nn_search_run *run, const char *key, int64_t number, const char *place)
{
    nn_text set = {0};
    nn_text_append(&set, "%s=%lld", key, (long long)number);
    return run_add(run, &set, place);
}

/* The number of a grid's value of a setting: the first setting changes slowest. */
static int64_t run_digit(const read_plan *plan, int setting, int64_t point)
{
    for (int s = plan->setting_count - 1; s > setting; s--) point /= nn_setting_count(&plan->settings[s]);
    return point % nn_setting_count(&plan->settings[setting]);
}

/*
 * Where in the range of a setting a run is. Latin hypercube: the range is cut into as many strata as there
 * are runs, and each has one of them, in an order of its own for each setting (McKay, Beckman, Conover: A
 * comparison of three methods for selecting values of input variables; Technometrics 21, 1979).
 */
static double run_fraction(const read_plan *plan, int setting, int64_t point)
{
    uint64_t seed = (uint64_t)plan->options.seed, runs = (uint64_t)plan->draws;
    nn_random values = {seed, NN_RANDOM_SEARCH, (uint32_t)setting},
              strata = {seed, NN_RANDOM_STRATA, (uint32_t)setting};
    double fraction = nn_random_uniform(values, (uint64_t)point);
    if (plan->method == READ_RANDOM) return fraction;
    return ((double)nn_random_permute(strata, runs, (uint64_t)point) + fraction) / (double)runs;
}

static nn_status run_fill(const read_plan *plan, int64_t point, int64_t fold, int64_t seed,
                          nn_search_run *run)
{
    for (int s = 0; s < plan->setting_count; s++) {
        const nn_search_setting *setting = &plan->settings[s];
        const char *place = setting->place;
        nn_text set = {0};
        nn_text_append(&set, "%s=", setting->key);
        if (plan->method == READ_GRID)
            nn_setting_append(setting, run_digit(plan, s, point), &set, &place);
        else
            nn_setting_append_at(setting, run_fraction(plan, s, point), &set, &place);
        NN_TRY(run_add(run, &set, place));
    }
    if (plan->options.folds > 0) {
        NN_TRY(run_add_number(run, "data.split.folds", plan->options.folds, nn_config_place(plan->folds)));
        NN_TRY(run_add_number(run, "data.split.fold", fold + 1, nn_config_place(plan->folds)));
    }
    if (plan->seed_count > 0)
        NN_TRY(run_add_number(run, "training.seed", plan->seeds[seed], plan->seed_places[seed]));
    nn_text line = {0};
    for (size_t i = 0; i < run->sets.count; i++)
        nn_text_append(&line, "%s%s", i > 0 ? "; " : "", run->sets.items[i]);
    nn_status status = line.failed ? nn_fail(NN_ERROR_MEMORY, "out of memory for the list of runs")
                                   : nn_copy_text(line.bytes, &run->line);
    nn_text_free(&line);
    if (status == NN_OK) nn_search_name(run->line, run->name);
    return status;
}

static void run_release(nn_search_run *run)
{
    nn_list_release(&run->sets);
    nn_free(run->places);
    nn_free(run->line);
    *run = (nn_search_run){0};
}

static bool run_is_known(const nn_search *search, const char *name)
{
    for (size_t r = 0; r < search->run_count; r++)
        if (strcmp(search->runs[r].name, name) == 0) return true;
    return false;
}

static nn_status read_make_runs(const read_plan *plan, nn_search *search)
{
    int64_t points = read_points(plan), folds = plan->options.folds > 0 ? plan->options.folds : 1;
    int64_t seeds = plan->seed_count > 0 ? plan->seed_count : 1, all = points * folds * seeds;
    if (points < 0 || all > NN_SEARCH_RUNS)
        NN_FAIL(NN_ERROR_USAGE, "%s: more than %d runs; use fewer values, folds or seeds, or search: random",
                nn_config_place(nn_config_root(search->config)), NN_SEARCH_RUNS);
    NN_TRY(NN_ALLOCATE(&search->runs, all, "the list of runs"));
    for (int64_t i = 0; i < all; i++) {
        nn_search_run *run = &search->runs[search->run_count];
        nn_status status = run_fill(plan, i / seeds / folds, i / seeds % folds, i % seeds, run);
        bool known = status == NN_OK && run_is_known(search, run->name);
        if (status != NN_OK || known) run_release(run);
        NN_TRY(status);
        search->run_count += !known;
        search->repeated += known;
    }
    return NN_OK;
}

/* ---- all of it ---- */

/* The configuration is named from the folder of the file; the run directories after it. */
static nn_status read_place(const char *path, const read_options *options, nn_search *search)
{
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
    nn_text config = {0}, folder = {0};
    nn_text_append(&config, "%.*s%s", options->config[0] == '/' ? 0 : (int)(name - path), path,
                   options->config);
    if (options->run_directories)
        nn_text_append(&folder, "%s", options->run_directories);
    else
        nn_text_append(&folder, "runs/%.*s", (int)strcspn(name, "."), name);
    nn_status status =
        config.failed || folder.failed ? nn_fail(NN_ERROR_MEMORY, "out of memory for a search") : NN_OK;
    if (status == NN_OK) status = nn_copy_text(config.bytes, &search->path);
    if (status == NN_OK) status = nn_copy_text(folder.bytes, &search->run_directories);
    nn_text_free(&config);
    nn_text_free(&folder);
    return status;
}

static nn_status read_expect_sweep(nn_config_node *root)
{
    static const char *const sections[] = {"data", "network", "training"};
    for (size_t i = 0; i < sizeof sections / sizeof *sections; i++)
        if (!nn_config_get(root, "config") && nn_config_get(root, sections[i]))
            NN_FAIL(NN_ERROR_USAGE,
                    "%s: this is a configuration, not a sweep: a sweep names it with config: FILE, and lists "
                    "settings, seeds or folds (nntrain help sweep)",
                    nn_config_place(root));
    return NN_OK;
}

nn_status nn_search_read(const char *path, nn_search *search)
{
    read_plan *plan = NULL;
    *search = (nn_search){0};
    NN_TRY(nn_config_load(path, NULL, 0, &search->config));
    NN_TRY(read_expect_sweep(nn_config_root(search->config)));
    NN_TRY(NN_ALLOCATE(&plan, 1, "a search"));
    read_file(search->config, plan);
    nn_status status = nn_config_finish(search->config);
    if (status == NN_OK) status = read_place(path, &plan->options, search);
    if (status == NN_OK) status = read_make_runs(plan, search);
    for (int s = 0; s < plan->setting_count; s++) nn_setting_release(&plan->settings[s]);
    nn_options_release(read_table, &plan->options);
    nn_free(plan);
    return status;
}

void nn_search_release(nn_search *search)
{
    for (size_t r = 0; r < search->run_count; r++) run_release(&search->runs[r]);
    nn_free(search->runs);
    nn_free(search->path);
    nn_free(search->run_directories);
    nn_config_destroy(search->config);
    *search = (nn_search){0};
}
