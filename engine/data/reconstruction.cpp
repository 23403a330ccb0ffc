// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/data/reconstruction.h"

#include <utility>

namespace gradwright {
namespace {

class ReconstructionSource final : public DataSource {
public:
    explicit ReconstructionSource(std::shared_ptr<const DataSource> source)
        : source_(std::move(source)) {}

    [[nodiscard]] std::int64_t size() const override { return source_->size(); }
    [[nodiscard]] const Shape& shape() const override { return source_->shape(); }
    void input(std::int64_t index, std::span<float> out) const override {
        source_->input(index, out);
    }
    [[nodiscard]] std::int32_t label(std::int64_t /*index*/) const override { return 0; }
    [[nodiscard]] const Shape& targetShape() const override { return source_->shape(); }
    void target(std::int64_t index, std::span<float> out) const override {
        source_->input(index, out);
    }

private:
    std::shared_ptr<const DataSource> source_;
};

} // namespace

Dataset asReconstruction(Dataset dataset) {
    dataset.info.target = dataset.info.input;
    dataset.info.classes.clear();
    dataset.info.targetNames.clear();
    dataset.training = std::make_shared<ReconstructionSource>(std::move(dataset.training));
    dataset.test = std::make_shared<ReconstructionSource>(std::move(dataset.test));
    return dataset;
}

} // namespace gradwright
