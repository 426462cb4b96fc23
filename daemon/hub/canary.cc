#include "daemon/hub/canary.h"

#include <array>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "daemon/hub/hub_error.h"
#include "daemon/hub/repo_id.h"

namespace hfget::hub {
namespace {

constexpr absl::string_view kNotCompared = " (the official hub was not reachable to compare)";

enum class Shape {
  kNone,    // no answer
  kServed,  // the object, or the way to it: 2xx or a redirect, with X-Repo-Commit
  kAbsent,  // 404 EntryNotFound with X-Repo-Commit: the hub's answer to a path that nobody has cached
  kRefusesToken,  // 401 and the hub's own words
  kOther,
};

Shape ShapeOf(const ProbeAnswer& answer) {
  if (!answer.reached) return Shape::kNone;
  const HubErrorKind kind =
      ClassifyError(answer.status, answer.headers, answer.body, true, absl::UnixEpoch()).kind;
  if (kind == HubErrorKind::kInvalidToken) return Shape::kRefusesToken;
  if (!IsFullCommit(FindHeader(answer.headers, "x-repo-commit"))) return Shape::kOther;
  if (kind == HubErrorKind::kNone && answer.status != 304) return Shape::kServed;
  const bool absent = kind == HubErrorKind::kEntryNotFound && answer.status == 404;
  return absent ? Shape::kAbsent : Shape::kOther;
}

bool IsPublic(Shape shape) { return shape == Shape::kServed || shape == Shape::kAbsent; }

std::string Came(const ProbeAnswer& answer) {
  return answer.reached ? absl::StrCat(answer.status) : "no answer";
}

CanaryResult Unknown(std::string why) { return {CanaryVerdict::kUnknown, std::move(why)}; }

bool SameCommit(const ProbeAnswer& a, const ProbeAnswer& b) {
  return FindHeader(a.headers, "x-repo-commit") == FindHeader(b.headers, "x-repo-commit");
}

// What the control takes away; nullopt: it agrees, or there is none.
std::optional<CanaryResult> JudgeControl(const ProbePair& source, const ProbePair& control) {
  const Shape anonymous = ShapeOf(control.anonymous);
  if (!IsPublic(anonymous)) {
    return Unknown(absl::StrCat("the official hub answers ", Came(control.anonymous),
                                " without a token, so the probe proves nothing"));
  }
  if (ShapeOf(control.canary) != Shape::kRefusesToken) {
    return Unknown(absl::StrCat("the official hub answers ", Came(control.canary),
                                " to a token that was never issued, so the probe proves nothing"));
  }
  if (anonymous != ShapeOf(source.anonymous) || !SameCommit(source.anonymous, control.anonymous)) {
    return Unknown("without a token it answers otherwise than the official hub");
  }
  return std::nullopt;
}

CanaryResult JudgeSource(const ProbePair& source, bool compared) {
  const Shape canary = ShapeOf(source.canary);
  if (canary == Shape::kRefusesToken) {
    return {CanaryVerdict::kForwards,
            absl::StrCat("the hub's refusal of a token that was never issued came back through it",
                         compared ? ", as it comes from the official hub" : kNotCompared)};
  }
  if (canary == ShapeOf(source.anonymous)) {
    return {CanaryVerdict::kNotSeenToForward,
            absl::StrCat("it answers ", source.canary.status,
                         " also with a token that was never issued",
                         compared ? ", which the official hub refuses" : kNotCompared)};
  }
  return Unknown(absl::StrCat("it answers ", Came(source.canary),
                              " to a token that was never issued, not in the hub's words"));
}

}  // namespace

CanaryResult JudgeCanary(const ProbePair& source, const std::optional<ProbePair>& control) {
  if (!IsPublic(ShapeOf(source.anonymous))) {
    return Unknown(absl::StrCat("without a token it answers ", Came(source.anonymous),
                                ", not as the hub does for a public repo"));
  }
  const bool reached = control && control->anonymous.reached && control->canary.reached;
  if (!reached) return JudgeSource(source, false);
  if (auto result = JudgeControl(source, *control)) return *std::move(result);
  return JudgeSource(source, true);
}

absl::string_view CanaryVerdictName(CanaryVerdict verdict) {
  constexpr std::array<const char*, 3> kNames = {"unknown", "not seen to forward", "forwards"};
  return kNames[static_cast<size_t>(verdict)];
}

}  // namespace hfget::hub
