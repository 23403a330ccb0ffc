// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/ops/initializer.h"

#include "engine/support/rng.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <span>

namespace gradwright {
namespace {

enum class Draw { Normal, TruncatedNormal, Uniform };

struct Spread {
    Draw draw;
    double scale; ///< deviation of a normal distribution, half width of Uniform
};

/// Glorot, Bengio 2010 (Xavier), He, Zhang, Ren, Sun 2015 (He) and LeCun, Bottou, Orr, Müller 1998.
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
    if (key == "lecun-normal")
        return {Draw::Normal, std::sqrt(1.0 / fanIn)};
    if (key == "lecun-uniform")
        return {Draw::Uniform, std::sqrt(3.0 / fanIn)};
    if (key == "uniform")
        return {Draw::Uniform, initializer.value};
    if (key == "normal")
        return {Draw::Normal, initializer.value};
    if (key == "truncated-normal")
        return {Draw::TruncatedNormal, initializer.value};
    throw Error("there is no initializer \"{}\"", key);
}

/// FNV-1a, to give every weight a substream of its own.
std::uint32_t substreamOf(std::string_view key) {
    std::uint32_t hash = 2166136261U;
    for (const char c : key)
        hash = (hash ^ static_cast<unsigned char>(c)) * 16777619U;
    return hash;
}

/// The i-th of `count` draws from the standard normal distribution within two deviations: others
/// are drawn again, `count` further on.
double truncatedNormal(const Rng& rng, std::uint64_t i, std::uint64_t count) {
    for (;; i += count)
        if (const double value = rng.normal(i); std::abs(value) <= 2.0)
            return value;
}

double fill(const Spread& spread, const Rng& rng, std::uint64_t i, std::uint64_t count) {
    switch (spread.draw) {
    case Draw::Normal:
        return spread.scale * rng.normal(i);
    case Draw::TruncatedNormal:
        return spread.scale * truncatedNormal(rng, i, count);
    case Draw::Uniform:
        break;
    }
    return spread.scale * (2.0 * rng.uniform(i) - 1.0);
}

/// The weight as a matrix: [units, what enters one]. Throws Error for a vector.
std::array<std::size_t, 2> matrixOf(const Shape& shape, std::string_view what) {
    if (shape.rank() < 2)
        throw Error("the initializer \"{}\" needs a weight of two dimensions or more, not {}", what,
                    toString(shape));
    const auto rows = static_cast<std::size_t>(shape[0]);
    return {rows, static_cast<std::size_t>(shape.elements()) / rows};
}

double dot(std::span<const double> a, std::span<const double> b) {
    return std::inner_product(a.begin(), a.end(), b.begin(), 0.0);
}

/// Rows of a normal matrix, no more of them than columns, made orthonormal by Gram and Schmidt's
/// method; the second pass removes what rounding left of the first (Giraud et al. 2005).
std::vector<double> orthonormalRows(std::size_t rows, std::size_t columns, const Rng& rng) {
    std::vector<double> matrix(rows * columns);
    for (std::size_t i = 0; i < matrix.size(); ++i)
        matrix[i] = rng.normal(i);
    const auto row = [&](std::size_t i) { return std::span(matrix).subspan(i * columns, columns); };
    for (std::size_t i = 0; i < rows; ++i) {
        for (int pass = 0; pass < 2; ++pass)
            for (std::size_t j = 0; j < i; ++j) {
                const double share = dot(row(i), row(j));
                for (std::size_t k = 0; k < columns; ++k)
                    row(i)[k] -= share * row(j)[k];
            }
        const double norm = std::sqrt(dot(row(i), row(i)));
        for (auto& value : row(i))
            value /= norm;
    }
    return matrix;
}

/// Saxe, McClelland, Ganguli 2014: orthonormal rows, or columns where there are more rows.
void fillOrthogonal(const Shape& shape, double gain, const Rng& rng, std::span<double> out) {
    const auto [rows, columns] = matrixOf(shape, "orthogonal");
    const bool isTall = rows > columns;
    const auto small =
        isTall ? orthonormalRows(columns, rows, rng) : orthonormalRows(rows, columns, rng);
    for (std::size_t i = 0; i < rows; ++i)
        for (std::size_t j = 0; j < columns; ++j)
            out[i * columns + j] = gain * (isTall ? small[j * rows + i] : small[i * columns + j]);
}

/// What passes its input on: unit i takes input i, a kernel at its middle.
void fillIdentity(const Shape& shape, std::span<double> out) {
    const auto [rows, columns] = matrixOf(shape, "identity");
    const auto channels = static_cast<std::size_t>(shape[1]);
    std::size_t middle = 0;
    for (std::size_t axis = 2; axis < shape.rank(); ++axis)
        middle = middle * static_cast<std::size_t>(shape[axis]) +
                 static_cast<std::size_t>(shape[axis] / 2);
    for (std::size_t i = 0; i < std::min(rows, channels); ++i)
        out[i * columns + i * (columns / channels) + middle] = 1.0;
}

} // namespace

