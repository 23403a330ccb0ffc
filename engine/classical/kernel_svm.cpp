// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/classical/distance.h"
#include "engine/classical/library_messages.h"
#include "engine/classical/method.h"
#include "engine/classical/sparse_rows.h"
#include "engine/classical/work_apart.h"
#include "engine/support/shared_library.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace gradwright {
namespace {

/// svm_problem of LIBSVM's svm.h.
struct SvmProblem {
    int count;
    double* y;
    SparseNumber** rows;
};

/// svm_parameter of LIBSVM's svm.h.
struct SvmParameter {
    int type;
    int kernel;
    int degree;
    double gamma;
    double coefficient;
    double cacheMegabytes;
    double tolerance;
    double c;
    int weights;
    int* weightLabels;
    double* weightValues;
    double nu;
    double p;
    int shrinking;
    int probability;
};
constexpr int kClassifier = 0; // C_SVC
constexpr int kRegression = 3; // EPSILON_SVR
constexpr int kRbf = 2;

/// The beginning of svm_model, which is the same in all versions of LIBSVM's svm.h.
struct SvmModel {
    SvmParameter parameter;
    int classes;
    int count;             ///< support vectors
    SparseNumber** rows;   ///< these
    double** coefficients; ///< [classes - 1, count]
    double* offsets;       ///< rho, [classes (classes - 1) / 2]
};

/// The functions of LIBSVM that are needed.
struct LibSvm {
    SvmModel* (*train)(const SvmProblem*, const SvmParameter*) = nullptr;
    void (*labels)(const SvmModel*, int*) = nullptr;
    void (*supports)(const SvmModel*, int*) = nullptr;
    const char* (*fault)(const SvmProblem*, const SvmParameter*) = nullptr;
    void (*release)(SvmModel**) = nullptr;
    void (*setPrint)(void (*print)(const char*)) = nullptr;
    bool isThere = false;

    LibSvm() {
        isThere = openLibrary("libsvm.so.3", {{"svm_train", train},
                                              {"svm_get_labels", labels},
                                              {"svm_get_sv_indices", supports},
                                              {"svm_check_parameter", fault},
                                              {"svm_free_and_destroy_model", release},
                                              {"svm_set_print_string_function", setPrint}});
    }

    static const LibSvm& get() {
        static const LibSvm library;
        return library;
    }
};

struct SvmRelease {
    void operator()(SvmModel* model) const { LibSvm::get().release(&model); }
};
using SvmHandle = std::unique_ptr<SvmModel, SvmRelease>;

/// 1 / (features · variance of all numbers), 1 where they do not differ.
double automaticGamma(const Samples& samples) {
    double mean = 0;
    const auto count = static_cast<double>(samples.inputs.size());
    for (const auto value : samples.inputs)
        mean += static_cast<double>(value) / count;
    double variance = 0;
    for (const auto value : samples.inputs) {
        const auto off = static_cast<double>(value) - mean;
        variance += off * off / count;
    }
    return variance > 0 ? 1 / (static_cast<double>(samples.features) * variance) : 1;
}

/// One machine: for classes one against one, else for a target value. What LIBSVM has learned, as
/// plain arrays.
struct RbfMachine {
    std::size_t features = 0;
    double gamma = 1;
    std::vector<float> supports;       ///< [count, features], class by class
    std::vector<double> coefficients;  ///< [max(classes - 1, 1), count]
    std::vector<double> offsets;       ///< one a pair of classes, or one
    std::vector<std::int64_t> classes; ///< in the machine's order; none of values
    std::vector<std::int64_t> counts;  ///< support vectors of each class

    [[nodiscard]] std::size_t count() const {
        return features > 0 ? supports.size() / features : 0;
    }

