// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/engine/backend/cuda/cuda_rig.h"
#include "tests/engine/backend/recurrent_graph.h"
#include "tests/standin/standin_rig.h"

#include <QTest>

using namespace gradwright;
using namespace gradwright::test;

namespace {

constexpr std::int64_t kBatch = 3, kSteps = 5, kFeatures = 4, kUnits = 6;

struct VariantCase {
    const char* name;
    RecurrentOp op;
    bool isGivenState = false;
    std::vector<std::int32_t> lengths = {};
};

const std::vector<VariantCase>& cases() {
    static const std::vector<VariantCase> all = [] {
        std::vector<VariantCase> made;
        const auto add = [&](const char* name, RecurrentOp op, bool isGivenState,
                             std::vector<std::int32_t> lengths = {}) {
            op.units = kUnits;
            op.lastStates = true;
            op.lengths = !lengths.empty();
            made.push_back({name, op, isGivenState, std::move(lengths)});
        };
        const RecurrentOp simple{.cell = CellKind::Simple};
        const RecurrentOp lstm{.cell = CellKind::Lstm};
        const RecurrentOp gru{.cell = CellKind::Gru};
        add("peepholes", {.cell = CellKind::Lstm, .peepholes = true}, true);
        add("peepholes without bias, from zeros",
            {.cell = CellKind::Lstm, .bias = false, .peepholes = true}, false);
        add("peepholes, lengths, backwards",
            {.cell = CellKind::Lstm, .reverse = true, .peepholes = true}, true, {2, 5, 3});
        add("reset first", {.cell = CellKind::Gru, .resetFirst = true}, true);
        add("reset first without bias, time first, backwards",
            {.cell = CellKind::Gru,
             .reverse = true,
             .bias = false,
             .timeFirst = true,
             .resetFirst = true},
            false);
        add("reset first, lengths", {.cell = CellKind::Gru, .resetFirst = true}, true, {5, 1, 4});
        add("lengths of a simple cell", simple, true, {0, 5, 2});
        add("lengths of a cell with ReLU, time first, backwards",
            {.cell = CellKind::Simple, .reverse = true, .relu = true, .timeFirst = true}, false,
            {4, 1, 5});
        add("lengths of an LSTM", lstm, true, {3, 0, 5});
        add("lengths of a GRU, from zeros", gru, false, {1, 5, 2});
        return made;
    }();
    return all;
}

RecurrentGraph dataOf(const VariantCase& what) {
    return recurrentGraph(what.op, {kBatch, kSteps, kFeatures}, what.isGivenState, what.lengths);
}

std::vector<Tensor> onStandin(const RecurrentGraph& data) {
    return outputsOf(*cudaBackend(), Precision::F32, data);
}

} // namespace

/// What models from elsewhere ask of recurrent cells, on the stand-in against the reference.
class CudaRecurrentTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void init() { cuda::standin::restartStandin(); }

    void variantsEqualReference_data() {
        QTest::addColumn<std::size_t>("index");
        for (std::size_t i = 0; i < cases().size(); ++i)
            QTest::newRow(cases()[i].name) << i;
    }
    void variantsEqualReference() {
        QFETCH(std::size_t, index);
        const auto data = dataOf(cases()[index]);
        const auto want = outputsOf(*makeReferenceBackend(), Precision::F64, data);
        for (const auto order : cuda::standin::kOrders) {
            cuda::standin::restartStandin();
            cuda::standin::setThreadOrder(order, 17);
            const auto got = onStandin(data);
            QCOMPARE(got.size(), want.size());
            for (std::size_t i = 0; i < got.size(); ++i)
                QVERIFY(relativeDifference(got[i], want[i]) <= 1e-6);
        }
    }

    void lengthsBeyondTheSequenceAreRefused() {
        for (const std::int32_t bad : {-1, 6}) {
            const RecurrentOp op{.cell = CellKind::Gru, .units = kUnits, .lengths = true};
            const auto data = dataOf({"", op, false, {1, 2, bad}});
            QVERIFY_THROWS_EXCEPTION(Error, static_cast<void>(onStandin(data)));
        }
    }
};

QTEST_GUILESS_MAIN(CudaRecurrentTest)
#include "tst_cuda_recurrent.moc"
