// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/backend.h"
#include "tests/engine/backend/onnx_general.h"

#include <QTest>

#include <algorithm>
#include <cmath>

using namespace gradwright;
using namespace gradwright::test;

namespace {

const std::filesystem::path kFolder = "/usr/share/libonnx-testdata/data/node";

/// "output 0, element 3: 1.5 instead of 2", or nothing.
QString difference(const Backend& backend, const OnnxGeneralTest& test) {
    const auto program = backend.compile(test.graph, {.batch = 1});
    for (std::uint32_t i = 0; i < test.weights.size(); ++i)
        program->weights()->write(WeightId{i}, test.weights[i]);
    std::vector<BatchInput> inputs;
    for (std::size_t i = 0; i < test.inputs.size(); ++i)
        inputs.push_back({test.graph.inputs()[i].value, test.inputs[i].bytes().data()});
    program->forward(inputs);
    for (std::size_t i = 0; i < test.expected.size(); ++i) {
        const auto actual = program->read(test.graph.outputs()[i].value);
        const auto& expected = test.expected[i];
        if (actual.shape() != expected.shape())
            return QString::fromStdString(fmt::format("output {}: {} instead of {}", i,
                                                      toString(actual.shape()),
                                                      toString(expected.shape())));
        for (std::size_t at = 0; at < expected.span<float>().size(); ++at) {
            const auto want = expected.span<float>()[at];
            const auto have = actual.span<float>()[at];
            const bool bothNaN = std::isnan(want) && std::isnan(have);
            // Tighter than the standard's relative 1e-3.
            if (!bothNaN && want != have &&
                !(std::abs(have - want) <= 1e-6F + 1e-5F * std::abs(want)))
                return QString::fromStdString(
                    fmt::format("output {}, element {}: {} instead of {}", i, at, have, want));
        }
    }
    return {};
}

} // namespace

/// The forward passes of both backends against node tests of the ONNX standard whose values have
/// any axes.
class OnnxGeneralNodesTest : public QObject {
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
            if (loadOnnxGeneralTest(folder))
                QTest::newRow(folder.filename().c_str()) << QString::fromStdString(folder);
    }
    void forwardAgreesWithTheStandard() {
        QFETCH(QString, folder);
        const auto loaded = loadOnnxGeneralTest(folder.toStdString());
        QVERIFY(loaded.has_value());
        if (const auto* skip = std::get_if<OnnxGeneralSkip>(&*loaded)) {
            QVERIFY2(!skip->isFault, skip->reason.c_str());
            QSKIP(skip->reason.c_str());
        }
        const auto& test = std::get<OnnxGeneralTest>(*loaded);
        QCOMPARE(difference(*makeReferenceBackend(), test), QString());
        QCOMPARE(difference(*makeOneDnnBackend(), test), QString());
        ++compared_;
    }

    void cleanupTestCase() {
        if (!std::filesystem::is_directory(kFolder))
            return;
        qInfo("%d node tests compared", compared_);
        QVERIFY(compared_ >= 301);
    }

private:
    int compared_ = 0;
};

QTEST_APPLESS_MAIN(OnnxGeneralNodesTest)
#include "tst_onnx_general.moc"
