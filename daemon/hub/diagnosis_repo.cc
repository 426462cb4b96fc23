#include "daemon/hub/diagnosis_repo.h"

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "daemon/hub/diagnosis_answer.h"
#include "daemon/hub/path_check.h"
#include "daemon/hub/url.h"

namespace hfget::hub {
namespace {

Finding Make(Severity severity, absl::string_view check, absl::string_view cause, absl::string_view subject, std::string message,
             std::string evidence, std::string fix) {
  Finding finding;
  finding.severity = severity;
  finding.check = std::string(check);
  finding.cause = std::string(cause);
  finding.subject = std::string(subject);
  finding.message = std::move(message);
  finding.evidence = std::move(evidence);
  finding.fix = std::move(fix);
  return finding;
}

std::string Quoted(const HubError& error) {
  return absl::StrCat("HTTP ", error.status, error.message.empty() ? "" : absl::StrCat(" \"", error.message, "\""));
}

std::string Page(const AskedFor& asked) {
  return absl::StrCat(asked.endpoint, "/", WebPrefix(asked.repo.type), asked.repo.name);
}

std::string Host(const RouteEvidence& seen) {
  const auto url = ParseUrl(seen.url);
  return url.ok() ? url->host : "its data host";
}

std::string LogIn(const AskedFor& asked) {
  return absl::StrCat("hfget auth login (tokens are made at ", asked.endpoint, "/settings/tokens), or set HF_TOKEN");
}

// The hub's own refusal, at the commit or at a file. `check`: "repo" or "access".
Finding Refusal(absl::string_view check, const HubError& error, const AskedFor& asked, bool token_present, absl::string_view subject) {
  const std::string repo = absl::StrCat(TypeName(asked.repo.type), " ", asked.repo.name);
  const std::string evidence = absl::StrCat(asked.source, ": ", Quoted(error));
  const bool unseen = token_present && !asked.token_sent;
  const auto problem = [&](absl::string_view cause, std::string message, std::string fix) {
    return Make(Severity::kProblem, check, cause, subject, std::move(message), evidence, std::move(fix));
  };
  const std::string account = asked.account.empty() ? "the account of this token" : absl::StrCat("the account ", asked.account);
  switch (error.kind) {
    case HubErrorKind::kGated:
      if (unseen) {
        return problem("token-not-sent", absl::StrCat(repo, " is gated, and this source is sent no token"),
                       "hfget sources enable official, or trust this mirror: token = \"if-proven\" in its section");
      }
      if (!asked.token_sent) {
        return problem("no-token", absl::StrCat(repo, " is gated, and there is no token"),
                       absl::StrCat("open ", Page(asked), " and accept its conditions, then ", LogIn(asked)));
      }
      return problem("gated", absl::StrCat(repo, " is gated, and ", account, " has no access"),
                     absl::StrCat("open ", Page(asked), " with that account and ask for access"));
    case HubErrorKind::kInvalidToken:
      return problem("token-refused", "the hub refuses the token", absl::StrCat("make a new one; ", LogIn(asked)));
    case HubErrorKind::kDisabled:
      return problem("disabled", absl::StrCat("the hub has disabled ", repo), absl::StrCat("the reason may be at ", Page(asked)));
    case HubErrorKind::kRevisionNotFound:
      return problem("revision-not-found", absl::StrCat(repo, " has no revision \"", Printable(asked.revision), "\""),
                     absl::StrCat("its branches and tags are at ", Page(asked), "/tree/main"));
    case HubErrorKind::kRepoNotFound:
    case HubErrorKind::kUnauthorized:
      if (unseen) {
        return problem("token-not-sent", absl::StrCat("there is no ", repo, " for who comes without a token, and this source is sent none"),
                       "hfget sources enable official, or trust this mirror: token = \"if-proven\" in its section");
      }
      if (!asked.token_sent) {
        return problem("no-token", absl::StrCat("there is no ", repo, ", or it is private, and there is no token"),
                       absl::StrCat("check the name and --type; if it is private, ", LogIn(asked)));
      }
      return problem("repo-not-found", absl::StrCat("there is no ", repo, ", or it is private and ", account, " may not see it"),
                     absl::StrCat("check the name and --type; open ", Page(asked), " with that account"));
    case HubErrorKind::kForbidden:
      if (asked.token_sent) {
        return problem("token-lacks-scope", absl::StrCat("the token may not read ", repo),
                       absl::StrCat("a fine-grained token opens only what it names: add the repo, or read access to public gated repos, at ",
                                    asked.endpoint, "/settings/tokens"));
      }
      return problem("refuses-file", "it refuses this file alone: a mirror's filter", "nothing, when another source has it");
    default:
      return problem("hub-error", absl::StrCat("it cannot say anything about ", repo), "try again later, or use another source");
  }
}

Finding DataHostTrouble(const BytesEvidence& seen) {
  const std::string host = Host(seen.last);
  if (auto trouble = RouteTrouble(seen.last)) {
    return Make(Severity::kProblem, "data-host", "data-host-blocked", seen.last.source,
                absl::StrCat("it answers itself, but its files come from ", host, ", which cannot be reached: HF_ENDPOINT and mirror "
                             "settings do not change where the bytes lie"),
                absl::StrCat(trouble->cause, ": ", trouble->message, trouble->evidence.empty() ? "" : "; ", trouble->evidence),
                absl::StrCat("open the way to ", host, " (firewall, or a proxy for it), or use a source that serves the bytes itself"));
  }
  const bool refused = seen.last.status == 401 || seen.last.status == 403;
  return Make(Severity::kProblem, "data-host", refused ? "data-host-refuses" : "data-host-error", seen.last.source,
              absl::StrCat("its files come from ", host, ", which ", refused ? "refuses a link that was made just now" : "is out of order"),
              absl::StrCat("HTTP ", seen.last.status, " of ", host),
              refused ? "look at the clock (timedatectl), and at proxies that give hub and data host different addresses"
                      : "try again later, or use another source");
}

bool HasSuffix(const std::string& path, std::initializer_list<absl::string_view> suffixes) {
  for (const absl::string_view suffix : suffixes) {
    if (absl::EndsWith(path, suffix)) return true;
  }
  return false;
}

}  // namespace

const RepoVoice* Decisive(const std::vector<RepoVoice>& voices) {
  const RepoVoice* best = nullptr;
  const auto rank = [](const RepoVoice& v) { return v.authority ? 0 : v.error.kind == HubErrorKind::kNone ? 1 : 2; };
  for (const RepoVoice& voice : voices) {
    if (best == nullptr || rank(voice) < rank(*best)) best = &voice;
  }
  return best;
}

Finding JudgeRepo(const RepoVoice& voice, AskedFor asked, bool token_present) {
  asked.source = voice.source;
  asked.token_sent = voice.token_sent;
  if (voice.error.kind != HubErrorKind::kNone) return Refusal("repo", voice.error, asked, token_present, asked.repo.name);
  const absl::string_view kind = voice.info.is_private ? ", private" : voice.info.gated ? ", gated" : "";
  return Make(Severity::kOk, "repo", "repo-found", asked.repo.name,
              absl::StrCat(TypeName(asked.repo.type), " ", asked.repo.name, kind, ": \"", Printable(asked.revision), "\" is at ",
                           voice.info.commit.substr(0, 12)),
              absl::StrCat(voice.source, " says so"), "");
}

std::optional<Finding> JudgeLag(const std::string& source, const std::string& pinned, const std::string& own, bool has_pinned) {
  if (has_pinned || pinned.empty()) return std::nullopt;
  return Make(Severity::kProblem, "lag", "lagging-mirror", source,
              absl::StrCat("it has not the commit ", pinned.substr(0, 12), " yet: the mirror lags behind"),
              own.empty() ? std::string("HTTP 404") : absl::StrCat("HTTP 404; its newest commit is ", own.substr(0, 12)),
              own.empty() ? "wait, or pull from other sources"
                          : absl::StrCat("wait, pull from other sources, or pull what it has: --revision ", own));
}

Finding JudgeBytes(const BytesEvidence& seen, absl::Time now) {
  const std::string& source = seen.last.source;
  const bool answered = seen.last.end == RouteEvidence::End::kAnswered;
  const int status = seen.last.status;
  if (answered && (status == 200 || status == 206 || status == 416)) {
    const std::string where = seen.at_hub ? "" : absl::StrCat(" (from ", Host(seen.last), ")");
    return Make(Severity::kOk, "data-host", "bytes-come", source, absl::StrCat("gives the bytes of files", where),
                absl::StrCat("HTTP ", status, " for the first byte of ", Printable(seen.asked.path)), "");
  }
  if (!seen.at_hub) return DataHostTrouble(seen);
  if (auto trouble = RouteTrouble(seen.last)) return *std::move(trouble);
  const Answerer who = WhoAnswers(seen.last);
  if (who == Answerer::kBusy || who == Answerer::kElsewhere) {
    if (auto trouble = AnswerTrouble(seen.last, seen.asked.endpoint, std::nullopt, now)) return *std::move(trouble);
  }
  const HubError error = ClassifyError(status, seen.last.headers, seen.last.body, true, now);
  AskedFor asked = seen.asked;
  asked.source = source;
  asked.token_sent = seen.token_sent;
  if (error.kind == HubErrorKind::kEntryNotFound) {
    return Make(Severity::kProblem, "access", "file-missing", source, absl::StrCat("it has not ", Printable(asked.path)), Quoted(error),
                "wait, or pull from other sources: a mirror may lag, or lack files");
  }
  return Refusal("access", error, asked, seen.token_present, source);
}

std::string TypicalFile(const std::vector<std::string>& paths) {
  std::string any;
  for (const std::string& path : paths) {
    if (!CheckPath(path).ok()) continue;
    if (HasSuffix(path, {".safetensors", ".gguf", ".bin", ".pt", ".pth", ".onnx", ".parquet", ".arrow", ".h5", ".zip", ".tar.gz"})) {
      return path;
    }
    if (any.empty() || HasSuffix(any, {".gitattributes"})) any = path;
  }
  return any;
}

}  // namespace hfget::hub
