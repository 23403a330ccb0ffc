// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/exchange/network_runner.h"
#include "engine/exchange/onnx_check.h"
#include "engine/exchange/onnx_import.h"
#include "engine/exchange/onnx_model.h"
#include "engine/exchange/onnx_writer.h"
#include "engine/graph/lower.h"
#include "engine/inference/optimized_network.h"
#include "engine/onnx/onnx_tensors.h"
#include "engine/passes/quantization/pack_dense.h"
#include "engine/support/error.h"

#include <QTest>

#include <algorithm>
#include <cmath>
#include <onnx_subset.pb.h>
#include <random>

using namespace gradwright;

namespace {

constexpr std::int32_t kUint4 = 21;
constexpr std::int32_t kInt4 = 22;

/// Dense layers on vectors and on steps, with and without a bias, whose features are odd and no
/// multiple of the group.
InferenceModel network(std::int64_t group) {
    InferenceModel model;
    std::mt19937 random(11);
    std::normal_distribution<float> draw(0, 0.3F);
    const auto weight = [&](const char* key, const Shape& shape) {
        Tensor values(DType::F32, shape);
        std::ranges::generate(values.span<float>(), [&] { return draw(random); });
        return model.add(key, std::move(values));
    };
    const auto x = model.graph.addInput("x", ValueType(Shape{71}));
    auto y = model.graph.add(DenseOp{.units = 36}, {x}, "first",
                             {weight("first/weight", {36, 71}), weight("first/bias", {36})});
    y = model.graph.add(ActivationOp{{ActivationKind::Relu}}, {y}, "relu");
    y = model.graph.add(ReshapeOp::ofSample({4, 9}), {y}, "steps");
    y = model.graph.add(DenseOp{.units = 5, .bias = false}, {y}, "second",
                        {weight("second/weight", {5, 9})});
    model.graph.addOutput("y", y);
    packDense(model, group);
    return model;
}

std::string fileOf(const InferenceModel& model, std::int64_t opset = kOnnxOpset) {
    return onnxFile(model.graph, weightsOf(model), {.opset = opset});
}

/// What the kernels of a model are worth, by the key of the layer: integer times scale.
std::map<std::string, std::vector<float>> kernelsOf(const InferenceModel& model) {
    std::map<std::string, std::vector<float>> kernels;
    for (const auto& op : model.graph.ops()) {
        const auto* dense = std::get_if<PackedDenseOp>(&op.attributes);
        if (!dense)
            continue;
        const auto bytes = model.of(op.weights[0]).span<float>();
        auto& made = kernels[op.path];
        for (std::int64_t unit = 0; unit < dense->units; ++unit)
            for (std::int64_t f = 0; f < dense->features; ++f) {
                const auto byte = static_cast<std::int8_t>(
                    bytes[static_cast<std::size_t>(unit * dense->rowBytes() + f / 2)]);
                const auto scale =
                    static_cast<std::size_t>(unit * dense->groups() + f / dense->group);
                made.push_back(static_cast<float>(unpackedInteger(byte, f % 2 == 1)) *
                               dense->scales[scale]);
            }
    }
    return kernels;
}

onnx_format::TensorProto fourBits(std::int32_t type, std::vector<std::int64_t> dims) {
    onnx_format::TensorProto proto;
    proto.set_data_type(type);
    for (const auto length : dims)
        proto.add_dims(length);
    return proto;
}

std::string errorOf(const std::function<void()>& act) {
    try {
        act();
    } catch (const Error& error) {
        return error.what();
    }
    return {};
}

} // namespace

