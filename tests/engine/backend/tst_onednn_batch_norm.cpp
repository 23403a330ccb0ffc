// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/onednn/kernels/batch_norm.h"
#include "engine/support/rng.h"

#include <QTest>

#include <cmath>

using namespace gradwright;
using namespace gradwright::onednn;

namespace {

constexpr double kEpsilon = 1e-5;

/// A batch, and where in it a part begins.
struct Values {
    ChannelView view;
    std::vector<float> in, gradient;

    [[nodiscard]] std::size_t size() const { return view.batch * view.channels() * view.positions; }
};

/// The place of an element, written out.
std::size_t placeOf(const ChannelView& view, std::size_t sample, std::size_t channel,
                    std::size_t position) {
    const auto block = channel / view.lanes, lane = channel % view.lanes;
    return ((sample * view.blocks + block) * view.positions + position) * view.lanes + lane;
}

Values randomValues(const ChannelView& view) {
    Values values{view, {}, {}};
    const Rng rng(7, RngStream::Shuffle, 1);
    for (std::size_t i = 0; i < values.size(); ++i) {
        // Far from zero, as it is the mean that would cancel.
        values.in.push_back(static_cast<float>(30 + rng.normal(2 * i)));
        values.gradient.push_back(static_cast<float>(rng.normal(2 * i + 1)));
    }
    return values;
}

/// The formulas of Ioffe and Szegedy in double, channel by channel.
struct Expected {
    std::vector<double> mean, variance, out, back, scale, shift;

    Expected(const Values& values, const std::vector<float>& gamma, const std::vector<float>& beta,
             bool relu)
        : out(values.size())
        , back(values.size()) {
        const auto& view = values.view;
        const auto count = static_cast<double>(view.batch * view.positions);
        for (std::size_t c = 0; c < view.channels(); ++c) {
            double sum = 0, squares = 0, gradients = 0, weighted = 0;
            const auto forAll = [&](const auto& visit) {
                for (std::size_t n = 0; n < view.batch; ++n)
                    for (std::size_t p = 0; p < view.positions; ++p)
                        visit(placeOf(view, n, c, p));
            };
            forAll([&](std::size_t i) { sum += double(values.in[i]); });
            const double average = sum / count;
            forAll([&](std::size_t i) { squares += std::pow(double(values.in[i]) - average, 2); });
            const double inverse = 1 / std::sqrt(squares / count + kEpsilon);
            const auto normal = [&](std::size_t i) {
                return (double(values.in[i]) - average) * inverse;
            };
            const auto plain = [&](std::size_t i) {
                return normal(i) * double(gamma[c]) + double(beta[c]);
            };
            const auto passed = [&](std::size_t i) {
                return relu && plain(i) <= 0 ? 0.0 : double(values.gradient[i]);
            };
            forAll([&](std::size_t i) {
                out[i] = relu ? std::max(0.0, plain(i)) : plain(i);
                gradients += passed(i);
                weighted += passed(i) * normal(i);
            });
            forAll([&](std::size_t i) {
                back[i] = double(gamma[c]) * inverse *
                          (passed(i) - gradients / count - normal(i) * weighted / count);
            });
            mean.push_back(average);
            variance.push_back(squares / count);
            shift.push_back(gradients);
            scale.push_back(weighted);
        }
    }
};

template <class Actual, class Wanted>
double distance(const Actual& actual, const Wanted& wanted) {
    double square = 0, norm = 0;
    for (std::size_t i = 0; i < wanted.size(); ++i) {
        square += std::pow(double(actual[i]) - wanted[i], 2);
        norm += std::pow(wanted[i], 2);
    }
    return std::sqrt(square / norm);
}

} // namespace

