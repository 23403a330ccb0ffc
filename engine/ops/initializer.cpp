// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/ops/initializer.h"

#include "engine/support/rng.h"

#include <algorithm>
#include <cmath>

namespace gradwright {
namespace {

enum class Draw { Normal, Uniform };

struct Spread {
    Draw draw;
    double scale; ///< deviation of Normal, half width of Uniform
};

/// Glorot, Bengio 2010 (Xavier) and He, Zhang, Ren, Sun 2015 (He).
Spread spreadOf(const Initializer& initializer, WeightFans fans) {
    const auto fanIn = static_cast<double>(std::max<std::int64_t>(fans.in, 1));
    const auto fanOut = static_cast<double>(std::max<std::int64_t>(fans.out, 1));
    const auto& key = initializer.key;
    if (key == "he-normal")
        return {Draw::Normal, std::sqrt(2.0 / fanIn)};
    if (key == "he-uniform")
        return {Draw::Uniform, std::sqrt(6.0 / fanIn)};
    if (key == "xavier-normal")
        return {Draw::Normal, initializer.gain * std::sqrt(2.0 / (fanIn + fanOut))};
    if (key == "xavier-uniform")
        return {Draw::Uniform, initializer.gain * std::sqrt(6.0 / (fanIn + fanOut))};
    if (key == "uniform")
        return {Draw::Uniform, initializer.value};
    throw Error("there is no initialiser \"{}\"", key);
}

/// FNV-1a, to give every weight a substream of its own.
std::uint32_t substreamOf(std::string_view key) {
    std::uint32_t hash = 2166136261U;
    for (const char c : key)
        hash = (hash ^ static_cast<unsigned char>(c)) * 16777619U;
    return hash;
}

} // namespace

const std::vector<InitializerDef>& initializers() {
    static const std::vector<InitializerDef> all = {
        {"he-normal", "He normal", "N(0, 2 / fan-in)",
         "Keeps the variance through layers with ReLU (He, Zhang, Ren, Sun 2015).", true},
        {"he-uniform", "He uniform", "U(-a, a), a = sqrt(6 / fan-in)",
         "He's variance, drawn evenly (He, Zhang, Ren, Sun 2015).", true},
        {"xavier-normal", "Xavier normal", "N(0, 2 / (fan-in + fan-out))",
         "Keeps the variance forward and backward through layers with tanh or sigmoid (Glorot, "
         "Bengio 2010).",
         true},
        {"xavier-uniform", "Xavier uniform", "U(-a, a), a = sqrt(6 / (fan-in + fan-out))",
         "Xavier's variance, drawn evenly (Glorot, Bengio 2010).", true},
        {"uniform", "Uniform", "U(-a, a)", "Evenly in a range of your own.", true},
        {"constant", "Constant", "c", "The same value everywhere.", false},
        {"zeros", "Zeros", "0", "All zero; right for biases, wrong for kernels.", false},
    };
    return all;
}

Tensor initialize(const Initializer& initializer, const Shape& shape, WeightFans fans,
                  std::uint64_t seed, std::string_view weightKey) {
    Tensor tensor(DType::F64, shape);
    if (initializer.key == "zeros")
        return tensor;
    const auto values = tensor.span<double>();
    if (initializer.key == "constant") {
        std::ranges::fill(values, initializer.value);
        return tensor;
    }
    const auto spread = spreadOf(initializer, fans);
    const Rng rng(seed, RngStream::Initialize, substreamOf(weightKey));
    for (std::size_t i = 0; i < values.size(); ++i)
        values[i] = spread.scale *
                    (spread.draw == Draw::Normal ? rng.normal(i) : 2.0 * rng.uniform(i) - 1.0);
    return tensor;
}

} // namespace gradwright
