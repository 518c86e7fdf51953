#include "watch/look.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/list.h"
#include "base/memory.h"
#include "config/config.h"
#include "guard/heartbeat_file.h"
#include "host/files.h"
#include "loss/metric.h"
#include "settings/settings.h"
#include "store/kept.h"

#define SMALL_FILE 65536 /* bytes that are read of status and heartbeats, at most */
#define LATE 30.0        /* seconds without progress that are worth mentioning */

/* Reads the beginning of a small file. False: there is none, or it cannot be read now. */
static bool look_read(const char *directory, const char *name, char *text, size_t size, struct stat *facts)
{
    char path[NN_PATH_SIZE];
    size_t length = 0;
    int needed = snprintf(path, sizeof path, "%s/%s", directory, name);
    int descriptor = needed < (int)sizeof path ? open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK) : -1;
    if (descriptor < 0) return false;
    bool good = fstat(descriptor, facts) == 0 && S_ISREG(facts->st_mode);
    while (good && length < size - 1) {
        ssize_t got = read(descriptor, text + length, size - 1 - length);
        if (got < 0 && errno == EINTR) continue;
        good = got >= 0;
        if (got <= 0) break;
        length += (size_t)got;
    }
    text[length] = '\0';
    close(descriptor);
    return good;
}

/* ---- status ---- */

/* Whether the process of rank 0 is gone; only its own host knows. */
static bool look_is_lost(const nn_look *look)
{
    char host[256] = "";
    if (gethostname(host, sizeof host - 1) != 0 || strcmp(host, look->host) != 0 || look->process <= 0)
        return false;
    return kill((pid_t)look->process, 0) != 0 && errno == ESRCH;
}

/* "CODE TIME HOST:PID TEXT" (rundir/status_line.h); half a line says nothing. */
static void look_status(const char *directory, nn_look *look)
{
    char line[SMALL_FILE], code[16], place[300];
    struct stat facts;
    int used = 0;
    if (!look_read(directory, NN_KEPT_STATUS, line, sizeof line, &facts)) return;
    if (!strchr(line, '\n') || sscanf(line, "%15s %*s %299s %n", code, place, &used) != 2) return;
    char *colon = strrchr(place, ':');
    line[strcspn(line, "\n")] = '\0';
    snprintf(look->text, sizeof look->text, "%s", line + used);
    if (colon) {
        *colon = '\0';
        look->process = atol(colon + 1);
    }
    snprintf(look->host, sizeof look->host, "%s", place);
    look->since = facts.st_mtime;
    look->code = atoi(code);
    if (strcmp(code, "running") == 0)
        look->phase = look_is_lost(look) ? NN_RUN_LOST : NN_RUN_RUNNING;
    else
        look->phase = look->code == NN_OK        ? NN_RUN_ENDED
                      : look->code == NN_STOPPED ? NN_RUN_STOPPED
                                                 : NN_RUN_FAILED;
}

/* ---- files ---- */

static time_t look_time(const char *directory, const char *name)
{
    char path[NN_PATH_SIZE];
    struct stat facts;
    int needed = snprintf(path, sizeof path, "%s/%s", directory, name);
    return needed < (int)sizeof path && stat(path, &facts) == 0 ? facts.st_mtime : 0;
}

static nn_status look_checkpoints(const char *directory, nn_look *look)
{
    char path[NN_PATH_SIZE];
    int64_t *steps = NULL;
    struct stat facts;
    NN_TRY(nn_kept_list(directory, &steps, &look->checkpoints));
    if (look->checkpoints > 0) {
        nn_kept_path(directory, steps[0], path);
        look->saved_step = steps[0];
        if (stat(path, &facts) == 0) look->saved_at = facts.st_mtime;
    }
    nn_free(steps);
    look->best_at = look_time(directory, NN_KEPT_BEST);
    return NN_OK;
}

static nn_status look_nonfinite(const char *directory, nn_look *look)
{
    nn_text_list names = {0};
    bool there;
    nn_status status = nn_folder_list(directory, &names, &there);
    for (size_t i = 0; i < names.count; i++)
        look->nonfinite += strncmp(names.items[i], "nonfinite-", 10) == 0;
    nn_list_release(&names);
    return status;
}

/* ---- heartbeats ---- */

