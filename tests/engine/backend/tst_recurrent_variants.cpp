// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/passes/differentiate.h"
#include "tests/engine/backend/recurrent_graph.h"
#include "tests/support/message_of.h"

#include <QTest>

#include <algorithm>
#include <cmath>

using namespace gradwright;
using namespace gradwright::test;

namespace {

constexpr std::int64_t kBatch = 4, kSteps = 5, kFeatures = 3, kUnits = 2;

using Vector = std::vector<double>;

double sigmoidOf(double x) {
    return 1 / (1 + std::exp(-x));
}

Vector vectorOf(const Tensor& tensor) {
    const auto numbers = tensor.to(DType::F64);
    return {numbers.span<double>().begin(), numbers.span<double>().end()};
}

/// A cell with weights as RecurrentOp lists them, one step at a time.
class Cell {
public:
    Cell(const RecurrentOp& op, const std::vector<Tensor>& weights)
        : op_(op) {
        for (const auto& tensor : weights)
            weights_.push_back(vectorOf(tensor));
    }

    /// Of a row: W x + b, and U h + c.
    [[nodiscard]] double fromInput(std::size_t row, const Vector& x) const {
        return product(0, row, x) + (op_.bias ? weights_[2][row] : 0);
    }
    [[nodiscard]] double fromState(std::size_t row, const Vector& h) const {
        return product(1, row, h) + (op_.bias ? weights_[3][row] : 0);
    }
    [[nodiscard]] double both(std::size_t row, const Vector& x, const Vector& h) const {
        return fromInput(row, x) + fromState(row, h);
    }

    void step(const Vector& x, Vector& h, Vector& c) const {
        const auto before = h;
        auto reset = h;
        for (std::size_t u = 0; u < kUnits && op_.cell == CellKind::Gru; ++u)
            reset[u] *= sigmoidOf(both(u, x, before));
        for (std::size_t u = 0; u < kUnits; ++u) {
            const auto row = [u](std::size_t gate) { return gate * kUnits + u; };
            if (op_.cell == CellKind::Simple) {
                h[u] = std::tanh(both(u, x, before));
            } else if (op_.cell == CellKind::Gru) {
                const double z = sigmoidOf(both(row(1), x, before));
                const double inner =
                    op_.resetFirst ? fromState(row(2), reset)
                                   : sigmoidOf(both(u, x, before)) * fromState(row(2), before);
                h[u] = (1 - z) * std::tanh(fromInput(row(2), x) + inner) + z * before[u];
            } else {
                const auto seen = [&](std::size_t gate) {
                    return op_.peepholes ? weights_.back()[row(gate)] * c[u] : 0;
                };
                const double in = sigmoidOf(both(row(0), x, before) + seen(0));
                const double forget = sigmoidOf(both(row(1), x, before) + seen(1));
                c[u] = forget * c[u] + in * std::tanh(both(row(2), x, before));
                h[u] = sigmoidOf(both(row(3), x, before) + seen(2)) * std::tanh(c[u]);
            }
        }
    }

private:
    [[nodiscard]] double product(std::size_t weight, std::size_t row, const Vector& x) const {
        double sum = 0;
        for (std::size_t i = 0; i < x.size(); ++i)
            sum += weights_[weight][row * x.size() + i] * x[i];
        return sum;
    }

    RecurrentOp op_;
    std::vector<Vector> weights_;
};

struct Case {
    RecurrentOp op;
    bool isGivenState = false;
    std::vector<std::int32_t> lengths;
};

using Data = RecurrentGraph;

Data dataOf(const Case& what) {
    return recurrentGraph(what.op, {kBatch, kSteps, kFeatures}, what.isGivenState, what.lengths);
}

/// The outputs, one after the other.
Vector expected(const Case& what, const Data& data) {
    const auto& op = what.op;
    const Cell cell(op, data.weights);
    const auto x = vectorOf(data.inputs[0]);
    Vector out(kBatch * kSteps * kUnits);
    std::vector<Vector> last(statesOf(op.cell));
    for (std::size_t n = 0; n < kBatch; ++n) {
        Vector h(kUnits), c(kUnits);
        const auto given = [&](std::size_t input, Vector& state) {
            if (!what.isGivenState || input > statesOf(op.cell))
                return;
            const auto all = vectorOf(data.inputs[input]);
            std::copy_n(all.begin() + static_cast<std::ptrdiff_t>(n * kUnits), kUnits,
                        state.begin());
        };
        given(1, h);
        given(2, c);
        const auto length = op.lengths ? what.lengths[n] : static_cast<std::int32_t>(kSteps);
        for (std::int32_t turn = 0; turn < length; ++turn) {
            const auto time = static_cast<std::size_t>(op.reverse ? length - 1 - turn : turn);
            const auto place = op.timeFirst ? time * kBatch + n : n * kSteps + time;
            const auto from = x.begin() + static_cast<std::ptrdiff_t>(place * kFeatures);
            cell.step(Vector(from, from + kFeatures), h, c);
            std::ranges::copy(h, out.begin() + static_cast<std::ptrdiff_t>(place * kUnits));
        }
        last[0].insert(last[0].end(), h.begin(), h.end());
        if (last.size() > 1)
            last[1].insert(last[1].end(), c.begin(), c.end());
    }
    for (const auto& state : last)
        out.insert(out.end(), state.begin(), state.end());
    return out;
}

Vector computed(const Backend& backend, Precision precision, const Data& data) {
    Vector results;
    for (const auto& output : outputsOf(backend, precision, data)) {
        const auto values = vectorOf(output);
        results.insert(results.end(), values.begin(), values.end());
    }
    return results;
}

double difference(const Vector& a, const Vector& b) {
    double largest = a.size() == b.size() ? 0 : 1;
    for (std::size_t i = 0; i < std::min(a.size(), b.size()); ++i)
        largest = std::max(largest, std::abs(a[i] - b[i]));
    return largest;
}

RecurrentOp opOf(CellKind cell) {
    return {.cell = cell, .units = kUnits, .lastStates = true};
}

} // namespace

