// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/backend.h"
#include "engine/io/safetensors.h"
#include "engine/layers/catalog.h"
#include "engine/support/error.h"
#include "engine/support/json.h"
#include "tests/support/numeric.h"

#include <QTest>

#include <algorithm>
#include <set>

using namespace gradwright;
using namespace gradwright::test;

namespace {

/// Layers that PyTorch has nothing to say about: the network's ends and those whose result is drawn
/// at random.
const std::set<std::string> kWithout = {"input",          "output",   "block-input",
                                        "block-output",   "dropout",  "spatial-dropout",
                                        "gaussian-noise", "onnx-node"};

/// The file that data/make_layer_goldens.py writes.
struct Goldens {
    SafetensorsFile file = readSafetensors(GRADWRIGHT_SOURCE_DIR
                                           "/tests/engine/layers/data/layer_goldens.safetensors");
    Json cases = Json::parse(file.metadata.at("cases"));

    [[nodiscard]] const Tensor& tensor(std::size_t index, const std::string& name) const {
        const auto key = fmt::format("{}/{}", index, name);
        if (const auto* found = file.find(key))
            return *found;
        throw Error("there is no {} in the goldens", key);
    }
};

const Goldens& goldens() {
    static const Goldens all;
    return all;
}

/// A case as a graph. An input that has a gradient is the product of the identity matrix with a
/// weight, whose gradient shows it.
struct GoldenCase {
    OpGraph graph;
    std::int64_t batch = 1;
    std::vector<std::pair<ValueId, Tensor>> data; ///< F32
    std::vector<WeightId> sources;
    ValueId output{};

    explicit GoldenCase(std::size_t index)
        : index_(index)
        , json_(goldens().cases.at(index)) {
        const auto& def = layer(json_.at("layer").get<std::string>());
        batch = goldens().tensor(index, "output").shape()[0];
        std::vector<ValueId> inputs;
        std::vector<Shape> shapes;
        for (const auto& dims : json_.at("inputs"))
            shapes.emplace_back(dims.get<std::vector<std::int64_t>>());
        for (std::size_t i = 0; i < shapes.size(); ++i)
            inputs.push_back(input(i, shapes[i]));
        ParamValues params;
        for (const auto& [key, value] : json_.at("params").items()) {
            const auto* spec = findParam(def.params, key);
            if (!spec)
                throw Error("{} has no parameter {}", def.key, key);
            params.emplace(key, paramFromJson(*spec, value));
        }
        LowerContext context(graph, Params(def.params, params), inputs, "layer");
        output = def.lower(context);
        if (!context.further().empty())
            output = joined(output, context.further());
        const auto target = graph.addInput("target", graph.type(output));
        data.emplace_back(target, goldens().tensor(index, "target").to(DType::F32));
        graph.addOutput("output", output);
        graph.addLoss(graph.add(MeanSquaredErrorOp{}, {output, target}, "loss"), 1.0);
    }

    /// The golden tensor of a weight of the layer: "weight/bias" for the path "layer/bias".
    [[nodiscard]] const Tensor& golden(WeightId id, const std::string& what) const {
        return goldens().tensor(index_, what + graph.weight(id).key.substr(5));
    }
    [[nodiscard]] bool isSource(WeightId id) const {
        return std::ranges::find(sources, id) != sources.end();
    }
    [[nodiscard]] Tensor sourceValues(std::size_t i) const {
        return transposed(goldens().tensor(index_, fmt::format("input/{}", i)));
    }
    [[nodiscard]] Tensor sourceGradient(std::size_t i) const {
        return transposed(goldens().tensor(index_, fmt::format("input_gradient/{}", i)));
    }

private:
    ValueId input(std::size_t i, const Shape& shape) {
        if (!goldens().file.find(fmt::format("{}/input_gradient/{}", index_, i))) {
            const auto id = graph.addInput("numbers", {shape});
            data.emplace_back(id,
                              goldens().tensor(index_, fmt::format("input/{}", i)).to(DType::F32));
            return id;
        }
        if (sources.empty()) {
            Tensor rows(DType::F32, {batch, batch});
            for (std::int64_t n = 0; n < batch; ++n)
                rows.span<float>()[static_cast<std::size_t>(n * (batch + 1))] = 1.0F;
            identity_ = graph.addInput("identity", {Shape{batch}});
            data.emplace_back(identity_, std::move(rows));
        }
        const auto path = fmt::format("source{}", i);
        const auto weight =
            graph.addWeight({path + "/weight", {shape.elements(), batch}, {}, {}, true});
        sources.push_back(weight);
        const auto flat = graph.add(DenseOp{shape.elements(), false}, {identity_}, path, {weight});
        return graph.add(ReshapeOp::ofSample(shape), {flat}, path);
    }

