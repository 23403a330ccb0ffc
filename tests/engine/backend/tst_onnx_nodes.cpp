// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/backend.h"
#include "engine/support/error.h"
#include "tests/engine/backend/onnx_node.h"

#include <QTest>

#include <algorithm>
#include <cmath>

using namespace gradwright;
using namespace gradwright::test;

namespace {

const std::filesystem::path kFolder = "/usr/share/libonnx-testdata/data/node";

} // namespace

/// The reference's forward pass against the node tests of the ONNX standard.
class OnnxNodesTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void initTestCase() {
        if (!std::filesystem::is_directory(kFolder))
            QSKIP("the ONNX node tests are not installed (package libonnx-testdata)");
    }

    void forwardAgreesWithTheStandard_data() {
        QTest::addColumn<QString>("folder");
        std::vector<std::filesystem::path> folders;
        for (const auto& entry : std::filesystem::directory_iterator(kFolder))
            folders.push_back(entry.path());
        std::ranges::sort(folders);
        for (const auto& folder : folders)
            if (loadOnnxNodeTest(folder))
                QTest::newRow(folder.filename().c_str()) << QString::fromStdString(folder);
    }
    void forwardAgreesWithTheStandard() {
        QFETCH(QString, folder);
        const auto loaded = loadOnnxNodeTest(folder.toStdString());
        QVERIFY(loaded.has_value());
        if (const auto* skip = std::get_if<OnnxSkip>(&*loaded))
            QSKIP(skip->reason.c_str());
        const auto& test = std::get<OnnxNodeTest>(*loaded);

        const auto program = makeReferenceBackend()->compile(test.graph, {.batch = test.batch});
        for (std::uint32_t i = 0; i < test.weights.size(); ++i)
            program->weights()->write(WeightId{i}, test.weights[i]);
        std::vector<BatchInput> inputs;
        for (std::size_t i = 0; i < test.inputs.size(); ++i)
            inputs.push_back({test.graph.inputs()[i].value, test.inputs[i].bytes().data()});
        QVERIFY(program->forward(inputs));

        const auto actual = program->read(test.graph.output("output"));
        QCOMPARE(actual.elements(), test.expected.elements());
        for (std::size_t i = 0; i < test.expected.span<float>().size(); ++i) {
            const auto want = test.expected.span<float>()[i];
            const auto have = actual.span<float>()[i];
            // Tighter than the standard's relative 1e-3.
            QVERIFY2(
                std::abs(have - want) <= 1e-6F + 1e-5F * std::abs(want),
                qPrintable(QString("element %1: %2 instead of %3").arg(i).arg(have).arg(want)));
        }
        ++compared_;
    }

    void cleanupTestCase() {
        if (!std::filesystem::is_directory(kFolder))
            return;
        qInfo("%d node tests compared", compared_);
        QVERIFY(compared_ >= 80);
    }

private:
    int compared_ = 0;
};

QTEST_APPLESS_MAIN(OnnxNodesTest)
#include "tst_onnx_nodes.moc"