/// What models from elsewhere ask of recurrent cells, against cells written out step by step.
class RecurrentVariantsTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void forwardAgrees_data() {
        QTest::addColumn<int>("number");
        for (std::size_t i = 0; i < cases().size(); ++i)
            QTest::addRow("%d", static_cast<int>(i)) << static_cast<int>(i);
    }
    void forwardAgrees() {
        QFETCH(int, number);
        const auto what = cases()[static_cast<std::size_t>(number)];
        const auto data = dataOf(what);
        const auto wanted = expected(what, data);
        const auto inDouble = computed(*makeReferenceBackend(), Precision::F64, data);
        const auto inFloat = computed(*makeOneDnnBackend(), Precision::F32, data);
        QVERIFY(difference(inDouble, wanted) < 1e-12);
        QVERIFY(difference(inFloat, wanted) < 2e-6);
    }

    void lengthsBeyondTheSequenceAreRefused() {
        auto op = opOf(CellKind::Gru);
        op.lengths = true;
        const auto data = dataOf({op, false, {1, 2, 6, 0}});
        for (const auto& backend : {makeReferenceBackend(), makeOneDnnBackend()})
            QCOMPARE(messageOf([&] { computed(*backend, Precision::F32, data); }),
                     "cell: sample 2 of the batch has the length 6, and the sequence 5 steps");
    }

    void theyHaveNoGradient() {
        for (const auto& what : cases()) {
            auto data = dataOf(what);
            const auto sum =
                data.graph.add(ReduceOp{ReduceKind::Sum}, {data.graph.output("0")}, "sum");
            data.graph.addLoss(data.graph.add(ExpandOp{{Dim::batch(), 1}}, {sum}, "loss"), 1.0);
            if (what.op.isPlain()) {
                QCOMPARE(differentiate(data.graph).gradients().size(), data.weights.size());
                continue;
            }
            const auto message = messageOf([&] { differentiate(data.graph); });
            QVERIFY2(message.endsWith("has no gradient: it can be used, but not trained"),
                     qPrintable(message));
        }
    }

    void whatDoesNotFitIsRefused() {
        const auto refusal = [](const RecurrentOp& op, const Types& inputs) {
            return messageOf([&] { return op.outputs(inputs); });
        };
        auto gru = opOf(CellKind::Gru);
        gru.peepholes = true;
        QCOMPARE(refusal(gru, {{{5, 3}}}),
                 "recurrent: only an LSTM has a cell to look at; received N×5×3");
        auto lstm = opOf(CellKind::Lstm);
        lstm.resetFirst = true;
        QCOMPARE(refusal(lstm, {{{5, 3}}}),
                 "recurrent: only a GRU resets its state; received N×5×3");
        auto rnn = opOf(CellKind::Simple);
        rnn.lengths = true;
        QCOMPARE(
            refusal(rnn, {{{5, 3}}}),
            "recurrent: takes a sequence, alone or with the vector of its first state, and the "
            "lengths of its samples; received N×5×3");
        QCOMPARE(refusal(rnn, {{{5, 3}}, ValueType::of({Dim::batch()})}),
                 "recurrent: the lengths are one whole number for each sample; received N×5×3, N");
    }

private:
    static std::vector<Case> cases() {
        const std::vector<std::int32_t> lengths{5, 2, 0, 3};
        std::vector<Case> all;
        for (const auto cell : {CellKind::Simple, CellKind::Lstm, CellKind::Gru})
            for (const bool reverse : {false, true})
                for (const bool hasLengths : {false, true})
                    for (const bool isVariant : {false, true}) {
                        auto op = opOf(cell);
                        op.reverse = reverse;
                        op.lengths = hasLengths;
                        op.timeFirst = reverse != hasLengths;
                        op.bias = isVariant || reverse;
                        op.resetFirst = isVariant && cell == CellKind::Gru;
                        op.peepholes = isVariant && cell == CellKind::Lstm;
                        all.push_back({op, isVariant == reverse, lengths});
                    }
        return all;
    }
};

QTEST_APPLESS_MAIN(RecurrentVariantsTest)
#include "tst_recurrent_variants.moc"
