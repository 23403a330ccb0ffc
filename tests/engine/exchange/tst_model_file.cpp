// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/devices.h"
#include "engine/check/op_cases.h"
#include "engine/exchange/answer_check.h"
#include "engine/exchange/model/graph_json.h"
#include "engine/exchange/model/model_file.h"
#include "engine/graph/lower.h"
#include "engine/inference/optimized_network.h"
#include "engine/inference/predictor.h"
#include "engine/io/atomic_file.h"
#include "engine/io/safetensors.h"
#include "engine/passes/verify.h"
#include "engine/project/runs.h"
#include "engine/project/templates.h"
#include "engine/quantization/quantizable_run.h"
#include "engine/support/error.h"
#include "engine/support/json.h"
#include "engine/training/checkpoint.h"
#include "tests/support/data_files.h"
#include "tests/support/message_of.h"
#include "tests/support/small_jobs.h"

#include <QTest>

#include <algorithm>
#include <fstream>
#include <map>
#include <random>

using namespace gradwright;
using namespace gradwright::test;

namespace {

using NamedTensorList = std::vector<std::pair<std::string, Tensor>>;

ReadGraph readAgain(const Json& json, const NamedTensorList& tensors) {
    return graphFromJson(json, {[&](const std::string& name) -> const Tensor& {
                             const auto found = std::ranges::find(
                                 tensors, name, &std::pair<std::string, Tensor>::first);
                             if (found == tensors.end())
                                 throw Error("no tensor {}", name);
                             return found->second;
                         }});
}

RunDirectory trained(const Project& project, const std::filesystem::path& folder) {
    EventLog log;
    Trainer(trainingJob(project, folder), log.sink()).run({});
    return RunDirectory::open(log.all<RunStarted>().at(0).run);
}

/// A random entry, at any depth.
Json& someEntry(Json& json, std::mt19937_64& random) {
    auto* at = &json;
    while (at->is_structured() && !at->empty() && random() % 6 != 0) {
        auto next = at->begin();
        std::advance(next, static_cast<std::ptrdiff_t>(random() % at->size()));
        at = &*next;
    }
    return *at;
}

/// One to three entries become something else, or go.
Json mutated(const Json& json, std::mt19937_64& random) {
    static const std::vector<Json> others = {0,       1,
                                             -1,      2,
                                             3,       7,
                                             1 << 20, 1LL << 40,
                                             9e300,   "conv",
                                             "dense", nullptr,
                                             true,    Json::array(),
                                             "relu",  Json::object(),
                                             "N",     "1·N",
                                             ""};
    Json made = json;
    for (auto changes = 1 + random() % 3; changes > 0; --changes) {
        auto& entry = someEntry(made, random);
        const auto kind = random() % 4;
        if (kind == 0 && entry.is_structured() && !entry.empty()) {
            auto gone = entry.begin();
            std::advance(gone, static_cast<std::ptrdiff_t>(random() % entry.size()));
            entry.erase(gone);
        } else if (kind == 1) {
            entry = Json(someEntry(made, random));
        } else if (kind == 2 && entry.is_number_integer()) {
            entry = entry.get<std::int64_t>() + static_cast<std::int64_t>(random() % 5) - 2;
        } else {
            entry = others[random() % others.size()];
        }
    }
    return made;
}

std::string bytesOf(const std::filesystem::path& file) {
    std::ifstream stream(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
}

} // namespace

/// Optimized networks as files.
class ModelFileTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    /// With all that it says of itself, so that it computes the same.
    void everyOpComesBack() {
        std::map<std::string_view, int> seen;
        for (const auto& opCase : check::opCases()) {
            NamedTensorList tensors;
            const auto json = graphToJson(opCase.graph, tensors);
            for (std::size_t i = 0; i < opCase.weights.size(); ++i)
                tensors.emplace_back(opCase.graph.weights()[i].key, opCase.weights[i]);
            const auto again = readAgain(Json::parse(json.dump()), tensors);
            verify(again.graph, opCase.name);
            const auto& ops = opCase.graph.ops();
            QCOMPARE(again.graph.ops().size(), ops.size());
            for (std::size_t i = 0; i < ops.size(); ++i) {
                QVERIFY2(again.graph.ops()[i].attributes == ops[i].attributes, opCase.name.c_str());
                QCOMPARE(again.graph.ops()[i].path, ops[i].path);
                ++seen[nameOf(ops[i].attributes)];
                for (std::size_t k = 0; k < ops[i].outputs.size(); ++k)
                    QVERIFY(again.graph.type(again.graph.ops()[i].outputs[k]) ==
                            opCase.graph.type(ops[i].outputs[k]));
            }
            QCOMPARE(again.graph.losses().size(), opCase.graph.losses().size());
        }
        QVERIFY2(seen.size() > 40, std::to_string(seen.size()).c_str());
    }