    /// exp(-gamma |row - support|²), for all of them.
    void kernelOf(std::span<const float> row, std::vector<double>& kernel) const {
        kernel.resize(count());
        for (std::size_t i = 0; i < kernel.size(); ++i)
            kernel[i] = std::exp(-gamma * squaredDistance(row.data(),
                                                          supports.data() + i * features, features,
                                                          std::numeric_limits<double>::infinity()));
    }
    /// The target value.
    [[nodiscard]] double value(const std::vector<double>& kernel) const {
        double sum = -offsets[0];
        for (std::size_t i = 0; i < kernel.size(); ++i)
            sum += coefficients[i] * kernel[i];
        return sum;
    }
    /// The class that wins most of the pairs, the first of equal ones (svm.cpp,
    /// svm_predict_values()).
    [[nodiscard]] std::size_t vote(const std::vector<double>& kernel) const {
        std::vector<int> votes(classes.size());
        std::size_t pair = 0;
        std::size_t startOfFirst = 0;
        for (std::size_t first = 0; first < classes.size(); ++first) {
            const auto ofFirst = static_cast<std::size_t>(counts[first]);
            std::size_t startOfSecond = startOfFirst + ofFirst;
            for (std::size_t second = first + 1; second < classes.size(); ++second) {
                const auto ofSecond = static_cast<std::size_t>(counts[second]);
                double sum = -offsets[pair++];
                for (std::size_t i = startOfFirst; i < startOfFirst + ofFirst; ++i)
                    sum += coefficients[(second - 1) * count() + i] * kernel[i];
                for (std::size_t i = startOfSecond; i < startOfSecond + ofSecond; ++i)
                    sum += coefficients[first * count() + i] * kernel[i];
                ++votes[sum > 0 ? first : second];
                startOfSecond += ofSecond;
            }
            startOfFirst += ofFirst;
        }
        const auto most = std::ranges::max_element(votes) - votes.begin();
        return static_cast<std::size_t>(classes[static_cast<std::size_t>(most)]);
    }
};

class KernelSvm final : public ClassicalModel {
public:
    KernelSvm(const Samples& samples, const Params& params, const Watch& watch)
        : classes_(samples.classes > 0) {
        const auto rows = std::make_shared<SparseRows>(samples, 0);
        const auto gamma = params.real("gamma");
        const SvmParameter parameter{.type = classes_ ? kClassifier : kRegression,
                                     .kernel = kRbf,
                                     .degree = 3,
                                     .gamma = gamma > 0 ? gamma : automaticGamma(samples),
                                     .coefficient = 0,
                                     .cacheMegabytes = 200,
                                     .tolerance = 1e-3,
                                     .c = params.real("c"),
                                     .weights = 0,
                                     .weightLabels = nullptr,
                                     .weightValues = nullptr,
                                     .nu = 0.5,
                                     .p = params.real("tube"),
                                     .shrinking = 1,
                                     .probability = 0};
        const auto models = classes_ ? 1 : samples.width;
        for (std::size_t i = 0; i < models; ++i) {
            watch.reach(static_cast<double>(i) / static_cast<double>(models));
            if (!classes_)
                rows->aimAt(samples, i);
            const auto fitted = workApart<Fitted>(watch, [rows, parameter, stop = watch.stop] {
                return fit(*rows, parameter, stop);
            });
            machines_.push_back(machineOf(*fitted.model, samples, *rows));
            converged_ = converged_ && fitted.hasConverged;
        }
    }

    KernelSvm(const ModelParts& parts, const RowOutline& rows)
        : classes_(rows.classes > 0) {
        for (std::size_t i = 0; i < (classes_ ? 1 : rows.width); ++i)
            machines_.push_back(read(parts, "machine" + std::to_string(i), rows));
    }

    [[nodiscard]] ModelParts parts() const override {
        ModelParts parts;
        for (std::size_t i = 0; i < machines_.size(); ++i) {
            const auto& machine = machines_[i];
            const auto name = "machine" + std::to_string(i);
            parts.put(name + "/gamma", machine.gamma);
            parts.put(name + "/supports", machine.supports);
            parts.put(name + "/coefficients", machine.coefficients);
            parts.put(name + "/offsets", machine.offsets);
            if (classes_) {
                parts.put(name + "/classes", machine.classes);
                parts.put(name + "/counts", machine.counts);
            }
        }
        return parts;
    }

    void answer(std::span<const float> row, std::span<double> out) const override {
        thread_local std::vector<double> kernel;
        std::ranges::fill(out, 0.0);
        for (std::size_t i = 0; i < machines_.size(); ++i) {
            machines_[i].kernelOf(row, kernel);
            if (classes_)
                out[machines_[i].vote(kernel)] = 1;
            else
                out[i] = machines_[i].value(kernel);
        }
    }

    [[nodiscard]] std::string note() const override {
        return converged_ ? "" : "It was stopped before it had converged.";
    }

private:
    struct Fitted {
        SvmHandle model; ///< its support vectors lie in the rows
        bool hasConverged = true;
    };

    static Fitted fit(SparseRows& rows, const SvmParameter& parameter,
                      const std::stop_token& stop) {
        const auto& library = LibSvm::get();
        const Watch watch{stop, {}};
        const LibraryMessages messages(watch);
        watch.check(); // it may have waited for a fit that was left to itself
        library.setPrint(&LibraryMessages::take);
        const SvmProblem problem{static_cast<int>(rows.rows.size()), rows.y.data(),
                                 rows.rows.data()};
        if (const auto* const fault = library.fault(&problem, &parameter))
            throw Error("LIBSVM refuses the samples: {}", fault);
        Fitted fitted{SvmHandle(library.train(&problem, &parameter))};
        fitted.hasConverged = !LibraryMessages::gaveUp();
        return fitted;
    }

