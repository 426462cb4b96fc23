#include "daemon/hub/hub_error.h"

#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "daemon/hub/json.h"
#include "daemon/hub/path_check.h"

namespace hfget::hub {
namespace {

constexpr size_t kMaxMessageBytes = 300;
constexpr size_t kMaxRequestIdBytes = 100;
constexpr absl::string_view kInvalidCredentials = "Invalid credentials in Authorization header";
constexpr absl::string_view kDisabledMessage = "Access to this resource is disabled.";

// Printable, and every run of white space one space.
std::string OneLine(absl::string_view text, size_t max) {
  const std::vector<absl::string_view> words =
      absl::StrSplit(text.substr(0, 4 * max), absl::ByAnyChar(" \t\r\n"), absl::SkipEmpty());
  return Printable(absl::StrJoin(words, " "), max);
}

void AddWords(std::vector<std::string>& words, absl::string_view text) {
  std::string line = OneLine(text, kMaxMessageBytes);
  if (line.empty()) return;
  for (const std::string& known : words) {
    if (absl::StrContains(known, line)) return;
  }
  words.push_back(std::move(line));
}

// "text", {"message": "text"}, and lists of either.
void AddWordsOf(std::vector<std::string>& words, const nlohmann::json& value) {
  if (value.is_string()) return AddWords(words, value.get_ref<const std::string&>());
  if (value.is_object()) {
    if (const auto it = value.find("message"); it != value.end() && it->is_string())
      AddWordsOf(words, *it);
  } else if (value.is_array()) {
    for (const nlohmann::json& item : value) {
      if (item.is_string() || item.is_object()) AddWordsOf(words, item);
    }
  }
}

std::vector<std::string> HubWords(const HeaderFields& headers, absl::string_view body) {
  std::vector<std::string> words;
  AddWords(words, FindHeader(headers, "x-error-message"));
  const nlohmann::json json = ParseSmallJson(body);
  if (!json.is_object()) return words;
  for (const char* name : {"error", "errors", "error_description"}) {
    if (const auto it = json.find(name); it != json.end()) AddWordsOf(words, *it);
  }
  return words;
}

std::string RequestId(const HeaderFields& headers) {
  for (const absl::string_view name : {"x-request-id", "x-amzn-trace-id", "x-amz-cf-id"}) {
    std::string id = OneLine(FindHeader(headers, name), kMaxRequestIdBytes);
    if (!id.empty()) return id;
  }
  return "";
}

bool Says(const std::vector<std::string>& words, absl::string_view sentence) {
  for (const std::string& word : words) {
    if (word == sentence) return true;
  }
  return false;
}

HubErrorKind KindOfStatus(int status) {
  if (status == 400) return HubErrorKind::kBadRequest;
  if (status == 401) return HubErrorKind::kUnauthorized;
  if (status == 403) return HubErrorKind::kForbidden;
  if (status == 408 || (status >= 500 && status < 600)) return HubErrorKind::kUnavailable;
  if (status == 416) return HubErrorKind::kRangeNotSatisfiable;
  if (status == 429) return HubErrorKind::kRateLimited;
  return HubErrorKind::kUnexpected;
}

// The order matters, and is the one of huggingface_hub.
HubErrorKind KindOf(int status, absl::string_view code, const std::vector<std::string>& words,
                    bool is_repo_url) {
  if (status >= 200 && status < 400) return HubErrorKind::kNone;
  if (status < 400) return HubErrorKind::kUnexpected;
  if (code == "RevisionNotFound") return HubErrorKind::kRevisionNotFound;
  if (code == "EntryNotFound") return HubErrorKind::kEntryNotFound;
  if (code == "GatedRepo") return HubErrorKind::kGated;
  if (Says(words, kDisabledMessage)) return HubErrorKind::kDisabled;
  if (code == "RepoNotFound") return HubErrorKind::kRepoNotFound;
  if (status == 401 && Says(words, kInvalidCredentials)) return HubErrorKind::kInvalidToken;
  if (status == 401 && is_repo_url) return HubErrorKind::kRepoNotFound;
  return KindOfStatus(status);
}

// RateLimit comes with every answer: it is the reason only when nothing is left.
std::optional<absl::Duration> RetryAfter(int status, const HeaderFields& headers, absl::Time now) {
  if (status != 429 && status != 503) return std::nullopt;
  const auto limit = ParseRateLimit(FindHeader(headers, "ratelimit"));
  if (limit && limit->remaining == 0) return limit->reset + absl::Seconds(1);
  return ParseRetryAfter(FindHeader(headers, "retry-after"), now);
}

bool IsModelScope(const AskedFor& asked) { return asked.repo.hub == Hub::kModelScope; }

std::string Repo(const AskedFor& asked) {
  return absl::StrCat(IsModelScope(asked) ? "ModelScope " : "", TypeName(asked.repo.type), " ", Printable(asked.repo.name));
}

std::string Page(const AskedFor& asked) {
  const std::string prefix = IsModelScope(asked) ? absl::StrCat(TypePlural(asked.repo.type), "/")
                                                 : std::string(WebPrefix(asked.repo.type));
  return absl::StrCat(asked.endpoint, "/", prefix, asked.repo.name);
}

std::string PageOfFiles(const AskedFor& asked) {
  return absl::StrCat(Page(asked), IsModelScope(asked) ? "/files" : "/tree/main");
}

absl::string_view PassToken(const AskedFor& asked) {
  return IsModelScope(asked) ? "pass --token or set MODELSCOPE_API_TOKEN"
                             : "pass --token or set HF_TOKEN";
}

std::string Revision(const AskedFor& asked) {
  return asked.revision.empty() ? ""
                                : absl::StrCat(" at revision \"", Printable(asked.revision), "\"");
}

std::string WhatWasAsked(const AskedFor& asked) {
  const std::string file =
      asked.path.empty() ? "" : absl::StrCat("\"", Printable(asked.path), "\" of ");
  return absl::StrCat(file, Repo(asked), Revision(asked));
}

std::string Wait(const HubError& error) {
  if (!error.retry_after) return "";
  return absl::StrCat(" in ",
                      absl::FormatDuration(absl::Ceil(*error.retry_after, absl::Seconds(1))));
}

constexpr absl::string_view kTokenRefused =
    "the token that was found is refused (expired or revoked): log in anew (hfget auth login)";

std::string AccountOf(const AskedFor& asked) {
  if (asked.account.empty()) return "the account of this token";
  return absl::StrCat("the account \"", Printable(asked.account), "\"");
}

std::string ExplainGated(const AskedFor& asked) {
  if (asked.token_sent) {
    return absl::StrCat(Repo(asked), " is gated and ", AccountOf(asked), " has no access; open ",
                        Page(asked),
                        " with that account and ask for access, or use the token of an "
                        "account that has it");
  }
  if (asked.token_refused) {
    return absl::StrCat(Repo(asked), " is gated (", Page(asked), ") and ", kTokenRefused);
  }
  return absl::StrCat(Repo(asked), " is gated and no token was sent; open ", Page(asked),
                      " and accept its conditions, then ", PassToken(asked));
}

std::string ExplainRepoNotFound(const AskedFor& asked) {
  if (asked.token_sent) {
    return absl::StrCat("there is no ", Repo(asked),
                        ", or this token may not see it; check the name "
                        "and --type, or use the token of an account with read access");
  }
  if (asked.token_refused) {
    return absl::StrCat("there is no ", Repo(asked), ", or it is private and ", kTokenRefused);
  }
  // ModelScope does not tell a gated repo from none.
  const absl::string_view hidden = IsModelScope(asked) ? "private or gated" : "private";
  return absl::StrCat("there is no ", Repo(asked), ", or it is ", hidden,
                      "; check the name and --type, or ", PassToken(asked), " if it is ", hidden);
}

std::string ExplainInvalidToken(const AskedFor& asked) {
  if (asked.token_sent) {
    return absl::StrCat("the hub refuses the token that came with the request for ",
                        WhatWasAsked(asked),
                        ": log in anew (hfget auth login), pass another one with "
                        "--token or HF_TOKEN, or leave it out if the repo is public");
  }
  return absl::StrCat(
      "the hub refuses a token at the request for ", WhatWasAsked(asked),
      ", though none was sent: this source uses one of its own; use another source");
}

std::string ExplainForbidden(const AskedFor& asked) {
  const std::string next =
      asked.token_sent
          ? "check that the token may read this repo (a fine-grained token names its "
            "repos), or use another source"
          : absl::StrCat("a mirror may filter it, then another source has it; if the repo is "
                         "private, ",
                         PassToken(asked));
  const std::string whom =
      asked.account.empty() ? "" : absl::StrCat(" for ", AccountOf(asked));
  return absl::StrCat("access to ", WhatWasAsked(asked), " is forbidden", whom, "; ", next);
}

std::string ExplainRateLimited(const HubError& error, const AskedFor& asked) {
  return absl::StrCat("too many requests while asking for ", WhatWasAsked(asked), "; try again",
                      error.retry_after ? Wait(error) : " in 5 minutes",
                      asked.token_sent ? "" : ", or pass a token, which has a higher limit");
}

std::string ExplainUnexpected(const HubError& error, const AskedFor& asked) {
  if (error.status == 404) {
    return absl::StrCat("nothing is at the address of ", WhatWasAsked(asked),
                        ", and it is not a hub "
                        "that says so; check the endpoint of this source (",
                        asked.endpoint, ")");
  }
  return absl::StrCat("an answer that no hub gives to the request for ", WhatWasAsked(asked),
                      "; check the endpoint of this source (", asked.endpoint, ") and any proxy");
}

std::string Sentence(const HubError& error, const AskedFor& asked) {
  switch (error.kind) {
    case HubErrorKind::kNone:
      return absl::StrCat("no error in the answer for ", WhatWasAsked(asked));
    case HubErrorKind::kRevisionNotFound:
      return absl::StrCat(Repo(asked), " has no revision \"", Printable(asked.revision),
                          "\"; ", IsModelScope(asked) ? "the default is \"master\", " : "",
                          "its branches and tags are at ", PageOfFiles(asked));
    case HubErrorKind::kEntryNotFound:
      return absl::StrCat("there is no ", WhatWasAsked(asked), "; its files are listed at ",
                          PageOfFiles(asked));
    case HubErrorKind::kGated:
      return ExplainGated(asked);
    case HubErrorKind::kDisabled:
      return absl::StrCat("the hub has disabled ", Repo(asked), "; the reason may be at ",
                          Page(asked));
    case HubErrorKind::kRepoNotFound:
      return ExplainRepoNotFound(asked);
    case HubErrorKind::kInvalidToken:
      return ExplainInvalidToken(asked);
    case HubErrorKind::kUnauthorized:
      return absl::StrCat("a login is asked for at ", WhatWasAsked(asked), "; ",
                          asked.token_sent ? "check the token" : PassToken(asked),
                          ", or use another source");
    case HubErrorKind::kForbidden:
      return ExplainForbidden(asked);
    case HubErrorKind::kBadRequest:
      return absl::StrCat("the request for ", WhatWasAsked(asked),
                          " was not understood; check the "
                          "names, or use another source");
    case HubErrorKind::kRateLimited:
      return ExplainRateLimited(error, asked);
    case HubErrorKind::kRangeNotSatisfiable:
      return absl::StrCat("the copy of ", WhatWasAsked(asked),
                          " is shorter than the listing says; use "
                          "another source, or pull again later");
    case HubErrorKind::kUnavailable:
      return absl::StrCat("out of order while asking for ", WhatWasAsked(asked), "; try again",
                          error.retry_after ? Wait(error) : " later", ", or use another source");
    case HubErrorKind::kUnexpected:
      return ExplainUnexpected(error, asked);
  }
  return "";
}

}  // namespace

HubError ClassifyError(int status, const HeaderFields& headers, absl::string_view body,
                       bool is_repo_url, absl::Time now) {
  const std::vector<std::string> words = HubWords(headers, body);
  HubError error;
  error.status = status;
  error.kind = KindOf(status, FindHeader(headers, "x-error-code"), words, is_repo_url);
  error.message = Printable(absl::StrJoin(words, "; "), kMaxMessageBytes);
  error.request_id = RequestId(headers);
  error.retry_after = RetryAfter(status, headers, now);
  return error;
}

std::string Explain(const HubError& error, const AskedFor& asked) {
  std::vector<std::string> details = {absl::StrCat("HTTP ", error.status)};
  if (!error.message.empty()) details.push_back(absl::StrCat("\"", error.message, "\""));
  if (!error.request_id.empty()) details.push_back(absl::StrCat("request id ", error.request_id));
  return absl::StrCat(Printable(asked.source), ": ", Sentence(error, asked), " [",
                      absl::StrJoin(details, ", "), "]");
}

std::string HubWarning(const HeaderFields& headers) {
  return OneLine(FindHeader(headers, "x-hf-warning"), kMaxMessageBytes);
}

}  // namespace hfget::hub
