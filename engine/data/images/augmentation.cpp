// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/data/images/augmentation.h"

#include "engine/data/images/warp.h"
#include "engine/support/error.h"
#include "engine/support/rng.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

namespace gradwright {

/// Beside the purposes that rng.h names.
constexpr auto kStream = RngStream::Augmentation;

/// The random numbers of one sample in one epoch.
class Draws {
public:
    Draws(std::uint64_t seed, std::uint64_t epoch, std::uint32_t sample)
        : rng_(seed, kStream, static_cast<std::uint32_t>(epoch))
        , first_(std::uint64_t{sample} << 32) {}

    /// In [-1, 1).
    [[nodiscard]] double signedUnit(std::uint32_t number) const { return 2 * unit(number) - 1; }
    /// In [0, 1).
    [[nodiscard]] double unit(std::uint32_t number) const { return rng_.uniform(first_ + number); }
    [[nodiscard]] double normal(std::uint32_t number) const { return rng_.normal(first_ + number); }
    /// Adds standard normal numbers times `deviation` (Box–Muller, two of a pair of draws);
    /// `number` must be a multiple of 4.
    void addNormals(std::uint32_t number, float deviation, std::span<float> to) const {
        std::array<std::uint32_t, 64> bits{};
        for (std::size_t done = 0; done < to.size(); done += bits.size()) {
            rng_.fill(first_ + number + done, bits);
            const auto part = to.subspan(done, std::min(bits.size(), to.size() - done));
            for (std::size_t i = 0; i < part.size(); i += 2) {
                constexpr float kUnit = 1.0F / 4294967296.0F;
                const float radius =
                    deviation *
                    std::sqrt(-2 * std::log((static_cast<float>(bits[i]) + 0.5F) * kUnit));
                const float angle =
                    static_cast<float>(bits[i + 1]) * kUnit * 2 * std::numbers::pi_v<float>;
                part[i] += radius * std::cos(angle);
                if (i + 1 < part.size())
                    part[i + 1] += radius * std::sin(angle);
            }
        }
    }

private:
    Rng rng_;
    std::uint64_t first_;
};

namespace {

/// Which number a draw is; another meaning never gets the number of an old one.
enum Draw : std::uint32_t {
    kShiftX,
    kShiftY,
    kRotation,
    kScale,
    kShear,
    kFlipHorizontal,
    kFlipVertical,
    kCropSide,
    kCropX,
    kCropY,
    kBrightness,
    kContrast,
    kCutX,
    kCutY,
    kMixFirst = 1U << 8,      ///< and some after it
    kElasticFirst = 1U << 16, ///< two a node
    kNoiseFirst = 1U << 28    ///< one an element
};

ParamSpec share(std::string key, std::string title, double most, std::string doc) {
    return zeroIs("off",
                  realParam(std::move(key), std::move(title), 0.0, 0.0, most, std::move(doc)));
}

ParamSpec degrees(std::string key, std::string title, double most, std::string doc) {
    auto spec = share(std::move(key), std::move(title), most, std::move(doc));
    spec.unit = "°";
    return spec;
}

ParamSpecs makeParams() {
    auto elastic = share("elastic", "Elastic", 64,
                         "Standard deviation, in pixels, of a smooth random shift of each place "
                         "(Simard et al. 2003; Ronneberger et al. 2015).");
    elastic.unit = "px";
    auto smoothness = formerly("elastic-smoothness",
                               realParam("elastic_smoothness", "Elastic smoothness", 6.0, 1.0,
                                         512.0, "Distance over which the shifts change."));
    smoothness.unit = "px";
    smoothness.advanced = true;
    return {
        share("shift", "Shift", 1,
              "Largest shift in either direction, as a share of width and height."),
        degrees("rotation", "Rotation", 180, "Largest angle in either direction."),
        share("scale", "Scale", 0.9, "Largest enlargement or reduction, as a share of the size."),
        degrees("shear", "Shear", 60, "Largest angle of a sideways slant."),
        formerly("flip-horizontal", boolParam("flip_horizontal", "Flip left and right", false,
                                              "Flips half of the images, chosen at random.")),
        formerly("flip-vertical", boolParam("flip_vertical", "Flip up and down", false,
                                            "Flips half of the images, chosen at random.")),
        share("crop", "Crop", 0.9,
              "Cuts away at most this share of the sides at a random place and enlarges the rest."),
        std::move(elastic),
        std::move(smoothness),
        share("brightness", "Brightness", 1,
              "Largest change of brightness, as a share of the range from black to white."),
        share("contrast", "Contrast", 1,
              "Moves values away from the image's mean, or towards it, by at most this share."),
        share("noise", "Noise", 1,
              "Standard deviation of the noise added to each value, as a share of the range from "
              "black to white."),
        share("cutout", "Cutout", 1,
              "Side of a black square at a random place, as a share of the shorter side "
              "(DeVries, Taylor 2017)."),
        share("mixup", "Mixup", 8,
              "Images are mixed with others of their batch by shares from the beta "
              "distribution with this parameter (Zhang et al. 2018); 0.2 is usual, 0 is off.")};
}

double radians(double degrees) {
    return degrees * std::numbers::pi / 180;
}

/// Marsaglia and Tsang 2000, for shapes of at least 1; below 1 by a power of a uniform number.
double gamma(double shape, const Draws& draws, std::uint32_t first) {
    if (shape < 1)
        return gamma(shape + 1, draws, first + 1) * std::pow(1 - draws.unit(first), 1 / shape);
    const double d = shape - 1.0 / 3;
    const double c = 1 / std::sqrt(9 * d);
    constexpr std::uint32_t kTries = 32; // one fails with less than 5 %
    for (std::uint32_t i = 0; i < kTries; ++i) {
        const double x = draws.normal(first + 2 * i);
        const double v = std::pow(1 + c * x, 3);
        if (v > 0 &&
            std::log(1 - draws.unit(first + 2 * i + 1)) < 0.5 * x * x + d - d * v + d * std::log(v))
            return d * v;
    }
    return d;
}

double beta(double a, double b, const Draws& draws, std::uint32_t first) {
    constexpr std::uint32_t apart = 100;
    const double x = gamma(a, draws, first);
    const double y = gamma(b, draws, first + apart);
    return x + y > 0 ? x / (x + y) : 1.0;
}

} // namespace

const ParamSpecs& augmentationParams() {
    static const ParamSpecs specs = makeParams();
    return specs;
}

Augmenter::Augmenter(const ParamValues& values, const DataInfo& info, std::uint64_t seed)
    : amounts_{}
    , mixup_(0)
    , seed_(seed)
    , channels_(0)
    , height_(0)
    , width_(0)
    , warps_(false)
    , binary_(info.preparation.binarize) {
    if (const auto problems = validate(augmentationParams(), values); !problems.empty())
        throw Error("augmentation: {}", problems.front().message);
    if (info.input.rank() != 3 || (!info.hasClasses() && !info.reconstructs))
        throw Error("augmentation changes images that have a class; the data set gives samples of "
                    "{}{}",
                    toString(info.input), info.hasClasses() ? "" : " with target values");
    const Params params(augmentationParams(), values);
    amounts_ = {params.real("shift"),
                params.real("rotation"),
                params.real("scale"),
                params.real("shear"),
                params.real("crop"),
                params.real("elastic"),
                params.real("elastic_smoothness"),
                params.real("brightness"),
                params.real("contrast"),
                params.real("noise"),
                params.real("cutout"),
                params.boolean("flip_horizontal"),
                params.boolean("flip_vertical")};
    mixup_ = params.real("mixup");
    channels_ = static_cast<std::size_t>(info.input[0]);
    height_ = info.input[1];
    width_ = info.input[2];
    warps_ = amounts_.shift > 0 || amounts_.rotation > 0 || amounts_.scale > 0 ||
             amounts_.shear > 0 || amounts_.crop > 0 || amounts_.elastic > 0 ||
             amounts_.flipHorizontal || amounts_.flipVertical;
    for (std::size_t c = 0; c < channels_; ++c) {
        black_.push_back(preparedValue(0, info.preparation, c));
        white_.push_back(preparedValue(1, info.preparation, c));
    }
}

void Augmenter::apply(std::span<float> image, std::uint32_t sample, std::uint64_t epoch) const {
    const Draws draws(seed_, epoch, sample);
    if (warps_)
        warp(image, draws);
    const bool recolours = amounts_.brightness > 0 || amounts_.contrast > 0 || amounts_.noise > 0;
    if (recolours)
        recolour(image, draws);
    if (amounts_.cutout > 0)
        cut(image, draws);
    if (!binary_ && !recolours)
        return; // made of values that were there
    const auto plane = image.size() / channels_;
    for (std::size_t i = 0; i < image.size(); ++i) {
        const auto low = black_[i / plane];
        const auto high = white_[i / plane];
        if (binary_)
            image[i] = image[i] > 0.5F * (low + high) ? high : low;
        else
            image[i] = std::clamp(image[i], low, high);
    }
}

void Augmenter::warp(std::span<float> image, const Draws& draws) const {
    const auto& a = amounts_;
    const auto width = static_cast<double>(width_);
    const auto height = static_cast<double>(height_);
    Affine map;
    if (a.flipHorizontal && draws.unit(kFlipHorizontal) < 0.5)
        map.xx = -1;
    if (a.flipVertical && draws.unit(kFlipVertical) < 0.5)
        map.yy = -1;
    const double side = 1 - a.crop * draws.unit(kCropSide);
    // From the first pixel's middle to the last one's, so that no border comes into view.
    const Affine crop{side, 0,    0.5 * (1 - side) * (width - 1) * draws.signedUnit(kCropX),
                      0,    side, 0.5 * (1 - side) * (height - 1) * draws.signedUnit(kCropY)};
    const double angle = radians(a.rotation) * draws.signedUnit(kRotation);
    const double scale = 1 / (1 + a.scale * draws.signedUnit(kScale));
    const double slant = std::tan(radians(a.shear) * draws.signedUnit(kShear));
    const Affine turn{scale * std::cos(angle),  scale * std::sin(angle), 0,
                      -scale * std::sin(angle), scale * std::cos(angle), 0};
    const Affine shear{1, slant, 0, 0, 1, 0};
    const Affine shift{1, 0, a.shift * width * draws.signedUnit(kShiftX),
                       0, 1, a.shift * height * draws.signedUnit(kShiftY)};
    map = map.after(crop).after(turn).after(shear).after(shift);

    ElasticField field;
    if (a.elastic > 0) {
        field = emptyField(width_, height_, a.smoothness);
        // A spline's weights make the shifts smaller than the nodes': 151/315 is the mean of the
        // sum of their squares along an axis.
        const double amount = a.elastic * 315 / 151;
        for (std::size_t i = 0; i < field.dx.size(); ++i) {
            const auto number = kElasticFirst + 2 * static_cast<std::uint32_t>(i);
            field.dx[i] = static_cast<float>(amount * draws.normal(number));
            field.dy[i] = static_cast<float>(amount * draws.normal(number + 1));
        }
    }
    const auto plane = image.size() / channels_;
    thread_local std::vector<float> before;
    before.assign(image.begin(), image.end());
    for (std::size_t c = 0; c < channels_; ++c)
        warpPlane(std::span(before).subspan(c * plane, plane), width_, height_, map, field,
                  black_[c], image.subspan(c * plane, plane));
}

void Augmenter::recolour(std::span<float> image, const Draws& draws) const {
    const auto plane = image.size() / channels_;
    const double brighter = amounts_.brightness * draws.signedUnit(kBrightness);
    const auto contrast = static_cast<float>(1 + amounts_.contrast * draws.signedUnit(kContrast));
    for (std::size_t c = 0; c < channels_; ++c) {
        const auto part = image.subspan(c * plane, plane);
        const auto range = static_cast<double>(white_[c] - black_[c]);
        double sum = 0;
        for (const auto value : part)
            sum += double{value};
        const auto mean = static_cast<float>(sum / static_cast<double>(plane));
        const auto offset = mean + static_cast<float>(brighter * range);
        for (auto& value : part)
            value = (value - mean) * contrast + offset;
        if (amounts_.noise > 0)
            draws.addNormals(kNoiseFirst + static_cast<std::uint32_t>(c * ((plane + 3) / 4 * 4)),
                             static_cast<float>(amounts_.noise * range), part);
    }
}

void Augmenter::cut(std::span<float> image, const Draws& draws) const {
    const std::int64_t side =
        std::llround(amounts_.cutout * static_cast<double>(std::min(width_, height_)));
    // Its middle may lie anywhere, so that the border is hidden as often as the middle.
    const auto x = static_cast<std::int64_t>(draws.unit(kCutX) * static_cast<double>(width_));
    const auto y = static_cast<std::int64_t>(draws.unit(kCutY) * static_cast<double>(height_));
    const auto left = std::max<std::int64_t>(0, x - side / 2);
    const auto right = std::min(width_, x - side / 2 + side);
    const auto top = std::max<std::int64_t>(0, y - side / 2);
    const auto bottom = std::min(height_, y - side / 2 + side);
    for (std::size_t c = 0; c < channels_; ++c)
        for (auto row = top; row < bottom; ++row)
            for (auto column = left; column < right; ++column)
                image[c * image.size() / channels_ +
                      static_cast<std::size_t>(row * width_ + column)] = black_[c];
}

void Augmenter::mix(std::span<float> images, std::span<const std::uint32_t> samples,
                    std::uint64_t epoch) const {
    const auto elements = images.size() / samples.size();
    const std::vector<float> first(images.begin(),
                                   images.begin() + static_cast<std::ptrdiff_t>(elements));
    for (std::size_t n = 0; n < samples.size(); ++n) {
        const Draws draws(seed_, epoch, samples[n]);
        const auto own = static_cast<float>(beta(mixup_ + 1, mixup_, draws, kMixFirst));
        const auto image = images.subspan(n * elements, elements);
        const auto other = n + 1 < samples.size() ? images.subspan((n + 1) * elements, elements)
                                                  : std::span<const float>(first);
        for (std::size_t i = 0; i < elements; ++i)
            image[i] = own * image[i] + (1 - own) * other[i];
    }
}

std::shared_ptr<const Augmenter> augmenterOf(const DataChoice& choice, const DataInfo& info,
                                             std::uint64_t seed) {
    const Params params(augmentationParams(), choice.augmentation);
    const bool any = std::ranges::any_of(augmentationParams(), [&](const ParamSpec& spec) {
        return spec.key != "elastic_smoothness" && params.value(spec.key) != spec.defaultValue;
    });
    if (!any)
        return nullptr;
    return std::make_shared<const Augmenter>(choice.augmentation, info, seed);
}

} // namespace gradwright
