/* What this machine has. */
#ifndef NN_BASE_MACHINE_H
#define NN_BASE_MACHINE_H

/* Bytes of memory that processes here may take together: that of the machine, or what a control group allows
 * where that is less. *of becomes what limits: "memory of this machine". */
double nn_machine_memory(const char **of);

#endif
