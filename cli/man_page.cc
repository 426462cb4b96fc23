#include "cli/man_page.h"

#include <CLI/CLI.hpp>
#include <functional>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "cli/command_line.h"
#include "cli/exit_code.h"
#include "cli/manual.h"
#include "cli/roff.h"

namespace hfget::cli {
namespace {

// Options in it are about the daemon, and the same everywhere.
constexpr char kDaemonGroup[] = "Daemon";

std::vector<const CLI::App*> CommandsOf(const CLI::App& app) {
  return app.get_subcommands([](const CLI::App*) { return true; });
}

const CLI::App& FindCommand(const CLI::App& app, absl::string_view command) {
  for (const CLI::App* one : CommandsOf(app)) {
    if (one->get_name() == command) return *one;
  }
  return app;
}

// "hfget auth login", as it is typed.
std::string Typed(const CLI::App& app) {
  return app.get_parent() == nullptr ? app.get_name() : absl::StrCat(Typed(*app.get_parent()), " ", app.get_name());
}

std::string Sentence(const std::string& text) {
  const bool ended = text.empty() || absl::ascii_ispunct(text.back());
  return RoffText(absl::StrCat(text, ended && text.back() != ')' ? "" : "."));
}

// "--local-dir DIR", "-q, --quiet", "REPO".
std::string Term(const CLI::Option& option) {
  if (!option.nonpositional()) return RoffItalic(option.get_type_name());
  std::vector<std::string> names;
  for (const std::string& name : option.get_snames()) names.push_back(RoffBold("-" + name));
  for (const std::string& name : option.get_lnames()) names.push_back(RoffBold("--" + name));
  const bool flag = option.get_expected_max() == 0;
  return absl::StrCat(absl::StrJoin(names, ", "), flag ? "" : " ", flag ? "" : RoffItalic(option.get_type_name()));
}

std::string Synopsis(const CLI::App& app) {
  std::string line = RoffBold(Typed(app));
  if (!app.get_options().empty()) absl::StrAppend(&line, " [", RoffItalic("OPTIONS"), "]");
  for (const CLI::Option* option : app.get_options([](const CLI::Option* o) { return o->get_positional(); })) {
    const std::string word = RoffItalic(option->get_type_name());
    const std::string more = option->get_expected_max() > 1 ? " ..." : "";
    absl::StrAppend(&line, " ", option->get_required() ? word + more : absl::StrCat("[", word, more, "]"));
  }
  if (!CommandsOf(app).empty()) {
    const bool must = app.get_require_subcommand_min() > 0;
    absl::StrAppend(&line, must ? " " : " [", RoffItalic("COMMAND"), must ? "" : "]");
  }
  return line;
}

void AddOptions(const CLI::App& app, const std::function<bool(const CLI::Option&)>& keep, RoffPage* page) {
  for (const CLI::Option* option : app.get_options()) {
    if (keep(*option)) page->Item(Term(*option), Sentence(option->get_description()));
  }
}

bool IsOfDaemon(const CLI::Option& option) { return option.get_group() == kDaemonGroup; }

void AddOwnOptions(const CLI::App& app, RoffPage* page) {
  page->Section("OPTIONS");
  AddOptions(app, [](const CLI::Option& option) { return !IsOfDaemon(option); }, page);
  for (const CLI::App* command : CommandsOf(app)) {
    if (app.get_parent() == nullptr) break;  // those of hfget itself have pages of their own
    page->Subsection(Typed(*command));
    page->Paragraph(Sentence(command->get_description()));
    AddOptions(*command, [](const CLI::Option& option) { return !IsOfDaemon(option); }, page);
  }
  page->Section("OPTIONS ABOUT THE DAEMON");
  // A group has none itself, and all of its commands the same.
  const std::vector<const CLI::App*> commands = CommandsOf(app);
  const bool bare = app.get_parent() != nullptr && !commands.empty();
  AddOptions(bare ? *commands[0] : app, IsOfDaemon, page);
}

// What the definitions say at the end of --help, without the exit codes, which have a section of their own.
void AddFooter(const CLI::App& app, RoffPage* page) {
  std::string footer = app.get_footer();
  footer = std::string(absl::StripAsciiWhitespace(absl::StripSuffix(footer, ExitCodeHelp())));
  if (!footer.empty()) page->Paragraph(RoffText(footer));
}

void AddCommands(const CLI::App& app, RoffPage* page) {
  page->Section("COMMANDS");
  for (const CLI::App* command : CommandsOf(app)) page->Item(RoffBold(Typed(*command)), Sentence(command->get_description()));
}

void AddExitStatus(RoffPage* page) {
  page->Section("EXIT STATUS");
  for (const ExitCodeMeaning& code : ExitCodes()) {
    page->Item(RoffBold(absl::StrCat(static_cast<int>(code.code))), Sentence(std::string(code.meaning)));
  }
}

void AddEntries(const char* title, absl::Span<const ManualEntry> entries, RoffPage* page) {
  page->Section(title);
  for (const ManualEntry& entry : entries) page->Item(RoffBold(entry.term), RoffText(entry.text));
}

void AddExamples(absl::string_view command, RoffPage* page) {
  bool any = false;
  for (const ManualExample& example : ManualExamples()) {
    if (example.command != command) continue;
    if (!std::exchange(any, true)) page->Section("EXAMPLES");
    page->Paragraph(RoffText(example.text));
    page->Code(example.line);
  }
}

void AddSeeAlso(const CLI::App& root, const CLI::App& app, RoffPage* page) {
  page->Section("SEE ALSO");
  std::vector<std::string> pages;
  if (&app != &root) pages.push_back(RoffBold("hfget") + "(1)");
  for (const std::string& command : CommandsWithPage(root)) {
    if (&app == &root) pages.push_back(absl::StrCat(RoffBold("hfget-" + command), "(1)"));
  }
  page->Paragraph(absl::StrJoin(pages, ", "));
}

}  // namespace

std::vector<std::string> CommandsWithPage(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::App* command : CommandsOf(app)) names.push_back(command->get_name());
  return names;
}

std::string ManPageName(absl::string_view command) { return absl::StrCat("hfget", command.empty() ? "" : "-", command, ".1"); }

std::string ManPage(const CLI::App& root, absl::string_view command) {
  const CLI::App& app = FindCommand(root, command);
  RoffPage page(absl::StripSuffix(ManPageName(command), ".1"), 1, "hfget " HFGET_VERSION);
  page.Section("NAME");
  page.Paragraph(absl::StrCat(RoffText(absl::StripSuffix(ManPageName(command), ".1")), " \\- ",
                              RoffText(absl::StripSuffix(app.get_description(), "."))));
  page.Section("SYNOPSIS");
  page.Paragraph(Synopsis(app));
  for (const CLI::App* one : CommandsOf(app)) {
    if (!command.empty()) page.Paragraph(Synopsis(*one));
  }
  page.Section("DESCRIPTION");
  page.Paragraph(Sentence(app.get_description()));
  AddFooter(app, &page);
  if (command.empty()) AddCommands(app, &page);
  AddOwnOptions(app, &page);
  AddExitStatus(&page);
  if (command.empty()) {
    AddEntries("ENVIRONMENT", ManualVariables(), &page);
    AddEntries("FILES", ManualFiles(), &page);
  }
  AddExamples(command, &page);
  AddSeeAlso(root, app, &page);
  return page.text();
}

}  // namespace hfget::cli
