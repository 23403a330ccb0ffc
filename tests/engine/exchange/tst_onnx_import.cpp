// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/exchange/found_blocks.h"
#include "engine/exchange/made_layers.h"
#include "engine/exchange/onnx_import.h"
#include "engine/exchange/onnx_writer.h"
#include "engine/graph/lower.h"
#include "engine/project/templates.h"
#include "engine/support/error.h"
#include "tests/engine/exchange/imported_model.h"
#include "tests/engine/exchange/onnx_cases.h"
#include "tests/support/network_builder.h"

#include <QTest>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>

using namespace gradwright;
using namespace gradwright::test;

namespace {

constexpr double kTolerance = 1e-5;

/// Weights that differ from each other, made faster than random ones.
Weights countedWeights(const OpGraph& graph) {
    Weights weights;
    std::uint32_t state = 1;
    for (const auto& spec : graph.weights()) {
        Tensor values(DType::F32, spec.shape);
        for (auto& value : values.span<float>()) {
            state = state * 1664525U + 1013904223U;
            value = static_cast<float>(state >> 8) * 0x1p-24F + 0.25F;
        }
        weights.values.emplace_back(spec.key, std::move(values));
    }
    return weights;
}

/// Its constants are freed on the way.
OnnxImport importedOnce(OnnxModel model) {
    return importOnnxFreeing(std::move(model),
                             []() -> OnnxModel { throw Error("the model was needed twice"); });
}

} // namespace

/// Our own models read back.
class OnnxImportTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void initTestCase() { layers_ = onnxLayerCases(); }

    void layersComeBack_data() {
        QTest::addColumn<std::size_t>("index");
        QTest::addColumn<int>("opset");
        for (std::size_t i = 0; i < layers_.size(); ++i)
            for (const int opset : {21, 17})
                QTest::addRow("%s, opset %d", layers_[i].name.c_str(), opset) << i << opset;
    }
    void layersComeBack() {
        QFETCH(std::size_t, index);
        QFETCH(int, opset);
        const auto& each = layers_[index];
        OnnxImport import;
        try {
            const auto model =
                readOnnx(onnxFile(each.graph, each.weights, {.opset = opset, .name = "case"}));
            import = opset == 17 ? importOnnxWhole(model) : importedOnce(model);
        } catch (const Error& error) {
            QFAIL(error.what());
        }
        std::map<std::string, Tensor> inputs;
        for (std::size_t i = 0; i < each.inputs.size(); ++i)
            inputs.emplace(each.graph.inputs()[i].name, each.inputs[i]);
        const auto answers = answersOf(import, inputs, each.batch);
        const auto expected = expectedOutputs(each, true);
        QCOMPARE(answers.size(), expected.size());
        for (std::size_t i = 0; i < expected.size(); ++i) {
            const auto& have = answers.at(each.graph.outputs()[i].name);
            QVERIFY2(have.shape() == expected[i].shape(), toString(have.shape()).c_str());
            const auto want = expected[i].to(DType::F64);
            double largest = 1;
            for (const double value : want.span<double>())
                largest = std::max(largest, std::abs(value));
            for (std::size_t j = 0; j < want.span<double>().size(); ++j)
                QVERIFY2(std::abs(have.span<double>()[j] - want.span<double>()[j]) <=
                             kTolerance * largest,
                         qPrintable(QString("output %1, element %2: %3 and not %4")
                                        .arg(i)
                                        .arg(j)
                                        .arg(have.span<double>()[j], 0, 'g', 9)
                                        .arg(want.span<double>()[j], 0, 'g', 9)));
        }
    }

    /// Blocks are unrolled, dropout and noise are gone: all else is as it was.
    void templatesComeBack_data() {
        QTest::addColumn<QString>("key");
        for (const auto& key : templateKeys())
            QTest::newRow(key.c_str()) << QString::fromStdString(key);
    }
    void templatesComeBack() {
        QFETCH(QString, key);
        const auto project = openTemplate(key.toStdString());
        const auto graph = lower(project.network);
        const auto weights = countedWeights(graph);
        OnnxImport import;
        try {
            import = importedOnce(readOnnx(onnxFile(graph, weights)));
        } catch (const Error& error) {
            QFAIL(error.what());
        }
        QVERIFY(import.notes.empty());
        QCOMPARE(layersOf(import.network), layersOf(project.network));
        QCOMPARE(differenceOf(graph, weights, lower(import.network), import.weights), QString());
        const auto nodes = import.network.main.nodes().size();
        const auto instances = findBlocks(import.network, import.weights);
        requireWhole(import.network, import.weights);
        QCOMPARE(layersOf(import.network), layersOf(project.network));
        QCOMPARE(differenceOf(graph, weights, lower(import.network), import.weights), QString());
        QCOMPARE(instances > 0, import.network.main.nodes().size() < nodes);
        // Where the template repeats a block, so do its parts.
        bool isRepeated = false;
        for (const auto& [id, node] : project.network.main.nodes())
            isRepeated = isRepeated || (node.blockUse() && node.blockUse()->repeat > 1);
        if (isRepeated)
            QVERIFY(instances > 0);
    }

    void namesAreKept() {
        const auto graph = lower(residualNetwork());
        const auto import = importOnnxWhole(readOnnx(onnxFile(graph, countedWeights(graph))));
        // A path's slashes cannot be in a name.
        std::vector<std::string> wanted;
        for (const auto& spec : graph.weights()) {
            auto path = spec.key.substr(0, spec.key.rfind('/'));
            std::ranges::replace(path, '/', '_');
            wanted.push_back(path);
        }
        QVERIFY(!wanted.empty());
        for (const auto& name : wanted)
            QVERIFY2(import.network.main.findByName(name), name.c_str());
        QCOMPARE(import.inputs.size(), std::size_t{1});
        QCOMPARE(import.inputs[0].second, graph.inputs()[0].name);
    }

private:
    std::vector<OnnxCase> layers_;
};

QTEST_APPLESS_MAIN(OnnxImportTest)
#include "tst_onnx_import.moc"
