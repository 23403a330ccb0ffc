// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/backend.h"
#include "engine/ops/integers.h"
#include "engine/support/error.h"

#include <QTest>

#include <algorithm>
#include <cmath>
#include <random>

using namespace gradwright;

namespace {

struct Case {
    std::string name;
    Shape sample; ///< of x
    QuantizedProductOp op;
    std::int64_t batch = 3;
};

Quantization bytes(float scale, std::int32_t zero = 0, DType type = DType::U8) {
    return {type, scale, zero};
}

ConvOp conv(std::int64_t channels, std::int64_t kernel, std::int64_t groups = 1,
            std::int64_t stride = 1, bool bias = true) {
    const auto pad = kernel / 2;
    return {.outChannels = channels,
            .kernel = {kernel, kernel},
            .stride = {stride, stride},
            .padding = {pad, pad, pad, pad},
            .groups = groups,
            .bias = bias};
}

/// A graph of the op on a fed value that is quantized first, since what is fed is real, and its
/// data.
struct Run {
    OpGraph graph;
    std::vector<Tensor> weights;
    std::vector<float> x, addend;
    ValueId input, second, output;
    std::int64_t batch = 1;
};

Run build(const Case& what, std::uint32_t seed) {
    std::mt19937 random(seed);
    Run run;
    run.batch = what.batch;
    auto op = what.op;
    const auto quantized = [&](const char* name, const Shape& sample, const Quantization& how,
                               std::vector<float>& data, ValueId& input) {
        input = run.graph.addInput(name, ValueType(sample));
        data.resize(static_cast<std::size_t>(sample.elements() * what.batch));
        const auto [least, most] = rangeOf(how.type);
        std::uniform_int_distribution<int> draw(static_cast<int>(least), static_cast<int>(most));
        std::ranges::generate(data, [&] { return static_cast<float>(draw(random)); });
        // Integers as they are: scale 1 and no zero point.
        const auto one = run.graph.addConstant(Tensor::of<float>({}, std::vector<float>{1}),
                                               std::string(name) + "/scale");
        return run.graph.add(QuantizeOp{how.type}, {input, one}, name);
    };
    const auto x = quantized("x", what.sample, op.x, run.x, run.input);
    const auto channels = op.outChannels();
    std::uniform_real_distribution<float> scale(0.002F, 0.02F);
    for (std::int64_t i = 0; i < channels; ++i)
        op.scales.push_back(scale(random));
    const Types types{run.graph.type(x)};
    std::vector<WeightId> ids;
    for (const auto& shape : op.weights(types)) {
        const int most = ids.empty() ? 127 : 100'000;
        std::uniform_int_distribution<int> draw(-most, most);
        Tensor values(DType::F32, shape);
        for (auto& value : values.span<float>())
            value = static_cast<float>(draw(random));
        ids.push_back(run.graph.addWeight({.key = ids.empty() ? "kernel" : "bias",
                                           .shape = shape,
                                           .initializer = {},
                                           .fans = {}}));
        run.weights.push_back(std::move(values));
    }
    std::vector<ValueId> inputs{x};
    if (op.adds) {
        const auto real = std::visit(
            [&](const auto& product) {
                return product.outputs(std::vector{ValueType(what.sample)});
            },
            op.product);
        const auto sample = real[0].sample();
        if (op.addend) {
            inputs.push_back(quantized("addend", sample, *op.addend, run.addend, run.second));
        } else {
            run.second = run.graph.addInput("addend", ValueType(sample));
            run.addend.resize(static_cast<std::size_t>(sample.elements() * what.batch));
            std::normal_distribution<float> draw;
            std::ranges::generate(run.addend, [&] { return draw(random); });
            inputs.push_back(run.second);
        }
    }
    run.output = run.graph.add(op, inputs, "layer", ids);
    run.graph.addOutput("y", run.output);
    return run;
}

Tensor resultOf(const Run& run, const Backend& backend, Precision precision,
                std::string* implementation = nullptr) {
    const auto program = backend.compile(run.graph, {.batch = run.batch, .precision = precision});
    for (std::uint32_t i = 0; i < run.weights.size(); ++i)
        program->weights()->write(WeightId{i}, run.weights[i]);
    std::vector<BatchInput> inputs{{run.input, run.x.data()}};
    if (!run.addend.empty())
        inputs.push_back({run.second, run.addend.data()});
    program->forward(inputs);
    if (implementation)
        for (const auto& op : program->report().ops)
            if (op.path == "layer")
                *implementation = op.implementation;
    return program->read(run.output);
}

std::vector<Case> cases() {
    const Activation relu{ActivationKind::Relu};
    const Activation relu6{ActivationKind::Relu6};
    std::vector<Case> all{
        {"3×3 of 16 channels",
         {16, 9, 7},
         {.product = conv(24, 3), .x = bytes(0.02F), .activation = relu, .result = bytes(0.5F)}},
        {"zero points",
         {20, 9, 7},
         {.product = conv(17, 3), .x = bytes(0.02F, 113), .result = bytes(0.9F, 121)}},
        {"signed",
         {20, 9, 7},
         {.product = conv(17, 3),
          .x = bytes(0.02F, 0, DType::I8),
          .result = bytes(0.9F, 0, DType::I8)}},
        {"signed with zero points",
         {20, 9, 7},
         {.product = conv(17, 3),
          .x = bytes(0.02F, -31, DType::I8),
          .result = bytes(0.9F, 7, DType::I8)}},
        {"one channel",
         {1, 28, 28},
         {.product = conv(6, 5),
          .x = bytes(0.004F, 33),
          .activation = relu,
          .result = bytes(0.05F)}},
        {"three channels, stride 2",
         {3, 15, 15},
         {.product = conv(10, 3, 1, 2),
          .x = bytes(0.02F, 100),
          .activation = relu6,
          .result = bytes(0.0235F)}},
        {"depthwise",
         {32, 9, 9},
         {.product = conv(32, 3, 32),
          .x = bytes(0.02F),
          .activation = relu6,
          .result = bytes(0.0235F)}},
        {"depthwise with a zero point",
         {19, 9, 9},
         {.product = conv(19, 3, 19), .x = bytes(0.02F, 90), .result = bytes(0.1F, 128)}},
        {"groups",
         {24, 8, 8},
         {.product = conv(16, 3, 4), .x = bytes(0.02F, 9), .result = bytes(0.3F, 128)}},
        {"1×1 to real numbers", {33, 6, 5}, {.product = conv(12, 1), .x = bytes(0.02F, 128)}},
        {"without bias",
         {16, 6, 5},
         {.product = conv(8, 3, 1, 1, false), .x = bytes(0.02F, 3), .result = bytes(0.6F, 130)}},
        {"dense",
         {70},
         {.product = DenseOp{.units = 33},
          .x = bytes(0.02F, 12),
          .activation = relu,
          .result = bytes(0.4F)}},
        {"dense to real numbers", {128}, {.product = DenseOp{.units = 10}, .x = bytes(0.02F)}, 64},
        {"dense of one sample",
         {256},
         {.product = DenseOp{.units = 40}, .x = bytes(0.02F), .result = bytes(0.5F, 120)},
         1},
        {"dense on each step",
         {5, 24},
         {.product = DenseOp{.units = 9}, .x = bytes(0.02F, 140), .result = bytes(0.4F, 128)}},
        {"leaky ReLU",
         {16, 9, 7},
         {.product = conv(8, 3),
          .x = bytes(0.02F),
          .activation = {ActivationKind::LeakyRelu, 0.01},
          .result = bytes(0.5F, 20)}},
    };
    const auto adding = [&](const char* name, Quantization addend,
                            std::optional<Quantization> result) {
        QuantizedProductOp op{
            .product = conv(16, 3), .x = bytes(0.02F, 4), .activation = relu, .result = result};
        op.adds = true;
        op.addend = addend;
        all.push_back({name, {16, 8, 8}, op});
    };
    adding("adds bytes", bytes(0.11F), bytes(0.5F));
    adding("adds signed bytes", bytes(0.11F, 0, DType::I8), bytes(0.5F));
    adding("adds bytes with a zero point", bytes(0.11F, 117), bytes(0.5F));
    adding("adds bytes to real numbers", bytes(0.11F, 117), std::nullopt);
    QuantizedProductOp real{.product = conv(16, 3), .x = bytes(0.02F, 4), .activation = relu};
    real.adds = true;
    all.push_back({"adds real numbers", {16, 8, 8}, real});
    QuantizedProductOp volume{
        .product = ConvOp{.outChannels = 8, .kernel = {3, 3, 3}, .padding = {1, 1, 1, 1, 1, 1}},
        .x = bytes(0.02F, 50),
        .result = bytes(0.9F, 128)};
    all.push_back({"volume", {8, 4, 5, 6}, volume});
    // Beyond the tiles of our own loops: their terms, outputs and channels.
    all.push_back({"many terms and outputs",
                   {130, 7, 5},
                   {.product = conv(150, 3), .x = bytes(0.02F, 77), .result = bytes(2.0F, 128)},
                   2});
    all.push_back({"depthwise of many channels",
                   {300, 5, 5},
                   {.product = conv(300, 3, 300, 2), .x = bytes(0.02F, 9), .result = bytes(0.1F)},
                   2});
    all.push_back({"two outputs for each channel",
                   {12, 7, 6},
                   {.product = conv(24, 3, 12), .x = bytes(0.02F, 90), .result = bytes(0.1F, 7)}});
    all.push_back(
        {"wide dense", {1100}, {.product = DenseOp{.units = 300}, .x = bytes(0.02F, 12)}, 19});
    QuantizedProductOp apart{.product = ConvOp{.outChannels = 9,
                                               .kernel = {3, 2},
                                               .stride = {2, 1},
                                               .dilation = {2, 3},
                                               .padding = {1, 2, 3, 0}},
                             .x = bytes(0.02F, 50),
                             .activation = relu6,
                             .result = bytes(0.0235F)};
    all.push_back({"dilated, padded on one side more", {10, 11, 9}, apart});
    QuantizedProductOp sequence{.product =
                                    ConvOp{.outChannels = 8, .kernel = {3}, .padding = {1, 1}},
                                .x = bytes(0.02F, 50),
                                .result = bytes(0.4F, 128)};
    all.push_back({"sequence", {8, 12}, sequence});
    return all;
}

/// Sums by plain integers, independent of the engine: of the first case's kind alone.
std::vector<double> byHand(const Run& run, const QuantizedProductOp& op, const Shape& sample) {
    const auto& conv = std::get<ConvOp>(op.product);
    const auto channels = sample[0], height = sample[1], width = sample[2];
    const auto kernel = run.weights[0].span<float>();
    const auto bias = run.weights[1].span<float>();
    std::vector<double> results;
    for (std::int64_t n = 0; n < run.batch; ++n)
        for (std::int64_t o = 0; o < conv.outChannels; ++o)
            for (std::int64_t y = 0; y < height; ++y)
                for (std::int64_t x = 0; x < width; ++x) {
                    std::int64_t sum = static_cast<std::int64_t>(bias[static_cast<std::size_t>(o)]);
                    for (std::int64_t c = 0; c < channels; ++c)
                        for (std::int64_t i = 0; i < 3; ++i)
                            for (std::int64_t j = 0; j < 3; ++j) {
                                const auto row = y + i - 1, column = x + j - 1;
                                if (row < 0 || column < 0 || row >= height || column >= width)
                                    continue;
                                const auto at =
                                    ((n * channels + c) * height + row) * width + column;
                                const auto tap = ((o * channels + c) * 3 + i) * 3 + j;
                                sum += (static_cast<std::int64_t>(
                                            run.x[static_cast<std::size_t>(at)]) -
                                        op.x.zero) *
                                       static_cast<std::int64_t>(
                                           kernel[static_cast<std::size_t>(tap)]);
                            }
                    results.push_back(static_cast<double>(sum));
                }
    return results;
}

} // namespace

