// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QString>

#include <cstdint>

class QFrame;
class QHBoxLayout;
class QLabel;
class QVBoxLayout;

namespace gradwright {

struct TrainedModel;

/// A frame with a title; more goes beside the title and below it.
struct Card {
    QFrame* frame = nullptr;
    QLabel* title = nullptr;
    QHBoxLayout* header = nullptr;
    QVBoxLayout* body = nullptr;
};
Card makeCard(const QString& title);

QLabel* mutedLabel(const QString& text);

/// What is right for a sample of the test set: its class or its values in their own units. Empty
/// where the target is an image or a text.
QString truthOf(const TrainedModel& model, std::int64_t sample);

} // namespace gradwright
