// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/onednn/repeated_primitive.h"

#include "engine/support/error.h"

#include <utility>

namespace gradwright::onednn {

RepeatedPrimitive::RepeatedPrimitive(dnnl::primitive_desc_base pd, std::vector<Slot> slots)
    : pd_(std::move(pd))
    , slots_(std::move(slots)) {}

void RepeatedPrimitive::make() {
    primitive_ = dnnl::primitive(pd_.get());
    stream_ = dnnl::stream(cpuEngine());
    for (const auto& [argument, desc] : slots_) {
        memories_.emplace_back(desc, cpuEngine(), nullptr);
        executed_.push_back({argument, memories_.back().get()});
    }
}

void RepeatedPrimitive::run(std::span<float* const> data) {
    if (executed_.empty())
        make();
    for (std::size_t i = 0; i < memories_.size(); ++i)
        memories_[i].set_data_handle(data[i]);
    // The C call: the C++ one allocates a list of arguments each time.
    const auto status = dnnl_primitive_execute(
        primitive_.get(), stream_.get(), static_cast<int>(executed_.size()), executed_.data());
    if (status != dnnl_success)
        throw Error("oneDNN failed to run a primitive (status {})", static_cast<int>(status));
    stream_.wait();
}

} // namespace gradwright::onednn
