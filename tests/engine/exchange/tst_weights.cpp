// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/exchange/network_runner.h"
#include "engine/exchange/weights/input_conventions.h"
#include "engine/exchange/weights/weight_archive.h"
#include "engine/exchange/weights/weight_names.h"
#include "engine/exchange/weights/weight_plan.h"
#include "engine/graph/lower.h"
#include "engine/io/atomic_file.h"
#include "engine/io/npy.h"
#include "engine/io/safetensors.h"
#include "engine/project/templates.h"
#include "engine/support/error.h"
#include "tests/support/data_files.h"
#include "tests/support/network_builder.h"

#include <QTest>

#include <algorithm>
#include <map>

using namespace gradwright;
using namespace gradwright::test;

namespace fs = std::filesystem;

namespace {

fs::path golden(const char* name) {
    return fs::path(GRADWRIGHT_SOURCE_DIR) / "tests/app/data/foreign_weights" / name;
}

ParamValues same(std::int64_t filters, std::int64_t stride = 1) {
    return {{"filters", filters},
            {"stride", IntTuple{stride, stride}},
            {"bias", false},
            {"padding", std::string("explicit")},
            {"padding_sides", IntTuple{1, 1, 1, 1}}};
}

NodeId residual(NetworkBuilder& build, NodeId x, std::int64_t filters, std::int64_t stride,
                const std::string& name) {
    auto main = build.after(x, "conv2d", same(filters, stride), name + "_first");
    main = build.after(main, "batch-norm", {}, name + "_first_norm");
    main = build.after(main, "relu");
    main = build.after(main, "conv2d", same(filters), name + "_second");
    main = build.after(main, "batch-norm", {}, name + "_second_norm");
    auto beside = x;
    if (stride != 1) {
        beside = build.after(x, "conv2d",
                             {{"filters", filters},
                              {"kernel", IntTuple{1, 1}},
                              {"stride", IntTuple{stride, stride}},
                              {"bias", false}},
                             name + "_beside");
        beside = build.after(beside, "batch-norm", {}, name + "_beside_norm");
    }
    const auto sum = build.layer("add");
    build.link(main, sum, 0);
    build.link(beside, sum, 1);
    return build.after(sum, "relu");
}

/// That of tests/app/foreign_weights.py, under names of our own.
Network smallNetwork(std::int64_t classes = 5) {
    NetworkBuilder build;
    auto x = build.layer("input", {{"shape", IntTuple{3, 8, 8}}}, "image");
    x = build.after(x, "conv2d", same(4), "stem");
    x = build.after(x, "batch-norm", {}, "stem_norm");
    x = build.after(x, "relu");
    x = residual(build, x, 4, 1, "one");
    x = residual(build, x, 4, 1, "two");
    x = residual(build, x, 8, 2, "three");
    x = build.after(x, "global-average-pool");
    x = build.after(x, "dense", {{"units", classes}}, "scores");
    build.after(x, "output", {}, "out");
    return build.network;
}

Tensor answersOf(const Network& network, const Weights& weights, const Tensor& image) {
    return NetworkRunner(lower(network), weights).run({{"image", image}}).at("out");
}

double largestDifference(const Tensor& a, const Tensor& b) {
    double worst = a.shape() == b.shape() ? 0 : 1e9;
    for (std::size_t i = 0; i < a.span<float>().size() && worst < 1e9; ++i)
        worst = std::max(worst, std::abs(double{a.span<float>()[i]} - double{b.span<float>()[i]}));
    return worst;
}

std::string tensorFor(const WeightPlan& plan, const std::string& key) {
    const auto row = std::ranges::find(plan.rows, key, &WeightRow::key);
    if (row == plan.rows.end())
        return "no such weight " + key;
    return row->tensor ? plan.tensors[*row->tensor].name : "";
}

/// A file's list of tensors that never had values.
class Listed {
public:
    void add(const std::string& name, Shape shape) { tensors.push_back({name, std::move(shape)}); }
    void convolution(const std::string& name, std::int64_t out, std::int64_t in, std::int64_t side,
                     bool bias = false) {
        add(name + ".weight", {out, in, side, side});
        if (bias)
            add(name + ".bias", {out});
    }
    void norm(const std::string& name, std::int64_t channels) {
        for (const auto* const leaf : {"weight", "bias", "running_mean", "running_var"})
            add(name + "." + leaf, {channels});
        add(name + ".num_batches_tracked", Shape(std::vector<std::int64_t>{}));
    }
    void dense(const std::string& name, std::int64_t out, std::int64_t in) {
        add(name + ".weight", {out, in});
        add(name + ".bias", {out});
    }
    /// As files have them: by name.
    [[nodiscard]] std::vector<ForeignTensor> sorted() const {
        auto list = tensors;
        std::ranges::sort(list, comesBefore, &ForeignTensor::name);
        return list;
    }
    std::vector<ForeignTensor> tensors;
};

/// ResNet-18 by the names of a program: of the stem, a block's part, and the last layer.
struct ResNetNames {
    std::string stem, stemNorm, dense;
    std::string (*part)(int stage, int block, const std::string& part);
};

Listed resnet18(const ResNetNames& names, std::int64_t classes = 1000) {
    Listed list;
    list.convolution(names.stem, 64, 3, 7);
    list.norm(names.stemNorm, 64);
    std::int64_t before = 64;
    for (int stage = 1; stage <= 4; ++stage) {
        const std::int64_t filters = std::int64_t{32} << stage;
        for (int block = 0; block < 2; ++block) {
            const auto name = [&](const char* part) { return names.part(stage, block, part); };
            list.convolution(name("conv1"), filters, before, 3);
            list.norm(name("bn1"), filters);
            list.convolution(name("conv2"), filters, filters, 3);
            list.norm(name("bn2"), filters);
            if (before != filters) {
                list.convolution(name("shortcut"), filters, before, 1);
                list.norm(name("shortcut norm"), filters);
            }
            before = filters;
        }
    }
    list.dense(names.dense, classes, 512);
    return list;
}

std::string torchvisionPart(int stage, int block, const std::string& part) {
    const auto prefix = fmt::format("layer{}.{}.", stage, block);
    if (part == "shortcut")
        return prefix + "downsample.0";
    return part == "shortcut norm" ? prefix + "downsample.1" : prefix + part;
}

std::string huggingFacePart(int stage, int block, const std::string& part) {
    const std::map<std::string, std::string> parts = {
        {"conv1", "layer.0.convolution"},     {"bn1", "layer.0.normalization"},
        {"conv2", "layer.1.convolution"},     {"bn2", "layer.1.normalization"},
        {"shortcut", "shortcut.convolution"}, {"shortcut norm", "shortcut.normalization"}};
    return fmt::format("resnet.encoder.stages.{}.layers.{}.{}", stage - 1, block, parts.at(part));
}

/// What ResNet-18's template calls the layer.
std::string templatePath(int stage, int block, const std::string& part) {
    const std::map<std::string, std::string> parts = {{"shortcut", "project"},
                                                      {"shortcut norm", "project_bn"}};
    const auto found = parts.find(part);
    const auto instance = stage == 1   ? fmt::format("stage1/{}", block + 1)
                          : block == 0 ? fmt::format("stage{}_first/1", stage)
                                       : fmt::format("stage{}/1", stage);
    return instance + "/" + (found == parts.end() ? part : found->second);
}

const ResNetNames& torchvisionNames() {
    static const ResNetNames names{"conv1", "bn1", "fc", torchvisionPart};
    return names;
}
const ResNetNames& huggingFaceNames() {
    static const ResNetNames names{"resnet.embedder.embedder.convolution",
                                   "resnet.embedder.embedder.normalization", "classifier.1",
                                   huggingFacePart};
    return names;
}

} // namespace