/// Batch normalization whose batch is in parts, against its formulas.
class OneDnnBatchNormTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void partsTogetherAreTheBatch_data() {
        QTest::addColumn<std::size_t>("blocks");
        QTest::addColumn<std::size_t>("positions");
        QTest::addColumn<std::size_t>("lanes");
        QTest::addColumn<bool>("relu");
        const auto add = [](const char* name, std::size_t blocks, std::size_t positions,
                            std::size_t lanes) {
            QTest::addRow("%s", name) << blocks << positions << lanes << false;
            QTest::addRow("%s, ReLU", name) << blocks << positions << lanes << true;
        };
        add("blocks of 16", 2, 49, 16);
        add("blocks of 8", 3, 25, 8);
        add("channels last", 1, 30, 40);
        add("few channels last", 1, 30, 6);
        add("row-major", 5, 49, 1);
        add("row-major, less than a vector", 5, 7, 1);
        add("vectors", 20, 1, 1);
        add("many positions", 1, 5000, 16);
    }
    void partsTogetherAreTheBatch() {
        QFETCH(std::size_t, blocks);
        QFETCH(std::size_t, positions);
        QFETCH(std::size_t, lanes);
        QFETCH(bool, relu);
        constexpr std::array<std::size_t, 3> sizes{4, 4, 3};
        const auto values = randomValues(ChannelView(11, blocks, positions, lanes));
        const auto channels = values.view.channels();
        std::vector<float> gamma, beta;
        for (std::size_t c = 0; c < channels; ++c) {
            gamma.push_back(0.5F + 0.1F * static_cast<float>(c));
            beta.push_back(0.3F - 0.05F * static_cast<float>(c));
        }
        const Expected expected(values, gamma, beta, relu);

        struct Part {
            ChannelView view;
            std::size_t first;
        };
        std::vector<Part> parts;
        for (std::size_t sample = 0; const auto size : sizes) {
            parts.push_back(
                {ChannelView(size, blocks, positions, lanes), sample * channels * positions});
            sample += size;
        }
        std::vector<std::vector<float>> told(parts.size(), std::vector<float>(2 * channels));
        std::vector<PartOfChannels> all;
        for (std::size_t i = 0; i < parts.size(); ++i)
            all.push_back({told[i].data(), static_cast<double>(sizes[i] * positions)});

        std::vector<float> mean(channels), variance(channels), factor(channels);
        for (std::size_t i = 0; i < parts.size(); ++i)
            channelMoments(parts[i].view, told[i].data(), values.in.data() + parts[i].first);
        combineMoments(channels, all, mean.data(), variance.data());
        QVERIFY(distance(mean, expected.mean) < 1e-6);
        QVERIFY(distance(variance, expected.variance) < 1e-5);

        std::vector<float> inverse(channels);
        for (std::size_t c = 0; c < channels; ++c) {
            inverse[c] = 1 / std::sqrt(variance[c] + static_cast<float>(kEpsilon));
            factor[c] = inverse[c] * gamma[c];
        }
        const ChannelNorm norm{mean.data(), factor.data(), beta.data(), relu};
        std::vector<float> out(values.size()), back(values.size());
        for (std::size_t i = 0; i < parts.size(); ++i) {
            const auto at = parts[i].first;
            normalizeChannels(parts[i].view, norm, out.data() + at, values.in.data() + at);
            channelGradientSums(parts[i].view, norm, told[i].data(), values.in.data() + at,
                                values.gradient.data() + at);
        }
        QVERIFY(distance(out, expected.out) < 1e-5);

        std::vector<float> sums(2 * channels), centre(channels), slope(channels), scale(channels);
        combineGradientSums(channels, all, sums.data());
        const auto share = 1 / static_cast<float>(11 * positions);
        for (std::size_t c = 0; c < channels; ++c) {
            centre[c] = sums[c] * share;
            slope[c] = sums[channels + c] * inverse[c] * inverse[c] * share;
            scale[c] = sums[channels + c] * inverse[c];
        }
        QVERIFY(distance(std::span(sums).first(channels), expected.shift) < 1e-5);
        QVERIFY(distance(scale, expected.scale) < 1e-5);
        back = values.gradient; // in place
        for (const auto& [view, at] : parts)
            channelGradient(view, norm, centre.data(), slope.data(), back.data() + at,
                            values.in.data() + at, back.data() + at);
        QVERIFY(distance(back, expected.back) < 1e-4);
    }

    void aNanPassesTheRelu() {
        const ChannelView view(2, 1, 3, 16);
        std::vector<float> in(2 * 3 * 16, std::numeric_limits<float>::quiet_NaN()), out(in.size());
        const std::vector<float> ones(16, 1);
        normalizeChannels(view, {ones.data(), ones.data(), ones.data(), true}, out.data(),
                          in.data());
        QVERIFY(std::ranges::all_of(out, [](float v) { return std::isnan(v); }));
    }
};

QTEST_APPLESS_MAIN(OneDnnBatchNormTest)
#include "tst_onednn_batch_norm.moc"
