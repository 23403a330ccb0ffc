// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/backend/weights.h"
#include "engine/exchange/weights/weight_archive.h"
#include "engine/ops/op_graph.h"

#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

namespace gradwright {

/// How a tensor of a file was found for a weight, the surest first.
enum class MatchedBy {
    Hand,      ///< somebody said so
    Name,      ///< the layer is called the same
    Structure, ///< shapes, and what lies around it, leave no other
    Order,     ///< several have the shape, and as many in the file: by their order
    Doubt,     ///< several have the shape, and the file has more or fewer of them
    Nothing    ///< there is none: the weight keeps its first values
};

/// How a tensor becomes a weight: its axes in this order (none: as they are), then as the weight's
/// shape.
using AxisOrder = std::vector<std::size_t>;

/// A weight of the network and what it gets.
struct WeightRow {
    std::string key;
    Shape shape;
    std::optional<std::size_t> tensor{}; ///< of the plan's archive
    AxisOrder axes{};
    MatchedBy by = MatchedBy::Nothing;
    std::string why{}; ///< a sentence part: "the 2nd of 4 of this shape"
    bool readsColours = false;
};

/// A tensor that no weight gets.
struct UnusedTensor {
    std::size_t tensor = 0;
    std::string why{};
};

/// Which tensor of a file becomes which weight of a network. A plain value.
struct WeightPlan {
    std::vector<ForeignTensor> tensors; ///< the file's
    std::vector<WeightRow> rows;        ///< one for each weight, in the order of the network
    std::vector<std::size_t> counters;  ///< tensors that count batches; nothing needs them

    [[nodiscard]] std::vector<UnusedTensor> unused() const;
    [[nodiscard]] std::size_t matched() const;
};

/// Finds a tensor for each weight, by the names of layers, and else by shapes, the places of layers
/// in the network and the order of names: files of weights tell nothing else. A layer of another
/// size, such as the last one for other classes, gets nothing and says why.
WeightPlan planWeights(const OpGraph& graph, const std::vector<ForeignTensor>& tensors);

/// How the tensor can become a weight of that shape, or nothing: as it is, without axes of length
/// 1, or as a matrix or kernel whose axes are the other way round.
std::optional<AxisOrder> fittingAxes(const ForeignTensor& tensor, const Shape& shape);

/// Gives a weight, or all weights of a layer, another tensor or those of another module; none for
/// an empty name. Whoever had them gets nothing. Throws Error when there is no such weight, tensor
/// or module, or it does not fit.
void correct(WeightPlan& plan, std::string_view weight, std::string_view tensor);

/// In which order the file's network expects colours.
enum class ColourOrder { Rgb, Bgr };

/// The values of the matched weights, by key, as the network has them. With Bgr, kernels that read
/// an image of three channels are turned round, so that it takes red, green, blue. `progress` is
/// called with the share of the tensors that are read. Throws Error naming file and tensor; returns
/// nothing when stopped.
std::optional<Weights> readPlanned(const WeightArchive& archive, const WeightPlan& plan,
                                   ColourOrder colours = ColourOrder::Rgb,
                                   const std::stop_token& stop = {},
                                   const std::function<void(double)>& progress = {});

} // namespace gradwright
