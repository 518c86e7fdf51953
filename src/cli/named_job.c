#include "cli/named_job.h"

#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/list.h"
#include "base/log.h"
#include "build.h"
#include "cli/examples.h"
#include "host/files.h"
#include "host/limit.h"
#include "model/foreign.h"
#include "store/probe.h"

#define LOCAL_CONFIG "nntrain.yaml"
#define EXAMPLE "digits/digits.yaml"
/* For the names in a file of weights. */
#define WEIGHTS_CPU_SECONDS 10

static const char *named_find_config(const nn_arguments *arguments, char example[NN_JOB_PATH])
{
    const char *folder = nn_examples_folder();
    bool there;
    if (arguments->operand_count == 1) return arguments->operands[0];
    /* One that cannot be read is not replaced by the example: reading it says why not. */
    if (nn_file_exists(LOCAL_CONFIG, &there) != NN_OK || there) return LOCAL_CONFIG;
    if (!folder) return NULL;
    snprintf(example, NN_JOB_PATH, "%s/" EXAMPLE, folder);
    return access(example, R_OK) == 0 ? example : NULL;
}

nn_status nn_named_job_find(const nn_arguments *arguments, const char *command, nn_named_job *names)
{
    if (arguments->operand_count > 1)
        NN_FAIL(NN_ERROR_USAGE, "%s: one configuration, not %zu", command, arguments->operand_count);
    names->config = named_find_config(arguments, names->example);
    if (!names->config)
        NN_FAIL(NN_ERROR_USAGE,
                "there is no " LOCAL_CONFIG " here, and the built-in example is not installed in %s; give a "
                "configuration: nntrain %sCONFIG.yaml",
                NN_DATA_DIR, strcmp(command, "train") == 0 ? "" : "check ");
    const char *slash = strrchr(names->config, '/'), *name = slash ? slash + 1 : names->config;
    snprintf(names->directory, sizeof names->directory, "runs/%.*s", (int)strcspn(name, "."), name);
    return NN_OK;
}

/* Names are attributes of groups, which a look at the datasets does not read. */
static void named_look_at_weights(const char *path)
{
    nn_foreign *foreign;
    if (nn_foreign_open(path, &foreign) == NN_OK) nn_foreign_close(foreign);
}

nn_status nn_named_job_probe(const nn_job *job)
{
    nn_text_list files;
    const char *weights;
    if (!nn_probe_is_first()) return NN_OK;
    nn_status status = nn_job_files(job, &files, &weights);
    if (status == NN_OK) {
        status = nn_probe_files(files.count, (const char *const *)files.items);
        if (status == NN_OK && weights)
            status = nn_probe_with(weights, named_look_at_weights, WEIGHTS_CPU_SECONDS);
    } else {
        status = NN_OK;
    }
    nn_list_release(&files);
    return status;
}

nn_status nn_named_job_end_time(const char *limit, double *end)
{
    double now = (double)time(NULL), seconds = 0;
    if (nn_time_limit_of_job(now, end) != NN_OK && nn_probe_is_first())
        nn_log_failure("warning: %s", nn_error_text());
    if (!limit) return NN_OK;
    NN_TRY(nn_time_limit_parse(limit, &seconds));
    if (*end == 0 || now + seconds < *end) *end = now + seconds;
    return NN_OK;
}
