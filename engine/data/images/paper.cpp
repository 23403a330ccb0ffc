// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/data/images/paper.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <optional>
#include <utility>
#include <vector>

namespace gradwright {
namespace {

constexpr std::size_t kTerms = 6;
using Terms = std::array<double, kTerms>;

/// How far from the surface a pixel may lie and still be paper, at least.
constexpr double kSmallestTolerance = 0.04;
constexpr int kBorderRounds = 4;
constexpr int kPaperRounds = 4;
/// So many pixels are enough to fit six numbers.
constexpr std::int64_t kSamples = 20'000;
/// So much of the border and of the picture is exactly alike where there is no paper to be found.
constexpr double kCanvasBorder = 0.9;
constexpr double kCanvasShare = 0.5;

struct Sample {
    Terms terms;
    double value;
};

Terms termsAt(const GrayImage& image, std::int64_t x, std::int64_t y) {
    const auto scaled = [](std::int64_t at, std::int64_t length) {
        return (2.0 * static_cast<double>(at) + 1.0) / static_cast<double>(length) - 1.0;
    };
    const auto u = scaled(x, image.width);
    const auto v = scaled(y, image.height);
    return {1.0, u, v, u * u, u * v, v * v};
}

double evaluate(const Terms& surface, const Terms& terms) {
    double sum = 0;
    for (std::size_t i = 0; i < kTerms; ++i)
        sum += surface[i] * terms[i];
    return sum;
}

/// Solves the symmetric positive definite system by Gaussian elimination.
Terms solve(std::array<Terms, kTerms> matrix, Terms right) {
    for (std::size_t pivot = 0; pivot < kTerms; ++pivot)
        for (std::size_t row = pivot + 1; row < kTerms; ++row) {
            const auto factor = matrix[row][pivot] / matrix[pivot][pivot];
            for (std::size_t column = pivot; column < kTerms; ++column)
                matrix[row][column] -= factor * matrix[pivot][column];
            right[row] -= factor * right[pivot];
        }
    Terms result{};
    for (std::size_t row = kTerms; row-- > 0;) {
        double sum = right[row];
        for (std::size_t column = row + 1; column < kTerms; ++column)
            sum -= matrix[row][column] * result[column];
        result[row] = sum / matrix[row][row];
    }
    return result;
}

/// Least squares over the samples within `tolerance` of `surface`. A slight pull of all but the
/// constant term towards 0 keeps tiny images solvable.
Terms refit(const std::vector<Sample>& samples, const Terms& surface, double tolerance) {
    std::array<Terms, kTerms> matrix{};
    Terms right{};
    double used = 0;
    for (const auto& sample : samples) {
        if (std::abs(sample.value - evaluate(surface, sample.terms)) > tolerance)
            continue;
        ++used;
        for (std::size_t i = 0; i < kTerms; ++i) {
            right[i] += sample.terms[i] * sample.value;
            for (std::size_t k = 0; k < kTerms; ++k)
                matrix[i][k] += sample.terms[i] * sample.terms[k];
        }
    }
    if (used == 0)
        return surface;
    for (std::size_t i = 1; i < kTerms; ++i)
        matrix[i][i] += 1e-6 * used + 1e-3;
    return solve(matrix, right);
}

double median(std::vector<double> values) {
    const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
    std::ranges::nth_element(values, middle);
    return *middle;
}

/// A robust standard deviation of the samples about the surface.
double spread(const std::vector<Sample>& samples, const Terms& surface) {
    std::vector<double> residuals;
    residuals.reserve(samples.size());
    for (const auto& sample : samples)
        residuals.push_back(std::abs(sample.value - evaluate(surface, sample.terms)));
    return 1.4826 * median(std::move(residuals));
}

Terms startAtMedian(const std::vector<Sample>& samples) {
    std::vector<double> values;
    values.reserve(samples.size());
    for (const auto& sample : samples)
        values.push_back(sample.value);
    return {median(std::move(values)), 0, 0, 0, 0, 0};
}

/// Pixels spread evenly over the ring of `margin` pixels (the whole image when it is 0).
std::vector<Sample> collect(const GrayImage& image, std::int64_t margin) {
    const auto stride = std::max<std::int64_t>(
        1, static_cast<std::int64_t>(std::sqrt(image.width * image.height / kSamples)));
    std::vector<Sample> samples;
    for (std::int64_t y = 0; y<image.height; y += margin> 0 ? 1 : stride)
        for (std::int64_t x = 0; x<image.width; x += margin> 0 ? 1 : stride) {
            const bool inside =
                x >= margin && y >= margin && x < image.width - margin && y < image.height - margin;
            if (margin > 0 && inside) {
                x = image.width - margin - 1; // on to the right part of the ring
                continue;
            }
            samples.push_back({termsAt(image, x, y), double{image.at(x, y)}});
        }
    return samples;
}

/// The brightness of a canvas that was drawn on, where nearly all of the border and most of the
/// picture are exactly alike: a camera's or a scanner's paper never is.
std::optional<float> canvasOf(const GrayImage& drawing, const std::vector<Sample>& border) {
    const double value = startAtMedian(border)[0];
    const auto alike = [](auto count, auto all) {
        return static_cast<double>(count) / static_cast<double>(all);
    };
    const auto onBorder = std::ranges::count(border, value, &Sample::value);
    if (alike(onBorder, border.size()) < kCanvasBorder)
        return {};
    const auto brightness = static_cast<float>(value);
    const auto everywhere = std::ranges::count(drawing.pixels, brightness);
    if (alike(everywhere, drawing.pixels.size()) < kCanvasShare)
        return {};
    return brightness;
}

} // namespace

Paper removePaper(const GrayImage& drawing) {
    const auto margin = std::max<std::int64_t>(1, std::min(drawing.width, drawing.height) / 30);
    const auto border = collect(drawing, margin);
    if (const auto canvas = canvasOf(drawing, border)) {
        Paper paper{drawing, 0};
        for (auto& value : paper.difference.pixels)
            value -= *canvas;
        return paper;
    }
    auto surface = startAtMedian(border);
    for (int round = 0; round < kBorderRounds; ++round)
        surface =
            refit(border, surface, std::max(kSmallestTolerance, 2.5 * spread(border, surface)));
    // The tolerance stays the border's: ink may well cover most of the middle.
    const auto grain = spread(border, surface);
    const auto tolerance = std::max(kSmallestTolerance, 3.0 * grain);
    const auto all = collect(drawing, 0);
    for (int round = 0; round < kPaperRounds; ++round)
        surface = refit(all, surface, tolerance);

    Paper paper{makeImage(drawing.width, drawing.height), 0};
    for (std::int64_t y = 0; y < drawing.height; ++y)
        for (std::int64_t x = 0; x < drawing.width; ++x)
            paper.difference.at(x, y) =
                static_cast<float>(drawing.at(x, y) - evaluate(surface, termsAt(drawing, x, y)));
    double squares = 0;
    double count = 0;
    for (const auto& sample : all) {
        const auto residual = sample.value - evaluate(surface, sample.terms);
        if (std::abs(residual) <= tolerance) {
            squares += residual * residual;
            ++count;
        }
    }
    paper.grain = static_cast<float>(count > 0 ? std::sqrt(squares / count) : grain);
    return paper;
}

} // namespace gradwright
