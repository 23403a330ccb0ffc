// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/check/case_builder.h"

namespace gradwright::check {
namespace {

void addWindowConvolutions(std::vector<OpCase>& cases) {
    const auto conv = [&](std::string name, std::int64_t batch, const Shape& shape, ConvOp op) {
        cases.push_back(singleOp("conv/" + std::move(name), batch, shape, op));
    };
    conv("one axis", 3, {3, 11}, {.outChannels = 6, .kernel = {3}});
    conv("one axis, one step", 1, {1, 1}, {.outChannels = 1});
    conv("one axis, stride, dilation, uneven padding", 1, {5, 13},
         {.outChannels = 17, .kernel = {4}, .stride = {2}, .dilation = {3}, .padding = {5, 1}});
    conv("one axis, groups", 3, {6, 7},
         {.outChannels = 9, .kernel = {3}, .padding = {1, 1}, .groups = 3, .bias = false});
    conv("one axis, depthwise", 3, {17, 7},
         {.outChannels = 17, .kernel = {3}, .padding = {1, 1}, .groups = 17});
    conv("three axes", 3, {3, 4, 5, 6}, {.outChannels = 6, .kernel = {3, 3, 3}});
    conv("three axes, one voxel", 1, {1, 1, 1, 1}, {.outChannels = 2});
    conv("three axes, stride, dilation, uneven padding", 1, {3, 5, 6, 7},
         {.outChannels = 4,
          .kernel = {2, 3, 1},
          .stride = {1, 2, 3},
          .dilation = {2, 1, 1},
          .padding = {1, 0, 0, 2, 0, 0}});
    conv("three axes, groups", 1, {4, 3, 4, 5},
         {.outChannels = 6, .kernel = {2, 2, 2}, .groups = 2});

    CaseBuilder chain("conv/one axis, twice with a norm", 3);
    cases.push_back(chain.regressed(chain.chain(
        chain.source({9, 5}),
        {PermuteOp::ofSample({1, 0}), ConvOp{.outChannels = 17, .kernel = {3}, .bias = false},
         BatchNormOp{}, ActivationOp{{ActivationKind::Relu}},
         ConvOp{.outChannels = 6, .kernel = {3}}, PermuteOp::ofSample({1, 0})})));
    CaseBuilder volume("conv/three axes, twice with a norm and a pool", 3);
    cases.push_back(volume.regressed(volume.chain(
        volume.source({1, 6, 6, 6}),
        {ConvOp{
             .outChannels = 6, .kernel = {3, 3, 3}, .padding = {1, 1, 1, 1, 1, 1}, .bias = false},
         BatchNormOp{}, ActivationOp{{ActivationKind::Relu}},
         PoolOp{.kernel = {2, 2, 2}, .stride = {2, 2, 2}},
         ConvOp{.outChannels = 3, .kernel = {2, 2, 2}}, GlobalAveragePoolOp{}})));
}

void addTransposed(std::vector<OpCase>& cases) {
    const auto conv = [&](std::string name, std::int64_t batch, const Shape& shape,
                          ConvTransposeOp op) {
        cases.push_back(singleOp("conv transpose/" + std::move(name), batch, shape, op));
    };
    conv("one pixel", 1, {1, 1, 1}, {.outChannels = 1});
    conv("3x3", 3, {3, 5, 7}, {.outChannels = 6, .kernel = {3, 3}});
    conv("2x2 stride 2", 3, {16, 3, 5}, {.outChannels = 32, .kernel = {2, 2}, .stride = {2, 2}});
    conv("4x4 stride 2, padding 1", 3, {6, 5, 4},
         {.outChannels = 3, .kernel = {4, 4}, .stride = {2, 2}, .padding = {1, 1, 1, 1}});
    conv("output padding", 1, {3, 4, 5},
         {.outChannels = 5,
          .kernel = {3, 3},
          .stride = {2, 3},
          .padding = {1, 1, 0, 1},
          .outputPadding = {0, 1, 0, 2}});
    conv("dilation", 1, {3, 4, 5},
         {.outChannels = 17, .kernel = {3, 2}, .stride = {1, 2}, .dilation = {2, 3}});
    conv("groups, without bias", 3, {6, 4, 5},
         {.outChannels = 4, .kernel = {3, 3}, .stride = {2, 2}, .groups = 2, .bias = false});
    conv("one axis", 3, {5, 7}, {.outChannels = 3, .kernel = {4}, .stride = {2}});
    conv("three axes", 1, {3, 2, 3, 4},
         {.outChannels = 2, .kernel = {2, 2, 2}, .stride = {2, 2, 2}});

    CaseBuilder chain("conv transpose/between convolutions", 3);
    cases.push_back(chain.regressed(chain.chain(
        chain.source({3, 8, 8}),
        {ConvOp{.outChannels = 17, .kernel = {3, 3}, .stride = {2, 2}},
         ActivationOp{{ActivationKind::Sigmoid}},
         ConvTransposeOp{.outChannels = 6, .kernel = {3, 3}, .stride = {2, 2}},
         ActivationOp{{ActivationKind::Tanh}}, ConvOp{.outChannels = 3, .kernel = {3, 3}}})));
}

void addWindowPools(std::vector<OpCase>& cases) {
    for (const auto kind : {PoolKind::Max, PoolKind::Average}) {
        const std::string prefix = kind == PoolKind::Max ? "max pool/" : "average pool/";
        const auto pool = [&](std::string name, std::int64_t batch, const Shape& shape, PoolOp op) {
            op.kind = kind;
            cases.push_back(singleOp(prefix + std::move(name), batch, shape, op));
        };
        pool("one axis", 3, {5, 11}, {.kernel = {3}, .stride = {2}, .padding = {1, 1}});
        pool("one axis, overhanging", 1, {17, 6},
             {.kernel = {2}, .stride = {4}, .padding = {0, 1}});
        pool("three axes", 3, {3, 4, 5, 6},
             {.kernel = {2, 3, 2}, .stride = {2, 1, 2}, .padding = {0, 0, 1, 1, 0, 0}});
        pool("three axes, overhanging", 1, {2, 3, 3, 3},
             {.kernel = {2, 2, 2}, .stride = {2, 2, 2}, .padding = {0, 1, 0, 1, 0, 1}});
    }
    cases.push_back(singleOp("global average pool/of steps", 3, {5, 7}, GlobalAveragePoolOp{}));
    cases.push_back(
        singleOp("global average pool/of a volume", 1, {3, 2, 4, 5}, GlobalAveragePoolOp{}));
}

} // namespace

void addWindowCases(std::vector<OpCase>& cases) {
    addWindowConvolutions(cases);
    addTransposed(cases);
    addWindowPools(cases);
}

} // namespace gradwright::check
