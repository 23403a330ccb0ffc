// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/engine/exchange/foreign_models.h"

#include <cmath>
#include <numbers>

namespace gradwright::test {
namespace {

/// The evaluator wants what has a default in writing.
void setWindow(ModelBuilder& b, const std::vector<std::int64_t>& kernel,
               const std::vector<std::int64_t>& pads) {
    const std::vector<std::int64_t> ones(kernel.size(), 1);
    b.set("kernel_shape", kernel)
        .set("pads", pads)
        .set("strides", ones)
        .set("dilations", ones)
        .set("group", std::int64_t{1});
}

std::string erfGelu(ModelBuilder& b, const std::string& x) {
    const auto scaled = b.node("Div", {x, b.number(std::numbers::sqrt2_v<float>)});
    const auto sum = b.node("Add", {b.node("Erf", {scaled}), b.number(1)});
    return b.node("Mul", {b.node("Mul", {x, sum}), b.number(0.5F)});
}

std::string layerNorm(ModelBuilder& b, const std::string& x) {
    const auto mean = b.node("ReduceMean", {x});
    b.set("axes", std::vector<std::int64_t>{-1});
    const auto centred = b.node("Sub", {x, mean});
    const auto variance = b.node("ReduceMean", {b.node("Pow", {centred, b.number(2)})});
    b.set("axes", std::vector<std::int64_t>{-1});
    const auto root = b.node("Sqrt", {b.node("Add", {variance, b.number(1e-5F)})});
    const auto y = b.node("Mul", {b.node("Div", {centred, root}), b.random({6})});
    return b.node("Add", {y, b.random({6})});
}

std::string recurrent(ModelBuilder& b, const std::string& op, std::int64_t gates,
                      std::int64_t directions, const std::string& direction, const std::string& x) {
    const std::int64_t units = 3;
    auto y = b.node(op,
                    {x, b.random({directions, gates * units, 4}),
                     b.random({directions, gates * units, units}),
                     b.random({directions, 2 * gates * units})},
                    {}, 2);
    b.set("hidden_size", units).set("direction", direction);
    if (op == "GRU")
        b.set("linear_before_reset", std::int64_t{1});
    return y;
}

std::vector<ForeignCase> activationCases() {
    return {
        {"GELU by Erf",
         {{"gelu", 1}},
         [](ModelBuilder& b) { return erfGelu(b, b.input("x", {7})); }},
        {"GELU with the half in front",
         {{"gelu", 1}},
         [](ModelBuilder& b) {
             const auto x = b.input("x", {7});
             const auto half = b.node("Mul", {x, b.number(0.5F)});
             const auto erf =
                 b.node("Erf", {b.node("Mul", {x, b.number(std::numbers::sqrt2_v<float> / 2)})});
             return b.node("Mul", {half, b.node("Add", {erf, b.number(1)})});
         }},
        {"GELU by Tanh",
         {{"gelu-tanh", 1}},
         [](ModelBuilder& b) {
             const auto x = b.input("x", {7});
             const auto cube =
                 b.node("Mul", {b.node("Pow", {x, b.number(3)}), b.number(0.044715F)});
             const auto inner = b.node("Mul", {b.node("Add", {x, cube}), b.number(0.7978846F)});
             const auto sum = b.node("Add", {b.node("Tanh", {inner}), b.number(1)});
             return b.node("Mul", {b.node("Mul", {x, b.number(0.5F)}), sum});
         }},
        {"SiLU",
         {{"silu", 1}},
         [](ModelBuilder& b) {
             const auto x = b.input("x", {7});
             return b.node("Mul", {b.node("Sigmoid", {x}), x});
         }},
        {"hard swish by Clip",
         {{"hard-swish", 1}},
         [](ModelBuilder& b) {
             const auto x = b.input("x", {7});
             const auto gate =
                 b.node("Clip", {b.node("Add", {x, b.number(3)}), b.number(0), b.number(6)});
             return b.node("Div", {b.node("Mul", {x, gate}), b.number(6)});
         }},
        {"hard sigmoid with other numbers",
         {{"formula", 1}},
         [](ModelBuilder& b) { return b.node("HardSigmoid", {b.input("x", {7})}); }},
        {"a SELU with other numbers",
         {{"formula", 1}},
         [](ModelBuilder& b) {
             auto y = b.node("Selu", {b.input("x", {7})});
             b.set("alpha", 1.5).set("gamma", 0.9);
             return y;
         }},
        {"Clip to any bounds",
         {{"formula", 1}},
         [](ModelBuilder& b) {
             return b.node("Clip", {b.input("x", {7}), b.number(-0.5F), b.number(0.75F)});
         }},
        {"functions",
         {{"formula", 5}},
         [](ModelBuilder& b) {
             auto x = b.node("Abs", {b.input("x", {2, 3, 3})});
             x = b.node("Sqrt", {b.node("Exp", {b.node("Neg", {x})})});
             return b.node("Ceil", {x});
         }},
        {"functions of constants alone",
         {{"formula", 1}},
         [](ModelBuilder& b) {
             const auto c = b.floats({3}, {-0.75F, 0.25F, 1.5F});
             auto sum = b.node("Clip", {c, b.number(0), b.number(1)});
             for (const auto* op : {"Relu", "LeakyRelu", "Elu", "Selu", "Celu", "HardSigmoid",
                                    "HardSwish", "Softsign", "Softplus", "Sign", "Tanh", "Erf"})
                 sum = b.node("Add", {sum, b.node(op, {c})});
             return b.node("Mul", {b.input("x", {3}), sum});
         }},
        {"a softmax of one long axis",
         {{"flatten", 1}, {"softmax", 1}, {"reshape", 1}},
         [](ModelBuilder& b) {
             auto y = b.node("Softmax", {b.input("x", {5, 1, 1})});
             b.set("axis", std::int64_t{1});
             return y;
         }},
    };
}

std::vector<ForeignCase> productCases() {
    return {
        {"Gemm with factors, not transposed",
         {{"dense", 1}},
         [](ModelBuilder& b) {
             auto y = b.node("Gemm", {b.input("x", {5}), b.random({5, 3}), b.random({1, 3})});
             b.set("alpha", 0.5).set("beta", 2.0);
             return y;
         }},
        {"a matrix from the left",
         {{"dense", 1}, {"permute", 2}},
         [](ModelBuilder& b) {
             return b.node("MatMul", {b.random({3, 5}), b.input("x", {5, 4})});
         }},
        {"a product of an image's rows",
         {{"dense", 1}, {"reshape", 2}},
         [](ModelBuilder& b) {
             return b.node("MatMul", {b.input("x", {2, 3, 5}), b.random({5, 4})});
         }},
        {"a convolution whose bias is added",
         {{"conv2d", 1}, {"relu", 1}},
         [](ModelBuilder& b) {
             const auto y = convolution(b, b.input("x", {2, 5, 5}), 4, 2, false);
             return b.node("Relu", {b.node("Add", {y, b.random({1, 4, 1, 1})})});
         }},
        {"a convolution over time, channels first",
         {{"conv1d", 1}, {"permute", 2}, {"relu", 1}, {"batch-norm", 1}, {"max-pool1d", 1}},
         [](ModelBuilder& b) {
             auto y = b.node("Conv", {b.input("x", {4, 9}), b.random({3, 4, 3}), b.random({3})});
             setWindow(b, {3}, {0, 0});
             y = b.node("Relu", {y});
             y = b.node("BatchNormalization", {y, b.random({3}), b.random({3}), b.random({3}),
                                               b.floats({3}, {0.5F, 1, 2})});
             y = b.node("MaxPool", {y});
             b.set("kernel_shape", std::vector<std::int64_t>{2})
                 .set("pads", std::vector<std::int64_t>{0, 0})
                 .set("strides", std::vector<std::int64_t>{2});
             return y;
         }},
        {"means over positions",
         {{"global-average-pool", 1}, {"dense", 1}},
         [](ModelBuilder& b) {
             auto y = b.node("ReduceMean", {b.input("x", {3, 4, 5})});
             b.set("axes", std::vector<std::int64_t>{2, 3}).set("keepdims", std::int64_t{0});
             return b.node("MatMul", {y, b.random({3, 2})});
         }},
        {"a softmax of pooled channels",
         {{"global-average-pool", 1}, {"softmax", 1}},
         [](ModelBuilder& b) {
             const auto y =
                 b.node("Softmax", {b.node("GlobalAveragePool", {b.input("x", {3, 4, 4})})});
             b.set("axis", std::int64_t{1});
             return b.node("Squeeze", {y, b.integers({2, 3})});
         }},
        {"squeeze and excite",
         {{"conv2d", 2},
          {"global-average-pool", 1},
          {"reshape", 1},
          {"multiply", 1},
          {"hard-sigmoid", 1}},
         [](ModelBuilder& b) {
             const auto x = convolution(b, b.input("x", {2, 4, 4}), 3, 2);
             auto y = b.node("GlobalAveragePool", {x});
             y = b.node("Conv", {y, b.random({3, 3, 1, 1}), b.random({3})});
             setWindow(b, {1, 1}, {0, 0, 0, 0});
             y = b.node("HardSigmoid", {y});
             b.set("alpha", 1.0 / 6);
             return b.node("Mul", {x, y});
         }},
    };
}

std::vector<ForeignCase> shapeCasesOfOthers() {
    return {
        {"x.view(x.size(0), -1)",
         {{"flatten", 1}, {"dense", 1}},
         [](ModelBuilder& b) {
             const auto x = b.input("x", {2, 3, 4});
             const auto batch = b.node("Gather", {b.node("Shape", {x}), b.scalar(0)});
             const auto shape = b.node(
                 "Concat", {b.node("Unsqueeze", {batch, b.integers({0})}), b.integers({-1})});
             b.set("axis", std::int64_t{0});
             return b.node("MatMul", {b.node("Reshape", {x, shape}), b.random({24, 2})});
         }},
        {"channels shuffled",
         {{"reshape", 2}, {"permute", 1}},
         [](ModelBuilder& b) {
             auto y = b.node("Reshape", {b.input("x", {6, 3, 2}), b.integers({0, 2, 3, 3, 2})});
             y = turned(b, y, {0, 2, 1, 3, 4});
             return b.node("Reshape", {y, b.integers({-1, 6, 3, 2})});
         }},
        {"axes that come and go",
         {{"relu", 1}},
         [](ModelBuilder& b) {
             auto y = b.node("Unsqueeze", {b.input("x", {3, 4}), b.integers({1})});
             y = b.node("Relu", {turned(b, y, {0, 2, 1, 3})});
             y = b.node("Squeeze", {y, b.integers({2})});
             return y;
         }},
        {"channels last at the input",
         {{"permute", 1}, {"conv2d", 1}},
         [](ModelBuilder& b) {
             return convolution(b, turned(b, b.input("x", {5, 5, 2}), {0, 3, 1, 2}), 4, 2);
         }},
        {"pixels scaled per channel",
         {{"formula", 2}, {"conv2d", 1}},
         [](ModelBuilder& b) {
             auto y = b.node("Sub", {b.input("x", {2, 5, 5}), b.random({1, 2, 1, 1})});
             y = b.node("Mul", {y, b.random({2, 1, 1})});
             return convolution(b, y, 4, 2);
         }},
        {"an axis scaled that is not the channels",
         {{"formula", 1}, {"permute", 2}},
         [](ModelBuilder& b) {
             return b.node("Mul", {b.input("x", {2, 5, 4}), b.random({4})});
         }},
        {"a sum and a quotient of several shapes",
         {{"formula", 2}, {"sigmoid", 1}, {"global-average-pool", 1}},
         [](ModelBuilder& b) {
             const auto x = b.input("x", {3, 4, 4});
             const auto y = b.node("Sigmoid", {b.node("GlobalAveragePool", {x})});
             return b.node("Div", {b.node("Add", {x, y}), y});
         }},
        {"one channel and numbers for several",
         {{"conv2d", 2}, {"multiply", 1}},
         [](ModelBuilder& b) {
             const auto x = b.input("x", {1, 3, 4});
             const auto y = b.node("Sub", {b.random({2, 1, 1}), x});
             return b.node("Mul", {y, b.node("Div", {x, b.random({1, 2, 1, 1})})});
         }},
        {"elements of an axis",
         {{"slice", 2}, {"flatten", 1}},
         [](ModelBuilder& b) {
             const auto x = b.input("x", {5, 6});
             const auto y = b.node("Gather", {x, b.integers({1, 3, 5})});
             b.set("axis", std::int64_t{2});
             const auto z = b.node("Gather", {y, b.scalar(-1)});
             b.set("axis", std::int64_t{1});
             return z;
         }},
        {"sequences padded",
         {{"reshape", 2}, {"pad", 1}},
         [](ModelBuilder& b) {
             return b.node("Pad", {b.input("x", {4, 3}), b.integers({0, 2, 0, 0, 1, 0})});
         }},
        {"pieces of several sizes joined again",
         {{"split", 1}, {"relu", 1}, {"concatenate", 1}},
         [](ModelBuilder& b) {
             const auto x = b.input("x", {6, 3, 3});
             const auto first = b.node("Split", {x, b.integers({1, 2, 3})}, {}, 3);
             b.set("axis", std::int64_t{1});
             const auto y = b.node("Relu", {first + ".2"});
             const auto z = b.node("Concat", {first + ".3", y, first});
             b.set("axis", std::int64_t{1});
             return z;
         }},
    };
}

std::vector<ForeignCase> sequenceCasesOfOthers() {
    return {
        {"layer norm written out",
         {{"layer-norm", 1}},
         [](ModelBuilder& b) {
             return layerNorm(b, b.input("x", {4, 6}));
         }},
        {"an LSTM of batches first",
         {{"lstm", 1}},
         [](ModelBuilder& b) {
             const auto x = turned(b, b.input("x", {5, 4}), {1, 0, 2});
             const auto y = recurrent(b, "LSTM", 4, 1, "forward", x);
             return turned(b, b.node("Squeeze", {y, b.integers({1})}), {1, 0, 2});
         }},
        {"the last state of an LSTM",
         {{"lstm", 1}, {"dense", 1}},
         [](ModelBuilder& b) {
             const auto x = turned(b, b.input("x", {5, 4}), {1, 0, 2});
             const auto y = recurrent(b, "LSTM", 4, 1, "forward", x);
             const auto last = b.node("Squeeze", {y + ".2", b.integers({0})});
             return b.node("MatMul", {last, b.random({3, 2})});
         }},
        {"all states of a GRU and the last",
         {{"gru", 1}, {"slice", 1}, {"flatten", 1}, {"relu", 1}, {"multiply", 1}},
         [](ModelBuilder& b) {
             const auto x = turned(b, b.input("x", {5, 4}), {1, 0, 2});
             const auto y = recurrent(b, "GRU", 3, 1, "forward", x);
             const auto all =
                 b.node("Relu", {turned(b, b.node("Squeeze", {y, b.integers({1})}), {1, 0, 2})});
             const auto last = turned(b, y + ".2", {1, 0, 2});
             return b.node("Mul", {all, last});
         }},
        {"an RNN that runs backwards",
         {{"simple-rnn", 1}, {"slice", 2}},
         [](ModelBuilder& b) {
             const auto x = turned(b, b.input("x", {5, 4}), {1, 0, 2});
             const auto y = recurrent(b, "RNN", 1, 1, "reverse", x);
             return turned(b, b.node("Squeeze", {y, b.integers({1})}), {1, 0, 2});
         }},
        {"a bidirectional LSTM as PyTorch writes it",
         {{"lstm", 1}},
         [](ModelBuilder& b) {
             const auto x = turned(b, b.input("x", {5, 4}), {1, 0, 2});
             auto y = turned(b, recurrent(b, "LSTM", 4, 2, "bidirectional", x), {0, 2, 1, 3});
             y = b.node("Reshape", {y, b.integers({0, 0, -1})});
             return turned(b, y, {1, 0, 2});
         }},
        {"one direction of two",
         {{"gru", 1}, {"slice", 1}},
         [](ModelBuilder& b) {
             const auto x = turned(b, b.input("x", {5, 4}), {1, 0, 2});
             const auto y = recurrent(b, "GRU", 3, 2, "bidirectional", x);
             const auto one = b.node("Gather", {y, b.scalar(1)});
             b.set("axis", std::int64_t{1});
             return turned(b, one, {1, 0, 2});
         }},
        {"an embedding of whole numbers",
         {{"embedding", 1}},
         [](ModelBuilder& b) {
             return b.node("Gather", {b.random({5, 3}), b.input("x", {4}, 7)});
         }},
        {"positions added",
         {{"positional-encoding", 1}},
         [](ModelBuilder& b) {
             return b.node("Add", {b.input("x", {4, 3}), b.random({1, 4, 3})});
         }},
        {"positions repeated for each sample",
         {{"positional-encoding", 1}},
         [](ModelBuilder& b) {
             const auto x = b.input("x", {4, 3});
             const auto batch = b.node("Gather", {b.node("Shape", {x}), b.integers({0})});
             const auto lengths = b.node("Concat", {batch, b.integers({4, 3})});
             b.set("axis", std::int64_t{0});
             return b.node("Add", {x, b.node("Expand", {b.random({4, 3}), lengths})});
         }},
        {"tokens in front, for each sample",
         {{"class-token", 1}},
         [](ModelBuilder& b) {
             const auto x = b.input("x", {4, 3});
             const auto batch = b.node("Gather", {b.node("Shape", {x}), b.integers({0})});
             const auto shape = b.node("Concat", {batch, b.integers({-1, -1})});
             b.set("axis", std::int64_t{0});
             const auto minus = b.integers({-1, -1, -1});
             const auto lengths =
                 b.node("Where", {b.node("Equal", {shape, minus}), b.integers({1, 1, 1}), shape});
             auto y = b.node("Concat", {b.node("Expand", {b.random({1, 2, 3}), lengths}),
                                        b.node("Expand", {b.random({1, 1, 3}), lengths}), x});
             b.set("axis", std::int64_t{1});
             return y;
         }},
        {"rows of a table taken by constants that are repeated",
         {{"positional-encoding", 1}},
         [](ModelBuilder& b) {
             const auto x = b.input("x", {4, 3});
             auto rows =
                 b.node("GatherElements", {b.integers({3, 1, 2, 0, 1}), b.integers({4, 0, -2, 1})});
             const auto batch = b.node("Gather", {b.node("Shape", {x}), b.integers({0})});
             const auto lengths = b.node("Concat", {batch, b.integers({4})});
             b.set("axis", std::int64_t{0});
             rows = b.node("Expand", {rows, lengths});
             return b.node("Add", {x, b.node("Gather", {b.random({5, 3}), rows})});
         }},
        {"group norm of several nodes",
         {{"group-norm", 1}},
         [](ModelBuilder& b) {
             const auto x = b.input("x", {4, 3, 3});
             auto y =
                 b.node("InstanceNormalization", {b.node("Reshape", {x, b.integers({0, 2, -1})}),
                                                  b.floats({2}, {1, 1}), b.floats({2}, {0, 0})});
             y = b.node("Reshape", {y, b.integers({-1, 4, 3, 3})});
             return b.node("Add", {b.node("Mul", {y, b.random({4, 1, 1})}), b.random({4, 1, 1})});
         }},
    };
}

} // namespace

std::string convolution(ModelBuilder& b, const std::string& x, std::int64_t filters,
                        std::int64_t channels, bool bias) {
    std::vector<std::string> inputs{x, b.random({filters, channels, 3, 3})};
    if (bias)
        inputs.push_back(b.random({filters}));
    auto y = b.node("Conv", inputs);
    setWindow(b, {3, 3}, {1, 1, 1, 1});
    return y;
}

std::string turned(ModelBuilder& b, const std::string& x, const std::vector<std::int64_t>& perm) {
    auto y = b.node("Transpose", {x});
    b.set("perm", perm);
    return y;
}

std::vector<ForeignCase> foreignCases() {
    auto all = activationCases();
    for (const auto& more : {productCases(), shapeCasesOfOthers(), sequenceCasesOfOthers()})
        all.insert(all.end(), more.begin(), more.end());
    return all;
}

} // namespace gradwright::test
