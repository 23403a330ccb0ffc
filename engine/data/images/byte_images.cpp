// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/data/images/byte_images.h"

#include "engine/data/images/array_file.h"
#include "engine/data/images/idx_set.h"
#include "engine/support/counted.h"
#include "engine/support/error.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <iterator>
#include <map>
#include <span>
#include <system_error>
#include <utility>

namespace gradwright {
namespace {

namespace fs = std::filesystem;

Shape shapeOfOne(const ImageBytes& images) {
    const auto& dims = images.dims();
    if (dims.size() == 3)
        return {1, dims[1], dims[2]};
    if (dims.size() == 4)
        return {dims[1], dims[2], dims[3]};
    throw Error("images have 3 or 4 dimensions, not {}", dims.size());
}

/// The scaling for values that occur so often.
Scaling scalingOf(const std::array<std::int64_t, 256>& counts,
                  const std::array<float, 256>& values) {
    double sum = 0;
    double squares = 0;
    double total = 0;
    for (std::size_t byte = 0; byte < counts.size(); ++byte) {
        const auto count = static_cast<double>(counts[byte]);
        sum += count * double{values[byte]};
        squares += count * double{values[byte]} * double{values[byte]};
        total += count;
    }
    const auto variance = squares / total - (sum / total) * (sum / total);
    // Images of one value only have nothing to scale.
    return {sum / total, variance > 1e-12 ? std::sqrt(variance) : 1.0};
}

/// The bytes of the centre crop of image `index`, a row at a time: visit(channel, row).
template <class Visit>
void forEachRow(const ImageBytes& images, const Shape& crop, std::int64_t index, Visit visit) {
    const auto whole = shapeOfOne(images);
    const auto top = (whole[1] - crop[1]) / 2;
    const auto left = (whole[2] - crop[2]) / 2;
    const auto length = static_cast<std::size_t>(crop[2]);
    const auto bytes = images.image(index);
    for (std::int64_t c = 0; c < crop[0]; ++c)
        for (std::int64_t y = 0; y < crop[1]; ++y) {
            const auto start = (c * whole[1] + top + y) * whole[2] + left;
            visit(static_cast<std::size_t>(c),
                  bytes.subspan(static_cast<std::size_t>(start), length));
        }
}

/// Mean and deviation of each channel over some images, after crop and binarizing. Counts bytes, so
/// the result does not depend on any order of summation.
void standardizeOverBytes(const ImageBytes& images, std::span<const std::uint32_t> part,
                          Preparation& preparation) {
    const auto crop = preparedShape(shapeOfOne(images), preparation);
    std::vector<std::array<std::int64_t, 256>> counts(static_cast<std::size_t>(crop[0]));
    for (const auto i : part)
        forEachRow(images, crop, i, [&](std::size_t channel, std::span<const std::uint8_t> row) {
            for (const auto byte : row)
                ++counts[channel][byte];
        });
    preparation.mean = {0.0};
    preparation.deviation = {1.0};
    const auto table = byteTable(preparation);
    std::vector<Scaling> scales;
    for (const auto& count : counts)
        scales.push_back(scalingOf(count, table));
    preparation.mean.clear();
    preparation.deviation.clear();
    for (const auto& scale : scales) {
        preparation.mean.push_back(scale.mean);
        preparation.deviation.push_back(scale.deviation);
    }
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

LabelledImages readPair(const fs::path& imagesPath, const fs::path& labelsPath, bool isTransposed,
                        std::vector<std::string>& notes) {
    auto [images, ofImages] = readIdxImages(imagesPath, isTransposed);
    auto [labels, ofLabels] = readIdxLabels(labelsPath);
    const auto count = static_cast<std::int64_t>(labels.size());
    if (images.dims()[0] != count)
        throw Error("{} holds {}, but {} holds {}; there must be one for each", imagesPath.string(),
                    counted(images.dims()[0], "image"), labelsPath.string(),
                    counted(count, "label"));
    notes.push_back(fmt::format("{}: {}", imagesPath.filename().string(), counted(count, "image")));
    std::ranges::move(ofImages, std::back_inserter(notes));
    std::ranges::move(ofLabels, std::back_inserter(notes));
    return {std::move(images), std::move(labels)};
}

/// Labels from 1 on as labels from 0 on, where there is no 0 in either part.
bool countsFromOne(const LabelledImages& training, const LabelledImages* test) {
    return *std::ranges::min_element(training.labels) == 1 &&
           (!test || *std::ranges::min_element(test->labels) >= 1);
}

void countFromZero(std::vector<std::uint8_t>& labels) {
    for (auto& label : labels)
        --label;
}

/// The names that a file gives, or the numbers themselves. Moves labels from 1 on to 0 on, unless
/// the data are read as before.
std::vector<std::string> classesOf(const IdxFiles& files, LabelledImages& training,
                                   LabelledImages* test, std::vector<std::string>& notes) {
    auto names =
        files.classNames.empty() ? std::vector<std::string>{} : readClassNames(files.classNames);
    const bool isFromOne = !files.asBefore && countsFromOne(training, test);
    if (!isFromOne)
        return names.empty() ? namesFor(training.labels) : names;
    const std::size_t most = *std::ranges::max_element(training.labels);
    countFromZero(training.labels);
    if (test)
        countFromZero(test->labels);
    notes.push_back(fmt::format("labels are 1 to {}: there is no class 0", most));
    if (names.size() == most + 1) // with a name for the 0 that does not occur
        names.erase(names.begin());
    if (names.empty())
        for (std::size_t label = 1; label <= most; ++label)
            names.push_back(std::to_string(label));
    return names;
}

/// Says of classes that have a number and no sample which ones they are.
void noteEmptyClasses(const std::vector<std::string>& classes, const LabelledImages& training,
                      const LabelledImages* test, std::vector<std::string>& notes) {
    std::vector<bool> occurs(classes.size());
    for (const auto* part : {&training, test})
        if (part)
            for (const auto label : part->labels)
                occurs[label] = true;
    std::vector<std::string> empty;
    for (std::size_t i = 0; i < classes.size(); ++i)
        if (!occurs[i])
            empty.push_back(classes[i]);
    constexpr std::size_t kShown = 6;
    if (!empty.empty())
        notes.push_back(fmt::format(
            "{} of {} classes {} no image: {}{}", empty.size(), classes.size(),
            empty.size() == 1 ? "has" : "have",
            fmt::join(std::span(empty).first(std::min(kShown, empty.size())), ", "),
            empty.size() > kShown ? fmt::format(" and {} more", empty.size() - kShown) : ""));
}

/// Says which arrays of an .npz file are not used, such as those of a validation part.
void noteUnusedArrays(const IdxFiles& files, std::vector<std::string>& notes) {
    std::map<fs::path, std::vector<std::string>> used;
    for (const auto* path :
         {&files.trainingImages, &files.trainingLabels, &files.testImages, &files.testLabels})
        if (auto [file, name] = arrayFileAndName(*path); !name.empty())
            used[file].push_back(std::move(name));
    for (const auto& file : used) {
        auto others = arraysIn(file.first);
        std::erase_if(others, [&](const std::string& name) {
            return std::ranges::find(file.second, name) != file.second.end();
        });
        if (!others.empty())
            notes.push_back(fmt::format("{}: not used: {}", file.first.filename().string(),
                                        fmt::join(others, ", ")));
    }
}

fs::path eitherOf(const fs::path& folder, const char* name) {
    std::error_code error;
    auto packed = folder / (std::string(name) + ".gz");
    auto plain = folder / name;
    return !fs::exists(packed, error) && fs::exists(plain, error) ? plain : packed;
}

/// Makes the seed of the test part another than that of validation.
constexpr std::uint64_t kHeldImagesSeed = 0x7E57;

/// Some of the samples of another source, in the order of their file.
class PartOfImages final : public DataSource {
public:
    PartOfImages(std::shared_ptr<const ByteImageSource> whole, std::vector<std::uint32_t> part)
        : whole_(std::move(whole))
        , part_(std::move(part)) {
        std::ranges::sort(part_);
    }

    [[nodiscard]] std::int64_t size() const override {
        return static_cast<std::int64_t>(part_.size());
    }
    [[nodiscard]] const Shape& shape() const override { return whole_->shape(); }
    void input(std::int64_t index, std::span<float> out) const override {
        whole_->input(at(index), out);
    }
    [[nodiscard]] const ByteScaling* byteScaling() const override { return whole_->byteScaling(); }
    void bytes(std::int64_t index, std::span<std::uint8_t> out) const override {
        whole_->bytes(at(index), out);
    }
    void expect(std::int64_t index) const override { whole_->expect(at(index)); }
    [[nodiscard]] std::int32_t label(std::int64_t index) const override {
        return whole_->label(at(index));
    }

private:
    [[nodiscard]] std::int64_t at(std::int64_t index) const {
        if (index < 0 || index >= size())
            throw Error("there is no sample {} among {}", index, size());
        return part_[static_cast<std::size_t>(index)];
    }

    std::shared_ptr<const ByteImageSource> whole_;
    std::vector<std::uint32_t> part_;
};

/// Holds a part back to test with, each class in proportion.
Dataset withHeldBack(LabelledImages all, const IdxFiles& files, std::vector<std::string> classes,
                     Preparation preparation, bool standardize, const DataChoice& choice) {
    const std::vector<std::int32_t> labels(all.labels.begin(), all.labels.end());
    auto split = stratifiedSplit(labels, classes.size(), files.testFraction,
                                 choice.splitSeed + kHeldImagesSeed);
    if (split.validation.empty())
        throw Error("{}: a part of {} of {} leaves none to test with; take more, or name "
                    "files to test with",
                    files.trainingImages.string(), files.testFraction,
                    counted(labels.size(), "image"));
    std::ranges::sort(split.training);
    if (standardize) {
        std::vector<std::int32_t> kept;
        for (const auto index : split.training)
            kept.push_back(labels[index]);
        std::vector<std::uint32_t> part;
        for (const auto index : splitOf(kept, classes.size(), choice).training)
            part.push_back(split.training[index]);
        standardizeOverBytes(all.images, part, preparation);
    }
    auto whole = std::make_shared<const ByteImageSource>(std::move(all.images),
                                                         std::move(all.labels), preparation);
    return {{whole->shape(), std::move(classes), std::move(preparation)},
            std::make_shared<PartOfImages>(whole, std::move(split.training)),
            std::make_shared<PartOfImages>(whole, std::move(split.validation))};
}

} // namespace

ByteImageSource::ByteImageSource(ImageBytes images, std::vector<std::uint8_t> labels,
                                 const Preparation& preparation)
    : images_(std::move(images))
    , labels_(std::move(labels))
    , shape_(preparedShape(shapeOfOne(images_), preparation))
    , elements_(static_cast<std::size_t>(shape_.elements()))
    , whole_(shape_ == shapeOfOne(images_))
    , scaled_(!preparation.binarize) {
    for (std::size_t c = 0; c < static_cast<std::size_t>(shape_[0]); ++c) {
        tables_.push_back(byteTable(preparation, c));
        // Exactly rounded, unlike the difference of two entries.
        const auto which = preparation.deviation.size() == 1 ? 0 : c;
        scaling_.factors.push_back(
            static_cast<float>(1.0 / (255.0 * preparation.deviation[which])));
        scaling_.offsets.push_back(tables_.back()[0]);
    }
    if (static_cast<std::int64_t>(labels_.size()) != images_.dims()[0])
        throw Error("{} labels do not fit images of shape {}", labels_.size(),
                    toString(Shape(images_.dims())));
}

std::int64_t ByteImageSource::size() const {
    return images_.dims()[0];
}

void ByteImageSource::check(std::int64_t index, std::size_t elements) const {
    if (index < 0 || index >= size() || elements != elements_)
        throw Error("sample {} of {} is read into {} values; its shape is {}", index, size(),
                    elements, toString(shape_));
}

void ByteImageSource::input(std::int64_t index, std::span<float> out) const {
    check(index, out.size());
    if (scaled_ && whole_) {
        scaleBytes(images_.image(index), scaling_, out.data());
        return;
    }
    auto* next = out.data();
    forEachRow(images_, shape_, index, [&](std::size_t channel, std::span<const std::uint8_t> row) {
        const auto& table = tables_[channel];
        if (scaled_)
            scaleBytes(row, scaling_.factors[channel], scaling_.offsets[channel], next);
        else
            std::ranges::transform(row, next, [&](std::uint8_t byte) { return table[byte]; });
        next += row.size();
    });
}

const ByteScaling* ByteImageSource::byteScaling() const {
    return scaled_ ? &scaling_ : nullptr;
}

void ByteImageSource::bytes(std::int64_t index, std::span<std::uint8_t> out) const {
    check(index, out.size());
    if (!scaled_)
        throw Error("sample {} is black or white, not its bytes", index);
    if (whole_) {
        std::ranges::copy(images_.image(index), out.begin());
        return;
    }
    auto next = out.begin();
    forEachRow(images_, shape_, index, [&](std::size_t, std::span<const std::uint8_t> row) {
        next = std::ranges::copy(row, next).out;
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
    return choiceParam("normalize", "Normalize", "unit",
                       {{"unit", "0 to 1", "Values from 0 (black) to 1 (white)."},
                        {"standardize", "Mean 0, deviation 1",
                         "Mean and standard deviation of the training images become 0 and 1."}},
                       "The range of the values that the network sees.");
}

ParamSpec binarizeParam() {
    return boolParam("binarize", "Black and white", false,
                     "Values above 0.5 become 1, all others 0, as photocells see them.");
}

Dataset byteImageDataset(LabelledImages training, LabelledImages test,
                         std::vector<std::string> classes, Preparation preparation,
                         bool standardize, const DataChoice& choice) {
    const auto shape = preparedShape(shapeOfOne(training.images), preparation);
    if (standardize) {
        const std::vector<std::int32_t> labels(training.labels.begin(), training.labels.end());
        standardizeOverBytes(training.images, splitOf(labels, classes.size(), choice).training,
                             preparation);
    }
    return {{shape, std::move(classes), preparation},
            std::make_shared<ByteImageSource>(std::move(training.images),
                                              std::move(training.labels), preparation),
            std::make_shared<ByteImageSource>(std::move(test.images), std::move(test.labels),
                                              preparation)};
}

Dataset openIdx(const IdxFiles& files, Preparation preparation, bool standardize,
                const DataChoice& choice, std::vector<std::string> classes) {
    std::vector<std::string> notes;
    const auto noted = [&](Dataset data) {
        data.notes = std::move(notes);
        return data;
    };
    auto training = readPair(files.trainingImages, files.trainingLabels, files.isTransposed, notes);
    if (files.testImages.empty()) {
        if (classes.empty())
            classes = classesOf(files, training, nullptr, notes);
        checkLabels(files.trainingLabels, training.labels, classes.size());
        noteEmptyClasses(classes, training, nullptr, notes);
        noteUnusedArrays(files, notes);
        return noted(withHeldBack(std::move(training), files, std::move(classes),
                                  std::move(preparation), standardize, choice));
    }
    auto test = readPair(files.testImages, files.testLabels, files.isTransposed, notes);
    const auto whole = shapeOfOne(training.images);
    if (whole != shapeOfOne(test.images))
        throw Error("{} holds images of {} × {}, but {} of {} × {}; they must have the same size",
                    files.trainingImages.string(), whole[1], whole[2], files.testImages.string(),
                    test.images.dims()[1], test.images.dims()[2]);
    if (classes.empty())
        classes = classesOf(files, training, &test, notes);
    checkLabels(files.trainingLabels, training.labels, classes.size());
    checkLabels(files.testLabels, test.labels, classes.size());
    noteEmptyClasses(classes, training, &test, notes);
    noteUnusedArrays(files, notes);
    return noted(byteImageDataset(std::move(training), std::move(test), std::move(classes),
                                  std::move(preparation), standardize, choice));
}

} // namespace gradwright
