// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/cuda/lowering.h"
#include "tests/engine/backend/compare_programs.h"
#include "tests/engine/backend/cuda/cuda_rig.h"
#include "tests/engine/backend/op_cases.h"

#include <QTest>

#include <set>

using namespace gradwright;
using namespace gradwright::test;

namespace {

CompileOptions descent(const OpCase& opCase, Mode mode, Precision precision) {
    return {.batch = opCase.batch,
            .precision = precision,
            .mode = mode,
            .update = ruleOf("sgd", {{"momentum", 0.9}})};
}

/// The ops of a program of the case that a GPU has no kernels for, by name.
std::set<std::string> missingOps(const OpCase& opCase) {
    std::set<std::string> names;
    for (const auto mode : {Mode::Training, Mode::Inference}) {
        const auto graph = programGraph(opCase.graph, mode);
        for (const auto& op : graph.ops())
            if (!cuda::hasLowering(op.attributes))
                names.insert(std::string(nameOf(op.attributes)));
    }
    return names;
}

void addCases() {
    QTest::addColumn<std::size_t>("index");
    const auto cases = opCases();
    for (std::size_t i = 0; i < cases.size(); ++i)
        if (missingOps(cases[i]).empty())
            QTest::newRow(cases[i].name.c_str()) << i;
}

} // namespace

/// The CUDA engine's ops on the stand-in against the reference in double.
class CudaOpsTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void init() { cuda::standin::restartStandin(); }

    void casesEqualReference_data() { addCases(); }
    void casesEqualReference() {
        QFETCH(std::size_t, index);
        const auto opCase = opCases()[index];
        for (const auto mode : {Mode::Training, Mode::Inference}) {
            const auto program =
                cudaBackend()->compile(opCase.graph, descent(opCase, mode, Precision::F32));
            const auto exact = makeReferenceBackend()->compile(
                opCase.graph, descent(opCase, mode, Precision::F64));
            for (auto* each : {program.get(), exact.get()}) {
                writeWeights(opCase, *each->weights());
                QVERIFY(each->forward(bindings(opCase), kCaseSeed));
            }
            Difference difference;
            for (const auto& [name, value] : opCase.graph.outputs())
                difference.add(name, program->read(value), exact->read(value));
            for (const auto& loss : opCase.graph.losses())
                difference.add("loss", program->read(loss.perSample), exact->read(loss.perSample));
            QVERIFY2(difference.relative <= 1e-5, difference.text());
            QVERIFY(std::abs(program->lossSum() - exact->lossSum()) <=
                    1e-5 * std::abs(exact->lossSum()));
            if (mode == Mode::Inference)
                continue;
            for (auto* each : {program.get(), exact.get()}) {
                QVERIFY(each->backward());
            }
            addWeights(difference, *program->weights(), *exact->weights(), true);
            QVERIFY2(difference.relative <= 1e-5, difference.text());
            for (std::size_t i = 0; i < opCase.graph.weights().size(); ++i) {
                const double want = exact->gradientSquares()[i];
                QVERIFY(std::abs(program->gradientSquares()[i] - want) <= 1e-5 * want + 1e-12);
            }
            for (auto* each : {program.get(), exact.get()})
                each->update(0.1, 1);
            addWeights(difference, *program->weights(), *exact->weights(), false);
            QVERIFY2(difference.relative <= 1e-5, difference.text());
        }
    }

    /// Which ops still have no kernels: a new op is noticed, and so is one that lost them.
    void opsWithoutKernelsAreKnown() {
        const std::set<std::string> known{};
        std::set<std::string> missing;
        for (const auto& opCase : opCases())
            missing.merge(missingOps(opCase));
        QStringList names;
        for (const auto& name : missing)
            names.append(QString::fromStdString(name));
        QVERIFY2(missing == known, qPrintable(names.join(", ")));
    }
};

QTEST_MAIN(CudaOpsTest)
#include "tst_cuda_ops.moc"
