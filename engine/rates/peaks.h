// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/backend/gpus.h"
#include "engine/rates/processor.h"
#include "engine/rates/rate.h"

namespace gradwright {

/// Cores × clock × operations of a core in a cycle. How many vector units a core has is no matter
/// of its flags, so it is known for processors in a short list only: Intel's Xeons from Ice Lake on
/// and its Cores before them (Intel: "64 and IA-32 Architectures Optimization Reference Manual";
/// Xeons of the Skylake generation have one or two units for AVX-512, and do not say so), AMD's Zen
/// 2 to 4 (AMD: "Software Optimization Guide" for families 17h and 19h). Anything else is unknown.
Peaks processorPeaks(const ProcessorFacts& processor);

/// Multiprocessors × clock × operations of a multiprocessor in a cycle, which follow from the
/// compute capability: outside of tensor cores NVIDIA: "CUDA C++ Programming Guide", "Arithmetic
/// Instructions"; on tensor cores, dense, NVIDIA's white papers on Volta, Turing, Ampere (A100) and
/// Hopper. GPUs of one compute capability that differ in their tensor cores (8.6, 8.9) and later
/// ones are unknown there.
Peaks gpuPeaks(const GpuInfo& gpu);

/// The bandwidth of a GPU's memory, which moves data twice a cycle, bytes per second.
Peak gpuBandwidth(const GpuInfo& gpu);

} // namespace gradwright
