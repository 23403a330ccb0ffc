// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/ops/op.h"
#include "engine/support/param.h"

#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace gradwright {

/// What a layer sees when it writes itself as Python code: its parameters, the shapes of its inputs
/// and the expressions that hold them, and an identifier that nothing else in the file has.
class CodeContext {
public:
    CodeContext(Params params, std::span<const Shape> shapes, std::vector<std::string> inputs,
                std::string name)
        : params_(params)
        , shapes_(shapes)
        , inputs_(std::move(inputs))
        , name_(std::move(name)) {}

    [[nodiscard]] const Params& params() const { return params_; }
    [[nodiscard]] const Shape& shape() const { return shapes_.front(); }
    [[nodiscard]] std::span<const Shape> shapes() const { return shapes_; }
    [[nodiscard]] const std::string& input() const { return inputs_.front(); }
    [[nodiscard]] const std::vector<std::string>& inputs() const { return inputs_; }
    [[nodiscard]] const std::string& name() const { return name_; }

private:
    Params params_;
    std::span<const Shape> shapes_;
    std::vector<std::string> inputs_;
    std::string name_;
};

/// A layer in PyTorch. Its weights have the names and layouts that Gradwright's files use.
struct PyTorchCode {
    std::string module; ///< "nn.Linear(400, 120)", kept as self.NAME; empty when there is none
    std::string value;  ///< what forward() computes: "F.relu(self.dense1(x))"
    /// Some weights have a "_" behind their names, which PyTorch keeps for itself.
    bool isSuffixed = false;
};

/// How a program for Keras holds the weights of a layer.
struct KerasWeights {
    /// As Gradwright's files do, but for kernels, whose first two axes go last.
    bool usual = false;
    /// Else statements in the body of the program's `fitted(layer, tensors)`, which return the
    /// tensors in Keras's order and form where `layer` is of that kind. Layers may share some; a
    /// program has each once.
    std::vector<std::string_view> fittings = {};
    /// A class that the program defines for the layer.
    std::string_view definition = {};
};

// Pieces of Python that several layers use.
namespace code {

std::string number(double value);
/// "3" when all are equal, else "(3, 5)".
std::string extents(const Extents& extents, std::size_t axes);
/// A call with the arguments that are not empty.
std::string call(std::string_view function, const std::vector<std::string>& arguments);
/// "NAME=VALUE", or nothing where `shown` is false (the framework's default).
std::string keyword(std::string_view name, std::string_view value, bool shown = true);

/// The activation applied to a PyTorch expression.
std::string torchActivated(const Activation& activation, const std::string& x);
/// A value with a border of `fill`, channels first; `x` itself without a border.
std::string torchPadded(const Padding& padding, std::size_t axes, const std::string& x,
                        std::string_view fill = {});

/// The value of Keras's argument `activation`, quoted; empty for the identity and for those that no
/// name stands for, such as leaky ReLU, which is a layer of its own there.
std::string kerasActivation(const Activation& activation);
/// An activation that no name stands for after the layer, anything else unchanged.
std::string kerasActivated(const Activation& activation, const std::string& x);
/// The arguments and the call on the layer's inputs: "layers.Dense(10, name=\"fc\")(x)".
std::string kerasLayer(std::string_view layer, const CodeContext& context,
                       std::vector<std::string> arguments = {});
/// A value with a border of `fill`, channels last; `x` itself without a border.
std::string kerasPadded(const Padding& padding, std::size_t axes, const std::string& x,
                        std::string_view fill = {});

} // namespace code
} // namespace gradwright
