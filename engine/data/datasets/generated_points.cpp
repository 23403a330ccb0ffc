// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/data/catalog.h"
#include "engine/data/generated_params.h"
#include "engine/data/points.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

namespace gradwright {
namespace {

constexpr std::array<std::pair<std::string_view, PointPattern>, 6> kPatterns = {{
    {"spirals", PointPattern::Spirals},
    {"xor", PointPattern::Xor},
    {"circles", PointPattern::Circles},
    {"moons", PointPattern::Moons},
    {"gaussians", PointPattern::Gaussians},
    {"checkerboard", PointPattern::Checkerboard},
}};

class PointSource final : public DataSource {
public:
    explicit PointSource(PointSet set)
        : set_(std::move(set)) {}

    [[nodiscard]] std::int64_t size() const override {
        return static_cast<std::int64_t>(set_.points.size());
    }
    [[nodiscard]] const Shape& shape() const override { return shape_; }
    void input(std::int64_t index, std::span<float> out) const override {
        std::ranges::copy(set_.points[static_cast<std::size_t>(index)], out.begin());
    }
    [[nodiscard]] std::int32_t label(std::int64_t index) const override {
        return set_.labels[static_cast<std::size_t>(index)];
    }

private:
    PointSet set_;
    Shape shape_{2};
};

Dataset openGeneratedPoints(const Params& params, const DataChoice& /*choice*/) {
    PointSetOptions options;
    options.pattern = std::ranges::find(kPatterns, std::string_view(params.text("pattern")),
                                        &std::pair<std::string_view, PointPattern>::first)
                          ->second;
    options.noise = params.real("noise");
    options.classes = static_cast<std::int32_t>(params.integer("classes"));
    options.seed = static_cast<std::uint64_t>(params.integer("seed"));
    Dataset data;
    data.info.input = Shape{2};
    data.info.preparation.size = 0;
    data.info.preparation.pictures = PictureKind::None;
    for (std::int32_t i = 0; i < classesOf(options); ++i)
        data.info.classes.push_back(std::to_string(i));
    options.count = params.integer("samples");
    data.training = std::make_shared<PointSource>(generatePoints(options));
    options.part = 1;
    options.count = params.integer("test_samples");
    data.test = std::make_shared<PointSource>(generatePoints(options));
    return data;
}

} // namespace

DatasetDef generatedPointsDataset() {
    auto classes = intParam("classes", "Classes", 2, 2, 10, "Arms of the spirals, or clouds.");
    classes.visibleWhen = {"pattern", {std::string("spirals"), std::string("gaussians")}};
    return {
        .key = "points",
        .title = "Points in the plane",
        .doc = "Two numbers per sample, drawn by a rule, so that you can see what a network can "
               "separate.",
        .origin = "Generated",
        .licence = "None needed",
        .params = {choiceParam("pattern", "Pattern", "spirals",
                               {{"spirals", "Spirals", "Arms that wind around each other."},
                                {"xor", "Exclusive or", "Opposite quadrants have the same class."},
                                {"circles", "Circles", "A disk within a ring."},
                                {"moons", "Moons", "Two half circles that interlock."},
                                {"gaussians", "Gaussian clouds", "One cloud per class."},
                                {"checkerboard", "Checkerboard", "Four by four fields."}},
                               "How the classes lie."),
                   std::move(classes), samplesParam(2000), testSamplesParam(1000),
                   realParam("noise", "Noise", 0.1, 0, 2,
                             "Standard deviation of each point's shift, as a share of the "
                             "distance between neighbouring classes."),
                   generatorSeedParam("Another seed draws other points.")},
        .open = openGeneratedPoints};
}

} // namespace gradwright
