// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/rates/rate.h"

#include <stop_token>

namespace gradwright {

/// The best rate of several runs of a chain of products of square matrices, as the engine's dense
/// layers compute them. The matrices grow until a run takes long enough to be timed, up to
/// `largest` rows. Takes about a second; nothing when it was stopped. Throws Error as compile().
std::optional<Rate> measureProduct(const Backend& backend, Precision precision,
                                   std::int64_t largest, const std::stop_token& stop = {});

/// STREAM's triad a = b + s c in FP64, the best of ten runs on all processors (McCalpin: "Memory
/// bandwidth and machine balance in current high performance computers", 1995); 24 bytes an element
/// are counted, as there. `bytes`: of each array. Nothing when it was stopped. Throws Error when a
/// sum is wrong.
std::optional<Rate> measureTriad(std::size_t bytes, const std::stop_token& stop = {});

/// The bytes of an array for the triad: STREAM asks for four times the largest cache; no more than
/// a sixteenth of what is free and 512 MiB. `cache`: bytes, 0 where unknown.
std::size_t triadBytes(std::size_t cache, std::size_t freeMemory);

/// The processor: products in each precision of its engines, then the triad. What is measured goes
/// to `sink` at once. Takes seconds.
void measureProcessor(const RateSink& sink, const std::stop_token& stop = {});

/// A GPU's products; `backend` computes on it. Copies are the caller's matter.
void measureGpuProducts(const Backend& backend, const RateSink& sink,
                        const std::stop_token& stop = {});

} // namespace gradwright
