// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/data/images/ink.h"

#include "engine/data/images/paper.h"
#include "engine/data/images/resample.h"
#include "engine/support/error.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <utility>
#include <vector>

namespace gradwright {
namespace {

/// Larger drawings are reduced to this first: a digit of a twentieth of the side still fills the
/// box.
constexpr std::int64_t kWorkSide = 512;
/// Ink differs from the paper by at least this.
constexpr float kLeastContrast = 0.08F;
/// Ink differs from the paper by at least so many standard deviations of its grain.
constexpr float kGrainFactor = 4.5F;
/// Shares of the full ink: where strokes certainly are, and how faint their edges may be.
constexpr float kStrong = 0.5F;
constexpr float kWeak = 0.15F;
/// Parts with less ink than this part of the largest one are specks.
constexpr double kSpeck = 0.02;
/// Fewer pixels than this are no drawing: grain reaches as far from the paper now and then.
constexpr std::size_t kLeastPixels = 4;
constexpr const char* kNoInk = "no ink was found: the picture is empty or too faint";

GrayImage reduced(const GrayImage& drawing) {
    const auto longest = std::max(drawing.width, drawing.height);
    if (longest <= kWorkSide)
        return drawing;
    const auto scale = static_cast<double>(kWorkSide) / static_cast<double>(longest);
    const auto side = [&](std::int64_t length) {
        return std::max<std::int64_t>(1, std::llround(static_cast<double>(length) * scale));
    };
    return resample(drawing,
                    {0, 0, static_cast<double>(drawing.width), static_cast<double>(drawing.height)},
                    side(drawing.width), side(drawing.height));
}

/// The value below which `part` of the values lie.
float quantile(std::vector<float> values, double part) {
    const auto at = static_cast<std::ptrdiff_t>(part * static_cast<double>(values.size() - 1));
    std::ranges::nth_element(values, values.begin() + at);
    return values[static_cast<std::size_t>(at)];
}

/// Makes ink positive, be it dark on light or light on dark. Cubes, as light and grain of the paper
/// are small and alike to both sides.
void orient(GrayImage& difference) {
    double balance = 0;
    for (const auto value : difference.pixels)
        balance += double{value} * value * value;
    if (balance < 0)
        for (auto& value : difference.pixels)
            value = -value;
}

/// The difference from the paper that full ink has.
float fullInk(const GrayImage& difference, float floor) {
    const auto strongest = *std::ranges::max_element(difference.pixels);
    if (!(strongest >= floor))
        throw Error(kNoInk);
    std::vector<float> strong;
    for (const auto value : difference.pixels)
        if (value >= floor && value >= 0.5F * strongest)
            strong.push_back(value);
    return quantile(std::move(strong), 0.5);
}

struct Part {
    std::vector<std::size_t> pixels;
    std::size_t strong = 0;
};

/// Connected parts (8 neighbours) of what is at least faint.
std::vector<Part> findParts(const GrayImage& amount, float weak) {
    std::vector<Part> parts;
    std::vector<bool> seen(amount.pixels.size(), false);
    const auto width = amount.width;
    for (std::size_t start = 0; start < seen.size(); ++start) {
        if (seen[start] || amount.pixels[start] < weak)
            continue;
        seen[start] = true;
        Part part;
        part.pixels.push_back(start);
        for (std::size_t next = 0; next < part.pixels.size(); ++next) {
            const auto at = part.pixels[next];
            if (amount.pixels[at] >= kStrong)
                ++part.strong;
            const auto x = static_cast<std::int64_t>(at) % width;
            const auto y = static_cast<std::int64_t>(at) / width;
            for (auto ny = std::max<std::int64_t>(0, y - 1);
                 ny <= std::min(amount.height - 1, y + 1); ++ny)
                for (auto nx = std::max<std::int64_t>(0, x - 1); nx <= std::min(width - 1, x + 1);
                     ++nx) {
                    const auto neighbour = static_cast<std::size_t>(ny * width + nx);
                    if (seen[neighbour] || amount.pixels[neighbour] < weak)
                        continue;
                    seen[neighbour] = true;
                    part.pixels.push_back(neighbour);
                }
        }
        parts.push_back(std::move(part));
    }
    return parts;
}

/// Keeps the parts that are no specks and what lies around them; all else becomes paper.
void keepParts(Ink& ink, const std::vector<Part>& parts) {
    std::size_t largest = 0;
    for (const auto& part : parts)
        largest = std::max(largest, part.strong);
    if (largest < kLeastPixels)
        throw Error(kNoInk);
    const auto least = std::max(1.0, kSpeck * static_cast<double>(largest));

    GrayImage kept = makeImage(ink.amount.width, ink.amount.height);
    ink.left = ink.top = std::numeric_limits<std::int64_t>::max();
    for (const auto& part : parts) {
        if (static_cast<double>(part.strong) < least)
            continue;
        for (const auto at : part.pixels) {
            kept.pixels[at] = ink.amount.pixels[at];
            const auto x = static_cast<std::int64_t>(at) % kept.width;
            const auto y = static_cast<std::int64_t>(at) / kept.width;
            ink.left = std::min(ink.left, x);
            ink.top = std::min(ink.top, y);
            ink.right = std::max(ink.right, x + 1);
            ink.bottom = std::max(ink.bottom, y + 1);
        }
    }
    ink.amount = std::move(kept);
}

} // namespace

Ink findInk(const GrayImage& drawing) {
    if (drawing.width < 1 || drawing.height < 1 ||
        drawing.pixels.size() != static_cast<std::size_t>(drawing.width * drawing.height))
        throw Error("{} pixels are not a picture of {} × {}", drawing.pixels.size(), drawing.width,
                    drawing.height);
    auto paper = removePaper(reduced(drawing));
    orient(paper.difference);
    const auto floor = std::max(kLeastContrast, kGrainFactor * paper.grain);
    const auto full = fullInk(paper.difference, floor);

    Ink ink;
    ink.amount = std::move(paper.difference);
    for (auto& value : ink.amount.pixels)
        value = std::clamp(value / full, 0.0F, 1.0F);
    // Below the grain nothing is told apart, but clean drawings keep their soft edges.
    const auto weak = std::max(kWeak, 3.0F * paper.grain / full);
    keepParts(ink, findParts(ink.amount, weak));
    return ink;
}

double strokeWidth(const Ink& ink) {
    // The outline's length is the total variation, which soft edges do not change.
    double area = 0;
    double outline = 0;
    const auto& image = ink.amount;
    const auto value = [&](std::int64_t x, std::int64_t y) {
        const bool inside = x >= 0 && y >= 0 && x < image.width && y < image.height;
        return inside ? double{image.at(x, y)} : 0.0;
    };
    for (auto y = ink.top - 1; y <= ink.bottom; ++y)
        for (auto x = ink.left - 1; x <= ink.right; ++x) {
            area += value(x, y);
            outline += std::hypot(0.5 * (value(x + 1, y) - value(x - 1, y)),
                                  0.5 * (value(x, y + 1) - value(x, y - 1)));
        }
    return outline > 0 ? 2.0 * area / outline : 0.0;
}

Ink thickened(const Ink& ink, double radius) {
    const auto reach = static_cast<std::int64_t>(std::ceil(radius));
    const auto width = ink.right - ink.left;
    const auto height = ink.bottom - ink.top;
    Ink result{makeImage(width + 2 * reach, height + 2 * reach), 0, 0, width + 2 * reach,
               height + 2 * reach};
    for (auto dy = -reach; dy <= reach; ++dy)
        for (auto dx = -reach; dx <= reach; ++dx) {
            const auto distance = std::hypot(static_cast<double>(dx), static_cast<double>(dy));
            // The disc's rim counts in part, so that small radii act smoothly.
            const auto part = static_cast<float>(std::clamp(radius + 1.0 - distance, 0.0, 1.0));
            if (part <= 0)
                continue;
            for (std::int64_t y = 0; y < height; ++y)
                for (std::int64_t x = 0; x < width; ++x) {
                    auto& target = result.amount.at(x + dx + reach, y + dy + reach);
                    target = std::max(target, part * ink.amount.at(ink.left + x, ink.top + y));
                }
        }
    return result;
}

} // namespace gradwright
