// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/devices.h"
#include "engine/passes/inference/optimize.h"
#include "engine/passes/quantization/integer_groups.h"
#include "engine/passes/quantization/quantize.h"
#include "engine/passes/verify.h"
#include "engine/quantization/ranges.h"
#include "engine/support/error.h"

#include <QTest>

#include <algorithm>
#include <cmath>
#include <random>
#include <set>

using namespace gradwright;

namespace {

constexpr std::int64_t kBatch = 8;

ConvOp convolution(std::int64_t channels, std::int64_t kernel = 3) {
    const auto pad = kernel / 2;
    return {.outChannels = channels, .kernel = {kernel, kernel}, .padding = {pad, pad, pad, pad}};
}

/// A network while it is drawn: each op is a layer of its own with random weights.
class Builder {
public:
    InferenceModel model;

    ValueId op(const std::string& path, OpAttributes attributes, std::vector<ValueId> inputs) {
        Types types;
        for (const auto input : inputs)
            types.push_back(model.graph.type(input));
        std::vector<WeightId> weights;
        for (const auto& shape : weightShapes(attributes, types)) {
            Tensor values(DType::F32, shape);
            const auto fan = static_cast<float>(shape.elements() / shape[0]);
            std::normal_distribution<float> draw(0, weights.empty() ? std::sqrt(2 / fan) : 0.1F);
            std::ranges::generate(values.span<float>(), [&] { return draw(random_); });
            weights.push_back(
                model.add(path + (weights.empty() ? "/weight" : "/bias"), std::move(values)));
        }
        return model.graph.add(std::move(attributes), std::move(inputs), path, weights);
    }
    ValueId relu(const std::string& path, ValueId x) {
        return op(path, ActivationOp{{ActivationKind::Relu}}, {x});
    }

private:
    std::mt19937 random_{7};
};

/// Convolution, max pooling, a residual block with a shortcut, one with a projection, global
/// pooling and a dense layer.
Builder residualNetwork() {
    Builder b;
    const auto image = b.model.graph.addInput("image", ValueType(Shape{3, 16, 16}));
    auto x = b.relu("relu1", b.op("conv1", convolution(16), {image}));
    x = b.op("pool", PoolOp{.kind = PoolKind::Max, .kernel = {2, 2}, .stride = {2, 2}}, {x});
    auto inner = b.relu("relu2", b.op("conv2", convolution(16), {x}));
    auto sum = b.op("add1", AddOp{}, {b.op("conv3", convolution(16), {inner}), x});
    x = b.relu("relu3", sum);
    inner = b.relu("relu4", b.op("conv4", convolution(24), {x}));
    const auto shortcut = b.op("projection", convolution(24, 1), {x});
    sum = b.op("add2", AddOp{}, {b.op("conv5", convolution(24), {inner}), shortcut});
    x = b.relu("relu5", sum);
    x = b.op("gap", GlobalAveragePoolOp{}, {x});
    b.model.graph.addOutput("logits", b.op("dense", DenseOp{.units = 10}, {x}));
    optimize(b.model);
    return b;
}

/// Two modules of three branches: siblings, of which one is joined and one goes on, and a mean;
/// then all positions as rows of a dense layer, and a mean of them.
Builder inceptionNetwork() {
    Builder b;
    const auto image = b.model.graph.addInput("image", ValueType(Shape{3, 12, 12}));
    auto x = b.relu("relu0", b.op("conv0", convolution(16), {image}));
    const auto first = b.relu("relu1", b.op("branch1", convolution(16, 1), {x}));
    const auto second = b.relu("relu2a", b.op("branch2a", convolution(8, 1), {x}));
    const auto inner = b.relu("relu2b", b.op("branch2b", convolution(16), {second}));
    const PoolOp mean{
        .kind = PoolKind::Average, .kernel = {3, 3}, .stride = {1, 1}, .padding = {1, 1, 1, 1}};
    const auto pooled = b.op("mean", mean, {x});
    const auto third = b.relu("relu3", b.op("branch3b", convolution(16, 1), {pooled}));
    x = b.op("join", ConcatOp{.axis = 1}, {first, inner, third});
    x = b.op("pool", PoolOp{.kind = PoolKind::Max, .kernel = {2, 2}, .stride = {2, 2}}, {x});
    x = b.relu("relu4", b.op("last", convolution(24), {x}));
    const auto all = b.op("gap", GlobalAveragePoolOp{}, {x});
    const auto steps = b.op("rows", ReshapeOp::ofSample({4, 6}), {all});
    const auto turned = b.op("turn", PermuteOp::ofSample({1, 0}), {steps});
    b.model.graph.addOutput("logits", b.op("dense", DenseOp{.units = 10}, {turned}));
    optimize(b.model);
    return b;
}

std::vector<float> noise(std::size_t size) {
    std::mt19937 random(3);
    std::normal_distribution<float> draw;
    std::vector<float> values(size);
    std::ranges::generate(values, [&] { return draw(random); });
    return values;
}

Tensor answersOf(const InferenceModel& model, ValueId value, const Backend& backend) {
    auto graph = model.graph;
    if (!graph.isResult(value))
        graph.addOutput("wanted", value);
    const auto program = backend.compile(graph, {.batch = kBatch});
    for (std::uint32_t i = 0; i < model.weights.size(); ++i)
        program->weights()->write(WeightId{i}, model.weights[i]);
    const auto input = graph.inputs()[0].value;
    const auto data =
        noise(static_cast<std::size_t>(graph.type(input).sample().elements() * kBatch));
    program->forward(std::vector{BatchInput{input, data.data()}});
    return program->read(value);
}

QuantizationPlan planOf(const InferenceModel& model, const std::set<std::string>& without = {}) {
    const auto backend = makeReferenceBackend();
    const auto quantizationOf = [&](ValueId value) {
        const IntegerGroups groups(model.graph);
        ValueHistogram histogram;
        for (const auto source : groups.sourcesOf(value)) {
            const auto seen = answersOf(model, source, *backend);
            histogram.widen(seen.span<float>());
        }
        return quantizationFor({histogram.least(), histogram.most()}, ByteKind::Unsigned);
    };
    QuantizationPlan plan;
    for (const auto& product : quantizableProducts(model.graph)) {
        if (without.contains(product.name))
            continue;
        LayerQuantization layer{.x = quantizationOf(product.x)};
        if (product.addend)
            layer.addend = quantizationOf(*product.addend);
        plan.emplace(product.name, layer);
    }
    for (const auto& pool : quantizablePools(model.graph))
        if (!without.contains(pool.name))
            plan.emplace(pool.name, LayerQuantization{.x = quantizationOf(pool.x)});
    return plan;
}

template <class O>
std::size_t countOf(const OpGraph& graph) {
    return static_cast<std::size_t>(std::ranges::count_if(
        graph.ops(), [](const Op& op) { return std::holds_alternative<O>(op.attributes); }));
}

double relativeDifference(const Tensor& made, const Tensor& real) {
    double difference = 0;
    double norm = 0;
    for (std::size_t i = 0; i < real.span<float>().size(); ++i) {
        difference += std::pow(double{made.span<float>()[i]} - double{real.span<float>()[i]}, 2);
        norm += std::pow(double{real.span<float>()[i]}, 2);
    }
    return std::sqrt(difference / norm);
}

/// Of what is quantized from what was real; and all engines agree about it to the bit.
double errorOf(const InferenceModel& real, const InferenceModel& made) {
    verify(made.graph, "quantize");
    const auto output = real.graph.output("logits");
    const auto reference = answersOf(made, output, *makeReferenceBackend());
    const auto primitives = answersOf(made, output, *makeOneDnnBackend());
    if (!(reference == primitives) && relativeDifference(primitives, reference) > 1e-6)
        return 1e9;
    return relativeDifference(reference, answersOf(real, output, *makeReferenceBackend()));
}

/// Two dense layers that read one kernel and one bias, the second one what the first one makes.
Builder tiedNetwork() {
    Builder b;
    const auto input = b.model.graph.addInput("x", ValueType(Shape{24}));
    const auto first = b.op("first", DenseOp{.units = 24}, {input});
    const auto shared = b.model.graph.producerOf(first)->weights;
    const auto second =
        b.model.graph.add(DenseOp{.units = 24}, {b.relu("relu", first)}, "second", shared);
    b.model.graph.addOutput("logits", second);
    prepareForQuantization(b.model);
    return b;
}

/// The sums of a dense layer on integers in plain loops: [samples, units].
std::vector<std::int64_t> denseSums(const std::vector<std::int64_t>& x, std::int64_t zero,
                                    const Tensor& kernel, const Tensor& bias) {
    const auto units = static_cast<std::size_t>(kernel.shape()[0]);
    const auto features = static_cast<std::size_t>(kernel.shape()[1]);
    std::vector<std::int64_t> sums;
    for (std::size_t n = 0; n < x.size() / features; ++n)
        for (std::size_t u = 0; u < units; ++u) {
            auto sum = static_cast<std::int64_t>(bias.span<float>()[u]);
            for (std::size_t f = 0; f < features; ++f)
                sum += (x[n * features + f] - zero) *
                       static_cast<std::int64_t>(kernel.span<float>()[u * features + f]);
            sums.push_back(sum);
        }
    return sums;
}

} // namespace

