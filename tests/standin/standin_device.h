// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The part of CUDA that our kernels use, on the processor. The compiler includes it in front of
// every kernel file (-include). Each CUDA thread is a fiber, and all fibers run on one thread of
// the system, so a run repeats exactly.
//
// Not modelled: the order of memory accesses within a warp without __syncwarp (ThreadSanitizer
// reports it), bank conflicts, the number of registers, approximate arithmetic.

#include <math.h>

#include <algorithm>
#include <atomic>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>
#include <utility>

#define __global__
#define __device__
#define __host__
#define __forceinline__ inline
#define __launch_bounds__(...)

struct dim3 {
    unsigned x = 1, y = 1, z = 1;
};
struct uint3 {
    unsigned x, y, z;
};
struct alignas(8) float2 {
    float x, y;
};
struct alignas(16) float4 {
    float x, y, z, w;
};
struct alignas(16) uint4 {
    unsigned x, y, z, w;
};

inline constinit uint3 threadIdx{}, blockIdx{};
inline constinit dim3 blockDim{}, gridDim{};
inline constexpr int warpSize = 32;

namespace gradwright::cuda::standin {

/// Memory of the block, one array per tag. Its bytes are 0xff (NaN) when a block begins, so reads
/// of what was never written show.
void* sharedMemory(const void* tag, std::size_t bytes);
void* dynamicShared();
/// `file` and `line` of the call: all threads of a block have to meet at the same one.
void barrier(const char* file, int line);
/// The number of this thread in its warp.
int lane();
/// Ends the kernel with an error that names this thread.
[[noreturn]] void fail(const char* what);

enum class Collective { Sync, Shuffle, Vote, Matrix };

inline constexpr unsigned kWordsOfA = 4;     ///< of a thread, for a product of matrices; B's follow
inline constexpr unsigned kMeetingWords = 6; ///< with B's

/// What the threads of a warp that `mask` names bring to a collective function. Valid until it is
/// destroyed.
class Meeting {
public:
    /// Waits for all of them. Fails when the mask leaves this thread out or names one that is not
    /// there, or when the others meet for something else.
    /// `words`: kMeetingWords more, or null.
    Meeting(Collective kind, unsigned mask, std::uint64_t value,
            const std::uint32_t* words = nullptr);
    ~Meeting();
    Meeting(const Meeting&) = delete;
    Meeting& operator=(const Meeting&) = delete;

    /// What `lane` brought. Fails outside the mask.
    [[nodiscard]] std::uint64_t of(int lane) const;
    /// The words that `lane` brought.
    [[nodiscard]] const std::uint32_t* words(unsigned lane) const;

private:
    void* group_;
    unsigned mask_;
};

template <class T>
T shuffle(unsigned mask, T value, int source) {
    static_assert(sizeof(T) <= sizeof(std::uint64_t) && std::is_trivially_copyable_v<T>);
    std::uint64_t bits = 0;
    std::memcpy(&bits, &value, sizeof value);
    const Meeting meeting(Collective::Shuffle, mask, bits);
    bits = meeting.of(source);
    std::memcpy(&value, &bits, sizeof value);
    return value;
}

/// A kernel as the driver's table calls it.
struct KernelEntry {
    const char* family;
    const char* name;
    void (*function)();                                    ///< the kernel, its type erased
    void (*call)(void (*function)(), void* const* values); ///< by the addresses of its arguments
    const std::size_t* sizes;                              ///< of the arguments, in bytes
    std::size_t arguments;
};
void addKernel(const KernelEntry& entry);

/// Makes a kernel known to the driver. Called by what GRADWRIGHT_KERNEL_FAMILY makes.
template <class... P>
void addKernel(const char* family, const char* name, void (*kernel)(P...)) {
    static constexpr std::size_t sizes[] = {sizeof(P)..., 0};
    const auto call = [](void (*function)(), void* const* values) {
        [&]<std::size_t... I>(std::index_sequence<I...>) {
            (void)values;
            reinterpret_cast<void (*)(P...)>(function)(*static_cast<P*>(values[I])...);
        }
        (std::index_sequence_for<P...>{});
    };
    addKernel({family, name, reinterpret_cast<void (*)()>(kernel), call, sizes, sizeof...(P)});
}

/// Applies `next` to what `at` holds, as one step; returns what it held.
template <class T, class Next>
T exchangeAtomically(T* at, const Next& next) {
    const std::atomic_ref<T> value(*at);
    T old = value.load(std::memory_order_relaxed);
    while (!value.compare_exchange_weak(old, next(old), std::memory_order_relaxed)) {
    }
    return old;
}

} // namespace gradwright::cuda::standin

