// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/engine/exchange/node_tests.h"

#include <QTest>

#include <algorithm>

using namespace gradwright;
using namespace gradwright::test;

namespace {

const std::filesystem::path kFolder = "/usr/share/libonnx-testdata/data/node";

/// Why a test's answers are not ours, by what its name holds.
const std::vector<std::pair<QString, const char*>> kOthers = {
    {"BFLOAT16", "its arrays hold the bits of BF16 as whole numbers"},
    {"downsample_scales_cubic_align_corners", "it divides by a length that is no whole number"},
    {"downsample_scales_linear_align_corners", "it divides by a length that is no whole number"},
};

} // namespace

/// The node tests of the ONNX standard through the importer, on both engines.
class OnnxNodeTestsTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void initTestCase() {
        if (!std::filesystem::is_directory(kFolder))
            QSKIP("the ONNX node tests are not installed (package libonnx-testdata)");
    }

    void answersAreTheStandards_data() {
        QTest::addColumn<QString>("folder");
        std::vector<std::filesystem::path> folders;
        for (const auto& entry : std::filesystem::directory_iterator(kFolder))
            folders.push_back(entry.path());
        std::ranges::sort(folders);
        for (const auto& folder : folders)
            QTest::newRow(folder.filename().c_str()) << QString::fromStdString(folder);
    }
    void answersAreTheStandards() {
        QFETCH(QString, folder);
        for (const auto& target : {ComputeTarget{}, ComputeTarget{"cpu", Precision::F64}}) {
            // Integers are rounded from quotients that are halves in FP32 alone.
            if (target.precision == Precision::F64 && folder.contains("dynamicquantizelinear"))
                continue;
            const auto result = runNodeTest(folder.toStdString(), target);
            if (result.state == NodeTestResult::State::Refused &&
                !folder.contains("nonmaxsuppression"))
                QSKIP(result.reason.c_str());
            for (const auto& [part, why] : kOthers)
                if (folder.contains(part)) {
                    QCOMPARE(result.state, NodeTestResult::State::Different);
                    QSKIP(why);
                }
            QVERIFY2(result.state == NodeTestResult::State::Equal, result.reason.c_str());
        }
        ++equal_;
    }

    void cleanupTestCase() {
        if (!std::filesystem::is_directory(kFolder))
            return;
        qInfo("%d node tests give what the standard says", equal_);
        QVERIFY(equal_ >= kLeast);
    }

private:
    static constexpr int kLeast = 649;
    int equal_ = 0;
};

QTEST_APPLESS_MAIN(OnnxNodeTestsTest)
#include "tst_onnx_node_tests.moc"
