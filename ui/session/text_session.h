// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/inference/text_writer.h"
#include "ui/session/trained_model.h"

#include <QObject>
#include <QString>
#include <QTimer>

#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace gradwright {

/// Continues texts with a trained model, and says what may follow a text, on a thread of its own.
/// Of texts that come while it computes only the latest is looked at. Signals come on the GUI
/// thread, written characters at most thirty times a second.
class TextSession : public QObject {
    Q_OBJECT

public:
    explicit TextSession(QObject* parent = nullptr);
    ~TextSession() override;

    /// Ends a text that is being written, unless these are newer weights of the same network.
    void setModel(std::shared_ptr<const TrainedModel> model);
    /// Asks what may follow the text.
    void look(const QString& text);
    /// Writes until so many characters have been added or stop() is called.
    void write(const QString& prompt, const TextWish& wish);
    void stop();
    [[nodiscard]] bool isWriting() const { return writing_; }

Q_SIGNALS:
    /// The probability of each character of the vocabulary to follow the text.
    void looked(const QString& text, const std::vector<float>& probabilities, double seconds);
    void wrote(const QString& characters);
    void writingChanged(bool writing);
    void failed(const QString& reason);

private:
    struct Request {
        std::string text;
        std::optional<TextWish> wish; ///< nothing: only looked at
        int number = 0;
    };

    void work(const std::stop_token& stop);
    void answer(const Request& request, const std::stop_token& stop);
    Predictor& predictor();
    void flush();
    void end(int number, const QString& reason);

    bool writing_ = false; ///< of the GUI thread
    int number_ = 0;       ///< of the last text to be written, on the GUI thread
    QTimer flushing_;
    std::mutex mutex_;
    std::condition_variable_any changed_;
    std::shared_ptr<const TrainedModel> model_;
    bool otherNetwork_ = true;
    bool newWeights_ = false;
    std::optional<Request> waiting_;
    int stopped_ = 0;                          ///< texts up to this number end
    std::string written_;                      ///< not yet shown
    std::shared_ptr<const TrainedModel> used_; ///< of the thread alone, like the predictor
    std::unique_ptr<Predictor> predictor_;
    std::jthread thread_; ///< last: it uses all of the above
};

} // namespace gradwright
