// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/memory/arena_plan.h"
#include "engine/tensor/aligned_buffer.h"

#include <QTest>

#include <algorithm>
#include <random>

using namespace gradwright;

namespace {

constexpr std::size_t kBytes = 1024;

/// Adds steps to an outline as a compiler would.
class Builder {
public:
    std::size_t buffer(bool kept = false, std::size_t bytes = kBytes) {
        outline.bytes.push_back(bytes);
        outline.kept.push_back(kept);
        return outline.bytes.size() - 1;
    }
    void step(std::size_t op, std::vector<std::size_t> reads, std::vector<std::size_t> changes) {
        Outline::Step step;
        step.op = op;
        step.uses = std::move(reads);
        step.uses.insert(step.uses.end(), changes.begin(), changes.end());
        step.changes = std::move(changes);
        outline.steps.push_back(std::move(step));
    }

    Outline outline;
};

/// Ops in a row, each with one output that its backward step reads.
Outline chain(std::size_t ops) {
    Builder builder;
    std::vector<std::size_t> values{builder.buffer(true)};
    builder.step(0, {}, {values[0]});
    for (std::size_t i = 1; i <= ops; ++i) {
        values.push_back(builder.buffer());
        builder.step(i, {values[i - 1]}, {values[i]});
    }
    builder.outline.backward = builder.outline.steps.size();
    auto gradient = builder.buffer();
    builder.step(ops, {values[ops]}, {gradient});
    for (auto i = ops; i > 0; --i) {
        const auto next = builder.buffer();
        builder.step(ops, {values[i - 1], gradient}, {next});
        gradient = next;
    }
    builder.outline.kept[gradient] = true;
    return builder.outline;
}

/// Ops of one to three steps that read some of the values before them and fill scratch, workspaces
/// and outputs, some of those in two steps or in the place of an input.
Outline randomOutline(std::uint32_t seed) {
    std::mt19937 random(seed);
    const auto below = [&](std::size_t count) { return random() % count; };
    Builder builder;
    struct Op {
        std::vector<std::size_t> inputs, made;
    };
    std::vector<Op> ops;
    std::vector<std::size_t> values{builder.buffer(true)};
    builder.step(0, {}, {values[0]});
    const auto count = 10 + below(60);
    for (std::size_t i = 1; i <= count; ++i) {
        Op op;
        op.inputs.push_back(values.back());
        if (below(4) == 0)
            op.inputs.push_back(values[below(values.size())]);
        const auto output = builder.buffer(below(20) == 0, kBytes * (1 + below(4)));
        op.made.push_back(output);
        if (below(3) == 0) {
            const auto copy = builder.buffer();
            builder.step(i, op.inputs, {copy});
            op.inputs.push_back(copy);
        }
        if (below(3) == 0)
            op.made.push_back(builder.buffer(below(8) == 0));
        builder.step(i, op.inputs, op.made);
        if (below(3) == 0)
            builder.outline.steps.back().inPlace = {output, op.inputs.front()};
        if (below(5) == 0)
            builder.step(i, op.inputs, {output}); // adds to it
        ops.push_back(op);
        values.push_back(output);
    }
    builder.outline.backward = builder.outline.steps.size();
    auto gradient = builder.buffer();
    builder.step(count, {values.back()}, {gradient});
    for (auto op = ops.rbegin(); op != ops.rend(); ++op) {
        std::vector<std::size_t> reads{gradient};
        for (const auto& list : {op->inputs, op->made})
            for (const auto buffer : list)
                if (below(2) == 0)
                    reads.push_back(buffer);
        gradient = builder.buffer();
        builder.step(count, reads, {gradient});
    }
    builder.outline.kept[gradient] = true;
    return builder.outline;
}

/// Runs the steps on tokens: what a step writes follows from what it reads there. Returns what the
/// steps of the backward pass and the kept buffers end with.
std::vector<std::size_t> tokensOf(const Outline& outline, const Execution& execution) {
    const auto plan = planArena(outline, execution);
    std::vector<std::size_t> memory(plan.bytes / gradwright::AlignedBuffer::kAlignment + 64);
    const auto cells = [&](std::size_t buffer) {
        const auto begin = plan.offsets[buffer] / gradwright::AlignedBuffer::kAlignment;
        const auto count = outline.bytes[buffer] / gradwright::AlignedBuffer::kAlignment;
        return std::span(memory).subspan(begin, count);
    };
    const auto mix = [](std::size_t a, std::size_t b) {
        return (a ^ (b + 0x9e3779b97f4a7c15ULL + (a << 6U) + (a >> 2U))) * 0xff51afd7ed558ccdULL;
    };
    std::vector<bool> written(outline.bytes.size());
    std::vector<std::size_t> results;
    for (std::size_t at = 0; at < execution.order.size(); ++at) {
        const auto number = execution.order[at];
        const auto& step = outline.steps[number];
        std::size_t token = number + 1;
        for (const auto buffer : step.uses) {
            const bool isWritten = std::ranges::find(step.changes, buffer) != step.changes.end();
            // The first step of an op to write a buffer writes all of it, later ones add to it.
            bool adds = false;
            for (std::size_t i = 0; i < number; ++i)
                adds = adds || std::ranges::find(outline.steps[i].changes, buffer) !=
                                   outline.steps[i].changes.end();
            if (isWritten && !adds)
                continue;
            for (const auto cell : cells(buffer))
                token = mix(token, cell);
        }
        for (const auto buffer : step.changes)
            std::ranges::fill(cells(buffer), mix(token, buffer));
        if (at >= execution.backward && number >= outline.backward)
            results.push_back(token);
    }
    for (std::size_t buffer = 0; buffer < outline.bytes.size(); ++buffer)
        if (outline.kept[buffer])
            results.push_back(cells(buffer).front());
    return results;
}

} // namespace

