#include "boards/board.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/memory.h"
#include "boards/spreadsheet.h"
#include "host/files.h"
#include "host/system.h"

/* One of the two forms. */
typedef struct board_form {
    bool wanted, failing;
} board_form;

struct nn_board {
    nn_board_request request;
    int64_t first_step; /* that this job's event file may have */
    size_t sent;        /* bytes of the history that the event files have */
    nn_event_file *file;
    nn_spreadsheet lines;
    board_form events, table;
};

/* ---- events ---- */

static nn_status board_open_events(nn_board *board)
{
    const nn_board_request *request = &board->request;
    if (board->file) return NN_OK;
    NN_TRY(nn_event_file_create(request->run_directory, request->host, board->first_step, &board->file));
    nn_status status = nn_event_file_append_settings(board->file, request->settings, request->setting_count,
                                                     request->configuration);
    if (status == NN_OK) return NN_OK;
    nn_event_file_destroy(board->file); /* the next try begins another one */
    board->file = NULL;
    return status;
}

static nn_status board_send(nn_board *board, const char *history)
{
    nn_scalars scalars = {0};
    const char *line = history + board->sent, *end;
    nn_status status = board_open_events(board);
    for (; status == NN_OK && (end = strchr(line, '\n')) != NULL; line = end + 1) {
        status = nn_scalars_read(line, (size_t)(end - line), &scalars);
        if (status == NN_OK && scalars.count > 0) /* a line may have texts alone: fingerprints */
            status = nn_event_file_append_scalars(board->file, &scalars);
        if (status == NN_OK) board->sent = (size_t)(end + 1 - history);
    }
    nn_scalars_release(&scalars);
    return status;
}

/* ---- both ---- */

/* Says once that a form fails, and once that it no longer does. */
static void board_report(board_form *form, nn_status status, const char *what)
{
    if (status != NN_OK && !form->failing)
        nn_log_warning(
            "%s; training continues: checkpoints hold the metrics too, and %s is completed with the "
            "next line that can be written",
            nn_error_text(), what);
    if (status == NN_OK && form->failing) nn_log_line("%s is complete again", what);
    if (status != NN_OK) nn_error_clear();
    form->failing = status != NN_OK;
}

void nn_board_follow(nn_board *board, const char *history, size_t length)
{
    if (!board) return;
    const char *lines = history ? history : "";
    if (board->events.wanted)
        board_report(&board->events, board_send(board, lines), "what TensorBoard shows");
    if (board->table.wanted)
        board_report(&board->table,
                     nn_spreadsheet_follow(&board->lines, board->request.run_directory, lines, length),
                     "metrics.csv");
}

/* A run that has no event files yet gets one with all of its lines; and one whose folder cannot be listed:
 * readers then drop all that earlier files have. */
static void board_place(nn_board *board)
{
    bool there = false;
    const nn_board_request *request = &board->request;
    if (request->events && nn_event_file_exists(request->run_directory, &there) != NN_OK) {
        nn_error_clear(); /* the first write fails too, which is reported */
        there = false;
    }
    board->first_step = there ? request->step + 1 : 1;
    board->sent = there && request->history ? strlen(request->history) : 0;
}

nn_status nn_board_create(const nn_board_request *request, nn_board **board)
{
    *board = NULL;
    if (!request->events && !request->table) return NN_OK;
    NN_TRY(NN_ALLOCATE(board, 1, "what other programs show of the run"));
    (*board)->request = *request;
    (*board)->events.wanted = request->events;
    (*board)->table.wanted = request->table;
    board_place(*board);
    nn_board_follow(*board, request->history, request->history ? strlen(request->history) : 0);
    (*board)->request.history = NULL;
    return NN_OK;
}

void nn_board_destroy(nn_board *board)
{
    if (!board) return;
    nn_event_file_destroy(board->file);
    nn_spreadsheet_release(&board->lines);
    nn_free(board);
}

/* The folder is kept if there are other files in it. */
nn_status nn_board_remove_events(const char *run_directory)
{
    nn_text folder = {0};
    nn_text_list names = {0};
    bool there = false;
    nn_text_append(&folder, "%s/" NN_EVENT_FOLDER, run_directory);
    nn_status status = folder.failed ? nn_fail(NN_ERROR_MEMORY, "out of memory for a path")
                                     : nn_folder_list(folder.bytes, &names, &there);
    for (size_t n = 0; n < names.count && status == NN_OK; n++) {
        nn_text path = {0};
        if (strncmp(names.items[n], NN_EVENT_PREFIX, strlen(NN_EVENT_PREFIX)) != 0) continue;
        nn_text_append(&path, "%s/%s", folder.bytes, names.items[n]);
        if (path.failed)
            status = nn_fail(NN_ERROR_MEMORY, "out of memory for a path");
        else if (unlink(path.bytes) != 0 && errno != ENOENT)
            status = nn_system_fail(NN_ERROR_IO, errno, "cannot remove %s", path.bytes);
        nn_text_free(&path);
    }
    if (status == NN_OK && there && rmdir(folder.bytes) != 0) errno = 0;
    nn_list_release(&names);
    nn_text_free(&folder);
    return status;
}

/* ---- histograms ---- */

bool nn_board_has_histograms(const nn_board *board)
{
    return board && board->file && !board->events.failing;
}

void nn_board_put_histogram(nn_board *board, int64_t step, const char *name, nn_scalar scalar,
                            const nn_real *values, size_t count)
{
    if (!nn_board_has_histograms(board)) return;
    nn_status status = nn_event_file_append_histogram(board->file, step, name, scalar, values, count);
    if (status != NN_OK) board_report(&board->events, status, "what TensorBoard shows");
}
