#include "base/status.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define STATUS_TEXT_SIZE ((size_t)16384)

static _Thread_local char status_text[STATUS_TEXT_SIZE];
static _Thread_local int status_number;

/* New text is formatted here first, because the arguments may point into the recorded text. */
static _Thread_local char status_scratch[STATUS_TEXT_SIZE];

static void status_format(const char *format, va_list arguments)
{
    if (vsnprintf(status_scratch, STATUS_TEXT_SIZE, format, arguments) < 0) {
        status_scratch[0] = '\0';
    }
}

const char *nn_error_text(void)
{
    return status_text;
}

void nn_error_clear(void)
{
    status_text[0] = '\0';
    status_number = 0;
}

int nn_error_number(void)
{
    return status_number;
}

void nn_error_set_number(int number)
{
    status_number = number;
}

/* Appends as much of `text` as fits to the formatted text. */
static void status_append(const char *text)
{
    size_t length = strlen(status_scratch);
    size_t room = STATUS_TEXT_SIZE - 1 - length;
    size_t added = strlen(text) < room ? strlen(text) : room;
    memcpy(status_scratch + length, text, added);
    status_scratch[length + added] = '\0';
}

static void status_record(void)
{
    memcpy(status_text, status_scratch, strlen(status_scratch) + 1);
}

nn_status nn_fail(nn_status status, const char *format, ...)
{
    va_list arguments;
    status_number = 0;
    va_start(arguments, format);
    status_format(format, arguments);
    va_end(arguments);
    status_record();
    return status;
}

nn_status nn_fail_context(nn_status status, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    status_format(format, arguments);
    va_end(arguments);
    status_append(": ");
    status_append(status_text);
    status_record();
    return status;
}
