// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/drawing/drawn_set_dialog.h"

#include "engine/data/images/added_images.h"
#include "ui/forms/file_dialogs.h"
#include "ui/theme/text.h"

#include <QDialogButtonBox>
#include <QFormLayout>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QVBoxLayout>

#include <algorithm>
#include <system_error>

namespace gradwright {
namespace {

namespace fs = std::filesystem;

constexpr int kDialogWidth = 460;

QLabel* wrapped(const char* role) {
    auto* const label = new QLabel;
    label->setProperty("textRole", QLatin1String(role));
    label->setTextFormat(Qt::PlainText);
    label->setWordWrap(true);
    return label;
}

} // namespace

DrawnSetDialog::DrawnSetDialog(fs::path root, std::vector<std::string> classes, QWidget* parent)
    : QDialog(parent)
    , root_(std::move(root))
    , classes_(std::move(classes))
    , name_(new QLineEdit(QStringLiteral("drawings")))
    , place_(wrapped("muted"))
    , problem_(wrapped("error")) {
    setAttribute(Qt::WA_DeleteOnClose);
    setObjectName(QStringLiteral("drawnSetDialog"));
    setWindowTitle(tr("Where to keep your images"));
    setMinimumWidth(kDialogWidth);
    auto* const text = wrapped("muted");
    text->setText(
        tr("Images that you add are files in a folder of their own, one folder per class. "
           "They are trained on together with the project's data; the folder can be "
           "opened as a data set of its own, too."));
    name_->setObjectName(QStringLiteral("drawnSetName"));
    name_->setAccessibleName(tr("Name of the new set"));
    name_->selectAll();
    place_->setObjectName(QStringLiteral("drawnSetPlace"));
    problem_->setObjectName(QStringLiteral("drawnSetProblem"));
    auto* const form = new QFormLayout;
    form->addRow(tr("&Name"), name_);
    form->addRow(tr("Folder"), place_);
    auto* const buttons = new QDialogButtonBox(QDialogButtonBox::Cancel);
    accept_ = buttons->addButton(tr("Add"), QDialogButtonBox::AcceptRole);
    accept_->setObjectName(QStringLiteral("drawnSetAccept"));
    accept_->setDefault(true);
    auto* const other =
        buttons->addButton(tr("&Use a folder that is there…"), QDialogButtonBox::ActionRole);
    other->setObjectName(QStringLiteral("drawnSetExisting"));
    other->setAutoDefault(false);
    auto* const layout = new QVBoxLayout(this);
    layout->setSpacing(12);
    layout->addWidget(text);
    layout->addLayout(form);
    layout->addWidget(problem_);
    layout->addWidget(buttons);
    connect(buttons, &QDialogButtonBox::accepted, this, &QDialog::accept);
    connect(buttons, &QDialogButtonBox::rejected, this, &QDialog::reject);
    connect(other, &QPushButton::clicked, this, &DrawnSetDialog::chooseExisting);
    connect(name_, &QLineEdit::textEdited, this, [this] {
        existing_.clear();
        check();
    });
    name_->setFocus();
    check();
}

fs::path DrawnSetDialog::folder() const {
    return existing_.empty() ? root_ / name_->text().trimmed().toStdString() : existing_;
}

void DrawnSetDialog::chooseExisting() {
    const QString chosen =
        askFolder(this, tr("A folder that holds one folder of images per class"));
    if (chosen.isEmpty())
        return;
    existing_ = chosen.toStdString();
    check();
    accept_->setFocus();
}

QString DrawnSetDialog::problem() const {
    std::error_code error;
    const auto name = name_->text().trimmed();
    if (existing_.empty()) {
        if (name.isEmpty())
            return tr("The set needs a name");
        if (name.contains(u'/') || name.startsWith(u'.'))
            return tr("A name has no “/” and no point in front");
        if (fs::exists(folder(), error) && !fs::is_directory(folder(), error))
            return tr("There is a file of that name");
    }
    if (!fs::exists(folder(), error))
        return {};
    for (fs::directory_iterator it(folder(), error), end; !error && it != end;
         it.increment(error)) {
        const auto inner = it->path().filename().string();
        const bool isClass = std::ranges::any_of(
            classes_, [&](const std::string& each) { return classFolderName(each) == inner; });
        if (it->is_directory(error) && !inner.starts_with('.') && !isClass)
            return tr("It holds the folder “%1”, which is no class of the project's data; the "
                      "classes are %2")
                .arg(qstr(inner), shortList());
    }
    return error ? tr("It cannot be read: %1").arg(qstr(error.message())) : QString();
}

QString DrawnSetDialog::shortList() const {
    constexpr std::size_t kListed = 12;
    QStringList names;
    for (std::size_t i = 0; i < std::min(kListed, classes_.size()); ++i)
        names << qstr(classes_[i]);
    return names.join(QStringLiteral(", ")) +
           (classes_.size() > kListed ? QStringLiteral(", …") : QString());
}

void DrawnSetDialog::check() {
    place_->setText(qstr(folder().string()));
    const QString wrong = problem();
    problem_->setText(wrong);
    problem_->setVisible(!wrong.isEmpty());
    accept_->setEnabled(wrong.isEmpty());
}

} // namespace gradwright

#include "moc_drawn_set_dialog.cpp"
