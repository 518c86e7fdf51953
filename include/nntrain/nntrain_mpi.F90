! nntrain: training on the caller's communicator, from Fortran; nntrain_mpi.h describes what it does to the process.
!
!   use mpi_f08
!   use nntrain_mpi
!   call nn_train(MPI_COMM_WORLD, 'mine.yaml', 'runs/mine', ['training.epochs=20'], fingerprint=bits)
!
! and training in place, on the arrays of a running program, which nntrain_trainer.h describes:
!
!   type(nn_trainer) :: trainer
!   call trainer%create(MPI_COMM_WORLD, 'closure.yaml', 'runs/closure')
!   call trainer%step(x, y)                      ! x(4, samples), y(1, samples) of this rank; collective
!   call trainer%predict(x, z)                   ! not collective
!   call trainer%save()
!   call trainer%destroy()
!
! Compiled after nntrain.f90, with MPI's Fortran compiler; it calls libnntrain. A communicator is a type(MPI_Comm) of
! mpi_f08 or an integer of mpi; with -DNNTRAIN_NO_MPI_F08, for an MPI without that module, an integer alone.
module nntrain_mpi
  use, intrinsic :: iso_c_binding
  use, intrinsic :: iso_fortran_env, only: int32, int64
#ifndef NNTRAIN_NO_MPI_F08
  use mpi_f08, only: MPI_Comm
#endif
  use nntrain, only: nn_finish, NN_OK, NN_ERROR_USAGE
  implicit none
  private
  public :: nn_train, nn_set_log_ranks, nn_trainer, nn_trainer_result

  ! ---- which ranks print the lines of a run, as nn_log_ranks ----
  integer, parameter, public :: NN_LOG_FIRST_RANK = 0, NN_LOG_ALL_RANKS = 1, NN_LOG_NO_RANK = 2

  ! nn_train(communicator, config, run_directory [, overrides, fingerprint, steps, stat, errmsg]): trains as `nntrain
  ! train CONFIG --run-dir DIR --set ...` does, and resumes if the run directory has a checkpoint. Collective over
  ! communicator; a failure has the same stat on every rank. overrides are 'key=value', without their trailing blanks;
  ! fingerprint is that of the last weights, steps the optimizer steps of the whole run. Errors as in nntrain.f90.
  interface nn_train
    module procedure train_on_integer
#ifndef NNTRAIN_NO_MPI_F08
    module procedure train_on_communicator
#endif
  end interface

  ! ---- training in place ----

  ! As nn_trainer_result of nntrain_trainer.h.
  type, bind(c) :: nn_trainer_result
    integer(c_int64_t) :: step, samples
    integer(c_int) :: trained
    real(c_double) :: loss
    integer(c_size_t) :: metric_count
    real(c_double) :: metrics(32)
  end type nn_trainer_result

  ! For configurations with one input and one target; arrays are of any rank, the last dimension counts samples, and
  ! the others are those of the configuration reversed. Both are real32 or real64; class labels are int32. Sections
  ! that are not contiguous are copied. All but predict, steps and fingerprint are collective.
  type :: nn_trainer
    private
    type(c_ptr) :: handle = c_null_ptr
  contains
    private
    generic, public :: create => create_on_integer             ! (communicator, config [, run_directory, overrides, ...])
#ifndef NNTRAIN_NO_MPI_F08
    generic, public :: create => create_on_communicator
#endif
    procedure, public :: destroy => trainer_destroy            ! ([stat, errmsg])
    generic, public :: step => step_real32, step_real64, step_labels32, step_labels64 ! (x, y [, weights, result, ...])
    generic, public :: evaluate => evaluate_real32, evaluate_real64, evaluate_labels32, evaluate_labels64
    generic, public :: predict => trainer_predict_real32, trainer_predict_real64      ! (x, y [, stat, errmsg])
    procedure, public :: save => trainer_save                  ! ([stat, errmsg])
    procedure, public :: load => trainer_load                  ! (step [, stat, errmsg])
    procedure, public :: copy => trainer_copy                  ! (from, fraction [, stat, errmsg]): into this one
    procedure, public :: steps => trainer_steps
    procedure, public :: fingerprint => trainer_fingerprint
    procedure :: create_on_integer
