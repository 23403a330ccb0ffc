// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/data/byte_images.h"

#include "engine/data/convert_bytes.h"
#include "engine/support/error.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <system_error>
#include <utility>

namespace gradwright {
namespace {

namespace fs = std::filesystem;

Shape shapeOfOne(const IdxArray& images) {
    if (images.dims.size() != 3)
        throw Error("images have 3 dimensions, not {}", images.dims.size());
    return {1, images.dims[1], images.dims[2]};
}

/// The bytes of the centre crop of image `index`, a row at a time.
template <class Visit>
void forEachRow(const IdxArray& images, const Shape& crop, std::int64_t index, Visit visit) {
    const auto height = images.dims[1];
    const auto width = images.dims[2];
    const auto top = (height - crop[1]) / 2;
    const auto left = (width - crop[2]) / 2;
    const auto length = static_cast<std::size_t>(crop[2]);
    for (std::int64_t y = 0; y < crop[1]; ++y) {
        const auto start = (index * height + top + y) * width + left;
        visit(std::span(images.values).subspan(static_cast<std::size_t>(start), length));
    }
}

/// Mean and deviation of all values after crop and binarizing. Counts bytes, so the result does not
/// depend on any order of summation.
void standardizeOver(const IdxArray& images, Preparation& preparation) {
    const auto crop = preparedShape(shapeOfOne(images), preparation);
    std::array<std::int64_t, 256> counts{};
    for (std::int64_t i = 0; i < images.dims[0]; ++i)
        forEachRow(images, crop, i, [&](std::span<const std::uint8_t> row) {
            for (const auto byte : row)
                ++counts[byte];
        });
    preparation.mean = 0;
    preparation.deviation = 1;
    const auto table = byteTable(preparation);
    double sum = 0;
    double squares = 0;
    double total = 0;
    for (std::size_t byte = 0; byte < counts.size(); ++byte) {
        const auto count = static_cast<double>(counts[byte]);
        sum += count * double{table[byte]};
        squares += count * double{table[byte]} * double{table[byte]};
        total += count;
    }
    const auto variance = squares / total - (sum / total) * (sum / total);
    preparation.mean = sum / total;
    // Images of one value only have nothing to scale.
    preparation.deviation = variance > 1e-12 ? std::sqrt(variance) : 1.0;
}

struct LabelledImages {
    IdxArray images;
    std::vector<std::uint8_t> labels;
};

LabelledImages readPair(const fs::path& imagesPath, const fs::path& labelsPath) {
    auto images = readIdx(imagesPath, 3);
    auto labels = readIdx(labelsPath, 1);
    if (images.dims[0] != labels.dims[0])
        throw Error("{} holds {} images, but {} holds {} labels; there must be one for each",
                    imagesPath.string(), images.dims[0], labelsPath.string(), labels.dims[0]);
    return {std::move(images), std::move(labels.values)};
}

void checkLabels(const fs::path& path, const std::vector<std::uint8_t>& labels,
                 std::size_t classes) {
    const auto wrong =
        std::ranges::find_if(labels, [&](std::uint8_t label) { return label >= classes; });
    if (wrong != labels.end())
        throw Error("{}: label {} of sample {} is outside 0 to {}", path.string(), *wrong,
                    wrong - labels.begin(), classes - 1);
}

std::vector<std::string> namesFor(const std::vector<std::uint8_t>& labels) {
    std::vector<std::string> names;
    for (int label = 0; label <= *std::ranges::max_element(labels); ++label)
        names.push_back(std::to_string(label));
    return names;
}

fs::path eitherOf(const fs::path& folder, const char* name) {
    std::error_code error;
    auto packed = folder / (std::string(name) + ".gz");
    auto plain = folder / name;
    return !fs::exists(packed, error) && fs::exists(plain, error) ? plain : packed;
}

} // namespace

ByteImageSource::ByteImageSource(IdxArray images, std::vector<std::uint8_t> labels,
                                 const Preparation& preparation)
    : images_(std::move(images))
    , labels_(std::move(labels))
    , shape_(preparedShape(shapeOfOne(images_), preparation))
    , table_(byteTable(preparation))
    , scaled_(!preparation.binarize)
    , scale_(static_cast<float>(1.0 / (255.0 * preparation.deviation))) {
    const auto bytes = Shape(images_.dims).elements();
    if (static_cast<std::int64_t>(labels_.size()) != images_.dims[0] ||
        static_cast<std::int64_t>(images_.values.size()) != bytes)
        throw Error("{} labels and {} bytes do not fit images of shape {}", labels_.size(),
                    images_.values.size(), toString(Shape(images_.dims)));
}

std::int64_t ByteImageSource::size() const {
    return images_.dims[0];
}

void ByteImageSource::input(std::int64_t index, std::span<float> out) const {
    if (index < 0 || index >= size() || static_cast<std::int64_t>(out.size()) != shape_.elements())
        throw Error("sample {} of {} is read into {} values; its shape is {}", index, size(),
                    out.size(), toString(shape_));
    const auto convert = [&](std::span<const std::uint8_t> bytes, float* to) {
        if (scaled_)
            scaleBytes(bytes, scale_, table_[0], to);
        else
            std::ranges::transform(bytes, to, [&](std::uint8_t byte) { return table_[byte]; });
    };
    if (shape_ == shapeOfOne(images_)) {
        const auto start = static_cast<std::size_t>(index) * out.size();
        return convert(std::span(images_.values).subspan(start, out.size()), out.data());
    }
    auto* next = out.data();
    forEachRow(images_, shape_, index, [&](std::span<const std::uint8_t> row) {
        convert(row, next);
        next += row.size();
    });
}

std::int32_t ByteImageSource::label(std::int64_t index) const {
    if (index < 0 || index >= size())
        throw Error("there is no sample {} among {}", index, size());
    return labels_[static_cast<std::size_t>(index)];
}

IdxFiles mnistFilesIn(const fs::path& folder) {
    return {eitherOf(folder, "train-images-idx3-ubyte"),
            eitherOf(folder, "train-labels-idx1-ubyte"), eitherOf(folder, "t10k-images-idx3-ubyte"),
            eitherOf(folder, "t10k-labels-idx1-ubyte")};
}

ParamSpec normalizeParam() {
    return choiceParam("normalize", "Normalise", "unit",
                       {{"unit", "0 to 1", "Values from 0 (black) to 1 (white)."},
                        {"standardize", "Mean 0, deviation 1",
                         "Mean and standard deviation of the training images become 0 and 1."}},
                       "The range of the values that the network sees.");
}

ParamSpec binarizeParam() {
    return boolParam("binarize", "Black and white", false,
                     "Values above 0.5 become 1, all others 0, as photocells see them.");
}

Dataset openIdx(const IdxFiles& files, Preparation preparation, bool standardize,
                std::vector<std::string> classes) {
    auto training = readPair(files.trainingImages, files.trainingLabels);
    auto test = readPair(files.testImages, files.testLabels);
    const auto whole = shapeOfOne(training.images);
    if (whole != shapeOfOne(test.images))
        throw Error("{} holds images of {} × {}, but {} of {} × {}; they must be alike",
                    files.trainingImages.string(), whole[1], whole[2], files.testImages.string(),
                    test.images.dims[1], test.images.dims[2]);
    if (classes.empty())
        classes = namesFor(training.labels);
    checkLabels(files.trainingLabels, training.labels, classes.size());
    checkLabels(files.testLabels, test.labels, classes.size());
    const auto shape = preparedShape(whole, preparation);
    if (standardize)
        standardizeOver(training.images, preparation);
    return {{shape, std::move(classes), preparation},
            std::make_shared<ByteImageSource>(std::move(training.images),
                                              std::move(training.labels), preparation),
            std::make_shared<ByteImageSource>(std::move(test.images), std::move(test.labels),
                                              preparation)};
}

} // namespace gradwright
