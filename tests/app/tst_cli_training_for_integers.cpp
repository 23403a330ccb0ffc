// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/project/templates.h"
#include "engine/support/json.h"
#include "tests/app/cli.h"

#include <QTest>

#include <optional>

using namespace gradwright;
using namespace gradwright::test;

/// What training for integers brings, in the terminal.
class CliTrainingForIntegersTest : public QObject {
    Q_OBJECT

private:
    Cli cli_;

    struct Accuracy {
        double real = 0, integers = 0; ///< percent
    };
    Accuracy inFourBits(const QString& run) const {
        const auto made =
            cli_.run({"quantize", run, "--weights", "int4", "--most-loss", "100", "--json"});
        if (made.code != 0)
            qFatal("%s", made.text().c_str());
        const auto test = made.json()["test"];
        return {100 * test["fp32"]["accuracy"].get<double>(),
                100 * test["int4"]["accuracy"].get<double>()};
    }
    QString trained(const QStringList& arguments, const QString& folder) const {
        const auto made = cli_.run(QStringList{"train"} + arguments +
                                   QStringList{"--run-dir", cli_.path(folder.toStdString())});
        if (made.code != 0)
            qFatal("%s", made.text().c_str());
        return QString::fromStdString(onlyRun(cli_ / folder.toStdString()).string());
    }

private Q_SLOTS:
    /// A network that loses more than half a point with kernels of 4 bits is within half a point of
    /// what it was after it was trained on while it rounds.
    void whatFourBitsLoseIsWonBackByTraining() {
        constexpr double kMuch = 0.5;
        auto project = openTemplate("two-spirals");
        // Otherwise the machine's own number of parts decides about the weights.
        project.training.params["parts"] = std::int64_t{1};
        const auto file = cli_.save(project, "spirals.gradwright");
        // About every third network of this size loses so much; the fourth one does on AVX2.
        constexpr int kFirstSeed = 4, kMostTries = 12;
        std::optional<Accuracy> before;
        QString run;
        for (int seed = kFirstSeed; seed < kFirstSeed + kMostTries && !before; ++seed) {
            const auto number = QString::number(seed);
            run = trained({file, "--seed", number}, "real-" + number);
            if (const auto made = inFourBits(run); made.real - made.integers > kMuch)
                before = made;
        }
        QVERIFY2(before, "no network loses much");
        QVERIFY2(before->real > 95, qPrintable(QString::number(before->real)));
        const auto after = inFourBits(
            trained({"--from", run, "--integers", "int4", "--learning-rate", "0.01"}, "rounding"));
        QVERIFY2(before->real - after.integers < kMuch,
                 qPrintable(QStringLiteral("%1 %, and %2 % in 4 bits, became %3 %")
                                .arg(before->real)
                                .arg(before->integers)
                                .arg(after.integers)));
        QVERIFY2(after.real - after.integers < kMuch,
                 qPrintable(QStringLiteral("%1, %2").arg(after.real).arg(after.integers)));
    }
};

QTEST_APPLESS_MAIN(CliTrainingForIntegersTest)
#include "tst_cli_training_for_integers.moc"