const std::vector<InitializerDef>& initializers() {
    static const std::vector<InitializerDef> all = {
        {"he-normal", "He normal", "N(0, 2 / fan-in)",
         "Keeps the variance through layers with ReLU (He, Zhang, Ren, Sun 2015).", true},
        {"he-uniform", "He uniform", "U(-a, a), a = sqrt(6 / fan-in)",
         "He's variance, drawn uniformly (He, Zhang, Ren, Sun 2015).", true},
        {"xavier-normal", "Xavier normal", "N(0, 2 / (fan-in + fan-out))",
         "Keeps the variance forward and backward through layers with tanh or sigmoid (Glorot, "
         "Bengio 2010).",
         true},
        {"xavier-uniform", "Xavier uniform", "U(-a, a), a = sqrt(6 / (fan-in + fan-out))",
         "Xavier's variance, drawn uniformly (Glorot, Bengio 2010).", true},
        {"lecun-normal", "LeCun normal", "N(0, 1 / fan-in)",
         "Keeps the variance through layers with SELU or none (LeCun, Bottou, Orr, Müller 1998).",
         true},
        {"lecun-uniform", "LeCun uniform", "U(-a, a), a = sqrt(3 / fan-in)",
         "LeCun's variance, drawn uniformly (LeCun, Bottou, Orr, Müller 1998).", true},
        {"orthogonal", "Orthogonal", "W Wᵀ = 1",
         "Preserves the norm of what passes through, for recurrent and very deep networks (Saxe, "
         "McClelland, Ganguli 2014). Takes long for thousands of units.",
         true},
        {"identity", "Identity", "1 on the diagonal",
         "Passes the input on: each unit starts as a copy of one input.", true},
        {"normal", "Normal", "N(0, a²)", "With a deviation that you choose.", true},
        {"truncated-normal", "Truncated normal", "N(0, a²) within ±2 a",
         "Normal without its tails, with a deviation that you choose.", true},
        {"uniform", "Uniform", "U(-a, a)", "Uniform in a range that you choose.", true},
        {"constant", "Constant", "a", "The same value everywhere.", false},
        {"zeros", "Zeros", "0", "All zero; right for biases, wrong for kernels.", false},
    };
    return all;
}

Tensor initialize(const Initializer& initializer, const Shape& shape, WeightFans fans,
                  std::uint64_t seed, std::string_view weightKey, DType dtype) {
    Tensor tensor(dtype, shape);
    if (initializer.key == "zeros")
        return tensor;
    const Rng rng(seed, RngStream::Initialize, substreamOf(weightKey));
    if (initializer.key == "orthogonal" || initializer.key == "identity") {
        Tensor matrix(DType::F64, shape);
        if (initializer.key == "orthogonal")
            fillOrthogonal(shape, initializer.gain, rng, matrix.span<double>());
        else
            fillIdentity(shape, matrix.span<double>());
        return matrix.to(dtype);
    }
    const auto fillWith = [&](auto values) {
        using Element = typename decltype(values)::value_type;
        if (initializer.key == "constant") {
            std::ranges::fill(values, static_cast<Element>(initializer.value));
            return;
        }
        const auto spread = spreadOf(initializer, fans);
        for (std::size_t i = 0; i < values.size(); ++i)
            values[i] = static_cast<Element>(fill(spread, rng, i, values.size()));
    };
    if (dtype == DType::F32)
        fillWith(tensor.span<float>());
    else
        fillWith(tensor.span<double>());
    return tensor;
}

} // namespace gradwright
