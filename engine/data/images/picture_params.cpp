// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/data/images/picture_params.h"

#include "engine/data/images/byte_images.h"
#include "engine/support/error.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <cmath>

namespace gradwright {
namespace {

constexpr const char* kGiven = "given";

/// Numbers with commas or spaces between them.
std::vector<double> numbersIn(std::string_view key, std::string_view text, std::int64_t count) {
    std::vector<double> numbers;
    const auto* at = text.data();
    const auto* const end = text.data() + text.size();
    const auto isBetween = [](char c) { return c == ',' || c == ' ' || c == ';'; };
    while (at != end) {
        if (isBetween(*at)) {
            ++at;
            continue;
        }
        double number = 0;
        const auto read = std::from_chars(at, end, number);
        if (read.ec != std::errc{} || !std::isfinite(number))
            throw Error("{} takes numbers such as 0.485, 0.456, 0.406, not \"{}\"", key, text);
        numbers.push_back(number);
        at = read.ptr;
    }
    if (numbers.size() == 1)
        numbers.resize(static_cast<std::size_t>(count), numbers.front());
    if (std::cmp_not_equal(numbers.size(), count))
        throw Error("{} takes a number for each of {} channels, not {}", key, count,
                    numbers.size());
    return numbers;
}

} // namespace

void addGivenScaling(ParamSpecs& params) {
    auto& normalize = *std::ranges::find(params, "normalize", &ParamSpec::key);
    normalize.choices.push_back(
        {kGiven, "Given mean and deviation",
         "What the weights were trained with that the network starts with."});
    auto mean = textParam("mean", "Mean", "0.485, 0.456, 0.406",
                          "Of values from 0 to 1, a number for each channel. Those at first are "
                          "ImageNet's.");
    auto deviation = textParam("deviation", "Deviation", "0.229, 0.224, 0.225",
                               "What values are divided by once the mean is subtracted, a number "
                               "for each channel.");
    mean.visibleWhen = deviation.visibleWhen = {"normalize", {std::string(kGiven)}};
    params.push_back(std::move(mean));
    params.push_back(std::move(deviation));
}

std::optional<ChannelScaling> givenScaling(const Params& params, std::int64_t channels) {
    if (params.text("normalize") != kGiven)
        return {};
    ChannelScaling scaling{numbersIn("mean", params.text("mean"), channels),
                           numbersIn("deviation", params.text("deviation"), channels)};
    if (!std::ranges::all_of(scaling.deviation, [](double value) { return value > 0; }))
        throw Error("deviation takes numbers greater than 0, not \"{}\"", params.text("deviation"));
    return scaling;
}

void setGivenScaling(ParamValues& params, const ChannelScaling& scaling) {
    params["normalize"] = std::string(kGiven);
    params["mean"] = fmt::format("{}", fmt::join(scaling.mean, ", "));
    params["deviation"] = fmt::format("{}", fmt::join(scaling.deviation, ", "));
}

ParamSpecs pictureParams() {
    auto size = tupleParam("size", "Size", {64, 64}, 2, 2, 1, 4096,
                           "Height and width that every image is scaled to.");
    size.unit = "px";
    return {
        std::move(size),
        choiceParam("channels", "Colours", "rgb",
                    {{"rgb", "Red, green, blue", "Three channels."},
                     {"gray", "Gray", "One channel, by luminance."}},
                    "The colours that the network sees."),
        choiceParam("fit", "Fit", "crop",
                    {{"crop", "Crop", "Fills the size; the ends of the longer side are cut off."},
                     {"pad", "Pad", "Shows the whole image, with black beside it."},
                     {"stretch", "Stretch", "Scales each side separately."}},
                    "How an image of another aspect ratio is scaled."),
        normalizeParam()};
}

PictureFit pictureFitOf(std::string_view key) {
    return key == "crop" ? PictureFit::Crop
                         : (key == "pad" ? PictureFit::Pad : PictureFit::Stretch);
}

} // namespace gradwright
