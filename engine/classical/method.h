// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/classical/model_parts.h"
#include "engine/classical/samples.h"
#include "engine/classical/watch.h"
#include "engine/support/param.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace gradwright {

/// What a method has learned.
class ClassicalModel {
public:
    virtual ~ClassicalModel() = default;

    /// Writes for one row Samples::outputs() numbers: of classes the largest is the answer, of
    /// target values they are the answer. May be called by several threads at once.
    virtual void answer(std::span<const float> row, std::span<double> out) const = 0;
    /// The same for several rows, one behind the other, whose answers are what answer() writes.
    virtual void answerRows(std::span<const float> rows, std::size_t count,
                            std::span<double> out) const {
        const auto features = rows.size() / count;
        const auto outputs = out.size() / count;
        for (std::size_t i = 0; i < count; ++i)
            answer(rows.subspan(i * features, features), out.subspan(i * outputs, outputs));
    }
    /// How many rows are best asked together.
    [[nodiscard]] virtual std::size_t rowsAtOnce() const { return 8; }
    /// All that MethodDef::open needs to make the same model again.
    [[nodiscard]] virtual ModelParts parts() const = 0;
    /// What a person should know of the fit, such as that it did not converge; mostly empty.
    [[nodiscard]] virtual std::string note() const { return {}; }
};

/// A method's one declaration: command line, tables and documentation are made from it.
struct MethodDef {
    std::string key;   ///< "svm-rbf"
    std::string title; ///< "SVM, RBF kernel"
    std::string doc;   ///< what it does, with the source
    bool forClasses = true;
    bool forValues = true;
    /// Whether what it says of classes are probabilities, which sum to 1, and not votes.
    bool givesProbabilities = false;
    ParamSpecs params;
    /// Why it cannot be used on this computer, with the package that is missing; empty when it can.
    std::string (*whyMissing)() = nullptr;
    /// Learns from the samples; there is at least one of them. The same samples, parameters and
    /// seed give the same model on any number of threads. Throws Error where it cannot, FitStopped
    /// when stopped.
    std::unique_ptr<ClassicalModel> (*fit)(const Samples& samples, const Params& params,
                                           std::uint64_t seed, const Watch& watch) = nullptr;
    /// The model whose parts these are: it gives the same answers. Throws Error naming the part
    /// that is missing or does not fit.
    std::unique_ptr<ClassicalModel> (*open)(const ModelParts& parts,
                                            const RowOutline& rows) = nullptr;
};

/// Every method, the simplest of a kind first.
const std::vector<MethodDef>& classicalMethods();
/// Throws Error listing the known keys when there is no such method.
const MethodDef& classicalMethod(std::string_view key);

/// Learns after having checked that the method takes such samples and that its library is there,
/// and the parameters. Throws as MethodDef::fit does.
std::unique_ptr<ClassicalModel> fitMethod(const MethodDef& method, const Samples& samples,
                                          const ParamValues& params, std::uint64_t seed,
                                          const Watch& watch);

/// What the model says of all samples: [count, outputs]. Shared out among threads. Throws
/// FitStopped when stopped.
std::vector<double> answersOf(const ClassicalModel& model, const Samples& samples,
                              const Watch& watch);

// One a file.
MethodDef naiveBayesMethod();
MethodDef nearestNeighboursMethod();
MethodDef logisticRegressionMethod();
MethodDef linearSvmMethod();
MethodDef kernelSvmMethod();
MethodDef decisionTreeMethod();
MethodDef randomForestMethod();
MethodDef boostingMethod();
MethodDef linearRegressionMethod();
MethodDef ridgeRegressionMethod();

} // namespace gradwright
