// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/exchange/weights/input_conventions.h"

#include "engine/graph/analysis.h"
#include "engine/io/atomic_file.h"
#include "engine/support/error.h"
#include "engine/support/json.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <system_error>

namespace gradwright {
namespace {

constexpr double kWhite = 255;
constexpr std::uintmax_t kMostHintBytes = 1 << 22;

std::optional<std::vector<double>> threeNumbers(const Json& json, const char* key) {
    const auto found = json.find(key);
    if (found == json.end() || !found->is_array() || found->size() != 3)
        return {};
    std::vector<double> numbers;
    for (const auto& each : *found) {
        if (!each.is_number() || !std::isfinite(each.get<double>()))
            return {};
        numbers.push_back(each.get<double>());
    }
    return numbers;
}

std::optional<ChannelScaling> scalingIn(const Json& json, const char* mean, const char* deviation) {
    auto means = threeNumbers(json, mean);
    auto deviations = threeNumbers(json, deviation);
    if (!means || !deviations ||
        !std::ranges::all_of(*deviations, [](double value) { return value > 0; }))
        return {};
    return ChannelScaling{*std::move(means), *std::move(deviations)};
}

/// Hugging Face's: image_mean and image_std of values that rescale_factor has scaled.
std::optional<ChannelScaling> scalingOfPreprocessor(const Json& json) {
    auto scaling = scalingIn(json, "image_mean", "image_std");
    const auto normalizes = json.find("do_normalize");
    if (normalizes != json.end() && *normalizes == false)
        scaling = ChannelScaling{{0, 0, 0}, {1, 1, 1}};
    if (!scaling)
        return {};
    const auto rescales = json.find("do_rescale");
    const auto factor = json.find("rescale_factor");
    double white = 1; // what the brightest byte becomes
    if (rescales != json.end() && *rescales == false)
        white = kWhite;
    else if (factor != json.end() && factor->is_number() && factor->get<double>() > 0)
        white = factor->get<double>() * kWhite;
    constexpr double kNearOne = 1e-6;
    if (std::abs(white - 1) < kNearOne)
        return scaling;
    for (auto* const numbers : {&scaling->mean, &scaling->deviation})
        for (auto& number : *numbers)
            number /= white;
    return scaling;
}

/// timm's, in newer files under "pretrained_cfg".
std::optional<ChannelScaling> scalingOfTimm(const Json& json) {
    const auto inner = json.find("pretrained_cfg");
    return scalingIn(inner != json.end() && inner->is_object() ? *inner : json, "mean", "std");
}

std::optional<Json> jsonIn(const std::filesystem::path& file) {
    std::error_code none;
    if (!std::filesystem::is_regular_file(file, none) ||
        std::filesystem::file_size(file, none) > kMostHintBytes)
        return {};
    auto json = Json::parse(readTextFile(file), nullptr, false);
    return json.is_object() ? std::optional(std::move(json)) : std::nullopt;
}

} // namespace

const std::vector<InputConvention>& inputConventions() {
    static const std::vector<InputConvention> all = {
        {"unknown", "Not known", "Images are prepared as the project says already.", {}},
        {"unit", "0 to 1", "Values from 0 (black) to 1 (white).",
         ChannelScaling{{0, 0, 0}, {1, 1, 1}}},
        {"imagenet", "ImageNet's mean and deviation",
         "Of torchvision, timm and most networks of Hugging Face: mean 0.485, 0.456, 0.406, "
         "deviation 0.229, 0.224, 0.225.",
         ChannelScaling{{0.485, 0.456, 0.406}, {0.229, 0.224, 0.225}}},
        {"symmetric", "-1 to 1",
         "Of MobileNet and Inception from TensorFlow and of vision transformers: mean and "
         "deviation 0.5.",
         ChannelScaling{{0.5, 0.5, 0.5}, {0.5, 0.5, 0.5}}},
        {"caffe", "Caffe: bytes less their mean, blue first",
         "Of VGG and ResNet from Caffe and Keras: values from 0 to 255 less 103.939, 116.779, "
         "123.68, blue before green before red.",
         ChannelScaling{{123.68 / kWhite, 116.779 / kWhite, 103.939 / kWhite},
                        {1 / kWhite, 1 / kWhite, 1 / kWhite}},
         ColourOrder::Bgr},
    };
    return all;
}

const InputConvention& inputConvention(std::string_view key) {
    const auto found = std::ranges::find(inputConventions(), key, &InputConvention::key);
    if (found != inputConventions().end())
        return *found;
    std::string known;
    for (const auto& convention : inputConventions())
        known += (known.empty() ? "" : ", ") + convention.key;
    throw Error("there is no scaling \"{}\"; known are {}", key, known);
}

InputHint inputHintBeside(const std::filesystem::path& weights) {
    const auto folder = weights.parent_path();
    if (const auto json = jsonIn(folder / "preprocessor_config.json"))
        if (auto scaling = scalingOfPreprocessor(*json))
            return {std::move(scaling), "preprocessor_config.json"};
    if (const auto json = jsonIn(folder / "config.json"))
        if (auto scaling = scalingOfTimm(*json))
            return {std::move(scaling), "config.json"};
    return {};
}

std::string toString(const ChannelScaling& scaling) {
    return fmt::format("mean {} and deviation {}", fmt::join(scaling.mean, ", "),
                       fmt::join(scaling.deviation, ", "));
}

std::string prepareInputs(Project& project, const std::optional<ChannelScaling>& scaling) {
    if (!scaling) {
        project.startScaling.reset();
        return "How images were scaled for these weights is not known; they are prepared as the "
               "project says.";
    }
    const auto analysis = analyze(project.network);
    for (std::size_t i = 0; i < analysis.nodes.size(); ++i) {
        const auto& node = analysis.flat.nodes[i];
        const auto& shape = analysis.nodes[i].output;
        if (node.layer && node.layer->key == "input" && shape.rank() == 3 &&
            std::cmp_not_equal(shape[0], scaling->mean.size()))
            throw Error("the scaling is for {} channels, and the Input {} takes {}",
                        scaling->mean.size(), node.path, toString(shape));
    }
    project.startScaling = scaling;
    if (project.data.dataset != "images")
        return fmt::format("Its images were scaled by {}; that is set once the project has image "
                           "folders as its data.",
                           toString(*scaling));
    auto data = project.data;
    setGivenScaling(data.params, *scaling);
    requireValid(data);
    project.data = std::move(data);
    return fmt::format("Images are scaled by {}.", toString(*scaling));
}

} // namespace gradwright
