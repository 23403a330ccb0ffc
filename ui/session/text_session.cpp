// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/session/text_session.h"

#include "engine/backend/compute_threads.h"
#include "engine/support/error.h"
#include "engine/support/scheduling.h"

#include <QMetaObject>

#include <chrono>
#include <exception>
#include <utility>

namespace gradwright {
namespace {

constexpr int kFlushInterval = 33; // ms

} // namespace

TextSession::TextSession(QObject* parent)
    : QObject(parent)
    , thread_([this](const std::stop_token& stop) { work(stop); }) {
    flushing_.setInterval(kFlushInterval);
    connect(&flushing_, &QTimer::timeout, this, &TextSession::flush);
}

TextSession::~TextSession() {
    stop();
    thread_.request_stop();
    thread_.join();
}

void TextSession::setModel(std::shared_ptr<const TrainedModel> model) {
    bool dropped = false;
    {
        const std::lock_guard lock(mutex_);
        const bool same = model && model_ && model->takesWeights() && model_->takesWeights() &&
                          model->run == model_->run && model->choice == model_->choice;
        model_ = std::move(model);
        if (same) {
            newWeights_ = true;
            return;
        }
        otherNetwork_ = true;
        stopped_ = number_;
        dropped = waiting_ && waiting_->wish;
        waiting_.reset();
    }
    if (dropped)
        end(number_, {});
}

void TextSession::look(const QString& text) {
    const std::lock_guard lock(mutex_);
    if (waiting_ && waiting_->wish)
        return; // a text is about to be written: what follows it is asked for afterwards
    waiting_ = Request{text.toStdString(), {}, number_};
    changed_.notify_one();
}

void TextSession::write(const QString& prompt, const TextWish& wish) {
    {
        const std::lock_guard lock(mutex_);
        stopped_ = number_;
        waiting_ = Request{prompt.toStdString(), wish, ++number_};
        written_.clear();
        changed_.notify_one();
    }
    flushing_.start();
    if (!std::exchange(writing_, true))
        Q_EMIT writingChanged(true);
}

void TextSession::stop() {
    const std::lock_guard lock(mutex_);
    stopped_ = number_;
}

void TextSession::flush() {
    std::string text;
    {
        const std::lock_guard lock(mutex_);
        text = std::exchange(written_, {});
    }
    if (!text.empty())
        Q_EMIT wrote(QString::fromStdString(text));
}

void TextSession::end(int number, const QString& reason) {
    if (number != number_)
        return; // another text is being written
    flushing_.stop();
    flush();
    if (std::exchange(writing_, false))
        Q_EMIT writingChanged(false);
    if (!reason.isEmpty())
        Q_EMIT failed(reason);
}

void TextSession::work(const std::stop_token& stop) {
    // One sample is too little work to share, and training may want the other cores.
    setComputeThreads(1);
    setScheduling(Scheduling::Responsive);
    for (;;) {
        Request request;
        {
            std::unique_lock lock(mutex_);
            if (!changed_.wait(lock, stop, [this] { return waiting_.has_value(); }))
                return;
            request = std::move(*std::exchange(waiting_, std::nullopt));
        }
        QString reason;
        try {
            answer(request, stop);
        } catch (const std::exception& error) {
            reason = QString::fromUtf8(error.what());
        }
        QMetaObject::invokeMethod(
            this,
            [this, reason, number = request.number, wrote = request.wish.has_value()] {
                if (wrote)
                    end(number, reason);
                else if (!reason.isEmpty())
                    Q_EMIT failed(reason);
            },
            Qt::QueuedConnection);
    }
}

/// With the newest weights of the network in use.
Predictor& TextSession::predictor() {
    bool anew = false;
    bool refresh = false;
    {
        const std::lock_guard lock(mutex_);
        anew = std::exchange(otherNetwork_, false) || !predictor_;
        refresh = std::exchange(newWeights_, false);
        used_ = model_;
    }
    if (!used_)
        throw Error("nothing is trained yet");
    if (anew) {
        predictor_.reset();
        predictor_ = used_->predictor();
    } else if (refresh) {
        predictor_->setWeights(*used_->weights);
    }
    return *predictor_;
}

void TextSession::answer(const Request& request, const std::stop_token& stop) {
    const auto start = std::chrono::steady_clock::now();
    auto& network = predictor();
    const auto& vocabulary = used_->data->info.classes;
    if (request.wish) {
        continueText(network, vocabulary, request.text, *request.wish,
                     [&](std::string_view character) {
                         const std::lock_guard lock(mutex_);
                         if (stopped_ >= request.number)
                             return false;
                         written_ += character;
                         return !stop.stop_requested();
                     });
        return;
    }
    auto probabilities = nextCharacter(network, vocabulary, request.text);
    const double seconds =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    QMetaObject::invokeMethod(
        this,
        [this, text = QString::fromStdString(request.text),
         probabilities = std::move(probabilities),
         seconds] { Q_EMIT looked(text, probabilities, seconds); },
        Qt::QueuedConnection);
}

} // namespace gradwright

#include "moc_text_session.cpp"