/// Weights that other programs wrote, in networks of ours.
class TestWeights : public QObject {
    Q_OBJECT

private:
    static WeightPlan planFor(const Network& network, const Listed& list) {
        return planWeights(lower(network), list.sorted());
    }
    static void requireResNet(const WeightPlan& plan, const ResNetNames& names) {
        QCOMPARE(tensorFor(plan, "stem/weight"), names.stem + ".weight");
        QCOMPARE(tensorFor(plan, "stem_bn/running_var"), names.stemNorm + ".running_var");
        for (int stage = 1; stage <= 4; ++stage)
            for (int block = 0; block < 2; ++block)
                for (const auto* const part :
                     {"conv1", "bn1", "conv2", "bn2", "shortcut", "shortcut norm"}) {
                    const bool isShortcut = std::string_view(part).starts_with("shortcut");
                    if (isShortcut && (stage == 1 || block == 1))
                        continue;
                    const auto key = templatePath(stage, block, part) + "/weight";
                    QVERIFY2(tensorFor(plan, key) == names.part(stage, block, part) + ".weight",
                             qPrintable(QString::fromStdString(key + ": " + tensorFor(plan, key))));
                }
        QCOMPARE(tensorFor(plan, "scores/bias"), names.dense + ".bias");
        QVERIFY(plan.unused().empty());
    }

private Q_SLOTS:
    /// PyTorch's own answers, written by tests/app/foreign_weights.py.
    void answersArePyTorchs() {
        const auto network = smallNetwork();
        const auto image = readNpy(golden("image.npy"));
        for (const auto& [file, scores] : {std::pair{"small.safetensors", "scores.npy"},
                                           {"small_f16.safetensors", "scores_f16.npy"}}) {
            const auto archive = openWeightArchive(golden(file));
            const auto plan = planWeights(lower(network), archive.tensors);
            QCOMPARE(plan.matched(), plan.rows.size());
            QCOMPARE(plan.unused().size(), std::size_t{0});
            QCOMPARE(plan.counters.size(), std::size_t{8});
            QVERIFY(std::ranges::none_of(plan.rows, [](const WeightRow& row) {
                return row.by == MatchedBy::Doubt || row.by == MatchedBy::Nothing;
            }));
            const auto weights = readPlanned(archive, plan).value();
            const auto difference =
                largestDifference(answersOf(network, weights, image), readNpy(golden(scores)));
            QVERIFY2(difference < 1e-5, qPrintable(QString::number(difference)));
        }
    }

