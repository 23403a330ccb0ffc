// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace gradwright::cuda {

/// An address on the device: CUdeviceptr.
using Address = std::uint64_t;

struct DriverContext;
struct DriverModule;
struct DriverFunction;
struct DriverStream;
struct DriverGraph;
struct DriverGraphExec;

// The functions of NVIDIA's driver API that the engine calls: symbol in libcuda, name here,
// arguments. Each returns 0 or a CUresult. Declared here, so that neither a header nor a library of
// NVIDIA is needed to build; what they do is in the CUDA Driver API's manual.
#define GRADWRIGHT_DRIVER_FUNCTIONS(X)                                                             \
    X("cuInit", init, (unsigned flags))                                                            \
    X("cuDriverGetVersion", driverVersion, (int* version))                                         \
    X("cuDeviceGetCount", deviceCount, (int* count))                                               \
    X("cuDeviceGet", deviceGet, (int* device, int ordinal))                                        \
    X("cuDeviceGetName", deviceName, (char* name, int length, int device))                         \
    X("cuDeviceGetAttribute", deviceAttribute, (int* value, int attribute, int device))            \
    X("cuDeviceTotalMem_v2", deviceMemory, (std::size_t * bytes, int device))                      \
    X("cuDevicePrimaryCtxRetain", contextRetain, (DriverContext * *context, int device))           \
    X("cuDevicePrimaryCtxRelease_v2", contextRelease, (int device))                                \
    X("cuCtxSetCurrent", contextSet, (DriverContext * context))                                    \
    X("cuMemGetInfo_v2", memoryInfo, (std::size_t * free, std::size_t * total))                    \
    X("cuModuleLoadData", moduleLoad, (DriverModule * *module, const void* image))                 \
    X("cuModuleUnload", moduleUnload, (DriverModule * module))                                     \
    X("cuModuleGetFunction", moduleFunction,                                                       \
      (DriverFunction * *function, DriverModule * module, const char* name))                       \
    X("cuMemAlloc_v2", allocate, (Address * address, std::size_t bytes))                           \
    X("cuMemFree_v2", release, (Address address))                                                  \
    X("cuMemHostAlloc", hostAllocate, (void** address, std::size_t bytes, unsigned flags))         \
    X("cuMemFreeHost", hostRelease, (void* address))                                               \
    X("cuStreamCreate", streamCreate, (DriverStream * *stream, unsigned flags))                    \
    X("cuStreamDestroy_v2", streamDestroy, (DriverStream * stream))                                \
    X("cuStreamSynchronize", streamSynchronize, (DriverStream * stream))                           \
    X("cuMemcpyHtoDAsync_v2", copyIn,                                                              \
      (Address to, const void* from, std::size_t bytes, DriverStream* stream))                     \
    X("cuMemcpyDtoHAsync_v2", copyOut,                                                             \
      (void* to, Address from, std::size_t bytes, DriverStream* stream))                           \
    X("cuMemcpyDtoDAsync_v2", copy,                                                                \
      (Address to, Address from, std::size_t bytes, DriverStream * stream))                        \
    X("cuMemsetD8Async", fill,                                                                     \
      (Address to, unsigned char byte, std::size_t bytes, DriverStream* stream))                   \
    X("cuLaunchKernel", launch,                                                                    \
      (DriverFunction * function, unsigned gridX, unsigned gridY, unsigned gridZ, unsigned blockX, \
       unsigned blockY, unsigned blockZ, unsigned sharedBytes, DriverStream* stream,               \
       void** arguments, void** extra))                                                            \
    X("cuStreamBeginCapture_v2", captureBegin, (DriverStream * stream, int mode))                  \
    X("cuStreamEndCapture", captureEnd, (DriverStream * stream, DriverGraph * *graph))             \
    X("cuGraphInstantiateWithFlags", instantiate,                                                  \
      (DriverGraphExec * *exec, DriverGraph * graph, unsigned long long flags))                    \
    X("cuGraphLaunch", graphLaunch, (DriverGraphExec * exec, DriverStream * stream))               \
    X("cuGraphExecDestroy", graphExecDestroy, (DriverGraphExec * exec))                            \
    X("cuGraphDestroy", graphDestroy, (DriverGraph * graph))                                       \
    X("cuGetErrorName", errorName, (int error, const char** name))

/// What deviceAttribute() is asked for: CUdevice_attribute.
enum class DeviceAttribute {
    ClockRate = 13, ///< kHz
    Multiprocessors = 16,
    MemoryClockRate = 36, ///< kHz
    MemoryBusWidth = 37,  ///< bits
    ComputeMajor = 75,
    ComputeMinor = 76
};

/// The driver as a table: NVIDIA's, loaded by name at run time, or in tests one that runs the
/// kernels on the processor.
struct Driver {
#define GRADWRIGHT_DRIVER_MEMBER(symbol, name, arguments) int(*name) arguments = nullptr;
    GRADWRIGHT_DRIVER_FUNCTIONS(GRADWRIGHT_DRIVER_MEMBER)
#undef GRADWRIGHT_DRIVER_MEMBER
};

struct DriverFound {
    const Driver* driver = nullptr; ///< null: there is none that works
    std::string why;                ///< then one clause without a full stop
};

/// NVIDIA's driver, loaded and initialized by the first call and kept.
const DriverFound& findDriver();

} // namespace gradwright::cuda
