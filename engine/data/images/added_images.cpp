// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/data/images/added_images.h"

#include "engine/data/images/image_folder.h"
#include "engine/data/images/picture_input.h"
#include "engine/data/sample_origins.h"
#include "engine/support/error.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <system_error>
#include <utility>

namespace gradwright {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kAddedOrigin = "added: ";

/// The samples of a source, and those of a folder behind them. Where the source keeps its inputs as
/// bytes, the folder's are made bytes, too, when it is opened.
class AddedSource final : public DataSource, public SampleOrigins {
public:
    AddedSource(std::shared_ptr<const DataSource> base, ImageFolder folder, DataInfo info)
        : base_(std::move(base))
        , folder_(std::move(folder))
        , info_(std::move(info))
        , own_(base_->size()) {
        if (base_->byteScaling())
            for (std::size_t i = 0; i < folder_.files.size(); ++i)
                keepBytes(prepared(i).input.span<float>());
    }

    [[nodiscard]] std::int64_t size() const override {
        return own_ + static_cast<std::int64_t>(folder_.files.size());
    }
    [[nodiscard]] const Shape& shape() const override { return base_->shape(); }
    void input(std::int64_t index, std::span<float> out) const override {
        if (index < own_)
            return base_->input(index, out);
        if (const auto* const scaling = byteScaling())
            return scaleBytes(bytesOf(index), *scaling, out.data());
        const auto made = prepared(static_cast<std::size_t>(index - own_));
        std::ranges::copy(made.input.span<float>(), out.begin());
    }
    [[nodiscard]] std::int32_t label(std::int64_t index) const override {
        return index < own_ ? base_->label(index)
                            : folder_.labels[static_cast<std::size_t>(index - own_)];
    }
    [[nodiscard]] bool isCostly() const override { return base_->isCostly() || !byteScaling(); }
    [[nodiscard]] const ByteScaling* byteScaling() const override { return base_->byteScaling(); }
    void bytes(std::int64_t index, std::span<std::uint8_t> out) const override {
        if (index < own_ || !byteScaling())
            return base_->bytes(index, out);
        std::ranges::copy(bytesOf(index), out.begin());
    }
    void expect(std::int64_t index) const override {
        if (index < own_)
            base_->expect(index);
    }
    [[nodiscard]] std::string origin(std::int64_t index) const override {
        if (index >= own_)
            return std::string(kAddedOrigin) +
                   folder_.files[static_cast<std::size_t>(index - own_)];
        const auto* const origins = dynamic_cast<const SampleOrigins*>(base_.get());
        return origins ? origins->origin(index) : std::string();
    }

private:
    [[nodiscard]] PreparedPicture prepared(std::size_t i) const {
        return preparePicture(folder_.root / folder_.files[i], info_);
    }
    [[nodiscard]] std::span<const std::uint8_t> bytesOf(std::int64_t index) const {
        const auto count = static_cast<std::size_t>(shape().elements());
        return std::span(bytes_).subspan(static_cast<std::size_t>(index - own_) * count, count);
    }
    /// The bytes that come nearest to an input.
    void keepBytes(std::span<const float> input) {
        const auto& scaling = *base_->byteScaling();
        const auto plane = input.size() / scaling.factors.size();
        constexpr float kMost = 255;
        for (std::size_t i = 0; i < input.size(); ++i) {
            const auto c = i / plane;
            const float byte = std::round((input[i] - scaling.offsets[c]) / scaling.factors[c]);
            bytes_.push_back(static_cast<std::uint8_t>(std::clamp(byte, 0.0F, kMost)));
        }
    }

    std::shared_ptr<const DataSource> base_;
    ImageFolder folder_;
    DataInfo info_;
    std::int64_t own_; ///< samples of the base
    std::vector<std::uint8_t> bytes_;
};

bool hasFolders(const fs::path& folder) {
    std::error_code error;
    for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error))
        if (it->is_directory(error) && !it->path().filename().string().starts_with('.'))
            return true;
    return false;
}

} // namespace

ParamSpec addedFolderParam() {
    auto spec = pathParam(std::string(kAddedFolderParam), "Added images",
                          "A folder with one folder per class, named after it, whose images are "
                          "trained on, too. The Inference page and the Data page put drawings "
                          "there.");
    spec.advanced = true;
    return spec;
}

ParamSpec addedAlwaysParam() {
    auto spec = boolParam(std::string(kAddedAlwaysParam), "Train on all added images", false,
                          "On every one of them, however few samples are used and whatever is kept "
                          "for validation. Otherwise they are split and counted like the others.");
    spec.advanced = true;
    return spec;
}

std::string classFolderName(std::string_view className) {
    std::string name(className);
    for (auto& letter : name)
        if (letter == '/' || letter == '\\' || (letter >= 0 && letter < ' '))
            letter = '_';
    // Hidden folders are passed over.
    if (name.empty() || name.front() == '.')
        name.insert(0, "_");
    return name;
}

Dataset withAddedImages(Dataset data, const fs::path& folder, bool always) {
    const auto& info = data.info;
    if (!info.hasClasses() || info.labels() != 1 || info.input.rank() != 3 ||
        info.preparation.pictures == PictureKind::None || !info.columns.empty())
        throw Error("images can be added to images by class alone, not to these data; leave the "
                    "folder of added images empty");
    std::error_code error;
    if (fs::exists(folder, error) && !fs::is_directory(folder, error))
        throw Error("{}: is a file; added images lie in a folder", folder.string());
    std::vector<std::string> names;
    for (const auto& name : info.classes)
        names.push_back(classFolderName(name));
    ImageFolder images;
    if (hasFolders(folder))
        images = listImageFolder(folder, &names, {.mayBeEmpty = true});
    if (images.files.empty()) {
        data.notes.push_back(fmt::format("added images: none in {}", folder.string()));
        return data;
    }
    requirePictures(images, nullptr);
    for (const auto& note : images.notes)
        data.notes.push_back("added images: " + note);
    data.added = always ? static_cast<std::int64_t>(images.files.size()) : 0;
    data.training =
        std::make_shared<AddedSource>(std::move(data.training), std::move(images), data.info);
    return data;
}

std::string addedImageOf(std::string_view origin) {
    return origin.starts_with(kAddedOrigin) ? std::string(origin.substr(kAddedOrigin.size()))
                                            : std::string();
}

std::string nextDrawnName(const fs::path& folder, std::string_view ending) {
    std::size_t last = 0;
    std::error_code error;
    for (fs::recursive_directory_iterator it(folder, error), end; !error && it != end;
         it.increment(error)) {
        const auto name = it->path().stem().string();
        std::size_t number = 0;
        if (!name.starts_with(kDrawnName))
            continue;
        const auto* const begin = name.data() + kDrawnName.size();
        const auto* const stop = name.data() + name.size();
        if (const auto [at, fault] = std::from_chars(begin, stop, number);
            fault == std::errc{} && at == stop)
            last = std::max(last, number);
    }
    return fmt::format("{}{:04}{}", kDrawnName, last + 1, ending);
}

} // namespace gradwright
