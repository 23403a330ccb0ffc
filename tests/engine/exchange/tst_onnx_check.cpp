// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/exchange/narrow_weights.h"
#include "engine/exchange/network_runner.h"
#include "engine/exchange/onnx_check.h"
#include "engine/exchange/onnx_writer.h"
#include "engine/graph/lower.h"
#include "engine/project/templates.h"
#include "engine/support/error.h"
#include "tests/support/message_of.h"
#include "tests/support/network_builder.h"
#include "tests/support/numeric.h"

#include <QTest>

#include <algorithm>
#include <map>
#include <onnx_subset.pb.h>

using namespace gradwright;
using namespace gradwright::test;

namespace {

Weights randomWeights(const OpGraph& graph) {
    Weights weights;
    std::uint64_t seed = 1;
    for (const auto& spec : graph.weights())
        weights.values.emplace_back(spec.key, randomTensor(DType::F32, spec.shape, seed++, 0.1));
    return weights;
}

/// Two Inputs, of which the second scales the first channel by channel, and two Outputs.
Network twoEnds() {
    NetworkBuilder b;
    const auto image = b.layer("input", {{"shape", IntTuple{2, 3, 3}}}, "image");
    const auto scale = b.layer("input", {{"shape", IntTuple{2}}}, "scale");
    const auto product = b.layer("multiply", {}, "product");
    b.link(image, product, 0);
    b.link(scale, product, 1);
    b.after(product, "output", {}, "whole");
    b.after(b.after(product, "global-average-pool"), "output", {}, "means");
    return b.network;
}

} // namespace

