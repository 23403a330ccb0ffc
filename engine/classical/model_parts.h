// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/tensor/tensor.h"

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace gradwright {

/// The sizes of the rows that a model takes and gives.
struct RowOutline {
    std::size_t features = 0;
    std::size_t classes = 0; ///< 0: there are target values
    std::size_t width = 0;   ///< target values a row; 0 with classes

    [[nodiscard]] std::size_t outputs() const { return classes > 0 ? classes : width; }
};

/// What a fitted model is made of: arrays by name. Reading throws Error that names the array where
/// it is missing, has another type or size, or holds a number that is none.
class ModelParts {
public:
    void put(std::string name, Tensor array);
    void put(std::string name, const std::vector<double>& values);
    void put(std::string name, const std::vector<float>& values);
    void put(std::string name, const std::vector<std::int64_t>& values);
    void put(std::string name, double value) { put(std::move(name), std::vector<double>{value}); }
    void put(std::string name, std::int64_t value) {
        put(std::move(name), std::vector<std::int64_t>{value});
    }

    [[nodiscard]] bool has(std::string_view name) const { return arrays_.contains(name); }
    /// Numbers, so many of them, finite unless said otherwise.
    [[nodiscard]] std::vector<double> reals(std::string_view name, std::size_t count,
                                            bool finite = true) const;
    /// The same in FP32.
    [[nodiscard]] std::vector<float> singles(std::string_view name, std::size_t count) const;
    /// Whole numbers from `least` to `most`.
    [[nodiscard]] std::vector<std::int64_t> whole(std::string_view name, std::size_t count,
                                                  std::int64_t least, std::int64_t most) const;
    [[nodiscard]] std::int64_t wholeNumber(std::string_view name, std::int64_t least,
                                           std::int64_t most) const {
        return whole(name, 1, least, most)[0];
    }
    /// How many elements an array has.
    [[nodiscard]] std::size_t count(std::string_view name) const;

    [[nodiscard]] const std::map<std::string, Tensor, std::less<>>& arrays() const {
        return arrays_;
    }

private:
    [[nodiscard]] const Tensor& array(std::string_view name, DType type) const;
    [[nodiscard]] const Tensor& array(std::string_view name, DType type, std::size_t count) const;

    std::map<std::string, Tensor, std::less<>> arrays_;
};

} // namespace gradwright
