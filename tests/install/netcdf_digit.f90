! A program that uses NetCDF, and so HDF5, itself: netcdf_digit PATH predicts as predict_digit does, while a NetCDF file of
! its own is open, which has the digit and receives the probabilities.
program netcdf_digit
  use, intrinsic :: iso_fortran_env, only: real32
  use netcdf
  use nntrain
  implicit none
  real(real32), parameter :: zero(8, 8) = reshape(real([ &
    0, 0, 5, 13, 9, 1, 0, 0, 0, 0, 13, 15, 10, 15, 5, 0, 0, 3, 15, 2, 0, 11, 8, 0, 0, 4, 12, 0, 0, 8, 8, 0, &
    0, 5, 8, 0, 0, 9, 8, 0, 0, 4, 11, 0, 1, 12, 7, 0, 0, 2, 14, 5, 10, 12, 0, 0, 0, 0, 6, 13, 10, 0, 0, 0]), [8, 8])
  type(nn_predictor) :: network
  real(real32) :: digit(8, 8), probabilities(10), again(10)
  integer :: file, columns, rows, classes, image, found
  character(500) :: path
  call get_command_argument(1, path)
  call check(nf90_create('digit.nc', ior(NF90_CLOBBER, NF90_NETCDF4), file))
  call check(nf90_def_dim(file, 'columns', 8, columns))
  call check(nf90_def_dim(file, 'rows', 8, rows))
  call check(nf90_def_dim(file, 'classes', 10, classes))
  call check(nf90_def_var(file, 'image', NF90_FLOAT, [columns, rows], image))
  call check(nf90_def_var(file, 'probabilities', NF90_FLOAT, [classes], found))
  call check(nf90_enddef(file))
  call check(nf90_put_var(file, image, zero))

  call network%open(path)
  call check(nf90_get_var(file, image, digit))
  call network%predict(digit, probabilities)
  call check(nf90_put_var(file, found, probabilities))
  call network%close()
  call check(nf90_close(file))

  call check(nf90_open('digit.nc', NF90_NOWRITE, file))
  call check(nf90_get_var(file, found, again))
  call check(nf90_close(file))
  if (any(again /= probabilities)) error stop 'the file has other probabilities'
  print *, maxloc(probabilities) - 1, probabilities

contains

  subroutine check(status)
    integer, intent(in) :: status
    if (status == NF90_NOERR) return
    print '(a)', nf90_strerror(status)
    error stop 1
  end subroutine check
end program netcdf_digit
