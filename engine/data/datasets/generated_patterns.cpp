// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/data/catalog.h"
#include "engine/data/generated_params.h"
#include "engine/support/rng.h"

#include <array>
#include <cmath>
#include <numbers>

namespace gradwright {
namespace {

constexpr std::size_t kWaves = 3;
constexpr std::size_t kMostChannels = 4;
constexpr double kHighestFrequency = 6; ///< waves across the image
constexpr std::uint64_t kDrawsAWave = 16;

struct Wave {
    float across = 0, down = 0; ///< radians from edge to edge
    std::array<float, kMostChannels> amplitudes{};
};
using Waves = std::array<Wave, kWaves>;

/// What a class looks like; its samples differ in the waves' phases and in noise.
Waves wavesOf(const Rng& rng, std::int64_t label) {
    Waves waves;
    auto draw = static_cast<std::uint64_t>(label) * kWaves * kDrawsAWave;
    const auto between = [&](double limit) {
        draw += 2;
        return static_cast<float>(limit * (2 * rng.uniform(draw) - 1));
    };
    for (auto& wave : waves) {
        wave.across = between(2 * std::numbers::pi * kHighestFrequency);
        wave.down = between(2 * std::numbers::pi * kHighestFrequency);
        for (auto& amplitude : wave.amplitudes)
            amplitude = between(1.4); // makes the sum's variance about 1
    }
    return waves;
}

class PatternSource final : public DataSource {
public:
    PatternSource(const Params& params, std::uint32_t part, std::int64_t samples)
        : samples_(samples)
        , classes_(params.integer("classes"))
        , shape_{params.integer("channels"), params.integer("size"), params.integer("size")}
        , deviation_(static_cast<float>(params.real("noise")))
        , phases_(seedOf(params), RngStream::Patterns, 1 + 2 * part)
        , noise_(seedOf(params), RngStream::Patterns, 2 + 2 * part) {
        const Rng looks(seedOf(params), RngStream::Patterns, 0);
        for (std::int64_t label = 0; label < classes_; ++label)
            waves_.push_back(wavesOf(looks, label));
    }

    [[nodiscard]] std::int64_t size() const override { return samples_; }
    [[nodiscard]] const Shape& shape() const override { return shape_; }
    [[nodiscard]] std::int32_t label(std::int64_t index) const override {
        return static_cast<std::int32_t>(index % classes_);
    }
    void input(std::int64_t index, std::span<float> out) const override {
        addNoise(index, out);
        const auto& waves = waves_[static_cast<std::size_t>(label(index))];
        for (std::size_t number = 0; number < kWaves; ++number) {
            const auto draw = 2 * (static_cast<std::uint64_t>(index) * kWaves + number);
            const auto phase = 2 * std::numbers::pi * phases_.uniform(draw);
            addWave(waves[number], static_cast<float>(phase), out);
        }
    }

private:
    static std::uint64_t seedOf(const Params& params) {
        return static_cast<std::uint64_t>(params.integer("seed"));
    }

    /// Evenly distributed, which is quicker than normal noise and does as well here.
    void addNoise(std::int64_t index, std::span<float> out) const {
        const auto count = (out.size() + 3) / 4 * 4;
        std::vector<std::uint32_t> bits(count);
        noise_.fill(static_cast<std::uint64_t>(index) * count, bits);
        const float width = deviation_ * std::sqrt(12.0F);
        for (std::size_t i = 0; i < out.size(); ++i)
            out[i] = width * (static_cast<float>(bits[i] >> 8) * 0x1p-24F - 0.5F);
    }

    void addWave(const Wave& wave, float phase, std::span<float> out) const {
        const auto side = static_cast<std::size_t>(shape_[1]);
        const auto channels = static_cast<std::size_t>(shape_[0]);
        const auto step = 1.0F / static_cast<float>(side);
        for (std::size_t row = 0; row < side; ++row)
            for (std::size_t column = 0; column < side; ++column) {
                const float height =
                    std::sin(phase + step * (wave.down * static_cast<float>(row) +
                                             wave.across * static_cast<float>(column)));
                for (std::size_t channel = 0; channel < channels; ++channel)
                    out[(channel * side + row) * side + column] +=
                        wave.amplitudes[channel] * height;
            }
    }

    std::int64_t samples_;
    std::int64_t classes_;
    Shape shape_;
    float deviation_;
    Rng phases_, noise_;
    std::vector<Waves> waves_; ///< by class
};

Dataset openGeneratedPatterns(const Params& params, const DataChoice& /*choice*/) {
    Dataset data;
    data.training = std::make_shared<PatternSource>(params, 0, params.integer("samples"));
    data.test = std::make_shared<PatternSource>(params, 1, params.integer("test_samples"));
    data.info.input = data.training->shape();
    const auto channels = data.info.input[0];
    data.info.preparation = {.size = 0,
                             .pictures = channels == 1 || channels == 3 ? PictureKind::Whole
                                                                        : PictureKind::None};
    for (std::int64_t i = 0; i < params.integer("classes"); ++i)
        data.info.classes.push_back(std::to_string(i));
    return data;
}

} // namespace

DatasetDef generatedPatternsDataset() {
    auto size = intParam("size", "Size", 32, 4, 1024, "Rows and columns of an image.");
    size.unit = "px";
    return {
        .key = "patterns",
        .title = "Generated patterns",
        .doc = "Images of coloured waves, generated on demand: each class has three waves of its "
               "own, and their phases differ from image to image. For trying large networks before "
               "you have real images.",
        .origin = "Generated",
        .licence = "None needed",
        .params = {std::move(size),
                   intParam("channels", "Channels", 3, 1, kMostChannels, "3 for colour images."),
                   intParam("classes", "Classes", 10, 2, 10'000, "Kinds of patterns."),
                   samplesParam(2000), testSamplesParam(500),
                   realParam("noise", "Noise", 0.5, 0, 10,
                             "Standard deviation of the noise; that of the patterns is about 1."),
                   generatorSeedParam("Another seed gives other patterns.")},
        .open = openGeneratedPatterns};
}

} // namespace gradwright