    void theTemplateKnowsTorchvisionsNames() {
        requireResNet(planFor(openTemplate("resnet-18").network, resnet18(torchvisionNames())),
                      torchvisionNames());
    }
    void theTemplateKnowsHuggingFacesNames() {
        requireResNet(planFor(openTemplate("resnet-18").network, resnet18(huggingFaceNames())),
                      huggingFaceNames());
    }

    /// It keeps its first values, and the file's is named.
    void aLastLayerForOtherClassesBeginsAnew() {
        const auto plan =
            planFor(openTemplate("resnet-18").network, resnet18(torchvisionNames(), 21));
        const auto head = std::ranges::find(plan.rows, "scores/weight", &WeightRow::key);
        QVERIFY(!head->tensor);
        QCOMPARE(head->by, MatchedBy::Nothing);
        QCOMPARE(head->why, std::string("fc of the file is 21×512, not 1000×512"));
        QCOMPARE(plan.matched(), plan.rows.size() - 2);
        QCOMPARE(plan.unused().size(), std::size_t{2});
        QCOMPARE(plan.tensors[plan.unused().at(0).tensor].name, std::string("fc.bias"));
    }

    /// A deeper network has more of each shape: what it gets is marked as doubtful.
    void anotherDepthIsDoubtful() {
        Listed deeper = resnet18(torchvisionNames());
        deeper.convolution("layer1.2.conv1", 64, 64, 3);
        deeper.norm("layer1.2.bn1", 64);
        const auto plan = planFor(openTemplate("resnet-18").network, deeper);
        const auto row = std::ranges::find(plan.rows, "stage1/1/conv1/weight", &WeightRow::key);
        QCOMPARE(row->by, MatchedBy::Doubt);
        QVERIFY(contains(row->why, "there are 4 here and 5 in the file"));
        QCOMPARE(plan.unused().size(), std::size_t{5});
    }

