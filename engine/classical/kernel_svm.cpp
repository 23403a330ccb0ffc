// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/classical/library_messages.h"
#include "engine/classical/method.h"
#include "engine/classical/sparse_rows.h"
#include "engine/support/shared_library.h"

#include <algorithm>

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

struct SvmModel; ///< svm_model

/// The functions of LIBSVM that are needed.
struct LibSvm {
    SvmModel* (*train)(const SvmProblem*, const SvmParameter*) = nullptr;
    double (*predict)(const SvmModel*, const SparseNumber*) = nullptr;
    const char* (*fault)(const SvmProblem*, const SvmParameter*) = nullptr;
    void (*release)(SvmModel**) = nullptr;
    void (*setPrint)(void (*print)(const char*)) = nullptr;
    bool isThere = false;

    LibSvm() {
        isThere = openLibrary("libsvm.so.3", {{"svm_train", train},
                                              {"svm_predict", predict},
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

class KernelSvm final : public ClassicalModel {
public:
    KernelSvm(const Samples& samples, const Params& params, const Watch& watch)
        : classes_(samples.classes > 0)
        , rows_(samples, 0) {
        const auto& library = LibSvm::get();
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
        const LibraryMessages messages(watch);
        library.setPrint(&LibraryMessages::take);
        const auto models = classes_ ? 1 : samples.width;
        for (std::size_t i = 0; i < models; ++i) {
            watch.reach(static_cast<double>(i) / static_cast<double>(models));
            if (!classes_)
                rows_.aimAt(samples, i);
            const SvmProblem problem{static_cast<int>(rows_.rows.size()), rows_.y.data(),
                                     rows_.rows.data()};
            if (const auto* const fault = library.fault(&problem, &parameter))
                throw Error("LIBSVM refuses the samples: {}", fault);
            models_.emplace_back(library.train(&problem, &parameter));
        }
        converged_ = !LibraryMessages::gaveUp();
    }

    void answer(std::span<const float> row, std::span<double> out) const override {
        thread_local std::vector<SparseNumber> numbers;
        numbers.clear();
        writeSparse(row, 0, numbers);
        std::ranges::fill(out, 0.0);
        if (classes_)
            out[static_cast<std::size_t>(LibSvm::get().predict(models_[0].get(), numbers.data()))] =
                1;
        else
            for (std::size_t i = 0; i < out.size(); ++i)
                out[i] = LibSvm::get().predict(models_[i].get(), numbers.data());
    }

    [[nodiscard]] std::string note() const override {
        return converged_ ? "" : "It was stopped before it had converged.";
    }

private:
    bool classes_;
    SparseRows rows_; ///< the models refer to it
    std::vector<SvmHandle> models_;
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
            }};
}

} // namespace gradwright
