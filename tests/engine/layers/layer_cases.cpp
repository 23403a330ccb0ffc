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
        {"global-average-pool", {{5, 3, 7}}, {}, {5}},
    };
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
    for (auto& windowCase : windowCases())
        all.push_back(std::move(windowCase));
    return all;
}

} // namespace gradwright::test
