// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/onnx/onnx_document.h"

#include "engine/exchange/onnx_types.h"
#include "engine/support/error.h"
#include "engine/support/posix_file.h"
#include "engine/support/stopped.h"
#include "ui/forms/long_work.h"
#include "ui/theme/text.h"

#include <QScopedValueRollback>
#include <QWidget>

#include <algorithm>
#include <limits>
#include <span>

namespace gradwright {
namespace {

/// A record of a step: the document makes and takes it back.
class OnnxStep final : public QUndoCommand {
public:
    OnnxStep(OnnxEdits edits, const QString& text)
        : edits_(std::move(edits)) {
        setText(text);
    }
    [[nodiscard]] const OnnxEdits& edits() const { return edits_; }

private:
    OnnxEdits edits_;
};

using Progress = std::function<void(double)>;

/// With the shapes that the model does not say.
OnnxOutline outlineWithTypes(WireMessage& model) {
    auto outline = onnxOutline(model);
    outline.addTypes(inferOnnxTypes(model, outline));
    return outline;
}

std::shared_ptr<const std::string> readModel(const QString& name, const std::stop_token& stop,
                                             const Progress& progress) {
    constexpr std::size_t kPiece = std::size_t{16} << 20;
    const std::filesystem::path file = name.toStdString();
    const auto opened = openForReading(file);
    const auto size = sizeOfFile(opened.get(), file);
    if (size > std::numeric_limits<std::int32_t>::max())
        throw Error("{}: it has 2 GiB or more, which Protocol Buffers cannot hold", file.string());
    auto bytes = std::make_shared<std::string>();
    bytes->resize(static_cast<std::size_t>(size));
    for (std::size_t done = 0; done < bytes->size() && !stop.stop_requested();) {
        const auto piece = std::min(kPiece, bytes->size() - done);
        readExactly(opened.get(), std::as_writable_bytes(std::span(bytes->data() + done, piece)),
                    file);
        done += piece;
        progress(0.9 * static_cast<double>(done) / static_cast<double>(bytes->size()));
    }
    return bytes;
}

} // namespace

OnnxDocument::OnnxDocument(QWidget& window)
    : QObject(&window)
    , window_(&window) {}

void OnnxDocument::work(
    const QString& title,
    const std::function<void(const std::stop_token&, const Progress&)>& action) {
    const QScopedValueRollback working(isWorking_, true);
    workWithProgress(*window_, title, action);
}

bool OnnxDocument::open(const QString& file) {
    std::shared_ptr<const std::string> source;
    WireMessage model;
    OnnxOutline outline;
    bool isWhole = false;
    work(tr("Reading the model…"), [&](const std::stop_token& stop, const Progress& progress) {
        source = readModel(file, stop, progress);
        if (stop.stop_requested())
            return;
        try {
            model = WireMessage::parse(*source);
            outline = outlineWithTypes(model);
        } catch (const Error& error) {
            throw Error("{}: {}", file.toStdString(), error.what());
        }
        isWhole = !stop.stop_requested();
    });
    if (!isWhole)
        return false;
    steps_.clear();
    source_ = std::move(source);
    model_ = std::move(model);
    outline_ = std::move(outline);
    original_ = file;
    saved_.clear();
    Q_EMIT changed();
    Q_EMIT fileChanged();
    return true;
}

const OnnxEdits& OnnxDocument::step(int index) const {
    return static_cast<const OnnxStep*>(steps_.command(index))->edits();
}

QString OnnxDocument::apply(const OnnxEdits& edits, const QString& text) {
    OnnxOutline outline;
    bool isMade = false;
    if (isWorking_)
        return tr("The step before is not done yet.");
    try {
        work(tr("Editing the model…"), [&](const std::stop_token& stop, const Progress& progress) {
            progress(0.1);
            try {
                editOnnx(model_, edits);
                outline = outlineWithTypes(model_);
                if (!stop.stop_requested()) {
                    isMade = true;
                    return;
                }
            } catch (...) {
                model_ = WireMessage::parse(*source_);
                for (int i = 0; i < steps_.index(); ++i)
                    editOnnx(model_, step(i));
                throw;
            }
            model_ = WireMessage::parse(*source_);
            for (int i = 0; i < steps_.index(); ++i)
                editOnnx(model_, step(i));
        });
    } catch (const std::exception& error) {
        return QString::fromUtf8(error.what());
    }
    if (!isMade)
        return tr("The step was cancelled; the model is as it was.");
    outline_ = std::move(outline);
    steps_.push(new OnnxStep(edits, text));
    Q_EMIT changed();
    return {};
}

/// The file with so many of the steps.
QString OnnxDocument::moveTo(int index) {
    WireMessage model;
    OnnxOutline outline;
    bool isMade = false;
    try {
        work(tr("Editing the model…"), [&](const std::stop_token& stop, const Progress& progress) {
            model = WireMessage::parse(*source_);
            for (int i = 0; i < index && !stop.stop_requested(); ++i) {
                editOnnx(model, step(i));
                progress(static_cast<double>(i + 1) / (index + 1));
            }
            outline = outlineWithTypes(model);
            isMade = !stop.stop_requested();
        });
    } catch (const std::exception& error) {
        return QString::fromUtf8(error.what());
    }
    if (!isMade)
        return tr("The step was cancelled; the model is as it was.");
    model_ = std::move(model);
    outline_ = std::move(outline);
    steps_.setIndex(index);
    Q_EMIT changed();
    return {};
}

QString OnnxDocument::undo() {
    return steps_.canUndo() ? moveTo(steps_.index() - 1) : QString();
}

QString OnnxDocument::redo() {
    return steps_.canRedo() ? moveTo(steps_.index() + 1) : QString();
}

std::optional<OnnxWritten> OnnxDocument::save(const QString& to) {
    std::optional<OnnxWritten> written;
    work(tr("Checking and writing the model…"),
         [&](const std::stop_token& stop, const Progress& progress) {
             progress(0.1);
             const auto bytes = model_.bytes();
             progress(0.4);
             if (!stop.stop_requested())
                 written = writeEditedOnnx(bytes, original_.toStdString(), to.toStdString(), stop);
         });
    if (!written)
        return {};
    saved_ = to;
    steps_.setClean();
    Q_EMIT fileChanged();
    return written;
}

std::optional<std::vector<OnnxDifference>> OnnxDocument::differencesFrom(const QString& file) {
    std::optional<std::vector<OnnxDifference>> found;
    try {
        work(tr("Comparing the models…"), [&](const std::stop_token& stop,
                                              const Progress& progress) {
            const std::filesystem::path original = original_.toStdString();
            const auto first = readOnnx(model_.bytes(), original.parent_path());
            progress(0.3);
            const auto second = readOnnxFile(file.toStdString(), [&stop] { throwIfStopped(stop); });
            progress(0.7);
            throwIfStopped(stop);
            found = onnxDifferences(first, second);
        });
    } catch (const WorkStopped&) {
        return {};
    }
    return found;
}

QStringList OnnxDocument::changes() const {
    QStringList texts;
    for (int i = 0; i < steps_.index(); ++i)
        texts << steps_.text(i);
    return texts;
}

} // namespace gradwright

#include "moc_onnx_document.cpp"
