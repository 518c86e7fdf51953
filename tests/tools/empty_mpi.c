/* The yardstick of start-up time: a program that does nothing but start and end MPI. */
#include <mpi.h>

int main(int argc, char **argv)
{
    MPI_Init(&argc, &argv);
    MPI_Finalize();
    return 0;
}
