// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/forms/param_form.h"

#include "engine/support/error.h"
#include "ui/forms/path_editor.h"
#include "ui/forms/search_combo.h"
#include "ui/glossary/explanation.h"
#include "ui/glossary/glossary.h"
#include "ui/theme/fuzzy.h"
#include "ui/theme/spoken.h"
#include "ui/theme/text.h"
#include "ui/theme/theme_manager.h"

#include <QCheckBox>
#include <QGridLayout>
#include <QHBoxLayout>
#include <QKeyEvent>
#include <QLabel>
#include <QSignalBlocker>
#include <QStyle>
#include <QToolButton>

#include <algorithm>
#include <cmath>

namespace gradwright {
namespace {

constexpr int kNameWidth = 114;
constexpr int kBoltWidth = 18;
constexpr int kUnitMargin = 8;

QString textOf(const ParamSpec& spec, const ParamValue& value) {
    if (!spec.zeroName.empty() &&
        (value == ParamValue(0.0) || value == ParamValue(std::int64_t{0})))
        return qstr(spec.zeroName);
    if (const auto* real = std::get_if<double>(&value))
        return QString::number(*real, 'g', 6);
    return qstr(toString(value));
}

double numberOf(const ParamValue& value) {
    if (const auto* real = std::get_if<double>(&value))
        return *real;
    const auto* integer = std::get_if<std::int64_t>(&value);
    return integer ? static_cast<double>(*integer) : 0;
}

} // namespace

NumberEdit::NumberEdit(ParamSpec spec, QWidget* parent)
    : QLineEdit(parent)
    , spec_(std::move(spec)) {
    if (spec_.unit.empty())
        return;
    unit_ = new QLabel(qstr(spec_.unit), this);
    unit_->setProperty("textRole", QStringLiteral("muted"));
    unit_->setAttribute(Qt::WA_TransparentForMouseEvents);
}

void NumberEdit::showValue(const ParamValue& value) {
    const QString shown = textOf(spec_, value);
    if (text() != shown && !(hasFocus() && isModified()))
        setText(shown);
    if (unit_ != nullptr)
        unit_->setVisible(spec_.zeroName.empty() || shown != qstr(spec_.zeroName));
}

void NumberEdit::resizeEvent(QResizeEvent* event) {
    QLineEdit::resizeEvent(event);
    if (unit_ == nullptr)
        return;
    const int wide = unit_->sizeHint().width();
    unit_->setGeometry(width() - wide - kUnitMargin, 0, wide, height());
    setTextMargins(0, 0, wide + kUnitMargin, 0);
}

ParamValue NumberEdit::stepped(const ParamValue& value, int direction) const {
    const double number = numberOf(value);
    if (spec_.type == ParamType::Int)
        return static_cast<std::int64_t>(number) + direction;
    if (number <= 0)
        return direction > 0 ? (spec_.logarithmic ? 1e-6 : 0.1) : 0.0;
    // 1, 2, 5, 10 … where magnitudes matter, else tenths of the leading digit's place.
    const double place = std::pow(10, std::floor(std::log10(number) + 1e-9));
    if (!spec_.logarithmic)
        return std::round((number + direction * place / 10) / (place / 10)) * (place / 10);
    const double digit = number / place;
    if (direction > 0)
        return place * (digit < 1.99 ? 2 : digit < 4.99 ? 5 : 10);
    return place * (digit > 5.01 ? 5 : digit > 2.01 ? 2 : digit > 1.01 ? 1 : 0.5);
}

void NumberEdit::keyPressEvent(QKeyEvent* event) {
    const bool up = event->key() == Qt::Key_Up;
    if (!up && event->key() != Qt::Key_Down) {
        QLineEdit::keyPressEvent(event);
        return;
    }
    try {
        const auto value = stepped(paramFromText(spec_, text().toStdString()), up ? 1 : -1);
        if (!whyInvalid(spec_, value)) {
            setText(textOf(spec_, value));
            Q_EMIT editingFinished();
        }
    } catch (const Error&) {
        return; // the message beneath the field says what is wrong already
    }
}

ParamForm::ParamForm(ParamSpecs specs, std::string scope, ThemeManager& theme, QWidget* parent)
    : QWidget(parent)
    , theme_(&theme)
    , specs_(std::move(specs))
    , scope_(std::move(scope)) {
    auto* grid = new QGridLayout(this);
    grid->setContentsMargins(0, 0, 0, 0);
    grid->setHorizontalSpacing(2);
    grid->setVerticalSpacing(0);
    grid->setColumnMinimumWidth(0, kNameWidth);
    grid->setColumnMinimumWidth(1, kBoltWidth);
    grid->setColumnStretch(2, 1);
    for (const auto& spec : specs_)
        if (!spec.advanced)
            addRow(spec);
    if (std::ranges::any_of(specs_, &ParamSpec::advanced))
        addMore();
    for (const auto& spec : specs_)
        if (spec.advanced)
            addRow(spec);
    updateVisibility();
}

/// The choices with the glossary's terms for them: "optimizer/adam", "precision/bf16".
std::vector<ParamChoice> ParamForm::explained(const std::string& key,
                                              std::vector<ParamChoice> choices) {
    for (ParamChoice& choice : choices)
        choice.doc =
            explanationTip(Glossary::own().explaining(key + '/' + choice.key), qstr(choice.doc))
                .toStdString();
    return choices;
}

/// Where all rows are advanced there is nothing to fold them behind: the section does that.
void ParamForm::addMore() {
    if (rows_.empty())
        return;
    more_ = new QToolButton;
    more_->setObjectName(QStringLiteral("more"));
    more_->setText(tr("More"));
    more_->setCheckable(true);
    more_->setProperty("kind", QStringLiteral("section"));
    more_->setToolButtonStyle(Qt::ToolButtonTextBesideIcon);
    more_->setIconSize({14, 14});
    const auto showIcon = [this] {
        more_->setIcon(theme_->icon(more_->isChecked() ? QStringLiteral("chevron-down")
                                                       : QStringLiteral("chevron-right")));
    };
    showIcon();
    connect(more_, &QToolButton::toggled, this, [this, showIcon] {
        showIcon();
        updateVisibility();
    });
    static_cast<QGridLayout*>(layout())->addWidget(more_, static_cast<int>(rows_.size()) * 2, 0, 1,
                                                   3, Qt::AlignLeft);
}

void ParamForm::addRow(const ParamSpec& spec) {
    auto* label = new QLabel(qstr(spec.title));
    auto* bolt = new QLabel;
    auto* editor = makeEditor(spec);
    auto* problem = new QLabel;
    label->setProperty("textRole", QStringLiteral("muted"));
    label->setMinimumHeight(28);
    label->setFixedWidth(kNameWidth);
    label->setWordWrap(true);
    label->setBuddy(editor);
    bolt->setFixedSize(kBoltWidth, 28);
    problem->setProperty("textRole", QStringLiteral("error"));
    problem->setWordWrap(true);
    problem->hide();
    editor->setObjectName(qstr(spec.key));
    editor->setAccessibleName(qstr(spec.title));
    for (QWidget* const each : std::initializer_list<QWidget*>{label, editor})
        explainParam(*each, spec, scope_ + '/' + spec.key);
    auto* field = new QWidget;
    auto* fieldLayout = new QHBoxLayout(field);
    fieldLayout->setContentsMargins(0, 2, 0, 2);
    fieldLayout->addWidget(editor, 1);
    auto* grid = static_cast<QGridLayout*>(layout());
    const int row = static_cast<int>(rows_.size()) * 2 + (spec.advanced ? 1 : 0);
    grid->addWidget(label, row, 0);
    grid->addWidget(bolt, row, 1);
    grid->addWidget(field, row, 2);
    grid->addWidget(problem, row + 1, 0, 1, 3);
    rows_.push_back({spec, label, bolt, editor, field, problem});
    showValue(rows_.back());
}

QWidget* ParamForm::makeEditor(const ParamSpec& spec) {
    const auto key = spec.key;
    if (spec.type == ParamType::Bool) {
        auto* box = new QCheckBox;
        connect(box, &QCheckBox::clicked, this, [this, key](bool on) { accept(key, on); });
        return box;
    }
    if (spec.type == ParamType::Choice) {
        auto* combo = new SearchCombo(explained(key, spec.choices));
        combo->setMinimumWidth(60);
        connect(combo, &SearchCombo::keyChosen, this,
                [this, key](const std::string& chosen) { accept(key, chosen); });
        return combo;
    }
    if (spec.type == ParamType::Path) {
        auto* path = new PathEditor(spec, *theme_);
        connect(path, &ParamEditor::edited, this,
                [this, key](const ParamValue& value) { accept(key, value); });
        return path;
    }
    auto* edit = new NumberEdit(spec);
    edit->setMinimumWidth(50);
    connect(edit, &QLineEdit::textEdited, this,
            [this, key](const QString& text) { check(key, text, false); });
    connect(edit, &QLineEdit::editingFinished, this, [this, key, edit] {
        edit->setModified(false); // from here on the field shows what is in force
        check(key, edit->text(), true);
    });
    return edit;
}

void ParamForm::check(const std::string& key, const QString& text, bool commit) {
    const auto& shown = row(key);
    try {
        const auto value = paramFromText(shown.spec, text.toStdString());
        const auto problem = whyInvalid(shown.spec, value);
        showProblem(shown, problem ? qstr(*problem) : QString());
        if (!problem && commit) {
            accept(key, value);
            showValue(shown); // a 0 that was typed gets its name
        }
    } catch (const Error& error) {
        showProblem(shown, QString::fromUtf8(error.what()));
    }
}

void ParamForm::accept(const std::string& key, const ParamValue& value) {
    if (Params(specs_, values_).value(key) == value)
        return;
    values_.insert_or_assign(key, value);
    updateVisibility();
    Q_EMIT edited(key, value);
}

void ParamForm::setValues(const ParamValues& values) {
    values_.clear();
    for (const auto& [key, value] : values)
        if (findParam(specs_, key))
            values_.emplace(key, value);
    for (const auto& shown : rows_)
        showValue(shown);
    updateVisibility();
}

void ParamForm::setChoices(const std::string& key, const std::vector<ParamChoice>& choices) {
    const auto& shown = row(key);
    if (auto* combo = qobject_cast<SearchCombo*>(shown.editor)) {
        const QSignalBlocker quiet(combo);
        combo->setChoices(explained(key, choices));
    }
    showValue(shown);
}

void ParamForm::showValue(const Row& shown) {
    const auto& value = Params(specs_, values_).value(shown.spec.key);
    const QSignalBlocker quiet(shown.editor);
    if (auto* box = qobject_cast<QCheckBox*>(shown.editor))
        box->setChecked(std::get<bool>(value));
    else if (auto* combo = qobject_cast<SearchCombo*>(shown.editor))
        combo->choose(std::get<std::string>(value));
    else if (auto* path = qobject_cast<PathEditor*>(shown.editor))
        path->setValue(value);
    else if (auto* edit = qobject_cast<NumberEdit*>(shown.editor))
        edit->showValue(value);
    if (shown.problem->isVisibleTo(this) && !shown.editor->hasFocus())
        showProblem(shown, {});
}

void ParamForm::showProblem(const Row& shown, const QString& problem) {
    const bool invalid = !problem.isEmpty();
    shown.problem->setText(problem);
    shown.problem->setVisible(invalid);
    if (shown.editor->property("invalid").toBool() == invalid)
        return;
    shown.editor->setProperty("invalid", invalid);
    shown.editor->style()->unpolish(shown.editor);
    shown.editor->style()->polish(shown.editor);
}

void ParamForm::markLive(const std::string& key) {
    for (auto& shown : rows_) {
        if (shown.spec.key != key)
            continue;
        shown.live = true;
        shown.bolt->setPixmap(
            theme_->icon(QStringLiteral("bolt"), &Theme::warning).pixmap(QSize(14, 14)));
        connect(theme_, &ThemeManager::changed, shown.bolt, [this, bolt = shown.bolt] {
            bolt->setPixmap(
                theme_->icon(QStringLiteral("bolt"), &Theme::warning).pixmap(QSize(14, 14)));
        });
        shown.bolt->setToolTip(tr("Can be changed while training runs"));
    }
}

void ParamForm::setLocked(bool locked) {
    for (const auto& shown : rows_)
        shown.editor->setEnabled(!locked || shown.live);
}

void ParamForm::updateVisibility() {
    const Params params(specs_, values_);
    const bool isUnfolded = more_ == nullptr || more_->isChecked();
    QStringList folded;
    for (const auto& shown : rows_) {
        const bool offered = isOffered(shown);
        const bool isFolded = shown.spec.advanced && !isUnfolded && filter_.isEmpty() &&
                              params.value(shown.spec.key) == shown.spec.defaultValue;
        const bool visible = offered && !isFolded && answersFilter(shown);
        if (offered && shown.spec.advanced)
            folded << qstr(shown.spec.title);
        shown.label->setVisible(visible);
        shown.bolt->setVisible(visible);
        shown.field->setVisible(visible);
        if (!visible)
            showProblem(shown, {});
    }
    if (more_ != nullptr) {
        more_->setVisible(!folded.isEmpty() && filter_.isEmpty());
        more_->setToolTip(tr("Rarely changed: %1").arg(folded.join(QStringLiteral(", "))));
    }
}

bool ParamForm::isOffered(const Row& row) const {
    return gradwright::isVisible(row.spec, Params(specs_, values_)) &&
           (!suits_ || suits_(row.spec));
}

bool ParamForm::answersFilter(const Row& row) const {
    if (filter_.isEmpty())
        return true;
    const GlossaryTerm* const term = termAt(row.editor);
    const QString names =
        qstr(row.spec.title) + (term == nullptr ? QString() : QLatin1Char(' ') + qstr(term->title));
    return answersWords(names, filter_) ||
           qstr(row.spec.doc).contains(filter_, Qt::CaseInsensitive);
}

void ParamForm::setOffered(std::function<bool(const ParamSpec&)> suits) {
    suits_ = std::move(suits);
    updateVisibility();
}

ParamSpecs ParamForm::offered() const {
    ParamSpecs specs;
    for (const Row& each : rows_)
        if (isOffered(each))
            specs.push_back(each.spec);
    return specs;
}

bool ParamForm::setFilter(const QString& typed) {
    filter_ = typed.trimmed();
    updateVisibility();
    return std::ranges::any_of(
        rows_, [this](const Row& each) { return isOffered(each) && answersFilter(each); });
}

void ParamForm::reveal(const std::string& key) {
    const Row& shown = row(key);
    if (shown.spec.advanced && more_ != nullptr)
        more_->setChecked(true);
    shown.editor->setFocus(Qt::ShortcutFocusReason);
}

QWidget* ParamForm::editor(const std::string& key) const {
    return row(key).editor;
}

const ParamForm::Row& ParamForm::row(const std::string& key) const {
    const auto found = std::ranges::find(rows_, key, [](const Row& r) { return r.spec.key; });
    if (found == rows_.end())
        throw Error("the form has no parameter \"{}\"", key);
    return *found;
}

} // namespace gradwright

#include "moc_param_form.cpp"
