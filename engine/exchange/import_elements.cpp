// SPDX-License-Identifier: GPL-3.0-or-later
//
// Activations and other functions of one value.
#include "engine/exchange/import_channels.h"
#include "engine/exchange/layer_import.h"
#include "engine/ops/activation.h"

#include <cmath>
#include <limits>

namespace gradwright {
namespace {

constexpr double kNear = 1e-6;

bool isNear(double a, double b) {
    return std::abs(a - b) <= kNear * std::max(1.0, std::abs(b));
}

void importFormula(LayerImport& import, const OnnxNode& node, const std::string& text) {
    const auto& x = import.data(node);
    requireNumbers(x);
    import.set(node.outputs.at(0), import.onOwn(x, "formula",
                                                {{"formula", text},
                                                 { "parameters",
                                                   std::string() }},
                                                LayerImport::nameFor(node)));
}

void importActivationOf(LayerImport& import, const OnnxNode& node, const std::string& key,
                        ParamValues params = {}) {
    if (!node.hasInput(0))
        throw Error("it lacks an input");
    importActivation(import, node.inputs[0], {&node}, node, key, std::move(params));
}

/// Operators that are one of our activations, whatever their attributes.
const std::map<std::string, std::string, std::less<>>& plainActivations() {
    static const std::map<std::string, std::string, std::less<>> all = {
        {"Relu", "relu"},           {"Sigmoid", "sigmoid"},   {"Tanh", "tanh"},
        {"Softplus", "softplus"},   {"Softsign", "softsign"}, {"Mish", "mish"},
        {"HardSwish", "hard-swish"}};
    return all;
}

void importPlainActivation(LayerImport& import, const OnnxNode& node) {
    importActivationOf(import, node, plainActivations().find(node.op)->second);
}

void importLeakyRelu(LayerImport& import, const OnnxNode& node) {
    const auto slope = node.real("alpha", 0.01);
    if (slope >= 0 && slope <= 1)
        return importActivationOf(import, node, "leaky-relu", {{"slope", slope}});
    importFormula(import, node, fmt::format("leaky_relu(x, {})", formulaNumber(slope)));
}

void importElu(LayerImport& import, const OnnxNode& node) {
    const bool isCelu = node.op == "Celu";
    const auto alpha = node.real("alpha", 1);
    if (alpha > 0 && alpha <= 100)
        return importActivationOf(import, node, isCelu ? "celu" : "elu", {{"alpha", alpha}});
    importFormula(import, node,
                  fmt::format("{}(x, {})", isCelu ? "celu" : "elu", formulaNumber(alpha)));
}

void importSelu(LayerImport& import, const OnnxNode& node) {
    const auto alpha = node.real("alpha", kSeluAlpha);
    const auto gamma = node.real("gamma", kSeluScale);
    if (isNear(alpha, kSeluAlpha) && isNear(gamma, kSeluScale))
        return importActivationOf(import, node, "selu");
    importFormula(import, node,
                  fmt::format("{} * elu(x, {})", formulaNumber(gamma), formulaNumber(alpha)));
}

void importHardSigmoid(LayerImport& import, const OnnxNode& node) {
    const auto alpha = node.real("alpha", 0.2);
    const auto beta = node.real("beta", 0.5);
    if (isNear(alpha, 1.0 / 6) && isNear(beta, 0.5))
        return importActivationOf(import, node, "hard-sigmoid");
    importFormula(
        import, node,
        fmt::format("clip({} * x + {}, 0, 1)", formulaNumber(alpha), formulaNumber(beta)));
}

void importGelu(LayerImport& import, const OnnxNode& node) {
    const auto how = node.text("approximate", "none");
    if (how != "none" && how != "tanh")
        throw Error("its approximation is \"{}\"", how);
    importActivationOf(import, node, how == "tanh" ? "gelu-tanh" : "gelu");
}

void importSwish(LayerImport& import, const OnnxNode& node) {
    const auto alpha = node.real("alpha", 1);
    if (alpha == 1)
        return importActivationOf(import, node, "silu");
    importFormula(import, node, fmt::format("x * sigmoid({} * x)", formulaNumber(alpha)));
}

/// A bound from an attribute or, since operator set 11, an input.
double boundOf(LayerImport& import, const OnnxNode& node, std::string_view attribute,
               std::size_t input, double otherwise) {
    if (node.has(attribute))
        return node.real(attribute, otherwise);
    const auto* value = import.constantOrNull(node, input, "bound");
    if (!value)
        return otherwise;
    if (value->tensor->elements() != 1)
        throw Error("its bound is no single number");
    return value->numbers()[0];
}

void importClip(LayerImport& import, const OnnxNode& node) {
    constexpr double kNone = std::numeric_limits<double>::infinity();
    constexpr double kFloatMost = 3.4e38;
    auto low = boundOf(import, node, "min", 1, -kNone);
    auto high = boundOf(import, node, "max", 2, kNone);
    if (low <= -kFloatMost)
        low = -kNone;
    if (high >= kFloatMost)
        high = kNone;
    if (low == 0 && high == 6)
        return importActivationOf(import, node, "relu6");
    if (low == -1 && high == 1)
        return importActivationOf(import, node, "hard-tanh");
    if (low == 0 && high == kNone)
        return importActivationOf(import, node, "relu");
    if (low == -kNone && high == kNone) {
        import.set(node.outputs.at(0), import.data(node));
        return;
    }
    importFormula(import, node,
                  high == kNone ? fmt::format("max(x, {})", formulaNumber(low))
                  : low == -kNone
                      ? fmt::format("min(x, {})", formulaNumber(high))
                      : fmt::format("clip(x, {}, {})", formulaNumber(low), formulaNumber(high)));
}

void importFunction(LayerImport& import, const OnnxNode& node) {
    static const std::map<std::string, std::string, std::less<>> texts = {
        {"Exp", "exp(x)"},      {"Log", "log(x)"},       {"Sqrt", "sqrt(x)"}, {"Abs", "abs(x)"},
        {"Neg", "-x"},          {"Reciprocal", "1 / x"}, {"Sign", "sign(x)"}, {"Floor", "floor(x)"},
        {"Ceil", "-floor(-x)"}, {"Sin", "sin(x)"},       {"Cos", "cos(x)"},   {"Erf", "erf(x)"}};
    importFormula(import, node, texts.find(node.op)->second);
}

void importThresholded(LayerImport& import, const OnnxNode& node) {
    const auto alpha = formulaNumber(node.real("alpha", 1));
    importFormula(import, node, fmt::format("x * step(x - {})", alpha));
}

void importPrelu(LayerImport& import, const OnnxNode& node) {
    const auto& x = import.data(node);
    requireNumbers(x);
    const auto& slope = import.constant(node, 1, "slope");
    const auto there = withChannels(import, x);
    const bool isShared = slope.tensor->elements() == 1;
    const auto values = isShared ? std::optional(LayerImport::weightOf(slope).reshaped({1}))
                                 : perChannel(import, there, slope);
    if (!values)
        throw Error("its slopes have the shape {}, which is no number per channel",
                    toString(slope.shape()));
    LayerWeights weights;
    weights.emplace_back("weight", *values);
    import.set(node.outputs.at(0), import.onOwn(there, "prelu",
                                                {{ "shared",
                                                   isShared }},
                                                LayerImport::nameFor(node), std::move(weights)));
}

void importSoftmax(LayerImport& import, const OnnxNode& node) {
    const auto& x = import.data(node);
    requireNumbers(x);
    const auto rank = x.axes.size();
    const bool flattens = import.opset() < 13;
    const auto axis = axisOf(node.integer("axis", flattens ? 1 : -1), rank);
    const auto* const layer = node.op == "Softmax" ? "softmax" : "log-softmax";
    if (const auto there = import.settled(x);
        there.shape.rank() == 1 &&
        (there.axes.at(axis) == 0 || (flattens && axis == 1 && import.batchAxis(x) == 0))) {
        // Whatever axes of length 1 there are besides.
        import.set(node.outputs.at(0), import.onOwn(there, layer, {}, LayerImport::nameFor(node)));
        return;
    }
    const auto input = import.plain(x);
    // Before operator set 13 the axes from this one on were one.
    const bool isFlat = flattens && axis == 1 && import.batchAxis(x) == 0;
    const auto longest = input.shape.elements();
    // Axes of length 1 do not matter.
    const bool isAlong = x.axes[axis] >= 0 && import.lengthAt(x, axis) == longest;
    if (!isFlat && !isAlong)
        throw Error("Softmax along axis {} of {} has no layer: layers take a vector", axis,
                    toString(input.shape));
    const auto name = LayerImport::nameFor(node);
    const auto flat = import.add("flatten", {}, input, name + "_flatten");
    const auto made = import.add(layer, {}, flat, name);
    const auto back =
        import.add("reshape", {{"shape", IntTuple(input.shape.dims())}}, made, name + "_back");
    auto y = LayerImport::value(back);
    y.axes.clear();
    int own = 0;
    for (const auto which : x.axes)
        y.axes.push_back(which == kBatchAxis ? kBatchAxis : own++);
    import.set(node.outputs.at(0), y);
}

void importGeluPattern(LayerImport& import, const Pattern& pattern) {
    static const std::map<PatternKind, std::string> keys = {
        {PatternKind::Gelu, "gelu"},
        {PatternKind::GeluTanh, "gelu-tanh"},
        {PatternKind::Silu, "silu"},
        {PatternKind::HardSwish, "hard-swish"},
        {PatternKind::HardSigmoid, "hard-sigmoid"},
        {PatternKind::Mish, "mish"},
        {PatternKind::Step, "step"}};
    importActivation(import, pattern.input, pattern.nodes, *pattern.last, keys.at(pattern.kind));
}

} // namespace

void requireNumbers(const DataValue& x) {
    if (x.isWhole)
        throw Error("it computes with whole numbers; layers compute with real ones");
}

DataValue withChannels(LayerImport& import, const DataValue& given) {
    const auto x = import.settled(given);
    const auto channel = static_cast<int>(channelAxis(x.shape));
    if (x.axes.size() > 1 && x.axes[1] == channel)
        return x;
    if (x.axes.size() < 2)
        throw Error("its input has no channels");
    return channelsFirst(channelsInOrder(import, x));
}

std::string formulaNumber(double value) {
    if (!std::isfinite(value))
        throw Error("it computes with {}", value);
    return value < 0 ? fmt::format("({})", value) : fmt::format("{}", value);
}

void importActivation(LayerImport& import, const std::string& input,
                      const std::set<const OnnxNode*>& nodes, const OnnxNode& last,
                      const std::string& activation, ParamValues params) {
    const auto& x = import.data(input);
    requireNumbers(x);
    std::optional<double> slope;
    if (const auto found = params.find("slope"); found != params.end())
        slope = std::get<double>(found->second);
    const auto alpha = params.find("alpha");
    const bool isUsual = alpha == params.end() || std::get<double>(alpha->second) == 1;
    if (isUsual && import.fuseActivation(input, nodes, last, activation, slope)) {
        auto same = x;
        import.set(last.outputs.at(0), std::move(same));
        return;
    }
    import.set(last.outputs.at(0),
               import.onOwn(x, activation, std::move(params), LayerImport::nameFor(last)));
}

const Translations& elementTranslations() {
    static const Translations all = [] {
        Translations made = {{"LeakyRelu", importLeakyRelu},
                             {"Elu", importElu},
                             {"Celu", importElu},
                             {"Selu", importSelu},
                             {"HardSigmoid", importHardSigmoid},
                             {"Gelu", importGelu},
                             {"Swish", importSwish},
                             {"Clip", importClip},
                             {"PRelu", importPrelu},
                             {"ThresholdedRelu", importThresholded},
                             {"Softmax", importSoftmax},
                             {"LogSoftmax", importSoftmax}};
        for (const auto& [op, key] : plainActivations())
            made.emplace(op, importPlainActivation);
        for (const auto* op : {"Exp", "Log", "Sqrt", "Abs", "Neg", "Reciprocal", "Sign", "Floor",
                               "Ceil", "Sin", "Cos", "Erf"})
            made.emplace(op, importFunction);
        return made;
    }();
    return all;
}

PatternTranslation translationOf(PatternKind kind) {
    switch (kind) {
    case PatternKind::LayerNorm:
    case PatternKind::RmsNorm:
        return importNormPattern;
    case PatternKind::Zeros:
        return importZeros;
    case PatternKind::LocalResponseNorm:
        return importLocalResponsePattern;
    case PatternKind::Attention:
        return importAttention;
    default:
        return importGeluPattern;
    }
}

Translation translationOf(const std::string& op) {
    for (const auto* family :
         {&windowTranslations(), &denseTranslations(), &elementTranslations(), &mergeTranslations(),
          &normalizationTranslations(), &shapeTranslations(), &sequenceTranslations()})
        if (const auto found = family->find(op); found != family->end())
            return found->second;
    return nullptr;
}

} // namespace gradwright
