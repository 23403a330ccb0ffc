// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/project/templates.h"
#include "engine/worker/message.h"
#include "engine/worker/messages.h"
#include "engine/worker/wire.h"
#include "tests/support/data_files.h"

#include <QTest>

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <random>

using namespace gradwright;
using test::contains;
using test::errorOf;

namespace {

using Body = std::vector<std::byte>;

Score scoreWith(double loss, std::string_view key, double value, std::int64_t samples) {
    return {loss, {&metric(key), value}, samples};
}

/// One of each kind with no field left at its default.
std::vector<TrainingEvent> allEvents() {
    RunStarted started{"/tmp/a run",
                       7,
                       100,
                       42,
                       3,
                       2,
                       {"a/weight", "b/bias"},
                       &metric("r2"),
                       "NVIDIA H100",
                       {"374 rows: 374 used", "a note"},
                       0.0625,
                       0.125};
    StepDone step{43, 1.43, 0.1, {&metric("r2"), 0.25}, 0.001, 1234.5, 0.75, 0.5, {}, 64, 12.5};
    StepDone stepWithNorms = step;
    stepWithNorms.gradientNorms =
        std::make_shared<const std::vector<double>>(std::vector{1.0 / 3, 0.0, 1e-300});
    EpochDone epoch{2,
                    86,
                    scoreWith(0.5, "accuracy", 0.75, 54000),
                    scoreWith(0.25, "accuracy", 0.875, 6000),
                    0.01,
                    9.5,
                    5684.2,
                    0.1,
                    true};
    EpochDone bare = epoch;
    bare.validation.reset();
    Alarm alarm{AlarmKind::DeadUnits,
                "conv1",
                3,
                5,
                1'700'000'000,
                0.95,
                0.9,
                "all of 4 are 0",
                {RemedyKind::Leak, 0.5, "text"},
                9};
    return {started,
            step,
            stepWithNorms,
            epoch,
            bare,
            LoadChanged{5, 2, 1},
            HealthChanged{5, {alarm}},
            LearningRateChanged{6, 0.3, 1.5, 0.15},
            CheckpointWritten{7, "/tmp/last"},
            Paused{8},
            Resumed{9},
            SnapshotTaken{10, {}},
            Stopped{11, true},
            Failed{12, "out of ideas: ∞", true},
            Finished{13, 5, 3, scoreWith(1.5, "accuracy", 0.5, 10000), 77.25, 99.5, 4}};
}

/// The bytes are as good as the fields, since what is read is written again.
bool survives(const TrainingEvent& event) {
    const auto body = eventBody(event);
    const auto read = eventFrom(body);
    return read.index() == event.index() && eventBody(read) == body;
}

GpuSearch someGpus() {
    return {{{"cuda:0", "A", 24ULL << 30, 8, 9, 128, 13000, "", 2.5e9, 1.1e10, 384},
             {"cuda:1", "B", 1, 6, 1, 20, 12040, "too old", 1e9, 0, 0}},
            "because"};
}

} // namespace