    /// Several outputs as one vector, as the goldens have them.
    ValueId joined(ValueId first, const std::vector<ValueId>& further) {
        std::vector<ValueId> pieces{first};
        pieces.insert(pieces.end(), further.begin(), further.end());
        for (auto& piece : pieces)
            piece = graph.add(ReshapeOp::ofSample(Shape{graph.type(piece).sample().elements()}),
                              {piece}, "piece");
        return graph.add(ConcatOp::ofSample(0), pieces, "joined");
    }

    /// [batch, …] as [elements, batch].
    static Tensor transposed(const Tensor& stored) {
        const auto tensor = stored.to(DType::F64);
        const auto batch = tensor.shape()[0];
        const auto elements = tensor.elements() / batch;
        Tensor result(DType::F64, {elements, batch});
        for (std::int64_t n = 0; n < batch; ++n)
            for (std::int64_t i = 0; i < elements; ++i)
                result.span<double>()[static_cast<std::size_t>(i * batch + n)] =
                    tensor.span<double>()[static_cast<std::size_t>(n * elements + i)];
        return result;
    }

    std::size_t index_;
    Json json_;
    ValueId identity_{};
};

bool isZero(const Tensor& tensor) {
    const auto values = tensor.to(DType::F64);
    return std::ranges::all_of(values.span<double>(),
                               [](double value) { return std::abs(value) < 1e-14; });
}

} // namespace

/// The reference in double against PyTorch in double.
class LayerGoldensTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void everyLayerIsCompared() {
        std::set<std::string> compared;
        for (const auto& each : goldens().cases)
            compared.insert(each.at("layer").get<std::string>());
        qInfo("%zu cases compare %zu of %zu layers with PyTorch %s", goldens().cases.size(),
              compared.size(), layerCatalog().size(), goldens().file.metadata.at("torch").c_str());
        for (const auto& def : layerCatalog())
            QVERIFY2(compared.contains(def.key) != kWithout.contains(def.key), def.key.c_str());
    }

    void outputAndGradientsEqualPyTorch_data() {
        QTest::addColumn<std::size_t>("index");
        for (std::size_t i = 0; i < goldens().cases.size(); ++i) {
            const auto& each = goldens().cases.at(i);
            const auto name = fmt::format("{} {} {}", i, each.at("layer").get<std::string>(),
                                          each.at("params").dump());
            QTest::newRow(name.c_str()) << i;
        }
    }
    void outputAndGradientsEqualPyTorch() {
        QFETCH(std::size_t, index);
        const GoldenCase golden(index);
        const auto program = makeReferenceBackend()->compile(
            golden.graph,
            {.batch = golden.batch, .precision = Precision::F64, .mode = Mode::Training});
        auto& store = *program->weights();
        std::size_t source = 0;
        for (std::uint32_t i = 0; i < golden.graph.weights().size(); ++i) {
            const WeightId id{i};
            store.write(id, golden.isSource(id) ? golden.sourceValues(source++)
                                                : golden.golden(id, "weight"));
        }
        std::vector<BatchInput> inputs;
        for (const auto& [id, tensor] : golden.data)
            inputs.push_back({id, tensor.bytes().data()});
        QVERIFY(program->forward(inputs, {1, 1}));
        compare("output", program->read(golden.output), goldens().tensor(index, "output"));

        QVERIFY(program->backward());
        source = 0;
        for (std::uint32_t i = 0; i < golden.graph.weights().size(); ++i) {
            const WeightId id{i};
            const auto& spec = golden.graph.weight(id);
            if (!spec.trainable)
                continue;
            compare(spec.key, store.readGradient(id),
                    golden.isSource(id) ? golden.sourceGradient(source++)
                                        : golden.golden(id, "gradient"));
        }
    }

private:
    static void compare(const std::string& name, const Tensor& actual, const Tensor& expected) {
        QCOMPARE(toString(actual.shape()), toString(expected.shape()));
        if (isZero(actual) && isZero(expected))
            return;
        const double difference = relativeDifference(actual, expected.to(DType::F64));
        QVERIFY2(difference <= 1e-6,
                 qPrintable(QString("%1: %2").arg(name.c_str()).arg(difference)));
    }
};

QTEST_APPLESS_MAIN(LayerGoldensTest)
#include "tst_layer_goldens.moc"
