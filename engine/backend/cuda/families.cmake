# The families of kernels: kernels/NAME.cu each. All that is compiled of them follows from this list.
set(gradwright_cuda_families
  attention
  channel
  combine
  element
  loss
  noise
  normalize
  product
  recurrent
  reduce
  sequence
  tensor
  update
  window)