#ifndef NNTRAIN_NO_MPI_F08
    procedure :: create_on_communicator
#endif
    procedure :: step_real32, step_real64, step_labels32, step_labels64
    procedure :: evaluate_real32, evaluate_real64, evaluate_labels32, evaluate_labels64
    procedure :: trainer_predict_real32, trainer_predict_real64
  end type nn_trainer

  integer(c_int), parameter :: FLOAT = 0, DOUBLE = 1, INTEGERS = 2

  type, bind(c) :: c_samples
    type(c_ptr) :: values
    integer(c_int) :: type
    integer(c_size_t) :: dimensions, extents(8)
  end type c_samples

  abstract interface
    integer(c_int) function c_call(trainer, samples, inputs, targets, weights, result) bind(c)
      import :: c_int, c_ptr, c_size_t, c_samples, nn_trainer_result
      type(c_ptr), value :: trainer
      integer(c_size_t), value :: samples
      type(c_samples), intent(in) :: inputs, targets
      type(c_ptr), value :: weights
      type(nn_trainer_result), intent(out) :: result
    end function c_call
    integer(c_int) function c_change(trainer) bind(c)
      import :: c_int, c_ptr
      type(c_ptr), value :: trainer
    end function c_change
    integer(c_size_t) function c_count(predictor) bind(c)
      import :: c_ptr, c_size_t
      type(c_ptr), value :: predictor
    end function c_count
    integer(c_int64_t) function c_number(trainer) bind(c)
      import :: c_ptr, c_int64_t
      type(c_ptr), value :: trainer
    end function c_number
    integer(c_int) function c_predict(trainer, samples, inputs, outputs) bind(c)
      import :: c_int, c_ptr, c_size_t
      type(c_ptr), value :: trainer, inputs, outputs
      integer(c_size_t), value :: samples
    end function c_predict
  end interface

  procedure(c_call), bind(c, name='nn_trainer_step') :: nn_trainer_step
  procedure(c_call), bind(c, name='nn_trainer_evaluate') :: nn_trainer_evaluate
  procedure(c_change), bind(c, name='nn_trainer_destroy') :: nn_trainer_destroy
  procedure(c_change), bind(c, name='nn_trainer_save') :: nn_trainer_save
  procedure(c_number), bind(c, name='nn_trainer_steps') :: nn_trainer_steps
  procedure(c_number), bind(c, name='nn_trainer_fingerprint') :: nn_trainer_fingerprint
  procedure(c_predict), bind(c, name='nn_trainer_predict') :: nn_trainer_predict
  procedure(c_predict), bind(c, name='nn_trainer_predict_f64') :: nn_trainer_predict_f64
  procedure(c_count), bind(c, name='nn_predictor_input_count') :: nn_predictor_input_count
  procedure(c_count), bind(c, name='nn_predictor_output_count') :: nn_predictor_output_count

  interface
    integer(c_int) function nn_trainer_create_on_handle(communicator, config, run_directory, overrides, count, &
                                                        trainer) bind(c)
      import :: c_int, c_char, c_ptr, c_size_t
      integer(c_int), value :: communicator
      character(kind=c_char), intent(in) :: config(*)
      type(c_ptr), value :: run_directory
      type(c_ptr), intent(in) :: overrides(*)
      integer(c_size_t), value :: count
      type(c_ptr), intent(out) :: trainer
    end function nn_trainer_create_on_handle
    integer(c_int) function nn_trainer_load(trainer, step) bind(c)
      import :: c_int, c_ptr, c_int64_t
      type(c_ptr), value :: trainer
      integer(c_int64_t), value :: step
    end function nn_trainer_load
    integer(c_int) function nn_trainer_copy(from, to, fraction) bind(c)
      import :: c_int, c_ptr, c_double
      type(c_ptr), value :: from, to
      real(c_double), value :: fraction
    end function nn_trainer_copy
    integer(c_int) function nn_trainer_predictor(trainer, predictor) bind(c)
      import :: c_int, c_ptr
      type(c_ptr), value :: trainer
      type(c_ptr), intent(out) :: predictor
    end function nn_trainer_predictor
  end interface

  type, bind(c) :: c_result
    integer(c_int64_t) :: fingerprint, steps
  end type c_result

  interface
    subroutine c_set_log_ranks(ranks) bind(c, name='nn_set_log_ranks')
      import :: c_int
      integer(c_int), value :: ranks
    end subroutine c_set_log_ranks
    integer(c_int) function nn_train_on_handle(communicator, config, run_directory, overrides, count, result) bind(c)
      import :: c_int, c_char, c_ptr, c_size_t, c_result
      integer(c_int), value :: communicator
      character(kind=c_char), intent(in) :: config(*), run_directory(*)
      type(c_ptr), intent(in) :: overrides(*)
      integer(c_size_t), value :: count
      type(c_result), intent(out) :: result
    end function nn_train_on_handle
  end interface

