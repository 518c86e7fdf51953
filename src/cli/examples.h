/* Where the examples are. */
#ifndef NN_CLI_EXAMPLES_H
#define NN_CLI_EXAMPLES_H

/* The folder that has them: of the installation that the program is part of, of the one that it was built
 * for, or of the source tree; NULL where none of them is there. Borrowed. */
const char *nn_examples_folder(void);

#endif
