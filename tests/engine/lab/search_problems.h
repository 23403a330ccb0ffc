// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/lab/sweep/samplers.h"

#include <cmath>
#include <functional>
#include <numbers>
#include <string>
#include <vector>

namespace gradwright::test {

/// A function that stands in for a training: cheap, and its least value is known.
struct SearchProblem {
    std::string name;
    SearchSpace space;
    std::function<double(const SearchPoint&)> value;
};

inline Dimension range(std::string key, double low, double high, bool logarithmic = false) {
    Dimension dimension;
    dimension.key = std::move(key);
    dimension.low = low;
    dimension.high = high;
    dimension.isLogarithmic = logarithmic;
    return dimension;
}

inline std::vector<SearchProblem> searchProblems() {
    // L. C. W. Dixon and G. P. Szegö 1978; least 0.397887.
    SearchProblem branin{"Branin", {range("x", -5, 10), range("y", 0, 15)}, [](const auto& point) {
                             const double x = std::stod(point[0]);
                             const double y = std::stod(point[1]);
                             const double pi = std::numbers::pi;
                             const double a = y - 5.1 / (4 * pi * pi) * x * x + 5 / pi * x - 6;
                             return a * a + 10 * (1 - 1 / (8 * pi)) * std::cos(x) + 10;
                         }};
    SearchSpace unit;
    for (int d = 0; d < 6; ++d)
        unit.push_back(range("x" + std::to_string(d), 0, 1));
    // The same authors' Hartmann function of six variables; least -3.32237.
    SearchProblem hartmann{
        "Hartmann 6", unit, [](const SearchPoint& point) {
            static const double alpha[4] = {1, 1.2, 3, 3.2};
            static const double a[4][6] = {{10, 3, 17, 3.5, 1.7, 8},
                                           {0.05, 10, 17, 0.1, 8, 14},
                                           {3, 3.5, 1.7, 10, 17, 8},
                                           {17, 8, 0.05, 10, 0.1, 14}};
            static const double p[4][6] = {{0.1312, 0.1696, 0.5569, 0.0124, 0.8283, 0.5886},
                                           {0.2329, 0.4135, 0.8307, 0.3736, 0.1004, 0.9991},
                                           {0.2348, 0.1451, 0.3522, 0.2883, 0.3047, 0.665},
                                           {0.4047, 0.8828, 0.8732, 0.5743, 0.1091, 0.0381}};
            double sum = 0;
            for (int i = 0; i < 4; ++i) {
                double exponent = 0;
                for (int d = 0; d < 6; ++d) {
                    const double distance = std::stod(point[static_cast<std::size_t>(d)]) - p[i][d];
                    exponent += a[i][d] * distance * distance;
                }
                sum -= alpha[i] * std::exp(-exponent);
            }
            return sum;
        }};
    // Like a training: a rate that has to fit within a factor, a size, a choice of which one is
    // right, and a setting that does nothing.
    auto size = range("size", 8, 1024, true);
    size.isInteger = true;
    Dimension choice;
    choice.key = "choice";
    choice.values = {"a", "b", "c", "d"};
    SearchProblem mixed{"mixed",
                        {range("rate", 1e-5, 1, true), size, choice, range("nothing", 0, 1)},
                        [](const SearchPoint& point) {
                            const double rate = std::log10(std::stod(point[0])) + 2.5;
                            const double units = std::log2(std::stod(point[1])) - 7;
                            return rate * rate + 0.1 * units * units +
                                   (point[2] == "c" ? 0.0 : 0.5);
                        }};
    return {branin, hartmann, mixed};
}

/// The least value that a search of so many trials finds.
inline double bestFound(const SearchProblem& problem, bool byTpe, std::uint64_t seed, int trials) {
    std::vector<SearchResult> done;
    double best = HUGE_VAL;
    for (int i = 0; i < trials; ++i) {
        auto point =
            byTpe ? tpePoint(problem.space, seed, done) : randomPoint(problem.space, seed, i);
        const double value = problem.value(point);
        best = std::min(best, value);
        done.push_back({std::move(point), value});
    }
    return best;
}

/// The same by TPE where so many run at a time, of which the oldest ends first.
inline double bestFoundBeside(const SearchProblem& problem, std::uint64_t seed, int trials,
                              std::size_t atATime) {
    std::vector<SearchResult> done;
    std::vector<SearchPoint> running;
    double best = HUGE_VAL;
    for (int i = 0; i < trials || !running.empty();) {
        if (i < trials && running.size() < atATime) {
            running.push_back(tpePoint(problem.space, seed, done, running));
            ++i;
            continue;
        }
        const double value = problem.value(running.front());
        best = std::min(best, value);
        done.push_back({running.front(), value});
        running.erase(running.begin());
    }
    return best;
}

} // namespace gradwright::test