contains

  ! For the runs of this process that begin after the call.
  subroutine nn_set_log_ranks(ranks)
    integer, intent(in) :: ranks
    call c_set_log_ranks(int(ranks, c_int))
  end subroutine nn_set_log_ranks

  ! Copies of texts for C, without their trailing blanks, and where they are.
  subroutine list_texts(texts, list, overrides)
    character(kind=c_char), allocatable, target, intent(out) :: texts(:, :)
    type(c_ptr), allocatable, intent(out) :: list(:)
    character(*), intent(in), optional :: overrides(:)
    integer :: i, j
    if (.not. present(overrides)) then
      allocate (list(0))
      return
    end if
    allocate (list(size(overrides)))
    allocate (texts(len(overrides) + 1, size(overrides)), source=c_null_char)
    do i = 1, size(overrides)
      do j = 1, len_trim(overrides(i))
        texts(j, i) = overrides(i)(j:j)
      end do
      list(i) = c_loc(texts(1, i))
    end do
  end subroutine list_texts

  subroutine train_on_integer(communicator, config, run_directory, overrides, fingerprint, steps, stat, errmsg)
    integer, intent(in) :: communicator
    character(*), intent(in) :: config, run_directory
    character(*), intent(in), optional :: overrides(:)
    integer(int64), intent(out), optional :: fingerprint, steps
    integer, intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    character(kind=c_char), allocatable, target :: texts(:, :)
    type(c_ptr), allocatable :: list(:)
    type(c_result) :: result
    integer :: status
    call list_texts(texts, list, overrides)
    result = c_result(0, 0)
    status = nn_train_on_handle(int(communicator, c_int), trim(config)//c_null_char, trim(run_directory)//c_null_char, &
                                list, size(list, kind=c_size_t), result)
    if (present(fingerprint)) fingerprint = result%fingerprint
    if (present(steps)) steps = result%steps
    call nn_finish(status, stat, errmsg)
  end subroutine train_on_integer

#ifndef NNTRAIN_NO_MPI_F08
  subroutine train_on_communicator(communicator, config, run_directory, overrides, fingerprint, steps, stat, errmsg)
    type(MPI_Comm), intent(in) :: communicator
    character(*), intent(in) :: config, run_directory
    character(*), intent(in), optional :: overrides(:)
    integer(int64), intent(out), optional :: fingerprint, steps
    integer, intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    call train_on_integer(communicator%MPI_VAL, config, run_directory, overrides, fingerprint, steps, stat, errmsg)
  end subroutine train_on_communicator
