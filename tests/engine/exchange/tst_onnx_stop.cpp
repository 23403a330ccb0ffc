// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/exchange/project_import.h"
#include "engine/io/atomic_file.h"
#include "engine/support/stopped.h"
#include "tests/engine/exchange/imported_model.h"

#include <QTemporaryDir>
#include <QTest>

using namespace gradwright;
using namespace gradwright::test;

namespace {

constexpr int kFolded = 7; ///< nodes that compute a constant
constexpr int kLayers = 5;

/// A chain of layers behind a constant that several nodes compute. Where `mixes`, samples are not
/// kept apart.
ModelBuilder modelOf(bool mixes) {
    ModelBuilder b(17);
    auto factor = b.number(2);
    for (int i = 0; i < kFolded; ++i)
        factor = b.node("Neg", {factor});
    auto x = b.node("Mul", {b.input("x", {4}), factor});
    for (int i = 1; i < kLayers; ++i)
        x = b.node("Relu", {x});
    if (mixes) {
        x = b.node("Softmax", {x});
        b.set("axis", std::int64_t{0});
    }
    b.output(x);
    return b;
}

/// Throws at one of the times that it is looked.
struct Looks {
    int made = 0;
    int last = 0; ///< counted from 1; 0: never

    std::function<void()> function() {
        return [this] {
            if (++made == last)
                throw WorkStopped();
        };
    }
};

} // namespace

/// Opening a model is stopped wherever it looks whether it is to.
class OnnxStopTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void everyLookStops_data() {
        QTest::addColumn<bool>("mixes");
        QTest::newRow("a model of layers") << false;
        QTest::newRow("a model of one run") << true;
    }
    void everyLookStops() {
        QFETCH(bool, mixes);
        const auto file = write("model.onnx", modelOf(mixes).bytes());
        Looks whole;
        const auto made = projectFromOnnx(file, {.look = whole.function()});
        QVERIFY(!made.project.network.main.nodes().empty());
        // A tensor is read, each node is tried as a constant, and some become layers.
        QVERIFY(whole.made >= 1 + (kFolded + kLayers) + kLayers);
        for (int last = 1; last <= whole.made; ++last) {
            Looks looks{0, last};
            QVERIFY_THROWS_EXCEPTION(WorkStopped,
                                     projectFromOnnx(file, {.look = looks.function()}));
            QCOMPARE(looks.made, last);
        }
    }

    /// A tensor of 9 MiB is read in three pieces.
    void largeTensorsAreReadInPieces() {
        ModelBuilder b(17);
        const auto x = b.input("x", {1024});
        b.output(
            b.node("MatMul", {x, b.floats({1024, 2304}, std::vector<float>(1024 * 2304, 0.5F))}));
        const auto file = write("large.onnx", b.bytes());
        Looks whole;
        const auto model = readOnnxFile(file, whole.function());
        QCOMPARE(whole.made, 1 + 3);
        const auto& values = *model.initializers.begin()->second.values;
        QCOMPARE(values.elements(), std::int64_t{1024 * 2304});
        QVERIFY(
            std::ranges::all_of(values.span<float>(), [](float value) { return value == 0.5F; }));
        Looks looks{0, 3};
        QVERIFY_THROWS_EXCEPTION(WorkStopped, readOnnxFile(file, looks.function()));
        QCOMPARE(looks.made, 3);
    }

private:
    std::filesystem::path write(const std::string& name, const std::string& bytes) {
        const auto file = std::filesystem::path(folder_.path().toStdString()) / name;
        writeFileAtomically(file, std::string_view(bytes));
        return file;
    }

    QTemporaryDir folder_;
};

QTEST_APPLESS_MAIN(OnnxStopTest)
#include "tst_onnx_stop.moc"
