// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/exchange/found_attention.h"

#include "engine/exchange/attention_mask.h"
#include "engine/exchange/made_layers.h"
#include "engine/graph/analysis.h"
#include "engine/layers/catalog.h"
#include "engine/layers/onnx_node.h"
#include "engine/onnx/node_ops.h"
#include "engine/support/json.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <map>
#include <numeric>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace gradwright {
namespace {

constexpr std::int64_t kMostElements = std::int64_t{1} << 24; ///< that are followed

/// Where each element of a value lies in an earlier one.
struct Places {
    Shape shape;
    std::vector<std::int64_t> from;
};

Places placesOf(const Shape& shape) {
    Places places{shape, std::vector<std::int64_t>(static_cast<std::size_t>(shape.elements()))};
    std::iota(places.from.begin(), places.from.end(), 0);
    return places;
}

std::vector<std::int64_t> stepsOf(const Shape& shape) {
    std::vector<std::int64_t> steps(shape.rank(), 1);
    for (auto axis = shape.rank(); axis-- > 1;)
        steps[axis - 1] = steps[axis] * shape[axis];
    return steps;
}

/// The elements at first + Σ place[axis] · steps[axis].
Places taken(const Places& x, const Shape& shape, std::int64_t first,
             std::span<const std::int64_t> steps) {
    Places made{shape, {}};
    made.from.reserve(static_cast<std::size_t>(shape.elements()));
    std::vector<std::int64_t> place(shape.rank());
    for (std::int64_t i = 0; i < shape.elements(); ++i) {
        const auto at = std::inner_product(place.begin(), place.end(), steps.begin(), first);
        made.from.push_back(x.from[static_cast<std::size_t>(at)]);
        for (auto axis = shape.rank(); axis-- > 0;) {
            if (++place[axis] < shape[axis])
                break;
            place[axis] = 0;
        }
    }
    return made;
}

/// "x * 0.125", "0.125 * x" or "x / 8"; nothing for another formula.
std::optional<double> scaleOf(std::string_view formula) {
    const auto number = [](std::string_view text) -> std::optional<double> {
        double value = 0;
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
        return error == std::errc{} && end == text.data() + text.size() ? std::optional(value)
                                                                        : std::nullopt;
    };
    if (formula.starts_with("x * "))
        return number(formula.substr(4));
    if (formula.ends_with(" * x"))
        return number(formula.substr(0, formula.size() - 4));
    if (formula.starts_with("x / "))
        if (const auto divisor = number(formula.substr(4)); divisor && *divisor != 0)
            return 1 / *divisor;
    return {};
}

/// A projection and what was cut out of it: rows[h][j] is its unit for feature j of head h.
struct Part {
    NodeId dense;
    std::vector<std::vector<std::int64_t>> rows{};
    double scale = 1;
};

struct Heads {
    std::int64_t count = 0, steps = 0, features = 0; ///< features: of each head
};

class AttentionFinder {
public:
    AttentionFinder(Network& network, Weights& weights)
        : network_(network)
        , graph_(network.main)
        , weights_(weights)
        , analysis_(analyze(network)) {
        for (std::size_t i = 0; i < analysis_.flat.nodes.size(); ++i)
            places_[analysis_.flat.nodes[i].path] = i;
    }

    std::size_t run() {
        std::vector<NodeId> sums;
        for (const auto& [id, node] : graph_.nodes())
            if (isOnnxNode(node, "Softmax"))
                sums.push_back(id);
        return static_cast<std::size_t>(
            std::ranges::count_if(sums, [&](NodeId id) { return replace(id); }));
    }

private:
    using Chain = std::vector<PortRef>; ///< outputs, from the last layer to the first

