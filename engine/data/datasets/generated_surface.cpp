// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/data/catalog.h"
#include "engine/data/generated_params.h"
#include "engine/support/rng.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace gradwright {
namespace {

constexpr double kReach = 3; // as the points with classes: inputs of about unit variance

struct Peak {
    double x;
    double y;
    double height;
};
/// As in TensorFlow Playground's "multi gaussian" (Smilkov et al. 2017), in units of the reach.
constexpr std::array<Peak, 6> kPeaks = {{{-4.0 / 6, 2.5 / 6, 1},
                                         {0, 2.5 / 6, -1},
                                         {4.0 / 6, 2.5 / 6, 1},
                                         {-4.0 / 6, -2.5 / 6, -1},
                                         {0, -2.5 / 6, 1},
                                         {4.0 / 6, -2.5 / 6, -1}}};
constexpr double kPeakReach = 2.0 / 6; ///< where a peak has fallen to 0

double heightOfPlane(double x, double y) {
    return 0.5 * (x + y);
}

/// The peak or pit that is farthest from 0 there.
double heightOfPeaks(double x, double y) {
    double height = 0;
    for (const auto& peak : kPeaks) {
        const double distance = std::hypot(x - peak.x, y - peak.y);
        const double here = peak.height * std::max(0.0, 1 - distance / kPeakReach);
        if (std::abs(here) > std::abs(height))
            height = here;
    }
    return height;
}

class SurfaceSource final : public DataSource {
public:
    SurfaceSource(const Params& params, std::int64_t count, std::uint32_t part) {
        const auto seed = static_cast<std::uint64_t>(params.integer("seed"));
        const Rng places(seed, RngStream::Points, 2 * part);
        const Rng shifts(seed, RngStream::Points, 2 * part + 1);
        const bool plane = params.text("pattern") == "plane";
        for (std::int64_t i = 0; i < count; ++i) {
            const auto number = static_cast<std::uint64_t>(i);
            const double x = 2 * places.uniform(2 * number) - 1;
            const double y = 2 * places.uniform(2 * number + 1) - 1;
            const double height = plane ? heightOfPlane(x, y) : heightOfPeaks(x, y);
            samples_.push_back(
                {static_cast<float>(kReach * x), static_cast<float>(kReach * y),
                 static_cast<float>(height + params.real("noise") * shifts.normal(number))});
        }
    }

    [[nodiscard]] std::int64_t size() const override {
        return static_cast<std::int64_t>(samples_.size());
    }
    [[nodiscard]] const Shape& shape() const override { return shape_; }
    void input(std::int64_t index, std::span<float> out) const override {
        const auto& sample = samples_[static_cast<std::size_t>(index)];
        out[0] = sample[0];
        out[1] = sample[1];
    }
    [[nodiscard]] std::int32_t label(std::int64_t /*index*/) const override { return 0; }
    [[nodiscard]] const Shape& targetShape() const override { return targetShape_; }
    void target(std::int64_t index, std::span<float> out) const override {
        out[0] = samples_[static_cast<std::size_t>(index)][2];
    }

private:
    std::vector<std::array<float, 3>> samples_; ///< x, y, height
    Shape shape_{2};
    Shape targetShape_{1};
};

Dataset openGeneratedSurface(const Params& params, const DataChoice& /*choice*/) {
    Dataset data;
    data.info.input = Shape{2};
    data.info.target = Shape{1};
    data.info.targetNames = {"height"};
    data.info.preparation = {.size = 0, .pictures = PictureKind::None};
    data.training = std::make_shared<SurfaceSource>(params, params.integer("samples"), 0);
    data.test = std::make_shared<SurfaceSource>(params, params.integer("test_samples"), 1);
    return data;
}

} // namespace

DatasetDef generatedSurfaceDataset() {
    return {.key = "surface",
            .title = "Heights over the plane",
            .doc = "The height of a surface at points of the plane, predicted from two numbers: "
                   "regression that you can see.",
            .origin = "Generated",
            .licence = "None needed",
            .params = {choiceParam("pattern", "Pattern", "gaussians",
                                   {{"gaussians", "Peaks and pits", "Three of each."},
                                    {"plane", "Plane", "What one unit can learn."}},
                                   "The shape of the surface."),
                       samplesParam(2000), testSamplesParam(1000),
                       realParam("noise", "Noise", 0.05, 0, 2,
                                 "Standard deviation of the noise added to each height; the "
                                 "heights range from -1 to 1."),
                       generatorSeedParam("Another seed draws other points.")},
            .open = openGeneratedSurface};
}

} // namespace gradwright
