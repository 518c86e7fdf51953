#include "data/problems.h"

#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "base/parcel.h"
#include "host/system.h"

/* Whether a problem was reported: word for word, as when parts share a file, or for another sample of the
 * same dataset, as when parts are shares of one. */
static bool problems_know(const nn_problems *problems, const char *problem)
{
    char start[512];
    const char *sample = strstr(problem, "sample ");
    if (!problems->text.bytes) return false;
    if (strstr(problems->text.bytes, problem)) return true;
    if (!sample || (size_t)(sample - problem) >= sizeof start) return false;
    size_t length = (size_t)(sample - problem) + strlen("sample ");
    if (length >= sizeof start) return false;
    memcpy(start, problem, length);
    start[length] = '\0';
    return strstr(problems->text.bytes, start) != NULL;
}

bool nn_problems_collect(nn_problems *problems, nn_status status)
{
    if (status == NN_OK) return true;
    bool of_rank = status == NN_ERROR_IO || status == NN_ERROR_MEMORY;
    if (of_rank && problems->reader[0]) nn_fail_context(status, "%s", problems->reader);
    if (!problems_know(problems, nn_error_text()))
        nn_text_append(&problems->text, "%s%s", problems->text.length > 0 ? "\n" : "", nn_error_text());
    bool of_system = status == NN_ERROR_IO && nn_system_may_pass(nn_error_number());
    nn_status kind = status == NN_ERROR_MEMORY || problems->text.failed ? NN_ERROR_MEMORY
                     : of_system                                        ? NN_ERROR_IO
                                                                        : NN_ERROR_DATA;
    if (problems->status == NN_OK || kind == NN_ERROR_MEMORY || problems->status == NN_ERROR_DATA)
        problems->status = kind;
    return false;
}

void nn_problems_of_reader(const nn_comm *comm, nn_problems *problems)
{
    if (nn_comm_size(comm) == 1) return;
    snprintf(problems->reader, sizeof problems->reader, "rank 0 on %s", nn_comm_host(comm));
}

nn_status nn_problems_share(nn_comm *comm, nn_problems *problems)
{
    nn_parcel parcel = {0};
    char *text = NULL;
    problems->reader[0] = '\0';
    if (nn_comm_size(comm) == 1) return NN_OK;
    if (nn_comm_rank(comm) == 0) {
        nn_parcel_put_number(&parcel, problems->status);
        nn_parcel_put_text(&parcel, problems->text.bytes);
    }
    nn_status status = nn_comm_share(comm, &parcel);
    if (status == NN_OK && nn_comm_rank(comm) > 0) {
        nn_problems_release(problems);
        problems->status = (nn_status)nn_parcel_take_number(&parcel);
        status = nn_parcel_take_text(&parcel, &text);
        if (text) nn_text_append(&problems->text, "%s", text);
        nn_free(text);
    }
    nn_parcel_free(&parcel);
    return nn_comm_agree(comm, status);
}

bool nn_problems_mention(const nn_problems *problems, const char *start, const char *word)
{
    const char *line = problems->text.bytes;
    size_t length = strlen(start);
    while (line) {
        const char *end = strchr(line, '\n'), *found = strstr(line, word);
        if (strncmp(line, start, length) == 0 && found && (!end || found < end)) return true;
        line = end ? end + 1 : NULL;
    }
    return false;
}

nn_status nn_problems_report(nn_comm *comm, const nn_problems *problems)
{
    nn_status status = problems->status;
    if (status != NN_OK) status = nn_fail(status, "%s", problems->text.bytes ? problems->text.bytes : "");
    return nn_comm_agree(comm, status);
}

void nn_problems_release(nn_problems *problems)
{
    nn_text_free(&problems->text);
    problems->status = NN_OK;
}