#define GRADWRIGHT_SHARED(name, ...)                                                               \
    static constinit char name##Tag = 0;                                                           \
    auto& name =                                                                                   \
        *static_cast<std::type_identity_t<__VA_ARGS__>*>(gradwright::cuda::standin::sharedMemory(  \
            &name##Tag, sizeof(std::type_identity_t<__VA_ARGS__>)))
#define GRADWRIGHT_DYNAMIC_SHARED(name, ...)                                                       \
    auto* const name = static_cast<std::type_identity_t<__VA_ARGS__>*>(                            \
        gradwright::cuda::standin::dynamicShared())
#define GRADWRIGHT_UNROLL

// As CUDA declares them; what is left out below is not used yet.

#define __syncthreads() gradwright::cuda::standin::barrier(__FILE__, __LINE__)
inline void __syncwarp(unsigned mask = ~0U) {
    const gradwright::cuda::standin::Meeting meeting(gradwright::cuda::standin::Collective::Sync,
                                                     mask, 0);
}
[[noreturn]] inline void __trap() {
    gradwright::cuda::standin::fail("ends the kernel by __trap");
}

template <class T>
T __shfl_sync(unsigned mask, T value, int source) {
    return gradwright::cuda::standin::shuffle(mask, value, source & 31);
}
template <class T>
T __shfl_xor_sync(unsigned mask, T value, int by) {
    return gradwright::cuda::standin::shuffle(mask, value, gradwright::cuda::standin::lane() ^ by);
}
template <class T>
T __shfl_up_sync(unsigned mask, T value, unsigned by) {
    const int lane = gradwright::cuda::standin::lane();
    const int source = lane - static_cast<int>(by);
    return gradwright::cuda::standin::shuffle(mask, value, source >= 0 ? source : lane);
}
template <class T>
T __shfl_down_sync(unsigned mask, T value, unsigned by) {
    const int lane = gradwright::cuda::standin::lane();
    const int source = lane + static_cast<int>(by);
    return gradwright::cuda::standin::shuffle(mask, value, source < 32 ? source : lane);
}

inline unsigned __ballot_sync(unsigned mask, int predicate) {
    const gradwright::cuda::standin::Meeting meeting(gradwright::cuda::standin::Collective::Vote,
                                                     mask, predicate != 0 ? 1 : 0);
    unsigned votes = 0;
    for (int i = 0; i < 32; ++i)
        if (mask >> i & 1U)
            votes |= static_cast<unsigned>(meeting.of(i)) << i;
    return votes;
}
inline int __any_sync(unsigned mask, int predicate) {
    return __ballot_sync(mask, predicate) != 0 ? 1 : 0;
}
inline int __all_sync(unsigned mask, int predicate) {
    return __ballot_sync(mask, predicate) == mask ? 1 : 0;
}

template <class T>
T atomicAdd(T* to, std::type_identity_t<T> value) {
    return gradwright::cuda::standin::exchangeAtomically(
        to, [&](T old) { return static_cast<T>(old + value); });
}
template <class T>
T atomicMax(T* to, std::type_identity_t<T> value) {
    return gradwright::cuda::standin::exchangeAtomically(
        to, [&](T old) { return old < value ? value : old; });
}
template <class T>
T atomicMin(T* to, std::type_identity_t<T> value) {
    return gradwright::cuda::standin::exchangeAtomically(
        to, [&](T old) { return value < old ? value : old; });
}
template <class T>
T atomicAnd(T* to, std::type_identity_t<T> value) {
    return gradwright::cuda::standin::exchangeAtomically(
        to, [&](T old) { return static_cast<T>(old & value); });
}
template <class T>
T atomicOr(T* to, std::type_identity_t<T> value) {
    return gradwright::cuda::standin::exchangeAtomically(
        to, [&](T old) { return static_cast<T>(old | value); });
}
template <class T>
T atomicExch(T* to, std::type_identity_t<T> value) {
    return gradwright::cuda::standin::exchangeAtomically(to, [&](T) { return value; });
}
template <class T>
T atomicCAS(T* to, std::type_identity_t<T> expected, std::type_identity_t<T> value) {
    return gradwright::cuda::standin::exchangeAtomically(
        to, [&](T old) { return old == expected ? value : old; });
}

// Faster and less exact on a device; glibc declares functions of these names.
#define __expf(x) ::expf(x)
#define __logf(x) ::logf(x)
#define __powf(x, y) ::powf(x, y)
#define __fdividef(x, y) ((x) / (y))

inline float rsqrtf(float x) {
    return 1.0F / std::sqrt(x);
}
inline double rsqrt(double x) {
    return 1.0 / std::sqrt(x);
}
inline float __fadd_rn(float a, float b) {
    return a + b;
}
inline float __fmul_rn(float a, float b) {
    return a * b;
}
inline double __dadd_rn(double a, double b) {
    return a + b;
}
inline double __dmul_rn(double a, double b) {
    return a * b;
}
inline float __fmaf_rn(float a, float b, float c) {
    return std::fma(a, b, c);
}
inline unsigned __umulhi(unsigned a, unsigned b) {
    return static_cast<unsigned>(std::uint64_t{a} * b >> 32);
}
inline int __popc(unsigned x) {
    return std::popcount(x);
}
inline int __clz(int x) {
    return std::countl_zero(static_cast<unsigned>(x));
}
inline int __ffs(int x) {
    return x == 0 ? 0 : std::countr_zero(static_cast<unsigned>(x)) + 1;
}
inline unsigned __float_as_uint(float x) {
    return std::bit_cast<unsigned>(x);
}
inline float __uint_as_float(unsigned x) {
    return std::bit_cast<float>(x);
}
inline int __float_as_int(float x) {
    return std::bit_cast<int>(x);
}
inline float __int_as_float(int x) {
    return std::bit_cast<float>(x);
}
template <class T>
T __ldg(const T* from) {
    return *from;
}
using std::max;
using std::min;

#include "tests/standin/standin_tensor.h"
