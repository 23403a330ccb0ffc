// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/tensor/dtype.h"
#include "engine/tensor/shape.h"

#include <cstdint>
#include <initializer_list>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace gradwright {

/// The name of the batch: how many samples a program takes at a time.
inline constexpr std::string_view kBatchName = "N";

/// Numbers for named lengths.
using Lengths = std::map<std::string, std::int64_t, std::less<>>;

/// The length of an axis: a number, a name that stands for one until a program is compiled ("N"
/// for the batch, "T" for steps), or a product of these ("2·N·T").
class Dim {
public:
    Dim(std::int64_t number)
        : factor_(number) {}
    [[nodiscard]] static Dim named(std::string_view name);
    [[nodiscard]] static Dim batch() { return named(kBatchName); }

    [[nodiscard]] bool isNumber() const { return names_.empty(); }
    /// Throws Error when it has a name.
    [[nodiscard]] std::int64_t number() const;
    /// Throws Error for a name without a number.
    [[nodiscard]] std::int64_t lengthFor(const Lengths& lengths) const;
    /// What has to be multiplied with `other` to be this; nothing where there is no such length.
    [[nodiscard]] std::optional<Dim> dividedBy(const Dim& other) const;
    /// With those of its names replaced that have a number.
    [[nodiscard]] Dim bound(const Lengths& lengths) const;
    [[nodiscard]] bool has(std::string_view name) const;
    /// The number without its names.
    [[nodiscard]] std::int64_t factor() const { return factor_; }

    friend Dim operator*(const Dim& a, const Dim& b);
    bool operator==(const Dim&) const = default;
    friend std::string toString(const Dim& dim);

private:
    std::int64_t factor_ = 1;
    std::vector<std::string> names_; ///< sorted
};

/// The axes of a value, the batch included where it has one (then first, in all that layers make).
class Dims {
public:
    Dims() = default;
    Dims(std::initializer_list<Dim> dims)
        : dims_(dims) {}
    explicit Dims(std::vector<Dim> dims)
        : dims_(std::move(dims)) {}
    /// All numbers.
    [[nodiscard]] static Dims of(const Shape& shape);
    /// The batch, then the shape of a sample.
    [[nodiscard]] static Dims perSample(const Shape& sample);

    [[nodiscard]] std::size_t rank() const { return dims_.size(); }
    [[nodiscard]] const Dim& operator[](std::size_t axis) const { return dims_[axis]; }
    [[nodiscard]] Dim& operator[](std::size_t axis) { return dims_[axis]; }
    [[nodiscard]] auto begin() const { return dims_.begin(); }
    [[nodiscard]] auto end() const { return dims_.end(); }
    [[nodiscard]] Dim product() const;
    [[nodiscard]] Shape shapeFor(const Lengths& lengths) const;
    [[nodiscard]] Dims bound(const Lengths& lengths) const;

    bool operator==(const Dims&) const = default;

private:
    std::vector<Dim> dims_;
};

/// "N×6×28×28"; "scalar" for rank 0.
std::string toString(const Dims& dims);

/// What flows along an edge. Real values are stated as F32 and computed in the precision that a
/// program is compiled for.
struct ValueType {
    ValueType() = default;
    /// A value of every sample: the batch, then `sample`.
    ValueType(const Shape& sample, DType dtype = DType::F32)
        : dims(Dims::perSample(sample))
        , element(dtype) {}
    /// A value with any axes.
    [[nodiscard]] static ValueType of(Dims dims, DType dtype = DType::F32);

    [[nodiscard]] bool isReal() const;
    /// Whether the first axis is the batch, and no other depends on it.
    [[nodiscard]] bool isPerSample() const;
    /// The axes behind the batch. Throws Error where the value has no batch in front or other
    /// names.
    [[nodiscard]] Shape sample() const;
    [[nodiscard]] Shape shapeFor(std::int64_t batch) const;
    /// With every name as 1.
    [[nodiscard]] std::int64_t elementsPerSample() const;

    Dims dims;
    DType element = DType::F32;

    bool operator==(const ValueType&) const = default;
};

class GradientContext; // gradient.h

using Types = std::vector<ValueType>;
using InputTypes = std::span<const ValueType>;

template <class... Fs>
struct Overloaded : Fs... {
    using Fs::operator()...;
};
template <class... Fs>
Overloaded(Fs...) -> Overloaded<Fs...>;

} // namespace gradwright
