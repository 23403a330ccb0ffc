// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/engine/layers/layer_cases.h"

#include "engine/ops/activation.h"

namespace gradwright::test {
namespace {

ParamValue whole(std::int64_t value) {
    return value;
}
ParamValue choice(std::string key) {
    return key;
}
ParamValue tuple(IntTuple values) {
    return values;
}

std::vector<LayerCase> windowCases() {
    const Shape image{3, 7, 11};
    return {
        {"conv2d", {image}, {}, {32, 5, 9}},
        {"conv2d",
         {image},
         {{"filters", whole(5)}, {"kernel", tuple({5, 2})}, {"stride", tuple({2, 3})}},
         {5, 2, 4}},
        {"conv2d",
         {image},
         {{"filters", whole(6)},
          {"kernel", tuple({2, 4})},
          {"padding", choice("same")},
          {"stride", tuple({2, 1})},
          {"activation", choice("tanh")}},
         {6, 4, 11}},
        {"conv2d",
         {image},
         {{"filters", whole(6)},
          {"kernel", tuple({3, 3})},
          {"padding", choice("explicit")},
          {"padding_sides", tuple({0, 3, 1, 2})},
          {"dilation", tuple({2, 4})},
          {"groups", whole(3)},
          {"bias", false},
          {"activation", choice("leaky-relu")}},
         {6, 6, 6}},
        {"conv2d", {{1, 1, 1}}, {{"filters", whole(1)}, {"kernel", tuple({1, 1})}}, {1, 1, 1}},
        {"max-pool2d", {image}, {}, {3, 3, 5}},
        {"max-pool2d", {image}, {{"padding", choice("same")}}, {3, 4, 6}},
        {"max-pool2d",
         {image},
         {{"kernel", tuple({3, 2})},
          {"stride", tuple({1, 3})},
          {"padding", choice("explicit")},
          {"padding_sides", tuple({2, 1, 0, 1})}},
         {3, 8, 4}},
        {"average-pool2d", {image}, {}, {3, 3, 5}},
        {"average-pool2d",
         {image},
         {{"kernel", tuple({5, 3})}, {"padding", choice("same")}, {"count_padding", true}},
         {3, 4, 6}},
        {"max-pool2d", {image}, {{"ceil_mode", true}}, {3, 4, 6}},
        {"average-pool2d",
         {image},
         {{"kernel", tuple({3, 3})},
          {"padding", choice("explicit")},
          {"padding_sides", tuple({1, 0, 2, 1})},
          {"ceil_mode", true},
          {"count_padding", true}},
         {3, 4, 7}},
        {"max-pool1d", {{9, 4}}, {{"kernel", tuple({3})}}, {4, 4}},
        {"average-pool1d", {{9, 4}}, {{"ceil_mode", true}}, {5, 4}},
        {"average-pool1d", {{7, 4}}, {{"padding", choice("same")}}, {4, 4}},
        {"max-pool3d", {{2, 4, 5, 6}}, {}, {2, 2, 2, 3}},
        {"average-pool3d", {{2, 4, 5, 6}}, {{"padding", choice("same")}}, {2, 2, 3, 3}},
        {"global-average-pool", {{5, 3, 7}}, {}, {5}},
        {"global-average-pool", {{6, 5}}, {}, {5}},
        {"global-average-pool", {{5, 2, 3, 4}}, {}, {5}},
        {"global-max-pool", {{5, 3, 7}}, {}, {5}},
        {"global-max-pool", {{6, 5}}, {}, {5}},
        {"adaptive-average-pool", {image}, {{"size", tuple({3, 4})}}, {3, 3, 4}},
        {"adaptive-average-pool", {{3, 6, 4}}, {{"size", tuple({2, 2})}}, {3, 2, 2}},
        {"conv1d", {{9, 5}}, {}, {7, 32}},
        {"conv1d",
         {{9, 4}},
         {{"filters", whole(6)},
          {"kernel", tuple({4})},
          {"stride", tuple({2})},
          {"padding", choice("same")},
          {"groups", whole(2)},
          {"activation", choice("gelu")}},
         {5, 6}},
        {"conv3d", {{2, 4, 5, 6}}, {{"filters", whole(3)}}, {3, 2, 3, 4}},
        {"conv3d",
         {{2, 4, 5, 6}},
         {{"filters", whole(4)},
          {"kernel", tuple({1, 2, 3})},
          {"padding", choice("explicit")},
          {"padding_sides", tuple({0, 0, 1, 0, 0, 2})},
          {"dilation", tuple({1, 2, 1})},
          {"bias", false}},
         {4, 4, 4, 6}},
        {"depthwise-conv2d", {image}, {}, {3, 5, 9}},
        {"depthwise-conv2d",
         {image},
         {{"multiplier", whole(2)}, {"stride", tuple({2, 2})}, {"padding", choice("same")}},
         {6, 4, 6}},
        {"separable-conv2d", {image}, {{"filters", whole(5)}}, {5, 5, 9}},
        {"separable-conv2d",
         {image},
         {{"filters", whole(4)},
          {"multiplier", whole(2)},
          {"padding", choice("same")},
          {"bias", false},
          {"activation", choice("relu")}},
         {4, 7, 11}},
        {"conv-transpose2d", {{3, 4, 5}}, {{"filters", whole(2)}}, {2, 8, 10}},
        {"conv-transpose2d",
         {{4, 3, 5}},
         {{"filters", whole(6)},
          {"kernel", tuple({3, 4})},
          {"padding", choice("same")},
          {"groups", whole(2)}},
         {6, 6, 10}},
        {"conv-transpose2d",
         {{3, 4, 5}},
         {{"filters", whole(2)},
          {"kernel", tuple({3, 3})},
          {"stride", tuple({3, 2})},
          {"padding", choice("explicit")},
          {"padding_sides", tuple({1, 0, 1, 2})},
          {"output_padding", tuple({2, 1})},
          {"dilation", tuple({1, 2})}},
         {2, 13, 11}},
    };
}

std::vector<LayerCase> normalizationCases() {
    const Shape image{4, 5, 3};
    const Shape steps{6, 4};
    const Shape vector{8};
    std::vector<LayerCase> cases;
    for (const auto* norm : {"layer-norm", "rms-norm"})
        for (const auto& shape : {image, steps, vector, Shape{4, 2, 3, 2}}) {
            cases.push_back({norm, {shape}, {}, shape});
            cases.push_back({norm, {shape}, {{"over", choice("all")}}, shape});
            cases.push_back({norm, {shape}, {{"affine", false}}, shape});
        }
    for (const auto& shape : {image, steps, vector})
        cases.push_back({"group-norm", {shape}, {{"groups", whole(2)}}, shape});
    cases.push_back({"group-norm", {image}, {{"groups", whole(4)}, {"affine", false}}, image});
    for (const auto& shape : {image, steps}) {
        cases.push_back({"instance-norm", {shape}, {}, shape});
        cases.push_back({"instance-norm", {shape}, {{"affine", true}}, shape});
    }
    cases.push_back({"local-response-norm", {image}, {}, image});
    cases.push_back({"local-response-norm",
                     {image},
                     {{"size", whole(3)}, {"alpha", 0.5}, {"beta", 0.6}, {"k", 2.0}},
                     image});
    for (const auto& shape : {image, steps})
        cases.push_back({"spatial-dropout", {shape}, {}, shape});
    cases.push_back({"gaussian-noise", {image}, {}, image});
    cases.push_back({"gaussian-noise", {vector}, {{"deviation", 0.0}}, vector});
    return cases;
}

std::vector<LayerCase> shapeCases() {
    const Shape image{3, 5, 4};
    std::vector<LayerCase> cases = {
        {"reshape", {image}, {}, {60}},
        {"reshape", {image}, {{"shape", tuple({4, 0})}}, {4, 15}},
        {"reshape", {{12}}, {{"shape", tuple({3, 2, 2})}}, {3, 2, 2}},
        {"reshape", {{4, 4, 3}}, {{"shape", tuple({2, 2, 2, 2, 3})}}, {2, 2, 2, 2, 3}},
        {"permute", {{5, 3}}, {}, {3, 5}},
        {"permute", {image}, {{"axes", tuple({2, 0, 1})}}, {4, 3, 5}},
        {"pad", {image}, {}, {3, 7, 6}},
        {"pad", {image}, {{"sides", tuple({4, 0, 1, 3})}, {"mode", choice("reflect")}}, {3, 9, 8}},
        {"pad",
         {image},
         {{"sides", tuple({0, 6, 5, 0})}, {"mode", choice("replicate")}},
         {3, 11, 9}},
        {"crop", {image}, {}, {3, 3, 2}},
        {"crop", {image}, {{"sides", tuple({0, 4, 2, 0})}}, {3, 1, 2}},
        {"upsample", {image}, {}, {3, 10, 8}},
        {"upsample",
         {image},
         {{"factor", tuple({3, 2})}, {"mode", choice("bilinear")}},
         {3, 15, 8}},
        {"split", {{6, 5, 4}}, {}, {3, 5, 4}, {{3, 5, 4}}},
        {"split",
         {{6, 5, 4}},
         {{"sizes", std::string("1, 2,3")}},
         {1, 5, 4},
         {{2, 5, 4}, {3, 5, 4}}},
        {"split", {{4, 9}}, {{"axis", whole(1)}, {"parts", whole(3)}}, {4, 3}, {{4, 3}, {4, 3}}},
        {"split", {{7}}, {{"parts", whole(1)}}, {7}},
        {"onnx-node", {{3, 4}}, {}, {3, 4}},
        {"onnx-node",
         {{3, 4}},
         {{"operator", std::string("MatMul")},
          {"inputs",
           std::string(R"([{"port": "float32"}, {"weight": "float32", "shape": [4, 2]}])")}},
         {3, 2}},
        {"slice", {image}, {{"begin", whole(1)}}, {2, 5, 4}},
        {"slice",
         {image},
         {{"axis", whole(2)}, {"begin", whole(1)}, {"end", whole(4)}, {"step", whole(2)}},
         {3, 5, 2}},
        {"slice", {{7}}, {{"end", whole(3)}}, {3}},
        {"slice",
         {image},
         {{"axis", whole(1)}, {"end", whole(4)}, {"step", whole(2)}, {"reverse", true}},
         {3, 2, 4}},
        {"slice", {{6, 3}}, {{"begin", whole(1)}, {"reverse", true}}, {5, 3}},
        {"pad", {image}, {{"value", -2.5}}, {3, 7, 6}},
    };
    for (const auto* merge : {"subtract", "multiply", "average", "maximum", "minimum"}) {
        cases.push_back({merge, {image, image}, {}, image});
        cases.push_back({merge, {image, {3}}, {}, image});
        cases.push_back({merge, {{3}, image}, {}, image});
        cases.push_back({merge, {{6, 4}, {4}}, {}, {6, 4}});
        cases.push_back({merge, {image, {1, 5, 4}}, {}, image});
        if (std::string(merge) != "subtract")
            cases.push_back({merge, {{7}, {7}, {7}}, {}, {7}});
    }
    return cases;
}

std::vector<LayerCase> sequenceCases() {
    const Shape steps{6, 4};
    std::vector<LayerCase> cases = {
        {"dense", {steps}, {{"units", whole(3)}, {"activation", choice("silu")}}, {6, 3}},
        {"embedding", {{6}}, {{"vocabulary", whole(5)}, {"dimensions", whole(3)}}, {6, 3}},
        {"positional-encoding", {steps}, {}, steps},
        {"positional-encoding", {{5, 3}}, {{"kind", choice("learned")}}, {5, 3}},
        {"class-token", {steps}, {}, {7, steps[1]}},
        {"class-token", {{5, 3}}, {{"tokens", whole(2)}}, {7, 3}},
        {"multi-head-self-attention", {steps}, {}, steps},
        {"multi-head-self-attention",
         {steps},
         {{"heads", whole(2)}, {"causal", true}, {"bias", false}},
         steps},
        {"simple-rnn", {steps}, {{"units", whole(3)}, {"function", choice("relu")}}, {6, 3}},
    };
    for (const auto* layer : {"simple-rnn", "lstm", "gru"}) {
        cases.push_back({layer, {steps}, {{"units", whole(3)}}, {6, 3}});
        cases.push_back({layer, {steps}, {{"units", whole(3)}, {"sequences", false}}, {3}});
        cases.push_back({layer,
                         {steps},
                         {{"units", whole(3)}, {"bidirectional", true}, {"bias", false}},
                         {6, 6}});
        cases.push_back({layer,
                         {steps},
                         {{"units", whole(2)}, {"bidirectional", true}, {"sequences", false}},
                         {4}});
    }
    return cases;
}

} // namespace

std::vector<LayerCase> layerCases() {
    const Shape vector{7};
    const Shape image{3, 5, 2};
    std::vector<LayerCase> all = {
        {"input", {}, {}, {1, 28, 28}},
        {"input", {}, {{"shape", tuple({13})}}, {13}},
        {"input", {}, {{"shape", tuple({5, 3})}}, {5, 3}},
        {"output", {image}, {}, image},
        {"block-input", {vector}, {}, vector},
        {"block-output", {vector}, {}, vector},
        {"dense", {vector}, {}, {64}},
        {"dense",
         {{1}},
         {{"units", whole(3)}, {"bias", false}, {"activation", choice("sigmoid")}},
         {3}},
        {"softmax", {vector}, {}, vector},
        {"log-softmax", {vector}, {}, vector},
        {"prelu", {image}, {}, image},
        {"prelu", {{4, 3}}, {}, {4, 3}},
        {"prelu", {vector}, {{"shared", true}}, vector},
        {"formula", {image}, {}, image},
        {"formula", {image}, {{"shared", false}}, image},
        {"formula", {{4, 3}}, {{"shared", false}}, {4, 3}},
        {"formula",
         {vector},
         {{"formula", choice("softplus(b) * x ^ 2 - clip(x, -1, 1) / (3 + abs(x)) ^ k")},
          {"parameters", choice("b = 0.5, k = 2 fixed")},
          {"shared", false}},
         vector},
        {"formula",
         {{3}, image},
         {{"formula", choice("a * sigmoid(x) * y + c * max(x, y) - 2 ^ (c * y)")},
          {"parameters", choice("a = 1, c = 0.5")}},
         image},
        {"formula",
         {{4, 3}, {3}, {4, 1}, {1, 1}},
         {{"formula", choice("x * y - z / (3 + a * w * w) + min(x, 0.25)")},
          {"parameters", choice("a = 1")},
          {"shared", false}},
         {4, 3}},
        {"formula", {image}, {{"formula", choice("x")}, {"parameters", choice("")}}, image},
        {"batch-norm", {vector}, {}, vector},
        {"batch-norm", {{4, 3}}, {{"momentum", 0.5}}, {4, 3}},
        {"batch-norm", {image}, {{"epsilon", 0.1}}, image},
        {"dropout", {image}, {}, image},
        {"dropout", {vector}, {{"rate", 0.0}}, vector},
        {"flatten", {image}, {}, {30}},
        {"flatten", {{4, 3}}, {}, {12}},
        {"flatten", {vector}, {}, vector},
        {"add", {image, image}, {}, image},
        {"add", {vector, vector, vector}, {}, vector},
        {"concatenate", {{2, 5, 3}, {4, 5, 3}, {1, 5, 3}}, {}, {7, 5, 3}},
        {"concatenate", {{2, 5, 3}, {2, 5, 4}}, {{"axis", whole(2)}}, {2, 5, 7}},
        {"concatenate", {{2, 5}, {2, 1}}, {{"axis", whole(1)}}, {2, 6}},
        {"concatenate", {{2}, {5}}, {}, {7}},
    };
    for (const auto& activation : activations()) {
        all.push_back({activation.key, {image}, {}, image});
        all.push_back({activation.key, {vector}, {}, vector});
    }
    for (const auto& family : {windowCases(), normalizationCases(), shapeCases(), sequenceCases()})
        all.insert(all.end(), family.begin(), family.end());
    return all;
}

} // namespace gradwright::test