    void numbersThatJsonLacksComeBack() {
        OpGraph graph;
        const auto x = graph.addInput("x", ValueType(Shape{3}));
        const auto infinity = std::numeric_limits<double>::infinity();
        graph.addOutput(
            "y", graph.add(UnaryOp{.kind = UnaryKind::Clip, .a = 0.1, .b = infinity}, {x}, "clip"));
        NamedTensorList none;
        const auto again = readAgain(Json::parse(graphToJson(graph, none).dump()), none);
        QVERIFY(again.graph.ops()[0].attributes == graph.ops()[0].attributes);
    }

    void aRunAnswersAsBefore() {
        const TemporaryFolder folder;
        const auto project = smallProject(400, 0.2);
        const auto run = trained(project, folder.path());
        const auto file = std::filesystem::path(folder.path()) / "small.gwmodel";
        const auto made = *optimizedModel(project, run);
        QVERIFY(made.after.layers < made.before.layers);
        writeModel(file, made);
        const auto opened = readModel(file);
        QCOMPARE(opened.run, std::optional(run.name()));
        QCOMPARE(opened.after.layers, made.after.layers);
        QVERIFY(opened.data == made.data && opened.project == made.project);
        QCOMPARE(opened.evaluation.graph.losses().size(), std::size_t{1});

        const auto info = dataInfoOfRun(run);
        Predictor before(inferenceGraph(project.network, info, project.training),
                         readCheckpointWeights(weightsOfRun(run)));
        Predictor after(answeringModel(opened));
        const auto data = openDataset(project.data);
        for (std::int64_t index = 0; index < 5; ++index) {
            Tensor sample(DType::F32, info.input);
            data.test->input(index, sample.span<float>());
            const auto expected = before.predict(sample).probabilities;
            const auto answer = after.predict(sample).probabilities;
            for (std::size_t i = 0; i < expected.size(); ++i)
                QVERIFY(std::abs(expected[i] - answer[i]) < 1e-6F);
        }
        // The passes do not run again, and their result is what runs.
        QVERIFY(messageOf([&] {
                    OptimizedNetwork(answeringModel(opened)).setWeights({});
                    return 0;
                }).contains("keeps its weights"));
        QCOMPARE(countedLayers(OptimizedNetwork(answeringModel(opened)).graph()),
                 countedLayers(answeringModel(made).graph));
        // Equal models give equal files.
        const auto first = bytesOf(file);
        writeModel(file, opened);
        const auto again = readModel(file);
        QVERIFY(again.weights == opened.weights);
        QCOMPARE(bytesOf(file).size(), first.size());
    }

    /// Integers stay integers, in the file and beyond, and answer the same to the bit.
    void aNetworkInIntegersComesBack() {
        const TemporaryFolder folder;
        const auto run = quantizableRun(trained(smallProject(400, 0.2), folder.path()));
        const auto quantized =
            quantizeTrained(run.model, run.graph, run.calibration(50), {})->model;
        const auto made = modelInIntegers(run.run, run.graph, quantized);
        const auto file = std::filesystem::path(folder.path()) / "int8.gwmodel";
        writeModel(file, made);
        const auto opened = readModel(file);
        QVERIFY(opened.weights == quantized.weights);
        QVERIFY(opened.data == run.data.info && opened.project == run.project);
        QVERIFY(opened.after.weights * 3 < opened.before.weights);
        const auto& ops = quantized.graph.ops();
        QCOMPARE(opened.evaluation.graph.ops().size(), ops.size());
        int integers = 0;
        for (std::size_t i = 0; i < ops.size(); ++i) {
            QVERIFY(opened.evaluation.graph.ops()[i].attributes == ops[i].attributes);
            integers += std::holds_alternative<QuantizedProductOp>(ops[i].attributes) ? 1 : 0;
        }
        QCOMPARE(integers, 2);
        Predictor before(answeringModel(made));
        Predictor after(answeringModel(opened));
        for (std::int64_t index = 0; index < 5; ++index) {
            Tensor sample(DType::F32, run.data.info.input);
            run.data.test->input(index, sample.span<float>());
            QVERIFY(before.predict(sample).probabilities == after.predict(sample).probabilities);
        }
        const auto score = [&](const OptimizedModel& model) {
            return measureModel(model, run.data.test, run.test().indices)->quality.value;
        };
        QCOMPARE(score(opened), scoreOf(quantized, run.graph, run.test())->quality.value);

        // A byte for each element of a kernel; what no such number may be is refused.
        auto stored = readSafetensors(file);
        int kernels = 0;
        for (auto& [name, values] : stored.tensors) {
            if (!name.ends_with("weight/int8"))
                continue;
            QVERIFY(values.dtype() == DType::I8);
            values.span<std::int8_t>()[0] = -128;
            ++kernels;
        }
        QCOMPARE(kernels, 2);
        writeSafetensors(file, stored);
        const auto refused = messageOf([&] { return readModel(file).weights.size(); });
        QVERIFY2(refused.contains("holds -128; its integers are from -127 to 127"),
                 qPrintable(refused));
    }

