#include "data/problems.h"

#include <string.h>

bool nn_problems_collect(nn_problems *problems, nn_status status)
{
    if (status == NN_OK) return true;
    /* Parts that share a file have its problems in common. */
    if (!problems->text.bytes || !strstr(problems->text.bytes, nn_error_text()))
        nn_text_append(&problems->text, "%s%s", problems->text.length > 0 ? "\n" : "", nn_error_text());
    if (problems->status != NN_ERROR_MEMORY)
        problems->status =
            status == NN_ERROR_MEMORY || problems->text.failed ? NN_ERROR_MEMORY : NN_ERROR_DATA;
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
