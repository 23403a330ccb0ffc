// SPDX-License-Identifier: GPL-3.0-or-later
// Draws resources/samples: digits as a hand draws them, on paper, board and screen. Run it after a
// change here (ninja make_samples && tests/make_samples resources/samples) and commit the pictures.
#include "engine/data/images/image.h"
#include "engine/support/error.h"
#include "engine/support/rng.h"

#include <cstdio>
// jpeglib.h needs the one above before it.
#include <jpeglib.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <filesystem>
#include <iostream>
#include <memory>
#include <numbers>
#include <string>
#include <vector>

namespace gradwright {
namespace {

struct Point {
    double x = 0;
    double y = 0;
};
using Stroke = std::vector<Point>; // in a box of 1 × 1, y downwards

struct Sample {
    std::string file;
    std::vector<Stroke> strokes;
    std::int64_t width = 280;
    std::int64_t height = 280;
    Point centre = {140, 140}; ///< of the digit's box
    double digitWidth = 110;
    double digitHeight = 160;
    double pen = 16; ///< diameter
    double slant = 0;
    double paper = 1;     ///< brightness of the ground
    double ink = 0;       ///< and of the strokes
    double shading = 0;   ///< how much darker the far corner is
    double grain = 0;     ///< noise of the picture
    double roughness = 0; ///< how much of the ground shows through the strokes
    bool jpeg = false;
};

const std::vector<Stroke> kZero = {{{.55, .02},
                                    {.30, .08},
                                    {.08, .35},
                                    {.05, .62},
                                    {.18, .90},
                                    {.45, 1.0},
                                    {.78, .88},
                                    {.96, .58},
                                    {.92, .28},
                                    {.75, .07},
                                    {.50, .03},
                                    {.38, .07}}};
const std::vector<Stroke> kOne = {{{.38, .10}, {.52, .0}, {.51, .30}, {.48, .65}, {.47, 1.0}}};
const std::vector<Stroke> kTwo = {{{.08, .22},
                                   {.25, .04},
                                   {.55, .0},
                                   {.82, .12},
                                   {.85, .32},
                                   {.65, .58},
                                   {.35, .82},
                                   {.08, .97},
                                   {.30, .95},
                                   {.65, .97},
                                   {.98, .94}}};
const std::vector<Stroke> kTwoLoop = {{{.10, .20},
                                       {.35, .01},
                                       {.72, .05},
                                       {.84, .28},
                                       {.66, .60},
                                       {.38, .86},
                                       {.16, .97},
                                       {.05, .88},
                                       {.18, .78},
                                       {.42, .88},
                                       {.70, 1.0},
                                       {1.0, .90}}};
const std::vector<Stroke> kThree = {{{.10, .10},
                                     {.40, .0},
                                     {.75, .06},
                                     {.80, .25},
                                     {.60, .42},
                                     {.38, .47},
                                     {.65, .52},
                                     {.90, .68},
                                     {.82, .90},
                                     {.50, 1.0},
                                     {.20, .97},
                                     {.04, .86}}};
const std::vector<Stroke> kFour = {
    {{.30, .02}, {.22, .25}, {.10, .52}, {.35, .55}, {.65, .53}, {.95, .50}},
    {{.76, .05}, {.72, .35}, {.68, .70}, {.66, 1.0}}};
const std::vector<Stroke> kFive = {{{.25, .03},
                                    {.22, .22},
                                    {.18, .44},
                                    {.45, .39},
                                    {.78, .50},
                                    {.86, .72},
                                    {.70, .93},
                                    {.38, 1.0},
                                    {.06, .93}},
                                   {{.24, .04}, {.55, .03}, {.92, .0}}};
const std::vector<Stroke> kSix = {{{.72, .0},
                                   {.42, .18},
                                   {.18, .48},
                                   {.08, .76},
                                   {.26, .98},
                                   {.58, 1.0},
                                   {.84, .82},
                                   {.78, .60},
                                   {.50, .53},
                                   {.25, .65},
                                   {.14, .80}}};
const std::vector<Stroke> kSeven = {
    {{.05, .06}, {.35, .05}, {.70, .05}, {.93, .03}, {.78, .30}, {.58, .62}, {.42, 1.0}}};
const std::vector<Stroke> kSevenCrossed = {
    {{.05, .10}, {.20, .04}, {.60, .07}, {.95, .04}, {.76, .36}, {.56, .68}, {.44, 1.0}},
    {{.32, .52}, {.55, .50}, {.86, .48}}};
const std::vector<Stroke> kEight = {{{.80, .12},
                                     {.50, .0},
                                     {.20, .12},
                                     {.24, .32},
                                     {.55, .47},
                                     {.86, .68},
                                     {.78, .92},
                                     {.45, 1.0},
                                     {.12, .88},
                                     {.18, .66},
                                     {.50, .46},
                                     {.80, .28},
                                     {.80, .10}}};
const std::vector<Stroke> kNine = {{{.82, .20},
                                    {.60, .02},
                                    {.25, .06},
                                    {.10, .28},
                                    {.25, .46},
                                    {.58, .44},
                                    {.82, .20},
                                    {.84, .12},
                                    {.80, .45},
                                    {.72, .75},
                                    {.60, 1.0}}};

/// Smooth noise in [-1, 1] along a line.
double waver(const Rng& rng, double at, std::uint64_t track) {
    const auto value = [&](double step) {
        return 2.0 * rng.uniform(track * 4096 + static_cast<std::uint64_t>(step)) - 1.0;
    };
    const auto floor = std::floor(at);
    const auto part = 0.5 - 0.5 * std::cos((at - floor) * std::numbers::pi);
    return value(floor) * (1 - part) + value(floor + 1) * part;
}

/// A point on the Catmull–Rom curve through the stroke's points.
Point onCurve(const Stroke& stroke, std::size_t segment, double t) {
    const auto& p1 = stroke[segment];
    const auto& p2 = stroke[segment + 1];
    const auto& p0 = segment > 0 ? stroke[segment - 1] : p1;
    const auto& p3 = segment + 2 < stroke.size() ? stroke[segment + 2] : p2;
    const auto mix = [t](double a, double b, double c, double d) {
        return 0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t * t +
                      (3 * b - a - 3 * c + d) * t * t * t);
    };
    return {mix(p0.x, p1.x, p2.x, p3.x), mix(p0.y, p1.y, p2.y, p3.y)};
}

/// Sets the round tip of the pen down at a point: `cover` keeps how much of a pixel is inked.
void dab(GrayImage& cover, Point at, double radius) {
    const auto first = [](double value) {
        return std::max<std::int64_t>(0, static_cast<std::int64_t>(value) - 1);
    };
    const auto last = [](double value, std::int64_t size) {
        return std::min(size - 1, static_cast<std::int64_t>(value) + 1);
    };
    for (auto y = first(at.y - radius); y <= last(at.y + radius, cover.height); ++y)
        for (auto x = first(at.x - radius); x <= last(at.x + radius, cover.width); ++x) {
            const auto distance = std::hypot(static_cast<double>(x) + 0.5 - at.x,
                                             static_cast<double>(y) + 0.5 - at.y);
            const auto inside = std::clamp(radius + 0.5 - distance, 0.0, 1.0);
            cover.at(x, y) = std::max(cover.at(x, y), static_cast<float>(inside));
        }
}

GrayImage inkOf(const Sample& sample, const Rng& rng) {
    auto cover = makeImage(sample.width, sample.height);
    std::uint64_t track = 1;
    for (const auto& stroke : sample.strokes) {
        for (std::size_t segment = 0; segment + 1 < stroke.size(); ++segment)
            for (int step = 0; step <= 100; ++step) {
                const auto t = step / 100.0;
                const auto at = 1.7 * (static_cast<double>(segment) + t);
                auto point = onCurve(stroke, segment, t);
                point.x += 0.018 * waver(rng, at, track);
                point.y += 0.018 * waver(rng, at, track + 1);
                const auto pressure = 1.0 + 0.18 * waver(rng, 0.6 * at, track + 2);
                const auto x = (point.x - 0.5 + sample.slant * (0.5 - point.y)) * sample.digitWidth;
                const auto y = (point.y - 0.5) * sample.digitHeight;
                dab(cover, {sample.centre.x + x, sample.centre.y + y}, 0.5 * sample.pen * pressure);
            }
        track += 3;
    }
    return cover;
}

GrayImage draw(const Sample& sample, std::uint64_t seed) {
    const Rng rng(seed, RngStream::Test);
    const auto cover = inkOf(sample, rng);
    auto image = makeImage(sample.width, sample.height);
    std::uint64_t draws = std::uint64_t{1} << 32;
    for (std::int64_t y = 0; y < image.height; ++y)
        for (std::int64_t x = 0; x < image.width; ++x) {
            const auto u = static_cast<double>(x) / static_cast<double>(image.width);
            const auto v = static_cast<double>(y) / static_cast<double>(image.height);
            const auto light = 1.0 - sample.shading * (0.5 * u + 0.3 * v + 0.4 * u * v);
            const auto bare = sample.roughness * rng.uniform(draws++);
            const auto covered = double{cover.at(x, y)} * (1.0 - bare);
            const auto surface = sample.paper + (sample.ink - sample.paper) * covered;
            image.at(x, y) = static_cast<float>(
                std::clamp(surface * light + sample.grain * rng.normal(draws++), 0.0, 1.0));
        }
    return image;
}

void writeJpeg(const GrayImage& image, const std::filesystem::path& path) {
    const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "wb"),
                                                               &std::fclose);
    if (!file)
        throw Error("{}: cannot be written", path.string());
    jpeg_compress_struct info{};
    jpeg_error_mgr errors{};
    info.err = jpeg_std_error(&errors); // ends the program on an error, which is fine here
    jpeg_create_compress(&info);
    jpeg_stdio_dest(&info, file.get());
    info.image_width = static_cast<JDIMENSION>(image.width);
    info.image_height = static_cast<JDIMENSION>(image.height);
    info.input_components = 1;
    info.in_color_space = JCS_GRAYSCALE;
    jpeg_set_defaults(&info);
    jpeg_set_quality(&info, 82, TRUE);
    jpeg_start_compress(&info, TRUE);
    std::vector<std::uint8_t> row(static_cast<std::size_t>(image.width));
    for (std::int64_t y = 0; y < image.height; ++y) {
        for (std::int64_t x = 0; x < image.width; ++x)
            row[static_cast<std::size_t>(x)] =
                static_cast<std::uint8_t>(std::lround(image.at(x, y) * 255.0F));
        JSAMPROW rows = row.data();
        jpeg_write_scanlines(&info, &rows, 1);
    }
    jpeg_finish_compress(&info);
    jpeg_destroy_compress(&info);
}

