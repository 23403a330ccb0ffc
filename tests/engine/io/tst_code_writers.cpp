// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/io/keras_writer.h"
#include "engine/io/pytorch_writer.h"
#include "tests/support/message_of.h"
#include "tests/support/network_builder.h"

#include <QFile>
#include <QTest>

using namespace gradwright;
using namespace gradwright::test;

namespace {

/// With GRADWRIGHT_UPDATE_GOLDEN set, writes the file instead of reading it: look at the difference
/// and run what it says before committing.
QString golden(const QString& name, const std::string& written) {
    QFile file(QStringLiteral(GRADWRIGHT_SOURCE_DIR "/tests/engine/io/data/") + name);
    if (qEnvironmentVariableIsSet("GRADWRIGHT_UPDATE_GOLDEN")) {
        if (file.open(QIODevice::WriteOnly))
            file.write(QByteArray::fromStdString(written));
        return QString::fromStdString(written);
    }
    return file.open(QIODevice::ReadOnly) ? QString::fromUtf8(file.readAll())
                                          : "cannot read " + file.fileName();
}

ParamValue whole(std::int64_t value) {
    return value;
}
ParamValue text(std::string value) {
    return value;
}

/// One layer called "x1" on an image of 4×9×7 called "image".
Network around(const std::string& layer, const ParamValues& params, IntTuple shape = {4, 9, 7}) {
    NetworkBuilder b;
    const auto image = b.layer("input", {{"shape", std::move(shape)}}, "image");
    b.after(b.after(image, layer, params, "x1"), "output", {}, "end");
    return std::move(b.network);
}

/// The line of a file that sets the variable.
QString lineOf(const std::string& file, const QString& variable) {
    for (const auto& line : QString::fromStdString(file).split('\n'))
        if (line.trimmed().startsWith(variable + " = "))
            return line.trimmed().mid(variable.size() + 3);
    return "no such line in\n" + QString::fromStdString(file);
}

} // namespace

class CodeWritersTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void lenetIsWrittenWhole() {
        const auto pytorch = pytorchFile(lenet());
        QCOMPARE(QString::fromStdString(pytorch), golden("lenet_pytorch.py", pytorch));
        const auto keras = kerasFile(lenet());
        QCOMPARE(QString::fromStdString(keras), golden("lenet_keras.py", keras));
    }

    void blocksAreUnrolled() {
        const auto pytorch = pytorchFile(residualNetwork());
        QCOMPARE(QString::fromStdString(pytorch), golden("residual_pytorch.py", pytorch));
        const auto keras = kerasFile(residualNetwork());
        QCOMPARE(QString::fromStdString(keras), golden("residual_keras.py", keras));
    }

    void layersInPyTorchAndKeras_data() {
        QTest::addColumn<Network>("network");
        QTest::addColumn<QString>("module");
        QTest::addColumn<QString>("pytorch");
        QTest::addColumn<QString>("keras");
        const auto row = [](const char* name, const Network& network, const char* module,
                            const char* pytorch, const char* keras) {
            QTest::newRow(name) << network << module << pytorch << keras;
        };
        const ParamValues sides = {{"padding", text("explicit")},
                                   {"padding_sides", IntTuple{1, 0, 1, 1}}};
        auto conv = sides;
        conv.merge(ParamValues{{"filters", whole(6)},
                               {"kernel", IntTuple{3, 2}},
                               {"stride", IntTuple{2, 1}},
                               {"groups", whole(2)},
                               {"bias", false},
                               {"activation", text("leaky-relu")}});
        row("convolution", around("conv2d", conv),
            "nn.Conv2d(4, 6, (3, 2), stride=(2, 1), groups=2, bias=False)",
            "F.leaky_relu(self.x1(F.pad(image, (1, 1, 1, 0))), 0.01)",
            "layers.LeakyReLU(negative_slope=0.01)(layers.Conv2D(6, (3, 2), strides=(2, 1), "
            "groups=2, use_bias=False, name=\"x1\")(ops.pad(image, ((0, 0), (1, 0), (1, 1), (0, "
            "0)))))");
        row("dilated and strided",
            around("conv2d", {{"filters", whole(5)},
                              {"stride", IntTuple{2, 2}},
                              {"dilation", IntTuple{2, 2}},
                              {"padding", text("same")},
                              {"activation", text("tanh")}}),
            "nn.Conv2d(4, 5, 3, stride=2, padding=2, dilation=2)", "torch.tanh(self.x1(image))",
            "layers.Conv2D(5, 3, dilation_rate=2, activation=\"tanh\", name=\"x1\")(ops.pad(image, "
            "((0, 0), (2, 2), (2, 2), (0, 0))))[:, ::2, ::2, :]");
        row("max pool", around("max-pool2d", {}), "", "F.max_pool2d(image, 2)",
            "layers.MaxPooling2D(2, name=\"x1\")(image)");
        row("uneven max pool", around("max-pool2d", sides), "",
            "F.max_pool2d(F.pad(image, (1, 1, 1, 0), value=float(\"-inf\")), 2)",
            "layers.MaxPooling2D(2, name=\"x1\")(ops.pad(image, ((0, 0), (1, 0), (1, 1), (0, 0)), "
            "constant_values=float(\"-inf\")))");
        row("average pool",
            around("average-pool2d", {{"kernel", IntTuple{3, 3}},
                                      {"padding", text("explicit")},
                                      {"padding_sides", IntTuple{1, 1, 1, 1}}}),
            "", "F.avg_pool2d(image, 3, stride=2, padding=1, count_include_pad=False)",
            "ops.average_pool(ops.pad(image, ((0, 0), (1, 1), (1, 1), (0, 0))), 3, strides=2) / "
            "ops.average_pool(ops.pad(ops.ones_like(image), ((0, 0), (1, 1), (1, 1), (0, 0))), 3, "
            "strides=2)");
        row("uneven average pool", around("average-pool2d", sides), "",
            "F.avg_pool2d(F.pad(image, (1, 1, 1, 0)), 2) / "
            "F.avg_pool2d(F.pad(torch.ones_like(image), (1, 1, 1, 0)), 2)",
            "ops.average_pool(ops.pad(image, ((0, 0), (1, 0), (1, 1), (0, 0))), 2) / "
            "ops.average_pool(ops.pad(ops.ones_like(image), ((0, 0), (1, 0), (1, 1), (0, 0))), 2)");
        row("batch norm of images", around("batch-norm", {{"momentum", 0.25}, {"epsilon", 1e-3}}),
            "nn.BatchNorm2d(4, eps=0.001, momentum=0.25)", "self.x1(image)",
            "layers.BatchNormalization(momentum=0.75, epsilon=0.001, name=\"x1\")(image)");
        row("batch norm of vectors", around("batch-norm", {}, {5}),
            "nn.BatchNorm1d(5, eps=1e-05, momentum=0.1)", "self.x1(image)",
            "layers.BatchNormalization(momentum=0.9, epsilon=1e-05, name=\"x1\")(image)");
        row("flatten an image", around("flatten", {}), "", "torch.flatten(image, 1)",
            "layers.Flatten(name=\"x1\")(layers.Permute((3, 1, 2))(image))");
        row("flatten a sequence", around("flatten", {}, {4, 3}), "", "torch.flatten(image, 1)",
            "layers.Flatten(name=\"x1\")(image)");
        row("dense", around("dense", {{"units", whole(3)}, {"activation", text("sigmoid")}}, {5}),
            "nn.Linear(5, 3)", "torch.sigmoid(self.x1(image))",
            "layers.Dense(3, activation=\"sigmoid\", name=\"x1\")(image)");
        row("dropout", around("dropout", {{"rate", 0.25}}), "nn.Dropout(0.25)", "self.x1(image)",
            "layers.Dropout(0.25, name=\"x1\")(image)");
        row("softmax", around("softmax", {}, {5}), "", "F.softmax(image, dim=1)",
            "layers.Softmax(name=\"x1\")(image)");
        row("split", around("split", {{"parts", whole(4)}}), "",
            "torch.split(image, [1, 1, 1, 1], dim=1)", "ops.split(image, [1, 2, 3], axis=3)");
        row("split by sizes", around("split", {{"axis", whole(1)}, {"sizes", text("2, 3, 4")}}), "",
            "torch.split(image, [2, 3, 4], dim=2)", "ops.split(image, [2, 5], axis=1)");
        row("identity", around("identity", {}), "", "image",
            "layers.Activation(\"linear\", name=\"x1\")(image)");
        const auto formula = [](const char* what, const char* parameters, bool shared) {
            return ParamValues{
                {"formula", text(what)}, {"parameters", text(parameters)}, {"shared", shared}};
        };
        row("formula", around("formula", {}),
            "nn.ParameterDict({\"beta\": nn.Parameter(torch.full((1,), 1.0))})",
            "image * torch.sigmoid(self.x1[\"beta\"] * image)",
            "Formula(lambda x, beta: x * keras.activations.sigmoid(beta * x), {\"beta\": 1}, 1, "
            "name=\"x1\")([image])");
        row("formula per channel",
            around("formula", formula("lambda - x ^ -2 * (c * max(x, 1 / 2))",
                                      "c = 2 fixed, lambda = 0.5", false)),
            "nn.ParameterDict({\"lambda\": nn.Parameter(torch.full((4, 1, 1), 0.5))})",
            "self.x1[\"lambda\"] - image ** (-2) * (2 * torch.clamp(image, min=0.5))",
            "Formula(lambda x, lambda_: lambda_ - x ** (-2) * (2 * ops.maximum(x, 0.5)), "
            "{\"lambda\": 0.5}, 4, name=\"x1\")([image])");
        row("formula without parameters",
            around("formula", formula("-(x + 1) ^ 2 / (x - (1 - x)) + leaky_relu(-x)", "", true)),
            "", "-(image + 1) ** 2 / (image - (1 - image)) + F.leaky_relu(-image, 0.01)",
            "Formula(lambda x: -(x + 1) ** 2 / (x - (1 - x)) + keras.activations.leaky_relu(-x, "
            "negative_slope=0.01), {}, 1, name=\"x1\")([image])");
    }
    void layersInPyTorchAndKeras() {
        QFETCH(Network, network);
        QFETCH(QString, module);
        QFETCH(QString, pytorch);
        QFETCH(QString, keras);
        const auto file = pytorchFile(network);
        QCOMPARE(lineOf(file, "x1"), pytorch);
        if (module.isEmpty())
            QVERIFY(file.find("self.x1") == std::string::npos);
        else
            QCOMPARE(lineOf(file, "self.x1"), module);
        QCOMPARE(lineOf(kerasFile(network), "x1"), keras);
    }

    void channelsAreJoinedWhereTheyAre() {
        NetworkBuilder b;
        const auto image = b.layer("input", {{"shape", IntTuple{4, 9, 7}}}, "image");
        const auto joint = b.after(image, "concatenate", {}, "joint");
        b.link(image, joint, 1);
        b.after(joint, "output");
        QCOMPARE(lineOf(pytorchFile(b.network), "joint"), "torch.cat([image, image], dim=1)");
        QCOMPARE(lineOf(kerasFile(b.network), "joint"),
                 "layers.Concatenate(axis=3, name=\"joint\")([image, image])");
    }

    void piecesAreReadByTheirNumber() {
        NetworkBuilder b;
        const auto image = b.layer("input", {{"shape", IntTuple{4, 9, 7}}}, "image");
        const auto cut = b.after(image, "split", {{"sizes", text("1, 3")}}, "cut");
        const auto rest = b.layer("relu", {}, "rest");
        b.link(cut, rest, 0, 1);
        const auto joint = b.after(rest, "concatenate", {}, "joint");
        b.link(cut, joint, 1);
        b.after(joint, "output");
        QCOMPARE(lineOf(pytorchFile(b.network), "rest"), "F.relu(cut[1])");
        QCOMPARE(lineOf(pytorchFile(b.network), "joint"), "torch.cat([rest, cut[0]], dim=1)");
        QCOMPARE(lineOf(kerasFile(b.network), "joint"),
                 "layers.Concatenate(axis=3, name=\"joint\")([rest, cut[0]])");
    }

    /// Names that Python or PyTorch has for itself, and names that become equal.
    void namesAreMadeFit() {
        NetworkBuilder b;
        auto x = b.layer("input", {{"shape", IntTuple{3}}}, "class");
        for (const auto* name : {"train", "a-b", "a_b", "1st", "_modules", "torch", "a_b_2"})
            x = b.after(x, "dense", {}, name);
        b.after(x, "output", {}, "return");
        b.after(x, "output", {}, "eval");
        const auto file = pytorchFile(b.network);
        const auto module = [&](const char* name) {
            return lineOf(file, QString("self.%1").arg(name)).startsWith("nn.Linear(");
        };
        for (const auto* name :
             {"train_2", "a_b", "a_b_2", "layer1st", "layer_modules", "torch_2", "a_b_2_2"})
            QVERIFY2(module(name), file.c_str());
        QVERIFY(file.find("def forward(self, class_2):") != std::string::npos);
        QVERIFY(file.find("\"a_b_2\": \"a_b\",") != std::string::npos);
        QVERIFY(file.find("return (a_b_2_2, a_b_2_2)") != std::string::npos);
        QVERIFY(kerasFile(b.network).find("keras.Model(class_2, [a_b_2_2, a_b_2_2])") !=
                std::string::npos);
    }

    /// Keras takes the weights in the order in which the layer names them, whichever is used first.
    void formulasKeepTheOrderOfTheirWeights() {
        const auto network = around(
            "formula", {{"formula", text("a + b * x")}, {"parameters", text("b = 1, a = 2")}});
        const auto file = kerasFile(network);
        QVERIFY(file.find("\"x1\": [\"x1/a\", \"x1/b\"],") != std::string::npos);
        QVERIFY(file.find("class Formula(layers.Layer):") != std::string::npos);
        QVERIFY(file.find("isinstance(layer, Formula)") != std::string::npos);
        QVERIFY(pytorchFile(network).find("\"x1\": \"x1\",") != std::string::npos);
        QVERIFY(kerasFile(lenet()).find("class Formula") == std::string::npos);
    }

    void whatCannotRunIsNotWritten() {
        const auto taken =
            around("formula", {{"formula", text("x * train")}, {"parameters", text("train = 1")}});
        QCOMPARE(messageOf([&] { return pytorchFile(taken); }),
                 "x1 cannot be written as PyTorch: \"train\" is not a valid name for a parameter "
                 "there; give it another one in the formula");
        QCOMPARE(messageOf([] { return pytorchFile(around("dense", {})); }),
                 "The network cannot run yet. x1: Dense takes a vector; received 4×9×7.");
        QCOMPARE(messageOf([] { return kerasFile({}); }),
                 "The network cannot run yet. It has no Output; add one at its end.");
    }
};

QTEST_APPLESS_MAIN(CodeWritersTest)
#include "tst_code_writers.moc"
