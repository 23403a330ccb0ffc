// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/exchange/keras/keras_import.h"
#include "engine/support/error.h"
#include "engine/support/json.h"

#include <algorithm>
#include <array>
#include <cstring>

namespace gradwright {
namespace {

struct CellForm {
    const char* kind; ///< of Keras
    const char* layer;
    std::int64_t gates;
};

constexpr std::array kCellForms = {CellForm{"SimpleRNN", "simple-rnn", 1},
                                   CellForm{"LSTM", "lstm", 4}, CellForm{"GRU", "gru", 3}};

const CellForm& cellFormOf(std::string_view kind) {
    const auto found = std::ranges::find(kCellForms, kind, &CellForm::kind);
    if (found == kCellForms.end())
        throw Error("it runs {} in both directions, and only SimpleRNN, LSTM and GRU can be opened",
                    kind);
    return *found;
}

/// Throws Error for what the layer of ours does in another way.
void requireUsual(const KerasSettings& settings, const CellForm& form) {
    const auto requireText = [&](std::string_view key, std::string_view wanted) {
        if (const auto text = settings.text(key, wanted); text != wanted)
            throw Error("its {} is {}, and should be {}", key, text, wanted);
    };
    if (form.gates > 1) {
        requireText("activation", "tanh");
        requireText("recurrent_activation", "sigmoid");
    }
    if (form.layer == std::string_view("gru") && !settings.boolean("reset_after", true))
        throw Error("it resets the state before the product (reset_after=False)");
    for (const auto* key : {"return_state", "stateful"})
        if (settings.boolean(key, false))
            throw Error("its {} is true", key);
}

/// Rows of blocks in another order: Keras's GRU has z, r, h, and ours r, z, n.
Tensor gatesInOrder(Tensor rows, const CellForm& form) {
    if (form.layer != std::string_view("gru"))
        return rows;
    const auto block = rows.bytes().size() / 3;
    Tensor first(rows);
    std::memcpy(rows.bytes().data(), first.bytes().data() + block, block);
    std::memcpy(rows.bytes().data() + block, first.bytes().data(), block);
    return rows;
}

/// The weights of one direction; `path` leads to its cell.
void addDirection(KerasLayers& layers, const KerasUse& use, const CellForm& form,
                  const std::string& path, std::int64_t units, bool bias, const std::string& suffix,
                  LayerWeights& weights) {
    const auto inputs = use.input().shape[1];
    const auto rows = form.gates * units;
    weights.emplace_back(
        "weight_ih_l0" + suffix,
        gatesInOrder(axesMoved(layers.array(use, path + "/vars/0", {inputs, rows}), {1, 0}), form));
    weights.emplace_back(
        "weight_hh_l0" + suffix,
        gatesInOrder(axesMoved(layers.array(use, path + "/vars/1", {units, rows}), {1, 0}), form));
    if (!bias)
        return;
    Tensor ofInput;
    Tensor ofState(DType::F32, Shape{rows});
    if (form.layer == std::string_view("gru")) {
        const auto both = layers.array(use, path + "/vars/2", {2, rows});
        const auto size = both.bytes().size() / 2;
        ofInput = Tensor(DType::F32, Shape{rows});
        std::memcpy(ofInput.bytes().data(), both.bytes().data(), size);
        std::memcpy(ofState.bytes().data(), both.bytes().data() + size, size);
    } else {
        ofInput = layers.array(use, path + "/vars/2", {rows});
    }
    weights.emplace_back("bias_ih_l0" + suffix, gatesInOrder(std::move(ofInput), form));
    weights.emplace_back("bias_hh_l0" + suffix, gatesInOrder(std::move(ofState), form));
}

ParamValues paramsOfCell(const KerasSettings& settings, const CellForm& form) {
    ParamValues params = {{"units", settings.integer("units")},
                          {"sequences", settings.boolean("return_sequences", false)},
                          {"bias", settings.boolean("use_bias", true)}};
    if (form.gates > 1)
        return params;
    const auto function = settings.text("activation", "tanh");
    if (function != "tanh" && function != "relu")
        throw Error("its activation is {}, and should be tanh or relu", function);
    params["function"] = function;
    return params;
}

void requireSequence(const KerasUse& use) {
    if (use.input().shape.rank() != 2)
        throw Error("its input is {}, and should be a sequence", toString(use.input().shape));
}

KerasValue makeRecurrent(KerasLayers& layers, const KerasUse& use) {
    const auto& settings = use.settings();
    const auto& form = cellFormOf(use.layer.kind);
    requireSequence(use);
    requireUsual(settings, form);
    if (settings.boolean("go_backwards", false))
        throw Error("it reads from the end to the beginning alone");
    LayerWeights weights;
    addDirection(layers, use, form, "cell", settings.integer("units"),
                 settings.boolean("use_bias", true), {}, weights);
    return layers.add(use, form.layer, paramsOfCell(settings, form), use.input(),
                      std::move(weights));
}

KerasValue makeBidirectional(KerasLayers& layers, const KerasUse& use) {
    const auto settings = use.settings().inner("layer");
    const auto& form = cellFormOf(use.settings().innerKind("layer"));
    requireSequence(use);
    requireUsual(settings, form);
    if (use.settings().text("merge_mode", "concat") != "concat")
        throw Error("it merges its directions by {}, and should put them side by side",
                    use.settings().text("merge_mode", "concat"));
    if (settings.boolean("go_backwards", false))
        throw Error("its first direction reads from the end");
    LayerWeights weights;
    const auto units = settings.integer("units");
    const bool bias = settings.boolean("use_bias", true);
    addDirection(layers, use, form, "forward_layer/cell", units, bias, {}, weights);
    addDirection(layers, use, form, "backward_layer/cell", units, bias, "_reverse", weights);
    auto params = paramsOfCell(settings, form);
    params["bidirectional"] = true;
    return layers.add(use, form.layer, std::move(params), use.input(), std::move(weights));
}

/// Three tensors of as many elements one after the other along the first axis.
Tensor inOneArray(const std::array<Tensor, 3>& parts) {
    auto shape = parts[0].shape();
    shape[0] *= 3;
    Tensor joined(DType::F32, shape);
    auto* at = joined.bytes().data();
    for (const auto& part : parts) {
        std::memcpy(at, part.bytes().data(), part.bytes().size());
        at += part.bytes().size();
    }
    return joined;
}

KerasValue makeSelfAttention(KerasLayers& layers, const KerasUse& use) {
    const auto& settings = use.settings();
    bool isCausal = false;
    for (const auto& argument : use.call) {
        if (argument.name == "use_causal_mask" && argument.constant &&
            argument.constant->is_boolean())
            isCausal = argument.constant->get<bool>();
        else if (argument.name.find("mask") != std::string::npos && !argument.tensors.empty())
            throw Error("it is given a mask");
        else if (argument.name == "return_attention_scores" && argument.constant &&
                 *argument.constant == true)
            throw Error("it returns its scores");
    }
    const auto& x = use.inputs.at(0);
    for (const auto& other : use.inputs)
        if (other.port != x.port)
            throw Error("it attends to another sequence than its own");
    if (x.shape.rank() != 2)
        throw Error("its input is {}, and should be a sequence", toString(x.shape));
    const auto heads = settings.integer("num_heads");
    const auto each = settings.integer("key_dim");
    const auto features = x.shape[1];
    if (heads < 1 || each < 1 || features / heads != each || features % heads != 0 ||
        settings.integer("value_dim", each) != each || settings.has("output_shape"))
        throw Error("its {} heads have {} numbers each, and should divide the {} features", heads,
                    each, features);
    if (settings.boolean("use_gate", false) || settings.has("sliding_window"))
        throw Error("it has a gate or a sliding window");
    const bool bias = settings.boolean("use_bias", true);
    std::array<Tensor, 3> kernels;
    std::array<Tensor, 3> biases;
    constexpr std::array names = {"query_dense", "key_dense", "value_dense"};
    for (std::size_t i = 0; i < names.size(); ++i) {
        const auto path = fmt::format("{}/vars/", names[i]);
        kernels[i] = axesMoved(layers.array(use, path + "0", {features, heads, each})
                                   .reshaped(Shape{features, features}),
                               {1, 0});
        if (bias)
            biases[i] = layers.array(use, path + "1", {heads, each}).reshaped(Shape{features});
    }
    LayerWeights weights = {
        {"in_proj_weight", inOneArray(kernels)},
        {"out_proj.weight",
         axesMoved(layers.array(use, "output_dense/vars/0", {heads, each, features})
                       .reshaped(Shape{features, features}),
                   {1, 0})}};
    if (bias) {
        weights.emplace_back("in_proj_bias", inOneArray(biases));
        weights.emplace_back("out_proj.bias", layers.array(use, "output_dense/vars/1", {features}));
    }
    return layers.add(use, "multi-head-self-attention",
                      {{"heads", heads}, {"causal", isCausal}, {"bias", bias}}, x,
                      std::move(weights));
}

} // namespace

const KerasTranslations& kerasSequenceTranslations() {
    static const KerasTranslations all = {{"SimpleRNN", makeRecurrent},
                                          {"LSTM", makeRecurrent},
                                          {"GRU", makeRecurrent},
                                          {"Bidirectional", makeBidirectional},
                                          {"MultiHeadAttention", makeSelfAttention}};
    return all;
}

} // namespace gradwright
