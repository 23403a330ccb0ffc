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

/// Several heads of attention on [batch, steps, 3 · heads · width].
struct AttentionPlan {
    std::size_t batch = 1, steps = 1, heads = 1, width = 1;
    bool causal = false;

    /// The number of softmaxed scores, which are kept for the backward pass.
    [[nodiscard]] std::size_t scores() const { return batch * heads * steps * steps; }
};
void attend(const AttentionPlan& plan, float* out, float* shares, const float* in);
/// `scratch` has scores() elements.
void attendBackward(const AttentionPlan& plan, float* out, float* scratch, const float* in,
                    const float* shares, const float* gradient);

} // namespace gradwright::onednn
