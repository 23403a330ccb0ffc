// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/exchange/keras/keras_model.h"
#include "engine/exchange/made_layers.h"
#include "engine/exchange/onnx_import.h"

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace gradwright {

/// The layers that compute what the model does at inference, with its weights. Layers of Keras
/// that none of ours computes are problems, all of them at once; there is no network then. Images
/// are channels × rows × columns, whichever order Keras has them in. Throws Error for inputs and
/// outputs that no network has, and OnnxLengthMissing for an axis without a length.
OnnxImport importKeras(const KerasModel& model, const OnnxImportOptions& options = {});

/// A layer's output. `laidOut` is the image that a vector was before it was flattened: its values
/// are in our order, channel by channel, where Keras has the channels last.
struct KerasValue {
    PortRef port{};
    Shape shape{};
    std::optional<Shape> laidOut{};
};

/// One call of a layer, with what it is given.
struct KerasUse {
    const KerasLayer& layer;
    const KerasCall& call;
    std::vector<KerasValue> inputs; ///< all tensors of the call, in their order
    std::string name;               ///< for the layer that stands for it

    [[nodiscard]] const KerasSettings& settings() const { return layer.settings; }
    /// Throws Error where there are several.
    [[nodiscard]] const KerasValue& input() const;
};

/// What translations are given to make layers with.
class KerasLayers {
public:
    KerasLayers(const Hdf5File& arrays, OnnxImport& result)
        : arrays_(arrays)
        , result_(result) {}

    /// Adds a layer; its weights are frozen where those of the use are.
    KerasValue add(const KerasUse& use, const std::string& layer, ParamValues params,
                   const std::vector<KerasValue>& inputs, LayerWeights weights = {});
    KerasValue add(const KerasUse& use, const std::string& layer, ParamValues params,
                   const KerasValue& input, LayerWeights weights = {}) {
        return add(use, layer, std::move(params), std::vector{input}, std::move(weights));
    }
    /// The value with its elements in the order that Keras has them in.
    KerasValue inOrder(const KerasUse& use, const KerasValue& value);
    /// The array of the layer as F32, "vars/0", whose shape must be that one. Throws Error naming
    /// it.
    [[nodiscard]] Tensor array(const KerasUse& use, const std::string& name,
                               const std::vector<std::int64_t>& shape) const;
    /// A weight that the file leaves out, all elements alike. Throws Error where these become so
    /// many that the file gives no reason for them.
    [[nodiscard]] Tensor constant(const Shape& shape, float value);
    [[nodiscard]] bool hasArray(const KerasUse& use, const std::string& name) const;
    void note(const std::string& text);
    void addOutput(const KerasValue& value, const std::string& name);
    /// Says which input of the model the layer stands for.
    void nameInput(const KerasValue& value, const std::string& name);

private:
    const Hdf5File& arrays_;
    OnnxImport& result_;
    std::int64_t constants_ = std::int64_t{1} << 24; ///< elements that may still be made
};

/// An Error that it throws is the reason why the layer cannot be opened.
using KerasTranslation = KerasValue (*)(KerasLayers& layers, const KerasUse& use);
/// Null for classes that no layer computes.
KerasTranslation kerasTranslationOf(const KerasLayer& layer);

// Each family's classes, by name.
using KerasTranslations = std::map<std::string, KerasTranslation, std::less<>>;
const KerasTranslations& kerasWindowTranslations();
const KerasTranslations& kerasDenseTranslations();
const KerasTranslations& kerasElementTranslations();
const KerasTranslations& kerasNormalizationTranslations();
const KerasTranslations& kerasSequenceTranslations();
const KerasTranslations& kerasShapeTranslations();
const KerasTranslations& kerasMergeTranslations();
/// Of keras.ops.
const KerasTranslations& kerasOperationTranslations();

// What several families need.
/// The tensor with its axes in another order: axis i is axis axes[i] of the given one.
Tensor axesMoved(const Tensor& tensor, const std::vector<std::size_t>& axes);
/// A name of Keras's activations as a layer of ours with its parameters; identity for "linear".
/// Throws Error for one that there is none for.
struct KerasActivation {
    std::string layer;
    ParamValues params;
    /// Whether it can be the parameter "activation" of the layer in front.
    bool isFused = false;
};
KerasActivation kerasActivation(const std::string& name);
/// That of the settings, which may be missing.
KerasActivation kerasActivation(const KerasUse& use, std::string_view key = "activation");
/// Adds a layer and its activation, within the layer or behind it.
KerasValue addActivated(KerasLayers& layers, const KerasUse& use, const std::string& layer,
                        ParamValues params, const KerasValue& input, LayerWeights weights);
/// Throws Error unless the settings have the axis of the channels last.
void requireChannelsLast(const KerasUse& use);
/// The lengths that Keras sees, without the batch: the channels of images last.
std::vector<std::int64_t> kerasShape(const Shape& shape);
/// A number for a formula's text.
std::string formulaNumber(double value);

} // namespace gradwright
