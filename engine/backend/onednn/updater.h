// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/backend/onednn/weight_store.h"

namespace gradwright::onednn {

/// The optimizer's pass over all weights that learn, in chunks shared between the threads. It
/// writes the weights' rounded forms, too. Sums are taken chunk by chunk, so they do not depend on
/// the number of threads.
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
    /// A contiguous run of one weight.
    struct Chunk {
        std::size_t weight; ///< index of its WeightId
        std::size_t begin;  ///< in the weight
        UpdateSpan<float> span;
        float* gradient;
        float* mean; ///< slot of the average; null without
        double rateFactor;
        bool isKernel;
    };
    /// A kernel whose rows are kept short.
    struct Rows {
        WeightId id;
        std::vector<std::int32_t> of; ///< by element
        std::vector<double> squares;  ///< by row
    };

    void cutChunks();
    void gatherWhole();
    void chooseForms(std::span<const FormNumber> forms);
    /// The rule's pass gives the weights their final values.
    [[nodiscard]] bool isOnePass() const;
    void writeForms(const Chunk& chunk);
    void regularize();
    void takeLayerwiseSteps(double learningRate);
    void limitRows();
    /// visit(number) for all below `count`, on all threads.
    template <class Visit>
    void share(std::size_t count, const Visit& visit) const;
    /// visit(chunk, its number) on all threads.
    template <class Visit>
    void forEachChunk(const Visit& visit) const;
    /// The sums of values(chunk)² by weight.
    template <class Values>
    void sumSquares(const Values& values, std::vector<double>& sums) const;

    OneDnnWeights& weights_;
    Team team_;
    std::vector<WeightId> trained_;
    std::optional<UpdateRule> rule_;
    std::vector<Chunk> chunks_;
    std::vector<Rows> rows_;
    std::vector<std::vector<FormNumber>> forms_;  ///< by weight: written here
    std::vector<std::vector<float*>> wholeSlots_; ///< of whole_
    std::vector<WholeWeight<float>> whole_;       ///< for a rule that takes all weights together
    mutable std::vector<double> chunkSquares_;
    std::vector<double> gradientSquares_, weightSquares_, directionSquares_;
};

} // namespace gradwright::onednn
