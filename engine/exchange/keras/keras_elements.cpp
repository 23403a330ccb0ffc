// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/exchange/keras/keras_import.h"
#include "engine/layers/catalog.h"
#include "engine/support/error.h"
#include "engine/support/json.h"

namespace gradwright {
namespace {

/// A layer that does the same to each element, wherever it lies.
KerasValue onElements(KerasLayers& layers, const KerasUse& use, const std::string& layer,
                      ParamValues params) {
    auto made = layers.add(use, layer, std::move(params), use.input());
    made.laidOut = use.input().laidOut;
    return made;
}

KerasValue byFormula(KerasLayers& layers, const KerasUse& use, const std::string& formula) {
    return onElements(layers, use, "formula",
                      {{"formula", formula}, {"parameters", std::string()}});
}

KerasValue makeActivation(KerasLayers& layers, const KerasUse& use) {
    auto activation = kerasActivation(use);
    if (activation.layer == "identity")
        return use.input();
    return onElements(layers, use, activation.layer, std::move(activation.params));
}

KerasValue makeRelu(KerasLayers& layers, const KerasUse& use) {
    const auto slope = use.settings().real("negative_slope", 0);
    if (use.settings().real("threshold", 0) != 0)
        throw Error("its threshold is {}", use.settings().real("threshold"));
    if (!use.settings().has("max_value"))
        return slope == 0 ? onElements(layers, use, "relu", {})
                          : onElements(layers, use, "leaky-relu", {{"slope", slope}});
    const auto most = use.settings().real("max_value");
    if (slope == 0 && most == 6)
        return onElements(layers, use, "relu6", {});
    return byFormula(layers, use,
                     slope == 0 ? fmt::format("clip(x, 0, {})", formulaNumber(most))
                                : fmt::format("min(leaky_relu(x, {}), {})", formulaNumber(slope),
                                              formulaNumber(most)));
}

KerasValue makeLeakyRelu(KerasLayers& layers, const KerasUse& use) {
    return onElements(
        layers, use, "leaky-relu",
        {{"slope", use.settings().real("negative_slope", use.settings().real("alpha", 0.3))}});
}

KerasValue makeElu(KerasLayers& layers, const KerasUse& use) {
    return onElements(layers, use, "elu", {{"alpha", use.settings().real("alpha", 1)}});
}

KerasValue makeSoftmax(KerasLayers& layers, const KerasUse& use) {
    if (use.settings().has("axis") && use.settings().at("axis").is_array())
        throw Error("its axes are {}", dumpExcerpt(use.settings().at("axis")));
    const auto axis = use.settings().integer("axis", -1);
    if (axis != -1 && axis != static_cast<std::int64_t>(use.input().shape.rank()))
        throw Error("its axis is {}", axis);
    return onElements(layers, use, "softmax", {});
}

/// One slope for each channel or for all.
KerasValue makePrelu(KerasLayers& layers, const KerasUse& use) {
    const auto x = layers.inOrder(use, use.input());
    auto shape = kerasShape(x.shape);
    if (use.settings().has("shared_axes"))
        for (const auto axis : use.settings().integers("shared_axes")) {
            if (axis < 1 || axis > static_cast<std::int64_t>(shape.size()))
                throw Error("it shares its slopes along an axis that is not there, {}", axis);
            shape[static_cast<std::size_t>(axis - 1)] = 1;
        }
    const Shape slopes(shape);
    if (slopes.elements() != 1 && slopes.elements() != shape.back())
        throw Error("it has slopes for {}, and one for each channel or for all can be had",
                    toString(slopes));
    return layers.add(
        use, "prelu", {{"shared", slopes.elements() == 1}}, x,
        {{"weight", layers.array(use, "vars/0", shape).reshaped(Shape{slopes.elements()})}});
}

KerasValue makeDropout(KerasLayers& layers, const KerasUse& use) {
    if (use.layer.kind != "Dropout")
        layers.note(
            fmt::format("{} has become Dropout; at inference both do nothing.", use.layer.kind));
    return onElements(layers, use, "dropout", {{"rate", use.settings().real("rate")}});
}

KerasValue makeSpatialDropout(KerasLayers& layers, const KerasUse& use) {
    return layers.add(use, "spatial-dropout", {{"rate", use.settings().real("rate")}}, use.input());
}

KerasValue makeNoise(KerasLayers& layers, const KerasUse& use) {
    return onElements(layers, use, "gaussian-noise",
                      {{"deviation", use.settings().real("stddev")}});
}

/// What does something only in training, which has settings of its own here.
KerasValue passOn(KerasLayers& layers, const KerasUse& use) {
    if (use.layer.kind != "Identity")
        layers.note(fmt::format("{} is left out: it does nothing at inference{}.", use.layer.kind,
                                use.layer.kind.starts_with("Random")
                                    ? ", and the data's augmentation does it in training"
                                    : ""));
    return use.input();
}

/// x · scale + offset; for each channel a convolution of one pixel would be needed.
KerasValue makeRescaling(KerasLayers& layers, const KerasUse& use) {
    const auto scale = use.settings().reals("scale");
    const auto offset =
        use.settings().has("offset") ? use.settings().reals("offset") : std::vector<double>{0.0};
    if (scale.size() != 1 || offset.size() != 1)
        throw Error("it scales each channel by a number of its own");
    auto formula =
        scale[0] == 1 ? std::string("x") : fmt::format("x * {}", formulaNumber(scale[0]));
    if (offset[0] != 0)
        formula += fmt::format(" + {}", formulaNumber(offset[0]));
    return byFormula(layers, use, formula);
}

// keras.ops

/// A call of two: the operands as a formula has them, and the tensors among them.
std::pair<std::string, std::string> operandsOf(const KerasUse& use) {
    std::vector<std::string> texts;
    constexpr const char* kNames = "xy";
    std::size_t tensors = 0;
    for (const auto& argument : use.call)
        if (argument.tensors.size() == 1 && tensors < 2)
            texts.emplace_back(1, kNames[tensors++]);
        else if (argument.constant && argument.constant->is_number())
            texts.push_back(formulaNumber(argument.constant->get<double>()));
        else
            throw Error("an operand of it is {}", argument.constant
                                                      ? dumpExcerpt(*argument.constant)
                                                      : std::string("a list"));
    if (texts.size() != 2 || tensors == 0)
        throw Error("it has {} operands, and takes two", texts.size());
    return {texts[0], texts[1]};
}

template <char sign>
KerasValue makeArithmetic(KerasLayers& layers, const KerasUse& use) {
    const auto [a, b] = operandsOf(use);
    if (use.inputs.size() == 1)
        return byFormula(layers, use, fmt::format("{} {} {}", a, sign, b));
    std::vector<KerasValue> inputs;
    for (const auto& each : use.inputs)
        inputs.push_back(layers.inOrder(use, each));
    if (inputs[0].shape.rank() != inputs[1].shape.rank())
        throw Error("its operands are {} and {}", toString(inputs[0].shape),
                    toString(inputs[1].shape));
    if (sign == '+' && inputs[0].shape == inputs[1].shape)
        return layers.add(use, "add", {}, inputs);
    if (sign == '*' || sign == '-')
        return layers.add(use, sign == '*' ? "multiply" : "subtract", {}, inputs);
    return layers.add(use, "formula",
                      {{"formula", fmt::format("x {} y", sign)}, {"parameters", std::string()}},
                      inputs);
}

/// A function of one argument, by Keras's name in lower case.
KerasValue makeFunction(KerasLayers& layers, const KerasUse& use) {
    for (const auto& argument : use.call)
        if (argument.constant && !argument.constant->is_null())
            throw Error("its argument {} is {}", argument.name, dumpExcerpt(*argument.constant));
    auto activation = kerasActivation(kerasSnakeCase(use.layer.kind));
    return onElements(layers, use, activation.layer, std::move(activation.params));
}

KerasActivation formulaActivation(const std::string& formula) {
    return {"formula", {{"formula", formula}, {"parameters", std::string()}}, false};
}

} // namespace

KerasActivation kerasActivation(const std::string& name) {
    static const std::map<std::string, std::string, std::less<>> same = {
        {"linear", "identity"},
        {"relu", "relu"},
        {"relu6", "relu6"},
        {"elu", "elu"},
        {"selu", "selu"},
        {"celu", "celu"},
        {"gelu", "gelu"},
        {"silu", "silu"},
        {"swish", "silu"},
        {"mish", "mish"},
        {"hard_silu", "hard-swish"},
        {"hard_swish", "hard-swish"},
        {"softplus", "softplus"},
        {"sigmoid", "sigmoid"},
        {"hard_sigmoid", "hard-sigmoid"},
        {"tanh", "tanh"},
        {"hard_tanh", "hard-tanh"},
        {"softsign", "softsign"}};
    static const std::map<std::string, std::string, std::less<>> formulas = {
        {"exponential", "exp(x)"},
        {"exp", "exp(x)"},
        {"log", "log(x)"},
        {"sqrt", "sqrt(x)"},
        {"absolute", "abs(x)"},
        {"square", "x * x"},
        {"negative", "-x"},
        {"sin", "sin(x)"},
        {"cos", "cos(x)"},
        {"log_sigmoid", "-softplus(-x)"},
        {"tanh_shrink", "x - tanh(x)"}};
    if (const auto found = same.find(name); found != same.end())
        return {found->second, {}, true};
    if (name == "leaky_relu")
        return {"leaky-relu", {{"slope", 0.2}}, true}; // the function's default, not the layer's
    if (name == "softmax")
        return {"softmax", {}, false};
    if (name == "log_softmax")
        return {"log-softmax", {}, false};
    if (const auto found = formulas.find(name); found != formulas.end())
        return formulaActivation(found->second);
    throw Error("no layer computes the activation \"{}\"", excerpt(name));
}

KerasActivation kerasActivation(const KerasUse& use, std::string_view key) {
    if (use.settings().has(key) && use.settings().at(key).is_object())
        throw Error("its {} is of a class of its own, {}", key,
                    dumpExcerpt(use.settings().at(key)));
    return kerasActivation(use.settings().text(key, "linear"));
}

KerasValue addActivated(KerasLayers& layers, const KerasUse& use, const std::string& key,
                        ParamValues params, const KerasValue& input, LayerWeights weights) {
    auto activation = kerasActivation(use);
    if (activation.isFused && activation.layer != "identity") {
        params["activation"] = activation.layer;
        if (activation.params.contains("slope"))
            params["slope"] = activation.params["slope"];
    }
    const auto made = layers.add(use, key, std::move(params), input, std::move(weights));
    if (activation.isFused)
        return made;
    const KerasUse behind{use.layer, use.call, {made}, use.name + "_" + activation.layer};
    return onElements(layers, behind, activation.layer, std::move(activation.params));
}

const KerasTranslations& kerasElementTranslations() {
    static const KerasTranslations all = {{"Activation", makeActivation},
                                          {"ReLU", makeRelu},
                                          {"LeakyReLU", makeLeakyRelu},
                                          {"ELU", makeElu},
                                          {"PReLU", makePrelu},
                                          {"Softmax", makeSoftmax},
                                          {"Dropout", makeDropout},
                                          {"AlphaDropout", makeDropout},
                                          {"GaussianDropout", makeDropout},
                                          {"SpatialDropout1D", makeSpatialDropout},
                                          {"SpatialDropout2D", makeSpatialDropout},
                                          {"SpatialDropout3D", makeSpatialDropout},
                                          {"GaussianNoise", makeNoise},
                                          {"ActivityRegularization", passOn},
                                          {"Identity", passOn},
                                          {"RandomFlip", passOn},
                                          {"RandomRotation", passOn},
                                          {"RandomZoom", passOn},
                                          {"RandomTranslation", passOn},
                                          {"RandomContrast", passOn},
                                          {"RandomBrightness", passOn},
                                          {"Rescaling", makeRescaling}};
    return all;
}

const KerasTranslations& kerasOperationTranslations() {
    static const KerasTranslations all = [] {
        KerasTranslations made = {{"Add", makeArithmetic<'+'>},
                                  {"Subtract", makeArithmetic<'-'>},
                                  {"Multiply", makeArithmetic<'*'>},
                                  {"TrueDivide", makeArithmetic<'/'>},
                                  {"Divide", makeArithmetic<'/'>}};
        for (const auto* name :
             {"Relu", "Relu6", "Sigmoid", "Tanh", "Silu", "Selu", "Softplus", "Softsign", "Exp",
              "Log", "Sqrt", "Absolute", "Square", "Negative", "Sin", "Cos", "Mish"})
            made.emplace(name, makeFunction);
        return made;
    }();
    return all;
}

} // namespace gradwright
