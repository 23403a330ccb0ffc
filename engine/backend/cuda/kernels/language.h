// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// What every file of device code includes. nvcc sees CUDA; any other compiler sees the names that
// the stand-in of the tests gives it (-include), which runs the same text on the processor.

#include <cstddef>
#include <cstdint>
#include <type_traits>

#ifdef __CUDACC__
/// Memory of a block, of any type: GRADWRIGHT_SHARED(tile, float[32][33]).
#define GRADWRIGHT_SHARED(name, ...) __shared__ std::type_identity_t<__VA_ARGS__> name
/// A pointer to the memory of a block whose size the launch gives.
#define GRADWRIGHT_DYNAMIC_SHARED(name, ...)                                                       \
    extern __shared__ __align__(16) unsigned char gradwrightDynamicShared[];                       \
    auto* const name = reinterpret_cast<std::type_identity_t<__VA_ARGS__>*>(gradwrightDynamicShared)
#define GRADWRIGHT_UNROLL _Pragma("unroll")
#endif

/// Makes the kernel of an entry of a family's list: "gw_" + name. Its body is the function of
/// gradwright::cuda::kernels of that name.
#define GRADWRIGHT_DEFINE_KERNEL(family, name, parameters, arguments)                              \
    extern "C" __global__ void gw_##name parameters {                                              \
        gradwright::cuda::kernels::name arguments;                                                 \
    }

#ifdef __CUDACC__
#define GRADWRIGHT_KERNEL_FAMILY(family, list) list(GRADWRIGHT_DEFINE_KERNEL)
#else
// The stand-in also learns where they are.
#define GRADWRIGHT_REGISTER_KERNEL(family, name, parameters, arguments)                            \
    gradwright::cuda::standin::addKernel(#family, "gw_" #name, gw_##name);
#define GRADWRIGHT_KERNEL_FAMILY(family, list)                                                     \
    list(GRADWRIGHT_DEFINE_KERNEL) void gradwrightAdd_##family() {                                 \
        list(GRADWRIGHT_REGISTER_KERNEL)                                                           \
    }
#endif

namespace gradwright::cuda::kernels {

/// The number of this thread in a one-dimensional grid, and how many there are.
__device__ inline std::size_t firstElement() {
    return static_cast<std::size_t>(blockIdx.x) * blockDim.x + threadIdx.x;
}
__device__ inline std::size_t allThreads() {
    return static_cast<std::size_t>(gridDim.x) * blockDim.x;
}

} // namespace gradwright::cuda::kernels
