// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/check/case_builder.h"

namespace gradwright::check {

void addNormalizationCases(std::vector<OpCase>& cases) {
    const auto norm = [&](std::string name, std::int64_t batch, const Shape& shape,
                          NormalizeOp op) {
        cases.push_back(singleOp("normalize/" + std::move(name), batch, shape, op));
    };
    // As layer normalization.
    norm("a vector", 3, {17}, {});
    norm("each step", 3, {5, 7}, {.axis = 2});
    norm("each step, many features", 2, {3, 133}, {.axis = 2, .epsilon = 1e-2});
    norm("one sample", 1, {5, 3}, {.axis = 2, .shift = false});
    norm("a whole image", 3, {3, 5, 4}, {});
    norm("rows of an image", 1, {3, 5, 7}, {.axis = 3, .scale = false});
    norm("without weights", 3, {17}, {.scale = false, .shift = false});
    // As RMS normalization.
    norm("without centre", 3, {5, 7}, {.axis = 2, .centre = false, .shift = false});
    norm("a vector without centre", 1, {33}, {.centre = false, .scale = false, .shift = false});
    norm("one number without centre", 3, {1}, {.centre = false, .epsilon = 0.5, .shift = false});
    // As group and instance normalization.
    norm("two groups", 3, {6, 5, 7}, {.groups = 2, .perChannel = true});
    norm("one group, weights a channel", 1, {5, 3, 4}, {.perChannel = true});
    norm("each channel", 3, {17, 3, 5}, {.groups = 17, .perChannel = true});
    norm("each channel without weights", 1, {3, 7, 11},
         {.groups = 3, .scale = false, .shift = false});
    norm("groups of a vector", 3, {12}, {.groups = 3, .perChannel = true});
    norm("groups of a volume", 1, {4, 2, 3, 5}, {.groups = 2, .perChannel = true});
    norm("groups of steps", 3, {6, 5}, {.groups = 3, .perChannel = true, .shift = false});

    CaseBuilder conv("normalize/between convolutions", 3);
    cases.push_back(conv.regressed(conv.chain(
        conv.source({3, 7, 6}),
        {ConvOp{.outChannels = 18, .kernel = {3, 3}}, NormalizeOp{.groups = 3, .perChannel = true},
         ActivationOp{{ActivationKind::Relu}}, ConvOp{.outChannels = 3, .kernel = {3, 3}}})));

    const auto response = [&](std::string name, std::int64_t batch, const Shape& shape,
                              LocalResponseNormOp op) {
        cases.push_back(singleOp("local response norm/" + std::move(name), batch, shape, op));
    };
    response("of five", 3, {7, 5, 3}, {.alpha = 0.5});
    response("of four", 1, {5, 3, 4}, {.size = 4, .alpha = 0.7, .beta = 0.6, .k = 2.0});
    response("of one", 3, {3, 2, 2}, {.size = 1, .alpha = 1.0, .beta = 1.3});
    response("wider than the channels", 3, {3, 5, 7}, {.size = 9, .alpha = 2.0, .beta = 0.5});
    response("of a vector", 1, {17}, {.alpha = 0.5});
    response("of many positions", 1, {5, 25, 24}, {.alpha = 0.5});
    response("of a single value", 1, {1, 1, 1}, {.alpha = 0.5});

    const auto noise = [&](std::string name, std::int64_t batch, const Shape& shape,
                           OpAttributes op) {
        cases.push_back(singleOp(std::move(name), batch, shape, std::move(op)));
    };
    noise("dropout/channels of an image", 3, {17, 3, 5},
          DropoutOp{.rate = 0.4, .stream = 1, .perChannel = true});
    noise("dropout/channels of a vector", 3, {33},
          DropoutOp{.rate = 0.5, .stream = 2, .perChannel = true});
    CaseBuilder channels("dropout/channels after a convolution", 3);
    cases.push_back(channels.regressed(channels.chain(
        channels.source({3, 5, 7}),
        {ConvOp{.outChannels = 17, .kernel = {3, 3}},
         DropoutOp{.rate = 0.3, .stream = 3, .perChannel = true}, ConvOp{.outChannels = 3}})));
    noise("gaussian noise/image", 3, {5, 7, 11}, GaussianNoiseOp{.deviation = 0.3, .stream = 1});
    noise("gaussian noise/vector", 1, {17}, GaussianNoiseOp{.deviation = 1.0, .stream = 2});
    noise("gaussian noise/none", 3, {17}, GaussianNoiseOp{.deviation = 0.0, .stream = 3});
    CaseBuilder noisy("gaussian noise/after a convolution", 3);
    cases.push_back(noisy.regressed(
        noisy.chain(noisy.source({3, 5, 7}), {ConvOp{.outChannels = 17, .kernel = {3, 3}},
                                              GaussianNoiseOp{.deviation = 0.2, .stream = 4},
                                              ActivationOp{{ActivationKind::Tanh}}})));
}

} // namespace gradwright::check
