// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/backend/cuda/device.h"
#include "tests/standin/standin_block.h"

namespace gradwright::cuda::standin {

/// A driver whose one device is this processor. Nothing runs before a stream is waited for, so what
/// is used too early, released too early or changed too late shows. Kernels run one after another.
const Driver& standinDriver();
/// The images of all families of kernels that are known.
std::vector<Image> standinImages();
/// Frees the device and undoes all that is set below, as a new process would.
void restartStandin();
/// What the last fault was, in words; a driver gives only a number.
const std::string& standinFault();

/// Bytes of memory that the device has; 8 GB unless set.
void setMemoryLimit(std::size_t bytes);

/// 90 for 9.0, which it is unless set. What it says of itself: instructions do not depend on it.
void setComputeCapability(int capability);

/// After `calls` more calls the next one fails with `error` (CUresult): once, or with all that come
/// after it.
void injectFault(std::size_t calls, int error, bool isLasting);

/// What was done since restartStandin().
struct Counters {
    std::size_t calls = 0;    ///< of the table's functions
    std::size_t launches = 0; ///< of kernels, those of replayed work included
    std::size_t graphLaunches = 0;
    std::size_t synchronizations = 0;
    std::size_t allocations = 0;
    std::size_t bytesIn = 0, bytesOut = 0, bytesCopied = 0, bytesFilled = 0;
};
const Counters& counters();

// Numbers of CUresult.
inline constexpr int kInvalidValue = 1;
inline constexpr int kOutOfMemory = 2;
inline constexpr int kNoDevice = 100;
inline constexpr int kInvalidDevice = 101;
inline constexpr int kInvalidImage = 200;
inline constexpr int kInvalidContext = 201;
inline constexpr int kUncorrectable = 214;
inline constexpr int kInvalidHandle = 400;
inline constexpr int kNotFound = 500;
inline constexpr int kIllegalAddress = 700;
inline constexpr int kLaunchFailed = 719;
inline constexpr int kCaptureUnsupported = 900;

} // namespace gradwright::cuda::standin
