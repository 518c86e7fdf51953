/* Appends records to an event file. */
#ifndef NN_BOARDS_EVENT_WRITE_H
#define NN_BOARDS_EVENT_WRITE_H

#include <events.pb-c.h>

#include "boards/event_file.h"

/* With the time of now. A record of which a part cannot be written is cut off again. */
nn_status nn_event_write(nn_event_file *file, Board__Event *event);

/* The same for a summary of these values. */
nn_status nn_event_write_values(nn_event_file *file, int64_t step, Board__Summary__Value *values,
                                size_t count);

#endif
