// Whether a source passes Authorization on. Lines: four answers (the source without and with the canary, then the official
// hub's), each a status, headers up to an empty line, and one line of body.
#include "daemon/hub/canary.h"

#include "tests/fuzz/fuzz.h"

namespace hfget::fuzz {
namespace {

hub::ProbeAnswer TakeAnswer(Lines& lines) {
  hub::ProbeAnswer answer;
  answer.status = lines.Number(0, 599);
  answer.reached = answer.status >= 100;
  answer.headers = TakeHeaders(lines);
  answer.body = std::string(lines.Next());
  return answer;
}

}  // namespace

FUZZ(input) {
  Lines lines(input);
  const hub::ProbePair source{TakeAnswer(lines), TakeAnswer(lines)};
  std::optional<hub::ProbePair> control;
  if (!lines.done()) control = hub::ProbePair{TakeAnswer(lines), TakeAnswer(lines)};
  const hub::CanaryResult result = hub::JudgeCanary(source, control);
  HOLDS(!result.why.empty() && IsOneLine(result.why));
  if (result.verdict != hub::CanaryVerdict::kForwards) return;
  // A token may follow: only on the hub's refusal of the canary, and of nothing else.
  HOLDS(source.canary.reached && source.canary.status == 401);
  HOLDS(source.anonymous.reached && source.anonymous.status != 401);
}

}  // namespace hfget::fuzz