/// Exports that are read back, and arrays through networks.
class OnnxCheckTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void aGoodModelPasses() {
        const auto made = exportOnnx(openTemplate("lenet-5"), {});
        std::vector<double> shares;
        const auto difference = checkOnnx(made, {}, [&](double share) { shares.push_back(share); });
        QVERIFY(difference && difference->unchecked.empty() && difference->difference < 1e-6);
        QVERIFY(shares.size() > 2 && std::ranges::is_sorted(shares));
        QCOMPARE(shares.back(), 1.0);
    }

    /// One weight that differs is enough.
    void anotherAnswerIsAnError() {
        auto made = exportOnnx(openTemplate("lenet-5"), {});
        for (auto& [key, values] : made.weights.values)
            if (key == "conv1/bias")
                values.span<float>()[0] += 0.5F;
        QVERIFY2(
            messageOf([&] { return checkOnnx(made).has_value(); }).contains("it is not written"),
            qPrintable(messageOf([&] { return checkOnnx(made).has_value(); })));
    }

    void whatCannotBeReadBackIsTold() {
        auto made = exportOnnx(openTemplate("lenet-5"), {});
        onnx_format::ModelProto model;
        QVERIFY(model.ParseFromString(made.file));
        for (auto& node : *model.mutable_graph()->mutable_node())
            if (node.op_type() == "Relu")
                node.set_op_type("Hardmax");
        made.file = model.SerializeAsString();
        const auto checked = checkOnnx(made);
        QVERIFY(checked && checked->unchecked.find("Hardmax") != std::string::npos);
        made.file.resize(made.file.size() / 2);
        QVERIFY(messageOf([&] { return checkOnnx(made).has_value(); }).contains("damaged"));
    }

    void itStopsWhenAsked() {
        const auto made = exportOnnx(openTemplate("lenet-5"), {});
        std::stop_source stop;
        stop.request_stop();
        QVERIFY(!checkOnnx(made, stop.get_token()));
    }

    void embeddingsAreCheckedWithWholeNumbers() {
        NetworkBuilder b;
        const auto letters = b.layer("input", {{"shape", IntTuple{6}}}, "letters");
        const auto table =
            b.after(letters, "embedding",
                    {{"vocabulary", std::int64_t{5}}, {"dimensions", std::int64_t{3}}}, "table");
        b.after(b.after(table, "lstm", {{"units", std::int64_t{4}}}), "output");
        OnnxExport made;
        made.graph = lower(b.network);
        made.weights = randomWeights(made.graph);
        made.file = onnxFile(made.graph, made.weights);
        const auto check = checkOnnx(made);
        QVERIFY(check && check->unchecked.empty() && check->difference < 1e-5);
    }

    /// The network before the passes is what the file is held against.
    void anOptimizedModelAnswersAlike() {
        const auto project = openTemplate("cifar-resnet-20");
        const auto made = exportOnnx(project, {}, {.optimize = true});
        onnx_format::ModelProto model;
        QVERIFY(model.ParseFromString(made.file));
        std::map<std::string, int> operators;
        for (const auto& node : model.graph().node())
            ++operators[node.op_type()];
        QCOMPARE(operators["BatchNormalization"], 0);
        QCOMPARE(operators["Conv"], 21);
        QCOMPARE(operators["Relu"], 19);
        QVERIFY(made.optimization && made.optimization->after.layers < 40);
        bool isThere = false; // what made the graph is not what it is compared with
        for (const auto& op : made.graph.ops())
            isThere |= std::holds_alternative<BatchNormOp>(op.attributes);
        QVERIFY(isThere);
        const auto check = checkOnnx(made);
        QVERIFY(check && check->unchecked.empty() && !check->rounding);
        QVERIFY2(check->difference < 1e-5, qPrintable(QString::number(check->difference)));
    }

    void shortWeightsAreHalfAsLarge_data() {
        QTest::addColumn<QString>("key");
        QTest::addColumn<int>("type"); // ONNX's number
        QTest::addColumn<double>("most");
        QTest::newRow("FP16") << "fp16" << 10 << 1e-3;
        QTest::newRow("BF16") << "bf16" << 16 << 1e-2;
    }
    void shortWeightsAreHalfAsLarge() {
        QFETCH(QString, key);
        QFETCH(int, type);
        QFETCH(double, most);
        const auto project = openTemplate("lenet-5");
        for (const bool optimize : {false, true}) {
            const auto made = exportOnnx(
                project, {}, {.weights = weightTypeOf(key.toStdString()), .optimize = optimize});
            QVERIFY(made.file.size() < 61706 * 2 + 10'000);
            onnx_format::ModelProto model;
            QVERIFY(model.ParseFromString(made.file));
            QCOMPARE(model.graph().initializer_size(), 11); // ten, and the shape of a reshape
            for (const auto& weight : model.graph().initializer())
                QVERIFY(weight.data_type() == type || weight.data_type() == 7);
            const auto check = checkOnnx(made);
            QVERIFY(check && check->unchecked.empty() && check->rounding);
            QVERIFY2(check->difference < 1e-6, qPrintable(QString::number(check->difference)));
            QVERIFY2(*check->rounding > 1e-7 && *check->rounding < most,
                     qPrintable(QString::number(*check->rounding)));
        }
    }

    /// Matrices of sequences lie transposed, gates in another order, and each is rounded alike.
    void weightsInAnotherOrderAreRoundedAlike() {
        NetworkBuilder b;
        const auto steps = b.layer("input", {{"shape", IntTuple{6, 3}}}, "steps");
        const auto dense = b.after(steps, "dense", {{"units", std::int64_t{5}}}, "each");
        b.after(b.after(dense, "gru", {{"units", std::int64_t{4}}}), "output");
        OnnxExport made;
        made.graph = lower(b.network);
        const auto weights = randomWeights(made.graph);
        made.weights = roundedWeights(weights, DType::BF16);
        made.file = onnxFile(made.graph, weights, {.weights = DType::BF16});
        const auto check = checkOnnx(made);
        QVERIFY(check && check->unchecked.empty());
        QVERIFY2(check->difference < 1e-6, qPrintable(QString::number(check->difference)));
    }

    void whatFp16CannotHoldIsNamed() {
        const auto graph = lower(openTemplate("lenet-5").network);
        auto weights = randomWeights(graph);
        for (auto& [key, values] : weights.values)
            if (key == "conv2/weight")
                values.span<float>()[3] = -70'000;
        const auto fault =
            messageOf([&] { return onnxFile(graph, weights, {.weights = DType::F16}); });
        QVERIFY2(fault.contains("conv2/weight") && fault.contains("-70000") &&
                     fault.contains("65504"),
                 qPrintable(fault));
        QVERIFY(!onnxFile(graph, weights, {.weights = DType::BF16}).empty());
    }

    /// The runner goes over the graph, and answers as the graph that it was given.
    void whatRunsIsOptimized() {
        const auto made = exportOnnx(openTemplate("cifar-resnet-20"), {});
        NetworkRunner fast(made.graph, made.weights);
        NetworkRunner plain(made.graph, made.weights, {}, RunAs::Given);
        QVERIFY(fast.graph().ops().size() < 40 && plain.graph().ops().size() > 60);
        const auto name = plain.inputs()[0].name;
        const auto images = randomTensor(DType::F32, {35, 3, 32, 32}, 5);
        const auto a = fast.run({{name, images}}).begin()->second;
        const auto b = plain.run({{name, images}}).begin()->second;
        QVERIFY(a.shape() == b.shape());
        for (std::size_t i = 0; i < a.span<float>().size(); ++i)
            QVERIFY(std::abs(a.span<float>()[i] - b.span<float>()[i]) < 1e-4F);
    }

    /// A text network ends in a softmax for each step, which is no layer.
    void textNetworksAreToldToBeUnchecked() {
        const auto check = checkOnnx(exportOnnx(openTemplate("character-lstm"), {}));
        QVERIFY(check && check->unchecked.find("Softmax") != std::string::npos);
    }

    /// Sample by sample and all at once, whatever the number.
    void anyNumberOfSamplesIsRun() {
        const auto graph = lower(twoEnds());
        NetworkRunner runner(graph, randomWeights(graph));
        QCOMPARE(runner.inputs().size(), std::size_t{2});
        const auto image = randomTensor(DType::F32, {67, 2, 3, 3}, 1);
        const auto scale = randomTensor(DType::F32, {67, 2}, 2);
        std::int64_t told = 0;
        const auto made = runner.run({{"image", image}, {"scale", scale}}, {},
                                     [&](std::int64_t done) { told = done; });
        QCOMPARE(told, 67);
        const auto& whole = made.at("whole");
        const auto& means = made.at("means");
        QVERIFY(whole.shape() == Shape({67, 2, 3, 3}) && means.shape() == Shape({67, 2}));
        for (std::size_t row = 0; row < 67 * 2; ++row) {
            float sum = 0;
            for (std::size_t i = 0; i < 9; ++i) {
                const auto expected = image.span<float>()[row * 9 + i] * scale.span<float>()[row];
                QCOMPARE(whole.span<float>()[row * 9 + i], expected);
                sum += expected;
            }
            QVERIFY(std::abs(means.span<float>()[row] - sum / 9) < 1e-5F);
        }
    }

    void wrongInputsAreNamed() {
        const auto graph = lower(twoEnds());
        NetworkRunner runner(graph, {});
        const auto image = randomTensor(DType::F32, {2, 2, 3, 3}, 1);
        const auto fault = [&](const NamedTensors& inputs) {
            return messageOf([&] { return runner.run(inputs).size(); });
        };
        QCOMPARE(fault({{"image", image}}), "the input \"scale\" is missing (2 per sample)");
        QCOMPARE(fault({{"image", image}, {"scale", Tensor(DType::F32, {3, 2})}}),
                 "the inputs have 2 and 3 samples");
        QCOMPARE(fault({{"image", image}, {"scale", Tensor(DType::F32, {2})}}),
                 "the input \"scale\" takes samples of 2, [samples, …]; received 2");
        QCOMPARE(fault({{"other", image}}), "there is no input \"other\"; there are image, scale");
    }
};

QTEST_GUILESS_MAIN(OnnxCheckTest)
#include "tst_onnx_check.moc"
