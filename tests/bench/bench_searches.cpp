// SPDX-License-Identifier: GPL-3.0-or-later
//
// TPE against random search: a table of the least values found, on functions and, with
// --trainings, on the best validation losses of trainings of three templates.
#include "engine/lab/spread.h"
#include "engine/lab/sweep/sweep_setting.h"
#include "engine/lab/train_trial.h"
#include "engine/project/templates.h"
#include "tests/engine/lab/search_problems.h"

#include <fmt/format.h>

#include <cmath>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

using namespace gradwright;
using namespace gradwright::test;

namespace {

constexpr int kSeeds = 20;

/// The best validation loss of a template's training, each point trained once.
SearchProblem trainingProblem(const std::string& key, const std::string& over,
                              const std::filesystem::path& folder) {
    auto project = openTemplate(key);
    project.data.validationFraction = 0.25;
    project.training.params.insert_or_assign("epochs", std::int64_t{15});
    const auto space = searchSpaceFrom(over, project);
    auto known = std::make_shared<std::map<SearchPoint, double>>();
    return {key, space, [project, space, folder, known](const SearchPoint& point) {
                if (const auto found = known->find(point); found != known->end())
                    return found->second;
                std::filesystem::remove_all(folder);
                std::filesystem::create_directories(folder);
                double loss = HUGE_VAL;
                try {
                    const auto training =
                        trainTrial(projectAt(project, space, point), {folder, folder, {}, {}});
                    loss = leastLossOf(training->epochs).loss;
                } catch (const Error&) {
                    loss = HUGE_VAL; // it diverged
                }
                return known->emplace(point, loss).first->second;
            }};
}

void compare(const SearchProblem& problem, int trials) {
    std::vector<double> tpe;
    std::vector<double> random;
    int better = 0;
    for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
        tpe.push_back(bestFound(problem, true, seed, trials));
        random.push_back(bestFound(problem, false, seed, trials));
        better += tpe.back() < random.back() ? 1 : 0;
    }
    const auto a = spreadOf(tpe);
    const auto b = spreadOf(random);
    fmt::print("{:<24} {:>6} {:>12.5f} {:>10.5f} {:>12.5f} {:>10.5f} {:>6} of {}\n", problem.name,
               trials, a.mean, a.deviation, b.mean, b.deviation, better, kSeeds);
    std::fflush(stdout);
}

} // namespace

int main(int argc, char** argv) {
    fmt::print("{:<24} {:>6} {:>12} {:>10} {:>12} {:>10} {:>12}\n", "problem", "trials", "TPE",
               "deviation", "random", "deviation", "TPE better");
    for (const auto& problem : searchProblems())
        compare(problem, 60);
    if (argc > 1 && std::string(argv[1]) == "--trainings") {
        const auto folder = std::filesystem::temp_directory_path() / "gradwright-bench-searches";
        const std::string rates = "learning_rate=0.00001..1:log; batch=4..128:log";
        compare(trainingProblem("playground", rates, folder), 30);
        compare(trainingProblem("two-spirals", rates, folder), 30);
        compare(trainingProblem("peaks-and-pits", rates, folder), 30);
        std::filesystem::remove_all(folder);
    }
}
