// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/backend/gpus.h"
#include "engine/check/check.h"
#include "engine/rates/rate.h"
#include "engine/training/events.h"
#include "engine/training/trainer.h"

#include <cstddef>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace gradwright {

// Bodies of messages. Each reader takes exactly what its writer made and throws Error for anything
// else.

std::vector<std::byte> jobBody(const TrainingJob& job);
TrainingJob jobFrom(std::span<const std::byte> body);

/// A snapshot's weights are left out: they go before it, one by one.
std::vector<std::byte> eventBody(const TrainingEvent& event);
TrainingEvent eventFrom(std::span<const std::byte> body);

std::vector<std::byte> weightBody(const std::string& key, const Tensor& values);
std::pair<std::string, Tensor> weightFrom(std::span<const std::byte> body);

std::vector<std::byte> gpusBody(const GpuSearch& search);
GpuSearch gpusFrom(std::span<const std::byte> body);

std::vector<std::byte> rateBody(const Rate& rate);
Rate rateFrom(std::span<const std::byte> body);

std::vector<std::byte> caseBody(const CheckedCase& checked);
CheckedCase caseFrom(std::span<const std::byte> body);

std::vector<std::byte> textBody(const std::string& text);
std::string textFrom(std::span<const std::byte> body);

std::vector<std::byte> realBody(double value);
double realFrom(std::span<const std::byte> body);

} // namespace gradwright
