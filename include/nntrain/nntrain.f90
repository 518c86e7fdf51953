! nntrain: the Fortran interface without MPI. Load what a run has trained, predict, differentiate, inspect.
!
!   use nntrain
!   type(nn_predictor) :: network
!   call network%open('model.nn')                ! or a run directory, or a checkpoint
!   call network%predict(x, y)                   ! x(4, samples), y(2, samples)
!   call network%close()
!
! This source is compiled by the program's own compiler, since a .mod file belongs to one; it must know the
! assumed-rank arrays of Fortran 2018. It calls libnntrain_infer, libnntrain_model or libnntrain; nntrain.h describes
! each function of these. Training is in nntrain_mpi.F90.
!
! Arrays are of kind real32 or real64, all of a call of the same kind, of any rank. The sample is the last dimension;
! the shape of a sample is that of C and Python reversed: rows x columns x channels is (channels, columns, rows,
! samples). Extents of 1 may be left out, a sample may be given as one dimension of all its values, and a single sample
! without the last dimension. Several inputs or outputs are either joined, as one dimension in their order, or a list:
!
!   call network%predict([nn_array(wind), nn_array(heat)], [nn_array(flux)])    ! all have the attribute target
!
! Sections that are not contiguous are copied by the compiler before and after the call; in a list they are refused.
! Calls on contiguous arrays allocate nothing large. If a call fails, its results are undefined, and nothing else is.
!
! Errors: `stat` receives the nn_status, 0 for success; `errmsg` the text, and is left alone by success, as in ALLOCATE.
! Without `stat` a failure prints the text on error_unit and ends the program with error stop.
!
! A predictor serves one thread at a time. In a parallel region each thread makes its own from a common one with
! share(): they use the same weights in memory. Assignment does the same. What was opened or shared must be closed;
! nothing does so when a variable goes out of scope.
module nntrain
  use, intrinsic :: iso_c_binding
  use, intrinsic :: iso_fortran_env, only: error_unit, int64
  implicit none
  private
  public :: nn_predictor, nn_field, nn_array, nn_version, nn_error_text, nn_finish

  ! ---- the outcome of a call, as nn_status in nntrain.h ----
  integer, parameter, public :: NN_OK = 0, NN_ERROR_USAGE = 2, NN_ERROR_NONFINITE = 3, NN_ERROR_HANG = 4, &
    NN_ERROR_DATA = 5, NN_ERROR_IO = 6, NN_ERROR_MEMORY = 7, NN_ERROR_COMM = 8, NN_ERROR_CHECKPOINT = 9, &
    NN_ERROR_BUSY = 10, NN_ERROR_UNSAVED = 11, NN_ERROR_CORRUPT = 12, NN_STOPPED = 75

  ! ---- kinds of inputs and outputs, as nn_predictor_kind ----
  integer, parameter, public :: NN_VALUES = 0, NN_INDICES = 1, NN_PROBABILITIES = 2

  ! An input or an output.
  type :: nn_field
    character(:), allocatable :: name       ! as in the configuration: 'x', 'label'
    integer :: kind = NN_VALUES             ! indices count from 0
    integer, allocatable :: shape(:)        ! of one sample, reversed: the first varies fastest; of size 0: a single value
    integer :: count = 0                    ! values per sample
    integer :: begin = 1                    ! its first value among the joined ones of a sample
    integer :: classes = 0                  ! 0: values
    character(:), allocatable :: class_names(:)    ! of the classes in their order, trailing blanks added; of size 0: none
  end type nn_field

  ! Types of arrays, as nn_predictor_type: real32, real64; none, and one that is not allocated.
  integer(c_int), parameter :: FLOAT = 0, DOUBLE = 1, NOT_NEEDED = -1, MISSING = -2

  ! An array in a list: where it is, and its shape. nn_array(x) makes one, nn_array() an output that is not needed.
  type :: nn_array
    private
    type(c_ptr) :: address = c_null_ptr
    integer(c_int) :: type = NOT_NEEDED
    ! The same address as pointers: without these components compilers may take it that a call with an nn_array does
    ! not change the array.
    real(c_float), pointer :: real32(:) => null()
    real(c_double), pointer :: real64(:) => null()
    integer :: rank = 0
    integer(c_size_t) :: shape(15) = 1
    logical :: contiguous = .true.
  end type nn_array

  interface nn_array
    module procedure array_of_real32, array_of_real64
  end interface

  type :: nn_predictor
    private
    type(c_ptr) :: handle = c_null_ptr
  contains
    private
    ! Opening. microbatch: samples per call of the matrix library.
    procedure, public :: open => predictor_open                ! (path [, microbatch, stat, errmsg])
    procedure, public :: share => predictor_share              ! (other [, stat, errmsg]): makes other
    procedure, public :: close => predictor_close              ! any number of times
    procedure, public :: is_open => predictor_is_open
    generic, public :: assignment(=) => assign
    ! What it reads and predicts; all of these are 0 or empty if it is not open. Numbers of fields count from 1.
    procedure, public :: input_number => predictor_input_number
    procedure, public :: output_number => predictor_output_number
    generic, public :: input => input_at, input_named          ! (index or name, field [, stat, errmsg])
    generic, public :: output => output_at, output_named
    procedure, public :: find_input => predictor_find_input    ! (name, index [, stat, errmsg])
    procedure, public :: find_output => predictor_find_output
    procedure, public :: steps => predictor_steps              ! of a sequence of full length; 0: no lengths
    procedure, public :: input_count => predictor_input_count  ! values per sample of all inputs
    procedure, public :: output_count => predictor_output_count
    procedure, public :: class_count => predictor_class_count  ! of the first output
    procedure, public :: class_names => predictor_class_names  ! (names): allocated here
    procedure, public :: fingerprint => predictor_fingerprint  ! of the weights, int64
    procedure, public :: graph => predictor_graph              ! the network in JSON
    procedure, public :: microbatch => predictor_microbatch
    ! Predicting. lengths: steps of each sample.
    generic, public :: predict => predict_real32, predict_real64, predict_arrays   ! (x, y [, lengths, stat, errmsg])
    ! Derivatives with respect to inputs, sample by sample: J^T cotangents, and the outputs with J tangents.
    procedure, public :: prepare_derivatives => predictor_prepare                   ! ([stat, errmsg])
    generic, public :: vjp => vjp_real32, vjp_real64, vjp_arrays                    ! (x, cotangents, gradients [, ...])
    generic, public :: jvp => jvp_real32, jvp_real64, jvp_arrays                    ! (x, tangents, y, y_tangents [, ...])
    procedure :: assign, input_at, input_named, output_at, output_named
    procedure :: predict_real32, predict_real64, predict_arrays
    procedure :: vjp_real32, vjp_real64, vjp_arrays, jvp_real32, jvp_real64, jvp_arrays
  end type nn_predictor

  ! ---- the library, as in nntrain.h ----
  integer, parameter :: DIMENSIONS = 8
  integer, parameter :: RUN = 0, VJP = 1, JVP = 2

  type, bind(c) :: c_field
    type(c_ptr) :: name
    integer(c_int) :: kind
    integer(c_size_t) :: dimensions, extents(DIMENSIONS), count, begin, classes
    type(c_ptr) :: class_names
  end type c_field

  type, bind(c) :: c_arrays
    integer(c_size_t) :: samples
    integer(c_int) :: type
    type(c_ptr) :: inputs, outputs, lengths
  end type c_arrays

  abstract interface
    integer(c_int) function c_find(predictor, name, index) bind(c)
      import :: c_int, c_ptr, c_char, c_size_t
      type(c_ptr), value :: predictor
      character(kind=c_char), intent(in) :: name(*)
      integer(c_size_t), intent(out) :: index
    end function c_find
    integer(c_int) function c_describe(predictor, index, field) bind(c)
      import :: c_int, c_ptr, c_size_t, c_field
      type(c_ptr), value :: predictor
      integer(c_size_t), value :: index
      type(c_field), intent(out) :: field
    end function c_describe
    integer(c_size_t) function c_count(predictor) bind(c)
      import :: c_ptr, c_size_t
      type(c_ptr), value :: predictor
    end function c_count
    type(c_ptr) function c_text(predictor) bind(c)
      import :: c_ptr
      type(c_ptr), value :: predictor
    end function c_text
    integer(c_int) function c_run(predictor, samples, inputs, outputs) bind(c)
      import :: c_int, c_ptr, c_size_t
      type(c_ptr), value :: predictor, inputs, outputs
      integer(c_size_t), value :: samples
    end function c_run
    integer(c_int) function c_vjp(predictor, samples, inputs, cotangents, gradients) bind(c)
      import :: c_int, c_ptr, c_size_t
      type(c_ptr), value :: predictor, inputs, cotangents, gradients
      integer(c_size_t), value :: samples
    end function c_vjp
    integer(c_int) function c_jvp(predictor, samples, inputs, tangents, outputs, output_tangents) bind(c)
      import :: c_int, c_ptr, c_size_t
      type(c_ptr), value :: predictor, inputs, tangents, outputs, output_tangents
      integer(c_size_t), value :: samples
    end function c_jvp
    integer(c_int) function c_derivative(predictor, arrays, given, found) bind(c)
      import :: c_int, c_ptr, c_arrays
      type(c_ptr), value :: predictor, given, found
      type(c_arrays), intent(in) :: arrays
    end function c_derivative
  end interface

  interface
    integer(c_int) function nn_predictor_open_sized(path, microbatch, predictor) bind(c)
      import :: c_int, c_char, c_size_t, c_ptr
      character(kind=c_char), intent(in) :: path(*)
      integer(c_size_t), value :: microbatch
      type(c_ptr), intent(out) :: predictor
    end function nn_predictor_open_sized
    integer(c_int) function nn_predictor_share(predictor, other) bind(c)
      import :: c_int, c_ptr
      type(c_ptr), value :: predictor
      type(c_ptr), intent(out) :: other
    end function nn_predictor_share
    subroutine nn_predictor_close(predictor) bind(c)
      import :: c_ptr
      type(c_ptr), value :: predictor
    end subroutine nn_predictor_close
    integer(c_int64_t) function nn_predictor_fingerprint(predictor) bind(c)
      import :: c_int64_t, c_ptr
      type(c_ptr), value :: predictor
    end function nn_predictor_fingerprint
    integer(c_int) function nn_predictor_prepare_derivatives(predictor) bind(c)
      import :: c_int, c_ptr
      type(c_ptr), value :: predictor
    end function nn_predictor_prepare_derivatives
    integer(c_int) function nn_predictor_run_arrays(predictor, arrays) bind(c)
      import :: c_int, c_ptr, c_arrays
      type(c_ptr), value :: predictor
      type(c_arrays), intent(in) :: arrays
    end function nn_predictor_run_arrays
    type(c_ptr) function c_version() bind(c, name='nn_version')
      import :: c_ptr
    end function c_version
    type(c_ptr) function c_error_text() bind(c, name='nn_error_text')
      import :: c_ptr
    end function c_error_text
    integer(c_size_t) function c_strlen(text) bind(c, name='strlen')
      import :: c_size_t, c_ptr
      type(c_ptr), value :: text
    end function c_strlen
  end interface

  procedure(c_describe), bind(c) :: nn_predictor_input, nn_predictor_output
  procedure(c_find), bind(c) :: nn_predictor_find_input, nn_predictor_find_output
  procedure(c_count), bind(c) :: nn_predictor_input_number, nn_predictor_output_number, nn_predictor_steps, &
    nn_predictor_input_count, nn_predictor_output_count, nn_predictor_class_count, nn_predictor_microbatch
  procedure(c_text), bind(c) :: nn_predictor_graph, nn_predictor_class_names
  procedure(c_run), bind(c) :: nn_predictor_run, nn_predictor_run_f64
  procedure(c_vjp), bind(c) :: nn_predictor_vjp, nn_predictor_vjp_f64
  procedure(c_jvp), bind(c) :: nn_predictor_jvp, nn_predictor_jvp_f64
  procedure(c_derivative), bind(c) :: nn_predictor_vjp_arrays, nn_predictor_jvp_arrays