    static std::string keyOf(const Node& node) {
        return node.layerUse() ? node.layerUse()->layer : std::string();
    }
    static bool isOnnxNode(const Node& node, std::string_view op) {
        if (keyOf(node) != kOnnxNodeKey)
            return false;
        const auto found = node.params.find("operator");
        return found != node.params.end() && std::get<std::string>(found->second) == op;
    }
    [[nodiscard]] Params paramsOf(const Node& node) const {
        return Params(layer(keyOf(node)).params, node.params);
    }
    [[nodiscard]] const Node& nodeOf(NodeId id) const { return *graph_.find(id); }
    [[nodiscard]] std::optional<Shape> shapeOf(PortRef port) const {
        if (const auto made = made_.find(port.node); made != made_.end())
            return made->second;
        const auto found = places_.find(nodeOf(port.node).name);
        if (found == places_.end() || analysis_.nodes[found->second].state != ShapeState::Known)
            return {};
        return analysis_.nodes[found->second].outputAt(port.port.index());
    }
    [[nodiscard]] std::optional<PortRef> inputOf(NodeId node, std::uint32_t input) const {
        const auto* link = graph_.linkInto({node, PortIndex{input}});
        return link ? std::optional(link->from) : std::nullopt;
    }
    [[nodiscard]] std::vector<PortRef> readersOf(NodeId node) const {
        std::vector<PortRef> readers;
        for (const auto id : graph_.linksOf(node))
            if (const auto* link = graph_.find(id); link->from.node == node)
                readers.push_back(link->to);
        return readers;
    }
    [[nodiscard]] std::optional<NodeId> onlyReaderOf(NodeId node) const {
        const auto readers = readersOf(node);
        return readers.size() == 1 ? std::optional(readers[0].node) : std::nullopt;
    }

    static bool moves(const Node& node) {
        static const std::set<std::string> keys = {"reshape", "flatten", "permute", "split",
                                                   "slice"};
        return keys.contains(keyOf(node));
    }
    [[nodiscard]] std::optional<double> scaleOfNode(const Node& node) const {
        if (keyOf(node) != "formula" || !paramsOf(node).text("parameters").empty())
            return {};
        return scaleOf(paramsOf(node).text("formula"));
    }

    /// Where the elements of such a layer's output come from, given those of its input.
    [[nodiscard]] std::optional<Places> moved(const Places& x, PortRef output) const {
        const auto& node = nodeOf(output.node);
        const auto shape = shapeOf(output);
        if (!shape)
            return {};
        const auto key = keyOf(node);
        const auto steps = stepsOf(x.shape);
        if (key == "reshape" || key == "flatten")
            return Places{*shape, x.from};
        if (key == "permute") {
            std::vector<std::int64_t> turned;
            for (const auto axis : paramsOf(node).tuple("axes"))
                turned.push_back(steps[static_cast<std::size_t>(axis)]);
            return taken(x, *shape, 0, turned);
        }
        const auto axis = static_cast<std::size_t>(paramsOf(node).integer("axis"));
        if (key == "split") {
            std::int64_t first = 0;
            for (std::uint32_t piece = 0; piece < output.port.index(); ++piece)
                first += (*shapeOf({output.node, PortIndex{piece}}))[axis];
            return taken(x, *shape, first * steps[axis], steps);
        }
        if (paramsOf(node).boolean("reverse"))
            return {};
        auto strided = steps;
        strided[axis] *= paramsOf(node).integer("step");
        return taken(x, *shape, paramsOf(node).integer("begin") * steps[axis], strided);
    }

    /// From a projection to the value, through what moves and scales elements. `used_` gets all of
    /// it.
    [[nodiscard]] std::optional<std::pair<Part, Places>> followed(PortRef value) {
        Chain chain;
        Part part{};
        for (; keyOf(nodeOf(value.node)) != "dense"; value = *inputOf(value.node, 0)) {
            const auto& node = nodeOf(value.node);
            if (const auto scale = scaleOfNode(node))
                part.scale *= *scale;
            else if (moves(node))
                chain.push_back(value);
            else
                return {};
            used_.insert(value.node);
            if (!inputOf(value.node, 0))
                return {};
        }
        part.dense = value.node;
        used_.insert(value.node);
        const auto shape = shapeOf(value);
        if (!shape || shape->rank() != 2 || shape->elements() > kMostElements)
            return {};
        auto places = placesOf(*shape);
        for (auto output = chain.rbegin(); output != chain.rend(); ++output) {
            auto next = moved(places, *output);
            if (!next)
                return {};
            places = *std::move(next);
        }
        return std::pair(part, std::move(places));
    }

