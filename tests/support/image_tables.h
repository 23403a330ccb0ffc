// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/project/project.h"
#include "tests/support/data_files.h"
#include "tests/support/network_builder.h"

#include <array>
#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>

namespace gradwright::test {

/// The side of the pictures of digits.
inline constexpr std::int64_t kDigitSide = 10;

/// A digit from 0 to 3 in strokes of a seven-segment display, in a place and a brightness of its
/// own; byte by byte, row by row.
inline Bytes digitPixels(int digit, std::uint32_t variant) {
    // Top, middle, bottom; left above, left below, right above, right below.
    constexpr std::array<std::array<bool, 7>, 4> segments{
        {{true, false, true, true, true, true, true},
         {false, false, false, false, false, true, true},
         {true, true, true, false, true, true, false},
         {true, true, true, false, false, true, true}}};
    const auto hash = variant * 2654435761U;
    const auto left = static_cast<int>(1 + (hash >> 8) % 3);
    const auto top = static_cast<int>((hash >> 12) % 2);
    const auto light = static_cast<std::uint8_t>(140 + (hash >> 16) % 110);
    Bytes pixels(kDigitSide * kDigitSide, static_cast<std::uint8_t>((hash >> 24) % 30));
    const auto& on = segments.at(static_cast<std::size_t>(digit));
    const auto draw = [&](int x, int y) {
        pixels.at(static_cast<std::size_t>((top + y) * kDigitSide + left + x)) = light;
    };
    for (int i = 0; i < 5; ++i) {
        for (int bar = 0; bar < 3; ++bar)
            if (on.at(static_cast<std::size_t>(bar)))
                draw(i, 4 * bar);
        for (int side = 0; side < 4; ++side)
            if (on.at(static_cast<std::size_t>(3 + side)))
                draw(side < 2 ? 0 : 4, 4 * (side % 2) + i);
    }
    return pixels;
}

inline Bytes digitPng(int digit, std::uint32_t variant) {
    constexpr auto side = static_cast<std::uint32_t>(kDigitSide);
    return png({.width = side, .height = side}, digitPixels(digit, variant));
}

/// pairs.csv, whose columns left and right name pictures of digits in a folder of each name; same
/// is yes for half of them.
inline void writePairs(const std::filesystem::path& folder, int count) {
    for (const auto* side : {"left", "right"})
        std::filesystem::create_directories(folder / side);
    std::string text = "left,right,same\n";
    for (int i = 0; i < count; ++i) {
        const int digit = (i / 2) % 4;
        const int other = i % 2 == 0 ? digit : (digit + 1 + (i / 8) % 3) % 4;
        const auto variant = static_cast<std::uint32_t>(2 * i);
        writeFile(folder / fmt::format("left/{}.png", i), digitPng(digit, variant));
        writeFile(folder / fmt::format("right/{}.png", i), digitPng(other, variant + 1));
        text += fmt::format("left/{}.png,right/{}.png,{}\n", i, i, i % 2 == 0 ? "yes" : "no");
    }
    writeFile(folder / "pairs.csv", {text.begin(), text.end()});
}

/// Which Input gets which column of the pairs.
inline InputAssignment pairColumns() {
    return {{{"first", {"left"}}, {"second", {"right"}}}, {}};
}

/// Two Inputs of 1×10×10, a dense branch on each, joined.
inline Network pairNetwork() {
    NetworkBuilder b;
    const auto branch = [&](const char* name, const char* hidden) {
        const auto input = b.layer("input", {{"shape", IntTuple{1, kDigitSide, kDigitSide}}}, name);
        const auto flat = b.after(input, "flatten", {}, fmt::format("{}_pixels", name));
        return b.after(flat, "dense",
                       {{"units", std::int64_t{24}}, {"activation", std::string("relu")}}, hidden);
    };
    const auto left = branch("first", "left_branch");
    const auto right = branch("second", "right_branch");
    const auto joint = b.after(left, "concatenate", {}, "joint");
    b.link(right, joint, 1);
    const auto hidden = b.after(
        joint, "dense", {{"units", std::int64_t{48}}, {"activation", std::string("relu")}}, "both");
    const auto scores = b.after(hidden, "dense", {{"units", std::int64_t{2}}}, "scores");
    const auto shares = b.after(scores, "softmax", {}, "shares");
    b.after(shares, "output", {}, "same");
    return std::move(b.network);
}

inline void setTraining(Project& project, std::int64_t epochs, double learningRate) {
    for (const auto& [key, value] :
         {std::pair<const char*, std::int64_t>{"epochs", epochs}, {"batch", 16}, {"threads", 1}})
        project.training.params.insert_or_assign(key, value);
    project.training.params.insert_or_assign("learning_rate", learningRate);
}

/// Is it the same digit? On the pairs of a folder.
inline Project pairProject(const std::filesystem::path& folder, std::int64_t epochs) {
    auto project = newProject();
    project.name = "pairs";
    project.network = pairNetwork();
    project.data.dataset = "csv";
    project.data.params = {{"file", (folder / "pairs.csv").string()},
                           {"image_size", IntTuple{kDigitSide, kDigitSide}},
                           {"image_channels", std::string("gray")}};
    project.data.assignment = pairColumns();
    setTraining(project, epochs, 0.005);
    return project;
}

/// homes.csv: rooms, photo, age, price. The photo is brighter, the more the home is worth:
/// price = 10 rooms + brightness - 2 age, with brightness from 0 to 200.
inline void writeHomes(const std::filesystem::path& folder, int count) {
    std::filesystem::create_directories(folder / "photos");
    std::string text = "rooms,photo,age,price\n";
    for (int i = 0; i < count; ++i) {
        const int light = (i * 67) % 201;
        const int rooms = 1 + (i * 5) % 9;
        const int age = (i * 11) % 31;
        writeFile(folder / fmt::format("photos/{}.png", i),
                  png({.width = 6, .height = 6}, Bytes(36, static_cast<std::uint8_t>(light))));
        text +=
            fmt::format("{},photos/{}.png,{},{}\n", rooms, i, age, 10 * rooms + light - 2 * age);
    }
    writeFile(folder / "homes.csv", {text.begin(), text.end()});
}

/// An Input for the photo, one for the numbers, and what both make of the price added.
inline Project homeProject(const std::filesystem::path& folder, std::int64_t epochs) {
    NetworkBuilder b;
    const auto photo = b.layer("input", {{"shape", IntTuple{1, 4, 4}}}, "photo");
    const auto numbers = b.layer("input", {{"shape", IntTuple{2}}}, "numbers");
    const auto flat = b.after(photo, "flatten", {}, "pixels");
    const auto seen = b.after(flat, "dense", {{"units", std::int64_t{1}}}, "seen");
    const auto counted = b.after(numbers, "dense", {{"units", std::int64_t{1}}}, "counted");
    const auto sum = b.after(seen, "add", {}, "sum");
    b.link(counted, sum, 1);
    b.after(sum, "output", {}, "price");
    auto project = newProject();
    project.name = "homes";
    project.network = std::move(b.network);
    project.data.dataset = "csv";
    project.data.params = {{"file", (folder / "homes.csv").string()},
                           {"task", std::string("regression")},
                           {"image_size", IntTuple{4, 4}},
                           {"image_channels", std::string("gray")}};
    project.data.assignment = {{{"photo", {"photo"}}, {"numbers", {"rooms", "age"}}}, {}};
    project.training.objectives.front().loss = {"mean-squared-error", {}};
    setTraining(project, epochs, 0.03);
    return project;
}

} // namespace gradwright::test