/* The file of a node: a number, a line for each of its ranks, and the number again. */
static void look_node(const char *text, nn_look *look)
{
    const char *at = strchr(text, '\n');
    int rank, phase, waits, over;
    long long step;
    double silent, still;
    while (at && sscanf(at + 1, "%d %d %d %d %lld %lf %lf", &rank, &phase, &waits, &over, &step, &silent,
                        &still) == 7) {
        look->ranks++;
        if (!over && !waits && silent > LATE && silent > look->late_for) {
            look->late_rank = rank;
            look->late_for = silent;
        }
        at = strchr(at + 1, '\n');
    }
}

static nn_status look_heartbeats(const char *directory, nn_look *look)
{
    char folder[NN_PATH_SIZE], text[SMALL_FILE];
    nn_text_list names = {0};
    struct stat facts;
    bool there;
    int needed = snprintf(folder, sizeof folder, "%s/heartbeat", directory);
    if (needed >= (int)sizeof folder) return NN_OK;
    nn_status status = nn_folder_list(folder, &names, &there);
    for (size_t i = 0; i < names.count; i++) {
        if (!nn_heartbeat_is_file(names.items[i]) ||
            !look_read(folder, names.items[i], text, sizeof text, &facts))
            continue;
        look->nodes++;
        if (facts.st_mtime > look->beat_at) look->beat_at = facts.st_mtime;
        look_node(text, look);
    }
    nn_list_release(&names);
    return status;
}

/* ---- the configuration ---- */

static void look_best(nn_config_node *node, nn_look *look)
{
    if (node && nn_config_kind_of(node) == NN_CONFIG_LIST) node = nn_config_item(node, 0);
    const char *wanted = node ? nn_config_text(node) : NULL;
    snprintf(look->best, sizeof look->best, "%s", wanted ? wanted : "loss");
    const char *dot = strrchr(look->best, '.');
    const nn_metric_type *metric = nn_metric_find(NN_SCALAR_F32, dot ? dot + 1 : look->best);
    look->best_is_higher = metric && metric->higher_is_better;
}

/* What cannot be read is unknown: the run itself reports it. */
static void look_configuration(const char *directory, nn_look *look)
{
    char path[NN_PATH_SIZE];
    nn_config *config = NULL;
    time_t changed = look_time(directory, "config.yaml");
    if (changed == look->configured_at) return;
    look->configured_at = changed;
    int needed = snprintf(path, sizeof path, "%s/config.yaml", directory);
    if (needed < (int)sizeof path && nn_config_load(path, NULL, 0, &config) == NN_OK) {
        nn_config_node *root = nn_config_root(config);
        nn_config_node *epochs = nn_config_get(nn_config_get(root, "training"), "epochs");
        const char *text = epochs ? nn_config_text(epochs) : NULL;
        for (const nn_option *option = nn_training_options_table; !text && option->name; option++)
            if (strcmp(option->name, "epochs") == 0) text = option->default_value;
        look->epochs = text ? atoll(text) : 0;
        look_best(nn_config_get(nn_config_get(root, "checkpoint"), "best"), look);
    }
    nn_config_destroy(config);
    nn_error_clear();
}

nn_status nn_look_at(const char *run_directory, nn_look *look)
{
    struct stat facts;
    nn_look before = *look;
    *look = (nn_look){.phase = NN_RUN_ABSENT,
                      .saved_step = -1,
                      .late_rank = -1,
                      .epochs = before.epochs,
                      .best_is_higher = before.best_is_higher,
                      .configured_at = before.configured_at};
    snprintf(look->best, sizeof look->best, "%s", before.best[0] ? before.best : "loss");
    if (stat(run_directory, &facts) != 0) {
        if (errno == ENOENT || errno == ENOTDIR) return NN_OK;
        NN_FAIL(NN_ERROR_IO, "cannot look at %s: %s", run_directory, strerror(errno));
    }
    if (!S_ISDIR(facts.st_mode))
        NN_FAIL(NN_ERROR_USAGE, "%s is not a directory: give the run directory of a job", run_directory);
    look->phase = NN_RUN_WAITING;
    look_status(run_directory, look);
    NN_TRY(look_checkpoints(run_directory, look));
    NN_TRY(look_nonfinite(run_directory, look));
    NN_TRY(look_heartbeats(run_directory, look));
    look_configuration(run_directory, look);
    return NN_OK;
}
