#include "guard/heartbeat_file.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/text.h"

#define FILE_NAME "node-of-rank-"

/* A file contains its number, one line per rank, and its number again: where the two differ, it was being
 * written while it was read. All lines have the same length, so that each version overwrites the previous
 * one. */
#define NUMBER_LINE 21
#define RANK_LINE 80

static void file_path(const nn_heartbeat_node *node, nn_text *path)
{
    nn_text_append(path, "%s/" FILE_NAME "%d", node->folder, node->leader);
}

bool nn_heartbeat_is_file(const char *name)
{
    return strncmp(name, FILE_NAME, strlen(FILE_NAME)) == 0;
}

void nn_heartbeat_remove(const nn_heartbeat_node *node)
{
    nn_text path = {0};
    file_path(node, &path);
    if (!path.failed) unlink(path.bytes);
    nn_text_free(&path);
}

/* ---- writing ---- */

static void file_format(const nn_heartbeat_node *node, const nn_heartbeat *beats, uint64_t number,
                        nn_text *text)
{
    nn_text_append(text, "%020" PRIu64 "\n", number);
    for (int r = 0; r < node->count; r++) {
        const nn_heartbeat *beat = &beats[r];
        if (node->leaders[r] != node->leader) continue;
        nn_text_append(text, "%9d %2d %1d %1d %20lld %18.3f %18.3f %1d %1d\n", r, beat->phase, beat->waits,
                       beat->over, (long long)beat->step, beat->silent, beat->still, beat->cut, beat->found);
    }
    nn_text_append(text, "%020" PRIu64 "\n", number);
}

/* Files are opened each time: only then does a network file system show what other nodes have written. */
bool nn_heartbeat_write(const nn_heartbeat_node *node, const nn_heartbeat *beats, uint64_t number)
{
    nn_text path = {0}, text = {0};
    file_path(node, &path);
    file_format(node, beats, number, &text);
    bool wrote = false;
    int file =
        path.failed || text.failed ? -1 : open(path.bytes, O_WRONLY | O_CREAT | O_CLOEXEC | O_NONBLOCK, 0666);
    if (file >= 0) {
        wrote = pwrite(file, text.bytes, text.length, 0) == (ssize_t)text.length;
        wrote = close(file) == 0 && wrote;
    }
    nn_text_free(&path);
    nn_text_free(&text);
    return wrote;
}

/* ---- reading ---- */

static bool file_parse_line(const nn_heartbeat_node *node, const char *line, uint64_t number,
                            nn_heartbeat *beats)
{
    nn_heartbeat beat = {.number = number};
    long long step;
    int rank;
    if (sscanf(line, "%d %d %d %d %lld %lf %lf %d %d", &rank, &beat.phase, &beat.waits, &beat.over, &step,
               &beat.silent, &beat.still, &beat.cut, &beat.found) != 9)
        return false;
    if (rank < 0 || rank >= node->count || node->leaders[rank] != node->leader) return false;
    beat.step = step;
    beats[rank] = beat;
    return true;
}

/* Takes the beats of a node, if its file is consistent. */
static void file_parse(const nn_heartbeat_node *node, const char *text, nn_heartbeat *beats)
{
    const char *lines = text + NUMBER_LINE, *last = lines + (size_t)node->ranks * RANK_LINE;
    uint64_t number = strtoull(text, NULL, 10);
    if (strtoull(last, NULL, 10) != number) return;
    for (int i = 0; i < node->ranks; i++)
        if (!file_parse_line(node, lines + (size_t)i * RANK_LINE, number, beats)) return;
}

void nn_heartbeat_read(const nn_heartbeat_node *node, nn_heartbeat *beats)
{
    nn_text path = {0};
    char *text = NULL;
    size_t size = 2 * NUMBER_LINE + (size_t)node->ranks * RANK_LINE;
    file_path(node, &path);
    int file = path.failed ? -1 : open(path.bytes, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (file < 0) { /* that node has ended, or its file cannot be read: nothing is known */
        for (int r = node->leader; r < node->count; r++)
            if (node->leaders[r] == node->leader) beats[r].number = 0;
    } else {
        if (NN_ALLOCATE(&text, size + 1, "heartbeats") == NN_OK &&
            pread(file, text, size, 0) == (ssize_t)size)
            file_parse(node, text, beats);
        close(file);
    }
    nn_free(text);
    nn_text_free(&path);
}
