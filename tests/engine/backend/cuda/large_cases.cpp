// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/engine/backend/cuda/large_cases.h"

#include "tests/engine/backend/case_builder.h"

namespace gradwright::test {
namespace {

void addChannelCases(std::vector<OpCase>& cases) {
    cases.push_back(singleOp("large/batch norm in parts", 3, {2, 60, 50}, BatchNormOp{}));
    cases.push_back(singleOp("large/batch norm of many samples", 600, {3, 7}, BatchNormOp{}));
    cases.push_back(singleOp("large/prelu in parts", 3, {2, 60, 50}, PreluOp{}));
    cases.push_back(singleOp("large/prelu, one slope", 3, {5, 40, 30}, PreluOp{false}));
}

void addNormalizeCases(std::vector<OpCase>& cases) {
    const auto add = [&](std::string name, std::int64_t batch, const Shape& shape, NormalizeOp op) {
        cases.push_back(singleOp("large/normalize " + std::move(name), batch, shape, op));
    };
    add("channels in parts", 3, {2, 60, 50}, {.groups = 2, .perChannel = true});
    add("channels together", 3, {2, 60, 50}, {.perChannel = true, .shift = false});
    add("elements in parts", 10, {20, 40}, {.axis = 2});
    add("elements in parts, shift alone", 10, {20, 40}, {.axis = 2, .scale = false});
    add("rows wider than a block", 2, {3, 700}, {.axis = 2});
}

void addSequences(std::vector<OpCase>& cases) {
    for (const bool causal : {false, true}) {
        const std::string prefix = causal ? "large/causal attention, " : "large/attention, ";
        cases.push_back(
            singleOp(prefix + "two tiles of steps", 2, {70, 54}, AttentionOp{2, causal}));
        cases.push_back(
            singleOp(prefix + "two tiles of features", 1, {66, 210}, AttentionOp{1, causal}));
    }
    for (const auto cell : {CellKind::Simple, CellKind::Lstm, CellKind::Gru}) {
        const auto recur = [&](std::string name, std::int64_t batch, const Shape& shape,
                               RecurrentOp op) {
            op.cell = cell;
            cases.push_back(singleOp(fmt::format("large/{}, {}", nameOf(OpAttributes(op)), name),
                                     batch, shape, op));
        };
        recur("products in parts", 2, {3, 5}, {.units = 520 / gatesOf(cell)});
        recur("sums of gradients in parts", 60, {10, 4}, {.units = 3, .timeFirst = false});
    }
    CaseBuilder words("large/embedding", 40);
    cases.push_back(words.regressed(
        words.apply(EmbeddingOp{.vocabulary = 7, .dimensions = 300}, {words.numbers(20, 7)})));
}

} // namespace

std::vector<OpCase> largeCases() {
    std::vector<OpCase> cases;
    cases.push_back(singleOp("large/dense, many samples", 600, {8}, DenseOp{.units = 4}));
    addChannelCases(cases);
    addNormalizeCases(cases);
    for (const auto kind : {CombineKind::Multiply, CombineKind::Maximum})
        cases.push_back(
            joiningOp(fmt::format("large/{} with a vector", nameOf(OpAttributes(CombineOp{kind}))),
                      3, {{4, 40, 30}, {4}}, CombineOp{kind}));
    addSequences(cases);
    // The batch is the only axis.
    CaseBuilder alone("dropout/one number a sample", 40);
    cases.push_back(alone.regressed(alone.chain(
        alone.source({1}), {ReshapeOp{{Dim::batch()}}, DropoutOp{.rate = 0.5, .stream = 1},
                            ReshapeOp{{Dim::batch(), 1}}})));
    return cases;
}

} // namespace gradwright::test