#endif

  ! ---- training in place ----

  ! Without run_directory nothing can be saved.
  subroutine create_on_integer(self, communicator, config, run_directory, overrides, stat, errmsg)
    class(nn_trainer), intent(inout) :: self
    integer, intent(in) :: communicator
    character(*), intent(in) :: config
    character(*), intent(in), optional :: run_directory, overrides(:)
    integer, intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    character(kind=c_char), allocatable, target :: texts(:, :), folder(:, :)
    type(c_ptr), allocatable :: list(:), where(:)
    type(c_ptr) :: directory
    integer :: status
    call list_texts(texts, list, overrides)
    directory = c_null_ptr
    if (present(run_directory)) then
      call list_texts(folder, where, [run_directory])
      directory = where(1)
    end if
    status = nn_trainer_create_on_handle(int(communicator, c_int), trim(config)//c_null_char, directory, list, &
                                         size(list, kind=c_size_t), self%handle)
    call nn_finish(status, stat, errmsg)
  end subroutine create_on_integer

#ifndef NNTRAIN_NO_MPI_F08
  subroutine create_on_communicator(self, communicator, config, run_directory, overrides, stat, errmsg)
    class(nn_trainer), intent(inout) :: self
    type(MPI_Comm), intent(in) :: communicator
    character(*), intent(in) :: config
    character(*), intent(in), optional :: run_directory, overrides(:)
    integer, intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    call create_on_integer(self, communicator%MPI_VAL, config, run_directory, overrides, stat, errmsg)
  end subroutine create_on_communicator
