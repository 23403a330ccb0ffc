// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/backend/onednn/weight_store.h"
#include "engine/backend/update_pipeline.h"

namespace gradwright::onednn {

/// The optimizer's pass over all weights that learn, in pieces shared between the threads. It
/// writes the weights' rounded forms, too.
class Updater {
public:
    /// Which threads it runs on: those of the primitives or the compute pool.
    enum class Team { OpenMp, Pool };

    /// `rule` may be null: then there is only gradientSquares(). `forms`: those that the next pass
    /// will read, of any weights.
    Updater(OneDnnWeights& weights, std::vector<WeightId> trained, const UpdateRule* rule,
            std::span<const FormNumber> forms, Team team = Team::OpenMp);

    /// Consumes the gradients. Other forms of these weights become out of date.
    void update(double learningRate, std::uint64_t step);
    /// The squared norm of each weight's gradient, by WeightId.
    [[nodiscard]] const std::vector<double>& gradientSquares() const { return gradientSquares_; }
    /// To be called after each backward pass that shall be asked for.
    void measureGradients();

private:
    using FormsByWeight = std::vector<std::vector<FormNumber>>;

    /// The processor, as the pipeline sees it.
    struct Threads {
        template <class Visit>
        void share(std::size_t count, const Visit& visit) const;
        [[nodiscard]] double squares(const float* values, std::size_t size) const;
        void finished(const UpdatePiece<float>& piece) const;

        Team team;
        WeightForms* forms;
        const FormsByWeight* written; ///< with the weight itself
    };

    void addPieces();
    void addWholes();
    void addRows();
    void chooseForms(std::span<const FormNumber> forms);

    OneDnnWeights& weights_;
    std::vector<WeightId> trained_;
    UpdateRule rule_;
    std::unique_ptr<FormsByWeight> forms_; ///< written here
    std::vector<std::vector<float*>>
        wholeSlots_; ///< the slots of each weight, for rules that take all weights together
    UpdatePipeline<float, Threads> pipeline_;
    std::vector<double> gradientSquares_;
};

} // namespace gradwright::onednn