std::vector<Sample> samples() {
    return {
        {.file = "0-marker.png", .strokes = kZero, .pen = 24, .slant = .10},
        {.file = "1-ballpoint.png",
         .strokes = kOne,
         .centre = {205, 90},
         .digitHeight = 110,
         .pen = 4,
         .slant = .12,
         .paper = .98,
         .ink = .18},
        {.file = "2-chalk-on-board.png",
         .strokes = kTwo,
         .width = 400,
         .height = 300,
         .centre = {150, 160},
         .digitWidth = 130,
         .digitHeight = 180,
         .pen = 15,
         .paper = .16,
         .ink = .93,
         .shading = .3,
         .grain = .02,
         .roughness = .45},
        {.file = "2-drawing-pad.png",
         .strokes = kTwoLoop,
         .centre = {130, 150},
         .digitWidth = 150,
         .digitHeight = 170,
         .pen = 20,
         .paper = 0,
         .ink = 1},
        {.file = "3-pencil-on-paper.png",
         .strokes = kThree,
         .width = 640,
         .height = 480,
         .centre = {380, 210},
         .digitWidth = 150,
         .digitHeight = 230,
         .pen = 11,
         .slant = .12,
         .paper = .86,
         .ink = .36,
         .shading = .35,
         .grain = .02,
         .roughness = .5},
        {.file = "4-drawing-pad-corner.png",
         .strokes = kFour,
         .centre = {72, 205},
         .digitWidth = 80,
         .digitHeight = 105,
         .pen = 13,
         .paper = 0,
         .ink = 1},
        {.file = "5-two-strokes.png",
         .strokes = kFive,
         .centre = {150, 135},
         .digitWidth = 120,
         .digitHeight = 190,
         .pen = 17,
         .slant = .10},
        {.file = "6-felt-pen-small.png",
         .strokes = kSix,
         .centre = {60, 62},
         .digitWidth = 44,
         .digitHeight = 66,
         .pen = 8,
         .paper = .97,
         .ink = .10},
        {.file = "7-crossed.png",
         .strokes = kSevenCrossed,
         .width = 320,
         .height = 240,
         .centre = {200, 118},
         .digitWidth = 100,
         .digitHeight = 150,
         .pen = 12,
         .slant = .05},
        {.file = "7-tiny.png",
         .strokes = kSeven,
         .width = 48,
         .height = 64,
         .centre = {22, 34},
         .digitWidth = 24,
         .digitHeight = 36,
         .pen = 4,
         .ink = .15},
        {.file = "8-white-on-black.png",
         .strokes = kEight,
         .centre = {150, 140},
         .digitWidth = 115,
         .digitHeight = 210,
         .pen = 19,
         .slant = .12,
         .paper = 0,
         .ink = 1},
        {.file = "9-photo.jpg",
         .strokes = kNine,
         .width = 1200,
         .height = 900,
         .centre = {520, 480},
         .digitWidth = 260,
         .digitHeight = 420,
         .pen = 26,
         .slant = .08,
         .paper = .80,
         .ink = .22,
         .shading = .45,
         .grain = .025,
         .roughness = .25,
         .jpeg = true},
    };
}

void makeAll(const std::filesystem::path& folder) {
    std::uint64_t seed = 1;
    for (const auto& sample : samples()) {
        const auto image = draw(sample, seed++);
        if (sample.jpeg)
            writeJpeg(image, folder / sample.file);
        else
            writePng(image, folder / sample.file);
    }
}

} // namespace
} // namespace gradwright

int main(int count, char** arguments) {
    if (count != 2) {
        std::cerr << "usage: make_samples FOLDER\n";
        return 2;
    }
    try {
        gradwright::makeAll(arguments[1]);
    } catch (const std::exception& error) {
        std::cerr << error.what() << '\n';
        return 1;
    }
    return 0;
}
