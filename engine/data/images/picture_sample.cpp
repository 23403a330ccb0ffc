// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/data/images/picture_sample.h"

#include "engine/data/images/picture.h"
#include "engine/support/error.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <fstream>
#include <string_view>
#include <system_error>
#include <vector>

namespace gradwright {
namespace {

namespace fs = std::filesystem;

/// Mean and deviation hardly change beyond so many images.
constexpr std::size_t kMeasured = 1000;
/// A complete file ends so, or has this within its last bytes.
constexpr std::string_view kPngEnd("IEND\xAE\x42\x60\x82", 8);
constexpr std::string_view kJpegEnd("\xFF\xD9", 2);
constexpr std::uintmax_t kTailBytes = 1024;
/// Large JPEGs are decoded smaller, which reads all of their bytes in less time.
constexpr std::int64_t kLookedAt = 64;

/// The message without the name in front of it.
std::string withoutName(const Error& error, const fs::path& file) {
    const std::string_view message = error.what();
    const auto prefix = file.string() + ": ";
    return std::string(message.starts_with(prefix) ? message.substr(prefix.size()) : message);
}

/// Whether the last bytes hold the mark of an end.
bool hasItsEnd(const fs::path& file, std::uintmax_t size) {
    std::ifstream stream(file, std::ios::binary);
    std::array<char, kTailBytes> bytes{};
    const auto begin = static_cast<std::streamoff>(size > kTailBytes ? size - kTailBytes : 0);
    stream.seekg(begin);
    stream.read(bytes.data(), bytes.size());
    const std::string_view tail(bytes.data(), static_cast<std::size_t>(stream.gcount()));
    return tail.find(kPngEnd) != std::string_view::npos ||
           tail.find(kJpegEnd) != std::string_view::npos;
}

} // namespace

bool hasPictureEnding(const fs::path& file) {
    auto ending = file.extension().string();
    std::ranges::transform(ending, ending.begin(), [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    });
    static constexpr std::array<std::string_view, 14> endings = {
        ".png", ".jpg", ".jpeg", ".jpe", ".jfif", ".bmp",  ".dib",
        ".gif", ".pbm", ".pgm",  ".ppm", ".webp", ".tiff", ".tif"};
    return std::ranges::find(endings, std::string_view(ending)) != endings.end();
}

void readPictureSample(const fs::path& file, const Shape& shape, const Preparation& preparation,
                       std::span<float> out) {
    const auto side = std::max(shape[1], shape[2]);
    const auto picture = readPicture(file, {.channels = shape[0], .side = side});
    const auto input =
        applyPreparation(scaledPicture(picture, shape, preparation.fit), preparation);
    std::ranges::copy(input.span<float>(), out.begin());
}

std::optional<std::string> whyNoPicture(const fs::path& file, bool whole) {
    std::error_code error;
    const auto status = fs::status(file, error);
    if (!fs::exists(status))
        return "there is no such file";
    if (!fs::is_regular_file(status))
        return "this is not a file";
    const auto size = fs::file_size(file, error);
    if (!error && size == 0)
        return "this file is empty";
    try {
        requirePictureSignature(file);
        // An unusual end alone is no fault: the decoder decides.
        if (whole || error || !hasItsEnd(file, size))
            readPicture(file, {.channels = 1, .side = kLookedAt});
    } catch (const Error& problem) {
        return withoutName(problem, file);
    }
    return {};
}

void standardizeOver(const Shape& shape, std::size_t count,
                     const std::function<void(std::size_t, std::span<float>)>& read,
                     Preparation& preparation) {
    const auto channels = static_cast<std::size_t>(shape[0]);
    std::vector<float> values(static_cast<std::size_t>(shape.elements()));
    const auto plane = values.size() / channels;
    std::vector<double> sums(channels);
    std::vector<double> squares(channels);
    const auto measured = std::min(count, kMeasured);
    for (std::size_t sample = 0; sample < measured; ++sample) {
        read(sample, values);
        for (std::size_t i = 0; i < values.size(); ++i) {
            sums[i / plane] += double{values[i]};
            squares[i / plane] += double{values[i]} * double{values[i]};
        }
    }
    const double all = static_cast<double>(measured * plane);
    preparation.mean.clear();
    preparation.deviation.clear();
    for (std::size_t c = 0; c < channels; ++c) {
        const double mean = sums[c] / all;
        const double variance = squares[c] / all - mean * mean;
        preparation.mean.push_back(mean);
        preparation.deviation.push_back(variance > 1e-12 ? std::sqrt(variance) : 1.0);
    }
}

} // namespace gradwright
