// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/engine/backend/case_builder.h"

namespace gradwright::test {

void addSequenceCases(std::vector<OpCase>& cases) {
    const auto look = [&](std::string name, std::int64_t batch, std::int64_t count,
                          EmbeddingOp op) {
        CaseBuilder builder("embedding/" + std::move(name), batch);
        cases.push_back(
            builder.regressed(builder.apply(op, {builder.numbers(count, op.vocabulary)})));
    };
    look("words", 3, 7, {.vocabulary = 11, .dimensions = 5});
    look("one of one", 1, 1, {.vocabulary = 1, .dimensions = 1});
    look("many columns", 3, 4, {.vocabulary = 3, .dimensions = 130});

    for (const bool learned : {false, true}) {
        const std::string prefix = learned ? "position/learned, " : "position/sinusoids, ";
        cases.push_back(singleOp(prefix + "odd", 3, {5, 7}, PositionOp{learned}));
        cases.push_back(singleOp(prefix + "one step", 1, {1, 4}, PositionOp{learned}));
        cases.push_back(singleOp(prefix + "one feature", 3, {6, 1}, PositionOp{learned}));
    }

    for (const auto cell : {CellKind::Simple, CellKind::Lstm, CellKind::Gru}) {
        const auto recur = [&](std::string name, std::int64_t batch, const Shape& shape,
                               RecurrentOp op) {
            op.cell = cell;
            const std::string prefix(nameOf(OpAttributes(op)));
            cases.push_back(singleOp(prefix + "/" + std::move(name), batch, shape, op));
        };
        recur("several steps", 3, {5, 7}, {.units = 6});
        recur("one step, one unit", 1, {1, 1}, {.units = 1});
        recur("backwards", 3, {4, 5}, {.units = 3, .reverse = true});
        recur("without bias", 1, {6, 3}, {.units = 17, .bias = false});
        recur("many units", 2, {3, 20}, {.units = 33});
    }
    cases.push_back(singleOp("rnn/relu", 3, {5, 7},
                             RecurrentOp{.cell = CellKind::Simple, .units = 6, .relu = true}));

    for (const bool causal : {false, true}) {
        const std::string prefix = causal ? "attention/causal, " : "attention/";
        cases.push_back(
            singleOp(prefix + "one head", 3, {5, 12}, AttentionOp{.heads = 1, .causal = causal}));
        cases.push_back(singleOp(prefix + "three heads", 1, {7, 27},
                                 AttentionOp{.heads = 3, .causal = causal}));
        cases.push_back(singleOp(prefix + "one feature a head", 3, {2, 6}, AttentionOp{2, causal}));
    }

    CaseBuilder text("sequence/embedding, position, attention, norm, gru", 3);
    cases.push_back(text.regressed(text.chain(
        text.numbers(6, 9),
        {EmbeddingOp{.vocabulary = 9, .dimensions = 8}, PositionOp{}, DenseOp{.units = 24},
         AttentionOp{.heads = 2}, DenseOp{.units = 8}, NormalizeOp{.axis = 2},
         ActivationOp{{ActivationKind::Gelu}}, RecurrentOp{.cell = CellKind::Gru, .units = 5}})));
}

} // namespace gradwright::test
