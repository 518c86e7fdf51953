/* Sizes and times as text, for people. */
#ifndef NN_BASE_FORMAT_H
#define NN_BASE_FORMAT_H

/* "1.5 GiB", "3 min 20 s": written to a buffer of at least NN_FORMAT_SIZE bytes, which is returned. */
#define NN_FORMAT_SIZE 32
char *nn_format_bytes(char *buffer, double bytes);
char *nn_format_seconds(char *buffer, double seconds);

#endif
