// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/project/project.h"
#include "tests/support/network_builder.h"

#include <string>

namespace gradwright::test {

/// Houses: price = 100 + 20 size - 3 age, and 50 more with a view of the sea. What a sample holds
/// is size, three numbers for the view, age.
inline std::string houseTable(int count) {
    std::string text = "size;view;age;price\n";
    for (int i = 0; i < count; ++i) {
        const int size = 1 + (7 * i) % 23;
        const int age = (5 * i) % 17;
        const char* const view = i % 3 == 0 ? "sea" : i % 3 == 1 ? "lake" : "wood";
        text += fmt::format("{};{};{};{}\n", size, view, age,
                            100 + 20 * size - 3 * age + (i % 3 == 0 ? 50 : 0));
    }
    return text;
}

/// Which houses' columns the two branches get.
inline InputAssignment houseColumns() {
    return {{{"numbers", {"size", "age"}}, {"view", {"view"}}}, {}};
}

/// A linear branch on the numbers and a deep one on the view, added. With two Inputs, or with one
/// of which two Slices take the same parts; the weights have the same keys.
inline Network wideAndDeep(bool hasTwoInputs) {
    NetworkBuilder b;
    const auto shape = [](std::int64_t size) { return ParamValues{{"shape", IntTuple{size}}}; };
    NodeId numbers, view;
    if (hasTwoInputs) {
        numbers = b.layer("input", shape(2), "numbers");
        view = b.layer("input", shape(3), "view");
    } else {
        const auto all = b.layer("input", shape(5), "house");
        numbers = b.after(all, "slice", {{"step", std::int64_t{4}}}, "numbers");
        view =
            b.after(all, "slice", {{"begin", std::int64_t{1}}, {"end", std::int64_t{4}}}, "view");
    }
    const auto wide = b.after(numbers, "dense", {{"units", std::int64_t{1}}}, "wide");
    const auto hidden = b.after(
        view, "dense", {{"units", std::int64_t{8}}, {"activation", std::string("tanh")}}, "hidden");
    const auto deep = b.after(hidden, "dense", {{"units", std::int64_t{1}}}, "deep");
    const auto sum = b.after(wide, "add", {}, "sum");
    b.link(deep, sum, 1);
    b.after(sum, "output", {}, "price");
    return std::move(b.network);
}

/// On a file of houses, in batches of 16, on one thread.
inline Project houseProject(const std::string& file, bool hasTwoInputs) {
    auto project = newProject();
    project.name = hasTwoInputs ? "two inputs" : "one input";
    project.network = wideAndDeep(hasTwoInputs);
    project.data.dataset = "csv";
    project.data.params = {{"file", file}, {"task", std::string("regression")}};
    if (hasTwoInputs)
        project.data.assignment = houseColumns();
    project.training.objectives.front().loss = {"mean-squared-error", {}};
    for (const auto& [key, value] :
         {std::pair<const char*, std::int64_t>{"epochs", 4}, {"batch", 16}, {"threads", 1}})
        project.training.params.insert_or_assign(key, value);
    project.training.params.insert_or_assign("learning_rate", 0.05);
    return project;
}

} // namespace gradwright::test
