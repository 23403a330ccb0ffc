// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/classical/library_messages.h"
#include "engine/classical/method.h"
#include "engine/classical/sparse_rows.h"
#include "engine/classical/work_apart.h"
#include "engine/support/shared_library.h"

#include <algorithm>
#include <cmath>

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
    double (*coefficient)(const LinearModel*, int feature, int label) = nullptr;
    double (*offset)(const LinearModel*, int label) = nullptr;
    void (*labels)(const LinearModel*, int*) = nullptr;
    int (*classes)(const LinearModel*) = nullptr;
    const char* (*fault)(const LinearProblem*, const LinearParameter*) = nullptr;
    void (*release)(LinearModel**) = nullptr;
    void (*setPrint)(void (*print)(const char*)) = nullptr;
    bool isThere = false;

    LibLinear() {
        isThere = openLibrary("liblinear.so.4", {{"train", train},
                                                 {"get_decfun_coef", coefficient},
                                                 {"get_decfun_bias", offset},
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

/// Linear functions of a row: one a class, one where there are two of them, or one a target value.
class LinearMachine final : public ClassicalModel {
public:
    LinearMachine(const Samples& samples, int solver, double c, double tube, const Watch& watch)
        : features_(samples.features)
        , isLogistic_(solver == kLogistic) {
        const auto& library = LibLinear::get();
        const auto rows = std::make_shared<SparseRows>(samples, kBias);
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
        const auto models = samples.classes > 0 ? 1 : samples.width;
        for (std::size_t i = 0; i < models; ++i) {
            watch.reach(static_cast<double>(i) / static_cast<double>(models));
            if (samples.classes == 0)
                rows->aimAt(samples, i);
            const auto [model, hasConverged] = workApart<Fitted>(
                watch, [rows, parameter, features = samples.features, stop = watch.stop] {
                    return fit(*rows, parameter, features, stop);
                });
            converged_ = converged_ && hasConverged;
            if (samples.classes > 0) {
                std::vector<int> labels(static_cast<std::size_t>(library.classes(model.get())));
                library.labels(model.get(), labels.data());
                labels_.assign(labels.begin(), labels.end());
            }
            for (std::size_t f = 0; f < functionsOf(labels_.size()); ++f)
                take(*model, static_cast<int>(f));
        }
    }

    LinearMachine(const ModelParts& parts, const RowOutline& rows)
        : features_(rows.features)
        , isLogistic_(parts.wholeNumber("logistic", 0, 1) == 1) {
        std::size_t functions = rows.width;
        if (rows.classes > 0) {
            const auto known = parts.count("labels");
            if (known == 0 || known > rows.classes)
                throw Error("\"labels\" names {} of {} classes", known, rows.classes);
            labels_ = parts.whole("labels", known, 0, static_cast<std::int64_t>(rows.classes) - 1);
            functions = functionsOf(known);
        }
        coefficients_ = parts.reals("coefficients", functions * features_);
        offsets_ = parts.reals("offsets", functions);
    }

    [[nodiscard]] ModelParts parts() const override {
        ModelParts parts;
        parts.put("logistic", std::int64_t{isLogistic_ ? 1 : 0});
        parts.put("coefficients", coefficients_);
        parts.put("offsets", offsets_);
        if (!labels_.empty())
            parts.put("labels", labels_);
        return parts;
    }

    /// As LIBLINEAR's predict_values() and predict_probability().
    void answer(std::span<const float> row, std::span<double> out) const override {
        thread_local std::vector<double> values;
        values.assign(offsets_.begin(), offsets_.end());
        for (std::size_t f = 0; f < values.size(); ++f)
            for (std::size_t i = 0; i < features_; ++i)
                values[f] += coefficients_[f * features_ + i] * static_cast<double>(row[i]);
        if (labels_.empty()) {
            std::ranges::copy(values, out.begin());
            return;
        }
        std::ranges::fill(out, 0.0);
        const auto at = [&](std::size_t label) -> double& {
            return out[static_cast<std::size_t>(labels_[label])];
        };
        if (labels_.size() == 1) {
            at(0) = 1;
        } else if (!isLogistic_) {
            if (labels_.size() == 2)
                at(values[0] > 0 ? 0 : 1) = 1;
            else
                at(static_cast<std::size_t>(std::ranges::max_element(values) - values.begin())) = 1;
        } else {
            double sum = 0;
            for (auto& value : values)
                sum += value = 1 / (1 + std::exp(-value));
            if (labels_.size() == 2) {
                at(0) = values[0];
                at(1) = 1 - values[0];
                return;
            }
            for (std::size_t label = 0; label < values.size(); ++label)
                at(label) = values[label] / sum;
        }
    }

    [[nodiscard]] std::string note() const override {
        return converged_ ? "" : "It was stopped before it had converged.";
    }

private:
    struct Fitted {
        LinearHandle model;
        bool hasConverged = true;
    };

    static Fitted fit(SparseRows& rows, const LinearParameter& parameter, std::size_t features,
                      const std::stop_token& stop) {
        const auto& library = LibLinear::get();
        const Watch watch{stop, {}};
        const LibraryMessages messages(watch);
        watch.check(); // it may have waited for a fit that was left to itself
        library.setPrint(&LibraryMessages::take);
        const LinearProblem problem{static_cast<int>(rows.rows.size()),
                                    static_cast<int>(features) + 1, rows.y.data(), rows.rows.data(),
                                    kBias};
        if (const auto* const fault = library.fault(&problem, &parameter))
            throw Error("LIBLINEAR refuses the samples: {}", fault);
        Fitted fitted{LinearHandle(library.train(&problem, &parameter))};
        fitted.hasConverged = !LibraryMessages::gaveUp();
        return fitted;
    }

    /// How many functions tell so many classes apart; none are target values.
    static std::size_t functionsOf(std::size_t classes) { return classes <= 2 ? 1 : classes; }

    void take(const LinearModel& model, int function) {
        const auto& library = LibLinear::get();
        for (std::size_t i = 0; i < features_; ++i)
            coefficients_.push_back(library.coefficient(&model, static_cast<int>(i) + 1, function));
        offsets_.push_back(library.offset(&model, function));
    }

    std::size_t features_;
    bool isLogistic_;
    std::vector<double> coefficients_; ///< [functions, features]
    std::vector<double> offsets_;
    std::vector<std::int64_t> labels_; ///< of classes, in the functions' order
    bool converged_ = true;
};

std::unique_ptr<ClassicalModel> openLinearMachine(const ModelParts& parts, const RowOutline& rows) {
    return std::make_unique<LinearMachine>(parts, rows);
}

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
            },
            .open = openLinearMachine};
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
            },
            .open = openLinearMachine};
}

} // namespace gradwright