/// Kernels of 4 bits as INT4 constants of ONNX, and constants of 4 bits that others wrote.
class OnnxFourBitsTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void kernelsComeBackToTheBit_data() {
        QTest::addColumn<int>("group");
        QTest::newRow("groups") << 8;
        QTest::newRow("one of them is a whole row") << 32;
        QTest::newRow("a scale for each unit") << 1000;
    }
    void kernelsComeBackToTheBit() {
        QFETCH(int, group);
        const auto model = network(group);
        const auto file = fileOf(model);
        const auto read = readOnnx(file);
        const auto import = importOnnxWhole(read);
        const auto kernels = kernelsOf(model);
        QCOMPARE(kernels.size(), std::size_t{2});
        for (const auto& [path, kernel] : kernels) {
            const auto found = std::ranges::find_if(import.weights.values, [&](const auto& entry) {
                return static_cast<std::size_t>(entry.second.elements()) == kernel.size();
            });
            QVERIFY2(found != import.weights.values.end(), path.c_str());
            const auto values = found->second.span<float>();
            QVERIFY2(std::ranges::equal(values, kernel), path.c_str());
            QVERIFY(std::ranges::any_of(kernel, [](float value) { return value != 0; }));
        }
        // And it answers what the packed kernels answer.
        std::mt19937 random(2);
        std::normal_distribution<float> draw;
        Tensor x(DType::F32, {3, 71});
        std::ranges::generate(x.span<float>(), [&] { return draw(random); });
        const auto expected =
            NetworkRunner(model.graph, weightsOf(model), {}, RunAs::Given).run({{"x", x}});
        const auto made =
            NetworkRunner(lower(import.network), import.weights).run({{import.inputs[0].first, x}});
        const auto want = expected.begin()->second.span<float>();
        const auto have = made.begin()->second.span<float>();
        QCOMPARE(have.size(), want.size());
        for (std::size_t i = 0; i < want.size(); ++i)
            QVERIFY(std::abs(have[i] - want[i]) <= 1e-5F * (1 + std::abs(want[i])));
    }

    /// Two integers in a byte: the file is far smaller than its kernels in bytes.
    void twoAreInAByte() {
        onnx_format::ModelProto model;
        QVERIFY(model.ParseFromString(fileOf(network(8))));
        std::size_t found = 0;
        for (const auto& tensor : model.graph().initializer())
            if (tensor.data_type() == kInt4) {
                const auto elements = tensor.dims(0) * tensor.dims(1);
                QCOMPARE(static_cast<std::int64_t>(tensor.raw_data().size()), (elements + 1) / 2);
                ++found;
            }
        QCOMPARE(found, std::size_t{2});
    }

    void earlierOperatorSetsAreRefused() {
        const auto reason = errorOf([] { fileOf(network(8), kOldestOnnxOpset); });
        QVERIFY2(reason.find("operator set 21, not 17") != std::string::npos, reason.c_str());
        QVERIFY2(reason.find("first") != std::string::npos, reason.c_str());
    }

    void constantsOfFourBitsAreRead() {
        auto raw = fourBits(kInt4, {3, 1});
        raw.set_raw_data(std::string("\x8F\x07", 2)); // 15, 8, 7 and padding
        QCOMPARE(*onnxTensor(raw, {}, "w").values,
                 Tensor::of<std::int8_t>({3, 1}, std::vector<std::int8_t>{-1, -8, 7}));
        auto listed = fourBits(kUint4, {4});
        listed.add_int32_data(0x8F);
        listed.add_int32_data(0x70);
        QCOMPARE(*onnxTensor(listed, {}, "w").values,
                 Tensor::of<std::uint8_t>({4}, std::vector<std::uint8_t>{15, 8, 0, 7}));
    }

    void damagedConstantsAreRefused() {
        auto raw = fourBits(kInt4, {5});
        raw.set_raw_data(std::string(5, '\1'));
        const auto tooLong = errorOf([&] { onnxTensor(raw, {}, "w"); });
        QVERIFY2(tooLong.find("w has 5 bytes") != std::string::npos, tooLong.c_str());
        auto listed = fourBits(kUint4, {5});
        listed.add_int32_data(1);
        const auto tooShort = errorOf([&] { onnxTensor(listed, {}, "w"); });
        QVERIFY2(tooShort.find("w has 1 values") != std::string::npos, tooShort.c_str());
    }
};

QTEST_APPLESS_MAIN(OnnxFourBitsTest)
#include "tst_onnx_four_bits.moc"