/// The order of a program's steps and the memory of their buffers.
class ExecutionTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void eachStepOnce() {
        const auto outline = chain(3);
        const auto execution = runOnce(outline);
        QCOMPARE(execution.order, (std::vector<std::size_t>{0, 1, 2, 3, 4, 5, 6, 7}));
        QCOMPARE(execution.backward, 4U);
        QCOMPARE(execution.parts, 0U);
        QVERIFY((execution.lives[1] == std::vector<Life>{{1, 6}}));
        // All four values at once, and two gradients.
        QCOMPARE(peakBytes(outline, execution), 5 * kBytes);
    }

    /// Chen et al. 2016: memory that grows with the root of the depth, for one more forward pass.
    void aDeepChainTakesLittle() {
        const auto outline = chain(100);
        const auto execution = runAgain(outline);
        QVERIFY2(peakBytes(outline, execution) <= 26 * kBytes,
                 qPrintable(QString::number(peakBytes(outline, execution) / kBytes)));
        QVERIFY(execution.parts > 5);
        QVERIFY(execution.order.size() < outline.steps.size() + 100);
        QVERIFY(planArena(outline, execution).bytes <= 26 * kBytes);
        QVERIFY(tokensOf(outline, execution) == tokensOf(outline, runOnce(outline)));
    }

    void whatSavesNothingIsNotDone() {
        const auto outline = chain(1);
        const auto execution = runAgain(outline);
        QCOMPARE(execution.parts, 0U);
        QCOMPARE(execution.order.size(), outline.steps.size());
    }

    void resultsAreTheSame() {
        std::size_t smaller = 0;
        for (std::uint32_t seed = 1; seed <= 300; ++seed) {
            const auto outline = randomOutline(seed);
            const auto once = runOnce(outline);
            const auto again = runAgain(outline);
            QVERIFY2(tokensOf(outline, again) == tokensOf(outline, once),
                     qPrintable(QString::number(seed)));
            smaller += peakBytes(outline, again) < peakBytes(outline, once) ? 1 : 0;
        }
        QVERIFY2(smaller > 150, qPrintable(QString::number(smaller)));
    }
};

QTEST_APPLESS_MAIN(ExecutionTest)
#include "tst_execution.moc"
