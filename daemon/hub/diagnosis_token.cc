#include "daemon/hub/diagnosis_token.h"

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "daemon/hub/path_check.h"

namespace hfget::hub {
namespace {

Finding Make(Severity severity, absl::string_view cause, std::string message, std::string evidence, std::string fix) {
  Finding finding;
  finding.severity = severity;
  finding.check = "token";
  finding.cause = std::string(cause);
  finding.message = std::move(message);
  finding.evidence = std::move(evidence);
  finding.fix = std::move(fix);
  return finding;
}

bool IsVariable(absl::string_view origin) { return origin == "HF_TOKEN" || origin == "HUGGING_FACE_HUB_TOKEN"; }

// What is in front of a login has to go first.
std::string Replace(const TokenEvidence& token) {
  const std::string make = absl::StrCat("make one at ", token.home, "/settings/tokens, then ");
  if (IsVariable(token.origin)) return absl::StrCat(make, "export ", token.origin, "=…, or unset ", token.origin, " && hfget auth login");
  if (token.origin == "--token") return absl::StrCat(make, "pass it, or leave --token out for a public repo");
  return absl::StrCat(make, "hfget auth login");
}

Finding Absent(const TokenEvidence& token) {
  if (token.forbidden) {
    return Make(Severity::kNote, "token-forbidden", "no token is used, as was asked for: private and gated repos cannot be pulled",
                token.origin, "unset HF_HUB_DISABLE_IMPLICIT_TOKEN, or name a token file that is not empty");
  }
  return Make(Severity::kNote, "no-token", "there is no token: public repos can be pulled, private and gated ones cannot",
              "none of HF_TOKEN, HUGGING_FACE_HUB_TOKEN and the token file holds one",
              absl::StrCat("hfget auth login, or set HF_TOKEN; tokens are made at ", token.home, "/settings/tokens"));
}

Finding Accepted(const TokenEvidence& token) {
  const Account& account = *token.account;
  const bool fine_grained = account.token_role == "fineGrained";
  std::string evidence = absl::StrCat(token.source, " says: ", account.name);
  if (!account.token_role.empty()) absl::StrAppend(&evidence, ", role ", account.token_role);
  return Make(Severity::kOk, "token-valid",
              absl::StrCat("the token ", token.hint, " is ", account.name, "'s",
                           fine_grained ? "; it is fine-grained: it opens the repos that it names, and gated ones only when "
                                          "\"read access to public gated repos\" is ticked"
                                        : ""),
              std::move(evidence), "");
}

}  // namespace

Finding JudgeToken(const TokenEvidence& token) {
  Finding finding;
  if (!token.present) {
    finding = Absent(token);
  } else if (token.word == TokenEvidence::Word::kAccepted && token.account) {
    finding = Accepted(token);
  } else if (token.word == TokenEvidence::Word::kRefused) {
    finding = Make(token.ambient ? Severity::kWarning : Severity::kProblem, "token-refused",
                   absl::StrCat("the hub refuses the token ", token.hint, ": it is expired, revoked or mistyped",
                                token.ambient ? "; public repos are pulled without it" : ""),
                   absl::StrCat(token.source, " answers 401 \"Invalid credentials in Authorization header\""), Replace(token));
  } else if (!token.may_be_seen) {
    finding = Make(Severity::kWarning, "token-not-sent",
                   absl::StrCat("no source in use may see the token ", token.hint, ": private and gated repos cannot be pulled"), "",
                   "hfget sources enable official, or trust a mirror that passes it on: token = \"if-proven\" in its section");
  } else {
    finding = Make(Severity::kNote, "token-unchecked", absl::StrCat("nobody could say whose token ", token.hint, " is"),
                   Printable(token.why, 300), "hfget auth whoami, when a source that may see it answers");
  }
  finding.subject = token.origin.empty() ? "token" : token.origin;
  return finding;
}

Finding JudgeAuthorization(const std::string& source, const CanaryResult& result, bool wanted) {
  Finding finding;
  finding.check = "authorization";
  finding.subject = source;
  finding.evidence = Printable(result.why, 300);
  switch (result.verdict) {
    case CanaryVerdict::kForwards:
      finding.cause = "forwards-authorization";
      finding.message = "passes Authorization on to the hub";
      return finding;
    case CanaryVerdict::kNotSeenToForward:
      finding.severity = wanted ? Severity::kWarning : Severity::kNote;
      finding.cause = "mirror-drops-authorization";
      finding.message = "does not pass Authorization on: a token is of no use there, and private and gated repos cannot be had through it";
      finding.fix = "leave private and gated repos to the official hub or to a mirror that passes it on (hfget sources enable official)";
      return finding;
    case CanaryVerdict::kUnknown:
      finding.severity = wanted ? Severity::kWarning : Severity::kNote;
      finding.cause = "authorization-unknown";
      finding.message = "cannot be shown to pass Authorization on, so it is sent no token";
      finding.fix = absl::StrCat("hfget sources probe ", source, ", when the official hub answers, too");
      return finding;
  }
  return finding;
}

}  // namespace hfget::hub