    /// The unit of the projection that each feature of each head is, the same for all steps.
    /// `isTurned`: the value is heads × features × steps.
    bool findRows(Part& part, const Places& places, const Heads& heads, bool isTurned) const {
        const auto units = (*shapeOf({part.dense, PortIndex{0}}))[1];
        if (static_cast<std::int64_t>(places.from.size()) !=
            heads.count * heads.steps * heads.features)
            return false;
        const auto at = [&](std::int64_t head, std::int64_t step, std::int64_t feature) {
            const auto inner =
                isTurned ? feature * heads.steps + step : step * heads.features + feature;
            return places
                .from[static_cast<std::size_t>(head * heads.steps * heads.features + inner)];
        };
        for (std::int64_t head = 0; head < heads.count; ++head) {
            auto& rows = part.rows.emplace_back();
            for (std::int64_t feature = 0; feature < heads.features; ++feature) {
                rows.push_back(at(head, 0, feature));
                for (std::int64_t step = 0; step < heads.steps; ++step)
                    if (at(head, step, feature) != step * units + rows.back())
                        return false;
            }
        }
        return true;
    }

    /// Whether the node hides later steps from each step in scores that are then scaled.
    [[nodiscard]] bool isCausalMask(NodeId id, const Shape& scores, double scale) const {
        const auto& node = nodeOf(id);
        if (keyOf(node) != kOnnxNodeKey)
            return false;
        const auto spec = onnxNodeFrom(paramsOf(node));
        std::vector<const Tensor*> constants;
        for (std::size_t i = 0; i < spec.operands.size(); ++i) {
            const auto& operand = spec.operands[i];
            constants.push_back(operand.kind == OnnxOperandSpec::Kind::Constant
                                    ? operand.values.get()
                                : operand.kind == OnnxOperandSpec::Kind::Weight
                                    ? weightOf(id, onnxWeightNames(spec.node, i).front())
                                    : nullptr);
        }
        return hidesLaterSteps(spec.node.op, constants, scores, scale);
    }

    [[nodiscard]] bool isPlainDense(NodeId id) const {
        return keyOf(nodeOf(id)) == "dense" &&
               paramsOf(nodeOf(id)).text("activation") == "identity";
    }
    [[nodiscard]] const Tensor* weightOf(NodeId node, std::string_view suffix) const {
        return weights_.find(fmt::format("{}/{}", nodeOf(node).name, suffix));
    }

    /// Rows of the projections of Q, K and V under each other, and their biases.
    [[nodiscard]] std::pair<Tensor, Tensor> joined(std::span<const Part> parts,
                                                   std::int64_t features) const {
        Tensor weight(DType::F32, {3 * features, features});
        Tensor bias(DType::F32, {3 * features});
        std::size_t row = 0;
        for (const auto& part : parts) {
            const auto from = weightOf(part.dense, "weight")->span<float>();
            const auto* shift = weightOf(part.dense, "bias");
            for (const auto& head : part.rows)
                for (const auto unit : head) {
                    std::copy_n(from.begin() + unit * features, features,
                                weight.span<float>().begin() +
                                    static_cast<std::ptrdiff_t>(row) * features);
                    bias.span<float>()[row++] =
                        shift ? shift->span<float>()[static_cast<std::size_t>(unit)] : 0.0F;
                }
        }
        return {std::move(weight), std::move(bias)};
    }