#endif

  subroutine trainer_destroy(self, stat, errmsg)
    class(nn_trainer), intent(inout) :: self
    integer, intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    integer :: status
    status = nn_trainer_destroy(self%handle)
    if (status == NN_OK) self%handle = c_null_ptr
    call nn_finish(status, stat, errmsg)
  end subroutine trainer_destroy

  ! An array as C sees it: its dimensions in reverse.
  function samples_of(values, type, extents) result(samples)
    type(c_ptr), intent(in) :: values
    integer(c_int), intent(in) :: type
    integer, intent(in) :: extents(:)
    type(c_samples) :: samples
    integer :: i
    samples = c_samples(values, type, size(extents, kind=c_size_t), 0)
    do i = 1, min(size(extents), 8)
      samples%extents(i) = int(extents(size(extents) + 1 - i), c_size_t)
    end do
  end function samples_of

  subroutine bring(self, function, x, y, weights, result, stat, errmsg)
    class(nn_trainer), intent(in) :: self
    procedure(c_call) :: function
    type(c_samples), intent(in) :: x, y
    real(c_double), intent(in), optional :: weights(:)
    type(nn_trainer_result), intent(out), optional :: result
    integer, intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(nn_trainer_result) :: found
    type(c_samples), target :: list
    real(c_double), allocatable, target :: copy(:)
    type(c_ptr) :: weighs
    integer :: status
    weighs = c_null_ptr
    if (present(weights)) then
      copy = weights
      list = samples_of(c_loc(copy), DOUBLE, [size(copy)])
      weighs = c_loc(list)
    end if
    status = function(self%handle, x%extents(1), x, y, weighs, found)
    if (present(result)) result = found
    call nn_finish(status, stat, errmsg)
  end subroutine bring

  subroutine step_real32(self, x, y, weights, result, stat, errmsg)
    class(nn_trainer), intent(in) :: self
    real(c_float), intent(in), contiguous, target :: x(..)
    real(c_float), intent(in), contiguous, target :: y(..)
    real(c_double), intent(in), optional :: weights(:)
    type(nn_trainer_result), intent(out), optional :: result
    integer, intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    call bring(self, nn_trainer_step, samples_of(c_loc(x), FLOAT, shape(x)), samples_of(c_loc(y), FLOAT, shape(y)), &
               weights, result, stat, errmsg)
  end subroutine step_real32

  subroutine step_real64(self, x, y, weights, result, stat, errmsg)
    class(nn_trainer), intent(in) :: self
    real(c_double), intent(in), contiguous, target :: x(..)
    real(c_double), intent(in), contiguous, target :: y(..)
    real(c_double), intent(in), optional :: weights(:)
    type(nn_trainer_result), intent(out), optional :: result
    integer, intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    call bring(self, nn_trainer_step, samples_of(c_loc(x), DOUBLE, shape(x)), samples_of(c_loc(y), DOUBLE, shape(y)), &
               weights, result, stat, errmsg)
  end subroutine step_real64

  subroutine step_labels32(self, x, y, weights, result, stat, errmsg)
    class(nn_trainer), intent(in) :: self
    real(c_float), intent(in), contiguous, target :: x(..)
    integer(int32), intent(in), contiguous, target :: y(..)
    real(c_double), intent(in), optional :: weights(:)
    type(nn_trainer_result), intent(out), optional :: result
    integer, intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    call bring(self, nn_trainer_step, samples_of(c_loc(x), FLOAT, shape(x)), samples_of(c_loc(y), INTEGERS, shape(y)), &
               weights, result, stat, errmsg)
  end subroutine step_labels32

  subroutine step_labels64(self, x, y, weights, result, stat, errmsg)
    class(nn_trainer), intent(in) :: self
    real(c_double), intent(in), contiguous, target :: x(..)
    integer(int32), intent(in), contiguous, target :: y(..)
    real(c_double), intent(in), optional :: weights(:)
    type(nn_trainer_result), intent(out), optional :: result
    integer, intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    call bring(self, nn_trainer_step, samples_of(c_loc(x), DOUBLE, shape(x)), samples_of(c_loc(y), INTEGERS, shape(y)), &
               weights, result, stat, errmsg)
  end subroutine step_labels64

  subroutine evaluate_real32(self, x, y, weights, result, stat, errmsg)
    class(nn_trainer), intent(in) :: self
    real(c_float), intent(in), contiguous, target :: x(..)
    real(c_float), intent(in), contiguous, target :: y(..)
    real(c_double), intent(in), optional :: weights(:)
    type(nn_trainer_result), intent(out), optional :: result
    integer, intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    call bring(self, nn_trainer_evaluate, samples_of(c_loc(x), FLOAT, shape(x)), samples_of(c_loc(y), FLOAT, shape(y)), &
               weights, result, stat, errmsg)
  end subroutine evaluate_real32

  subroutine evaluate_real64(self, x, y, weights, result, stat, errmsg)
    class(nn_trainer), intent(in) :: self
    real(c_double), intent(in), contiguous, target :: x(..)
    real(c_double), intent(in), contiguous, target :: y(..)
    real(c_double), intent(in), optional :: weights(:)
    type(nn_trainer_result), intent(out), optional :: result
    integer, intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    call bring(self, nn_trainer_evaluate, samples_of(c_loc(x), DOUBLE, shape(x)), samples_of(c_loc(y), DOUBLE, shape(y)), &
               weights, result, stat, errmsg)
  end subroutine evaluate_real64

  subroutine evaluate_labels32(self, x, y, weights, result, stat, errmsg)
    class(nn_trainer), intent(in) :: self
    real(c_float), intent(in), contiguous, target :: x(..)
    integer(int32), intent(in), contiguous, target :: y(..)
    real(c_double), intent(in), optional :: weights(:)
    type(nn_trainer_result), intent(out), optional :: result
    integer, intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    call bring(self, nn_trainer_evaluate, samples_of(c_loc(x), FLOAT, shape(x)), samples_of(c_loc(y), INTEGERS, shape(y)), &
               weights, result, stat, errmsg)
  end subroutine evaluate_labels32

  subroutine evaluate_labels64(self, x, y, weights, result, stat, errmsg)
    class(nn_trainer), intent(in) :: self
    real(c_double), intent(in), contiguous, target :: x(..)
    integer(int32), intent(in), contiguous, target :: y(..)
    real(c_double), intent(in), optional :: weights(:)
    type(nn_trainer_result), intent(out), optional :: result
    integer, intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    call bring(self, nn_trainer_evaluate, samples_of(c_loc(x), DOUBLE, shape(x)), samples_of(c_loc(y), INTEGERS, shape(y)), &
               weights, result, stat, errmsg)
  end subroutine evaluate_labels64

  ! Inputs and outputs of as many samples.
  subroutine predict(self, function, x, x_count, y, y_count, stat, errmsg)
    class(nn_trainer), intent(in) :: self
    procedure(c_predict) :: function
    type(c_ptr), intent(in) :: x, y
    integer(c_size_t), intent(in) :: x_count, y_count
    integer, intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(c_ptr) :: predictor
    integer(c_size_t) :: samples, inputs, outputs
    integer :: status
    status = nn_trainer_predictor(self%handle, predictor)
    if (status /= NN_OK) then
      call nn_finish(status, stat, errmsg)
      return
    end if
    inputs = nn_predictor_input_count(predictor)
    outputs = nn_predictor_output_count(predictor)
    samples = x_count / inputs
    if (samples * inputs /= x_count .or. samples * outputs /= y_count) then
      call nn_finish(NN_ERROR_USAGE, stat, errmsg, 'predict: the arrays do not have the inputs and outputs of as many '// &
                     'samples, whose shapes are those of the configuration')
      return
    end if
    status = function(self%handle, samples, x, y)
    call nn_finish(status, stat, errmsg)
  end subroutine predict

  subroutine trainer_predict_real32(self, x, y, stat, errmsg)
    class(nn_trainer), intent(in) :: self
    real(c_float), intent(in), contiguous, target :: x(..)
    real(c_float), intent(inout), contiguous, target :: y(..)
    integer, intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    call predict(self, nn_trainer_predict, c_loc(x), size(x, kind=c_size_t), c_loc(y), size(y, kind=c_size_t), stat, errmsg)
  end subroutine trainer_predict_real32

  subroutine trainer_predict_real64(self, x, y, stat, errmsg)
    class(nn_trainer), intent(in) :: self
    real(c_double), intent(in), contiguous, target :: x(..)
    real(c_double), intent(inout), contiguous, target :: y(..)
    integer, intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    call predict(self, nn_trainer_predict_f64, c_loc(x), size(x, kind=c_size_t), c_loc(y), size(y, kind=c_size_t), stat, errmsg)
  end subroutine trainer_predict_real64

  subroutine trainer_save(self, stat, errmsg)
    class(nn_trainer), intent(in) :: self
    integer, intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    call nn_finish(int(nn_trainer_save(self%handle)), stat, errmsg)
  end subroutine trainer_save

  subroutine trainer_load(self, step, stat, errmsg)
    class(nn_trainer), intent(in) :: self
    integer(int64), intent(in) :: step
    integer, intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    call nn_finish(int(nn_trainer_load(self%handle, step)), stat, errmsg)
  end subroutine trainer_load

  subroutine trainer_copy(self, from, fraction, stat, errmsg)
    class(nn_trainer), intent(in) :: self
    class(nn_trainer), intent(in) :: from
    real(c_double), intent(in) :: fraction
    integer, intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    call nn_finish(int(nn_trainer_copy(from%handle, self%handle, fraction)), stat, errmsg)
  end subroutine trainer_copy

  integer(int64) function trainer_steps(self)
    class(nn_trainer), intent(in) :: self
    trainer_steps = nn_trainer_steps(self%handle)
  end function trainer_steps

  integer(int64) function trainer_fingerprint(self)
    class(nn_trainer), intent(in) :: self
    trainer_fingerprint = nn_trainer_fingerprint(self%handle)
  end function trainer_fingerprint

end module nntrain_mpi
