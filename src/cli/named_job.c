#include "cli/named_job.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/list.h"
#include "build.h"
#include "cli/examples.h"
#include "host/files.h"
#include "store/probe.h"

#define LOCAL_CONFIG "nntrain.yaml"
#define EXAMPLE "digits/digits.yaml"

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

nn_status nn_named_job_probe(const nn_job *job)
{
    nn_text_list files;
    if (!nn_probe_is_first()) return NN_OK;
    nn_status status = nn_job_files(job, &files);
    if (status == NN_OK)
        status = nn_probe_files(files.count, (const char *const *)files.items);
    else
        status = NN_OK;
    nn_list_release(&files);
    return status;
}