    /// As a program that Gradwright wrote for PyTorch saves them, with all names in one part.
    void namesOfOurOwnAreKnown() {
        NetworkBuilder build;
        auto x = build.layer("input", {{"shape", IntTuple{6}}}, "row");
        x = build.after(x, "dense", {{"units", std::int64_t{6}}}, "second");
        x = build.after(x, "dense", {{"units", std::int64_t{6}}}, "first");
        build.after(x, "output", {}, "out");
        Listed list;
        list.dense("model.first", 6, 6);
        list.dense("model.second", 6, 6);
        const auto plan = planFor(build.network, list);
        QCOMPARE(tensorFor(plan, "first/weight"), std::string("model.first.weight"));
        QCOMPARE(tensorFor(plan, "second/bias"), std::string("model.second.bias"));
        QCOMPARE(plan.rows.front().by, MatchedBy::Name);
    }

    void namesStandInTheOrderOfANetwork() {
        const std::vector<std::string> order = {"stem.conv", "features.2.weight", "features.10.a",
                                                "encoder.x", "layer1.0.conv1",    "layer1.0.conv10",
                                                "layer2.0",  "decoder.x",         "head.weight",
                                                "aux.weight"};
        for (std::size_t i = 0; i + 1 < order.size(); ++i) {
            QVERIFY2(comesBefore(order[i], order[i + 1]), order[i].c_str());
            QVERIFY2(!comesBefore(order[i + 1], order[i]), order[i].c_str());
        }
        QVERIFY(comesBefore("a.9", "a.99999999999999999999999"));
    }

    /// Kernels of Keras are rows × columns × in × out, and matrices in × out.
    void kernelsOfKerasAreTurned() {
        NetworkBuilder build;
        auto x = build.layer("input", {{"shape", IntTuple{3, 4, 4}}}, "image");
        x = build.after(x, "conv2d", {{"filters", std::int64_t{2}}, {"kernel", IntTuple{3, 3}}},
                        "conv");
        x = build.after(x, "flatten");
        x = build.after(x, "dense", {{"units", std::int64_t{8}}}, "scores");
        build.after(x, "output", {}, "out");
        const TemporaryFolder folder;
        SafetensorsFile file;
        std::vector<float> kernel(54);
        std::vector<float> matrix(64);
        for (std::size_t i = 0; i < kernel.size(); ++i)
            kernel[i] = static_cast<float>(i);
        for (std::size_t i = 0; i < matrix.size(); ++i)
            matrix[i] = static_cast<float>(i);
        file.tensors.emplace_back("conv/kernel", Tensor::of<float>({3, 3, 3, 2}, kernel));
        file.tensors.emplace_back("conv/bias", Tensor(DType::F32, {2}));
        file.tensors.emplace_back("scores/kernel", Tensor::of<float>({8, 8}, matrix));
        file.tensors.emplace_back("scores/bias", Tensor(DType::F32, {8}));
        writeSafetensors(folder / "keras.safetensors", file);
        const auto archive = openWeightArchive(folder / "keras.safetensors");
        const auto plan = planWeights(lower(build.network), archive.tensors);
        QCOMPARE(plan.matched(), std::size_t{4});
        const auto weights = readPlanned(archive, plan).value();
        const auto conv = weights.find("conv/weight")->span<float>();
        for (std::size_t out = 0; out < 2; ++out)
            for (std::size_t in = 0; in < 3; ++in)
                for (std::size_t at = 0; at < 9; ++at)
                    QCOMPARE(conv[(out * 3 + in) * 9 + at], kernel[(at * 3 + in) * 2 + out]);
        QCOMPARE(weights.find("scores/weight")->span<float>()[1], matrix[8]);
    }

    /// The network takes red, green, blue, whatever the weights were trained with.
    void kernelsThatReadColoursAreTurnedRound() {
        const auto network = smallNetwork();
        const auto archive = openWeightArchive(golden("small.safetensors"));
        const auto plan = planWeights(lower(network), archive.tensors);
        auto image = readNpy(golden("image.npy"));
        const auto expected = readNpy(golden("scores.npy"));
        const auto weights = readPlanned(archive, plan, ColourOrder::Bgr).value();
        QVERIFY(largestDifference(answersOf(network, weights, image), expected) > 0.01);
        const auto values = image.span<float>();
        for (std::ptrdiff_t sample = 0; sample < 3; ++sample)
            std::swap_ranges(values.begin() + sample * 192, values.begin() + sample * 192 + 64,
                             values.begin() + sample * 192 + 128);
        QVERIFY(largestDifference(answersOf(network, weights, image), expected) < 1e-5);
    }

