// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/devices.h"
#include "engine/graph/lower.h"
#include "engine/inference/latency.h"
#include "engine/inference/layer_times.h"
#include "engine/inference/noise_inputs.h"
#include "engine/inference/optimized_network.h"
#include "engine/passes/inference/optimize.h"
#include "engine/passes/quantization/quantize.h"
#include "engine/project/templates.h"
#include "engine/support/error.h"

#include <QTest>

#include <algorithm>
#include <cmath>

using namespace gradwright;

namespace {

InferenceModel modelOf(const char* key) {
    return firstModel(lower(openTemplate(key).network), 1);
}

std::unique_ptr<Program> programOf(const InferenceModel& model, Precision precision,
                                   std::int64_t batch) {
    auto program = backendFor({.precision = precision})
                       ->compile(model.graph, {.batch = batch, .precision = precision});
    writeWeights(*program->weights(), weightsOf(model));
    return program;
}

} // namespace

/// What each layer takes, and what is done once and not with each answer.
class LayerTimesTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    /// Kernels in integers are bytes on every processor: as they are kept, and in the form that
    /// primitives or our own loops want.
    void memoryIsToldAsItIsTaken() {
        auto model = modelOf("small-cnn");
        optimize(model, {"share-equal-ops"});
        std::int64_t elements = 0;
        for (const auto& weight : model.graph.weights())
            elements += weight.shape.elements();
        const auto bytesOf = [&](const InferenceModel& each) {
            const auto program = programOf(each, Precision::F32, 1);
            const auto latency = measureLatency(*program, 0);
            const auto report = program->report();
            if (latency->bytes != report.arenaBytes + report.weightBytes)
                throw Error("it is told otherwise");
            for (std::uint32_t i = 0; i < each.weights.size(); ++i)
                if (program->weights()->read(WeightId{i}) != each.weights[i])
                    throw Error("a weight comes back as another one");
            return static_cast<std::int64_t>(latency->bytes);
        };
        const auto real = bytesOf(model);
        QVERIFY2(real >= 4 * elements, qPrintable(QString::number(real)));
        auto integers = model;
        quantize(integers, planByStructure(integers.graph));
        const auto small = bytesOf(integers);
        QVERIFY2(small >= elements && 2 * small < real, qPrintable(QString::number(small)));
    }

    void everyOpIsMeasured_data() {
        QTest::addColumn<int>("precision");
        QTest::addColumn<int>("batch");
        QTest::newRow("reference") << static_cast<int>(Precision::F64) << 2;
        QTest::newRow("one sample") << static_cast<int>(Precision::F32) << 1;
        QTest::newRow("chunks on several threads") << static_cast<int>(Precision::F32) << 67;
    }
    void everyOpIsMeasured() {
        QFETCH(int, precision);
        QFETCH(int, batch);
        const auto program =
            programOf(modelOf("lenet-5"), static_cast<Precision>(precision), batch);
        const NoiseInputs noise(*program);
        program->forward(noise.bound());
        QVERIFY(program->opSeconds().empty());
        program->timeOps(true);
        program->forward(noise.bound());
        const auto once = program->opSeconds();
        const auto report = program->report();
        QCOMPARE(once.size(), report.ops.size());
        for (std::size_t i = 0; i < once.size(); ++i)
            QVERIFY2(once[i] > 0 || report.ops[i].implementation == "none",
                     report.ops[i].path.c_str());
        program->forward(noise.bound());
        const auto twice = program->opSeconds();
        for (std::size_t i = 0; i < once.size(); ++i)
            QVERIFY(twice[i] >= once[i]);
        program->timeOps(false);
        program->forward(noise.bound());
        QVERIFY(program->opSeconds().empty());

        const auto times = measureLayers(*program, 0);
        QVERIFY(times && times->runs >= 3);
        QCOMPARE(times->layers.size(), report.ops.size());
        double shares = 0;
        double sum = 0;
        for (const auto& layer : times->layers) {
            shares += layer.share;
            sum += layer.median;
        }
        QVERIFY(std::abs(shares - 1) < 1e-9 && std::abs(sum - times->sum) < 1e-12);
        QVERIFY(times->weights >= 61'706 * 4 && times->activations > 0);
    }

    void aFusedOpNamesItsParts() {
        auto model = modelOf("cifar-resnet-20");
        const auto before = measureLayers(*programOf(model, Precision::F32, 1), 0);
        const auto report = optimize(model);
        auto after = measureLayers(*programOf(model, Precision::F32, 1), 0);
        QVERIFY(before && after && after->layers.size() < before->layers.size());
        // Of a block's second convolution: itself, the sum and the activation.
        const auto found = std::ranges::find_if(
            after->layers, [](const LayerTime& layer) { return layer.parts.size() == 3; });
        QVERIFY(found != after->layers.end());
        QCOMPARE(found->path, found->parts.back());
        addFoldedParts(after->layers, report);
        const auto whole = std::ranges::find(after->layers, found->path, &LayerTime::path);
        QCOMPARE(whole->parts.size(), std::size_t{4}); // with the convolution itself
        QVERIFY2(whole->parts[0].find("conv2") != std::string::npos, whole->parts[0].c_str());
        // As trained, the activation that the engine takes in is a part, too.
        QVERIFY(std::ranges::any_of(
            before->layers, [](const LayerTime& layer) { return layer.parts.size() == 2; }));
        // Every layer that computes is somewhere, once.
        std::vector<std::string> parts;
        for (const auto& layer : after->layers)
            parts.insert(parts.end(), layer.parts.begin(), layer.parts.end());
        std::ranges::sort(parts);
        QVERIFY(std::ranges::adjacent_find(parts) == parts.end());
        std::size_t weights = 0;
        for (const auto& layer : after->layers)
            weights += layer.weights;
        std::size_t expected = 0;
        for (const auto& spec : model.graph.weights())
            expected += static_cast<std::size_t>(spec.shape.elements()) * sizeof(float);
        QCOMPARE(weights, expected);
    }

    void itStopsWhenAsked() {
        std::stop_source stop;
        stop.request_stop();
        QVERIFY(
            !measureLayers(*programOf(modelOf("lenet-5"), Precision::F32, 1), 0, stop.get_token()));
    }

    /// Kernels are brought into the forms that primitives want, Winograd's among them, once.
    void repeatedAnswersReorderNoWeight() {
        std::size_t forms = 0;
        for (const char* key : {"lenet-5", "cifar-resnet-20", "vgg-16", "character-lstm"}) {
            auto model = modelOf(key);
            if (model.graph.macs() > 100'000'000 &&
                !qEnvironmentVariableIsSet("GRADWRIGHT_LONG_TESTS"))
                continue;
            optimize(model);
            const auto program = programOf(model, Precision::F32, 1);
            const NoiseInputs noise(*program);
            QCOMPARE(program->report().weightConversions, std::size_t{0});
            program->forward(noise.bound());
            const auto report = program->report();
            QCOMPARE(report.weightConversions, report.weightForms);
            forms += report.weightForms;
            program->forward(noise.bound());
            program->forward(noise.bound());
            QCOMPARE(program->report().weightConversions, report.weightForms);
            // A change is worth one more.
            writeWeights(*program->weights(), weightsOf(model));
            program->forward(noise.bound());
            QCOMPARE(program->report().weightConversions, 2 * report.weightForms);
        }
        // Another batch size may want other forms, of the same store.
        auto model = modelOf("cifar-resnet-20");
        OptimizedNetwork network(model.graph, weightsOf(model));
        for (const std::int64_t batch : {1, 16, 1, 16, 1}) {
            auto& program = network.program(batch);
            const NoiseInputs noise(program);
            program.forward(noise.bound());
            QCOMPARE(program.report().weightConversions, program.report().weightForms);
        }
    }
};

QTEST_APPLESS_MAIN(LayerTimesTest)
#include "tst_layer_times.moc"