    void withoutARunTheFirstWeightsAreKept() {
        const auto project = openTemplate("cifar-resnet-20");
        const auto made = *optimizedModel(project, {});
        QVERIFY(!made.run && made.data);
        for (const auto& op : made.evaluation.graph.ops())
            QVERIFY(!std::holds_alternative<BatchNormOp>(op.attributes));
    }

    void whatIsNoModelIsNamed() {
        const TemporaryFolder folder;
        const auto file = std::filesystem::path(folder.path()) / "other.gwmodel";
        writeSafetensors(file, {.metadata = {}, .tensors = {{"a", Tensor(DType::F32, {2})}}});
        QVERIFY2(messageOf([&] {
                     return readModel(file).weights.size();
                 }).contains("is no model that was optimized"),
                 "");
        const auto write = [&](const Json& json) {
            writeSafetensors(file,
                             {.metadata = {{"gradwright.model", json.dump()}}, .tensors = {}});
        };
        write({{"format", "gradwright model"}, {"version", 4}});
        const auto newer = messageOf([&] { return readModel(file).weights.size(); });
        QVERIFY2(newer.contains("version 4; this program reads versions 1 to 3"),
                 qPrintable(newer));
        write({{"format", "gradwright model"}, {"version", 1}});
        const auto empty = messageOf([&] { return readModel(file).weights.size(); });
        QVERIFY2(empty.contains("other.gwmodel") && empty.contains("\"project\" is missing"),
                 qPrintable(empty));
    }

    /// Any other byte is noticed by one of the checksums, whatever it is.
    void alteredFilesAreRefused() {
        const TemporaryFolder folder;
        const auto file = std::filesystem::path(folder.path()) / "gate.gwmodel";
        writeModel(file, *optimizedModel(openTemplate("exclusive-or"), {}));
        const auto whole = bytesOf(file);
        const auto altered = std::filesystem::path(folder.path()) / "altered.gwmodel";
        std::mt19937_64 random(7);
        for (int i = 0; i < 10'000; ++i) {
            auto bytes = whole;
            if (i % 10 == 0)
                bytes.resize(random() % bytes.size());
            else
                bytes[random() % bytes.size()] ^= static_cast<char>(1 + random() % 255);
            std::ofstream(altered, std::ios::binary) << bytes;
            try {
                readModel(altered);
                QFAIL(qPrintable(QStringLiteral("altered model %1 was read").arg(i)));
            } catch (const Error& error) {
                QVERIFY(std::string_view(error.what()).find("altered.gwmodel") !=
                        std::string_view::npos);
            }
        }
    }

    /// With right checksums: what is read can run, and all else is an error with a message.
    void hostileGraphsAreRefusedOrRun() {
        struct Seed {
            Json json;
            NamedTensorList tensors;
        };
        std::vector<Seed> seeds;
        for (const char* key : {"lenet-5", "exclusive-or", "character-lstm"}) {
            const auto model = *optimizedModel(openTemplate(key), {});
            auto& seed = seeds.emplace_back();
            seed.json = graphToJson(model.evaluation.graph, seed.tensors);
            for (std::size_t i = 0; i < model.weights.size(); ++i)
                seed.tensors.emplace_back(model.evaluation.graph.weights()[i].key,
                                          model.weights[i]);
        }
        for (const auto& opCase : check::opCases()) {
            auto& seed = seeds.emplace_back();
            seed.json = graphToJson(opCase.graph, seed.tensors);
            for (std::size_t i = 0; i < opCase.weights.size(); ++i)
                seed.tensors.emplace_back(opCase.graph.weights()[i].key, opCase.weights[i]);
        }
        auto integers = firstModel(lower(openTemplate("lenet-5").network), 1);
        quantize(integers, planByStructure(integers.graph));
        auto& inIntegers = seeds.emplace_back();
        inIntegers.json = graphToJson(integers.graph, inIntegers.tensors);
        for (std::size_t i = 0; i < integers.weights.size(); ++i)
            inIntegers.tensors.emplace_back(integers.graph.weights()[i].key, integers.weights[i]);
        std::mt19937_64 random(11);
        const auto backend = backendFor({});
        int refused = 0, taken = 0;
        for (int i = 0; i < 10'000; ++i) {
            const auto& [json, tensors] = seeds[static_cast<std::size_t>(i) % seeds.size()];
            try {
                const auto read = readAgain(mutated(json, random), tensors);
                std::int64_t elements = 0;
                for (const auto& op : read.graph.ops())
                    elements += read.graph.elementsAround(op);
                if (elements < 100'000)
                    (void)backend->plan(read.graph, {.batch = 1});
                ++taken;
            } catch (const Error& error) {
                QVERIFY(!std::string_view(error.what()).empty());
                ++refused;
            }
        }
        QVERIFY2(refused > 5'000 && taken > 200,
                 qPrintable(QString("%1, %2").arg(refused).arg(taken)));
    }
};

QTEST_GUILESS_MAIN(ModelFileTest)
#include "tst_model_file.moc"
