// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/check/case_builder.h"

namespace gradwright::check {
namespace {

void addCombinations(std::vector<OpCase>& cases) {
    for (const auto kind : {CombineKind::Subtract, CombineKind::Multiply, CombineKind::Average,
                            CombineKind::Maximum, CombineKind::Minimum}) {
        const CombineOp op{kind};
        const std::string prefix = std::string(nameOf(OpAttributes(op))) + "/";
        const auto join = [&](std::string name, std::int64_t batch,
                              const std::vector<Shape>& shapes) {
            cases.push_back(joiningOp(prefix + std::move(name), batch, shapes, op));
        };
        join("two images", 3, {{5, 7, 11}, {5, 7, 11}});
        join("two numbers", 1, {{1}, {1}});
        join("many numbers", 3, {{16, 32, 24}, {16, 32, 24}});
        join("an image and a vector", 3, {{5, 3, 4}, {5}});
        join("a vector and an image", 1, {{17}, {17, 3, 5}});
        join("an image and one pixel's channels", 3, {{5, 3, 4}, {5, 1, 1}});
        join("an image and a map", 3, {{5, 3, 4}, {1, 3, 4}});
        join("a column and a row", 3, {{3, 5, 1}, {1, 1, 4}});
        join("a sequence and one number", 1, {{5, 7}, {1}});
        join("a volume and a row", 1, {{2, 3, 4, 5}, {1, 1, 1, 5}});
        if (kind != CombineKind::Subtract) {
            join("three vectors", 3, {{17}, {17}, {17}});
            join("four of mixed shapes", 3, {{5, 3, 4}, {5}, {1, 3, 1}, {5, 3, 4}});
        }

        CaseBuilder gate(prefix + "a convolution and a gate of it", 3);
        const auto image =
            gate.apply(ConvOp{.outChannels = 17, .kernel = {3, 3}}, {gate.source({3, 6, 5})});
        const auto weights = gate.chain(image, {GlobalAveragePoolOp{}, DenseOp{.units = 17},
                                                ActivationOp{{ActivationKind::Sigmoid}}});
        cases.push_back(gate.regressed(
            gate.apply(ConvOp{.outChannels = 3}, {gate.apply(op, {image, weights})})));

        CaseBuilder itself(prefix + "a value with its square", 3);
        const auto x = itself.source({3, 5});
        const auto square = itself.apply(CombineOp{CombineKind::Multiply}, {x, x});
        cases.push_back(itself.regressed(itself.apply(op, {x, square})));
    }
}

AxisMap shift(std::int64_t size, std::int64_t first, Border border = Border::Constant,
              std::int64_t step = 1) {
    return {AxisMap::Kind::Shift, size, first, step, border};
}

void addResamplings(std::vector<OpCase>& cases) {
    const auto resample = [&](std::string name, std::int64_t batch, const Shape& shape,
                              std::vector<AxisMap> axes) {
        cases.push_back(singleOp("resample/" + std::move(name), batch, shape,
                                 ResampleOp::ofSample(std::move(axes))));
    };
    const AxisMap keep;
    const auto to = [](AxisMap::Kind kind, std::int64_t size) { return AxisMap{kind, size}; };
    resample("nothing", 1, {5, 7}, {keep, keep});
    resample("zeros around an image", 3, {3, 5, 7}, {keep, shift(8, -1), shift(9, -2)});
    resample("zeros around channels", 1, {3, 2, 2}, {shift(6, -2), keep, keep});
    resample("a reflected border", 3, {3, 5, 4},
             {keep, shift(9, -2, Border::Reflect), shift(8, -1, Border::Reflect)});
    resample("a repeated border", 1, {3, 1, 4},
             {keep, shift(4, -2, Border::Replicate), shift(7, 0, Border::Replicate)});
    resample("a crop", 3, {3, 5, 7}, {keep, shift(3, 1), shift(2, 4)});
    resample("every second of a vector", 3, {17}, {shift(8, 1, Border::Constant, 2)});
    resample("every third step", 1, {11, 5}, {shift(4, 1, Border::Constant, 3), keep});
    resample("a vector backwards", 3, {7}, {shift(7, 6, Border::Constant, -1)});
    resample("rows backwards, every second", 3, {3, 7, 5},
             {keep, shift(3, 5, Border::Constant, -2), keep});
    resample("backwards beyond a reflected border", 1, {3, 5},
             {keep, shift(8, 6, Border::Reflect, -1)});
    cases.push_back(singleOp("resample/a number around an image", 3, {3, 5, 7},
                             ResampleOp{{keep, keep, shift(8, -1), shift(9, -2)}, 1.25}));
    cases.push_back(
        singleOp("resample/a number behind a vector", 1, {5}, ResampleOp{{keep, shift(8, 0)}, -2}));
    cases.push_back(
        singleOp("resample/a number on one side, a repeated border on the other", 3, {3, 5},
                 ResampleOp{{keep, shift(5, -1), shift(7, -1, Border::Replicate)}, 0.5}));
    resample("nearest, doubled", 3, {3, 5, 4},
             {keep, to(AxisMap::Kind::Nearest, 10), to(AxisMap::Kind::Nearest, 8)});
    resample("nearest, odd", 1, {2, 5, 4},
             {keep, to(AxisMap::Kind::Nearest, 7), to(AxisMap::Kind::Nearest, 3)});
    resample("linear, doubled", 3, {3, 5, 4},
             {keep, to(AxisMap::Kind::Linear, 10), to(AxisMap::Kind::Linear, 8)});
    resample("linear, odd", 1, {2, 5, 4},
             {keep, to(AxisMap::Kind::Linear, 7), to(AxisMap::Kind::Linear, 3)});
    resample("linear of one pixel", 1, {2, 1, 1},
             {keep, to(AxisMap::Kind::Linear, 3), to(AxisMap::Kind::Linear, 2)});
    resample("means of unequal parts", 3, {3, 7, 5},
             {keep, to(AxisMap::Kind::Mean, 3), to(AxisMap::Kind::Mean, 2)});
    resample(
        "means of a volume", 1, {2, 4, 5, 3},
        {keep, to(AxisMap::Kind::Mean, 2), to(AxisMap::Kind::Mean, 5), to(AxisMap::Kind::Mean, 1)});

    CaseBuilder between("resample/between convolutions", 3);
    cases.push_back(between.regressed(
        between.chain(between.source({3, 5, 6}),
                      {ConvOp{.outChannels = 17, .kernel = {3, 3}},
                       ResampleOp::ofSample({keep, to(AxisMap::Kind::Linear, 6), shift(6, -1)}),
                       ConvOp{.outChannels = 6, .kernel = {3, 3}}})));
}

} // namespace

void addShapeCases(std::vector<OpCase>& cases) {
    addCombinations(cases);
    addResamplings(cases);
}

} // namespace gradwright::check
