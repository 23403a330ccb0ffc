// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <string>

namespace gradwright::onednn {

// All row-major.

/// Throws Error naming the layer unless all numbers are whole and in [0, vocabulary).
void requireEntries(const std::string& path, const float* numbers, std::size_t count,
                    std::size_t vocabulary);
/// out[i] = table[numbers[i]], rows of `width`.
void lookUp(float* out, const float* table, const float* numbers, std::size_t count,
            std::size_t width);
/// table[numbers[i]] += gradient[i], from zero.
void lookUpBackward(float* table, const float* numbers, const float* gradient, std::size_t count,
                    std::size_t width, std::size_t vocabulary);

/// out = in + table, the same for each sample; out may be in.
void addTable(float* out, const float* in, const float* table, std::size_t batch, std::size_t size);
/// table = Σ gradient over the samples.
void sumOfSamples(float* table, const float* gradient, std::size_t batch, std::size_t size);

} // namespace gradwright::onednn
