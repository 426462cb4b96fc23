#include "daemon/hub/diagnosis_answer.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "daemon/hub/hf_dialect.h"
#include "daemon/hub/hub_error.h"
#include "daemon/hub/path_check.h"
#include "daemon/hub/url.h"

namespace hfget::hub {
namespace {

constexpr absl::string_view kPrefixes[] = {"", "/hugging-face", "/pai-hub", "/hf", "/huggingface", "/hub", "/hf-mirror"};
// Signed links and certificates are made for clocks that agree to minutes.
constexpr absl::Duration kTolerated = absl::Minutes(2);

Finding Make(const RouteEvidence& seen, absl::string_view check, absl::string_view cause, std::string message,
             std::string evidence, std::string fix) {
  Finding finding;
  finding.severity = Severity::kProblem;
  finding.check = std::string(check);
  finding.cause = std::string(cause);
  finding.subject = seen.source;
  finding.message = std::move(message);
  finding.evidence = std::move(evidence);
  finding.fix = std::move(fix);
  return finding;
}

std::string Came(const RouteEvidence& seen) {
  const absl::string_view type = FindHeader(seen.headers, "content-type");
  return absl::StrCat("HTTP ", seen.status, type.empty() ? "" : absl::StrCat(", ", Printable(type, 60)));
}

std::string Seconds(absl::Duration d) { return absl::FormatDuration(absl::Ceil(d, absl::Seconds(1))); }

std::string Endpoint(const RouteEvidence& seen, absl::string_view right) {
  if (seen.source == "env") return absl::StrCat("export HF_ENDPOINT=", right, "; then hfget daemon stop && hfget daemon start");
  return absl::StrCat("write endpoint = \"", right, "\" in [source.", seen.source, "]; then hfget daemon stop && hfget daemon start");
}

Finding WrongPrefix(const RouteEvidence& seen, absl::string_view endpoint, absl::string_view right) {
  return Make(seen, "prefix", "wrong-prefix",
              WhoAnswers(seen) == Answerer::kHub
                  ? absl::StrCat("what answers at ", endpoint, " does not know this repo, but what answers at ", right, " does")
                  : absl::StrCat("no hub answers at ", endpoint, ", but one does at ", right),
              absl::StrCat(Came(seen), " at ", endpoint), Endpoint(seen, right));
}

Finding Stranger(const RouteEvidence& seen, absl::string_view endpoint) {
  return Make(seen, "prefix", "not-a-hub",
              absl::StrCat("what answers at ", endpoint, " is not a Hugging Face hub, nor is one at the prefixes that mirrors have"),
              Came(seen),
              "check the endpoint: a log-in page of the network and a proxy's own page look so, too; or switch it off: hfget "
              "sources disable " + seen.source);
}

Finding OtherRegion(const RouteEvidence& seen) {
  const auto base = ParseUrl(seen.url);
  const auto next = base.ok() ? ResolveReference(*base, FindHeader(seen.headers, "location")) : base;
  const std::string where = next.ok() ? next->host : "another host";
  return Make(seen, "region", "wrong-region", absl::StrCat("it sends every question on to ", where, ": it serves its own region only"),
              absl::StrCat("HTTP ", seen.status, ", Location: ", where),
              absl::StrCat("switch off the VPN or proxy for this host (proxy = \"none\" in [source.", seen.source,
                           "], or NO_PROXY), or switch the source off: hfget sources disable ", seen.source));
}

Finding Busy(const RouteEvidence& seen, absl::Time now) {
  const HubError error = ClassifyError(seen.status, seen.headers, seen.body, true, now);
  const std::string back = error.retry_after ? absl::StrCat("in ", Seconds(*error.retry_after)) : "in about 5 minutes";
  if (seen.status != 429) {
    return Make(seen, "hub", "hub-error", "it is out of order", absl::StrCat(Came(seen), error.message.empty() ? "" : ": ", error.message),
                error.retry_after ? absl::StrCat("try again ", back) : "try again later, or use another source");
  }
  return Make(seen, "rate-limit", "rate-limited", absl::StrCat("too many requests came from here; it answers again ", back),
              absl::StrCat(Came(seen), error.message.empty() ? "" : ": ", error.message),
              absl::StrCat("try again ", back, "; a token has a higher limit (hfget auth login), and other programs behind the same "
                           "address use the same one"));
}

}  // namespace

Answerer WhoAnswers(const RouteEvidence& seen) {
  if (seen.status == 429 || seen.status >= 500) return Answerer::kBusy;
  const absl::string_view location = FindHeader(seen.headers, "location");
  if (seen.status >= 300 && seen.status < 400 && !location.empty()) {
    const auto base = ParseUrl(seen.url);
    const auto next = base.ok() ? ResolveReference(*base, location) : base;
    return next.ok() && !next->SameOrigin(*base) ? Answerer::kElsewhere : Answerer::kStranger;
  }
  if (seen.status == 200) return ParseInfo(seen.body).ok() ? Answerer::kHub : Answerer::kStranger;
  if (!FindHeader(seen.headers, "x-error-code").empty()) return Answerer::kHub;
  const HubErrorKind kind = ClassifyError(seen.status, seen.headers, seen.body, true, absl::UnixEpoch()).kind;
  const bool words = !FindHeader(seen.headers, "x-error-message").empty();
  if (kind == HubErrorKind::kInvalidToken || kind == HubErrorKind::kDisabled) return Answerer::kHub;
  if (seen.status == 401 && words) return Answerer::kHub;
  return seen.status == 403 ? Answerer::kRefuses : Answerer::kStranger;
}

std::vector<std::string> PrefixCandidates(absl::string_view endpoint) {
  std::vector<std::string> candidates;
  const auto url = ParseUrl(endpoint);
  if (!url.ok()) return candidates;
  const std::string written = url->path == "/" ? "" : url->path;
  for (const absl::string_view prefix : kPrefixes) {
    if (prefix != written) candidates.push_back(absl::StrCat(url->Origin(), prefix));
  }
  return candidates;
}

std::optional<Finding> AnswerTrouble(const RouteEvidence& seen, absl::string_view endpoint,
                                     const std::optional<std::string>& right, absl::Time now) {
  switch (WhoAnswers(seen)) {
    case Answerer::kHub:
      if (right) return WrongPrefix(seen, endpoint, *right);
      return std::nullopt;
    case Answerer::kBusy:
      return Busy(seen, now);
    case Answerer::kElsewhere:
      return OtherRegion(seen);
    case Answerer::kRefuses:
      if (right) return WrongPrefix(seen, endpoint, *right);
      return Make(seen, "hub", "refuses-us", "it refuses to answer about this repo, without a reason that a hub gives", Came(seen),
                  "a mirror may filter names or addresses; use another source, or switch this one off: hfget sources disable " +
                      seen.source);
    case Answerer::kStranger:
      return right ? WrongPrefix(seen, endpoint, *right) : Stranger(seen, endpoint);
  }
  return std::nullopt;
}

std::optional<Finding> WindowUsedUp(const RouteEvidence& seen) {
  const auto limit = ParseRateLimit(FindHeader(seen.headers, "ratelimit"));
  if (!limit || limit->remaining > 0) return std::nullopt;
  return Make(seen, "rate-limit", "rate-limit-used-up",
              absl::StrCat("its quota of requests is used up; it comes back in ", Seconds(limit->reset)),
              absl::StrCat("RateLimit: ", Printable(FindHeader(seen.headers, "ratelimit"), 100)),
              absl::StrCat("wait ", Seconds(limit->reset), ", or log in (hfget auth login): a token has a higher limit"));
}

std::optional<absl::Duration> ClockAhead(const HeaderFields& headers, absl::Time now) {
  const absl::string_view date = FindHeader(headers, "date");
  absl::Time theirs;
  std::string error;
  if (!absl::EndsWith(date, "GMT")) return std::nullopt;
  if (!absl::ParseTime("%a, %d %b %Y %H:%M:%S GMT", date, &theirs, &error)) return std::nullopt;
  return theirs - now;
}

std::optional<Finding> JudgeClock(std::vector<ClockReading> readings) {
  if (readings.empty()) return std::nullopt;
  std::sort(readings.begin(), readings.end(), [](const auto& a, const auto& b) { return a.ahead < b.ahead; });
  const ClockReading& middle = readings[readings.size() / 2];
  const auto far = std::count_if(readings.begin(), readings.end(),
                                 [](const ClockReading& r) { return absl::AbsDuration(r.ahead) > kTolerated; });
  Finding finding;
  finding.check = "clock";
  finding.cause = "clock-right";
  finding.subject = "clock";
  finding.message = "this machine's clock agrees with the sources'";
  finding.evidence = absl::StrCat("Date of ", middle.source, ": ", absl::FormatDuration(absl::Trunc(middle.ahead, absl::Seconds(1))),
                                  " from ours");
  if (2 * far <= static_cast<int64_t>(readings.size())) return finding;
  finding.severity = Severity::kWarning;
  finding.cause = "clock-skew";
  const bool slow = middle.ahead > absl::ZeroDuration();
  finding.message = absl::StrCat("this machine's clock is ", Seconds(absl::AbsDuration(middle.ahead)), slow ? " slow" : " fast",
                                 ": certificates and signed links are judged by it");
  finding.fix = "set it: timedatectl set-ntp true (in a container or WSL: on the host)";
  return finding;
}

}  // namespace hfget::hub
