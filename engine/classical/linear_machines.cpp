// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/classical/library_messages.h"
#include "engine/classical/method.h"
#include "engine/classical/sparse_rows.h"
#include "engine/support/shared_library.h"

#include <algorithm>

namespace gradwright {
namespace {

/// problem of LIBLINEAR's linear.h.
struct LinearProblem {
    int count;
    int features; ///< that of the bias included
    double* y;
    SparseNumber** rows;
    double bias;
};

/// parameter of LIBLINEAR's linear.h. Version 2.40 put two numbers around init_sol; what follows p
/// reads right both before and after that.
struct LinearParameter {
    int solver;
    double tolerance;
    double c;
    int weights;
    int* weightLabels;
    double* weightValues;
    double p;
    double nu;           ///< before 2.40 init_sol, a pointer: 0 bits are none
    double* start;       ///< init_sol since 2.40
    int regularizesBias; ///< since 2.40; before, it always did
};
constexpr int kLogistic = 0;     // L2R_LR
constexpr int kSquaredHinge = 2; // L2R_L2LOSS_SVC
constexpr int kSquaredTube = 11; // L2R_L2LOSS_SVR
static_assert(sizeof(double) == sizeof(double*));

struct LinearModel; ///< model

/// The functions of LIBLINEAR that are needed.
struct LibLinear {
    LinearModel* (*train)(const LinearProblem*, const LinearParameter*) = nullptr;
    double (*predict)(const LinearModel*, const SparseNumber*) = nullptr;
    double (*probabilities)(const LinearModel*, const SparseNumber*, double*) = nullptr;
    void (*labels)(const LinearModel*, int*) = nullptr;
    int (*classes)(const LinearModel*) = nullptr;
    const char* (*fault)(const LinearProblem*, const LinearParameter*) = nullptr;
    void (*release)(LinearModel**) = nullptr;
    void (*setPrint)(void (*print)(const char*)) = nullptr;
    bool isThere = false;

    LibLinear() {
        isThere = openLibrary("liblinear.so.4", {{"train", train},
                                                 {"predict", predict},
                                                 {"predict_probability", probabilities},
                                                 {"get_labels", labels},
                                                 {"get_nr_class", classes},
                                                 {"check_parameter", fault},
                                                 {"free_and_destroy_model", release},
                                                 {"set_print_string_function", setPrint}});
    }

    static const LibLinear& get() {
        static const LibLinear library;
        return library;
    }
    static std::string whyMissing() {
        return get().isThere ? std::string()
                             : std::string("linear SVMs and logistic regression need LIBLINEAR "
                                           "(the package liblinear4), which is not installed");
    }
};

struct LinearRelease {
    void operator()(LinearModel* model) const { LibLinear::get().release(&model); }
};
using LinearHandle = std::unique_ptr<LinearModel, LinearRelease>;

constexpr double kBias = 1;

class LinearMachine final : public ClassicalModel {
public:
    LinearMachine(const Samples& samples, int solver, double c, double tube, const Watch& watch)
        : solver_(solver) {
        const auto& library = LibLinear::get();
        SparseRows rows(samples, kBias);
        const LinearParameter parameter{.solver = solver,
                                        .tolerance = 1e-4,
                                        .c = c,
                                        .weights = 0,
                                        .weightLabels = nullptr,
                                        .weightValues = nullptr,
                                        .p = tube,
                                        .nu = 0,
                                        .start = nullptr,
                                        .regularizesBias = 1};
        const LibraryMessages messages(watch);
        library.setPrint(&LibraryMessages::take);
        const auto models = samples.classes > 0 ? 1 : samples.width;
        for (std::size_t i = 0; i < models; ++i) {
            watch.reach(static_cast<double>(i) / static_cast<double>(models));
            if (samples.classes == 0)
                rows.aimAt(samples, i);
            const LinearProblem problem{static_cast<int>(rows.rows.size()),
                                        static_cast<int>(samples.features) + 1, rows.y.data(),
                                        rows.rows.data(), kBias};
            if (const auto* const fault = library.fault(&problem, &parameter))
                throw Error("LIBLINEAR refuses the samples: {}", fault);
            models_.emplace_back(library.train(&problem, &parameter));
        }
        converged_ = !LibraryMessages::gaveUp();
        if (samples.classes > 0) {
            labels_.resize(static_cast<std::size_t>(library.classes(models_[0].get())));
            library.labels(models_[0].get(), labels_.data());
        }
    }

    void answer(std::span<const float> row, std::span<double> out) const override {
        const auto& library = LibLinear::get();
        thread_local std::vector<SparseNumber> numbers;
        thread_local std::vector<double> shares;
        numbers.clear();
        writeSparse(row, kBias, numbers);
        std::ranges::fill(out, 0.0);
        if (solver_ == kLogistic && labels_.size() > 1) {
            shares.resize(labels_.size());
            library.probabilities(models_[0].get(), numbers.data(), shares.data());
            for (std::size_t i = 0; i < labels_.size(); ++i)
                out[static_cast<std::size_t>(labels_[i])] = shares[i];
        } else if (!labels_.empty()) {
            out[static_cast<std::size_t>(library.predict(models_[0].get(), numbers.data()))] = 1;
        } else {
            for (std::size_t i = 0; i < out.size(); ++i)
                out[i] = library.predict(models_[i].get(), numbers.data());
        }
    }

    [[nodiscard]] std::string note() const override {
        return converged_ ? "" : "It was stopped before it had converged.";
    }

private:
    int solver_;
    std::vector<LinearHandle> models_;
    std::vector<int> labels_; ///< of classes, in the model's order
    bool converged_ = true;
};

ParamSpec linearCost() {
    auto c = realParam("c", "C", 1, 0, 1e9,
                       "What errors count beside the size of the coefficients: the larger, the "
                       "less the method smooths.");
    c.minimumExclusive = true;
    c.logarithmic = true;
    return c;
}

} // namespace

MethodDef logisticRegressionMethod() {
    return {.key = "logistic",
            .title = "Logistic regression",
            .doc = "For each class the logistic function of a linear one says how likely it is, "
                   "against all others; penalized by the squares of its coefficients (computed by "
                   "LIBLINEAR: Fan et al. 2008).",
            .forValues = false,
            .givesProbabilities = true,
            .params = {linearCost()},
            .whyMissing = &LibLinear::whyMissing,
            .fit = [](const Samples& samples, const Params& params, std::uint64_t,
                      const Watch& watch) -> std::unique_ptr<ClassicalModel> {
                return std::make_unique<LinearMachine>(samples, kLogistic, params.real("c"), 0.0,
                                                       watch);
            }};
}

MethodDef linearSvmMethod() {
    auto tube = realParam("tube", "Tube", 0, 0, 1e9,
                          "For values: an error up to that costs nothing, in scaled units.");
    return {.key = "svm-linear",
            .title = "SVM, linear",
            .doc = "The hyperplane with the widest margin between a class and all others; of "
                   "values a linear function. Squared hinge loss (computed by LIBLINEAR: Fan et "
                   "al. 2008).",
            .params = {linearCost(), tube},
            .whyMissing = &LibLinear::whyMissing,
            .fit = [](const Samples& samples, const Params& params, std::uint64_t,
                      const Watch& watch) -> std::unique_ptr<ClassicalModel> {
                return std::make_unique<LinearMachine>(
                    samples, samples.classes > 0 ? kSquaredHinge : kSquaredTube, params.real("c"),
                    params.real("tube"), watch);
            }};
}

} // namespace gradwright
