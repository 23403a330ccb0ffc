// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/forms/path_editor.h"

#include "ui/forms/file_dialogs.h"
#include "ui/theme/text.h"

#include <QDragEnterEvent>
#include <QFileInfo>
#include <QHBoxLayout>
#include <QLineEdit>
#include <QMenu>
#include <QMimeData>
#include <QToolButton>

namespace gradwright {

PathEditor::PathEditor(const ParamSpec& spec, const ThemeManager& themes, QWidget* parent)
    : ParamEditor(parent)
    , title_(qstr(spec.title))
    , line_(new QLineEdit) {
    setAcceptDrops(true);
    line_->setAccessibleName(title_);
    line_->setMinimumWidth(60);
    line_->setAcceptDrops(false); // as a path, not as text
    line_->setPlaceholderText(tr("File or folder"));
    auto* const button = new QToolButton;
    button->setObjectName(QStringLiteral("browse"));
    button->setIcon(themes.icon(QStringLiteral("open")));
    button->setIconSize({16, 16});
    button->setFixedSize(28, 28);
    button->setToolTip(tr("Choose a file or a folder"));
    button->setAccessibleName(tr("Choose %1").arg(title_));
    button->setPopupMode(QToolButton::InstantPopup);
    auto* const menu = new QMenu(button);
    menu->addAction(tr("Choose a file…"), this, [this] { pick(false); });
    menu->addAction(tr("Choose a folder…"), this, [this] { pick(true); });
    button->setMenu(menu);
    auto* const row = new QHBoxLayout(this);
    row->setContentsMargins(0, 0, 0, 0);
    row->setSpacing(4);
    row->addWidget(line_, 1);
    row->addWidget(button);
    setFocusProxy(line_);
    leaveUndoToProject(*line_);
    // A path is whole when the user is done with it: half of one is never opened.
    connect(line_, &QLineEdit::editingFinished, this, [this] { take(line_->text().trimmed()); });
}

void PathEditor::setValue(const ParamValue& value) {
    valid_ = std::get<std::string>(value);
    line_->setToolTip(qstr(valid_));
    if (!line_->hasFocus() || !line_->isModified())
        line_->setText(qstr(valid_));
}

void PathEditor::setMixed() {
    line_->clear();
    line_->setPlaceholderText(tr("several"));
}

void PathEditor::take(const QString& path) {
    line_->setModified(false);
    line_->setText(path);
    if (path.toStdString() != valid_) {
        valid_ = path.toStdString();
        Q_EMIT edited(valid_);
    }
    Q_EMIT finished();
}

void PathEditor::pick(bool folder) {
    const QFileInfo now(qstr(valid_));
    const QString start = valid_.empty() ? QString()
                          : now.isDir()  ? now.absoluteFilePath()
                                         : now.absolutePath();
    const QString chosen =
        folder ? askFolder(window(), title_, start) : askOpenFile(window(), title_, {}, start);
    if (!chosen.isEmpty())
        take(chosen);
}

void PathEditor::dragEnterEvent(QDragEnterEvent* event) {
    if (!droppedPath(event->mimeData()).isEmpty())
        event->acceptProposedAction();
}

void PathEditor::dropEvent(QDropEvent* event) {
    const QString path = droppedPath(event->mimeData());
    if (path.isEmpty())
        return;
    event->acceptProposedAction();
    take(path);
}

} // namespace gradwright

#include "moc_path_editor.cpp"
