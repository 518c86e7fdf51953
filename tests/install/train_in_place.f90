! Training in place from Fortran: train_in_place CONFIG RUN_DIR, under mpirun. The configuration has an input of 4
! values and a target of 2.
program train_in_place
  use, intrinsic :: iso_fortran_env, only: int64, real32, real64
  use mpi_f08
  use nntrain
  use nntrain_mpi
  implicit none
  type(nn_trainer) :: trainer, other
  type(nn_trainer_result) :: result
  integer :: rank, ranks, provided, stat, step, i, first, last
  real(real64) :: x(4, 24), y(2, 24), wide(8, 24), z(2, 24)
  real(real32) :: single(4, 3), small(2, 3)
  character(500) :: config, folder, text
  call MPI_Init_thread(MPI_THREAD_FUNNELED, provided)
  call MPI_Comm_rank(MPI_COMM_WORLD, rank)
  call MPI_Comm_size(MPI_COMM_WORLD, ranks)
  call get_command_argument(1, config)
  call get_command_argument(2, folder)
  call nn_set_log_ranks(NN_LOG_NO_RANK)
  call trainer%create(MPI_COMM_WORLD, config, folder, ['training.seed=5'])
  first = 24 * rank / ranks + 1
  last = 24 * (rank + 1) / ranks
  do step = 1, 30
    do i = 1, 24
      x(:, i) = real(modulo(i * [7, 3, 11, 5] + step, 16), real64) / 8 - 1
      y(:, i) = [x(1, i) * x(2, i), x(3, i) - x(4, i)]
    end do
    wide(1::2, :) = x
    ! A section that is not contiguous.
    call trainer%step(wide(1::2, first:last), y(:, first:last), result=result)
    if (result%samples /= 24 .or. result%trained /= 1 .or. result%step /= step) error stop 'another step'
  end do
  call trainer%save()
  call trainer%step(x(1:3, first:last), y(:, first:last), stat=stat, errmsg=text)
  if (stat /= NN_ERROR_USAGE .or. index(text, ' x 3') == 0) error stop 'an array of the wrong shape'
  call trainer%step(x(:, first:last), y(:, first:last), weights=y(1, first:last), stat=stat, errmsg=text)
  if (stat /= NN_ERROR_USAGE .or. index(text, 'weights') == 0) error stop 'weights that are not configured'
  call trainer%evaluate(x(:, first:last), y(:, first:last), result=result)
  if (.not. result%loss < 0.5 .or. result%metric_count /= 1) error stop 'nothing was learned'
  call trainer%predict(x, z)
  if (maxval(abs(z - y)) > 3) error stop 'predictions of something else'
  ! The targets are normalised with a factor of 0.1.
  if (abs(0.01d0 * sum((z - y)**2) / size(z) - result%loss) > 1d-6) error stop 'the arrays are not read as in C'
  single = real(x(:, 1:3), real32)
  call trainer%predict(single, small)
  if (maxval(abs(small - z(:, 1:3))) > 1e-5) error stop 'single precision differs'
  call trainer%predict(x, z(:, 1:5), stat=stat, errmsg=text)
  if (stat /= NN_ERROR_USAGE) error stop 'too few outputs'
  call other%create(MPI_COMM_WORLD%MPI_VAL, config)
  call other%copy(trainer, 1d0)
  if (other%fingerprint() /= trainer%fingerprint()) error stop 'a copy has other weights'
  call trainer%step(x(:, first:last), y(:, first:last))
  call trainer%load(30_int64)
  if (trainer%steps() /= 30 .or. other%fingerprint() /= trainer%fingerprint()) error stop 'loaded something else'
  call trainer%load(31_int64, stat=stat, errmsg=text)
  if (stat /= NN_ERROR_CHECKPOINT) error stop 'a checkpoint that is not there'
  if (rank == 0) print '(a, z16.16)', 'fingerprint ', trainer%fingerprint()
  call other%destroy()
  call trainer%destroy()
  call MPI_Finalize()
end program train_in_place
