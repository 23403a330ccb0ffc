// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/data/dataset.h"
#include "engine/data/idx.h"

#include <array>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

namespace gradwright {

/// Gray images of one size with a class each, kept as bytes and prepared when read.
class ByteImageSource final : public DataSource {
public:
    /// `images` is N×H×W, `labels` N. Throws Error when they do not fit each other or the crop.
    ByteImageSource(IdxArray images, std::vector<std::uint8_t> labels,
                    const Preparation& preparation);

    [[nodiscard]] std::int64_t size() const override;
    [[nodiscard]] const Shape& shape() const override { return shape_; }
    void input(std::int64_t index, std::span<float> out) const override;
    [[nodiscard]] std::int32_t label(std::int64_t index) const override;

private:
    IdxArray images_;
    std::vector<std::uint8_t> labels_;
    Shape shape_;
    std::array<float, 256> table_; ///< what each byte becomes
    bool scaled_;                  ///< the table is a straight line, quicker computed than read
    float scale_;
};

/// The four files of MNIST and its relatives.
struct IdxFiles {
    std::filesystem::path trainingImages;
    std::filesystem::path trainingLabels;
    std::filesystem::path testImages;
    std::filesystem::path testLabels;
};

/// The files of MNIST by their usual names, as they are or with .gz.
IdxFiles mnistFilesIn(const std::filesystem::path& folder);

/// How values become inputs, as the data sets' "normalize" parameter says it.
ParamSpec normalizeParam();
ParamSpec binarizeParam();

/// Reads the files. `preparation` gives size and binarize; with `standardize` mean and deviation
/// are taken over the training images as they then are, else they stay 0 and 1. Without class names
/// there are as many classes as the training labels need, named "0", "1", …
Dataset openIdx(const IdxFiles& files, Preparation preparation, bool standardize,
                std::vector<std::string> classes = {});

} // namespace gradwright
