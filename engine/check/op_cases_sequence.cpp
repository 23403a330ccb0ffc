// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/check/case_builder.h"

namespace gradwright::check {
namespace {

struct StatesCase {
    std::string name;
    std::int64_t batch, steps, features;
    bool isGiven;                       ///< the first state
    std::vector<std::size_t> objective; ///< outputs that it depends on
    RecurrentOp op;
};

/// With states in and out.
OpCase withStates(const StatesCase& made) {
    const auto& op = made.op;
    CaseBuilder builder(fmt::format("{}/{}", nameOf(OpAttributes(op)), made.name), made.batch);
    auto sequence = builder.source({made.steps, made.features});
    if (op.timeFirst)
        sequence = builder.apply(PermuteOp{{1, 0, 2}}, {sequence});
    std::vector<ValueId> inputs{sequence};
    for (std::size_t i = 0; made.isGiven && i < statesOf(op.cell); ++i)
        inputs.push_back(builder.source({op.units}));
    auto outputs = builder.applyAll(op, std::move(inputs));
    if (op.timeFirst)
        outputs[0] = builder.apply(PermuteOp{{1, 0, 2}}, {outputs[0]});
    for (std::size_t i = 0; i < outputs.size(); ++i)
        builder.output(outputs[i], fmt::format("output{}", i));
    for (const auto index : made.objective)
        builder.regress(outputs[index], index == 0 ? 1.0 : 0.5);
    return builder.finish();
}

void addStateCases(std::vector<OpCase>& cases, CellKind cell) {
    std::vector<std::size_t> all{0};
    std::vector<std::size_t> last;
    for (std::size_t i = 1; i <= statesOf(cell); ++i) {
        all.push_back(i);
        last.push_back(i);
    }
    const auto add = [&](std::string name, std::int64_t batch, Shape sizes, bool isGiven,
                         std::vector<std::size_t> objective, RecurrentOp op) {
        op.cell = cell;
        cases.push_back(withStates(
            {std::move(name), batch, sizes[0], sizes[1], isGiven, std::move(objective), op}));
    };
    add("from a state", 3, {5, 7}, true, {0}, {.units = 6});
    add("from a state, one step", 3, {1, 4}, true, {0}, {.units = 5});
    add("last states, from zeros", 3, {4, 5}, false, all, {.units = 6, .lastStates = true});
    add("states in and out", 3, {4, 5}, true, all, {.units = 6, .lastStates = true});
    add("only the last states matter", 2, {4, 5}, true, last, {.units = 3, .lastStates = true});
    add("states in and out, backwards", 3, {4, 5}, true, all,
        {.units = 3, .reverse = true, .lastStates = true});
    add("time first", 3, {5, 7}, false, {0}, {.units = 6, .timeFirst = true});
    add("time first, states in and out, backwards", 3, {4, 5}, true, all,
        {.units = 17, .reverse = true, .bias = false, .timeFirst = true, .lastStates = true});
}

} // namespace

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
        addStateCases(cases, cell);
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
        // Backends go through long sequences in blocks, and through many heads in groups.
        cases.push_back(singleOp(prefix + "many steps", 2, {70, 12},
                                 AttentionOp{.heads = 2, .causal = causal}));
        cases.push_back(singleOp(prefix + "many steps, many features", 1, {70, 72},
                                 AttentionOp{.heads = 1, .causal = causal}));
        cases.push_back(singleOp(prefix + "many heads", 3, {5, 36},
                                 AttentionOp{.heads = 12, .causal = causal}));
    }

    CaseBuilder text("sequence/embedding, position, attention, norm, gru", 3);
    cases.push_back(text.regressed(text.chain(
        text.numbers(6, 9),
        {EmbeddingOp{.vocabulary = 9, .dimensions = 8}, PositionOp{}, DenseOp{.units = 24},
         AttentionOp{.heads = 2}, DenseOp{.units = 8}, NormalizeOp{.axis = 2},
         ActivationOp{{ActivationKind::Gelu}}, RecurrentOp{.cell = CellKind::Gru, .units = 5}})));
}

} // namespace gradwright::check
