// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/io/hdf5/hdf5_file.h"
#include "engine/support/json_fwd.h"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace gradwright {

/// An output of a layer's n-th call.
struct KerasTensor {
    std::string layer;
    std::int64_t call = 0;
    std::int64_t output = 0;
    auto operator<=>(const KerasTensor&) const = default;
};

/// What a call gives a layer: tensors, or constants as the file has them.
struct KerasArgument {
    std::string name; ///< of keywords
    std::vector<KerasTensor> tensors;
    std::shared_ptr<const Json> constant; ///< where there are no tensors
};
using KerasCall = std::vector<KerasArgument>;

/// The settings of a layer. Each reader throws Error naming the setting when it is missing or
/// another kind of value.
class KerasSettings {
public:
    KerasSettings() = default;
    explicit KerasSettings(std::shared_ptr<const Json> json)
        : json_(std::move(json)) {}

    [[nodiscard]] bool has(std::string_view key) const; ///< and not null
    [[nodiscard]] const Json& at(std::string_view key) const;
    [[nodiscard]] std::int64_t integer(std::string_view key) const;
    [[nodiscard]] std::int64_t integer(std::string_view key, std::int64_t otherwise) const;
    [[nodiscard]] double real(std::string_view key) const;
    [[nodiscard]] double real(std::string_view key, double otherwise) const;
    [[nodiscard]] bool boolean(std::string_view key, bool otherwise) const;
    [[nodiscard]] std::string text(std::string_view key, std::string_view otherwise) const;
    /// Whole numbers; one stands for itself.
    [[nodiscard]] std::vector<std::int64_t> integers(std::string_view key) const;
    /// Real numbers, however they are nested.
    [[nodiscard]] std::vector<double> reals(std::string_view key) const;
    /// Another layer within this one, as Bidirectional has.
    [[nodiscard]] KerasSettings inner(std::string_view key) const;
    [[nodiscard]] std::string innerKind(std::string_view key) const;

private:
    std::shared_ptr<const Json> json_;
};

struct KerasGraph;

struct KerasLayer {
    std::string name;
    std::string kind;         ///< the class: "Conv2D"
    bool isOperation = false; ///< of keras.ops, as "x * 2" makes one
    KerasSettings settings;
    std::string path; ///< of its arrays: "layers/conv2d"
    std::vector<KerasCall> calls;
    std::shared_ptr<const KerasGraph> graph; ///< of a model within the model
};

/// A functional or sequential model.
struct KerasGraph {
    std::string name;
    std::vector<KerasLayer> layers;
    std::vector<KerasTensor> inputs, outputs;
};

struct KerasModel {
    std::string version; ///< of Keras
    KerasGraph graph;
    std::int64_t fileBytes = 0;
    std::shared_ptr<const Hdf5File> arrays;
};

/// Whether the file's name says that it is one.
bool isKerasName(const std::filesystem::path& file);

/// Reads what Keras 3 saves as .keras: the structure, and where the weights are. Throws Error
/// naming the file for what is no such model.
KerasModel readKerasFile(const std::filesystem::path& file);

/// What Keras calls the arrays of a class: "conv2d_transpose" for Conv2DTranspose.
std::string kerasSnakeCase(std::string_view kind);

} // namespace gradwright
