// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/check/case_builder.h"

#include <algorithm>

namespace gradwright::check {
namespace {

constexpr Activation kSigmoidOfCase{ActivationKind::Sigmoid};
const BinaryOp kTimes{BinaryKind::Multiply};
const BinaryOp kPlus{BinaryKind::Add};

/// x · sigmoid(β · x).
ValueId swish(CaseBuilder& builder, ValueId x, ValueId beta) {
    builder.setLayer("swish");
    const auto scaled = builder.apply(kTimes, {beta, x});
    const auto gate = builder.apply(ActivationOp{kSigmoidOfCase}, {scaled});
    const auto y = builder.apply(kTimes, {x, gate});
    builder.setLayer("");
    return y;
}

/// Between two convolutions, whose layouts have channels in blocks.
OpCase betweenConvolutions(std::string name, std::int64_t channels, const Shape& beta) {
    CaseBuilder builder("fused/" + std::move(name), 3);
    const ConvOp conv{.outChannels = channels, .kernel = {1, 1}};
    const auto first = builder.apply(conv, {builder.source({channels, 5, 4})});
    const auto y = swish(builder, first, builder.weight(beta));
    return builder.regressed(builder.apply(conv, {y}));
}

void addActivationCases(std::vector<OpCase>& cases) {
    for (const auto& about : activations()) {
        if (about.kind == ActivationKind::Identity)
            continue;
        CaseBuilder builder("fused/" + about.key + " and its slope", 3);
        const auto x = builder.source({5, 7}, 2);
        builder.setLayer("layer");
        const auto f = builder.apply(ActivationOp{defaultActivation(about.kind)}, {x});
        const auto y = builder.apply(kTimes, {f, x});
        builder.setLayer("");
        cases.push_back(builder.regressed(y));
    }
}

} // namespace

void addFusedCases(std::vector<OpCase>& cases) {
    CaseBuilder vector("fused/swish of a vector", 3);
    const auto x = vector.source({37});
    cases.push_back(vector.regressed(swish(vector, x, vector.weight({1}))));

    CaseBuilder large("fused/swish of more than a block", 2);
    const auto sequence = large.source({31, 40}, 3);
    cases.push_back(large.regressed(swish(large, sequence, large.weight({40}))));

    cases.push_back(betweenConvolutions("one number in blocks of channels", 32, {1}));
    cases.push_back(betweenConvolutions("numbers of channels in blocks", 32, {32, 1, 1}));
    cases.push_back(betweenConvolutions("one number in padded channels", 6, {1}));
    cases.push_back(betweenConvolutions("numbers of padded channels", 6, {6, 1, 1}));
    cases.push_back(betweenConvolutions("a row of numbers", 32, {4}));

    // A padded layout in which zeros would become infinite.
    CaseBuilder inverse("fused/what is infinite at 0 in padded channels", 3);
    const ConvOp conv{.outChannels = 5, .kernel = {3, 3}, .padding = {1, 1, 1, 1}};
    const auto image = inverse.apply(conv, {inverse.source({4, 7, 6})});
    inverse.setLayer("layer");
    const auto above = inverse.apply(UnaryOp{UnaryKind::Exponential}, {image});
    const auto one = inverse.apply(kPlus, {above, image});
    const auto ratio =
        inverse.apply(BinaryOp{BinaryKind::Divide}, {one, inverse.apply(kTimes, {above, above})});
    inverse.setLayer("");
    cases.push_back(inverse.regressed(inverse.apply(conv, {ratio})));

    CaseBuilder several("fused/several results", 3);
    const auto a = several.source({5, 7});
    const auto b = several.source({5, 7});
    several.setLayer("layer");
    const auto product = several.apply(kTimes, {a, b});
    const auto sine = several.apply(UnaryOp{UnaryKind::Sine, 2, 1}, {product});
    const auto sum = several.apply(kPlus, {sine, a});
    several.setLayer("");
    several.regress(several.apply(SoftmaxOp{.axis = -1}, {product}), 0.5);
    several.regress(several.apply(SoftmaxOp{.axis = -1}, {sine}), 0.25);
    cases.push_back(several.regressed(sum));

    CaseBuilder choice("fused/a choice by comparison", 3);
    const auto left = choice.source({5, 7});
    const auto right = choice.source({1, 7});
    choice.setLayer("layer");
    const auto isLess = choice.apply(CompareOp{Comparison::Less}, {left, right});
    const auto isNot = choice.apply(LogicOp{LogicKind::Not}, {isLess});
    const auto isWhole = choice.apply(
        CompareOp{Comparison::GreaterOrEqual},
        {choice.apply(CastOp{DType::F32}, {choice.apply(CastOp{DType::I32}, {left})}), left});
    const auto either = choice.apply(LogicOp{LogicKind::Xor}, {isNot, isWhole});
    const auto chosen = choice.apply(WhereOp{}, {either, left, right});
    choice.setLayer("");
    cases.push_back(choice.regressed(chosen));

    addActivationCases(cases);
}

} // namespace gradwright::check
