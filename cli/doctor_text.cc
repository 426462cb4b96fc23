#include "cli/doctor_text.h"

#include <algorithm>
#include <map>
#include <utility>
#include <nlohmann/json.hpp>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "cli/text.h"

namespace hfget::cli {
namespace {

using Findings = std::vector<v1::Finding>;
using Json = nlohmann::ordered_json;

struct Look {
  const char* name;   // in JSON
  const char* mark;
  const char* ascii;
  const char* color;  // SGR
};

Look LookOf(v1::Finding::Severity severity) {
  switch (severity) {
    case v1::Finding::SEVERITY_OK:
      return {"ok", "✓", "ok", "32"};
    case v1::Finding::SEVERITY_WARNING:
      return {"warning", "!", "!", "33"};
    case v1::Finding::SEVERITY_PROBLEM:
      return {"problem", "✗", "x", "31"};
    default:
      return {"note", "·", "-", "2"};
  }
}

std::string Colored(std::string text, const char* color, const DoctorStyle& style) {
  return style.color ? absl::StrCat("\x1b[", color, "m", text, "\x1b[0m") : text;
}

std::string Mark(const v1::Finding& finding, const DoctorStyle& style) {
  const Look look = LookOf(finding.severity());
  return Colored(PadRight(style.unicode ? look.mark : look.ascii, style.unicode ? 1 : 2), look.color, style);
}

bool IsVerdict(const v1::Finding& finding) { return finding.check() == "pull"; }

// `head`, then `body`, which goes on below itself.
std::string Paragraph(const std::string& head, const std::string& body, const DoctorStyle& style) {
  const int indent = DisplayWidth(head);
  const int room = style.width > 0 ? std::max(20, style.width - 1 - indent) : 0;
  return absl::StrCat(head, absl::StrJoin(Wrap(body, room), absl::StrCat("\n", std::string(indent, ' '))), "\n");
}

// `as`: the subject of which the same was said before; empty: it was not.
std::string Lines(const v1::Finding& finding, const std::string& as, const std::string& indent, const DoctorStyle& style) {
  const std::string head = absl::StrCat(indent, Mark(finding, style), " ");
  const std::string message = Printable(finding.message());
  const std::string evidence = Printable(finding.evidence());
  if (!as.empty()) return Paragraph(head, absl::StrCat(message, " (as for ", Printable(as), ")"), style);
  if (finding.severity() == v1::Finding::SEVERITY_OK) {
    const std::string whole = evidence.empty() ? message : absl::StrCat(message, " (", evidence, ")");
    const bool fits = style.width <= 0 || DisplayWidth(head) + DisplayWidth(whole) < style.width;
    if (!fits || evidence.empty()) return Paragraph(head, whole, style);
    return absl::StrCat(head, message, Colored(absl::StrCat(" (", evidence, ")"), "2", style), "\n");
  }
  std::string text = Paragraph(head, message, style);
  const std::string below = indent + (style.unicode ? "    " : "     ");
  if (!evidence.empty()) text += Paragraph(below + "seen: ", evidence, style);
  if (!finding.fix().empty()) text += Paragraph(below + "fix:  ", Printable(finding.fix()), style);
  return text;
}

std::vector<std::string> Subjects(const Findings& findings) {
  std::vector<std::string> subjects;
  for (const v1::Finding& finding : findings) {
    const bool known = std::find(subjects.begin(), subjects.end(), finding.subject()) != subjects.end();
    if (!known && !IsVerdict(finding)) subjects.push_back(finding.subject());
  }
  return subjects;
}

const v1::Finding* FirstProblem(const Findings& findings) {
  for (const v1::Finding& finding : findings) {
    if (finding.severity() == v1::Finding::SEVERITY_PROBLEM) return &finding;
  }
  return nullptr;
}

bool IsOneOf(const std::string& word, std::initializer_list<const char*> words) {
  return std::any_of(words.begin(), words.end(), [&](const char* w) { return word == w; });
}

}  // namespace

std::string DoctorText(const Findings& findings, const DoctorStyle& style) {
  std::string text;
  std::map<std::pair<std::string, std::string>, std::string> said;  // message and fix -> subject
  for (const std::string& subject : Subjects(findings)) {
    absl::StrAppend(&text, Colored(Printable(subject), "1", style), "\n");
    for (const v1::Finding& finding : findings) {
      if (finding.subject() != subject || IsVerdict(finding)) continue;
      const auto [before, is_new] = said.try_emplace({finding.message(), finding.fix()}, subject);
      const bool again = !is_new && before->second != subject && finding.severity() != v1::Finding::SEVERITY_OK;
      text += Lines(finding, again ? before->second : "", "  ", style);
    }
  }
  for (const v1::Finding& finding : findings) {
    if (!IsVerdict(finding)) continue;
    const v1::Finding* problem = FirstProblem(findings);
    v1::Finding verdict = finding;
    // What this side found weighs as much as what the daemon found.
    if (problem != nullptr && finding.severity() == v1::Finding::SEVERITY_OK) {
      verdict.set_severity(v1::Finding::SEVERITY_PROBLEM);
      verdict.set_message(absl::StrCat("a pull would fail: ", problem->message()));
      verdict.set_fix(problem->fix());
      verdict.clear_evidence();
    }
    text += Lines(verdict, "", "", style);
  }
  return text;
}

std::string DoctorJson(const Findings& findings, const std::string& repo) {
  Json array = Json::array();
  for (const v1::Finding& finding : findings) {
    array.push_back({{"severity", LookOf(finding.severity()).name},
                     {"check", finding.check()},
                     {"cause", finding.cause()},
                     {"subject", finding.subject()},
                     {"message", finding.message()},
                     {"evidence", finding.evidence()},
                     {"fix", finding.fix()}});
  }
  const Json json = {{"works", PullWorks(findings)}, {"repo", repo}, {"findings", std::move(array)}};
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

bool PullWorks(const Findings& findings) {
  const bool said = std::any_of(findings.begin(), findings.end(), [](const v1::Finding& finding) {
    return IsVerdict(finding) && finding.severity() == v1::Finding::SEVERITY_OK;
  });
  return said && FirstProblem(findings) == nullptr;
}

ExitCode ExitCodeOf(const Findings& findings) {
  if (PullWorks(findings)) return ExitCode::kDone;
  const v1::Finding* problem = FirstProblem(findings);
  if (problem == nullptr) return ExitCode::kFailed;  // the daemon has not come to a verdict
  const std::string& cause = problem->cause();
  if (absl::StartsWith(cause, "token-") || IsOneOf(cause, {"no-token", "gated"})) return ExitCode::kUnauthorized;
  if (IsOneOf(cause, {"repo-not-found", "revision-not-found", "disabled"})) return ExitCode::kNotFound;
  return problem->check() == "disk" ? ExitCode::kDisk : ExitCode::kNoSource;
}

}  // namespace hfget::cli
