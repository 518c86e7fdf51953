#include "diff/account.h"

#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "host/files.h"
#include "store/store.h"

#define ACCOUNT_LARGEST ((size_t)1 << 32) /* bytes of metrics.jsonl */

/* An optional text of a checkpoint: files of older versions lack some. */
static nn_status account_text(nn_store_file *file, const char *name, char **text)
{
    nn_status status = nn_store_read_text(file, name, text);
    if (status == NN_OK || status == NN_ERROR_MEMORY) return status;
    nn_error_clear();
    *text = NULL;
    return NN_OK;
}

static nn_status account_read_checkpoint(nn_store_file *file, nn_account *account)
{
    NN_TRY(account_text(file, "config_values", &account->settings));
    NN_TRY(account_text(file, "state/data", &account->data));
    NN_TRY(account_text(file, "machine/parts", &account->machine));
    if (nn_store_has(file, "machine/changes"))
        NN_TRY(account_text(file, "machine/changes", &account->changes));
    NN_TRY(account_text(file, "@machine_about", &account->about));
    NN_TRY(account_text(file, "@version", &account->version));
    NN_TRY(account_text(file, "@precision", &account->precision));
    return account_text(file, "@kernels", &account->kernels);
}

/* The newest intact checkpoint. Damaged ones are reported by nn_kept_newest. */
static nn_status account_open_checkpoint(nn_account *account)
{
    void *bytes = NULL;
    size_t size;
    nn_store_file *file = NULL;
    nn_status status = nn_kept_newest(account->directory, account->path, &bytes, &size);
    if (status == NN_ERROR_CHECKPOINT) {
        nn_text_append(&account->missing, "an intact checkpoint: all are damaged\n");
        nn_error_clear();
        status = NN_OK;
    } else if (status == NN_OK && !bytes) {
        nn_text_append(&account->missing,
                       "a checkpoint: configuration, data, machine and weights cannot be compared\n");
    }
    if (!bytes) account->path[0] = '\0';
    if (bytes) status = nn_store_open_image(bytes, size, account->path, &file);
    if (file) status = account_read_checkpoint(file, account);
    nn_store_close(file);
    nn_free(bytes);
    return status;
}

static nn_status account_read_lines(nn_account *account)
{
    nn_text path = {0};
    void *bytes = NULL;
    size_t size;
    bool there = false;
    nn_text_append(&path, "%s/metrics.jsonl", account->directory);
    nn_status status = path.failed ? nn_fail(NN_ERROR_MEMORY, "out of memory for a path")
                                   : nn_file_exists(path.bytes, &there);
    if (status == NN_OK && there)
        status = nn_file_load(path.bytes, ACCOUNT_LARGEST, "metrics.jsonl", &bytes, &size);
    if (status == NN_OK && !there)
        nn_text_append(&account->missing, "metrics.jsonl: results by step and epoch cannot be compared\n");
    for (char *at = bytes; bytes && at < (char *)bytes + size; at++)
        if (*at == '\0') *at = '?';
    account->lines = bytes;
    nn_text_free(&path);
    return status;
}

nn_status nn_account_read(const char *directory, nn_account *account)
{
    struct stat facts;
    bool there;
    *account = (nn_account){.directory = directory};
    NN_TRY(nn_file_look(directory, &facts, &there));
    if (!there || !S_ISDIR(facts.st_mode))
        NN_FAIL(NN_ERROR_USAGE, "diff: %s is not a run directory", directory);
    NN_TRY(nn_kept_list(directory, &account->steps, &account->step_count));
    NN_TRY(account_open_checkpoint(account));
    NN_TRY(account_read_lines(account));
    if (!account->path[0] && !account->lines)
        NN_FAIL(NN_ERROR_USAGE,
                "diff: %s has neither a checkpoint nor metrics.jsonl: there is nothing to compare",
                directory);
    return account->missing.failed ? nn_fail(NN_ERROR_MEMORY, "out of memory for a comparison") : NN_OK;
}

void nn_account_release(nn_account *account)
{
    char *texts[] = {account->settings,  account->data,    account->machine,
                     account->about,     account->changes, account->version,
                     account->precision, account->kernels, account->lines};
    for (size_t t = 0; t < sizeof texts / sizeof *texts; t++) nn_free(texts[t]);
    nn_free(account->steps);
    nn_text_free(&account->missing);
    *account = (nn_account){0};
}