/// Products of bytes: exact sums, and the same results on all engines.
class QuantizedProductTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void sumsAreExactAndResultsRoundedHalvesToEven() {
        const auto what = cases()[1]; // with zero points
        const auto run = build(what, 5);
        const auto& op = std::get<QuantizedProductOp>(run.graph.ops().back().attributes);
        const auto sums = byHand(run, op, what.sample);
        const auto made = resultOf(run, *makeReferenceBackend(), Precision::F64).to(DType::F64);
        const auto values = made.span<double>();
        QCOMPARE(values.size(), sums.size());
        std::size_t saturated = 0;
        const auto positions = static_cast<std::size_t>(what.sample[1] * what.sample[2]);
        for (std::size_t i = 0; i < sums.size(); ++i) {
            const auto channel = i / positions % op.scales.size();
            const auto multiplier = static_cast<float>(
                double{op.x.scale} * double{op.scales[channel]} / double{op.result->scale});
            const float real = static_cast<float>(sums[i]) * multiplier + 121.0F;
            const double expected = std::clamp(std::nearbyint(real), 0.0F, 255.0F);
            QCOMPARE(values[i], expected);
            saturated += expected == 0 || expected == 255 ? 1 : 0;
        }
        QVERIFY(saturated < sums.size() / 2); // the test sees something
    }

    void enginesAgreeToTheBit_data() {
        QTest::addColumn<int>("number");
        const auto all = cases();
        for (std::size_t i = 0; i < all.size(); ++i)
            QTest::newRow(all[i].name.c_str()) << static_cast<int>(i);
    }
    void enginesAgreeToTheBit() {
        QFETCH(int, number);
        const auto what = cases()[static_cast<std::size_t>(number)];
        const auto run = build(what, static_cast<std::uint32_t>(100 + number));
        const auto expected = resultOf(run, *makeReferenceBackend(), Precision::F32);
        std::string implementation;
        const auto made = resultOf(run, *makeOneDnnBackend(), Precision::F32, &implementation);
        const auto want = expected.span<float>();
        const auto have = made.span<float>();
        QCOMPARE(have.size(), want.size());
        std::size_t different = 0;
        double largest = 0;
        for (std::size_t i = 0; i < want.size(); ++i) {
            different += have[i] == want[i] ? 0 : 1;
            largest = std::max(largest, std::abs(double{have[i]} - double{want[i]}));
        }
        QVERIFY2(different == 0, qPrintable(QString("%1 of %2 differ, by up to %3 (%4)")
                                                .arg(different)
                                                .arg(want.size())
                                                .arg(largest)
                                                .arg(implementation.c_str())));
        // Processors with VNNI or AMX have primitives for all but one of them.
        std::string ofFirst;
        resultOf(build(cases()[0], 1), *makeOneDnnBackend(), Precision::F32, &ofFirst);
        const bool isOwn = implementation.starts_with("own");
        QVERIFY2(isOwn == (ofFirst.starts_with("own") || what.name == "adds bytes to real numbers"),
                 implementation.c_str());
        QVERIFY(std::ranges::adjacent_find(want, std::not_equal_to<>()) != want.end());
    }

    /// 70,000 products of the largest numbers are more than 32 bits hold.
    void largeSumsAreExact() {
        constexpr std::int64_t kFeatures = 70'000;
        constexpr double kSum = 70'000.0 * 255 * 127;
        QVERIFY(kSum > 2147483647.0);
        auto run =
            build({"large", {kFeatures}, {.product = DenseOp{.units = 2}, .x = bytes(0.5F)}, 1}, 9);
        std::ranges::fill(run.x, 255.0F);
        std::ranges::fill(run.weights[0].span<float>().first(kFeatures), 127.0F);
        std::ranges::fill(run.weights[0].span<float>().last(kFeatures), -127.0F);
        std::ranges::fill(run.weights[1].span<float>(), 0.0F);
        const auto& op = std::get<QuantizedProductOp>(run.graph.ops().back().attributes);
        const auto made = resultOf(run, *makeOneDnnBackend(), Precision::F32);
        for (std::size_t unit = 0; unit < 2; ++unit) {
            const auto multiplier = static_cast<float>(0.5 * double{op.scales[unit]});
            QCOMPARE(made.span<float>()[unit],
                     static_cast<float>(unit == 0 ? kSum : -kSum) * multiplier);
        }
    }

    void activationsOfOneDnnAreAStepAwayAtMost() {
        for (const auto& about : activations()) {
            Case what{about.key,
                      {16, 9, 7},
                      {.product = conv(8, 3),
                       .x = bytes(0.0003F, 90),
                       .activation = defaultActivation(about.kind),
                       .result = bytes(0.02F, 100)}};
            const auto run = build(what, 3);
            const auto expected = resultOf(run, *makeReferenceBackend(), Precision::F32);
            const auto made = resultOf(run, *makeOneDnnBackend(), Precision::F32);
            for (std::size_t i = 0; i < expected.span<float>().size(); ++i)
                QVERIFY2(std::abs(expected.span<float>()[i] - made.span<float>()[i]) <= 1,
                         about.key.c_str());
        }
    }

    void whatDoesNotFitIsRefused() {
        const auto refused = [](const std::function<void(QuantizedProductOp&)>& spoil,
                                DType type = DType::U8) {
            QuantizedProductOp op{.product = DenseOp{.units = 2},
                                  .x = bytes(1),
                                  .result = bytes(1),
                                  .scales = {1, 1}};
            spoil(op);
            const std::vector types{ValueType(Shape{3}, type)};
            try {
                inferTypes(op, types);
            } catch (const Error& error) {
                return std::string(error.what());
            }
            return std::string();
        };
        QVERIFY(refused([](auto&) {}).empty());
        QVERIFY(refused([](auto&) {}, DType::I8).find("U8") != std::string::npos);
        QVERIFY(refused([](auto& op) { op.scales = {1}; }).find("2 scales") != std::string::npos);
        QVERIFY(refused([](auto& op) { op.x.scale = 0; }).find("above 0") != std::string::npos);
        QVERIFY(refused([](auto& op) { op.result->zero = 256; }).find("zero point") !=
                std::string::npos);
        QVERIFY(refused([](auto& op) { op.adds = true; }).find("2") != std::string::npos);
    }
};

QTEST_APPLESS_MAIN(QuantizedProductTest)
#include "tst_quantized_product.moc"
