#include "daemon/rpc/explain.h"

#include <algorithm>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "daemon/core/proof.h"
#include "daemon/core/source_health.h"
#include "daemon/rpc/convert.h"

namespace hfget::rpc {
namespace {

class Lines {
 public:
  void Add(absl::string_view what, absl::string_view value, absl::string_view why = "") {
    v1::Explanation& line = lines_.emplace_back();
    line.set_what(ValidUtf8(what));
    line.set_value(ValidUtf8(value));
    line.set_why(ValidUtf8(why));
  }
  std::vector<v1::Explanation> Take() && { return std::move(lines_); }

 private:
  std::vector<v1::Explanation> lines_;
};

std::string Rate(double bytes_per_sec) {
  return bytes_per_sec <= 0 ? "unknown" : absl::StrFormat("%.2f MiB/s", bytes_per_sec / kMiB);
}

std::string Milliseconds(absl::Duration d) {
  return d == absl::ZeroDuration() ? "unknown" : absl::StrFormat("%.0f ms", absl::ToDoubleMilliseconds(d));
}

std::string Percent(double share) { return absl::StrFormat("%.1f %%", 100 * share); }

std::string Ago(absl::Time at, absl::Time wall) {
  if (at == absl::InfinitePast()) return "never";
  const absl::Duration age = absl::Trunc(wall - at, absl::Seconds(1));
  return age <= absl::ZeroDuration() ? "just now" : absl::StrCat(absl::FormatDuration(age), " ago");
}

std::string VerdictName(core::ProofVerdict verdict) {
  switch (verdict) {
    case core::ProofVerdict::kForwards:
      return "forwards";
    case core::ProofVerdict::kNotSeenToForward:
      return "not seen to forward";
    case core::ProofVerdict::kUnknown:
      return "unknown";
  }
  return "unknown";
}

void AddPace(const engine::SourceSnapshot& s, Lines& lines) {
  const double range = s.rate_per_sec > 0 ? std::clamp(3.0 * s.rate_per_sec, 1.0 * kMiB, 64.0 * kMiB) : 0;
  lines.Add("score", Rate(s.score),
            range == 0 ? "no range of 256 KiB or more was measured yet"
                       : absl::StrFormat("%s success x %.1f MiB a range / (%s first byte + %.2f s at %s)", Percent(s.success),
                                         range / kMiB, Milliseconds(s.latency), range / s.rate_per_sec,
                                         Rate(static_cast<double>(s.rate_per_sec))));
  lines.Add("rate", Rate(static_cast<double>(s.rate_per_sec)),
            s.connections > 0 ? absl::StrCat("of ", s.connections, " connection(s) together, now")
                              : "of one connection: 7 parts what was known, 3 parts each further range");
  lines.Add("first byte", Milliseconds(s.latency),
            absl::StrCat("mean; 95 % within ", Milliseconds(s.latency_p95), " since the daemon started"));
  lines.Add("success", Percent(s.success), "each answer moves it by a sixteenth; half of the failures are forgiven in 6 h");
  lines.Add("troubles", absl::StrCat(s.stalls, " stalls, ", s.rate_limited, " rate limits, ", s.convictions, " convictions"));
}

void AddProof(const engine::SourceSnapshot& s, absl::Time wall, Lines& lines) {
  lines.Add("token policy", s.token_policy,
            s.token_policy == "if-proven" ? "a token is sent while the proof holds, for an hour"
            : s.token_policy == "always"  ? "it issues the tokens, or is this machine"
                                          : "no token is ever sent; token = \"if-proven\" in its section of the configuration trusts it");
  lines.Add("proof", VerdictName(s.proof),
            s.proven == absl::InfinitePast() ? "it was not asked; hfget sources probe asks now"
                                             : absl::StrCat(Ago(s.proven, wall), ": ", s.proof_why));
}

}  // namespace

std::vector<v1::Explanation> Explain(const engine::SourceSnapshot& s, absl::Time wall) {
  Lines lines;
  lines.Add("endpoint", s.endpoint, absl::StrCat("speaks the ", s.dialect, " dialect; proxy: ", s.proxy));
  lines.Add("state", s.state,
            absl::StrCat(s.reason, s.reason.empty() ? "" : "; ", "out after ", core::SourceHealth::kFailuresToEject,
                         " failures in a row, for ", absl::FormatDuration(core::SourceHealth::kBaseEjection),
                         " and each time longer"));
  const bool stranger = s.state == "unverified";
  lines.Add("last asked", Ago(s.probed, wall),
            stranger ? "by a pull or a probe; it was not seen to answer as its dialect does, and has one connection"
                     : "by a pull or a probe; it answers as its dialect does");
  AddPace(s, lines);
  AddProof(s, wall, lines);
  for (const std::string& evidence : s.evidence) lines.Add("conviction", "wrong bytes", evidence);
  for (const engine::DataHostSnapshot& host : s.data_hosts) {
    lines.Add("data host", host.host,
              absl::StrCat(host.state, "; ", Rate(static_cast<double>(host.rate_per_sec)), " a connection, first byte ",
                           Milliseconds(host.latency), ", success ", Percent(host.success)));
  }
  return std::move(lines).Take();
}

}  // namespace hfget::rpc