    void pairsAreCorrectedByHand() {
        auto plan = planFor(openTemplate("resnet-18").network, resnet18(torchvisionNames()));
        correct(plan, "stage1/1/conv1", "layer1.1.conv2");
        QCOMPARE(tensorFor(plan, "stage1/1/conv1/weight"), std::string("layer1.1.conv2.weight"));
        QCOMPARE(tensorFor(plan, "stage1/2/conv2/weight"), std::string());
        QVERIFY(
            contains(std::ranges::find(plan.rows, "stage1/2/conv2/weight", &WeightRow::key)->why,
                     "was given to stage1/1/conv1/weight"));
        correct(plan, "stem_bn/bias", "bn1.weight");
        QCOMPARE(tensorFor(plan, "stem_bn/weight"), std::string());
        correct(plan, "scores", "");
        QCOMPARE(tensorFor(plan, "scores/bias"), std::string());
        const auto before = plan.matched();
        QVERIFY(contains(errorOf([&] { correct(plan, "stem/weight", "fc.weight"); }),
                         "fc.weight is 1000×512 and does not fit stem/weight, which is 64×3×7×7"));
        QVERIFY(contains(errorOf([&] { correct(plan, "nowhere", "fc"); }),
                         "no weight and no layer \"nowhere\""));
        QVERIFY(contains(errorOf([&] { correct(plan, "stem", "nowhere"); }),
                         "no tensor and no module \"nowhere\""));
        QVERIFY(
            contains(errorOf([&] { correct(plan, "stem_bn", "bn1.weight"); }), "name one of them"));
        QCOMPARE(plan.matched(), before);
    }

    void whatIsNoFileOfWeightsIsExplained() {
        const TemporaryFolder folder;
        writeFileAtomically(folder / "net.pth", std::string_view("PK"));
        const auto pickled = errorOf([&] { openWeightArchive(folder / "net.pth"); });
        QVERIFY2(contains(pickled, "torch.load('net.pth'"), pickled.c_str());
        QVERIFY(contains(pickled, "'net.safetensors'"));
        writeFileAtomically(folder / "text.safetensors", std::string_view("no tensors at all"));
        QVERIFY(contains(errorOf([&] { openWeightArchive(folder / "text.safetensors"); }),
                         "text.safetensors"));
        SafetensorsFile file;
        file.tensors.emplace_back("conv.weight", Tensor(DType::I8, {4, 3, 3, 3}));
        writeSafetensors(folder / "quantized.safetensors", file);
        const auto archive = openWeightArchive(folder / "quantized.safetensors");
        QVERIFY(contains(
            errorOf([&] { archive.read({"conv.weight"}, [](const std::string&, Tensor) {}); }),
            "conv.weight holds I8"));
    }

    void whatLiesBesideSaysHowImagesWereScaled() {
        const TemporaryFolder folder;
        QVERIFY(!inputHintBeside(folder / "model.safetensors").scaling);
        writeFileAtomically(folder / "config.json",
                            std::string_view(R"({"pretrained_cfg": {"mean": [0.5, 0.4, 0.3],
                                                 "std": [0.2, 0.2, 0.1]}})"));
        auto hint = inputHintBeside(folder / "model.safetensors");
        QVERIFY(hint.scaling == (ChannelScaling{{0.5, 0.4, 0.3}, {0.2, 0.2, 0.1}}));
        writeFileAtomically(
            folder / "preprocessor_config.json",
            std::string_view(R"({"image_mean": [127.5, 127.5, 127.5], "do_rescale": false,
                                 "image_std": [127.5, 127.5, 127.5]})"));
        hint = inputHintBeside(folder / "model.safetensors");
        QCOMPARE(hint.file, std::string("preprocessor_config.json"));
        QVERIFY(hint.scaling == (ChannelScaling{{0.5, 0.5, 0.5}, {0.5, 0.5, 0.5}}));
        writeFileAtomically(folder / "preprocessor_config.json", std::string_view("[1, 2"));
        QCOMPARE(inputHintBeside(folder / "model.safetensors").file, std::string("config.json"));
    }
};

QTEST_GUILESS_MAIN(TestWeights)
#include "tst_weights.moc"
