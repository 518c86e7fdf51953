! Training from Fortran: train_mpi CONFIG RUN_DIR, under mpirun; on all ranks, then again on the first alone, as a copy.
program train_mpi
  use, intrinsic :: iso_fortran_env, only: int64, error_unit
  use mpi_f08
  use nntrain
  use nntrain_mpi
  implicit none
  type(nn_predictor) :: network
  type(MPI_Comm) :: alone
  integer(int64) :: fingerprint, steps, again
  integer :: rank, provided, stat
  character(500) :: config, folder, text
  call MPI_Init_thread(MPI_THREAD_FUNNELED, provided)
  call MPI_Comm_rank(MPI_COMM_WORLD, rank)
  call get_command_argument(1, config)
  call get_command_argument(2, folder)

  call nn_train(MPI_COMM_WORLD, config, folder, [character(30) :: 'training.epochs=2', 'training.seed=4'], fingerprint, steps)
  call MPI_Comm_split(MPI_COMM_WORLD, rank, 0, alone)
  call nn_set_log_ranks(NN_LOG_NO_RANK)
  again = 0
  ! The handle as an integer, as programs with the module mpi or mpif.h have it.
  if (rank == 0) call nn_train(alone%MPI_VAL, config, trim(folder)//'-alone', ['training.epochs=2', 'training.seed=4  '], &
                               fingerprint=again)
  if (rank == 0 .and. again /= fingerprint) error stop 'one rank trains other weights'

  text = 'as before'
  call nn_train(MPI_COMM_WORLD, config, trim(folder)//'-none', ['training.epoch=2'], stat=stat, errmsg=text)
  if (stat /= NN_ERROR_USAGE .or. index(text, 'epoch') == 0) error stop 'an unknown key is taken'
  call nn_train(MPI_COMM_WORLD, 'nowhere.yaml', trim(folder)//'-none', stat=stat, errmsg=text)
  if (stat == NN_OK .or. index(text, 'nowhere.yaml') == 0) error stop 'a configuration that is not there is taken'

  call network%open(folder)
  if (rank == 0) print '(i0, a, z16.16)', steps, ' steps, fingerprint ', fingerprint
  if (network%class_count() /= 10) error stop 'the run has no 10 classes'
  call network%close()
  call MPI_Finalize()
end program train_mpi