    /// The layer of which that softmax is the heart, if it is one.
    bool replace(NodeId softmax) {
        used_ = {softmax};
        const auto attributes = nodeOf(softmax).params.find("attributes");
        const auto scores = shapeOf({softmax, PortIndex{0}});
        if (!scores || scores->rank() < 2 || scores->rank() > 3) // heads, steps, steps
            return false;
        const auto last = static_cast<std::int64_t>(scores->rank());
        const auto axis = attributes == nodeOf(softmax).params.end()
                              ? Json(-1)
                              : parseJson(std::get<std::string>(attributes->second), "attributes")
                                    .value("axis", Json(-1));
        if (axis != -1 && axis != last) // behind the batch
            return false;

        // Up: the product of Q and K, scaled, and what hides later steps.
        double scale = 1;
        bool isCausal = false;
        auto value = inputOf(softmax, 0);
        for (; value; value = inputOf(value->node, 0)) {
            used_.insert(value->node);
            if (const auto factor = scaleOfNode(nodeOf(value->node)))
                scale *= *factor;
            else if (isCausalMask(value->node, *scores, scale))
                isCausal = true;
            else
                break;
        }
        if (!value || !isOnnxNode(nodeOf(value->node), "MatMul"))
            return false;
        const auto queries = inputOf(value->node, 0);
        const auto keys = inputOf(value->node, 1);
        // Down: the product with V.
        const auto product = onlyReaderOf(softmax);
        if (!product || !isOnnxNode(nodeOf(*product), "MatMul") || !queries || !keys)
            return false;
        used_.insert(*product);
        const auto weighted = inputOf(*product, 0);
        const auto values = inputOf(*product, 1);
        if (!weighted || weighted->node != softmax || !values)
            return false;

        std::vector<Part> parts;
        std::vector<Places> places;
        for (const auto& each : {*queries, *keys, *values}) {
            auto found = followed(each);
            if (!found || !isPlainDense(found->first.dense))
                return false;
            parts.push_back(std::move(found->first));
            places.push_back(std::move(found->second));
        }
        Heads heads;
        const auto& shape = places[0].shape;
        if (std::cmp_not_equal(shape.rank(), last) || places[2].shape != shape)
            return false;
        heads.count = last == 3 ? shape[0] : 1;
        heads.steps = shape[shape.rank() - 2];
        heads.features = shape[shape.rank() - 1];
        for (std::size_t i = 0; i < parts.size(); ++i)
            if (!findRows(parts[i], places[i], heads, i == 1))
                return false;
        scale *= parts[0].scale * parts[1].scale;
        const auto usual = 1 / std::sqrt(static_cast<double>(heads.features));
        if (parts[2].scale != 1 || std::abs(scale / usual - 1) > 1e-5)
            return false;

        const auto x = inputOf(parts[0].dense, 0);
        const auto features = heads.count * heads.features;
        if (!x || shapeOf(*x) != Shape{heads.steps, features} ||
            std::ranges::any_of(parts,
                                [&](const Part& part) { return inputOf(part.dense, 0) != x; }))
            return false;
        return replaceBy(*x, parts, heads, *product, isCausal);
    }

