// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/data/text/text_corpus.h"
#include "engine/inference/text_writer.h"
#include "engine/project/project.h"
#include "engine/training/objective.h"
#include "tests/support/character_network.h"
#include "tests/support/data_files.h"
#include "tests/support/numeric.h"

#include <QTest>

#include <algorithm>
#include <cmath>
#include <memory>

using namespace gradwright;
using test::contains;
using test::errorOf;

namespace {

const std::vector<double> kLogits = {2.5, -1.0, 0.25, 3.0, 2.9, -4.0};

std::vector<double> softmax(std::vector<double> logits) {
    double sum = 0;
    for (auto& logit : logits)
        sum += logit = std::exp(logit);
    for (auto& logit : logits)
        logit /= sum;
    return logits;
}

/// A network of random weights over the characters of a text.
struct Writer {
    Writer()
        : data(textDataset("abcabdabcabdabcabdabcabdabcabd", "t.txt", {.steps = 4})) {
        Project project;
        project.network =
            test::characterNetwork(4, static_cast<std::int64_t>(data.info.classes.size()));
        auto graph = inferenceGraph(project.network, data.info, project.training);
        Weights weights;
        std::uint64_t seed = 5;
        for (const auto& spec : graph.weights())
            weights.values.emplace_back(spec.key,
                                        test::randomTensor(DType::F32, spec.shape, ++seed, 1.0));
        predictor = std::make_unique<Predictor>(std::move(graph), weights);
    }

    Dataset data;
    std::unique_ptr<Predictor> predictor;
};

} // namespace

/// Texts are continued with the probabilities that a temperature makes of the network's.
class TextWriterTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void temperatureDividesTheLogits() {
        const auto shares = softmax(kLogits);
        const std::vector<float> probabilities(shares.begin(), shares.end());
        for (const double temperature : {0.25, 0.8, 1.0, 1.7}) {
            auto known = kLogits;
            known.erase(known.begin()); // the unknown character is never drawn
            for (auto& logit : known)
                logit /= temperature;
            const auto expected = softmax(known);
            const auto made = temperedProbabilities(probabilities, temperature);
            QCOMPARE(made.size(), kLogits.size());
            QCOMPARE(made[0], 0.0);
            for (std::size_t i = 0; i < expected.size(); ++i)
                QVERIFY2(
                    std::abs(made[i + 1] - expected[i]) < 1e-6,
                    qPrintable(
                        QStringLiteral("%1: %2, not %3").arg(i).arg(made[i + 1]).arg(expected[i])));
        }
        // Nothing is left to chance at 0, nor where all others are too small to be held.
        for (const double temperature : {0.0, 1e-6})
            QCOMPARE(temperedProbabilities(probabilities, temperature),
                     (std::vector<double>{0, 0, 0, 1, 0, 0}));
    }

    void charactersAreDrawnWithTheseProbabilities() {
        Writer writer;
        const auto& vocabulary = writer.data.info.classes;
        const auto next = nextCharacter(*writer.predictor, vocabulary, "ab");
        QCOMPARE(next.size(), vocabulary.size());
        const double temperature = 1.5;
        const auto expected = temperedProbabilities(next, temperature);
        constexpr int kDraws = 2000;
        std::vector<int> counts(vocabulary.size());
        for (int i = 0; i < kDraws; ++i) {
            const auto text = continueText(*writer.predictor, vocabulary, "ab",
                                           {1, temperature, static_cast<std::uint64_t>(i + 1)});
            const auto symbols = encodeText(text, vocabulary);
            QCOMPARE(symbols.size(), std::size_t{3});
            ++counts[static_cast<std::size_t>(symbols.back())];
        }
        for (std::size_t i = 0; i < counts.size(); ++i) {
            const double deviation = std::sqrt(expected[i] * (1 - expected[i]) * kDraws);
            QVERIFY2(std::abs(counts[i] - expected[i] * kDraws) <= 5 * deviation + 1e-9,
                     qPrintable(QStringLiteral("%1 times %2 instead of %3")
                                    .arg(counts[i])
                                    .arg(i)
                                    .arg(expected[i] * kDraws)));
        }
    }

    void withoutTemperatureTheLikeliestFollows() {
        Writer writer;
        const auto& vocabulary = writer.data.info.classes;
        const auto text = continueText(*writer.predictor, vocabulary, "ab", {12, 0, 1});
        std::string expected = "ab";
        for (int i = 0; i < 12; ++i) {
            const auto next = nextCharacter(*writer.predictor, vocabulary, expected);
            const auto best = std::max_element(next.begin() + 1, next.end());
            expected += vocabulary[static_cast<std::size_t>(best - next.begin())];
        }
        QCOMPARE(text, expected);
    }

    void eachCharacterIsToldAndMayBeTheLast() {
        Writer writer;
        const auto& vocabulary = writer.data.info.classes;
        const auto whole = continueText(*writer.predictor, vocabulary, "ab", {9, 1, 7});
        std::string told = "ab";
        const auto text = continueText(*writer.predictor, vocabulary, "ab", {9, 1, 7},
                                       [&](std::string_view character) {
                                           told += character;
                                           return told.size() < 6;
                                       });
        QCOMPARE(text, whole.substr(0, 6));
        QCOMPARE(told, text);
    }

    void refusesOtherNetworksAndEmptyTexts() {
        Writer writer;
        QVERIFY(contains(
            errorOf([&] { nextCharacter(*writer.predictor, writer.data.info.classes, ""); }),
            "at least one character"));
        QVERIFY(contains(errorOf([&] {
                             nextCharacter(*writer.predictor, {"?", "a"}, "a");
                         }),
                         "only a network that guesses the next character"));
    }
};

QTEST_APPLESS_MAIN(TextWriterTest)
#include "tst_text_writer.moc"
