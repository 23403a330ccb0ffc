// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/data/feed/reconstruction.h"

#include "engine/data/sample_origins.h"
#include "engine/support/error.h"

#include <utility>

namespace gradwright {
namespace {

class Reconstruction final : public DataSource, public SampleOrigins {
public:
    explicit Reconstruction(std::shared_ptr<const DataSource> samples)
        : samples_(std::move(samples)) {}

    [[nodiscard]] std::int64_t size() const override { return samples_->size(); }
    [[nodiscard]] const Shape& shape() const override { return samples_->shape(); }
    void input(std::int64_t index, std::span<float> out) const override {
        samples_->input(index, out);
    }
    [[nodiscard]] std::int32_t label(std::int64_t /*index*/) const override { return 0; }
    [[nodiscard]] bool isCostly() const override { return samples_->isCostly(); }
    [[nodiscard]] const Shape& targetShape() const override { return samples_->shape(); }
    void target(std::int64_t index, std::span<float> out) const override {
        samples_->input(index, out);
    }
    [[nodiscard]] std::vector<std::string> cells(std::int64_t index) const override {
        return samples_->cells(index);
    }

    [[nodiscard]] std::string origin(std::int64_t index) const override {
        const auto* const origins = dynamic_cast<const SampleOrigins*>(samples_.get());
        return origins ? origins->origin(index) : fmt::format("sample {}", index + 1);
    }

private:
    std::shared_ptr<const DataSource> samples_;
};

} // namespace

Dataset reconstructing(Dataset data) {
    if (data.info.hasClasses() && data.info.target.rank() > 0)
        throw Error("a text cannot be reconstructed: its samples are characters, not values");
    data.info.reconstructs = true;
    data.info.classes.clear();
    data.info.target = data.info.input;
    data.info.targetNames.clear();
    data.info.targetScaling.clear();
    data.training = std::make_shared<Reconstruction>(std::move(data.training));
    if (data.test)
        data.test = std::make_shared<Reconstruction>(std::move(data.test));
    return data;
}

} // namespace gradwright
