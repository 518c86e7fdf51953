! Prediction from Fortran, every way of passing arrays: fields, where the current folder has the runs and files of
! tests/system/fortran.sh. What it writes is compared with Python there.
program fields
  use, intrinsic :: iso_fortran_env, only: real32, real64, int64
  use nntrain
  implicit none
  integer, parameter :: n = 7
  integer :: failures = 0, stat
  character(400) :: text
  call describe()
  call single()
  call lists()
  call sequences()
  call threads()
  call mistakes()
  if (failures > 0) error stop 1

contains

  subroutine expect(condition, what)
    logical, intent(in) :: condition
    character(*), intent(in) :: what
    if (condition) return
    print '(2a)', 'FAIL: ', what
    failures = failures + 1
  end subroutine expect

  ! The call before must have failed because of its arguments, with this in the text.
  subroutine refused(part, what)
    character(*), intent(in) :: part, what
    call expect(stat == NN_ERROR_USAGE .and. index(text, part) > 0, what//' is taken, or the message is: '//trim(text))
    stat = NN_OK
    text = ''
  end subroutine refused

  subroutine read_raw(name, x)
    character(*), intent(in) :: name
    real(real64), intent(out) :: x(:)
    integer :: unit
    open (newunit=unit, file=name, access='stream', form='unformatted', status='old', action='read')
    read (unit) x
    close (unit)
  end subroutine read_raw

  subroutine write_raw(name, x)
    character(*), intent(in) :: name
    real(real64), intent(in) :: x(:)
    integer :: unit
    open (newunit=unit, file=name, access='stream', form='unformatted', status='replace', action='write')
    write (unit) x
    close (unit)
  end subroutine write_raw

  subroutine describe()
    type(nn_predictor) :: network, other
    type(nn_field) :: field
    character(:), allocatable :: names(:)
    integer :: index
    call expect(network%input_number() == 0 .and. network%graph() == '' .and. network%fingerprint() == 0_int64, &
                'a predictor that is not open has something to say')
    call network%open('two', stat=stat, errmsg=text)
    call expect(stat == NN_OK, 'two: '//trim(text))
    call expect(network%is_open() .and. len(nn_version()) > 4, 'open, version')
    call expect(network%input_number() == 2 .and. network%output_number() == 2, 'numbers of fields')
    call expect(network%input_count() == 14 .and. network%output_count() == 4, 'counts')
    call expect(network%steps() == 0 .and. network%microbatch() == 4, 'steps, microbatch')
    call network%find_input('table', index)
    call expect(index == 2, 'find_input')
    call network%find_output('size', index)
    call expect(index == 2, 'find_output')
    call network%input('image', field)
    call expect(field%name == 'image' .and. field%kind == NN_VALUES .and. field%count == 12 .and. field%begin == 1, 'image')
    call expect(size(field%shape) == 2 .and. all(field%shape == [3, 4]) .and. field%classes == 0, 'the shape of image')
    call network%input(2, field)
    call expect(field%name == 'table' .and. field%count == 2 .and. field%begin == 13, 'table')
    call network%output(2, field)
    call expect(field%name == 'size' .and. field%begin == 4 .and. size(field%class_names) == 0, 'size')
    call network%output('kind', field)
    call expect(field%kind == NN_PROBABILITIES .and. field%classes == 3 .and. network%class_count() == 3, 'kind')
    call expect(all(field%class_names == [character(12) :: 'cold', 'a'//new_line('a')//'b\n', 'quite warm']), 'class_names')
    call network%class_names(names)
    call expect(all(names == field%class_names) .and. len(names) == 10, 'class_names()')
    call expect(index_of(network%graph(), '"layers"') > 0 .and. network%fingerprint() /= 0_int64, 'graph, fingerprint')
    call network%share(other)
    call expect(other%fingerprint() == network%fingerprint(), 'share')
    call network%close()
    call network%close()
    call expect(.not. network%is_open() .and. other%input_number() == 2, 'close')
    network = other
    call other%close()
    call expect(network%input_number() == 2, 'assignment')
    network = other
    call expect(.not. network%is_open(), 'assignment of one that is closed')
  end subroutine describe

  integer function index_of(string, part)
    character(*), intent(in) :: string, part
    index_of = index(string, part)
  end function index_of

  ! A sample of rows x columns x channels = 5 x 4 x 3; two outputs.
  subroutine single()
    type(nn_predictor) :: network
    real(real64) :: raw(60*n), x(3, 4, 5, n), y(2, n), other(2, n), dy(2, n), dx(3, 4, 5, n), wide(6, 4, 5, 2*n)
    real(real32) :: x32(3, 4, 5, n), y32(2, n), other32(2, n), dy32(2, n), dx32(3, 4, 5, n)
    integer :: i, j
    call read_raw('x.raw', raw)
    x = reshape(raw, shape(x))
    x32 = real(x, real32)
    call network%open('volume', microbatch=3)
    call expect(network%microbatch() == 3, 'another microbatch')
    call network%predict(x, y)
    call write_raw('y.raw', reshape(y, [size(y)]))
    call network%predict(x32, y32)
    call write_raw('y32.raw', real(reshape(y32, [size(y32)]), real64))

    ! Other shapes of the same numbers, and sections that are not contiguous.
    call network%predict(reshape(x, [60, n]), other)
    call expect(all(other == y), 'a sample as one dimension')
    call network%predict(reshape(x, [1, 3, 4, 5, n]), other)
    call expect(all(other == y), 'rank 5')
    wide = -1000
    wide(1::2, 4:1:-1, :, 2::2) = x
    other = 0
    call network%predict(wide(1::2, 4:1:-1, :, 2::2), other)
    call expect(all(other == y), 'a section')
    wide = -7
    call network%predict(x, wide(1:3:2, 2, 1, 1:2*n:2))
    call expect(all(wide(1:3:2, 2, 1, 1:2*n:2) == y) .and. count(wide == -7) == size(wide) - 2*n, 'outputs in a section')
    call network%predict(x(:, :, :, 1:0), other(:, 1:0), stat=stat)
    call expect(stat == NN_OK, 'no samples')
    do i = 1, n
      call network%predict(x(:, :, :, i), other(:, i))
      call network%predict(x32(:, :, :, i), other32(:, i))
    end do
    call expect(all(other == y) .and. all(other32 == y32), 'sample by sample')

    ! Derivatives: J^T, column by column, and J along a direction.
    call network%prepare_derivatives()
    dy = reshape([(0.5_real64 + i, i=1, 2*n)], shape(dy))
    call network%vjp(x, dy, dx)
    call write_raw('vjp.raw', reshape(dx, [size(dx)]))
    call network%vjp(x32, real(dy, real32), dx32)
    call expect(maxval(abs(dx32 - dx)) <= 1e-4*maxval(abs(dx)), 'vjp of real32')
    call network%jvp(x, x - 1, other, dy)
    call expect(all(other == y), 'the outputs of jvp')
    call write_raw('jvp.raw', reshape(dy, [size(dy)]))
    call network%jvp(x32, x32 - 1, other32, dy32)
    call expect(maxval(abs(dy32 - dy)) <= 1e-4*maxval(abs(dy)) .and. all(other32 == y32), 'jvp of real32')
    ! Along one input, that is one column of the Jacobian, which the rows from vjp hold, too.
    do j = 1, 2
      dy = 0
      dy(j, :) = 1
      call network%vjp(x, dy, dx)
      wide(1:3, :, :, 1:n) = 0
      wide(2, 3, 4, 1:n) = 1
      call network%jvp(x, wide(1:3, :, :, 1:n), other, dy)
      call expect(all(abs(dy(j, :) - dx(2, 3, 4, :)) <= 1e-5*maxval(abs(dx))), 'vjp and jvp differ')
    end do
    call network%close()
  end subroutine single

  ! Two inputs, two outputs: in lists, and joined.
  subroutine lists()
    type(nn_predictor) :: network
    real(real64), target :: raw(14*n), image(3, 4, n), table(2, n), kind(3, n), size_of(n), other(n), joined(4, n)
    real(real64), target :: d_kind(3, n), d_size(n), d_image(3, 4, n), d_table(2, n), d_joined(14, n), d_out(4, n)
    integer :: i
    call read_raw('two.raw', raw)
    image = reshape(raw(1:12*n), shape(image))
    table = reshape(raw(12*n + 1:), shape(table))
    call network%open('two')
    call network%predict([nn_array(image), nn_array(table)], [nn_array(kind), nn_array(size_of)])
    call write_raw('kind.raw', reshape(kind, [3*n]))
    call write_raw('size.raw', size_of)
    call network%predict([nn_array(image), nn_array(table)], [nn_array(), nn_array(other)])
    call expect(all(other == size_of), 'an output that is not needed')
    call network%predict(both(image, table), joined)
    call expect(all(joined(1:3, :) == kind) .and. all(joined(4, :) == size_of), 'joined fields')

    d_kind = reshape([(real(i, real64), i=1, 3*n)], shape(d_kind))
    d_size = -2
    call network%vjp([nn_array(image), nn_array(table)], [nn_array(d_kind), nn_array(d_size)], &
                     [nn_array(d_image), nn_array(d_table)])
    call write_raw('d_image.raw', reshape(d_image, [12*n]))
    call write_raw('d_table.raw', reshape(d_table, [2*n]))
    joined(1:3, :) = d_kind
    joined(4, :) = d_size
    call network%vjp(both(image, table), joined, d_joined)
    call expect(all(d_joined == both(d_image, d_table)), 'vjp of joined fields')
    call network%jvp([nn_array(image), nn_array(table)], [nn_array(d_image), nn_array(d_table)], &
                     [nn_array(kind), nn_array(size_of)], [nn_array(d_kind), nn_array(d_size)])
    call expect(all(other == size_of), 'the outputs of jvp in lists')
    call network%jvp(both(image, table), d_joined, joined, d_out)
    call expect(all(d_out(1:3, :) == d_kind) .and. all(d_out(4, :) == d_size), 'jvp of joined fields')
    call network%close()
  end subroutine lists

  function both(image, table)
    real(real64), intent(in) :: image(:, :, :), table(:, :)
    real(real64) :: both(14, n)
    both(1:12, :) = reshape(image, [12, n])
    both(13:14, :) = table
  end function both

  ! Sequences of up to 6 steps of 2 values, with one output per step.
  subroutine sequences()
    type(nn_predictor) :: network
    real(real64) :: raw(12*n), x(2, 6, n), y(6, n), full(6, n), dx(2, 6, n), dy(6, n)
    integer :: lengths(n), i
    call read_raw('sequences.raw', raw)
    x = reshape(raw, shape(x))
    lengths = [(1 + mod(i, 6), i=1, n)]
    call network%open('steps')
    call expect(network%steps() == 6, 'the number of steps')
    call network%predict(x, y, lengths)
    call network%predict(x, full)
    do i = 1, n
      call expect(all(y(:lengths(i), i) == y(:lengths(i), i)), 'NaN in a step')
      call expect(all(y(lengths(i) + 1:, i) /= y(lengths(i) + 1:, i)), 'values after the last step')
      ! In this network a step depends on the steps before it alone.
      call expect(all(y(:lengths(i), i) == full(:lengths(i), i)), 'steps with lengths differ')
      x(:, lengths(i) + 1:, i) = huge(x)
    end do
    call network%predict(x, full, lengths)
    call expect(count(full == y) == sum(lengths), 'what follows the last step is read')
    dy = 1
    call network%vjp(x, dy, dx, lengths=lengths)
    call expect(all(dx(:, 6, 1) == 0) .and. any(dx(:, 1, 1) /= 0), 'gradients of sequences')
    call network%jvp(x, dx, full, dy, lengths=lengths)
    call expect(count(dy == dy) == sum(lengths), 'tangents of sequences')
    call network%predict(x, full, [lengths, 1], stat=stat, errmsg=text)
    call refused('8 of them for 7 samples', 'a length too many')
    call network%predict(x, full, [(7, i=1, n)], stat=stat, errmsg=text)
    call refused('lengths', 'a length of more steps than there are')
    call network%close()
  end subroutine sequences

  ! A predictor per thread, from a common one.
  subroutine threads()
    type(nn_predictor) :: common
    integer, parameter :: many = 64
    real(real64) :: raw(60*n), x(60, many), y(2, many), expected(2, many)
    integer :: i, wrong, codes
    call read_raw('x.raw', raw)
    do i = 1, many
      x(:, i) = raw(60*mod(i, n) + 1:60*mod(i, n) + 60)*(1 + 0.01_real64*i)
    end do
    call common%open('volume')
    call common%predict(x, expected)
    wrong = 0
    codes = 0
    y = 0
    !$omp parallel num_threads(4) reduction(+: wrong, codes)
    block
      type(nn_predictor) :: own
      real(real64) :: bad(3, 3)
      integer :: k, code
      character(200) :: reason
      call common%share(own)
      !$omp do schedule(dynamic, 1)
      do k = 1, many
        call own%predict(x(:, k), y(:, k))
        call own%predict(bad, y(:, k), stat=code, errmsg=reason)
        if (code /= NN_ERROR_USAGE .or. index(reason, '(3, 3)') == 0) codes = codes + 1
      end do
      !$omp end do
      wrong = wrong + count(y /= expected)
      call own%close()
    end block
    !$omp end parallel
    call expect(wrong == 0, 'threads predict something else')
    call expect(codes == 0, 'the errors of threads are mixed up')
    call common%close()
  end subroutine threads

  subroutine mistakes()
    type(nn_predictor) :: network, closed
    type(nn_field) :: field
    real(real64), target :: x(3, 4, 5, n), y(2, n), wide(4, n)
    real(real32), target :: x32(3, 4, n), y32(2, n), wide32(4, n)
    real(real64), allocatable, target :: nothing(:, :)
    integer :: index
    x = 1
    y = -3
    wide = 0
    x32 = 0
    text = ''
    stat = -1
    call closed%predict(x, y, stat=stat, errmsg=text)
    call refused('not open', 'a predictor that is not open')
    call closed%vjp(x, y, x, stat=stat, errmsg=text)
    call refused('not open', 'a predictor that is not open')
    call closed%input(1, field, stat=stat, errmsg=text)
    call refused('not open', 'a predictor that is not open')
    call closed%find_input('x', index, stat=stat, errmsg=text)
    call refused('not open', 'a predictor that is not open')
    call closed%share(network, stat=stat, errmsg=text)
    call refused('not open', 'a predictor that is not open')
    call closed%prepare_derivatives(stat=stat, errmsg=text)
    call refused('not open', 'a predictor that is not open')
    call network%open('nowhere', stat=stat, errmsg=text)
    call expect(stat /= NN_OK .and. index_of(text, 'nowhere') > 0 .and. text == nn_error_text(), 'a run that is not there')
    call expect(.not. network%is_open(), 'a run that is not there is open')
    call network%open('volume')
    call network%predict(x(1:2, :, :, :), y, stat=stat, errmsg=text)
    call refused('the shape is (2, 4, 5, 7); the network takes (3, 4, 5, samples)', 'another shape')
    call network%predict(x(1, :, :, :), y, stat=stat, errmsg=text)
    call refused('the shape is (4, 5, 7)', 'another rank')
    call network%predict(reshape(x, [5, 4, 3, n]), y, stat=stat, errmsg=text)
    call refused('the shape is (5, 4, 3, 7)', 'the shape of C')
    call network%predict(reshape(x, [n, 3, 4, 5]), y, stat=stat, errmsg=text)
    call refused('the shape is (7, 3, 4, 5)', 'samples first')
    call network%predict(x, y(:, 2:), stat=stat, errmsg=text)
    call refused('6 samples, where the arrays before have 7', 'another number of samples')
    call network%predict(x, x, stat=stat, errmsg=text)
    call refused('outputs', 'an array of inputs as outputs')
    call network%vjp(x, x, x, stat=stat, errmsg=text)
    call refused('cotangents', 'inputs as cotangents')
    call network%vjp(x, y, y, stat=stat, errmsg=text)
    call refused('gradients', 'outputs as gradients')
    call network%jvp(x, y, y, y, stat=stat, errmsg=text)
    call refused('tangents', 'outputs as tangents')
    call network%jvp(x, x, y, x, stat=stat, errmsg=text)
    call refused('tangents of outputs', 'inputs as tangents of outputs')
    call network%predict(x, y, [2, 2, 2, 2, 2, 2, 2], stat=stat, errmsg=text)
    call refused('length', 'lengths of samples that have none')
    call network%output(2, field, stat=stat, errmsg=text)
    call refused('output', 'the second of one output')
    call network%input(0, field, stat=stat, errmsg=text)
    call refused('input', 'input 0')
    call network%input('y', field, stat=stat, errmsg=text)
    call refused('x', 'an input that is not there')
    call network%find_output('z', index, stat=stat, errmsg=text)
    call refused('y', 'an output that is not there')
    call network%close()

    call network%open('two')
    call network%predict([nn_array(x32)], [nn_array(y32)], stat=stat, errmsg=text)
    call refused('the shape is (3, 4, 7); the network takes (14, samples)', 'one of two inputs')
    call network%predict([nn_array(x32), nn_array(y), nn_array(y)], [nn_array(y32)], stat=stat, errmsg=text)
    call refused('3 arrays; the network has 2', 'three inputs')
    call network%predict([nn_array(x32), nn_array(y)], [nn_array(y32)], stat=stat, errmsg=text)
    call refused('another kind', 'two kinds')
    call network%predict([nn_array(x32), nn_array()], [nn_array(y32)], stat=stat, errmsg=text)
    call refused('table', 'an input that is missing')
    call network%predict([nn_array(x(:, :, 1, :)), nn_array(y)], [nn_array(wide)], stat=stat, errmsg=text)
    call refused('contiguous', 'a section in a list')
    call network%predict([nn_array(x32), nn_array(y32)], [nn_array(x32(:, 1, 1))], stat=stat, errmsg=text)
    call refused('outputs', 'an output of another shape')
    call network%predict(nothing, wide, stat=stat, errmsg=text)
    call refused('no array', 'an array that is not allocated')
    call network%predict([nn_array(x32), nn_array(y32)], [nn_array(wide32)], stat=stat, errmsg=text)
    call refused('joined', 'lists of inputs with joined outputs')
    call expect(all(y == -3), 'a call that fails has written results')
    call network%close()
  end subroutine mistakes
end program fields
