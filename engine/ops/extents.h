// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>

namespace gradwright {

/// Rows and columns.
using Extent2d = std::array<std::int64_t, 2>;

/// Lengths along the axes after the channels, of which there are at most three; those that a value
/// does not have are 1.
class Extents {
public:
    Extents() = default;
    Extents(std::initializer_list<std::int64_t> lengths) {
        std::copy_n(lengths.begin(), std::min(lengths.size(), lengths_.size()), lengths_.begin());
    }
    Extents(const Extent2d& extent)
        : lengths_{extent[0], extent[1], 1} {}
    explicit Extents(std::span<const std::int64_t> lengths) {
        std::copy_n(lengths.begin(), std::min(lengths.size(), lengths_.size()), lengths_.begin());
    }

    [[nodiscard]] std::int64_t operator[](std::size_t axis) const { return lengths_[axis]; }
    [[nodiscard]] std::int64_t& operator[](std::size_t axis) { return lengths_[axis]; }
    [[nodiscard]] std::int64_t product() const { return lengths_[0] * lengths_[1] * lengths_[2]; }
    [[nodiscard]] auto begin() const { return lengths_.begin(); }
    [[nodiscard]] auto end() const { return lengths_.end(); }
    bool operator==(const Extents&) const = default;

private:
    std::array<std::int64_t, 3> lengths_{1, 1, 1};
};

/// Zeros (for max pooling: nothing) put around an image.
struct Padding2d {
    std::int64_t top = 0, bottom = 0, left = 0, right = 0;
    bool operator==(const Padding2d&) const = default;
};

/// The same for up to three axes: before and after the first, before and after the second, ….
class Padding {
public:
    Padding() = default;
    Padding(std::initializer_list<std::int64_t> sides) {
        std::copy_n(sides.begin(), std::min(sides.size(), sides_.size()), sides_.begin());
    }
    Padding(const Padding2d& padding)
        : sides_{padding.top, padding.bottom, padding.left, padding.right} {}
    explicit Padding(std::span<const std::int64_t> sides) {
        std::copy_n(sides.begin(), std::min(sides.size(), sides_.size()), sides_.begin());
    }

    [[nodiscard]] std::int64_t before(std::size_t axis) const { return sides_[2 * axis]; }
    [[nodiscard]] std::int64_t after(std::size_t axis) const { return sides_[2 * axis + 1]; }
    [[nodiscard]] std::int64_t& after(std::size_t axis) { return sides_[2 * axis + 1]; }
    [[nodiscard]] std::int64_t both(std::size_t axis) const { return before(axis) + after(axis); }
    [[nodiscard]] auto begin() const { return sides_.begin(); }
    [[nodiscard]] auto end() const { return sides_.end(); }
    bool operator==(const Padding&) const = default;

private:
    std::array<std::int64_t, 6> sides_{};
};

} // namespace gradwright