    bool replaceBy(PortRef x, std::span<const Part> parts, const Heads& heads, NodeId product,
                   bool isCausal) {
        // The heads beside each other, and the last projection.
        const auto features = heads.count * heads.features;
        auto places = placesOf(*shapeOf({product, PortIndex{0}}));
        auto last = product;
        for (;;) {
            const auto next = onlyReaderOf(last);
            if (!next)
                return false;
            last = *next;
            used_.insert(last);
            if (!moves(nodeOf(last)))
                break;
            auto further = moved(places, {last, PortIndex{0}});
            if (!further)
                return false;
            places = *std::move(further);
        }
        if (!isPlainDense(last) || places.shape != Shape{heads.steps, features} ||
            shapeOf({last, PortIndex{0}}) != places.shape)
            return false;
        // Column c of the last projection is feature order[c] of the heads beside each other.
        std::vector<std::int64_t> order;
        for (std::int64_t column = 0; column < features; ++column) {
            const auto first = places.from[static_cast<std::size_t>(column)];
            const auto head = first / (heads.steps * heads.features);
            const auto feature = first % (heads.steps * heads.features);
            if (feature >= heads.features)
                return false;
            order.push_back(head * heads.features + feature);
            for (std::int64_t step = 0; step < heads.steps; ++step)
                if (places.from[static_cast<std::size_t>(step * features + column)] !=
                    first + step * heads.features)
                    return false;
        }
        // Nothing else reads what goes.
        for (const auto id : used_)
            if (id != last)
                for (const auto& reader : readersOf(id))
                    if (!used_.contains(reader.node))
                        return false;

        auto [weight, bias] = joined(parts, features);
        const auto* out = weightOf(last, "weight");
        Tensor turned(DType::F32, {features, features});
        for (std::int64_t row = 0; row < features; ++row)
            for (std::int64_t column = 0; column < features; ++column)
                turned.span<float>()[static_cast<std::size_t>(
                    row * features + order[static_cast<std::size_t>(column)])] =
                    out->span<float>()[static_cast<std::size_t>(row * features + column)];
        const auto* shift = weightOf(last, "bias");
        const bool hasBias = shift || std::ranges::any_of(parts, [&](const Part& part) {
                                 return weightOf(part.dense, "bias") != nullptr;
                             });
        LayerWeights made;
        made.emplace_back("in_proj_weight", std::move(weight));
        if (hasBias)
            made.emplace_back("in_proj_bias", std::move(bias));
        made.emplace_back("out_proj.weight", std::move(turned));
        if (hasBias)
            made.emplace_back("out_proj.bias",
                              shift ? *shift : Tensor(DType::F32, Shape{features}));
        const auto name = stemOf(nodeOf(parts[0].dense).name, nodeOf(last).name);
        const auto readers = readersOf(last);
        std::set<std::string> gone;
        for (const auto id : used_) {
            gone.insert(nodeOf(id).name);
            for (const auto link : std::vector(graph_.linksOf(id)))
                graph_.erase(link);
            graph_.erase(id);
        }
        std::erase_if(weights_.values, [&](const auto& each) {
            return gone.contains(each.first.substr(0, each.first.find('/')));
        });
        const Operand input{x, {heads.steps, features}};
        const auto output =
            addLayerTo(network_, weights_, "multi-head-self-attention",
                       {{"heads", heads.count}, {"causal", isCausal}, {"bias", hasBias}},
                       std::span(&input, 1), name, std::move(made))
                .front();
        made_[output.port.node] = output.shape;
        for (const auto& reader : readers)
            graph_.insert(Link{graph_.freshLinkId(), output.port, reader});
        return true;
    }

    /// What both names begin with, up to the end of a word.
    static std::string stemOf(const std::string& a, const std::string& b) {
        const auto [end, other] = std::ranges::mismatch(a, b);
        auto stem = a.substr(0, static_cast<std::size_t>(end - a.begin()));
        if (end != a.end() && other != b.end())
            stem = stem.substr(0, std::max<std::size_t>(stem.rfind('_') + 1, 1) - 1);
        while (stem.ends_with('_'))
            stem.pop_back();
        return stem.empty() ? "attention" : stem;
    }

    Network& network_;
    Graph& graph_;
    Weights& weights_;
    Analysis analysis_;
    std::map<std::string, std::size_t> places_; ///< positions in the analysis, by name
    std::map<NodeId, Shape> made_;              ///< layers made, and what they give
    std::set<NodeId> used_;                     ///< what the layer at hand stands for
};

} // namespace

std::size_t findAttention(Network& network, Weights& weights) {
    return AttentionFinder(network, weights).run();
}

} // namespace gradwright
