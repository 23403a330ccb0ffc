// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/data/dataset.h"
#include "engine/data/images/image.h"

#include <QTemporaryDir>

#include <cstdint>
#include <filesystem>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

namespace gradwright::test {

using Bytes = std::vector<std::uint8_t>;

void writeFile(const std::filesystem::path& path, const Bytes& bytes);
Bytes readFile(const std::filesystem::path& path);
Bytes gzip(const Bytes& bytes);

/// An IDX file as its format says, with whatever type, dimensions and values.
Bytes idx(std::uint8_t type, const std::vector<std::uint32_t>& dims, const Bytes& values);

/// A PNG of one raw scan line after another, as the colour type and bit depth want them.
/// `palette` and `transparency` are the contents of PLTE and tRNS, left out when empty.
struct PngSpec {
    std::uint32_t width = 0;
    std::uint32_t height = 0;
    std::uint8_t bitDepth = 8;
    std::uint8_t colourType = 0;
    Bytes palette = {};
    Bytes transparency = {};
};
Bytes png(const PngSpec& spec, const Bytes& scanLines);

/// A JPEG of gray (1 channel) or RGB (3 channels) bytes; orientation > 0 adds an Exif marker.
Bytes jpeg(int width, int height, int channels, const Bytes& pixels, int orientation = 0,
           bool progressive = false);

/// A JPEG of inks, four bytes a pixel: as Adobe's programs write them (inverted, mostly as YCCK),
/// or plain.
Bytes cmykJpeg(int width, int height, const Bytes& inks, bool isAdobe, bool isYcck = true);

/// The message of the Error that `action` throws; empty when it throws none.
template <class Action>
std::string errorOf(Action action) {
    try {
        action();
    } catch (const Error& error) {
        return error.what();
    }
    return {};
}

inline bool contains(const std::string& text, std::string_view part) {
    return text.find(part) != std::string::npos;
}

/// What a network gets of one sample.
std::vector<float> inputOf(const DataSource& source, std::int64_t index);

/// A folder that is gone when the test ends.
class TemporaryFolder {
public:
    [[nodiscard]] std::filesystem::path operator/(const std::string& name) const {
        return std::filesystem::path(folder_.path().toStdString()) / name;
    }
    [[nodiscard]] std::string path() const { return folder_.path().toStdString(); }

private:
    QTemporaryDir folder_;
};

} // namespace gradwright::test
