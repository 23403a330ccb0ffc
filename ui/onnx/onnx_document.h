// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/exchange/onnx_differences.h"
#include "engine/exchange/onnx_edit.h"
#include "engine/exchange/onnx_outline.h"

#include <QObject>
#include <QStringList>
#include <QUndoStack>

#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

class QWidget;

namespace gradwright {

/// A model that is edited as the file it is. Each step is an OnnxEdits for the engine; the model of
/// now is the file with the steps made one after the other. Whatever takes a moment is done off the
/// GUI thread, with a dialog over `window` from which it can be cancelled.
class OnnxDocument final : public QObject {
    Q_OBJECT
public:
    explicit OnnxDocument(QWidget& window);

    /// False when it was cancelled. Throws Error for what cannot be read or is no ONNX model; the
    /// document then is what it was.
    bool open(const QString& file);
    /// Makes a step of it, called `text` in the menu. What is against it, in words; then, and when
    /// it was cancelled, nothing has changed.
    QString apply(const OnnxEdits& edits, const QString& text);
    /// One step back or forward.
    QString undo();
    QString redo();
    /// Checks and writes the model as the terminal does. Nothing when it was cancelled. Throws
    /// Error; nothing is written then.
    std::optional<OnnxWritten> save(const QString& to);

    /// What differs between the model as it is now and the one in the file. Nothing when it was
    /// cancelled. Throws Error for what cannot be read.
    std::optional<std::vector<OnnxDifference>> differencesFrom(const QString& file);

    [[nodiscard]] const OnnxOutline& outline() const { return outline_; }
    /// The file that was opened, and the one that it was saved as last, if any.
    [[nodiscard]] const QString& original() const { return original_; }
    [[nodiscard]] const QString& saved() const { return saved_; }
    [[nodiscard]] QUndoStack& steps() { return steps_; }
    /// Whether a thread reads, edits or writes the model meanwhile.
    [[nodiscard]] bool isWorking() const { return isWorking_; }
    [[nodiscard]] bool isModified() const { return !steps_.isClean(); }
    /// What has been changed in the file that was opened, a step each.
    [[nodiscard]] QStringList changes() const;

Q_SIGNALS:
    /// Another model, or the same one after a step.
    void changed();
    /// The model was saved, or is another one.
    void fileChanged();

private:
    void work(const QString& title,
              const std::function<void(const std::stop_token&, const std::function<void(double)>&)>&
                  action);
    QString moveTo(int index);
    [[nodiscard]] const OnnxEdits& step(int index) const;

    QWidget* window_;
    QString original_, saved_;
    std::shared_ptr<const std::string> source_; ///< the file's bytes, to which the model refers
    WireMessage model_;
    OnnxOutline outline_;
    QUndoStack steps_;
    bool isWorking_ = false;
};

} // namespace gradwright