    static RbfMachine machineOf(const SvmModel& model, const Samples& samples,
                                const SparseRows& rows) {
        const auto& library = LibSvm::get();
        RbfMachine machine;
        machine.features = samples.features;
        machine.gamma = model.parameter.gamma;
        const auto count = static_cast<std::size_t>(model.count);
        std::vector<int> supports(count);
        library.supports(&model, supports.data());
        const bool hasClasses = samples.classes > 0;
        if (hasClasses) {
            std::vector<int> labels(static_cast<std::size_t>(model.classes));
            library.labels(&model, labels.data());
            machine.classes.assign(labels.begin(), labels.end());
            machine.counts.resize(labels.size());
        }
        for (const auto number : supports) { // from 1
            const auto at = static_cast<std::size_t>(number) - 1;
            const auto row = samples.row(rows.order[at]);
            machine.supports.insert(machine.supports.end(), row.begin(), row.end());
            if (hasClasses)
                ++machine.counts[static_cast<std::size_t>(
                    std::ranges::find(machine.classes, static_cast<std::int64_t>(rows.y[at])) -
                    machine.classes.begin())];
        }
        const auto lists = hasClasses ? std::max(0, model.classes - 1) : 1;
        for (int i = 0; i < lists; ++i)
            machine.coefficients.insert(machine.coefficients.end(), model.coefficients[i],
                                        model.coefficients[i] + model.count);
        const auto pairs = hasClasses ? model.classes * (model.classes - 1) / 2 : 1;
        machine.offsets.assign(model.offsets, model.offsets + pairs);
        return machine;
    }

    static RbfMachine read(const ModelParts& parts, const std::string& name,
                           const RowOutline& rows) {
        RbfMachine machine;
        machine.features = rows.features;
        machine.gamma = parts.reals(name + "/gamma", 1)[0];
        const auto count = parts.count(name + "/supports") / rows.features;
        machine.supports = parts.singles(name + "/supports", count * rows.features);
        std::size_t lists = 1;
        std::size_t pairs = 1;
        if (rows.classes > 0) {
            const auto classes = parts.count(name + "/classes");
            if (classes == 0 || classes > rows.classes)
                throw Error("\"{}\" knows {} of {} classes", name, classes, rows.classes);
            machine.classes = parts.whole(name + "/classes", classes, 0,
                                          static_cast<std::int64_t>(rows.classes) - 1);
            machine.counts =
                parts.whole(name + "/counts", classes, 0, static_cast<std::int64_t>(count));
            const auto sum =
                std::accumulate(machine.counts.begin(), machine.counts.end(), std::int64_t{0});
            if (sum != static_cast<std::int64_t>(count))
                throw Error("\"{}\" has {} support vectors, and {} by class", name, count, sum);
            lists = classes - 1;
            pairs = classes * (classes - 1) / 2;
        }
        machine.coefficients = parts.reals(name + "/coefficients", lists * count);
        machine.offsets = parts.reals(name + "/offsets", pairs);
        return machine;
    }

    bool classes_;
    std::vector<RbfMachine> machines_;
    bool converged_ = true;
};

} // namespace

MethodDef kernelSvmMethod() {
    auto c = realParam("c", "C", 1, 0, 1e9,
                       "What a sample within the margin costs: the larger, the less the method "
                       "smooths.");
    c.minimumExclusive = true;
    c.logarithmic = true;
    auto gamma =
        zeroIs("automatic", realParam("gamma", "Gamma", 0, 0, 1e9,
                                      "The kernel is exp(-gamma |a - b|²); by default gamma is "
                                      "1 / (features · variance of all numbers)."));
    gamma.logarithmic = true;
    auto tube = realParam("tube", "Tube", 0.1, 0, 1e9,
                          "For values: an error up to that costs nothing, in scaled units.");
    return {.key = "svm-rbf",
            .title = "SVM, RBF kernel",
            .doc = "The surface with the widest margin between each two classes, in the space of "
                   "the radial basis kernel (Cortes, Vapnik 1995; computed by LIBSVM).",
            .params = {c, gamma, tube},
            .whyMissing =
                [] {
                    return LibSvm::get().isThere
                               ? std::string()
                               : std::string(
                                     "this SVM needs LIBSVM (the package libsvm3), which is "
                                     "not installed");
                },
            .fit = [](const Samples& samples, const Params& params, std::uint64_t,
                      const Watch& watch) -> std::unique_ptr<ClassicalModel> {
                return std::make_unique<KernelSvm>(samples, params, watch);
            },
            .open = [](const ModelParts& parts,
                       const RowOutline& rows) -> std::unique_ptr<ClassicalModel> {
                return std::make_unique<KernelSvm>(parts, rows);
            }};
}

} // namespace gradwright