contains

  ! ---- texts and failures ----

  function text_of(text) result(found)
    type(c_ptr), intent(in) :: text
    character(:), allocatable :: found
    character(kind=c_char), pointer :: letters(:)
    integer :: i
    found = ''
    if (.not. c_associated(text)) return
    call c_f_pointer(text, letters, [c_strlen(text)])
    deallocate (found)
    allocate (character(size(letters)) :: found)
    do i = 1, size(letters)
      found(i:i) = letters(i)
    end do
  end function text_of

  ! Of the library, such as '0.1.0'.
  function nn_version() result(text)
    character(:), allocatable :: text
    text = text_of(c_version())
  end function nn_version

  ! Text of the last failure of the library in this thread: what, where, what to do.
  function nn_error_text() result(text)
    character(:), allocatable :: text
    text = text_of(c_error_text())
  end function nn_error_text

  ! Ends a call with `status`: text is that of the library if it is not given.
  subroutine nn_finish(status, stat, errmsg, text)
    integer, intent(in) :: status
    integer, intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    character(*), intent(in), optional :: text
    character(:), allocatable :: reason
    if (present(stat)) stat = status
    if (status == NN_OK) return
    if (present(text)) then
      reason = text
    else
      reason = nn_error_text()
    end if
    if (present(errmsg)) errmsg = reason
    if (present(stat)) return
    write (error_unit, '(2a)') 'nntrain: ', reason
    error stop status
  end subroutine nn_finish

  function shape_text(extents) result(text)
    integer(c_size_t), intent(in) :: extents(:)
    character(:), allocatable :: text
    character(20) :: number
    integer :: i
    text = '('
    do i = 1, size(extents)
      write (number, '(i0)') extents(i)
      if (i > 1) text = text//', '
      text = text//trim(number)
    end do
    text = text//')'
  end function shape_text

  ! ---- opening ----

  subroutine predictor_open(self, path, microbatch, stat, errmsg)
    class(nn_predictor), intent(inout) :: self
    character(*), intent(in) :: path          ! without its trailing blanks
    integer, intent(in), optional :: microbatch
    integer, intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    integer(c_size_t) :: samples
    samples = 0
    if (present(microbatch)) samples = max(microbatch, 0)
    call self%close()
    call nn_finish(int(nn_predictor_open_sized(trim(path)//c_null_char, samples, self%handle)), stat, errmsg)
  end subroutine predictor_open

  subroutine predictor_share(self, other, stat, errmsg)
    class(nn_predictor), intent(in) :: self
    class(nn_predictor), intent(inout) :: other
    integer, intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(c_ptr) :: handle
    if (.not. self%is_open()) then
      call refuse_closed(stat, errmsg)
      return
    end if
    call nn_finish(int(nn_predictor_share(self%handle, handle)), stat, errmsg)
    if (.not. c_associated(handle)) return
    call other%close()
    other%handle = handle
  end subroutine predictor_share

  subroutine assign(self, from)
    class(nn_predictor), intent(inout) :: self
    class(nn_predictor), intent(in) :: from
    if (c_associated(self%handle, from%handle)) return
    if (from%is_open()) then
      call from%share(self)
    else
      call self%close()
    end if
  end subroutine assign

  subroutine predictor_close(self)
    class(nn_predictor), intent(inout) :: self
    call nn_predictor_close(self%handle)
    self%handle = c_null_ptr
  end subroutine predictor_close

  pure logical function predictor_is_open(self)
    class(nn_predictor), intent(in) :: self
    predictor_is_open = c_associated(self%handle)
  end function predictor_is_open

  subroutine refuse_closed(stat, errmsg)
    integer, intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    call nn_finish(NN_ERROR_USAGE, stat, errmsg, 'the predictor is not open: call open() first, and look at its stat')
  end subroutine refuse_closed

  ! ---- what it reads and predicts ----

  integer function count_of(self, query)
    class(nn_predictor), intent(in) :: self
    procedure(c_count) :: query
    count_of = 0
    if (self%is_open()) count_of = int(query(self%handle))
  end function count_of

  integer function predictor_input_number(self)
    class(nn_predictor), intent(in) :: self
    predictor_input_number = count_of(self, nn_predictor_input_number)
  end function predictor_input_number

  integer function predictor_output_number(self)
    class(nn_predictor), intent(in) :: self
    predictor_output_number = count_of(self, nn_predictor_output_number)
  end function predictor_output_number

  integer function predictor_steps(self)
    class(nn_predictor), intent(in) :: self
    predictor_steps = count_of(self, nn_predictor_steps)
  end function predictor_steps

  integer function predictor_input_count(self)
    class(nn_predictor), intent(in) :: self
    predictor_input_count = count_of(self, nn_predictor_input_count)
  end function predictor_input_count

  integer function predictor_output_count(self)
    class(nn_predictor), intent(in) :: self
    predictor_output_count = count_of(self, nn_predictor_output_count)
  end function predictor_output_count

  integer function predictor_class_count(self)
    class(nn_predictor), intent(in) :: self
    predictor_class_count = count_of(self, nn_predictor_class_count)
  end function predictor_class_count

  integer function predictor_microbatch(self)
    class(nn_predictor), intent(in) :: self
    predictor_microbatch = count_of(self, nn_predictor_microbatch)
  end function predictor_microbatch

  integer(int64) function predictor_fingerprint(self)
    class(nn_predictor), intent(in) :: self
    predictor_fingerprint = 0
    if (self%is_open()) predictor_fingerprint = nn_predictor_fingerprint(self%handle)
  end function predictor_fingerprint

  function predictor_graph(self) result(text)
    class(nn_predictor), intent(in) :: self
    character(:), allocatable :: text
    text = ''
    if (self%is_open()) text = text_of(nn_predictor_graph(self%handle))
  end function predictor_graph

  subroutine predictor_class_names(self, names)
    class(nn_predictor), intent(in) :: self
    character(:), allocatable, intent(out) :: names(:)
    type(c_ptr) :: lines
    lines = c_null_ptr
    if (self%is_open()) lines = nn_predictor_class_names(self%handle)
    call names_of(text_of(lines), names)
  end subroutine predictor_class_names

  ! One name per line, in which \n is a line break and \\ a backslash.
  subroutine names_of(lines, names)
    character(*), intent(in) :: lines
    character(:), allocatable, intent(out) :: names(:)
    integer :: i, row, column, longest, pass
    longest = 0
    row = 0
    do pass = 1, 2        ! the first measures, the second copies
      if (pass == 2) allocate (character(longest) :: names(row))
      if (pass == 2) names = ''
      row = 0
      column = 0
      i = 0
      if (len(lines) > 0) row = 1
      do while (i < len(lines))
        i = i + 1
        if (lines(i:i) == new_line('a')) then
          if (i < len(lines)) row = row + 1
          column = 0
          cycle
        end if
        column = column + 1
        longest = max(longest, column)
        if (lines(i:i) == achar(92) .and. i < len(lines)) then
          i = i + 1
          if (pass == 2) names(row)(column:column) = merge(new_line('a'), lines(i:i), lines(i:i) == 'n')
        else if (pass == 2) then
          names(row)(column:column) = lines(i:i)
        end if
      end do
    end do
  end subroutine names_of

  subroutine find(self, query, name, index, stat, errmsg)
    class(nn_predictor), intent(in) :: self
    procedure(c_find) :: query
    character(*), intent(in) :: name
    integer, intent(out) :: index
    integer, intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    integer(c_size_t) :: found
    integer :: status
    index = 0
    if (.not. self%is_open()) then
      call refuse_closed(stat, errmsg)
      return
    end if
    status = query(self%handle, trim(name)//c_null_char, found)
    if (status == NN_OK) index = int(found) + 1
    call nn_finish(status, stat, errmsg)
  end subroutine find

  subroutine predictor_find_input(self, name, index, stat, errmsg)
    class(nn_predictor), intent(in) :: self
    character(*), intent(in) :: name
    integer, intent(out) :: index
    integer, intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    call find(self, nn_predictor_find_input, name, index, stat, errmsg)
  end subroutine predictor_find_input

  subroutine predictor_find_output(self, name, index, stat, errmsg)
    class(nn_predictor), intent(in) :: self
    character(*), intent(in) :: name
    integer, intent(out) :: index
    integer, intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    call find(self, nn_predictor_find_output, name, index, stat, errmsg)
  end subroutine predictor_find_output

  ! index counts from 1; an index of 0 or less is one that the library does not know either.
  subroutine describe(self, query, index, field, stat, errmsg)
    class(nn_predictor), intent(in) :: self
    procedure(c_describe) :: query
    integer, intent(in) :: index
    type(nn_field), intent(out) :: field
    integer, intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(c_field) :: found
    integer :: status
    if (.not. self%is_open()) then
      call refuse_closed(stat, errmsg)
      return
    end if
    status = query(self%handle, int(index, c_size_t) - 1, found)
    call nn_finish(status, stat, errmsg)
    if (status /= NN_OK) return
    field%name = text_of(found%name)
    field%kind = found%kind
    field%shape = int(found%extents(found%dimensions:1:-1))
    field%count = int(found%count)
    field%begin = int(found%begin) + 1
    field%classes = int(found%classes)
    call names_of(text_of(found%class_names), field%class_names)
  end subroutine describe

  subroutine input_at(self, index, field, stat, errmsg)
    class(nn_predictor), intent(in) :: self
    integer, intent(in) :: index
    type(nn_field), intent(out) :: field
    integer, intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    call describe(self, nn_predictor_input, index, field, stat, errmsg)
  end subroutine input_at

  subroutine output_at(self, index, field, stat, errmsg)
    class(nn_predictor), intent(in) :: self
    integer, intent(in) :: index
    type(nn_field), intent(out) :: field
    integer, intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    call describe(self, nn_predictor_output, index, field, stat, errmsg)
  end subroutine output_at

  subroutine input_named(self, name, field, stat, errmsg)
    class(nn_predictor), intent(in) :: self
    character(*), intent(in) :: name
    type(nn_field), intent(out) :: field
    integer, intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    integer :: index
    call find(self, nn_predictor_find_input, name, index, stat, errmsg)
    if (index > 0) call describe(self, nn_predictor_input, index, field, stat, errmsg)
  end subroutine input_named

  subroutine output_named(self, name, field, stat, errmsg)
    class(nn_predictor), intent(in) :: self
    character(*), intent(in) :: name
    type(nn_field), intent(out) :: field
    integer, intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    integer :: index
    call find(self, nn_predictor_find_output, name, index, stat, errmsg)
    if (index > 0) call describe(self, nn_predictor_output, index, field, stat, errmsg)
  end subroutine output_named

  ! ---- arrays ----

  function array_of_real32(x) result(array)
    real(c_float), pointer, intent(in) :: x(..)
    type(nn_array) :: array
    array%type = MISSING
    if (.not. associated(x)) return
    array%type = FLOAT
    array%address = c_loc(x)
    array%contiguous = is_contiguous(x)
    array%rank = rank(x)
    array%shape(1:rank(x)) = shape(x, c_size_t)
    call c_f_pointer(array%address, array%real32, [size(x, kind=c_size_t)])
  end function array_of_real32

  function array_of_real64(x) result(array)
    real(c_double), pointer, intent(in) :: x(..)
    type(nn_array) :: array
    array%type = MISSING
    if (.not. associated(x)) return
    array%type = DOUBLE
    array%address = c_loc(x)
    array%contiguous = is_contiguous(x)
    array%rank = rank(x)
    array%shape(1:rank(x)) = shape(x, c_size_t)
    call c_f_pointer(array%address, array%real64, [size(x, kind=c_size_t)])
  end function array_of_real64

  ! The number of samples in an array of samples with this shape; -1: it is not one. Extents of 1 do not count.
  pure integer(c_size_t) function samples_in(array, sample)
    type(nn_array), intent(in) :: array
    integer(c_size_t), intent(in) :: sample(:)
    integer :: last
    last = array%rank
    samples_in = -1
    if (last > 0) then
      if (same_extents(array%shape(1:last - 1), sample)) samples_in = array%shape(last)
    end if
    if (samples_in < 0 .and. same_extents(array%shape(1:last), sample)) samples_in = 1
  end function samples_in

  pure logical function same_extents(extents, sample)
    integer(c_size_t), intent(in) :: extents(:), sample(:)
    integer(c_size_t) :: proper(size(extents)), wanted(size(sample))
    integer :: i, n, m
    n = 0
    m = 0
    do i = 1, size(extents)
      if (extents(i) == 1) cycle
      n = n + 1
      proper(n) = extents(i)
    end do
    do i = 1, size(sample)
      if (sample(i) == 1) cycle
      m = m + 1
      wanted(m) = sample(i)
    end do
    same_extents = n == m
    if (same_extents) same_extents = all(proper(1:n) == wanted(1:m))
    if (.not. same_extents .and. n == 1) same_extents = proper(1) == product(sample)
  end function same_extents

  ! Looks at the arrays of the inputs or outputs of a call. samples and type: those of all arrays, -1 as long as none
  ! was seen. text is allocated if something is wrong. optional: nn_array() may be among them.
  subroutine check_arrays(self, describe, number, arrays, what, optional, samples, type, text)
    class(nn_predictor), intent(in) :: self
    procedure(c_describe) :: describe
    integer(c_size_t), intent(in) :: number    ! of inputs or outputs
    type(nn_array), intent(in) :: arrays(:)
    character(*), intent(in) :: what
    logical, intent(in) :: optional
    integer(c_size_t), intent(inout) :: samples
    integer(c_int), intent(inout) :: type
    character(:), allocatable, intent(inout) :: text
    type(c_field) :: field
    integer(c_size_t) :: i, total
    integer :: status
    logical :: joined
    if (allocated(text)) return
    joined = size(arrays) == 1 .and. number > 1
    if (size(arrays) /= number .and. .not. joined) then
      text = what//': the list has '//number_text(size(arrays, kind=c_size_t))//' arrays; the network has '//number_text(number)
      return
    end if
    total = 0
    do i = 1, number
      status = describe(self%handle, i - 1, field)
      total = total + field%count
      if (joined .and. i < number) cycle
      if (joined) then
        field%dimensions = 1
        field%extents(1) = total
        call check_array(arrays(1), field, optional, samples, type, text)
      else
        call check_array(arrays(i), field, optional, samples, type, text)
      end if
      if (.not. allocated(text)) cycle
      if (joined) text = what//': '//text
      if (.not. joined) text = what//' '//text_of(field%name)//': '//text
      return
    end do
  end subroutine check_arrays

  subroutine check_array(array, field, optional, samples, type, text)
    type(nn_array), intent(in) :: array
    type(c_field), intent(in) :: field
    logical, intent(in) :: optional
    integer(c_size_t), intent(inout) :: samples
    integer(c_int), intent(inout) :: type
    character(:), allocatable, intent(inout) :: text
    integer(c_size_t) :: found, sample(field%dimensions)
    if (array%type == NOT_NEEDED .and. optional) return
    if (array%type < 0) then
      text = 'there is no array; pass one that is allocated or associated'
      return
    end if
    sample = field%extents(field%dimensions:1:-1)
    found = samples_in(array, sample)
    if (.not. array%contiguous) then
      text = 'the array is not contiguous; in a list pass a contiguous copy'
    else if (type >= 0 .and. array%type /= type) then
      text = 'the array is of another kind; those of a call are all real32 or all real64'
    else if (found < 0) then
      text = 'the shape is '//shape_text(array%shape(1:array%rank))//'; the network takes ('
      if (size(sample) > 0) text = text//inside(shape_text(sample))//', '
      text = text//'samples)'
    else if (samples >= 0 .and. found /= samples) then
      text = ''//number_text(found)//' samples, where the arrays before have '//number_text(samples)
    end if
    samples = found
    type = array%type
  end subroutine check_array

  function number_text(number) result(text)
    integer(c_size_t), intent(in) :: number
    character(:), allocatable :: text
    text = inside(shape_text([number]))
  end function number_text

  ! Without the parentheses.
  function inside(shape) result(text)
    character(*), intent(in) :: shape
    character(:), allocatable :: text
    text = shape(2:len(shape) - 1)
  end function inside

  ! ---- predicting and derivatives ----

  ! operation RUN: outputs from inputs. VJP: found, like inputs, from given, like outputs; without outputs.
  ! JVP: outputs, and found, like outputs, from given, like inputs.
  subroutine compute(self, operation, inputs, outputs, given, found, lengths, stat, errmsg)
    class(nn_predictor), intent(in) :: self
    integer, intent(in) :: operation
    type(nn_array), intent(in) :: inputs(:), outputs(:), given(:), found(:)
    integer, intent(in), optional :: lengths(:)
    integer, intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    integer(c_size_t) :: samples, input_number, output_number
    integer(c_int) :: type
    character(:), allocatable :: text
    if (.not. self%is_open()) then
      call refuse_closed(stat, errmsg)
      return
    end if
    samples = -1
    type = -1
    input_number = nn_predictor_input_number(self%handle)
    output_number = nn_predictor_output_number(self%handle)
    call check_arrays(self, nn_predictor_input, input_number, inputs, 'inputs', .false., samples, type, text)
    if (operation /= VJP) call check_arrays(self, nn_predictor_output, output_number, outputs, 'outputs', .true., &
                                            samples, type, text)
    if (operation == VJP) then
      call check_arrays(self, nn_predictor_output, output_number, given, 'cotangents', .true., samples, type, text)
      call check_arrays(self, nn_predictor_input, input_number, found, 'gradients', .false., samples, type, text)
    else if (operation == JVP) then
      call check_arrays(self, nn_predictor_input, input_number, given, 'tangents', .false., samples, type, text)
      call check_arrays(self, nn_predictor_output, output_number, found, 'tangents of outputs', .true., samples, type, text)
    end if
    if (present(lengths) .and. .not. allocated(text)) then
      if (size(lengths, kind=c_size_t) /= samples) &
        text = 'lengths: '//number_text(size(lengths, kind=c_size_t))//' of them for '//number_text(samples)//' samples'
    end if
    if (allocated(text)) then
      call nn_finish(NN_ERROR_USAGE, stat, errmsg, text)
    else if (is_joined()) then
      call compute_joined(self, operation, samples, type, inputs, outputs, given, found, present(lengths), stat, errmsg)
    else
      call compute_arrays(self, operation, samples, type, inputs, outputs, given, found, lengths, stat, errmsg)
    end if
  contains
    pure logical function is_joined()
      is_joined = (input_number > 1 .and. size(inputs) == 1) .or. &
                  (output_number > 1 .and. (size(outputs) == 1 .or. (operation == VJP .and. size(given) == 1)))
    end function is_joined
  end subroutine compute

  ! All inputs in one array, all outputs in another.
  subroutine compute_joined(self, operation, samples, type, inputs, outputs, given, found, has_lengths, stat, errmsg)
    class(nn_predictor), intent(in) :: self
    integer, intent(in) :: operation
    integer(c_size_t), intent(in) :: samples
    integer(c_int), intent(in) :: type
    type(nn_array), intent(in) :: inputs(:), outputs(:), given(:), found(:)
    logical, intent(in) :: has_lengths
    integer, intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    integer :: status
    if (has_lengths .or. any([size(inputs), size(outputs), size(given), size(found)] > 1) .or. &
        any(outputs%type < 0) .or. any(given%type < 0) .or. any(found%type < 0)) then
      call nn_finish(NN_ERROR_USAGE, stat, errmsg, 'inputs and outputs that are joined in one array cannot be combined '// &
                     'with lengths or lists; pass lists with an array per input and per output')
      return
    end if
    associate (network => self%handle, x => inputs(1)%address)
      select case (operation + 3*type)
      case (RUN)
        status = nn_predictor_run(network, samples, x, outputs(1)%address)
      case (VJP)
        status = nn_predictor_vjp(network, samples, x, given(1)%address, found(1)%address)
      case (JVP)
        status = nn_predictor_jvp(network, samples, x, given(1)%address, outputs(1)%address, found(1)%address)
      case (RUN + 3)
        status = nn_predictor_run_f64(network, samples, x, outputs(1)%address)
      case (VJP + 3)
        status = nn_predictor_vjp_f64(network, samples, x, given(1)%address, found(1)%address)
      case default
        status = nn_predictor_jvp_f64(network, samples, x, given(1)%address, outputs(1)%address, found(1)%address)
      end select
    end associate
    call nn_finish(status, stat, errmsg)
  end subroutine compute_joined

  subroutine compute_arrays(self, operation, samples, type, inputs, outputs, given, found, lengths, stat, errmsg)
    class(nn_predictor), intent(in) :: self
    integer, intent(in) :: operation
    integer(c_size_t), intent(in) :: samples
    integer(c_int), intent(in) :: type
    type(nn_array), intent(in) :: inputs(:), outputs(:), given(:), found(:)
    integer, intent(in), optional :: lengths(:)
    integer, intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(c_ptr), target :: input_list(size(inputs)), output_list(size(outputs)), given_list(size(given)), &
      found_list(size(found))
    integer(c_int64_t), allocatable, target :: steps(:)
    type(c_arrays) :: arrays
    integer :: status
    input_list = inputs%address
    output_list = outputs%address
    given_list = given%address
    found_list = found%address
    arrays = c_arrays(samples, type, c_loc(input_list), c_null_ptr, c_null_ptr)
    if (size(outputs) > 0) arrays%outputs = c_loc(output_list)
    if (present(lengths)) then
      steps = lengths
      if (size(steps) > 0) arrays%lengths = c_loc(steps)
    end if
    select case (operation)
    case (RUN)
      status = nn_predictor_run_arrays(self%handle, arrays)
    case (VJP)
      status = nn_predictor_vjp_arrays(self%handle, arrays, c_loc(given_list), c_loc(found_list))
    case default
      status = nn_predictor_jvp_arrays(self%handle, arrays, c_loc(given_list), c_loc(found_list))
    end select
    call nn_finish(status, stat, errmsg)
  end subroutine compute_arrays

  subroutine predict_arrays(self, x, y, lengths, stat, errmsg)
    class(nn_predictor), intent(in) :: self
    type(nn_array), intent(in) :: x(:), y(:)
    integer, intent(in), optional :: lengths(:)
    integer, intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    call compute(self, RUN, x, y, [nn_array ::], [nn_array ::], lengths, stat, errmsg)
  end subroutine predict_arrays

  subroutine vjp_arrays(self, x, cotangents, gradients, lengths, stat, errmsg)
    class(nn_predictor), intent(in) :: self
    type(nn_array), intent(in) :: x(:), cotangents(:), gradients(:)
    integer, intent(in), optional :: lengths(:)
    integer, intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    call compute(self, VJP, x, [nn_array ::], cotangents, gradients, lengths, stat, errmsg)
  end subroutine vjp_arrays

  subroutine jvp_arrays(self, x, tangents, y, y_tangents, lengths, stat, errmsg)
    class(nn_predictor), intent(in) :: self
    type(nn_array), intent(in) :: x(:), tangents(:), y(:), y_tangents(:)
    integer, intent(in), optional :: lengths(:)
    integer, intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    call compute(self, JVP, x, y, tangents, y_tangents, lengths, stat, errmsg)
  end subroutine jvp_arrays

  subroutine predict_real32(self, x, y, lengths, stat, errmsg)
    class(nn_predictor), intent(in) :: self
    real(c_float), intent(in), contiguous, target :: x(..)
    real(c_float), intent(inout), contiguous, target :: y(..)
    integer, intent(in), optional :: lengths(:)
    integer, intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    call compute(self, RUN, [nn_array(x)], [nn_array(y)], [nn_array ::], [nn_array ::], lengths, stat, errmsg)
  end subroutine predict_real32

  subroutine vjp_real32(self, x, cotangents, gradients, lengths, stat, errmsg)
    class(nn_predictor), intent(in) :: self
    real(c_float), intent(in), contiguous, target :: x(..), cotangents(..)
    real(c_float), intent(inout), contiguous, target :: gradients(..)
    integer, intent(in), optional :: lengths(:)
    integer, intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    call compute(self, VJP, [nn_array(x)], [nn_array ::], [nn_array(cotangents)], [nn_array(gradients)], lengths, &
                 stat, errmsg)
  end subroutine vjp_real32

  subroutine jvp_real32(self, x, tangents, y, y_tangents, lengths, stat, errmsg)
    class(nn_predictor), intent(in) :: self
    real(c_float), intent(in), contiguous, target :: x(..), tangents(..)
    real(c_float), intent(inout), contiguous, target :: y(..), y_tangents(..)
    integer, intent(in), optional :: lengths(:)
    integer, intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    call compute(self, JVP, [nn_array(x)], [nn_array(y)], [nn_array(tangents)], [nn_array(y_tangents)], lengths, &
                 stat, errmsg)
  end subroutine jvp_real32

  subroutine predict_real64(self, x, y, lengths, stat, errmsg)
    class(nn_predictor), intent(in) :: self
    real(c_double), intent(in), contiguous, target :: x(..)
    real(c_double), intent(inout), contiguous, target :: y(..)
    integer, intent(in), optional :: lengths(:)
    integer, intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    call compute(self, RUN, [nn_array(x)], [nn_array(y)], [nn_array ::], [nn_array ::], lengths, stat, errmsg)
  end subroutine predict_real64

  subroutine vjp_real64(self, x, cotangents, gradients, lengths, stat, errmsg)
    class(nn_predictor), intent(in) :: self
    real(c_double), intent(in), contiguous, target :: x(..), cotangents(..)
    real(c_double), intent(inout), contiguous, target :: gradients(..)
    integer, intent(in), optional :: lengths(:)
    integer, intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    call compute(self, VJP, [nn_array(x)], [nn_array ::], [nn_array(cotangents)], [nn_array(gradients)], lengths, &
                 stat, errmsg)
  end subroutine vjp_real64

  subroutine jvp_real64(self, x, tangents, y, y_tangents, lengths, stat, errmsg)
    class(nn_predictor), intent(in) :: self
    real(c_double), intent(in), contiguous, target :: x(..), tangents(..)
    real(c_double), intent(inout), contiguous, target :: y(..), y_tangents(..)
    integer, intent(in), optional :: lengths(:)
    integer, intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    call compute(self, JVP, [nn_array(x)], [nn_array(y)], [nn_array(tangents)], [nn_array(y_tangents)], lengths, &
                 stat, errmsg)
  end subroutine jvp_real64

  subroutine predictor_prepare(self, stat, errmsg)
    class(nn_predictor), intent(in) :: self
    integer, intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    if (.not. self%is_open()) then
      call refuse_closed(stat, errmsg)
      return
    end if
    call nn_finish(int(nn_predictor_prepare_derivatives(self%handle)), stat, errmsg)
  end subroutine predictor_prepare

end module nntrain