/// Which values stay integers between layers, and that the network answers what it did.
class QuantizePassTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void productsAreFoundWithWhatTheyRead() {
        const auto network = residualNetwork();
        const auto& graph = network.model.graph;
        const auto products = quantizableProducts(graph);
        std::vector<std::string> names;
        for (const auto& product : products)
            names.push_back(product.name);
        QCOMPARE(names, (std::vector<std::string>{"conv1/weight", "conv2/weight", "conv3/weight",
                                                  "conv4/weight", "projection/weight",
                                                  "conv5/weight", "dense/weight"}));
        // Behind the pool lies what the first convolution made.
        QCOMPARE(graph.value(products[1].x).path, std::string("relu1"));
        QCOMPARE(graph.value(*products[2].addend).path, std::string("relu1"));
        QCOMPARE(products[2].layers, (std::vector<std::string>{"conv3", "add1", "relu3"}));
    }

    /// The global mean lies between two products, so all but the input is integers.
    void meansAreTakenOfIntegers() {
        const auto real = residualNetwork().model;
        auto made = real;
        quantize(made, planOf(real));
        QCOMPARE(countOf<QuantizedPoolOp>(made.graph), std::size_t{1});
        QCOMPARE(countOf<GlobalAveragePoolOp>(made.graph), std::size_t{0});
        QCOMPARE(countOf<QuantizeOp>(made.graph), std::size_t{1}); // the image
        QCOMPARE(countOf<DequantizeOp>(made.graph), std::size_t{0});
        const auto error = errorOf(real, made);
        QVERIFY2(error > 0 && error < 0.03, qPrintable(QString::number(error)));
    }

    /// The branches of a module, one of them pooled, are joined in one scale, in which the merged
    /// siblings are cut, too.
    void joinsAndPiecesStayIntegers() {
        const auto real = inceptionNetwork().model;
        QVERIFY(countOf<SplitOp>(real.graph) > 0);
        const auto plan = planOf(real);
        auto made = real;
        quantize(made, plan);
        QCOMPARE(countOf<QuantizeOp>(made.graph), std::size_t{1}); // the image
        QCOMPARE(countOf<DequantizeOp>(made.graph), std::size_t{0});
        QCOMPARE(countOf<QuantizedPoolOp>(made.graph), std::size_t{2});
        for (const auto& op : made.graph.ops())
            if (std::holds_alternative<ConcatOp>(op.attributes) ||
                std::holds_alternative<SplitOp>(op.attributes) ||
                std::holds_alternative<PermuteOp>(op.attributes))
                QCOMPARE(made.graph.type(op.output()).element, DType::U8);
        const auto error = errorOf(real, made);
        QVERIFY2(error > 0 && error < 0.05, qPrintable(QString::number(error)));
    }

    /// Plans of files that were made before joins kept integers: parts in ranges of their own.
    void joinsOfSeveralScalesAreOfRealNumbers() {
        const auto real = inceptionNetwork().model;
        auto plan = planOf(real);
        auto made = real;
        plan.at("branch3b/weight").x.scale *= 1.5F;
        plan.at("last/weight").x.scale *= 2;
        quantize(made, plan);
        QVERIFY(countOf<QuantizeOp>(made.graph) > 1);
        const auto error = errorOf(real, made);
        QVERIFY2(error > 0 && error < 0.1, qPrintable(QString::number(error)));
    }

    /// Without means of integers: real numbers from the last convolution on.
    void valuesStayIntegersBetweenProducts() {
        const auto real = residualNetwork().model;
        auto made = real;
        auto plan = planOf(real);
        QCOMPARE(plan.erase("gap"), std::size_t{1});
        quantize(made, plan);
        QCOMPARE(countOf<QuantizedPoolOp>(made.graph), std::size_t{0});
        QCOMPARE(countOf<QuantizedProductOp>(made.graph), std::size_t{7});
        QCOMPARE(countOf<FusedProductOp>(made.graph), std::size_t{0});
        QCOMPARE(countOf<QuantizeOp>(made.graph), std::size_t{2}); // the image, what is pooled
        for (const auto& op : made.graph.ops()) {
            if (std::holds_alternative<PoolOp>(op.attributes))
                QVERIFY(made.graph.type(op.output()).element == DType::U8);
            const auto* product = std::get_if<QuantizedProductOp>(&op.attributes);
            if (!product)
                continue;
            const bool isLast = op.path == "relu5" || op.path == "dense";
            QCOMPARE(product->result.has_value(), !isLast);
            QVERIFY(product->adds == (op.path == "relu3" || op.path == "relu5"));
        }
        // Real numbers of the shortcut are made of its integers.
        QCOMPARE(countOf<DequantizeOp>(made.graph), std::size_t{1});
        const auto error = errorOf(real, made);
        QVERIFY2(error < 0.03, qPrintable(QString::number(error)));
        QVERIFY(error > 0);
    }

    void eachLayerMayStayReal() {
        const auto real = residualNetwork().model;
        for (const auto& product : quantizableProducts(real.graph)) {
            auto made = real;
            quantize(made, planOf(real, {product.name}));
            QCOMPARE(countOf<QuantizedProductOp>(made.graph), std::size_t{6});
            const auto error = errorOf(real, made);
            QVERIFY2(error < 0.03, (product.name + " " + std::to_string(error)).c_str());
            auto alone = real;
            const auto whole = planOf(real);
            quantize(alone, {*whole.find(product.name)});
            QCOMPARE(countOf<QuantizedProductOp>(alone.graph), std::size_t{1});
            const auto own = errorOf(real, alone);
            QVERIFY2(own > 0 && own < 0.03, (product.name + " " + std::to_string(own)).c_str());
        }
    }

    void weightsAreWholeNumbersOfTheirScales() {
        const auto kernel =
            Tensor::of<float>({3, 2}, std::vector<float>{1, -2.54F, 0, 0, 0.3F, 0.1F});
        const auto bias = Tensor::of<float>({3}, std::vector<float>{0.5F, 8, -1});
        const auto made = quantizeWeights(kernel, &bias, 0.01F);
        QCOMPARE(made.scales[0], 0.02F);
        // The second channel has no kernel: its scale lets the bias be 2^24 units.
        QVERIFY(std::abs(made.scales[1] - 8 / (0.01 * 16777216)) < 1e-8);
        const auto integers = made.kernel.span<float>();
        QCOMPARE(std::vector<float>(integers.begin(), integers.end()),
                 (std::vector<float>{50, -127, 0, 0, 127, 42}));
        QCOMPARE(made.bias.span<float>()[0], 2500.0F); // 0.5 / (0.01 · 0.02)
        QVERIFY(std::abs(made.bias.span<float>()[1] - 16777216.0F) < 16);
    }

    /// Each of the products has integers of its own, whose biases count what it reads.
    void productsThatShareAKernelAreQuantizedEach() {
        const auto real = tiedNetwork().model;
        const auto products = quantizableProducts(real.graph);
        QCOMPARE(products.size(), std::size_t{2});
        QCOMPARE(products[0].name, std::string("first/weight"));
        QCOMPARE(products[1].name, std::string("first/weight#2"));
        QCOMPARE(products[0].layers, (std::vector<std::string>{"first", "relu"}));
        QCOMPARE(products[1].layers, (std::vector<std::string>{"second"}));
        const auto plan = planOf(real);
        QVERIFY(plan.at(products[0].name) != plan.at(products[1].name));
        auto made = real;
        quantize(made, plan);
        std::vector<const Op*> ops;
        std::set<std::string> keys;
        for (const auto& op : made.graph.ops())
            if (std::holds_alternative<QuantizedProductOp>(op.attributes)) {
                ops.push_back(&op);
                for (const auto id : op.weights)
                    keys.insert(made.graph.weight(id).key);
            }
        QCOMPARE(ops.size(), std::size_t{2});
        QCOMPARE(keys, (std::set<std::string>{"first/weight/int8", "first/weight/int8-2",
                                              "first/bias/int8", "first/bias/int8-2"}));
        // Both in plain integers, from the fed numbers to the answer.
        const auto& first = std::get<QuantizedProductOp>(ops[0]->attributes);
        const auto& second = std::get<QuantizedProductOp>(ops[1]->attributes);
        QCOMPARE(*first.result, second.x);
        std::vector<std::int64_t> x;
        for (const float value : noise(24 * kBatch))
            x.push_back(static_cast<std::int64_t>(
                std::clamp(std::nearbyint(value / first.x.scale) + static_cast<float>(first.x.zero),
                           0.0F, 255.0F)));
        const auto sums =
            denseSums(x, first.x.zero, made.of(ops[0]->weights[0]), made.of(ops[0]->weights[1]));
        std::vector<std::int64_t> inner;
        for (std::size_t i = 0; i < sums.size(); ++i) {
            const auto multiplier = static_cast<float>(
                double{first.x.scale} * double{first.scales[i % 24]} / double{second.x.scale});
            const float y = std::max(static_cast<float>(sums[i]) * multiplier, 0.0F);
            inner.push_back(static_cast<std::int64_t>(
                std::min(std::nearbyint(y + static_cast<float>(second.x.zero)), 255.0F)));
        }
        const auto last = denseSums(inner, second.x.zero, made.of(ops[1]->weights[0]),
                                    made.of(ops[1]->weights[1]));
        const auto output = made.graph.output("logits");
        for (const auto& backend : {makeReferenceBackend(), makeOneDnnBackend()}) {
            const auto answers = answersOf(made, output, *backend);
            for (std::size_t i = 0; i < last.size(); ++i)
                QCOMPARE(
                    answers.span<float>()[i],
                    static_cast<float>(last[i]) *
                        static_cast<float>(double{second.x.scale} * double{second.scales[i % 24]}));
        }
        const auto error = errorOf(real, made);
        QVERIFY2(error > 0 && error < 0.03, qPrintable(QString::number(error)));
    }

    void whatDoesNotFitIsRefused() {
        const auto real = residualNetwork().model;
        auto made = real;
        auto plan = planOf(real);
        plan["conv9/weight"] = {};
        QVERIFY_THROWS_EXCEPTION(Error, quantize(made, plan));
        plan.erase("conv9/weight");
        plan["conv2/weight"].x.scale *= 2; // not what the shortcut is read as
        made = real;
        QVERIFY_THROWS_EXCEPTION(Error, quantize(made, plan));
    }
};

QTEST_APPLESS_MAIN(QuantizePassTest)
#include "tst_quantize_pass.moc"