/// What a program and its worker tell each other, and what they make of anything else.
class MessagesTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void eventsArriveAsTheyWere() {
        const auto events = allEvents();
        std::vector<bool> seen(std::variant_size_v<TrainingEvent>);
        for (const auto& event : events) {
            QVERIFY2(survives(event), qPrintable(QString::number(event.index())));
            seen[event.index()] = true;
        }
        QVERIFY(std::ranges::all_of(seen, [](bool each) { return each; }));
        const auto started = std::get<RunStarted>(eventFrom(eventBody(events[0])));
        QCOMPARE(started.run, std::filesystem::path("/tmp/a run"));
        QCOMPARE(started.parts, 2);
        QCOMPARE(started.weights, (std::vector<std::string>{"a/weight", "b/bias"}));
        QCOMPARE(started.metric->key, std::string("r2"));
        QCOMPARE(started.gpu, std::string("NVIDIA H100"));
        QCOMPARE(started.notes, (std::vector<std::string>{"374 rows: 374 used", "a note"}));
        QCOMPARE(started.learningRate, 0.0625);
        QCOMPARE(started.setRate, 0.125);
        const auto step = std::get<StepDone>(eventFrom(eventBody(events[2])));
        QCOMPARE(step.quality.value, 0.25);
        QCOMPARE(step.waitShare, 0.5);
        QCOMPARE(*step.gradientNorms, (std::vector{1.0 / 3, 0.0, 1e-300}));
        const auto epoch = std::get<EpochDone>(eventFrom(eventBody(events[3])));
        QCOMPARE(epoch.validation->samples, std::int64_t{6000});
        QVERIFY(epoch.best);
        QVERIFY(!std::get<EpochDone>(eventFrom(eventBody(events[4]))).validation);
        const auto finished = std::get<Finished>(eventFrom(eventBody(events.back())));
        QCOMPARE(finished.test.loss, 1.5);
        QCOMPARE(finished.seconds, 77.25);
        QCOMPARE(finished.stoppedAfter, 4);
        const auto health = std::get<HealthChanged>(eventFrom(eventBody(events[6])));
        const auto& alarm = health.alarms.at(0);
        QCOMPARE(alarm.path, std::string("conv1"));
        QVERIFY(alarm.kind == AlarmKind::DeadUnits);
        QVERIFY(alarm.remedy == (Remedy{RemedyKind::Leak, 0.5, "text"}));
        QCOMPARE(alarm.goneAfter, std::optional<std::int64_t>(9));
    }

    void numbersAreExactWhateverTheyAre() {
        for (const double value : {-0.0, std::numeric_limits<double>::infinity(),
                                   std::numeric_limits<double>::denorm_min(), std::nan("7")})
            QCOMPARE(std::bit_cast<std::uint64_t>(realFrom(realBody(value))),
                     std::bit_cast<std::uint64_t>(value));
    }

    void jobsArriveAsTheyWere() {
        const auto project = openTemplate("small-cnn-augmented");
        auto job = trainingJob(project, "/tmp/runs");
        job.resume = "/tmp/runs/one";
        job.name = "a name";
        job.startWeights = "/tmp/start.safetensors";
        const auto read = jobFrom(jobBody(job));
        QVERIFY(read.network == job.network);
        QVERIFY(read.data == job.data);
        QVERIFY(read.settings == job.settings);
        QVERIFY(read.project == job.project);
        QCOMPARE(read.name, job.name);
        QCOMPARE(read.resume, job.resume);
        QCOMPARE(read.runsFolder, job.runsFolder);
        QCOMPARE(read.startWeights, job.startWeights);
    }

    void weightsArriveAsTheyWere() {
        const std::vector<float> values{1, 2, 3, -0.0F, 5, std::nanf("")};
        const auto tensor = Tensor::of<float>({2, 3}, values);
        const auto [key, read] = weightFrom(weightBody("a/weight", tensor));
        QCOMPARE(key, std::string("a/weight"));
        QVERIFY(read == tensor);
    }

    void gpusArriveAsTheyWere() {
        const auto read = gpusFrom(gpusBody(someGpus()));
        QCOMPARE(gpusBody(read), gpusBody(someGpus()));
        QCOMPARE(read.found[1].whyNot, std::string("too old"));
        QCOMPARE(read.found[0].memory, std::size_t{24} << 30);
        QCOMPARE(read.found[0].clock, 2.5e9);
        QCOMPARE(read.found[0].memoryClock, 1.1e10);
        QCOMPARE(read.found[0].memoryBits, 384);
        QCOMPARE(read.why, std::string("because"));
    }

    void ratesAndCasesArriveAsTheyWere() {
        const Rate rate{Rate::Kind::FromDevice, RateFormat::I8, 1.5e12, "copies of 7 MiB"};
        QVERIFY(rateFrom(rateBody(rate)) == rate);
        const CheckedCase checked{3,
                                  400,
                                  "conv/wide",
                                  CheckedCase::Outcome::LeftOut,
                                  std::numeric_limits<double>::infinity(),
                                  "no kernel"};
        QVERIFY(caseFrom(caseBody(checked)) == checked);
        QCOMPARE(textFrom(textBody("cuda:1")), std::string("cuda:1"));
        auto unknown = rateBody(rate);
        unknown[0] = std::byte{9}; // a kind that there is not
        QVERIFY(!errorOf([&] { static_cast<void>(rateFrom(unknown)); }).empty());
    }

    /// Every beginning of a body is refused, and so is a body with something behind it.
    void cutBodiesAreErrors() {
        for (const auto& event : allEvents()) {
            auto body = eventBody(event);
            for (std::size_t length = 0; length < body.size(); ++length)
                QVERIFY(!errorOf([&] {
                             static_cast<void>(eventFrom(std::span(body).first(length)));
                         }).empty());
            body.push_back(std::byte{0});
            QVERIFY(contains(errorOf([&] { static_cast<void>(eventFrom(body)); }), "too long"));
        }
        const auto gpus = gpusBody(someGpus());
        for (std::size_t length = 0; length < gpus.size(); ++length)
            QVERIFY(!errorOf([&] {
                         static_cast<void>(gpusFrom(std::span(gpus).first(length)));
                     }).empty());
        const auto rate = rateBody({Rate::Kind::Memory, RateFormat::F32, 1, "how"});
        for (std::size_t length = 0; length < rate.size(); ++length)
            QVERIFY(!errorOf([&] {
                         static_cast<void>(rateFrom(std::span(rate).first(length)));
                     }).empty());
        const auto checked = caseBody({1, 2, "a", CheckedCase::Outcome::Passed, 0, "b"});
        for (std::size_t length = 0; length < checked.size(); ++length)
            QVERIFY(!errorOf([&] {
                         static_cast<void>(caseFrom(std::span(checked).first(length)));
                     }).empty());
        const auto weight = weightBody("w", Tensor(DType::F32, {3}));
        for (std::size_t length = 0; length < weight.size(); ++length)
            QVERIFY(!errorOf([&] {
                         static_cast<void>(weightFrom(std::span(weight).first(length)));
                     }).empty());
        const auto job = jobBody(trainingJob(openTemplate("lenet-5"), "/tmp"));
        for (std::size_t length = 0; length < job.size(); length += 97)
            QVERIFY(!errorOf([&] {
                         static_cast<void>(jobFrom(std::span(job).first(length)));
                     }).empty());
    }

    /// Bytes that were changed are read as something else or refused, never more. The sanitizers'
    /// builds look for the rest.
    void changedBodiesAreReadOrRefused() {
        std::mt19937 random(7);
        std::size_t refused = 0;
        for (const auto& event : allEvents())
            for (int i = 0; i < 300; ++i) {
                auto body = eventBody(event);
                for (int change = 0; change < 2; ++change)
                    body[random() % body.size()] = static_cast<std::byte>(random());
                if (!errorOf([&] { static_cast<void>(eventFrom(body)); }).empty())
                    ++refused;
            }
        QVERIFY(refused > 300);
        for (int i = 0; i < 2000; ++i) {
            Body body(random() % 200);
            for (auto& byte : body)
                byte = static_cast<std::byte>(random());
            static_cast<void>(errorOf([&] { static_cast<void>(eventFrom(body)); }));
            static_cast<void>(errorOf([&] { static_cast<void>(gpusFrom(body)); }));
            static_cast<void>(errorOf([&] { static_cast<void>(weightFrom(body)); }));
            static_cast<void>(errorOf([&] { static_cast<void>(jobFrom(body)); }));
        }
    }

    /// A length that is a lie must not be believed before the bytes are there.
    void aWeightOfFalseSizeIsRefusedBeforeItTakesMemory() {
        const auto bodyFor = [](std::vector<std::int64_t> dims) {
            WireWriter out;
            out.put("w");
            out.put(std::int64_t{0});
            out.put(static_cast<std::int64_t>(dims.size()));
            for (const auto length : dims)
                out.put(length);
            out.put(std::span<const std::byte>());
            return out.bytes();
        };
        for (const auto& dims :
             {std::vector<std::int64_t>{1LL << 40}, {1LL << 40, 1LL << 40}, {-1}})
            QVERIFY(!errorOf([&] { static_cast<void>(weightFrom(bodyFor(dims))); }).empty());
    }

    void aStreamComesInAnyPieces() {
        Body stream;
        for (std::size_t i = 0; i < 40; ++i) {
            const auto bytes = packed(i % 2 == 0 ? MessageKind::Event : MessageKind::Beat,
                                      Body(i * 31, std::byte{static_cast<unsigned char>(i)}));
            stream.insert(stream.end(), bytes.begin(), bytes.end());
        }
        for (const std::size_t piece :
             {std::size_t{1}, std::size_t{7}, std::size_t{1000}, stream.size()}) {
            MessageParser parser;
            std::size_t count = 0;
            for (std::size_t at = 0; at < stream.size(); at += piece) {
                parser.add(std::span(stream).subspan(at, std::min(piece, stream.size() - at)));
                while (const auto message = parser.next()) {
                    QCOMPARE(message->kind,
                             count % 2 == 0 ? MessageKind::Event : MessageKind::Beat);
                    QCOMPARE(message->body.size(), count * 31);
                    if (count > 0)
                        QCOMPARE(std::to_integer<std::size_t>(message->body.back()), count);
                    ++count;
                }
            }
            QCOMPARE(count, std::size_t{40});
            QVERIFY(parser.isBetween());
        }
    }

    void aStreamOfSomethingElseIsRefused() {
        const auto whyNot = [](Body bytes) {
            return errorOf([&] {
                MessageParser parser;
                parser.add(bytes);
                static_cast<void>(parser.next());
            });
        };
        auto other = packed(MessageKind::Beat);
        other[0] ^= std::byte{1};
        QVERIFY(contains(whyNot(other), "version"));
        auto unknown = packed(MessageKind::Beat);
        unknown[4] = std::byte{200};
        QVERIFY(contains(whyNot(unknown), "no message 200"));
        auto endless = packed(MessageKind::Beat);
        endless[15] = std::byte{0x7f};
        QVERIFY(contains(whyNot(endless), "no message"));
        MessageParser parser;
        const auto stop = packed(MessageKind::Stop);
        parser.add(std::span(stop).first(10));
        QVERIFY(!parser.next());
        QVERIFY(!parser.isBetween());
    }
};

QTEST_GUILESS_MAIN(MessagesTest)
#include "tst_messages.moc"
