! Prediction from Fortran: predict_digit PATH, where the network was trained on the digits example.
program predict_digit
  use, intrinsic :: iso_fortran_env, only: real32
  use nntrain
  implicit none
  ! A zero in 8 x 8 pixels with values from 0 to 16; a pixel of Fortran's first dimension is next to one in its row.
  real(real32), parameter :: zero(8, 8) = reshape(real([ &
    0, 0, 5, 13, 9, 1, 0, 0, 0, 0, 13, 15, 10, 15, 5, 0, 0, 3, 15, 2, 0, 11, 8, 0, 0, 4, 12, 0, 0, 8, 8, 0, &
    0, 5, 8, 0, 0, 9, 8, 0, 0, 4, 11, 0, 1, 12, 7, 0, 0, 2, 14, 5, 10, 12, 0, 0, 0, 0, 6, 13, 10, 0, 0, 0]), [8, 8])
  type(nn_predictor) :: network
  real(real32) :: probabilities(10)
  character(500) :: path
  call get_command_argument(1, path)
  call network%open(path)
  call network%predict(zero, probabilities)
  print *, maxloc(probabilities) - 1, probabilities
  call network%close()
end program predict_digit
