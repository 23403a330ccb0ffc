// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/devices.h"
#include "engine/backend/weights.h"
#include "engine/ops/op_graph.h"

#include <QTest>

#include <array>
#include <cmath>
#include <random>

using namespace gradwright;

namespace {

/// Convolutions, activations and sums around joins and cuts of channels, at random: parts of
/// several joins, joins of joins, a value twice in a join, pieces of joins and joins of pieces.
struct RandomJoins {
    explicit RandomJoins(std::uint32_t seed)
        : random(seed) {
        values.push_back(graph.addInput("x", ValueType(Shape{16, 5, 5})));
        for (int i = 0; i < 14; ++i)
            add("op" + std::to_string(i));
        graph.addOutput("last", values.back());
        graph.addOutput("inside", values[pick(values.size())]);
    }

    std::size_t pick(std::size_t count) {
        return std::uniform_int_distribution<std::size_t>(0, count - 1)(random);
    }
    [[nodiscard]] std::int64_t channels(ValueId id) const { return graph.type(id).sample()[0]; }

    void add(const std::string& path) {
        const auto x = values[pick(values.size())];
        switch (pick(6)) {
        case 0: {
            constexpr std::array<std::int64_t, 4> widths{16, 32, 48, 24}; // 24 is no whole block
            const auto width = widths[pick(8) == 0 ? 3 : pick(3)];
            const auto kernel = graph.addWeight({.key = path + "/weight",
                                                 .shape = {width, channels(x), 1, 1},
                                                 .initializer = {},
                                                 .fans = {}});
            return values.push_back(
                graph.add(ConvOp{.outChannels = width, .bias = false}, {x}, path, {kernel}));
        }
        case 1:
            return values.push_back(
                graph.add(ActivationOp{defaultActivation(ActivationKind::Relu)}, {x}, path));
        case 2: {
            for (const auto other : values)
                if (other != x && channels(other) == channels(x))
                    return values.push_back(graph.add(AddOp{}, {x, other}, path));
            return add(path);
        }
        case 3: {
            if (channels(x) < 32 || channels(x) > 256)
                return add(path);
            const auto first = pick(4) == 0 ? std::int64_t{8} : std::int64_t{16};
            const auto pieces =
                graph.insert(graph.ops().size(),
                             SplitOp{.axis = 1, .sizes = {first, channels(x) - first}}, {x}, path);
            values.insert(values.end(), pieces.begin(), pieces.end());
            return;
        }
        default: {
            std::vector<ValueId> parts{x};
            for (auto more = 1 + pick(2); more > 0; --more)
                parts.push_back(pick(5) == 0
                                    ? x
                                    : values[values.size() - 1 -
                                             pick(std::min<std::size_t>(3, values.size()))]);
            std::int64_t sum = 0;
            for (const auto part : parts)
                sum += channels(part);
            if (sum > 512)
                return add(path);
            values.push_back(graph.add(ConcatOp{}, parts, path));
        }
        }
    }

    std::mt19937 random;
    OpGraph graph;
    std::vector<ValueId> values;
};

struct Answers {
    std::vector<Tensor> outputs;
    ProgramReport report;
};

Answers answersOf(const OpGraph& graph, Precision precision, std::int64_t batch) {
    const auto program = backendFor({.precision = precision})
                             ->compile(graph, {.batch = batch, .precision = precision});
    std::mt19937 random(3);
    std::normal_distribution<float> draw;
    Weights weights;
    for (const auto& spec : graph.weights()) {
        Tensor values(DType::F32, spec.shape);
        const auto scale = 1 / std::sqrt(static_cast<float>(spec.shape[1]));
        for (auto& value : values.span<float>())
            value = scale * draw(random);
        weights.values.emplace_back(spec.key, std::move(values));
    }
    writeWeights(*program->weights(), weights);
    std::vector<float> x(static_cast<std::size_t>(batch) * 16 * 25);
    for (auto& value : x)
        value = draw(random);
    const std::array inputs{BatchInput{graph.inputs()[0].value, x.data()}};
    Answers answers;
    for (int turn = 0; turn < 2; ++turn) { // what lies in memory already changes nothing
        program->forward(inputs);
        answers.outputs.clear();
        for (const auto& output : graph.outputs())
            answers.outputs.push_back(program->read(output.value).to(DType::F64));
    }
    answers.report = program->report();
    return answers;
}

OpReport reportOf(const Answers& answers, const std::string& path) {
    for (const auto& op : answers.report.ops)
        if (op.path == path)
            return op;
    return {};
}

OpGraph blockOf(std::int64_t first, std::int64_t second) {
    OpGraph graph;
    const auto x = graph.addInput("x", ValueType(Shape{16, 5, 5}));
    std::vector<ValueId> branches;
    for (const auto width : {first, second}) {
        const auto path = "conv" + std::to_string(branches.size());
        const auto kernel = graph.addWeight(
            {.key = path + "/weight", .shape = {width, 16, 1, 1}, .initializer = {}, .fans = {}});
        branches.push_back(
            graph.add(ConvOp{.outChannels = width, .bias = false}, {x}, path, {kernel}));
    }
    const auto joined = graph.add(ConcatOp{}, branches, "join");
    graph.addOutput(
        "y", graph.add(ActivationOp{defaultActivation(ActivationKind::Tanh)}, {joined}, "tanh"));
    return graph;
}

} // namespace

/// Joins that are written in place and cuts that are read in place, against the reference.
class JoinsInPlaceTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void resultsAreTheReferences() {
        std::map<std::string, int> ways;
        for (std::uint32_t seed = 0; seed < 400; ++seed) {
            const RandomJoins joins(seed);
            for (const std::int64_t batch : {1, 3}) {
                const auto expected = answersOf(joins.graph, Precision::F64, batch);
                const auto answers = answersOf(joins.graph, Precision::F32, batch);
                for (std::size_t i = 0; i < expected.outputs.size(); ++i) {
                    const auto want = expected.outputs[i].span<double>();
                    const auto have = answers.outputs[i].span<double>();
                    QCOMPARE(have.size(), want.size());
                    double scale = 1;
                    for (const double value : want)
                        scale = std::max(scale, std::abs(value));
                    for (std::size_t k = 0; k < want.size(); ++k)
                        QVERIFY2(
                            std::abs(want[k] - have[k]) < 1e-5 * scale,
                            qPrintable(QStringLiteral("seed %1, batch %2").arg(seed).arg(batch)));
                }
                for (const auto& op : answers.report.ops)
                    if (op.op == "concatenate" || op.op == "split")
                        ++ways[op.op + (batch == 1 ? " " : " many ") + op.implementation];
            }
        }
        for (const char* way :
             {"concatenate in place", "concatenate partly in place", "split in place"})
            QVERIFY2(ways[way] > 20, qPrintable(QStringLiteral("%1: %2").arg(way).arg(ways[way])));
        QCOMPARE(ways["concatenate many in place"], 0);
    }

    /// Of one sample, where the parts begin as memory for primitives does.
    void theRuleDecides() {
        const auto wide = blockOf(32, 16);
        QCOMPARE(reportOf(answersOf(wide, Precision::F32, 1), "join").implementation,
                 std::string("in place"));
        QVERIFY(reportOf(answersOf(wide, Precision::F32, 2), "join").implementation != "in place");
        const auto odd =
            blockOf(24, 16); // 24 channels are no whole blocks, 24 · 25 numbers no lines
        QVERIFY(reportOf(answersOf(odd, Precision::F32, 1), "join").implementation != "in place");
    }
};

QTEST_APPLESS_MAIN(JoinsInPlaceTest)
#include "tst_joins_in_place.moc"
