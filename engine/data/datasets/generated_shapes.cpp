// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/data/catalog.h"
#include "engine/data/generated_params.h"
#include "engine/support/rng.h"

#include <algorithm>
#include <cmath>

namespace gradwright {
namespace {

constexpr std::uint64_t kMostFigures = 6;
constexpr std::uint64_t kDrawsAFigure = 16;
constexpr std::uint64_t kDrawsAnImage = (kMostFigures + 1) * kDrawsAFigure;

enum class Figure { Disk, Square, Triangle };

/// In units of the image's side.
struct Drawn {
    Figure figure = Figure::Disk;
    double x = 0, y = 0, radius = 0;
    float brightness = 0;

    [[nodiscard]] bool covers(double atX, double atY) const {
        const double dx = atX - x;
        const double dy = atY - y;
        switch (figure) {
        case Figure::Disk:
            return dx * dx + dy * dy <= radius * radius;
        case Figure::Square:
            return std::max(std::abs(dx), std::abs(dy)) <= 0.85 * radius;
        case Figure::Triangle: // stands on its base
            return dy <= 0.7 * radius && dy >= 2 * std::abs(dx) - 1.1 * radius;
        }
        return false;
    }
};

class ShapeSource final : public DataSource {
public:
    ShapeSource(const Params& params, std::uint32_t part, std::int64_t samples)
        : samples_(samples)
        , shape_{1, params.integer("size"), params.integer("size")}
        , deviation_(params.real("noise"))
        , figures_(seedOf(params), RngStream::Figures, 2 * part)
        , noise_(seedOf(params), RngStream::Figures, 2 * part + 1) {}

    [[nodiscard]] std::int64_t size() const override { return samples_; }
    [[nodiscard]] const Shape& shape() const override { return shape_; }
    [[nodiscard]] std::int32_t label(std::int64_t /*index*/) const override { return 0; }
    [[nodiscard]] const Shape& targetShape() const override { return shape_; }

    void input(std::int64_t index, std::span<float> out) const override {
        draw(index, out, [](const Drawn& drawn) { return drawn.brightness; });
        auto number = static_cast<std::uint64_t>(index) * out.size();
        for (auto& value : out)
            value += static_cast<float>(deviation_ * noise_.normal(number++));
    }
    void target(std::int64_t index, std::span<float> out) const override {
        draw(index, out,
             [](const Drawn& drawn) { return drawn.figure == Figure::Disk ? 1.0F : 0.0F; });
    }

private:
    static std::uint64_t seedOf(const Params& params) {
        return static_cast<std::uint64_t>(params.integer("seed"));
    }

    [[nodiscard]] std::vector<Drawn> figuresOf(std::int64_t index) const {
        const auto first = static_cast<std::uint64_t>(index) * kDrawsAnImage;
        std::vector<Drawn> drawn(3 + figures_.below(first, kMostFigures - 2));
        auto next = first;
        const auto between = [&](double low, double high) {
            next += 2;
            return low + (high - low) * figures_.uniform(next);
        };
        for (auto& figure : drawn) {
            figure.figure = static_cast<Figure>(std::min(2, static_cast<int>(between(0, 3))));
            figure.radius = between(0.08, 0.2);
            figure.x = between(0.05, 0.95);
            figure.y = between(0.05, 0.95);
            figure.brightness = static_cast<float>(between(0.4, 1));
        }
        return drawn;
    }

    /// What `valueOf` says of the figure on top at each pixel; 0 where there is none.
    template <class Value>
    void draw(std::int64_t index, std::span<float> out, Value&& valueOf) const {
        const auto figures = figuresOf(index);
        const auto side = static_cast<std::size_t>(shape_[1]);
        const double step = 1.0 / static_cast<double>(side);
        for (std::size_t i = 0; i < out.size(); ++i) {
            out[i] = 0;
            for (const auto& figure : figures)
                if (figure.covers((static_cast<double>(i % side) + 0.5) * step,
                                  (static_cast<double>(i / side) + 0.5) * step))
                    out[i] = valueOf(figure);
        }
    }

    std::int64_t samples_;
    Shape shape_;
    double deviation_;
    Rng figures_, noise_;
};

Dataset openGeneratedShapes(const Params& params, const DataChoice& /*choice*/) {
    Dataset data;
    data.training = std::make_shared<ShapeSource>(params, 0, params.integer("samples"));
    data.test = std::make_shared<ShapeSource>(params, 1, params.integer("test_samples"));
    data.info.input = data.training->shape();
    data.info.target = data.training->targetShape();
    data.info.preparation = {.size = 0, .pictures = PictureKind::Whole};
    return data;
}

} // namespace

DatasetDef generatedShapesDataset() {
    auto size = intParam("size", "Size", 64, 16, 512, "Rows and columns of an image.");
    size.unit = "px";
    return {
        .key = "shapes",
        .title = "Disks among shapes",
        .doc = "Noisy gray images of disks, squares and triangles that cover each other. The "
               "target is an image too: 1 where a disk is seen, 0 elsewhere.",
        .origin = "Generated",
        .licence = "None needed",
        .params =
            {std::move(size), samplesParam(1500), testSamplesParam(300),
             realParam(
                 "noise", "Noise", 0.2, 0, 10,
                 "Standard deviation of the noise; the brightness of shapes ranges from 0.4 to 1."),
             generatorSeedParam("Another seed draws other images.")},
        .open = openGeneratedShapes};
}

} // namespace gradwright
