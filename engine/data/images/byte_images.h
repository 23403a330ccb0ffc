// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/data/dataset.h"
#include "engine/data/images/image_bytes.h"

#include <array>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

namespace gradwright {

/// Images of one size with a class each, as bytes that are prepared when read.
class ByteImageSource final : public DataSource {
public:
    /// Throws Error when there is not one label for each image, or the crop does not fit.
    ByteImageSource(ImageBytes images, std::vector<std::uint8_t> labels,
                    const Preparation& preparation);

    [[nodiscard]] std::int64_t size() const override;
    [[nodiscard]] const Shape& shape() const override { return shape_; }
    void input(std::int64_t index, std::span<float> out) const override;
    [[nodiscard]] const ByteScaling* byteScaling() const override;
    void bytes(std::int64_t index, std::span<std::uint8_t> out) const override;
    void expect(std::int64_t index) const override { images_.expect(index); }
    [[nodiscard]] std::int32_t label(std::int64_t index) const override;

private:
    void check(std::int64_t index, std::size_t elements) const;

    ImageBytes images_;
    std::vector<std::uint8_t> labels_;
    Shape shape_;
    std::size_t elements_;                       ///< of shape_
    bool whole_;                                 ///< nothing is cut off
    std::vector<std::array<float, 256>> tables_; ///< what each byte of a channel becomes
    bool scaled_; ///< the tables are straight lines, quicker computed than read
    ByteScaling scaling_;
};

/// The four files of MNIST and its relatives; without those to test with, a part of the others is
/// held back.
struct IdxFiles {
    std::filesystem::path trainingImages;
    std::filesystem::path trainingLabels;
    std::filesystem::path testImages;
    std::filesystem::path testLabels;
    double testFraction = 0.2;          ///< held back where there are no files to test with
    bool isTransposed = false;          ///< columns come before rows, as in EMNIST's files
    std::filesystem::path classNames{}; ///< see readClassNames(); none: the labels are the names
    bool asBefore = false;              ///< see DataChoice::asBefore
};

/// The files of MNIST by their usual names, as they are or with .gz.
IdxFiles mnistFilesIn(const std::filesystem::path& folder);

/// How values become inputs, as the data sets' "normalize" parameter says it.
ParamSpec normalizeParam();
ParamSpec binarizeParam();

struct LabelledImages {
    ImageBytes images;
    std::vector<std::uint8_t> labels;
};

/// Makes a data set of images. `preparation` gives what is done to them; with
/// `standardize` mean and deviation of each channel are taken over the choice's training part as
/// they then are, else they stay 0 and 1.
Dataset byteImageDataset(LabelledImages training, LabelledImages test,
                         std::vector<std::string> classes, Preparation preparation,
                         bool standardize, const DataChoice& choice);

/// Reads the files; see byteImageDataset(). Without class names there are as many classes as the
/// training labels need, named "0", "1", …
Dataset openIdx(const IdxFiles& files, Preparation preparation, bool standardize,
                const DataChoice& choice, std::vector<std::string> classes = {});

} // namespace gradwright
